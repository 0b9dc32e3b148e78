/* receipt.h - a proof of what was removed from a file, that does not say of whom: docs/privacy.md.
 *
 * A receipt is one line of JSON, signed by the file that it is about; each names the hash of the
 * one before. Whoever asked to be erased gets a salt with it, which nobody keeps: with the salt
 * and one of his ids he can show that the receipt is about him. */
#ifndef ENGINE_RECEIPT_H
#define ENGINE_RECEIPT_H

#include "base/json.h"
#include "base/secret.h"
#include "base/sign.h"

/* What a file signs with, and hides ids with; made once. It never leaves the file. */
struct seal {
    unsigned char file[16]; /* who the file is: no secret */
    unsigned char seed[SIGN_SEED_BYTES];
    unsigned char pseudonym[SECRET_BYTES];
};
[[nodiscard]] bool seal_new(struct seal *out, struct err *err);
void seal_encode(const struct seal *s, struct buf *to);
bool seal_decode(str bytes, struct seal *out, struct err *err);

#define RECEIPT_COUNTS(X)                                                                \
    X(customers)                                                                         \
    X(events)                                                                            \
    X(refused)                                                                           \
    X(ids)                                                                               \
    X(trait_values)                                                                      \
    X(mentions)
struct receipt_counts {
#define X(name) uint64_t name;
    RECEIPT_COUNTS(X)
#undef X
};

enum receipt_kind { RECEIPT_ERASURE, RECEIPT_RETENTION, RECEIPT_KINDS };
const char *receipt_kind_name(enum receipt_kind kind);

/* Of RETENTION: events of the type that were older than they are kept. */
struct receipt_type {
    str type;
    str kept; /* a length: 90d */
    uint64_t events;
};

struct receipt {
    enum receipt_kind kind;
    uint32_t number; /* from 1 */
    int64_t at_ms;
    unsigned char file[16];
    struct receipt_counts counts;
    const struct receipt_type *type;
    uint32_t type_n;
    const struct mac *commitment; /* one an id, ascending */
    uint32_t commitment_n;
    struct secret_hash before; /* of the receipt with the number before; of 1: not used */
    struct sign_public by;
    struct signature signature;
};

/* A salt: text that nobody can guess. */
[[nodiscard]] bool salt_new(struct buf *to, struct err *err);
struct mac receipt_commit(str salt, str id);
/* Sorts them, and leaves each once; how many there are then. */
uint32_t commitments_sort(struct mac *commitment, uint32_t n);

/* Fills .file, .by and .signature. */
bool receipt_sign(struct receipt *r, const struct seal *seal, struct err *err);
/* Without the line's end; `salt` empty: without. */
void receipt_print(const struct receipt *r, str salt, struct buf *to);
void receipt_put_json(struct json_out *j, const struct receipt *r, str salt);
/* What is no receipt is ERR_INPUT. Who signed it, and whether, is not looked at. *salt is empty when
 * there is none. Lives in `a` and `json`. */
bool receipt_parse(const struct json *json, struct arena *a, struct receipt *out,
                   str *salt, struct err *err);
/* Whether the key that it names has signed it. */
bool receipt_is_signed(const struct receipt *r, bool *is, struct err *err);
/* What the next one names. */
bool receipt_hash(const struct receipt *r, struct secret_hash *out, struct err *err);
/* Whether it is about who has this id. */
bool receipt_is_about(const struct receipt *r, str salt, str id);

#endif
