/* alert.h - a number of a view that is looked at, and when that is told: docs/views.md.
 *
 * As text an alert is a question (question.h): alert?above=100&every=day&number=/whole/customers&
 * view=NAME, with one of above, below and unusual=1; its state is another. */
#ifndef ENGINE_ALERT_H
#define ENGINE_ALERT_H

#include "base/json.h"
#include "base/time.h"
#include "engine/question.h"

enum alert_every { ALERT_HOUR, ALERT_DAY, ALERT_WEEK };
enum alert_rule { ALERT_ABOVE, ALERT_BELOW, ALERT_UNUSUAL };
struct alert {
    str view, number; /* number: see answer_number */
    enum alert_every every;
    enum alert_rule rule;
    int64_t limit; /* above or below it; fixed point */
};
bool alert_parse(str text, struct arena *a, struct alert *out, struct err *err);
/* The one way to write it. */
bool alert_print(const struct alert *alert, struct arena *a, struct buf *to,
                 struct err *err);
const char *alert_every_name(enum alert_every every); /* "day" */

/* The last moment up to at_ms at which it is looked at, in the zone: a full hour, the beginning of
 * a day, or of a Monday; and the first one behind it. */
int64_t alert_due(const struct zone *z, enum alert_every every, int64_t at_ms);
int64_t alert_next(const struct zone *z, enum alert_every every, int64_t at_ms);
/* The same moment of the week, so many weeks before. */
int64_t alert_past(const struct zone *z, int64_t look_ms, uint32_t weeks);

/* What is usual of a number is said of its values at the same moment of the ALERT_WEEKS weeks
 * before, of which ALERT_LEAST must be known. */
enum { ALERT_WEEKS = 12, ALERT_LEAST = 8, ALERT_WHY_MAX = 480 };
struct usual {
    int64_t low, median, high;
};
/* The modified z-score of Iglewicz and Hoaglin (How to Detect and Handle Outliers, 1993):
 * 0.6745 (x - median) / MAD, between -3.5 and 3.5. Where MAD is 0, 1.253314 times the mean
 * distance from the median stands for MAD / 0.6745: both are the standard deviation of what is
 * normal. n > 0; brings the values into another order. */
struct usual usual_of(int64_t *value, uint32_t n);

/* A number of an answer: a JSON pointer (RFC 6901), in which a list's item may also be `last`, or
 * name=value: the first one whose member is this text. False: there is no number. */
bool answer_number(const struct json *answer, str pointer, int64_t *out);

/* What came of the last look. */
struct alert_state {
    bool is_on;
    int64_t since_ms, look_ms; /* MOMENT_NEVER: it never changed; nobody looked yet */
    bool has_value, has_usual;
    int64_t value;
    struct usual usual;
    str why; /* nothing can be said; empty: something was */
};
/* An empty text is of one that nobody looked at. */
bool alert_state_parse(str text, struct arena *a, struct alert_state *out,
                       struct err *err);
bool alert_state_print(const struct alert_state *s, struct arena *a, struct buf *to,
                       struct err *err);

/* The values that a look found: value[0] then, value[k] k weeks before; why[0]: there was none. */
struct alert_look {
    int64_t at_ms;
    bool known[ALERT_WEEKS + 1];
    int64_t value[ALERT_WEEKS + 1];
    char why[ALERT_WHY_MAX];
};
/* True when it went on or off. A look that can say nothing changes neither. .why lives in `look`. */
bool alert_judge(const struct alert *alert, const struct alert_look *look,
                 struct alert_state *state);

#endif
