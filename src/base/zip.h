/* zip.h - zstd, for what the data file keeps; gzip, for what others send. */
#ifndef BASE_ZIP_H
#define BASE_ZIP_H

#include "base/err.h"
#include "base/str.h"

/* Appends the packed bytes. */
bool zip_pack(str bytes, int level, struct buf *to, struct err *err);
/* Appends the unpacked bytes; more than max_bytes, or damage, is ERR_CORRUPT. */
bool zip_unpack(str packed, size_t max_bytes, struct buf *to, struct err *err);

bool is_gzip(str bytes); /* by its first two bytes */
/* Appends what one gzip member holds. More than max_bytes is ERR_LIMIT, damage ERR_INPUT; never
 * is more than max_bytes asked of the memory. */
bool gzip_unpack(str packed, size_t max_bytes, struct buf *to, struct err *err);

#endif
