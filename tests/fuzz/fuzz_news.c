/* [F7] News that decodes names only what there is, and there is one way to write it. */
#include "store/fact_impl.h"

#include "base/time.h"
#include "support/fuzz.h"

static void add_names(struct catalog *c)
{
    static const enum value_type kinds[] = {VALUE_NULL, VALUE_BOOL, VALUE_NUMBER,
                                            VALUE_TEXT, VALUE_LIST};
    uint32_t number;
    struct err err;

    NEED(text_table_add(&c->type, STR("visit"), &number));
    NEED(catalog_customer_add(c, STR("anna"), &number, &err));
    NEED(catalog_customer_add(c, STR("bruno"), &number, &err));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        NEED(catalog_column_add(c, STR("x"), true, kinds[i], &number, &err));
}

static void need_known(const struct fact *fact, const struct catalog *c)
{
    NEED(fact->customer < catalog_customer_n(c) && fact->anchor < catalog_customer_n(c));
    NEED(fact->type < c->type.n);
    NEED(fact->at_ms >= MOMENT_MIN && fact->at_ms <= MOMENT_MAX && str_is_utf8(fact->id));
    for (uint32_t i = 0; i < fact->cell_n; i++) {
        const struct fact_cell *cell = &fact->cell[i];

        NEED(cell->column < c->column_n);
        if (c->column[cell->column].type == VALUE_BOOL)
            NEED(cell->number == 0 || cell->number == 1);
        if (c->column[cell->column].type == VALUE_TEXT)
            NEED(str_is_utf8(cell->text));
        if (c->column[cell->column].type == VALUE_LIST)
            for (uint32_t k = 0; k < cell->n; k++)
                NEED(str_is_utf8(cell->item[k]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {.limit = 256 << 20};
    str bytes = {(const char *)p, n};
    struct buf packed = {0};
    struct catalog catalog;
    struct brought b;
    struct err err;

    NEED(catalog_init(&catalog, &err));
    add_names(&catalog);
    if (news_decode(bytes, &catalog, &a, &b, &err)) {
        for (uint32_t i = 0; i < b.n; i++)
            need_known(&b.fact[i], &catalog);
        for (uint32_t i = 0; i < b.gone_n; i++)
            NEED(b.gone[i].customer < catalog_customer_n(&catalog)
                 && (!i || b.gone[i].customer > b.gone[i - 1].customer));
        news_encode(&catalog, &b, &packed);
        NEED(str_eq(buf_str(&packed), bytes));
    } else {
        NEED(err.code == ERR_CORRUPT);
    }
    buf_free(&packed);
    catalog_free(&catalog);
    arena_free(&a);
    return 0;
}
