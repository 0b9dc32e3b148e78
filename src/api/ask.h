/* ask.h - a report's question (engine/question.h) answered without a request: by the same handler,
 * with the same words. */
#ifndef API_ASK_H
#define API_ASK_H

#include "engine/engine.h"
#include "engine/question.h"

/* Whether there is such a report, and takes these parameters. */
bool ask_check(const struct question *q, struct err *err);
/* Appends the answer as JSON: as of at_ms, from where dates are counted, or with MOMENT_NEVER as of
 * now, to which the engine was brought. ERR_INPUT: *wrong is as in api_request. */
bool ask_answer(struct engine *e, const struct question *q, int64_t at_ms,
                struct arena *a, struct buf *out, str *wrong, struct err *err);

#endif
