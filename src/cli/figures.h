/* figures.h - targets and KPIs as the tables of several commands show them. */
#ifndef CLI_FIGURES_H
#define CLI_FIGURES_H

#include "cli/cli.h"
#include "engine/model.h"
#include "report/kpi.h"

/* For people, or `plain` as CSV has it: a number alone. These live in `a`; .p is NULL when memory
 * ran out. */
str figure_text(const struct kpi_value *v, const struct workspace *w, bool plain,
                struct arena *a);
/* "to retention or loyalty within 90d" */
str figure_target_text(const struct lifecycle *l, const struct target *t,
                       struct arena *a);

#endif
