/* seen_grow.c - new runs, and few made of many, some ids at a time. */
#include "store/seen_run_impl.h"

#include <assert.h>

/* --- writing a run --- */

struct output {
    struct seen *s;
    struct run run;
    struct seen_bucket bucket;
    uint64_t at; /* bucket that is being filled */
    struct buf bytes;
};

static bool output_new(struct output *o, struct seen *s, uint64_t n, struct err *err)
{
    *o = (struct output){.s = s};
    if (n >= SEEN_IDS_MAX)
        return err_set(err, ERR_LIMIT, "more ids than a file can know");
    if (s->next_number > INT32_MAX)
        return err_set(err, ERR_LIMIT,
                       "the file has had as many runs of ids as there can be");
    o->run = run_of(s->next_number, n);
    if (!filter_new(&o->run, err))
        return false;
    s->next_number++;
    return true;
}

static void output_free(struct output *o)
{
    filter_free(&o->run);
    mem_free(o->bucket.id);
    buf_free(&o->bytes);
}

static bool output_bucket(struct output *o, struct err *err)
{
    buf_clear(&o->bytes);
    seen_encode(o->bucket.id, o->bucket.n, o->run.bits, &o->bytes);
    if (o->bytes.failed)
        return err_nomem(err);
    o->bucket.n = 0;
    return run_row_add(o->s, SQL_SEEN_ADD, &o->run, o->at++, buf_str(&o->bytes), err);
}

static bool output_id(struct output *o, hash128 id, struct err *err)
{
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

static bool head_put(struct seen *s, uint32_t number, uint64_t n, struct err *err)
{
    struct run said = {.number = number, .n = n};
    sqlite3_stmt *put;

    return sql_get(s->sql, SQL_SEEN_RUN_PUT, &put, err)
           && sql_run(s->sql, put,
                      sql_bind(put, 1, number) | sql_bind(put, 2, (int64_t)n)
                          | sql_bind(put, 3, head_checksum(&said)),
                      err);
}

/* From now on the run counts. */
static bool output_end(struct output *o, struct err *err)
{
    struct seen *s = o->s;

    if (!run_room(s, err))
        return false;
    while (o->at <= last_bucket(&o->run))
        if (!output_bucket(o, err))
            return false;
    for (uint64_t piece = 0; piece < piece_n(&o->run); piece++)
        if (!run_row_add(s, SQL_SEEN_FILTER_ADD, &o->run, piece, piece_of(&o->run, piece),
                         err))
            return false;
    if (!head_put(s, o->run.number, o->run.n, err))
        return false;
    s->run[s->run_n++] = o->run;
    o->run.memory = NULL;
    return true;
}

bool seen_add(struct seen *s, const hash128 *sorted, size_t n, struct err *err)
{
    struct output o;
    bool ok;

    for (size_t i = 1; i < n; i++)
        assert(hash128_cmp(sorted[i - 1], sorted[i]) < 0);
    if (!n)
        return true;
    if (!read_runs(s, err))
        return false;
    ok = output_new(&o, s, n, err);
    for (size_t i = 0; ok && i < n; i++)
        ok = output_id(&o, sorted[i], err);
    ok = ok && output_end(&o, err);
    output_free(&o);
    return ok;
}

/* --- which become one --- */

static unsigned size_class(uint64_t n)
{
    unsigned power = 0;

    for (; n >= SEEN_MERGED; n /= SEEN_MERGED)
        power++;
    return power;
}

static size_t like_n(const struct seen *s, unsigned class)
{
    size_t n = 0;

    for (size_t i = 0; i < s->run_n; i++)
        n += s->run[i].n < SEEN_LARGE && size_class(s->run[i].n) == class;
    return n;
}

/* The highest class of those that are merged, together with all smaller ones; -1: none is due. What
 * these become counts as one of its class, so that what it would be merged with next comes at once. */
static int class_due(const struct seen *s)
{
    uint64_t sum = 0;
    int due = -1;

    for (unsigned class = 0; class <= size_class(SEEN_LARGE - 1) && sum < SEEN_LARGE;
         class ++) {
        bool has_sum = due >= 0 && size_class(sum) == class;

        if (like_n(s, class) + has_sum < SEEN_MERGED)
            continue;
        due = (int)class;
        sum = 0;
        for (size_t i = 0; i < s->run_n; i++)
            if (s->run[i].n < SEEN_LARGE && size_class(s->run[i].n) <= class)
                sum += s->run[i].n;
    }
    return due;
}

/* --- making it --- */

struct job {
    struct merge merge;
    struct output output;
};

void job_drop(struct seen *s)
{
    if (!s->job)
        return;
    merge_free(&s->job->merge);
    output_free(&s->job->output);
    mem_free(s->job);
    s->job = NULL;
}

static bool job_begin(struct seen *s, unsigned class, struct err *err)
{
    struct job *job = mem_alloc(sizeof *job);
    uint64_t n = 0;

    if (!job)
        return err_nomem(err);
    s->job = job;
    if (!merge_new(&job->merge, s, err))
        return false;
    for (size_t i = 0; i < s->run_n; i++) {
        if (s->run[i].n < SEEN_LARGE && size_class(s->run[i].n) <= class) {
            merge_add(&job->merge, &s->run[i]);
            n += s->run[i].n;
        }
    }
    return output_new(&job->output, s, n, err)
           && head_put(s, job->output.run.number, 0, err);
}

static bool is_read_by(const struct merge *m, uint32_t number)
{
    for (size_t i = 0; i < m->reader_n; i++)
        if (m->reader[i].run.number == number)
            return true;
    return false;
}

/* The runs that were read count no more. */
static bool job_end(struct seen *s, struct err *err)
{
    const struct merge *m = &s->job->merge;
    size_t n = 0;

    if (!output_end(&s->job->output, err))
        return false;
    for (size_t i = 0; i < m->reader_n; i++) {
        if (!gone_room(s, err) || !head_put(s, m->reader[i].run.number, 0, err))
            return false;
        s->gone[s->gone_n++] = m->reader[i].run.number;
    }
    for (size_t i = 0; i < s->run_n; i++) {
        if (is_read_by(m, s->run[i].number))
            filter_free(&s->run[i]);
        else
            s->run[n++] = s->run[i];
    }
    s->run_n = n;
    job_drop(s);
    return true;
}

/* *left is how much more may be done: an id that is written is 1. */
static bool job_go_on(struct seen *s, uint64_t *left, struct err *err)
{
    struct job *job = s->job;
    bool there = true;
    hash128 id;

    for (; *left; --*left) {
        if (!merge_next(&job->merge, &id, &there, err))
            return false;
        if (!there)
            return job_end(s, err);
        if (!output_id(&job->output, id, err))
            return false;
    }
    return true;
}

/* Of the last run that is gone, its last rows; when there are none left, all else. */
static bool drop_gone(struct seen *s, uint64_t *left, struct err *err)
{
    enum { ROW_IS = SEEN_BUCKET / 4 + 1 };
    struct run gone = {.number = s->gone[s->gone_n - 1]};
    uint64_t last, length, n = *left < ROW_IS ? 1 : *left / ROW_IS;
    sqlite3_stmt *drop;
    int64_t row;

    if (!last_row(s, SQL_SEEN_LAST, &gone, &row, &length, err))
        return false;
    if (row >= 0) {
        last = (uint64_t)row;
        n = n < last + 1 ? n : last + 1;
        *left -= n * ROW_IS < *left ? n * ROW_IS : *left;
        return run_rows_drop(s, SQL_SEEN_DROP, &gone, last + 1 - n, last, err);
    }
    --*left;
    s->gone_n--;
    return run_rows_drop(s, SQL_SEEN_FILTER_DROP, &gone, 0, UINT32_MAX, err)
           && sql_get(s->sql, SQL_SEEN_RUN_DROP, &drop, err)
           && sql_run(s->sql, drop, sql_bind(drop, 1, gone.number), err);
}

/* So many wait when merging was often begun, and rolled back. */
static bool is_behind(const struct seen *s)
{
    size_t small = 0;

    for (size_t i = 0; i < s->run_n; i++)
        small += s->run[i].n < SEEN_LARGE;
    return small > SEEN_RUNS;
}

bool seen_merge(struct seen *s, uint64_t ids_max, struct err *err)
{
    uint64_t left = ids_max;
    int class;

    if (!read_runs(s, err))
        return false;
    if (is_behind(s))
        left = SEEN_ALL;
    while (left) {
        if (s->gone_n) {
            if (!drop_gone(s, &left, err))
                return false;
        } else if (s->job) {
            if (!job_go_on(s, &left, err))
                return false;
        } else {
            class = class_due(s);
            if (class < 0)
                return true;
            if (!job_begin(s, (unsigned)class, err))
                return false;
        }
    }
    return true;
}
