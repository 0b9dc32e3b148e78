/* engine.c - one open data file.
 *
 * The model is compiled against the catalog of .now, the snapshot of the last commit; a commit
 * makes both stale, engine_refresh makes them anew. The histories stay, as long as the model
 * means the same. */
#include "engine/alike.h"
#include "engine/collect_reader.h"
#include "engine/engine_impl.h"
#include "engine/follow.h"
#include "engine/value_memory.h"
#include "identity/people.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* What is not written now is computed when the file is opened again. */
static void keep_histories(struct engine *e)
{
    struct err unheard;

    if (e->mode == STORE_WRITE && e->histories)
        (void)engine_checkpoint(e, &unheard);
}

void engine_close(struct engine *e)
{
    if (!e)
        return;
    keep_histories(e);
    histories_free(e->histories);
    names_free(&e->names);
    collect_reader_free(e->reader);
    follow_free(e->follow);
    journal_free(e->journal);
    usages_free(&e->usages);
    refused_counts_free(e->refused);
    model_free(e->model);
    fits_free(&e->fits);
    people_free(e->people);
    similar_found_free(e->similar);
    value_memory_free(e->values);
    activity_free(&e->activity);
    snapshot_close(e->now);
    store_close(e->store);
    buf_free(&e->path);
    mem_free(e);
}

uint32_t engine_exchanges(const struct engine *e)
{
    return e->exchanges;
}

bool engine_is_open(const struct engine *e)
{
    return e->store;
}

void engine_take(struct engine *e, struct snapshot *v, struct model *m,
                 struct histories *h, uint32_t version)
{
    struct model *old = e->model;

    if (version != e->version)
        names_free(&e->names);
    histories_use(h, m, version);
    if (h != e->histories) {
        histories_free(e->histories);
        follow_lost(e->follow);
        if (e->model)
            journal_restart(e->journal);
    }
    e->histories = h;
    e->model = m;
    e->version = version;
    e->state++;
    if (m != old)
        model_free(old);
    if (v != e->now)
        snapshot_close(e->now);
    e->now = v;
    e->held = CHUNK_NONE;
}

/* Most commits bring no new names: then the live model is still what its text means. */
static bool is_live(const struct engine *e, const struct snapshot *v,
                    const struct model_version *latest)
{
    return e->model && e->has_fits && latest->version == e->version
           && str_eq(latest->text, e->model->text)
           && catalog_same_names(snapshot_catalog(v), e->model->catalog);
}

static bool compile_latest(struct engine *e, const struct snapshot *v,
                           const struct model_version *latest,
                           const struct kept_fits *fits, struct model **out,
                           struct err *err)
{
    if (is_live(e, v, latest)) {
        *out = e->model;
        return true;
    }
    return model_compile_with(e->io, latest->text, snapshot_catalog(v), fits, out, err)
           || err_in(err,
                     "model version %u, which is live, has a fault: mend its text "
                     "(ciclo model show FILE >model.yaml) and make it live (ciclo "
                     "model apply FILE model.yaml)",
                     latest->version);
}

/* The snapshot and its newest model become the live ones. */
static bool take_snapshot(struct engine *e, struct snapshot *v, struct err *err)
{
    struct arena a = {};
    struct model_version latest;
    struct histories *h = e->histories;
    struct model *m = NULL;
    struct kept_fits fits = {};
    bool ok = (e->has_fits || fits_load(&fits, v, err))
              && snapshot_model_latest(v, &a, &latest, err)
              && compile_latest(e, v, &latest, e->has_fits ? &e->fits : &fits, &m, err);

    if (ok && (!h || !histories_fit(h, m)))
        ok = histories_new(m, latest.version, &h, err);
    if (ok) {
        model_move(m, snapshot_catalog(v));
        engine_take(e, v, m, h, latest.version);
        if (!e->has_fits) {
            fits_free(&e->fits);
            e->fits = fits;
            fits = (struct kept_fits){};
            e->has_fits = true;
        }
    } else if (m != e->model) {
        model_free(m);
    }
    fits_free(&fits);
    arena_free(&a);
    return ok;
}

bool engine_check_names(const struct engine *e, struct err *err)
{
    return names_fit(e->io, e->model, store_catalog(e->store), err);
}

bool engine_refresh(struct engine *e, struct err *err)
{
    struct snapshot *v;

    if (!store_snapshot(e->store, &v, err))
        return false;
    if (activity_last(v, &e->activity, &e->active_ms, err) && take_snapshot(e, v, err))
        return true;
    snapshot_close(v);
    return false;
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
    e->active_ms = MOMENT_NEVER;
    return e;
}

/* A snapshot taken now is of the last commit: so are the histories to be. */
bool engine_view(struct engine *e, struct engine **out, struct err *err)
{
    struct engine *view;

    if ((!snapshot_is_latest(e->now) && !engine_refresh(e, err))
        || !engine_advance(e, engine_now_ms(e), err)
        || (!e->values && !value_memory_new(&e->values, err)))
        return false;
    view = engine_new(e->io, err);
    if (!view)
        return false;
    view->store = e->store;
    view->mode = STORE_READ;
    view->version = e->version;
    view->state = e->state;
    view->active_ms = e->active_ms;
    view->key = e->key;
    view->values = e->values;
    if (!store_snapshot(e->store, &view->now, err)
        || !fits_load(&view->fits, view->now, err)
        || !model_compile_with(e->io, e->model->text, snapshot_catalog(view->now),
                               &view->fits, &view->model, err)
        || !histories_share(e->histories, view->model, &view->histories, err)) {
        engine_view_close(view);
        return false;
    }
    view->has_fits = true;
    *out = view;
    return true;
}

void engine_view_close(struct engine *view)
{
    if (!view)
        return;
    histories_free(view->histories);
    names_free(&view->names);
    people_free(view->people);
    activity_free(&view->activity);
    model_free(view->model);
    fits_free(&view->fits);
    snapshot_close(view->now);
    mem_free(view);
}

/* What it takes to open the file again. */
static bool remember(struct engine *e, str path, const struct store_options *o,
                     struct err *err)
{
    e->mode = o->mode;
    e->options = *o;
    owner_init(&e->owner);
    e->options.owner = &e->owner.store;
    buf_add(&e->path, path);
    buf_add_char(&e->path, 0);
    return !e->path.failed || err_nomem(err);
}

/* One that is open goes on. */
static bool open_journal(struct engine *e, struct err *err)
{
    return e->mode == STORE_READ || e->journal
           || journal_open(e->now, e->version, &e->journal, err);
}

/* Of all that is about the file as it stands: somebody else closes the store. */
static void let_go(struct engine *e)
{
    histories_free(e->histories);
    names_free(&e->names);
    activity_free(&e->activity);
    usages_free(&e->usages); /* customers have other numbers in the other file */
    follow_lost(e->follow);
    journal_restart(e->journal);
    model_free(e->model);
    people_free(e->people); /* ids have other numbers, too */
    similar_found_free(e->similar);
    e->similar = NULL;
    value_memory_forget(e->values);
    refused_counts_free(e->refused);
    e->refused = NULL;
    if (e->store)
        store_fold_drop(e->store);
    snapshot_close(e->now);
    e->has_fits = false;
    e->people = NULL;
    e->histories = NULL;
    e->model = NULL;
    e->now = NULL;
    e->store = NULL;
    e->held = CHUNK_NONE;
}

bool engine_reopen(struct engine *e, struct err *err)
{
    struct store *s;

    if (!store_open(e->io, str_of(e->path.p), &e->options, &e->store, err))
        return false;
    if ((engine_refresh(e, err) && open_journal(e, err))
        || (e->may_lack_model && err->code == ERR_INPUT
            && store_snapshot(e->store, &e->now, err)))
        return true;
    s = e->store;
    let_go(e);
    store_close(s);
    return false;
}

bool engine_exchange(struct engine *e,
                     bool (*exchange)(void *context, struct store *s, struct err *err),
                     void *context, struct err *err)
{
    struct store *s = e->store;
    struct err why;
    bool ok;

    let_go(e);
    e->exchanges++;
    ok = exchange(context, s, err);
    if (engine_reopen(e, &why))
        return ok;
    *err = why;
    return false;
}

static bool open_file(struct io *io, str path, const struct store_options *o,
                      bool with_model, struct engine **out, struct err *err)
{
    struct engine *e = engine_new(io, err);
    bool ok;

    if (!e)
        return false;
    e->may_lack_model = !with_model;
    ok = remember(e, path, o, err) && engine_reopen(e, err);
    if (!ok) {
        engine_close(e);
        return false;
    }
    *out = e;
    return true;
}

bool engine_open(struct io *io, str path, const struct store_options *o,
                 struct engine **out, struct err *err)
{
    return open_file(io, path, o, true, out, err);
}

bool engine_open_versions(struct io *io, str path, const struct store_options *o,
                          struct engine **out, struct err *err)
{
    return open_file(io, path, o, false, out, err);
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

static bool hide_with(struct engine *e, const struct pseudonym_key *key, struct err *err)
{
    if (!key)
        return true;
    e->key = *key;
    return store_make_pseudonymous(e->store, pseudonym_fingerprint(key), err);
}

bool engine_create(struct io *io, str path, str model_text, int64_t now_ms,
                   struct engine **out, struct err *err)
{
    return engine_create_pseudonymous(io, path, model_text, now_ms, NULL, out, err);
}

bool engine_create_pseudonymous(struct io *io, str path, str model_text, int64_t now_ms,
                                const struct pseudonym_key *key, struct engine **out,
                                struct err *err)
{
    struct engine *e = engine_new(io, err);
    uint32_t version;

    if (!e)
        return false;
    if (!remember(e, path, &(struct store_options){.mode = STORE_WRITE}, err)
        || !store_create(io, path, 0, &e->store, err)) {
        engine_close(e);
        return false;
    }
    e->has_fits = true; /* none */
    if (!hide_with(e, key, err) || !engine_apply(e, model_text, now_ms, &version, err)) {
        engine_close(e);
        remove_file(io, path);
        return false;
    }
    *out = e;
    return true;
}

/* --- who is hidden --- */

bool engine_is_pseudonymous(const struct engine *e)
{
    return e->store && store_pseudonym(e->store);
}

const struct pseudonym_key *engine_key(const struct engine *e)
{
    return e->key.n ? &e->key : NULL;
}

bool engine_use_key(struct engine *e, const struct pseudonym_key *key, struct err *err)
{
    if (!engine_is_pseudonymous(e))
        return err_set(err, ERR_INPUT,
                       "this file is not pseudonymous: it was made without a key");
    if (pseudonym_fingerprint(key) != store_pseudonym(e->store)
        && store_pseudonym(e->store) != PSEUDONYM_KEY_LOST)
        return err_set(err, ERR_INPUT,
                       "this is not the key that the file was made with: its "
                       "fingerprint is %016llx, the key's %016llx",
                       (unsigned long long)store_pseudonym(e->store),
                       (unsigned long long)pseudonym_fingerprint(key));
    e->key = *key;
    return true;
}

bool engine_may_take(const struct engine *e, struct err *err)
{
    return e->key.n || !engine_is_pseudonymous(e)
           || err_set(
               err, ERR_INPUT,
               "the data file is pseudonymous: what comes in needs the key that it was "
               "made with. Give --pseudonym-key FILE, or set "
               "CICLO_PSEUDONYM_KEY_FILE");
}

struct store *engine_store(struct engine *e)
{
    return e->store;
}

struct snapshot *engine_snapshot(const struct engine *e)
{
    return e->now;
}

int64_t engine_active_ms(const struct engine *e)
{
    return e->active_ms;
}

const struct model *engine_model(const struct engine *e)
{
    return e->model;
}

uint32_t engine_model_version(const struct engine *e)
{
    return e->version;
}

bool engine_checkpoint(struct engine *e, struct err *err)
{
    struct store *s = e->store;

    if ((histories_are_written(e->histories) && journal_is_empty(e->journal))
        || store_is_held(s))
        return true;
    if (!store_begin_histories(s, err))
        return false;
    if (!histories_write(e->histories, s, e->version, false, err)
        || !journal_write(e->journal, s, e->now, engine_now_ms(e), true, err)) {
        store_cancel(s);
        return false;
    }
    if (!store_commit(s, err))
        return false;
    histories_note_written(e->histories);
    journal_written(e->journal, engine_now_ms(e));
    return true;
}

bool engine_tell(struct engine *e, struct err *err)
{
    struct store *s = e->store;

    if (journal_is_empty(e->journal) || store_is_held(s))
        return true;
    if (!store_begin_histories(s, err))
        return false;
    if (!journal_write(e->journal, s, e->now, engine_now_ms(e), false, err)) {
        store_cancel(s);
        return false;
    }
    if (!store_commit(s, err))
        return false;
    journal_written(e->journal, engine_now_ms(e));
    return true;
}

static bool wants_alerts(void *context, const struct webhook_row *w)
{
    bool *wanted = context;

    *wanted |= w->what & WEBHOOK_ALERTS;
    return true;
}

/* Moves up to now are told first: whoever opens the file takes the journal's last row for the
 * moment up to which they were. */
bool engine_tell_saved(struct engine *e, const struct saved_row *row, str line,
                       struct err *err)
{
    struct store *s = e->store;
    bool wanted = false;

    if (store_is_held(s))
        return err_set(err, ERR_CONFLICT, "the file is being written anew");
    if (!engine_tell(e, err) || !snapshot_each_webhook(e->now, wants_alerts, &wanted, err)
        || !store_begin_histories(s, err))
        return false;
    if (!store_saved_put(s, row, err)
        || (line.n && wanted && !store_journal_add(s, engine_now_ms(e), line, err))) {
        store_cancel(s);
        return false;
    }
    return store_commit(s, err);
}

bool engine_listen(struct engine *e, int64_t now_ms, struct err *err)
{
    struct snapshot *v;
    bool ok;

    if (now_ms < engine_now_ms(e))
        now_ms = engine_now_ms(e);
    if (e->journal) {
        if (!engine_advance(e, now_ms, err) || !store_snapshot(e->store, &v, err))
            return false;
        ok = journal_hear(e->journal, v, now_ms, err);
        snapshot_close(v);
        return ok;
    }
    ok = engine_advance(e, now_ms, err) && engine_checkpoint(e, err)
         && store_snapshot(e->store, &v, err);
    if (!ok)
        return false;
    ok = journal_open(v, e->version, &e->journal, err);
    snapshot_close(v);
    if (ok) /* all chunks are known: who is new from here on is told */
        ok = journal_print(e->journal, e->model, e->version, snapshot_catalog(e->now),
                           now_ms, err);
    return ok;
}

bool engine_advance(struct engine *e, int64_t now_ms, struct err *err)
{
    const struct history_watch watch = {.follow = e->follow, .journal = e->journal};

    return histories_advance(e->histories, e->now, now_ms, &watch, err)
           && journal_print(e->journal, e->model, e->version, snapshot_catalog(e->now),
                            now_ms, err);
}

bool engine_follow(struct engine *e, struct err *err)
{
    return e->follow || follow_new(&e->follow, err);
}

void engine_happened(struct engine *e, struct happened *out)
{
    follow_take(e->follow, out);
}

const int64_t *engine_stock(const struct engine *e, uint32_t lifecycle)
{
    return histories_stock(e->histories, lifecycle);
}

uint64_t engine_stock_version(const struct engine *e)
{
    return histories_stock_version(e->histories);
}

uint64_t engine_state(const struct engine *e)
{
    return e->state;
}

int64_t engine_now_ms(const struct engine *e)
{
    return histories_now_ms(e->histories);
}

int64_t engine_next_ms(const struct engine *e)
{
    return histories_next_ms(e->histories);
}

void engine_distrust(struct engine *e)
{
    histories_use(e->histories, e->model, 0);
}

uint64_t engine_replayed(const struct engine *e)
{
    return histories_replayed(e->histories);
}

uint32_t engine_customer_n(const struct engine *e)
{
    return catalog_customer_n(snapshot_catalog(e->now));
}

const struct move *engine_moves(const struct engine *e, uint32_t lifecycle,
                                uint32_t customer, size_t *n)
{
    return histories_moves(e->histories, lifecycle, customer, n);
}

const struct move *engine_members(const struct engine *e, uint32_t customer, size_t *n)
{
    return histories_members(e->histories, customer, n);
}

bool engine_is_member(const struct engine *e, uint32_t customer, uint32_t segment,
                      int64_t at_ms)
{
    size_t n;
    const struct move *change = engine_members(e, customer, &n);

    while (n && (change[n - 1].at_ms > at_ms || change[n - 1].way != segment))
        n--;
    return n && change[n - 1].to == MEMBER_IN;
}

const int64_t *engine_sizes(const struct engine *e)
{
    return histories_sizes(e->histories);
}

int64_t engine_customer_next(const struct engine *e, uint32_t customer)
{
    return histories_customer_next(e->histories, customer);
}

const struct loop *engine_loops(const struct engine *e, uint32_t lifecycle, uint32_t *n)
{
    return histories_loops(e->histories, lifecycle, n);
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

/* A customer's moves in all lifecycles, as text. */
static void add_history(const struct engine *e, uint32_t customer, int64_t at_ms,
                        struct buf *b)
{
    for (uint32_t k = 0; k < e->model->lifecycle_n; k++) {
        const struct lifecycle *l = e->model->lifecycles[k];
        size_t n;
        const struct move *move = engine_moves(e, k, customer, &n);

        if (l->name.n && n && move->at_ms <= at_ms)
            buf_add_format(b, "\n%.*s", STR_FMT(l->name));
        for (size_t i = 0; i < n && move[i].at_ms <= at_ms; i++)
            buf_add_format(b, "\n%lld\t%.*s\t%.*s", (long long)move[i].at_ms,
                           STR_FMT(lifecycle_stage_name(l, move[i].from)),
                           STR_FMT(lifecycle_stage_name(l, move[i].to)));
    }
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
        str key = catalog_customer_key(catalog, customer);

        buf_clear(&b);
        buf_add(&b, key);
        add_history(e, customer, at_ms, &b);
        ok = ok && !b.failed;
        if (b.n == key.n) /* nobody yet, or an id of another customer */
            continue;
        h = hash128_of(buf_str(&b));
        sum += (unsigned __int128)h.high << 64 | h.low;
    }
    *out = hash128_of((str){(const char *)&sum, sizeof sum});
    buf_free(&b);
    return ok || err_nomem(err);
}
