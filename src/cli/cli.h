/* cli.h - one command of the command line: its table row, and what it runs with. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/io.h"
#include "base/time.h"
#include "store/store.h"

#include <stdio.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 }; /* exit codes */

struct cli_option {
    const char *name;  /* without the two dashes */
    const char *value; /* "DATE"; NULL for a flag */
    const char *what;
    bool many; /* may be given several times */
};

struct cli;

struct cli_command {
    const char *name;  /* "import", "model check" */
    const char *words; /* what follows: "FILE DATA"; [X] may be missing, [X...] many */
    const char *what;
    const struct cli_option *option;
    size_t option_n;
    int (*run)(struct cli *c);
};

/* The commands, in the order of the help. */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_command_n;

struct cli {
    const struct cli_command *command;
    struct io *io;
    size_t memory_bytes;     /* --memory; 0: not given */
    int64_t clock_offset_ms; /* --clock: how far our clock stands from the system's */
    char **word;             /* what stands behind the command, options taken out */
    size_t word_n;
    struct cli_given {
        const char *option,
            *value; /* in the order of the command line; a flag's value is "" */
    } * given;
    size_t given_n;
    struct arena arena; /* ends with the command */
};

int64_t cli_now_ms(const struct cli *c);
str cli_word(const struct cli *c, size_t i); /* empty when missing */
bool cli_has(const struct cli *c, const char *option);
str cli_text(const struct cli *c, const char *option); /* empty when not given */
/* All values of an option, in order; *out lives in the command's arena. */
bool cli_all(struct cli *c, const char *option, const str **out, size_t *n);
/* An option that is a moment or a date in the zone, which may be counted from --at, or else from
 * now; `otherwise` when not given. */
bool cli_moment(const struct cli *c, const char *option, const struct zone *z,
                int64_t otherwise, int64_t *out, struct err *err);
bool cli_number(str s, uint32_t *out); /* digits */

struct engine;
/* Opens the data file that the first word names, with the memory of --memory. */
bool cli_open(const struct cli *c, enum store_mode mode, struct engine **out,
              struct err *err);
/* The same, though its live model may have a fault: see engine_open_versions. */
bool cli_open_versions(const struct cli *c, enum store_mode mode, struct engine **out,
                       struct err *err);

struct lifecycle;
/* The one that --lifecycle names, or the first. */
bool cli_lifecycle(const struct cli *c, const struct engine *e,
                   const struct lifecycle **out, struct err *err);

/* Prints "ciclo: MESSAGE" (with line and column when err has them; `where` in front unless
 * NULL or named in the message) to standard error, and returns CLI_FAILED. */
int cli_fail(const struct err *err, const char *where);
/* The same for a fault in `text`, with its line and a caret under the place. */
int cli_fail_in(const struct err *err, str text);
/* The same for wrong use, with the command's usage line; returns CLI_USAGE. */
int cli_wrong(const struct cli *c, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes the text to standard output; a failure (a full disk, say) makes the exit code 1. */
int cli_print(const struct buf *b);
/* The same for people: what would steer a terminal becomes '?'. */
int cli_show(struct buf *b);

/* On the wall clock of the zone: what its people read. */
void cli_put_moment(struct buf *b, const struct zone *z, int64_t at_ms);

/* A bar on standard error that shows how far a long work has come: a callback for whatever
 * reports it, when somebody sees it. Zero it to start. */
struct cli_bar {
    int64_t drawn_us;
    bool drawn;
};
bool cli_bar_is_seen(void); /* standard error is a terminal */
void cli_bar_draw(void *bar, uint64_t done, uint64_t all);
/* The same, with lines read; where .all is not known, they are all that is shown. */
void cli_bar_lines(void *bar, uint64_t done, uint64_t all, uint64_t lines);
void cli_bar_end(const struct cli_bar *bar);

/* A table for people, or CSV. */
struct cli_table {
    size_t columns;
    struct cli_cell {
        str text;
        bool right; /* a number */
    } * cell;
    size_t n, cap;
    struct arena *arena;
    bool failed;
};
void cli_table_add(struct cli_table *t, str text);
void cli_table_number(struct cli_table *t, uint64_t number);
void cli_table_right(struct cli_table *t, str number); /* written already */
/* The first row is the heading. Sets b->failed when memory ran out. */
void cli_table_print(const struct cli_table *t, struct buf *b);
void cli_table_csv(const struct cli_table *t, struct buf *b);

extern const struct cli_command cli_init, cli_import, cli_model_show, cli_model_check,
    cli_model_apply, cli_model_history, cli_model_diff, cli_model_revert,
    cli_model_backtest, cli_stages, cli_customer, cli_replay, cli_refused, cli_serve,
    cli_rule_check, cli_rule_explain, cli_sql, cli_export, cli_info, cli_compact,
    cli_backup, cli_rebuild, cli_erase, cli_verify, cli_key, cli_identity, cli_receipt,
    cli_person, cli_channels, cli_dictionary, cli_mapping_list, cli_mapping_show,
    cli_retain, cli_consent, cli_webhook, cli_funnel, cli_cohorts, cli_rfm, cli_segment,
    cli_attribution, cli_paths, cli_survival, cli_churn, cli_journey_map, cli_overlap,
    cli_spend_import, cli_spend_list, cli_returns, cli_view, cli_dashboard, cli_alert,
    cli_value_keep, cli_value_list, cli_value_remove, cli_value_equity, cli_lookalike,
    cli_value_fit, cli_value_show, cli_value_customer, cli_personas, cli_churn_train,
    cli_churn_show, cli_churn_of, cli_likely_train, cli_likely_show, cli_likely_of,
    cli_churn_rows, cli_likely_rows, cli_lift, cli_lift_plan, cli_ledger,
    cli_rates_import, cli_rates_list;

#endif
