/* The examples of docs/rules.md are rules that work. */
#include "shop.h"
#include "support/unit.h"

#include <string.h>

static const char page[] =
#include "rule/rules_md.inc"
    ;

/* The next example: rules stand in blocks that begin with ```rule, a blank line between two. */
static bool next_example(str *rest, bool *inside, str *out)
{
    const char *end;

    if (!*inside) {
        const char *block = memmem(rest->p, rest->n, "\n```rule\n", 9);

        if (!block)
            return false;
        *rest = str_from(*rest, (size_t)(block - rest->p) + 9);
        *inside = true;
    }
    end = memmem(rest->p, rest->n, "\n```\n", 5);
    assert_non_null(end);
    *out = (str){rest->p, (size_t)(end - rest->p)};
    end = memmem(out->p, out->n, "\n\n", 2);
    *inside = end != NULL;
    if (end)
        out->n = (size_t)(end - out->p);
    *rest = str_from(*rest, out->n + (end ? 2 : 1));
    return true;
}

TEST(the_examples_of_the_page_work)
{
    str rest = STR(page), example;
    bool inside = false;
    struct shop shop;
    struct err err;
    int n = 0;

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05T10:00 purchase", &err));
    assert_true(shop_name(&shop, RULE_SEGMENT, "vip", "exists(visit)", &err));
    assert_true(shop_name(&shop, RULE_SCORE, "health", "count(visit)", &err));
    while (next_example(&rest, &inside, &example)) {
        struct rule_ref rule;

        if (!program_add(shop.program, example, RULE_CONDITION, &rule, &err))
            fail_msg("%.*s: %d:%d %s", STR_FMT(example), err.line, err.column, err.msg);
        n++;
    }
    assert_true(n > 30); /* none of the blocks was missed */
    shop_close(&shop);
}
