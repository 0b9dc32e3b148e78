#include "base/queue.h"

#include "base/mem.h"

#include <pthread.h>

struct queue {
    pthread_mutex_t lock; /* guards all that follows */
    pthread_cond_t changed;
    bool closed;
    uint32_t cap, first, n;
    void *thing[];
};

bool queue_new(uint32_t cap, struct queue **out, struct err *err)
{
    struct queue *q = mem_alloc(sizeof *q + cap * sizeof *q->thing);

    if (!q)
        return err_nomem(err);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->changed, NULL);
    q->cap = cap;
    *out = q;
    return true;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->lock);
    mem_free(q);
}

bool queue_put(struct queue *q, void *thing)
{
    bool open;

    pthread_mutex_lock(&q->lock);
    while (q->n == q->cap && !q->closed)
        pthread_cond_wait(&q->changed, &q->lock);
    open = !q->closed;
    if (open) {
        q->thing[(q->first + q->n++) % q->cap] = thing;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    return open;
}

void *queue_take(struct queue *q)
{
    void *thing = NULL;

    pthread_mutex_lock(&q->lock);
    while (!q->n && !q->closed)
        pthread_cond_wait(&q->changed, &q->lock);
    if (q->n) {
        thing = q->thing[q->first];
        q->first = (q->first + 1) % q->cap;
        q->n--;
        pthread_cond_broadcast(&q->changed);
    }
    pthread_mutex_unlock(&q->lock);
    return thing;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->lock);
}
