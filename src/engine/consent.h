/* consent.h - whether somebody may be written to: what every sender asks before he sends. */
#ifndef ENGINE_CONSENT_H
#define ENGINE_CONSENT_H

#include "base/json.h"
#include "engine/engine.h"

#define CONSENT_ANSWERS(X)                                                               \
    X(UNKNOWN, "unknown") /* he was never asked, or never said */                        \
    X(ALLOWED, "allowed")                                                                \
    X(DENIED, "denied")

enum consent_answer {
#define X(name, text) CONSENT_##name,
    CONSENT_ANSWERS(X)
#undef X
};
str consent_answer_text(enum consent_answer answer);

struct consent {
    enum consent_answer answer;
    str channel, purpose;
    /* of the event that says so; of UNKNOWN there is none */
    int64_t at_ms;
    str event, source, text_version; /* its message id; empty: it does not say */
};
struct consents {
    str customer; /* the id that names him */
    const struct consent *consent;
    uint32_t n;
};
/* What holds at a moment, up to which the histories must reach: the latest word up to then, as
 * consent.channel.purpose has it in rules. With channel and purpose that one alone, be it unknown;
 * with neither all that he ever said something of, by channel, then purpose. ERR_NOT_FOUND: nobody
 * has the id; ERR_INPUT: only one of the two is given. Lives in `a`. */
bool engine_consents(struct engine *e, str id, str channel, str purpose, int64_t at_ms,
                     struct arena *a, struct consents *out, struct err *err);
void consents_put_json(struct json_out *j, const struct consents *c);

#endif
