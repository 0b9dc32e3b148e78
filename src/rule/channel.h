/* channel.h - through which channel an event came, and through which a customer did first.
 *
 * What an event's context says (the page's address and its referrer, the campaign, the mark of an
 * advertising system) is read into a row of a few columns; a list of rules over these columns, in
 * order, says the channel. Of the rules docs/channels.md tells everything. */
#ifndef RULE_CHANNEL_H
#define RULE_CHANNEL_H

#include "base/err.h"
#include "store/chunk.h"

/* What the rules of channels see of an event. A text that is missing is empty. */
#define CHANNEL_COLUMNS(X)                                                               \
    X(SOURCE, "source")     /* of the campaign, else of the click; small letters */      \
    X(MEDIUM, "medium")     /* the same */                                               \
    X(CAMPAIGN, "campaign") /* its name */                                               \
    X(TERM, "term")                                                                      \
    X(CONTENT, "content")                                                                \
    X(REFERRER, "referrer") /* the host of the page before, without www. */              \
    X(PAGE, "page")         /* the host of the page itself */                            \
    X(PATH, "path")         /* and where on it */                                        \
    X(SITE,                                                                              \
      "site") /* search, social, video, email, return; own: it is the page's host */     \
    X(CLICK, "click")       /* the parameter of a click on an advertisement: gclid */    \
    X(PLATFORM, "platform") /* web, mobile, server */                                    \
    X(LIBRARY, "library")                                                                \
    X(EVENT, "event") /* the type's own name */

enum channel_column {
#define X(name, text) CHANNEL_##name,
    CHANNEL_COLUMNS(X)
#undef X
        CHANNEL_COLUMNS_END
};

struct channel_rule {
    str channel; /* several rules may give the same */
    str when;
};
#define CHANNELS_MAX 254u /* different ones */

struct channels;
/* What is wrong with a rule is ERR_INPUT with line and column in it, and *wrong is its place in the
 * list. Lives in `a`. */
bool channels_new(const struct channel_rule *rule, uint32_t n, struct arena *a,
                  struct channels **out, uint32_t *wrong, struct err *err);
uint32_t channels_n(const struct channels *c);
str channels_name(const struct channels *c, uint32_t channel); /* from 0 */

/* What is known of how a customer came: of the first of his events that has a channel. */
#define ACQUISITIONS(X)                                                                  \
    X(CHANNEL, "channel")                                                                \
    X(SOURCE, "source")                                                                  \
    X(MEDIUM, "medium")                                                                  \
    X(CAMPAIGN, "campaign")                                                              \
    X(REFERRER, "referrer")                                                              \
    X(PAGE, "page") /* the landing page: its path */

enum acquisition {
#define X(name, text) ACQUISITION_##name,
    ACQUISITIONS(X)
#undef X
        ACQUISITIONS_END
};
str acquisition_name(enum acquisition a);

#define WORD_NONE UINT32_MAX

/* The events of a chunk. */
struct origins {
    const uint8_t *channel; /* by event: 0: it has none, else 1 + the channel */
    /* The first event with a channel of each customer that has one, ascending by event. */
    struct acquired {
        uint32_t event;
        uint32_t word[ACQUISITIONS_END]; /* places in .word, or WORD_NONE */
    } * acquired;
    uint32_t acquired_n;
    /* The events with a channel, ascending. */
    const struct touch {
        uint32_t event, campaign; /* a place in .word, or WORD_NONE */
    } * touch;
    uint32_t touch_n;
    const str *word;
    uint32_t word_n;
};
/* Made once for each chunk, and kept with its columns. Borrowed from the chunk. Any thread. */
bool channels_of(const struct channels *c, const struct chunk *chunk,
                 const struct origins **out, struct err *err);
/* The first at or behind an event. */
uint32_t acquired_from(const struct origins *o, uint32_t event);

#endif
