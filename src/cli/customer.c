#include "base/num.h"
#include "cli/cli.h"
#include "engine/identity.h"
#include "engine/query.h"
#include "engine/traits.h"

enum { EVENTS_SHOWN = 20 };

static str stage_name(const struct customer_view *v, uint16_t stage)
{
    return stage == STAGE_NONE ? STR("(nowhere)") : v->lifecycle->stage[stage].name;
}

enum { TOLD_SHOWN = 3 };

static void print_value(struct buf *b, const struct value *v)
{
    struct buf json = {};
    struct json_out j = {.to = &json};

    if (v->type == VALUE_TEXT) {
        buf_add(b, v->text);
        return;
    }
    value_put_json(&j, v);
    buf_add(b, buf_str(&json));
    b->failed |= json.failed;
    buf_free(&json);
}

static void print_why(struct buf *b, const struct explained *why)
{
    for (uint32_t i = 0; i < why->term_n; i++) {
        const struct term *t = &why->term[i];

        buf_add_format(b, "      %s %.*s   (%.*s: %.*s)\n", t->truth ? "yes" : "no ",
                       STR_FMT(t->words), STR_FMT(t->measure), STR_FMT(t->value));
    }
}

/* came by paid search, source google, page /tea */
static void print_acquisition(struct buf *b, const struct customer_view *v)
{
    if (!v->acquisition[ACQUISITION_CHANNEL].n)
        return;
    buf_add_format(b, "  came by %.*s", STR_FMT(v->acquisition[ACQUISITION_CHANNEL]));
    for (size_t i = ACQUISITION_SOURCE; i < ACQUISITIONS_END; i++)
        if (v->acquisition[i].n)
            buf_add_format(b, ", %.*s %.*s",
                           STR_FMT(acquisition_name((enum acquisition)i)),
                           STR_FMT(v->acquisition[i]));
    buf_add_char(b, '\n');
}

static void print_history(struct buf *b, const struct engine *e,
                          const struct customer_view *v, bool why)
{
    buf_add(b, STR("\nStage history\n"));
    for (uint32_t i = 0; i < v->move_n; i++) {
        const struct move_view *m = &v->move[i];

        buf_add(b, STR("  "));
        cli_put_moment(b, engine_model(e)->workspace.zone, m->move.at_ms);
        buf_add_format(b, "  %.*s", STR_FMT(stage_name(v, m->move.to)));
        if (m->move.way == WAY_START)
            buf_add(b, STR("  came in"));
        if (m->why.words.n)
            buf_add_format(b, "  because %.*s", STR_FMT(m->why.words));
        buf_add_char(b, '\n');
        if (why)
            print_why(b, &m->why);
    }
}

static void print_next(struct buf *b, const struct engine *e,
                       const struct customer_view *v, bool why)
{
    buf_add(b, STR("\nWhat comes next\n"));
    if (v->next.at_ms == MOMENT_NEVER) {
        buf_add(b, STR("  Time alone changes nothing.\n"));
    } else {
        buf_add(b, STR("  If nothing more happens: "));
        cli_put_moment(b, engine_model(e)->workspace.zone, v->next.at_ms);
        buf_add_format(b, "  %.*s\n", STR_FMT(stage_name(v, v->next.to)));
    }
    for (uint32_t i = 0; i < v->way_n; i++) {
        buf_add_format(b, "  to %.*s when %.*s\n",
                       STR_FMT(stage_name(v, v->way[i].way->to)),
                       STR_FMT(v->way[i].why.words));
        if (why)
            print_why(b, &v->way[i].why);
    }
}

/* The terms that keep him from going that way, with the newest event behind each. */
static void print_deciding(struct buf *b, const struct zone *zone,
                           const struct customer_view *v, const struct explained *why)
{
    for (uint32_t i = 0; i < why->term_n; i++) {
        const struct term *t = &why->term[i];

        if (!t->decides)
            continue;
        buf_add_format(b, "      %s %.*s   (%.*s: %.*s", t->truth ? "yes" : "no ",
                       STR_FMT(t->words), STR_FMT(t->measure), STR_FMT(t->value));
        if (t->event_n) {
            buf_add_format(b, ", from %u event%s, the last on ", t->event_all,
                           t->event_all == 1 ? "" : "s");
            cli_put_moment(b, zone, v->timeline.at_ms[t->event[0]]);
        }
        buf_add(b, STR(")\n"));
    }
}

static void print_needed(struct buf *b, const struct zone *zone,
                         const struct customer_view *v, const struct event_needed *needed)
{
    buf_add_format(b, "      %u more %.*s now would do it", needed->times,
                   STR_FMT(needed->event));
    if (needed->like != EVENT_NONE) {
        buf_add_format(b, ", like that of ");
        cli_put_moment(b, zone, v->timeline.at_ms[needed->like]);
    }
    buf_add_char(b, '\n');
}

static void print_why_not(struct buf *b, const struct engine *e,
                          const struct customer_view *v)
{
    const struct zone *zone = engine_model(e)->workspace.zone;

    buf_add(b, STR("\nWhy not elsewhere\n"));
    for (uint32_t i = 0; i < v->way_n; i++) {
        const struct way_view *w = &v->way[i];

        buf_add_format(b, "  not in %.*s, which takes: %.*s\n",
                       STR_FMT(stage_name(v, w->way->to)), STR_FMT(w->why.words));
        print_deciding(b, zone, v, &w->why);
        if (w->at_ms == MOMENT_NEVER) {
            buf_add(b, STR("      by time alone it stays so\n"));
        } else {
            buf_add(b, STR("      by time alone it stays so until "));
            cli_put_moment(b, zone, w->at_ms);
            buf_add(b, way_is_next(v, w) ? STR("\n")
                                         : STR(", when he will have left otherwise\n"));
        }
        for (uint32_t k = 0; k < w->needed_n; k++)
            print_needed(b, zone, v, &w->needed[k]);
    }
}

static void print_customer(struct buf *b, struct engine *e, uint32_t customer)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    buf_add(b, catalog_customer_id(catalog, customer));
}

/* an account of 3 members: ada, bob, eve */
static void print_peers(struct buf *b, struct engine *e, const struct customer_view *v)
{
    enum { FEW = 20 };

    if (v->is_account) {
        buf_add_format(b, "  an account of %u member%s", v->member_n,
                       v->member_n == 1 ? "" : "s");
        for (uint32_t i = 0; i < v->member_n && i < FEW; i++) {
            buf_add(b, i ? STR(", ") : STR(": "));
            print_customer(b, e, v->member[i]);
        }
        buf_add(b, v->member_n > FEW ? STR(", ...\n") : STR("\n"));
    }
    for (uint32_t i = 0; i < v->account_n; i++) {
        buf_add(b, i ? STR(", ") : STR("  member of "));
        print_customer(b, e, v->account[i]);
        if (i + 1 == v->account_n)
            buf_add_char(b, '\n');
    }
}

static void print_events(struct buf *b, struct engine *e, const struct customer_view *v)
{
    const struct text_table *type = &snapshot_catalog(engine_snapshot(e))->type;

    buf_add_format(b, "\nEvents (%u", v->timeline.n);
    if (v->event_n < v->timeline.n)
        buf_add_format(b, ", the newest %u", v->event_n);
    buf_add(b, STR(")\n"));
    for (uint32_t i = 0; i < v->event_n; i++) {
        const struct event_view *event = &v->event[i];

        buf_add(b, STR("  "));
        cli_put_moment(b, engine_model(e)->workspace.zone,
                       v->timeline.at_ms[event->place]);
        buf_add_format(b, "  %.*s",
                       STR_FMT(text_table_get(type, v->timeline.type[event->place])));
        if (event->member != CUSTOMER_NONE) {
            buf_add(b, STR("  by "));
            print_customer(b, e, event->member);
        }
        for (uint32_t k = 0; k < event->property_n; k++) {
            const struct property *p = &event->property[k];

            if (p->value.type == VALUE_LIST) {
                buf_add_format(b, "  %.*s=(%u)", STR_FMT(p->name), p->value.list.n);
                continue;
            }
            buf_add_format(b, "  %.*s=", STR_FMT(p->name));
            print_value(b, &p->value);
        }
        buf_add_char(b, '\n');
    }
}

static void print_ids(struct buf *b, const struct zone *zone,
                      const struct customer_view *v)
{
    for (uint32_t i = 0; v->known_n > 1 && i < v->known_n; i++) {
        const struct known_id *k = &v->known[i];

        buf_add(b, STR("  "));
        id_print(b, k->id);
        if (k->by.value.n) {
            buf_add(b, STR(", with "));
            id_print(b, k->by);
            buf_add(b, STR(" since "));
            cli_put_moment(b, zone, k->at_ms);
            buf_add_format(b, " (%.*s)", STR_FMT(tie_text(k->tie)));
        }
        buf_add_char(b, '\n');
    }
}

static void print_scores(struct buf *b, const struct customer_view *v)
{
    for (uint32_t i = 0; i < v->score_n; i++) {
        const struct score_view *s = &v->score[i];

        buf_add_format(b, "  %.*s: ", STR_FMT(s->name));
        num_print(b, s->points);
        buf_add(b, STR(", from "));
        num_print(b, s->from);
        buf_add(b, STR(" to "));
        num_print(b, s->to);
        for (uint32_t k = 0; k < s->part_n; k++) {
            const struct score_part_view *part = &s->part[k];

            buf_add(b, k ? STR("; ") : STR(": "));
            if (!part->is_given)
                buf_add(b, STR("not "));
            if (part->points > 0)
                buf_add_char(b, '+');
            num_print(b, part->points);
            buf_add_format(b, " %.*s", STR_FMT(part->name.n ? part->name : part->rule));
        }
        buf_add_char(b, '\n');
    }
}

/* The value; by whom and since when, when that is told; and what else is said of it. */
static void print_trait(struct buf *b, const struct zone *zone,
                        const struct customer_view *v, const struct trait_view *trait)
{
    const struct trait_told *stands = trait->stands;

    if (!stands && !trait->conflict)
        return;
    buf_add_format(b, "  %.*s: ", STR_FMT(trait->name));
    if (stands)
        print_value(b, &stands->value);
    else
        buf_add(b, STR("not known"));
    if (stands && stands->source.n) {
        buf_add_format(b, "   (%.*s, ", STR_FMT(stands->source));
        cli_put_moment(b, zone, v->timeline.at_ms[stands->first]);
        buf_add_char(b, ')');
    }
    buf_add_char(b, '\n');
    if (!trait->conflict)
        return;
    for (uint32_t i = trait->told_n, shown = 0; i-- > 0 && shown < TOLD_SHOWN;) {
        const struct trait_told *told = &trait->told[i];

        if (told == stands || told->value.type == VALUE_NULL)
            continue;
        buf_add(b, STR("      said too: "));
        print_value(b, &told->value);
        buf_add_format(b, "   (%.*s%s", STR_FMT(told->source),
                       told->source.n ? ", " : "");
        cli_put_moment(b, zone, v->timeline.at_ms[told->last]);
        buf_add(b, STR(")\n"));
        shown++;
    }
}

/* Of changes without number the newest are enough. */
static void print_changes(struct buf *b, const struct zone *zone,
                          const struct customer_view *v)
{
    enum { FEW = 50 };
    uint32_t first = v->change_n > FEW ? v->change_n - FEW : 0;

    if (!v->change_n)
        return;
    buf_add_format(b, "\nSegments (%u change%s", v->change_n,
                   v->change_n == 1 ? "" : "s");
    buf_add(b, first ? STR(", the newest 50)\n") : STR(")\n"));
    for (uint32_t i = first; i < v->change_n; i++) {
        buf_add(b, STR("  "));
        cli_put_moment(b, zone, v->change[i].at_ms);
        buf_add_format(b, "  %s %.*s\n", v->change[i].in ? "entered" : "left",
                       STR_FMT(v->change[i].segment));
    }
}

static void print_human(struct buf *b, struct engine *e, const struct customer_view *v,
                        bool why, bool why_not)
{
    buf_add_format(b, "Customer %.*s on ", STR_FMT(v->id));
    cli_put_moment(b, engine_model(e)->workspace.zone, v->at_ms);
    if (!v->timeline.n) {
        buf_add(b, STR(": not a customer yet\n"));
        return;
    }
    if (v->lifecycle->name.n)
        buf_add_format(b, ", %.*s", STR_FMT(v->lifecycle->name));
    if (v->since_ms == MOMENT_NEVER) {
        buf_add(b, STR(": never was in it\n"));
    } else {
        buf_add_format(b, ": %.*s since ", STR_FMT(stage_name(v, v->stage)));
        cli_put_moment(b, engine_model(e)->workspace.zone, v->since_ms);
        buf_add_char(b, '\n');
    }
    print_ids(b, engine_model(e)->workspace.zone, v);
    print_peers(b, e, v);
    for (uint32_t i = 0; i < v->trait_n; i++)
        print_trait(b, engine_model(e)->workspace.zone, v, &v->trait[i]);
    print_acquisition(b, v);
    for (uint32_t i = 0; i < v->segment_n; i++)
        buf_add_format(b, "%s%.*s%s", i ? ", " : "  in: ", STR_FMT(v->segment[i]),
                       i + 1 == v->segment_n ? "\n" : "");
    print_scores(b, v);
    print_history(b, e, v, why);
    print_next(b, e, v, why);
    if (why_not)
        print_why_not(b, e, v);
    print_changes(b, engine_model(e)->workspace.zone, v);
    print_events(b, e, v);
}

static int run(struct cli *c)
{
    bool json = cli_has(c, "json");
    enum language language = LANGUAGE_EN;
    const struct lifecycle *lifecycle;
    struct customer_view v;
    struct json_out j;
    struct buf b = {};
    struct engine *e;
    struct err err;
    int64_t at_ms;
    int status;

    if (cli_has(c, "language") && !language_parse(cli_text(c, "language"), &language))
        return cli_wrong(c, "--language is one of en, it, pt");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!cli_moment(c, "at", engine_model(e)->workspace.zone, cli_now_ms(c), &at_ms, &err)
        || !cli_lifecycle(c, e, &lifecycle, &err) || !engine_advance(e, at_ms, &err)
        || !engine_customer(e, cli_word(c, 1), lifecycle, at_ms, language,
                            json ? UINT32_MAX : EVENTS_SHOWN, &c->arena, &v, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    if (json) {
        j = (struct json_out){.to = &b};
        customer_put_json(&j, e, &v);
        buf_add_char(&b, '\n');
    } else {
        print_human(&b, e, &v, cli_has(c, "why"), cli_has(c, "why-not"));
    }
    status = json ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"at", "DATE", "as it stood then (a date or a moment): now unless given", false},
    {"why", NULL, "each move's conditions with the values that made them true", false},
    {"why-not", NULL, "each move not made: what keeps it off, and what would change that",
     false},
    {"language", "CODE", "the rules in words of this language: en, it or pt", false},
    {"lifecycle", "NAME", "of this one: the first of the model unless given", false},
    {"json", NULL, "everything, as JSON", false},
};

const struct cli_command cli_customer = {
    "customer",
    "FILE ID",
    "one customer: stage, history, why, and what comes next",
    options,
    sizeof options / sizeof *options,
    run,
};
