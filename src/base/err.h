/* err.h - how a function says why it failed. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err_code {
    ERR_NONE,
    ERR_INPUT,     /* the caller sent something wrong: fix it, then retry */
    ERR_NOT_FOUND, /* what was named does not exist */
    ERR_CONFLICT,  /* it exists already, or changed meanwhile, or is locked by another */
    ERR_LIMIT,     /* a configured limit was reached */
    ERR_NOMEM,     /* memory ran out: retry later */
    ERR_IO,        /* the disk or network failed; see .sys */
    ERR_CORRUPT,   /* stored bytes are not what we wrote */
};

/* Filled exactly when a function that takes it returns false. The text needs no memory. */
struct err {
    enum err_code code;
    int sys;    /* errno, or 0 */
    int line;   /* 1-based place in the text that is wrong, or 0 */
    int column; /* 1-based, counted in characters, or 0 */
    char msg[480];
};

/* All return false, so that a failure is one line. */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As err_set, with a place in a text. */
bool err_at(struct err *err, int line, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* ERR_IO with errno and its text (ENOMEM gives ERR_NOMEM). */
bool err_sys(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool err_nomem(struct err *err);
/* Puts context in front: "part 3: bad checksum". */
bool err_in(struct err *err, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
