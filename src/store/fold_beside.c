/* fold_beside.c - the news of some chunks folded on a thread of their own, out of a snapshot, while the
 * writer goes on; the writer then writes the parts, and what came meanwhile stays news. */
#include "store/fold_impl.h"

#include "base/tune.h"

#include <stdatomic.h>

struct fold_beside {
    struct aside aside;
    struct snapshot *snapshot;
    struct fold_from from;
    struct fold fold[FOLD_BESIDE];
    uint32_t n;
    struct err err;
    bool ok;
    atomic_bool has_run;
};

static void run(void *context)
{
    struct fold_beside *b = context;

    b->ok = true;
    for (uint32_t i = 0; i < b->n && b->ok; i++)
        b->ok = fold_chunk(&b->from, &b->fold[i], &b->err);
    atomic_store(&b->has_run, true);
}

void store_fold_drop(struct store *s)
{
    struct fold_beside *b = s->beside;

    if (!b)
        return;
    s->beside = NULL;
    aside_end(&b->aside);
    for (uint32_t i = 0; i < b->n; i++)
        fold_free(&b->fold[i]);
    snapshot_close(b->snapshot);
    mem_free(b);
}

static bool gather(struct store *s, struct fold_beside *b, struct err *err)
{
    uint32_t chunk;

    if (!store_snapshot(s, &b->snapshot, err))
        return false;
    b->from = snapshot_fold_from(b->snapshot);
    while (b->n < FOLD_BESIDE && fold_next(s, s->image, &chunk)
           && (!b->n || chunk != b->fold[0].chunk)) /* not around again */
        if (!fold_gather(&b->from, chunk, &b->fold[b->n++], err))
            return false;
    return true;
}

bool store_fold_begin(struct store *s, struct err *err)
{
    if (s->beside || !s->image->news_n)
        return true;
    s->beside = mem_alloc(sizeof *s->beside);
    if (!s->beside)
        return err_nomem(err);
    if (!gather(s, s->beside, err)) {
        store_fold_drop(s);
        return false;
    }
    aside_begin(&s->beside->aside, run, s->beside);
    return true;
}

bool store_is_folding(const struct store *s, bool *has_run)
{
    *has_run = s->beside && atomic_load(&s->beside->has_run);
    return s->beside;
}

/* News that take events from the parts say how many these had: they are of the old ones. */
static bool still_fits(const struct store *s, const struct fold *f)
{
    const struct chunk_state *now = image_get(s->image, f->chunk);

    return now->parts.folded_seq < f->row.folded_seq
           && !(now->news && now->news->has_gone
                && now->news->told_seq > f->row.folded_seq);
}

/* What others folded meanwhile is left out, and folded again from where it is now. */
static bool put(struct store *s, const struct fold_beside *b, struct err *err)
{
    bool ok = transaction_begin(s, err);

    if (!ok)
        return false;
    for (uint32_t i = 0; i < b->n && ok; i++) {
        if (still_fits(s, &b->fold[i]))
            ok = fold_put(s, &b->fold[i], err);
        else
            s->fold_next = b->fold[i].chunk;
    }
    ok = ok && transaction_commit(s, err);
    if (!ok)
        store_cancel(s);
    return ok;
}

bool store_fold_end(struct store *s, struct err *err)
{
    struct fold_beside *b = s->beside;
    bool ok;

    if (!b)
        return true;
    aside_end(&b->aside);
    ok = b->ok ? put(s, b, err) : (*err = b->err, false);
    store_fold_drop(s);
    return ok;
}
