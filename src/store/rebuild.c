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

bool rewrite_migrate(struct io *io, str path, size_t memory_bytes, struct err *err)
{
    const struct rewrite_options o = {.memory_bytes = memory_bytes};
    static const struct refill_options all = {.salvages = false};
    struct rewrite_sizes sizes;
    struct rewrite w = {NULL};
    struct refill_report report;
    bool ok = rewrite_begin(&w, io, path, &o, VFS_REFUSE_DAMAGED, err);

    if (ok && w.format < FORMAT) /* else somebody else did it meanwhile */
        ok = rewrite_refill(&w, &all, &report, err) && rewrite_exchange(&w, &sizes, err);
    rewrite_end(&w);
    return ok || err_in(err, "it is of an older format and must be migrated first");
}

/* --- erase --- */

static bool gather(const str *customer, size_t n, struct text_table *out, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t number;

        if (!customer[i].n || customer[i].n > EVENT_NAME_MAX)
            return err_set(err, ERR_INPUT, "a customer's id has 1 to %u bytes",
                           EVENT_NAME_MAX);
        if (!text_table_add(out, customer[i], &number))
            return err_nomem(err);
    }
    return n || err_set(err, ERR_INPUT, "no customer is named");
}

/* What the file knows of the customers asked for. */
struct search {
    const struct text_table *wanted;
    bool *found;
};

static bool look_for(void *context, sqlite3_stmt *row, [[maybe_unused]] struct err *err)
{
    struct search *s = context;
    uint32_t number = text_table_find(s->wanted, sql_column(row, 1));

    if (number != TEXT_NONE)
        s->found[number] = true;
    return true;
}

static bool need_known(struct sql *sql, const struct text_table *wanted, struct err *err)
{
    struct search s = {wanted, mem_alloc(wanted->n * sizeof(bool))};
    uint32_t unknown = 0, first = 0;
    bool ok;

    if (!s.found)
        return err_nomem(err);
    ok = each_row(sql, SQL_CUSTOMER_ALL, look_for, &s, err);
    for (uint32_t i = wanted->n; ok && i-- > 0;) {
        if (!s.found[i]) {
            unknown++;
            first = i;
        }
    }
    mem_free(s.found);
    if (!ok || !unknown)
        return ok;
    if (unknown > 1)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no customer %.*s, nor %u others of those named; nothing "
                       "was changed",
                       STR_FMT(text_table_get(wanted, first)), unknown - 1);
    return err_set(err, ERR_NOT_FOUND, "there is no customer %.*s; nothing was changed",
                   STR_FMT(text_table_get(wanted, first)));
}

bool store_erase(struct io *io, str path, const str *customer, size_t n,
                 const struct rewrite_options *o, struct erase_report *out,
                 struct err *err)
{
    struct text_table wanted = {0};
    const struct refill_options erase = {.erases = &wanted};
    struct rewrite w = {NULL};
    struct refill_report report;
    bool ok;

    ok = gather(customer, n, &wanted, err)
         && rewrite_begin(&w, io, path, o, VFS_REFUSE_DAMAGED, err)
         && need_known(&w.old, &wanted, err) && rewrite_refill(&w, &erase, &report, err)
         && rewrite_exchange(&w, &out->sizes, err);
    rewrite_end(&w);
    text_table_free(&wanted);
    if (ok) {
        out->events = report.erased_events;
        out->refused = report.erased_refused;
    }
    return ok;
}
