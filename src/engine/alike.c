#include "engine/alike.h"

static bool keep_contact(struct similar_found *f, const struct contact *of,
                         struct contact *to)
{
    for (int k = 0; k < SIMILAR_FIELD_N; k++) {
        to->field[k] = arena_str(&f->arena, of->field[k]);
        if (!to->field[k].p)
            return false;
    }
    return true;
}

static bool keep_pairs(struct similar_found *f, const struct contacts *all,
                       const struct similar_pair *pair, size_t n, struct arena *a)
{
    struct similar_pair *kept = arena_array(&f->arena, struct similar_pair, n);
    uint32_t *place = arena_array(a, uint32_t, all->n), kept_n = 0;

    if (!kept || !place)
        return false;
    for (size_t i = 0; i < n; i++)
        place[pair[i].a] = place[pair[i].b] = 1;
    for (uint32_t i = 0; i < all->n; i++)
        kept_n += place[i];
    f->contact = arena_array(&f->arena, struct contact, kept_n);
    f->customer = arena_array(&f->arena, uint32_t, kept_n);
    if (!f->contact || !f->customer)
        return false;
    kept_n = 0;
    for (uint32_t i = 0; i < all->n; i++) {
        if (!place[i])
            continue;
        if (!keep_contact(f, &all->contact[i], &f->contact[kept_n]))
            return false;
        f->customer[kept_n] = all->customer[i];
        place[i] = kept_n++;
    }
    for (size_t i = 0; i < n; i++) {
        kept[i] = pair[i];
        kept[i].a = place[pair[i].a];
        kept[i].b = place[pair[i].b];
    }
    f->pair = kept;
    f->pair_n = n;
    return true;
}

bool similar_found_keep(struct similar_found *f, const struct contacts *all,
                        const struct similar_pair *pair, size_t n, struct err *err)
{
    struct arena a = {};
    bool ok = keep_pairs(f, all, pair, n, &a);

    arena_free(&a);
    return ok || err_nomem(err);
}

void similar_found_free(struct similar_found *f)
{
    if (!f)
        return;
    arena_free(&f->arena);
    mem_free(f);
}
