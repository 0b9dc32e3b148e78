/* An id in its one form stays what it is, and is plain text of a bounded length. */
#include "event/id.h"

#include "support/fuzz.h"

static void parse(const struct id_rules *rules, enum id_kind kind, str raw)
{
    struct arena a = {.limit = 1 << 20};
    struct id id, again;
    struct err err;

    if (id_parse(rules, kind, raw, &a, &id, &err)) {
        NEED(id.kind == kind);
        NEED(id.value.n > 0 && id.value.n <= ID_BYTES_MAX);
        NEED(str_is_utf8(id.value));
        NEED(id_parse(rules, kind, id.value, &a, &again, &err));
        NEED(id_compare(id, again) == 0);
    }
    arena_free(&a);
}

/* The first byte says which kind, and whose workspace. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const str blocked[] = {STR("0039"), STR("cassa")};
    static const struct id_rules rules[] = {
        {},
        {.calling_code = STR("39"), .blocked = blocked, .blocked_n = 2},
        {.calling_code = STR("44"), .trunk = STR("0")},
    };

    if (n == 0)
        return 0;
    parse(&rules[p[0] / ID_KIND_N % 3], (enum id_kind)(p[0] % ID_KIND_N),
          (str){(const char *)p + 1, n - 1});
    return 0;
}
