/* raw_impl.h - rows found in the pages of a damaged file, past its b-trees; private to store/.
 *
 * Where a page is lost that leads to others, SQLite finds none of these. They still say
 * themselves what stands on them: docs of SQLite's file format, "B-tree Pages". */
#ifndef STORE_RAW_IMPL_H
#define STORE_RAW_IMPL_H

#include "store/store_impl.h"

/* Where rows of the form (number, integer, codec, bytes, checksum) seem to stand, ascending by
 * number. Zero it to start. */
struct raw {
    sqlite3_file *file;
    int64_t page_n;
    uint32_t usable; /* bytes of a page */
    struct raw_cell *cell;
    size_t n, cap;
};

/* Looks at every page; nobody may write to the file meanwhile. */
bool raw_open(struct raw *raw, struct sql *sql, struct err *err);
void raw_free(struct raw *raw);
/* The highest number; 0 when there is no row. */
int64_t raw_last(const struct raw *raw);
/* The next row with this number whose checksum is right, whatever its table; *at is 0 to
 * start. */
bool raw_next(const struct raw *raw, int64_t number, size_t *at, struct row *out,
              bool *there, struct err *err);

#endif
