/* file_impl.h - the data file from outside: its name, and what kind of file it is; private to
 * store/. */
#ifndef STORE_FILE_IMPL_H
#define STORE_FILE_IMPL_H

#include "base/io.h"
#include "store/sql_impl.h"

#include <limits.h>

#define APPLICATION_ID 0x4369636c /* "Cicl" */
#define FORMAT 9
#define FORMAT_FIRST 1 /* the oldest that can be migrated */

/* path + behind with a NUL, and so that SQLite sees a plain file in it: "./:memory:". */
bool file_path(str path, const char *behind, char out[PATH_MAX], struct err *err);
/* That a file stands there which could be a data file. */
bool file_look(struct io *io, const char *path, struct stat *out, struct err *err);
/* That it is ours, and of a format that is known. The first look into the file. */
bool file_recognise(struct sql *sql, int64_t *format, struct err *err);
/* A file of format 5 or 6 becomes one of this: it only lacks tables. All of it, or nothing. */
bool file_migrate(struct sql *sql, int64_t format, struct err *err);
/* Whether the file that the connection has open still stands where it was opened. */
bool file_is_there(const struct sql *sql);

#endif
