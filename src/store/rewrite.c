#include "store/rewrite_impl.h"
#include "store/store_impl.h"
#include "store/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* Why the exchange is safe.
 *
 * (1) The new file is closed, has no log beside it, and is synced before the rename.
 * (2) The old file's log is folded into it and removed before the rename, or SQLite would take
 *     it for the new one's: its journal is no longer kept ahead of it (journal_mode = delete),
 *     which also needs that nobody else has it open. The folder is synced between, since names
 *     need not become durable in their order.
 * (3) From then until after the rename SQLite's exclusive lock on the old file keeps readers
 *     away. Whoever waits for that lock, or for ours, finds when he has it that another file
 *     stands at the path, and opens that one (lock.c, open.c). */

static const char *const made[] = {"", "-wal", "-shm", "-journal"};

static void remove_made(struct io *io, const char *path)
{
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char name[PATH_MAX + 16];

        snprintf(name, sizeof name, "%s%s", path, made[i]);
        io->unlink(io, name);
    }
}

/* An empty file that nobody else can read. */
static bool make_empty(struct io *io, const char *path, struct err *err)
{
    int fd;

    remove_made(io, path); /* left by a crash */
    fd = io->open(io, path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0)
        return err_sys(err, "cannot create %s", path);
    io->close(io, fd);
    return true;
}

/* --- beginning and ending --- */

static bool set_paths(struct rewrite *w, struct err *err)
{
    const char *path = sqlite3_db_filename(w->old.db, "main"); /* links are followed */

    if (w->file.st_nlink > 1)
        return err_set(
            err, ERR_INPUT,
            "it has a second name (a hard link), which would keep the old file: "
            "remove that first");
    return file_path(str_of(path), "", w->path, err)
           && file_path(str_of(path), ".new", w->beside, err);
}

bool rewrite_begin(struct rewrite *w, struct io *io, str path,
                   const struct rewrite_options *o, const char *options, struct err *err)
{
    struct buf uri = {NULL};
    char name[PATH_MAX];
    bool ok;

    w->io = io;
    w->o = o;
    if (!sql_start(err) || !file_path(path, "", name, err)
        || !file_look(io, name, &w->file, err) || !lock_take(&w->lock, io, name, err))
        return false;
    ok = (sql_uri(name, options, &uri, err)
          && sql_open(&w->old, uri.p, SQLITE_OPEN_READWRITE | SQLITE_OPEN_URI, err)
          && sql_set_up(&w->old, err) && file_recognise(&w->old, &w->format, err)
          && set_paths(w, err))
         || err_in(err, "%s", name);
    buf_free(&uri);
    if (ok)
        remove_made(io, w->beside);
    return ok;
}

bool rewrite_begin_beside(struct rewrite *w, const struct store *s, struct err *err)
{
    w->io = s->io;
    w->format = FORMAT;
    if (!file_look(s->io, s->name.p, &w->file, err)
        || !(sql_open(&w->old, s->name.p, SQLITE_OPEN_READWRITE, err)
             && sql_set_up(&w->old, err) && set_paths(w, err)))
        return err_in(err, "%s", s->name.p);
    remove_made(w->io, w->beside);
    return true;
}

void rewrite_end(struct rewrite *w)
{
    if (w->beside[0])
        remove_made(w->io, w->beside);
    sql_close(&w->old);
    lock_give(&w->lock);
}

/* --- the new file --- */

/* It is opened and closed once more, so that what SQLite could not do silently at closing is an
 * error here. */
static bool settle(struct io *io, const char *path, struct err *err)
{
    char log[PATH_MAX + 16];
    struct sql sql = {NULL};
    struct stat left;
    bool ok;

    ok =
        sql_open(&sql, path, SQLITE_OPEN_READWRITE, err)
        && sql_exec(&sql, "pragma journal_mode = delete; pragma journal_mode = wal", err);
    sql_close(&sql);
    if (!ok)
        return err_in(err, "%s", path);
    snprintf(log, sizeof log, "%s-wal", path);
    return io->stat(io, log, &left) != 0
           || err_set(err, ERR_IO, "%s could not be closed well", path);
}

/* On disk, and the old one's owner's. */
static bool make_durable(struct io *io, const char *path, const struct stat *like,
                         struct err *err)
{
    bool ok;
    int fd;

    if (!settle(io, path, err))
        return false;
    fd = io->open(io, path, O_RDWR, 0);
    if (fd < 0)
        return err_sys(err, "cannot open %s", path);
    ok = (io->own(io, fd, like) == 0
          || err_sys(err, "cannot give %s the owner of the old file", path))
         && (io->sync(io, fd) == 0 || err_sys(err, "cannot write %s", path));
    io->close(io, fd);
    return ok;
}

/* --- the exchange --- */

/* Nobody else has the old file open any more, nor can open it; and nothing stands beside it. */
static bool shut_out_others(struct rewrite *w, struct err *err)
{
    enum { TRIES = 100, WAIT_MS = 50 };
    bool ok = sql_exec(&w->old, "pragma journal_mode = delete", err);

    for (int i = 1; !ok && err->code == ERR_CONFLICT && i < TRIES; i++) {
        sqlite3_sleep(WAIT_MS);
        ok = sql_exec(&w->old, "pragma journal_mode = delete", err);
    }
    if (ok)
        ok = sql_exec(&w->old, "begin exclusive", err);
    if (!ok && err->code == ERR_CONFLICT)
        return err_set(
            err, ERR_CONFLICT,
            "another program has %s open for reading: close it, then try again; "
            "nothing was changed",
            w->path);
    return ok || err_in(err, "%s", w->path);
}

static bool rename_over(struct io *io, const char *from, const char *to, struct err *err)
{
    return (io->rename(io, from, to) == 0
            || err_sys(err, "cannot rename %s to %s", from, to))
           && io_sync_folder(io, str_of(to), err);
}

bool rewrite_exchange(struct rewrite *w, struct rewrite_sizes *out, struct err *err)
{
    struct stat made_file;

    if (!make_durable(w->io, w->beside, &w->file, err))
        return false;
    if (w->io->stat(w->io, w->beside, &made_file) != 0)
        return err_sys(err, "cannot open %s", w->beside);
    *out = (struct rewrite_sizes){(uint64_t)w->file.st_size, (uint64_t)made_file.st_size};
    return shut_out_others(w, err) && io_sync_folder(w->io, str_of(w->path), err)
           && rename_over(w->io, w->beside, w->path, err);
}

/* --- VACUUM INTO --- */

struct vacuum {
    struct io *io;
    const struct rewrite_options *o;
    const char *to;
    uint64_t total_bytes;
};

static int vacuum_progress(void *context)
{
    const struct vacuum *v = context;
    struct stat now;

    if (v->io->stat(v->io, v->to, &now) == 0)
        v->o->progress(v->o->context, (uint64_t)now.st_size, v->total_bytes);
    return 0;
}

static bool vacuum(struct io *io, struct sql *sql, const char *to,
                   const struct rewrite_options *o, uint64_t total_bytes, struct err *err)
{
    enum { OPS = 1000 };
    struct vacuum v = {io, o, to, total_bytes};
    sqlite3_stmt *into = NULL;
    bool ok;

    if (!make_empty(io, to, err))
        return false;
    if (o->progress)
        sqlite3_progress_handler(sql->db, OPS, vacuum_progress, &v);
    ok = sqlite3_prepare_v2(sql->db, "vacuum into ?", -1, &into, NULL) == SQLITE_OK
             ? sql_run(sql, into, sql_bind_text(into, 1, str_of(to)), err)
             : sql_fail(sql, err);
    sqlite3_finalize(into);
    sqlite3_progress_handler(sql->db, 0, NULL, NULL);
    if (!ok
        && sqlite3_errcode(sql->db) == SQLITE_ERROR) /* it says so of any trouble there */
        return err_set(err, ERR_IO, "the disk failed: cannot write %s", to);
    return ok;
}

bool store_compact(struct io *io, str path, const struct rewrite_options *o,
                   struct rewrite_sizes *out, struct err *err)
{
    static const struct refill_options all = {0};
    struct rewrite w = {NULL};
    struct refill_report report;
    bool ok = rewrite_begin(&w, io, path, o, VFS_REFUSE_DAMAGED, err);

    if (ok && w.format == FORMAT)
        ok = vacuum(io, &w.old, w.beside, o, (uint64_t)w.file.st_size, err);
    else if (ok)
        ok = rewrite_refill(&w, &all, &report, err);
    ok = ok && rewrite_exchange(&w, out, err);

    rewrite_end(&w);
    return ok;
}

/* --- a copy --- */

static bool need_nothing_at(struct io *io, const char *path, struct err *err)
{
    struct stat there;

    if (io->stat(io, path, &there) == 0)
        return err_set(err, ERR_CONFLICT,
                       "%s is there already and stays as it is: give another name, or "
                       "remove it first",
                       path);
    return errno == ENOENT || err_sys(err, "cannot look at %s", path);
}

static bool copy(struct io *io, struct sql *sql, const char *from, const char *to,
                 const char *beside, const struct stat *like,
                 const struct rewrite_options *o, struct err *err)
{
    return (vacuum(io, sql, beside, o, (uint64_t)like->st_size, err)
            || err_in(err, "%s", from))
           && make_durable(io, beside, like, err) && need_nothing_at(io, to, err)
           && rename_over(io, beside, to, err);
}

bool store_backup(struct io *io, str path, str to, const struct rewrite_options *o,
                  struct rewrite_sizes *out, struct err *err)
{
    char from[PATH_MAX], target[PATH_MAX], beside[PATH_MAX];
    struct sql sql = {NULL};
    struct stat file, copied;
    int64_t format;
    bool ok;

    if (!sql_start(err) || !file_path(path, "", from, err)
        || !file_path(to, "", target, err) || !file_path(to, ".new", beside, err)
        || !file_look(io, from, &file, err) || !need_nothing_at(io, target, err))
        return false;
    ok = (sql_open(&sql, from, SQLITE_OPEN_READWRITE, err) && sql_set_up(&sql, err)
          && file_recognise(&sql, &format, err))
         || err_in(err, "%s", from);
    if (ok && !copy(io, &sql, from, target, beside, &file, o, err)) {
        remove_made(io, beside);
        ok = false;
    }
    sql_close(&sql);
    if (ok && io->stat(io, target, &copied) != 0)
        ok = err_sys(err, "cannot open %s", target);
    if (ok)
        *out = (struct rewrite_sizes){(uint64_t)file.st_size, (uint64_t)copied.st_size};
    return ok;
}
