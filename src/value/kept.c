#include "value/kept.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- as a text --- */

static const char *const rates[] = {[RATE_GAMMA] = "gamma", [RATE_SAME] = "same"};
static const char *const dropouts[] = {
    [DROPOUT_NONE] = "none", [DROPOUT_BETA] = "beta", [DROPOUT_SAME] = "same"};
static const char *const sides[] = {
    [PARETO_GAMMA] = "gamma", [PARETO_SAME] = "same", [PARETO_NEVER] = "never"};

static bool is_pareto(const struct kept_fit *k)
{
    return k->model.kind == VALUE_PARETO_NBD;
}

static const double *parameters(const struct kept_fit *k)
{
    return is_pareto(k) ? k->model.pareto.parameter : k->model.bgnbd.parameter;
}

static void put_numbers(struct buf *to, const char *word, const double *number, size_t n)
{
    buf_add(to, str_of(word));
    for (size_t i = 0; i < n; i++)
        buf_add_format(to, " %.17g", number[i]);
    buf_add_char(to, '\n');
}

static void put_text(struct buf *to, const char *word, str text)
{
    buf_add_format(to, "%s %.*s\n", word, STR_FMT(text));
}

void kept_print(const struct kept_fit *k, struct buf *to)
{
    const struct repeat_model *m = &k->model;
    const double unit = is_pareto(k) ? m->pareto.unit_days : m->bgnbd.unit_days;

    put_text(to, "model", value_model_name(m->kind));
    if (is_pareto(k))
        buf_add_format(to, "rate %s\nleaving %s\n", sides[m->pareto.rate],
                       sides[m->pareto.death]);
    else
        buf_add_format(to, "rate %s\nleaving %s\nk %u\n", rates[m->bgnbd.rate],
                       dropouts[m->bgnbd.dropout], m->bgnbd.k);
    put_numbers(to, "parameters", parameters(k), repeat_parameter_n(m));
    put_text(to, "unit", k->unit);
    put_numbers(to, "days", &unit, 1);
    put_text(to, "event", k->event);
    if (k->value.n)
        put_text(to, "value", k->value);
    if (k->has_spending)
        put_numbers(to, "spending",
                    (const double[]){k->spending.p, k->spending.q, k->spending.gamma}, 3);
    buf_add_format(to, "customers %llu\n", (unsigned long long)k->customers);
}

struct reading {
    str rest;
    bool wrong;
};

static str take_up_to(str *rest, char end)
{
    const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    str taken = {rest->p, at ? (size_t)(at - rest->p) : rest->n};

    *rest = str_from(*rest, taken.n + (at ? 1 : 0));
    return taken;
}

/* The next line when it begins with this word: what stands behind it; else nothing. */
static str take_line(struct reading *r, const char *word)
{
    struct reading ahead = *r;
    str line = take_up_to(&ahead.rest, '\n');

    if (!str_eq(take_up_to(&line, ' '), str_of(word)) || !line.n)
        return STR("");
    *r = ahead;
    return line;
}

static str need_line(struct reading *r, const char *word)
{
    str line = take_line(r, word);

    r->wrong |= !line.n;
    return line;
}

/* Fitted ones lie between e^-16 and e^16 (value/newton.h), but for the limit to which one of two leads the
 * other. */
#define LEAST 1e-9
#define MOST 1e9

static double number_of(struct reading *r, str text)
{
    char copy[32], *end;
    double d;

    if (!text.n || text.n >= sizeof copy || text.p[0] < '0' || text.p[0] > '9') {
        r->wrong = true;
        return 1;
    }
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    d = strtod(copy, &end);
    r->wrong |= *end || !(d >= LEAST && d <= MOST);
    return d;
}

static void need_numbers(struct reading *r, str line, double *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = number_of(r, take_up_to(&line, ' '));
    r->wrong |= line.n > 0;
}

static unsigned need_word(struct reading *r, const char *line, const char *const *word,
                          unsigned n)
{
    str text = need_line(r, line);
    unsigned i = 0;

    while (i < n && !str_eq(text, str_of(word[i])))
        i++;
    r->wrong |= i == n;
    return i < n ? i : 0;
}

static uint64_t need_count(struct reading *r, const char *word, uint64_t most)
{
    str line = need_line(r, word);
    uint64_t n = 0;

    for (size_t i = 0; i < line.n && !r->wrong; i++) {
        r->wrong = line.p[i] < '0' || line.p[i] > '9' || n > most / 10;
        n = n * 10 + (uint64_t)(line.p[i] - '0');
    }
    r->wrong |= n > most;
    return n;
}

/* Days are counted, so that nobody buys more than once in one: a mean rate beyond this was not fitted, and
 * to sum over so many purchases takes for ever. */
#define PURCHASES_A_DAY 100

static bool has_rate(const struct kept_fit *k)
{
    const double *p = parameters(k);
    double days = is_pareto(k) ? k->model.pareto.unit_days
                               : k->model.bgnbd.unit_days * k->model.bgnbd.k;
    bool gamma = is_pareto(k) ? k->model.pareto.rate == PARETO_GAMMA
                              : k->model.bgnbd.rate == RATE_GAMMA;

    return (gamma ? p[0] / p[1] : p[0]) <= PURCHASES_A_DAY * days;
}

static void read_model(struct reading *r, struct repeat_model *m)
{
    struct err unheard;

    r->wrong |= !value_model_parse(need_line(r, "model"), &m->kind, &unheard);
    r->wrong |= m->kind == VALUE_BG_BB;
    if (r->wrong)
        return;
    if (m->kind == VALUE_PARETO_NBD) {
        m->pareto.rate = (enum pareto_side)need_word(r, "rate", sides, PARETO_NEVER);
        m->pareto.death = (enum pareto_side)need_word(r, "leaving", sides, 3);
        need_numbers(r, need_line(r, "parameters"), m->pareto.parameter,
                     repeat_parameter_n(m));
        return;
    }
    m->bgnbd.rate = (enum bgnbd_rate)need_word(r, "rate", rates, 2);
    m->bgnbd.dropout = (enum bgnbd_dropout)need_word(r, "leaving", dropouts, 3);
    m->bgnbd.at_once = m->kind == VALUE_MBG_NBD || m->kind == VALUE_MBG_CNBD_K;
    m->bgnbd.k = (unsigned)need_count(r, "k", BGNBD_K_MAX);
    r->wrong |= m->bgnbd.k == 0;
    need_numbers(r, need_line(r, "parameters"), m->bgnbd.parameter,
                 repeat_parameter_n(m));
}

bool kept_parse(str text, struct arena *a, struct kept_fit *out, struct err *err)
{
    struct reading r = {.rest = arena_str(a, text)};
    double days, spending[3];
    str line;

    *out = (struct kept_fit){};
    if (!r.rest.p)
        return err_nomem(err);
    read_model(&r, &out->model);
    out->unit = need_line(&r, "unit");
    need_numbers(&r, need_line(&r, "days"), &days, 1);
    *(is_pareto(out) ? &out->model.pareto.unit_days : &out->model.bgnbd.unit_days) = days;
    out->event = need_line(&r, "event");
    out->value = take_line(&r, "value");
    line = take_line(&r, "spending");
    out->has_spending = line.n > 0;
    if (out->has_spending) {
        need_numbers(&r, line, spending, 3);
        out->spending = (struct gamma_gamma){spending[0], spending[1], spending[2]};
    }
    out->customers = need_count(&r, "customers", UINT32_MAX);
    r.wrong |= memchr(text.p, '\0', text.n) != NULL; /* no pattern has one */
    return (!r.wrong && !r.rest.n && days <= 31 && has_rate(out))
           || err_set(err, ERR_CORRUPT, "a fit is none");
}

/* --- asked --- */

/* As `ciclo value customer` looks, unless told otherwise. */
enum { AHEAD_DAYS = 365, CHURN_DAYS = 90 };

static double mean_spending(const struct kept_fit *k, const struct rule_bought *b)
{
    struct spending s = {};

    if (b->x && b->spent > 0)
        s = (struct spending){b->x, b->spent / b->x};
    return k->has_spending ? gamma_gamma_expected(&k->spending, s) : NAN;
}

double kept_worth(const void *model, enum rule_worth what, const struct rule_bought *b)
{
    const struct kept_fit *k = model;

    switch (what) {
    case WORTH_P_ALIVE:
        return repeat_alive(&k->model, b->x, b->last_days, b->age_days);
    case WORTH_CLV_12MO:
        return repeat_expected(&k->model, b->x, b->last_days, b->age_days, AHEAD_DAYS)
               * mean_spending(k, b);
    case WORTH_CHURN_90D:
        return repeat_no_purchase(&k->model, b->x, b->last_days, b->age_days, CHURN_DAYS);
    case WORTHS_END:
        break;
    }
    return NAN;
}

/* The probability of staying alive and the money expected fall, that of no purchase rises.
 *
 * Silence is the likelier the less is bought, and certain of whoever left: so in every model it makes
 * it likelier that he left. While he is a customer, his rate given the silence is a gamma variate whose
 * mean falls with it, and apart from how he leaves; what is expected rises with the rate. In Pareto/NBD
 * silence also speaks for those who leave late, but the former outweighs it.
 * How likely a silence is of some length is a mixture of exponentials of it (and of a constant, of those
 * who left): log-convex, so that the longer it was, the likelier it is that it goes on. Regular purchases
 * remember when the last one was: then a longer silence may also mean that the next one is near. */
bool kept_worth_goes_one_way(const void *model, enum rule_worth what)
{
    const struct kept_fit *k = model;

    return what == WORTH_P_ALIVE || is_pareto(k) || k->model.bgnbd.k == 1;
}
