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
    bool ok = rewrite_begin(&w, io, path, &o, VFS_REFUSE_DAMAGED, err);

    if (ok && w.format < FORMAT) /* else somebody else did it meanwhile */
        ok = rewrite_refill(&w, &all, &report, err) && rewrite_exchange(&w, &sizes, err);
    rewrite_end(&w);
    return ok || err_in(err, "it is of an older format and must be migrated first");
}

/* --- erase --- */

/* Whose events are erased: all anchors that stand with the customers asked for. */
struct erasing {
    struct catalog catalog; /* of the old file */
    struct homes homes;
    bool *homes_of;              /* by number: its events go */
    struct text_table keys, ids; /* of the anchors */
};

static bool need_named(const str *customer, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!customer[i].n || customer[i].n > CUSTOMER_KEY_MAX)
            return err_set(err, ERR_INPUT, "a customer's id has 1 to %u bytes",
                           EVENT_NAME_MAX);
    }
    return n || err_set(err, ERR_INPUT, "no customer is named");
}

/* The first who is unknown, and how many others are. */
static bool find_homes(struct erasing *e, const str *customer, size_t n, struct err *err)
{
    size_t unknown = 0;
    str first = STR("");

    e->homes_of = mem_alloc(e->homes.n * sizeof *e->homes_of);
    if (!e->homes_of)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        uint32_t number = catalog_customer_find(&e->catalog, customer[i]);

        if (number == CUSTOMER_NONE) {
            if (!unknown++)
                customer_key_kind(customer[i], &first);
            continue;
        }
        if (e->homes.home[number] != HOME_NONE)
            number = e->homes.home[number];
        e->homes_of[number] = true;
    }
    if (unknown > 1)
        return err_set(
            err, ERR_NOT_FOUND,
            "there is no customer %.*s, nor %zu others of those named; nothing "
            "was changed",
            STR_FMT(first), unknown - 1);
    return !unknown
           || err_set(err, ERR_NOT_FOUND,
                      "there is no customer %.*s; nothing was changed", STR_FMT(first));
}

static bool add_anchor(struct erasing *e, uint32_t number, struct err *err)
{
    str key = catalog_customer_key(&e->catalog, number), id;
    uint32_t ignored;

    customer_key_kind(key, &id);
    return (text_table_add(&e->keys, key, &ignored)
            && text_table_add(&e->ids, id, &ignored))
           || err_nomem(err);
}

static bool find_anchors(struct erasing *e, const str *customer, size_t n,
                         struct err *err)
{
    if (!find_homes(e, customer, n, err))
        return false;
    for (uint32_t i = 0; i < e->homes.n; i++) {
        uint32_t home = e->homes.home[i];

        if (e->homes_of[home == HOME_NONE ? i : home] && !add_anchor(e, i, err))
            return false;
    }
    return true;
}

static bool load_old(struct rewrite *w, struct erasing *e, struct err *err)
{
    return catalog_init(&e->catalog, err)
           && (load_names(&w->old, &e->catalog, &e->homes, err)
               || err_in(err, "%s", w->path));
}

static void erasing_free(struct erasing *e)
{
    catalog_free(&e->catalog);
    homes_free(&e->homes);
    mem_free(e->homes_of);
    text_table_free(&e->keys);
    text_table_free(&e->ids);
}

/* Who stands where is only known of a file of this format. */
static bool begin_erase(struct rewrite *w, struct io *io, str path,
                        const struct rewrite_options *o, struct err *err)
{
    if (!rewrite_begin(w, io, path, o, VFS_REFUSE_DAMAGED, err))
        return false;
    if (w->format == FORMAT)
        return true;
    rewrite_end(w);
    *w = (struct rewrite){NULL};
    return rewrite_migrate(io, path, o->memory_bytes, o->owner, err)
           && rewrite_begin(w, io, path, o, VFS_REFUSE_DAMAGED, err);
}

bool store_erase(struct io *io, str path, const str *customer, size_t n,
                 const struct rewrite_options *o, struct erase_report *out,
                 struct err *err)
{
    struct erasing e = {.homes_of = NULL};
    const struct refill_options erase = {.erases = &e.keys, .ids = &e.ids};
    struct rewrite w = {NULL};
    struct refill_report report;
    bool ok;

    ok = need_named(customer, n, err) && begin_erase(&w, io, path, o, err)
         && load_old(&w, &e, err) && find_anchors(&e, customer, n, err)
         && rewrite_refill(&w, &erase, &report, err)
         && rewrite_exchange(&w, &out->sizes, err);
    rewrite_end(&w);
    erasing_free(&e);
    if (ok) {
        out->events = report.erased_events;
        out->refused = report.erased_refused;
    }
    return ok;
}
