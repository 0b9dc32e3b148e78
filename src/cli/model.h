/* model.h - what the commands about models share. */
#ifndef CLI_MODEL_H
#define CLI_MODEL_H

#include "cli/cli.h"

enum { MODEL_MAX_BYTES = 10 << 20 };

/* 1, 2, 3 ... in digits. */
bool model_version_parse(str s, uint32_t *out);

/* With --author, and a bar where somebody sees it. */
extern const struct cli_option model_author_option[1];
bool model_make_live(struct cli *c, struct engine *e, str text, uint32_t *version,
                     struct err *err);

#endif
