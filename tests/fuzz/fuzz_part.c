/* What decodes holds only what it may, and encodes to bytes that decode to the same. */
#include "store/chunk_impl.h"

#include "base/time.h"
#include "support/fuzz.h"

#include <string.h>

static const enum value_type kinds[] = {VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_TEXT,
                                        VALUE_LIST};
enum { KINDS = sizeof kinds / sizeof *kinds, EVENTS = 300 };

static void need_known(const struct cells *c, const uint32_t *text, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        NEED(text[i] < c->word_n);
}

static void need_sound(const struct cells *c)
{
    for (uint32_t i = 0; i < c->word_n; i++)
        NEED(str_is_utf8(c->word[i]));
    for (uint32_t i = 0; i < c->n; i++)
        NEED(c->event[i] < EVENTS && (!i || c->event[i] > c->event[i - 1]));
    if (c->type == VALUE_BOOL) {
        for (uint32_t i = 0; i < c->n; i++)
            NEED(c->number[i] == 0 || c->number[i] == 1);
    }
    if (c->type == VALUE_TEXT)
        need_known(c, c->text, c->n);
    if (c->type == VALUE_LIST) {
        for (uint32_t i = 0; i < c->n; i++)
            NEED(c->list_first[i] <= c->list_first[i + 1]);
        need_known(c, c->list_item, c->list_first[c->n]);
    }
}

static void need_same(const struct cells *a, const struct cells *b)
{
    NEED(a->n == b->n && a->word_n == b->word_n);
    for (uint32_t i = 0; i < a->word_n; i++)
        NEED(str_eq(a->word[i], b->word[i]));
    if (!a->n)
        return;
    NEED(memcmp(a->event, b->event, a->n * sizeof *a->event) == 0);
    if (a->number)
        NEED(memcmp(a->number, b->number, a->n * sizeof *a->number) == 0);
    if (a->text)
        NEED(memcmp(a->text, b->text, a->n * sizeof *a->text) == 0);
    if (a->type == VALUE_LIST) {
        uint32_t items = a->list_first[a->n];

        NEED(memcmp(a->list_first, b->list_first, a->n * sizeof *a->list_first) == 0);
        NEED(items == b->list_first[b->n]);
        NEED(memcmp(a->list_item, b->list_item, items * sizeof *a->list_item) == 0);
    }
}

static void try_cells(str bytes, enum value_type type, struct arena *a)
{
    struct cells cells, again;
    struct buf packed = {NULL};
    struct err err;

    if (!part_decode_cells(bytes, type, EVENTS, a, &cells, &err)) {
        NEED(err.code == ERR_CORRUPT);
        return;
    }
    need_sound(&cells);
    part_encode_cells(&cells, &packed);
    NEED(part_decode_cells(buf_str(&packed), type, EVENTS, a, &again, &err));
    need_same(&cells, &again);
    buf_free(&packed);
}

/* Events of three customers, of whom the second has none. */
static void try_anchors(str bytes, struct arena *a)
{
    enum { FIRST = 4, CUSTOMERS = 9 };
    static const uint32_t first[] = {0, 100, 100, EVENTS};
    const struct chunk c = {
        .customer_first = FIRST, .customer_n = 3, .event_n = EVENTS, .first = first};
    struct cells cells, again;
    struct buf packed = {NULL};
    struct err err;

    if (!part_decode_anchor(bytes, &c, CUSTOMERS, a, &cells, &err)) {
        NEED(err.code == ERR_CORRUPT);
        return;
    }
    need_sound(&cells);
    NEED(cells.n);
    for (uint32_t i = 0; i < cells.n; i++) {
        NEED(cells.number[i] >= 0 && cells.number[i] < CUSTOMERS);
        NEED(cells.number[i] != (cells.event[i] < 100 ? FIRST : FIRST + 2));
    }
    part_encode_cells(&cells, &packed);
    NEED(part_decode_anchor(buf_str(&packed), &c, CUSTOMERS, a, &again, &err));
    need_same(&cells, &again);
    buf_free(&packed);
}

static void try_ids(str bytes, const struct chunk *c, struct arena *a)
{
    struct buf packed = {NULL};
    struct err err;
    const str *id;

    if (!part_decode_id(bytes, c, a, &id, &err)) {
        NEED(err.code == ERR_CORRUPT);
        return;
    }
    part_encode_id(id, c->event_n, &packed);
    NEED(str_eq(buf_str(&packed), bytes)); /* there is one way to write them */
    buf_free(&packed);
}

static void try_types(str bytes, struct chunk *c, const struct catalog *catalog,
                      struct arena *a)
{
    struct buf packed = {NULL};
    struct err err;

    if (!part_decode_type(bytes, catalog, c->event_n, a, &c->type, &err)) {
        NEED(err.code == ERR_CORRUPT);
        return;
    }
    part_encode_type(c, &packed);
    NEED(str_eq(buf_str(&packed), bytes));
    buf_free(&packed);
}

/* The times, and with their customers the rest of the bytes as ids or types. */
static void try_times(str bytes, uint8_t split, const struct catalog *catalog,
                      struct arena *a)
{
    size_t n = split < bytes.n ? split : bytes.n;
    struct buf packed = {NULL};
    struct times times;
    struct chunk c;
    struct err err;

    if (!part_decode_time((str){bytes.p, n}, a, &times, &err)) {
        NEED(err.code == ERR_CORRUPT);
        return;
    }
    c = (struct chunk){.customer_n = times.customer_n,
                       .event_n = times.event_n,
                       .first = times.first,
                       .at_ms = times.at_ms};
    NEED(c.customer_n <= CHUNK_CUSTOMERS && c.first[c.customer_n] == c.event_n);
    for (uint32_t i = 0; i < c.customer_n; i++) {
        for (uint32_t k = c.first[i]; k < c.first[i + 1]; k++)
            NEED(c.at_ms[k] >= MOMENT_MIN && c.at_ms[k] <= MOMENT_MAX
                 && (k == c.first[i] || c.at_ms[k] >= c.at_ms[k - 1]));
    }
    part_encode_time(&c, &packed);
    NEED(str_eq(buf_str(&packed), (str){bytes.p, n}));
    buf_free(&packed);
    try_ids(str_from(bytes, n), &c, a);
    try_types(str_from(bytes, n), &c, catalog, a);
}

static void try_rare(str bytes, struct catalog *catalog, struct arena *a)
{
    struct directory d;
    struct rare rare = {0};
    struct buf packed = {NULL};
    struct err err;
    uint32_t number;

    for (uint32_t i = 0; i < 200; i++) {
        char name[2] = {(char)(1 + i % 100), (char)(1 + i / 100)};

        NEED(catalog_column_add(catalog, (str){name, 2}, false, VALUE_TEXT, &number,
                                &err));
    }
    if (!part_decode_rare(bytes, catalog, a, &d, &err)) {
        NEED(err.code == ERR_CORRUPT);
        return;
    }
    for (uint32_t i = 0; i < d.n; i++) {
        NEED(d.column[i] < 200 && (!i || d.column[i] > d.column[i - 1]));
        rare_add(&rare, d.column[i], d.bytes[i]);
    }
    part_encode_rare(&rare, &packed);
    NEED(str_eq(buf_str(&packed), bytes));
    rare_free(&rare);
    buf_free(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {.limit = 64 << 20};
    struct catalog catalog;
    struct err err;

    if (n < 2 || !catalog_init(&catalog, &err))
        return 0;
    if (p[0] < KINDS)
        try_cells((str){(const char *)p + 1, n - 1}, kinds[p[0]], &a);
    else if (p[0] == KINDS)
        try_rare((str){(const char *)p + 1, n - 1}, &catalog, &a);
    else if (p[0] == KINDS + 1)
        try_anchors((str){(const char *)p + 1, n - 1}, &a);
    else
        try_times((str){(const char *)p + 2, n - 2}, p[1], &catalog, &a);
    catalog_free(&catalog);
    arena_free(&a);
    return 0;
}
