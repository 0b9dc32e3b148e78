/* history_changes.c - what a pass changed: who stands where, and who moved. */
#include "engine/follow.h"
#include "engine/history_impl.h"
#include "engine/journal.h"

bool stock_new(struct histories *h, struct err *err)
{
    int64_t *at;

    for (uint32_t l = 0; l < h->lifecycle_n; l++)
        h->stock_n += h->model->lifecycles[l]->stage_n;
    h->stock_n += h->model->segments->segment_n;
    h->stock_version = 1;
    h->stock = mem_alloc((h->lifecycle_n + 1) * sizeof(int64_t *));
    at = mem_alloc((h->stock_n + 1) * sizeof *at);
    if (!h->stock || !at) {
        mem_free(at);
        return err_nomem(err);
    }
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        h->stock[l] = at;
        at += h->model->lifecycles[l]->stage_n;
    }
    h->stock[h->lifecycle_n] = at;
    return true;
}

void stock_free(struct histories *h)
{
    if (h->stock)
        mem_free(h->stock[0]);
    mem_free(h->stock);
}

static void count(const struct histories *h, struct worker *w, uint32_t lifecycle,
                  const struct move *move, size_t n, int by)
{
    uint16_t stage = n ? move[n - 1].to : STAGE_NONE;

    if (stage != STAGE_NONE)
        w->stock[h->stock[lifecycle] - h->stock[0] + stage] += by;
}

/* Members, of each segment. */
static void count_members(const struct histories *h, struct worker *w,
                          const struct move *change, size_t n, int by)
{
    int64_t *stock = w->stock + (h->stock[h->lifecycle_n] - h->stock[0]);

    for (size_t i = 0; i < n; i++)
        stock[change[i].way] += change[i].to == MEMBER_IN ? by : -by;
}

void stock_add(const struct histories *h, struct worker *w, const struct history *one)
{
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        const struct span *span = spans_of(one, l);

        for (uint32_t i = 0; i < one->customer_n; i++)
            count(h, w, l, one->move + span[i].first, span[i].n, 1);
    }
    for (uint32_t i = 0; has_members(h) && i < one->customer_n; i++) {
        const struct span *span = spans_of(one, h->lifecycle_n) + i;

        count_members(h, w, one->move + span->first, span->n, 1);
    }
}

void stock_sum_up(struct histories *h)
{
    bool changed = false;

    for (uint32_t i = 0; i < h->stock_n; i++) {
        int64_t before = h->stock[0][i];

        for (uint32_t k = 0; k < h->worker_n; k++) {
            h->stock[0][i] += h->worker[k].stock[i];
            h->worker[k].stock[i] = 0;
        }
        changed |= h->stock[0][i] != before;
    }
    h->stock_version += changed;
}

/* A customer's moves in one lifecycle, as they were and as the worker has them. */
struct change {
    struct moved who;
    const struct move *was, *is;
    size_t was_n, is_n;
};

static struct change change_of(const struct worker *w, const struct history *old,
                               uint32_t chunk, uint32_t place, uint32_t lifecycle)
{
    const struct span *now = &w->span[lifecycle * CHUNK_CUSTOMERS + place];
    /* Whoever was in no chunk yet had no moves. */
    struct span before = old->block && place < old->customer_n
                             ? spans_of(old, lifecycle)[place]
                             : (struct span){};

    return (struct change){
        .who = {.customer = chunk * CHUNK_CUSTOMERS + place,
                .lifecycle = (uint16_t)lifecycle},
        .was = before.n ? old->move + before.first : NULL,
        .was_n = before.n,
        .is = now->n ? w->moves[lifecycle].move + now->first : NULL,
        .is_n = now->n,
    };
}

void note_changes(const struct pass *p, struct worker *w, const struct history *old,
                  uint32_t chunk, uint32_t place)
{
    const struct histories *h = p->h;
    /* What is computed for the first time is no news. */
    struct follow *follow = p->watch && h->now_ms != MOMENT_MIN ? p->watch->follow : NULL;

    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        struct change c = change_of(w, old, chunk, place, l);

        count(h, w, l, c.was, c.was_n, -1);
        count(h, w, l, c.is, c.is_n, 1);
        if (follow)
            follow_moves(follow, &c.who, c.was, c.was_n, c.is, c.is_n, p->now_ms);
    }
    if (has_members(h)) {
        struct change c = change_of(w, old, chunk, place, h->lifecycle_n);

        count_members(h, w, c.was, c.was_n, -1);
        count_members(h, w, c.is, c.is_n, 1);
    }
}

bool journal_changes(const struct pass *p, const struct worker *w,
                     const struct history *old, uint32_t chunk, uint32_t place,
                     struct err *err)
{
    const struct histories *h = p->h;
    struct journal *j = p->watch ? p->watch->journal : NULL;
    int64_t known_ms = h->now_ms != MOMENT_MIN ? h->now_ms : p->now_ms;
    const struct journal_chunk about = {.number = chunk,
                                        .is_known = old->block,
                                        .before_ms = old->block ? old->now_ms : known_ms,
                                        .now_ms = p->now_ms};

    for (uint32_t l = 0; j && l < h->lifecycle_n; l++) {
        struct change c = change_of(w, old, chunk, place, l);

        if (!journal_moves(j, &about, &c.who, c.was, c.was_n, c.is, c.is_n, err))
            return false;
    }
    if (j && has_members(h)) {
        struct change c = change_of(w, old, chunk, place, h->lifecycle_n);

        return journal_members(j, &about, c.who.customer, c.was, c.was_n, c.is, c.is_n,
                               err);
    }
    return true;
}

const int64_t *histories_stock(const struct histories *h, uint32_t lifecycle)
{
    return h->stock[lifecycle];
}

const int64_t *histories_sizes(const struct histories *h)
{
    return h->stock[h->lifecycle_n];
}

uint64_t histories_stock_version(const struct histories *h)
{
    return h->stock_version;
}
