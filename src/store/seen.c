/* seen.c - which runs there are, and whether one of them has an id. */
#include "store/seen_run_impl.h"

/* --- which runs there are --- */

bool run_room(struct seen *s, struct err *err)
{
    size_t cap = s->run_cap ? 2 * s->run_cap : 8;
    struct run *run;

    if (s->run_n < s->run_cap)
        return true;
    run = mem_resize(s->run, cap * sizeof *run);
    if (!run)
        return err_nomem(err);
    s->run = run;
    s->run_cap = cap;
    return true;
}

bool gone_room(struct seen *s, struct err *err)
{
    size_t cap = s->gone_cap ? 2 * s->gone_cap : 8;
    uint32_t *gone;

    if (s->gone_n < s->gone_cap)
        return true;
    gone = mem_resize(s->gone, cap * sizeof *gone);
    if (!gone)
        return err_nomem(err);
    s->gone = gone;
    s->gone_cap = cap;
    return true;
}

bool last_row(struct seen *s, enum sql_text text, const struct run *r, int64_t *row,
              uint64_t *length, struct err *err)
{
    sqlite3_stmt *last;
    bool there;

    *row = -1;
    if (!sql_get(s->sql, text, &last, err))
        return false;
    if ((sql_bind(last, 1, place_of(r, 0)) | sql_bind(last, 2, place_of(r, UINT32_MAX)))
        != SQLITE_OK)
        return sql_fail(s->sql, err);
    if (!sql_next(s->sql, last, &there, err))
        return false;
    if (there) {
        *row = sqlite3_column_int64(last, 0) - place_of(r, 0);
        *length = (uint64_t)sqlite3_column_int64(last, 1);
    }
    sqlite3_reset(last);
    return true;
}

/* Before memory is asked for in proportion to what the run says of itself. */
static bool check_last_bucket(struct seen *s, const struct run *r, struct err *err)
{
    uint64_t length;
    int64_t row;

    return last_row(s, SQL_SEEN_LAST, r, &row, &length, err)
           && (row == (int64_t)last_bucket(r)
               || err_set(err, ERR_CORRUPT,
                          "table seen, run %u: it should end with bucket %llu", r->number,
                          (unsigned long long)last_bucket(r)));
}

/* Whether it was made with fewer bits, its last piece tells. */
static bool measure_filter(struct seen *s, struct run *r, struct err *err)
{
    uint64_t before = blocks_for(r->n, FILTER_BITS_BEFORE), there, length = 0;
    int64_t piece;

    if (!last_row(s, SQL_SEEN_FILTER_LAST, r, &piece, &length, err))
        return false;
    there = (uint64_t)piece * SEEN_PIECE + length / BLOCK_BYTES;
    if (there == before)
        r->blocks = before;
    return there == r->blocks
           || err_set(err, ERR_CORRUPT,
                      "table seen_filter, run %u: it should have %llu blocks", r->number,
                      (unsigned long long)r->blocks);
}

static bool head_get(struct seen *s, sqlite3_stmt *row, struct err *err)
{
    int64_t number = sqlite3_column_int64(row, 0), n = sqlite3_column_int64(row, 1);
    struct run r;

    if (number < 0 || number > INT32_MAX)
        return err_set(err, ERR_CORRUPT, "table seen_run: %lld is no run's number",
                       (long long)number);
    if (n < 0 || (uint64_t)n >= SEEN_IDS_MAX)
        return err_set(err, ERR_CORRUPT,
                       "table seen_run, run %lld: it cannot have %lld ids",
                       (long long)number, (long long)n);
    r = run_of((uint32_t)number, (uint64_t)n);
    if (sqlite3_column_int64(row, 2) != head_checksum(&r))
        return err_set(err, ERR_CORRUPT, "table seen_run, run %u: its checksum is wrong",
                       r.number);
    s->next_number = r.number + 1;
    if (!n) {
        if (!gone_room(s, err))
            return false;
        s->gone[s->gone_n++] = r.number;
        return true;
    }
    if (!check_last_bucket(s, &r, err) || !measure_filter(s, &r, err)
        || !run_room(s, err))
        return false;
    s->run[s->run_n++] = r;
    return true;
}

static bool read_heads(struct seen *s, struct err *err)
{
    sqlite3_stmt *rows;
    bool there, ok;

    if (!sql_get(s->sql, SQL_SEEN_RUN_ALL, &rows, err))
        return false;
    while ((ok = sql_next(s->sql, rows, &there, err)) && there) {
        ok = head_get(s, rows, err);
        if (!ok)
            break;
    }
    sqlite3_reset(rows);
    return ok;
}

bool read_runs(struct seen *s, struct err *err)
{
    if (!s->is_read && !read_heads(s, err)) {
        seen_forget(s);
        return false;
    }
    s->is_read = true;
    return true;
}

bool seen_new(struct sql *sql, struct seen **out, struct err *err)
{
    *out = mem_alloc(sizeof **out);
    if (!*out)
        return err_nomem(err);
    (*out)->sql = sql;
    return true;
}

void seen_forget(struct seen *s)
{
    for (size_t i = 0; i < s->run_n; i++)
        filter_free(&s->run[i]);
    job_drop(s);
    s->run_n = 0;
    s->gone_n = 0;
    s->next_number = 0;
    s->is_read = false;
}

void seen_free(struct seen *s)
{
    if (!s)
        return;
    seen_forget(s);
    mem_free(s->run);
    mem_free(s->gone);
    mem_free(s->found.id);
    mem_free(s);
}

bool seen_facts(struct seen *s, struct seen_facts *out, struct err *err)
{
    if (!read_runs(s, err))
        return false;
    *out = (struct seen_facts){.runs = (uint32_t)s->run_n};
    for (size_t i = 0; i < s->run_n; i++) {
        out->ids += s->run[i].n;
        out->filter_bytes += s->run[i].blocks * BLOCK_BYTES;
        out->file_bytes += s->run[i].n * (16 - implied_bytes(s->run[i].bits))
                           + s->run[i].blocks * BLOCK_BYTES;
        if (s->run[i].filter)
            out->memory_bytes += s->run[i].blocks * BLOCK_BYTES;
    }
    return true;
}

/* --- asking --- */

static bool bucket_has(const struct seen_bucket *b, hash128 id)
{
    size_t low = 0, high = b->n;

    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = hash128_cmp(b->id[middle], id);

        if (!order)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

void seen_expect(const struct seen *s, hash128 id)
{
    for (size_t i = 0; i < s->run_n; i++)
        if (s->run[i].filter)
            __builtin_prefetch(filter_block(&s->run[i], id));
}

bool seen_has(struct seen *s, hash128 id, bool *found, struct err *err)
{
    *found = false;
    if (!read_runs(s, err))
        return false;
    for (size_t i = 0; i < s->run_n && !*found; i++) {
        struct run *r = &s->run[i];

        if (!r->filter && !filter_get(s, r, err))
            return false;
        if (!filter_may_have(r, id))
            continue;
        if (!bucket_get(s, r, bucket_of(r->bits, id), &s->found, err))
            return false;
        *found = bucket_has(&s->found, id);
    }
    return true;
}
