#include "engine/mappings.h"

#include "base/yaml.h"

bool mapping_find(str name, const struct shipped **out, struct err *err)
{
    enum { NAMES_MAX = 64 };
    str names[NAMES_MAX], near;
    size_t n;
    const struct shipped *all = shipped_mappings(&n);

    for (size_t i = 0; i < n && i < NAMES_MAX; i++) {
        names[i] = str_of(all[i].name);
        *out = &all[i];
        if (str_eq(names[i], name))
            return true;
    }
    near = str_nearest(name, names, n < NAMES_MAX ? n : NAMES_MAX);
    if (near.n)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no mapping \"%.*s\"; did you mean \"%.*s\"?",
                       STR_FMT(name), STR_FMT(near));
    return err_set(err, ERR_NOT_FOUND,
                   "there is no mapping \"%.*s\": ciclo mapping list shows them",
                   STR_FMT(name));
}

static bool has_column(const str *column, uint32_t n, str name)
{
    for (uint32_t i = 0; i < n; i++)
        if (str_eq(column[i], name))
            return true;
    return false;
}

/* How many columns its header asks for, when the table has all of them. */
static bool fit(const struct shipped *m, const str *column, uint32_t n, size_t *fits,
                struct err *err)
{
    struct arena a = {0};
    const struct yaml *root, *header = NULL;
    bool ok = yaml_parse(m->text, &a, &root, err)
              && yaml_get_list(root, STR("header"), &header, err);

    *fits = ok && header ? header->n : 0;
    for (size_t i = 0; i < *fits; i++)
        if (!has_column(column, n, header->item[i]->text))
            *fits = 0;
    arena_free(&a);
    return ok;
}

bool mappings_fit(const str *column, uint32_t n, const struct shipped **out,
                  struct err *err)
{
    size_t all_n, most = 0, fits;
    const struct shipped *all = shipped_mappings(&all_n);

    *out = NULL;
    for (size_t i = 0; i < all_n; i++) {
        if (!fit(&all[i], column, n, &fits, err))
            return false;
        if (!fits || fits < most)
            continue;
        *out = fits > most ? &all[i] : NULL;
        most = fits;
    }
    return true;
}
