#include "engine/collect.h"

#include "base/json_cut.h"
#include "base/tune.h"
#include "engine/collect_impl.h"
#include "engine/engine_impl.h"
#include "engine/follow.h"
#include "engine/identity.h"

#include <string.h>

enum { FOLD_REST = 2 }; /* so many times as long as folding took */

/* --- cutting --- */

static bool broken(struct collect_body *b, const char *why)
{
    b->broken = str_of(why);
    b->event = &b->text;
    b->event_n = 1;
    return true;
}

/* Texts only: a key with an escape in it is none. */
static str unquoted(str text)
{
    return text.n >= 2 && *text.p == '"' && !memchr(text.p, '\\', text.n)
               ? (str){text.p + 1, text.n - 2}
               : STR("");
}

static bool too_many(struct err *err)
{
    return err_set(err, ERR_LIMIT, "a body has at most %u events", COLLECT_EVENTS_MAX);
}

/* Up to the list's end, or to where it is broken. */
static bool cut_items(struct collect_body *b, struct json_cut *list,
                      enum json_cut_result *result, struct err *err)
{
    struct json_piece piece;
    uint32_t n = 0, cap = 0;
    str *event = NULL;

    while ((*result = json_cut_next(list, &piece)) == JSON_CUT_PIECE) {
        if (n == COLLECT_EVENTS_MAX)
            return too_many(err);
        if (n == cap) {
            str *more = arena_array(b->arena, str, cap = cap ? 2 * cap : 16);

            if (!more)
                return err_nomem(err);
            if (n)
                memcpy(more, event, n * sizeof *more);
            event = more;
        }
        event[n++] = piece.text;
    }
    b->event = event;
    b->event_n = n;
    return true;
}

static bool cut_list(struct collect_body *b, str list, struct err *err)
{
    enum json_cut_result result;
    struct json_cut c;

    if (!json_cut_begin(&c, list) || c.close != ']')
        return broken(b, "batch is no list");
    return cut_items(b, &c, &result, err)
           && (result == JSON_CUT_END || broken(b, "the body is no JSON"));
}

/* Members of an object, and the events that it is about. */
struct outer {
    struct json_cut c;
    str batch;   /* .p NULL: there is none */
    bool is_cut; /* its events are those of the body */
};

/* Its events are cut on the way to its end, which nearly always is there. */
static bool cut_batch(struct collect_body *b, struct outer *o,
                      enum json_cut_result *result, struct err *err)
{
    struct json_cut list;

    o->batch.p = o->c.p;
    o->is_cut = false;
    if (json_cut_enter(&o->c, &list)) {
        if (!cut_items(b, &list, result, err))
            return false;
        if (*result == JSON_CUT_END) {
            o->is_cut = true;
            *result = json_cut_leave(&o->c, &list);
            return true;
        }
    }
    *result = json_cut_value(&o->c, &o->batch);
    return true;
}

/* Each event is kept with all of it: else a small body could make any number of bytes. */
static bool shared_fits(const struct collect_body *b, struct err *err)
{
    return (b->context.n + b->sent_at.n) * b->event_n <= COLLECT_SHARED_MAX
           || err_set(err, ERR_LIMIT,
                      "the context of a batch, once for each of its events, has at most "
                      "%zu MiB",
                      COLLECT_SHARED_MAX >> 20);
}

static enum json_cut_result cut_member(struct collect_body *b, str name,
                                       struct json_cut *c)
{
    str value;
    enum json_cut_result result = json_cut_value(c, &value);

    if (result != JSON_CUT_PIECE)
        return result;
    if (str_eq(name, STR("writeKey")))
        b->write_key = unquoted(value);
    else if (str_eq(name, STR("sentAt")))
        b->sent_at = value;
    else if (str_eq(name, STR("context")))
        b->context = value;
    return result;
}

bool collect_cut(struct collect_body *b, struct err *err)
{
    struct outer o = {};
    enum json_cut_result result = JSON_CUT_PIECE;
    str name;

    if (!json_cut_begin(&o.c, b->text))
        return broken(b, "the body is no JSON object or list");
    if (o.c.close == ']')
        return cut_list(b, b->text, err);
    while (result == JSON_CUT_PIECE
           && (result = json_cut_name(&o.c, &name)) == JSON_CUT_PIECE) {
        if (!str_eq(name, STR("batch")))
            result = cut_member(b, name, &o.c);
        else if (!cut_batch(b, &o, &result, err))
            return false;
    }
    if (result == JSON_CUT_BROKEN)
        return broken(b, "the body is no JSON");
    if (o.batch.p)
        return (o.is_cut || cut_list(b, o.batch, err)) && shared_fits(b, err);
    b->sent_at = b->context = STR("");
    b->event = &b->text;
    b->event_n = 1;
    return true;
}

/* --- one event --- */

/* One transaction. */
struct collect {
    struct engine *engine;
    struct follow_mark mark; /* before any of the events */
    struct err err;
};

static void mask(char *text, size_t n, str secret)
{
    const char *end;

    if (!n || !secret.n)
        return;
    end = text + n;
    while ((text = memmem(text, (size_t)(end - text), secret.p, secret.n))) {
        memset(text, '*', secret.n); /* and never again, though it be one of stars */
        text += secret.n;
    }
}

static str address_of(const struct json *call)
{
    return json_find_text(json_find(call, STR("context")), STR("ip"));
}

/* As it came, with what its batch says of it, but for the sender's key and address. */
static bool refused_text(const struct collect_load *l, uint32_t index,
                         const struct json *call, struct buf *to)
{
    bool is_call = call && call->type == JSON_OBJECT && call->n;
    str raw = l->body->event[index];

    if (is_call)
        raw.n = (size_t)((const char *)memrchr(raw.p, '}', raw.n) - raw.p);
    if (str_is_utf8(raw))
        buf_add(to, raw);
    else
        buf_add_latin1(to, raw);
    if (is_call) {
        call_complete(call, &l->frame, to);
        buf_add_char(to, '}');
    }
    if (to->failed)
        return false;
    mask(to->p, to->n, l->body->write_key);
    mask(to->p, to->n, address_of(call));
    mask(to->p, to->n, json_find_text(l->frame.context, STR("ip")));
    return true;
}

static bool refuse(struct collect *c, const struct collect_load *l, uint32_t index,
                   str reason, const struct json *call, struct err *err)
{
    struct collect_body *b = l->body;
    struct collect_refusal *r = (struct collect_refusal *)b->refused + b->refused_n++;
    struct buf text = {};
    bool ok;

    *r = (struct collect_refusal){index, arena_str(b->arena, reason)};
    if (!r->reason.p)
        return err_nomem(err);
    if (b->is_again)
        return true;
    ok = engine_key(c->engine) || refused_text(l, index, call, &text)
             ? store_refuse(engine_store(c->engine),
                            &(struct refusal){b->source, index, reason, buf_str(&text)},
                            err)
             : err_nomem(err);
    buf_free(&text);
    return ok;
}

static bool one_check(const struct engine *e, const struct event *event, struct err *err)
{
    const struct model *m = e->model;

    return (!m->dictionary.strict
            || dictionary_check(&m->dictionary, m->workspace.zone, event, err))
           && names_check(&e->names, event, err);
}

static bool event_check(const struct engine *e, const struct event *event,
                        struct err *err)
{
    struct arena a = {};
    struct event own;
    bool there, ok = one_check(e, event, err)
                     && event_of_account(event, &a, &own, &there, err)
                     && (!there || one_check(e, &own, err));

    arena_free(&a);
    return ok;
}

static bool take_call(struct collect *c, const struct collect_load *l, uint32_t index,
                      const struct collect_call *call, struct err *err)
{
    struct err why;
    bool added;

    if (call->wrong.n)
        return refuse(c, l, index, call->wrong, call->json, err);
    if (!event_check(c->engine, &call->event, &why)
        || !store_append(engine_store(c->engine), &call->event, call->line, &added,
                         &why)) {
        if (collect_is_senders_fault(&why))
            return refuse(c, l, index, str_of(why.msg), call->json, err);
        *err = why;
        return false;
    }
    if (added && !identity_take(c->engine, &call->event, err))
        return false;
    l->body->accepted += added;
    l->body->duplicates += !added;
    if (added)
        follow_event(c->engine->follow, store_catalog(engine_store(c->engine)),
                     &call->event);
    return true;
}

static bool take_load(void *context, const struct collect_load *l)
{
    struct collect *c = context;

    if (!l->ok) {
        c->err = l->err;
        return false;
    }
    for (uint32_t k = 0; k < l->n; k++) {
        if (l->call[k].wrong.n)
            continue;
        store_expect(engine_store(c->engine), &l->call[k].event);
        identity_expect(c->engine, &l->call[k].event);
    }
    for (uint32_t k = 0; k < l->n; k++)
        if (!take_call(c, l, l->first + k, &l->call[k], &c->err))
            return false;
    return true;
}

/* --- bodies --- */

static bool begin_body(struct collect_body *b, struct err *err)
{
    b->accepted = b->duplicates = b->refused_n = 0;
    b->refused = arena_array(b->arena, struct collect_refusal, b->event_n);
    return b->refused || err_nomem(err);
}

static bool take_bodies(struct collect *c, struct collect_body *const *body, size_t n,
                        int64_t now_ms, struct err *err)
{
    follow_return(c->engine->follow, &c->mark);
    for (size_t i = 0; i < n; i++)
        if (!begin_body(body[i], err))
            return false;
    if (!store_begin(engine_store(c->engine), now_ms, err))
        return false;
    if (collect_reader_run(c->engine->reader, take_load, c))
        return true;
    *err = c->err;
    return false;
}

static bool learn_names(struct engine *e, struct err *err)
{
    return names_learn(&e->names, e->io, e->model, snapshot_catalog(e->now),
                       store_catalog(e->store), err);
}

/* Most often no event brings types of values that break the model; when one does, it is found
 * which they are, and all are taken again without those that bring them. Each time some are found
 * that were not known, so that it ends. */
static bool take_all(struct collect *c, struct collect_body *const *body, size_t n,
                     int64_t now_ms, struct err *err)
{
    struct store *s = engine_store(c->engine);

    for (;;) {
        if (!take_bodies(c, body, n, now_ms, err))
            return false;
        if (!store_has_new_names(s) || engine_check_names(c->engine, err))
            return true;
        if (err->code != ERR_INPUT || !learn_names(c->engine, err))
            return false;
        identity_cancel(c->engine);
    }
}

bool engine_collect(struct engine *e, struct collect_body *const *body, size_t n,
                    int64_t now_ms, struct err *err)
{
    return engine_collect_then(e, body, n, now_ms, NULL, NULL, err);
}

bool engine_collect_then(struct engine *e, struct collect_body *const *body, size_t n,
                         int64_t now_ms, collect_then *then, void *context,
                         struct err *err)
{
    struct collect c = {.engine = e, .mark = follow_mark(e->follow)};
    bool keep = true,
         ok =
             engine_may_take(e, err) && (e->reader || collect_reader_new(&e->reader, err))
             && collect_reader_set(e->reader, body, n, now_ms, engine_key(e),
                                   &e->model->dictionary, err)
             && take_all(&c, body, n, now_ms, err) && (!then || then(context, &keep, err))
             && (!keep || identity_commit(e, err));

    if (!ok || !keep) {
        identity_cancel(e);
        follow_return(e->follow, &c.mark);
    }
    return ok;
}

bool engine_settle(struct engine *e, struct err *err)
{
    struct store *s = engine_store(e);
    bool more;

    return (store_is_held(s) || store_news_share(s) <= 1
            || store_fold(s, FOLD_CHUNKS, &more, err))
           && engine_refresh(e, err);
}

/* SQLite's log to the file, beside all else: where it got long, who commits would have to wait. */
static bool tidy_log(struct store *s, struct err *err)
{
    bool has_run;

    store_log_anew(s);
    if (!store_is_checkpointing(s, &has_run))
        return !store_is_checkpoint_due(s) || store_checkpoint_begin(s, err);
    if (has_run)
        store_checkpoint_end(s);
    return true;
}

/* After a fold that took so long: of the time a third goes to folding, the more the fuller it is, and
 * from half full on all of it, so that nobody has to wait until it is done. */
static int64_t rest_of(const struct store *s, int64_t took_ms)
{
    double room = 1 - 2 * store_news_share(s);

    return room > 0 ? (int64_t)(room * FOLD_REST * (double)took_ms) : 0;
}

/* Chunk by chunk. */
bool engine_tidy(struct engine *e, int64_t steady_ms, bool *came, struct err *err)
{
    struct store *s = engine_store(e);
    bool has_run, ok;

    *came = false;
    if (store_is_held(s))
        return true;
    if (!tidy_log(s, err))
        return false;
    if (store_is_folding(s, &has_run)) {
        if (!has_run)
            return true;
        *came = true;
        ok = store_fold_end(s, err);
        e->fold_ms = steady_ms + rest_of(s, steady_ms - e->fold_ms);
        return ok;
    }
    if (steady_ms < e->fold_ms || !store_is_fold_due(s))
        return true;
    e->fold_ms = steady_ms;
    return store_fold_begin(s, err);
}
