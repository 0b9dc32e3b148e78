#include "support/erase.h"

static bool sign(void *context, struct store *made, const struct removed *what,
                 struct err *err)
{
    struct erase_report *report = context;

    *report = (struct erase_report){0};
    for (uint32_t i = 0; i < what->person_n; i++) {
        report->events += what->person[i].events;
        report->refused += what->person[i].refused;
        report->mentions += what->person[i].mentions;
        report->trait_values += what->person[i].trait_values;
        report->ids += what->person[i].id_n;
    }
    return store_receipt_add(made, STR("gone"), err);
}

bool erase_customers(struct io *io, str path, const str *customer, uint32_t n,
                     const struct rewrite_options *o, struct erase_report *out,
                     struct err *err)
{
    const struct store_options open = {
        .mode = STORE_WRITE, .memory_bytes = o->memory_bytes, .owner = o->owner};
    const struct removal removal = {
        .customer = customer, .customer_n = n, .sign = sign, .context = out};
    struct removing *r = NULL;
    struct rewrite_sizes sizes;
    struct store *s;
    bool ok;

    if (!store_open(io, path, &open, &s, err))
        return false;
    store_hold(s);
    ok = store_remove_begin(s, &removal, o, &r, err);
    if (ok)
        ok = store_remove_finish(r, s, &sizes, err);
    else
        store_close(s);
    store_remove_free(r);
    return ok;
}
