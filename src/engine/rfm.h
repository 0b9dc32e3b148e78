/* rfm.h - recency, frequency, monetary in words: asked of everybody, and as JSON. */
#ifndef ENGINE_RFM_H
#define ENGINE_RFM_H

#include "engine/against.h"
#include "segment/rfm.h"

struct rfm_question {
    str event;               /* a pattern */
    str value;               /* a number or money that it has */
    str method;              /* empty: interpolated, or limits where there are some */
    str limit[RFM_MEASURES]; /* four each, with commas between; empty: none */
    bool in_days;
    struct report_scope scope; /* to_ms is not asked for */
    /* A date before scope.at_ms, at which groups are looked at, too: who moved? Empty: none. */
    str since;
    str from; /* scope.from_ms in words: counted from a date, it is counted from since there */
    /* Who is in this group, or has these scores: 555, 54, 5; "all"; empty: nobody. With since also
     * who moved: "loyal > at risk", where (none) is no group. */
    str list;
    struct report_against against; /* .period: up to its end, and from its beginning on */
};

struct rfm_cell {
    uint64_t customers;
    __int128 value;
};

struct rfm_view {
    struct rfm *rfm;
    struct program *program;
    struct rfm_cell cell[RFM_SCORES][RFM_SCORES][RFM_SCORES]; /* by score, less one */
    struct rfm_cell group[RFM_GROUPS_END];
    bool has_list, list_moved;        /* list_moved: those who moved so, on both sides */
    const struct rfm_customer **list; /* by id */
    size_t list_n;
    struct rfm_view *before;  /* as it stood at since; NULL: not asked for */
    const uint8_t *group_of;  /* by customer, where there is a before */
    struct rfm_view *against; /* NULL: none is asked for */
    uint64_t moved[RFM_GROUPS_END + 1]
                  [RFM_GROUPS_END + 1]; /* [before][now]; last: in none */
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. The list
 * lives in `a`; *out is to be freed by rfm_view_free. */
[[nodiscard]] bool engine_rfm(struct engine *e, const struct rfm_question *q,
                              struct arena *a, struct rfm_view *out, str *wrong,
                              struct err *err);
void rfm_view_free(struct rfm_view *v);
extern const char *const rfm_measure[RFM_MEASURES]; /* "recency" ... */
/* Days of the calendar since the last event. */
int64_t rfm_days_ago(const struct rfm_view *v, int64_t last_ms);
/* A sum as JSON: a number, or money in major units. */
void rfm_put_value(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                   __int128 value);
struct share rfm_share(const struct rfm_view *v, int group);
/* "at risk", or "(none)". */
str rfm_side_name(unsigned group);
void rfm_put_json(struct json_out *j, const struct engine *e, const struct rfm_view *v);

#endif
