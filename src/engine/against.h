/* against.h - a report's question asked of another time, or of another segment, too: side by side,
 * and how far apart the true shares are. */
#ifndef ENGINE_AGAINST_H
#define ENGINE_AGAINST_H

#include "engine/report.h"
#include "report/share.h"

struct report_against {
    str period;  /* FROM..TO, both days or moments; empty: the same time */
    str segment; /* empty: the same customers */
};
static inline bool is_against(const struct report_against *asked)
{
    return asked->period.n || asked->segment.n;
}
/* ERR_INPUT: customers are listed, and a report is broken down, of one side alone. */
bool against_alone(bool parted, bool listed, struct err *err);
/* The scope of the other side. */
bool against_scope(const struct engine *e, const struct report_against *asked,
                   const struct report_scope *scope, struct report_scope *out,
                   struct err *err);

/* The same of a report that shows how it stands on one day: the period is that of the other side. */
bool against_scope_on(const struct engine *e, const struct report_against *asked,
                      const struct report_scope *scope, struct report_scope *out,
                      struct err *err);

/* "customers","of","against":{"customers","of"},"difference","low","high", the last three null
 * when one of the shares is of none: inside an open object. */
void against_put(struct json_out *j, struct share here, struct share there);
/* Of numbers that are no shares of customers, which have no bounds: "value","against",
 * "difference", null what is not known. */
struct figure {
    bool known;
    double value;
};
/* Of a share whose whole is not made of different people. */
struct figure figure_of_share(struct share s);
void against_put_figures(struct json_out *j, struct figure here, struct figure there);

/* The rows of two sides that are called the same: those that are shown here in their order, and behind
 * them those that are shown there alone. A row that is not shown is still found by its name. */
struct against_names {
    const str *name;
    const bool *shown; /* NULL: all are */
    uint32_t n;
};
struct against_row {
    uint32_t here, there; /* AGAINST_NONE: this side has no such row */
};
#define AGAINST_NONE UINT32_MAX
/* Lives in `a`. */
bool against_match(const struct against_names *here, const struct against_names *there,
                   struct arena *a, const struct against_row **out, uint32_t *n,
                   struct err *err);

#endif
