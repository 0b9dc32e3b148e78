/* kept.h - answers of reports that are kept, for when the same is asked again.
 *
 * What a report says as of a moment that the question names follows from the events, the model and
 * the question; an answer is given again as long as all three are the same. */
#ifndef API_KEPT_H
#define API_KEPT_H

#include "base/str.h"

struct kept;
/* Holds up to so many bytes of questions and answers. NULL: out of memory. */
[[nodiscard]] struct kept *kept_new(size_t bytes_max);
void kept_free(struct kept *k); /* NULL is fine */

/* Appends the answer that was kept while `state` was the same; false when there is none, or when
 * to->failed says that memory ran out. */
bool kept_find(struct kept *k, uint64_t state, str question, struct buf *to);
/* Those of another state go, then those not asked for the longest. What is too large, or finds no
 * memory, is not kept. */
void kept_add(struct kept *k, uint64_t state, str question, str answer);

#endif
