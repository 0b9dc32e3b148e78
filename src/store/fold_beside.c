/* fold_beside.c - a chunk's news folded on a thread of its own, out of a snapshot, while the writer
 * goes on; the writer then writes the parts, and what came meanwhile stays news. */
#include "store/fold_impl.h"

#include <stdatomic.h>

struct fold_beside {
    struct aside aside;
    struct snapshot *snapshot;
    struct fold_from from;
    struct fold fold;
    atomic_bool has_run;
};

static void run(void *context)
{
    struct fold_beside *b = context;

    b->fold.ok = fold_chunk(&b->from, &b->fold, &b->fold.err);
    atomic_store(&b->has_run, true);
}

void store_fold_drop(struct store *s)
{
    struct fold_beside *b = s->beside;

    if (!b)
        return;
    s->beside = NULL;
    aside_end(&b->aside);
    fold_free(&b->fold);
    snapshot_close(b->snapshot);
    mem_free(b);
}

bool store_fold_begin(struct store *s, struct err *err)
{
    struct fold_beside *b;
    uint32_t chunk;

    if (s->beside || !fold_next(s, s->image, &chunk))
        return true;
    b = s->beside = mem_alloc(sizeof *b);
    if (!b)
        return err_nomem(err);
    if (!store_snapshot(s, &b->snapshot, err)) {
        store_fold_drop(s);
        return false;
    }
    b->from = snapshot_fold_from(b->snapshot);
    if (!fold_gather(&b->from, chunk, &b->fold, err)) {
        store_fold_drop(s);
        return false;
    }
    aside_begin(&b->aside, run, b);
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

static bool put(struct store *s, const struct fold *f, struct err *err)
{
    if (!transaction_begin(s, err))
        return false;
    if (!fold_put(s, f, err) || !transaction_commit(s, err)) {
        store_cancel(s);
        return false;
    }
    return true;
}

bool store_fold_end(struct store *s, struct err *err)
{
    struct fold_beside *b = s->beside;
    bool ok = true, more;
    uint32_t chunk;

    if (!b)
        return true;
    aside_end(&b->aside);
    chunk = b->fold.chunk;
    if (!b->fold.ok) {
        *err = b->fold.err;
        ok = false;
    } else if (still_fits(s, &b->fold)) {
        ok = put(s, &b->fold, err);
    } else {
        s->fold_next = chunk;
        ok = store_fold(s, 1, &more, err);
    }
    store_fold_drop(s);
    return ok;
}
