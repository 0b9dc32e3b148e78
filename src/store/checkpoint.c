/* checkpoint.c - SQLite's log goes to the file on a thread of its own, while the writer goes on; what
 * came meanwhile is little, and goes there at the end, so that the log begins anew. */
#include "store/store_impl.h"

#include "base/tune.h"

#include <stdatomic.h>

struct checkpoint {
    struct aside aside;
    struct sql sql; /* a connection of its own */
    atomic_bool has_run;
};

static bool run_on(sqlite3 *db)
{
    return sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_PASSIVE, NULL, NULL)
           == SQLITE_OK;
}

void checkpoint_now(struct store *s)
{
    s->wal_done = s->wal_pages;
    if (run_on(s->sql.db))
        snapshots_renew(s);
}

static void run(void *context)
{
    struct checkpoint *c = context;

    (void)run_on(c->sql.db); /* what fails is left to the end, and to who commits */
    atomic_store(&c->has_run, true);
}

/* Soon again behind one that was: so little is left at last that who commits hardly waits for it. */
bool store_is_checkpoint_due(const struct store *s)
{
    return s->wal_pages - s->wal_done > WAL_PAGES / (s->wal_waits ? 8 : 2);
}

bool store_checkpoint_begin(struct store *s, struct err *err)
{
    struct checkpoint *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    if (!sql_open(&c->sql, s->name.p, SQLITE_OPEN_READWRITE, err)) {
        sql_close(&c->sql);
        mem_free(c);
        return false;
    }
    s->checkpoint = c;
    s->wal_done = s->wal_pages;
    aside_begin(&c->aside, run, c);
    return true;
}

bool store_is_checkpointing(const struct store *s, bool *has_run)
{
    *has_run = s->checkpoint && atomic_load(&s->checkpoint->has_run);
    return s->checkpoint;
}

void checkpoint_drop(struct store *s)
{
    struct checkpoint *c = s->checkpoint;

    if (!c)
        return;
    s->checkpoint = NULL;
    aside_end(&c->aside);
    sql_close(&c->sql);
    mem_free(c);
}

void store_checkpoint_end(struct store *s)
{
    checkpoint_drop(s);
    s->wal_waits = true;
}

void store_log_anew(struct store *s)
{
    if (!s->wal_waits || store_is_checkpoint_due(s) || !snapshots_are_latest(s))
        return;
    checkpoint_now(s);
    s->wal_waits = false;
}
