#include "engine/value_memory.h"

#include <pthread.h>
#include <string.h>

enum { FITTED_MAX = 8 };

struct fitted {
    struct buf key;
    uint64_t number; /* of keeping; 0: there is none */
    struct buf bytes;
};
struct value_memory {
    pthread_mutex_t lock; /* guards all below */
    struct fitted fitted[FITTED_MAX];
    uint64_t number; /* of the last that was kept */
    struct counted counted;
};

bool value_memory_new(struct value_memory **out, struct err *err)
{
    struct value_memory *m = mem_alloc(sizeof *m);

    if (!m)
        return err_nomem(err);
    pthread_mutex_init(&m->lock, NULL);
    *out = m;
    return true;
}

void counted_free(struct counted *c)
{
    buf_free(&c->key);
    mem_free(c->row);
    mem_free(c->version);
    *c = (struct counted){};
}

static void drop(struct fitted *f)
{
    buf_free(&f->key);
    buf_free(&f->bytes);
    *f = (struct fitted){};
}

void value_memory_forget(struct value_memory *m)
{
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    for (int i = 0; i < FITTED_MAX; i++)
        drop(&m->fitted[i]);
    counted_free(&m->counted);
    pthread_mutex_unlock(&m->lock);
}

void value_memory_free(struct value_memory *m)
{
    if (!m)
        return;
    value_memory_forget(m);
    pthread_mutex_destroy(&m->lock);
    mem_free(m);
}

/* Of this key, or NULL. */
static struct fitted *look_up(struct value_memory *m, str key)
{
    for (int i = 0; i < FITTED_MAX; i++)
        if (m->fitted[i].number && str_eq(buf_str(&m->fitted[i].key), key))
            return &m->fitted[i];
    return NULL;
}

bool value_memory_find(struct value_memory *m, str key, void *out, size_t n)
{
    const struct fitted *f;

    if (!m)
        return false;
    pthread_mutex_lock(&m->lock);
    f = look_up(m, key);
    if (f)
        memcpy(out, f->bytes.p, n);
    pthread_mutex_unlock(&m->lock);
    return f;
}

static struct fitted *place_of(struct value_memory *m, str key)
{
    struct fitted *place = look_up(m, key);

    if (place)
        return place;
    place = &m->fitted[0];
    for (int i = 1; i < FITTED_MAX; i++)
        if (m->fitted[i].number < place->number)
            place = &m->fitted[i];
    return place;
}

void value_memory_keep(struct value_memory *m, str key, const void *fitted, size_t n)
{
    struct fitted *f;

    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    f = place_of(m, key);
    drop(f);
    buf_add(&f->key, key);
    buf_add(&f->bytes, (str){fitted, n});
    f->number = ++m->number;
    if (f->key.failed || f->bytes.failed)
        drop(f);
    pthread_mutex_unlock(&m->lock);
}

static struct counted exchange(struct value_memory *m, struct counted next)
{
    struct counted before;

    pthread_mutex_lock(&m->lock);
    before = m->counted;
    m->counted = next;
    pthread_mutex_unlock(&m->lock);
    return before;
}

void value_memory_take(struct value_memory *m, struct counted *out)
{
    *out = m ? exchange(m, (struct counted){}) : (struct counted){};
}

void value_memory_give(struct value_memory *m, struct counted *c)
{
    struct counted before = m ? exchange(m, *c) : *c;

    counted_free(&before);
    *c = (struct counted){};
}
