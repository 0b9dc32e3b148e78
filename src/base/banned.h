/* banned.h - what must not be called, and what to call instead. The build includes it in
 * front of every file under src/. */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#ifndef __ASSEMBLER__

#include <stddef.h>
#include <sys/types.h>

#define BANNED(instead) __attribute__((unavailable("use " instead)))

BANNED("buf or memcpy") char *strcpy(char *, const char *);
BANNED("buf or memcpy") char *stpcpy(char *, const char *);
BANNED("buf") char *strcat(char *, const char *);
BANNED("str") char *strncpy(char *, const char *, size_t);
BANNED("buf") char *strncat(char *, const char *, size_t);
BANNED("buf_add_format or snprintf") int sprintf(char *, const char *, ...);
BANNED("buf_add_format or snprintf")
int vsprintf(char *, const char *, __builtin_va_list);
BANNED("str") char *strtok(char *, const char *);
BANNED("str") char *strtok_r(char *, const char *, char **);
BANNED("base/num.h") int atoi(const char *);
BANNED("base/num.h") long atol(const char *);
BANNED("base/num.h") long long atoll(const char *);
BANNED("base/num.h") double atof(const char *);

struct tm;
BANNED("base/time.h") struct tm *gmtime(const time_t *);
BANNED("base/time.h") struct tm *localtime(const time_t *);
BANNED("base/time.h") struct tm *localtime_r(const time_t *, struct tm *);
BANNED("base/time.h") char *asctime(const struct tm *);
BANNED("base/time.h") char *ctime(const time_t *);

BANNED("base/random.h") int rand(void);
BANNED("base/random.h") void srand(unsigned int);
BANNED("base/random.h") long random(void);
BANNED("base/random.h") void srandom(unsigned int);
BANNED("base/random.h") double drand48(void);
BANNED("base/random.h") long lrand48(void);

#undef BANNED

#endif
#endif
