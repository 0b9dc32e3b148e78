/* lookalike.h - who is like the members of a segment: how far each customer is from them on average.
 *
 * The distance of two customers is that of Gower (A General Coefficient of Similarity and Some of Its
 * Properties, Biometrics 27, 1971, 857-871): the mean over the columns, of a measure how far their
 * ranks are apart (as Podani has it for what has an order, Taxon 48, 1999, 331-340), of a trait 0 when
 * they have the same value and else 1. Of n customers who have a value, one with `less` below him and
 * `equal` beside him (himself among them) has the rank (less + equal / 2) / n: so one measure weighs as
 * much as another, whatever its unit, and a few very large values move nobody. What is missing is not
 * left out, as Gower does: who lacks a value differs wholly from who has one, and not from others who
 * lack it. A customer's distance to the members is the mean of his distances to each of
 * them. As it is a sum over columns it is found exactly from the order of the values, without looking
 * at pairs. */
#ifndef SEGMENT_LOOKALIKE_H
#define SEGMENT_LOOKALIKE_H

#include "segment/crowd.h"

/* What the members have in common, of one column. */
struct lookalike_column {
    /* Mean distances to the members: of these, and of all others; millionths. */
    int64_t members, others;
    bool there; /* of a measure: some member has a value */
    int64_t quartile[3];
    uint32_t
        code; /* of a trait: what most of them have, the first of several; 0: none, that is */
    uint32_t share; /* how many of them */
};

struct lookalike {
    uint32_t member_n, other_n;
    uint32_t column_n; /* measures, then traits */
    struct lookalike_column column[CROWD_COLUMNS_MAX];
    const int32_t *part[CROWD_COLUMNS_MAX]; /* by column, then by row: millionths */
    const int32_t *distance;                /* by row: their mean */
    int64_t members, others;                /* its means */
};

/* `in`: by row, who is a member. ERR_INPUT: nobody is, or everybody. Lives in `a`. */
bool lookalike_find(const struct crowd *c, const bool *in, struct arena *a,
                    struct lookalike *out, struct err *err);

#endif
