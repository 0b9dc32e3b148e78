/* csv.h - RFC 4180 records out of a stream of bytes. */
#ifndef BASE_CSV_H
#define BASE_CSV_H

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"

enum csv_status {
    CSV_ROW, /* a record */
    CSV_BAD, /* a record that is no CSV: .why and .raw say it; reading goes on behind it */
    CSV_END,   /* the clean end */
    CSV_FAILED /* the stream failed: see err */
};

struct csv_row {
    uint64_t line;  /* of its first byte, from 1 */
    uint64_t lines; /* physical lines it spans */
    str raw;        /* as in the file, in UTF-8, without the line end; cut at 4 KiB */
    uint32_t n;
    const str *field;
    const char *why; /* CSV_BAD: "a quoted field does not end", "a NUL byte", ... */
};

struct csv_options {
    char separator; /* 0: recognised from the first lines among , ; tab | */
    bool latin1;    /* set, or recognised when the first 1 MiB is no UTF-8 */
    bool latin1_given;
    size_t record_max; /* bytes of one record; 0: 1 MiB. A longer one is CSV_BAD, and its
                             bytes are skipped without being kept */
};

struct csv;
/* The reader stays the caller's. A BOM is skipped. */
[[nodiscard]] bool csv_open(struct reader *r, const struct csv_options *options,
                            struct csv **out, struct err *err);
void csv_close(struct csv *c);
/* The row's texts are borrowed until the next call. Empty lines are passed over. A record
 * that never ends (an open quote at the end of the file) is one CSV_BAD at its first line;
 * its other lines are read again as records of their own, so that one stray quote does not
 * swallow the rest of the file. */
enum csv_status csv_next(struct csv *c, struct csv_row *row, struct err *err);
/* As recognised or given. */
char csv_separator(const struct csv *c);
bool csv_is_latin1(const struct csv *c);
/* A field as CSV, in quotes where it must be. One that a spreadsheet would run as a formula
 * (it begins with = + - @ or a tab, and is no number) gets an apostrophe in front. */
void buf_add_csv(struct buf *b, str field);
/* The same without the apostrophe: the field as it is. */
void buf_add_csv_exact(struct buf *b, str field);
/* Lines read so far, the header's included. */
uint64_t csv_lines(const struct csv *c);

#endif
