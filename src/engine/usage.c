#include "engine/usage.h"

#include "base/time.h"
#include "base/work.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct usage_chunk {
    struct usage_row *row; /* NULL: nothing is known */
    size_t n, cap;
    uint64_t version; /* of the chunk when it was counted */
};

static void forget(struct usages *u, uint32_t keep)
{
    for (uint32_t i = keep; i < u->n; i++)
        mem_free(u->chunk[i].row);
    u->n = u->n < keep ? u->n : keep;
}

void usages_free(struct usages *u)
{
    forget(u, 0);
    mem_free(u->chunk);
    *u = (struct usages){};
}

/* --- one chunk --- */

/* What the values of a property must be for a rule to see them. */
enum look { LOOK_RIGHT, LOOK_WRONG, LOOK_MOMENT };

/* One thread's. */
struct counter {
    const struct model *model;
    const struct catalog *catalog;
    struct usage_row *of;       /* by type, while one column is looked at */
    uint8_t *look;              /* of each type */
    uint32_t *met;              /* types that were met in it ... */
    uint32_t met_n;             /* ... so many */
    struct usage_chunk counted; /* of the chunk at hand */
    uint8_t *word;              /* 0: not looked at; 1: a moment; 2: none */
    uint32_t word_cap;
};

static void counter_free(struct counter *c)
{
    mem_free(c->of);
    mem_free(c->look);
    mem_free(c->met);
    mem_free(c->word);
    mem_free(c->counted.row);
}

static bool counter_new(const struct model *m, const struct catalog *catalog,
                        struct counter *c, struct err *err)
{
    *c = (struct counter){.model = m, .catalog = catalog};
    c->of = mem_alloc(c->catalog->type.n * sizeof *c->of);
    c->look = mem_alloc(c->catalog->type.n);
    c->met = mem_alloc(c->catalog->type.n * sizeof *c->met);
    return (c->of && c->look && c->met) || err_nomem(err);
}

static enum look look_of(const struct counter *c, uint32_t type, uint32_t column)
{
    const struct dictionary *d = &c->model->dictionary;
    const struct column *named = &c->catalog->column[column];
    const struct dictionary_event *event;
    const struct dictionary_property *p;

    if (named->trait) {
        p = dictionary_trait(d, named->name);
    } else {
        event = dictionary_event(d, text_table_get(&c->catalog->type, type));
        p = event ? dictionary_property(d, event, named->name) : NULL;
    }
    if (!p || named->type == VALUE_NULL)
        return LOOK_RIGHT;
    if (dictionary_raw(p->type) != named->type)
        return LOOK_WRONG;
    return p->type == VALUE_MOMENT ? LOOK_MOMENT : LOOK_RIGHT;
}

/* One event, of the column that is looked at; true when its type is met for the first time. */
static inline bool count(struct counter *c, uint32_t type, int64_t at_ms)
{
    struct usage_row *row = &c->of[type];

    if (row->n++) {
        row->first_ms = at_ms < row->first_ms ? at_ms : row->first_ms;
        row->last_ms = at_ms > row->last_ms ? at_ms : row->last_ms;
        return false;
    }
    row->first_ms = row->last_ms = at_ms;
    c->met[c->met_n++] = type;
    return true;
}

/* The counts of one column become rows, and are zero again. */
static bool finish_column(struct counter *c, uint32_t column, struct err *err)
{
    struct usage_chunk *to = &c->counted;

    if (to->n + c->met_n > to->cap) {
        size_t cap = 2 * to->cap + c->met_n + 16;
        struct usage_row *more = mem_resize(to->row, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        to->row = more;
        to->cap = cap;
    }
    for (uint32_t i = 0; i < c->met_n; i++) {
        struct usage_row *row = &c->of[c->met[i]];

        row->column = column;
        row->type = c->met[i];
        to->row[to->n++] = *row;
        *row = (struct usage_row){};
    }
    c->met_n = 0;
    return true;
}

static bool words_forget(struct counter *c, uint32_t n, struct err *err)
{
    if (n > c->word_cap) {
        uint8_t *more = mem_resize(c->word, n);

        if (!more)
            return err_nomem(err);
        c->word = more;
        c->word_cap = n;
    }
    if (n)
        memset(c->word, 0, n);
    return true;
}

static bool is_moment(struct counter *c, const struct cells *cells, uint32_t i)
{
    uint8_t *known = &c->word[cells->text[i]];
    struct err unheard;
    int64_t at_ms;

    if (!*known)
        *known = moment_parse(cells->word[cells->text[i]], c->model->workspace.zone,
                              &at_ms, &unheard)
                     ? 1
                     : 2;
    return *known == 1;
}

static bool count_cells(struct counter *c, const struct chunk *chunk, uint32_t column,
                        struct err *err)
{
    const struct cells *cells;

    if (!chunk_cells(chunk, column, &cells, err) || !words_forget(c, cells->word_n, err))
        return false;
    for (uint32_t i = 0; i < cells->n; i++) {
        uint32_t type = chunk->type[cells->event[i]];

        if (count(c, type, chunk->at_ms[cells->event[i]]))
            c->look[type] = (uint8_t)look_of(c, type, column);
        if (c->look[type] != LOOK_RIGHT)
            c->of[type].wrong += c->look[type] == LOOK_WRONG || !is_moment(c, cells, i);
    }
    return finish_column(c, column, err);
}

static bool count_chunk(struct counter *c, const struct chunk *chunk, struct err *err)
{
    uint32_t column = 0;

    for (uint32_t i = 0; i < chunk->event_n; i++)
        count(c, chunk->type[i], chunk->at_ms[i]);
    if (!finish_column(c, COLUMN_NONE, err))
        return false;
    for (;; column++) {
        if (!chunk_next_column(chunk, column, &column, err))
            return false;
        if (column == COLUMN_NONE)
            return true;
        if (!count_cells(c, chunk, column, err))
            return false;
    }
}

/* --- all of them --- */

/* What the threads share; each takes the next chunk and writes its own places. */
struct usage_job {
    struct usages *usages;
    struct snapshot *v;
    const struct model *model;
    struct usage_time time;
    uint32_t first; /* chunk */
    _Atomic uint32_t next;
    atomic_bool failed;
    struct err *err; /* by thread */
};

static bool is_counted(const struct usages *u, struct snapshot *v, uint32_t k)
{
    return u->chunk[k].row && u->chunk[k].version == snapshot_chunk_version(v, k);
}

static bool count_one(struct usage_job *j, struct counter *c, uint32_t k, struct err *err)
{
    struct usage_chunk *kept = &j->usages->chunk[k];
    uint64_t version = snapshot_chunk_version(j->v, k);
    struct chunk *chunk;
    bool ok;

    if (!snapshot_own_chunk(j->v, k, &chunk, err))
        return false;
    c->counted.n = 0;
    ok = count_chunk(c, chunk, err);
    chunk_free(chunk);
    if (!ok)
        return false;
    mem_free(kept->row);
    kept->row = mem_alloc(c->counted.n * sizeof *kept->row + 1);
    if (!kept->row)
        return err_nomem(err);
    if (c->counted.n)
        memcpy(kept->row, c->counted.row, c->counted.n * sizeof *kept->row);
    kept->n = c->counted.n;
    kept->version = version;
    return true;
}

static void count_chunks(void *context, uint32_t thread)
{
    struct usage_job *j = context;
    struct err *err = &j->err[thread];
    uint32_t n = j->usages->n, i;
    struct counter c;
    bool has_counted = false, ok = counter_new(j->model, snapshot_catalog(j->v), &c, err);

    while (ok && !j->failed
           && !(has_counted && j->time.is_up && j->time.is_up(j->time.context))
           && (i = j->next++) < n) {
        uint32_t k = (j->first + i) % n;

        if (is_counted(j->usages, j->v, k))
            continue;
        ok = count_one(j, &c, k, err);
        has_counted = true;
    }
    if (!ok)
        j->failed = true;
    counter_free(&c);
}

/* A place for each chunk; of another model than before, nothing is known. */
static bool make_places(struct usages *u, uint32_t n, uint32_t version, struct err *err)
{
    struct usage_chunk *more;

    if (u->version != version || n < u->n)
        forget(u, 0);
    u->version = version;
    if (n == u->n)
        return true;
    more = mem_resize(u->chunk, n * sizeof *more);
    if (!more)
        return err_nomem(err);
    memset(more + u->n, 0, (n - u->n) * sizeof *more);
    u->chunk = more;
    u->n = n;
    return true;
}

static int by_column(const void *a, const void *b)
{
    const struct usage_row *x = a, *y = b;

    if (x->column != y->column)
        return x->column < y->column ? -1 : 1;
    return x->type < y->type ? -1 : x->type > y->type;
}

/* The rows of all chunks, those of one column and type as one. */
static bool add_up(const struct usages *u, struct arena *a, struct usage *out,
                   struct err *err)
{
    struct usage_row *all;
    size_t n = 0, kept = 0;

    for (uint32_t i = 0; i < u->n; i++)
        n += u->chunk[i].n;
    all = arena_array(a, struct usage_row, n + 1);
    if (!all)
        return err_nomem(err);
    n = 0;
    for (uint32_t i = 0; i < u->n; i++)
        for (size_t k = 0; k < u->chunk[i].n; k++)
            all[n++] = u->chunk[i].row[k];
    qsort(all, n, sizeof *all, by_column);
    for (size_t i = 0; i < n; i++) {
        struct usage_row *to = &all[kept - (kept > 0)];

        if (!kept || by_column(to, &all[i])) {
            all[kept++] = all[i];
            continue;
        }
        to->n += all[i].n;
        to->wrong += all[i].wrong;
        to->first_ms = all[i].first_ms < to->first_ms ? all[i].first_ms : to->first_ms;
        to->last_ms = all[i].last_ms > to->last_ms ? all[i].last_ms : to->last_ms;
    }
    *out = (struct usage){.row = all, .n = kept};
    return true;
}

bool usages_count(struct usages *u, struct snapshot *v, const struct model *m,
                  uint32_t version, struct usage_time time, struct arena *a,
                  struct usage *out, struct err *err)
{
    struct usage_job j = {
        .usages = u, .v = v, .model = m, .time = time, .first = u->turn};
    unsigned threads = work_threads();
    uint32_t tried;

    j.err = arena_array(a, struct err, threads);
    if (!j.err)
        return err_nomem(err);
    if (!make_places(u, snapshot_chunk_count(v), version, err))
        return false;
    work_run(threads, threads, count_chunks, &j);
    for (unsigned i = 0; j.failed && i < threads; i++) {
        if (j.err[i].code != ERR_NONE) {
            *err = j.err[i];
            return false;
        }
    }
    if (!add_up(u, a, out, err))
        return false;
    for (uint32_t k = 0; k < u->n; k++)
        out->left += !is_counted(u, v, k);
    tried = j.next;
    u->turn = tried < u->n ? (j.first + tried) % u->n : 0;
    return true;
}
