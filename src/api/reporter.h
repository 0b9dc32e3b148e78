/* reporter.h - reports, made on a thread of their own, one after the other, out of a view of the
 * engine: whoever sends or asks something else does not wait for them.
 *
 * An answer is of one moment, at which the file held all that it held when it was asked. When that
 * takes longer than a patience, and the same was answered not long ago, that answer is given, with
 * its age, and the new one is made nevertheless.
 *
 * What can be made in a moment of what is kept (api_request.at_hand) is told at once, before all who wait.
 * When that is of an older state, the same is made anew beside, for the next who asks. */
#ifndef API_REPORTER_H
#define API_REPORTER_H

#include "engine/engine.h"
#include "engine/question.h"

#include <microhttpd.h>

/* 0 is replaced by what stands here. */
struct report_times {
    int64_t patience_ms; /* how long a new answer may take; 100; negative: no time */
    int64_t age_ms;      /* how old another may be then; 30 s */
    int64_t refit_ms;    /* how old what is at hand may be, once it is outdated; 60 s */
};
struct reporter;
[[nodiscard]] bool reporter_new(struct engine *e, struct report_times times,
                                struct reporter **out, struct err *err);
void reporter_free(struct reporter *r); /* NULL is fine; nobody may wait */

/* What becomes of a question; the one who asks owns it. */
struct report_answer {
    struct MHD_Connection *connection;
    bool is_there, ok;
    struct err err;
    struct buf wrong; /* of an error: the part of the question in which it is */
    struct buf out;
    const char *type;
    int64_t age_ms;
};
void report_answer_free(struct report_answer *a); /* NULL is fine */
/* Is there at once, or the connection is suspended until it is. `waits`: for a new answer, however
 * long it takes. */
[[nodiscard]] bool reporter_ask(struct reporter *r, struct MHD_Connection *c,
                                const struct question *q, bool waits,
                                struct report_answer **out, struct err *err);

/* Between two turns of the server's loop: gives what is made; true when another is to be begun, after
 * an advance of the engine, or to fail since that failed. */
bool reporter_turn(struct reporter *r);
void reporter_begin(struct reporter *r);
void reporter_fail(struct reporter *r, const struct err *err);
/* Somebody waits, or something is made. */
bool reporter_is_busy(const struct reporter *r);
bool reporter_is_making(const struct reporter *r);
/* Answers since the start. */
struct report_counts {
    uint64_t fresh; /* made for who asked */
    uint64_t kept;  /* made before, and still so */
    uint64_t older;
};
struct report_counts reporter_counts(const struct reporter *r);
/* Before the data file is exchanged: waits for what is being made, so that the engine has no view, and
 * forgets all answers. */
void reporter_rest(struct reporter *r);
/* The same, and all who wait are told that the server stops: nobody asks any more. */
void reporter_end(struct reporter *r);

#endif
