/* Whatever a store was doing when the power went, it opens again, and holds every event that was
 * acknowledged once, in order, and nothing half.
 *
 * A workload is a life of a data file on the simulated disk, by seed: it is written to, read,
 * closed and opened, and the power goes at a change of the disk that chance chooses, again and
 * again. Beside it stands a twin, that is what was acknowledged, and after a commit that the
 * power cut short what else may be there. */
#include "store/rewrite.h"
#include "store/store_impl.h"
#include "store/verify.h"

#include "support/chance.h"
#include "support/erase.h"
#include "support/events.h"
#include "support/models.h"
#include "support/scene.h"
#include "support/sim_shop.h"
#include "support/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define COPY STR("/copy")
#define HISTORY "chunk %u under version %u"
enum {
    EVENTS = 160,
    CUSTOMERS = 30,
    REFUSALS = 64,
    LIVES = 4,
    STEPS = 24,
    HISTORY_TEXT = 64
};

/* --- what all workloads share --- */

static struct sim_shop shop;
static str empty_file; /* the bytes of a store without events */

static void must(bool ok, const struct err *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", what, err->msg);
}

static void set_scene(void)
{
    struct store *s;
    struct err err;

    sim_shop_set(&shop, EVENTS, CUSTOMERS);
    must(store_create(shop.io, SIM_SHOP, 0, &s, &err), &err, "creating");
    store_close(s);
    empty_file = sim_shop_get(&shop, "/shop");
}

static void clear_scene(void)
{
    sim_shop_clear(&shop);
}

/* --- the twin --- */

/* What a file holds: events and refusals by their numbers, in the order of arrival. */
struct twin {
    uint32_t event[EVENTS], event_n;
    bool is_erased[EVENTS]; /* never to come back */
    uint32_t refusal[REFUSALS], refusal_n;
    uint32_t models;
    uint32_t kept; /* chunks of which a history must be there, of the newest model */
};

struct life {
    struct random r;
    struct store *s;
    struct twin sure;
    struct twin maybe; /* there instead of .sure when the cut commit came through */
    bool is_maybe, is_created;
    size_t memory_bytes;   /* of the stores that it opens */
    struct snapshot *held; /* and what it must go on showing */
    struct twin held_twin;
    struct store *other; /* another process that reads, and what it must go on seeing */
    struct twin other_twin;
    struct twin copy; /* what the backup at COPY holds, if there is one */
    bool is_copied;   /* there is, and it was acknowledged */
};

static uint64_t below(struct life *l, uint64_t bound)
{
    return random_below(&l->r, bound);
}

/* --- where events stand: a function of what the log holds --- */

static struct homes_asked {
    uint32_t brought[CUSTOMERS]; /* by each customer */
    char name[32];
} asked;

static uint32_t number_of(str customer)
{
    return (uint32_t)strtoul(customer.p + strlen("customer "), NULL, 10);
}

/* With every second event somewhere else, and every fifth with himself again. */
static uint32_t home_of(uint32_t anchor, uint32_t brought)
{
    return brought % 5 < 2 ? anchor : (anchor * 7 + brought / 2) % CUSTOMERS;
}

static str name_of(uint32_t number, char name[static sizeof asked.name])
{
    snprintf(name, sizeof asked.name, "customer %u", number);
    return str_of(name);
}

static bool owner_begin([[maybe_unused]] void *context, [[maybe_unused]] struct err *err)
{
    memset(&asked, 0, sizeof asked);
    return true;
}

static bool owner_give([[maybe_unused]] void *context, const struct event *e,
                       [[maybe_unused]] struct err *err)
{
    asked.brought[number_of(e->customer)]++;
    return true;
}

static bool owner_home([[maybe_unused]] void *context, str anchor, str *home,
                       [[maybe_unused]] struct err *err)
{
    uint32_t number = number_of(anchor);

    *home = name_of(home_of(number, asked.brought[number]), asked.name);
    return true;
}

static bool owner_bytes([[maybe_unused]] void *context, struct buf *to,
                        [[maybe_unused]] struct err *err)
{
    buf_add(to, STR("what it follows from"));
    return true;
}

static void owner_end([[maybe_unused]] void *context)
{
}

static const struct store_owner owner = {.begin = owner_begin,
                                         .give = owner_give,
                                         .home = owner_home,
                                         .bytes = owner_bytes,
                                         .end = owner_end};

/* How many events each customer brought. */
static void count_brought(const struct twin *t, uint32_t brought[CUSTOMERS])
{
    memset(brought, 0, CUSTOMERS * sizeof *brought);
    for (uint32_t i = 0; i < t->event_n; i++)
        brought[number_of(shop.event[t->event[i]].customer)]++;
}

static bool twin_has(const uint32_t *numbers, uint32_t n, uint32_t number)
{
    for (uint32_t i = 0; i < n; i++) {
        if (numbers[i] == number)
            return true;
    }
    return false;
}

struct log_look {
    const struct twin *twin;
    uint32_t n;
};

static bool look_at_logged(void *context, [[maybe_unused]] int64_t received_ms,
                           const struct event *e)
{
    struct log_look *look = context;

    assert_true(look->n < look->twin->event_n);
    assert_true(event_eq(e, &shop.event[look->twin->event[look->n++]]));
    return true;
}

static bool look_at_refused(void *context, const struct refusal *r)
{
    struct log_look *look = context;

    assert_true(look->n < look->twin->refusal_n);
    assert_int_equal(r->line, look->twin->refusal[look->n++]);
    return true;
}

static bool latest_model(struct snapshot *v, uint32_t *version, struct err *err)
{
    struct arena a = {0};
    struct model_version model = {0};
    bool ok = snapshot_model_latest(v, &a, &model, err) || err->code == ERR_NOT_FOUND;

    arena_free(&a);
    *version = model.version;
    return ok;
}

static bool look_at_customer(struct snapshot *v, uint32_t customer,
                             const struct event *all, uint32_t n, struct err *err)
{
    struct chunk *c;

    if (!snapshot_customer(v, customer, &c, err))
        return false;
    need_chunk_holds(c, snapshot_catalog(v), all, n);
    chunk_free(c);
    return true;
}

static bool look_at_timelines(struct snapshot *v, const struct twin *t, struct err *err)
{
    static struct event all[EVENTS];
    static char name[CUSTOMERS][sizeof asked.name];
    uint32_t customers = catalog_customer_n(snapshot_catalog(v)), brought[CUSTOMERS];

    count_brought(t, brought);
    for (uint32_t i = 0; i < t->event_n; i++) {
        uint32_t anchor = number_of(shop.event[t->event[i]].customer);

        all[i] = shop.event[t->event[i]];
        all[i].customer = name_of(home_of(anchor, brought[anchor]), name[anchor]);
    }
    if (customers && !look_at_customer(v, t->event_n % customers, all, t->event_n, err))
        return false;
    for (uint32_t i = 0; i < snapshot_chunk_count(v); i++) {
        const struct chunk *c;

        if (!snapshot_chunk(v, i, &c, err))
            return false;
        need_chunk_holds(c, snapshot_catalog(v), all, t->event_n);
        snapshot_release(v, i);
    }
    return true;
}

/* Those of the newest model alone, and all that must be there. */
static bool look_at_histories(struct snapshot *v, const struct twin *t, struct err *err)
{
    struct buf bytes = {0};
    char wanted[HISTORY_TEXT];
    bool ok = true;

    for (uint32_t i = 0; ok && i < snapshot_chunk_count(v); i++) {
        bool there, old;

        buf_clear(&bytes);
        ok = (t->models < 2 || snapshot_history(v, i, t->models - 1, &bytes, &old, err))
             && snapshot_history(v, i, t->models, &bytes, &there, err);
        if (!ok)
            break;
        assert_false(t->models > 1 && old);
        assert_true(there || i >= t->kept);
        snprintf(wanted, sizeof wanted, HISTORY, i, t->models);
        assert_true(!there || str_eq(buf_str(&bytes), str_of(wanted)));
    }
    buf_free(&bytes);
    return ok;
}

/* What differs from the twin fails the test; false: the file could not be read. */
static bool look_at(struct snapshot *v, const struct twin *t, struct err *err)
{
    struct log_look events = {t, 0}, refusals = {t, 0};
    struct store_facts facts = snapshot_facts(v);
    uint32_t models;

    assert_int_equal(facts.events, t->event_n);
    assert_int_equal(facts.refused, t->refusal_n);
    if (!snapshot_each_logged(v, look_at_logged, &events, err)
        || !snapshot_each_refused(v, look_at_refused, &refusals, err)
        || !latest_model(v, &models, err) || !look_at_timelines(v, t, err)
        || !look_at_histories(v, t, err))
        return false;
    assert_int_equal(events.n, t->event_n);
    assert_int_equal(refusals.n, t->refusal_n);
    assert_int_equal(models, t->models);
    return true;
}

static bool look(struct store *s, const struct twin *t, struct err *err)
{
    struct snapshot *v;
    bool ok;

    if (!store_snapshot(s, &v, err))
        return false;
    ok = look_at(v, t, err);
    snapshot_close(v);
    return ok;
}

/* Now that the file is open again: which of the two it holds. */
static bool settle(struct life *l, struct err *err)
{
    struct snapshot *v;
    struct store_facts facts;
    uint32_t models;
    bool ok;

    if (!l->is_maybe)
        return true;
    if (!store_snapshot(l->s, &v, err))
        return false;
    facts = snapshot_facts(v);
    ok = latest_model(v, &models, err);
    snapshot_close(v);
    if (!ok)
        return false;
    if (facts.events == l->maybe.event_n && facts.refused == l->maybe.refusal_n
        && models == l->maybe.models)
        l->sure = l->maybe;
    l->is_maybe = false;
    return true;
}

/* --- what a life is made of ---
 *
 * Each step is true when it went well, or false with the disk stopped; a failure without that
 * fails the test. */

static bool went(bool ok, const struct err *err, const char *what)
{
    if (getenv("CICLO_TRACE"))
        fprintf(stderr, "%s: %s\n", what, ok ? "done" : err->msg);
    if (!ok && !sim_disk_struck(shop.disk))
        fail_msg("%s: %s", what, err->msg);
    return ok;
}

static bool is_maybe_there(struct life *l, bool ok, const struct twin *next,
                           const struct err *err, const char *what)
{
    if (ok) {
        l->sure = *next;
    } else {
        l->maybe = *next;
        l->is_maybe = true;
    }
    return went(ok, err, what);
}

static bool append(struct life *l, struct twin *next, struct err *err)
{
    uint32_t number = (uint32_t)below(l, EVENTS);
    bool is_new =
        !next->is_erased[number] && !twin_has(next->event, next->event_n, number);
    bool added;

    if (!store_append(l->s, &shop.event[number], shop.json[number], &added, err))
        return false;
    assert_int_equal(added, is_new);
    if (added)
        next->event[next->event_n++] = number;
    return true;
}

static bool refuse(struct life *l, struct twin *next, struct err *err)
{
    uint32_t number = (uint32_t)below(l, REFUSALS);
    struct refusal r = {STR("file"), number, STR("reason"),
                        STR("what came, and its text")};

    if (!store_refuse(l->s, &r, err))
        return false;
    if (!twin_has(next->refusal, next->refusal_n, number))
        next->refusal[next->refusal_n++] = number;
    return true;
}

/* Everybody stands where the log says from here on. */
static bool rehome(struct life *l, const struct twin *t, struct err *err)
{
    uint32_t brought[CUSTOMERS];
    bool ok = true;

    count_brought(t, brought);
    for (uint32_t i = 0; ok && i < CUSTOMERS; i++) {
        char anchor[sizeof asked.name], home[sizeof asked.name];

        ok = store_rehome(l->s, name_of(i, anchor), name_of(home_of(i, brought[i]), home),
                          err);
    }
    return ok;
}

static bool do_transaction(struct life *l)
{
    uint64_t events = below(l, 1 + below(l, 40)), refusals = below(l, 6);
    struct twin next = l->sure;
    struct err err;
    bool ok;

    if (!went(store_begin(l->s, 1, &err), &err, "beginning"))
        return false;
    ok = true;
    for (uint64_t i = 0; ok && i < events; i++)
        ok = append(l, &next, &err) && (below(l, 4) || rehome(l, &next, &err));
    ok = ok && rehome(l, &next, &err);
    for (uint64_t i = 0; ok && i < refusals; i++)
        ok = refuse(l, &next, &err);
    if (!went(ok, &err, "appending") || below(l, 8) == 0) {
        store_cancel(l->s);
        return ok;
    }
    return is_maybe_there(l, store_commit(l->s, &err), &next, &err, "committing");
}

static bool do_model(struct life *l)
{
    struct twin next = l->sure;
    uint32_t version;
    struct err err;
    bool ok = add_model(l->s, STR("a model"), 1, &version, &err);

    next.models++;
    next.kept = 0;
    if (ok)
        assert_int_equal(version, next.models);
    return is_maybe_there(l, ok, &next, &err, "adding a model");
}

/* Histories of the first chunks. */
static bool put_histories(struct life *l, uint32_t model, uint32_t chunks,
                          struct err *err)
{
    char text[HISTORY_TEXT];
    bool ok = true;

    for (uint32_t i = 0; ok && i < chunks; i++) {
        snprintf(text, sizeof text, HISTORY, i, model);
        ok = store_history_put(l->s, i, model, str_of(text), err);
    }
    return ok;
}

static uint32_t chunks_of(const struct life *l)
{
    return chunks_for(catalog_customer_n(store_catalog(l->s)));
}

/* A model comes with all histories, or not at all. */
static bool do_apply(struct life *l)
{
    struct twin next = l->sure;
    uint32_t version;
    struct err err;
    bool ok;

    if (!went(store_begin(l->s, 1, &err), &err, "beginning"))
        return false;
    next.models++;
    next.kept = chunks_of(l);
    ok = store_model_add(l->s, STR("a model"), STR("anna"), &version, &err)
         && put_histories(l, version, next.kept, &err);
    if (!went(ok, &err, "applying") || below(l, 8) == 0) {
        store_cancel(l->s);
        return ok;
    }
    return is_maybe_there(l, store_commit(l->s, &err), &next, &err, "applying");
}

static bool do_keep(struct life *l)
{
    uint32_t chunks = (uint32_t)below(l, chunks_of(l) + 1ull);
    struct err err;
    bool ok;

    if (!l->sure.models)
        return true;
    ok = store_begin_histories(l->s, &err);
    if (ok && !put_histories(l, l->sure.models, chunks, &err)) {
        store_cancel(l->s);
        ok = false;
    }
    ok = ok && store_commit(l->s, &err);
    if (ok && l->sure.kept < chunks)
        l->sure.kept = chunks;
    return went(ok, &err, "keeping histories");
}

static bool do_look(struct life *l)
{
    struct err err;

    return went(look(l->s, &l->sure, &err), &err, "reading");
}

static bool do_hold(struct life *l)
{
    struct err err;

    if (l->held)
        return true;
    l->held_twin = l->sure;
    return went(store_snapshot(l->s, &l->held, &err), &err, "a snapshot");
}

static bool do_look_held(struct life *l)
{
    struct err err;

    return !l->held
           || went(look_at(l->held, &l->held_twin, &err), &err, "an older snapshot");
}

static bool do_release(struct life *l)
{
    snapshot_close(l->held);
    l->held = NULL;
    return true;
}

static bool do_open_other(struct life *l)
{
    struct store_options options = {STORE_READ, l->memory_bytes, &owner};
    struct err err;

    if (l->other)
        return true;
    l->other_twin = l->sure;
    return went(store_open(shop.io, SIM_SHOP, &options, &l->other, &err), &err,
                "opening a second time");
}

static bool do_look_other(struct life *l)
{
    struct err err;

    return !l->other
           || went(look(l->other, &l->other_twin, &err), &err, "reading from elsewhere");
}

static bool do_close_other(struct life *l)
{
    store_close(l->other);
    l->other = NULL;
    return true;
}

static bool do_fold(struct life *l)
{
    bool is_due = store_is_fold_due(l->s), more;
    struct err err;
    bool ok = true;

    do
        ok = store_fold(l->s, 1 + (uint32_t)below(l, 3), &more, &err);
    while (ok && is_due && more);
    return went(ok, &err, "folding");
}

static bool do_checkpoint(struct life *l)
{
    static const char *const how[] = {"pragma wal_checkpoint(passive)",
                                      "pragma wal_checkpoint(truncate)"};
    struct err err;

    if (l->held || l->other) /* whom SQLite would wait for */
        return true;
    return went(sql_exec(&l->s->sql, how[below(l, 2)], &err), &err, "a checkpoint");
}

static void close_file(struct life *l)
{
    do_release(l);
    store_close(l->s);
    l->s = NULL;
}

static bool open_file(struct life *l)
{
    struct store_options options = {STORE_WRITE, l->memory_bytes, &owner};
    struct err err;

    return went(store_open(shop.io, SIM_SHOP, &options, &l->s, &err), &err, "opening")
           && went(settle(l, &err), &err, "reading");
}

static bool do_reopen(struct life *l)
{
    close_file(l);
    return open_file(l);
}

/* --- the file made anew: nobody else has it open then --- */

static bool do_compact(struct life *l)
{
    const struct rewrite_options options = {.memory_bytes = l->memory_bytes,
                                            .owner = &owner};
    struct rewrite_sizes sizes;
    struct err err;

    do_close_other(l);
    close_file(l);
    return went(store_compact(shop.io, SIM_SHOP, &options, &sizes, &err), &err,
                "compacting")
           && open_file(l);
}

static bool do_rebuild(struct life *l)
{
    const struct rewrite_options options = {.memory_bytes = l->memory_bytes,
                                            .owner = &owner};
    struct rebuild_report report;
    struct arena a = {0};
    struct err err;
    bool ok;

    do_close_other(l);
    close_file(l);
    l->sure.kept = l->maybe.kept = 0;
    ok = went(store_rebuild(shop.io, SIM_SHOP, &options, &a, &report, &err), &err,
              "rebuilding");
    arena_free(&a);
    if (ok) {
        if (!l->is_maybe)
            assert_int_equal(report.events, l->sure.event_n);
        assert_true(report.is_made);
        assert_int_equal(report.lost_n + report.pages_damaged + report.doubled, 0);
    }
    return ok && open_file(l);
}

/* Without the events of one customer: of all who stand where this one does. */
static struct twin twin_without(const struct twin *t, str customer)
{
    uint32_t brought[CUSTOMERS], number = number_of(customer), home;
    struct twin rest = *t;

    count_brought(t, brought);
    home = home_of(number, brought[number]);
    rest.event_n = rest.kept = 0;
    for (uint32_t i = 0; i < t->event_n; i++) {
        number = number_of(shop.event[t->event[i]].customer);
        if (home_of(number, brought[number]) == home)
            rest.is_erased[t->event[i]] = true;
        else
            rest.event[rest.event_n++] = t->event[i];
    }
    return rest;
}

static bool do_erase(struct life *l)
{
    const struct rewrite_options options = {.memory_bytes = l->memory_bytes,
                                            .owner = &owner};
    struct erase_report report;
    struct twin next;
    struct err err;
    str customer;
    bool ok;

    if (!l->sure.event_n)
        return true;
    customer = shop.event[l->sure.event[below(l, l->sure.event_n)]].customer;
    next = twin_without(&l->sure, customer);
    l->sure.kept = 0;
    do_close_other(l);
    close_file(l);
    ok = erase_customers(shop.io, SIM_SHOP, &customer, 1, &options, &report, &err);
    if (ok)
        assert_int_equal(report.events, l->sure.event_n - next.event_n);
    return is_maybe_there(l, ok, &next, &err, "erasing") && open_file(l);
}

/* --- a copy beside it --- */

static bool do_backup(struct life *l)
{
    const struct rewrite_options options = {.memory_bytes = l->memory_bytes,
                                            .owner = &owner};
    struct rewrite_sizes sizes;
    struct err err;

    l->is_copied = false; /* unless the old one comes back with the power */
    shop.io->unlink(shop.io, "/copy");
    if (!went(io_sync_folder(shop.io, COPY, &err), &err, "syncing"))
        return false;
    l->copy = l->sure;
    l->is_copied = store_backup(shop.io, SIM_SHOP, COPY, &options, &sizes, &err);
    return went(l->is_copied, &err, "a backup");
}

static bool create(struct life *l)
{
    struct err err;

    if (went(store_create(shop.io, SIM_SHOP, l->memory_bytes, &l->s, &err), &err,
             "creating"))
        l->is_created = true;
    return l->is_created;
}

static bool step(struct life *l)
{
    static bool (*const steps[])(struct life * l) = {
        do_transaction, do_transaction, do_transaction, do_transaction, do_transaction,
        do_fold,        do_fold,        do_model,       do_look,        do_hold,
        do_look_held,   do_release,     do_open_other,  do_look_other,  do_close_other,
        do_checkpoint,  do_reopen,      do_compact,     do_rebuild,     do_erase,
        do_backup,      do_apply,       do_keep,        do_keep,
    };

    return steps[below(l, sizeof steps / sizeof *steps)](l);
}

/* Nobody need have opened a file after a crash before it is made anew. */
static bool begin_life(struct life *l)
{
    switch (below(l, 8)) {
    case 0:
        return do_compact(l);
    case 1:
        return do_rebuild(l);
    default:
        return open_file(l);
    }
}

/* Until the disk stops, or long enough. */
static void live(struct life *l)
{
    uint64_t steps = below(l, STEPS);
    bool ok;

    sim_disk_arm(shop.disk, SIM_STOP, 1 + below(l, (uint64_t)1 << below(l, 11)));
    ok = l->is_created ? begin_life(l) : create(l);
    while (ok && steps--)
        ok = step(l);
    do_close_other(l);
    close_file(l);
}

/* A creation that was cut short may leave a name behind with no good file, never with what is
 * not ours. Somebody takes it away then. */
static void clear_half_created(struct life *l)
{
    struct store_options options = {.mode = STORE_WRITE, .owner = &owner};
    struct err err;

    if (sim_disk_size(shop.disk, "shop") < 0)
        return;
    if (store_open(shop.io, SIM_SHOP, &options, &l->s, &err)) {
        must(look(l->s, &l->sure, &err), &err, "reading a new file");
        l->is_created = true;
    } else {
        assert_true(err.code == ERR_INPUT || err.code == ERR_CORRUPT);
        shop.io->unlink(shop.io, "/shop");
        shop.io->unlink(shop.io, "/shop-wal");
        shop.io->unlink(shop.io, "/shop-journal");
    }
    close_file(l);
}

static void tell_difference([[maybe_unused]] void *context, const struct difference *d)
{
    fprintf(stderr, "table %s: %.*s\n", d->table, STR_FMT(d->text));
}

static void need_verified(str path)
{
    const struct verify_options options = {
        .threads = 1, .owner = &owner, .found = tell_difference};
    struct verify_report report;
    struct err err;

    must(store_verify(shop.io, path, &options, &report, &err), &err, "verifying");
    assert_int_equal(report.differences, 0);
}

/* A backup that was not acknowledged is not there, or whole all the same. */
static void need_copy(struct life *l)
{
    struct store_options options = {.mode = STORE_READ, .owner = &owner};
    struct store *s;
    struct err err;

    if (!l->is_copied && sim_disk_size(shop.disk, "copy") < 0)
        return;
    need_verified(COPY);
    must(store_open(shop.io, COPY, &options, &s, &err), &err, "opening the backup");
    must(look(s, &l->copy, &err), &err, "reading the backup");
    store_close(s);
}

static void need_all_there(struct life *l)
{
    struct store_options options = {.mode = below(l, 2) ? STORE_WRITE : STORE_READ,
                                    .owner = &owner};
    struct err err;

    if (!l->is_created) {
        clear_half_created(l);
        return;
    }
    must(store_open(shop.io, SIM_SHOP, &options, &l->s, &err), &err,
         "opening after a crash");
    must(settle(l, &err) && look(l->s, &l->sure, &err), &err, "reading after a crash");
    need_verified(SIM_SHOP);
    need_copy(l);
    close_file(l);
}

/* --- the file as older formats had it --- */

static bool has_erased(const struct twin *t)
{
    for (uint32_t i = 0; i < EVENTS; i++) {
        if (t->is_erased[i])
            return true;
    }
    return false;
}

/* Whoever opens it next migrates it; of erasure the first format knew nothing. */
static void make_old(struct life *l)
{
    struct err err;

    if (!l->is_created || l->is_maybe)
        return;
    must(open_file(l), &err, "opening");
    close_file(l);
    l->sure.kept = 0;
    if (has_erased(&l->sure) || below(l, 2)) {
        sim_shop_make_later(2 + (int)below(l, 3));
        return;
    }
    sim_shop_make_old(&shop);
}

static uint64_t workload_seed; /* of the one that runs */

static void workload(uint64_t seed, bool syncs)
{
    struct life l = {.r = random_seeded(seed)};
    uint64_t lives;

    workload_seed = seed;
    l.memory_bytes = (size_t)1 << (10 + below(&l, 12));
    sim_disk_reset(shop.disk, seed);
    if (below(&l, 8)) {
        sim_shop_put(&shop, "/shop", empty_file);
        l.is_created = true;
    }
    sim_disk_sync_works(shop.disk, syncs);
    lives = 1 + below(&l, LIVES);
    while (lives--) {
        live(&l);
        if (below(&l, 5))
            sim_disk_crash(shop.disk);
        else
            sim_disk_kill(shop.disk);
        if (!lives || !l.is_created || below(&l, 2)) /* else the next life looks */
            need_all_there(&l);
        if (lives && !below(&l, 4))
            make_old(&l);
    }
}

/* --- the tests --- */

static void tell_seed(void)
{
    printf("# the last workload had seed %" PRIu64 "\n", workload_seed);
}

TEST(what_was_acknowledged_is_there_after_any_crash)
{
    const char *one = getenv("CICLO_WORKLOAD");
    struct random r = chance();
    size_t n = chance_rounds(200);

    set_scene();
    atexit(tell_seed);
    if (one)
        workload(strtoull(one, NULL, 10), true);
    for (size_t i = 0; !one && i < n; i++)
        workload(random_next(&r), true);
    clear_scene();
}

/* A workload in a process of its own: whether what it found is what it must be. */
static bool passes(uint64_t seed, bool syncs)
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (!child) {
        setenv("CMOCKA_TEST_ABORT", "1", true);
        if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
            _exit(2);
        workload(seed, syncs);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(without_syncs_the_same_workloads_lose)
{
    struct random r = chance();
    size_t n = chance_rounds(40), lose = 0;

    set_scene();
    for (size_t i = 0; i < n; i++) {
        uint64_t seed = random_next(&r);

        lose += !passes(seed, false);
        if (!passes(seed, true))
            fail_msg("workload %" PRIu64 " fails with syncs", seed);
    }
    printf("# of %zu workloads without syncs, %zu lose\n", n, lose);
    assert_true(lose > n / 10);
    clear_scene();
}
