/* seen_merge.c - several runs read as one, in order. */
#include "store/seen_run_impl.h"

bool merge_new(struct merge *m, struct seen *s, struct err *err)
{
    *m = (struct merge){.s = s};
    m->reader = mem_alloc((s->run_n + 1) * sizeof *m->reader);
    return m->reader || err_nomem(err);
}

void merge_add(struct merge *m, const struct run *r)
{
    m->reader[m->reader_n++].run = *r;
}

void merge_free(struct merge *m)
{
    for (size_t i = 0; i < m->reader_n; i++)
        mem_free(m->reader[i].bucket.id);
    mem_free(m->reader);
}

static bool check_filter(const struct reader *r, struct err *err)
{
    for (size_t i = 0; i < r->bucket.n; i++)
        if (!filter_may_have(&r->run, r->bucket.id[i]))
            return err_set(
                err, ERR_CORRUPT,
                "table seen_filter, run %u: it does not know an id of bucket %llu",
                r->run.number, (unsigned long long)r->next - 1);
    return true;
}

/* Goes on to the run's next id, if there is one. */
static bool fill(const struct merge *m, struct reader *r, struct err *err)
{
    while (r->at == r->bucket.n && r->next <= last_bucket(&r->run)) {
        if (!bucket_get(m->s, &r->run, r->next, &r->bucket, err))
            return false;
        r->next++;
        r->at = 0;
        r->read += r->bucket.n;
        if (m->checks_filters && !check_filter(r, err))
            return false;
    }
    return r->at < r->bucket.n || r->read == r->run.n
           || err_set(
               err, ERR_CORRUPT, "table seen, run %u: it has %llu ids instead of %llu",
               r->run.number, (unsigned long long)r->read, (unsigned long long)r->run.n);
}

/* The run with the least id, or NULL. */
static struct reader *least_of(const struct merge *m)
{
    struct reader *least = NULL;

    for (size_t i = 0; i < m->reader_n; i++) {
        struct reader *r = &m->reader[i];

        if (r->at < r->bucket.n
            && (!least
                || hash128_cmp(r->bucket.id[r->at], least->bucket.id[least->at]) < 0))
            least = r;
    }
    return least;
}

bool merge_next(struct merge *m, hash128 *id, bool *there, struct err *err)
{
    struct reader *r;

    for (size_t i = 0; i < m->reader_n && !m->has_begun; i++)
        if (!fill(m, &m->reader[i], err))
            return false;
    r = least_of(m);
    *there = r;
    if (!r)
        return true;
    *id = r->bucket.id[r->at++];
    if (m->has_begun && hash128_eq(m->last, *id))
        return err_set(err, ERR_CORRUPT,
                       "table seen, run %u: an id stands in another run too",
                       r->run.number);
    m->has_begun = true;
    m->last = *id;
    return fill(m, r, err);
}

bool seen_each(struct seen *s, bool (*each)(void *context, hash128 id), void *context,
               struct err *err)
{
    struct merge m;
    bool ok, there = true;
    hash128 id;

    if (!read_runs(s, err) || !merge_new(&m, s, err))
        return false;
    m.checks_filters = true;
    ok = true;
    for (size_t i = 0; ok && i < s->run_n; i++) {
        ok = s->run[i].filter || filter_get(s, &s->run[i], err);
        merge_add(&m, &s->run[i]);
    }
    while (ok && (ok = merge_next(&m, &id, &there, err)) && there && each(context, id))
        ;
    merge_free(&m);
    return ok;
}
