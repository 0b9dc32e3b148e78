#include "support/sim_disk.h"

#include "base/random.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512, NAME_MAX_BYTES = 64, NAMES_MAX = 32, FDS_MAX = 32, FD_FIRST = 1000 };
enum { SHM_LOCKS = SQLITE_SHM_NLOCK, SHM_REGIONS = 64 };

/* --- what the disk is made of --- */

/* A write, or with .bytes NULL a truncation (or an extension) to .at. */
struct change {
    struct change *next;
    uint64_t at;
    size_t n;
    unsigned char bytes[];
};

struct bytes {
    unsigned char *p;
    size_t n, cap;
};

struct handle;

struct file {
    struct file *next;
    struct bytes now, kept;       /* as programs see it; as it was at the last sync */
    struct change *first, **last; /* since then */
    uint32_t change_n;
    uint32_t opens;
    ino_t inode;

    uint32_t shared; /* handles at SHARED or more */
    const struct handle *reserved, *pending, *exclusive;
    uint32_t shm_users, shm_shared[SHM_LOCKS];
    const struct handle *shm_alone[SHM_LOCKS];
    void *region[SHM_REGIONS];
    int flock_shared; /* descriptors */
    int flock_alone;  /* a descriptor, or 0 */
};

struct name {
    char text[NAME_MAX_BYTES];
    struct file *file;
};

struct names {
    struct name name[NAMES_MAX];
    uint32_t n;
};

/* A name given, or with .file NULL taken away; a rename takes .from away as well. */
struct naming {
    struct naming *next;
    struct file *file;
    char name[NAME_MAX_BYTES], from[NAME_MAX_BYTES];
};

/* A descriptor of base/io. */
struct open_file {
    bool used, writes;
    struct file *file; /* NULL: the folder */
    uint64_t at;
    enum { UNLOCKED, LOCKED_SHARED, LOCKED_ALONE } lock;
};

struct sim_disk {
    struct io io; /* first: what base/io is given */
    sqlite3_vfs vfs;
    pthread_mutex_t lock; /* guards all that follows */
    struct file *files;
    struct names now, kept;
    struct naming *naming, **last_naming;
    struct open_file fd[FDS_MAX];
    uint32_t handles;
    ino_t inodes;
    struct random chance;
    bool syncs, traces;

    enum sim_failure failure;
    uint64_t nth, operations, changes;
    bool struck, stopped;
};

/* A file as SQLite has it open. */
struct handle {
    sqlite3_file base;
    struct sim_disk *disk;
    struct file *file;
    const char *name; /* SQLite's, as long as it is open */
    bool read_only, sync_folder;
    int lock;
    bool shm_used;
    bool shm_shared[SHM_LOCKS];
};

static void *need(void *block)
{
    if (!block) {
        perror("the simulated disk");
        abort();
    }
    return block;
}

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "the simulated disk: %s\n", what);
    abort();
}

__attribute__((format(printf, 2, 3))) static void trace(const struct sim_disk *d,
                                                        const char *format, ...)
{
    va_list args;

    if (!d->traces)
        return;
    fprintf(stderr, "disk %5" PRIu64 ": ", d->changes);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* --- bytes --- */

static void bytes_resize(struct bytes *b, size_t n)
{
    if (n > b->cap) {
        b->cap = n + n / 2 + SECTOR;
        b->p = need(realloc(b->p, b->cap));
    }
    if (n > b->n)
        memset(b->p + b->n, 0, n - b->n);
    b->n = n;
}

static void bytes_put(struct bytes *b, uint64_t at, const unsigned char *from, size_t n)
{
    if (at + n > b->n)
        bytes_resize(b, at + n);
    if (n > 0)
        memcpy(b->p + at, from, n);
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
    to->n = 0;
    bytes_put(to, 0, from->p, from->n);
}

/* --- files --- */

static bool is_cut(const struct change *c)
{
    return c->n == 0;
}

static struct file *file_new(struct sim_disk *d)
{
    struct file *f = need(calloc(1, sizeof *f));

    f->last = &f->first;
    f->inode = ++d->inodes;
    f->next = d->files;
    d->files = f;
    return f;
}

static void file_note(struct file *f, uint64_t at, const void *bytes, size_t n)
{
    struct change *c = need(malloc(sizeof *c + n));

    c->next = NULL;
    c->at = at;
    c->n = n;
    if (n > 0)
        memcpy(c->bytes, bytes, n);
    *f->last = c;
    f->last = &c->next;
    f->change_n++;
}

static void file_write(struct file *f, uint64_t at, const void *bytes, size_t n)
{
    if (n == 0)
        return;
    file_note(f, at, bytes, n);
    bytes_put(&f->now, at, bytes, n);
}

static void file_cut(struct file *f, uint64_t n)
{
    if (n == f->now.n)
        return;
    file_note(f, n, NULL, 0);
    bytes_resize(&f->now, n);
}

static void file_forget_changes(struct file *f)
{
    while (f->first) {
        struct change *c = f->first;

        f->first = c->next;
        free(c);
    }
    f->last = &f->first;
    f->change_n = 0;
}

static void file_sync(struct file *f)
{
    for (const struct change *c = f->first; c; c = c->next) {
        if (is_cut(c))
            bytes_resize(&f->kept, c->at);
        else
            bytes_put(&f->kept, c->at, c->bytes, c->n);
    }
    file_forget_changes(f);
}

static void file_free(struct file *f)
{
    file_forget_changes(f);
    for (int i = 0; i < SHM_REGIONS; i++)
        free(f->region[i]);
    free(f->now.p);
    free(f->kept.p);
    free(f);
}

/* --- names --- */

static const char *plain(const char *path)
{
    if (path[0] == '.' && path[1] == '/')
        path += 2;
    while (*path == '/')
        path++;
    return path;
}

static bool is_folder(const char *path)
{
    path = plain(path);
    return !*path || strcmp(path, ".") == 0;
}

static struct file *names_find(const struct names *names, const char *path)
{
    path = plain(path);
    for (uint32_t i = 0; i < names->n; i++) {
        if (strcmp(names->name[i].text, path) == 0)
            return names->name[i].file;
    }
    return NULL;
}

static void names_remove(struct names *names, const char *name)
{
    for (uint32_t i = 0; i < names->n; i++) {
        if (strcmp(names->name[i].text, name) == 0) {
            names->name[i] = names->name[--names->n];
            return;
        }
    }
}

static void names_apply(struct names *names, const struct naming *n)
{
    struct name *name;

    names_remove(names, n->from);
    names_remove(names, n->name);
    if (!n->file)
        return;
    must(names->n < NAMES_MAX, "too many names");
    name = &names->name[names->n++];
    memcpy(name->text, n->name, sizeof name->text);
    name->file = n->file;
}

static void name_copy(char to[NAME_MAX_BYTES], const char *path)
{
    path = plain(path);
    must(strlen(path) < NAME_MAX_BYTES && !strchr(path, '/'), path);
    memcpy(to, path, strlen(path) + 1);
}

static void rename_to(struct sim_disk *d, struct file *file, const char *from,
                      const char *to)
{
    struct naming *n = need(calloc(1, sizeof *n));

    trace(d, "%s %s", file ? "name" : "unlink", to);
    n->file = file;
    name_copy(n->name, to);
    name_copy(n->from, from);
    *d->last_naming = n;
    d->last_naming = &n->next;
    names_apply(&d->now, n);
}

static void forget_namings(struct sim_disk *d)
{
    while (d->naming) {
        struct naming *n = d->naming;

        d->naming = n->next;
        free(n);
    }
    d->last_naming = &d->naming;
}

static bool is_named(const struct sim_disk *d, const struct file *f)
{
    for (uint32_t i = 0; i < d->now.n; i++) {
        if (d->now.name[i].file == f)
            return true;
    }
    for (uint32_t i = 0; i < d->kept.n; i++) {
        if (d->kept.name[i].file == f)
            return true;
    }
    for (const struct naming *n = d->naming; n; n = n->next) {
        if (n->file == f)
            return true;
    }
    return false;
}

/* Frees the files that nobody can come to any more. */
static void sweep(struct sim_disk *d)
{
    for (struct file **at = &d->files; *at;) {
        struct file *f = *at;

        if (f->opens || is_named(d, f)) {
            at = &f->next;
            continue;
        }
        *at = f->next;
        file_free(f);
    }
}

static void folder_sync(struct sim_disk *d)
{
    trace(d, "sync the folder");
    if (!d->syncs)
        return;
    d->kept = d->now;
    forget_namings(d);
    sweep(d);
}

/* --- failing --- */

enum operation { LOOK, WRITE, CHANGE };

/* The errno with which this operation fails, or 0. `grows`: it is a write that needs room. */
static int strike(struct sim_disk *d, enum operation what, bool grows)
{
    bool hit = false;

    if (d->stopped)
        return EIO;
    d->changes += what != LOOK;
    switch (d->failure) {
    case SIM_NEVER:
        break;
    case SIM_STOP:
        d->stopped = hit = what != LOOK && d->changes == d->nth;
        break;
    case SIM_ONCE:
        hit = ++d->operations == d->nth;
        break;
    case SIM_FOR_GOOD:
        hit = ++d->operations >= d->nth;
        break;
    case SIM_FULL:
        hit = grows && ++d->operations >= d->nth;
        break;
    }
    d->struck |= hit;
    if (!hit)
        return 0;
    trace(d, "this fails");
    return d->failure == SIM_FULL ? ENOSPC : EIO;
}

/* A write that may fail; a disk that gets full in the middle of it stores half. */
static int try_write(struct sim_disk *d, struct file *f, uint64_t at, const void *bytes,
                     size_t n)
{
    int sys = strike(d, WRITE, at + n > f->now.n);

    trace(d, "file %lu: write %zu at %" PRIu64, (unsigned long)f->inode, n, at);
    if (sys == ENOSPC && d->operations == d->nth)
        file_write(f, at, bytes, n / 2);
    if (!sys)
        file_write(f, at, bytes, n);
    return sys;
}

static int try_sync(struct sim_disk *d, struct file *f)
{
    int sys = strike(d, CHANGE, false);

    trace(d, "file %lu: sync", (unsigned long)f->inode);
    if (!sys && d->syncs)
        file_sync(f);
    return sys;
}

/* --- base/io --- */

static int io_end(struct sim_disk *d, int sys, int result)
{
    pthread_mutex_unlock(&d->lock);
    if (!sys)
        return result;
    errno = sys;
    return -1;
}

static struct sim_disk *io_begin(struct io *io)
{
    struct sim_disk *d = (struct sim_disk *)io;

    pthread_mutex_lock(&d->lock);
    return d;
}

static struct open_file *open_file(struct sim_disk *d, int fd)
{
    must(fd >= FD_FIRST && fd < FD_FIRST + FDS_MAX && d->fd[fd - FD_FIRST].used,
         "no such descriptor");
    return &d->fd[fd - FD_FIRST];
}

static int find_or_make(struct sim_disk *d, const char *path, int flags,
                        struct file **out)
{
    struct file *f = names_find(&d->now, path);
    int sys;

    if (f && (flags & O_CREAT) && (flags & O_EXCL))
        return EEXIST;
    if (!f && !(flags & O_CREAT))
        return ENOENT;
    if (!f) {
        sys = strike(d, CHANGE, false);
        if (sys)
            return sys;
        f = file_new(d);
        rename_to(d, f, path, path);
    }
    *out = f;
    return 0;
}

static int open_path(struct sim_disk *d, const char *path, int flags, int *fd)
{
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    struct file *f = NULL;
    int sys = strike(d, LOOK, false), at = 0;

    if (sys)
        return sys;
    if (is_folder(path)) {
        if (writes)
            return EISDIR;
    } else {
        sys = find_or_make(d, path, flags, &f);
        if (!sys && (flags & O_DIRECTORY))
            sys = ENOTDIR;
        if (!sys && (flags & O_TRUNC)) {
            sys = strike(d, CHANGE, false);
            if (!sys)
                file_cut(f, 0);
        }
    }
    while (at < FDS_MAX && d->fd[at].used)
        at++;
    must(at < FDS_MAX, "too many open files");
    if (sys)
        return sys;
    d->fd[at] = (struct open_file){.used = true, .writes = writes, .file = f};
    if (f)
        f->opens++;
    *fd = FD_FIRST + at;
    return 0;
}

static int sim_open(struct io *io, const char *path, int flags, [[maybe_unused]] int mode)
{
    struct sim_disk *d = io_begin(io);
    int fd = -1, sys = open_path(d, path, flags, &fd);

    return io_end(d, sys, fd);
}

static ssize_t sim_read(struct io *io, int fd, void *bytes, size_t n)
{
    struct sim_disk *d = io_begin(io);
    struct open_file *o = open_file(d, fd);
    int sys = o->file ? strike(d, LOOK, false) : EISDIR;

    if (!sys) {
        size_t left = o->at < o->file->now.n ? o->file->now.n - o->at : 0;

        n = n < left ? n : left;
        if (n > 0)
            memcpy(bytes, o->file->now.p + o->at, n);
        o->at += n;
    }
    return io_end(d, sys, (int)n);
}

static ssize_t sim_write(struct io *io, int fd, const void *bytes, size_t n)
{
    struct sim_disk *d = io_begin(io);
    struct open_file *o = open_file(d, fd);
    int sys = o->writes ? try_write(d, o->file, o->at, bytes, n) : EBADF;

    if (!sys)
        o->at += n;
    return io_end(d, sys, (int)n);
}

static int sim_sync(struct io *io, int fd)
{
    struct sim_disk *d = io_begin(io);
    struct open_file *o = open_file(d, fd);
    int sys = o->file ? try_sync(d, o->file) : strike(d, CHANGE, false);

    if (!sys && !o->file)
        folder_sync(d);
    return io_end(d, sys, 0);
}

static void flock_release(struct open_file *o)
{
    if (o->lock == LOCKED_SHARED)
        o->file->flock_shared--;
    if (o->lock == LOCKED_ALONE)
        o->file->flock_alone = 0;
    o->lock = UNLOCKED;
}

static int sim_close(struct io *io, int fd)
{
    struct sim_disk *d = io_begin(io);
    struct open_file *o = open_file(d, fd);

    if (o->file) {
        flock_release(o);
        o->file->opens--;
    }
    o->used = false;
    sweep(d);
    return io_end(d, 0, 0);
}

static int sim_rename(struct io *io, const char *from, const char *to)
{
    struct sim_disk *d = io_begin(io);
    struct file *f = names_find(&d->now, from);
    int sys = f ? strike(d, CHANGE, false) : ENOENT;

    if (!sys)
        rename_to(d, f, from, to);
    return io_end(d, sys, 0);
}

static int remove_name(struct sim_disk *d, const char *path)
{
    int sys = names_find(&d->now, path) ? strike(d, CHANGE, false) : ENOENT;

    if (!sys) {
        rename_to(d, NULL, path, path);
        sweep(d);
    }
    return sys;
}

static int sim_unlink(struct io *io, const char *path)
{
    struct sim_disk *d = io_begin(io);

    return io_end(d, remove_name(d, path), 0);
}

static int sim_lock(struct io *io, int fd, bool alone)
{
    struct sim_disk *d = io_begin(io);
    struct open_file *o = open_file(d, fd);
    int sys = strike(d, LOOK, false);

    if (!sys) {
        int others = o->file->flock_shared - (o->lock == LOCKED_SHARED);

        if ((o->file->flock_alone && o->file->flock_alone != fd) || (alone && others))
            sys = EWOULDBLOCK;
    }
    if (!sys) {
        flock_release(o);
        o->lock = alone ? LOCKED_ALONE : LOCKED_SHARED;
        if (alone)
            o->file->flock_alone = fd;
        else
            o->file->flock_shared++;
    }
    return io_end(d, sys, 0);
}

static int sim_stat(struct io *io, const char *path, struct stat *out)
{
    struct sim_disk *d = io_begin(io);
    const struct file *f = names_find(&d->now, path);
    int sys = strike(d, LOOK, false);

    *out = (struct stat){.st_dev = 1, .st_mode = S_IFDIR | 0700};
    if (!sys && !is_folder(path)) {
        sys = f ? 0 : ENOENT;
        out->st_mode = S_IFREG | 0600;
        out->st_ino = f ? f->inode : 0;
        out->st_size = f ? (off_t)f->now.n : 0;
    }
    return io_end(d, sys, 0);
}

/* Files here have no owners. */
static int sim_own(struct io *io, [[maybe_unused]] int fd,
                   [[maybe_unused]] const struct stat *like)
{
    struct sim_disk *d = io_begin(io);

    return io_end(d, strike(d, LOOK, false), 0);
}

/* --- SQLite: bytes --- */

static _Thread_local int last_error; /* what xGetLastError gives */

static int vfs_end(struct sim_disk *d, int sys, int rc)
{
    pthread_mutex_unlock(&d->lock);
    last_error = sys;
    return sys == 0 ? SQLITE_OK : sys == ENOSPC ? SQLITE_FULL : rc;
}

static struct handle *vfs_begin(sqlite3_file *file)
{
    struct handle *h = (struct handle *)file;

    pthread_mutex_lock(&h->disk->lock);
    return h;
}

static int vfs_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    struct handle *h = vfs_begin(file);
    const struct bytes *now = &h->file->now;
    size_t wanted = (size_t)n, from = (size_t)at, got = 0;
    int sys = strike(h->disk, LOOK, false);

    if (!sys) {
        got = from < now->n ? now->n - from : 0;
        got = got < wanted ? got : wanted;
        if (got > 0)
            memcpy(to, now->p + from, got);
        memset((char *)to + got, 0, wanted - got);
    }
    vfs_end(h->disk, sys, 0);
    if (sys)
        return SQLITE_IOERR_READ;
    return got == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int vfs_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    struct handle *h = vfs_begin(file);
    int sys =
        h->read_only ? EROFS : try_write(h->disk, h->file, (uint64_t)at, from, (size_t)n);

    return vfs_end(h->disk, sys, SQLITE_IOERR_WRITE);
}

static int vfs_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    struct handle *h = vfs_begin(file);
    int sys = strike(h->disk, CHANGE, false);

    trace(h->disk, "file %lu: cut at %lld", (unsigned long)h->file->inode, size);
    if (!sys)
        file_cut(h->file, (uint64_t)size);
    return vfs_end(h->disk, sys, SQLITE_IOERR_TRUNCATE);
}

static int vfs_sync(sqlite3_file *file, [[maybe_unused]] int flags)
{
    struct handle *h = vfs_begin(file);
    int sys = try_sync(h->disk, h->file);

    if (!sys && h->sync_folder) {
        folder_sync(h->disk);
        h->sync_folder = false;
    }
    return vfs_end(h->disk, sys, SQLITE_IOERR_FSYNC);
}

static int vfs_size(sqlite3_file *file, sqlite3_int64 *size)
{
    struct handle *h = vfs_begin(file);
    int sys = strike(h->disk, LOOK, false);

    *size = (sqlite3_int64)h->file->now.n;
    return vfs_end(h->disk, sys, SQLITE_IOERR_FSTAT);
}

/* --- SQLite: locks --- */

static void unlock(struct handle *h, int level)
{
    struct file *f = h->file;

    if (f->exclusive == h)
        f->exclusive = NULL;
    if (f->pending == h)
        f->pending = NULL;
    if (f->reserved == h)
        f->reserved = NULL;
    if (level == SQLITE_LOCK_NONE && h->lock >= SQLITE_LOCK_SHARED)
        f->shared--;
    h->lock = level;
}

static bool is_others(const struct handle *holder, const struct handle *h)
{
    return holder && holder != h;
}

static bool lock(struct handle *h, int level)
{
    struct file *f = h->file;

    if (is_others(f->exclusive, h) || is_others(f->pending, h)
        || (level > SQLITE_LOCK_SHARED && is_others(f->reserved, h)))
        return false;
    if (h->lock == SQLITE_LOCK_NONE) {
        f->shared++;
        h->lock = SQLITE_LOCK_SHARED;
    }
    if (level >= SQLITE_LOCK_RESERVED)
        f->reserved = h;
    if (level == SQLITE_LOCK_EXCLUSIVE) {
        f->pending = h;
        if (f->shared > 1) {
            h->lock = SQLITE_LOCK_PENDING;
            return false;
        }
        f->exclusive = h;
    }
    h->lock = level;
    return true;
}

static int vfs_lock(sqlite3_file *file, int level)
{
    struct handle *h = vfs_begin(file);
    int sys = strike(h->disk, LOOK, false);
    bool done = sys || level <= h->lock || lock(h, level);
    int rc = vfs_end(h->disk, sys, SQLITE_IOERR_LOCK);

    return done ? rc : SQLITE_BUSY;
}

static int vfs_unlock(sqlite3_file *file, int level)
{
    struct handle *h = vfs_begin(file);

    if (level < h->lock)
        unlock(h, level);
    return vfs_end(h->disk, 0, 0);
}

static int vfs_reserved(sqlite3_file *file, int *out)
{
    struct handle *h = vfs_begin(file);
    int sys = strike(h->disk, LOOK, false);

    *out = h->file->reserved != NULL;
    return vfs_end(h->disk, sys, SQLITE_IOERR_CHECKRESERVEDLOCK);
}

/* --- SQLite: shared memory --- */

static int vfs_shm_map(sqlite3_file *file, int region, int size, int extend,
                       void volatile **out)
{
    struct handle *h = vfs_begin(file);
    int sys = strike(h->disk, LOOK, false);

    *out = NULL;
    must(region < SHM_REGIONS, "the shared memory is too large");
    if (!sys) {
        if (!h->shm_used)
            h->file->shm_users++;
        h->shm_used = true;
        if (extend && !h->file->region[region])
            h->file->region[region] = need(calloc(1, (size_t)size));
        *out = h->file->region[region];
    }
    return vfs_end(h->disk, sys, SQLITE_IOERR_SHMMAP);
}

static bool shm_lock(struct handle *h, int at, bool alone)
{
    struct file *f = h->file;
    uint32_t others = f->shm_shared[at] - h->shm_shared[at];

    if (is_others(f->shm_alone[at], h) || (alone && others))
        return false;
    if (alone) {
        f->shm_alone[at] = h;
    } else if (!h->shm_shared[at]) {
        h->shm_shared[at] = true;
        f->shm_shared[at]++;
    }
    return true;
}

static void shm_unlock(struct handle *h, int at)
{
    struct file *f = h->file;

    if (f->shm_alone[at] == h)
        f->shm_alone[at] = NULL;
    if (h->shm_shared[at])
        f->shm_shared[at]--;
    h->shm_shared[at] = false;
}

static int vfs_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    struct handle *h = vfs_begin(file);
    bool release = flags & SQLITE_SHM_UNLOCK, done = true;
    int sys = release ? 0 : strike(h->disk, LOOK, false), taken = 0, rc;

    for (; !sys && !release && done && taken < n; taken++)
        done = shm_lock(h, offset + taken, flags & SQLITE_SHM_EXCLUSIVE);
    if (release || !done) {
        for (int i = 0; i < (release ? n : taken - 1); i++)
            shm_unlock(h, offset + i);
    }
    rc = vfs_end(h->disk, sys, SQLITE_IOERR_SHMLOCK);
    return done ? rc : SQLITE_BUSY;
}

static void vfs_shm_barrier(sqlite3_file *file)
{
    vfs_end(vfs_begin(file)->disk, 0, 0);
}

static void shm_leave(struct handle *h)
{
    struct file *f = h->file;

    if (!h->shm_used)
        return;
    h->shm_used = false;
    for (int i = 0; i < SHM_LOCKS; i++)
        shm_unlock(h, i);
    if (--f->shm_users)
        return;
    for (int i = 0; i < SHM_REGIONS; i++) {
        free(f->region[i]);
        f->region[i] = NULL;
    }
}

static int vfs_shm_unmap(sqlite3_file *file, [[maybe_unused]] int and_delete)
{
    struct handle *h = vfs_begin(file);

    shm_leave(h);
    return vfs_end(h->disk, 0, 0);
}

/* --- SQLite: files --- */

static int vfs_close(sqlite3_file *file)
{
    struct handle *h = vfs_begin(file);
    struct sim_disk *d = h->disk;

    unlock(h, SQLITE_LOCK_NONE);
    shm_leave(h);
    h->file->opens--;
    d->handles--;
    sweep(d);
    return vfs_end(d, 0, 0);
}

static int vfs_control(sqlite3_file *file, int op, void *argument)
{
    struct handle *h = (struct handle *)file;

    if (op != SQLITE_FCNTL_HAS_MOVED)
        return SQLITE_NOTFOUND;
    vfs_begin(file);
    *(int *)argument = h->name && names_find(&h->disk->now, h->name) != h->file;
    return vfs_end(h->disk, 0, 0);
}

static int vfs_sector([[maybe_unused]] sqlite3_file *file)
{
    return 4096;
}

static int vfs_device([[maybe_unused]] sqlite3_file *file)
{
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file,
                    int flags, int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = vfs_close,
        .xRead = vfs_read,
        .xWrite = vfs_write,
        .xTruncate = vfs_truncate,
        .xSync = vfs_sync,
        .xFileSize = vfs_size,
        .xLock = vfs_lock,
        .xUnlock = vfs_unlock,
        .xCheckReservedLock = vfs_reserved,
        .xFileControl = vfs_control,
        .xSectorSize = vfs_sector,
        .xDeviceCharacteristics = vfs_device,
        .xShmMap = vfs_shm_map,
        .xShmLock = vfs_shm_lock,
        .xShmBarrier = vfs_shm_barrier,
        .xShmUnmap = vfs_shm_unmap,
    };
    enum {
        JOURNALS = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL
    };
    struct sim_disk *d = vfs->pAppData;
    struct handle *h = (struct handle *)file;
    int posix = (flags & SQLITE_OPEN_CREATE ? O_CREAT : 0)
                | (flags & SQLITE_OPEN_EXCLUSIVE ? O_EXCL : 0);
    int sys;

    *h = (struct handle){
        .disk = d, .name = name, .read_only = flags & SQLITE_OPEN_READONLY};
    pthread_mutex_lock(&d->lock);
    sys = strike(d, LOOK, false);
    if (!sys) {
        h->sync_folder = (flags & JOURNALS) && (flags & SQLITE_OPEN_CREATE);
        if (name)
            sys = find_or_make(d, name, posix, &h->file);
        else
            h->file = file_new(d);
    }
    if (!sys) {
        h->base.pMethods = &methods;
        h->file->opens++;
        d->handles++;
        if (name && (flags & SQLITE_OPEN_DELETEONCLOSE))
            rename_to(d, NULL, name, name);
        if (out_flags)
            *out_flags = flags;
    }
    return vfs_end(d, sys, SQLITE_CANTOPEN);
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct sim_disk *d = vfs->pAppData;
    int sys;

    pthread_mutex_lock(&d->lock);
    sys = remove_name(d, name);
    if (!sys && sync_folder) {
        sys = strike(d, CHANGE, false);
        if (!sys)
            folder_sync(d);
    }
    return vfs_end(d, sys,
                   sys == ENOENT ? SQLITE_IOERR_DELETE_NOENT : SQLITE_IOERR_DELETE);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct sim_disk *d = vfs->pAppData;
    const struct file *f;
    int sys;

    pthread_mutex_lock(&d->lock);
    sys = strike(d, LOOK, false);
    f = names_find(&d->now, name);
    *out = f && (flags != SQLITE_ACCESS_EXISTS || f->now.n > 0);
    return vfs_end(d, sys, SQLITE_IOERR_ACCESS);
}

static int vfs_full_path([[maybe_unused]] sqlite3_vfs *vfs, const char *name, int n,
                         char *out)
{
    return snprintf(out, (size_t)n, "%s", name) < n ? SQLITE_OK : SQLITE_CANTOPEN;
}

static int vfs_random(sqlite3_vfs *vfs, int n, char *out)
{
    struct sim_disk *d = vfs->pAppData;

    pthread_mutex_lock(&d->lock);
    for (int i = 0; i < n; i++)
        out[i] = (char)random_next(&d->chance);
    pthread_mutex_unlock(&d->lock);
    return n;
}

static int vfs_sleep([[maybe_unused]] sqlite3_vfs *vfs, int us)
{
    return us; /* nobody waits here but threads of this process, which go on meanwhile */
}

static int vfs_last_error([[maybe_unused]] sqlite3_vfs *vfs, [[maybe_unused]] int n,
                          [[maybe_unused]] char *text)
{
    return last_error;
}

/* --- the disk --- */

struct sim_disk *sim_disk_new(void)
{
    struct sim_disk *d = need(calloc(1, sizeof *d));

    d->io = (struct io){.open = sim_open,
                        .read = sim_read,
                        .write = sim_write,
                        .sync = sim_sync,
                        .close = sim_close,
                        .rename = sim_rename,
                        .unlink = sim_unlink,
                        .lock = sim_lock,
                        .stat = sim_stat,
                        .own = sim_own};
    pthread_mutex_init(&d->lock, NULL);
    d->last_naming = &d->naming;
    d->traces = getenv("CICLO_TRACE");
    d->vfs = *sqlite3_vfs_find(NULL);
    d->vfs.szOsFile = sizeof(struct handle);
    d->vfs.mxPathname = NAME_MAX_BYTES;
    d->vfs.zName = "simulated";
    d->vfs.pAppData = d;
    d->vfs.xOpen = vfs_open;
    d->vfs.xDelete = vfs_delete;
    d->vfs.xAccess = vfs_access;
    d->vfs.xFullPathname = vfs_full_path;
    d->vfs.xRandomness = vfs_random;
    d->vfs.xSleep = vfs_sleep;
    d->vfs.xGetLastError = vfs_last_error;
    must(sqlite3_vfs_register(&d->vfs, 1) == SQLITE_OK, "SQLite does not take it");
    sim_disk_reset(d, 0);
    return d;
}

struct io *sim_disk_io(struct sim_disk *d)
{
    return &d->io;
}

static void need_closed(const struct sim_disk *d)
{
    must(!d->handles, "SQLite has a file open");
    for (int i = 0; i < FDS_MAX; i++)
        must(!d->fd[i].used, "a descriptor is open");
}

static void disarm(struct sim_disk *d)
{
    d->failure = SIM_NEVER;
    d->struck = d->stopped = false;
    d->operations = d->changes = 0;
}

void sim_disk_reset(struct sim_disk *d, uint64_t seed)
{
    need_closed(d);
    forget_namings(d);
    d->now.n = d->kept.n = 0;
    sweep(d);
    disarm(d);
    d->inodes = 0;
    d->syncs = true;
    d->chance = random_seeded(seed);
    sqlite3_randomness(0, NULL);
}

void sim_disk_free(struct sim_disk *d)
{
    if (!d)
        return;
    sim_disk_reset(d, 0);
    sqlite3_vfs_unregister(&d->vfs);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

void sim_disk_arm(struct sim_disk *d, enum sim_failure failure, uint64_t nth)
{
    pthread_mutex_lock(&d->lock);
    disarm(d);
    d->failure = failure;
    d->nth = nth;
    pthread_mutex_unlock(&d->lock);
}

bool sim_disk_struck(const struct sim_disk *d)
{
    return d->struck;
}

uint64_t sim_disk_changes(const struct sim_disk *d)
{
    return d->changes;
}

void sim_disk_sync_works(struct sim_disk *d, bool works)
{
    d->syncs = works;
}

/* --- crashes --- */

/* How one file comes out: blocks of .block bytes have a moment each, from 0 (the last sync) to
 * .moments (the last change). */
struct fate {
    uint64_t seed, block;
    uint32_t moments, length_moment;
    bool garbage;
};

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static uint32_t moment_of(const struct fate *fate, uint64_t at)
{
    uint64_t block = fate->block ? at / fate->block : 0;

    return (uint32_t)(mix(fate->seed ^ mix(block)) % ((uint64_t)fate->moments + 1));
}

static struct fate fate_of(struct sim_disk *d, const struct file *f)
{
    static const uint64_t blocks[] = {SECTOR, SECTOR, 4096, 16384, 0};
    struct fate fate = {.seed = random_next(&d->chance), .moments = f->change_n};

    fate.block = blocks[random_below(&d->chance, sizeof blocks / sizeof *blocks)];
    fate.garbage = random_below(&d->chance, 2);
    fate.length_moment = (uint32_t)random_below(&d->chance, (uint64_t)fate.moments + 1);
    if (!fate.block) /* the file as it stood at one moment */
        fate.length_moment = moment_of(&fate, 0);
    return fate;
}

static void put_garbage(unsigned char *to, size_t n, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        if (i % 8 == 0)
            seed = mix(seed);
        to[i] = (unsigned char)(seed >> i % 8 * 8);
    }
}

/* The nth change of the file, sector by sector. `frozen`: from here on the file is as it was
 * before a truncation that was lost, and so was what followed it. */
static void write_remains(struct bytes *to, const struct change *c, uint32_t nth,
                          const struct fate *fate, uint64_t frozen)
{
    uint64_t end = c->at + c->n < frozen ? c->at + c->n : frozen;

    for (uint64_t at = c->at, next; at < end; at = next) {
        size_t n;

        next = (at / SECTOR + 1) * SECTOR;
        next = next < end ? next : end;
        n = (size_t)(next - at);
        if (moment_of(fate, at) >= nth)
            bytes_put(to, at, c->bytes + (at - c->at), n);
        else if (fate->garbage && at >= to->n) {
            bytes_resize(to, next);
            put_garbage(to->p + at, n, fate->seed ^ at);
        }
    }
}

static void file_crash(struct sim_disk *d, struct file *f)
{
    struct fate fate = fate_of(d, f);
    uint64_t length = f->kept.n, seen = length;
    uint64_t frozen = UINT64_MAX;
    uint32_t nth = 0;

    for (const struct change *c = f->first; c; c = c->next) {
        nth++;
        if (!is_cut(c))
            write_remains(&f->kept, c, nth, &fate, frozen);
        else if (nth <= fate.length_moment) {
            if (c->at < f->kept.n)
                bytes_resize(&f->kept, c->at);
        } else if (c->at < seen) {
            frozen = c->at < frozen ? c->at : frozen;
        }
        seen = is_cut(c) ? c->at : c->at + c->n > seen ? c->at + c->n : seen;
        if (nth <= fate.length_moment)
            length = seen;
    }
    bytes_resize(&f->kept, length);
    file_forget_changes(f);
}

static void names_crash(struct sim_disk *d)
{
    bool in_order = random_below(&d->chance, 2);
    uint64_t n = 0, kept;

    for (const struct naming *naming = d->naming; naming; naming = naming->next)
        n++;
    kept = random_below(&d->chance, n + 1);
    for (const struct naming *naming = d->naming; naming; naming = naming->next) {
        if (in_order ? kept > 0 : random_below(&d->chance, 2))
            names_apply(&d->kept, naming);
        kept -= kept > 0;
    }
    forget_namings(d);
    d->now = d->kept;
}

void sim_disk_crash(struct sim_disk *d)
{
    need_closed(d);
    trace(d, "the power is gone");
    names_crash(d);
    sweep(d);
    for (struct file *f = d->files; f; f = f->next) {
        file_crash(d, f);
        bytes_copy(&f->now, &f->kept);
    }
    disarm(d);
}

void sim_disk_kill(struct sim_disk *d)
{
    need_closed(d);
    trace(d, "the process is gone");
    disarm(d);
}

/* --- looking --- */

int64_t sim_disk_size(const struct sim_disk *d, const char *name)
{
    const struct file *f = names_find(&d->now, name);

    return f ? (int64_t)f->now.n : -1;
}

void sim_disk_flip(struct sim_disk *d, const char *name, uint64_t at, unsigned char bits)
{
    struct file *f = names_find(&d->now, name);

    must(f && at < f->now.n, "there is no such byte");
    file_sync(f);
    f->now.p[at] ^= bits;
    f->kept.p[at] ^= bits;
}

uint32_t sim_disk_names(const struct sim_disk *d)
{
    return d->now.n;
}

bool sim_disk_holds(const struct sim_disk *d, str bytes)
{
    for (const struct file *f = d->files; f; f = f->next) {
        if (f->now.n && memmem(f->now.p, f->now.n, bytes.p, bytes.n))
            return true;
    }
    return false;
}
