#include "engine/query.h"

#include "engine/members.h"
#include "engine/scan.h"

#include <stdlib.h>
#include <string.h>

bool engine_flow(const struct engine *e, const struct lifecycle *l, const int64_t *edge,
                 uint32_t period_n, struct arena *a, struct flow *out, struct err *err)
{
    uint32_t customers = engine_customer_n(e);

    if (!flow_new(l->stage_n, edge, period_n, a, out, err))
        return false;
    for (uint32_t c = 0; c < customers; c++) {
        size_t n;
        const struct move *move = engine_moves(e, l->number, c, &n);

        flow_add(out, move, n);
    }
    return true;
}

bool engine_flow_at(const struct engine *e, const struct lifecycle *l, int64_t from_ms,
                    int64_t at_ms, struct arena *a, struct flow *out, struct err *err)
{
    int64_t *edge = arena_array(a, int64_t, 2);

    if (!edge)
        return err_nomem(err);
    return flow_edges_at(from_ms, at_ms, edge, err)
           && engine_flow(e, l, edge, 1, a, out, err);
}

int64_t engine_default_at(const struct engine *e)
{
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    int64_t day_ms;

    if (!facts.events)
        return MOMENT_NEVER;
    day_ms = zone_day(engine_model(e)->workspace.zone, facts.last_ms, 1);
    return day_ms < engine_now_ms(e) ? day_ms : engine_now_ms(e);
}

static str digits_of(str s, size_t from)
{
    size_t n = from;

    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return (str){s.p + from, n - from};
}

static int number_cmp(str a, str b)
{
    while (a.n && *a.p == '0')
        a = str_from(a, 1);
    while (b.n && *b.p == '0')
        b = str_from(b, 1);
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return str_cmp(a, b);
}

int id_cmp(str a, str b)
{
    size_t i = 0, j = 0;

    while (i < a.n && j < b.n) {
        str x = digits_of(a, i), y = digits_of(b, j);
        int c =
            x.n && y.n ? number_cmp(x, y) : (unsigned char)a.p[i] - (unsigned char)b.p[j];

        if (c)
            return c;
        i += x.n && y.n ? x.n : 1;
        j += x.n && y.n ? y.n : 1;
    }
    if (i < a.n || j < b.n)
        return i < a.n ? 1 : -1;
    return str_cmp(a, b); /* 07 and 7 */
}

static bool moved_so(const struct customer_filter *f, const struct move *move, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (move[i].at_ms > f->from_ms && move[i].at_ms <= f->at_ms
            && (f->move_from == STAGE_NONE || move[i].from == f->move_from)
            && (f->move_to == STAGE_NONE || move[i].to == f->move_to)
            && (!f->came_in || move[i].from == STAGE_NONE))
            return true;
    return false;
}

static bool changed_so(const struct engine *e, const struct customer_filter *f,
                       uint32_t customer)
{
    uint32_t segment = (uint32_t)(f->changed - engine_model(e)->segments->segment);
    size_t n;
    const struct move *change = engine_members(e, customer, &n);

    for (size_t i = 0; i < n; i++)
        if (change[i].way == segment && change[i].at_ms > f->from_ms
            && change[i].at_ms <= f->at_ms
            && (change[i].to == MEMBER_IN) == f->changed_in)
            return true;
    return false;
}

static bool row_of(struct engine *e, uint32_t customer, const struct move *last,
                   int64_t at_ms, struct customer_row *out, struct err *err)
{
    struct timeline t;
    uint32_t n = 0;

    if (!engine_timeline(e, customer, &t, err))
        return false;
    while (n < t.n && t.at_ms[n] <= at_ms)
        n++;
    *out = (struct customer_row){
        .customer = customer,
        .stage = last->to,
        .since_ms = last->at_ms,
        .first_ms = t.at_ms[0],
        .last_ms = t.at_ms[n - 1],
        .events = n,
    };
    return true;
}

static int row_cmp(const void *a, const void *b, void *catalog)
{
    const struct customer_row *x = a, *y = b;

    return id_cmp(catalog_customer_id(catalog, x->customer),
                  catalog_customer_id(catalog, y->customer));
}

static bool gather_rows(struct engine *e, const struct customer_filter *f,
                        const struct fits *members, struct customer_row *row, uint32_t *n,
                        struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    uint32_t customers = engine_customer_n(e);

    *n = 0;
    for (uint32_t c = 0; c < customers; c++) {
        size_t move_n;
        const struct move *move = engine_moves(e, f->lifecycle->number, c, &move_n);

        while (move_n && move[move_n - 1].at_ms > f->at_ms)
            move_n--;
        if (!move_n || move[move_n - 1].to == STAGE_NONE
            || (f->stage != STAGE_NONE && move[move_n - 1].to != f->stage)
            || (f->by_move && !moved_so(f, move, move_n))
            || (f->segment && !fits_has(members, c))
            || (f->changed && !changed_so(e, f, c))
            || !str_contains_nocase(catalog_customer_id(catalog, c), f->search))
            continue;
        if (!row_of(e, c, &move[move_n - 1], f->at_ms, &row[(*n)++], err))
            return false;
    }
    qsort_r(row, *n, sizeof *row, row_cmp, (void *)(uintptr_t)catalog);
    return true;
}

bool engine_customers(struct engine *e, const struct customer_filter *f, struct arena *a,
                      const struct customer_row **out, uint32_t *n, struct err *err)
{
    struct customer_row *row =
        arena_array(a, struct customer_row, engine_customer_n(e) + 1);
    struct fits members;

    if (!row)
        return err_nomem(err);
    *out = row;
    return (!f->segment
            || engine_scan(e, engine_model(e)->program, f->segment->rule, f->at_ms, a,
                           &members, err))
           && gather_rows(e, f, &members, row, n, err);
}
