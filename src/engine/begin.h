/* begin.h - what several reports have in words: where customers begin, by which stages, by what they
 * are broken down, in which period; and sums. */
#ifndef ENGINE_BEGIN_H
#define ENGINE_BEGIN_H

#include "engine/engine.h"
#include "report/begin.h"
#include "report/flow.h"

/* Where everybody's moves up to at_ms in a lifecycle are. Lives in `a`. */
bool report_moves(struct engine *e, const struct lifecycle *l, int64_t at_ms,
                  struct arena *a, struct moves_of *out, struct err *err);

/* Whether the text names stages, not events. */
bool stages_are_named(str text);
/* ERR_INPUT: no stage has this name. */
bool report_stage(const struct lifecycle *l, str name, uint16_t *out, struct err *err);
/* `stage.retention, stage.loyalty`, or all others: `not stage.lost`, among which is to be in no
 * stage at all. Lives in `a`. */
bool stages_named(const struct lifecycle *l, str text, struct arena *a,
                  struct stage_set *out, struct err *err);

struct begin_words {
    str first;     /* a pattern, a trait that is a moment, or stages */
    str gap;       /* of a pattern: a length; empty: the first of all */
    str lifecycle; /* of stages; empty: the first */
    int64_t at_ms;
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. What is not
 * in the program lives in `a`. */
bool report_begin(struct engine *e, const struct begin_words *q, struct program *p,
                  struct arena *a, struct begin *out, str *wrong, struct err *err);

/* One pattern; likewise. */
bool report_pattern(struct program *p, str text, struct pick *out, str *wrong,
                    struct err *err);
/* A property of the events that `first` picks (channel ...), or what is told of the customer:
 * trait.x, acquisition.x, consent.x.y. One that is not NULL is set; likewise. */
bool report_by(struct program *p, const struct pick *first, str by, struct pick *out,
               bool *told, str *wrong, struct err *err);

/* Which of the periods has this name. ERR_INPUT: none. */
bool report_period(const struct engine *e, enum flow_by by, const int64_t *edge,
                   uint32_t period_n, str name, uint32_t *out, struct err *err);
/* A sum of values of this type as JSON: a number, or money in major units. */
void report_put_value(struct json_out *j, const struct engine *e, enum value_type type,
                      __int128 value);
/* ERR_INPUT: the range of a scope holds no time. */
bool report_range(int64_t from_ms, int64_t to_ms, struct err *err);
/* The length that an option of this name gives. ERR_INPUT: it is none, or no time at all. */
bool length_asked(const char *option, str text, struct length *out, struct err *err);
/* A scope's known_ms, when at_ms was given or stands for now. */
int64_t report_known(const struct engine *e, int64_t at_ms, bool given, int64_t now_ms);

#endif
