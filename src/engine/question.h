/* question.h - what a report is asked, as one text: `funnel?from=-30d&steps=visit,purchase`. */
#ifndef ENGINE_QUESTION_H
#define ENGINE_QUESTION_H

#include "base/err.h"
#include "base/str.h"

enum { QUESTION_PARAMS_MAX = 64, QUESTION_BYTES_MAX = 8192 };
struct question {
    str report;
    struct question_param {
        str name, value; /* neither is empty */
    } param[QUESTION_PARAMS_MAX];
    uint32_t n;
};
/* As an address has it: behind the name of a report a query, in which bytes may be %20 and a space
 * a plus. Parameters without a value are left out, the others are put in the order of their names,
 * each there once. Texts live in `a`. */
bool question_parse(str text, struct arena *a, struct question *out, struct err *err);
/* The one way to write it. */
void question_print(const struct question *q, struct buf *to);
/* Empty where there is none. */
str question_find(const struct question *q, str name);

#endif
