/* rewrite.h - what the commands that make a data file anew share. */
#ifndef CLI_REWRITE_H
#define CLI_REWRITE_H

#include "base/json.h"
#include "cli/cli.h"
#include "engine/owner.h"
#include "store/rewrite.h"

/* With a bar where somebody sees it; all three are in use as long as the options are. */
struct rewrite_options cli_rewrite_options(const struct cli *c, struct cli_bar *bar,
                                           struct owner *owner);
/* Runs and finishes it; the receipts go to standard output, and into the file of --receipt. */
struct erase;
bool cli_remove(struct cli *c, struct erase *x, struct err *err);
/* "55.2 MB before, 40.1 MB now" */
void cli_rewrite_print(struct buf *b, const struct rewrite_sizes *sizes);
/* Two members of an object. */
void cli_rewrite_json(struct json_out *j, const struct rewrite_sizes *sizes);

#endif
