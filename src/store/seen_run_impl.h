/* seen_run_impl.h - one sorted run of message ids in the file, and its filter in memory. */
#ifndef STORE_SEEN_RUN_IMPL_H
#define STORE_SEEN_RUN_IMPL_H

#include "base/tune.h"
#include "store/seen_impl.h"

enum {
    FILTER_BITS = 32,
    FILTER_BITS_BEFORE = 21,
    PROBES = 7,
    BLOCK_WORDS = 8,
    BLOCK_BYTES = 64
};

/* A run has fewer ids than this. */
#define SEEN_IDS_MAX ((uint64_t)SEEN_BUCKET << SEEN_BITS_MAX)

struct run {
    uint32_t number;
    unsigned bits;
    uint64_t n;
    uint64_t blocks;
    uint64_t *filter; /* aligned to its blocks, inside .memory; NULL: not read yet */
    void *memory;
};

struct job;

struct seen {
    struct sql *sql;
    struct run *run;
    size_t run_n, run_cap;
    uint32_t
        *gone; /* numbers of runs whose rows are still there, and count for nothing */
    size_t gone_n, gone_cap;
    uint32_t next_number;
    struct job *job; /* the run that others are becoming; NULL: none */
    bool is_read;
    struct seen_bucket found; /* where seen_has looks */
};

/* --- seen_run.c --- */

unsigned implied_bytes(unsigned bits);
uint64_t bucket_of(unsigned bits, hash128 id);
bool bucket_room(struct seen_bucket *b, size_t n);
uint64_t *filter_block(const struct run *r, hash128 id);
void filter_add(const struct run *r, hash128 id);
bool filter_may_have(const struct run *r, hash128 id);
bool filter_new(struct run *r, struct err *err);
void filter_free(struct run *r);
uint64_t piece_n(const struct run *r);
str piece_of(const struct run *r, uint64_t piece);
uint64_t blocks_for(uint64_t n, uint64_t filter_bits);
struct run run_of(uint32_t number, uint64_t n);
int64_t place_of(const struct run *r, uint64_t row);
uint64_t last_bucket(const struct run *r);
int64_t head_checksum(const struct run *r);
bool run_row_add(struct seen *s, enum sql_text text, const struct run *r, uint64_t row,
                 str bytes, struct err *err);
bool run_rows_drop(struct seen *s, enum sql_text text, const struct run *r,
                   uint64_t first, uint64_t last, struct err *err);
bool bucket_get(struct seen *s, const struct run *r, uint64_t bucket,
                struct seen_bucket *to, struct err *err);
bool filter_get(struct seen *s, struct run *r, struct err *err);

/* --- seen.c --- */

bool run_room(struct seen *s, struct err *err);
bool gone_room(struct seen *s, struct err *err);
bool read_runs(struct seen *s, struct err *err);
/* The run's last row, -1 when it has none, and how long that is. */
bool last_row(struct seen *s, enum sql_text text, const struct run *r, int64_t *row,
              uint64_t *length, struct err *err);

/* --- seen_merge.c --- */

/* Reads a run. */
struct reader {
    struct run run;
    uint64_t next; /* bucket */
    uint64_t read; /* ids so far */
    size_t at;     /* in .bucket */
    struct seen_bucket bucket;
};

/* Several runs read as one, in as many steps as one likes. Zero it, then add the runs. */
struct merge {
    struct seen *s;
    struct reader *reader;
    size_t reader_n;
    bool checks_filters;
    bool has_begun;
    hash128 last;
};
[[nodiscard]] bool merge_new(struct merge *m, struct seen *s, struct err *err);
void merge_add(struct merge *m, const struct run *r);
/* The next id; *there is false behind the last. */
bool merge_next(struct merge *m, hash128 *id, bool *there, struct err *err);
void merge_free(struct merge *m);

/* --- seen_grow.c --- */

void job_drop(struct seen *s); /* there may be none */

#endif
