/* reports.h - random lives for the twins of reports, and patterns that pick among their events. */
#ifndef MODEL_REPORTS_H
#define MODEL_REPORTS_H

#include "engine/model.h"
#include "support/chance.h"
#include "support/unit.h"

enum { CUSTOMERS = 17, EVENTS_MAX = 25, CHUNKS = CUSTOMERS / CHUNK_CUSTOMERS + 1 };

#define NEED_OK(call, err)                                                               \
    do {                                                                                 \
        if (!(call))                                                                     \
            fail_msg("%s: %s", #call, (err).msg);                                        \
    } while (0)

/* One event, as twins know it. */
struct fact {
    int64_t at_ms;
    char id[8];
    enum fact_type { A, B, C, MAIL, IDENTIFY, TYPES } type;
    int n;                       /* -1: missing */
    const char *color, *country; /* NULL: missing; country "": taken away */
};
extern const char *const type_name[TYPES];

struct life {
    struct fact fact[EVENTS_MAX]; /* in order */
    uint32_t n;
};

struct town {
    struct life life[CUSTOMERS];
    struct catalog catalog;
    struct chunk *chunk[CHUNKS];
    struct model *model; /* in the zone of Rome */
};
/* Events are some of `moments` moments, every_ms apart, from first_ms on: often the same. */
void town_open(struct town *t, struct random *r, int64_t first_ms, uint32_t moments,
               int64_t every_ms);
void town_close(struct town *t);

enum { PATTERNS = 6 };
extern const struct pattern_twin {
    const char *text;
    bool (*picks)(const struct fact *f);
} pattern_twin[PATTERNS];

#endif
