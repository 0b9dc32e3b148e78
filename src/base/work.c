#include "base/work.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { THREADS_MAX = 64 };

struct work {
    void (*run)(void *context, uint32_t i);
    void *context;
    uint32_t n;
    _Atomic uint32_t next;
};

unsigned work_threads(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

static void *run_all(void *context)
{
    struct work *w = context;
    uint32_t i;

    while ((i = atomic_fetch_add(&w->next, 1)) < w->n)
        w->run(w->context, i);
    return NULL;
}

void work_run(uint32_t n, unsigned threads, void (*run)(void *context, uint32_t i),
              void *context)
{
    struct work w = {.run = run, .context = context, .n = n};
    pthread_t thread[THREADS_MAX];
    unsigned started = 0;

    if (threads > n)
        threads = n;
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    /* When no more threads are to be had, those that there are do all of it. */
    while (started + 1 < threads
           && pthread_create(&thread[started], NULL, run_all, &w) == 0)
        started++;
    run_all(&w);
    while (started)
        pthread_join(thread[--started], NULL);
}
