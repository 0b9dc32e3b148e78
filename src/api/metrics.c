#include "api/metrics.h"

#include "base/time.h"

/* Up to how many microseconds; the last ones are longer than all of them. */
static const int64_t bounds_us[ANSWER_TIMES] = {1000,   5000,   20000,   50000,
                                                100000, 500000, 2000000, 10000000};

void metrics_count(struct metrics *m, enum door door, unsigned status, int64_t took_us)
{
    size_t i = 0;

    while (i < ANSWER_TIMES && took_us > bounds_us[i])
        i++;
    m->requests[door][status < STATUS_MAX ? status : 0]++;
    m->times[door][i]++;
    m->time_us[door] += (uint64_t)took_us;
}

/* --- printed --- */

static void put_head(struct buf *to, const char *name, const char *type, const char *help)
{
    buf_add_format(to, "# HELP ciclo_%s %s\n# TYPE ciclo_%s %s\n", name, help, name,
                   type);
}

static void put_number(struct buf *to, const char *name, const char *type,
                       uint64_t number, const char *help)
{
    put_head(to, name, type, help);
    buf_add_format(to, "ciclo_%s %llu\n", name, (unsigned long long)number);
}

static const char *const door_names[] = {
#define X(name, text) [DOOR_##name] = text,
    DOORS(X)
#undef X
};

static void put_requests(const struct metrics *m, struct buf *to)
{
    put_head(to, "http_requests_total", "counter", "Requests answered, by status.");
    for (size_t d = 0; d < DOOR_COUNT; d++)
        for (unsigned status = 0; status < STATUS_MAX; status++)
            if (m->requests[d][status])
                buf_add_format(
                    to, "ciclo_http_requests_total{door=\"%s\",status=\"%u\"} %llu\n",
                    door_names[d], status, (unsigned long long)m->requests[d][status]);
}

/* Microseconds as seconds. */
static void put_seconds(struct buf *to, uint64_t us)
{
    buf_add_format(to, "%llu.%06llu", (unsigned long long)(us / 1000000),
                   (unsigned long long)(us % 1000000));
}

static void put_times(const struct metrics *m, struct buf *to)
{
    put_head(to, "http_request_seconds", "histogram",
             "From a request's headers to the end of its answer, or the beginning of one "
             "that lasts.");
    for (size_t d = 0; d < DOOR_COUNT; d++) {
        uint64_t n = 0;

        for (size_t i = 0; i <= ANSWER_TIMES; i++) {
            n += m->times[d][i];
            buf_add_format(to, "ciclo_http_request_seconds_bucket{door=\"%s\",le=\"",
                           door_names[d]);
            if (i < ANSWER_TIMES)
                put_seconds(to, (uint64_t)bounds_us[i]);
            else
                buf_add(to, STR("+Inf"));
            buf_add_format(to, "\"} %llu\n", (unsigned long long)n);
        }
        buf_add_format(to, "ciclo_http_request_seconds_sum{door=\"%s\"} ", door_names[d]);
        put_seconds(to, m->time_us[d]);
        buf_add_format(to, "\nciclo_http_request_seconds_count{door=\"%s\"} %llu\n",
                       door_names[d], (unsigned long long)n);
    }
}

static void put_next(int64_t next_ms, struct buf *to)
{
    put_head(to, "next_wake_timestamp_seconds", "gauge",
             "When time alone moves somebody next; +Inf when it never does.");
    buf_add(to, STR("ciclo_next_wake_timestamp_seconds "));
    if (next_ms == MOMENT_NEVER)
        buf_add(to, STR("+Inf\n"));
    else
        buf_add_format(to, "%.3f\n", (double)next_ms / 1000);
}

static void put_answers(const char *kind, uint64_t n, struct buf *to)
{
    buf_add_format(to, "ciclo_reports_total{answer=\"%s\"} %llu\n", kind,
                   (unsigned long long)n);
}

void metrics_print(const struct metrics *m, const struct metrics_now *now, struct buf *to)
{
    put_number(to, "events_accepted_total", "counter", now->accepted,
               "Events taken since the start.");
    put_number(to, "events_duplicate_total", "counter", now->duplicates,
               "Events that were there already.");
    put_number(to, "events_refused_total", "counter", now->refused,
               "Events refused with a reason.");
    put_requests(m, to);
    put_times(m, to);
    put_number(to, "file_events", "gauge", now->file_events, "Events in the data file.");
    put_number(to, "file_customers", "gauge", now->file_customers,
               "Customers in the data file.");
    put_number(to, "file_refused", "gauge", now->file_refused,
               "What the data file keeps of what was refused.");
    put_number(to, "file_bytes", "gauge", now->file_bytes,
               "The data file, with its log beside it.");
    put_number(to, "waiting_bytes", "gauge", now->waiting_bytes,
               "Bodies of requests that are not answered yet.");
    put_number(to, "connections", "gauge", now->connections, "Open connections.");
    put_number(to, "live_listeners", "gauge", now->listeners,
               "Connections that listen to /api/live.");
    put_number(to, "memory_bytes", "gauge", now->memory_bytes,
               "Resident memory of the process.");
    put_number(to, "model_version", "gauge", now->model_version,
               "The version of the live model.");
    put_head(to, "reports_total", "counter", "Reports answered.");
    put_answers("fresh", now->reports_fresh, to);
    put_answers("kept", now->reports_kept, to);
    put_answers("older", now->reports_older, to);
    put_number(to, "webhooks", "gauge", now->hooks, "Webhooks of the data file.");
    put_number(to, "webhooks_failing", "gauge", now->hooks_failing,
               "Webhooks whose last messages were not delivered.");
    put_number(to, "webhooks_paused", "gauge", now->hooks_paused,
               "Webhooks that are sent nothing until somebody says so.");
    put_number(to, "webhook_deliveries_total", "counter", now->hooks_delivered,
               "Messages delivered to webhooks.");
    put_number(to, "webhook_failures_total", "counter", now->hooks_failed,
               "Requests to webhooks that came to nothing.");
    put_next(now->next_ms, to);
    put_number(to, "ready", "gauge", now->is_ready, "Whether /readyz answers 200.");
    put_head(to, "build_info", "gauge", "The version of Ciclo.");
    buf_add(to, STR("ciclo_build_info{version=\"" CICLO_VERSION "\"} 1\n"));
}
