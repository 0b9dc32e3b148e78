/* import_csv.c - rows of a table into events.
 *
 * Without an id a row is an event and is handed over at once. With one, each row is fed to
 * its group, which holds no row but only what the properties need (a sum, a first value, the
 * items of a list); the groups are handed over at the end. A row also goes to the spool: only
 * there can a group be fed again in the order of time, or be refused with all its rows. */
#include "engine/import_impl.h"
#include "engine/import_spool.h"
#include "engine/import_table.h"

#include <stdlib.h>
#include <string.h>

struct group {
    str id;
    uint32_t type;
    /* For each of the table's, and the account, a text's number from 1; 0: no row has it. */
    uint32_t *who;
    int64_t at_ms, last_ms;
    uint64_t rows;
    bool disordered; /* a row came after one with a later time */
    str reason;      /* not empty: all its rows are refused */
    struct cell *cell;
};

struct rows {
    struct import *im;
    struct table table;
    struct number_table group_of;
    struct group *group;
    uint32_t group_n, group_cap;
    struct text_table ids, types;
    struct spool spool;
    struct arena arena; /* of the groups */
    struct buf text;
    struct buf first_id; /* of the rows that stand together, ... */
    str first_why;       /* ... and what their first one was found to be */
    bool is_first_wanted;
};

#define BAD_CUSTOMER                                                                     \
    STR("the customer's id is longer than 200 bytes or holds a control character")
#define BAD_ID                                                                           \
    STR("event and id together are longer than 200 bytes or hold a control character")
_Static_assert(EVENT_NAME_MAX == 200, "as the reasons say");
#define TWO_CUSTOMERS STR("rows of one id belong to different customers")
#define TWO_ACCOUNTS STR("rows of one id name different accounts")
#define FOREIGN STR("its amounts are in another currency than the workspace's")
#define FEW_FIELDS STR("fewer fields than the file has columns")
#define MANY_FIELDS STR("more fields than the file has columns")

/* --- rows into events --- */

/* Of one row: what it says of its event. */
struct entry {
    /* As in the table, and the account behind them; empty where there is none. */
    str who[EVENT_IDS_MAX + 1];
    str customer; /* the first of them */
    str type, id;
    int64_t at_ms;
    bool has_time;
    bool foreign;     /* its amounts are in another currency */
    hash128 rank_key; /* without an id, and with a time */
};

static bool refuse(struct rows *r, const struct csv_row *row, str why, struct err *err)
{
    return import_refuse(r->im, row->line, why, row->raw, err);
}

/* What a row's id says of its kind, in r->text: one row may tell of several consents, by another
 * mapping each. */
static bool row_kind(struct rows *r, const struct event *e, struct err *err)
{
    buf_clear(&r->text);
    buf_add(&r->text, e->type);
    for (uint32_t i = 0; i < e->property_n && str_eq(e->type, STR("consent")); i++)
        if (str_eq(e->property[i].name, STR("channel"))
            || str_eq(e->property[i].name, STR("purpose"))) {
            buf_add_char(&r->text, '.');
            buf_add(&r->text, e->property[i].value.text);
        }
    return !r->text.failed || err_nomem(err);
}

/* What stands in the column of an id. Exports that name several part them by semicolons; they may
 * be different persons, so that only the first counts. Some put an apostrophe in front, that a
 * spreadsheet may not take digits for a number. */
static str cell_id(str cell)
{
    const char *end = cell.n ? memchr(cell.p, ';', cell.n) : NULL;

    cell = str_trim(end ? (str){cell.p, (size_t)(end - cell.p)} : cell);
    return str_from(cell, str_starts(cell, STR("'")));
}

static void read_who(const struct table *t, const str *field, struct entry *e)
{
    for (uint32_t i = 0; i < t->who_n; i++) {
        str cell = field[t->who[i].column];

        e->who[i] = t->who[i].system.n || t->who[i].kind == ID_GROUP ? cell_id(cell)
                                                                     : str_trim(cell);
        if (!e->customer.n)
            e->customer = e->who[i];
    }
    if (t->account != NO_COLUMN)
        e->who[t->who_n] = str_trim(field[t->account]);
}

/* Whose it is, when all that it says is known; or why it is nobody's. */
static bool set_who(const struct table *t, const str *who, struct event *e,
                    struct arena *a, str *why, struct err *err)
{
    struct event_id id[EVENT_IDS_MAX];
    uint32_t n = 0;

    for (uint32_t i = 0; i < t->who_n; i++) {
        if (!who[i].n)
            continue;
        id[n] = (struct event_id){t->who[i].system, t->who[i].kind, arena_str(a, who[i])};
        if (!id[n++].value.p)
            return err_nomem(err);
    }
    *why = t->no_who;
    if (!event_set_who(e, id, n, a, err))
        return err->code == ERR_INPUT;
    *why = e->nobody;
    return true;
}

/* What says something of traits says by whom. */
static bool set_source(const struct rows *r, struct event *e, struct arena *a,
                       struct err *err)
{
    str source = r->im->mapping->source;
    struct property *p;

    if (!source.n || !e->trait_n
        || property_find(e->property, e->property_n, STR(EVENT_SOURCE)))
        return true;
    p = arena_array(a, struct property, e->property_n + 1);
    if (!p)
        return err_nomem(err);
    if (e->property_n)
        memcpy(p, e->property, e->property_n * sizeof *p);
    p[e->property_n++] =
        (struct property){STR(EVENT_SOURCE), {.type = VALUE_TEXT, .text = source}};
    e->property = p;
    return true;
}

/* The row is an event of its own. */
static bool row_alone(struct rows *r, const struct csv_row *row, const struct entry *e,
                      struct err *err)
{
    struct arena *a = import_arena(r->im);
    struct event event = {.at_ms = e->at_ms, .type = arena_str(a, e->type)};
    struct cell *cell = measures_cells(&r->table.measures, a);
    uint32_t rank = 0;
    enum outcome o;
    str why;

    if (!cell || !event.type.p)
        return err_nomem(err);
    measures_forget_items(&r->table.measures);
    o = measures_feed(&r->table.measures, cell, row->field, a, err);
    if (o == FINE)
        o = measures_event(&r->table.measures, cell, a, &event, err);
    if (o == FAILED || !import_rank(r->im, e->rank_key, &rank, err))
        return false;
    if (o == UNREADABLE)
        return refuse(r, row, str_of(err->msg), err);
    if (!set_source(r, &event, a, err)
        || !set_who(&r->table, e->who, &event, a, &why, err))
        return false;
    if (why.n)
        return refuse(r, row, why, err);
    return row_kind(r, &event, err)
           && import_id(r->im, buf_str(&r->text), rank, row->field, row->n, a, &event.id,
                        err)
           && import_event(r->im, &event, STR(""),
                           &(struct origin){.line = row->line,
                                            .text = row->raw,
                                            .lines = 1,
                                            .account = e->who[r->table.who_n]},
                           err);
}

static bool group_new(struct rows *r, const struct entry *e, struct err *err)
{
    struct group *g;

    if (r->group_n == r->group_cap) {
        uint32_t cap = r->group_cap ? 2 * r->group_cap : 1024;
        struct group *more =
            cap > r->group_cap ? mem_resize(r->group, cap * sizeof *more) : NULL;

        if (!more)
            return err_nomem(err);
        r->group = more;
        r->group_cap = cap;
    }
    g = &r->group[r->group_n];
    *g = (struct group){.cell = measures_cells(&r->table.measures, &r->arena),
                        .who = arena_array(&r->arena, uint32_t, r->table.who_n + 1)};
    buf_clear(&r->text);
    buf_add(&r->text, e->type);
    buf_add_char(&r->text, ':');
    buf_add(&r->text, e->id);
    g->id = arena_str(&r->arena, buf_str(&r->text));
    if (r->text.failed || !g->cell || !g->who || !g->id.p
        || !text_table_add(&r->types, e->type, &g->type))
        return err_nomem(err);
    r->group_n++;
    return true;
}

static bool group_find(struct rows *r, const struct entry *e, uint32_t *out,
                       struct err *err)
{
    str of[] = {e->type, e->id};
    uint32_t *number;
    hash128 key;

    if (!import_hash(r->im, of, 2, &key, err))
        return false;
    number = number_at(&r->group_of, key);
    if (!number)
        return err_nomem(err);
    if (!*number) {
        if (!group_new(r, e, err))
            return false;
        *number = r->group_n;
    }
    *out = *number - 1;
    return true;
}

/* The group's ids and account are those of its rows; of a kind they have one. */
static bool group_join(struct rows *r, struct group *g, const str *who, struct err *err)
{
    for (uint32_t i = 0; i <= r->table.who_n; i++) {
        uint32_t number;

        if (!who[i].n)
            continue;
        if (!text_table_add(&r->ids, who[i], &number))
            return err_nomem(err);
        if (g->who[i] && g->who[i] != number + 1)
            g->reason = i < r->table.who_n ? TWO_CUSTOMERS : TWO_ACCOUNTS;
        g->who[i] = number + 1;
    }
    return true;
}

static bool row_in_group(struct rows *r, const struct csv_row *row, const struct entry *e,
                         struct err *err)
{
    struct group *g;
    uint32_t i = 0;
    enum outcome o;

    if (!group_find(r, e, &i, err))
        return false;
    g = &r->group[i];
    o = g->reason.n
            ? FINE
            : measures_feed(&r->table.measures, g->cell, row->field, &r->arena, err);
    if (o != FINE)
        return o == UNREADABLE && refuse(r, row, str_of(err->msg), err);
    if (!group_join(r, g, e->who, err))
        return false;
    if (!g->rows)
        g->at_ms = g->last_ms = e->at_ms;
    if (e->foreign)
        g->reason = FOREIGN;
    if (e->at_ms < g->at_ms)
        g->at_ms = e->at_ms;
    if (e->at_ms < g->last_ms)
        g->disordered = true;
    else
        g->last_ms = e->at_ms;
    g->rows++;
    return spool_add(
        &r->spool, &(struct spool_row){i, row->n, row->line, e->at_ms, row->field}, err);
}

/* Why the row is refused, when it was not left out; empty when it is not. */
static str fault(const struct rows *r, const struct entry *e)
{
    const struct mapping *m = r->im->mapping;
    bool is_identify = str_eq(e->type, STR("identify")) && !m->property_n;

    if (!e->has_time)
        return r->table.no_time;
    if (import_is_future(r->im, e->at_ms))
        return IMPORT_FUTURE;
    if (!e->type.n)
        return r->table.no_event;
    if (r->table.event != NO_COLUMN && !is_identify && event_type_is_reserved(e->type)
        && !str_eq(e->type, STR("consent")))
        return RESERVED_EVENT;
    if (e->foreign && r->table.id == NO_COLUMN)
        return FOREIGN;
    if (r->table.id != NO_COLUMN && !e->id.n)
        return r->table.no_id;
    if (!m->who_n && !import_is_name(e->customer))
        return BAD_CUSTOMER;
    if (!import_is_name(e->type))
        return BAD_EVENT;
    if (r->table.id != NO_COLUMN
        && (!import_is_name(e->id) || e->type.n + 1 + e->id.n > EVENT_NAME_MAX))
        return BAD_ID;
    return STR("");
}

static bool condition_ask(const struct row_expr *condition, const struct csv_row *row,
                          bool *out, str *why, struct err *err)
{
    struct value v;

    *why = STR("");
    *out = true;
    if (!condition)
        return true;
    if (!row_expr_ask(condition, row->field, &v, err)) {
        *why = str_of(err->msg);
        return err->code == ERR_INPUT;
    }
    *out = v.type == VALUE_BOOL && v.truth;
    return v.type == VALUE_BOOL || v.type == VALUE_MISSING
           || err_set(err, ERR_INPUT,
                      "where: this is no condition; write one such as "
                      "Quantity > 0");
}

/* Exports of orders fill many columns only in the first of an order's rows. */
static bool first_ask(struct rows *r, const struct csv_row *row, str id, struct err *err)
{
    str why;

    if (!r->table.where_first || (id.n && str_eq(id, buf_str(&r->first_id))))
        return true;
    if (!condition_ask(r->table.where_first, row, &r->is_first_wanted, &why, err))
        return false;
    r->first_why = arena_str(&r->arena, why);
    buf_clear(&r->first_id);
    buf_add(&r->first_id, id);
    return (r->first_why.p && !r->first_id.failed) || err_nomem(err);
}

static bool where_ask(struct rows *r, const struct csv_row *row, str id, bool *out,
                      str *why, struct err *err)
{
    if (!first_ask(r, row, id, err) || !condition_ask(r->table.where, row, out, why, err))
        return false;
    if (r->table.where_first) {
        *out &= r->is_first_wanted;
        *why = why->n ? *why : r->first_why;
    }
    return true;
}

/* ISO codes; Stripe writes them small. */
static bool is_foreign(const struct rows *r, const struct csv_row *row)
{
    str code = r->table.currency == NO_COLUMN ? STR("")
                                              : str_trim(row->field[r->table.currency]);
    str own = r->im->workspace->currency;

    return code.n && (code.n != own.n || !str_starts_nocase(code, own));
}

static bool row_use(struct rows *r, const struct csv_row *row, struct err *err)
{
    struct entry e = {.type = r->im->mapping->event};
    bool ranked, wanted;
    uint32_t rank;
    str why;

    read_who(&r->table, row->field, &e);
    if (!e.customer.n)
        return refuse(r, row, r->table.no_customer, err);
    e.foreign = is_foreign(r, row);
    if (r->table.event != NO_COLUMN)
        e.type = str_trim(row->field[r->table.event]);
    if (r->table.id != NO_COLUMN)
        e.id = str_trim(row->field[r->table.id]);
    e.at_ms = r->table.moment_ms;
    e.has_time =
        r->table.time == NO_COLUMN
        || time_format_parse(r->table.format, str_trim(row->field[r->table.time]),
                             r->table.zone, &e.at_ms);
    ranked = r->table.id == NO_COLUMN && e.has_time;
    if (ranked && !import_rank_key(r->im, e.customer, e.at_ms, e.type, &e.rank_key, err))
        return false;
    if (!where_ask(r, row, e.id, &wanted, &why, err))
        return false;
    if (!why.n && wanted)
        why = fault(r, &e);
    if (!why.n && wanted)
        return ranked ? row_alone(r, row, &e, err) : row_in_group(r, row, &e, err);
    /* Rows of which nothing comes take part in the ranks, so that with another `where` the
     * same rows have the same ids. */
    if (ranked && !import_rank(r->im, e.rank_key, &rank, err))
        return false;
    if (why.n)
        return refuse(r, row, why, err);
    r->im->report->left_out++;
    return true;
}

static bool rows_read(struct rows *r, struct err *err)
{
    for (;;) {
        struct csv_row row;
        bool ok = false;

        switch (table_next(&r->table, &row, err)) {
        case CSV_END:
            return true;
        case CSV_FAILED:
            return false;
        case CSV_BAD:
            r->im->report->lines++;
            ok = refuse(r, &row, str_of(row.why), err);
            break;
        case CSV_ROW:
            r->im->report->lines++;
            ok = row.n == r->table.column_n
                     ? row_use(r, &row, err)
                     : refuse(r, &row,
                              row.n < r->table.column_n ? FEW_FIELDS : MANY_FIELDS, err);
            break;
        }
        if (!ok)
            return false;
    }
}

/* --- groups into events --- */

/* A row of a group whose rows came out of order. */
struct late {
    uint32_t group;
    int64_t at_ms;
    uint64_t line;
    const str *field;
};

struct late_rows {
    struct rows *r;
    struct late *row;
    size_t n, cap;
    struct arena arena;
};

static bool late_add(void *context, const struct spool_row *row, struct err *err)
{
    struct late_rows *l = context;
    const struct group *g = &l->r->group[row->group];
    str *field;

    if (!g->disordered || g->reason.n)
        return true;
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 256;
        struct late *more = mem_resize(l->row, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        l->row = more;
        l->cap = cap;
    }
    field = arena_array(&l->arena, str, row->n);
    if (!field)
        return err_nomem(err);
    for (uint32_t i = 0; i < row->n; i++)
        if (!(field[i] = arena_str(&l->arena, row->field[i])).p)
            return err_nomem(err);
    l->row[l->n++] = (struct late){row->group, row->at_ms, row->line, field};
    return true;
}

static int late_compare(const void *pa, const void *pb)
{
    const struct late *a = pa, *b = pb;

    if (a->group != b->group)
        return a->group < b->group ? -1 : 1;
    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return (a->line > b->line) - (a->line < b->line);
}

/* Feeds the disordered groups anew, in the order of time. */
static bool groups_reorder(struct rows *r, struct err *err)
{
    struct late_rows l = {.r = r};
    bool ok = true, any = false;

    for (uint32_t i = 0; i < r->group_n; i++)
        any |= r->group[i].disordered && !r->group[i].reason.n;
    if (!any)
        return true;
    ok = spool_each(&r->spool, late_add, &l, err);
    if (ok && l.n)
        qsort(l.row, l.n, sizeof *l.row, late_compare);
    for (size_t i = 0; ok && i < l.n; i++) {
        struct cell *cell = r->group[l.row[i].group].cell;

        if (!i || l.row[i - 1].group != l.row[i].group)
            memset(cell, 0, r->table.measures.n * sizeof *cell);
        ok = measures_feed(&r->table.measures, cell, l.row[i].field, &r->arena, err)
             == FINE;
    }
    mem_free(l.row);
    arena_free(&l.arena);
    return ok;
}

/* A field as RFC 4180 wants it, in the file's own separator. */
static void add_field(struct buf *b, str field, char separator)
{
    bool quoted = false;

    for (size_t i = 0; i < field.n; i++)
        quoted |= field.p[i] == separator || field.p[i] == '"' || field.p[i] == '\n'
                  || field.p[i] == '\r';
    if (!quoted) {
        buf_add(b, field);
        return;
    }
    buf_add_char(b, '"');
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"')
            buf_add_char(b, '"');
        buf_add_char(b, field.p[i]);
    }
    buf_add_char(b, '"');
}

static bool refuse_spooled(void *context, const struct spool_row *row, struct err *err)
{
    struct rows *r = context;
    str why = r->group[row->group].reason;

    if (!why.n)
        return true;
    buf_clear(&r->text);
    for (uint32_t i = 0; i < row->n; i++) {
        if (i)
            buf_add_char(&r->text, csv_separator(r->table.csv));
        add_field(&r->text, row->field[i], csv_separator(r->table.csv));
    }
    if (r->text.failed)
        return err_nomem(err);
    return import_refuse(r->im, row->line, why,
                         import_cut(buf_str(&r->text), IMPORT_ROW_KEPT), err);
}

/* Hands the group's event over, or notes the reason why it is none. */
static bool group_use(struct rows *r, uint32_t i, struct err *err)
{
    struct group *g = &r->group[i];
    struct arena *a = import_arena(r->im);
    str who[EVENT_IDS_MAX + 1] = {}, why;
    struct event event = {
        .at_ms = g->at_ms, .type = text_table_get(&r->types, g->type), .id = g->id};

    switch (measures_event(&r->table.measures, g->cell, a, &event, err)) {
    case FAILED:
        return false;
    case UNREADABLE:
        g->reason = arena_str(&r->arena, str_of(err->msg));
        return g->reason.p || err_nomem(err);
    case FINE:
        break;
    }
    for (uint32_t k = 0; k <= r->table.who_n; k++)
        if (g->who[k])
            who[k] = text_table_get(&r->ids, g->who[k] - 1);
    if (!set_source(r, &event, a, err) || !set_who(&r->table, who, &event, a, &why, err))
        return false;
    if (why.n) {
        g->reason = arena_str(&r->arena, why);
        return g->reason.p || err_nomem(err);
    }
    return import_event(r->im, &event, STR(""),
                        &(struct origin){.lines = g->rows,
                                         .group = i + 1,
                                         .account = who[r->table.who_n]},
                        err);
}

static bool read_all(void *context, struct err *err)
{
    struct rows *r = context;

    if (!rows_read(r, err) || !groups_reorder(r, err))
        return false;
    for (uint32_t i = 0; i < r->group_n; i++)
        if (r->group[i].rows && !r->group[i].reason.n && !group_use(r, i, err))
            return false;
    return true;
}

/* Refuses all rows of the groups that have a reason. */
static bool groups_refuse(struct rows *r, struct err *err)
{
    bool any_refused = false;

    for (uint32_t i = 0; i < r->im->fault_n; i++)
        r->group[r->im->fault[i].group - 1].reason = r->im->fault[i].reason;
    for (uint32_t i = 0; i < r->group_n; i++)
        any_refused |= r->group[i].reason.n > 0;
    return !any_refused
           || (spool_each(&r->spool, refuse_spooled, r, err) && import_flush(r->im, err));
}

bool import_csv(struct import *im, struct err *err)
{
    struct rows r = {.im = im};
    bool ok = table_open(&r.table, im, err);

    if (ok) {
        im->measures = &r.table.measures;
        ok = import_run(im, read_all, &r, err) && groups_refuse(&r, err)
             && measures_totals(&r.table.measures, im->arena, im->report, err);
        im->measures = NULL;
    }
    table_close(&r.table);
    number_table_free(&r.group_of);
    mem_free(r.group);
    text_table_free(&r.ids);
    text_table_free(&r.types);
    spool_free(&r.spool);
    arena_free(&r.arena);
    buf_free(&r.text);
    buf_free(&r.first_id);
    return ok;
}
