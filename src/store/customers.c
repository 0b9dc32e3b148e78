#include "store/customers.h"

#include "base/hash.h"
#include "base/tune.h"

#include <pthread.h>
#include <string.h>

/* Where the ids stand: segment 0 has CUSTOMERS_FIRST of them, and each further one as many as
 * all before it together, so that growing moves nothing. How they are found: a power of two of
 * slots that hold number + 1 (0: empty), at most two thirds taken, the next one tried when one
 * is taken by another. */
enum { SEGMENTS = 32 };

struct customers {
    const char **segment[SEGMENTS]; /* of ids: the length, then the bytes */
    struct arena arena;
    pthread_mutex_t lock; /* guards .slot and .slot_cap while they change */
    uint32_t *slot, slot_cap;
    uint32_t n;
};

struct customers *customers_new(void)
{
    struct customers *c = mem_alloc(sizeof *c);

    if (c && pthread_mutex_init(&c->lock, NULL) != 0) {
        mem_free(c);
        return NULL;
    }
    return c;
}

void customers_free(struct customers *c)
{
    if (!c)
        return;
    for (int i = 0; i < SEGMENTS; i++)
        mem_free(c->segment[i]);
    arena_free(&c->arena);
    mem_free(c->slot);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

static uint32_t segment_of(uint32_t number)
{
    uint32_t i = number / CUSTOMERS_FIRST;

    return i ? 32 - (uint32_t)__builtin_clz(i) : 0;
}

static uint32_t segment_start(uint32_t segment)
{
    return segment ? (uint32_t)CUSTOMERS_FIRST << (segment - 1) : 0;
}

static uint32_t segment_size(uint32_t segment)
{
    return segment ? segment_start(segment) : CUSTOMERS_FIRST;
}

str customers_get(const struct customers *c, uint32_t number)
{
    uint32_t segment = segment_of(number), n;
    const char *id = c->segment[segment][number - segment_start(segment)];

    memcpy(&n, id, sizeof n);
    return (str){id + sizeof n, n};
}

/* --- finding --- */

static uint32_t *slot_of(const struct customers *c, uint32_t *slot, uint32_t cap, str id)
{
    uint32_t i = (uint32_t)hash64(id) & (cap - 1);

    while (slot[i] && !str_eq(customers_get(c, slot[i] - 1), id))
        i = (i + 1) & (cap - 1);
    return &slot[i];
}

uint32_t customers_own_find(const struct customers *c, str id)
{
    return c->slot_cap ? *slot_of(c, c->slot, c->slot_cap, id) - 1 : UINT32_MAX;
}

uint32_t customers_find(struct customers *c, str id)
{
    uint32_t number;

    pthread_mutex_lock(&c->lock);
    number = customers_own_find(c, id);
    pthread_mutex_unlock(&c->lock);
    return number;
}

/* --- adding --- */

static void fill(const struct customers *c, uint32_t *slot, uint32_t cap)
{
    for (uint32_t i = 0; i < c->n; i++)
        *slot_of(c, slot, cap, customers_get(c, i)) = i + 1;
}

/* Filled beside the old one, so that nobody waits for it. */
static bool grow_slots(struct customers *c)
{
    uint32_t cap = c->slot_cap ? c->slot_cap * 2 : 16, *old = c->slot;
    uint32_t *slot = cap ? mem_alloc(cap * sizeof *slot) : NULL;

    if (!slot)
        return false;
    fill(c, slot, cap);
    pthread_mutex_lock(&c->lock);
    c->slot = slot;
    c->slot_cap = cap;
    pthread_mutex_unlock(&c->lock);
    mem_free(old);
    return true;
}

/* The next number is the id's, but nobody finds it yet. */
static bool place_id(struct customers *c, str id)
{
    uint32_t segment = segment_of(c->n), n = (uint32_t)id.n;
    char *copy = arena_alloc(&c->arena, sizeof n + id.n, 1);

    if (!c->segment[segment])
        c->segment[segment] = mem_alloc(segment_size(segment) * sizeof(char *));
    if (!copy || !c->segment[segment])
        return false;
    memcpy(copy, &n, sizeof n);
    if (n)
        memcpy(copy + sizeof n, id.p, n);
    c->segment[segment][c->n - segment_start(segment)] = copy;
    return true;
}

bool customers_add(struct customers *c, str id, uint32_t *number)
{
    *number = customers_own_find(c, id);
    if (*number != UINT32_MAX)
        return true;
    if (c->n == UINT32_MAX - 1 || id.n > UINT32_MAX
        || (c->n >= c->slot_cap - c->slot_cap / 3 && !grow_slots(c)) || !place_id(c, id))
        return false;
    *number = c->n;
    pthread_mutex_lock(&c->lock);
    *slot_of(c, c->slot, c->slot_cap, id) = ++c->n;
    pthread_mutex_unlock(&c->lock);
    return true;
}

void customers_cut(struct customers *c, uint32_t n)
{
    if (n >= c->n)
        return;
    pthread_mutex_lock(&c->lock);
    c->n = n;
    memset(c->slot, 0, c->slot_cap * sizeof *c->slot);
    fill(c, c->slot, c->slot_cap);
    pthread_mutex_unlock(&c->lock);
}
