/* refused_count.c - how much was refused, and why: counted on from where the last look ended, for as
 * long as others can wait. */
#include "engine/refused.h"

#include "base/time.h"
#include "base/tune.h"
#include "engine/engine_impl.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE = 64 }; /* that the parser may read */

struct refused_counts {
    struct refused_place at; /* counted up to here */
    uint32_t version;        /* of the model, which names events */
    uint64_t n, others;
    struct arena arena; /* of the texts */
    struct text_table group_key, event_key;
    struct refused_group group[REFUSED_REASONS];
    struct refused_event event[REFUSED_REASONS];
    uint32_t group_n, event_n;
};

void refused_counts_free(struct refused_counts *c)
{
    if (!c)
        return;
    arena_free(&c->arena);
    text_table_free(&c->group_key);
    text_table_free(&c->event_key);
    mem_free(c);
}

/* --- one more --- */

struct counting {
    struct refused_counts *c;
    const struct dictionary *dictionary;
    struct json_parser *parser;
    struct arena call; /* at hand */
    struct buf text, room;
    struct usage_time time;
    struct err *err;
};

/* Two texts as one key. Its place; TEXT_NONE when it is new and there are enough. */
static bool place_of(struct counting *s, struct text_table *t, str first, str second,
                     uint32_t *place)
{
    buf_clear(&s->room);
    buf_add_format(&s->room, "%zu ", first.n);
    buf_add(&s->room, first);
    buf_add(&s->room, second);
    if (s->room.failed)
        return false;
    *place = text_table_find(t, buf_str(&s->room));
    return *place != TEXT_NONE || t->n == REFUSED_REASONS
           || text_table_add(t, buf_str(&s->room), place);
}

/* *call is NULL when it is none. */
static bool parse_call(struct counting *s, str text, const struct json **call)
{
    struct err why;

    *call = NULL;
    if (!text.n || *text.p != '{')
        return true;
    arena_reset(&s->call);
    buf_clear(&s->text);
    buf_add(&s->text, text);
    if (!buf_room(&s->text, SPARE))
        return false;
    if (json_parse(s->parser, buf_str(&s->text), &s->call, call, &why))
        return true;
    *call = NULL;
    return why.code != ERR_NOMEM;
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

static void widen(struct refused_group *g, int64_t at_ms)
{
    if (at_ms == MOMENT_NEVER)
        return;
    if (g->first_ms == MOMENT_NEVER || at_ms < g->first_ms)
        g->first_ms = at_ms;
    if (g->last_ms == MOMENT_NEVER || at_ms > g->last_ms)
        g->last_ms = at_ms;
}

static bool group_count(struct counting *s, const struct refusal *r,
                        const struct json *call)
{
    struct refused_counts *c = s->c;
    struct refused_group *g;
    uint32_t place;

    if (!place_of(s, &c->group_key, r->source, r->reason, &place))
        return false;
    if (place == TEXT_NONE) {
        c->others++;
        return true;
    }
    g = &c->group[place];
    if (place == c->group_n) {
        *g = (struct refused_group){.source = arena_str(&c->arena, r->source),
                                    .reason = arena_str(&c->arena, r->reason),
                                    .first_ms = MOMENT_NEVER,
                                    .last_ms = MOMENT_NEVER,
                                    .refused_ms = MOMENT_NEVER};
        if (!g->source.p || !g->reason.p)
            return false;
        c->group_n++;
    }
    g->n++;
    g->calls += call != NULL;
    if (r->at_ms != MOMENT_NEVER
        && (g->refused_ms == MOMENT_NEVER || r->at_ms > g->refused_ms))
        g->refused_ms = r->at_ms;
    if (call)
        widen(g, call_ms(call));
    return true;
}

static bool event_count(struct counting *s, const struct refusal *r,
                        const struct json *call)
{
    str type = json_find_text(call, STR("event"));
    struct refused_counts *c = s->c;
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
    if (!place_of(s, &c->event_key, type, r->reason, &place))
        return false;
    if (place == TEXT_NONE)
        return true;
    e = &c->event[place];
    if (place == c->event_n) {
        *e = (struct refused_event){arena_str(&c->arena, type),
                                    arena_str(&c->arena, r->reason), 0};
        if (!e->type.p || !e->reason.p)
            return false;
        c->event_n++;
    }
    e->n++;
    return true;
}

static bool count(void *context, const struct refusal *r)
{
    struct counting *s = context;
    const struct json *call;

    if (!parse_call(s, r->text, &call) || !group_count(s, r, call)
        || (call && !event_count(s, r, call)))
        return err_nomem(s->err);
    s->c->n++;
    return !s->time.is_up || !s->time.is_up(s->time.context);
}

/* --- all of it --- */

static bool count_on(struct engine *e, struct usage_time time, struct err *err)
{
    struct counting s = {.c = e->refused,
                         .dictionary = &engine_model(e)->dictionary,
                         .time = time,
                         .err = err};
    bool ok;

    err->code = ERR_NONE;
    ok = json_parser_new(&s.parser, err)
         && snapshot_refused_from(engine_snapshot(e), &s.c->at, count, &s, err)
         && err->code == ERR_NONE;
    json_parser_free(s.parser);
    arena_free(&s.call);
    buf_free(&s.text);
    buf_free(&s.room);
    return ok;
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

static bool tell(const struct refused_counts *c, uint64_t all, struct arena *a,
                 struct refused_summary *out, struct err *err)
{
    *out = (struct refused_summary){
        .n = all,
        .left = all - c->n,
        .others = c->others,
        .group = arena_array(a, struct refused_group, c->group_n),
        .group_n = c->group_n,
        .event = arena_array(a, struct refused_event, c->event_n),
        .event_n = c->event_n,
    };
    if ((c->group_n && !out->group) || (c->event_n && !out->event))
        return err_nomem(err);
    if (c->group_n) {
        memcpy(out->group, c->group, c->group_n * sizeof *out->group);
        qsort(out->group, out->group_n, sizeof *out->group, by_group);
    }
    if (c->event_n) {
        memcpy(out->event, c->event, c->event_n * sizeof *out->event);
        qsort(out->event, out->event_n, sizeof *out->event, by_event);
    }
    return true;
}

bool engine_refused(struct engine *e, struct usage_time time, struct arena *a,
                    struct refused_summary *out, struct err *err)
{
    uint64_t all = snapshot_facts(engine_snapshot(e)).refused;

    if (e->refused && e->refused->version != e->version) {
        refused_counts_free(e->refused);
        e->refused = NULL;
    }
    if (!e->refused) {
        e->refused = mem_alloc(sizeof *e->refused);
        if (!e->refused)
            return err_nomem(err);
        e->refused->version = e->version;
    }
    if (e->refused->n < all && !count_on(e, time, err)) {
        refused_counts_free(e->refused); /* one may be counted in half */
        e->refused = NULL;
        return false;
    }
    return tell(e->refused, all, a, out, err);
}
