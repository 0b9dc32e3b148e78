#include "engine/receipt.h"

#include "base/time.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static const struct seal seal = {.file = {7}, .seed = {1, 2, 3}, .pseudonym = {4}};
#define SALT STR("a salt that nobody would guess")

/* Of someone with two ids. */
static struct receipt receipt_of(struct mac commitment[2])
{
    struct receipt r = {.kind = RECEIPT_ERASURE,
                        .number = 1,
                        .at_ms = 1000,
                        .counts = {.customers = 1, .events = 12, .ids = 2},
                        .commitment = commitment};

    commitment[0] = receipt_commit(SALT, STR("ada"));
    commitment[1] = receipt_commit(SALT, STR("ada@x.example"));
    r.commitment_n = commitments_sort(commitment, 2);
    return r;
}

static bool sign(struct receipt *r)
{
    struct err err;

    return receipt_sign(r, &seal, &err);
}

static bool is_signed(const struct receipt *r)
{
    struct err err;
    bool is;

    assert_true(receipt_is_signed(r, &is, &err));
    return is;
}

TEST(a_receipt_is_signed_by_the_key_that_it_names)
{
    struct mac commitment[2];
    struct receipt r = receipt_of(commitment);

    assert_true(sign(&r));
    assert_true(is_signed(&r));
    r.counts.events--;
    assert_false(is_signed(&r));
    r.counts.events++;
    assert_true(is_signed(&r));
    commitment[0].byte[0] ^= 1;
    assert_false(is_signed(&r));
}

TEST(a_receipt_is_about_who_has_the_salt_and_an_id)
{
    struct mac commitment[2];
    struct receipt r = receipt_of(commitment);

    assert_true(receipt_is_about(&r, SALT, STR("ada")));
    assert_true(receipt_is_about(&r, SALT, STR("ada@x.example")));
    assert_false(receipt_is_about(&r, SALT, STR("bob")));
    assert_false(
        receipt_is_about(&r, STR("a salt that everybody would guess"), STR("ada")));
    assert_false(receipt_is_about(&r, STR(""), STR("ada")));
    assert_false(receipt_is_about(&r, STR("short"), STR("ada")));
}

TEST(ids_that_are_the_same_count_once)
{
    struct mac m[3] = {receipt_commit(SALT, STR("b")), receipt_commit(SALT, STR("a")),
                       receipt_commit(SALT, STR("b"))};

    assert_int_equal(commitments_sort(m, 3), 2);
    assert_true(memcmp(&m[0], &m[1], sizeof *m) < 0);
    assert_int_equal(commitments_sort(m, 0), 0);
}

/* --- as text --- */

struct reading {
    const char *text; /* with room behind it */
    struct arena arena;
    struct receipt receipt;
    str salt;
};

static bool read(struct reading *r, struct err *err)
{
    struct json_parser *parser;
    const struct json *json;
    bool ok;

    if (!json_parser_new(&parser, err))
        return false;
    ok = json_parse(parser, str_of(r->text), &r->arena, &json, err)
         && receipt_parse(json, &r->arena, &r->receipt, &r->salt, err);
    json_parser_free(parser);
    return ok;
}

static void print(const struct receipt *r, str salt, char *to, size_t size)
{
    struct buf b = {};

    receipt_print(r, salt, &b);
    assert_true(!b.failed && b.n + 64 < size);
    memset(to, 0, size);
    memcpy(to, b.p, b.n);
    buf_free(&b);
}

enum { TEXT_MAX = 4096 };

TEST(what_is_printed_reads_the_same)
{
    struct receipt_type type = {STR("page"), STR("90d"), 9};
    char text[TEXT_MAX], again[TEXT_MAX];
    struct mac commitment[2];
    struct receipt r = receipt_of(commitment);
    struct reading reading = {.text = text};
    struct err err;

    r.number = 2;
    r.before.byte[3] = 9;
    r.type = &type;
    r.type_n = 1;
    assert_true(sign(&r));
    print(&r, SALT, text, sizeof text);
    assert_true(read(&reading, &err));
    assert_true(str_eq(reading.salt, SALT));
    assert_true(is_signed(&reading.receipt));
    assert_int_equal(reading.receipt.type_n, 1);
    assert_memory_equal(&reading.receipt.before, &r.before, sizeof r.before);
    print(&reading.receipt, reading.salt, again, sizeof again);
    assert_string_equal(text, again);
    arena_free(&reading.arena);
}

static void need_none(const char *from, const char *to)
{
    char text[TEXT_MAX], wrong[TEXT_MAX] = "";
    struct mac commitment[2];
    struct receipt r = receipt_of(commitment);
    struct reading reading = {.text = wrong};
    struct err err;
    char *at;

    assert_true(sign(&r));
    print(&r, STR(""), text, sizeof text);
    at = strstr(text, from);
    assert_non_null(at);
    memcpy(wrong, text, (size_t)(at - text));
    strncat(wrong, to, sizeof wrong / 2);
    strncat(wrong, at + strlen(from), sizeof wrong / 2);
    assert_false(read(&reading, &err));
    assert_int_equal(err.code, ERR_INPUT);
    arena_free(&reading.arena);
}

TEST(what_is_no_receipt_is_refused)
{
    need_none("\"ciclo_receipt\":1", "\"ciclo_receipt\":2");
    need_none("\"erasure\"", "\"eraser\"");
    need_none("\"number\":1", "\"number\":0");
    need_none("\"number\":1", "\"number\":2");
    need_none("\"number\":1", "\"number\":4294967297");
    need_none("\"events\":12", "\"events\":-12");
    need_none("\"events\":12", "\"events\":1.5");
    need_none("\"events\":12", "\"events\":12,\"of\":1");
    need_none("\"events\":12,", "");
    need_none("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:01Z");
    need_none("1970-01-01T00:00:01.000Z", "");
    need_none("\"types\":[]", "\"types\":{}");
    need_none("\"types\":[]", "\"types\":[7]");
    need_none("\"commitments\":[", "\"commitments\":[7,");
    need_none("\"before\":null", "\"before\":\"\"");
    need_none("\"public_key\":\"", "\"public_key\":\"00");
    need_none("{\"ciclo", "{\"name\":\"ada\",\"ciclo");
    need_none("{\"ciclo", "[{\"ciclo");
}

/* --- the seal, and memory --- */

TEST(a_seal_is_kept_as_it_was_made)
{
    struct seal made, other, read_again;
    struct buf b = {};
    struct err err;

    assert_true(seal_new(&made, &err) && seal_new(&other, &err));
    assert_memory_not_equal(&made, &other, sizeof made);
    seal_encode(&made, &b);
    assert_true(seal_decode(buf_str(&b), &read_again, &err));
    assert_memory_equal(&made, &read_again, sizeof made);
    assert_false(seal_decode(str_from(buf_str(&b), 1), &read_again, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_free(&b);
}

static bool sign_and_hash([[maybe_unused]] void *context, struct err *err)
{
    struct mac commitment[2];
    struct receipt r = receipt_of(commitment);
    struct secret_hash hash;
    struct buf salt = {};
    bool ok, is;

    ok = salt_new(&salt, err) && receipt_sign(&r, &seal, err)
         && receipt_is_signed(&r, &is, err) && receipt_hash(&r, &hash, err);
    buf_free(&salt);
    return ok;
}

static bool parse_one(void *text, struct err *err)
{
    struct reading reading = {.text = text};
    bool ok = read(&reading, err);

    arena_free(&reading.arena);
    return ok;
}

TEST(memory_may_run_out)
{
    struct mac commitment[2];
    struct receipt r = receipt_of(commitment);
    char text[TEXT_MAX];

    assert_true(sign(&r));
    print(&r, SALT, text, sizeof text);
    each_oom(sign_and_hash, NULL);
    each_oom(parse_one, text);
}
