#include "engine/list.h"

#include "engine/engine_impl.h"
#include "engine/identity.h"
#include "engine/members.h"
#include "engine/names.h"

struct listing {
    struct engine *e;
    const struct list_change *change;
    uint32_t segment;
    uint32_t *customer; /* to be changed, each once */
    uint32_t n;
};

static bool find_list(struct listing *l, struct err *err)
{
    const struct segments *all = engine_model(l->e)->segments;
    str name = l->change->list;

    for (uint32_t i = 0; i < all->segment_n; i++)
        if (str_eq(all->segment[i].name, name)) {
            l->segment = i;
            return all->segment[i].is_list
                   || err_set(
                       err, ERR_INPUT,
                       "\"%.*s\" is no list: its rule says who is in it. A list stands "
                       "in the model as NAME: { list: true }",
                       STR_FMT(name));
        }
    return err_set(err, ERR_NOT_FOUND, "the model has no segment \"%.*s\"",
                   (int)(name.n < 100 ? name.n : 100), name.p);
}

/* Several ids may be one customer's. */
static bool find_customers(struct listing *l, uint64_t *seen, int64_t now_ms,
                           struct list_changed *out, struct err *err)
{
    const struct list_change *change = l->change;

    for (uint32_t i = 0; i < change->n; i++) {
        uint32_t c;

        if (!engine_find(l->e, change->id[i], &c, err)) {
            if (err->code != ERR_NOT_FOUND)
                return false;
            if (!out->unknown++)
                out->first_unknown = i;
            if (!change->skip_unknown)
                return false;
            continue;
        }
        if (engine_is_member(l->e, c, l->segment, now_ms) == change->on
            || seen[c / 64] >> c % 64 & 1) {
            out->already++;
            continue;
        }
        seen[c / 64] |= UINT64_C(1) << c % 64;
        l->customer[l->n++] = c;
    }
    return true;
}

/* Later than what was said of him before. */
static int64_t moment_of(const struct listing *l, uint32_t customer, int64_t now_ms)
{
    size_t n;
    const struct move *change = engine_members(l->e, customer, &n);

    while (n && change[n - 1].way != l->segment)
        n--;
    return n && change[n - 1].at_ms >= now_ms ? change[n - 1].at_ms + 1 : now_ms;
}

static bool write_all(const struct listing *l, int64_t now_ms, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(l->e));
    const struct list_change *change = l->change;
    const struct property property[] = {
        {STR("list"), {.type = VALUE_TEXT, .text = change->list}},
        {STR("listed"), {.type = VALUE_BOOL, .truth = change->on}},
        {STR("by"), {.type = VALUE_TEXT, .text = change->by}}};

    for (uint32_t i = 0; i < l->n; i++)
        if (!identity_write(l->e,
                            id_of_key(catalog_customer_key(catalog, l->customer[i])),
                            STR(EVENT_LISTED), property, change->by.n ? 3 : 2,
                            moment_of(l, l->customer[i], now_ms), err))
            return false;
    return true;
}

bool engine_list(struct engine *e, const struct list_change *change, int64_t now_ms,
                 struct list_changed *out, struct err *err)
{
    struct listing l = {.e = e, .change = change};
    struct arena a = {};
    uint64_t *seen = arena_array(&a, uint64_t, engine_customer_n(e) / 64 + 1);
    bool ok;

    *out = (struct list_changed){};
    l.customer = arena_array(&a, uint32_t, (size_t)change->n + 1);
    ok = (seen && l.customer) || err_nomem(err);
    ok = ok && find_list(&l, err) && find_customers(&l, seen, now_ms, out, err);
    if (ok && l.n) {
        ok = store_begin(e->store, now_ms, err);
        if (ok && !write_all(&l, now_ms, err)) {
            identity_cancel(e);
            ok = false;
        }
        ok = ok && identity_commit(e, err) && engine_refresh(e, err);
    }
    out->changed = l.n;
    arena_free(&a);
    return ok;
}
