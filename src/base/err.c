#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void fill(struct err *err,
                                                       enum err_code code,
                                                       const char *format, va_list args)
{
    *err = (struct err){.code = code};
    vsnprintf(err->msg, sizeof err->msg, format, args);
}

bool err_set(struct err *err, enum err_code code, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, code, format, args);
    va_end(args);
    return false;
}

bool err_at(struct err *err, int line, int column, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fill(err, ERR_INPUT, format, args);
    va_end(args);
    err->line = line;
    err->column = column;
    return false;
}

bool err_sys(struct err *err, const char *format, ...)
{
    int sys = errno;
    size_t n;
    va_list args;

    va_start(args, format);
    fill(err, sys == ENOMEM ? ERR_NOMEM : ERR_IO, format, args);
    va_end(args);
    err->sys = sys;
    n = strlen(err->msg);
    snprintf(err->msg + n, sizeof err->msg - n, ": %s", strerrordesc_np(sys));
    return false;
}

bool err_nomem(struct err *err)
{
    return err_set(err, ERR_NOMEM, "out of memory");
}

bool err_in(struct err *err, const char *format, ...)
{
    char inner[sizeof err->msg];
    size_t n;
    va_list args;

    memcpy(inner, err->msg, sizeof inner);
    va_start(args, format);
    vsnprintf(err->msg, sizeof err->msg, format, args);
    va_end(args);
    n = strlen(err->msg);
    snprintf(err->msg + n, sizeof err->msg - n, ": %s", inner);
    return false;
}
