#include "api/daemon_log.h"

#include "base/time.h"

#include <stdio.h>
#include <string.h>

/* A connection that was cut, or of one who listens, who leaves when he likes. */
static bool is_no_news(const char *line)
{
    static const char *const cut[] = {
        "Socket has been disconnected", "Connection socket is closed",
        "Connection was closed by remote side", "Failed to send", "`/api/live'"};

    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++)
        if (strstr(line, cut[i]))
            return true;
    return false;
}

/* Whether another line may be told in this minute. */
static bool may_tell(struct daemon_log *d)
{
    int64_t now_ms = clock_steady_ms();

    if (!d->n || now_ms - d->minute_ms >= MS_MINUTE) {
        d->minute_ms = now_ms;
        d->n = 0;
    }
    return d->n++ < DAEMON_LINES;
}

void daemon_log_line(void *daemon_log, const char *format, va_list args)
{
    struct daemon_log *d = daemon_log;
    char line[sizeof d->first];

    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = 0;
    if (is_no_news(line)) {
        log_line(d->log, LOG_DEBUG, "http", "message=%s", line);
        return;
    }
    if (!d->first[0])
        memcpy(d->first, line, sizeof line);
    if (!may_tell(d)) {
        d->left_out++;
        return;
    }
    if (d->left_out)
        log_line(d->log, LOG_WARN, "http", "left_out=%u", d->left_out);
    d->left_out = 0;
    log_line(d->log, LOG_WARN, "http", "message=%s", line);
}
