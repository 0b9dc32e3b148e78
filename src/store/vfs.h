/* vfs.h - SQLite's disk as the store uses it: every page of the data file ends with a checksum;
 * private to store/.
 *
 * The VFS "ciclo" stands over SQLite's default one. A page gets its checksum when it is written
 * to the data file, and is checked when it is read from there; SQLite's own files beside it are
 * left alone, since they have checksums. A new file must reserve VFS_RESERVED bytes a page; a
 * file that does not, such as that of another program, is read as it is. */
#ifndef STORE_VFS_H
#define STORE_VFS_H

#include "base/str.h"

#define VFS_NAME "ciclo"
#define VFS_PAGE_BYTES 16384
#define VFS_RESERVED 8 /* of them, at the end: the checksum */

/* In the URI by which a file is opened: what happens to a damaged page. */
#define VFS_REFUSE_DAMAGED                                                               \
    "damaged=0" /* reading it fails with SQLITE_IOERR_DATA; unless another is given */
#define VFS_KEEP_DAMAGED "damaged=1" /* it is read as it stands */
#define VFS_MEND_DAMAGED "damaged=2" /* one flipped bit is flipped back; more are kept */

/* For sqlite3_file_control: the number of the page that was found damaged last, from 1, as an
 * int64_t; 0 when none was. */
#define VFS_CONTROL_DAMAGED 0x4369

/* Fine whenever it is done again; an SQLite code. */
int vfs_register(void);

/* Whether the page is as it was written, or was never written: all zero. */
bool vfs_page_is_whole(const unsigned char page[VFS_PAGE_BYTES]);
/* Flips the one bit that makes it whole, or says that there is none. */
bool vfs_page_mend(unsigned char page[VFS_PAGE_BYTES]);
/* Whether the first page of a file is one of ours, whole or damaged. */
bool vfs_page_is_ours(const unsigned char page[VFS_PAGE_BYTES]);

#endif
