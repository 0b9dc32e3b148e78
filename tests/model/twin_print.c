#include "twin.h"

#include "base/num.h"

#include <stdlib.h>

const char *const twin_type[TWIN_TYPES] = {"a", "b", "c"};
const struct twin_name twin_property[TWIN_PROPERTIES] = {
    {"x", VALUE_NUMBER}, {"m", VALUE_MONEY},  {"s", VALUE_TEXT},
    {"l", VALUE_LIST},   {"t", VALUE_MOMENT}, {"f", VALUE_BOOL}};
const struct twin_name twin_trait[TWIN_PROPERTIES] = {
    {"size", VALUE_NUMBER}, {"budget", VALUE_MONEY}, {"color", VALUE_TEXT},
    {"tags", VALUE_LIST},   {"due", VALUE_MOMENT},   {"vip", VALUE_BOOL}};

const char *const twin_channel[TWIN_CHANNELS] = {"email", "sms"};
const char *const twin_purpose[TWIN_PURPOSES] = {"news", "offers"};

struct twin_name twin_property_name(int property)
{
    static const char *const builtin[] = {"day",  "week",    "weekday",
                                          "hour", "channel", "member"};

    if (property < TWIN_PROPERTIES)
        return twin_property[property];
    return (struct twin_name){builtin[property - TWIN_PROPERTIES],
                              property < TWIN_CHANNEL ? VALUE_NUMBER : VALUE_TEXT};
}

static const char *const op_text[] = {"<", "<=", ">", ">=", "=", "!="};
static const enum twin_op op_mirrored[] = {OP_GREATER,    OP_GREATER_EQUAL, OP_LESS,
                                           OP_LESS_EQUAL, OP_EQUAL,         OP_UNEQUAL};

static void print_literal(const struct twin *t, const struct value *v, struct buf *to)
{
    switch (v->type) {
    case VALUE_NUMBER:
        num_print(to, v->number);
        return;
    case VALUE_TEXT:
        buf_add_format(to, "\"%.*s\"", STR_FMT(v->text));
        return;
    case VALUE_BOOL:
        buf_add(to, v->truth ? STR("true") : STR("false"));
        return;
    case VALUE_MOMENT:
        moment_print_day(to, t->zone, v->number);
        return;
    case VALUE_LENGTH:
        length_print(to, (struct length){.ms = v->number});
        return;
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_MONEY:
    case VALUE_LIST:
        break;
    }
    abort();
}

static void print_window(const struct twin *t, const struct twin_window *w,
                         struct buf *to)
{
    switch (w->kind) {
    case TWIN_ALWAYS:
        return;
    case TWIN_LENGTHS:
        buf_add(to, STR(", "));
        if (w->band) {
            length_print(to, w->from);
            buf_add(to, STR(".."));
        }
        length_print(to, w->to);
        return;
    case TWIN_DATES:
        buf_add(to, STR(", from "));
        moment_print_day(to, t->zone, w->date_from);
        buf_add(to, STR(" to "));
        moment_print_day(to, t->zone, w->date_to - 1);
        return;
    case TWIN_STAY:
        buf_add(to, STR(", stage"));
        return;
    }
}

static void print_pattern(const struct twin *t, const struct twin_pattern *p,
                          struct buf *to)
{
    buf_add(to, p->type < 0 ? STR("any") : str_of(twin_type[p->type]));
    if (p->property >= 0)
        buf_add_format(to, ".%s", twin_property_name(p->property).name);
    if (p->where) {
        buf_add(to, STR(" where "));
        twin_print(t, p->where, to);
    }
}

static void print_call(const struct twin *t, const struct twin_node *n, struct buf *to)
{
    static const char *const name[] = {"count", "exists", "sum",      "avg",
                                       "min",   "max",    "distinct", "first",
                                       "last",  "since",  "age"};

    buf_add_format(to, "%s(", n->kind == TWIN_SEQUENCE ? "sequence" : name[n->function]);
    for (int i = 0; i < n->step_n; i++) {
        if (i)
            buf_add(to, STR(", "));
        print_pattern(t, &n->step[i], to);
        if (i) {
            buf_add(to, STR(" within "));
            length_print(to, n->step[i].within);
        }
    }
    print_window(t, &n->window, to);
    buf_add_char(to, ')');
}

static void print_pair(const struct twin *t, const struct twin_node *n, const char *op,
                       struct buf *to)
{
    buf_add_char(to, '(');
    twin_print(t, n->left, to);
    buf_add_format(to, " %s ", op);
    twin_print(t, n->right, to);
    buf_add_char(to, ')');
}

static void print_comparison(const struct twin *t, const struct twin_node *n,
                             struct buf *to)
{
    enum twin_op op = n->mirrored ? op_mirrored[n->op] : n->op;

    if (n->kind == TWIN_COMPARE) {
        twin_print(t, n->mirrored ? n->right : n->left, to);
        buf_add_format(to, " %s ", op_text[op]);
        twin_print(t, n->mirrored ? n->left : n->right, to);
    } else if (n->mirrored) {
        length_print(to, n->length);
        buf_add_format(to, " %s ", op_text[op]);
        twin_print(t, n->left, to);
    } else {
        twin_print(t, n->left, to);
        buf_add_format(to, " %s ", op_text[op]);
        length_print(to, n->length);
    }
}

/* What stands behind a value: is missing, in (..), contains, starts with. */
static void print_test(const struct twin *t, const struct twin_node *n, struct buf *to)
{
    twin_print(t, n->left, to);
    if (n->kind == TWIN_IS_MISSING) {
        buf_add(to, n->negate ? STR(" is not missing") : STR(" is missing"));
        return;
    }
    buf_add(to, n->kind == TWIN_CONTAINS ? STR(" contains ")
                : n->kind == TWIN_STARTS ? STR(" starts with ")
                : n->negate              ? STR(" not in (")
                                         : STR(" in ("));
    for (int i = 0; i < n->item_n; i++) {
        if (i)
            buf_add(to, STR(", "));
        print_literal(t, &n->item[i], to);
    }
    if (n->kind == TWIN_IN)
        buf_add_char(to, ')');
}

static void print_value(const struct twin *t, const struct twin_node *n, struct buf *to)
{
    static const char *const tells[TWIN_TELLS] = {"channel",  "source",   "medium",
                                                  "campaign", "referrer", "page"};
    const char *trait = n->index < TWIN_PROPERTIES ? twin_trait[n->index].name : "";

    switch ((int)n->kind) {
    case TWIN_LITERAL:
        print_literal(t, &n->item[0], to);
        return;
    case TWIN_PROPERTY:
        buf_add(to, str_of(twin_property_name(n->index).name));
        return;
    case TWIN_TRAIT:
        buf_add_format(to, "trait.%s", trait);
        return;
    case TWIN_UNTIL:
        buf_add_format(to, "until(trait.%s)", trait);
        return;
    case TWIN_SINCE_TRAIT:
        buf_add_format(to, "since(trait.%s)", trait);
        return;
    case TWIN_ANNIVERSARY:
        buf_add_format(to, "anniversary(trait.%s, ", trait);
        length_print(to, n->length);
        buf_add_char(to, ')');
        return;
    case TWIN_STAGE:
        buf_add(to, STR("stage"));
        return;
    case TWIN_PREVIOUS:
        buf_add(to, STR("previous_stage"));
        return;
    case TWIN_BESIDE:
        buf_add_format(to, "lifecycle.life%d.stage", n->index);
        return;
    case TWIN_IN_STAGE:
        buf_add(to, STR("time_in_stage"));
        return;
    case TWIN_TIMES_IN:
        buf_add_format(to, "times_in(\"stage%d\")", n->index);
        return;
    case TWIN_ACQUISITION:
        buf_add_format(to, "acquisition.%s", tells[n->index]);
        return;
    case TWIN_ACCOUNT:
        buf_add(to, STR("account"));
        return;
    case TWIN_CONSENT:
        buf_add_format(to, "consent.%s.%s", twin_channel[n->index % TWIN_CHANNELS],
                       twin_purpose[n->index / TWIN_CHANNELS]);
        return;
    case TWIN_SEGMENT:
        buf_add_format(to, "segment.segment%d", n->index);
        return;
    case TWIN_SCORE:
        buf_add_format(to, "score.score%d", n->index);
        return;
    default:
        print_call(t, n, to);
    }
}

void twin_print(const struct twin *t, const struct twin_node *n, struct buf *to)
{
    switch ((int)n->kind) {
    case TWIN_AND:
        print_pair(t, n, "and", to);
        return;
    case TWIN_OR:
        print_pair(t, n, "or", to);
        return;
    case TWIN_ADD:
        print_pair(t, n, "+", to);
        return;
    case TWIN_SUB:
        print_pair(t, n, "-", to);
        return;
    case TWIN_MUL:
        print_pair(t, n, "*", to);
        return;
    case TWIN_DIV:
        print_pair(t, n, "/", to);
        return;
    case TWIN_NOT:
    case TWIN_NEGATE:
        buf_add(to, n->kind == TWIN_NOT ? STR("not (") : STR("-("));
        twin_print(t, n->left, to);
        buf_add_char(to, ')');
        return;
    case TWIN_TRUTH:
        twin_print(t, n->left, to);
        return;
    case TWIN_COMPARE:
    case TWIN_GROWS:
        print_comparison(t, n, to);
        return;
    case TWIN_IN:
    case TWIN_IS_MISSING:
    case TWIN_CONTAINS:
    case TWIN_STARTS:
        print_test(t, n, to);
        return;
    default:
        print_value(t, n, to);
    }
}

/* --- the model --- */

static void print_names(const struct twin_name *name, struct buf *to)
{
    buf_add(to, STR("{ "));
    for (int i = 0; i < TWIN_PROPERTIES; i++)
        buf_add_format(to, "%s%s: %.*s", i ? ", " : "", name[i].name,
                       STR_FMT(value_type_name(name[i].type)));
    buf_add(to, STR(" }"));
}

const char *const twin_source[TWIN_SOURCE_NAMES] = {"crm", "shop", "the web", "Shop"};

static void print_traits(const struct twin *t, struct buf *to)
{
    buf_add(to, STR("traits:\n"));
    for (int i = 0; i < TWIN_PROPERTIES; i++) {
        const struct twin_keep *keep = &t->m.keep[i];

        buf_add_format(to, "  %s: { type: %.*s", twin_trait[i].name,
                       STR_FMT(value_type_name(twin_trait[i].type)));
        if (keep->kind == TWIN_FIRST_SAID)
            buf_add(to, STR(", keep: first"));
        for (int k = 0; k < keep->source_n; k++)
            buf_add_format(to, "%s%s", k ? ", " : ", keep: [",
                           twin_source[keep->source[k]]);
        buf_add(to, keep->source_n ? STR("] }\n") : STR(" }\n"));
    }
}

static void print_rule(const struct twin *t, const struct twin_node *n, struct buf *to)
{
    buf_add(to, STR("when: >-\n            "));
    twin_print(t, n, to);
    buf_add_char(to, '\n');
}

static void print_way(const struct twin *t, const struct twin_way *way, struct buf *to)
{
    buf_add(to, STR("      - from: "));
    if (!way->from_n)
        buf_add(to, STR("any"));
    for (int k = 0; k < way->from_n; k++)
        buf_add_format(to, "%sstage%d", k ? ", " : "[", way->from[k]);
    buf_add_format(to, "%s\n        to: stage%d\n        ", way->from_n ? "]" : "",
                   way->to);
    print_rule(t, way->when, to);
}

/* One alone stands under `lifecycle:`, several under their names. */
static void print_life(const struct twin *t, int number, struct buf *to)
{
    const struct twin_life *l = &t->m.life[number];

    if (t->m.life_n == 1)
        buf_add(to, STR("lifecycle:\n"));
    else
        buf_add_format(to, "  life%d:\n", number);
    if (l->who) {
        buf_add(to, STR("    for: >-\n          "));
        twin_print(t, l->who, to);
        buf_add_char(to, '\n');
    }
    buf_add(to, STR("    start: stage0\n    stages:\n"));
    for (int s = 0; s < l->stage_n; s++)
        buf_add_format(to, "      stage%d: {}\n", s);
    if (l->way_n)
        buf_add(to, STR("    moves:\n"));
    for (int i = 0; i < l->way_n; i++)
        print_way(t, &l->way[i], to);
}

static void print_scores(const struct twin *t, struct buf *to)
{
    if (t->m.score_n)
        buf_add(to, STR("scores:\n"));
    for (int i = 0; i < t->m.score_n; i++) {
        const struct twin_score *s = &t->m.score[i];

        buf_add_format(to, "  score%d:\n    from: ", i);
        num_print(to, s->from);
        buf_add(to, STR("\n    to: "));
        num_print(to, s->high);
        buf_add(to, STR("\n    parts:\n"));
        for (int k = 0; k < s->part_n; k++) {
            buf_add_format(to, "      - name: part%d\n        points: ", k);
            num_print(to, s->points[k]);
            buf_add(to, STR("\n        "));
            print_rule(t, s->when[k], to);
        }
    }
}

void twin_print_model(const struct twin *t, str currency, struct buf *to)
{
    str zone = zone_name(t->zone);

    buf_add_format(to,
                   "ciclo: 1\n"
                   "workspace: { name: Twin, currency: %.*s, timezone: %.*s }\n"
                   "events:\n",
                   STR_FMT(currency), STR_FMT(zone));
    for (int i = 0; i < TWIN_TYPES; i++) {
        buf_add_format(to, "  %s: { %sproperties: ", twin_type[i],
                       i == 0   ? "from: [\"Order Completed\"], "
                       : i == 2 ? "passive: true, "
                                : "");
        print_names(twin_property, to);
        buf_add(to, STR(" }\n"));
    }
    print_traits(t, to);
    if (t->m.life_n > 1)
        buf_add(to, STR("lifecycles:\n"));
    for (int i = 0; i < t->m.life_n; i++)
        print_life(t, i, to);
    if (t->m.segment_n)
        buf_add(to, STR("segments:\n"));
    for (int i = 0; i < t->m.segment_n; i++) {
        buf_add_format(to, "  segment%d:\n    ", i);
        print_rule(t, t->m.segment[i], to);
    }
    print_scores(t, to);
}
