/* fail_vfs.h - SQLite over the real disk with one failure in it. */
#ifndef SUPPORT_FAIL_VFS_H
#define SUPPORT_FAIL_VFS_H

#include <stdbool.h>
#include <stddef.h>

enum vfs_failure {
    VFS_FAIL_NEVER,
    VFS_FAIL_ONCE,     /* the nth open, read, write, cut, sync or delete fails */
    VFS_FAIL_FOR_GOOD, /* it fails, and so does all that follows */
    VFS_FAIL_FULL, /* the nth write stores half of its bytes; from then on the disk is full */
};

/* From here on SQLite's default disk is this one, for the whole program. Syncs are counted, and
 * take no time: nothing is lost here but what fails. */
void vfs_failing_install(void);
/* Counts anew. */
void vfs_failing_arm(enum vfs_failure failure, size_t nth);
/* Whether it failed since it was armed. */
bool vfs_failing_struck(void);

#endif
