/* model_worths.c - value.x: every way of asking gives what counting all purchases anew gives, in
 * calendars with all that clocks do, by several fits; and an answer stays as long as it says. */
#include "base/num.h"
#include "base/tune.h"
#include "engine/fits.h"
#include "rule/scan.h"
#include "support/unit.h"
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FITS = 3, AHEAD = 500 /* days that are asked one by one */ };

enum form { ALONE, MIRRORED, TWICE, MISSING };
struct trial {
    struct world *w;
    struct twin t;
    struct kept_fit kept[FITS];
    struct rule_fit fit[FITS];
    int fit_n;
    enum rule_worth what;
    enum form form;
    int op;
    int64_t number; /* fixed point */
    struct model *model;
    struct rule_ref rule;
};

static const char *const op_text[] = {"<", "<=", ">", ">=", "=", "!="};

/* --- by chance --- */

static double above_0(struct random *r, double most)
{
    return (1 + (double)random_below(r, 1000)) / 1000 * most;
}

/* Parameters such as fits have; the limits among them. */
static void random_fit(struct trial *x, struct kept_fit *k)
{
    static const char *const event[] = {"a", "b where f", "any", "a.m", "never"};
    static const char *const value[] = {"m", "x", "", "", "m"};
    static const enum value_model kinds[] = {VALUE_NBD, VALUE_BG_NBD, VALUE_MBG_NBD,
                                             VALUE_MBG_CNBD_K, VALUE_PARETO_NBD};
    struct random *r = x->w->chance;
    int of = twin_roll(r, 12) ? twin_roll(r, 4) : 4;
    double *p = k->model.bgnbd.parameter;

    *k = (struct kept_fit){.event = str_of(event[of]), .value = str_of(value[of])};
    k->has_spending = of != 2;
    k->unit = STR("week");
    k->customers = 7;
    k->model.kind = kinds[twin_roll(r, 5)];
    if (k->model.kind == VALUE_PARETO_NBD) {
        p = k->model.pareto.parameter;
        k->model.pareto.unit_days = 7;
        k->model.pareto.death = (enum pareto_side)twin_roll(r, 3);
    } else {
        k->model.bgnbd.unit_days = 7;
        k->model.bgnbd.k =
            k->model.kind == VALUE_MBG_CNBD_K ? 1 + (unsigned)twin_roll(r, 3) : 1;
        k->model.bgnbd.at_once =
            k->model.kind == VALUE_MBG_NBD || k->model.kind == VALUE_MBG_CNBD_K;
        k->model.bgnbd.dropout = k->model.kind == VALUE_NBD
                                     ? DROPOUT_NONE
                                     : (enum bgnbd_dropout)(1 + twin_roll(r, 2));
        k->model.bgnbd.rate = twin_roll(r, 4) ? RATE_GAMMA : RATE_SAME;
    }
    for (size_t i = 0; i < repeat_parameter_n(&k->model); i++)
        p[i] = above_0(r, i == 1 ? 8 : 2);
    k->spending = (struct gamma_gamma){above_0(r, 6), above_0(r, 4), above_0(r, 9)};
}

static void random_rule(struct trial *x)
{
    struct random *r = x->w->chance;

    x->what = (enum rule_worth)twin_roll(r, WORTHS_END);
    x->form = (enum form)(twin_roll(r, 6) ? twin_roll(r, 2) : 2 + twin_roll(r, 2));
    x->op = twin_roll(r, twin_roll(r, 5) ? 4 : 6);
    x->number = x->what == WORTH_CLV_12MO
                    ? (int64_t)random_below(r, 40) * NUM_ONE / 4
                    : (int64_t)random_below(r, 1000) * NUM_ONE / 1000;
}

static void print_rule(const struct trial *x, struct buf *to)
{
    static const char *const mirrored[] = {">", ">=", "<", "<=", "=", "!="};
    static const char *const names[] = {
#define X(name, text) "value." text,
        RULE_WORTHS(X)
#undef X
    };
    const char *name = names[x->what];

    if (x->form == MISSING) {
        buf_add_format(to, "%s is missing", name);
        return;
    }
    if (x->form == MIRRORED) {
        num_print(to, x->number);
        buf_add_format(to, " %s %s", mirrored[x->op], name);
        return;
    }
    buf_add_format(to, "%s%s %s ", name, x->form == TWICE ? " * 2" : "", op_text[x->op]);
    num_print(to, x->number);
}

static void open_trial(struct trial *x, const struct catalog *catalog)
{
    struct random *r = x->w->chance;
    struct kept_fits fits = {.row = x->fit};
    struct buf text = {}, rule = {};
    struct err err;
    int32_t day = day_of_moment(x->w->zone, x->w->turn_ms);

    world_twin(x->w, 1, &x->t);
    x->fit_n = 1 + twin_roll(r, FITS);
    day -= twin_roll(r, 100);
    for (int i = 0; i < x->fit_n; i++) {
        struct buf said = {};

        random_fit(x, &x->kept[i]);
        kept_print(&x->kept[i], &said);
        x->fit[i] =
            (struct rule_fit){day, x->kept[i].event, x->kept[i].value,
                              arena_str(&x->w->arena, buf_str(&said)), &x->kept[i]};
        day += 1 + twin_roll(r, 60);
        buf_free(&said);
    }
    fits.n = (uint32_t)x->fit_n;
    random_rule(x);
    twin_print_model(&x->t, x->w->currency, &text);
    print_rule(x, &rule);
    if (!model_compile_with(io_system(), buf_str(&text), catalog, &fits, &x->model, &err)
        || !program_add(x->model->program, buf_str(&rule), RULE_CONDITION, &x->rule,
                        &err))
        fail_msg("%.*s: %s", STR_FMT(buf_str(&rule)), err.msg);
    buf_free(&text);
    buf_free(&rule);
}

/* --- counted anew --- */

struct counted {
    int x;
    int32_t first, last;
    double spent;
};

static bool is_bought(const struct twin_view *v, const struct event *e, str event)
{
    struct twin_view of = *v;
    bool is_a = str_eq(e->type, STR("a")) || str_eq(e->type, STR("Order Completed")),
         is_b = str_eq(e->type, STR("b"));
    struct value said;

    of.event = e;
    if (str_eq(event, STR("a")))
        return is_a;
    if (str_eq(event, STR("any")))
        return is_a || is_b;
    said = twin_value(&of,
                      &(struct twin_node){.kind = TWIN_PROPERTY, .index = is_a ? 1 : 5});
    return str_eq(event, STR("a.m")) ? is_a && said.type == VALUE_MONEY
           : is_b                    ? said.type == VALUE_BOOL && said.truth
                                     : false;
}

/* False: he has not bought. */
static bool count(const struct twin_view *v, const struct kept_fit *k,
                  struct counted *out)
{
    double major = pow(10, v->t->decimals);
    __int128 spent = 0;
    bool any = false, money = str_eq(k->value, STR("m")) || str_eq(k->event, STR("a.m"));

    *out = (struct counted){};
    for (int i = 0; i < v->c->n && v->c->event[i].at_ms <= v->at_ms; i++) {
        const struct event *e = &v->c->event[i];
        int32_t day = day_of_moment(v->t->zone, e->at_ms);
        struct twin_view of = *v;
        struct value said;

        if (!is_bought(v, e, k->event))
            continue;
        if (!any)
            out->first = out->last = day;
        any = true;
        out->x += day > out->last;
        out->last = day > out->last ? day : out->last;
        of.event = e;
        said = twin_value(
            &of, &(struct twin_node){.kind = TWIN_PROPERTY, .index = money ? 1 : 0});
        if (said.type != VALUE_MISSING && out->last > out->first)
            spent += said.number;
    }
    out->spent = (double)spent / (money ? major : (double)NUM_ONE);
    return any;
}

/* Fixed point, or minor units. */
static struct value worth(const struct trial *x, const struct twin_view *v)
{
    const struct zone *z = v->t->zone;
    const struct kept_fit *k = NULL;
    struct counted c;
    int32_t day = day_of_moment(z, zone_day(z, v->at_ms - 1, 0));
    struct value out = {.type = VALUE_NUMBER};
    double d;

    for (int i = 0; i < x->fit_n; i++)
        if (!str_eq(x->fit[i].event, STR("never"))
            && zone_moment(z, (x->fit[i].until_day + 1) * MS_DAY) <= v->at_ms)
            k = &x->kept[i];
    if (!k || !count(v, k, &c))
        return (struct value){.type = VALUE_MISSING};
    day = day > c.last ? day : c.last;
    d = x->what == WORTH_CHURN_90D
            ? repeat_no_purchase(&k->model, (uint32_t)c.x, c.last - c.first,
                                 day - c.first, 90)
            : repeat_alive(&k->model, (uint32_t)c.x, c.last - c.first, day - c.first);
    if (x->what == WORTH_CLV_12MO) {
        struct spending s = {};

        if (c.x > 0 && c.spent > 0)
            s = (struct spending){(uint32_t)c.x, c.spent / c.x};
        d = repeat_expected(&k->model, (uint32_t)c.x, c.last - c.first, day - c.first,
                            365)
            * (k->has_spending ? gamma_gamma_expected(&k->spending, s) : NAN);
        out.type = VALUE_MONEY;
        d = round(d * pow(10, v->t->decimals));
        out.number = isfinite(d) ? (int64_t)d : 0;
    } else {
        assert_true(num_from_double(d, &out.number));
    }
    return isfinite(d) ? out : (struct value){.type = VALUE_MISSING};
}

static bool twin_says(const struct trial *x, const struct twin_view *v)
{
    struct value now = worth(x, v);
    __int128 a = now.number, b = x->number;

    if (x->form == MISSING)
        return now.type == VALUE_MISSING;
    if (now.type == VALUE_MISSING)
        return false;
    if (now.type == VALUE_MONEY)
        for (int i = v->t->decimals; i < 6; i++)
            a *= 10;
    a *= x->form == TWICE ? 2 : 1;
    return x->op == 0   ? a < b
           : x->op == 1 ? a <= b
           : x->op == 2 ? a > b
           : x->op == 3 ? a >= b
           : x->op == 4 ? a == b
                        : a != b;
}

/* The first moment at which it says something else, if nothing more happens: among those behind the
 * midnights, and the beginnings of fits; `looked`: up to which. */
static int64_t first_change(const struct trial *x, const struct twin_view *v,
                            int64_t *looked)
{
    const struct zone *z = v->t->zone;
    struct twin_customer known = *v->c;
    struct twin_view later = *v;
    bool now = twin_says(x, v);

    while (known.n && known.event[known.n - 1].at_ms > v->at_ms)
        known.n--;
    later.c = &known;
    for (int n = 0; n < AHEAD; n++) {
        int64_t behind = zone_day(z, later.at_ms - 1, 1) + 1;
        bool is_fit = false;

        for (int i = 0; i < x->fit_n; i++)
            is_fit |= zone_moment(z, (x->fit[i].until_day + 1) * MS_DAY) == behind - 1;
        later.at_ms = is_fit && later.at_ms < behind - 1 ? behind - 1 : behind;
        *looked = later.at_ms;
        if (twin_says(x, &later) != now)
            return later.at_ms;
    }
    return MOMENT_NEVER;
}

/* --- held against --- */

static void refute(const struct trial *x, const struct twin_view *v, const char *which,
                   struct answer a, bool wanted, int64_t change)
{
    struct buf b = {};

    for (int i = 0; i < x->fit_n; i++)
        buf_add_format(&b, "fit %d: %.*s", x->fit[i].until_day, STR_FMT(x->fit[i].text));
    print_rule(x, &b);
    buf_add(&b, STR("\nat "));
    moment_print(&b, v->at_ms);
    buf_add_format(&b, " in %.*s, %s: %d until ", STR_FMT(zone_name(v->t->zone)), which,
                   a.value.truth);
    if (a.holds_until_ms == MOMENT_NEVER)
        buf_add(&b, STR("never"));
    else
        moment_print(&b, a.holds_until_ms);
    buf_add_format(&b, "; twin: %d until ", wanted);
    if (change == MOMENT_NEVER)
        buf_add(&b, STR("later"));
    else
        moment_print(&b, change);
    buf_add_char(&b, '\n');
    world_print_customer(v->c, &b);
    world_show(&b);
    fail_msg("another answer");
}

/* Or the end is looked for day by day, for two hundred years. */
static bool ends_at_once(const struct trial *x)
{
    bool falls = true;

    for (int i = 0; i < x->fit_n; i++)
        falls &= kept_worth_goes_one_way(&x->kept[i], x->what);
    return falls && x->form <= MIRRORED && x->op < 4;
}

static void compare(const struct trial *x, struct cursor *cursor,
                    const struct twin_view *v)
{
    static const uint32_t times_in[TWIN_STAGES_MAX];
    const struct situation s = {.at_ms = v->at_ms,
                                .stage = STAGE_NONE,
                                .previous_stage = STAGE_NONE,
                                .times_in = times_in};
    struct twin_view later = *v;
    bool wanted = twin_says(x, v);
    int64_t looked, change = first_change(x, v, &looked), until;
    struct answer a, exact;
    struct err err;
    uint32_t place;

    a = cursor_ask(cursor, x->rule, &s);
    if (a.value.truth != wanted || a.holds_until_ms <= v->at_ms
        || a.holds_until_ms > change)
        refute(x, v, "cheap", a, wanted, change);
    if (ends_at_once(x))
        assert_true(cursor_ask_exact(cursor, x->rule, &s, &exact, &err));
    if (ends_at_once(x)
        && (exact.value.truth != wanted
            || (change == MOMENT_NEVER ? exact.holds_until_ms <= looked
                                       : exact.holds_until_ms != change)))
        refute(x, v, "exact", exact, wanted, change);
    place = cursor_ask_ahead(cursor, &x->rule, 1, &s, &until);
    a = (struct answer){.value = {.type = VALUE_BOOL, .truth = place == 0},
                        .holds_until_ms = until};
    if (a.value.truth != wanted || until <= v->at_ms)
        refute(x, v, "ahead", a, wanted, change);
    for (int k = 0; k < 4; k++) {
        uint64_t more =
            until == MOMENT_NEVER ? 400 * (uint64_t)MS_DAY : (uint64_t)(until - v->at_ms);

        later.at_ms = k ? v->at_ms + (int64_t)random_below(x->w->chance, more)
                        : v->at_ms + (int64_t)more - 1;
        if (twin_says(x, &later) != wanted)
            refute(x, &later, "promised ahead", a, !wanted, change);
    }
}

static void compare_all(const struct trial *x, const struct chunk *chunk)
{
    struct random *r = x->w->chance;
    struct cursor *cursor;
    struct scan *scan;
    struct bits fit;
    int64_t at_ms = chunk->at_ms[random_below(r, chunk->event_n)];
    struct err err;

    assert_true(cursor_new(x->model->program, &cursor, &err));
    assert_true(scan_new(x->model->program, x->rule, &scan, &err));
    if (twin_roll(r, 2))
        at_ms = zone_day(x->w->zone, at_ms, twin_roll(r, 9)) + twin_roll(r, 3) - 1;
    assert_true(
        scan_chunk(scan, chunk, SCAN_SPAN_ANY, at_ms, NULL, NULL, &fit, NULL, &err));
    for (int c = 0; c < x->w->customer_n; c++) {
        struct timeline timeline = timeline_of(chunk, (uint32_t)c);
        struct twin_view v = {.t = &x->t, .c = &x->w->customer[c], .at_ms = at_ms};

        if (bits_has(&fit, (uint32_t)c) != twin_says(x, &v))
            refute(x, &v, "scan",
                   (struct answer){.value.truth = bits_has(&fit, (uint32_t)c)},
                   twin_says(x, &v), MOMENT_NEVER);
        assert_true(cursor_start(cursor, &timeline, &err));
        v.at_ms = v.c->event[twin_roll(r, v.c->n)].at_ms;
        for (int k = 0; k < 4; k++) {
            compare(x, cursor, &v);
            v.at_ms +=
                twin_roll(r, 3) ? (int64_t)random_below(r, 40 * MS_DAY) : twin_roll(r, 3);
        }
    }
    scan_free(scan);
    cursor_free(cursor);
}

TEST(what_somebody_is_worth_is_counted_anew_and_stays_as_long_as_it_says)
{
    struct random random = chance();
    size_t worlds = chance_rounds(20);

    for (size_t i = 0; i < worlds; i++) {
        struct world w;
        struct catalog catalog;
        struct chunk *chunk;

        world_open(&w, CHUNK_CUSTOMERS, &random);
        world_catalog(&w, &catalog);
        world_chunk(&w, &catalog, 0, w.customer_n, &chunk);
        for (int k = 0; k < 10; k++) {
            struct trial x = {.w = &w};

            open_trial(&x, &catalog);
            compare_all(&x, chunk);
            model_free(x.model);
        }
        chunk_free(chunk);
        catalog_free(&catalog);
        world_close(&w);
    }
}
