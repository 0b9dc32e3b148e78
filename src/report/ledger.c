#include "report/ledger.h"

#include "base/num.h"

#include <stdlib.h>
#include <string.h>

bool ledger_new(const struct ledger_plan *plan, struct ledger **out, struct err *err)
{
    struct ledger *l = mem_alloc(sizeof *l);

    if (!l)
        return err_nomem(err);
    l->plan = *plan;
    l->sources.plan = plan->source;
    if (!picks_new(plan->program, &l->picks, err)) {
        ledger_free(l);
        return false;
    }
    *out = l;
    return true;
}

void ledger_free(struct ledger *l)
{
    if (!l)
        return;
    picks_free(l->picks);
    sources_free(&l->sources);
    text_table_free(&l->referrer);
    text_table_free(&l->currency);
    mem_free(l->foreign);
    mem_free(l->line);
    mem_free(l->touch);
    mem_free(l->customer);
    mem_free(l);
}

/* Room for one more in an array of which `n` are there. */
static bool grow(void *array, size_t *cap, size_t n, size_t bytes, struct err *err)
{
    size_t more_cap = *cap ? *cap : 64;
    void **at = array, *more;

    if (n < *cap)
        return true;
    while (more_cap <= n)
        more_cap *= 2;
    more = mem_resize(*at, more_cap * bytes);
    if (!more)
        return err_nomem(err);
    *at = more;
    *cap = more_cap;
    return true;
}

bool ledger_add_line(struct ledger *l, const struct ledger_line *line, struct err *err)
{
    if (!grow(&l->line, &l->line_cap, l->line_n, sizeof *line, err))
        return false;
    l->line[l->line_n++] = *line;
    return true;
}

static bool add_foreign(struct ledger *l, str currency, const struct ledger_foreign *more,
                        struct err *err)
{
    uint32_t was = l->currency.n, number;
    size_t cap = l->foreign_cap;

    if (!text_table_add(&l->currency, currency, &number))
        return err_nomem(err);
    if (!grow(&l->foreign, &cap, number, sizeof *l->foreign, err))
        return false;
    l->foreign_cap = (uint32_t)cap;
    if (number == was)
        l->foreign[number] = (struct ledger_foreign){};
    l->foreign[number].lines += more->lines;
    l->foreign[number].sum += more->sum;
    return true;
}

bool ledger_add_foreign(struct ledger *l, str currency, int64_t minor, struct err *err)
{
    return add_foreign(l, currency, &(struct ledger_foreign){1, minor}, err);
}

/* --- a customer --- */

/* What is looked at in a chunk; the fingers move forward from event to event. */
struct look {
    const struct chunk *chunk;
    const struct cells *members;
    struct {
        const uint64_t *mark;
        struct picked value, currency;
        uint32_t value_at, currency_at;
    } term[LEDGER_TERM_N];
    struct picked referrer;
    uint32_t referrer_at, member_at;
};

static bool find(const struct picked *p, uint32_t *at, uint32_t event, int64_t *out)
{
    while (*at < p->n && p->event[*at] < event)
        ++*at;
    if (*at == p->n || p->event[*at] != event || (p->there && !p->there[*at]))
        return false;
    *out = p->value[*at];
    return true;
}

/* The event is a member's, on the timeline of his account. */
static bool is_members(struct look *k, uint32_t event)
{
    while (k->member_at < k->members->n && k->members->event[k->member_at] < event)
        k->member_at++;
    return k->member_at < k->members->n && k->members->event[k->member_at] == event;
}

static bool is_in(const struct ledger_plan *p, int64_t at_ms)
{
    return at_ms >= p->from_ms && at_ms < p->to_ms;
}

/* In capitals, as ISO 4217 has it; "?": it is none. */
static void code_of(str told, char code[4])
{
    memcpy(code, "?", 2);
    if (told.n != 3)
        return;
    for (size_t i = 0; i < 3; i++) {
        char c = told.p[i];

        code[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    code[3] = 0;
    if (currency_decimals((str){code, 3}) < 0)
        memcpy(code, "?", 2);
}

static bool add_event(struct ledger *l, struct look *k, struct ledger_customer *who,
                      uint32_t event, int32_t day, struct err *err)
{
    const struct ledger_plan *p = &l->plan;
    struct ledger_line line = {who->customer, event, CUSTOMER_NONE, day, 0, 0};

    for (int t = 0; t < LEDGER_TERM_N; t++) {
        int64_t value = 0, key;
        bool is_money = p->term[t].event.type == VALUE_MONEY;
        char code[4] = "";

        if (!p->term[t].there || !(k->term[t].mark[event / 64] >> event % 64 & 1))
            continue;
        line.kind = (uint8_t)t;
        line.minor = p->contact_cost;
        if (t != LEDGER_SUPPORT) {
            if (!find(&k->term[t].value, &k->term[t].value_at, event, &value))
                continue;
            if (p->term[t].has_currency
                && find(&k->term[t].currency, &k->term[t].currency_at, event, &key))
                code_of(picks_text(l->picks, key), code);
            line.minor = value;
            if ((!is_money && !money_from_num(value, p->decimals, &line.minor))
                || line.minor == INT64_MIN) {
                l->untold++;
                continue;
            }
        }
        if (t == LEDGER_PURCHASES && who->first_day == LEDGER_NO_DAY)
            who->first_day = day;
        if (!is_in(p, k->chunk->at_ms[event]))
            continue;
        if (*code && !str_eq(str_of(code), p->currency)) {
            int64_t told = line.minor;

            if (!p->convert(p->context, str_of(code), day, told, &line.minor)) {
                if (!ledger_add_foreign(l, str_of(code), told, err))
                    return false;
                continue;
            }
            l->converted++;
        }
        if (!ledger_add_line(l, &line, err))
            return false;
    }
    return true;
}

/* He came through the source on that day; he may have done so before on it, behind .touch[from]. */
static bool add_touch(struct ledger *l, size_t from, const struct ledger_touch *touch,
                      struct err *err)
{
    for (size_t i = l->touch_n; i > from && l->touch[i - 1].day == touch->day; i--)
        if (l->touch[i - 1].source == touch->source)
            return true;
    if (!grow(&l->touch, &l->touch_cap, l->touch_n, sizeof *touch, err))
        return false;
    l->touch[l->touch_n++] = *touch;
    return true;
}

static bool add_touches(struct ledger *l, struct ledger_customer *who, size_t touches,
                        uint32_t event, int32_t day, struct err *err)
{
    struct source_touch touch;
    bool there;

    if (!sources_next(&l->sources, event + 1, &touch, &there, err))
        return false;
    if (!there || touch.event != event)
        return true;
    if (who->source == SOURCE_NONE)
        who->source = touch.source;
    if (!l->plan.costs[source_channel_number(&l->sources, touch.source)])
        return true;
    return add_touch(l, touches, &(struct ledger_touch){touch.source, who->customer, day},
                     err);
}

static bool note_referrer(struct ledger *l, struct look *k, struct ledger_customer *who,
                          uint32_t event, struct err *err)
{
    const struct picked *p = &k->referrer;

    while (k->referrer_at < p->n && p->event[k->referrer_at] < event)
        k->referrer_at++;
    for (; k->referrer_at < p->n && p->event[k->referrer_at] == event; k->referrer_at++) {
        who->referrer = TEXT_NONE;
        if ((!p->there || p->there[k->referrer_at])
            && !text_table_add(&l->referrer,
                               picks_text(l->picks, p->value[k->referrer_at]),
                               &who->referrer))
            return err_nomem(err);
    }
    return true;
}

static bool add_customer(struct ledger *l, struct look *k, uint32_t i, struct err *err)
{
    const struct chunk *c = k->chunk;
    struct ledger_customer who = {c->customer_first + i, SOURCE_NONE, TEXT_NONE,
                                  LEDGER_NO_DAY};
    size_t touches = l->touch_n;
    uint32_t e = c->first[i];

    sources_skip(&l->sources, e);
    if (e == c->first[i + 1] || c->at_ms[e] > l->plan.at_ms)
        return true;
    for (; e < c->first[i + 1] && c->at_ms[e] <= l->plan.at_ms; e++) {
        int32_t day;

        if (is_members(k, e))
            continue;
        day = day_of_moment(l->plan.zone, c->at_ms[e]);
        if (!add_touches(l, &who, touches, e, day, err)
            || !add_event(l, k, &who, e, day, err)
            || (l->plan.has_referrer && !note_referrer(l, k, &who, e, err)))
            return false;
    }
    if (!grow(&l->customer, &l->customer_cap, l->customer_n, sizeof who, err))
        return false;
    l->customer[l->customer_n++] = who;
    return true;
}

bool ledger_add(struct ledger *l, const struct chunk *c, const struct bits *who,
                struct err *err)
{
    const struct ledger_plan *p = &l->plan;
    struct look k = {.chunk = c};

    if (!picks_turn(l->picks, c, err) || !sources_turn(&l->sources, c, err)
        || !chunk_members(c, &k.members, err))
        return false;
    for (int t = 0; t < LEDGER_TERM_N; t++)
        if (p->term[t].there) {
            k.term[t].mark = picks_marks(l->picks, p->term[t].event);
            if (t != LEDGER_SUPPORT)
                k.term[t].value = picks_values(l->picks, p->term[t].event);
            if (p->term[t].has_currency)
                k.term[t].currency = picks_values(l->picks, p->term[t].currency);
        }
    if (p->has_referrer)
        k.referrer = picks_values(l->picks, p->referrer);
    for (uint32_t i = 0; i < c->customer_n; i++)
        if ((!who || bits_has(who, i)) && !add_customer(l, &k, i, err))
            return false;
    return true;
}

/* --- together --- */

static bool merge_source(struct ledger *into, const struct ledger *from, uint32_t *source,
                         struct err *err)
{
    return *source == SOURCE_NONE
           || sources_add(&into->sources, &from->sources, *source, source, err);
}

bool ledger_merge(struct ledger *into, const struct ledger *from, struct err *err)
{
    for (size_t i = 0; i < from->line_n; i++)
        if (!ledger_add_line(into, &from->line[i], err))
            return false;
    for (size_t i = 0; i < from->touch_n; i++) {
        struct ledger_touch touch = from->touch[i];

        if (!merge_source(into, from, &touch.source, err)
            || !grow(&into->touch, &into->touch_cap, into->touch_n, sizeof touch, err))
            return false;
        into->touch[into->touch_n++] = touch;
    }
    for (size_t i = 0; i < from->customer_n; i++) {
        struct ledger_customer who = from->customer[i];

        if (!merge_source(into, from, &who.source, err)
            || !grow(&into->customer, &into->customer_cap, into->customer_n, sizeof who,
                     err))
            return false;
        if (who.referrer != TEXT_NONE
            && !text_table_add(&into->referrer,
                               text_table_get(&from->referrer, who.referrer),
                               &who.referrer))
            return err_nomem(err);
        into->customer[into->customer_n++] = who;
    }
    for (uint32_t i = 0; i < from->currency.n; i++)
        if (!add_foreign(into, text_table_get(&from->currency, i), &from->foreign[i],
                         err))
            return false;
    into->untold += from->untold;
    into->converted += from->converted;
    return true;
}

static int line_cmp(const void *a, const void *b)
{
    const struct ledger_line *x = a, *y = b;

    if (x->customer != y->customer)
        return x->customer < y->customer ? -1 : 1;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->brought != y->brought)
        return x->brought < y->brought ? -1 : 1;
    return (x->event > y->event) - (x->event < y->event);
}

static int customer_cmp(const void *a, const void *b)
{
    const struct ledger_customer *x = a, *y = b;

    return (x->customer > y->customer) - (x->customer < y->customer);
}

void ledger_sort(struct ledger *l)
{
    if (l->line_n)
        qsort(l->line, l->line_n, sizeof *l->line, line_cmp);
    if (l->customer_n)
        qsort(l->customer, l->customer_n, sizeof *l->customer, customer_cmp);
}

int64_t ledger_share(int64_t minor, size_t n, size_t place)
{
    int64_t each = minor / (int64_t)n, rest = minor % (int64_t)n;

    if (rest > 0 && place < (size_t)rest)
        each++;
    else if (rest < 0 && place < (size_t)-rest)
        each--;
    return each;
}
