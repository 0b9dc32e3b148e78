/* select_plan.c - which rows a query wants of a virtual table.
 *
 * A plan is a text that people can read, too, in what `explain query plan` prints: for each
 * value that xFilter gets, the column and how it is compared, "customer= ts>= ". SQLite looks
 * at every row again, so that what is not understood here only costs time. */
#include "engine/select_impl.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How a column is compared with a value. */
#define TESTS(X)                                                                         \
    X(NONE, "")                                                                          \
    X(EQUAL, "=")                                                                        \
    X(BELOW, "<")                                                                        \
    X(AT_MOST, "<=")                                                                     \
    X(ABOVE, ">")                                                                        \
    X(AT_LEAST, ">=")                                                                    \
    X(AMONG, " in")

enum test {
#define X(name, text) TEST_##name,
    TESTS(X)
#undef X
};

static const str test_text[] = {
#define X(name, text) [TEST_##name] = {text, sizeof(text) - 1},
    TESTS(X)
#undef X
};

static const str role_text[] = {
    [ROLE_CUSTOMER] = {"customer", 8}, [ROLE_NUMBER] = {"number", 6},
    [ROLE_SECONDS] = {"ts", 2},        [ROLE_MS] = {"at_ms", 5},
    [ROLE_TYPE] = {"type", 4},         [ROLE_SEGMENT] = {"segment", 7},
};

/* --- planning --- */

static enum test text_test(sqlite3_index_info *info, int i, bool list_too)
{
    if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ
        || strcmp(sqlite3_vtab_collation(info, i), "BINARY") != 0)
        return TEST_NONE;
    return list_too && sqlite3_vtab_in(info, i, 1) ? TEST_AMONG : TEST_EQUAL;
}

static enum test number_test(int op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return TEST_EQUAL;
    case SQLITE_INDEX_CONSTRAINT_LT:
        return TEST_BELOW;
    case SQLITE_INDEX_CONSTRAINT_LE:
        return TEST_AT_MOST;
    case SQLITE_INDEX_CONSTRAINT_GT:
        return TEST_ABOVE;
    case SQLITE_INDEX_CONSTRAINT_GE:
        return TEST_AT_LEAST;
    default:
        return TEST_NONE;
    }
}

static enum test test_of(sqlite3_index_info *info, int i, enum role role)
{
    switch (role) {
    case ROLE_CUSTOMER:
        return text_test(info, i, false);
    case ROLE_TYPE:
    case ROLE_SEGMENT:
        return text_test(info, i, true);
    case ROLE_NUMBER:
    case ROLE_SECONDS:
    case ROLE_MS:
        return number_test(info->aConstraint[i].op);
    case ROLE_OTHER:
    case ROLE_ID:
        return TEST_NONE;
    }
    return TEST_NONE;
}

/* What is left of everything, as far as it can be guessed. */
struct guess {
    double customers, rows_each;
    bool one; /* there can be only one customer */
};

static void narrow(struct guess *g, enum role role, enum test test)
{
    if (role == ROLE_CUSTOMER) {
        g->customers = 1;
    } else if (role == ROLE_NUMBER && test == TEST_EQUAL) {
        g->customers = 1;
        g->one = true;
    } else if (role == ROLE_NUMBER) {
        g->customers /= 4;
    } else {
        g->rows_each /= test == TEST_EQUAL ? 10 : 4;
    }
}

/* A plain table counts as a million rows whatever is in it, so that ours must be much cheaper
 * than they are: they are asked again and again rather than those. */
static void set_costs(sqlite3_index_info *info, const struct guess *g)
{
    double rows = g->customers * g->rows_each;

    info->estimatedRows = (sqlite3_int64)(rows < 1 ? 1 : rows);
    info->estimatedCost = 1 + g->customers / 20 + rows / 100;
}

/* Rows come by customer's number, then time, then id. */
static bool is_in_order(sqlite3_index_info *info, const enum role *role, int role_n,
                        bool one)
{
    int kind = sqlite3_vtab_distinct(info);
    bool grouped = kind == 1 || kind == 2, customer = one, moment = false;

    for (int i = 0; i < info->nOrderBy; i++) {
        int column = info->aOrderBy[i].iColumn;
        enum role what = column >= 0 && column < role_n ? role[column] : ROLE_OTHER;

        if (info->aOrderBy[i].desc && !grouped)
            return false;
        if (what == ROLE_NUMBER || (what == ROLE_CUSTOMER && (customer || grouped)))
            customer = true;
        else if (what == ROLE_MS && customer)
            moment = true;
        else if (what == ROLE_ID && moment)
            return true;
        else if (what != ROLE_SECONDS || !customer)
            return false;
    }
    return true;
}

/* Reads as `info` says it what is asked of us, and says which values it wants. */
static void plan_values(sqlite3_index_info *info, const enum role *role, int role_n,
                        struct guess *g, struct buf *plan)
{
    int n = 0;

    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        enum test test;

        if (!info->aConstraint[i].usable || column < 0 || column >= role_n)
            continue;
        test = test_of(info, i, role[column]);
        if (test == TEST_NONE)
            continue;
        info->aConstraintUsage[i].argvIndex = ++n;
        buf_add(plan, role_text[role[column]]);
        buf_add(plan, test_text[test]);
        buf_add_char(plan, ' ');
        narrow(g, role[column], test);
    }
}

int span_plan(sqlite3_index_info *info, const enum role *role, int role_n,
              const struct catalog *catalog)
{
    struct guess g = {.customers = 1 + catalog_customer_n(catalog), .rows_each = 50};
    struct buf plan = {};

    plan_values(info, role, role_n, &g, &plan);
    if (!plan.failed)
        info->idxStr = sqlite3_mprintf("%.*s", STR_FMT(buf_str(&plan)));
    buf_free(&plan);
    if (!info->idxStr)
        return SQLITE_NOMEM;
    info->needToFreeIdxStr = 1;
    set_costs(info, &g);
    info->orderByConsumed = info->nOrderBy && is_in_order(info, role, role_n, g.one);
    return SQLITE_OK;
}

/* The next value of a plan: its column, and how it is compared. */
static void plan_next(const char **plan, enum role *role, enum test *test)
{
    str rest = str_of(*plan), text;

    *role = ROLE_CUSTOMER;
    while (!str_starts(rest, role_text[*role]) || !role_text[*role].n)
        ++*role;
    text = str_from(rest, role_text[*role].n);
    *test = TEST_AMONG;
    while (!str_starts(text, test_text[*test]) || text.p[test_text[*test].n] != ' ')
        --*test;
    *plan = text.p + test_text[*test].n + 1;
}

/* --- reading a plan --- */

/* All whole numbers from .from to .to. */
struct range {
    int64_t from, to;
};

static void keep_above(struct range *r, int64_t from)
{
    if (from > r->from)
        r->from = from;
}

static void keep_below(struct range *r, int64_t to)
{
    if (to < r->to)
        r->to = to;
}

static void keep_nothing(struct range *r)
{
    *r = (struct range){1, 0};
}

static void compare_whole(struct range *r, enum test test, int64_t with)
{
    if ((test == TEST_ABOVE && with == INT64_MAX)
        || (test == TEST_BELOW && with == INT64_MIN)) {
        keep_nothing(r);
        return;
    }
    if (test == TEST_EQUAL || test == TEST_AT_LEAST || test == TEST_ABOVE)
        keep_above(r, with + (test == TEST_ABOVE));
    if (test == TEST_EQUAL || test == TEST_AT_MOST || test == TEST_BELOW)
        keep_below(r, with - (test == TEST_BELOW));
}

/* Rounded outwards; numbers too large for the rounding to be exact say nothing. */
static void compare_real(struct range *r, enum test test, double with)
{
    if (fabs(with) > 0x1p52)
        return;
    if (test == TEST_EQUAL || test == TEST_AT_LEAST || test == TEST_ABOVE)
        keep_above(r, (int64_t)floor(with));
    if (test == TEST_EQUAL || test == TEST_AT_MOST || test == TEST_BELOW)
        keep_below(r, (int64_t)ceil(with));
}

static void compare_number(struct range *r, enum test test, sqlite3_value *value)
{
    switch (sqlite3_value_numeric_type(value)) {
    case SQLITE_INTEGER:
        compare_whole(r, test, sqlite3_value_int64(value));
        return;
    case SQLITE_FLOAT:
        compare_real(r, test, sqlite3_value_double(value));
        return;
    case SQLITE_NULL:
        keep_nothing(r);
        return;
    default: /* a text stands behind all numbers: SQLite will see */
        return;
    }
}

static void compare_moment(struct span *s, enum role role, enum test test,
                           sqlite3_value *value)
{
    struct range r = {MOMENT_MIN - MS_DAY, MOMENT_MAX + MS_DAY};

    if (role == ROLE_SECONDS)
        r = (struct range){r.from / MS_SECOND, r.to / MS_SECOND};
    compare_number(&r, test, value);
    if (r.from > r.to)
        r = (struct range){1, 0};
    else if (role == ROLE_SECONDS)
        r = (struct range){r.from * MS_SECOND, r.to * MS_SECOND + MS_SECOND - 1};
    keep_above(&r, s->from_ms);
    keep_below(&r, s->to_ms);
    s->from_ms = r.from;
    s->to_ms = r.to;
}

static void compare_customer(struct span *s, enum test test, sqlite3_value *value)
{
    struct range r = {s->from, (int64_t)s->to - 1};

    compare_number(&r, test, value);
    s->from = r.from <= r.to ? (uint32_t)r.from : 0;
    s->to = r.from <= r.to ? (uint32_t)r.to + 1 : 0;
}

static str text_of(sqlite3_value *value)
{
    const char *p = (const char *)sqlite3_value_text(value);

    return (str){p, p ? (size_t)sqlite3_value_bytes(value) : 0};
}

/* Whether a text may equal a number: as the text that the number is written as, or, where
 * SQLite compares numbers, as any text that is one. Says yes too often rather than not. */
static bool may_equal(str text, double number)
{
    char copy[64];
    double read;

    if (text.n >= sizeof copy)
        return true;
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    read = strtod(copy, NULL);
    return fabs(read - number) <= fabs(number) * 1e-9 || read == number;
}

/* To those between whom all stand who are called so: ids of different kinds can be equal texts. */
static void narrow_to(struct span *s, const struct catalog *c, str id)
{
    uint32_t from = UINT32_MAX, to = 0;
    char key[CUSTOMER_KEY_MAX];

    for (uint32_t kind = 0; kind < CUSTOMER_KINDS && id.n < sizeof key; kind++) {
        uint32_t number;

        key[0] = (char)(kind + 1);
        if (id.n)
            memcpy(key + 1, id.p, id.n);
        number = catalog_key_find(c, kind ? (str){key, id.n + 1} : (str){key + 1, id.n});
        if (number == CUSTOMER_NONE || number < s->from || number >= s->to)
            continue;
        from = number < from ? number : from;
        to = number + 1 > to ? number + 1 : to;
    }
    s->from = from < to ? from : 0;
    s->to = from < to ? to : 0;
}

static bool find_customer(struct span *s, const struct scope *scope, sqlite3_value *value,
                          struct err *err)
{
    str id;

    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER:
    case SQLITE_FLOAT:
        s->like_number = true;
        s->like = sqlite3_value_double(value);
        return true;
    case SQLITE_TEXT:
        break;
    default: /* null equals nothing, and bytes no text */
        s->from = s->to = 0;
        return true;
    }
    id = text_of(value);
    if (!id.p)
        return err_nomem(err);
    narrow_to(s, scope->catalog, id);
    return true;
}

bool span_wants(const struct span *s, const struct scope *scope, uint32_t customer)
{
    return !s->like_number
           || may_equal(catalog_customer_id(scope->catalog, customer), s->like);
}

/* Names with a place each: the types of events, or the model's segments. */
struct names {
    const struct scope *scope;
    enum role role;
};

static uint32_t names_n(const struct names *n)
{
    return n->role == ROLE_TYPE ? n->scope->catalog->type.n
                                : n->scope->model->segments->segment_n;
}

static str names_get(const struct names *n, uint32_t i)
{
    return n->role == ROLE_TYPE ? text_table_get(&n->scope->catalog->type, i)
                                : n->scope->model->segments->segment[i].name;
}

static bool mark_value(const struct names *n, sqlite3_value *value, bool *found,
                       struct err *err)
{
    int type = sqlite3_value_type(value);
    bool number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
    double like = number ? sqlite3_value_double(value) : 0;
    str name = type == SQLITE_TEXT ? text_of(value) : STR("");

    if (!name.p)
        return err_nomem(err);
    for (uint32_t i = 0; i < names_n(n); i++)
        found[i] |= number ? may_equal(names_get(n, i), like)
                           : type == SQLITE_TEXT && str_eq(names_get(n, i), name);
    return true;
}

static bool mark_list(const struct names *n, sqlite3_value *list, bool *found,
                      struct err *err)
{
    sqlite3_value *item = NULL;
    int rc;

    for (rc = sqlite3_vtab_in_first(list, &item); rc == SQLITE_OK && item;
         rc = sqlite3_vtab_in_next(list, &item))
        if (!mark_value(n, item, found, err))
            return false;
    return rc == SQLITE_OK || rc == SQLITE_DONE || err_nomem(err);
}

/* Keeps of `wanted` (NULL: all) what the value names. */
static bool keep_names(const struct names *n, enum test test, sqlite3_value *value,
                       bool **wanted, struct err *err)
{
    bool *found = mem_alloc(names_n(n) + 1);

    if (!found)
        return err_nomem(err);
    if (!(test == TEST_AMONG ? mark_list(n, value, found, err)
                             : mark_value(n, value, found, err))) {
        mem_free(found);
        return false;
    }
    for (uint32_t i = 0; *wanted && i < names_n(n); i++)
        found[i] &= (*wanted)[i];
    mem_free(*wanted);
    *wanted = found;
    return true;
}

static bool read_one(struct span *s, const struct scope *scope, enum role role,
                     enum test test, sqlite3_value *value, struct err *err)
{
    struct names names = {scope, role};

    switch (role) {
    case ROLE_CUSTOMER:
        return find_customer(s, scope, value, err);
    case ROLE_NUMBER:
        compare_customer(s, test, value);
        return true;
    case ROLE_SECONDS:
    case ROLE_MS:
        compare_moment(s, role, test, value);
        return true;
    case ROLE_TYPE:
        return keep_names(&names, test, value, &s->type, err);
    case ROLE_SEGMENT:
        return keep_names(&names, test, value, &s->segment, err);
    case ROLE_OTHER:
    case ROLE_ID:
        return true;
    }
    return true;
}

bool span_read(struct span *s, const struct scope *scope, const char *plan, int value_n,
               sqlite3_value **value, struct err *err)
{
    span_free(s);
    *s = (struct span){.to = catalog_customer_n(scope->catalog),
                       .from_ms = INT64_MIN,
                       .to_ms = INT64_MAX};
    for (int i = 0; i < value_n; i++) {
        enum role role;
        enum test test;

        plan_next(&plan, &role, &test);
        if (!read_one(s, scope, role, test, value[i], err))
            return false;
    }
    return true;
}

void span_free(struct span *s)
{
    mem_free(s->type);
    mem_free(s->segment);
    *s = (struct span){0};
}
