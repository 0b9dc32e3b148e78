/* crowd.h - what customers are compared by, in words, and everybody's values of it. */
#ifndef ENGINE_CROWD_H
#define ENGINE_CROWD_H

#include "engine/report.h"
#include "segment/crowd.h"

/* Each text may hold several with commas between: count(purchase, 1y), since(purchase). */
struct crowd_words {
    const str *measure; /* rules that give a number, money, a length or a moment */
    size_t measure_n;
    const str *trait; /* names of traits, or acquisition.channel and its like */
    size_t trait_n;
};
/* Takes what stands before the next comma that stands in no parentheses and no quotes. */
str crowd_next_word(str *rest);

struct crowd_column {
    str name;               /* as it was asked for */
    enum value_type type;   /* of a trait TEXT */
    int grows;              /* program_grows: the values are moments, but mean lengths */
    struct text_table text; /* a trait's values, by code - 1 */
};
struct crowd_view {
    int64_t at_ms;
    struct crowd crowd;
    const uint32_t *customer; /* by row, ascending */
    uint32_t column_n;        /* measures, then traits */
    struct crowd_column column[CROWD_COLUMNS_MAX];
};
/* Of those in `who` (NULL: everybody) who were customers at at_ms. Lives in `a`, and is to be given
 * to crowd_view_free whatever this returns. ERR_INPUT: *wrong is the text in which line and column
 * of the error stand. */
bool engine_crowd(struct engine *e, const struct crowd_words *words, int64_t at_ms,
                  const struct fits *who, struct arena *a, struct crowd_view *out,
                  str *wrong, struct err *err);
void crowd_view_free(struct crowd_view *v);

/* Of its values, as people mean them: length, money ... */
str crowd_type_name(const struct crowd_column *c);
/* A column's value: a number, text, moment; "12.5 days" for people and milliseconds else; missing
 * is empty. `value` of a trait is its code. */
void crowd_put(struct buf *b, const struct engine *e, const struct crowd_view *v,
               uint32_t column, int64_t value, bool plain);
void crowd_put_json(struct json_out *j, const struct engine *e,
                    const struct crowd_view *v, uint32_t column, int64_t value);
/* Of a row. */
int64_t crowd_value(const struct crowd_view *v, uint32_t column, uint32_t row);

#endif
