/* value_contracts.h - `ciclo value fit` and `show` with --model sbg. */
#ifndef CLI_VALUE_CONTRACTS_H
#define CLI_VALUE_CONTRACTS_H

#include "cli/cli.h"

int value_contracts_run(struct cli *c);

#endif
