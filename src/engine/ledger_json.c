#include "engine/ledger_impl.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/value.h"

str ledger_sum_text(enum ledger_sum_name name)
{
    static const str text[] = {
#define X(name, text) {text, sizeof(text) - 1},
        LEDGER_SUMS(X)
#undef X
    };

    return text[name];
}

/* --- one customer's lines --- */

static const str kind_name[LEDGER_LINE_KINDS] = {
    [LEDGER_PURCHASES] = STR("purchase"),      [LEDGER_REFUNDS] = STR("refund"),
    [LEDGER_REWARDS] = STR("reward"),          [LEDGER_SUPPORT] = STR("support"),
    [LEDGER_ACQUISITION] = STR("acquisition"), [LEDGER_KEEPING] = STR("keeping"),
    [LEDGER_INDIRECT] = STR("indirect"),
};

static bool find_event(struct making *m, const struct ledger_line *line, str *out,
                       struct err *err)
{
    uint32_t who = line->kind == LEDGER_INDIRECT ? line->brought : line->customer;
    const struct chunk *c;
    const str *id;
    bool ok;

    if (!snapshot_chunk(engine_snapshot(m->e), who / CHUNK_CUSTOMERS, &c, err))
        return false;
    ok = chunk_message_ids(c, &id, err);
    if (ok) {
        *out = arena_str(m->a, id[line->event]);
        ok = out->p || err_nomem(err);
    }
    snapshot_release(engine_snapshot(m->e), who / CHUNK_CUSTOMERS);
    return ok;
}

static bool list_line(struct making *m, const struct ledger_line *line,
                      struct ledger_view_line *out, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(m->e));

    *out = (struct ledger_view_line){
        .day = line->day, .kind = kind_name[line->kind], .minor = line->minor};
    if (line->kind == LEDGER_INDIRECT)
        out->brought = catalog_customer_id(catalog, line->brought);
    if (line->kind != LEDGER_ACQUISITION && line->kind != LEDGER_KEEPING)
        return find_event(m, line, &out->event, err);
    out->channel = arena_str(m->a, spend_book_row(&m->book, line->event).channel);
    out->campaign = arena_str(m->a, spend_book_row(&m->book, line->event).campaign);
    return (out->channel.p && out->campaign.p) || err_nomem(err);
}

bool ledger_list(struct making *m, struct err *err)
{
    const struct ledger *l = m->l;
    struct ledger_view_line *to;
    size_t n = 0;

    for (size_t i = 0; i < l->line_n; i++)
        n += l->line[i].customer == m->customer;
    to = arena_array(m->a, struct ledger_view_line, n + 1);
    if (!to)
        return err_nomem(err);
    for (size_t i = 0; i < l->line_n; i++)
        if (l->line[i].customer == m->customer
            && !list_line(m, &l->line[i], &to[m->view->line_n++], err))
            return false;
    m->view->line = to;
    m->view->customer =
        catalog_customer_id(snapshot_catalog(engine_snapshot(m->e)), m->customer);
    return true;
}

/* --- JSON --- */

void ledger_put_sum(struct json_out *j, const struct engine *e, __int128 minor)
{
    report_put_value(j, e, VALUE_MONEY, minor);
}

void ledger_put_each(struct json_out *j, const struct engine *e,
                     const struct ledger_row *row, bool kept)
{
    __int128 cost =
        kept ? row->sum[LEDGER_SUM_KEEPING] + row->sum[LEDGER_SUM_SUPPORT]
                   + row->sum[LEDGER_SUM_REWARDS]
             : row->sum[LEDGER_SUM_ACQUISITION] + row->sum[LEDGER_SUM_UNASSIGNED];
    uint64_t n = kept ? row->kept : row->won;
    int64_t each;

    if (n && n <= INT64_MAX && num_div128(cost, (int64_t)n, &each))
        ledger_put_sum(j, e, each);
    else
        json_put_null(j);
}

static void put_int(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_int(j, (int64_t)n);
}

static void put_text(struct json_out *j, const char *key, str text)
{
    json_key(j, key);
    json_put_text(j, text);
}

/* Inside an open object. */
static void put_sums(struct json_out *j, const struct engine *e,
                     const struct ledger_view *v, const struct ledger_row *row)
{
    put_int(j, "customers", row->customers);
    if (v->has_stand || row == &v->all)
        put_int(j, "stand", row->stand);
    put_int(j, "won", row->won);
    put_int(j, "kept", row->kept);
    for (int i = 0; i < LEDGER_SUM_N; i++) {
        if (i == LEDGER_SUM_POTENTIAL && !v->has_potential)
            continue;
        json_key_str(j, ledger_sum_text((enum ledger_sum_name)i));
        ledger_put_sum(j, e, row->sum[i]);
    }
    json_key(j, "cost_of_winning");
    ledger_put_each(j, e, row, false);
    json_key(j, "cost_of_keeping");
    ledger_put_each(j, e, row, true);
}

static void put_rows(struct json_out *j, const struct engine *e,
                     const struct ledger_view *v)
{
    json_key(j, "rows");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->row_n; i++) {
        json_begin_object(j);
        put_text(j, "name", v->row[i].name);
        if (v->by == LEDGER_BY_CAMPAIGN)
            put_text(j, "campaign", v->row[i].campaign);
        put_sums(j, e, v, &v->row[i]);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_foreign(struct json_out *j, const struct engine *e,
                        const struct ledger_view *v)
{
    json_key(j, "without_rate");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->foreign_n; i++) {
        json_begin_object(j);
        put_text(j, "currency", v->foreign[i].currency);
        put_int(j, "lines", v->foreign[i].lines);
        json_key(j, "sum");
        ledger_put_sum(j, e, v->foreign[i].sum);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_lines(struct json_out *j, const struct engine *e,
                      const struct ledger_view *v)
{
    put_text(j, "customer", v->customer);
    json_key(j, "lines");
    json_begin_list(j);
    for (size_t i = 0; i < v->line_n; i++) {
        const struct ledger_view_line *line = &v->line[i];
        struct buf day = {};

        value_put_day(&day, line->day);
        j->to->failed |= day.failed;
        json_begin_object(j);
        put_text(j, "day", buf_str(&day));
        buf_free(&day);
        put_text(j, "kind", line->kind);
        json_key(j, "amount");
        ledger_put_sum(j, e, line->minor);
        if (line->event.n)
            put_text(j, "event", line->event);
        if (line->brought.n)
            put_text(j, "brought", line->brought);
        if (line->channel.n) {
            put_text(j, "channel", line->channel);
            put_text(j, "campaign", line->campaign);
        }
        json_end_object(j);
    }
    json_end_list(j);
}

void ledger_put_json(struct json_out *j, const struct engine *e,
                     const struct ledger_view *v)
{
    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->at_ms);
    if (v->has_potential) {
        json_key(j, "ahead_days");
        json_put_double(j, v->ahead_days);
        json_key(j, "discount");
        json_put_double(j, v->discount);
    }
    json_key(j, "all");
    json_begin_object(j);
    put_sums(j, e, v, &v->all);
    json_end_object(j);
    json_key(j, "imported");
    ledger_put_sum(j, e, v->imported);
    json_key(j, "with_others");
    ledger_put_sum(j, e, v->others);
    put_foreign(j, e, v);
    put_int(j, "too_large", v->untold);
    put_int(j, "unknown_referrers", v->unknown_referrers);
    if (v->by != LEDGER_BY_TOTAL)
        put_rows(j, e, v);
    if (v->customer.n)
        put_lines(j, e, v);
    json_end_object(j);
}
