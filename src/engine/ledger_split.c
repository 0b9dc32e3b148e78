/* ledger_split.c - what channels cost, shared among those who came through them.
 *
 * (1) A statement of a day is shared by those who came through its channel (its campaign, when it names
 *     one) on that day; when nobody did, by those who did in that month of the calendar; when nobody
 *     did then, it is unassigned.
 * (2) Shares are equal, to the smallest unit, and add up to the statement (ledger_share); who is first
 *     in the order of the ids has one unit more.
 * (3) A share is acquisition up to the day of the customer's first purchase, and keeping behind it. */
#include "engine/ledger_impl.h"

#include "base/num.h"

#include <stdlib.h>
#include <string.h>

/* He came through it on that day; .rank is his place in the order of the ids. */
struct came {
    uint32_t through; /* a source, or a channel */
    int32_t day;
    uint32_t rank;
};
struct came_list {
    struct came *row;
    size_t n;
};

static int came_cmp(const void *a, const void *b)
{
    const struct came *x = a, *y = b;

    if (x->through != y->through)
        return x->through < y->through ? -1 : 1;
    if (x->day != y->day)
        return x->day < y->day ? -1 : 1;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

static int number_cmp(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Each once, in order. */
static size_t sort_once(uint32_t *number, size_t n)
{
    size_t kept = 0;

    if (n)
        qsort(number, n, sizeof *number, number_cmp);
    for (size_t i = 0; i < n; i++)
        if (!kept || number[kept - 1] != number[i])
            number[kept++] = number[i];
    return kept;
}

struct splitting {
    struct making *m;
    const uint32_t *customer; /* by rank */
    struct came_list source, channel;
    uint32_t *who; /* of a statement: ranks */
};

static void fill(struct came_list *list, const struct ledger *l, const uint32_t *rank,
                 bool by_channel)
{
    for (size_t i = 0; i < l->touch_n; i++) {
        const struct ledger_touch *t = &l->touch[i];

        list->row[i] = (struct came){
            by_channel ? source_channel_number(&l->sources, t->source) : t->source,
            t->day, rank[t->customer]};
    }
    list->n = l->touch_n;
    if (list->n)
        qsort(list->row, list->n, sizeof *list->row, came_cmp);
}

static bool prepare(struct splitting *s, struct err *err)
{
    struct making *m = s->m;
    const struct ledger *l = m->l;
    uint32_t customers = engine_customer_n(m->e);
    uint32_t *once = arena_array(m->a, uint32_t, l->touch_n + 1),
             *rank = arena_array(m->a, uint32_t, (size_t)customers + 1);
    size_t n;

    s->who = arena_array(m->a, uint32_t, l->touch_n + 1);
    s->source.row = arena_array(m->a, struct came, l->touch_n + 1);
    s->channel.row = arena_array(m->a, struct came, l->touch_n + 1);
    if (!once || !rank || !s->who || !s->source.row || !s->channel.row)
        return err_nomem(err);
    for (size_t i = 0; i < l->touch_n; i++)
        once[i] = l->touch[i].customer;
    n = sort_once(once, l->touch_n);
    if (!report_by_id(m->e, once, n, m->a, &s->customer, err))
        return false;
    for (uint32_t i = 0; i < n; i++)
        rank[s->customer[i]] = i;
    fill(&s->source, l, rank, false);
    fill(&s->channel, l, rank, true);
    return true;
}

/* Who came through it on days from `from` up to `to`: their ranks, each once. */
static size_t who_came(struct splitting *s, const struct came_list *list,
                       uint32_t through, int32_t from, int32_t to)
{
    const struct came wanted = {through, from, 0};
    size_t low = 0, high = list->n, n = 0;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (came_cmp(&list->row[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < list->n && list->row[low].through == through && list->row[low].day <= to;
         low++)
        s->who[n++] = list->row[low].rank;
    return sort_once(s->who, n);
}

/* The channel or campaign that a statement is of, if anybody came through it. */
static bool find_through(const struct making *m, const struct spend_row *spent,
                         uint32_t *out)
{
    const struct sources *s = &m->l->sources;

    for (uint32_t i = 0; i < s->name.n; i++) {
        str campaign;

        if (!str_eq(source_channel(s, i), spent->channel))
            continue;
        *out = spent->campaign.n ? i : source_channel_number(s, i);
        if (!spent->campaign.n
            || (source_campaign(s, i, &campaign) && str_eq(campaign, spent->campaign)))
            return true;
    }
    return false;
}

static size_t find_who(struct splitting *s, const struct spend_row *spent)
{
    const struct came_list *list = spent->campaign.n ? &s->source : &s->channel;
    struct civil c = civil_of((int64_t)spent->day * MS_DAY);
    int32_t first = spent->day - (c.day - 1),
            last = first + civil_days_in_month(c.year, c.month) - 1;
    uint32_t through;
    size_t n;

    if (!find_through(s->m, spent, &through))
        return 0;
    n = who_came(s, list, through, spent->day, spent->day);
    return n ? n : who_came(s, list, through, first, last);
}

static int32_t first_day_of(const struct ledger *l, uint32_t customer)
{
    size_t low = 0, high = l->customer_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (l->customer[middle].customer < customer)
            low = middle + 1;
        else
            high = middle;
    }
    return l->customer[low].first_day;
}

static bool leave_unassigned(struct making *m, uint32_t statement, int64_t minor,
                             struct err *err)
{
    if (m->unassigned_n == m->unassigned_cap) {
        size_t cap = m->unassigned_cap ? m->unassigned_cap * 2 : 64;
        struct ledger_unassigned *more = mem_resize(m->unassigned, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        m->unassigned = more;
        m->unassigned_cap = cap;
    }
    m->unassigned[m->unassigned_n++] = (struct ledger_unassigned){statement, minor};
    return true;
}

static bool split(struct splitting *s, uint32_t statement, const struct spend_row *spent,
                  int64_t minor, struct err *err)
{
    struct making *m = s->m;
    size_t n = find_who(s, spent);

    m->view->imported += minor;
    if (!n)
        return leave_unassigned(m, statement, minor, err);
    for (size_t i = 0; i < n; i++) {
        struct ledger_line line = {.customer = s->customer[s->who[i]],
                                   .event = statement,
                                   .brought = CUSTOMER_NONE,
                                   .day = spent->day,
                                   .minor = ledger_share(minor, n, i)};

        line.kind = spent->day > first_day_of(m->l, line.customer) ? LEDGER_KEEPING
                                                                   : LEDGER_ACQUISITION;
        if (line.minor && !ledger_add_line(m->l, &line, err))
            return false;
    }
    return true;
}

static bool note_foreign(struct making *m, const struct spend_row *spent, struct err *err)
{
    /* As if it were in the workspace's units, as what events say is. */
    int64_t minor = spent->minor;
    int to = engine_model(m->e)->workspace.decimals,
        from = currency_decimals((str){spent->currency, 3});
    const struct rate one = {.value = NUM_ONE};

    if (from >= 0 && !rate_convert(&one, spent->minor, from, to, &minor))
        minor = spent->minor;
    return ledger_add_foreign(m->l, (str){spent->currency, 3}, minor, err);
}

bool ledger_split(struct making *m, struct err *err)
{
    const struct workspace *w = &engine_model(m->e)->workspace;
    const struct report_scope *scope = &m->q->scope;
    struct splitting s = {.m = m};

    if (!prepare(&s, err))
        return false;
    for (uint32_t i = 0; i < m->book.key.n; i++) {
        struct spend_row spent = spend_book_row(&m->book, i);
        int64_t at_ms = zone_moment(w->zone, (int64_t)spent.day * MS_DAY), minor;
        bool ok;

        if (at_ms < scope->from_ms || at_ms >= scope->to_ms || at_ms > scope->at_ms)
            continue;
        ok = spend_worth(&m->rates, w, &spent, &minor) ? split(&s, i, &spent, minor, err)
                                                       : note_foreign(m, &spent, err);
        if (!ok)
            return false;
    }
    return true;
}
