#include "store/store_impl.h"

#include "base/time.h"
#include "base/zip.h"

#include <assert.h>

/* --- rows that hold packed bytes --- */

int row_pack(sqlite3_stmt *statement, int place, str packed)
{
    return sql_bind(statement, place, CODEC_ZSTD)
           | sql_bind_bytes(statement, place + 1, packed)
           | sql_bind(statement, place + 2, (int64_t)hash64(packed));
}

bool row_unpack(sqlite3_stmt *row, int column, size_t max_bytes, struct buf *to,
                struct err *err)
{
    int64_t codec = sqlite3_column_int64(row, column);
    str packed = sql_column(row, column + 1);
    uint64_t checksum = (uint64_t)sqlite3_column_int64(row, column + 2);

    if (codec != CODEC_ZSTD)
        return err_set(err, ERR_CORRUPT, "its codec is unknown");
    if (hash64(packed) != checksum)
        return err_set(err, ERR_CORRUPT, "its checksum is wrong");
    return zip_unpack(packed, max_bytes, to, err);
}

bool part_get(void *context, int32_t column, uint32_t chunk, struct buf *to, bool *there,
              struct err *err)
{
    struct store *s = context;
    sqlite3_stmt *get;
    bool ok;

    if (!sql_get(&s->sql, SQL_PART_GET, &get, err))
        return false;
    if ((sql_bind(get, 1, column) | sql_bind(get, 2, chunk)) != SQLITE_OK)
        return sql_fail(&s->sql, err);
    ok = sql_next(&s->sql, get, there, err);
    if (ok && *there)
        ok = row_unpack(get, 0, PART_BYTES_MAX, to, err)
             || err_in(err, "table part, column %d, chunk %u", column, chunk);
    sqlite3_reset(get);
    return ok;
}

/* --- loading the names --- */

/* Calls `take` with every row of a statement. */
static bool each_row(struct store *s, enum sql_text text,
                     bool (*take)(struct store *s, sqlite3_stmt *row, struct err *err),
                     struct err *err)
{
    sqlite3_stmt *rows;
    bool there, ok;

    if (!sql_get(&s->sql, text, &rows, err))
        return false;
    while ((ok = sql_next(&s->sql, rows, &there, err)) && there) {
        if (!take(s, rows, err)) {
            sqlite3_reset(rows);
            return false;
        }
    }
    return ok;
}

/* Whether the row has the next number. */
static bool take_number(sqlite3_stmt *row, uint32_t expected, const char *table,
                        struct err *err)
{
    return sqlite3_column_int64(row, 0) == expected
           || err_set(err, ERR_CORRUPT, "table %s has no row %u", table, expected);
}

static bool is_new(uint32_t number, uint32_t expected, const char *table, struct err *err)
{
    return number == expected
           || err_set(err, ERR_CORRUPT, "table %s: rows %u and %u are the same", table,
                      number, expected);
}

static bool take_customer(struct store *s, sqlite3_stmt *row, struct err *err)
{
    uint32_t expected = s->catalog.customer_n, number;

    return take_number(row, expected, "customer", err)
           && catalog_customer_add(&s->catalog, sql_column(row, 1), &number, err)
           && is_new(number, expected, "customer", err);
}

static bool take_type(struct store *s, sqlite3_stmt *row, struct err *err)
{
    uint32_t expected = s->catalog.type.n, number;

    if (sqlite3_column_int64(row, 0) == TYPE_IDENTIFY)
        return str_eq(sql_column(row, 1), STR("identify"))
               || err_set(err, ERR_CORRUPT, "table type: row 0 is not identify");
    if (s->catalog.type.n == TYPES_MAX)
        return err_set(err, ERR_CORRUPT, "table type has too many rows");
    return take_number(row, expected, "type", err)
           && (text_table_add(&s->catalog.type, sql_column(row, 1), &number)
               || err_nomem(err))
           && is_new(number, expected, "type", err);
}

static bool raw_type_of(str name, enum value_type *out)
{
    if (str_eq(name, value_type_name(VALUE_NULL))) {
        *out = VALUE_NULL;
        return true;
    }
    return value_type_parse(name, out);
}

static bool take_column(struct store *s, sqlite3_stmt *row, struct err *err)
{
    uint32_t expected = s->catalog.column_n, number;
    enum value_type type;

    if (sqlite3_column_int64(row, 0) != expected
        || !raw_type_of(sql_column(row, 3), &type))
        return err_set(err, ERR_CORRUPT, "table columns: row %u is not as Ciclo made it",
                       expected);
    if (!catalog_column_add(&s->catalog, sql_column(row, 1),
                            sqlite3_column_int(row, 2) != 0, type, &number, err)) {
        if (err->code != ERR_NOMEM)
            err->code = ERR_CORRUPT;
        return err_in(err, "table columns");
    }
    return is_new(number, expected, "columns", err);
}

static bool take_sighting(struct store *s, sqlite3_stmt *row, struct err *err)
{
    int64_t type = sqlite3_column_int64(row, 0), column = sqlite3_column_int64(row, 1);

    if (type < 0 || type >= s->catalog.type.n || column < 0
        || column >= s->catalog.column_n)
        return err_set(err, ERR_CORRUPT, "table sighting names what there is not");
    return catalog_sight(&s->catalog, (uint32_t)type, (uint32_t)column, err);
}

bool load_names(struct store *s, struct err *err)
{
    if (!each_row(s, SQL_CUSTOMER_ALL, take_customer, err)
        || !each_row(s, SQL_TYPE_ALL, take_type, err)
        || !each_row(s, SQL_COLUMN_ALL, take_column, err)
        || !each_row(s, SQL_SIGHTING_ALL, take_sighting, err))
        return false;
    s->customers = s->catalog.customer_n;
    s->chunk = mem_alloc(chunks_for(s->customers) * sizeof(struct chunk *));
    if (!s->chunk)
        return err_nomem(err);
    s->chunk_cap = chunks_for(s->customers);
    return true;
}

/* --- reading --- */

struct catalog *store_catalog(struct store *s)
{
    return &s->catalog;
}

uint32_t chunks_for(uint32_t customers)
{
    return customers / CHUNK_CUSTOMERS + (customers % CHUNK_CUSTOMERS != 0);
}

uint32_t store_chunk_count(const struct store *s)
{
    return chunks_for(s->customers);
}

bool store_chunk(struct store *s, uint32_t chunk, const struct chunk **out,
                 struct err *err)
{
    assert(chunk < store_chunk_count(s));
    if (!s->chunk[chunk]
        && !chunk_load(&s->catalog, &s->source, chunk, s->customers, &s->chunk[chunk],
                       err))
        return false;
    *out = s->chunk[chunk];
    return true;
}

/* The first and the last event of each customer say enough. */
static void count_chunk(const struct chunk *c, struct store_facts *facts)
{
    facts->events += c->event_n;
    for (uint32_t i = 0; i < c->customer_n; i++) {
        int64_t first_ms, last_ms;

        if (c->first[i] == c->first[i + 1])
            continue;
        first_ms = c->at_ms[c->first[i]];
        last_ms = c->at_ms[c->first[i + 1] - 1];
        if (facts->first_ms == MOMENT_NEVER || first_ms < facts->first_ms)
            facts->first_ms = first_ms;
        if (facts->last_ms == MOMENT_NEVER || last_ms > facts->last_ms)
            facts->last_ms = last_ms;
    }
}

bool store_facts(struct store *s, struct store_facts *out, struct err *err)
{
    int64_t refused;

    *out = (struct store_facts){
        .customers = s->customers, .first_ms = MOMENT_NEVER, .last_ms = MOMENT_NEVER};
    for (uint32_t i = 0; i < store_chunk_count(s); i++) {
        const struct chunk *c;

        if (!store_chunk(s, i, &c, err))
            return false;
        count_chunk(c, out);
    }
    if (!sql_number(&s->sql, "select coalesce(sum(n), 0) from refused", &refused, err))
        return false;
    out->refused = (uint64_t)refused;
    return true;
}
