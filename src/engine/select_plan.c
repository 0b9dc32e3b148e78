/* select_plan.c - which rows a query wants of a virtual table.
 *
 * A plan is a text of two characters for each value that xFilter gets: what the column means,
 * and how it is compared. SQLite looks at every row again, so that what is not understood here
 * only costs time. */
#include "engine/select_impl.h"

#include <math.h>
#include <string.h>

/* How a column is compared with a value. */
enum {
    IS = '=',
    IS_LITERAL = '~', /* a number is the text that it is written as */
    BELOW = '<',
    AT_MOST = '[',
    ABOVE = '>',
    AT_LEAST = ']',
    AMONG = '@', /* one of a list */
};

static char letter_of(enum role role)
{
    return (char)('a' + (int)role);
}

/* --- planning --- */

/* Whether = compares as we look things up: byte by byte. */
static bool is_plain(sqlite3_index_info *info, int i)
{
    return !strcmp(sqlite3_vtab_collation(info, i), "BINARY");
}

/* How a text column may be compared; 0: it is of no use. */
static char text_test(sqlite3_index_info *info, int i, bool list_too)
{
    sqlite3_value *literal = NULL;

    if (info->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ || !is_plain(info, i))
        return 0;
    if (list_too && sqlite3_vtab_in(info, i, 1))
        return AMONG;
    return sqlite3_vtab_rhs_value(info, i, &literal) == SQLITE_OK && literal ? IS_LITERAL
                                                                             : IS;
}

static char number_test(int op)
{
    switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ:
        return IS;
    case SQLITE_INDEX_CONSTRAINT_LT:
        return BELOW;
    case SQLITE_INDEX_CONSTRAINT_LE:
        return AT_MOST;
    case SQLITE_INDEX_CONSTRAINT_GT:
        return ABOVE;
    case SQLITE_INDEX_CONSTRAINT_GE:
        return AT_LEAST;
    default:
        return 0;
    }
}

static char test_of(sqlite3_index_info *info, int i, enum role role)
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
        return 0;
    }
    return 0;
}

/* What is left of everything, as far as it can be guessed. */
struct guess {
    double customers, rows_each;
    bool one; /* there can be only one customer */
};

static void narrow(struct guess *g, enum role role, char test)
{
    bool equal = test == IS || test == IS_LITERAL;

    if (role == ROLE_CUSTOMER || (role == ROLE_NUMBER && equal)) {
        g->customers = 1;
        g->one |= role == ROLE_NUMBER || test == IS_LITERAL; /* see is_text */
    } else if (role == ROLE_NUMBER) {
        g->customers /= 4;
    } else {
        g->rows_each /= equal ? 10 : 4;
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

int span_plan(sqlite3_index_info *info, const enum role *role, int role_n,
              const struct catalog *catalog)
{
    struct guess g = {.customers = 1 + catalog_customer_n(catalog), .rows_each = 50};
    char *plan = sqlite3_malloc(2 * info->nConstraint + 1);
    int n = 0;

    if (!plan)
        return SQLITE_NOMEM;
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn;
        char test;

        if (!info->aConstraint[i].usable || column < 0 || column >= role_n)
            continue;
        test = test_of(info, i, role[column]);
        if (!test)
            continue;
        plan[2 * n] = letter_of(role[column]);
        plan[2 * n + 1] = test;
        info->aConstraintUsage[i].argvIndex = ++n;
        narrow(&g, role[column], test);
    }
    plan[2 * n] = 0;
    info->idxStr = plan;
    info->needToFreeIdxStr = 1;
    set_costs(info, &g);
    info->orderByConsumed = info->nOrderBy && is_in_order(info, role, role_n, g.one);
    return SQLITE_OK;
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

static void compare_whole(struct range *r, char test, int64_t with)
{
    if ((test == ABOVE && with == INT64_MAX) || (test == BELOW && with == INT64_MIN)) {
        keep_nothing(r);
        return;
    }
    if (test == IS || test == AT_LEAST || test == ABOVE)
        keep_above(r, with + (test == ABOVE));
    if (test == IS || test == AT_MOST || test == BELOW)
        keep_below(r, with - (test == BELOW));
}

/* Rounded outwards; numbers too large for the rounding to be exact say nothing. */
static void compare_real(struct range *r, char test, double with)
{
    if (fabs(with) > 0x1p52)
        return;
    if (test == IS || test == AT_LEAST || test == ABOVE)
        keep_above(r, (int64_t)floor(with));
    if (test == IS || test == AT_MOST || test == BELOW)
        keep_below(r, (int64_t)ceil(with));
}

static void compare_number(struct range *r, char test, sqlite3_value *value)
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

static void compare_moment(struct span *s, enum role role, char test,
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

static void compare_customer(struct span *s, char test, sqlite3_value *value)
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

/* Whether a text column can equal the value only where it holds the value's text. */
static bool is_text(char test, sqlite3_value *value)
{
    int type = sqlite3_value_type(value);

    return type == SQLITE_TEXT
           || (test == IS_LITERAL && (type == SQLITE_INTEGER || type == SQLITE_FLOAT));
}

static bool find_customer(struct span *s, const struct scope *scope, char test,
                          sqlite3_value *value, struct err *err)
{
    uint32_t number = CUSTOMER_NONE;

    if (sqlite3_value_type(value) != SQLITE_NULL) {
        str id;

        if (!is_text(test, value))
            return true;
        id = text_of(value);
        if (!id.p)
            return err_nomem(err);
        number = catalog_customer_find(scope->catalog, id);
    }
    if (number == CUSTOMER_NONE || number < s->from || number >= s->to) {
        s->from = s->to = 0;
    } else {
        s->from = number;
        s->to = number + 1;
    }
    return true;
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

static void mark(const struct names *n, str name, bool *found)
{
    const struct segments *all = n->scope->model->segments;

    if (n->role == ROLE_TYPE) {
        uint32_t type = text_table_find(&n->scope->catalog->type, name);

        if (type != TEXT_NONE)
            found[type] = true;
        return;
    }
    for (uint32_t i = 0; i < all->segment_n; i++)
        found[i] |= str_eq(all->segment[i].name, name);
}

/* *whole is true when the list holds what cannot be looked up. */
static bool mark_value(const struct names *n, char test, sqlite3_value *value,
                       bool *found, bool *whole, struct err *err)
{
    sqlite3_value *item = NULL;
    int rc;

    if (test != AMONG) {
        str name;

        *whole |= !is_text(test, value) && sqlite3_value_type(value) != SQLITE_NULL;
        if (*whole || sqlite3_value_type(value) == SQLITE_NULL)
            return true;
        name = text_of(value);
        if (!name.p)
            return err_nomem(err);
        mark(n, name, found);
        return true;
    }
    for (rc = sqlite3_vtab_in_first(value, &item); rc == SQLITE_OK && item;
         rc = sqlite3_vtab_in_next(value, &item))
        if (!mark_value(n, IS, item, found, whole, err))
            return false;
    return rc == SQLITE_OK || rc == SQLITE_DONE || err_nomem(err);
}

/* Keeps of `wanted` (NULL: all) what the value names. */
static bool keep_names(const struct names *n, char test, sqlite3_value *value,
                       bool **wanted, struct err *err)
{
    bool *found = mem_alloc(names_n(n) + 1);
    bool whole = false;

    if (!found)
        return err_nomem(err);
    if (!mark_value(n, test, value, found, &whole, err)) {
        mem_free(found);
        return false;
    }
    if (whole) {
        mem_free(found);
        return true;
    }
    for (uint32_t i = 0; *wanted && i < names_n(n); i++)
        found[i] &= (*wanted)[i];
    mem_free(*wanted);
    *wanted = found;
    return true;
}

static bool read_one(struct span *s, const struct scope *scope, enum role role, char test,
                     sqlite3_value *value, struct err *err)
{
    struct names names = {scope, role};

    switch (role) {
    case ROLE_CUSTOMER:
        return find_customer(s, scope, test, value, err);
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
    for (int i = 0; i < value_n; i++)
        if (!read_one(s, scope, (enum role)(plan[2 * i] - 'a'), plan[2 * i + 1], value[i],
                      err))
            return false;
    return true;
}

void span_free(struct span *s)
{
    mem_free(s->type);
    mem_free(s->segment);
    *s = (struct span){0};
}
