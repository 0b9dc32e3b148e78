/* traits.h - what is known of a customer: what stands of each trait, by the model's rule, and all
 * that was ever said of it. */
#ifndef ENGINE_TRAITS_H
#define ENGINE_TRAITS_H

#include "base/json.h"
#include "event/dictionary.h"
#include "rule/trait.h"
#include "store/timeline.h"

/* NULL: the newest. */
const struct keep *keep_of(const struct dictionary *d, str trait);
/* What stands at the end of the timeline, which may be cut. Lives in `a`. */
bool traits_stand(const struct timeline *t, const struct dictionary *d, struct arena *a,
                  const struct property **out, uint32_t *n, struct err *err);

/* One value, said once or several times on end by the same source. */
struct trait_told {
    struct value value;   /* NULL: it was taken away */
    str source;           /* empty: the events do not say */
    uint32_t first, last; /* events of the timeline */
    uint32_t times;
    bool stands; /* it is the one */
};
struct trait_view {
    str name;
    const struct keep *keep;
    const struct trait_told *told; /* oldest first */
    uint32_t told_n;
    const struct trait_told *stands; /* one of them; NULL: none */
    /* The last word of some source is another value than the one that stands. */
    bool conflict;
};
/* Of each trait that was ever said. Lives in `a`. */
bool traits_view(const struct timeline *t, const struct dictionary *d, struct arena *a,
                 const struct trait_view **out, uint32_t *n, struct err *err);
/* A list, of each trait its newest values and the one that stands. */
void traits_put_json(struct json_out *j, const struct timeline *t, const str *message_id,
                     const struct trait_view *trait, uint32_t n);

#endif
