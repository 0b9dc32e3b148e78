#include "engine/crowd.h"

#include "base/json.h"
#include "base/num.h"
#include "engine/engine_impl.h"
#include "report/by.h"

#include <string.h>

/* --- what is asked --- */

str crowd_next_word(str *rest)
{
    str all = *rest;
    unsigned deep = 0;
    char quote = 0;
    size_t i;

    for (i = 0; i < all.n; i++) {
        char c = all.p[i];

        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'' || c == '`')
            quote = c;
        else if (c == '(')
            deep++;
        else if (c == ')' && deep)
            deep--;
        else if (c == ',' && !deep)
            break;
    }
    *rest = i < all.n ? str_from(all, i + 1) : STR("");
    return str_trim((str){all.p, i});
}

static bool add_names(const str *text, size_t n, struct crowd_view *v, uint32_t *added,
                      struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        str rest = text[i];

        do {
            str name = crowd_next_word(&rest);

            if (!name.n)
                return err_set(err, ERR_INPUT, "a measure or trait is missing here");
            if (v->column_n == CROWD_COLUMNS_MAX)
                return err_set(err, ERR_INPUT, "at most %u measures and traits",
                               CROWD_COLUMNS_MAX);
            v->column[v->column_n++].name = name;
            ++*added;
        } while (rest.n);
    }
    return true;
}

struct plan {
    struct engine *e;
    struct model *model; /* with the measures in its program */
    struct sights *sights;
    struct rule_ref rule[CROWD_COLUMNS_MAX];
    uint32_t measure_n;
    bool needs_stage;
    int64_t at_ms;
    bool *there; /* by customer */
    int64_t *value
        [CROWD_COLUMNS_MAX]; /* by measure, then by customer; threads write their own */
};

static void plan_free(struct plan *p)
{
    sights_free(p->sights);
    model_free(p->model);
}

static bool add_measures(struct plan *p, struct crowd_view *v, str *wrong,
                         struct err *err)
{
    if (!model_compile_with(engine_io(p->e), engine_model(p->e)->text,
                            snapshot_catalog(engine_snapshot(p->e)), &p->e->fits,
                            &p->model, err))
        return false;
    program_use_lifecycle(p->model->program, LIFECYCLES_ALL);
    for (uint32_t i = 0; i < p->measure_n; i++) {
        *wrong = v->column[i].name;
        if (!program_add(p->model->program, *wrong, RULE_MEASURE, &p->rule[i], err))
            return false;
        v->column[i].type = program_type(p->model->program, p->rule[i]);
        v->column[i].grows = program_grows(p->model->program, p->rule[i]);
        p->needs_stage |= program_needs_stage(p->model->program, p->rule[i]);
    }
    *wrong = STR("");
    return sights_new(p->model->program, p->rule, p->measure_n, &p->sights, err)
           && (!p->needs_stage || engine_now_ms(p->e) >= p->at_ms
               || engine_advance(p->e, p->at_ms, err));
}

/* --- measures: on all threads --- */

struct asking {
    const struct plan *plan;
    struct cursor *cursor;
    uint32_t *times_in;
    uint16_t above[LIFECYCLES_MAX];
};

static void asking_free(void *count)
{
    struct asking *ask = count;

    cursor_free(ask->cursor);
    mem_free(ask->times_in);
    mem_free(ask);
}

static bool asking_new(const void *plan, void **count, struct err *err)
{
    const struct plan *p = plan;
    struct asking *ask = mem_alloc(sizeof *ask);
    bool ok;

    if (!ask)
        return err_nomem(err);
    ask->plan = p;
    ask->times_in = mem_alloc(p->model->lifecycle->stage_n * sizeof *ask->times_in);
    ok = (ask->times_in || err_nomem(err))
         && cursor_new(p->model->program, &ask->cursor, err)
         && cursor_limit(ask->cursor, p->sights, NULL, p->measure_n, err);
    if (!ok) {
        asking_free(ask);
        return false;
    }
    *count = ask;
    return true;
}

static bool ask_customer(struct asking *ask, const struct chunk *c, uint32_t customer,
                         struct err *err)
{
    const struct plan *p = ask->plan;
    struct timeline t = timeline_of(c, customer);
    struct situation s;

    if (!cursor_start(ask->cursor, &t, err))
        return false;
    if (p->needs_stage)
        engine_situation(p->e, customer, p->at_ms, ask->times_in, ask->above, &s);
    else
        situation_of(p->model->lifecycle, NULL, 0, p->at_ms, ask->times_in, &s);
    for (uint32_t i = 0; i < p->measure_n; i++) {
        struct answer answer = cursor_ask(ask->cursor, p->rule[i], &s);

        p->value[i][customer] =
            answer.value.type == VALUE_MISSING ? CROWD_MISSING : answer.value.number;
    }
    p->there[customer] = true;
    return true;
}

static bool asking_add(void *count, const struct chunk *c,
                       [[maybe_unused]] struct scan_span span, const struct bits *who,
                       struct err *err)
{
    struct asking *ask = count;

    for (uint32_t i = 0; i < c->customer_n; i++)
        if ((!who || bits_has(who, i)) && c->first[i] < c->first[i + 1]
            && c->at_ms[c->first[i]] <= ask->plan->at_ms
            && !ask_customer(ask, c, c->customer_first + i, err))
            return false;
    return true;
}

static bool asking_merge([[maybe_unused]] void *into, [[maybe_unused]] const void *from,
                         [[maybe_unused]] struct err *err)
{
    return true;
}

static const struct report_kind asking = {asking_new, asking_add, asking_merge,
                                          asking_free};

static bool ask_everybody(struct plan *p, const struct fits *who, struct arena *a,
                          struct err *err)
{
    size_t n = (size_t)engine_customer_n(p->e) + 1;
    void *count;

    p->there = arena_array(a, bool, n);
    if (!p->there)
        return err_nomem(err);
    for (uint32_t i = 0; i < p->measure_n; i++) {
        p->value[i] = arena_array(a, int64_t, n);
        if (!p->value[i])
            return err_nomem(err);
    }
    if (!engine_report(p->e, &asking, p, who, &count, err))
        return false;
    asking_free(count);
    return true;
}

/* Values by customer become values by row. */
static bool take_rows(struct plan *p, struct arena *a, struct crowd_view *v,
                      struct err *err)
{
    uint32_t customers = engine_customer_n(p->e), n = 0, *customer;

    customer = arena_array(a, uint32_t, (size_t)customers + 1);
    if (!customer)
        return err_nomem(err);
    for (uint32_t c = 0; c < customers; c++) {
        if (!p->there[c])
            continue;
        for (uint32_t i = 0; i < p->measure_n; i++)
            p->value[i][n] = p->value[i][c];
        customer[n++] = c;
    }
    for (uint32_t i = 0; i < p->measure_n; i++)
        v->crowd.value[i] = p->value[i];
    v->crowd.measure_n = p->measure_n;
    v->crowd.n = n;
    v->customer = customer;
    return true;
}

/* --- traits: one chunk after the other, so that codes follow from the order of customers --- */

struct told {
    struct engine *e;
    struct crowd_view *v;
    struct program *program;
    struct picks *picks[2]; /* by half of a chunk */
    struct pick pick[CROWD_COLUMNS_MAX];
    uint32_t *code[CROWD_COLUMNS_MAX];
    uint32_t row; /* the next */
};

/* country is trait.country. */
static bool add_trait(struct told *t, uint32_t i, str name, str *wrong, struct err *err)
{
    struct buf full = {};
    bool ok;

    if (!memchr(name.p, '.', name.n))
        buf_add(&full, STR("trait."));
    buf_add(&full, name);
    *wrong = name;
    ok = !full.failed || err_nomem(err);
    ok = ok && picks_add_told(t->program, buf_str(&full), &t->pick[i], err);
    if (!ok && full.n > name.n && err->column > (int)strlen("trait."))
        err->column -= (int)strlen("trait.");
    buf_free(&full);
    return ok
           && (t->pick[i].type != VALUE_LIST
               || err_set(err, ERR_INPUT, "a list is no trait to compare by"));
}

static bool code_of(struct told *t, uint32_t half, uint32_t i, const struct picked *p,
                    uint32_t from, uint32_t to, uint32_t *out, struct err *err)
{
    struct crowd_column *column = &t->v->column[t->v->crowd.measure_n + i];
    uint32_t place = by_told(p, from, to), number;
    struct buf text = {};
    bool ok;

    *out = 0;
    if (place == BY_NONE)
        return true;
    by_put(&text, t->picks[half], t->pick[i], engine_model(t->e)->workspace.decimals,
           p->value[place]);
    ok = !text.failed && text_table_add(&column->text, buf_str(&text), &number);
    buf_free(&text);
    if (ok)
        *out = number + 1;
    return ok || err_nomem(err);
}

static uint32_t known_to(const struct chunk *c, uint32_t i, int64_t at_ms)
{
    uint32_t low = c->first[i], high = c->first[i + 1];

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (c->at_ms[middle] <= at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool add_codes(struct told *t, const struct halves *halves, struct err *err)
{
    const struct crowd_view *v = t->v;
    uint32_t chunk = v->customer[t->row] / CHUNK_CUSTOMERS;
    struct picked picked[2][CROWD_COLUMNS_MAX];

    for (uint32_t h = 0; h < halves->n; h++) {
        if (!picks_turn(t->picks[h], halves->half[h].chunk, err))
            return false;
        for (uint32_t k = 0; k < v->crowd.trait_n; k++)
            picked[h][k] = picks_values(t->picks[h], t->pick[k]);
    }
    for (; t->row < v->crowd.n && v->customer[t->row] / CHUNK_CUSTOMERS == chunk;
         t->row++) {
        uint32_t i = v->customer[t->row] % CHUNK_CUSTOMERS;
        uint32_t h = !bits_has(&halves->half[0].who, i);
        const struct chunk *c = halves->half[h].chunk;
        uint32_t to = known_to(c, i, v->at_ms);

        for (uint32_t k = 0; k < v->crowd.trait_n; k++)
            if (!code_of(t, h, k, &picked[h][k], c->first[i], to, &t->code[k][t->row],
                         err))
                return false;
    }
    return true;
}

static bool read_codes(struct told *t, struct err *err)
{
    struct snapshot *s = engine_snapshot(t->e);
    bool ok = true;

    while (ok && t->row < t->v->crowd.n) {
        struct halves halves;

        ok = snapshot_halves(s, t->v->customer[t->row] / CHUNK_CUSTOMERS, &halves, err);
        if (ok) {
            ok = add_codes(t, &halves, err);
            halves_free(&halves);
        }
    }
    return ok;
}

static bool take_traits(struct engine *e, struct arena *a, struct crowd_view *v,
                        str *wrong, struct err *err)
{
    struct told t = {.e = e, .v = v};
    struct crowd *c = &v->crowd;
    bool ok = report_program(e, &t.program, err);

    for (uint32_t i = 0; ok && i < c->trait_n; i++) {
        v->column[c->measure_n + i].type = VALUE_TEXT;
        t.code[i] = arena_array(a, uint32_t, (size_t)c->n + 1);
        ok = (t.code[i] || err_nomem(err))
             && add_trait(&t, i, v->column[c->measure_n + i].name, wrong, err);
        c->code[i] = t.code[i];
    }
    if (ok)
        *wrong = STR("");
    for (uint32_t h = 0; ok && h < 2; h++)
        ok = picks_new(t.program, &t.picks[h], err);
    ok = ok && read_codes(&t, err);
    for (uint32_t i = 0; ok && i < c->trait_n; i++)
        c->code_n[i] = v->column[c->measure_n + i].text.n + 1;
    for (uint32_t h = 0; h < 2; h++)
        picks_free(t.picks[h]);
    program_free(t.program);
    return ok;
}

bool engine_crowd(struct engine *e, const struct crowd_words *words, int64_t at_ms,
                  const struct fits *who, struct arena *a, struct crowd_view *out,
                  str *wrong, struct err *err)
{
    struct plan p = {.e = e, .at_ms = at_ms};
    bool ok;

    *out = (struct crowd_view){.at_ms = at_ms};
    *wrong = STR("");
    if (!add_names(words->measure, words->measure_n, out, &p.measure_n, err)
        || !add_names(words->trait, words->trait_n, out, &out->crowd.trait_n, err))
        return false;
    if (!out->column_n)
        return err_set(err, ERR_INPUT,
                       "name measures, such as count(purchase, 1y), or traits, by which "
                       "customers are compared");
    ok = add_measures(&p, out, wrong, err) && ask_everybody(&p, who, a, err)
         && take_rows(&p, a, out, err);
    plan_free(&p);
    return ok && (!out->crowd.trait_n || take_traits(e, a, out, wrong, err));
}

void crowd_view_free(struct crowd_view *v)
{
    for (uint32_t i = 0; i < v->column_n; i++)
        text_table_free(&v->column[i].text);
}

/* --- shown --- */

int64_t crowd_value(const struct crowd_view *v, uint32_t column, uint32_t row)
{
    return column < v->crowd.measure_n ? v->crowd.value[column][row]
                                       : v->crowd.code[column - v->crowd.measure_n][row];
}

/* The length that a growing time has come to. */
static int64_t length_of(const struct crowd_view *v, const struct crowd_column *c,
                         int64_t value)
{
    return c->grows > 0 ? v->at_ms - value : c->grows < 0 ? value - v->at_ms : value;
}

void crowd_put_json(struct json_out *j, const struct engine *e,
                    const struct crowd_view *v, uint32_t column, int64_t value)
{
    const struct crowd_column *c = &v->column[column];

    if (value == CROWD_MISSING || (c->type == VALUE_TEXT && !value))
        json_put_null(j);
    else if (c->type == VALUE_TEXT)
        json_put_text(j, text_table_get(&c->text, (uint32_t)value - 1));
    else if (c->type == VALUE_MONEY)
        json_put_money(j, value, engine_model(e)->workspace.decimals);
    else if (c->type == VALUE_LENGTH || c->grows)
        json_put_int(j, length_of(v, c, value));
    else if (c->type == VALUE_MOMENT)
        json_put_moment(j, value);
    else
        json_put_num(j, value);
}

str crowd_type_name(const struct crowd_column *c)
{
    return value_type_name(c->grows ? VALUE_LENGTH : c->type);
}

void crowd_put(struct buf *b, const struct engine *e, const struct crowd_view *v,
               uint32_t column, int64_t value, bool plain)
{
    const struct crowd_column *c = &v->column[column];

    if (value == CROWD_MISSING || (c->type == VALUE_TEXT && !value)) {
        buf_add(b, plain ? STR("") : STR("none"));
    } else if (c->type == VALUE_TEXT) {
        buf_add(b, text_table_get(&c->text, (uint32_t)value - 1));
    } else if (c->type == VALUE_MONEY) {
        money_print(b, value, engine_model(e)->workspace.decimals);
    } else if (c->type == VALUE_LENGTH || c->grows) {
        int64_t ms = length_of(v, c, value);

        if (plain)
            buf_add_format(b, "%lld", (long long)ms);
        else
            buf_add_format(b, "%.1f days", (double)ms / (double)MS_DAY);
    } else if (c->type == VALUE_MOMENT) {
        moment_print(b, value);
    } else {
        num_print(b, value);
    }
}
