#include "engine/follow.h"

#include "base/tune.h"

#include <stdatomic.h>
#include <stdlib.h>

struct follow {
    _Atomic uint32_t moved_n; /* may pass FOLLOW_MOVES: then some are lost */
    atomic_bool is_lost;
    uint32_t came_n;
    uint64_t came_more;
    struct came came[FOLLOW_EVENTS];
    struct moved moved[FOLLOW_MOVES];
};

bool follow_new(struct follow **out, struct err *err)
{
    *out = mem_alloc(sizeof **out);
    return *out || err_nomem(err);
}

void follow_free(struct follow *f)
{
    mem_free(f);
}

/* --- moves --- */

static bool is_same(const struct move *a, const struct move *b)
{
    return a->at_ms == b->at_ms && a->from == b->from && a->to == b->to;
}

static void note(struct follow *f, const struct moved *who, const struct move *move)
{
    uint32_t i = atomic_fetch_add(&f->moved_n, 1);

    if (i < FOLLOW_MOVES)
        f->moved[i] = (struct moved){*move, who->customer, who->lifecycle, (uint16_t)i};
    else
        follow_lost(f);
}

void follow_moves(struct follow *f, const struct moved *who, const struct move *old,
                  size_t old_n, const struct move *fresh, size_t n, int64_t now_ms)
{
    size_t i = 0;
    bool elsewhere = n && (!old_n || old[old_n - 1].to != fresh[n - 1].to);

    while (i < old_n && i < n && is_same(&old[i], &fresh[i]))
        i++;
    for (; f && i < n; i++)
        if (fresh[i].at_ms >= now_ms - FOLLOW_LATE_MS || (i + 1 == n && elsewhere))
            note(f, who, &fresh[i]);
}

void follow_lost(struct follow *f)
{
    if (f)
        atomic_store(&f->is_lost, true);
}

/* --- events --- */

void follow_event(struct follow *f, const struct catalog *c, const struct event *e)
{
    if (!f)
        return;
    if (f->came_n == FOLLOW_EVENTS) {
        f->came_more++;
        return;
    }
    f->came[f->came_n++] = (struct came){e->at_ms, catalog_customer_find(c, e->customer),
                                         text_table_find(&c->type, e->type)};
}

struct follow_mark follow_mark(const struct follow *f)
{
    return f ? (struct follow_mark){f->came_n, f->came_more} : (struct follow_mark){};
}

void follow_return(struct follow *f, const struct follow_mark *m)
{
    if (!f)
        return;
    f->came_n = m->came_n;
    f->came_more = m->came_more;
}

/* --- what happened --- */

static int by_moment(const void *a, const void *b)
{
    const struct moved *x = a, *y = b;

    if (x->move.at_ms != y->move.at_ms)
        return x->move.at_ms < y->move.at_ms ? -1 : 1;
    return (x->noted > y->noted) - (x->noted < y->noted);
}

void follow_take(struct follow *f, struct happened *out)
{
    uint32_t n = f ? atomic_exchange(&f->moved_n, 0) : 0;

    *out = (struct happened){};
    if (!f)
        return;
    out->is_lost = atomic_exchange(&f->is_lost, false);
    out->moved = f->moved;
    out->moved_n = n < FOLLOW_MOVES ? n : FOLLOW_MOVES;
    qsort(f->moved, out->moved_n, sizeof *f->moved, by_moment);
    out->came = f->came;
    out->came_n = f->came_n;
    out->came_more = f->came_more;
    follow_return(f, &(struct follow_mark){});
}
