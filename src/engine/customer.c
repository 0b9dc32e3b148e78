/* customer.c - one customer: where he is, why, and what would change it. */
#include "engine/identity.h"
#include "engine/query.h"
#include "engine/scan.h"
#include "engine/traits.h"
#include "engine/whynot.h"
#include "lifecycle/lives.h"

#include <string.h>

struct look { /* what the parts of a view share */
    struct engine *e;
    const struct model *model;
    const struct lifecycle *lifecycle;
    uint32_t customer;
    const struct catalog *catalog;
    struct timeline t; /* cut at the view's moment: later events are unknown */
    struct filled {    /* the columns in which it has a value */
        const uint32_t *column;
        uint32_t n;
    } filled;
    struct cursor *cursor;
    enum language language;
    const struct move *move;
    size_t move_n;
    uint32_t *times_in;
    uint16_t above[LIFECYCLES_MAX];
    struct arena *a;
    /* His life in this lifecycle and those above it if nothing more happens, as far as it is
     * known: MOMENT_NEVER, for ever. */
    struct lives *future;
    int64_t known_ms;
    uint32_t horizons; /* how many were looked at */
};

static bool explain(const struct look *l, struct rule_ref rule, const struct situation *s,
                    struct explained *out, struct err *err)
{
    struct buf words = {};
    bool ok = cursor_explain(l->cursor, rule, s, l->language, l->a, &out->term,
                             &out->term_n, err)
              && program_words(l->model->program, rule, l->language, &words, err);

    out->words = arena_str(l->a, buf_str(&words));
    ok = ok && ((!words.failed && out->words.p) || err_nomem(err));
    buf_free(&words);
    return ok;
}

/* Where the customer stands at a moment, after his first k moves. */
static void standing_of(struct look *l, size_t k, int64_t at_ms, struct situation *out)
{
    situation_of(l->lifecycle, l->move, k, at_ms, l->times_in, out);
    engine_above(l->e, l->customer, at_ms, l->above);
    out->above = l->above;
    out->above_n = l->model->lifecycle_n;
}

/* NULL: everybody makes such a move when he comes in. */
static const struct rule_ref *rule_of_move(const struct lifecycle *l, uint16_t way)
{
    if (way == WAY_START || way == WAY_OUT)
        return l->has_for ? &l->for_rule : NULL;
    return &l->way[way].rule;
}

static bool view_moves(struct look *l, struct customer_view *v, struct err *err)
{
    struct move_view *move = arena_array(l->a, struct move_view, l->move_n + 1);

    if (!move)
        return err_nomem(err);
    for (size_t k = 0; k < l->move_n; k++) {
        const struct rule_ref *rule = rule_of_move(l->lifecycle, l->move[k].way);
        struct situation s;

        move[k].move = l->move[k];
        if (!rule)
            continue;
        standing_of(l, k, l->move[k].at_ms, &s);
        if (!explain(l, *rule, &s, &move[k].why, err))
            return false;
    }
    v->move = move;
    v->move_n = (uint32_t)l->move_n;
    return true;
}

/* Replays what is known into the future, further than before. *more: it is known further. */
static bool look_further(struct look *l, bool *more, struct err *err)
{
    static const int64_t days[] = {366, 3660, 36600};
    enum { HORIZONS = sizeof days / sizeof *days };
    int64_t before_ms = l->known_ms, next_ms;

    *more = before_ms != MOMENT_NEVER && l->horizons < HORIZONS;
    if (!*more)
        return true;
    l->known_ms += days[l->horizons++] * MS_DAY;
    if (lives_replay(l->future, &l->t, l->known_ms, &next_ms, err)) {
        if (next_ms == MOMENT_NEVER)
            l->known_ms = MOMENT_NEVER;
        return true;
    }
    if (err->code != ERR_LIMIT)
        return false;
    /* Time leads him to and fro in one of them: it is not looked at so far. */
    *more = false;
    l->known_ms = before_ms;
    l->horizons = HORIZONS;
    return lives_replay(l->future, &l->t, before_ms, &next_ms, err);
}

/* The next moment at which he may stand elsewhere in a lifecycle above, or past which that is not
 * known yet. */
static int64_t next_above(const struct look *l, int64_t at_ms)
{
    int64_t next_ms = l->known_ms == MOMENT_NEVER ? MOMENT_NEVER : l->known_ms + 1;

    for (uint32_t i = 0; i < l->lifecycle->number; i++) {
        const struct beside *of = &lives_moves(l->future)[i];
        size_t n = of->n;

        while (n && of->move[n - 1].at_ms > at_ms)
            n--;
        if (n < of->n && of->move[n].at_ms < next_ms)
            next_ms = of->move[n].at_ms;
    }
    return next_ms;
}

/* When time alone makes the rule true; rules that flicker longer than this are given up. */
enum { CHANGES_MAX = 1000 };

static bool true_by_time(struct look *l, struct rule_ref rule, struct situation s,
                         int64_t *at_ms, struct err *err)
{
    uint16_t above[LIFECYCLES_MAX];
    struct answer answer = {};

    *at_ms = MOMENT_NEVER;
    s.above = above;
    for (int i = 0; i < CHANGES_MAX && s.at_ms != MOMENT_NEVER; i++) {
        int64_t above_ms = MOMENT_NEVER;
        bool more = true;

        while (l->lifecycle->number && s.at_ms > l->known_ms && more)
            if (!look_further(l, &more, err))
                return false;
        if (!more)
            return true;
        if (l->lifecycle->number) {
            lives_above(l->future, s.at_ms, above);
            above_ms = next_above(l, s.at_ms);
        }
        if (!cursor_ask_exact(l->cursor, rule, &s, &answer, err))
            return false;
        if (answer.value.truth) {
            *at_ms = s.at_ms;
            return true;
        }
        s.at_ms = answer.holds_until_ms < above_ms ? answer.holds_until_ms : above_ms;
    }
    return true;
}

static bool view_needed(struct look *l, struct customer_view *v, struct way_view *way,
                        struct err *err)
{
    struct whynot w = {.engine = l->e,
                       .customer = l->customer,
                       .view = v,
                       .t = l->t,
                       .move = l->move,
                       .move_n = l->move_n,
                       .cursor = l->cursor,
                       .a = l->a};

    return whynot_fill(&w, way, v->way_n, err);
}

static bool view_ways(struct look *l, struct customer_view *v, struct err *err)
{
    const struct lifecycle *lc = l->lifecycle;
    struct situation now;
    struct way_view *way;

    if (v->stage == STAGE_NONE)
        return true;
    standing_of(l, l->move_n, v->at_ms, &now);
    v->way_n = lc->out_n[now.stage];
    v->way = way = arena_array(l->a, struct way_view, v->way_n + 1);
    if (!way)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->way_n; i++) {
        way[i].way = &lc->way[lc->out[now.stage][i]];
        if (!explain(l, way[i].way->rule, &now, &way[i].why, err)
            || !true_by_time(l, way[i].way->rule, now, &way[i].at_ms, err))
            return false;
    }
    return view_needed(l, v, way, err);
}

/* The first move after the view's moment if nothing more happens. */
static bool view_next(struct look *l, struct customer_view *v, struct err *err)
{
    const struct beside *moves = &lives_moves(l->future)[l->lifecycle->number];
    bool more = true;

    while (moves->n <= l->move_n && more)
        if (!look_further(l, &more, err))
            return false;
    if (moves->n > l->move_n)
        v->next = moves->move[l->move_n];
    return true;
}

/* In segments the stage words mean the first lifecycle. */
static void segments_mean(struct look *l, int64_t at_ms, struct situation *out)
{
    size_t n;
    const struct move *move = engine_moves(l->e, 0, l->customer, &n);

    situation_of(l->model->lifecycle, move, n, at_ms, l->times_in, out);
    engine_above(l->e, l->customer, at_ms, l->above);
    out->above = l->above;
    out->above_n = l->model->lifecycle_n;
}

static bool view_segments(struct look *l, struct customer_view *v, struct err *err)
{
    const struct segments *all = l->model->segments;
    str *name = arena_array(l->a, str, all->segment_n + 1);
    struct situation now;

    if (!name)
        return err_nomem(err);
    segments_mean(l, v->at_ms, &now);
    for (uint32_t i = 0; i < all->segment_n; i++) {
        struct answer answer;

        if (!cursor_ask_exact(l->cursor, all->segment[i].rule, &now, &answer, err))
            return false;
        if (answer.value.truth)
            name[v->segment_n++] = all->segment[i].name;
    }
    v->segment = name;
    return true;
}

static bool view_changes(const struct look *l, struct customer_view *v, struct err *err)
{
    const struct segments *all = l->model->segments;
    size_t n;
    const struct move *move = engine_members(l->e, l->customer, &n);
    struct change_view *change;

    while (n && move[n - 1].at_ms > v->at_ms)
        n--;
    v->change = change = arena_array(l->a, struct change_view, n + 1);
    if (!change)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        change[i] = (struct change_view){move[i].at_ms, all->segment[move[i].way].name,
                                         move[i].to == MEMBER_IN};
    v->change_n = (uint32_t)n;
    return true;
}

static bool view_parts(struct look *l, const struct score *s, const struct situation *now,
                       struct score_view *out, struct err *err)
{
    const struct yaml *parts = yaml_find(s->node, STR("parts"));
    struct score_part_view *part = arena_array(l->a, struct score_part_view, parts->n);

    if (!part)
        return err_nomem(err);
    for (uint32_t i = 0; i < parts->n; i++) {
        const struct yaml *name = yaml_find(parts->item[i], STR("name"));
        struct answer answer;

        if (!cursor_ask_exact(l->cursor, s->part[i].when, now, &answer, err))
            return false;
        part[i] = (struct score_part_view){
            name ? name->text : (str){}, program_text(l->model->program, s->part[i].when),
            s->part[i].points, answer.value.truth};
    }
    out->part = part;
    out->part_n = (uint32_t)parts->n;
    return true;
}

static bool view_scores(struct look *l, struct customer_view *v, struct err *err)
{
    const struct segments *all = l->model->segments;
    struct score_view *score = arena_array(l->a, struct score_view, all->score_n + 1);
    struct situation now;

    if (!score)
        return err_nomem(err);
    segments_mean(l, v->at_ms, &now);
    for (uint32_t i = 0; i < all->score_n; i++) {
        const struct score *s = &all->score[i];
        struct answer answer;

        if (!cursor_ask_exact(l->cursor, s->rule, &now, &answer, err)
            || !view_parts(l, s, &now, &score[i], err))
            return false;
        score[i].name = s->name;
        score[i].points = answer.value.number;
        score[i].from = s->low;
        score[i].to = s->high;
    }
    v->score = score;
    v->score_n = all->score_n;
    return true;
}

/* The last event of the timeline with a value in the column; t.n when there is none. */
static bool last_with(const struct timeline *t, uint32_t column, uint32_t *event,
                      struct err *err)
{
    const struct cells *cells;
    uint32_t behind;

    if (!chunk_cells(t->chunk, column, &cells, err))
        return false;
    behind = cells_from(cells, t->first + t->n);
    *event = behind && cells->event[behind - 1] >= t->first
                 ? cells->event[behind - 1] - t->first
                 : t->n;
    return true;
}

static bool filled_of(const struct timeline *t, const struct catalog *catalog,
                      struct arena *a, struct filled *out, struct err *err)
{
    uint32_t *column = arena_array(a, uint32_t, catalog->column_n + 1);
    uint32_t event;

    *out = (struct filled){column, 0};
    if (!column)
        return err_nomem(err);
    for (uint32_t c = 0;; c++) {
        if (!chunk_next_column(t->chunk, c, &c, err))
            return false;
        if (c == COLUMN_NONE)
            return true;
        if (!last_with(t, c, &event, err))
            return false;
        if (event < t->n)
            column[out->n++] = c;
    }
}

/* All properties (or traits) of one event. */
static bool read_properties(const struct look *l, uint32_t event, bool trait,
                            const struct property **out, uint32_t *n, struct err *err)
{
    struct property *p = arena_array(l->a, struct property, l->filled.n + 1);

    *n = 0;
    if (!p)
        return err_nomem(err);
    for (uint32_t i = 0; i < l->filled.n; i++) {
        const struct column *column = &l->catalog->column[l->filled.column[i]];

        if (column->trait != trait)
            continue;
        p[*n].name = column->name;
        if (!timeline_value(&l->t, l->filled.column[i], event, l->a, &p[*n].value, err))
            return false;
        *n += p[*n].value.type != VALUE_MISSING;
    }
    *out = p;
    return true;
}

/* Cuts off what happened after at_ms. */
static void cut_timeline(struct timeline *t, int64_t at_ms)
{
    while (t->n && t->at_ms[t->n - 1] > at_ms)
        t->n--;
}

bool engine_traits(struct engine *e, uint32_t customer, int64_t at_ms, struct arena *a,
                   const struct property **out, uint32_t *n, struct err *err)
{
    struct timeline t;

    if (!engine_timeline(e, customer, &t, err))
        return false;
    cut_timeline(&t, at_ms);
    return traits_stand(&t, &engine_model(e)->dictionary, a, out, n, err);
}

static bool view_acquisition(const struct look *l, const struct origins *o,
                             struct customer_view *v, struct err *err)
{
    uint32_t at = acquired_from(o, l->t.first);
    bool there = at < o->acquired_n && o->acquired[at].event < l->t.first + l->t.n;

    for (size_t i = 0; i < ACQUISITIONS_END; i++) {
        uint32_t word = there ? o->acquired[at].word[i] : WORD_NONE;

        v->acquisition[i] = arena_str(l->a, word == WORD_NONE ? STR("") : o->word[word]);
        if (!v->acquisition[i].p)
            return err_nomem(err);
    }
    return true;
}

static uint32_t member_of(const struct cells *members, uint32_t event)
{
    uint32_t at = cells_from(members, event);

    return at < members->n && members->event[at] == event ? (uint32_t)members->number[at]
                                                          : CUSTOMER_NONE;
}

static bool view_events(const struct look *l, uint32_t event_max, struct customer_view *v,
                        struct err *err)
{
    const struct channels *channels = l->model->channels;
    const struct cells *members;
    const struct origins *o;
    struct event_view *event;

    v->event_n = l->t.n < event_max ? l->t.n : event_max;
    v->event = event = arena_array(l->a, struct event_view, v->event_n + 1);
    if (!event)
        return err_nomem(err);
    if (!channels_of(channels, l->t.chunk, &o, err) || !view_acquisition(l, o, v, err)
        || !chunk_members(l->t.chunk, &members, err))
        return false;
    for (uint32_t i = 0; i < v->event_n; i++) {
        uint32_t k = l->t.n - 1 - i;
        uint8_t channel = o->channel[l->t.first + k];

        event[i].place = k;
        event[i].channel = channel ? channels_name(channels, channel - 1U) : STR("");
        event[i].member = member_of(members, l->t.first + k);
        if (!read_properties(l, k, false, &event[i].property, &event[i].property_n, err)
            || !read_properties(l, k, true, &event[i].trait, &event[i].trait_n, err))
            return false;
    }
    return true;
}

static bool view_all(struct look *l, uint32_t event_max, struct customer_view *v,
                     struct err *err)
{
    if (l->move_n) {
        v->stage = l->move[l->move_n - 1].to;
        v->since_ms = l->move[l->move_n - 1].at_ms;
    }
    v->timeline = l->t;
    if (!chunk_message_ids(l->t.chunk, &v->message_id, err))
        return false;
    v->message_id += l->t.first;
    /* What comes next is found first: of the ways is told what time does, too. */
    return cursor_start(l->cursor, &l->t, err) && view_moves(l, v, err)
           && view_next(l, v, err) && view_ways(l, v, err) && view_segments(l, v, err)
           && view_changes(l, v, err) && view_scores(l, v, err)
           && filled_of(&l->t, l->catalog, l->a, &l->filled, err)
           && traits_view(&l->t, &l->model->dictionary, l->a, &v->trait, &v->trait_n, err)
           && view_events(l, event_max, v, err);
}

bool engine_customer(struct engine *e, str id, const struct lifecycle *lifecycle,
                     int64_t at_ms, enum language language, uint32_t event_max,
                     struct arena *a, struct customer_view *out, struct err *err)
{
    struct look l = {
        .e = e,
        .model = engine_model(e),
        .lifecycle = lifecycle,
        .catalog = snapshot_catalog(engine_snapshot(e)),
        .language = language,
        .a = a,
    };
    uint32_t stage_max = lifecycle->stage_n > l.model->lifecycle->stage_n
                             ? lifecycle->stage_n
                             : l.model->lifecycle->stage_n;
    bool ok;

    *out = (struct customer_view){.lifecycle = lifecycle,
                                  .at_ms = at_ms,
                                  .stage = STAGE_NONE,
                                  .since_ms = MOMENT_NEVER,
                                  .next.at_ms = MOMENT_NEVER};
    if (!engine_find(e, id, &l.customer, err))
        return false;
    out->number = l.customer;
    out->id = catalog_customer_id(l.catalog, l.customer);
    out->is_account = catalog_is_account(l.catalog, l.customer);
    if (!snapshot_members(engine_snapshot(e), l.customer, a, &out->member, &out->member_n,
                          err)
        || !snapshot_accounts(engine_snapshot(e), l.customer, a, &out->account,
                              &out->account_n, err)
        || !engine_ids(e, l.customer, a, &out->known, &out->known_n, err)
        || !engine_timeline(e, l.customer, &l.t, err))
        return false;
    cut_timeline(&l.t, at_ms);
    if (!l.t.n)
        return true;
    l.move = engine_moves(e, lifecycle->number, l.customer, &l.move_n);
    while (l.move_n && l.move[l.move_n - 1].at_ms > at_ms)
        l.move_n--;
    l.times_in = arena_array(a, uint32_t, stage_max);
    if (!l.times_in)
        return err_nomem(err);
    l.known_ms = at_ms;
    ok = cursor_new(l.model->program, &l.cursor, err)
         && lives_new(l.model->lifecycles, lifecycle->number + 1u, l.model->program,
                      &l.future, err)
         && view_all(&l, event_max, out, err);
    lives_free(l.future);
    cursor_free(l.cursor);
    return ok;
}

bool way_is_next(const struct customer_view *v, const struct way_view *w)
{
    return v->next.at_ms != MOMENT_NEVER && v->next.way < v->lifecycle->way_n
           && &v->lifecycle->way[v->next.way] == w->way;
}
