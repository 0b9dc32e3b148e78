/* list.h - ciclo segment --add and --remove: who is put on a list, and who is taken off it. */
#ifndef CLI_LIST_H
#define CLI_LIST_H

#include "cli/cli.h"

/* Is one of the options given that change a list? */
bool cli_lists(const struct cli *c);
int cli_list(struct cli *c);

#endif
