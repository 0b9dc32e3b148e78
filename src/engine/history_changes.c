/* history_changes.c - what a pass changed: who stands where, and who moved. */
#include "engine/follow.h"
#include "engine/history_impl.h"
#include "engine/journal.h"

bool stock_new(struct histories *h, struct err *err)
{
    int64_t *at;

    for (uint32_t l = 0; l < h->lifecycle_n; l++)
        h->stock_n += h->model->lifecycles[l]->stage_n;
    h->stock_version = 1;
    h->stock = mem_alloc(h->lifecycle_n * sizeof(int64_t *));
    at = mem_alloc((h->stock_n + 1) * sizeof *at);
    if (!h->stock || !at) {
        mem_free(at);
        return err_nomem(err);
    }
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        h->stock[l] = at;
        at += h->model->lifecycles[l]->stage_n;
    }
    return true;
}

void stock_free(struct histories *h)
{
    if (h->stock)
        mem_free(h->stock[0]);
    mem_free(h->stock);
}

void stock_count(const struct histories *h, struct worker *w, const struct history *one,
                 uint32_t place, int by)
{
    for (uint32_t l = 0; l < h->lifecycle_n; l++) {
        const uint32_t *first = first_of(one, l) + place;
        uint16_t stage = first[1] > first[0] ? one->move[first[1] - 1].to : STAGE_NONE;

        if (stage != STAGE_NONE)
            w->stock[h->stock[l] - h->stock[0] + stage] += by;
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

/* Whoever was in no chunk yet had no moves. */
static const struct move *moves_in(const struct history *one, uint32_t lifecycle,
                                   uint32_t place, size_t *n)
{
    const uint32_t *first;

    *n = 0;
    if (!one->block || place >= one->customer_n)
        return NULL;
    first = first_of(one, lifecycle) + place;
    *n = first[1] - first[0];
    return *n ? one->move + first[0] : NULL;
}

void note_changes(const struct pass *p, struct worker *w, uint32_t chunk,
                  const struct history *old, const struct history *fresh,
                  const bool *is_due)
{
    const struct histories *h = p->h;
    /* What is computed for the first time is no news. */
    struct follow *follow = p->watch && h->now_ms != MOMENT_MIN ? p->watch->follow : NULL;

    for (uint32_t i = 0; i < fresh->customer_n; i++) {
        if (!is_due[i])
            continue;
        if (old->block && i < old->customer_n)
            stock_count(h, w, old, i, -1);
        stock_count(h, w, fresh, i, 1);
        for (uint32_t l = 0; follow && l < h->lifecycle_n; l++) {
            struct moved who = {.customer = chunk * CHUNK_CUSTOMERS + i,
                                .lifecycle = (uint16_t)l};
            size_t old_n, n;
            const struct move *before = moves_in(old, l, i, &old_n);
            const struct move *after = moves_in(fresh, l, i, &n);

            follow_moves(follow, &who, before, old_n, after, n, p->now_ms);
        }
    }
}

bool journal_changes(const struct pass *p, uint32_t chunk, const struct history *old,
                     const struct history *fresh, const bool *is_due, struct err *err)
{
    const struct histories *h = p->h;
    struct journal *j = p->watch ? p->watch->journal : NULL;
    int64_t known_ms = h->now_ms != MOMENT_MIN ? h->now_ms : p->now_ms;
    const struct journal_chunk about = {.number = chunk,
                                        .is_known = old->block,
                                        .before_ms = old->block ? old->now_ms : known_ms,
                                        .now_ms = p->now_ms};

    for (uint32_t i = 0; j && i < fresh->customer_n; i++) {
        for (uint32_t l = 0; is_due[i] && l < h->lifecycle_n; l++) {
            struct moved who = {.customer = chunk * CHUNK_CUSTOMERS + i,
                                .lifecycle = (uint16_t)l};
            size_t old_n, n;
            const struct move *before = moves_in(old, l, i, &old_n);
            const struct move *after = moves_in(fresh, l, i, &n);

            if (!journal_moves(j, &about, &who, before, old_n, after, n, err))
                return false;
        }
    }
    return true;
}

const int64_t *histories_stock(const struct histories *h, uint32_t lifecycle)
{
    return h->stock[lifecycle];
}

uint64_t histories_stock_version(const struct histories *h)
{
    return h->stock_version;
}
