/* work.h - many like pieces of work, done by several threads. */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* How many threads the machine runs at once. */
unsigned work_threads(void);
/* Calls `run` with each number below n, in any order, on up to `threads` threads of which the
 * caller's is one; comes back when all have run. */
void work_run(uint32_t n, unsigned threads, void (*run)(void *context, uint32_t i),
              void *context);

/* Two steps of each number below n: `run` in any order on up to `threads` threads, and behind it
 * `take`, one number after the other, on the caller's. What a number's run makes can stand in
 * place i % ahead of the caller's: it is taken before another has that place. `ahead` is at most
 * 64. Ends with the first take that gives false, and gives that. */
bool work_in_order(uint32_t n, unsigned threads, uint32_t ahead,
                   void (*run)(void *context, uint32_t i),
                   bool (*take)(void *context, uint32_t i), void *context);

/* One piece of work beside the caller's own. Zero it to start. */
struct aside {
    pthread_t thread;
    void (*run)(void *context);
    void *context;
    bool gives_way; /* set before it begins: it has little time while others want it */
    bool is_begun;
};
/* Calls `run` on a thread of its own; when none is to be had, at once. */
void aside_begin(struct aside *a, void (*run)(void *context), void *context);
/* Comes back when it has run; nothing when nothing was begun. */
void aside_end(struct aside *a);

#endif
