/* tally.h - how often short rows of small numbers came, and of how many customers. */
#ifndef REPORT_TALLY_H
#define REPORT_TALLY_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define TALLY_ROW_MAX 8u
#define TALLY_MAX 1000000u /* different rows */

struct tally_row {
    uint16_t number[TALLY_ROW_MAX]; /* 0 behind the last one */
};

struct tally_entry {
    struct tally_row row;
    uint64_t times;
    uint32_t customers;
    uint32_t last; /* customer for whom it came */
    bool listed;   /* whoever is behind it is asked for */
};

/* Zero it to start. One thread's. */
struct tally {
    struct tally_entry *entry;
    uint32_t n, cap;
    uint32_t *slot; /* 1 + the entry's place, by hash */
    uint32_t slot_cap;
};
/* The row's entry; *is_new: it has just been added, with nothing counted. NULL: *err says why. */
struct tally_entry *tally_find(struct tally *t, struct tally_row row, bool *is_new,
                               struct err *err);
/* Once more, for a customer; those of one customer come one after the other. */
static inline void tally_count(struct tally_entry *e, uint32_t customer)
{
    e->customers += !e->times || e->last != customer;
    e->last = customer;
    e->times++;
}
void tally_free(struct tally *t);

#endif
