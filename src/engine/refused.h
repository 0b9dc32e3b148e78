/* refused.h - what was refused: how much of it, and why; and sending it again, mended. */
#ifndef ENGINE_REFUSED_H
#define ENGINE_REFUSED_H

#include "engine/engine.h"
#include "engine/usage.h"
#include "event/mend.h"

/* What came from one source and was refused for one reason. */
struct refused_group {
    str source, reason;
    uint64_t n;
    uint64_t calls; /* of them are calls, which can be sent again */
    int64_t first_ms,
        last_ms;        /* when they happened, as they say; MOMENT_NEVER: none says so */
    int64_t refused_ms; /* when the last of them was; MOMENT_NEVER: not known */
};
/* Of one type of event, for one reason. */
struct refused_event {
    str type, reason;
    uint64_t n;
};
struct refused_summary {
    uint64_t n;    /* that the file has */
    uint64_t left; /* of them, that are not counted yet */
    /* Most first; of more reasons than REFUSED_REASONS the rest is only counted. */
    struct refused_group *group;
    uint32_t group_n;
    uint64_t others;
    struct refused_event *event; /* ordered by type, most first; likewise */
    uint32_t event_n;
};
/* Counts what was refused, for as long as there is time and one at least; what is left comes with the
 * next calls. Lives in `a`, and in the engine until something leaves the list or the model changes. */
bool engine_refused(struct engine *e, struct usage_time time, struct arena *a,
                    struct refused_summary *out, struct err *err);

/* No two rows of the file have the same, until somebody tries hard. */
uint64_t refused_id(const struct refusal *r, struct buf *room);

struct refused_row {
    uint64_t id;
    struct refusal refusal;
};
/* Of one group; as much as the first of these limits gives, but one row looked at. */
struct refused_want {
    str source, reason;
    uint32_t rows_max;
    size_t bytes_max; /* of texts */
    struct usage_time time;
};
/* From *at on, which is left behind the last that was looked at; *more: the list may go on there. Lives
 * in `a`. */
bool engine_refused_rows(struct engine *e, const struct refused_want *want,
                         struct refused_place *at, struct arena *a,
                         struct refused_row **out, uint32_t *n, bool *more,
                         struct err *err);

/* --- again --- */

struct resend {
    str source, reason; /* empty: any */
    uint64_t id;        /* of the one that is meant; 0: all */
    str text;           /* instead of its own; empty: none */
    const struct mend *mend;
    uint32_t mend_n;
    bool dry_run;
};
struct resend_reason {
    str reason;
    uint64_t n;
};
struct resend_report {
    uint64_t found, accepted,
        known;         /* known: the file has an event with this messageId */
    uint64_t refused;  /* again: they stay in the list as they were */
    uint64_t no_calls; /* lines of a CSV file */
    uint64_t broken;   /* they begin as calls do, but were cut, or came broken */
    struct resend_reason *reason; /* of those refused again, most first */
    uint32_t reason_n;
};
/* Sends what was refused as if it came now; what is accepted, or known already, leaves the list in
 * the same transaction. With many it takes several, each whole. Lives in `a`. */
bool engine_resend(struct engine *e, const struct resend *what, int64_t now_ms,
                   struct arena *a, struct resend_report *out, struct err *err);

#endif
