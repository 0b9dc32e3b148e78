/* report.h - reports over everybody's events: chunk by chunk, on all threads, then merged; and what
 * the command line and HTTP both make of a question in words. */
#ifndef ENGINE_REPORT_H
#define ENGINE_REPORT_H

#include "engine/engine.h"
#include "engine/scan.h"
#include "report/listed.h"
#include "rule/scan.h"

/* How a report counts. Each thread has a count of its own. */
struct report_kind {
    bool (*begin)(const void *plan, void **count, struct err *err);
    /* `who`: those of the chunk who are looked at; of others it may show what they were. A chunk may
     * come twice, with others each time. */
    bool (*add)(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err);
    bool (*merge)(void *into, const void *from, struct err *err);
    void (*free)(void *count);
};
/* *out is to be freed by the kind's free. `who`: NULL for everybody. */
[[nodiscard]] bool engine_report(const struct engine *e, const struct report_kind *kind,
                                 const void *plan, const struct fits *who, void **out,
                                 struct err *err);

/* Of which time a report is, and about whom: what every question has. */
struct report_scope {
    int64_t from_ms, to_ms; /* from_ms is in it, to_ms is not */
    int64_t at_ms;          /* what happened later is not seen */
    /* Up to when it is known of everybody what he did, for reports in which it counts that
     * nothing happened: at_ms, and unless it was given the end of the day of the file's last
     * event; never later than now. */
    int64_t known_ms;
    str segment, when; /* empty: everybody */
};
/* Who is in the segment and fits the rule at at_ms. What they have of `a` ends with it; *out is
 * NULL when everybody is meant. */
bool report_who(struct engine *e, const struct report_scope *scope, struct arena *a,
                const struct fits **out, struct err *err);
/* engine_report about them. ERR_INPUT: *wrong is the text in which line and column of the error
 * stand. */
[[nodiscard]] bool report_count(struct engine *e, const struct report_kind *kind,
                                const struct report_scope *scope, const void *plan,
                                struct arena *a, void **out, str *wrong, struct err *err);
/* "key":["id", ...], in the order of the ids, inside an open object. */
bool report_put_listed(struct json_out *j, const char *key, const struct engine *e,
                       const struct listed *listed, struct arena *a, struct err *err);
/* Customers in the order of their ids. Lives in `a`. */
bool report_by_id(const struct engine *e, const uint32_t *customer, size_t n,
                  struct arena *a, const uint32_t **out, struct err *err);
/* Patterns in the names of the live model, as picks.h has them. To be freed by program_free. */
[[nodiscard]] bool report_program(const struct engine *e, struct program **out,
                                  struct err *err);

#endif
