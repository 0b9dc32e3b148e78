#include "engine/keep_fit.h"

#include "engine/engine_impl.h"
#include "engine/value.h"

const struct kept_fits *engine_fits(const struct engine *e)
{
    return &e->fits;
}

/* --- changes --- */

struct looking {
    str name;
    uint32_t found, last, fits; /* numbers; 0: there is none */
};

static bool look(void *context, const struct saved_row *row)
{
    struct looking *l = context;

    l->last = row->number;
    l->fits += row->kind == SAVED_FIT;
    if (row->kind == SAVED_FIT && str_eq(row->name, l->name))
        l->found = row->number;
    return true;
}

static bool look_for(struct engine *e, str name, struct looking *out, struct err *err)
{
    struct snapshot *v;
    bool ok;

    *out = (struct looking){.name = name};
    if (!store_snapshot(e->store, &v, err))
        return false;
    ok = snapshot_each_saved(v, look, out, err);
    snapshot_close(v);
    return ok;
}

/* `row` instead of what has its number; NULL: that goes. */
static bool change(struct engine *e, uint32_t number, const struct saved_row *row,
                   struct err *err)
{
    struct store *s = e->store;

    if (store_is_held(s))
        return err_set(err, ERR_CONFLICT, "the file is being written anew");
    if (!store_begin_histories(s, err))
        return false;
    if (!(row ? store_saved_put(s, row, err) : store_saved_drop(s, number, err))) {
        store_cancel(s);
        return false;
    }
    if (!store_commit(s, err))
        return false;
    e->has_fits = false;
    return engine_refresh(e, err);
}

static bool check_fit(const struct value_view *v, struct err *err)
{
    if (!v->has_model)
        return err_set(err, ERR_INPUT,
                       "gamma-gamma says what a purchase brings, not who is still a "
                       "customer: keep another model, and --value beside it");
    if (v->model.kind == VALUE_BG_BB)
        return err_set(
            err, ERR_INPUT,
            "bg-bb looks at the calendar's periods, which rules do not ask: keep "
            "another model");
    return (v->model.fit.converged && (!v->has_spending || v->spending_fit.converged))
           || err_set(err, ERR_INPUT,
                      "no maximum was found: a fit that cannot be trusted is not kept");
}

/* What is kept can be read again. */
static bool check_text(str text, struct err *err)
{
    struct arena a = {};
    struct kept_fit again;
    bool ok;

    if (text.n > SAVED_TEXT_MAX)
        return err_set(err, ERR_LIMIT, "the patterns are too long to be kept");
    ok = kept_parse(text, &a, &again, err);
    arena_free(&a);
    if (!ok && err->code == ERR_CORRUPT)
        err_set(err, ERR_INPUT,
                "the fit's numbers are beyond what can be reckoned with: it is not kept");
    return ok;
}

static bool keep(struct engine *e, str name, str text, int64_t now_ms, struct err *err)
{
    struct saved_row row = {
        .kind = SAVED_FIT, .made_ms = now_ms, .name = name, .text = text};
    struct looking at;

    if (!look_for(e, name, &at, err))
        return false;
    if (!at.found && at.fits >= FITS_MAX)
        return err_set(err, ERR_LIMIT, "a file keeps at most %d fits", FITS_MAX);
    row.number = at.found ? at.found : at.last + 1;
    return change(e, row.number, &row, err);
}

bool engine_keep_fit(struct engine *e, const struct value_view *v, int64_t now_ms,
                     struct err *err)
{
    const struct kept_fit kept = {.model = v->model,
                                  .has_spending = v->has_spending,
                                  .spending = v->spending,
                                  .unit = v->unit,
                                  .event = v->event,
                                  .value = v->value,
                                  .customers = v->cbs.customers};
    struct buf name = {}, text = {};
    bool ok;

    if (!check_fit(v, err))
        return false;
    value_put_day(&name, v->until_day);
    kept_print(&kept, &text);
    ok = ((!name.failed && !text.failed) || err_nomem(err))
         && check_text(buf_str(&text), err);
    ok = ok && keep(e, buf_str(&name), buf_str(&text), now_ms, err);
    buf_free(&name);
    buf_free(&text);
    return ok;
}

bool engine_drop_fit(struct engine *e, str day, struct err *err)
{
    struct looking at;

    if (!look_for(e, day, &at, err))
        return false;
    if (!at.found)
        return err_set(err, ERR_NOT_FOUND,
                       "no fit is kept of \"%.*s\": ciclo value list FILE shows the days "
                       "of those there are",
                       (int)(day.n < SAVED_NAME_MAX ? day.n : SAVED_NAME_MAX), day.p);
    return change(e, at.found, NULL, err);
}

/* --- as JSON --- */

void engine_put_fits(struct json_out *j, const struct engine *e)
{
    const struct kept_fits *f = &e->fits;
    struct buf day = {};

    json_begin_list(j);
    for (uint32_t i = 0; i < f->n; i++) {
        const struct kept_fit *k = f->row[i].model;

        buf_clear(&day);
        value_put_day(&day, f->row[i].until_day);
        j->to->failed |= day.failed;
        json_begin_object(j);
        json_key(j, "until");
        json_put_text(j, day.failed ? STR("") : buf_str(&day));
        json_key(j, "model");
        json_put_text(j, value_model_name(k->model.kind));
        json_key(j, "event");
        json_put_text(j, k->event);
        json_key(j, "value");
        json_put_text(j, k->value);
        json_key(j, "customers");
        json_put_int(j, (int64_t)k->customers);
        json_key(j, "made");
        json_put_moment(j, f->made_ms[i]);
        json_end_object(j);
    }
    json_end_list(j);
    buf_free(&day);
}
