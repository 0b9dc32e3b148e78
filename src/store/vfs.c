#include "store/vfs.h"

#include "base/hash.h"

#include <sqlite3.h>
#include <string.h>

/* SQLite first reads a file's header, which says how large pages are, and only then its first
 * page, perhaps from the log beside it. So the header is never refused: when its page is damaged
 * the few bytes that SQLite takes from it are given as they must be, and the page is found
 * damaged when it is read whole. */

enum {
    HEADER_BYTES = 100,
    UNDER_BYTES = 1024, /* room for a file of the VFS below */
    PATH_BYTES = 512,   /* as SQLite's own */
    CHECKED_BYTES = VFS_PAGE_BYTES - VFS_RESERVED,
};

struct file {
    sqlite3_file base;
    bool is_checked; /* its pages have checksums */
    enum damaged_pages { REFUSE, KEEP, MEND } damaged_pages;
    int64_t damaged; /* page, from 1 */
    max_align_t under[UNDER_BYTES / sizeof(max_align_t)];
};

/* --- pages --- */

/* Written so that its bytes do not depend on the machine. */
static void checksum_print(const unsigned char *page, unsigned char out[VFS_RESERVED])
{
    uint64_t sum = hash64((str){(const char *)page, CHECKED_BYTES});

    for (int i = 0; i < VFS_RESERVED; i++)
        out[i] = (unsigned char)(sum >> 8 * i);
}

static bool is_zero(const unsigned char *page)
{
    return !page[0] && memcmp(page, page + 1, VFS_PAGE_BYTES - 1) == 0;
}

bool vfs_page_is_whole(const unsigned char page[VFS_PAGE_BYTES])
{
    unsigned char sum[VFS_RESERVED];

    checksum_print(page, sum);
    return memcmp(sum, page + CHECKED_BYTES, VFS_RESERVED) == 0 || is_zero(page);
}

/* A flipped bit of the checksum itself is seen at once; for one before it all are tried. */
bool vfs_page_mend(unsigned char page[VFS_PAGE_BYTES])
{
    unsigned char sum[VFS_RESERVED];
    int wrong = 0;

    checksum_print(page, sum);
    for (int i = 0; i < VFS_RESERVED; i++)
        wrong += __builtin_popcount(sum[i] ^ page[CHECKED_BYTES + i]);
    if (wrong <= 1) {
        memcpy(page + CHECKED_BYTES, sum, VFS_RESERVED);
        return true;
    }
    for (int bit = 0; bit < CHECKED_BYTES * 8; bit++) {
        unsigned char mask = (unsigned char)(1 << bit % 8);

        page[bit / 8] ^= mask;
        if (vfs_page_is_whole(page))
            return true;
        page[bit / 8] ^= mask;
    }
    return false;
}

/* What SQLite takes from the header: the first words, the size of a page, the bytes reserved. */
static const unsigned char first_words[16] = "SQLite format 3";
enum { SIZE_AT = 16, RESERVED_AT = 20, APPLICATION_AT = 68 };
static const unsigned char application[4] = "Cicl";

bool vfs_page_is_ours(const unsigned char page[VFS_PAGE_BYTES])
{
    bool reserves = page[RESERVED_AT] == VFS_RESERVED;
    bool named = memcmp(page + APPLICATION_AT, application, sizeof application) == 0;
    unsigned char copy[VFS_PAGE_BYTES];

    if (reserves && (named || vfs_page_is_whole(page)))
        return true;
    if (!reserves && !named)
        return false;
    memcpy(copy, page,
           sizeof copy); /* at most one of the two was lost by one flipped bit */
    return vfs_page_mend(copy);
}

static void mend_header(unsigned char *header)
{
    memcpy(header, first_words, sizeof first_words);
    header[SIZE_AT] = VFS_PAGE_BYTES >> 8;
    header[SIZE_AT + 1] = 0;
    header[RESERVED_AT] = VFS_RESERVED;
}

/* --- the data file --- */

static struct file *file_of(sqlite3_file *file)
{
    return (struct file *)file;
}

static sqlite3_file *under(sqlite3_file *file)
{
    return (sqlite3_file *)file_of(file)->under;
}

static int file_close(sqlite3_file *file)
{
    return under(file)->pMethods->xClose(under(file));
}

static int under_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return under(file)->pMethods->xRead(under(file), to, n, at);
}

static int read_header(sqlite3_file *file, void *to)
{
    struct file *f = file_of(file);
    unsigned char page[VFS_PAGE_BYTES];
    int rc = under_read(file, page, sizeof page, 0);

    if (rc == SQLITE_IOERR_SHORT_READ)
        return under_read(file, to, HEADER_BYTES, 0);
    if (rc != SQLITE_OK)
        return rc;
    f->is_checked = vfs_page_is_ours(page);
    if (f->is_checked)
        mend_header(page);
    memcpy(to, page, HEADER_BYTES);
    return SQLITE_OK;
}

/* The page that holds these bytes is read whole. */
static int read_checked(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    struct file *f = file_of(file);
    unsigned char part[VFS_PAGE_BYTES];
    sqlite3_int64 page_at = at - at % VFS_PAGE_BYTES;
    unsigned char *page = n == VFS_PAGE_BYTES ? to : part;
    int rc = under_read(file, page, VFS_PAGE_BYTES, page_at);

    if (rc == SQLITE_IOERR_SHORT_READ)
        return page == to ? rc : under_read(file, to, n, at);
    if (rc != SQLITE_OK)
        return rc;
    if (!vfs_page_is_whole(page)) {
        f->damaged = page_at / VFS_PAGE_BYTES + 1;
        if (f->damaged_pages == REFUSE)
            return SQLITE_IOERR_DATA;
        if (f->damaged_pages == MEND)
            vfs_page_mend(page);
    }
    if (page != to)
        memcpy(to, page + (at - page_at), (size_t)n);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    if (at == 0 && n == HEADER_BYTES)
        return read_header(file, to);
    if (!file_of(file)->is_checked
        || at / VFS_PAGE_BYTES != (at + n - 1) / VFS_PAGE_BYTES)
        return under_read(file, to, n, at);
    return read_checked(file, to, n, at);
}

static int file_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    struct file *f = file_of(file);
    unsigned char page[VFS_PAGE_BYTES];

    if (at == 0 && n > RESERVED_AT)
        f->is_checked = n == VFS_PAGE_BYTES
                        && ((const unsigned char *)from)[RESERVED_AT] == VFS_RESERVED;
    if (f->is_checked && n == VFS_PAGE_BYTES && at % VFS_PAGE_BYTES == 0) {
        memcpy(page, from, CHECKED_BYTES);
        checksum_print(page, page + CHECKED_BYTES);
        from = page;
    }
    return under(file)->pMethods->xWrite(under(file), from, n, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return under(file)->pMethods->xTruncate(under(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    return under(file)->pMethods->xSync(under(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return under(file)->pMethods->xFileSize(under(file), size);
}

static int file_lock(sqlite3_file *file, int lock)
{
    return under(file)->pMethods->xLock(under(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    return under(file)->pMethods->xUnlock(under(file), lock);
}

static int file_check_lock(sqlite3_file *file, int *out)
{
    return under(file)->pMethods->xCheckReservedLock(under(file), out);
}

static int file_control(sqlite3_file *file, int what, void *argument)
{
    if (what == VFS_CONTROL_DAMAGED) {
        *(int64_t *)argument = file_of(file)->damaged;
        return SQLITE_OK;
    }
    return under(file)->pMethods->xFileControl(under(file), what, argument);
}

static int file_sector(sqlite3_file *file)
{
    return under(file)->pMethods->xSectorSize(under(file));
}

static int file_device(sqlite3_file *file)
{
    return under(file)->pMethods->xDeviceCharacteristics(under(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend,
                        void volatile **out)
{
    return under(file)->pMethods->xShmMap(under(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return under(file)->pMethods->xShmLock(under(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    under(file)->pMethods->xShmBarrier(under(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return under(file)->pMethods->xShmUnmap(under(file), remove);
}

/* Version 2: files that SQLite may map into memory (3) would be read past the checks. */
static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* --- the VFS --- */

static sqlite3_vfs *below(void)
{
    return sqlite3_vfs_find(NULL);
}

static int open_data_file(sqlite3_filename name, sqlite3_file *file, int flags,
                          int *out_flags)
{
    struct file *f = file_of(file);
    sqlite3_int64 size;
    int rc;

    *f = (struct file){.is_checked = false};
    rc = below()->xOpen(below(), name, under(file), flags, out_flags);
    if (rc != SQLITE_OK)
        return rc;
    f->base.pMethods = &file_methods; /* from here on SQLite closes it */
    f->damaged_pages = (enum damaged_pages)sqlite3_uri_int64(name, "damaged", REFUSE);
    rc = file_size(file, &size);
    f->is_checked =
        rc == SQLITE_OK && size == 0; /* VACUUM may write its first page last */
    return rc;
}

static int vfs_open([[maybe_unused]] sqlite3_vfs *vfs, sqlite3_filename name,
                    sqlite3_file *file, int flags, int *out_flags)
{
    file->pMethods = NULL;
    if (below()->szOsFile > UNDER_BYTES)
        return SQLITE_CANTOPEN;
    return flags & SQLITE_OPEN_MAIN_DB
               ? open_data_file(name, file, flags, out_flags)
               : below()->xOpen(below(), name, file, flags, out_flags);
}

static int vfs_delete([[maybe_unused]] sqlite3_vfs *vfs, const char *name, int sync)
{
    return below()->xDelete(below(), name, sync);
}

static int vfs_access([[maybe_unused]] sqlite3_vfs *vfs, const char *name, int flags,
                      int *out)
{
    return below()->xAccess(below(), name, flags, out);
}

static int vfs_full_path([[maybe_unused]] sqlite3_vfs *vfs, const char *name, int n,
                         char *out)
{
    return below()->xFullPathname(below(), name, n, out);
}

static int vfs_randomness([[maybe_unused]] sqlite3_vfs *vfs, int n, char *out)
{
    return below()->xRandomness(below(), n, out);
}

static int vfs_sleep([[maybe_unused]] sqlite3_vfs *vfs, int us)
{
    return below()->xSleep(below(), us);
}

static int vfs_time([[maybe_unused]] sqlite3_vfs *vfs, double *out)
{
    return below()->xCurrentTime(below(), out);
}

static int vfs_last_error([[maybe_unused]] sqlite3_vfs *vfs, int n, char *out)
{
    return below()->xGetLastError(below(), n, out);
}

int vfs_register(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 1,
        .szOsFile = sizeof(struct file),
        .mxPathname = PATH_BYTES,
        .zName = VFS_NAME,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xCurrentTime = vfs_time,
        .xGetLastError = vfs_last_error,
    };

    return sqlite3_vfs_find(VFS_NAME) ? SQLITE_OK : sqlite3_vfs_register(&vfs, 0);
}
