/* kpi_impl.h - what the counts of kpi.h are made of: kpi.c fills them, kpi_value.c reads them. */
#ifndef REPORT_KPI_IMPL_H
#define REPORT_KPI_IMPL_H

#include "report/kpi.h"

struct kpi_cell {
    uint64_t of, reached;
    __int128 sum;
    bool lost; /* a part of it does not fit */
    /* By stay 2 * its length in ms, + 1 when it is not over: in the cell of the stage's first
     * KPI that needs them. */
    int64_t *length;
    size_t n, cap;
    bool sorted;
};

struct kpi_count {
    struct kpi_plan plan;
    uint32_t *first; /* by stage: its cells of a period: the target's, then the KPIs' */
    uint32_t per_period;
    struct kpi_cell *cell;
    uint32_t *times_in;
};

struct kpi_cell *kpi_cell_of(const struct kpi_count *c, uint32_t period, uint32_t stage,
                             uint32_t i);
/* The KPI of a stage whose cell has the lengths; .kpi_n: none needs them. */
uint32_t kpi_with_lengths(const struct aims *aims);
bool kpi_cell_merge(struct kpi_cell *into, const struct kpi_cell *from, struct err *err);

#endif
