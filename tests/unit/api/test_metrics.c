#include "api/metrics.h"

#include "base/time.h"
#include "support/unit.h"

#include <string.h>

static struct buf print(const struct metrics *m, const struct metrics_now *now)
{
    struct buf b = {};

    metrics_print(m, now, &b);
    buf_add_char(&b, 0);
    assert_false(b.failed);
    return b;
}

static void need(const struct buf *b, const char *line)
{
    if (!strstr(b->p, line))
        fail_msg("\"%s\" is not in %s", line, b->p);
}

TEST(answers_are_counted_by_door_status_and_time)
{
    struct metrics m = {};
    struct buf b;

    metrics_count(&m, DOOR_API, 200, 1000);
    metrics_count(&m, DOOR_API, 200, 1001);
    metrics_count(&m, DOOR_API, 404, 60 * 1000 * 1000);
    metrics_count(&m, DOOR_COLLECT, 429, 0);
    metrics_count(&m, DOOR_PAGE, 60000, 0); /* no status at all */
    b = print(&m, &(struct metrics_now){.next_ms = MOMENT_NEVER});
    need(&b, "\nciclo_http_requests_total{door=\"api\",status=\"200\"} 2\n");
    need(&b, "\nciclo_http_requests_total{door=\"api\",status=\"404\"} 1\n");
    need(&b, "\nciclo_http_requests_total{door=\"collect\",status=\"429\"} 1\n");
    need(&b, "\nciclo_http_requests_total{door=\"page\",status=\"0\"} 1\n");
    need(&b, "\nciclo_http_request_seconds_bucket{door=\"api\",le=\"0.001000\"} 1\n");
    need(&b, "\nciclo_http_request_seconds_bucket{door=\"api\",le=\"0.005000\"} 2\n");
    need(&b, "\nciclo_http_request_seconds_bucket{door=\"api\",le=\"10.000000\"} 2\n");
    need(&b, "\nciclo_http_request_seconds_bucket{door=\"api\",le=\"+Inf\"} 3\n");
    need(&b, "\nciclo_http_request_seconds_sum{door=\"api\"} 60.002001\n");
    need(&b, "\nciclo_http_request_seconds_count{door=\"api\"} 3\n");
    need(&b, "\nciclo_next_wake_timestamp_seconds +Inf\n");
    buf_free(&b);
}

TEST(what_stands_in_the_file_is_told)
{
    static const struct metrics m = {};
    struct buf b = print(&m, &(struct metrics_now){.accepted = 7,
                                                   .duplicates = 1,
                                                   .refused = 2,
                                                   .file_events = 1000,
                                                   .file_bytes = 4096,
                                                   .listeners = 12,
                                                   .model_version = 3,
                                                   .next_ms = 1500,
                                                   .is_ready = true});

    need(&b,
         "# TYPE ciclo_events_accepted_total counter\nciclo_events_accepted_total 7\n");
    need(&b, "\nciclo_events_duplicate_total 1\n");
    need(&b, "\nciclo_events_refused_total 2\n");
    need(&b, "\nciclo_file_events 1000\n");
    need(&b, "\nciclo_file_bytes 4096\n");
    need(&b, "\nciclo_live_listeners 12\n");
    need(&b, "\nciclo_model_version 3\n");
    need(&b, "\nciclo_next_wake_timestamp_seconds 1.500\n");
    need(&b, "\nciclo_ready 1\n");
    buf_free(&b);
}
