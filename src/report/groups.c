#include "report/groups.h"

#include <stdlib.h>

bool groups_number(struct text_table *t, str name, uint32_t *out, struct err *err)
{
    *out = text_table_find(t, name);
    if (*out != TEXT_NONE)
        return true;
    if (t->n == GROUPS_MAX)
        return err_set(err, ERR_LIMIT,
                       "there are more than %u different values to break down by: take "
                       "something with fewer",
                       GROUPS_MAX);
    return text_table_add(t, name, out) || err_nomem(err);
}

bool groups_join(struct text_table *into, const struct text_table *from,
                 uint32_t number[GROUPS_MAX], struct err *err)
{
    for (uint32_t i = 0; i < from->n; i++)
        if (!groups_number(into, text_table_get(from, i), &number[i], err))
            return false;
    return true;
}

bool groups_name(const struct text_table *t, uint32_t group, str *out)
{
    str name = text_table_get(t, group);

    *out = name.n ? str_from(name, 1) : name;
    return name.n > 0;
}

struct sized {
    str name;
    uint64_t n;
    uint32_t number;
};

static int sized_cmp(const void *a, const void *b)
{
    const struct sized *x = a, *y = b;

    if (x->n != y->n)
        return x->n > y->n ? -1 : 1;
    return str_cmp(x->name, y->name);
}

bool groups_order(struct text_table *t, const uint64_t *size, uint32_t place[GROUPS_MAX],
                  struct err *err)
{
    struct sized group[GROUPS_MAX] = {};
    struct text_table name = {};
    bool ok = true;

    for (uint32_t i = 0; i < t->n; i++)
        group[i] = (struct sized){text_table_get(t, i), size[i], i};
    qsort(group, t->n, sizeof *group, sized_cmp);
    for (uint32_t i = 0; ok && i < t->n; i++)
        ok = text_table_add(&name, group[i].name, &place[group[i].number]);
    if (!ok) {
        text_table_free(&name);
        return err_nomem(err);
    }
    text_table_free(t);
    *t = name;
    return true;
}
