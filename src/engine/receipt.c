#include "engine/receipt.h"

#include "base/num.h"
#include "base/random.h"
#include "base/time.h"

#include <stdlib.h>
#include <string.h>

enum { FORM = 1 };

/* --- the seal --- */

bool seal_new(struct seal *out, struct err *err)
{
    return (random_secret(out->file, sizeof out->file)
            && random_secret(out->seed, sizeof out->seed)
            && random_secret(out->pseudonym, sizeof out->pseudonym))
           || err_sys(err, "no random number for the file's keys");
}

static str bytes_of(const unsigned char *byte, size_t n)
{
    return (str){(const char *)byte, n};
}

void seal_encode(const struct seal *s, struct buf *to)
{
    buf_add(to, bytes_of(s->file, sizeof s->file));
    buf_add(to, bytes_of(s->seed, sizeof s->seed));
    buf_add(to, bytes_of(s->pseudonym, sizeof s->pseudonym));
}

bool seal_decode(str bytes, struct seal *out, struct err *err)
{
    if (bytes.n != sizeof out->file + sizeof out->seed + sizeof out->pseudonym)
        return err_set(err, ERR_CORRUPT, "the file's keys are not as they were written");
    memcpy(out->file, bytes.p, sizeof out->file);
    memcpy(out->seed, bytes.p + sizeof out->file, sizeof out->seed);
    memcpy(out->pseudonym, bytes.p + sizeof out->file + sizeof out->seed,
           sizeof out->pseudonym);
    return true;
}

/* --- commitments --- */

bool salt_new(struct buf *to, struct err *err)
{
    return (secret_new(to, STR("")) || err_sys(err, "no salt can be made"))
           && (!to->failed || err_nomem(err));
}

struct mac receipt_commit(str salt, str id)
{
    return mac_of(salt, id);
}

static int mac_order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct mac));
}

uint32_t commitments_sort(struct mac *commitment, uint32_t n)
{
    uint32_t kept = 0;

    if (n)
        qsort(commitment, n, sizeof *commitment, mac_order);
    for (uint32_t i = 0; i < n; i++)
        if (!kept || mac_order(&commitment[kept - 1], &commitment[i]))
            commitment[kept++] = commitment[i];
    return kept;
}

/* The lengths of keys that the hash takes. */
static bool is_salt(str salt)
{
    enum { SALT_MIN = 16, SALT_MAX = 64 };

    return salt.n >= SALT_MIN && salt.n <= SALT_MAX;
}

bool receipt_is_about(const struct receipt *r, str salt, str id)
{
    struct mac m;

    if (!is_salt(salt) || !r->commitment_n)
        return false;
    m = receipt_commit(salt, id);
    return bsearch(&m, r->commitment, r->commitment_n, sizeof m, mac_order);
}

/* --- printed --- */

const char *receipt_kind_name(enum receipt_kind kind)
{
    static const char *const name[] = {
        [RECEIPT_ERASURE] = "erasure", [RECEIPT_RETENTION] = "retention"};

    return name[kind];
}

static void put_hex(struct json_out *j, const unsigned char *byte, size_t n)
{
    struct buf b = {};

    hex_print(&b, byte, n);
    j->to->failed |= b.failed;
    json_put_text(j, buf_str(&b));
    buf_free(&b);
}

static void put_counts(struct json_out *j, const struct receipt_counts *counts)
{
    json_begin_object(j);
#define X(name)                                                                          \
    json_key(j, #name);                                                                  \
    json_put_int(j, (int64_t)counts->name);
    RECEIPT_COUNTS(X)
#undef X
    json_end_object(j);
}

static void put_types(struct json_out *j, const struct receipt *r)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < r->type_n; i++) {
        json_begin_object(j);
        json_key(j, "type");
        json_put_text(j, r->type[i].type);
        json_key(j, "kept");
        json_put_text(j, r->type[i].kept);
        json_key(j, "events");
        json_put_int(j, (int64_t)r->type[i].events);
        json_end_object(j);
    }
    json_end_list(j);
}

/* All that is signed: there is one way to write it. */
static void put_signed(struct json_out *j, const struct receipt *r)
{
    json_begin_object(j);
    json_key(j, "ciclo_receipt");
    json_put_int(j, FORM);
    json_key(j, "kind");
    json_put_text(j, str_of(receipt_kind_name(r->kind)));
    json_key(j, "number");
    json_put_int(j, r->number);
    json_key(j, "at");
    json_put_moment(j, r->at_ms);
    json_key(j, "file");
    put_hex(j, r->file, sizeof r->file);
    json_key(j, "counts");
    put_counts(j, &r->counts);
    json_key(j, "types");
    put_types(j, r);
    json_key(j, "commitments");
    json_begin_list(j);
    for (uint32_t i = 0; i < r->commitment_n; i++)
        put_hex(j, r->commitment[i].byte, sizeof r->commitment[i].byte);
    json_end_list(j);
    json_key(j, "before");
    if (r->number > 1)
        put_hex(j, r->before.byte, sizeof r->before.byte);
    else
        json_put_null(j);
    json_key(j, "public_key");
    put_hex(j, r->by.byte, sizeof r->by.byte);
}

void receipt_put_json(struct json_out *j, const struct receipt *r, str salt)
{
    put_signed(j, r);
    json_key(j, "signature");
    put_hex(j, r->signature.byte, sizeof r->signature.byte);
    if (salt.n) {
        json_key(j, "salt");
        json_put_text(j, salt);
    }
    json_end_object(j);
}

void receipt_print(const struct receipt *r, str salt, struct buf *to)
{
    receipt_put_json(&(struct json_out){.to = to}, r, salt);
}

static bool print_signed(const struct receipt *r, struct buf *to, struct err *err)
{
    struct json_out j = {.to = to};

    put_signed(&j, r);
    json_end_object(&j);
    return !to->failed || err_nomem(err);
}

bool receipt_sign(struct receipt *r, const struct seal *seal, struct err *err)
{
    struct buf b = {};
    bool ok;

    memcpy(r->file, seal->file, sizeof r->file);
    r->by = sign_public_of(seal->seed);
    ok = print_signed(r, &b, err);
    if (ok)
        r->signature = sign_text(seal->seed, buf_str(&b));
    buf_free(&b);
    return ok;
}

bool receipt_is_signed(const struct receipt *r, bool *is, struct err *err)
{
    struct buf b = {};
    bool ok = print_signed(r, &b, err);

    *is = ok && sign_check(&r->by, buf_str(&b), &r->signature);
    buf_free(&b);
    return ok;
}

bool receipt_hash(const struct receipt *r, struct secret_hash *out, struct err *err)
{
    struct buf b = {};
    bool ok;

    receipt_print(r, STR(""), &b);
    ok = !b.failed || err_nomem(err);
    if (ok)
        *out = secret_hash_of(buf_str(&b));
    buf_free(&b);
    return ok;
}

/* --- parsed --- */

static bool wrong(const char *member, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "this is no receipt: its \"%s\" is not as it should be", member);
}

/* A member that is not known would look as if it were signed too. */
static bool check_members(const struct json *object, const str *known, size_t n,
                          struct err *err)
{
    if (object->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "this is no receipt: a receipt is a JSON object");
    for (size_t i = 0; i < object->n; i++) {
        size_t k = 0;

        while (k < n && !str_eq(object->name[i], known[k]))
            k++;
        if (k == n)
            return err_set(err, ERR_INPUT, "this is no receipt: it has \"%.*s\" in it",
                           (int)(object->name[i].n > 80 ? 80 : object->name[i].n),
                           object->name[i].p);
    }
    return true;
}

static bool read_count(const struct json *object, const char *name, uint64_t *out,
                       struct err *err)
{
    const struct json *j = json_find(object, str_of(name));

    if (!j || j->type != JSON_NUMBER || !j->fits || j->number < 0 || j->number % NUM_ONE)
        return wrong(name, err);
    *out = (uint64_t)(j->number / NUM_ONE);
    return true;
}

static bool read_hex(const struct json *object, const char *name, unsigned char *to,
                     size_t n, struct err *err)
{
    return hex_parse(json_find_text(object, str_of(name)), to, n) || wrong(name, err);
}

/* As it is printed, and no other way: what is printed again must be what was signed. */
static bool read_moment(const struct json *object, const char *name, int64_t *out,
                        struct err *err)
{
    str text = json_find_text(object, str_of(name));
    struct buf again = {};
    struct err why;
    bool ok = moment_parse(text, NULL, out, &why), failed;

    if (ok)
        moment_print(&again, *out);
    ok = ok && str_eq(text, buf_str(&again));
    failed = again.failed;
    buf_free(&again);
    return failed ? err_nomem(err) : ok || wrong(name, err);
}

static bool read_counts(const struct json *json, struct receipt_counts *out,
                        struct err *err)
{
    static const str known[] = {
#define X(name) STR(#name),
        RECEIPT_COUNTS(X)
#undef X
    };
    const struct json *counts = json_find(json, STR("counts"));

    if (!counts || !check_members(counts, known, sizeof known / sizeof *known, err))
        return wrong("counts", err);
#define X(name)                                                                          \
    if (!read_count(counts, #name, &out->name, err))                                     \
        return false;
    RECEIPT_COUNTS(X)
#undef X
    return true;
}

static const struct json *find_list(const struct json *json, const char *name)
{
    const struct json *list = json_find(json, str_of(name));

    return list && list->type == JSON_LIST && list->n <= UINT32_MAX ? list : NULL;
}

static bool read_types(const struct json *json, struct arena *a, struct receipt *out,
                       struct err *err)
{
    static const str known[] = {STR("type"), STR("kept"), STR("events")};
    const struct json *list = find_list(json, "types");
    struct receipt_type *type;

    if (!list)
        return wrong("types", err);
    type = arena_array(a, struct receipt_type, list->n + 1);
    if (!type)
        return err_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        const struct json *one = &list->item[i];

        if (!check_members(one, known, sizeof known / sizeof *known, err)
            || !read_count(one, "events", &type[i].events, err))
            return false;
        type[i].type = json_find_text(one, STR("type"));
        type[i].kept = json_find_text(one, STR("kept"));
        if (!type[i].type.n || !type[i].kept.n)
            return wrong("types", err);
    }
    out->type = type;
    out->type_n = (uint32_t)list->n;
    return true;
}

static bool read_commitments(const struct json *json, struct arena *a,
                             struct receipt *out, struct err *err)
{
    const struct json *list = find_list(json, "commitments");
    struct mac *m;

    if (!list)
        return wrong("commitments", err);
    m = arena_array(a, struct mac, list->n + 1);
    if (!m)
        return err_nomem(err);
    for (size_t i = 0; i < list->n; i++)
        if (list->item[i].type != JSON_TEXT
            || !hex_parse(list->item[i].text, m[i].byte, sizeof m[i].byte)
            || (i && mac_order(&m[i - 1], &m[i]) >= 0))
            return wrong("commitments", err);
    out->commitment = m;
    out->commitment_n = (uint32_t)list->n;
    return true;
}

static bool read_kind(const struct json *json, enum receipt_kind *out, struct err *err)
{
    str name = json_find_text(json, STR("kind"));

    for (int i = 0; i < RECEIPT_KINDS; i++) {
        *out = (enum receipt_kind)i;
        if (str_eq(name, str_of(receipt_kind_name(*out))))
            return true;
    }
    return wrong("kind", err);
}

static bool read_number(const struct json *json, uint32_t *out, struct err *err)
{
    uint64_t form, number;

    if (!read_count(json, "ciclo_receipt", &form, err)
        || !read_count(json, "number", &number, err))
        return false;
    if (form != FORM)
        return err_set(err, ERR_INPUT,
                       "this receipt is of a form that this version of Ciclo does not "
                       "know");
    *out = (uint32_t)number;
    return (number && number <= UINT32_MAX) || wrong("number", err);
}

static bool read_before(const struct json *json, struct receipt *out, struct err *err)
{
    const struct json *before = json_find(json, STR("before"));

    if (out->number == 1)
        return (before && before->type == JSON_NULL) || wrong("before", err);
    return read_hex(json, "before", out->before.byte, sizeof out->before.byte, err);
}

bool receipt_parse(const struct json *json, struct arena *a, struct receipt *out,
                   str *salt, struct err *err)
{
    static const str known[] = {
        STR("ciclo_receipt"), STR("kind"),       STR("number"),    STR("at"),
        STR("file"),          STR("counts"),     STR("types"),     STR("commitments"),
        STR("before"),        STR("public_key"), STR("signature"), STR("salt")};

    *out = (struct receipt){};
    *salt = json_find_text(json, STR("salt"));
    return check_members(json, known, sizeof known / sizeof *known, err)
           && read_number(json, &out->number, err) && read_kind(json, &out->kind, err)
           && read_moment(json, "at", &out->at_ms, err)
           && read_hex(json, "file", out->file, sizeof out->file, err)
           && read_counts(json, &out->counts, err) && read_types(json, a, out, err)
           && read_commitments(json, a, out, err) && read_before(json, out, err)
           && read_hex(json, "public_key", out->by.byte, sizeof out->by.byte, err)
           && read_hex(json, "signature", out->signature.byte, sizeof out->signature.byte,
                       err);
}
