#include "engine/query.h"

#include "engine/members.h"
#include "engine/pieces.h"
#include "engine/scan.h"

#include <stdlib.h>
#include <string.h>

struct flow_job {
    const struct engine *e;
    uint32_t lifecycle;
    const struct fits *who;
    struct flow *piece;
    uint32_t pieces, customers;
};

static void flow_piece(void *context, uint32_t i)
{
    const struct flow_job *j = context;
    uint32_t end = piece_from(j->customers, j->pieces, i + 1);

    for (uint32_t c = piece_from(j->customers, j->pieces, i); c < end; c++) {
        size_t n;
        const struct move *move;

        if (j->who && !fits_has(j->who, c))
            continue;
        move = engine_moves(j->e, j->lifecycle, c, &n);
        flow_add(&j->piece[i], move, n);
    }
}

bool engine_flow(const struct engine *e, const struct lifecycle *l,
                 const struct fits *who, const int64_t *edge, uint32_t period_n,
                 struct arena *a, struct flow *out, struct err *err)
{
    size_t ends = (size_t)l->stage_n + 1;
    struct flow_job j = {.e = e,
                         .lifecycle = l->number,
                         .who = who,
                         .pieces = pieces_of(ends * ends * period_n),
                         .customers = engine_customer_n(e)};

    j.piece = arena_array(a, struct flow, j.pieces);
    if (!j.piece)
        return err_nomem(err);
    for (uint32_t i = 0; i < j.pieces; i++)
        if (!flow_new(l->stage_n, edge, period_n, a, &j.piece[i], err))
            return false;
    work_run(j.pieces, work_threads(), flow_piece, &j);
    for (uint32_t i = 1; i < j.pieces; i++)
        flow_merge(&j.piece[0], &j.piece[i]);
    flow_sum(&j.piece[0]);
    *out = j.piece[0];
    return true;
}

bool engine_flow_at(const struct engine *e, const struct lifecycle *l,
                    const struct fits *who, int64_t from_ms, int64_t at_ms,
                    struct arena *a, struct flow *out, struct err *err)
{
    int64_t *edge = arena_array(a, int64_t, 2);

    if (!edge)
        return err_nomem(err);
    return flow_edges_at(from_ms, at_ms, edge, err)
           && engine_flow(e, l, who, edge, 1, a, out, err);
}

int64_t engine_default_at(const struct engine *e)
{
    int64_t day_ms;

    if (engine_active_ms(e) == MOMENT_NEVER)
        return MOMENT_NEVER;
    day_ms = zone_day(engine_model(e)->workspace.zone, engine_active_ms(e), 1);
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

/* The last move up to at_ms of whoever fits; NULL: he does not. */
static const struct move *fits(const struct engine *e, const struct customer_filter *f,
                               const struct fits *members, uint32_t customer)
{
    size_t n;
    const struct move *move = engine_moves(e, f->lifecycle->number, customer, &n);

    while (n && move[n - 1].at_ms > f->at_ms)
        n--;
    if (!n || move[n - 1].to == STAGE_NONE
        || (f->stage != STAGE_NONE && move[n - 1].to != f->stage)
        || (f->by_move && !moved_so(f, move, n))
        || (f->segment && !fits_has(members, customer))
        || (f->changed && !changed_so(e, f, customer)))
        return NULL;
    return &move[n - 1];
}

/* The first of many by their ids. When there is no more room, what stands behind the first
 * `limit` goes, and whoever stands behind these need not be looked at again. */
struct first_ids {
    struct found {
        str id;
        uint32_t customer;
        const struct move *last;
    } * found;
    uint32_t n, cap, limit;
    bool is_cut;
};

static int found_cmp(const void *a, const void *b)
{
    const struct found *x = a, *y = b;

    return id_cmp(x->id, y->id);
}

static void put_in_order(struct first_ids *f)
{
    qsort(f->found, f->n, sizeof *f->found, found_cmp);
    if (f->n > f->limit)
        f->n = f->limit;
}

static void add_found(struct first_ids *f, struct found found)
{
    if (f->is_cut && found_cmp(&f->found[f->limit - 1], &found) < 0)
        return;
    if (f->n == f->cap) {
        put_in_order(f);
        f->is_cut = true;
    }
    f->found[f->n++] = found;
}

static bool row_of(struct engine *e, const struct found *found, int64_t at_ms,
                   struct customer_row *out, struct err *err)
{
    struct timeline t;
    uint32_t n = 0;

    if (!engine_timeline(e, found->customer, &t, err))
        return false;
    while (n < t.n && t.at_ms[n] <= at_ms)
        n++;
    *out = (struct customer_row){
        .customer = found->customer,
        .stage = found->last->to,
        .since_ms = found->last->at_ms,
        .first_ms = t.at_ms[0],
        .last_ms = t.at_ms[n - 1],
        .events = n,
    };
    return true;
}

bool engine_customers(struct engine *e, const struct customer_filter *f, struct arena *a,
                      struct customer_page *out, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    uint32_t customers = engine_customer_n(e);
    uint32_t limit = f->limit && f->limit < customers ? f->limit : customers;
    struct first_ids first = {.cap = limit < customers / 2 ? 2 * limit : customers,
                              .limit = limit};
    struct customer_row *row;
    struct fits members;

    *out = (struct customer_page){};
    first.found = arena_array(a, struct found, first.cap + 1);
    if (!first.found)
        return err_nomem(err);
    if (f->segment
        && !engine_scan(e, engine_model(e)->program, f->segment->rule, f->at_ms, a,
                        &members, err))
        return false;
    for (uint32_t c = 0; c < customers; c++) {
        const struct move *last = fits(e, f, &members, c);
        struct found found = {.customer = c, .last = last};

        if (!last)
            continue;
        found.id = catalog_customer_id(catalog, c);
        if (f->search.n && !str_contains_nocase(found.id, f->search))
            continue;
        out->total++;
        if (f->after.n && id_cmp(found.id, f->after) <= 0)
            continue;
        out->behind++;
        add_found(&first, found);
    }
    put_in_order(&first);
    row = arena_array(a, struct customer_row, first.n + 1);
    if (!row)
        return err_nomem(err);
    for (; out->n < first.n; out->n++)
        if (!row_of(e, &first.found[out->n], f->at_ms, &row[out->n], err))
            return false;
    out->row = row;
    return true;
}
