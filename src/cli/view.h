/* view.h - questions of reports that are kept by a name. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "cli/cli.h"
#include "engine/saved.h"

/* Keeps what the command was asked as the view that --save names. */
bool view_keep(struct cli *c, struct engine *e, struct err *err);

/* What view, dashboard and alert have in common: what stands behind FILE. */
struct saved_action {
    const char *word;
    int (*run)(struct cli *c, struct engine *e, struct saved *s);
    bool writes;
    size_t words; /* how many stand behind it, at least */
};
int saved_run(struct cli *c, const struct saved_action *action, size_t n);
/* Adds what the second word names, and says so. */
int saved_add_named(struct cli *c, struct saved *s, enum saved_kind kind, str text);
int saved_remove_named(struct cli *c, struct saved *s, enum saved_kind kind);
typedef bool saved_put(struct json_out *j, const struct engine *e,
                       const struct saved_row *row, struct arena *a, struct err *err);
/* The list in the form that --json or --csv ask for; `put` is of JSON, `row` of a table whose
 * heading stands. */
int saved_list(struct cli *c, const struct saved *s, enum saved_kind kind,
               struct cli_table *t,
               bool (*row)(struct cli_table *t, const struct saved_row *row,
                           struct err *err),
               const struct engine *e, saved_put *put);

#endif
