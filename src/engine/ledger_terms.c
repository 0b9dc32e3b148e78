#include "engine/ledger_terms.h"

#include "base/num.h"
#include "lifecycle/aims.h"
#include "report/ledger.h"

static const str term_name[LEDGER_TERM_N] = {
#define X(name, text) {text, sizeof(text) - 1},
    LEDGER_TERMS(X)
#undef X
};

static const struct yaml *place_of(const struct yaml *map, str key)
{
    const struct yaml *found = yaml_find(map, key);

    return found ? found : map;
}

static bool parse_share(const struct yaml *node, str key, int64_t otherwise, int64_t *out,
                        struct err *err)
{
    const struct yaml *at = place_of(node, key);
    str text;

    *out = otherwise;
    if (!yaml_get_text(node, key, &text, err))
        return false;
    return !text.n || (num_parse(text, out) && *out >= 0 && *out <= NUM_ONE)
           || err_at(err, at->line, at->column,
                     "%.*s is a share from 0 to 1, such as 0.35", STR_FMT(key));
}

static bool parse_contact_cost(const struct yaml *node, int decimals,
                               struct ledger_terms *out, struct err *err)
{
    const str key = STR("contact_cost");
    const struct yaml *at = place_of(node, key);
    int64_t number;
    str text;

    if (!yaml_get_text(node, key, &text, err))
        return false;
    if (!text.n != !out->pattern[LEDGER_SUPPORT].n)
        return err_at(err, at->line, at->column,
                      "support and contact_cost go together: which events are contacts "
                      "with support, and what one of them costs");
    return !text.n
           || (num_parse(text, &number) && number >= 0
               && money_from_num(number, decimals, &out->contact_cost))
           || err_at(err, at->line, at->column,
                     "contact_cost is what one contact with support costs, such as 4.50");
}

bool ledger_terms_parse(const struct yaml *node, const struct life_measures *measures,
                        int decimals, struct ledger_terms *out, struct err *err)
{
    static const str keys[] = {
#define X(name, text) {text, sizeof(text) - 1},
        LEDGER_TERMS(X)
#undef X
            STR("contact_cost"),
        STR("margin"), STR("referred_by"), STR("referral_share")};
    const struct yaml *revenue = measures->of[MEASURE_REVENUE].at;

    *out = (struct ledger_terms){.margin = NUM_ONE};
    if (revenue)
        out->pattern[LEDGER_PURCHASES] = str_trim(revenue->text);
    if (!node)
        return true;
    if (!yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "the ledger", err))
        return false;
    for (int t = 0; t < LEDGER_TERM_N; t++) {
        str text;

        if (!yaml_get_text(node, term_name[t], &text, err))
            return false;
        if (str_trim(text).n)
            out->pattern[t] = str_trim(text);
    }
    if (!yaml_get_text(node, STR("referred_by"), &out->referrer, err)
        || !parse_contact_cost(node, decimals, out, err)
        || !parse_share(node, STR("margin"), NUM_ONE, &out->margin, err)
        || !parse_share(node, STR("referral_share"), 0, &out->share, err))
        return false;
    if (out->share && !out->referrer.n)
        return err_at(err, node->line, node->column,
                      "referral_share needs referred_by: the trait that says who brought "
                      "a customer");
    return true;
}

static bool add_term(const struct ledger_terms *terms, int t, struct program *p,
                     struct ledger_plan *plan, struct err *err)
{
    struct pick *event = &plan->term[t].event, *currency = &plan->term[t].currency;
    uint32_t n;

    plan->term[t].there = true;
    if (!picks_add(p, terms->pattern[t], event, 1, &n, err))
        return false;
    if (t == LEDGER_SUPPORT)
        return true;
    if (event->type != VALUE_MONEY && event->type != VALUE_NUMBER)
        return err_set(
            err, ERR_INPUT,
            "%.*s are an event's money: say which of its values it is, such as "
            "purchase.revenue",
            STR_FMT(term_name[t]));
    /* An event without a currency is in the workspace's. */
    if (picks_add_property(p, *event, STR("currency"), currency, err))
        plan->term[t].has_currency = currency->type == VALUE_TEXT;
    else if (err->code != ERR_INPUT)
        return false;
    return true;
}

static bool add_referrer(const struct ledger_terms *terms, struct program *p,
                         struct ledger_plan *plan, struct err *err)
{
    struct buf name = {};
    bool ok;

    buf_add(&name, STR("trait.`"));
    buf_add(&name, terms->referrer);
    buf_add_char(&name, '`');
    ok = name.failed ? err_nomem(err)
                     : picks_add_told(p, buf_str(&name), &plan->referrer, err);
    buf_free(&name);
    plan->has_referrer = ok;
    if (!ok && err->code == ERR_INPUT)
        return err_set(
            err, ERR_INPUT,
            "there is no trait \"%.*s\": declare it under `traits:`, as the one "
            "that names who brought a customer",
            STR_FMT(terms->referrer));
    return ok
           && (plan->referrer.type == VALUE_TEXT
               || err_set(
                   err, ERR_INPUT,
                   "the trait %.*s is a %.*s: who brought a customer is named by an "
                   "id, a text",
                   STR_FMT(terms->referrer),
                   STR_FMT(value_type_name(plan->referrer.type))));
}

bool ledger_terms_plan(const struct ledger_terms *terms, struct program *p,
                       struct ledger_plan *plan, str *wrong, struct err *err)
{
    for (int t = 0; t < LEDGER_TERM_N; t++) {
        *wrong = terms->pattern[t];
        if (terms->pattern[t].n && !add_term(terms, t, p, plan, err))
            return false;
    }
    *wrong = terms->referrer;
    if (terms->referrer.n && !add_referrer(terms, p, plan, err))
        return false;
    *wrong = STR("");
    plan->contact_cost = terms->contact_cost;
    return true;
}

bool ledger_terms_check(const struct ledger_terms *terms, const struct yaml *node,
                        const struct program *p, struct err *err)
{
    struct ledger_plan plan = {};
    struct program *own;
    str wrong;
    bool ok;

    if (!node)
        return true;
    if (!picks_program(p, &own, err))
        return false;
    ok = ledger_terms_plan(terms, own, &plan, &wrong, err);
    program_free(own);
    if (ok || err->code != ERR_INPUT)
        return ok;
    for (size_t i = 0; i < node->n; i++)
        if (str_eq(str_trim(node->item[i]->text), wrong)) {
            if (err->line) {
                yaml_err_in_scalar(node->item[i], err);
            } else {
                err->line = node->item[i]->line;
                err->column = node->item[i]->column;
            }
            break;
        }
    return false;
}
