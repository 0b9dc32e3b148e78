/* groups.c - rules out of two patterns and a few lengths.
 *
 * A customer is reactivated from the purchase on that ends a silence in which he lapsed, until he is
 * at risk again, or that purchase is as old as those of customers at risk. Lapsed comes after at risk,
 * so that it is the first one of that time, and the one before it the last one before that time. */
#include "segment/groups.h"

#include "base/time.h"

static const struct {
    str name, description;
} group[] = {
#define X(name, text, what) {STR(text), STR(what)},
    BUYER_GROUPS(X)
#undef X
};

str group_name(enum buyer_group g)
{
    return group[g].name;
}

str group_description(enum buyer_group g)
{
    return group[g].description;
}

/* What the entry says, or what holds without it. */
struct terms {
    str purchase, registered;
    str frequent, within;
    struct length risk, lapsed;
};

static bool get_length(const struct yaml *map, str key, const char *otherwise,
                       struct length *out, struct err *err)
{
    const struct yaml *at = yaml_find(map, key);
    str text;

    if (!yaml_get_text(map, key, &text, err))
        return false;
    if (length_parse(text.n ? text : str_of(otherwise), out, err))
        return true;
    if (err->code == ERR_INPUT && at)
        yaml_err_in_scalar(at, err);
    return false;
}

static bool get_pattern(const struct yaml *map, str key, const struct yaml **out,
                        str *text, struct err *err)
{
    *out = yaml_find(map, key);
    return yaml_get_text(map, key, text, err);
}

static bool get_times(const struct yaml *map, str *out, struct err *err)
{
    const struct yaml *at = yaml_find(map, STR("frequent"));
    bool ok = true;

    if (!yaml_get_text(map, STR("frequent"), out, err))
        return false;
    if (!out->n)
        *out = STR("5");
    for (size_t i = 0; i < out->n; i++)
        ok &= out->p[i] >= (i ? '0' : '1') && out->p[i] <= '9';
    return (ok && out->n < 7)
           || err_at(err, at->line, at->column,
                     "\"frequent\" is how many purchases make somebody frequent, such as "
                     "5");
}

/* The silence that makes somebody lapse is also measured between two purchases, which is done in
 * fixed lengths. */
static bool check_order(const struct yaml *node, const struct terms *t, struct err *err)
{
    const struct yaml *at = yaml_find(node, STR("lapsed_after"));

    at = at ? at : yaml_find(node, STR("at_risk_after"));
    at = at ? at : node;
    if (t->risk.months || t->lapsed.months)
        return err_at(
            err, at->line, at->column,
            "at_risk_after and lapsed_after are of days or weeks, such as 90d or "
            "26w: months are not all of the same length");
    return t->risk.ms < t->lapsed.ms
           || err_at(
               err, at->line, at->column,
               "lapsed_after must be longer than at_risk_after: who is lapsed was at "
               "risk before");
}

static bool parse_terms(const struct yaml *node, struct terms *t,
                        struct buyer_groups *out, struct err *err)
{
    static const str keys[] = {STR("purchase"),      STR("registered"),
                               STR("frequent"),      STR("frequent_within"),
                               STR("at_risk_after"), STR("lapsed_after")};
    struct length within;

    if (node->type != YAML_MAP)
        return err_at(err, node->line, node->column,
                      "groups have the form { purchase: EVENT }");
    if (!yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "groups", err)
        || !get_pattern(node, STR("purchase"), &out->purchase, &t->purchase, err)
        || !get_pattern(node, STR("registered"), &out->registered, &t->registered, err)
        || !get_times(node, &t->frequent, err)
        || !get_length(node, STR("frequent_within"), "1y", &within, err)
        || !get_length(node, STR("at_risk_after"), "90d", &t->risk, err)
        || !get_length(node, STR("lapsed_after"), "180d", &t->lapsed, err))
        return false;
    if (!t->purchase.n)
        return err_at(err, node->line, node->column,
                      "groups need `purchase`: which event is one");
    yaml_get_text(node, STR("frequent_within"), &t->within, err);
    if (!t->within.n)
        t->within = STR("1y");
    return check_order(node, t, err);
}

static void add_call(struct buf *b, const char *function, str pattern)
{
    buf_add_format(b, "%s(%.*s", function, STR_FMT(pattern));
}

static void print_reactivated(const struct terms *t, struct buf *b)
{
    add_call(b, "first", t->purchase);
    buf_add(b, STR(", "));
    length_print(b, t->risk);
    add_call(b, ") - last", t->purchase);
    buf_add(b, STR(", "));
    length_print(b, t->risk);
    buf_add(b, STR("..9999y) >= "));
    length_print(b, t->lapsed);
}

static void print_rule(enum buyer_group g, const struct terms *t, struct buf *b)
{
    switch (g) {
    case BUYERS_REGISTERED_NOT_BOUGHT:
        add_call(b, "exists", t->registered);
        add_call(b, ") and not exists", t->purchase);
        buf_add(b, STR(")"));
        return;
    case BUYERS_FIRST_TIME:
        add_call(b, "count", t->purchase);
        buf_add(b, STR(") = 1"));
        return;
    case BUYERS_REPEAT:
        add_call(b, "count", t->purchase);
        buf_add(b, STR(") >= 2"));
        return;
    case BUYERS_FREQUENT:
        add_call(b, "count", t->purchase);
        buf_add_format(b, ", %.*s) >= %.*s", STR_FMT(t->within), STR_FMT(t->frequent));
        return;
    case BUYERS_AT_RISK:
        add_call(b, "since", t->purchase);
        buf_add(b, STR(") >= "));
        length_print(b, t->risk);
        add_call(b, " and since", t->purchase);
        buf_add(b, STR(") < "));
        length_print(b, t->lapsed);
        return;
    case BUYERS_LAPSED:
        add_call(b, "since", t->purchase);
        buf_add(b, STR(") >= "));
        length_print(b, t->lapsed);
        return;
    case BUYERS_REACTIVATED:
        print_reactivated(t, b);
        return;
    case BUYER_GROUPS_END:
        return;
    }
}

bool groups_parse(const struct yaml *node, struct arena *a, struct buyer_groups *out,
                  struct err *err)
{
    struct terms t = {};

    *out = (struct buyer_groups){};
    if (!node)
        return true;
    if (!parse_terms(node, &t, out, err))
        return false;
    for (int g = 0; g < BUYER_GROUPS_END; g++) {
        struct yaml *when = arena_new(a, struct yaml);
        struct buf rule = {};

        if (g == BUYERS_REGISTERED_NOT_BOUGHT && !t.registered.n)
            continue;
        print_rule((enum buyer_group)g, &t, &rule);
        if (when)
            *when = (struct yaml){.type = YAML_SCALAR,
                                  .line = node->line,
                                  .column = node->column,
                                  .text = arena_str(a, buf_str(&rule)),
                                  .plain = true};
        if (!when || rule.failed || !when->text.p) {
            buf_free(&rule);
            return err_nomem(err);
        }
        buf_free(&rule);
        when->source = when->text;
        out->when[g] = when;
    }
    return true;
}
