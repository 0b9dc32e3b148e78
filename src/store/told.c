#include "store/store_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Timelines move by being told again. A customer who loses events is gone: of him nothing counts
 * any more that is in the file, and all of it stands once more among the transaction's facts,
 * each event with the customer who is its anchor's home now. */

/* What is told again of one chunk. */
struct telling {
    struct store *s;
    uint32_t chunk;
    struct chunk *parts;      /* NULL: there are none */
    const uint32_t *customer; /* of the chunk; ascending */
    uint32_t customer_n;
    struct gone_set gone; /* of whom the parts hold nothing any more */
    struct arena *a;      /* where the facts live */
    struct err *err;      /* of what walks */
    bool ok;
};

static bool add_told(struct store *s, const struct fact *fact, struct err *err)
{
    struct transaction *tx = &s->tx;
    struct fact *to;

    if (!facts_room(tx, err))
        return false;
    to = &tx->fact[tx->fact_n++];
    *to = *fact;
    to->is_told = true;
    to->customer = s->homes.home[fact->anchor];
    return true;
}

/* --- out of the parts --- */

/* The events that the parts have of a customer. */
static struct chunk_range range_of(const struct telling *t, uint32_t customer)
{
    struct timeline of = {.n = 0};

    if (t->parts && !t->gone.is[customer % CHUNK_CUSTOMERS])
        of = timeline_of(t->parts, customer);
    return (struct chunk_range){customer, of.first, of.n};
}

static bool tell_parts(struct telling *t, struct err *err)
{
    struct chunk_range *range = mem_alloc(t->customer_n * sizeof *range);
    struct fact *fact = NULL;
    size_t n = 0;
    bool ok = range != NULL;

    for (uint32_t i = 0; ok && i < t->customer_n; i++) {
        range[i] = range_of(t, t->customer[i]);
        n += range[i].n;
    }
    ok = (ok && (fact = mem_alloc(n * sizeof *fact))) || err_nomem(err);
    ok = ok && chunk_facts(t->parts, range, t->customer_n, true, t->a, fact, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = add_told(t->s, &fact[i], err);
    mem_free(fact);
    mem_free(range);
    return ok;
}

/* --- out of the news --- */

static void take_news(void *context, const struct fact *fact)
{
    struct telling *t = context;
    struct fact copy;

    t->ok = t->ok && fact_copy(&t->s->catalog, fact, t->a, &copy, t->err)
            && add_told(t->s, &copy, t->err);
}

static bool tell_news(struct telling *t, uint32_t customer, struct err *err)
{
    struct gone_set gone = {.n = 0};
    uint32_t place = customer % CHUNK_CUSTOMERS;

    t->err = err;
    t->ok = true;
    news_each(image_get(t->s->tx.image, t->chunk)->news, place, place + 1, &gone,
              take_news, t);
    return t->ok;
}

/* --- a chunk --- */

static bool add_gone(struct transaction *tx, struct gone gone, struct err *err)
{
    if (tx->gone_n == tx->gone_cap) {
        uint32_t cap = tx->gone_cap ? tx->gone_cap * 2 : 16;
        struct gone *grown = mem_resize(tx->gone, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        tx->gone = grown;
        tx->gone_cap = cap;
    }
    tx->gone[tx->gone_n++] = gone;
    return true;
}

/* The columns as they were committed are shared with the snapshots; what this transaction folded
 * itself may still come to nothing. */
static bool open_parts(struct telling *t, struct err *err)
{
    struct store *s = t->s;
    const struct chunk_state *state = image_get(s->tx.image, t->chunk);
    uint32_t customers = state->parts.customers;
    struct chunk_want want = {.chunk = t->chunk,
                              .customer_first = t->chunk * CHUNK_CUSTOMERS,
                              .customer_n = customers,
                              .source = &s->source,
                              .parts_customers = customers,
                              .parts_version = state->parts_version,
                              .version = state->parts_version,
                              .cache = s->tx.has_spilled ? NULL : s->cache};

    news_gone(state->news, NULL, &t->gone);
    return !customers || chunk_open(&s->catalog, &want, &t->parts, err);
}

static bool tell(struct telling *t, struct err *err)
{
    struct transaction *tx = &t->s->tx;

    if (!open_parts(t, err) || (t->parts && !tell_parts(t, err)))
        return false;
    for (uint32_t i = 0; i < t->customer_n; i++) {
        size_t before = tx->fact_n;
        uint32_t n = range_of(t, t->customer[i]).n;

        if (!tell_news(t, t->customer[i], err)
            || ((n || tx->fact_n > before)
                && !add_gone(tx, (struct gone){t->customer[i], n}, err)))
            return false;
    }
    return true;
}

static bool tell_chunk(struct store *s, const uint32_t *customer, uint32_t n,
                       struct err *err)
{
    struct telling t = {.s = s,
                        .chunk = customer[0] / CHUNK_CUSTOMERS,
                        .customer = customer,
                        .customer_n = n,
                        .a = &s->tx.arena};
    bool ok = tell(&t, err);

    chunk_free(t.parts);
    return ok;
}

/* --- all of them --- */

static int move_order(const void *left, const void *right)
{
    const struct move *a = left, *b = right;

    if (a->anchor != b->anchor)
        return a->anchor < b->anchor ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int number_order(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/* Who has events in the file that shall stand elsewhere: each once, ascending. */
static bool find_losers(struct store *s, uint32_t **out, size_t *n, struct err *err)
{
    const struct transaction *tx = &s->tx;
    size_t moves = tx->move_n - tx->move_done, all = 0, kept = 0;
    struct move *move = mem_alloc(moves * sizeof *move);
    uint32_t *loser = mem_alloc(moves * sizeof *loser);

    *out = loser;
    if (!move || !loser) {
        mem_free(move);
        return err_nomem(err);
    }
    memcpy(move, tx->move + tx->move_done, moves * sizeof *move);
    qsort(move, moves, sizeof *move, move_order);
    for (size_t i = 0; i < moves; i++) {
        bool is_first = !i || move[i - 1].anchor != move[i].anchor;
        bool has_stored = move[i].anchor < tx->mark.customer_n || tx->has_spilled;

        if (is_first && has_stored && move[i].from != HOME_NONE
            && move[i].from != s->homes.home[move[i].anchor])
            loser[all++] = move[i].from;
    }
    mem_free(move);
    if (all)
        qsort(loser, all, sizeof *loser, number_order);
    for (size_t i = 0; i < all; i++) {
        if (!kept || loser[kept - 1] != loser[i])
            loser[kept++] = loser[i];
    }
    *n = kept;
    return true;
}

static bool tell_all(struct store *s, const uint32_t *loser, size_t n, struct err *err)
{
    size_t end;

    if (n && !need_batch(s, err))
        return false;
    for (size_t first = 0; first < n; first = end) {
        for (end = first;
             end < n && loser[end] / CHUNK_CUSTOMERS == loser[first] / CHUNK_CUSTOMERS;)
            end++;
        if (!tell_chunk(s, loser + first, (uint32_t)(end - first), err)
            || (is_full(s) && !fold_now(s, err)))
            return false;
    }
    return true;
}

bool moves_tell(struct store *s, struct err *err)
{
    struct transaction *tx = &s->tx;
    uint32_t *loser = NULL;
    size_t n;
    bool ok;

    if (tx->move_done == tx->move_n)
        return true;
    for (size_t i = 0; i < tx->fact_n; i++)
        tx->fact[i].customer = s->homes.home[tx->fact[i].anchor];
    ok = find_losers(s, &loser, &n, err) && tell_all(s, loser, n, err);
    mem_free(loser);
    tx->move_done = tx->move_n;
    return ok;
}
