/* keys.h - who may come in through the doors: the keys of the open file, in memory.
 *
 * A file that never had a key lets everybody in; one whose keys are all revoked lets in nobody.
 * For the thread that writes. */
#ifndef ENGINE_KEYS_H
#define ENGINE_KEYS_H

#include "base/json.h"
#include "engine/engine.h"

struct keys;
[[nodiscard]] bool keys_new(struct engine *e, struct keys **out, struct err *err);
void keys_free(struct keys *k);
/* Whether the file has, or ever had, a key: without one all doors are open. */
bool keys_any(const struct keys *k);
/* Whether a key that is not revoked may do all. */
bool keys_has_admin(const struct keys *k);
/* All of them, the revoked ones too, in the order in which they were made; borrowed until the next
 * change. */
const struct key_row *keys_get(const struct keys *k, uint32_t *n);

struct key_view {
    str name; /* borrowed until the next change */
    enum key_right right;
    uint32_t number;
};
/* Whose secret it is; false when it is nobody's, or that of a revoked key. It takes as long
 * whichever key it is, and whether it is one. */
bool keys_find(const struct keys *k, str secret, struct key_view *out);
/* The key with this number, unless it is revoked. */
bool keys_find_number(const struct keys *k, uint32_t number, struct key_view *out);
/* Whether who has this right may do what needs the other one. */
bool key_may(enum key_right has, enum key_right needs);
const char *key_right_name(enum key_right right); /* "collect" ... */
bool key_right_parse(str name, enum key_right *out);

/* Takes n events or requests from the key's allowance, which grows by its rate, and holds up to
 * ten seconds of it. Whoever has any left may take all n of them, and owes the rest: so a batch
 * can be larger than the allowance. False: nothing is taken, and *retry_after_s (at least 1) says
 * when there is something again. `now_ms` never goes back. */
bool keys_take(struct keys *k, uint32_t number, uint32_t n, int64_t now_ms,
               uint32_t *retry_after_s);

/* Makes a key, in a transaction of its own. `secret` gets its text, which nobody can be told
 * again. ERR_INPUT: the name will not do; ERR_CONFLICT: a key that is not revoked has it. */
bool keys_add(struct keys *k, str name, enum key_right right, uint32_t rate,
              int64_t now_ms, struct buf *secret, struct err *err);
/* ERR_NOT_FOUND when no key that is not revoked has the name. */
bool keys_revoke(struct keys *k, str name, int64_t now_ms, struct err *err);

/* All of them as a list, without their secrets. */
void keys_put_json(struct json_out *j, const struct keys *k);

#endif
