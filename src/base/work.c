#include "base/work.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS_MAX = 64, GIVE_WAY_NICE = 10 };

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

/* Starts them besides the caller's. When no more are to be had, those that there are do all. */
static unsigned start(pthread_t thread[THREADS_MAX], unsigned threads,
                      void *(*run)(void *context), void *context)
{
    unsigned started = 0;

    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    while (started + 1 < threads
           && pthread_create(&thread[started], NULL, run, context) == 0)
        started++;
    return started;
}

void work_run(uint32_t n, unsigned threads, void (*run)(void *context, uint32_t i),
              void *context)
{
    struct work w = {.run = run, .context = context, .n = n};
    pthread_t thread[THREADS_MAX];
    unsigned started = start(thread, threads > n ? n : threads, run_all, &w);

    run_all(&w);
    while (started)
        pthread_join(thread[--started], NULL);
}

/* --- in order --- */

struct row {
    void (*run)(void *context, uint32_t i);
    void *context;
    uint32_t n, ahead;
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t has_run, has_room;
    uint32_t next, taken; /* the first that nobody runs; that is not taken */
    uint64_t done;        /* a bit a place: it was run, and not taken */
};

static bool has_room(const struct row *w)
{
    return w->next < w->n && w->next - w->taken < w->ahead;
}

/* Under the lock, but for the run. */
static void run_next(struct row *w)
{
    uint32_t i = w->next++;

    pthread_mutex_unlock(&w->lock);
    w->run(w->context, i);
    pthread_mutex_lock(&w->lock);
    w->done |= UINT64_C(1) << i % w->ahead;
    if (i == w->taken)
        pthread_cond_signal(&w->has_run);
}

static void *run_ahead(void *context)
{
    struct row *w = context;

    pthread_mutex_lock(&w->lock);
    while (w->next < w->n) {
        if (has_room(w))
            run_next(w);
        else
            pthread_cond_wait(&w->has_room, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* All before number i is taken. Comes back when it has run; meanwhile runs others itself. */
static void await(struct row *w, uint32_t i)
{
    uint64_t bit = UINT64_C(1) << i % w->ahead;

    pthread_mutex_lock(&w->lock);
    w->taken = i;
    pthread_cond_signal(&w->has_room);
    while (!(w->done & bit)) {
        if (has_room(w))
            run_next(w);
        else
            pthread_cond_wait(&w->has_run, &w->lock);
    }
    w->done &= ~bit;
    pthread_mutex_unlock(&w->lock);
}

/* Nothing more is begun. */
static void stop(struct row *w)
{
    pthread_mutex_lock(&w->lock);
    w->next = w->n;
    pthread_cond_broadcast(&w->has_room);
    pthread_mutex_unlock(&w->lock);
}

bool work_in_order(uint32_t n, unsigned threads, uint32_t ahead,
                   void (*run)(void *context, uint32_t i),
                   bool (*take)(void *context, uint32_t i), void *context)
{
    struct row w = {.run = run,
                    .context = context,
                    .n = n,
                    .ahead = ahead,
                    .lock = PTHREAD_MUTEX_INITIALIZER,
                    .has_run = PTHREAD_COND_INITIALIZER,
                    .has_room = PTHREAD_COND_INITIALIZER};
    pthread_t thread[THREADS_MAX];
    unsigned started = start(thread, threads > n ? n : threads, run_ahead, &w);
    bool ok = true;

    assert(ahead && ahead <= 64);
    for (uint32_t i = 0; ok && i < n; i++) {
        await(&w, i);
        ok = take(context, i);
    }
    stop(&w);
    while (started)
        pthread_join(thread[--started], NULL);
    return ok;
}

/* --- beside --- */

static void *run_aside(void *context)
{
    struct aside *a = context;

    /* Of this thread and those it begins; where it fails only time is lost. */
    if (a->gives_way)
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), GIVE_WAY_NICE);
    a->run(a->context);
    return NULL;
}

void aside_begin(struct aside *a, void (*run)(void *context), void *context)
{
    a->run = run;
    a->context = context;
    a->is_begun = pthread_create(&a->thread, NULL, run_aside, a) == 0;
    if (!a->is_begun)
        run(context);
}

void aside_end(struct aside *a)
{
    if (a->is_begun)
        pthread_join(a->thread, NULL);
    a->is_begun = false;
}
