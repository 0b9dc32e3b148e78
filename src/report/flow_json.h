/* flow_json.h - the stage flow as the JSON that command line and HTTP share. */
#ifndef REPORT_FLOW_JSON_H
#define REPORT_FLOW_JSON_H

#include "report/flow.h"

/* "population":..,"stages":[{"stage","customers","entered","left"}],
 * "moves":[{"from","to","customers"}]: the members of one period, inside an open object. */
void flow_put_period(struct json_out *j, const struct flow *f, uint32_t period,
                     const struct lifecycle *l);
/* "stage","customers","entered","left": the members of one stage, likewise. */
void flow_put_stage(struct json_out *j, const struct flow *f, uint32_t period,
                    uint32_t stage, const struct lifecycle *l);
/* {"by":"month","months":[{"month":"2011-12","start","end", and the members above}]} */
void flow_put_periods(struct json_out *j, const struct flow *f, enum flow_by by,
                      const struct zone *z, const struct lifecycle *l);

#endif
