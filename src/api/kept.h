/* kept.h - answers of reports that are kept, for when the same is asked again.
 *
 * What a report says as of a moment that the question names follows from the events, the model and
 * the question: it is the same as long as all three are. Of any other question the answer is kept
 * with the moment of which it is. */
#ifndef API_KEPT_H
#define API_KEPT_H

#include "base/str.h"

struct kept;
/* Holds up to so many bytes of questions and answers. NULL: out of memory. */
[[nodiscard]] struct kept *kept_new(size_t bytes_max);
void kept_free(struct kept *k); /* NULL is fine */
void kept_clear(struct kept *k);

/* Out of which state and by which model an answer was made, and when it was begun, steady. */
struct kept_from {
    uint64_t state;
    uint32_t model;
    int64_t begun_ms;
};
/* Appends the last answer; false when there is none, or when to->failed says that memory ran out. */
bool kept_find(struct kept *k, str question, struct buf *to, struct kept_from *from);
/* In the place of the one before. Those not asked for the longest go. What is too large, or finds no
 * memory, is not kept. */
void kept_add(struct kept *k, const struct kept_from *from, str question, str answer);

#endif
