/* returns.h - what channels cost and what they bring, in words: asked of everybody, and as JSON. */
#ifndef ENGINE_RETURNS_H
#define ENGINE_RETURNS_H

#include "engine/against.h"
#include "report/returns.h"

struct returns_question {
    str won;          /* a pattern; empty: the first touch */
    str event, value; /* a pattern, and a property of it that is summed; may be empty */
    bool by_campaign;
    bool by_last; /* it is the last touch's, not the first one's */
    str without;  /* channels that are no touches, with commas between; empty: none */
    struct report_scope scope;
    /* List whom this channel or campaign reached, won or what it brought (`event`), or (none);
     * empty: nobody. As: reached, won or events; empty: won. */
    str list, list_campaign, list_as;
    struct report_against against;
};

/* A channel or campaign that reached somebody, or cost something. */
struct returns_row {
    str channel, campaign;
    bool has_campaign;
    struct returns_source got;
    __int128 spend; /* minor units of the workspace's currency */
};
/* What one source is on two sides, which may have none of it: rows of nothing. */
struct returns_beside {
    const struct returns_row *here, *there;
};
struct returns_view {
    struct returns *returns;
    struct program *program;
    const struct returns_row *row; /* what costs most first, then by name */
    uint32_t row_n;
    struct returns_row nobody, all;
    struct returns_view *against; /* NULL: none is asked for */
    const struct returns_beside *beside;
    uint32_t beside_n;
    uint64_t foreign; /* statements of these days in another currency, without a rate */
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. Rows live
 * in `a`; *out is to be freed by returns_view_free. */
[[nodiscard]] bool engine_returns(struct engine *e, const struct returns_question *q,
                                  struct arena *a, struct returns_view *out, str *wrong,
                                  struct err *err);
void returns_view_free(struct returns_view *v);
/* Of all customers who were won, those whom this source won. */
struct share returns_won(const struct returns_view *side, const struct returns_row *row);
/* Each as JSON, or null: a sum of money; of values; what winning one cost; value over spend. */
void returns_put_spend(struct json_out *j, const struct engine *e, __int128 minor);
void returns_put_value(struct json_out *j, const struct engine *e,
                       const struct returns_view *v, __int128 value);
void returns_put_cost(struct json_out *j, const struct engine *e,
                      const struct returns_row *row);
void returns_put_return(struct json_out *j, const struct returns_view *v,
                        const struct returns_row *row);
bool returns_put_json(struct json_out *j, const struct engine *e,
                      const struct returns_view *v, struct arena *a, struct err *err);

#endif
