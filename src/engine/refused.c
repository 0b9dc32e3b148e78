#include "engine/refused.h"

#include "base/hash.h"

uint64_t refused_id(const struct refusal *r, struct buf *room)
{
    buf_clear(room);
    buf_add_format(room, "%zu %zu %llu ", r->source.n, r->reason.n,
                   (unsigned long long)r->line);
    buf_add(room, r->source);
    buf_add(room, r->reason);
    buf_add(room, r->text);
    return room->failed ? 0 : hash64(buf_str(room));
}

struct picking {
    const struct refused_want *want;
    struct arena *a;
    struct buf room;
    struct refused_row *row;
    uint32_t n;
    size_t bytes;
    bool stopped;
    struct err *err;
};

static bool refusal_copy(struct arena *a, const struct refusal *r, struct refusal *to)
{
    *to = (struct refusal){arena_str(a, r->source), r->line, arena_str(a, r->reason),
                           arena_str(a, r->text), r->at_ms};
    return to->source.p && to->reason.p && to->text.p;
}

static bool pick(void *context, const struct refusal *r)
{
    struct picking *p = context;
    const struct refused_want *w = p->want;
    struct refused_row *row = &p->row[p->n];

    if (str_eq(r->source, w->source) && str_eq(r->reason, w->reason)) {
        row->id = refused_id(r, &p->room);
        if (p->room.failed || !refusal_copy(p->a, r, &row->refusal))
            return err_nomem(p->err);
        p->n++;
        p->bytes += r->text.n;
    }
    p->stopped = p->n == w->rows_max || p->bytes >= w->bytes_max
                 || (w->time.is_up && w->time.is_up(w->time.context));
    return !p->stopped;
}

bool engine_refused_rows(struct engine *e, const struct refused_want *want,
                         struct refused_place *at, struct arena *a,
                         struct refused_row **out, uint32_t *n, bool *more,
                         struct err *err)
{
    struct picking p = {.want = want,
                        .a = a,
                        .row = arena_array(a, struct refused_row, want->rows_max),
                        .err = err};
    bool ok;

    if (!p.row)
        return err_nomem(err);
    err->code = ERR_NONE;
    ok = snapshot_refused_from(engine_snapshot(e), at, pick, &p, err)
         && err->code == ERR_NONE;
    buf_free(&p.room);
    *out = p.row;
    *n = p.n;
    *more = p.stopped;
    return ok;
}
