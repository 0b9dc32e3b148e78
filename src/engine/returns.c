#include "engine/returns_impl.h"

#include "base/num.h"
#include "engine/attribution.h"
#include "engine/rates.h"
#include "engine/spend.h"

#include <stdlib.h>
#include <string.h>

/* --- what is asked --- */

static bool one_pattern(struct program *p, str text, struct pick *out, bool *has,
                        str *wrong, struct err *err)
{
    uint32_t n;

    *has = text.n > 0;
    *wrong = text;
    if (*has && !picks_add(p, text, out, 1, &n, err))
        return false;
    *wrong = STR("");
    return true;
}

static bool add_value(const struct returns_question *q, struct program *p,
                      struct returns_plan *plan, str *wrong, struct err *err)
{
    plan->has_value = q->value.n > 0;
    if (!plan->has_value)
        return true;
    if (!plan->has_event)
        return err_set(err, ERR_INPUT,
                       "%.*s of which event? Say the event, such as purchase",
                       STR_FMT(q->value));
    *wrong = q->value;
    if (!picks_add_property(p, plan->event, q->value, &plan->value, err))
        return false;
    *wrong = STR("");
    return plan->value.type == VALUE_NUMBER || plan->value.type == VALUE_MONEY
           || err_set(err, ERR_INPUT,
                      "%.*s is a %.*s: only numbers and money can be summed",
                      STR_FMT(q->value), STR_FMT(value_type_name(plan->value.type)));
}

static bool add_list(const struct returns_question *q, struct returns_plan *plan,
                     struct err *err)
{
    static const struct {
        str name;
        enum returns_list list;
    } as[] = {{STR("won"), RETURNS_LIST_WON},
              {STR("reached"), RETURNS_LIST_REACHED},
              {STR("events"), RETURNS_LIST_EVENTS}};

    if (!q->list.n)
        return true;
    if (q->list_campaign.n && !q->by_campaign)
        return err_set(err, ERR_INPUT, "a campaign's customers: count by campaign");
    plan->list_channel = q->list;
    plan->list_campaign = q->list_campaign;
    for (size_t i = 0; i < sizeof as / sizeof *as; i++)
        if (str_eq(q->list_as.n ? q->list_as : as[0].name, as[i].name)) {
            plan->list = as[i].list;
            return true;
        }
    return err_set(err, ERR_INPUT,
                   "a channel's customers are listed as won, reached or events");
}

static bool plan_of(const struct engine *e, const struct returns_question *q,
                    struct program *p, struct arena *a, struct returns_plan *plan,
                    str *wrong, struct err *err)
{
    const bool *named;

    *plan = (struct returns_plan){
        .program = p,
        .source = {.channels = engine_model(e)->channels, .by_campaign = q->by_campaign},
        .by_last = q->by_last,
        .from_ms = q->scope.from_ms,
        .to_ms = q->scope.to_ms,
        .at_ms = q->scope.at_ms};
    return one_pattern(p, q->won, &plan->won, &plan->has_won, wrong, err)
           && one_pattern(p, q->event, &plan->event, &plan->has_event, wrong, err)
           && add_value(q, p, plan, wrong, err) && add_list(q, plan, err)
           && (str_eq(q->list, SOURCE_NO_CAMPAIGN)
               || report_channels(e, q->list, a, &named, err))
           && report_channels(e, q->without, a, &plan->source.left_out, err);
}

/* --- rows --- */

/* Rows by channel and campaign, while they are gathered. */
struct table {
    struct returns_view *view;
    struct text_table key; /* as returns_row has them, with a NUL between */
    struct returns_row *row;
    uint32_t cap;
    struct arena *a;
};

void returns_put_key(struct buf *to, const struct returns_row *row)
{
    buf_add(to, row->channel);
    buf_add_char(to, 0);
    buf_add_char(to, row->has_campaign ? '=' : 0);
    buf_add(to, row->campaign);
}

static bool find_row(struct table *t, str channel, bool has_campaign, str campaign,
                     struct returns_row **out, struct err *err)
{
    struct buf key = {};
    uint32_t n = t->key.n, number;
    bool ok;

    returns_put_key(&key, &(struct returns_row){.channel = channel,
                                                .campaign = campaign,
                                                .has_campaign = has_campaign});
    ok = !key.failed && text_table_add(&t->key, buf_str(&key), &number);
    buf_free(&key);
    if (ok && n == t->cap) {
        uint32_t cap = n ? n * 2 : 16;
        struct returns_row *more = mem_resize(t->row, cap * sizeof *more);

        ok = more;
        if (more) {
            t->row = more;
            t->cap = cap;
        }
    }
    if (!ok)
        return err_nomem(err);
    *out = &t->row[number];
    if (number < n)
        return true;
    **out = (struct returns_row){.channel = arena_str(t->a, channel),
                                 .campaign = arena_str(t->a, campaign),
                                 .has_campaign = has_campaign};
    return ((*out)->channel.p && (*out)->campaign.p) || err_nomem(err);
}

static bool take_sources(struct table *t, const struct returns *r, struct err *err)
{
    for (uint32_t i = 0; i < r->sources.name.n && i < r->source_cap; i++) {
        struct returns_row *row;
        str campaign;
        bool has = source_campaign(&r->sources, i, &campaign);

        if (!r->source[i].reached && !r->source[i].won && !r->source[i].events)
            continue;
        if (!find_row(t, source_channel(&r->sources, i), has, campaign, &row, err))
            return false;
        row->got = r->source[i];
    }
    return true;
}

/* A day counts when its first moment is in the range. */
static bool is_day_in(const struct zone *z, int32_t day, const struct report_scope *s)
{
    int64_t at_ms = zone_moment(z, (int64_t)day * MS_DAY);

    return at_ms >= s->from_ms && at_ms < s->to_ms && at_ms <= s->at_ms;
}

static bool take_spend(struct table *t, struct engine *e,
                       const struct returns_question *q, struct err *err)
{
    const struct workspace *w = &engine_model(e)->workspace;
    struct spend_book book = {};
    struct rates rates = {};
    bool ok = spend_book_load(&book, e, err) && rates_load(&rates, e, err);

    for (uint32_t i = 0; ok && i < book.key.n; i++) {
        struct spend_row spent = spend_book_row(&book, i);
        struct returns_row *row;
        int64_t minor;

        if (!is_day_in(w->zone, spent.day, &q->scope))
            continue;
        if (!spend_worth(&rates, w, &spent, &minor)) {
            t->view->foreign++;
            continue;
        }
        ok = find_row(t, spent.channel, q->by_campaign && spent.campaign.n,
                      q->by_campaign ? spent.campaign : STR(""), &row, err);
        if (ok) {
            row->spend += minor;
            t->view->all.spend += minor;
        }
    }
    spend_book_free(&book);
    rates_free(&rates);
    return ok;
}

static int dearest_first(const void *a, const void *b)
{
    const struct returns_row *x = a, *y = b;
    int order;

    if (x->spend != y->spend)
        return x->spend > y->spend ? -1 : 1;
    order = str_cmp(x->channel, y->channel);
    if (!order)
        order = (x->has_campaign > y->has_campaign) - (x->has_campaign < y->has_campaign);
    return order ? order : str_cmp(x->campaign, y->campaign);
}

static bool make_rows(struct engine *e, const struct returns_question *q, struct arena *a,
                      struct returns_view *v, struct err *err)
{
    struct table t = {.view = v, .a = a};
    struct returns_row *row;
    bool ok = take_sources(&t, v->returns, err) && take_spend(&t, e, q, err);

    if (ok) {
        row = arena_array(a, struct returns_row, (size_t)t.key.n + 1);
        ok = row || err_nomem(err);
        if (row && t.key.n) {
            memcpy(row, t.row, t.key.n * sizeof *row);
            qsort(row, t.key.n, sizeof *row, dearest_first);
        }
        v->row = row;
        v->row_n = t.key.n;
        v->nobody.got = v->returns->nobody;
        v->all.got = v->returns->all;
    }
    text_table_free(&t.key);
    mem_free(t.row);
    return ok;
}

/* --- the question --- */

static bool begin(const void *plan, void **count, struct err *err)
{
    struct returns *r;

    if (!returns_new(plan, &r, err))
        return false;
    *count = r;
    return true;
}

static bool add(void *count, const struct chunk *c,
                [[maybe_unused]] struct scan_span span, const struct bits *who,
                struct err *err)
{
    return returns_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return returns_merge(into, from, err);
}

static void end(void *count)
{
    returns_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

static bool one_side(struct engine *e, const struct returns_question *q, struct arena *a,
                     struct returns_view *out, str *wrong, struct err *err)
{
    struct returns_plan plan;
    void *count = NULL;
    bool ok;

    *out = (struct returns_view){};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out->program, a, &plan, wrong, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    out->returns = count;
    if (!ok || !make_rows(e, q, a, out, err)) {
        returns_view_free(out);
        return false;
    }
    return true;
}

static bool other_side(struct engine *e, const struct returns_question *q,
                       struct arena *a, struct returns_view *v, str *wrong,
                       struct err *err)
{
    struct returns_question other = *q;

    if (!against_alone(false, q->list.n > 0, err)
        || !against_scope(e, &q->against, &q->scope, &other.scope, err))
        return false;
    v->against = arena_new(a, struct returns_view);
    if (!v->against)
        return err_nomem(err);
    return one_side(e, &other, a, v->against, wrong, err) && returns_compare(v, a, err);
}

bool engine_returns(struct engine *e, const struct returns_question *q, struct arena *a,
                    struct returns_view *out, str *wrong, struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    returns_view_free(out);
    return false;
}

void returns_view_free(struct returns_view *v)
{
    if (v->against)
        returns_view_free(v->against);
    returns_free(v->returns);
    program_free(v->program);
    *v = (struct returns_view){};
}

/* --- as JSON --- */

void returns_put_spend(struct json_out *j, const struct engine *e, __int128 minor)
{
    if (minor > INT64_MAX || minor < INT64_MIN)
        json_put_null(j);
    else
        json_put_money(j, (int64_t)minor, engine_model(e)->workspace.decimals);
}

void returns_put_value(struct json_out *j, const struct engine *e,
                       const struct returns_view *v, __int128 value)
{
    if (v->returns->plan.value.type == VALUE_MONEY)
        returns_put_spend(j, e, value);
    else if (value > INT64_MAX || value < INT64_MIN)
        json_put_null(j);
    else
        json_put_num(j, (int64_t)value);
}

void returns_put_cost(struct json_out *j, const struct engine *e,
                      const struct returns_row *row)
{
    int64_t cost;

    if (row->got.won && row->got.won <= INT64_MAX
        && num_div128(row->spend, (int64_t)row->got.won, &cost))
        returns_put_spend(j, e, cost);
    else
        json_put_null(j);
}

void returns_put_return(struct json_out *j, const struct returns_view *v,
                        const struct returns_row *row)
{
    __int128 value = row->got.value;
    int64_t times;

    if (v->returns->plan.value.type == VALUE_MONEY && row->spend > 0
        && row->spend <= INT64_MAX && value <= INT64_MAX && value >= INT64_MIN
        && num_mul_div((int64_t)value, NUM_ONE, (int64_t)row->spend, &times))
        json_put_num(j, times);
    else
        json_put_null(j);
}

static void put_row(struct json_out *j, const struct engine *e,
                    const struct returns_view *v, const struct returns_row *row)
{
    const struct returns_plan *p = &v->returns->plan;

    json_key(j, "spend");
    returns_put_spend(j, e, row->spend);
    json_key(j, "reached");
    json_put_int(j, (int64_t)row->got.reached);
    json_key(j, "won");
    json_put_int(j, (int64_t)row->got.won);
    json_key(j, "cost");
    returns_put_cost(j, e, row);
    if (p->has_event) {
        json_key(j, "events");
        json_put_int(j, (int64_t)row->got.events);
    }
    if (p->has_value) {
        json_key(j, "value");
        returns_put_value(j, e, v, row->got.value);
        json_key(j, "return");
        returns_put_return(j, v, row);
    }
}

static void put_sum(struct json_out *j, const struct engine *e,
                    const struct returns_view *v, const char *key,
                    const struct returns_row *row)
{
    json_key(j, key);
    json_begin_object(j);
    put_row(j, e, v, row);
    json_end_object(j);
}

void returns_put_name(struct json_out *j, const struct returns_view *v,
                      const struct returns_row *row)
{
    json_key(j, "channel");
    json_put_text(j, row->channel);
    if (!v->returns->plan.source.by_campaign)
        return;
    json_key(j, "campaign");
    if (row->has_campaign)
        json_put_text(j, row->campaign);
    else
        json_put_null(j);
}

static void put_rows(struct json_out *j, const struct engine *e,
                     const struct returns_view *v)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < v->row_n; i++) {
        const struct returns_row *row = &v->row[i];

        json_begin_object(j);
        returns_put_name(j, v, row);
        put_row(j, e, v, row);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_side(struct json_out *j, const struct engine *e,
                     const struct returns_view *v)
{
    put_sum(j, e, v, "all", &v->all);
    put_sum(j, e, v, "nobody", &v->nobody);
    json_key(j, "foreign");
    json_put_int(j, (int64_t)v->foreign);
    json_key(j, "sources");
    put_rows(j, e, v);
}

bool returns_put_json(struct json_out *j, const struct engine *e,
                      const struct returns_view *v, struct arena *a, struct err *err)
{
    const struct returns *r = v->returns;
    bool ok;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, r->plan.at_ms);
    json_key(j, "by");
    json_put_text(j, r->plan.source.by_campaign ? STR("campaign") : STR("channel"));
    json_key(j, "touch");
    json_put_text(j, r->plan.by_last ? STR("last") : STR("first"));
    put_side(j, e, v);
    if (v->against) {
        json_key(j, "against");
        json_begin_object(j);
        put_side(j, e, v->against);
        json_end_object(j);
        returns_put_against(j, e, v);
    }
    ok = !(r->plan.list != RETURNS_LIST_NONE)
         || report_put_listed(j, "customers", e, &r->listed, a, err);
    json_end_object(j);
    return ok;
}
