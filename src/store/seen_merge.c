/* seen_merge.c - runs as one: added to, merged into larger ones, walked in order. */
#include "store/seen_run_impl.h"

#include <assert.h>
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
    if (!run_rows_drop(m->s, SQL_SEEN_DROP, l->run, l->kept, l->next - 1, err))
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
    return run_row_add(o->s, SQL_SEEN_ADD, &o->run, o->at++, buf_str(&o->bytes), err);
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
        if (!run_row_add(o->s, SQL_SEEN_FILTER_ADD, &o->run, piece,
                         piece_of(&o->run, piece), err))
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

    return run_rows_drop(s, SQL_SEEN_FILTER_DROP, r, 0, UINT32_MAX, err)
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
        ok = all < SEEN_IDS_MAX
                 ? add_run(s, &m, chosen, all, err)
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
