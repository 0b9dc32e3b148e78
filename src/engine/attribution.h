/* attribution.h - attribution in words: asked of everybody, and as JSON. */
#ifndef ENGINE_ATTRIBUTION_H
#define ENGINE_ATTRIBUTION_H

#include "engine/against.h"
#include "report/attribution.h"

struct attribution_question {
    str conversion; /* a pattern */
    str value;      /* a number or money that it has; empty: none */
    bool by_campaign;
    str without;   /* channels that are no touches, with commas between; empty: none */
    str lookback;  /* a length; empty: as far as it goes */
    str half_life; /* a length; empty: 7d */
    str position;  /* three shares of 100; empty: 40,20,40 */
    struct report_scope scope;
    /* List whose paths have this channel, or this campaign of it; ATTRIBUTION_NOBODY: conversions
     * without a touch; empty: nobody. As: any, first, last or lost; empty: any. */
    str list, list_campaign, list_as;
    struct report_against against;
};
#define ATTRIBUTION_NOBODY STR("(none)")

struct attribution_view {
    struct attribution *attribution;
    struct program *program;
    const struct attributed *row;
    uint32_t row_n;
    struct attribution_view *against; /* NULL: none is asked for */
    const struct against_row *beside; /* of .row of both */
    uint32_t beside_n;
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. Rows live
 * in `a`; *out is to be freed by attribution_view_free. */
[[nodiscard]] bool engine_attribution(struct engine *e,
                                      const struct attribution_question *q,
                                      struct arena *a, struct attribution_view *out,
                                      str *wrong, struct err *err);
void attribution_view_free(struct attribution_view *v);
/* Of all conversions of a side the share that is owed to the source of a row; AGAINST_NONE: 0. */
struct figure attribution_share(const struct attribution_view *side, uint32_t row,
                                enum attribution_model m);
/* A side that knows the row's source, and its number there. */
const struct attribution_view *attribution_known(const struct attribution_view *v,
                                                 const struct against_row *row,
                                                 uint32_t *source);
/* A sum of values as JSON: a number, or money in major units. */
void attribution_put_value(struct json_out *j, const struct engine *e,
                           const struct attribution_view *v, __int128 value);
bool attribution_put_json(struct json_out *j, const struct engine *e,
                          const struct attribution_view *v, struct arena *a,
                          struct err *err);

/* Channels by their names, with commas between, as a flag for each; NULL for none. Lives in `a`. */
bool report_channels(const struct engine *e, str names, struct arena *a, const bool **out,
                     struct err *err);

#endif
