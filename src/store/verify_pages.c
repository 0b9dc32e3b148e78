#include "store/file_impl.h"
#include "store/verify_impl.h"
#include "store/vfs.h"

/* A page that another process is just writing is asked for again. */
static int read_page(sqlite3_file *file, void *page, int64_t number)
{
    enum { TRIES = 20 };
    int rc = SQLITE_IOERR_DATA;

    for (int i = 0; i < TRIES && rc == SQLITE_IOERR_DATA; i++) {
        rc = file->pMethods->xRead(file, page, VFS_PAGE_BYTES,
                                   (number - 1) * VFS_PAGE_BYTES);
        if (rc == SQLITE_OK && !vfs_page_is_whole(page))
            rc = SQLITE_IOERR_DATA;
    }
    return rc;
}

/* What stands whole in the log beside the file, since a crash left it half-written in the file,
 * is written again. */
static void write_back(struct verify *v)
{
    struct sql sql = {NULL};
    struct err unheard;

    if (sql_open(&sql, sqlite3_db_filename(v->sql->db, "main"), SQLITE_OPEN_READWRITE,
                 &unheard))
        sql_exec(&sql, "pragma wal_checkpoint(passive)", &unheard);
    sql_close(&sql);
}

static void found_page(struct verify *v, int64_t number)
{
    static const char *const truth[] = {"log",     "refused", "model",   "erased",
                                        "setting", "key",     "receipt", "webhook",
                                        "journal", "spend",   "saved"};
    char owner[SQL_OWNER_BYTES];
    const char *table = NULL;

    sql_page_owner(v->sql->db, number, owner);
    for (size_t i = 0; i < sizeof truth / sizeof *truth; i++) {
        if (str_eq(str_of(owner), str_of(truth[i])))
            table = truth[i];
    }
    found(v, table ? table : "page", table, "page %lld%s%s: its checksum is wrong",
          (long long)number, *owner ? ", table " : "", owner);
}

static bool walk_pages(struct verify *v, void *page, struct err *err)
{
    sqlite3_int64 bytes;
    sqlite3_file *file;
    int64_t n;

    if (sqlite3_file_control(v->sql->db, "main", SQLITE_FCNTL_FILE_POINTER, &file)
            != SQLITE_OK
        || file->pMethods->xFileSize(file, &bytes) != SQLITE_OK)
        return err_set(err, ERR_IO, "the file's size cannot be had");
    n = bytes / VFS_PAGE_BYTES;
    for (int64_t number = 1; number <= n; number++) {
        int rc = read_page(file, page, number);

        if (rc == SQLITE_IOERR_DATA) {
            write_back(v);
            rc = read_page(file, page, number);
        }
        step(v, VERIFY_PAGES, (uint64_t)number, (uint64_t)n);
        if (rc == SQLITE_IOERR_DATA)
            found_page(v, number);
        else if (rc != SQLITE_OK)
            return err_set(err, ERR_IO, "page %lld cannot be read: %s", (long long)number,
                           sqlite3_errstr(rc));
    }
    v->report->pages = (uint64_t)n;
    return true;
}

bool verify_pages(struct verify *v, struct err *err)
{
    void *page = mem_alloc(VFS_PAGE_BYTES);
    bool ok = page ? walk_pages(v, page, err) : err_nomem(err);

    mem_free(page);
    return ok;
}

static bool look_at_pages(struct verify *v, struct sql *sql, str path, struct err *err)
{
    char name[PATH_MAX];
    struct buf uri = {0};
    bool ok = file_path(path, "", name, err) && sql_uri(name, VFS_KEEP_DAMAGED, &uri, err)
              && sql_open(sql, uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);

    buf_free(&uri);
    v->sql = sql;
    return ok && verify_pages(v, err);
}

bool verify_unopened(struct verify *v, str path, const struct err *why, struct err *err)
{
    struct sql sql = {0};
    bool ok;

    *err = *why;
    if (why->code != ERR_CORRUPT)
        return false;
    ok = look_at_pages(v, &sql, path, err);
    sql_close(&sql);
    if (ok && !v->report->differences)
        found(v, "file", false, "%s", why->msg);
    return ok;
}
