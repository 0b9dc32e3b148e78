#include "api/daemon_log.h"

#include "base/str.h"
#include "support/unit.h"

#include <string.h>

static void take(void *context, enum log_level level, const char *line)
{
    struct buf *heard = context;

    if (level >= LOG_WARN) {
        buf_add(heard, str_of(line));
        buf_add_char(heard, '\n');
    }
}

static void say(struct daemon_log *d, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct daemon_log *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    daemon_log_line(d, format, args);
    va_end(args);
}

static uint32_t lines_of(const struct buf *heard)
{
    uint32_t n = 0;

    for (size_t i = 0; i < heard->n; i++)
        n += heard->p[i] == '\n';
    return n;
}

TEST(who_hangs_up_is_no_news)
{
    struct buf heard = {};
    struct log_sink sink = {.least = LOG_DEBUG, .write = take, .context = &heard};
    struct daemon_log d = {.log = &sink};

    say(&d, "Socket has been disconnected when reading request.\n");
    say(&d, "Failed to send the response body for the request for `%s'. Error: %s\n",
        "/api/stages", "broken pipe");
    say(&d, "Closing connection (%s) `/api/live'\n", "application error");
    assert_int_equal(heard.n, 0);
    assert_string_equal(d.first, "");
    say(&d, "Error accepting connection: %s\n", "too many open files");
    assert_int_equal(lines_of(&heard), 1);
    assert_string_equal(d.first, "Error accepting connection: too many open files");
    buf_free(&heard);
}

TEST(of_many_lines_a_minute_some_are_told_and_the_others_counted)
{
    struct buf heard = {};
    struct log_sink sink = {.least = LOG_DEBUG, .write = take, .context = &heard};
    struct daemon_log d = {.log = &sink};

    for (int i = 0; i < DAEMON_LINES + 7; i++)
        say(&d, "Error accepting connection: %d\n", i);
    assert_int_equal(lines_of(&heard), DAEMON_LINES);
    buf_clear(&heard);
    d.minute_ms -= 60000;
    say(&d, "Error accepting connection: again\n");
    buf_add_char(&heard, 0);
    assert_non_null(strstr(heard.p, "left_out=7\n"));
    assert_non_null(strstr(heard.p, "connection: again\n"));
    buf_free(&heard);
}
