#include "engine/cox.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool cox_plan(struct program *p, str traits, struct spell_plan *plan, str *wrong,
              struct err *err)
{
    while (traits.n) {
        const char *comma = memchr(traits.p, ',', traits.n);
        str name = {traits.p, comma ? (size_t)(comma - traits.p) : traits.n};
        struct pick *pick = &plan->trait[plan->trait_n];
        bool told;

        traits = str_from(traits, comma ? name.n + 1 : name.n);
        name = str_trim(name);
        if (plan->trait_n == SPELL_TRAITS_MAX)
            return err_set(err, ERR_LIMIT, "cox: at most %u traits", SPELL_TRAITS_MAX);
        if (!report_by(p, NULL, name, pick, &told, wrong, err))
            return false;
        if (pick->type == VALUE_MOMENT)
            return err_set(
                err, ERR_INPUT,
                "cox: %.*s is a moment: take a number, true or false, or a text",
                STR_FMT(name));
        plan->trait_n++;
    }
    return true;
}

/* --- columns --- */

struct covariate {
    uint32_t trait;
    int64_t word; /* of a text: 1 where it is this one */
};

struct matrix {
    const struct spells *s;
    struct covariate column[COX_COLUMNS_MAX];
    uint32_t column_n;
    struct lasted *row; /* of whom all is known; .told is their place in x */
    size_t n;
    double *x;
};

static const struct spell_trait *traits_of(const struct spells *s,
                                           const struct lasted *row)
{
    return s->trait + (size_t)row->told * s->plan.trait_n;
}

static bool is_known(const struct spells *s, const struct lasted *row)
{
    for (uint32_t k = 0; k < s->plan.trait_n; k++)
        if (!traits_of(s, row)[k].there)
            return false;
    return true;
}

struct worded {
    str name;
    uint64_t n;
    uint32_t word;
};

static int worded_cmp(const void *a, const void *b)
{
    const struct worded *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return str_cmp(x->name, y->name);
}

static bool add_column(struct matrix *m, struct cox_view *v, uint32_t trait,
                       const struct worded *word, str beside, struct err *err)
{
    uint32_t i = m->column_n++;

    if (i == COX_COLUMNS_MAX)
        return err_set(
            err, ERR_LIMIT,
            "cox: there are more than %u columns, one for each value of a text "
            "but one: take traits with fewer values",
            COX_COLUMNS_MAX);
    m->column[i] = (struct covariate){trait, word ? word->word : 0};
    v->trait[i] = m->s->plan.trait[trait].text;
    v->value[i] = word ? word->name : STR("");
    v->beside[i] = beside;
    return true;
}

/* A column for each value of a text, those first that more have, but for the very first. */
static bool add_words(struct matrix *m, struct cox_view *v, uint32_t trait,
                      struct arena *a, struct err *err)
{
    uint32_t words = m->s->word.n, n = 0;
    struct worded *word = arena_array(a, struct worded, words + 1);

    if (!word)
        return err_nomem(err);
    for (uint32_t i = 0; i < words; i++)
        word[i] = (struct worded){text_table_get(&m->s->word, i), 0, i};
    for (size_t i = 0; i < m->n; i++)
        word[traits_of(m->s, &m->row[i])[trait].value].n++;
    qsort(word, words, sizeof *word, worded_cmp);
    while (n < words && word[n].n)
        n++;
    if (n < 2)
        return err_set(err, ERR_INPUT,
                       "cox: %.*s is the same for all of whom it is known: leave it out",
                       STR_FMT(m->s->plan.trait[trait].text));
    for (uint32_t i = 1; i < n; i++)
        if (!add_column(m, v, trait, &word[i], word[0].name, err))
            return false;
    return true;
}

static double number_of(const struct engine *e, enum value_type type, int64_t value)
{
    if (type == VALUE_MONEY)
        return (double)value / pow(10, engine_model(e)->workspace.decimals);
    return type == VALUE_BOOL ? (double)value : (double)value / (double)NUM_ONE;
}

static bool fill(const struct engine *e, struct matrix *m, struct arena *a,
                 struct err *err)
{
    const struct spell_plan *p = &m->s->plan;

    m->x = arena_array(a, double, m->n * m->column_n + 1);
    if (!m->x)
        return err_nomem(err);
    for (size_t i = 0; i < m->n; i++) {
        const struct spell_trait *trait = traits_of(m->s, &m->row[i]);

        for (uint32_t k = 0; k < m->column_n; k++) {
            const struct covariate *c = &m->column[k];
            enum value_type type = p->trait[c->trait].type;
            int64_t value = trait[c->trait].value;

            m->x[i * m->column_n + k] =
                type == VALUE_TEXT ? value == c->word : number_of(e, type, value);
        }
        m->row[i].told = (uint32_t)i;
    }
    return true;
}

static int row_cmp(const void *a, const void *b)
{
    const struct lasted *x = a, *y = b;

    if (x->ms != y->ms)
        return x->ms < y->ms ? -1 : 1;
    return (x->customer > y->customer) - (x->customer < y->customer);
}

static bool matrix_of(const struct engine *e, struct matrix *m, struct cox_view *v,
                      struct arena *a, struct err *err)
{
    const struct spells *s = m->s;

    m->row = arena_array(a, struct lasted, s->n + 1);
    if (!m->row)
        return err_nomem(err);
    for (size_t i = 0; i < s->n; i++)
        if (is_known(s, &s->row[i]))
            m->row[m->n++] = s->row[i];
    /* In one order, whichever thread found whom: sums come out the same to the last digit. */
    qsort(m->row, m->n, sizeof *m->row, row_cmp);
    v->unknown = s->n - m->n;
    if (!m->n)
        return err_set(
            err, ERR_INPUT,
            "cox: of nobody all of these were known when he began; what was told "
            "later is not looked at, since it may follow from what happened");
    for (uint32_t k = 0; k < s->plan.trait_n; k++)
        if (!(s->plan.trait[k].type == VALUE_TEXT
                  ? add_words(m, v, k, a, err)
                  : add_column(m, v, k, NULL, STR(""), err)))
            return false;
    return fill(e, m, a, err);
}

/* --- what comes of it --- */

static bool refuse(const struct cox_view *v, enum cox_end end, uint32_t column,
                   struct err *err)
{
    str trait = v->trait[column], value = v->value[column];
    const char *is = value.n ? " = " : "";

    switch (end) {
    case COX_FOUND:
        return true;
    case COX_NOTHING:
        return err_set(
            err, ERR_INPUT,
            "cox: it happened to nobody of whom all of these were known when he "
            "began: there is nothing to learn from; take another end, or wait until it "
            "happens to somebody");
    case COX_CONSTANT:
        return err_set(
            err, ERR_INPUT,
            "cox: %.*s%s%.*s is the same for all who could be compared: leave it "
            "out",
            STR_FMT(trait), is, STR_FMT(value));
    case COX_COLLINEAR:
        return err_set(
            err, ERR_INPUT,
            "cox: %.*s%s%.*s follows from those before it: leave one of them out",
            STR_FMT(trait), is, STR_FMT(value));
    case COX_SEPARATED:
        return err_set(
            err, ERR_INPUT,
            "cox: the hazard ratio of %.*s%s%.*s has no bound: it says all there "
            "is to say of who comes first, such as that it happened to nobody "
            "with it; leave it out, or put values together",
            STR_FMT(trait), is, STR_FMT(value));
    case COX_TIED:
        return err_set(
            err, ERR_LIMIT,
            "cox: it happened to %u at the same length, and exact ties are for at "
            "most %u: take efron",
            v->fit.tied, COX_EXACT_MAX);
    }
    return true;
}

bool cox_view_of(const struct engine *e, const struct spells *s, str ties,
                 struct arena *a, struct cox_view **out, struct err *err)
{
    struct cox_view *v = arena_new(a, struct cox_view);
    struct matrix *m = arena_new(a, struct matrix);
    enum cox_end end;
    uint32_t column = 0;

    if (!v || !m)
        return err_nomem(err);
    m->s = s;
    *out = v;
    if (ties.n && !cox_ties_parse(ties, &v->ties))
        return err_set(err, ERR_INPUT, "ties are efron, breslow or exact, not \"%.*s\"",
                       STR_FMT(ties));
    return matrix_of(e, m, v, a, err)
           && cox_fit(m->row, m->n, m->x, m->column_n, v->ties, &v->fit, &end, &column,
                      err)
           && refuse(v, end, column, err);
}

/* --- as JSON --- */

static void put_double(struct json_out *j, const char *key, double d)
{
    json_key(j, key);
    json_put_double(j, d);
}

static void put_text(struct json_out *j, const char *key, str text)
{
    json_key(j, key);
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

static void put_column(struct json_out *j, const struct cox_view *v, uint32_t i)
{
    const struct cox_column *c = &v->fit.column[i];

    json_begin_object(j);
    put_text(j, "trait", v->trait[i]);
    put_text(j, "value", v->value[i]);
    put_text(j, "beside", v->beside[i]);
    put_double(j, "coefficient", c->coefficient);
    put_double(j, "error", c->error);
    put_double(j, "ratio", c->ratio);
    put_double(j, "low", c->low);
    put_double(j, "high", c->high);
    put_double(j, "p", c->p);
    json_end_object(j);
}

void cox_put_json(struct json_out *j, const struct cox_view *v)
{
    const struct cox *f = &v->fit;

    json_begin_object(j);
    put_text(j, "ties", str_of(cox_ties_name(v->ties)));
    json_key(j, "tied");
    json_put_int(j, f->tied);
    json_key(j, "customers");
    json_put_int(j, (int64_t)f->customers);
    json_key(j, "ended");
    json_put_int(j, (int64_t)f->ended);
    json_key(j, "unknown");
    json_put_int(j, (int64_t)v->unknown);
    put_double(j, "log_likelihood", f->log_likelihood);
    put_double(j, "log_likelihood_null", f->log_likelihood_null);
    put_double(j, "chi_square", f->chi_square);
    json_key(j, "degrees");
    json_put_int(j, f->column_n);
    put_double(j, "p", f->p);
    put_double(j, "concordance", f->concordance);
    json_key(j, "columns");
    json_begin_list(j);
    for (uint32_t i = 0; i < f->column_n; i++)
        put_column(j, v, i);
    json_end_list(j);
    json_end_object(j);
}
