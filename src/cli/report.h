/* report.h - what the commands of reports share. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/cli.h"
#include "engine/against.h"

/* Options that reports share; what --from, --to and --csv mean there, each says itself. */
#define REPORT_OPTIONS                                                                   \
    {"at", "DATE", "later events are not seen: now unless given", false},                \
        {"segment", "NAME", "of those who are in this segment at that moment", false},   \
        {"when", "RULE", "of those who fit this rule at that moment", false},            \
        {"save", "NAME", "keep this question as a view of this name", false},            \
    {                                                                                    \
        "json", NULL, "as JSON", false                                                   \
    }

/* Of reports that can be set beside another time or segment. */
#define REPORT_AGAINST_OPTIONS                                                           \
    {"against", "FROM..TO", "beside the same of this time", false},                      \
    {                                                                                    \
        "against-segment", "NAME", "beside the same of this segment", false              \
    }
struct report_against report_against(const struct cli *c);
/* Two shares beside one another: the row's heading, and its cells. */
void report_against_heading(struct cli_table *t, const char *what, bool plain);
void report_against_cells(struct cli_table *t, struct share here, struct share there,
                          bool plain);
/* The same of what has no bounds; exact, or as shares of a hundred. */
void report_figures_heading(struct cli_table *t, const char *what, bool plain);
void report_figures_cells(struct cli_table *t, struct figure here, struct figure there,
                          bool plain);

/* An empty text where somebody is named would mean everybody. */
bool report_is_named(const struct cli *c, const char *option, struct err *err);

/* A report's answer as its text, in the form that --json and --csv ask for. ERR_INPUT: *wrong is
 * the text in which line and column of the error stand, or empty. */
typedef bool report_answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                           str *wrong, struct err *err);
/* Opens the file, reads the scope of the question from --from, --to, --at, --segment and --when,
 * and prints the answer; returns the exit code. */
int report_run(struct cli *c, report_answer *answer, void *question,
               struct report_scope *scope);

/* A share of a whole, such as 12.5 %; empty when there is no whole. */
void report_share(struct cli_table *t, uint64_t part, uint64_t whole);
/* A length of time in the unit that suits it, or exact in milliseconds; empty when negative. */
void report_length(struct cli_table *t, int64_t ms, bool exact);
/* Where nothing was found: of which time the file's events are. */
void report_nothing(struct buf *b, const struct engine *e);

/* A table of customers, by id. */
bool report_customers(struct cli *c, struct buf *b, const struct engine *e,
                      const struct listed *listed, struct err *err);

#endif
