/* model.h - what the commands about models share. */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "cli/cli.h"

enum { MODEL_MAX_BYTES = 10 << 20 };

/* 1, 2, 3 ... in digits. */
bool model_version_parse(str s, uint32_t *out);

#endif
