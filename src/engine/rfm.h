/* rfm.h - recency, frequency, monetary in words: asked of everybody, and as JSON. */
#ifndef ENGINE_RFM_H
#define ENGINE_RFM_H

#include "engine/report.h"
#include "segment/rfm.h"

struct rfm_question {
    str event;               /* a pattern */
    str value;               /* a number or money that it has */
    str method;              /* empty: interpolated, or limits where there are some */
    str limit[RFM_MEASURES]; /* four each, with commas between; empty: none */
    bool in_days;
    struct report_scope scope; /* to_ms is not asked for */
    str list; /* who is in this group, or has these scores: 555, 54, 5; "all"; empty: nobody */
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
    bool has_list;
    const struct rfm_customer **list; /* by id */
    size_t list_n;
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. The list
 * lives in `a`; *out is to be freed by rfm_view_free. */
[[nodiscard]] bool engine_rfm(struct engine *e, const struct rfm_question *q,
                              struct arena *a, struct rfm_view *out, str *wrong,
                              struct err *err);
void rfm_view_free(struct rfm_view *v);
/* Days of the calendar since the last event. */
int64_t rfm_days_ago(const struct rfm_view *v, int64_t last_ms);
/* A sum as JSON: a number, or money in major units. */
void rfm_put_value(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                   __int128 value);
void rfm_put_json(struct json_out *j, const struct engine *e, const struct rfm_view *v);

#endif
