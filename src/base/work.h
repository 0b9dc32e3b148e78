/* work.h - many like pieces of work, done by several threads. */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include <stdint.h>

/* How many threads the machine runs at once. */
unsigned work_threads(void);
/* Calls `run` with each number below n, in any order, on up to `threads` threads of which the
 * caller's is one; comes back when all have run. */
void work_run(uint32_t n, unsigned threads, void (*run)(void *context, uint32_t i),
              void *context);

#endif
