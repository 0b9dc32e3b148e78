/* engine.c - one open data file.
 *
 * (1) history[k] holds the moves of chunk k's customers up to now_ms, in the order of their
 *     numbers; it is computed anew as a whole when next_ms has come.
 * (2) The model is compiled against the catalog of .now, the snapshot of the last commit; a
 *     commit makes all three stale, engine_refresh makes them anew. */
#include "engine/engine.h"

#include "engine/engine_impl.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct history {
    struct moves moves;
    size_t *first; /* customer_n + 1 places in moves */
    uint32_t customer_first, customer_n;
    int64_t next_ms;
};

enum { CHUNK_NONE = UINT32_MAX };

struct engine {
    struct io *io;
    struct store *store;
    struct snapshot *now;
    uint32_t held; /* the chunk of the last engine_timeline, or CHUNK_NONE */
    struct model *model;
    struct replay *replay;
    uint32_t version;
    struct history *history;
    uint32_t history_n;
    int64_t now_ms, next_ms;
    struct loop *loop;
    uint32_t loop_n;
};

static void forget_histories(struct engine *e)
{
    for (uint32_t k = 0; k < e->history_n; k++) {
        moves_free(&e->history[k].moves);
        mem_free(e->history[k].first);
    }
    mem_free(e->history);
    mem_free(e->loop);
    e->history = NULL;
    e->loop = NULL;
    e->history_n = e->loop_n = 0;
    e->now_ms = INT64_MIN;
    e->next_ms = INT64_MIN;
}

void engine_close(struct engine *e)
{
    if (!e)
        return;
    forget_histories(e);
    replay_free(e->replay);
    model_free(e->model);
    snapshot_close(e->now);
    store_close(e->store);
    mem_free(e);
}

/* A model that could be the live one, with what replays it. */
struct candidate {
    struct model *model;
    struct replay *replay;
};

static bool candidate_new(struct engine *e, struct snapshot *v, str text,
                          struct candidate *out, struct err *err)
{
    if (!model_compile(e->io, text, snapshot_catalog(v), &out->model, err))
        return false;
    if (!replay_new(out->model->lifecycle, out->model->program, &out->replay, err)) {
        model_free(out->model);
        return false;
    }
    return true;
}

/* Everybody, for nothing but to see that it can be done. */
static bool candidate_replay(struct engine *e, const struct candidate *c, int64_t now_ms,
                             struct err *err)
{
    uint32_t customers = engine_customer_n(e);
    struct moves moves = {};
    struct timeline t;
    int64_t next_ms;
    bool ok = true;

    for (uint32_t i = 0; ok && i < customers; i++) {
        moves.n = 0;
        ok = engine_timeline(e, i, &t, err)
             && replay_customer(c->replay, &t, now_ms, &moves, &next_ms, err);
    }
    moves_free(&moves);
    return ok;
}

static void candidate_free(struct candidate *c)
{
    replay_free(c->replay);
    model_free(c->model);
}

static void take_model(struct engine *e, const struct candidate *c, uint32_t version)
{
    candidate_free(&(struct candidate){e->model, e->replay});
    e->model = c->model;
    e->replay = c->replay;
    e->version = version;
    forget_histories(e);
}

/* The snapshot and its newest model become the live ones; else it is closed. */
static bool take_snapshot(struct engine *e, struct snapshot *v, struct err *err)
{
    struct arena a = {};
    struct model_version latest;
    struct candidate c;
    bool ok = snapshot_model_latest(v, &a, &latest, err)
              && (candidate_new(e, v, latest.text, &c, err)
                  || err_in(err, "model version %u", latest.version));

    if (ok) {
        struct snapshot *old = e->now;

        take_model(e, &c, latest.version);
        e->now = v;
        e->held = CHUNK_NONE;
        v = old;
    }
    snapshot_close(v);
    arena_free(&a);
    return ok;
}

bool engine_check_names(struct engine *e, struct err *err)
{
    struct model *model;

    if (model_compile(e->io, e->model->text, store_catalog(e->store), &model, err)) {
        model_free(model);
        return true;
    }
    if (err->code != ERR_INPUT)
        return false;
    err_in(err,
           "nothing was imported, since with the types of these values the model has a "
           "fault in line %d, column %d (declare the type that you mean under events: or "
           "traits:, ciclo model apply, then import again)",
           err->line, err->column);
    err->line = err->column = 0;
    return false;
}

bool engine_refresh(struct engine *e, struct err *err)
{
    struct snapshot *v;

    return store_snapshot(e->store, &v, err) && take_snapshot(e, v, err);
}

struct io *engine_io(const struct engine *e)
{
    return e->io;
}

static struct engine *engine_new(struct io *io, struct err *err)
{
    struct engine *e = mem_alloc(sizeof *e);

    if (!e) {
        err_nomem(err);
        return NULL;
    }
    e->io = io;
    e->held = CHUNK_NONE;
    e->now_ms = e->next_ms = INT64_MIN;
    return e;
}

bool engine_open(struct io *io, str path, const struct store_options *o,
                 struct engine **out, struct err *err)
{
    struct engine *e = engine_new(io, err);

    if (!e)
        return false;
    if (!store_open(io, path, o, &e->store, err) || !engine_refresh(e, err)) {
        engine_close(e);
        return false;
    }
    *out = e;
    return true;
}

/* Without a look at the memory, which may be what is lacking. */
static void remove_file(struct io *io, str path)
{
    static const char *const suffix[] = {"", "-wal", "-shm"};
    char name[PATH_MAX];

    for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++)
        if (snprintf(name, sizeof name, "%.*s%s", STR_FMT(path), suffix[i]) < PATH_MAX)
            io->unlink(io, name);
}

bool engine_create(struct io *io, str path, str model_text, int64_t now_ms,
                   struct engine **out, struct err *err)
{
    struct engine *e = engine_new(io, err);

    if (!e)
        return false;
    if (!store_create(io, path, 0, &e->store, err)) {
        engine_close(e);
        return false;
    }
    if (!store_snapshot(e->store, &e->now, err)
        || !engine_apply(e, model_text, now_ms, &e->version, err)) {
        engine_close(e);
        remove_file(io, path);
        return false;
    }
    *out = e;
    return true;
}

struct store *engine_store(struct engine *e)
{
    return e->store;
}

struct snapshot *engine_snapshot(const struct engine *e)
{
    return e->now;
}

const struct model *engine_model(const struct engine *e)
{
    return e->model;
}

uint32_t engine_model_version(const struct engine *e)
{
    return e->version;
}

bool engine_apply(struct engine *e, str text, int64_t now_ms, uint32_t *version,
                  struct err *err)
{
    struct candidate c;

    /* All that can fail is done before the file holds it. */
    if (!candidate_new(e, e->now, text, &c, err))
        return false;
    if (!candidate_replay(e, &c, now_ms, err)
        || !store_model_add(e->store, text, now_ms, version, err)) {
        candidate_free(&c);
        return false;
    }
    take_model(e, &c, *version);
    return true;
}

static bool replay_chunk(struct engine *e, uint32_t k, int64_t now_ms, struct err *err)
{
    struct history fresh = {.next_ms = MOMENT_NEVER}, *old = &e->history[k];
    const struct chunk *chunk;
    bool ok = snapshot_chunk(e->now, k, &chunk, err);

    if (!ok)
        return false;
    fresh.customer_first = chunk->customer_first;
    fresh.customer_n = chunk->customer_n;
    fresh.first = mem_alloc((chunk->customer_n + 1) * sizeof *fresh.first);
    if (!fresh.first) {
        snapshot_release(e->now, k);
        return err_nomem(err);
    }
    for (uint32_t i = 0; ok && i < chunk->customer_n; i++) {
        struct timeline t = timeline_of(chunk, chunk->customer_first + i);
        int64_t next_ms;

        fresh.first[i] = fresh.moves.n;
        ok = replay_customer(e->replay, &t, now_ms, &fresh.moves, &next_ms, err);
        if (ok && next_ms < fresh.next_ms)
            fresh.next_ms = next_ms;
    }
    fresh.first[chunk->customer_n] = fresh.moves.n;
    snapshot_release(e->now, k);
    if (!ok) {
        moves_free(&fresh.moves);
        mem_free(fresh.first);
        return false;
    }
    moves_free(&old->moves);
    mem_free(old->first);
    *old = fresh;
    return true;
}

static bool same_ways(const struct loop *a, const struct loop *b)
{
    return a->way_n == b->way_n && !memcmp(a->way, b->way, a->way_n * sizeof *a->way);
}

static bool gather_loops(struct engine *e, struct err *err)
{
    size_t most = 0;
    struct loop *loop;
    uint32_t n = 0;

    for (uint32_t k = 0; k < e->history_n; k++)
        most += e->history[k].moves.loop_n;
    loop = mem_alloc((most + 1) * sizeof *loop);
    if (!loop)
        return err_nomem(err);
    for (uint32_t k = 0; k < e->history_n; k++)
        for (uint32_t i = 0; i < e->history[k].moves.loop_n; i++) {
            const struct loop *one = &e->history[k].moves.loop[i];
            uint32_t j = 0;

            while (j < n && !same_ways(&loop[j], one))
                j++;
            if (j == n) {
                loop[n++] = *one;
                continue;
            }
            loop[j].times += one->times;
            if (one->at_ms < loop[j].at_ms) {
                loop[j].at_ms = one->at_ms;
                loop[j].customer = one->customer;
            }
        }
    mem_free(e->loop);
    e->loop = loop;
    e->loop_n = n;
    return true;
}

static bool begin_histories(struct engine *e, struct err *err)
{
    uint32_t n = snapshot_chunk_count(e->now);

    if (e->history)
        return true;
    e->history = mem_alloc((n + 1) * sizeof *e->history);
    if (!e->history)
        return err_nomem(err);
    e->history_n = n;
    for (uint32_t k = 0; k < n; k++)
        e->history[k].next_ms = INT64_MIN;
    return true;
}

bool engine_advance(struct engine *e, int64_t now_ms, struct err *err)
{
    bool changed = !e->history;

    if (!begin_histories(e, err))
        return false;
    for (uint32_t k = 0; k < e->history_n; k++) {
        if (e->history[k].next_ms > now_ms)
            continue;
        changed = true;
        if (!replay_chunk(e, k, now_ms, err)) {
            forget_histories(e);
            return false;
        }
    }
    if (changed && !gather_loops(e, err)) {
        forget_histories(e);
        return false;
    }
    e->now_ms = now_ms;
    e->next_ms = MOMENT_NEVER;
    for (uint32_t k = 0; k < e->history_n; k++)
        if (e->history[k].next_ms < e->next_ms)
            e->next_ms = e->history[k].next_ms;
    return true;
}

int64_t engine_now_ms(const struct engine *e)
{
    return e->now_ms;
}

int64_t engine_next_ms(const struct engine *e)
{
    return e->next_ms;
}

uint32_t engine_customer_n(const struct engine *e)
{
    return catalog_customer_n(snapshot_catalog(e->now));
}

const struct move *engine_moves(const struct engine *e, uint32_t customer, size_t *n)
{
    const struct history *h = &e->history[customer / CHUNK_CUSTOMERS];
    uint32_t i = customer % CHUNK_CUSTOMERS;

    *n = h->first[i + 1] - h->first[i];
    return *n ? h->moves.move + h->first[i] : NULL;
}

const struct loop *engine_loops(const struct engine *e, uint32_t *n)
{
    *n = e->loop_n;
    return e->loop;
}

bool engine_timeline(struct engine *e, uint32_t customer, struct timeline *out,
                     struct err *err)
{
    uint32_t k = customer / CHUNK_CUSTOMERS;
    const struct chunk *chunk;

    if (!snapshot_chunk(e->now, k, &chunk, err))
        return false;
    if (e->held != CHUNK_NONE)
        snapshot_release(e->now, e->held);
    e->held = k;
    *out = timeline_of(chunk, customer);
    return true;
}

static str stage_name(const struct engine *e, uint16_t stage)
{
    return stage == STAGE_NONE ? STR("") : e->model->lifecycle->stage[stage].name;
}

bool engine_hash(const struct engine *e, int64_t at_ms, hash128 *out, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(e->now);
    struct buf b = {};
    unsigned __int128 sum = 0;
    bool ok = true;
    hash128 h;

    /* Customers' hashes are added up, so that their order plays no part. */
    for (uint32_t customer = 0; customer < engine_customer_n(e); customer++) {
        size_t n;
        const struct move *move = engine_moves(e, customer, &n);

        buf_clear(&b);
        buf_add(&b, catalog_customer_id(catalog, customer));
        for (size_t i = 0; i < n && move[i].at_ms <= at_ms; i++)
            buf_add_format(&b, "\n%lld\t%.*s\t%.*s", (long long)move[i].at_ms,
                           STR_FMT(stage_name(e, move[i].from)),
                           STR_FMT(stage_name(e, move[i].to)));
        ok = ok && !b.failed;
        h = hash128_of(buf_str(&b));
        sum += (unsigned __int128)h.high << 64 | h.low;
    }
    *out = hash128_of((str){(const char *)&sum, sizeof sum});
    buf_free(&b);
    return ok || err_nomem(err);
}
