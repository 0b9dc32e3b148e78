/* elog.h - purchases of real customers, out of files of reference data. */
#ifndef TEST_VALUE_ELOG_H
#define TEST_VALUE_ELOG_H

#include "value/buyer.h"

struct elog_file {
    const char *path;                     /* below $ROOT */
    const char *customer, *date, *amount; /* columns; amount NULL: none */
    bool online_retail; /* leave out what has no customer, is cancelled, or is free */
};
/* Of one customer whose first purchase lies in the calibration. */
struct elog_buyer {
    struct buyer buyer;
    uint32_t
        later; /* days with a purchase after the calibration, up to the hold-out's end */
};
struct elog {
    struct elog_buyer *buyer;
    size_t n;
    struct cbs cbs;
    struct spending *spending; /* of those with x > 0 who spent something */
    size_t spending_n;
    int32_t until;
};
/* Days as 1997-09-30; both ends are whole days. False: there is no such file. */
bool elog_read(const struct elog_file *f, const char *until, const char *hold_out,
               struct elog *out);
void elog_free(struct elog *e);

extern const struct elog_file cdnow_sample, cdnow, grocery, apparel, lifetimes_example,
    online_retail;

#endif
