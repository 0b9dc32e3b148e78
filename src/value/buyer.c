#include "value/buyer.h"

#include <math.h>

void buyer_add(struct buyer *b, bool *any, int32_t day, int64_t spent)
{
    if (!*any) {
        b->first_day = b->day = day;
        *any = true;
    } else if (day != b->day) {
        b->x++;
        b->log_gaps += log(day - b->day);
        b->day = day;
    }
    if (day != b->first_day)
        b->spent += spent;
}

bool buyer_to_cbs(const struct buyer *b, int32_t until_day, struct cbs *c,
                  struct err *err)
{
    struct cbs_row row = {b->x, (uint32_t)(b->day - b->first_day),
                          (uint32_t)(until_day - b->first_day), 1};

    return cbs_add(c, row, b->log_gaps, err);
}
