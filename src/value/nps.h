/* nps.h - the net promoter score of a sample of answers, and how sure it is, with 95 %
 * confidence. */
#ifndef VALUE_NPS_H
#define VALUE_NPS_H

#include <stdint.h>

struct nps {
    uint64_t promoters, passives,
        detractors; /* who answered 9 or 10, 7 or 8, 6 or less */
};
enum nps_method {
    NPS_ADJUSTED, /* B. Rocks, The American Statistician 70 (2016), 365-372, who found it to keep its
                     word best of the simple ones: 3/4, 3/2 and 3/4 of an answer are added */
    NPS_WALD,   /* from the normal distribution, nothing added */
    NPS_STUDENT /* the mean of answers that are 1, 0 and -1, by Student's t */
};
struct nps_score {
    double score, low,
        high; /* -1 to 1; of NPS_ADJUSTED with what was added. NAN: it is not known */
};
struct nps_score nps_of(struct nps n, enum nps_method method);

/* How much higher the first is, and the chance of a difference as large where there is none; as
 * NPS_WALD. */
struct nps_change {
    double difference, low, high, p;
};
struct nps_change nps_change(struct nps now, struct nps before);

#endif
