/* info.h - what stands in the data file, for programs. */
#ifndef ENGINE_INFO_H
#define ENGINE_INFO_H

#include "engine/erase.h"
#include "store/info.h"

void info_put_json(struct json_out *j, const struct store_info *i,
                   const struct receipts *receipts);

#endif
