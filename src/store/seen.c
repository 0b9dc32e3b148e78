#include "store/seen_impl.h"

#include "base/tune.h"

#include <assert.h>
#include <string.h>

/* A run is a sorted list of ids that never changes; it is only merged with others into a new
 * one. It is cut into 2^bits buckets by the first bits of the ids, so that an id's bucket is
 * known without looking: a bucket has SEEN_BUCKET ids or more, and less than twice as many, if
 * the ids are as random as hashes are.
 *
 *   seen_run     run, n, checksum        checksum: XXH3-64 of run and n, 8 bytes each
 *   seen         place = run << 32 | bucket; bytes, checksum. Every bucket has its row
 *   seen_filter  place = run << 32 | piece; bytes, checksum
 *
 * A bucket's bytes: each id as 16 bytes, the highest first, without the bits / 8 bytes that the
 * bucket's number says already.
 *
 * A filter has blocks of 512 bits, FILTER_BITS / 2 bits for each id (one made earlier,
 * FILTER_BITS_BEFORE / 2: what is wrongly taken for known is read from the file, and the more
 * runs there are the more often, so that memory is worth it). An id's block is found by
 * its high half, so that a run that is written in order fills its filter in order; its PROBES
 * bits in the block by nine bits each of its low half. A filter stands in the file in pieces of
 * SEEN_PIECE blocks, its words with the lowest byte first.
 *
 * (1) A run's bytes follow from its ids alone.
 * (2) Runs of like size (the same power of SEEN_MERGED) are less than SEEN_MERGED; but those
 *     of SEEN_LARGE ids and more stay as they are, so that no transaction has to rewrite all.
 *     So an id is rewritten a few times in its life, and runs are some dozens.
 * (3) No id stands in two runs. */

enum {
    FILTER_BITS = 32,
    FILTER_BITS_BEFORE = 21,
    PROBES = 7,
    BLOCK_WORDS = 8,
    BLOCK_BYTES = 64
};
static const uint64_t ids_max = (uint64_t)SEEN_BUCKET << SEEN_BITS_MAX;

struct run {
    uint32_t number;
    unsigned bits;
    uint64_t n;
    uint64_t blocks;
    uint64_t *filter; /* aligned to its blocks, inside .memory; NULL: not read yet */
    void *memory;
};

struct seen {
    struct sql *sql;
    struct run *run; /* by number */
    size_t run_n, run_cap;
    bool is_read;
    struct seen_bucket found; /* where seen_has looks */
};

/* --- a bucket as bytes --- */

static unsigned implied_bytes(unsigned bits)
{
    return bits / 8;
}

static uint64_t bucket_of(unsigned bits, hash128 id)
{
    return bits ? id.high >> (64 - bits) : 0;
}

static void put_word(char *to, uint64_t word)
{
    word = __builtin_bswap64(word);
    memcpy(to, &word, sizeof word);
}

static uint64_t get_word(const char *from)
{
    uint64_t word;

    memcpy(&word, from, sizeof word);
    return __builtin_bswap64(word);
}

void seen_encode(const hash128 *id, size_t n, unsigned bits, struct buf *to)
{
    unsigned implied = implied_bytes(bits);
    size_t width = 16 - implied;
    char *p = buf_room(to, n * width);

    if (!p)
        return;
    for (size_t i = 0; i < n; i++, p += width) {
        put_word(p, id[i].high << 8 * implied);
        put_word(p + 8 - implied, id[i].low);
    }
    to->n += n * width;
}

static bool bucket_room(struct seen_bucket *b, size_t n)
{
    hash128 *id;

    if (n <= b->cap)
        return true;
    id = mem_resize(b->id, n * sizeof *id);
    if (!id)
        return false;
    b->id = id;
    b->cap = n;
    return true;
}

bool seen_decode(str bytes, unsigned bits, uint64_t bucket, struct seen_bucket *to,
                 struct err *err)
{
    unsigned implied = implied_bytes(bits);
    size_t width = 16 - implied, n = bytes.n / width;
    uint64_t above =
        implied ? bucket << (64 - bits) >> (64 - 8 * implied) << (64 - 8 * implied) : 0;

    if (bytes.n % width)
        return err_set(err, ERR_CORRUPT, "an id is cut off");
    if (!bucket_room(to, n))
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const char *p = bytes.p + i * width;

        to->id[i].high = above | get_word(p) >> 8 * implied;
        to->id[i].low = get_word(p + 8 - implied);
        if (bucket_of(bits, to->id[i]) != bucket)
            return err_set(err, ERR_CORRUPT, "an id belongs into another row");
        if (i && hash128_cmp(to->id[i - 1], to->id[i]) >= 0)
            return err_set(err, ERR_CORRUPT, "its ids do not ascend");
    }
    to->n = n;
    return true;
}

/* --- filters --- */

static uint64_t *filter_block(const struct run *r, hash128 id)
{
    return r->filter
           + (uint64_t)((unsigned __int128)id.high * r->blocks >> 64) * BLOCK_WORDS;
}

static void filter_add(const struct run *r, hash128 id)
{
    uint64_t *block = filter_block(r, id);

    for (unsigned i = 0; i < PROBES; i++, id.low >>= 9)
        block[id.low >> 6 & 7] |= (uint64_t)1 << (id.low & 63);
}

static bool filter_may_have(const struct run *r, hash128 id)
{
    const uint64_t *block = filter_block(r, id);
    uint64_t all = 1;

    for (unsigned i = 0; i < PROBES; i++, id.low >>= 9)
        all &= block[id.low >> 6 & 7] >> (id.low & 63);
    return all;
}

static bool filter_new(struct run *r, struct err *err)
{
    r->memory = mem_alloc((r->blocks + 1) * BLOCK_BYTES);
    if (!r->memory)
        return err_nomem(err);
    r->filter = (uint64_t *)(((uintptr_t)r->memory + BLOCK_BYTES - 1)
                             & ~(uintptr_t)(BLOCK_BYTES - 1));
    return true;
}

static void filter_free(struct run *r)
{
    mem_free(r->memory);
    r->memory = NULL;
    r->filter = NULL;
}

static uint64_t piece_n(const struct run *r)
{
    return (r->blocks + SEEN_PIECE - 1) / SEEN_PIECE;
}

/* The bytes of a filter's piece, in memory. */
static str piece_of(const struct run *r, uint64_t piece)
{
    uint64_t first = piece * SEEN_PIECE, n = r->blocks - first;

    return (str){(const char *)(r->filter + first * BLOCK_WORDS),
                 (n < SEEN_PIECE ? n : SEEN_PIECE) * BLOCK_BYTES};
}

/* --- rows --- */

static unsigned bits_for(uint64_t n)
{
    unsigned bits = 0;

    while (n >> (bits + 1) >= SEEN_BUCKET)
        bits++;
    return bits;
}

static uint64_t blocks_for(uint64_t n, uint64_t filter_bits)
{
    return n / 1024 * filter_bits + n % 1024 * filter_bits / 1024 + 1;
}

static struct run run_of(uint32_t number, uint64_t n)
{
    return (struct run){.number = number,
                        .n = n,
                        .bits = bits_for(n),
                        .blocks = blocks_for(n, FILTER_BITS)};
}

static int64_t place_of(const struct run *r, uint64_t row)
{
    return (int64_t)((uint64_t)r->number << 32 | row);
}

static uint64_t last_bucket(const struct run *r)
{
    return ((uint64_t)1 << r->bits) - 1;
}

static int64_t head_checksum(const struct run *r)
{
    uint64_t said[] = {r->number, r->n};

    return (int64_t)hash64((str){(const char *)said, sizeof said});
}

/* The bytes of a row, checked; the statement is to be reset behind their last use. */
static bool row_get(struct seen *s, enum sql_text text, const struct run *r, uint64_t row,
                    sqlite3_stmt **get, str *bytes, struct err *err)
{
    bool there;

    if (!sql_get(s->sql, text, get, err))
        return false;
    if (sql_bind(*get, 1, place_of(r, row)) != SQLITE_OK)
        return sql_fail(s->sql, err);
    if (!sql_next(s->sql, *get, &there, err))
        return false;
    if (!there)
        return err_set(err, ERR_CORRUPT, "it is missing");
    *bytes = sql_column(*get, 0);
    return hash64(*bytes) == (uint64_t)sqlite3_column_int64(*get, 1)
           || err_set(err, ERR_CORRUPT, "its checksum is wrong");
}

static bool row_add(struct seen *s, enum sql_text text, const struct run *r, uint64_t row,
                    str bytes, struct err *err)
{
    sqlite3_stmt *add;

    return sql_get(s->sql, text, &add, err)
           && sql_run(s->sql, add,
                      sql_bind(add, 1, place_of(r, row)) | sql_bind_bytes(add, 2, bytes)
                          | sql_bind(add, 3, (int64_t)hash64(bytes)),
                      err);
}

static bool rows_drop(struct seen *s, enum sql_text text, const struct run *r,
                      uint64_t first, uint64_t last, struct err *err)
{
    sqlite3_stmt *drop;

    return sql_get(s->sql, text, &drop, err)
           && sql_run(s->sql, drop,
                      sql_bind(drop, 1, place_of(r, first))
                          | sql_bind(drop, 2, place_of(r, last)),
                      err);
}

static bool bucket_get(struct seen *s, const struct run *r, uint64_t bucket,
                       struct seen_bucket *to, struct err *err)
{
    sqlite3_stmt *get = NULL;
    str bytes = {0};
    bool ok = row_get(s, SQL_SEEN_GET, r, bucket, &get, &bytes, err)
              && seen_decode(bytes, r->bits, bucket, to, err);

    sqlite3_reset(get);
    return ok
           || err_in(err, "table seen, run %u, bucket %llu", r->number,
                     (unsigned long long)bucket);
}

static bool piece_get(struct seen *s, struct run *r, uint64_t piece, struct err *err)
{
    str to = piece_of(r, piece), bytes = {0};
    sqlite3_stmt *get = NULL;
    bool ok =
        row_get(s, SQL_SEEN_FILTER_GET, r, piece, &get, &bytes, err)
        && (bytes.n == to.n
            || err_set(err, ERR_CORRUPT, "it is longer or shorter than it should be"));

    if (ok)
        memcpy((char *)to.p, bytes.p, bytes.n);
    sqlite3_reset(get);
    return ok
           || err_in(err, "table seen_filter, run %u, piece %llu", r->number,
                     (unsigned long long)piece);
}

static bool filter_get(struct seen *s, struct run *r, struct err *err)
{
    if (!filter_new(r, err))
        return false;
    for (uint64_t piece = 0; piece < piece_n(r); piece++) {
        if (!piece_get(s, r, piece, err)) {
            filter_free(r);
            return false;
        }
    }
    return true;
}

/* --- which runs there are --- */

static bool run_room(struct seen *s, struct err *err)
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

/* The run's last row, -1 when it has none, and how long that is. */
static bool last_row(struct seen *s, enum sql_text text, const struct run *r,
                     int64_t *row, uint64_t *length, struct err *err)
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
    if (n < 1 || (uint64_t)n >= ids_max)
        return err_set(err, ERR_CORRUPT,
                       "table seen_run, run %lld: it cannot have %lld ids",
                       (long long)number, (long long)n);
    r = run_of((uint32_t)number, (uint64_t)n);
    if (sqlite3_column_int64(row, 2) != head_checksum(&r))
        return err_set(err, ERR_CORRUPT, "table seen_run, run %u: its checksum is wrong",
                       r.number);
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

static bool read_runs(struct seen *s, struct err *err)
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
    s->run_n = 0;
    s->is_read = false;
}

void seen_free(struct seen *s)
{
    if (!s)
        return;
    seen_forget(s);
    mem_free(s->run);
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

/* --- several sorted lists as one --- */

/* Reads a list. */
struct list {
    struct run *run; /* NULL: the list is in memory */
    const hash128 *id;
    size_t at, n;  /* of .id */
    uint64_t next; /* bucket */
    uint64_t read; /* ids so far */
    uint64_t kept; /* first bucket that is still in the file, where they are dropped */
    struct seen_bucket bucket;
};

struct merge {
    struct seen *s;
    struct list *list;
    size_t list_n;
    bool
        drops; /* removes from the file what was read, so that its pages can be used again;
                 * else filters are checked */
};

static bool drop_read(struct merge *m, struct list *l, struct err *err)
{
    enum { AT_ONCE = 64 };

    if (l->next - l->kept < AT_ONCE && l->next <= last_bucket(l->run))
        return true;
    if (!rows_drop(m->s, SQL_SEEN_DROP, l->run, l->kept, l->next - 1, err))
        return false;
    l->kept = l->next;
    return true;
}

static bool check_filter(const struct list *l, struct err *err)
{
    for (size_t i = 0; i < l->n; i++)
        if (!filter_may_have(l->run, l->id[i]))
            return err_set(
                err, ERR_CORRUPT,
                "table seen_filter, run %u: it does not know an id of bucket %llu",
                l->run->number, (unsigned long long)l->next - 1);
    return true;
}

/* Goes on to the list's next id, if there is one. */
static bool list_fill(struct merge *m, struct list *l, struct err *err)
{
    while (l->at == l->n && l->run && l->next <= last_bucket(l->run)) {
        if (!bucket_get(m->s, l->run, l->next, &l->bucket, err))
            return false;
        l->next++;
        l->id = l->bucket.id;
        l->at = 0;
        l->n = l->bucket.n;
        l->read += l->n;
        if (!(m->drops ? drop_read(m, l, err) : check_filter(l, err)))
            return false;
    }
    return l->at < l->n || !l->run || l->read == l->run->n
           || err_set(err, ERR_CORRUPT,
                      "table seen, run %u: it has %llu ids instead of %llu",
                      l->run->number, (unsigned long long)l->read,
                      (unsigned long long)l->run->n);
}

/* The list with the least id, or NULL. */
static struct list *merge_least(struct merge *m)
{
    struct list *least = NULL;

    for (size_t i = 0; i < m->list_n; i++) {
        struct list *l = &m->list[i];

        if (l->at < l->n
            && (!least || hash128_cmp(l->id[l->at], least->id[least->at]) < 0))
            least = l;
    }
    return least;
}

/* Hands on all ids of the lists in order; *stopped when `take` says so. */
static bool merge_run(struct merge *m,
                      bool (*take)(void *to, hash128 id, bool *stop, struct err *err),
                      void *to, struct err *err)
{
    hash128 before = {0};
    struct list *l;
    bool stop = false;

    for (size_t i = 0; i < m->list_n; i++)
        if (!list_fill(m, &m->list[i], err))
            return false;
    for (bool is_first = true; !stop && (l = merge_least(m)); is_first = false) {
        hash128 id = l->id[l->at++];

        if (!is_first && hash128_eq(before, id))
            return err_set(
                err, ERR_CORRUPT, "table seen, %s%u: an id stands in another run too",
                l->run ? "run " : "a new run after ", l->run ? l->run->number : 0);
        before = id;
        if (!take(to, id, &stop, err) || !list_fill(m, l, err))
            return false;
    }
    return true;
}

static void merge_free(struct merge *m)
{
    for (size_t i = 0; i < m->list_n; i++)
        mem_free(m->list[i].bucket.id);
    mem_free(m->list);
}

/* --- adding --- */

/* Writes a run. */
struct output {
    struct seen *s;
    struct run run;
    struct seen_bucket bucket;
    uint64_t at; /* bucket that is being filled */
    struct buf bytes;
};

static bool output_bucket(struct output *o, struct err *err)
{
    buf_clear(&o->bytes);
    seen_encode(o->bucket.id, o->bucket.n, o->run.bits, &o->bytes);
    if (o->bytes.failed)
        return err_nomem(err);
    o->bucket.n = 0;
    return row_add(o->s, SQL_SEEN_ADD, &o->run, o->at++, buf_str(&o->bytes), err);
}

static bool output_id(void *to, hash128 id, [[maybe_unused]] bool *stop, struct err *err)
{
    struct output *o = to;
    uint64_t bucket = bucket_of(o->run.bits, id);

    while (o->at < bucket)
        if (!output_bucket(o, err))
            return false;
    if (o->bucket.n == o->bucket.cap
        && !bucket_room(&o->bucket, 2 * o->bucket.cap + SEEN_BUCKET))
        return err_nomem(err);
    o->bucket.id[o->bucket.n++] = id;
    filter_add(&o->run, id);
    return true;
}

static bool output_end(struct output *o, struct err *err)
{
    sqlite3_stmt *add;

    while (o->at <= last_bucket(&o->run))
        if (!output_bucket(o, err))
            return false;
    for (uint64_t piece = 0; piece < piece_n(&o->run); piece++)
        if (!row_add(o->s, SQL_SEEN_FILTER_ADD, &o->run, piece, piece_of(&o->run, piece),
                     err))
            return false;
    return sql_get(o->s->sql, SQL_SEEN_RUN_ADD, &add, err)
           && sql_run(o->s->sql, add,
                      sql_bind(add, 1, o->run.number)
                          | sql_bind(add, 2, (int64_t)o->run.n)
                          | sql_bind(add, 3, head_checksum(&o->run)),
                      err);
}

static unsigned size_class(uint64_t n)
{
    unsigned power = 0;

    for (; n >= SEEN_MERGED; n /= SEEN_MERGED)
        power++;
    return power;
}

static bool may_merge(const struct run *r, bool is_chosen)
{
    return !is_chosen && r->n < SEEN_LARGE;
}

/* Marks the runs that become one with n new ids; gives the sum. */
static uint64_t choose(const struct seen *s, uint64_t n, bool *chosen)
{
    uint64_t all = n;

    while (all < SEEN_LARGE) {
        unsigned class = size_class(all), like = 1;

        for (size_t i = 0; i < s->run_n; i++)
            like += may_merge(&s->run[i], chosen[i]) && size_class(s->run[i].n) == class;
        if (like < SEEN_MERGED)
            break;
        for (size_t i = 0; i < s->run_n; i++) {
            if (may_merge(&s->run[i], chosen[i]) && size_class(s->run[i].n) <= class) {
                chosen[i] = true;
                all += s->run[i].n;
            }
        }
    }
    return all;
}

static bool run_drop(struct seen *s, const struct run *r, struct err *err)
{
    sqlite3_stmt *drop;

    return rows_drop(s, SQL_SEEN_FILTER_DROP, r, 0, UINT32_MAX, err)
           && sql_get(s->sql, SQL_SEEN_RUN_DROP, &drop, err)
           && sql_run(s->sql, drop, sql_bind(drop, 1, r->number), err);
}

/* The runs as they are when the chosen ones have become `made`. There is room for it. */
static void exchange(struct seen *s, const bool *chosen, const struct run *made)
{
    size_t n = 0;

    for (size_t i = 0; i < s->run_n; i++) {
        if (chosen[i])
            filter_free(&s->run[i]);
        else
            s->run[n++] = s->run[i];
    }
    s->run[n++] = *made;
    s->run_n = n;
}

static bool add_run(struct seen *s, struct merge *m, const bool *chosen, uint64_t n,
                    struct err *err)
{
    uint32_t number = s->run_n ? s->run[s->run_n - 1].number + 1 : 0;
    struct output o = {.s = s, .run = run_of(number, n)};
    bool ok;

    if (number > INT32_MAX)
        return err_set(err, ERR_LIMIT,
                       "the file has had as many runs of ids as there can be");
    ok = filter_new(&o.run, err) && merge_run(m, output_id, &o, err)
         && output_end(&o, err);
    for (size_t i = 0; ok && i < s->run_n; i++)
        ok = !chosen[i] || run_drop(s, &s->run[i], err);
    if (ok)
        exchange(s, chosen, &o.run);
    else
        filter_free(&o.run);
    mem_free(o.bucket.id);
    buf_free(&o.bytes);
    return ok;
}

bool seen_add(struct seen *s, const hash128 *sorted, size_t n, struct err *err)
{
    struct merge m = {.s = s, .drops = true};
    bool *chosen, ok;
    uint64_t all;

    for (size_t i = 1; i < n; i++)
        assert(hash128_cmp(sorted[i - 1], sorted[i]) < 0);
    if (!n)
        return true;
    if (!read_runs(s, err) || !run_room(s, err))
        return false;
    chosen = mem_alloc((s->run_n + 1) * sizeof *chosen);
    m.list = mem_alloc((s->run_n + 1) * sizeof *m.list);
    ok = (chosen && m.list) || err_nomem(err);
    if (ok) {
        all = choose(s, n, chosen);
        m.list[m.list_n++] = (struct list){.id = sorted, .n = n};
        for (size_t i = 0; i < s->run_n; i++)
            if (chosen[i])
                m.list[m.list_n++] = (struct list){.run = &s->run[i]};
        ok = all < ids_max ? add_run(s, &m, chosen, all, err)
                           : err_set(err, ERR_LIMIT, "more ids than a file can know");
    }
    merge_free(&m);
    mem_free(chosen);
    return ok;
}

/* --- walking --- */

struct walk {
    struct seen *s;
    bool (*each)(void *context, hash128 id);
    void *context;
};

static bool walk_id(void *to, hash128 id, bool *stop, [[maybe_unused]] struct err *err)
{
    struct walk *w = to;

    *stop = !w->each(w->context, id);
    return true;
}

bool seen_each(struct seen *s, bool (*each)(void *context, hash128 id), void *context,
               struct err *err)
{
    struct walk w = {s, each, context};
    struct merge m = {.s = s};
    bool ok = true;

    if (!read_runs(s, err))
        return false;
    m.list = mem_alloc((s->run_n + 1) * sizeof *m.list);
    if (!m.list)
        return err_nomem(err);
    for (size_t i = 0; i < s->run_n; i++)
        m.list[m.list_n++] = (struct list){.run = &s->run[i]};
    for (size_t i = 0; ok && i < s->run_n; i++)
        ok = s->run[i].filter || filter_get(s, &s->run[i], err);
    ok = ok && merge_run(&m, walk_id, &w, err);
    merge_free(&m);
    return ok;
}
