#include "engine/equity.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/model.h"
#include "engine/scan.h"

#include <math.h>

enum { MONTHS = 12 };

static const str NONE = {"(none)", 6};

static bool find_by(str by, bool *cohort, struct err *err)
{
    *cohort = str_eq(by, STR("cohort"));
    return *cohort || by.n == 0 || str_eq(by, STR("stage"))
           || err_set(err, ERR_INPUT, "by is one of stage and cohort, not \"%.*s\"",
                      STR_FMT(by));
}

static int32_t month_of(const struct value_view *v, const struct buyer *b)
{
    struct civil c = civil_of((int64_t)value_first_day(v, b->first_day) * MS_DAY);

    return c.year * MONTHS + c.month - 1;
}

/* What the rows are made of: those of stages, then that of no stage; or months, none left out. */
struct making {
    struct engine *e;
    const struct value_view *value;
    const struct lifecycle *lifecycle; /* NULL: months */
    int32_t first_month;
    int64_t at_ms;
    struct equity_row *row;
    size_t n;
};

static bool begin_stages(struct making *m, str lifecycle, struct arena *a,
                         struct err *err)
{
    const struct model *model = engine_model(m->e);

    if (!model_lifecycle_find(model, lifecycle, &m->lifecycle, err)
        || (engine_now_ms(m->e) < m->at_ms && !engine_advance(m->e, m->at_ms, err)))
        return false;
    m->n = m->lifecycle->stage_n + 1;
    m->row = arena_array(a, struct equity_row, m->n);
    if (!m->row)
        return err_nomem(err);
    for (size_t i = 0; i + 1 < m->n; i++)
        m->row[i] = (struct equity_row){.name = m->lifecycle->stage_name[i]};
    m->row[m->n - 1] = (struct equity_row){.name = NONE};
    return true;
}

static bool begin_months(struct making *m, struct arena *a, struct err *err)
{
    const struct buyers *b = m->value->buyers;
    int32_t last = month_of(m->value, &b->row[0]);

    m->first_month = last;
    for (size_t i = 1; i < b->n; i++) {
        int32_t month = month_of(m->value, &b->row[i]);

        m->first_month = month < m->first_month ? month : m->first_month;
        last = month > last ? month : last;
    }
    m->n = (size_t)(last - m->first_month) + 1;
    m->row = arena_array(a, struct equity_row, m->n);
    if (!m->row)
        return err_nomem(err);
    for (size_t i = 0; i < m->n; i++) {
        int32_t month = m->first_month + (int32_t)i;
        struct buf name = {};
        str copy = {};

        buf_add_format(&name, "%04d-%02d", month / MONTHS, month % MONTHS + 1);
        if (!name.failed)
            copy = arena_str(a, buf_str(&name));
        buf_free(&name);
        if (!copy.p)
            return err_nomem(err);
        m->row[i] = (struct equity_row){.name = copy};
    }
    return true;
}

static size_t row_of(const struct making *m, const struct buyer *b)
{
    uint16_t stage[LIFECYCLES_MAX];

    if (!m->lifecycle)
        return (size_t)(month_of(m->value, b) - m->first_month);
    engine_above(m->e, b->customer, m->at_ms, stage);
    return stage[m->lifecycle->number] == STAGE_NONE ? m->n - 1
                                                     : stage[m->lifecycle->number];
}

static void add(struct equity_row *row, const struct forecast *f)
{
    row->customers++;
    row->alive += f->alive;
    if (f->is_untold)
        row->untold++;
    else {
        row->worth += (__int128)rint(f->value * NUM_ONE);
        joint_add(&row->told, 0, f->value);
    }
}

static bool fill(struct making *m, str list, struct equity_view *v, struct err *err)
{
    const struct value_view *of = &v->value;
    size_t asked = m->n;

    for (size_t i = 0; list.n && i < m->n; i++)
        if (str_eq(m->row[i].name, list))
            asked = i;
    v->has_list = list.n > 0;
    if (v->has_list && asked == m->n)
        return err_set(err, ERR_INPUT, "there is no row \"%.*s\": it is a %s",
                       STR_FMT(list),
                       m->lifecycle ? "stage of the lifecycle, or (none)"
                                    : "month such as 2026-01 in which somebody began");
    for (size_t i = 0; i < of->buyers->n; i++) {
        const struct buyer *b = &of->buyers->row[of->forecast[i].buyer];
        size_t to = row_of(m, b);

        add(&m->row[to], &of->forecast[i]);
        add(&v->all, &of->forecast[i]);
        if (v->has_list && to == asked && !listed_add(&v->listed, b->customer, err))
            return false;
    }
    v->row = m->row;
    v->row_n = m->n - (m->lifecycle && m->row[m->n - 1].customers == 0);
    return true;
}

static bool has_move(const struct equity_view *v, uint16_t from, uint16_t to)
{
    for (size_t i = 0; i < v->move_n; i++)
        if (v->move[i].from == from && v->move[i].to == to)
            return true;
    return false;
}

/* Each pair of stages once, however many of the model's moves lead that way. */
static bool fill_moves(const struct lifecycle *l, struct arena *a, struct equity_view *v,
                       struct err *err)
{
    size_t most = 0, n = 0;
    struct equity_move *move;

    for (uint16_t from = 0; from < l->stage_n; from++)
        most += l->out_n[from];
    v->move = move = arena_array(a, struct equity_move, most + 1);
    if (!move)
        return err_nomem(err);
    for (uint16_t from = 0; from < l->stage_n; from++)
        for (uint32_t i = 0; i < l->out_n[from]; i++) {
            uint16_t to = l->way[l->out[from][i]].to;

            if (has_move(v, from, to))
                continue;
            move[n] = (struct equity_move){from, to,
                                           welch_of(joint_sample(&v->row[to].told),
                                                    joint_sample(&v->row[from].told))};
            v->move_n = ++n;
        }
    return true;
}

bool engine_equity(struct engine *e, const struct equity_question *q, struct arena *a,
                   struct equity_view *out, str *wrong, struct err *err)
{
    struct making m = {.e = e, .value = &out->value};
    bool ok;

    *out = (struct equity_view){.all.name = STR("all")};
    *wrong = STR("");
    if (!find_by(q->by, &out->by_cohort, err)
        || !engine_value_each(e, &q->value, a, &out->value, wrong, err))
        return false;
    m.at_ms = zone_moment(engine_model(e)->workspace.zone,
                          ((int64_t)value_last_day(&out->value) + 1) * MS_DAY)
              - 1; /* what comes at midnight is not known yet */
    ok = (out->value.has_spending
          || err_set(err, ERR_INPUT,
                     "customer equity is what customers will bring: say which of the "
                     "event's values it is, such as --value revenue"))
         && (out->by_cohort ? begin_months(&m, a, err)
                            : begin_stages(&m, q->lifecycle, a, err))
         && fill(&m, q->list, out, err)
         && (out->by_cohort || fill_moves(m.lifecycle, a, out, err));
    if (!ok)
        equity_free(out);
    return ok;
}

void equity_free(struct equity_view *v)
{
    value_view_free(&v->value);
    mem_free(v->listed.customer);
    *v = (struct equity_view){};
}

double equity_mean(const struct equity_row *row)
{
    return (double)row->worth / NUM_ONE / (double)(row->customers - row->untold);
}

static void put_row(struct json_out *j, const struct engine *e,
                    const struct equity_view *v, const struct equity_row *row)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, row->name);
    json_key(j, "customers");
    json_put_int(j, (int64_t)row->customers);
    json_key(j, "untold");
    json_put_int(j, (int64_t)row->untold);
    json_key(j, "alive");
    json_put_double(j, row->alive / (double)row->customers);
    json_key(j, "expected_value");
    report_put_value(j, e, VALUE_NUMBER, row->worth);
    json_key(j, "each");
    json_put_double(j, equity_mean(row));
    json_key(j, "share");
    json_put_double(j, (double)row->worth / (double)v->all.worth);
    json_end_object(j);
}

static void put_move(struct json_out *j, const struct equity_view *v,
                     const struct equity_move *m)
{
    json_begin_object(j);
    json_key(j, "from");
    json_put_text(j, v->row[m->from].name);
    json_key(j, "to");
    json_put_text(j, v->row[m->to].name);
    json_key(j, "customers_from");
    json_put_int(j, (int64_t)v->row[m->from].told.n);
    json_key(j, "customers_to");
    json_put_int(j, (int64_t)v->row[m->to].told.n);
    json_key(j, "difference");
    json_put_double(j, m->more.difference);
    json_key(j, "low");
    json_put_double(j, m->more.low);
    json_key(j, "high");
    json_put_double(j, m->more.high);
    json_end_object(j);
}

bool equity_put_json(struct json_out *j, const struct engine *e,
                     const struct equity_view *v, struct arena *a, struct err *err)
{
    json_begin_object(j);
    json_key(j, "by");
    json_put_text(j, v->by_cohort ? STR("cohort") : STR("stage"));
    json_key(j, v->value.period ? "ahead" : "ahead_days");
    json_put_double(j, v->value.ahead_days);
    json_key(j, "discount");
    json_put_double(j, v->value.discount);
    json_key(j, "model");
    value_fit_put_json(j, &v->value);
    json_key(j, "rows");
    json_begin_list(j);
    for (size_t i = 0; i < v->row_n; i++)
        put_row(j, e, v, &v->row[i]);
    json_end_list(j);
    json_key(j, "all");
    put_row(j, e, v, &v->all);
    if (!v->by_cohort) {
        json_key(j, "moves");
        json_begin_list(j);
        for (size_t i = 0; i < v->move_n; i++)
            put_move(j, v, &v->move[i]);
        json_end_list(j);
    }
    if (v->has_list && !report_put_listed(j, "customers", e, &v->listed, a, err))
        return false;
    json_end_object(j);
    return true;
}
