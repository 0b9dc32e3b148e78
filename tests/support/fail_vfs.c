#include "support/fail_vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>

static struct {
    enum vfs_failure failure;
    size_t nth, operations;
    bool struck;
} armed;

/* Behind it stands the real file. */
struct file {
    sqlite3_file base;
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real(sqlite3_file *file)
{
    return (sqlite3_file *)((struct file *)file + 1);
}

static bool strikes(bool writes)
{
    bool hit;

    if (armed.failure == VFS_FAIL_NEVER || (armed.failure == VFS_FAIL_FULL && !writes))
        return false;
    armed.operations++;
    hit = armed.operations == armed.nth
          || (armed.operations > armed.nth && armed.failure != VFS_FAIL_ONCE);
    armed.struck |= hit;
    return hit;
}

void vfs_failing_arm(enum vfs_failure failure, size_t nth)
{
    armed.failure = failure;
    armed.nth = nth;
    armed.operations = 0;
    armed.struck = false;
}

bool vfs_failing_struck(void)
{
    return armed.struck;
}

static int failing_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int failing_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return strikes(false) ? SQLITE_IOERR_READ
                          : real(file)->pMethods->xRead(real(file), to, n, at);
}

static int failing_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    if (!strikes(true))
        return real(file)->pMethods->xWrite(real(file), from, n, at);
    if (armed.failure != VFS_FAIL_FULL)
        return SQLITE_IOERR_WRITE;
    if (armed.operations == armed.nth && n > 1)
        real(file)->pMethods->xWrite(real(file), from, n / 2, at);
    return SQLITE_FULL;
}

static int failing_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return strikes(false) ? SQLITE_IOERR_TRUNCATE
                          : real(file)->pMethods->xTruncate(real(file), size);
}

static int failing_sync([[maybe_unused]] sqlite3_file *file, [[maybe_unused]] int flags)
{
    return strikes(false) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int failing_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int failing_lock(sqlite3_file *file, int lock)
{
    return real(file)->pMethods->xLock(real(file), lock);
}

static int failing_unlock(sqlite3_file *file, int lock)
{
    return real(file)->pMethods->xUnlock(real(file), lock);
}

static int failing_reserved(sqlite3_file *file, int *out)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int failing_control(sqlite3_file *file, int op, void *argument)
{
    return real(file)->pMethods->xFileControl(real(file), op, argument);
}

static int failing_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int failing_device(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int failing_shm_map(sqlite3_file *file, int page, int size, int extend,
                           void volatile **out)
{
    return strikes(false)
               ? SQLITE_IOERR_SHMMAP
               : real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int failing_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void failing_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int failing_shm_unmap(sqlite3_file *file, int delete)
{
    return real(file)->pMethods->xShmUnmap(real(file), delete);
}

static int failing_open([[maybe_unused]] sqlite3_vfs *vfs, sqlite3_filename name,
                        sqlite3_file *file, int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = failing_close,
        .xRead = failing_read,
        .xWrite = failing_write,
        .xTruncate = failing_truncate,
        .xSync = failing_sync,
        .xFileSize = failing_size,
        .xLock = failing_lock,
        .xUnlock = failing_unlock,
        .xCheckReservedLock = failing_reserved,
        .xFileControl = failing_control,
        .xSectorSize = failing_sector,
        .xDeviceCharacteristics = failing_device,
        .xShmMap = failing_shm_map,
        .xShmLock = failing_shm_lock,
        .xShmBarrier = failing_shm_barrier,
        .xShmUnmap = failing_shm_unmap,
    };
    int rc;

    file->pMethods = NULL;
    if (strikes(false))
        return SQLITE_CANTOPEN;
    rc = real_vfs->xOpen(real_vfs, name, real(file), flags, out_flags);
    if (real(file)->pMethods)
        file->pMethods = &methods;
    return rc;
}

static int failing_delete([[maybe_unused]] sqlite3_vfs *vfs, const char *name,
                          [[maybe_unused]] int sync)
{
    return strikes(false) ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, 0);
}

static int failing_last_error([[maybe_unused]] sqlite3_vfs *vfs, [[maybe_unused]] int n,
                              [[maybe_unused]] char *text)
{
    return armed.struck ? (armed.failure == VFS_FAIL_FULL ? ENOSPC : EIO) : 0;
}

void vfs_failing_install(void)
{
    static sqlite3_vfs vfs;

    if (real_vfs)
        return;
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "failing";
    vfs.szOsFile += (int)sizeof(struct file);
    vfs.xOpen = failing_open;
    vfs.xDelete = failing_delete;
    vfs.xGetLastError = failing_last_error;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        abort();
}
