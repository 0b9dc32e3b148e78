/* bottega.h - a small data file, worked out by hand, for tests of the engine and of what
 * stands above it. The workspace lives in Rome; people are reached by anything, buyers for
 * 30 days after a purchase, then at risk, lapsed after 60:
 *
 *     customer   events (UTC)                                      moves
 *     anna       2026-01-01 10:00:00.000 signed_up                 reach
 *                2026-01-11 10:00:00.000 purchase 40 (a1)          buyer
 *                                                                  02-10 10:00 at_risk
 *                                                                  03-12 10:00 lapsed
 *     9          2026-01-05 09:30:00.250 purchase 120              reach, buyer
 *                2026-01-06 00:00:00.000 identify country IT
 *                                                                  02-04 09:30:00.250 at_risk
 *                2026-02-10 00:00:00.000 identify country null, age 40
 *                                                                  03-06 09:30:00.250 lapsed
 *     10         2026-01-05 09:30:00.000 purchase 10               reach, buyer
 *                                                                  02-04 09:30 at_risk
 *                2026-02-20 23:30:00.000 purchase 95               buyer
 *                                                                  03-22 23:30 at_risk
 *                                                                  04-21 23:30 lapsed
 *     a/b c      2026-02-01 08:00:00.000 signed_up                 reach
 *     Zoë        2026-02-01 08:00:00.000 signed_up                 reach
 *     007        2026-02-01 08:00:00.000 signed_up                 reach
 *     7          2026-02-01 08:00:00.000 signed_up                 reach
 *     x1 .. x3   2026-02-02 08:00:00.000 signed_up                 reach
 *
 * Ten customers: two chunks in the test build. */
#ifndef UNIT_ENGINE_BOTTEGA_H
#define UNIT_ENGINE_BOTTEGA_H

#include "engine/query.h"

extern const char bottega_model[], bottega_events[];

/* 2026-02-04T09:30:00.250Z, 2026-02-04T00:00+01:00, or a day in UTC */
int64_t moment_of(const char *iso);
/* A file in the test's folder with this model; NULL: bottega_model. */
const char *bottega_path(void);
bool bottega_create(const char *path, const char *model, struct engine **out,
                    struct err *err);
/* Appends events in one transaction: lines "id|customer|moment|type|properties or traits". */
bool bottega_add(struct engine *e, const char *lines, struct err *err);
/* Model, events, and histories up to `now`; must work. */
struct engine *bottega_open(const char *now);
/* The same with another model and other events. */
struct engine *bottega_with(const char *model, const char *events, const char *now);
uint32_t bottega_customer(struct engine *e, const char *id);
/* "2026-01-01T10:00:00.000Z reach\n..." of one customer; lives in `a`. */
const char *bottega_history(struct engine *e, const char *id, struct arena *a);

#define NEED_OK(call, err)                                                               \
    do {                                                                                 \
        if (!(call))                                                                     \
            fail_msg("%s: code %d, line %d, column %d: %s", #call, (err).code,           \
                     (err).line, (err).column, (err).msg);                               \
    } while (0)

#endif
