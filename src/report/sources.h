/* sources.h - the channels, or campaigns of channels, that reports count by, and the touches of a
 * chunk's customers: the events through which they came.
 *
 * A touch is an event that has a channel, unless the channel is one that is left out. Sources are
 * numbered as they come up; each thread or shard numbers its own. */
#ifndef REPORT_SOURCES_H
#define REPORT_SOURCES_H

#include "base/hash.h"
#include "rule/channel.h"

#define SOURCES_MAX 10000u
#define SOURCE_NONE UINT32_MAX
#define SOURCE_NO_CAMPAIGN STR("(none)") /* in words */

struct source_plan {
    const struct channels *channels; /* NULL: no event has one */
    bool by_campaign;
    const bool *left_out; /* by channel; NULL: none is */
};

/* Zero it, and give it its plan, to start. */
struct sources {
    struct source_plan plan;
    struct text_table name; /* the channel's byte, and with a campaign `=` and its name */
    uint32_t plain[CHANNELS_MAX
                   + 1]; /* by channel, without a campaign; 0, or 1 + the source */
    /* of the chunk that is turned to */
    const struct origins *origins;
    uint32_t next;
    struct source_of_word {
        uint32_t channel, source; /* the one that it was found with last; 0: none */
    } * of_word;
    uint32_t word_cap;
};
void sources_free(struct sources *s);
bool sources_turn(struct sources *s, const struct chunk *c, struct err *err);

/* The next touch before the event `end`, if there is one: chunks are walked forwards. */
struct source_touch {
    uint32_t event, source;
};
bool sources_next(struct sources *s, uint32_t end, struct source_touch *out, bool *there,
                  struct err *err);
/* All touches before the event are passed over. */
void sources_skip(struct sources *s, uint32_t event);
/* The next event that may be a touch: UINT32_MAX behind the last. */
static inline uint32_t sources_ahead(const struct sources *s)
{
    return s->next < s->origins->touch_n ? s->origins->touch[s->next].event : UINT32_MAX;
}

/* The number here of another's source. */
bool sources_add(struct sources *s, const struct sources *from, uint32_t source,
                 uint32_t *out, struct err *err);
uint32_t source_channel_number(const struct sources *s, uint32_t source); /* from 0 */
str source_channel(const struct sources *s, uint32_t source);
/* False: without a campaign. */
bool source_campaign(const struct sources *s, uint32_t source, str *out);
/* Is it this channel's, and when the campaign is not empty, this campaign's or SOURCE_NO_CAMPAIGN? */
bool source_is(const struct sources *s, uint32_t source, str channel, str campaign);
/* By channel, then by campaign, those without one first. */
int source_cmp(const struct sources *s, uint32_t a, uint32_t b);

#endif
