/* select_member.c - where a query's customers stand, and in which segments they are: asked of many
 * at once by a scan, of a few one by one. */
#include "engine/select_impl.h"

bool scope_replay(struct scope *s, const struct timeline *t, struct err *err)
{
    const struct model *m = s->model;
    int64_t next_ms;

    return (s->lives
            || lives_new(m->lifecycles, m->lifecycle_n, m->program, &s->lives, err))
           && lives_replay(s->lives, t, s->at_ms, &next_ms, err);
}

static bool wants(const struct span *span, uint32_t segment)
{
    return !span->segment || span->segment[segment];
}

/* --- many --- */

/* Room for who is in all segments, about. */
enum { SCANNED_BYTES_MAX = 64 << 20 };

bool scope_scan(struct scope *s, const struct span *span, struct err *err)
{
    const struct segments *all = s->model->segments;
    uint64_t customers = catalog_customer_n(s->catalog);

    if (span->to - span->from <= CHUNK_CUSTOMERS || span->like_number
        || all->segment_n * customers / 8 > SCANNED_BYTES_MAX)
        return true;
    if (!s->fits)
        s->fits = arena_array(&s->arena, struct fits, (size_t)all->segment_n + 1);
    if (!s->fits)
        return err_nomem(err);
    for (uint32_t i = 0; i < all->segment_n; i++) {
        if (!wants(span, i) || s->fits[i].chunk)
            continue;
        if (s->stop && s->stop(s->context))
            return err_set(err, ERR_CONFLICT, "stopped");
        if (!engine_scan(s->engine, s->model->program, all->segment[i].rule, s->at_ms,
                         &s->arena, &s->fits[i], err)) {
            s->fits[i].chunk = NULL;
            return false;
        }
    }
    return true;
}

static bool is_scanned(const struct scope *s, uint32_t segment)
{
    return s->fits && s->fits[segment].chunk;
}

/* --- a few --- */

static bool make_asker(struct scope *s, struct err *err)
{
    if (!s->times_in)
        s->times_in = mem_alloc((s->model->lifecycle->stage_n + 1) * sizeof *s->times_in);
    if (!s->times_in)
        return err_nomem(err);
    return s->cursor || cursor_new(s->model->program, &s->cursor, err);
}

/* He need not be replayed when no segment asks where he stands. */
static bool stand(struct scope *s, const struct timeline *t, bool needed,
                  uint16_t above[LIFECYCLES_MAX], struct situation *out, struct err *err)
{
    struct beside first = {};

    if (needed) {
        if (!scope_replay(s, t, err))
            return false;
        first = lives_moves(s->lives)[0];
        lives_above(s->lives, s->at_ms, above);
    }
    situation_of(s->model->lifecycle, first.move, first.n, s->at_ms, s->times_in, out);
    out->above = above;
    out->above_n = needed ? s->model->lifecycle_n : 0;
    return true;
}

bool scope_members(struct scope *s, const struct span *span, const struct timeline *t,
                   uint32_t *member, uint32_t *n, struct err *err)
{
    const struct segments *all = s->model->segments;
    bool scanned = true, needed = false;
    uint16_t above[LIFECYCLES_MAX];
    struct situation now;

    *n = 0;
    if (!t->n || t->at_ms[0] > s->at_ms)
        return true;
    for (uint32_t i = 0; i < all->segment_n; i++) {
        if (!wants(span, i) || is_scanned(s, i))
            continue;
        scanned = false;
        needed |= program_needs_stage(s->model->program, all->segment[i].rule);
    }
    if (!scanned
        && (!make_asker(s, err) || !stand(s, t, needed, above, &now, err)
            || !cursor_start(s->cursor, t, err)))
        return false;
    for (uint32_t i = 0; i < all->segment_n; i++)
        if (wants(span, i)
            && (is_scanned(s, i)
                    ? fits_has(&s->fits[i], t->customer)
                    : cursor_ask(s->cursor, all->segment[i].rule, &now).value.truth))
            member[(*n)++] = i;
    return true;
}
