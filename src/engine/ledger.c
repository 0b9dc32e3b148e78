#include "engine/ledger_impl.h"

#include "base/num.h"
#include "engine/identity.h"
#include "engine/model.h"
#include "engine/query.h"
#include "engine/value.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NONE STR("(none)")
#define NOBODY STR("(nobody)")

/* --- the lines --- */

static bool begin(const void *plan, void **count, struct err *err)
{
    struct ledger *l;

    if (!ledger_new(plan, &l, err))
        return false;
    *count = l;
    return true;
}

static bool add(void *count, const struct chunk *c,
                [[maybe_unused]] struct scan_span span, const struct bits *who,
                struct err *err)
{
    return ledger_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return ledger_merge(into, from, err);
}

static void end(void *count)
{
    ledger_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

static bool convert(const void *context, str currency, int32_t day, int64_t minor,
                    int64_t *out)
{
    const struct making *m = context;
    const struct workspace *w = &engine_model(m->e)->workspace;
    const struct rate *rate = rates_find(&m->rates, currency, day);

    return rate && rate_convert(rate, minor, w->decimals, w->decimals, out);
}

static bool plan_of(struct making *m, struct program *p, struct ledger_plan *plan,
                    str *wrong, struct err *err)
{
    const struct model *model = engine_model(m->e);
    const struct report_scope *scope = &m->q->scope;

    *plan =
        (struct ledger_plan){.program = p,
                             .zone = model->workspace.zone,
                             .from_ms = scope->from_ms,
                             .to_ms = scope->to_ms,
                             .at_ms = scope->at_ms,
                             .currency = model->workspace.currency,
                             .decimals = model->workspace.decimals,
                             .source = {.channels = model->channels, .by_campaign = true},
                             .convert = convert,
                             .context = m};
    if (!model->ledger.pattern[LEDGER_PURCHASES].n)
        return err_set(
            err, ERR_INPUT,
            "the model does not say what purchases are: put them into it, as in "
            "`ledger: { purchases: purchase.revenue }`");
    for (uint32_t i = 0; model->channels && i < channels_n(model->channels); i++)
        for (uint32_t k = 0; k < m->book.key.n && !plan->costs[i]; k++)
            plan->costs[i] = str_eq(spend_book_row(&m->book, k).channel,
                                    channels_name(model->channels, i));
    return ledger_terms_plan(&model->ledger, p, plan, wrong, err);
}

static bool gather(struct making *m, str *wrong, struct err *err)
{
    struct program *p;
    struct ledger_plan plan;
    void *count = NULL;
    bool ok;

    if (!report_program(m->e, &p, err))
        return false;
    ok = plan_of(m, p, &plan, wrong, err)
         && engine_report(m->e, &kind, &plan, NULL, &count, err);
    m->l = count;
    m->program = p;
    if (ok)
        ledger_sort(m->l); /* customers are found by their numbers */
    return ok;
}

/* --- customers --- */

static const struct ledger_customer *customer_of(const struct making *m,
                                                 uint32_t customer)
{
    const struct ledger *l = m->l;
    size_t low = 0, high = l->customer_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (l->customer[middle].customer < customer)
            low = middle + 1;
        else
            high = middle;
    }
    return low < l->customer_n && l->customer[low].customer == customer
               ? &l->customer[low]
               : NULL;
}

static bool is_asked(const struct making *m, uint32_t customer)
{
    return m->customer == CUSTOMER_NONE ? !m->who || fits_has(m->who, customer)
                                        : m->customer == customer;
}

/* Who is meant by each text that names who brought somebody. */
static bool find_referrers(struct making *m, uint32_t **out, struct err *err)
{
    uint32_t n = m->l->referrer.n;

    *out = arena_array(m->a, uint32_t, (size_t)n + 1);
    if (!*out)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++)
        if (!engine_find(m->e, text_table_get(&m->l->referrer, i), &(*out)[i], err)) {
            if (err->code != ERR_NOT_FOUND && err->code != ERR_INPUT)
                return false;
            (*out)[i] = CUSTOMER_NONE;
        }
    return true;
}

/* Each purchase and refund of one who was brought is a line of who brought him, too. */
static bool add_indirect(struct making *m, struct err *err)
{
    int64_t share = engine_model(m->e)->ledger.share;
    size_t lines = m->l->line_n;
    uint32_t *referrer;

    if (!find_referrers(m, &referrer, err))
        return false;
    for (size_t i = 0, k = 0; i < m->l->customer_n; i++) {
        const struct ledger_customer *c = &m->l->customer[i];
        uint32_t by = c->referrer == TEXT_NONE ? CUSTOMER_NONE : referrer[c->referrer];
        bool is_brought = by != CUSTOMER_NONE && by != c->customer && customer_of(m, by);

        m->view->unknown_referrers += c->referrer != TEXT_NONE && !is_brought;
        while (k < lines && m->l->line[k].customer < c->customer)
            k++;
        for (; k < lines && m->l->line[k].customer == c->customer; k++) {
            struct ledger_line line = m->l->line[k];

            if (!is_brought
                || (line.kind != LEDGER_PURCHASES && line.kind != LEDGER_REFUNDS))
                continue;
            if (line.kind == LEDGER_REFUNDS)
                line.minor = -line.minor;
            line.kind = LEDGER_INDIRECT;
            line.brought = c->customer;
            line.customer = by;
            if (!num_mul_div(line.minor, share, NUM_ONE, &line.minor)
                || !ledger_add_line(m->l, &line, err))
                return false;
        }
    }
    return true;
}

/* --- rows --- */

static bool row_of(struct making *m, str name, str campaign, uint32_t *out,
                   struct err *err)
{
    struct buf key = {};
    uint32_t n = m->key.n;
    bool ok;

    buf_add(&key, name);
    buf_add_char(&key, 0);
    buf_add(&key, campaign);
    ok = !key.failed && text_table_add(&m->key, buf_str(&key), out);
    buf_free(&key);
    if (ok && n == m->row_cap) {
        uint32_t cap = n ? n * 2 : 16;
        struct ledger_row *more = mem_resize(m->row, cap * sizeof *more);

        ok = more;
        if (more) {
            m->row = more;
            m->row_cap = cap;
        }
    }
    if (!ok)
        return err_nomem(err);
    if (*out == n)
        m->row[n] = (struct ledger_row){.name = arena_str(m->a, name),
                                        .campaign = arena_str(m->a, campaign)};
    return (m->row[*out].name.p && m->row[*out].campaign.p) || err_nomem(err);
}

static bool row_of_day(struct making *m, int32_t day, bool is_month, uint32_t *out,
                       struct err *err)
{
    struct buf name = {};
    bool ok;

    value_put_day(&name, day);
    if (is_month && !name.failed)
        name.n -= sizeof "-05" - 1;
    ok = name.failed ? err_nomem(err) : row_of(m, buf_str(&name), STR(""), out, err);
    buf_free(&name);
    return ok;
}

/* Of a customer's first source, or of what a statement says. */
static bool row_of_source(struct making *m, const struct ledger_customer *c,
                          const struct spend_row *spent, uint32_t *out, struct err *err)
{
    str channel = NONE, campaign = STR("");

    if (spent) {
        channel = spent->channel;
        campaign = spent->campaign;
    } else if (c->source != SOURCE_NONE) {
        channel = source_channel(&m->l->sources, c->source);
        source_campaign(&m->l->sources, c->source, &campaign);
    }
    return row_of(m, channel, m->view->by == LEDGER_BY_CAMPAIGN ? campaign : STR(""), out,
                  err);
}

static bool row_of_stage(struct making *m, uint32_t customer, uint32_t *out,
                         struct err *err)
{
    uint16_t stage[LIFECYCLES_MAX];

    engine_above(m->e, customer, m->q->scope.at_ms, stage);
    if (stage[m->lifecycle->number] == STAGE_NONE)
        return row_of(m, NONE, STR(""), out, err);
    *out = stage[m->lifecycle->number]; /* they came first */
    return true;
}

/* The rows that a line of his stands in; of a segment several. `day` is LEDGER_NO_DAY for what is of
 * no day, which stands in no row of days. */
static bool rows_of(struct making *m, const struct ledger_customer *c, int32_t day,
                    const struct spend_row *spent, struct err *err)
{
    uint32_t *to = &m->in[0];

    m->in_n = 1;
    switch (m->view->by) {
    case LEDGER_BY_DAY:
    case LEDGER_BY_MONTH:
        if (day != LEDGER_NO_DAY)
            return row_of_day(m, day, m->view->by == LEDGER_BY_MONTH, to, err);
        m->in_n = 0;
        return true;
    case LEDGER_BY_CHANNEL:
    case LEDGER_BY_CAMPAIGN:
        return row_of_source(m, c, spent, to, err);
    case LEDGER_BY_STAGE:
        return row_of_stage(m, c->customer, to, err);
    case LEDGER_BY_SEGMENT:
        m->in_n = 0;
        for (uint32_t i = 0; i < engine_model(m->e)->segments->segment_n; i++)
            if (fits_has(&m->segment[i], c->customer))
                m->in[m->in_n++] = i;
        return true;
    case LEDGER_BY_COHORT:
        return c->first_day == LEDGER_NO_DAY ? row_of(m, NONE, STR(""), to, err)
                                             : row_of_day(m, c->first_day, true, to, err);
    case LEDGER_BY_CUSTOMER:
        return row_of(
            m, catalog_customer_id(snapshot_catalog(engine_snapshot(m->e)), c->customer),
            STR(""), to, err);
    case LEDGER_BY_TOTAL:
    case LEDGER_CUT_N:
        break;
    }
    m->in_n = 0;
    return true;
}

static void count(struct ledger_row *row, const struct ledger_customer *c, int which,
                  uint64_t *n)
{
    if (row->seen[which] != c->customer + 1) {
        row->seen[which] = c->customer + 1;
        ++*n;
    }
}

static void put(struct ledger_row *row, const struct ledger_customer *c,
                const struct ledger_line *line, enum ledger_sum_name to, int64_t minor)
{
    row->sum[to] += minor;
    if (to == LEDGER_SUM_POTENTIAL)
        return;
    count(row, c, 0, &row->customers);
    if (to == LEDGER_SUM_PURCHASES && line->day == c->first_day)
        count(row, c, 1, &row->won);
    else if (to == LEDGER_SUM_PURCHASES)
        count(row, c, 2, &row->kept);
}

static void put_all(struct making *m, const struct ledger_customer *c,
                    const struct ledger_line *line, enum ledger_sum_name to,
                    int64_t minor)
{
    for (uint32_t i = 0; i < m->in_n; i++)
        put(&m->row[m->in[i]], c, line, to, minor);
    put(&m->view->all, c, line, to, minor);
}

static const enum ledger_sum_name sum_of[LEDGER_LINE_KINDS] = {
    [LEDGER_PURCHASES] = LEDGER_SUM_PURCHASES,     [LEDGER_REFUNDS] = LEDGER_SUM_REFUNDS,
    [LEDGER_REWARDS] = LEDGER_SUM_REWARDS,         [LEDGER_SUPPORT] = LEDGER_SUM_SUPPORT,
    [LEDGER_ACQUISITION] = LEDGER_SUM_ACQUISITION, [LEDGER_KEEPING] = LEDGER_SUM_KEEPING,
    [LEDGER_INDIRECT] = LEDGER_SUM_INDIRECT,
};

static bool is_spend(const struct ledger_line *line)
{
    return line->kind == LEDGER_ACQUISITION || line->kind == LEDGER_KEEPING;
}

/* Each is rounded by itself, so that it is the same in every row that it stands in. */
static bool margin_of(const struct making *m, const struct ledger_line *line,
                      int64_t *out)
{
    int64_t sign = line->kind == LEDGER_REFUNDS ? -1 : 1;

    return num_mul_div(sign * line->minor, engine_model(m->e)->ledger.margin, NUM_ONE,
                       out);
}

static bool take_line(struct making *m, const struct ledger_line *line, struct err *err)
{
    const struct ledger_customer *c = customer_of(m, line->customer);
    struct spend_row spent;
    int64_t margin;

    if (!is_asked(m, line->customer)) {
        m->view->others += is_spend(line) ? line->minor : 0;
        return true;
    }
    if (is_spend(line))
        spent = spend_book_row(&m->book, line->event);
    if (!rows_of(m, c, line->day, is_spend(line) ? &spent : NULL, err))
        return false;
    put_all(m, c, line, sum_of[line->kind], line->minor);
    if ((line->kind == LEDGER_PURCHASES || line->kind == LEDGER_REFUNDS)
        && margin_of(m, line, &margin))
        put_all(m, c, line, LEDGER_SUM_MARGIN, margin);
    return true;
}

static bool take_lines(struct making *m, struct err *err)
{
    for (size_t i = 0; i < m->l->line_n; i++)
        if (!take_line(m, &m->l->line[i], err))
            return false;
    return true;
}

static bool take_unassigned(struct making *m, struct err *err)
{
    for (size_t i = 0; i < m->unassigned_n; i++) {
        const struct ledger_unassigned *u = &m->unassigned[i];
        struct spend_row spent = spend_book_row(&m->book, u->statement);
        bool by_customer = m->view->by >= LEDGER_BY_STAGE;
        const struct ledger_customer nobody = {CUSTOMER_NONE, SOURCE_NONE, TEXT_NONE,
                                               LEDGER_NO_DAY};

        if (m->who || m->customer != CUSTOMER_NONE) {
            m->view->others += u->minor;
            continue;
        }
        if (by_customer) {
            m->in_n = 1;
            if (!row_of(m, NOBODY, STR(""), &m->in[0], err))
                return false;
        } else if (!rows_of(m, &nobody, spent.day, &spent, err)) {
            return false;
        }
        for (uint32_t k = 0; k < m->in_n; k++)
            m->row[m->in[k]].sum[LEDGER_SUM_UNASSIGNED] += u->minor;
        m->view->all.sum[LEDGER_SUM_UNASSIGNED] += u->minor;
    }
    return true;
}

/* --- what is expected --- */

static bool take_potential(struct making *m, str *wrong, struct err *err)
{
    const struct model *model = engine_model(m->e);
    struct value_question q = {
        .event = model->ledger.pattern[LEDGER_PURCHASES],
        .ahead = m->q->ahead,
        .discount = m->q->discount,
        .until_ms = MOMENT_NEVER,
        .scope = {.at_ms = m->q->scope.at_ms, .known_ms = m->q->scope.known_ms}};
    const struct ledger_line line = {.day = LEDGER_NO_DAY};
    struct value_view v;
    bool ok = true;

    if (m->l->converted || m->l->currency.n)
        return err_set(err, ERR_INPUT,
                       "what is expected is not told where purchases are in several "
                       "currencies: leave ahead out");
    if (!engine_value_each(m->e, &q, m->a, &v, wrong, err))
        return false;
    m->view->ahead_days = v.ahead_days;
    m->view->discount = v.discount;
    for (size_t i = 0; ok && i < v.buyers->n; i++) {
        const struct forecast *f = &v.forecast[i];
        uint32_t customer = v.buyers->row[f->buyer].customer;
        const struct ledger_customer *c = customer_of(m, customer);
        double minor = f->value * pow(10, model->workspace.decimals)
                       * (double)model->ledger.margin / (double)NUM_ONE;

        if (!c || !is_asked(m, customer) || f->is_untold || !(fabs(minor) < 1e15))
            continue;
        ok = rows_of(m, c, LEDGER_NO_DAY, NULL, err);
        if (ok)
            put_all(m, c, &line, LEDGER_SUM_POTENTIAL, llround(minor));
    }
    value_view_free(&v);
    return ok;
}

/* --- the question --- */

static bool find_cut(const struct ledger_question *q, enum ledger_cut *out,
                     struct err *err)
{
    static const str name[LEDGER_CUT_N] = {
#define X(name, text) {text, sizeof(text) - 1},
        LEDGER_CUTS(X)
#undef X
    };

    for (int i = 0; i < LEDGER_CUT_N; i++)
        if (str_eq(q->by, name[i])) {
            *out = (enum ledger_cut)i;
            return true;
        }
    return err_set(
        err, ERR_INPUT,
        "by is one of day, month, channel, campaign, stage, segment, cohort and "
        "customer, not \"%.*s\"",
        STR_FMT(q->by));
}

/* Rows of stages and segments stand in the order of the text, the empty ones too. */
static bool begin_rows(struct making *m, struct err *err)
{
    const struct model *model = engine_model(m->e);
    const struct segments *s = model->segments;
    uint32_t number;

    m->in = arena_array(m->a, uint32_t, (size_t)s->segment_n + 1);
    if (!m->in)
        return err_nomem(err);
    if (m->view->by == LEDGER_BY_STAGE) {
        if (!model_lifecycle_find(model, m->q->lifecycle, &m->lifecycle, err)
            || (engine_now_ms(m->e) < m->q->scope.at_ms
                && !engine_advance(m->e, m->q->scope.at_ms, err)))
            return false;
        for (uint32_t i = 0; i < m->lifecycle->stage_n; i++)
            if (!row_of(m, m->lifecycle->stage_name[i], STR(""), &number, err))
                return false;
    }
    if (m->view->by != LEDGER_BY_SEGMENT)
        return true;
    m->segment = arena_array(m->a, struct fits, (size_t)s->segment_n + 1);
    if (!m->segment)
        return err_nomem(err);
    for (uint32_t i = 0; i < s->segment_n; i++)
        if (!row_of(m, s->segment[i].name, STR(""), &number, err)
            || !engine_scan(m->e, model->program, s->segment[i].rule, m->q->scope.at_ms,
                            m->a, &m->segment[i], err))
            return false;
    return true;
}

/* Who is there at all. */
static bool take_customers(struct making *m, struct err *err)
{
    enum ledger_cut by = m->view->by;

    m->view->has_stand =
        by == LEDGER_BY_STAGE || by == LEDGER_BY_SEGMENT || by == LEDGER_BY_COHORT;
    for (size_t i = 0; i < m->l->customer_n; i++) {
        const struct ledger_customer *c = &m->l->customer[i];

        if (!is_asked(m, c->customer))
            continue;
        m->view->all.stand++;
        if (!m->view->has_stand)
            continue;
        if (!rows_of(m, c, LEDGER_NO_DAY, NULL, err))
            return false;
        for (uint32_t k = 0; k < m->in_n; k++)
            m->row[m->in[k]].stand++;
    }
    return true;
}

static void finish(struct ledger_row *row)
{
    row->sum[LEDGER_SUM_NET] =
        row->sum[LEDGER_SUM_MARGIN] - row->sum[LEDGER_SUM_ACQUISITION]
        - row->sum[LEDGER_SUM_KEEPING] - row->sum[LEDGER_SUM_UNASSIGNED]
        - row->sum[LEDGER_SUM_SUPPORT] - row->sum[LEDGER_SUM_REWARDS];
}

static int by_name(const void *a, const void *b)
{
    const struct ledger_row *x = a, *y = b;
    bool x_last = x->name.n && x->name.p[0] == '(',
         y_last = y->name.n && y->name.p[0] == '(';
    int order;

    if (x_last != y_last)
        return x_last ? 1 : -1;
    order = id_cmp(x->name, y->name);
    return order ? order : str_cmp(x->campaign, y->campaign);
}

static bool finish_rows(struct making *m, struct err *err)
{
    struct ledger_row *row = arena_array(m->a, struct ledger_row, (size_t)m->key.n + 1);

    if (!row)
        return err_nomem(err);
    if (m->key.n)
        memcpy(row, m->row, m->key.n * sizeof *row);
    for (uint32_t i = 0; i < m->key.n; i++)
        finish(&row[i]);
    finish(&m->view->all);
    if (m->view->by != LEDGER_BY_STAGE && m->view->by != LEDGER_BY_SEGMENT && m->key.n)
        qsort(row, m->key.n, sizeof *row, by_name);
    m->view->row = row;
    m->view->row_n = m->key.n;
    return true;
}

static bool take_foreign(struct making *m, struct err *err)
{
    uint32_t n = m->l->currency.n;
    struct ledger_untold *foreign =
        arena_array(m->a, struct ledger_untold, (size_t)n + 1);

    if (!foreign)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        foreign[i] =
            (struct ledger_untold){arena_str(m->a, text_table_get(&m->l->currency, i)),
                                   m->l->foreign[i].lines, m->l->foreign[i].sum};
        if (!foreign[i].currency.p)
            return err_nomem(err);
    }
    m->view->foreign = foreign;
    m->view->foreign_n = n;
    m->view->untold = m->l->untold;
    return true;
}

static bool make(struct making *m, str *wrong, struct err *err)
{
    const struct ledger_question *q = m->q;

    *wrong = STR("");
    if (!find_cut(q, &m->view->by, err)
        || (q->customer.n && !engine_find(m->e, q->customer, &m->customer, err)))
        return false;
    if (q->discount.n && !q->ahead.n)
        return err_set(err, ERR_INPUT,
                       "discount is of what is expected: say how far "
                       "ahead, such as 365d");
    m->view->has_potential = q->ahead.n > 0;
    *wrong = q->scope.when;
    if (!report_who(m->e, &q->scope, m->a, &m->who, err))
        return false;
    *wrong = STR("");
    if (!rates_load(&m->rates, m->e, err) || !spend_book_load(&m->book, m->e, err)
        || !gather(m, wrong, err) || !add_indirect(m, err) || !ledger_split(m, err))
        return false;
    ledger_sort(m->l);
    return begin_rows(m, err) && take_customers(m, err) && take_lines(m, err)
           && take_unassigned(m, err) && (!q->ahead.n || take_potential(m, wrong, err))
           && finish_rows(m, err) && take_foreign(m, err)
           && (m->customer == CUSTOMER_NONE || ledger_list(m, err));
}

bool engine_ledger(struct engine *e, const struct ledger_question *q, struct arena *a,
                   struct ledger_view *out, str *wrong, struct err *err)
{
    struct making m = {.e = e, .q = q, .a = a, .view = out, .customer = CUSTOMER_NONE};
    bool ok;

    *out = (struct ledger_view){
        .from_ms = q->scope.from_ms, .to_ms = q->scope.to_ms, .at_ms = q->scope.at_ms};
    ok = make(&m, wrong, err);
    ledger_free(m.l);
    program_free(m.program);
    rates_free(&m.rates);
    spend_book_free(&m.book);
    text_table_free(&m.key);
    mem_free(m.row);
    mem_free(m.unassigned);
    return ok;
}
