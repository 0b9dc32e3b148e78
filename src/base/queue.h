/* queue.h - things handed from one thread to another, in order, a few at a time. */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include "base/err.h"

#include <stdint.h>

struct queue;

/* Has room for `cap` things. */
[[nodiscard]] bool queue_new(uint32_t cap, struct queue **out, struct err *err);
void queue_free(struct queue *q); /* when nobody waits at it any more */

/* Waits while it is full. False when it is closed: the thing is still the caller's. */
[[nodiscard]] bool queue_put(struct queue *q, void *thing);
/* Waits while it is empty. NULL when it is closed and empty. */
void *queue_take(struct queue *q);
/* Nothing more goes in; who waits, wakes. */
void queue_close(struct queue *q);

#endif
