/* select.h - SQLite's own language over the data file: its tables, and as virtual tables
 * events, timelines, stages and segments. Nothing can be written. docs/sql.md says what
 * stands in the tables. */
#ifndef ENGINE_SELECT_H
#define ENGINE_SELECT_H

#include "engine/engine.h"

struct select_options {
    int64_t at_ms; /* the moment at which stages and segments are asked */
    /* Asked now and then; true ends the query with ERR_CONFLICT "stopped". NULL: never. */
    bool (*stop)(void *context);
    void *context;
};

/* One query under way. The engine stays as it is until select_close. */
struct select;
/* ERR_INPUT in words, with line and column in the text where they are known. */
[[nodiscard]] bool select_open(struct engine *e, str text, const struct select_options *o,
                               struct select **out, struct err *err);
void select_close(struct select *s);

uint32_t select_column_n(const struct select *s);
str select_column_name(const struct select *s, uint32_t column);

/* The next row; *there is false behind the last. */
bool select_next(struct select *s, bool *there, struct err *err);
enum select_type { SELECT_NULL, SELECT_NUMBER, SELECT_TEXT, SELECT_BYTES };
struct select_value {
    enum select_type type;
    str text; /* NUMBER: as SQLite prints it */
};
/* Of the present row; borrowed until the next one. */
bool select_value(struct select *s, uint32_t column, struct select_value *out,
                  struct err *err);

#endif
