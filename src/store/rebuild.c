#include "store/rewrite_impl.h"
#include "store/store_impl.h"
#include "store/vfs.h"

#include <errno.h>

/* --- rebuild --- */

/* Reads until the buffer is full or the file ends. */
static bool read_page(struct io *io, int fd, unsigned char page[VFS_PAGE_BYTES],
                      size_t *n, struct err *err)
{
    *n = 0;
    while (*n < VFS_PAGE_BYTES) {
        ssize_t got = io->read(io, fd, page + *n, VFS_PAGE_BYTES - *n);

        if (got == 0)
            break;
        if (got > 0)
            *n += (size_t)got;
        else if (errno != EINTR)
            return err_sys(err, "cannot read the pages of the file");
    }
    return true;
}

/* Counts damaged pages, by the descriptor of our lock: closing another one of this file would
 * take SQLite's locks away. */
static bool look_at_pages(const struct rewrite *w, struct rebuild_report *out,
                          struct err *err)
{
    unsigned char page[VFS_PAGE_BYTES];
    bool ours = false;
    size_t n;

    for (;;) {
        if (!read_page(w->io, w->lock.fd, page, &n, err))
            return false;
        if (n < VFS_PAGE_BYTES)
            return true;
        if (!out->pages++)
            ours = vfs_page_is_ours(page);
        if (!ours || vfs_page_is_whole(page))
            continue;
        out->pages_damaged++;
        out->pages_mended += vfs_page_mend(page);
    }
}

bool store_rebuild(struct io *io, str path, const struct rewrite_options *o,
                   struct arena *a, struct rebuild_report *out, struct err *err)
{
    struct refill_options salvage = {.salvages = true, .arena = a};
    struct rewrite w = {NULL};
    struct refill_report report;
    bool ok;

    *out = (struct rebuild_report){.pages = 0};
    ok = rewrite_begin(&w, io, path, o, VFS_MEND_DAMAGED, err);
    if (ok) /* pages that a crash left half-written stand whole in the log beside the file */
        sqlite3_wal_checkpoint_v2(w.old.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    ok = ok && look_at_pages(&w, out, err);
    /* among whole pages no row gets lost: what is missing was lost by an earlier rebuild */
    salvage.misses = w.format == 1 || out->pages_mended < out->pages_damaged;
    ok = ok && rewrite_refill(&w, &salvage, &report, err);
    out->is_made = ok && (o->accepts_loss || !report.lost_n);
    if (out->is_made)
        ok = rewrite_exchange(&w, &out->sizes, err);
    rewrite_end(&w);
    if (ok) {
        out->events = report.events;
        out->doubled = report.doubled;
        out->lost = report.lost;
        out->lost_n = report.lost_n;
    }
    return ok;
}

/* --- migration --- */

bool rewrite_migrate(struct io *io, str path, size_t memory_bytes,
                     const struct store_owner *owner, struct err *err)
{
    const struct rewrite_options o = {.memory_bytes = memory_bytes, .owner = owner};
    static const struct refill_options all = {.salvages = false};
    struct rewrite_sizes sizes;
    struct rewrite w = {NULL};
    struct refill_report report;
    int64_t groups = 0;
    bool ok = rewrite_begin(&w, io, path, &o, VFS_REFUSE_DAMAGED, err)
              && (w.format != 5
                  || sql_number(&w.old, "select count(*) from type where name = 'group'",
                                &groups, err));

    if (ok && w.format >= 5 && w.format < FORMAT
        && !groups) /* of group calls in format 5 the log says who is whose member */
        ok = file_migrate(&w.old, w.format, err);
    else if (ok && w.format < FORMAT) /* else somebody else did it meanwhile */
        ok = rewrite_refill(&w, &all, &report, err) && rewrite_exchange(&w, &sizes, err);
    rewrite_end(&w);
    return ok || err_in(err, "it is of an older format and must be migrated first");
}
