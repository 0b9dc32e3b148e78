/* trait.h - what a trait is: which of all that was said of it stands. docs/rules.md, Traits. */
#ifndef RULE_TRAIT_H
#define RULE_TRAIT_H

#include "event/dictionary.h"
#include "store/chunk.h"

#define TRAIT_COLUMNS 5 /* one for each raw type that a trait can have come as */

/* One time that an event said something of it. */
struct trait_said {
    uint32_t event; /* place in the chunk */
    const struct cells
        *cells;      /* of the raw type in which it came; NULL: took the trait away */
    uint32_t column; /* in the catalog, of the cells */
    uint32_t cell;
    uint32_t rank; /* of its source among those of the rule, or behind them */
};

/* All that was said of one trait in a chunk. */
struct trait_at {
    const struct keep *keep;
    struct {
        const struct cells *cells;
        uint32_t column, at;
    } of[TRAIT_COLUMNS];
    uint32_t n;
    const struct cells *source; /* of the events; NULL: nobody asks, or none says it */
};

/* keep NULL: the newest. */
bool trait_open(struct trait_at *t, const struct chunk *c, str name,
                const struct keep *keep, struct err *err);
/* The next one before the event `to`, from the fingers on. */
bool trait_next(struct trait_at *t, uint32_t to, struct trait_said *out);
/* Of what the events [from, to) say, what stands; false: there is no value. `from` never goes
 * back. */
bool trait_decide(struct trait_at *t, uint32_t from, uint32_t to, struct trait_said *out);
/* Where an event's source is told: its cell, or source->n. */
uint32_t trait_source(const struct cells *source, uint32_t event);

/* What stands while one is said after the other: one customer's. */
struct trait_stand {
    uint32_t has; /* a bit for each rank; 0: nothing was said */
    struct trait_said said[KEEP_SOURCES_MAX + 1]; /* by rank */
};
void trait_say(struct trait_stand *s, const struct keep *keep,
               const struct trait_said *said);
/* NULL: nothing. */
const struct trait_said *trait_stands(const struct trait_stand *s);

#endif
