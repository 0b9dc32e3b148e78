#include "engine/refused.h"

#include "base/time.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE = 64 }; /* that the parser may read */

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

/* --- how much of it, and why --- */

/* Two texts as one key. */
static bool pair_add(struct text_table *t, struct buf *room, str first, str second,
                     uint32_t *place)
{
    buf_clear(room);
    buf_add_format(room, "%zu ", first.n);
    buf_add(room, first);
    buf_add(room, second);
    return !room->failed && text_table_add(t, buf_str(room), place);
}

struct summing {
    struct refused_summary *out;
    struct arena *a;
    const struct dictionary *dictionary;
    struct json_parser *parser;
    struct arena call; /* at hand */
    struct buf text, room;
    struct text_table group, event;
    uint32_t group_cap, event_cap;
    struct err *err;
};

/* Room for one more; the arena keeps the old array. */
static void *grown(struct arena *a, void *array, uint32_t n, uint32_t *cap, size_t size)
{
    void *more;

    if (n < *cap)
        return array;
    *cap = n ? 2 * n : 16;
    more = arena_alloc_array(a, *cap, size, _Alignof(max_align_t));
    if (more && n)
        memcpy(more, array, n * size);
    return more;
}

/* NULL when it is no call. */
static const struct json *parse_call(struct summing *s, str text)
{
    const struct json *call;
    struct err unheard;

    if (!text.n || *text.p != '{')
        return NULL;
    arena_reset(&s->call);
    buf_clear(&s->text);
    buf_add(&s->text, text);
    if (!buf_room(&s->text, SPARE))
        return NULL;
    return json_parse(s->parser, buf_str(&s->text), &s->call, &call, &unheard) ? call
                                                                               : NULL;
}

static int64_t call_ms(const struct json *call)
{
    str said = json_find_text(call, STR("timestamp"));
    struct err unheard;
    int64_t at_ms;

    if (!said.n)
        said = json_find_text(call, STR("originalTimestamp"));
    return said.n && moment_parse(said, NULL, &at_ms, &unheard) ? at_ms : MOMENT_NEVER;
}

static bool group_count(struct summing *s, const struct refusal *r,
                        const struct json *call)
{
    struct refused_summary *out = s->out;
    struct refused_group *g;
    uint32_t place;
    int64_t at_ms;

    if (!pair_add(&s->group, &s->room, r->source, r->reason, &place))
        return false;
    if (place == out->group_n) {
        g = grown(s->a, out->group, place, &s->group_cap, sizeof *g);
        if (!g)
            return false;
        out->group = g;
        g[place] = (struct refused_group){.source = arena_str(s->a, r->source),
                                          .reason = arena_str(s->a, r->reason),
                                          .first_ms = MOMENT_NEVER,
                                          .last_ms = MOMENT_NEVER,
                                          .refused_ms = MOMENT_NEVER};
        if (!g[place].source.p || !g[place].reason.p)
            return false;
        out->group_n++;
    }
    g = &out->group[place];
    g->n++;
    g->calls += call != NULL;
    if (r->at_ms != MOMENT_NEVER
        && (g->refused_ms == MOMENT_NEVER || r->at_ms > g->refused_ms))
        g->refused_ms = r->at_ms;
    at_ms = call ? call_ms(call) : MOMENT_NEVER;
    if (at_ms == MOMENT_NEVER)
        return true;
    g->first_ms =
        g->first_ms == MOMENT_NEVER || at_ms < g->first_ms ? at_ms : g->first_ms;
    g->last_ms = g->last_ms == MOMENT_NEVER || at_ms > g->last_ms ? at_ms : g->last_ms;
    return true;
}

static bool event_count(struct summing *s, const struct refusal *r,
                        const struct json *call)
{
    str type = json_find_text(call, STR("event"));
    const struct dictionary_event *known;
    struct refused_event *e;
    uint32_t place;

    if (!type.n)
        type = json_find_text(call, STR("type"));
    known = dictionary_event(s->dictionary, type);
    if (known)
        type = known->name;
    if (!type.n || type.n > EVENT_NAME_MAX)
        return true;
    if (!pair_add(&s->event, &s->room, type, r->reason, &place))
        return false;
    if (place == s->out->event_n) {
        e = grown(s->a, s->out->event, place, &s->event_cap, sizeof *e);
        if (!e)
            return false;
        s->out->event = e;
        e[place] =
            (struct refused_event){arena_str(s->a, type), arena_str(s->a, r->reason), 0};
        if (!e[place].type.p || !e[place].reason.p)
            return false;
        s->out->event_n++;
    }
    s->out->event[place].n++;
    return true;
}

static bool sum(void *context, const struct refusal *r)
{
    struct summing *s = context;
    const struct json *call = parse_call(s, r->text);

    s->out->n++;
    return (group_count(s, r, call) && (!call || event_count(s, r, call)))
           || err_nomem(s->err);
}

static int most_first(uint64_t a, uint64_t b)
{
    return a > b ? -1 : a < b;
}

static int by_group(const void *a, const void *b)
{
    const struct refused_group *x = a, *y = b;
    int order = most_first(x->n, y->n);

    order = order ? order : str_cmp(x->source, y->source);
    return order ? order : str_cmp(x->reason, y->reason);
}

static int by_event(const void *a, const void *b)
{
    const struct refused_event *x = a, *y = b;
    int order = str_cmp(x->type, y->type);

    order = order ? order : most_first(x->n, y->n);
    return order ? order : str_cmp(x->reason, y->reason);
}

bool engine_refused(struct engine *e, struct arena *a, struct refused_summary *out,
                    struct err *err)
{
    struct summing s = {
        .out = out, .a = a, .dictionary = &engine_model(e)->dictionary, .err = err};
    bool ok;

    *out = (struct refused_summary){};
    err->code = ERR_NONE;
    ok = json_parser_new(&s.parser, err)
         && snapshot_each_refused(engine_snapshot(e), sum, &s, err)
         && err->code == ERR_NONE;
    if (ok && out->group_n)
        qsort(out->group, out->group_n, sizeof *out->group, by_group);
    if (ok && out->event_n)
        qsort(out->event, out->event_n, sizeof *out->event, by_event);
    json_parser_free(s.parser);
    arena_free(&s.call);
    buf_free(&s.text);
    buf_free(&s.room);
    text_table_free(&s.group);
    text_table_free(&s.event);
    return ok;
}

/* --- rows --- */

struct picking {
    str source, reason;
    struct arena *a;
    struct buf room;
    struct refused_row *row;
    uint32_t n, max;
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
    struct refused_row *row = &p->row[p->n];

    if (!str_eq(r->source, p->source) || !str_eq(r->reason, p->reason))
        return true;
    row->id = refused_id(r, &p->room);
    if (p->room.failed || !refusal_copy(p->a, r, &row->refusal))
        return err_nomem(p->err);
    return ++p->n < p->max;
}

bool engine_refused_rows(struct engine *e, str source, str reason, uint32_t rows_max,
                         struct arena *a, struct refused_row **out, uint32_t *n,
                         struct err *err)
{
    struct picking p = {.source = source,
                        .reason = reason,
                        .a = a,
                        .row = arena_array(a, struct refused_row, rows_max),
                        .max = rows_max,
                        .err = err};
    bool ok;

    if (!p.row)
        return err_nomem(err);
    err->code = ERR_NONE;
    ok =
        snapshot_each_refused(engine_snapshot(e), pick, &p, err) && err->code == ERR_NONE;
    buf_free(&p.room);
    *out = p.row;
    *n = p.n;
    return ok;
}
