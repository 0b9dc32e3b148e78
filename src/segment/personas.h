/* personas.h - customers in K groups of like ones, and a plain profile of each.
 *
 * k-prototypes (Huang, Extensions to the k-Means Algorithm for Clustering Large Data Sets with
 * Categorical Values, Data Mining and Knowledge Discovery 2, 1998, 283-304): a customer's cost is the
 * sum of the squares of how far his numbers are from his group's means, plus gamma for each trait that
 * is not the group's most frequent one (his equation 9); without traits it is k-means. Numbers are
 * scaled to their range (Milligan and Cooper, Journal of Classification 5, 1988, 181-204), which goes
 * from the least but 5 % to the greatest but 5 %: 0 and 1 stand for all beyond. Who lacks a value
 * stands at 1/2, and is 1 away from who has one. Gamma is half of the mean standard deviation of the
 * numbers, as Huang advises, or 1 when there are none.
 *
 * Several starts by k-means++ (Arthur and Vassilvitskii, SODA 2007, 1027-1035), of which the one with
 * the least cost is kept. Of more than PERSONAS_SAMPLE customers the starts are tried on so many of them,
 * taken by chance, and the best goes on with all. Everything is counted in whole numbers, so that the
 * same customers and seed give the same groups on any machine. */
#ifndef SEGMENT_PERSONAS_H
#define SEGMENT_PERSONAS_H

#include "segment/crowd.h"

#define PERSONAS_DEFAULT 5u
#define PERSONAS_MIN 2u
#define PERSONAS_MAX 20u
#define PERSONAS_STARTS 10u
#define PERSONAS_SAMPLE 20000u

struct persona {
    uint32_t n;
    int64_t mean[CROWD_COLUMNS_MAX];    /* by measure: scaled, millionths */
    bool there[CROWD_COLUMNS_MAX];      /* some of them have a value */
    int64_t median[CROWD_COLUMNS_MAX];  /* by measure: of the values */
    uint32_t code[CROWD_COLUMNS_MAX];   /* by trait: the most frequent */
    uint32_t code_n[CROWD_COLUMNS_MAX]; /* how many of them have it, ... */
    uint32_t all_n[CROWD_COLUMNS_MAX];  /* ... and how many of everybody */
};
struct personas {
    uint32_t k, n;
    int64_t gamma; /* millionths */
    int64_t cost;  /* mean, of a customer: millionths */
    /* How well the groups stand apart, from -1 to 1, in millionths: the mean silhouette (Rousseeuw,
     * Journal of Computational and Applied Mathematics 20, 1987, 53-65) in its simplified form
     * (Hruschka, de Castro and Campello, ICDM 2004), which looks at the groups' centres in the place
     * of all pairs. */
    int64_t silhouette;
    const uint8_t *group;                 /* by row */
    struct persona persona[PERSONAS_MAX]; /* the largest first */
    bool there[CROWD_COLUMNS_MAX];
    int64_t median[CROWD_COLUMNS_MAX]; /* everybody's */
};

/* ERR_INPUT: there are fewer different customers than groups, or none. Lives in `a`. */
bool personas_find(const struct crowd *c, uint32_t k, uint64_t seed, struct arena *a,
                   struct personas *out, struct err *err);

#endif
