/* stages.h - what the files of `ciclo stages` share. */
#ifndef CLI_STAGES_H
#define CLI_STAGES_H

#include "cli/report.h"
#include "engine/query.h"

struct stages_asked {
    const struct lifecycle *lifecycle;
    const struct fits *who; /* NULL: everybody */
    bool by_period;
    enum flow_by by;
    int64_t at_ms;
    const int64_t *edge; /* of periods */
    uint32_t period_n;
};
/* Targets and KPIs, as a table or CSV. */
bool stages_put_kpis(struct cli *c, struct engine *e, const struct stages_asked *q,
                     struct buf *b, struct err *err);
/* `ciclo stages --conversion`. */
int stages_conversion(struct cli *c);

#endif
