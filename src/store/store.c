#include "store/store_impl.h"

#include "base/time.h"
#include "base/zip.h"

#include <string.h>

/* --- rows that hold packed bytes --- */

int row_pack(sqlite3_stmt *statement, int place, str packed)
{
    return sql_bind(statement, place, CODEC_ZSTD)
           | sql_bind_bytes(statement, place + 1, packed)
           | sql_bind(statement, place + 2, (int64_t)hash64(packed));
}

bool row_get(struct sql *sql, pthread_mutex_t *lock, enum sql_text text,
             const int64_t *bound, int bound_n, struct row *out, bool *there,
             struct err *err)
{
    sqlite3_stmt *get;
    int rc = SQLITE_OK;
    bool ok;

    buf_clear(&out->packed);
    pthread_mutex_lock(lock);
    ok = sql_get(sql, text, &get, err);
    if (ok) {
        for (int i = 0; i < bound_n; i++)
            rc |= sql_bind(get, i + 1, bound[i]);
        ok = rc == SQLITE_OK ? sql_next(sql, get, there, err) : sql_fail(sql, err);
    }
    if (ok && *there) {
        out->number[0] = sqlite3_column_int64(get, 0);
        out->number[1] = sqlite3_column_int64(get, 1);
        out->codec = sqlite3_column_int64(get, 2);
        buf_add(&out->packed, sql_column(get, 3));
        out->checksum = sqlite3_column_int64(get, 4);
        sqlite3_reset(get);
        ok = !out->packed.failed || err_nomem(err);
    }
    pthread_mutex_unlock(lock);
    return ok;
}

bool row_unpack(const struct row *row, size_t max_bytes, struct buf *to, struct err *err)
{
    if (row->codec != CODEC_ZSTD)
        return err_set(err, ERR_CORRUPT, "its codec is unknown");
    if (hash64(buf_str(&row->packed)) != (uint64_t)row->checksum)
        return err_set(err, ERR_CORRUPT, "its checksum is wrong");
    return zip_unpack(buf_str(&row->packed), max_bytes, to, err);
}

bool part_read(struct sql *sql, pthread_mutex_t *lock, int32_t column, uint32_t chunk,
               struct buf *to, bool *there, struct err *err)
{
    int64_t key[] = {column, chunk};
    struct row row = {0};
    bool ok = row_get(sql, lock, SQL_PART_GET, key, 2, &row, there, err)
              && (!*there || row_unpack(&row, PART_BYTES_MAX, to, err)
                  || err_in(err, "table part, column %d, chunk %u", column, chunk));

    buf_free(&row.packed);
    return ok;
}

bool each_row(struct sql *sql, enum sql_text text,
              bool (*take)(void *context, sqlite3_stmt *row, struct err *err),
              void *context, struct err *err)
{
    sqlite3_stmt *rows;
    bool there, ok;

    if (!sql_get(sql, text, &rows, err))
        return false;
    while ((ok = sql_next(sql, rows, &there, err)) && there) {
        if (!take(context, rows, err)) {
            sqlite3_reset(rows);
            return false;
        }
    }
    return ok;
}

/* --- names --- */

struct take_customers {
    struct catalog *catalog;
    struct homes *homes;
};

static bool take_home(struct homes *homes, uint32_t number, sqlite3_stmt *row,
                      struct err *err)
{
    bool is_own = sqlite3_column_type(row, 3) == SQLITE_NULL;
    int64_t home = is_own ? number : sqlite3_column_int64(row, 3);

    if (home < -1 || home >= HOME_NONE || (!is_own && home == number))
        return err_set(err, ERR_CORRUPT, "table customer, row %u: there is no home %lld",
                       number, (long long)home);
    if (!homes_need(homes, number + 1, err))
        return false;
    homes->home[homes->n++] = home < 0 ? HOME_NONE : (uint32_t)home;
    return true;
}

static bool take_customer(void *context, sqlite3_stmt *row, struct err *err)
{
    struct take_customers *take = context;
    uint32_t expected = catalog_customer_n(take->catalog), number;
    int64_t kind = sqlite3_column_int64(row, 1);
    str id = sql_column(row, 2);
    char key[CUSTOMER_KEY_MAX];

    if (sqlite3_column_int64(row, 0) != expected)
        return err_set(err, ERR_CORRUPT, "table customer has no row %u", expected);
    if (kind < 0 || kind >= CUSTOMER_KINDS || id.n > EVENT_NAME_MAX)
        return err_set(err, ERR_CORRUPT, "table customer, row %u: it is no id", expected);
    key[0] = (char)(kind + 1);
    memcpy(key + 1, id.n ? id.p : "", id.n);
    return catalog_customer_add(take->catalog,
                                kind ? (str){key, id.n + 1} : (str){key + 1, id.n},
                                &number, err)
           && (number == expected
               || err_set(err, ERR_CORRUPT, "table customer: rows %u and %u are the same",
                          number, expected))
           && take_home(take->homes, number, row, err);
}

static bool load_customers(struct sql *sql, struct catalog *catalog, struct homes *homes,
                           struct err *err)
{
    struct take_customers take = {catalog, homes};

    if (!each_row(sql, SQL_CUSTOMER_ALL, take_customer, &take, err))
        return false;
    for (uint32_t i = 0; i < homes->n; i++) {
        if (homes->home[i] != HOME_NONE && homes->home[i] >= homes->n)
            return err_set(err, ERR_CORRUPT,
                           "table customer, row %u: there is no home %u", i,
                           homes->home[i]);
    }
    return true;
}

static bool take_type(void *catalog, sqlite3_stmt *row, struct err *err)
{
    struct text_table *types = &((struct catalog *)catalog)->type;
    uint32_t expected = types->n, number;

    if (sqlite3_column_int64(row, 0) == TYPE_IDENTIFY)
        return str_eq(sql_column(row, 1), STR("identify"))
               || err_set(err, ERR_CORRUPT, "table type: row 0 is not identify");
    if (expected == TYPES_MAX)
        return err_set(err, ERR_CORRUPT, "table type has too many rows");
    if (sqlite3_column_int64(row, 0) != expected)
        return err_set(err, ERR_CORRUPT, "table type has no row %u", expected);
    if (!text_table_add(types, sql_column(row, 1), &number))
        return err_nomem(err);
    return number == expected
           || err_set(err, ERR_CORRUPT, "table type: rows %u and %u are the same", number,
                      expected);
}

static bool raw_type_of(str name, enum value_type *out)
{
    if (str_eq(name, value_type_name(VALUE_NULL))) {
        *out = VALUE_NULL;
        return true;
    }
    return value_type_parse(name, out);
}

static bool take_column(void *catalog, sqlite3_stmt *row, struct err *err)
{
    struct catalog *c = catalog;
    uint32_t expected = c->column_n, number;
    enum value_type type;

    if (sqlite3_column_int64(row, 0) != expected
        || !raw_type_of(sql_column(row, 3), &type))
        return err_set(err, ERR_CORRUPT, "table columns: row %u is not as Ciclo made it",
                       expected);
    if (!catalog_column_add(c, sql_column(row, 1), sqlite3_column_int(row, 2) != 0, type,
                            &number, err)) {
        if (err->code != ERR_NOMEM)
            err->code = ERR_CORRUPT;
        return err_in(err, "table columns");
    }
    return number == expected
           || err_set(err, ERR_CORRUPT, "table columns: rows %u and %u are the same",
                      number, expected);
}

static bool take_sighting(void *catalog, sqlite3_stmt *row, struct err *err)
{
    struct catalog *c = catalog;
    int64_t type = sqlite3_column_int64(row, 0), column = sqlite3_column_int64(row, 1);

    if (type < 0 || type >= c->type.n || column < 0 || column >= c->column_n)
        return err_set(err, ERR_CORRUPT, "table sighting names what there is not");
    return catalog_sight(c, (uint32_t)type, (uint32_t)column, err);
}

bool load_names(struct sql *sql, struct catalog *catalog, struct homes *homes,
                struct err *err)
{
    return load_customers(sql, catalog, homes, err)
           && each_row(sql, SQL_TYPE_ALL, take_type, catalog, err)
           && each_row(sql, SQL_COLUMN_ALL, take_column, catalog, err)
           && each_row(sql, SQL_SIGHTING_ALL, take_sighting, catalog, err);
}

/* --- table chunk --- */

uint32_t chunks_for(uint32_t customers)
{
    return customers / CHUNK_CUSTOMERS + (customers % CHUNK_CUSTOMERS != 0);
}

/* Of the chunk's customers, how many there are when there are `customers` in all. */
static uint32_t customers_in(uint32_t chunk, uint32_t customers)
{
    uint32_t rest = customers - chunk * CHUNK_CUSTOMERS;

    return rest < CHUNK_CUSTOMERS ? rest : CHUNK_CUSTOMERS;
}

struct take_chunks {
    struct image *image;
    uint32_t customers; /* in all */
};

static bool take_chunk(void *context, sqlite3_stmt *row, struct err *err)
{
    struct take_chunks *take = context;
    int64_t number = sqlite3_column_int64(row, 0);
    int64_t customers = sqlite3_column_int64(row, 2);
    int64_t events = sqlite3_column_int64(row, 3);
    struct chunk_state *state;

    if (number < 0 || number >= chunks_for(take->customers) || customers < 0
        || customers > customers_in((uint32_t)number, take->customers)
        || events < (customers > 0) || (events && !customers) || events > UINT32_MAX)
        return err_set(err, ERR_CORRUPT, "table chunk: row %lld is not as Ciclo made it",
                       (long long)number);
    state = image_edit(take->image, (uint32_t)number);
    if (!state)
        return err_nomem(err);
    take->image->events += (uint64_t)events;
    state->parts = (struct chunk_row){.folded_seq = sqlite3_column_int64(row, 1),
                                      .customers = (uint32_t)customers,
                                      .events = (uint32_t)events,
                                      .first_ms = sqlite3_column_int64(row, 4),
                                      .last_ms = sqlite3_column_int64(row, 5),
                                      .told_seq = sqlite3_column_int64(row, 6)};
    return true;
}

/* Up to which place each chunk has customers with events; *out is the caller's. */
static bool find_last(const struct homes *homes, uint32_t chunks, uint32_t **out,
                      struct err *err)
{
    uint32_t *last = mem_alloc(chunks * sizeof *last);

    *out = last;
    if (!last)
        return err_nomem(err);
    for (uint32_t i = 0; i < homes->n; i++) {
        uint32_t home = homes->home[i], *of;

        if (home == HOME_NONE)
            continue;
        of = &last[home / CHUNK_CUSTOMERS];
        if (home % CHUNK_CUSTOMERS >= *of)
            *of = home % CHUNK_CUSTOMERS + 1;
    }
    return true;
}

/* Every customer has events, so every chunk is there up to the last of them. */
static bool check_chunks(const struct image *image, const struct homes *homes,
                         struct err *err)
{
    uint32_t chunks = chunks_for(catalog_customer_n(&image->catalog)), *last;
    bool ok = find_last(homes, chunks, &last, err);

    for (uint32_t i = 0; ok && i < chunks; i++) {
        const struct chunk_state *state = image_get(image, i);

        if (!state->news && state->parts.customers != last[i])
            ok = err_set(err, ERR_CORRUPT, "table chunk: chunk %u lacks customers", i);
    }
    mem_free(last);
    return ok;
}

bool load_image(struct store *s, struct err *err)
{
    struct image *image;
    struct take_chunks take;
    int64_t refused;

    if (!image_new(NULL, &image, err))
        return false;
    take = (struct take_chunks){image, catalog_customer_n(&s->catalog)};
    if (!catalog_copy(&s->catalog, NULL, &image->catalog, err)
        || !each_row(&s->sql, SQL_CHUNK_ALL, take_chunk, &take, err)
        || !news_load(s, image, err) || !check_chunks(image, &s->homes, err)
        || !homes_count(&s->homes, &image->customers, err)
        || !sql_number(&s->sql, "select coalesce(max(seq), 0) from log", &s->seq, err)
        || !sql_number(&s->sql, "select coalesce(sum(n), 0) from refused", &refused,
                       err)) {
        image_free(image);
        return false;
    }
    if (s->homes.n && !image_edit(image, chunks_for(s->homes.n) - 1)) {
        image_free(image);
        return err_nomem(err);
    }
    image->refused = (uint64_t)refused;
    image->seq = s->seq;
    s->image = image;
    return true;
}

bool parts_load(const struct catalog *catalog, const struct chunk_source *source,
                const struct image *image, uint32_t chunk, struct chunk **out,
                struct err *err)
{
    uint32_t customers = image_get(image, chunk)->parts.customers;
    struct chunk_want want = {.chunk = chunk,
                              .customer_first = chunk * CHUNK_CUSTOMERS,
                              .customer_n = customers,
                              .source = source,
                              .parts_customers = customers};

    *out = NULL;
    return !customers || chunk_open(catalog, &want, out, err);
}

struct chunk_row chunk_row_of(const struct chunk *c, int64_t folded_seq, int64_t told_seq)
{
    struct chunk_row row = {.folded_seq = folded_seq,
                            .told_seq = told_seq,
                            .events = c->event_n,
                            .first_ms = MOMENT_NEVER,
                            .last_ms = MOMENT_MIN};

    for (uint32_t i = 0; i < c->customer_n; i++) {
        if (c->first[i] == c->first[i + 1])
            continue;
        row.customers = i + 1;
        if (c->at_ms[c->first[i]] < row.first_ms)
            row.first_ms = c->at_ms[c->first[i]];
        if (c->at_ms[c->first[i + 1] - 1] > row.last_ms)
            row.last_ms = c->at_ms[c->first[i + 1] - 1];
    }
    return row;
}
