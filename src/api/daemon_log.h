/* daemon_log.h - what libmicrohttpd says, of which little is news: clients hang up all day long. */
#ifndef API_DAEMON_LOG_H
#define API_DAEMON_LOG_H

#include "base/log.h"

#include <stdarg.h>
#include <stdint.h>

enum { DAEMON_LINES = 10 }; /* told in a minute; the others are counted */

/* Zero it to start, but for .log. */
struct daemon_log {
    const struct log_sink *log;
    char first[300];   /* what it said first */
    int64_t minute_ms; /* steady: when it began */
    unsigned n, left_out;
};
/* MHD_OPTION_EXTERNAL_LOGGER. */
void daemon_log_line(void *daemon_log, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

#endif
