/* through.h - what the steps of customers are called by: the event, its channel, a property of it,
 * or several of these together; a small number for each name, for a chunk's events at once. */
#ifndef REPORT_THROUGH_H
#define REPORT_THROUGH_H

#include "base/hash.h"
#include "rule/picks.h"

#define THROUGH_EVENTS_MAX 64u /* patterns of the events that are steps */
#define THROUGH_NAMES_MAX 60000u

struct through {
    bool event, channel, has_property; /* at least one */
    const str *type_name;              /* event: by type, in catalog.type */
    uint32_t type_n;
    const struct channels *channels;          /* NULL: no event has a channel */
    struct pick pick[THROUGH_EVENTS_MAX];     /* which events are steps */
    struct pick property[THROUGH_EVENTS_MAX]; /* of each of the picks */
    uint32_t pick_n;
    int decimals; /* of a property that is money */
};

/* Names of steps, numbered from 1 in the order in which they come. One thread's. */
struct step_names {
    struct text_table text;
};
#define NAME_NONE 0u
/* The number of a name; ERR_LIMIT for too many of them. */
bool step_names_add(struct step_names *n, str name, uint16_t *number, struct err *err);
str step_names_get(const struct step_names *n, uint16_t number);
void step_names_free(struct step_names *n);

/* Numbers a chunk's events. Zero it to start, with .through and .names set. */
struct through_look {
    const struct through *through;
    struct step_names *names;
    uint16_t *pair;   /* [type][channel]: the number, or NAME_NONE as long as none came */
    uint16_t *number; /* by event: NAME_NONE: it is no step */
    bool all;         /* of them are steps */
    uint32_t cap;
    uint16_t *of_text; /* by a text's key, in this chunk */
    uint32_t text_cap;
};
/* After picks_turn. An event that has no value of what it is called by is no step. */
bool through_turn(struct through_look *l, const struct picks *picks,
                  const struct chunk *chunk, struct err *err);
void through_free(struct through_look *l);

#endif
