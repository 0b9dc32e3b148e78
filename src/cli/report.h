/* report.h - what the commands of reports share. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/cli.h"

/* A share of a whole, such as 12.5 %; empty when there is no whole. */
void report_share(struct cli_table *t, uint64_t part, uint64_t whole);
/* A length of time in the unit that suits it, or exact in milliseconds; empty when negative. */
void report_length(struct cli_table *t, int64_t ms, bool exact);
/* Where nothing was found: of which time the file's events are. */
void report_nothing(struct buf *b, const struct engine *e);

/* A table of customers, by id. */
bool report_customers(struct cli *c, struct buf *b, const struct engine *e,
                      const uint32_t *customer, size_t n, struct err *err);

#endif
