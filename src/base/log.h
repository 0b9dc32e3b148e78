/* log.h - one line a happening: level, where, key=value ... */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* Given from outside; the library never prints by itself. NULL write is silence. */
struct log_sink {
    enum log_level least;
    void (*write)(void *context, enum log_level level, const char *line);
    void *context;
};
void log_line(const struct log_sink *sink, enum log_level level, const char *where,
              const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Writes to standard error, with time and level; a newline inside becomes "\n". */
struct log_sink log_stderr(enum log_level least);

#endif
