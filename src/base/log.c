#include "base/log.h"

#include "base/time.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 }; /* a longer line is cut */

void log_line(const struct log_sink *sink, enum log_level level, const char *where,
              const char *format, ...)
{
    char line[LINE_BYTES];
    int n;
    va_list args;

    if (!sink->write || level < sink->least)
        return;
    n = snprintf(line, sizeof line, "%s ", where);
    if (n < 0 || n >= LINE_BYTES)
        n = 0;
    va_start(args, format);
    vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    va_end(args);
    sink->write(sink->context, level, line);
}

/* One write, so that the lines of several threads do not mix. */
static void write_stderr([[maybe_unused]] void *context, enum log_level level,
                         const char *line)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    char out[2 * LINE_BYTES + 64];
    struct civil c = civil_of(clock_now_ms());
    size_t n = (size_t)snprintf(
        out, sizeof out, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ %s ", c.year, c.month,
        c.day, c.hour, c.minute, c.second, c.ms, names[level]);

    for (; *line && n < sizeof out - 3; line++) {
        if (*line == '\n') {
            out[n++] = '\\';
            out[n++] = 'n';
        } else { /* other control bytes could play tricks with a terminal */
            out[n++] = (unsigned char)*line < ' ' || *line == 0x7F ? '?' : *line;
        }
    }
    out[n++] = '\n';
    if (write(STDERR_FILENO, out, n) < 0)
        return; /* nowhere left to say it */
}

struct log_sink log_stderr(enum log_level least)
{
    return (struct log_sink){.least = least, .write = write_stderr};
}
