/* model_whynot.c - why a customer moved and why he did not, at random moments of random lives
 * under random models: every value shown is the twin's, and is found again from the events named
 * alone; what is said to change it does, and no sooner. */
#include "base/json.h"
#include "base/num.h"
#include "engine/engine_impl.h"
#include "engine/query.h"
#include "support/temp.h"
#include "support/unit.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CUSTOMERS = 17,
    MOMENTS = 2,
    TERMS_MAX = 64,
    HORIZON_DAYS = 180,
    TRIED_MAX = TWIN_EVENTS_ROOM - TWIN_EVENTS_MAX,
};

struct tally {
    int pairs, terms, named, waits, nexts, tried;
};

/* One customer at one moment, in one lifecycle. */
struct pair {
    const struct world *w;
    const struct twin *t;
    struct twin_customer known; /* up to at_ms */
    int64_t at_ms;
    int life;
    struct twin_history
        history[TWIN_LIVES_MAX]; /* of what is known, and what time does then */
    struct customer_view v;
    struct tally *tally;
};

static bool is_literal(const struct twin_node *n)
{
    return n->kind == TWIN_LITERAL || (n->kind == TWIN_NEGATE && is_literal(n->left));
}

static void refute(const struct pair *p, const char *format, ...)
    __attribute__((format(printf, 2, 3), noreturn));

static void refute(const struct pair *p, const char *format, ...)
{
    struct buf b = {};
    char what[2000];
    va_list args;

    twin_print_model(p->t, p->w->currency, &b);
    world_print_customer(&p->known, &b);
    buf_add(&b, STR("at "));
    moment_print(&b, p->at_ms);
    buf_add_format(&b, " in lifecycle %d\n", p->life);
    world_show(&b);
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    fail_msg("%s", what);
    abort();
}

/* --- where he stands --- */

/* After his first k moves of a lifecycle, as far as they were made by at_ms. */
static struct twin_where after_moves(const struct twin_history *h, int k, int64_t at_ms)
{
    struct twin_where where = {.stage = -1, .previous = -1};

    for (int i = 0; i < k && i < h->n && h->move[i].at_ms <= at_ms; i++) {
        const struct twin_move *m = &h->move[i];

        where.previous = m->to < 0 ? -1 : where.stage;
        where.stage = m->to;
        where.entered_ms = m->at_ms;
        if (m->to >= 0)
            where.times_in[m->to]++;
    }
    return where;
}

/* In his lifecycle after k moves, in those above after the moves of that moment. */
static void stand(const struct pair *p, int k, int64_t at_ms,
                  struct twin_where lives[TWIN_LIVES_MAX])
{
    for (int i = 0; i < TWIN_LIVES_MAX; i++)
        lives[i] = after_moves(&p->history[i], i == p->life ? k : INT32_MAX, at_ms);
}

/* How many moves he made up to at_ms. */
static int moves_until(const struct twin_history *h, int64_t at_ms)
{
    int n = 0;

    while (n < h->n && h->move[n].at_ms <= at_ms)
        n++;
    return n;
}

/* --- the terms of a rule --- */

struct terms {
    const struct twin *t;
    const struct twin_node *node[TERMS_MAX];
    int n;
    bool segment[TWIN_SEGMENTS_MAX], score[TWIN_SCORES_MAX];
};

static void gather(struct terms *terms, const struct twin_node *n);

/* The scores that a term names follow it, each once, in the order of the text. */
static void gather_named(struct terms *terms, const struct twin_node *n)
{
    bool turned = n->kind == TWIN_COMPARE && n->mirrored;

    if (n->kind == TWIN_SCORE && !terms->score[n->index]) {
        const struct twin_score *s = &terms->t->m.score[n->index];

        terms->score[n->index] = true;
        for (int i = 0; i < s->part_n; i++)
            gather(terms, s->when[i]);
    }
    if (turned)
        gather_named(terms, n->right);
    if (n->left)
        gather_named(terms, n->left);
    if (n->right && !turned)
        gather_named(terms, n->right);
}

static void gather(struct terms *terms, const struct twin_node *n)
{
    switch ((int)n->kind) {
    case TWIN_AND:
    case TWIN_OR:
        gather(terms, n->left);
        gather(terms, n->right);
        return;
    case TWIN_NOT:
        gather(terms, n->left);
        return;
    case TWIN_SEGMENT:
        if (terms->segment[n->index])
            return;
        terms->segment[n->index] = true;
        gather(terms, terms->t->m.segment[n->index]);
        return;
    default:
        assert_true(terms->n < TERMS_MAX);
        terms->node[terms->n++] = n;
        gather_named(terms, n);
    }
}

static bool names_score(const struct twin_node *n)
{
    return n->kind == TWIN_SCORE || (n->left && names_score(n->left))
           || (n->right && names_score(n->right));
}

/* --- values in words --- */

static void print_elapsed(struct buf *to, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *name;
    } unit[] = {
        {MS_DAY, "day"}, {MS_HOUR, "hour"}, {MS_MINUTE, "minute"}, {1000, "second"}};
    size_t i = 0;

    if (ms < 0)
        buf_add_char(to, '-');
    ms = ms < 0 ? -ms : ms;
    while (i < 3 && ms < unit[i].ms)
        i++;
    buf_add_format(to, "%lld %s%s", (long long)(ms / unit[i].ms), unit[i].name,
                   ms / unit[i].ms == 1 ? "" : "s");
}

static void print_moment(struct buf *to, const struct zone *z, int64_t at_ms)
{
    struct civil c = civil_of(zone_local(z, at_ms));

    buf_add_format(to, "%04d-%02d-%02d", c.year, c.month, c.day);
    if (c.hour || c.minute || c.second || c.ms)
        buf_add_format(to, " %02d:%02d", c.hour, c.minute);
}

static void print_value(const struct pair *p, const struct value *v, struct buf *to)
{
    switch (v->type) {
    case VALUE_BOOL:
        buf_add(to, v->truth ? STR("yes") : STR("no"));
        return;
    case VALUE_NUMBER:
        num_print(to, v->number);
        return;
    case VALUE_MONEY:
        money_print(to, v->number, p->w->decimals);
        buf_add_format(to, " %.*s", STR_FMT(p->w->currency));
        return;
    case VALUE_TEXT:
        buf_add(to, v->text);
        return;
    case VALUE_LIST:
        for (uint32_t i = 0; i < v->list.n; i++) {
            buf_add(to, i ? STR(", ") : STR(""));
            buf_add(to, v->list.item[i]);
        }
        return;
    case VALUE_MOMENT:
        print_moment(to, p->w->zone, v->number);
        return;
    case VALUE_LENGTH:
        print_elapsed(to, v->number);
        return;
    case VALUE_MISSING:
    case VALUE_NULL:
        buf_add(to, STR("missing"));
    }
}

/* What the term measures: the side that is no literal, the first of two. */
static const struct twin_node *measured(const struct twin_node *n)
{
    const struct twin_node *first = n->left, *second = n->right;

    if (n->kind != TWIN_COMPARE)
        return n->left ? n->left : n;
    if (n->mirrored) {
        first = n->right;
        second = n->left;
    }
    return is_literal(first) && !is_literal(second) ? second : first;
}

static void print_measured(const struct pair *p, const struct twin_view *view,
                           const struct twin_node *n, struct buf *to)
{
    struct value v = twin_value(view, measured(n));

    if (n->kind == TWIN_GROWS && v.type != VALUE_MISSING) {
        v.number =
            n->left->kind == TWIN_UNTIL ? v.number - view->at_ms : view->at_ms - v.number;
        v.type = VALUE_LENGTH;
    }
    print_value(p, &v, to);
}

/* --- terms as they are shown --- */

/* Without the traits that were taken away since. */
static struct event still_said(const struct twin_view *view, int i, struct arena *a)
{
    struct event e = view->c->event[i];
    struct property *trait = arena_array(a, struct property, e.trait_n + 1);
    uint32_t n = 0;

    assert_non_null(trait);
    for (uint32_t k = 0; k < e.trait_n; k++) {
        bool is_gone = false;

        for (int t = 0; t < TWIN_PROPERTIES; t++)
            is_gone |= str_eq(e.trait[k].name, str_of(twin_trait[t].name))
                       && twin_is_taken_away(view, i, t);
        if (!is_gone)
            trait[n++] = e.trait[k];
    }
    e.trait = trait;
    e.trait_n = n;
    return e;
}

/* Only what the terms from..to-1 name. An event that is named for something else may have said a trait that
 * another took away, which is not named. */
static void keep_named(const struct pair *p, const struct twin_view *view,
                       const struct term *term, uint32_t from, uint32_t to,
                       struct arena *a, struct twin_customer *out)
{
    bool named[TWIN_EVENTS_MAX] = {};

    for (uint32_t i = from; i < to; i++)
        for (uint32_t k = 0; k < term[i].event_n; k++)
            for (int e = 0; e < p->known.n; e++)
                named[e] |=
                    str_eq(p->known.event[e].id, p->v.message_id[term[i].event[k]]);
    out->n = 0;
    out->is_account = p->known.is_account;
    for (int e = 0; e < p->known.n; e++)
        if (named[e])
            out->event[out->n++] = still_said(view, e, a);
}

/* Does the truth hang on what is measured alone? */
static bool is_measured_alone(const struct twin_node *n)
{
    return n->kind != TWIN_COMPARE || is_literal(n->left) || is_literal(n->right);
}

static void need_value(const struct pair *p, const struct twin_view *view,
                       const struct twin_node *n, const struct term *term,
                       const char *how)
{
    bool truth = view->c == &p->known || is_measured_alone(n);
    struct buf value = {};

    print_measured(p, view, n, &value);
    if ((truth && twin_ask(view, n) != term->truth)
        || !str_eq(buf_str(&value), term->value))
        refute(p, "%.*s: shown %.*s, %s; %s: %.*s, %s", STR_FMT(term->test),
               STR_FMT(term->value), term->truth ? "true" : "false", how,
               STR_FMT(buf_str(&value)), twin_ask(view, n) ? "true" : "false");
    buf_free(&value);
}

/* The operand of a not stands in parentheses. */
static bool is_text_of(const struct pair *p, const struct twin_node *n, str text)
{
    struct buf wanted = {};
    bool same;

    twin_print(p->t, n, &wanted);
    same = str_eq(buf_str(&wanted), text)
           || (text.n == wanted.n + 2 && text.p[0] == '(' && text.p[text.n - 1] == ')'
               && memcmp(text.p + 1, wanted.p, wanted.n) == 0);
    buf_free(&wanted);
    return same;
}

static void need_terms(const struct pair *p, const struct twin_view *view,
                       const struct twin_node *rule, const struct explained *why)
{
    struct terms terms = {.t = p->t};
    struct twin_customer named;
    struct twin_view from_named = *view;

    gather(&terms, rule);
    from_named.c = &named;
    if (why->term_n != (uint32_t)terms.n)
        refute(p, "%u terms, and not %d: %.*s", why->term_n, terms.n,
               STR_FMT(why->words));
    for (uint32_t i = 0; i < why->term_n; i++) {
        const struct term *term = &why->term[i];
        bool all = names_score(terms.node[i]);
        struct arena a = {};

        if (!is_text_of(p, terms.node[i], term->test))
            refute(p, "term %u is another: %.*s", i, STR_FMT(term->test));
        need_value(p, view, terms.node[i], term, "by the twin");
        p->tally->terms++;
        if (term->event_n < term->event_all)
            continue;
        keep_named(p, view, why->term, all ? 0 : i, all ? why->term_n : i + 1, &a,
                   &named);
        need_value(p, &from_named, terms.node[i], term, "from the events named");
        p->tally->named += named.n > 0;
        arena_free(&a);
    }
}

/* The answer hangs on the terms that decide: what the others say plays no part. */
static bool by_deciding(const struct pair *p, const struct terms *terms,
                        const struct term *term, const struct twin_node *n)
{
    switch ((int)n->kind) {
    case TWIN_AND:
    case TWIN_OR: {
        bool a = by_deciding(p, terms, term, n->left);
        bool b = by_deciding(p, terms, term, n->right);

        return n->kind == TWIN_AND ? a && b : a || b;
    }
    case TWIN_NOT:
        return !by_deciding(p, terms, term, n->left);
    case TWIN_SEGMENT:
        return by_deciding(p, terms, term, p->t->m.segment[n->index]);
    default:
        for (int i = 0; i < terms->n; i++)
            if (terms->node[i] == n)
                return term[i].decides ? term[i].truth : twin_roll(p->t->chance, 2) > 0;
        abort();
    }
}

/* --- moves that were made --- */

static const struct twin_node *rule_of_move(const struct pair *p,
                                            const struct twin_move *m)
{
    const struct twin_life *l = &p->t->m.life[p->life];

    return m->way < 0 ? l->who : l->way[m->way].when;
}

static struct twin_view view_at(const struct pair *p, int64_t at_ms,
                                const struct twin_where *lives)
{
    return (struct twin_view){.t = p->t,
                              .c = &p->known,
                              .at_ms = at_ms,
                              .where = &lives[p->life],
                              .lives = lives};
}

static void need_moves(const struct pair *p)
{
    const struct twin_history *h = &p->history[p->life];

    if (p->v.move_n != (uint32_t)moves_until(h, p->at_ms))
        refute(p, "%u moves, and not %d", p->v.move_n, moves_until(h, p->at_ms));
    for (int k = 0; k < (int)p->v.move_n; k++) {
        const struct twin_node *rule = rule_of_move(p, &h->move[k]);
        struct twin_where lives[TWIN_LIVES_MAX];
        struct twin_view view;

        if (!world_same_move(&h->move[k], &p->v.move[k].move))
            refute(p, "move %d is another", k);
        if (!rule)
            continue;
        stand(p, k, h->move[k].at_ms, lives);
        view = view_at(p, h->move[k].at_ms, lives);
        if (twin_ask(&view, rule) != (h->move[k].way != -2))
            refute(p, "move %d is not what its rule says", k);
        need_terms(p, &view, rule, &p->v.move[k].why);
    }
}

/* --- what time alone does --- */

static int64_t next_above(const struct pair *p, int64_t at_ms)
{
    int64_t next_ms = MOMENT_NEVER;

    for (int i = 0; i < p->life; i++) {
        const struct twin_history *h = &p->history[i];
        int n = moves_until(h, at_ms);

        if (n < h->n && h->move[n].at_ms < next_ms)
            next_ms = h->move[n].at_ms;
    }
    return next_ms;
}

/* The first moment, up to the horizon, at which the rule is true if nothing more happens and he
 * stays where he is. */
static int64_t true_by_time(const struct pair *p, const struct twin_node *rule,
                            int64_t end_ms)
{
    struct twin_moments moments = {};
    struct twin_where lives[TWIN_LIVES_MAX];
    struct twin_view view;
    int64_t at_ms = p->at_ms, found = MOMENT_NEVER;

    twin_moments(p->t, &p->known, &moments);
    while (found == MOMENT_NEVER && at_ms <= end_ms) {
        int64_t next_ms, above_ms = next_above(p, at_ms);

        stand(p, (int)p->v.move_n, at_ms, lives);
        view = view_at(p, at_ms, lives);
        if (twin_ask(&view, rule))
            found = at_ms;
        next_ms = twin_next(p->t, &moments, lives, at_ms);
        at_ms = next_ms < above_ms ? next_ms : above_ms;
    }
    twin_moments_free(&moments);
    return found;
}

static void need_wait(const struct pair *p, const struct way_view *way,
                      const struct twin_node *rule)
{
    int64_t end_ms = p->at_ms + HORIZON_DAYS * MS_DAY;
    int64_t wanted = true_by_time(p, rule, end_ms);

    if (wanted != way->at_ms && (wanted != MOMENT_NEVER || way->at_ms <= end_ms))
        refute(p, "%.*s: true at %lld, and not at %lld", STR_FMT(way->why.words),
               (long long)way->at_ms, (long long)wanted);
    p->tally->waits += wanted != MOMENT_NEVER;
}

/* Waiting is tried: nothing moves before the moment named, and then what is named does. */
static void need_next(const struct pair *p)
{
    const struct twin_history *h = &p->history[p->life];
    int n = (int)p->v.move_n;

    if (n < h->n ? !world_same_move(&h->move[n], &p->v.next)
                 : p->v.next.at_ms <= p->at_ms + HORIZON_DAYS * MS_DAY)
        refute(p, "next at %lld, and not at %lld", (long long)p->v.next.at_ms,
               n < h->n ? (long long)h->move[n].at_ms : -1LL);
    p->tally->nexts += n < h->n;
}

/* --- what events would do --- */

/* Some more of the event happen; does he then go this way, before any other? */
static bool goes(const struct pair *p, const struct event_needed *needed, uint32_t times,
                 int way)
{
    static struct twin_history after[TWIN_LIVES_MAX];
    const struct twin_history *h = &after[p->life];
    struct twin_customer c = p->known;
    int64_t at_ms = p->at_ms;
    struct event one = {.type = needed->event};
    char id[TRIED_MAX][24];

    if (needed->like != EVENT_NONE) {
        one = p->known.event[needed->like];
        one.trait_n = 0;
    }
    if (c.event[c.n - 1].at_ms == at_ms || p->v.move[p->v.move_n - 1].move.at_ms == at_ms)
        at_ms++;
    one.at_ms = at_ms;
    for (uint32_t i = 0; i < times; i++) {
        snprintf(id[i], sizeof id[i], "tried-%02u", i);
        one.id = str_of(id[i]);
        c.event[c.n++] = one;
    }
    twin_replay(p->t, &c, at_ms, after);
    return h->n > (int)p->v.move_n && h->move[p->v.move_n].way == way;
}

static void need_events(const struct pair *p, const struct way_view *way, int number)
{
    for (uint32_t i = 0; i < way->needed_n; i++) {
        const struct event_needed *needed = &way->needed[i];

        assert_in_range(needed->times, 1, TRIED_MAX);
        for (uint32_t times = 0; times <= needed->times; times++)
            if (goes(p, needed, times, number) != (times == needed->times))
                refute(p, "way %d takes %u more %.*s, and with %u it is %s", number,
                       needed->times, STR_FMT(needed->event), times,
                       times == needed->times ? "not taken" : "taken");
        p->tally->tried++;
    }
}

/* --- moves that were not made --- */

static void need_ways(const struct pair *p)
{
    const struct twin_life *l = &p->t->m.life[p->life];
    struct twin_where lives[TWIN_LIVES_MAX];
    struct twin_view view;
    uint32_t n = 0;

    stand(p, (int)p->v.move_n, p->at_ms, lives);
    view = view_at(p, p->at_ms, lives);
    for (int i = 0; i < l->way_n && p->v.stage != STAGE_NONE; i++) {
        const struct way_view *way = &p->v.way[n];
        struct terms terms = {.t = p->t};

        if (!twin_leads_from(&l->way[i], lives[p->life].stage))
            continue;
        if (n++ == p->v.way_n || way->way != &p->v.lifecycle->way[i])
            refute(p, "way %d out is not told of", i);
        need_terms(p, &view, l->way[i].when, &way->why);
        gather(&terms, l->way[i].when);
        if (by_deciding(p, &terms, way->why.term, l->way[i].when)
            != twin_ask(&view, l->way[i].when))
            refute(p, "way %d hangs on other terms", i);
        need_wait(p, way, l->way[i].when);
        need_events(p, way, i);
    }
    if (n != p->v.way_n)
        refute(p, "%u ways out, and not %u", p->v.way_n, n);
}

/* --- */

static void need_pair(struct pair *p, struct engine *e, const struct twin_customer *c)
{
    struct arena a = {};
    struct err err;

    if (!engine_customer(e, c->event[0].customer, engine_model(e)->lifecycles[p->life],
                         p->at_ms, LANGUAGE_EN, 0, &a, &p->v, &err))
        refute(p, "%s", err.msg);
    need_moves(p);
    need_ways(p);
    if (p->v.move_n)
        need_next(p);
    p->tally->pairs += p->v.stage != STAGE_NONE;
    arena_free(&a);
}

/* At the moment of an event, or at any other. */
static int64_t some_moment(const struct world *w, const struct twin_customer *c)
{
    int64_t at_ms = c->event[twin_roll(w->chance, c->n)].at_ms;

    if (twin_roll(w->chance, 3))
        at_ms += (int64_t)random_below(w->chance, 60 * MS_DAY);
    return at_ms;
}

static void ask_about(struct pair *p, struct engine *e, const struct twin_customer *c)
{
    bool restless = false;

    p->at_ms = some_moment(p->w, c);
    p->known = *c;
    while (p->known.n && p->known.event[p->known.n - 1].at_ms > p->at_ms)
        p->known.n--;
    twin_replay(p->t, &p->known, p->at_ms + HORIZON_DAYS * MS_DAY, p->history);
    for (int i = 0; i < p->t->m.life_n; i++)
        restless |= p->history[i].restless >= TWIN_MOVES_MAX;
    p->life = twin_roll(p->w->chance, p->t->m.life_n);
    if (!restless)
        need_pair(p, e, c);
}

static bool open_engine(const struct world *w, const struct twin *t, bool loops,
                        struct json_parser *parser, int64_t now_ms, struct engine **out)
{
    const char *path = temp_path("lives");
    struct buf text = {};
    struct err err;
    bool ok;

    unlink(path);
    twin_print_model(t, w->currency, &text);
    if (!engine_create(io_system(), str_of(path), buf_str(&text), now_ms, out, &err)
        || !store_begin(engine_store(*out), now_ms, &err))
        fail_msg("%s", err.msg);
    buf_free(&text);
    for (int c = 0; c < w->customer_n; c++)
        for (int i = 0; i < w->customer[c].n; i++)
            world_append(parser, engine_store(*out), &w->customer[c].event[i]);
    if (!store_commit(engine_store(*out), &err) || !engine_refresh(*out, &err))
        fail_msg("%s", err.msg);
    ok = engine_advance(*out, now_ms, &err);
    if (!ok && !loops)
        fail_msg("advance: %s", err.msg);
    return ok;
}

static void ask_world(struct pair *p, struct world *w, struct json_parser *parser)
{
    int64_t end_ms = w->turn_ms + 1500 * MS_DAY;
    struct twin t;
    bool loops = world_calm_twin(w, TWIN_LIVES_MAX, end_ms, p->history, &t);
    struct engine *e;

    p->w = w;
    p->t = &t;
    if (open_engine(w, &t, loops, parser, w->turn_ms + 1000 * MS_DAY, &e))
        for (int i = 0; i < MOMENTS * CUSTOMERS; i++)
            ask_about(p, e, &w->customer[i % CUSTOMERS]);
    engine_close(e);
}

TEST(why_and_why_not_name_what_gives_their_values_and_what_changes_them)
{
    struct random random = chance();
    size_t worlds = chance_rounds(8);
    struct pair *p = calloc(1, sizeof *p);
    struct tally tally = {};
    struct json_parser *parser;
    struct err err;

    assert_non_null(p);
    p->tally = &tally;
    assert_true(json_parser_new(&parser, &err));
    for (size_t i = 0; i < worlds; i++) {
        struct world w;

        world_open(&w, CUSTOMERS, &random);
        w.wishes = i % 4 != 0;
        ask_world(p, &w, parser);
        world_close(&w);
    }
    printf("# %d customers at a moment: %d terms computed again, %d of them from events "
           "that are "
           "named; %d rules that time makes true, %d next moves, %d suggestions tried\n",
           tally.pairs, tally.terms, tally.named, tally.waits, tally.nexts, tally.tried);
    assert_true(tally.pairs >= (int)worlds * MOMENTS * CUSTOMERS / 3);
    json_parser_free(parser);
    free(p);
}
