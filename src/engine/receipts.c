/* receipts.c - the receipts that a file keeps: a seal, then what was removed, each signed and each
 * naming the one before. */
#include "engine/engine_impl.h"
#include "engine/erase.h"

#include <string.h>

struct reading {
    struct arena *a;
    struct json_parser *parser;
    struct receipts *out;
    struct receipt *receipt;
    uint32_t cap;
    struct err err;
    bool failed;
};

static bool grow(struct reading *r)
{
    uint32_t cap = r->cap ? 2 * r->cap : 16;
    struct receipt *grown = arena_array(r->a, struct receipt, cap);

    if (!grown)
        return err_nomem(&r->err);
    if (r->out->n)
        memcpy(grown, r->receipt, r->out->n * sizeof *grown);
    r->receipt = grown;
    r->out->receipt = grown;
    r->cap = cap;
    return true;
}

static bool parse(struct reading *r, str bytes, struct receipt *out)
{
    enum { SPARE = 64 }; /* that the parser may read */
    char *copy = arena_alloc(r->a, bytes.n + SPARE, 1);
    const struct json *json;
    str salt;

    if (!copy)
        return err_nomem(&r->err);
    memset(copy, 0, bytes.n + SPARE);
    if (bytes.n)
        memcpy(copy, bytes.p, bytes.n);
    if (json_parse(r->parser, (str){copy, bytes.n}, r->a, &json, &r->err)
        && receipt_parse(json, r->a, out, &salt, &r->err))
        return true;
    if (r->err.code == ERR_INPUT)
        r->err.code = ERR_CORRUPT;
    return false;
}

/* By the file's own key, and behind the one before. */
static bool check(struct reading *r, const struct receipt *one)
{
    const struct receipt *last = r->out->n ? &r->receipt[r->out->n - 1] : NULL;
    struct sign_public by = sign_public_of(r->out->seal.seed);
    struct secret_hash before;
    bool is_signed;

    if (!receipt_is_signed(one, &is_signed, &r->err))
        return false;
    if (!is_signed || memcmp(&by, &one->by, sizeof by))
        return err_set(&r->err, ERR_CORRUPT, "it is not as the file signed it");
    if (one->number != r->out->n + 1)
        return err_set(&r->err, ERR_CORRUPT, "its number is wrong");
    if (!last)
        return true;
    return receipt_hash(last, &before, &r->err)
           && (secret_eq(&before, &one->before)
               || err_set(&r->err, ERR_CORRUPT, "it does not name the one before"));
}

static bool take(struct reading *r, uint32_t number, str bytes)
{
    if (number == 1) {
        r->out->has_seal = true;
        return seal_decode(bytes, &r->out->seal, &r->err);
    }
    if (r->out->n == r->cap && !grow(r))
        return false;
    if (!parse(r, bytes, &r->receipt[r->out->n]) || !check(r, &r->receipt[r->out->n]))
        return false;
    r->out->n++;
    return true;
}

static bool take_row(void *context, uint32_t number, str bytes)
{
    struct reading *r = context;

    r->failed = !take(r, number, bytes);
    if (r->failed)
        err_in(&r->err, "table receipt, row %u", number);
    return !r->failed;
}

bool receipts_read(struct snapshot *v, struct arena *a, struct receipts *out,
                   struct err *err)
{
    struct reading r = {.a = a, .out = out};
    bool ok;

    *out = (struct receipts){};
    ok = json_parser_new(&r.parser, err) && snapshot_each_receipt(v, take_row, &r, err);
    json_parser_free(r.parser);
    if (ok && r.failed)
        *err = r.err;
    return ok && !r.failed;
}

bool engine_receipts(struct engine *e, struct arena *a, struct receipts *out,
                     struct err *err)
{
    return receipts_read(e->now, a, out, err);
}

struct receipt_counts receipts_total(const struct receipts *r)
{
    struct receipt_counts total = {};

    for (uint32_t i = 0; i < r->n; i++) {
#define X(name) total.name += r->receipt[i].counts.name;
        RECEIPT_COUNTS(X)
#undef X
    }
    return total;
}

void receipts_put_json(struct json_out *j, const struct receipts *r)
{
    struct sign_public by = sign_public_of(r->seal.seed);
    struct buf b = {};

    json_begin_object(j);
    json_key(j, "public_key");
    hex_print(&b, by.byte, sizeof by.byte);
    j->to->failed |= b.failed;
    if (r->has_seal)
        json_put_text(j, buf_str(&b));
    else
        json_put_null(j);
    buf_free(&b);
    json_key(j, "receipts");
    json_begin_list(j);
    for (uint32_t i = 0; i < r->n; i++)
        receipt_put_json(j, &r->receipt[i], STR(""));
    json_end_list(j);
    json_end_object(j);
}

bool engine_put_erased(struct json_out *j, struct engine *e, struct arena *a,
                       struct err *err)
{
    struct receipts receipts;
    struct receipt_counts total;

    if (!engine_receipts(e, a, &receipts, err))
        return false;
    total = receipts_total(&receipts);
    json_key(j, "erased");
    json_begin_object(j);
    json_key(j, "customers");
    json_put_int(j, (int64_t)total.customers);
    json_key(j, "events");
    json_put_int(j, (int64_t)total.events);
    json_end_object(j);
    return true;
}
