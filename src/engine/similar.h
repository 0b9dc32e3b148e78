/* similar.h - customers of the open file who look alike (identity/similar.h): looked for beside
 * the answers, and listed until somebody says what they are. Nothing of it is in the file. */
#ifndef ENGINE_SIMILAR_H
#define ENGINE_SIMILAR_H

#include "engine/identity.h"
#include "identity/similar.h"

enum { SIMILAR_BITS_MAX = 100 };

struct similar_look;

/* Pairs that weigh `bits` or more. */
[[nodiscard]] bool engine_similar_begin(struct engine *e, uint32_t bits, int64_t now_ms,
                                        struct similar_look **out, struct err *err);
/* On any thread; ends with ERR_CONFLICT when `progress`, which may be NULL, returns false. */
bool engine_similar_run(struct similar_look *l,
                        bool (*progress)(void *context, uint64_t done, uint64_t all),
                        void *context, struct err *err);
/* What was found is what engine_similar lists from here on. */
void engine_similar_finish(struct similar_look *l);
void engine_similar_free(struct similar_look *l); /* NULL is fine */

struct alike {
    uint32_t place; /* in the list of all that were found */
    struct id customer[2];
    const struct contact *contact[2];
    const struct similar_pair *pair;
};
struct alike_want {
    str customer; /* only his; empty: everybody's */
    uint32_t limit;
    uint32_t
        after; /* the place of the last one of the page before; UINT32_MAX: the first page */
};
struct alike_page {
    int64_t looked_ms;         /* MOMENT_NEVER: nobody has, since the file was opened */
    const struct alike *alike; /* the heaviest first */
    uint32_t n, total;
    bool more;
};
/* Without those who became one customer, or whom somebody keeps apart. Lives in `a`, and in what
 * was found. */
bool engine_similar(struct engine *e, const struct alike_want *want, struct arena *a,
                    struct alike_page *out, struct err *err);
/* `whole`: as pair_put_json. */
bool alike_put_json(struct json_out *j, struct engine *e, const struct alike *one,
                    bool whole, struct err *err);

#endif
