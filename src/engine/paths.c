/* paths.c - a question about ways becomes a plan; who is behind a way is counted in a second pass,
 * when the first one has said which ways are told apart. */
#include "engine/begin.h"
#include "engine/paths_impl.h"

#include <string.h>

#define BETWEEN " > "

/* --- what is asked --- */

str take_part(str *rest)
{
    const char *comma = rest->n ? memchr(rest->p, ',', rest->n) : NULL;
    str part = {rest->p, comma ? (size_t)(comma - rest->p) : rest->n};

    *rest = str_from(*rest, comma ? part.n + 1 : part.n);
    return str_trim(part);
}

static bool read_through(const struct engine *e, str text, struct through *t,
                         bool *by_stage, str *property, struct err *err)
{
    str rest = text.n ? text : STR("event");
    uint32_t n = 0;

    *property = STR("");
    while (rest.n) {
        str part = take_part(&rest);

        n++;
        if (str_eq(part, STR("event")))
            t->event = true;
        else if (str_eq(part, STR("channel")))
            t->channel = true;
        else if (str_eq(part, STR("stage")) && by_stage)
            *by_stage = true;
        else if (part.n && !property->n)
            *property = part;
        else
            return err_set(err, ERR_INPUT,
                           "through is event, channel, a property or several of these "
                           "with commas between, with one property at most%s",
                           by_stage ? "; or stage" : "");
    }
    t->has_property = property->n > 0;
    t->channels = engine_model(e)->channels;
    t->decimals = engine_model(e)->workspace.decimals;
    return !by_stage || !*by_stage || n == 1
           || err_set(err, ERR_INPUT,
                      "stage stands alone in through: its steps are moves, which are no "
                      "events");
}

static bool through_names(const struct engine *e, struct arena *a, struct through *t,
                          struct err *err)
{
    const struct dictionary *d = &engine_model(e)->dictionary;
    const struct text_table *type = &snapshot_catalog(engine_snapshot(e))->type;
    str *name = arena_array(a, str, type->n + 1);

    if (!name)
        return err_nomem(err);
    for (uint32_t i = 0; i < type->n; i++) {
        str raw = text_table_get(type, i);
        const struct dictionary_event *known = dictionary_event(d, raw);

        name[i] = known ? known->name : raw;
    }
    t->type_name = name;
    t->type_n = type->n;
    return true;
}

/* Every event that has the property; passive ones are none that `any` picks, and stay out here,
 * too. */
static bool events_with(const struct engine *e, str property, struct program *p,
                        struct through *t, struct err *err)
{
    const struct dictionary *d = &engine_model(e)->dictionary;
    bool ok = true;

    for (uint32_t i = 0; ok && i < d->event_n; i++) {
        struct buf name = {};
        uint32_t n = 0;

        if (d->event[i].passive || !dictionary_property(d, &d->event[i], property))
            continue;
        if (t->pick_n == THROUGH_EVENTS_MAX)
            return err_set(
                err, ERR_LIMIT,
                "more than %u events have %.*s: say which ones are steps, with "
                "events",
                THROUGH_EVENTS_MAX, STR_FMT(property));
        buf_add_format(&name, "`%.*s`", STR_FMT(d->event[i].name));
        ok = !name.failed ? picks_add(p, buf_str(&name), &t->pick[t->pick_n], 1, &n, err)
                                && picks_add_property(p, t->pick[t->pick_n], property,
                                                      &t->property[t->pick_n], err)
                          : err_nomem(err);
        buf_free(&name);
        t->pick_n++;
    }
    return ok
           && (t->pick_n
               || err_set(err, ERR_INPUT, "no event has a property \"%.*s\"",
                          (int)(property.n < 100 ? property.n : 100), property.p));
}

/* The picks, and the property of each. */
static bool add_events(const struct engine *e, str property, str events,
                       struct program *p, struct through *t, str *wrong, struct err *err)
{
    str text = events.n ? events : STR("any");

    *wrong = events;
    if (!picks_add(p, text, t->pick, THROUGH_EVENTS_MAX, &t->pick_n, err))
        return false;
    *wrong = property;
    if (!events.n && property.n
        && !picks_add_property(p, t->pick[0], property, &t->property[0], err)) {
        if (err->code != ERR_INPUT)
            return false;
        *wrong = STR("");
        t->pick_n = 0;
        return events_with(e, property, p, t, err);
    }
    for (uint32_t i = 0; events.n && property.n && i < t->pick_n; i++)
        if (!picks_add_property(p, t->pick[i], property, &t->property[i], err))
            return false;
    *wrong = STR("");
    return true;
}

bool through_read(const struct engine *e, str text, str events, struct program *p,
                  struct arena *a, struct through *t, bool *by_stage, str *wrong,
                  struct err *err)
{
    str property;

    if (!read_through(e, text, t, by_stage, &property, err)
        || !through_names(e, a, t, err))
        return false;
    if (by_stage && *by_stage)
        return true;
    if (!add_events(e, property, events, p, t, wrong, err))
        return false;
    for (uint32_t i = 0; t->has_property && i < t->pick_n; i++)
        if (t->property[i].type == VALUE_LIST)
            return err_set(err, ERR_INPUT,
                           "%.*s is a list, of which an event has several values: take "
                           "something that it has one of",
                           STR_FMT(property));
    return true;
}

static bool add_anchor(const struct paths_question *q, struct program *p,
                       struct paths_plan *plan, str *wrong, struct err *err)
{
    str text = q->after.n ? q->after : q->before, stage;
    uint32_t n;

    plan->anchor_stage = STAGE_NONE;
    if (q->after.n && q->before.n)
        return err_set(
            err, ERR_INPUT,
            "ways go forwards after something or backwards before it: after and "
            "before exclude each other");
    if (!text.n)
        return true;
    plan->from = q->after.n ? PATHS_AFTER : PATHS_BEFORE;
    plan->anchor_name = text;
    if (!str_starts(text, STR("stage."))) {
        *wrong = text;
        if (!picks_add(p, text, &plan->anchor, 1, &n, err))
            return false;
        *wrong = STR("");
        return true;
    }
    stage = str_from(text, sizeof "stage." - 1);
    return report_stage(plan->lifecycle, stage, &plan->anchor_stage, err);
}

static bool add_times(const struct paths_question *q, struct paths_plan *plan,
                      struct err *err)
{
    struct length gap;

    plan->has_within = q->within.n > 0;
    if (plan->has_within && !length_asked("within", q->within, &plan->within, err))
        return false;
    if (!q->gap.n)
        return true;
    if (!length_asked("gap", q->gap, &gap, err))
        return false;
    if (gap.months)
        return err_set(err, ERR_INPUT,
                       "the gap that ends a visit is a fixed length such as 30m, not "
                       "%.*s",
                       STR_FMT(q->gap));
    plan->gap_ms = gap.ms;
    return true;
}

const struct move *paths_moves_of(const void *context, uint32_t customer, size_t *n)
{
    const struct paths_moves *m = context;

    return engine_moves(m->engine, m->lifecycle, customer, n);
}

static bool plan_of(struct asked_paths *asked, struct program *p, struct arena *a,
                    str *wrong, struct err *err)
{
    const struct paths_question *q = asked->q;
    const struct model *m = engine_model(asked->moves.engine);
    struct paths_plan *plan = &asked->plan;

    *plan = (struct paths_plan){.program = p,
                                .moves = paths_moves_of,
                                .moves_context = &asked->moves,
                                .steps = q->steps,
                                .each = q->each,
                                .whole = q->whole,
                                .collapsed = q->collapsed,
                                .zone = m->workspace.zone,
                                .from_ms = q->scope.from_ms,
                                .to_ms = q->scope.to_ms,
                                .at_ms = q->scope.at_ms,
                                .links = q->links};
    if (q->steps < 2 || q->steps > PATHS_STEPS_MAX)
        return err_set(err, ERR_INPUT, "a way has from 2 to %u steps", PATHS_STEPS_MAX);
    if (!q->top || q->top > PATHS_TOP_MAX)
        return err_set(err, ERR_INPUT, "from 1 to %u ways can be told apart",
                       PATHS_TOP_MAX);
    if (!model_lifecycle_find(m, q->lifecycle, &plan->lifecycle, err))
        return false;
    asked->moves.lifecycle = plan->lifecycle->number;
    return through_read(asked->moves.engine, q->through, q->events, p, a, &plan->through,
                        &plan->by_stage, wrong, err)
           && add_anchor(q, p, plan, wrong, err) && add_times(q, plan, err);
}

/* --- counting --- */

static bool begin(const void *plan, void **count, struct err *err)
{
    struct paths *p;

    if (!paths_new(plan, &p, err))
        return false;
    *count = p;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    return paths_add(count, c, span, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return paths_merge(into, from, err);
}

static void end(void *count)
{
    paths_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

/* --- who is behind it --- */

/* Takes a text off the front of another. */
static bool takes(str *rest, str part)
{
    if (!str_starts(*rest, part))
        return false;
    *rest = str_from(*rest, part.n);
    return true;
}

static bool same_way(const struct paths *p, struct tally_row row, uint32_t n,
                     const struct paths_view *v, const struct path_way *way)
{
    if (n != paths_steps(way->row))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!str_eq(paths_name(p, row.number[i]),
                    paths_name(v->paths, way->row.number[i])))
            return false;
    return true;
}

static bool lists_way(const struct asked_paths *asked, const struct paths *p,
                      struct tally_row row)
{
    const struct paths_view *v = asked->view;
    str rest = asked->q->list;
    uint32_t n = paths_steps(row);

    if (asked->q->list_step)
        return false;
    if (str_eq(rest, STR("(other)"))) {
        for (uint32_t i = 0; i < v->way_n; i++)
            if (same_way(p, row, n, v, &v->way[i]))
                return false;
        return true;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = p->plan.from == PATHS_BEFORE ? n - 1 - i : i;

        if ((i && !takes(&rest, STR(BETWEEN)))
            || !takes(&rest, paths_name(p, row.number[at])))
            return false;
    }
    return !rest.n;
}

/* What a node is called, where `number` stands at `step`. */
static str shown_name(const struct asked_paths *asked, const struct paths *p,
                      uint32_t step, uint16_t number)
{
    const struct paths_view *v = asked->view;
    str name;

    if (number == NAME_NONE)
        return p->plan.from == PATHS_BEFORE ? STR("(start)") : STR("(end)");
    name = paths_name(p, number);
    for (uint32_t i = 0; i < v->node_n; i++)
        if (v->node[i].step == step && v->node[i].kind == PATH_STEP
            && str_eq(paths_name(v->paths, v->node[i].number), name))
            return name;
    return STR("(other)");
}

static bool lists_link(const struct asked_paths *asked, const struct paths *p,
                       struct tally_row row)
{
    uint32_t step = row.number[0];
    str rest = asked->q->list, near, far;
    bool backwards = p->plan.from == PATHS_BEFORE;

    if (step != asked->q->list_step)
        return false;
    near = shown_name(asked, p, step, row.number[1]);
    if (row.number[2] == PATHS_NODE)
        return str_eq(rest, near);
    far = shown_name(asked, p, step + 1, row.number[2]);
    return takes(&rest, backwards ? far : near) && takes(&rest, STR(BETWEEN))
           && takes(&rest, backwards ? near : far) && !rest.n;
}

static bool lists(const void *context, const struct paths *p, struct tally_row row,
                  bool is_way)
{
    return is_way ? lists_way(context, p, row) : lists_link(context, p, row);
}

static bool list_who(struct asked_paths *asked, const struct fits *who,
                     struct paths_view *v, struct err *err)
{
    struct paths_plan plan = asked->plan;
    struct paths *found;
    void *count = NULL;

    if (asked->q->list_step > asked->q->steps)
        return err_set(err, ERR_INPUT, "ways have %u steps: there is no step %u",
                       asked->q->steps, asked->q->list_step);
    asked->view = v;
    plan.lists = lists;
    plan.lists_context = asked;
    plan.links = asked->q->list_step > 0;
    if (!engine_report(asked->moves.engine, &kind, &plan, who, &count, err))
        return false;
    found = count;
    v->lists = true;
    v->listed = found->listed;
    found->listed = (struct listed){};
    paths_free(found);
    return v->listed.n
           || err_set(err, ERR_INPUT,
                      "nobody goes \"%.*s\": ways are called as they are shown, with "
                      "\"" BETWEEN "\" between the steps",
                      (int)(asked->q->list.n < 100 ? asked->q->list.n : 100),
                      asked->q->list.p);
}

static bool answer(struct asked_paths *asked, struct arena *a, struct paths_view *out,
                   str *wrong, struct err *err)
{
    const struct paths_question *q = asked->q;
    struct engine *e = asked->moves.engine;
    struct paths_plan *plan = &asked->plan;
    const struct fits *who;
    void *count = NULL;

    /* Nodes must be ranked before it is known which of them are the others. */
    plan->links |= q->list_step > 0;
    if ((plan->by_stage || plan->anchor_stage != STAGE_NONE)
        && engine_now_ms(e) < q->scope.at_ms && !engine_advance(e, q->scope.at_ms, err))
        return false;
    *wrong = q->scope.when;
    if (!report_who(e, &q->scope, a, &who, err)
        || !engine_report(e, &kind, plan, who, &count, err))
        return false;
    *wrong = STR("");
    out->paths = count;
    return paths_settle(out->paths, err) && paths_rank(out, q->top, a, err)
           && (!q->list.n || list_who(asked, who, out, err));
}

static bool one_side(struct engine *e, const struct paths_question *q, struct arena *a,
                     struct paths_view *out, str *wrong, struct err *err)
{
    struct asked_paths *asked = arena_new(a, struct asked_paths);

    *out = (struct paths_view){};
    *wrong = STR("");
    if (!asked)
        return err_nomem(err);
    asked->q = q;
    asked->moves.engine = e;
    if (!report_program(e, &out->program, err))
        return false;
    if (plan_of(asked, out->program, a, wrong, err) && answer(asked, a, out, wrong, err))
        return true;
    paths_view_free(out);
    return false;
}

static bool other_side(struct engine *e, const struct paths_question *q, struct arena *a,
                       struct paths_view *v, str *wrong, struct err *err)
{
    struct paths_question other = *q;

    if (!against_alone(q->links, q->list.n > 0, err)
        || !against_scope(e, &q->against, &q->scope, &other.scope, err))
        return false;
    v->against = arena_new(a, struct paths_view);
    if (!v->against)
        return err_nomem(err);
    return one_side(e, &other, a, v->against, wrong, err) && paths_compare(v, a, err);
}

bool engine_paths(struct engine *e, const struct paths_question *q, struct arena *a,
                  struct paths_view *out, str *wrong, struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    paths_view_free(out);
    return false;
}

void paths_view_free(struct paths_view *v)
{
    if (v->against)
        paths_view_free(v->against);
    paths_free(v->paths);
    program_free(v->program);
    mem_free(v->listed.customer);
    *v = (struct paths_view){};
}
