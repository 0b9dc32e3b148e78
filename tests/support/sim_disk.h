/* sim_disk.h - a disk in memory that loses power: what SQLite and base/io write stands in the
 * same files of one folder, and a crash leaves of it what a journaling file system may.
 *
 * The model. A file is bytes; the folder is names. Whatever changes either is *unsynced* until
 * a sync of that file (its bytes and length) or of the folder (its names). Power goes at the
 * end of some operation; then, by chance:
 *
 * (1) A sector (512 bytes) holds what it held after some write since the file's last sync, or
 *     what it held then; every sector has a moment of its own, whatever others have, so writes
 *     are kept, lost, torn, and out of order. Sometimes it is blocks of 4 KiB or more that
 *     share a moment, or all of the file's. A sector is never torn in itself, and bytes beside
 *     a write stay as they are (SQLite's "powersafe overwrite", on which it counts by default).
 * (2) A file's length, with what truncations did, is that of another such moment. Within the
 *     length, sectors whose writes were lost hold zeros, or bytes that nobody wrote there.
 * (3) Of the changes of names (creation, rename, unlink) since the folder's last sync some are
 *     durable, each wholly or not: a first part of them, as where a journal keeps their order,
 *     or any of them. That says nothing about bytes: a rename may be kept although what was
 *     written into the file is lost, and syncing a file does not make its name durable.
 * (4) Nothing that was synced is lost. Locks, descriptors and shared memory are gone.
 *
 * SQLite itself syncs the folder when it must: on the first sync of a journal or write-ahead
 * log by whoever opened it as one to create, and on a deletion that asks for it; so does this
 * disk.
 *
 * Names are those of one folder, which is called "." or "/"; "./a", "/a" and "a" are the same
 * file. With CICLO_TRACE set, every change is told on stderr. The disk's own memory does not count in base/mem. Any thread may use it. */
#ifndef SUPPORT_SIM_DISK_H
#define SUPPORT_SIM_DISK_H

#include "base/io.h"

/* An empty disk, from here on SQLite's default one, until it is freed. SQLite must be set up
 * before (sql_start). */
struct sim_disk *sim_disk_new(void);
/* Nothing may be open any more. */
void sim_disk_free(struct sim_disk *d);
/* All files gone, everything synced, nothing armed, and chance begins anew from the seed:
 * SQLite's as well, so that a run can be repeated byte by byte. */
void sim_disk_reset(struct sim_disk *d, uint64_t seed);
/* The same files, for base/io. */
struct io *sim_disk_io(struct sim_disk *d);

/* --- what goes wrong --- */

/* Changes are writes, truncations, syncs, and changes of names; operations are these, and
 * opens, reads, locks, questions. Both are counted from 1 since they were armed. */
enum sim_failure {
    SIM_NEVER,
    SIM_STOP,     /* power goes before the nth change: nothing works until the crash */
    SIM_ONCE,     /* the nth operation fails with EIO */
    SIM_FOR_GOOD, /* it fails, and so does all that follows */
    SIM_FULL, /* the nth write that needs room stores half of it; so do no later ones */
};
void sim_disk_arm(struct sim_disk *d, enum sim_failure failure, uint64_t nth);
/* Whether it failed since it was armed. */
bool sim_disk_struck(const struct sim_disk *d);
uint64_t sim_disk_changes(const struct sim_disk *d);
/* false: syncs do nothing, and say that they did. */
void sim_disk_sync_works(struct sim_disk *d, bool works);

/* --- what is left --- */

/* The power is gone and comes back. Nothing may be open: a process closes what it has, and the
 * stopped disk lets it, but does nothing. Nothing is armed then. */
void sim_disk_crash(struct sim_disk *d);
/* Only the process is gone, as by kill -9: all that was written is there, and still unsynced. */
void sim_disk_kill(struct sim_disk *d);

/* --- what stands on it --- */

/* -1: no such file. */
int64_t sim_disk_size(const struct sim_disk *d, const char *name);
/* Changes a byte in place, as rot does, synced: the old one xor `bits`. */
void sim_disk_flip(struct sim_disk *d, const char *name, uint64_t at, unsigned char bits);
/* How many names there are. */
uint32_t sim_disk_names(const struct sim_disk *d);
/* Whether these bytes stand in any file, deleted ones that are still open too. */
bool sim_disk_holds(const struct sim_disk *d, str bytes);

#endif
