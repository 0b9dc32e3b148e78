#include "store/seen_run_impl.h"

#include <string.h>

/* A run is a sorted list of ids that never changes; it is only merged with others into a new
 * one, some ids with each commit: until the last of them the old ones count, then the new one. It is cut into 2^bits buckets by the first bits of the ids, so that an id's bucket is
 * known without looking: a bucket has SEEN_BUCKET ids or more, and less than twice as many, if
 * the ids are as random as hashes are.
 *
 *   seen_run     run, n, checksum        checksum: XXH3-64 of run and n, 8 bytes each; n is 0
 *                                        while it is made, and when it counts no more: its rows
 *                                        are to be removed
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
 * (2) When nothing is left to merge, runs of like size (the same power of SEEN_MERGED) are less
 *     than SEEN_MERGED; but those of SEEN_LARGE ids and more stay as they are. So an id is
 *     rewritten a few times in its life, and runs are some dozens.
 * (3) No id stands in two runs. */

/* --- a bucket as bytes --- */

unsigned implied_bytes(unsigned bits)
{
    return bits / 8;
}

uint64_t bucket_of(unsigned bits, hash128 id)
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

bool bucket_room(struct seen_bucket *b, size_t n)
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

uint64_t *filter_block(const struct run *r, hash128 id)
{
    return r->filter
           + (uint64_t)((unsigned __int128)id.high * r->blocks >> 64) * BLOCK_WORDS;
}

void filter_add(const struct run *r, hash128 id)
{
    uint64_t *block = filter_block(r, id);

    for (unsigned i = 0; i < PROBES; i++, id.low >>= 9)
        block[id.low >> 6 & 7] |= (uint64_t)1 << (id.low & 63);
}

bool filter_may_have(const struct run *r, hash128 id)
{
    const uint64_t *block = filter_block(r, id);
    uint64_t all = 1;

    for (unsigned i = 0; i < PROBES; i++, id.low >>= 9)
        all &= block[id.low >> 6 & 7] >> (id.low & 63);
    return all;
}

bool filter_new(struct run *r, struct err *err)
{
    r->memory = mem_alloc((r->blocks + 1) * BLOCK_BYTES);
    if (!r->memory)
        return err_nomem(err);
    r->filter = (uint64_t *)(((uintptr_t)r->memory + BLOCK_BYTES - 1)
                             & ~(uintptr_t)(BLOCK_BYTES - 1));
    return true;
}

void filter_free(struct run *r)
{
    mem_free(r->memory);
    r->memory = NULL;
    r->filter = NULL;
}

uint64_t piece_n(const struct run *r)
{
    return (r->blocks + SEEN_PIECE - 1) / SEEN_PIECE;
}

/* The bytes of a filter's piece, in memory. */
str piece_of(const struct run *r, uint64_t piece)
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

uint64_t blocks_for(uint64_t n, uint64_t filter_bits)
{
    return n / 1024 * filter_bits + n % 1024 * filter_bits / 1024 + 1;
}

struct run run_of(uint32_t number, uint64_t n)
{
    return (struct run){.number = number,
                        .n = n,
                        .bits = bits_for(n),
                        .blocks = blocks_for(n, FILTER_BITS)};
}

int64_t place_of(const struct run *r, uint64_t row)
{
    return (int64_t)((uint64_t)r->number << 32 | row);
}

uint64_t last_bucket(const struct run *r)
{
    return ((uint64_t)1 << r->bits) - 1;
}

int64_t head_checksum(const struct run *r)
{
    uint64_t said[] = {r->number, r->n};

    return (int64_t)hash64((str){(const char *)said, sizeof said});
}

/* The bytes of a row, checked; the statement is to be reset behind their last use. */
static bool run_row_get(struct seen *s, enum sql_text text, const struct run *r,
                        uint64_t row, sqlite3_stmt **get, str *bytes, struct err *err)
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

bool run_row_add(struct seen *s, enum sql_text text, const struct run *r, uint64_t row,
                 str bytes, struct err *err)
{
    sqlite3_stmt *add;

    return sql_get(s->sql, text, &add, err)
           && sql_run(s->sql, add,
                      sql_bind(add, 1, place_of(r, row)) | sql_bind_bytes(add, 2, bytes)
                          | sql_bind(add, 3, (int64_t)hash64(bytes)),
                      err);
}

bool run_rows_drop(struct seen *s, enum sql_text text, const struct run *r,
                   uint64_t first, uint64_t last, struct err *err)
{
    sqlite3_stmt *drop;

    return sql_get(s->sql, text, &drop, err)
           && sql_run(s->sql, drop,
                      sql_bind(drop, 1, place_of(r, first))
                          | sql_bind(drop, 2, place_of(r, last)),
                      err);
}

bool bucket_get(struct seen *s, const struct run *r, uint64_t bucket,
                struct seen_bucket *to, struct err *err)
{
    sqlite3_stmt *get = NULL;
    str bytes = {0};
    bool ok = run_row_get(s, SQL_SEEN_GET, r, bucket, &get, &bytes, err)
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
        run_row_get(s, SQL_SEEN_FILTER_GET, r, piece, &get, &bytes, err)
        && (bytes.n == to.n
            || err_set(err, ERR_CORRUPT, "it is longer or shorter than it should be"));

    if (ok)
        memcpy((char *)to.p, bytes.p, bytes.n);
    sqlite3_reset(get);
    return ok
           || err_in(err, "table seen_filter, run %u, piece %llu", r->number,
                     (unsigned long long)piece);
}

bool filter_get(struct seen *s, struct run *r, struct err *err)
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
