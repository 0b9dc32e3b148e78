/* resend.c - what was refused, sent again through the door by which everything comes.
 *
 * Pass by pass: as much of it as fits is mended into one body, whose events are collected; those
 * that were not refused leave the list in the same transaction. What one pass tried no other does. */
#include "engine/refused.h"

#include "base/hash.h"
#include "engine/collect.h"
#include "engine/engine_impl.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE = 64, PASS_BYTES = 16 << 20 };

struct pass {
    const struct resend *what;
    struct resend_report *report;
    struct json_parser *parser;
    struct arena call; /* at hand */
    struct buf room, raw, text;
    size_t *end; /* of each event in .text */
    uint64_t *id;
    uint32_t n;
    struct hash_set tried; /* in this pass, and those before it */
    struct text_table reason;
    struct resend_reason *reasons;
    uint32_t reason_cap;
    struct collect_body body;
    bool is_full;
    struct err *err;
};

/* Ids are numbers of 64 bits, of which no two that matter are the same. */
static hash128 key_of(uint64_t id)
{
    return (hash128){id, ~id};
}

static bool is_meant(const struct resend *what, const struct refusal *r, uint64_t id)
{
    return what->id ? id == what->id
                    : (!what->source.n || str_eq(r->source, what->source))
                          && (!what->reason.n || str_eq(r->reason, what->reason));
}

static bool is_callers(const struct err *err)
{
    return err->code == ERR_INPUT || err->code == ERR_LIMIT;
}

static bool count_reason(struct pass *p, str reason)
{
    uint32_t place, known = p->reason.n;

    if (!text_table_add(&p->reason, reason, &place))
        return false;
    if (place == known && place == p->reason_cap) {
        uint32_t cap = place ? 2 * place : 16;
        struct resend_reason *more = mem_resize(p->reasons, cap * sizeof *more);

        if (!more)
            return false;
        p->reasons = more;
        p->reason_cap = cap;
    }
    if (place == known)
        p->reasons[place] = (struct resend_reason){};
    p->reasons[place].n++;
    p->report->refused++;
    return true;
}

/* The call as it is sent now, behind the others. False: not for want of memory, with *why. */
static bool add_call(struct pass *p, str text, bool *is_call, struct err *why)
{
    const struct json *call;
    size_t before = p->text.n;

    *is_call = false;
    arena_reset(&p->call);
    buf_clear(&p->raw);
    buf_add(&p->raw, text);
    if (!buf_room(&p->raw, SPARE))
        return err_nomem(why);
    if (!json_parse(p->parser, buf_str(&p->raw), &p->call, &call, why))
        return false;
    *is_call = call->type == JSON_OBJECT;
    if (call_mend(call, p->what->mend, p->what->mend_n, &p->text, why))
        return true;
    p->text.n = before;
    return false;
}

static bool take(struct pass *p, const struct refusal *r, uint64_t id)
{
    bool is_call;
    struct err why;

    p->report->found++;
    if (add_call(p, p->what->text.n ? p->what->text : r->text, &is_call, &why)) {
        p->end[p->n] = p->text.n;
        p->id[p->n++] = id;
        p->is_full = p->n == COLLECT_EVENTS_MAX || p->text.n >= PASS_BYTES;
        return true;
    }
    if (!is_callers(&why)) {
        *p->err = why;
        return false;
    }
    if (is_call || p->what->text.n)
        return count_reason(p, str_of(why.msg)) || err_nomem(p->err);
    if (str_starts(r->text, STR("{")))
        p->report->broken++;
    else
        p->report->no_calls++;
    return true;
}

static bool gather(void *context, const struct refusal *r)
{
    struct pass *p = context;
    uint64_t id = refused_id(r, &p->room);
    bool is_new;

    if (p->room.failed)
        return err_nomem(p->err);
    if (!is_meant(p->what, r, id))
        return true;
    if (!hash_set_add(&p->tried, key_of(id), &is_new))
        return err_nomem(p->err);
    return !is_new || (take(p, r, id) && !p->is_full);
}

/* --- one pass --- */

static bool cut(struct pass *p, struct err *err)
{
    str *event = arena_array(p->body.arena, str, p->n);
    char *spare = buf_room(&p->text, SPARE);

    if (!event || !spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    for (uint32_t i = 0; i < p->n; i++) {
        size_t from = i ? p->end[i - 1] : 0;

        event[i] = (str){p->text.p + from, p->end[i] - from};
    }
    p->body.text = buf_str(&p->text);
    p->body.event = event;
    p->body.event_n = p->n;
    p->body.is_again = true;
    return true;
}

struct gone {
    struct hash_set id;
    struct buf room;
    bool failed;
};

static bool is_gone(void *context, const struct refusal *r)
{
    struct gone *g = context;
    uint64_t id = refused_id(r, &g->room);

    g->failed |= g->room.failed;
    return !g->failed && hash_set_has(&g->id, key_of(id));
}

/* In the transaction: who was not refused again leaves the list. */
static bool thin(struct engine *e, struct pass *p, struct err *err)
{
    struct gone g = {};
    uint32_t refused = 0;
    bool ok = true, is_new;

    for (uint32_t i = 0; ok && i < p->n; i++) {
        if (refused < p->body.refused_n && p->body.refused[refused].index == i)
            refused++;
        else
            ok = hash_set_add(&g.id, key_of(p->id[i]), &is_new);
    }
    ok = (ok || err_nomem(err))
         && (!g.id.n || store_unrefuse(engine_store(e), is_gone, &g, err))
         && (!g.failed || err_nomem(err));
    hash_set_free(&g.id);
    buf_free(&g.room);
    return ok;
}

struct passing {
    struct engine *engine;
    struct pass *pass;
};

static bool finish(void *context, bool *keep, struct err *err)
{
    struct passing *p = context;

    *keep = !p->pass->what->dry_run && p->pass->body.refused_n < p->pass->n;
    if (!*keep)
        return true;
    refused_counts_free(p->engine->refused); /* of what leaves the list */
    p->engine->refused = NULL;
    return thin(p->engine, p->pass, err);
}

static bool run(struct engine *e, struct pass *p, int64_t now_ms, struct err *err)
{
    struct arena a = {};
    struct collect_body *body = &p->body;
    struct passing context = {e, p};
    bool ok;

    p->body = (struct collect_body){.arena = &a};
    ok = cut(p, err) && engine_collect_then(e, &body, 1, now_ms, finish, &context, err);
    if (ok) {
        p->report->accepted += p->body.accepted;
        p->report->known += p->body.duplicates;
    }
    for (uint32_t i = 0; ok && i < p->body.refused_n; i++)
        ok = count_reason(p, p->body.refused[i].reason) || err_nomem(err);
    arena_free(&a);
    return ok;
}

/* --- all of it --- */

static int most_first(const void *a, const void *b)
{
    const struct resend_reason *x = a, *y = b;

    return x->n != y->n ? (x->n > y->n ? -1 : 1) : str_cmp(x->reason, y->reason);
}

static bool tell_reasons(struct pass *p, struct arena *a, struct resend_report *out,
                         struct err *err)
{
    out->reason_n = p->reason.n;
    out->reason = arena_array(a, struct resend_reason, p->reason.n + 1);
    if (!out->reason)
        return err_nomem(err);
    for (uint32_t i = 0; i < p->reason.n; i++) {
        out->reason[i] = (struct resend_reason){
            arena_str(a, text_table_get(&p->reason, i)), p->reasons[i].n};
        if (!out->reason[i].reason.p)
            return err_nomem(err);
    }
    qsort(out->reason, out->reason_n, sizeof *out->reason, most_first);
    return true;
}

/* What the snapshot holds is walked anew by each pass: what another took away is not met. */
static bool run_all(struct engine *e, struct pass *p, int64_t now_ms, struct err *err)
{
    do {
        p->n = 0;
        p->is_full = false;
        buf_clear(&p->text);
        err->code = ERR_NONE;
        if (!snapshot_each_refused(engine_snapshot(e), gather, p, err)
            || err->code != ERR_NONE || (p->n && !run(e, p, now_ms, err)))
            return false;
    } while (p->is_full);
    return true;
}

bool engine_resend(struct engine *e, const struct resend *what, int64_t now_ms,
                   struct arena *a, struct resend_report *out, struct err *err)
{
    struct pass p = {.what = what, .report = out, .err = err};
    bool ok;

    *out = (struct resend_report){};
    p.end = mem_alloc(COLLECT_EVENTS_MAX * sizeof *p.end);
    p.id = mem_alloc(COLLECT_EVENTS_MAX * sizeof *p.id);
    ok = ((p.end && p.id) || err_nomem(err)) && json_parser_new(&p.parser, err)
         && run_all(e, &p, now_ms, err) && tell_reasons(&p, a, out, err);
    json_parser_free(p.parser);
    mem_free(p.end);
    mem_free(p.id);
    mem_free(p.reasons);
    arena_free(&p.call);
    buf_free(&p.room);
    buf_free(&p.raw);
    buf_free(&p.text);
    hash_set_free(&p.tried);
    text_table_free(&p.reason);
    return ok;
}
