/* chance.h - random tests that can be run again: the seed is printed, and CICLO_SEED sets it. */
#ifndef SUPPORT_CHANCE_H
#define SUPPORT_CHANCE_H

#include "base/random.h"

/* Another stream at every call; all follow from the program's seed. */
struct random chance(void);
/* How many rounds: the usual number, times CICLO_ROUNDS when that is set. */
size_t chance_rounds(size_t usual);

#endif
