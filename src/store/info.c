#include "store/info.h"

#include "base/bytes.h"
#include "store/seen_impl.h"
#include "store/store_impl.h"

#include <string.h>

/* The columns of the events themselves stand first: PART_TIME, PART_TYPE, ... */
enum { OWN_COLUMNS = 5 };

struct look {
    const struct catalog *catalog;
    struct store_info *out;
    struct info_table *table;
    struct info_column *column;
    struct arena *a;
    struct arena part; /* ends with each part */
    struct row row;
    struct buf bytes;
};

/* --- tables --- */

static bool take_table(void *context, sqlite3_stmt *row, struct err *err)
{
    struct look *l = context;
    struct info_table *t = &l->table[l->out->table_n++];

    t->name = arena_str(l->a, sql_column(row, 0));
    t->rows = (uint64_t)sqlite3_column_int64(row, 1);
    t->bytes = (uint64_t)sqlite3_column_int64(row, 2);
    if (str_eq(t->name, STR("log")))
        l->out->log_bytes = t->bytes;
    if (str_eq(t->name, STR("part")))
        l->out->part_bytes = t->bytes;
    return t->name.p || err_nomem(err);
}

/* --- parts --- */

static uint64_t first_number(str bytes)
{
    struct in in = in_of(bytes);

    return get(&in);
}

static void count(struct info_column *c, uint64_t values, uint64_t unpacked)
{
    c->values += values;
    c->chunks++;
    c->unpacked += unpacked;
}

static bool take_directory(struct look *l, str bytes, struct err *err)
{
    struct directory d;

    if (!part_decode_rare(bytes, l->catalog, &l->part, &d, err))
        return false;
    for (uint32_t i = 0; i < d.n; i++)
        if (d.bytes[i].n)
            count(&l->column[OWN_COLUMNS + d.column[i]], first_number(d.bytes[i]),
                  d.bytes[i].n);
    return true;
}

static bool take_bytes(struct look *l, int64_t column, struct info_column *c,
                       struct err *err)
{
    str bytes;

    buf_clear(&l->bytes);
    if (!row_unpack(&l->row, PART_BYTES_MAX, &l->bytes, err))
        return false;
    bytes = buf_str(&l->bytes);
    c->bytes += l->row.packed.n;
    if (column == PART_RARE) {
        count(c, 0, 0);
        c->unpacked += bytes.n;
        return take_directory(l, bytes, err);
    }
    count(c, column < 0 && column != PART_ANCHOR ? 0 : first_number(bytes), bytes.n);
    return true;
}

static bool take_part(void *context, sqlite3_stmt *row, struct err *err)
{
    struct look *l = context;
    int64_t column = sqlite3_column_int64(row, 0);
    long long chunk = sqlite3_column_int64(row, 1);
    str packed = sql_column(row, 3);

    if (column < -OWN_COLUMNS || column >= (int64_t)l->catalog->column_n)
        return err_set(err, ERR_CORRUPT, "table part: there is no column %lld",
                       (long long)column);
    arena_reset(&l->part);
    buf_clear(&l->row.packed);
    buf_add(&l->row.packed, packed);
    if (l->row.packed.failed)
        return err_nomem(err);
    l->row.codec = sqlite3_column_int64(row, 2);
    l->row.checksum = sqlite3_column_int64(row, 4);
    return take_bytes(l, column,
                      &l->column[column < 0 ? -column - 1 : column + OWN_COLUMNS], err)
           || err_in(err, "table part, column %lld, chunk %lld", (long long)column,
                     chunk);
}

static const char *encoding_of(enum value_type type)
{
    switch (type) {
    case VALUE_NULL:
        return "places";
    case VALUE_BOOL:
        return "places, bytes";
    case VALUE_NUMBER:
        return "places, varints";
    case VALUE_TEXT:
        return "places, dictionary";
    case VALUE_LIST:
        return "places, lengths, dictionary";
    case VALUE_MISSING:
    case VALUE_MONEY: /* in the file money is a number, and the others are nowhere */
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        break;
    }
    return "";
}

static bool name_columns(struct look *l, struct err *err)
{
    static const struct {
        str name;
        const char *encoding;
    } own[OWN_COLUMNS] = {
        [-PART_TIME - 1] = {STR("times"), "differences"},
        [-PART_TYPE - 1] = {STR("types"), "varints"},
        [-PART_ID - 1] = {STR("ids"), "texts"},
        [-PART_RARE - 1] = {STR("columns"), "the list of columns, and rare ones whole"},
        [-PART_ANCHOR - 1] = {STR("anchors"), "places, varints"},
    };
    uint32_t n = l->catalog->column_n;

    l->column = arena_array(l->a, struct info_column, (size_t)n + OWN_COLUMNS);
    if (!l->column)
        return err_nomem(err);
    for (uint32_t i = 0; i < OWN_COLUMNS; i++) {
        l->column[i].name = own[i].name;
        l->column[i].encoding = own[i].encoding;
        l->column[i].event = true;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct column *c = &l->catalog->column[i];

        l->column[OWN_COLUMNS + i] =
            (struct info_column){.name = c->name,
                                 .trait = c->trait,
                                 .type = c->type,
                                 .encoding = encoding_of(c->type)};
    }
    l->out->column = l->column;
    l->out->column_n = n + OWN_COLUMNS;
    return true;
}

/* --- the rest --- */

static bool look_at_file(struct sql *sql, struct store_info *out, struct err *err)
{
    int64_t format, page_bytes, pages, free_pages;

    if (!sql_number(sql, "pragma user_version", &format, err)
        || !sql_number(sql, "pragma page_size", &page_bytes, err)
        || !sql_number(sql, "pragma page_count", &pages, err)
        || !sql_number(sql, "pragma freelist_count", &free_pages, err)
        || !sql_number(sql, "select sum(value) from setting where name = 'pseudonym'",
                       &out->pseudonym, err))
        return false;
    out->format = (uint32_t)format;
    out->page_bytes = (uint64_t)page_bytes;
    out->pages = (uint64_t)pages;
    out->free_pages = (uint64_t)free_pages;
    return true;
}

static bool look_at_ids(struct sql *sql, struct store_info *out, struct err *err)
{
    struct seen_facts facts;
    struct seen *seen;
    bool ok;

    if (!seen_new(sql, &seen, err))
        return false;
    ok = seen_facts(seen, &facts, err);
    if (ok) {
        out->ids = facts.ids;
        out->runs = facts.runs;
        out->id_bytes = facts.file_bytes;
        out->filter_bytes = facts.filter_bytes;
    }
    seen_free(seen);
    return ok;
}

static bool look(struct look *l, struct sql *sql, struct err *err)
{
    enum { TABLES_MAX = 16 };

    l->out->table = l->table = arena_array(l->a, struct info_table, TABLES_MAX);
    if (!l->table)
        return err_nomem(err);
    return look_at_file(sql, l->out, err) && look_at_ids(sql, l->out, err)
           && name_columns(l, err) && each_row(sql, SQL_INFO_TABLES, take_table, l, err)
           && each_row(sql, SQL_PART_ALL, take_part, l, err);
}

bool snapshot_info(struct snapshot *v, struct arena *a, struct store_info *out,
                   struct err *err)
{
    struct look l = {.catalog = snapshot_catalog(v), .out = out, .a = a};
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    bool ok;

    *out = (struct store_info){
        .chunk_customers = CHUNK_CUSTOMERS,
        .chunks = snapshot_chunk_count(v),
        .types = l.catalog->type.n,
        .facts = snapshot_facts(v),
        .waiting = snapshot_waiting(v),
        .memory_bytes = snapshot_memory(v),
    };
    pthread_mutex_lock(lock);
    ok = look(&l, sql, err);
    pthread_mutex_unlock(lock);
    arena_free(&l.part);
    buf_free(&l.row.packed);
    buf_free(&l.bytes);
    return ok;
}
