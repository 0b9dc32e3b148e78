#include "engine/fits.h"

#include <stdlib.h>
#include <string.h>

/* --- as they are kept --- */

struct loading {
    struct kept_fits *fits;
    uint32_t cap;
    struct err err;
    bool ok;
};

static bool append(struct loading *l)
{
    struct kept_fits *f = l->fits;
    struct rule_fit *row;
    int64_t *made;

    if (f->n < l->cap)
        return true;
    l->cap = l->cap ? l->cap * 2 : 8;
    row = arena_array(&f->arena, struct rule_fit, l->cap);
    made = arena_array(&f->arena, int64_t, l->cap);
    if (!row || !made)
        return err_nomem(&l->err);
    if (f->n) {
        memcpy(row, f->row, f->n * sizeof *row);
        memcpy(made, f->made_ms, f->n * sizeof *made);
    }
    f->row = row;
    f->made_ms = made;
    return true;
}

static bool day_parse(str name, int32_t *day, struct err *err)
{
    int64_t at_ms;

    if (!moment_parse(name, NULL, &at_ms, err) || at_ms < 0 || at_ms % MS_DAY)
        return err_set(err, ERR_CORRUPT, "a fit has no day");
    *day = (int32_t)(at_ms / MS_DAY);
    return true;
}

static bool take(void *context, const struct saved_row *row)
{
    struct loading *l = context;
    struct arena *a = &l->fits->arena;
    struct kept_fit *kept;
    struct rule_fit *fit;

    if (row->kind != SAVED_FIT)
        return true;
    kept = arena_new(a, struct kept_fit);
    l->ok = (kept || err_nomem(&l->err)) && append(l)
            && kept_parse(row->text, a, kept, &l->err);
    if (!l->ok)
        return false;
    fit = &l->fits->row[l->fits->n];
    *fit = (struct rule_fit){.event = kept->event,
                             .value = kept->value,
                             .text = arena_str(a, row->text),
                             .model = kept};
    l->ok = (fit->text.p || err_nomem(&l->err))
            && day_parse(row->name, &fit->until_day, &l->err);
    l->fits->made_ms[l->fits->n++] = row->made_ms;
    return l->ok;
}

/* By insertion: they were mostly kept one after the other. */
static void sort(struct kept_fits *f)
{
    for (uint32_t i = 1; i < f->n; i++) {
        struct rule_fit row = f->row[i];
        int64_t made_ms = f->made_ms[i];
        uint32_t k = i;

        for (; k > 0 && f->row[k - 1].until_day > row.until_day; k--) {
            f->row[k] = f->row[k - 1];
            f->made_ms[k] = f->made_ms[k - 1];
        }
        f->row[k] = row;
        f->made_ms[k] = made_ms;
    }
}

bool fits_load(struct kept_fits *f, struct snapshot *v, struct err *err)
{
    struct loading l = {.fits = f, .ok = true};

    if (!snapshot_each_saved(v, take, &l, err) || !l.ok) {
        if (!l.ok)
            *err = l.err;
        fits_free(f);
        return false;
    }
    sort(f);
    return true;
}

void fits_free(struct kept_fits *f)
{
    arena_free(&f->arena);
    *f = (struct kept_fits){};
}

bool fits_lend(const struct kept_fits *f, struct arena *a, struct rule_env *env,
               struct err *err)
{
    struct rule_fit *row = arena_array(a, struct rule_fit, f->n);

    if (!row)
        return err_nomem(err);
    for (uint32_t i = 0; i < f->n; i++) {
        struct kept_fit *kept = arena_new(a, struct kept_fit);

        row[i] = f->row[i];
        row[i].text = arena_str(a, row[i].text);
        if (!kept || !row[i].text.p)
            return err_nomem(err);
        if (!kept_parse(row[i].text, a, kept, err))
            return false;
        row[i].event = kept->event;
        row[i].value = kept->value;
        row[i].model = kept;
    }
    env->fit = row;
    env->fit_n = f->n;
    env->worth = kept_worth;
    env->worth_goes_one_way = kept_worth_goes_one_way;
    return true;
}
