#include "store/seen_impl.h"
#include "store/verify_impl.h"

/* Message ids: the log's and those that were erased stand in the runs or in news, each once. */

bool each_seen(struct verify *v, bool (*each)(void *context, hash128 id), void *context,
               struct err *err)
{
    struct seen *seen;
    bool ok;

    if (!seen_new(v->sql, &seen, err))
        return false;
    ok = seen_each(seen, each, context, err);
    seen_free(seen);
    if (ok)
        return true;
    v->ids_unread = true;
    return found_err(v, "seen", false, err);
}

static bool sum_seen(void *context, hash128 id)
{
    struct verify *v = context;

    v->ids_twice += hash_set_has(&v->news_id, id)
                    || (v->report->ids && hash128_cmp(id, v->last_id) <= 0);
    v->last_id = id;
    v->report->ids++;
    sum_add(&v->held_id[id_bucket(id)], id);
    return true;
}

static bool sum_erased(void *context, hash128 id, [[maybe_unused]] struct err *err)
{
    struct verify *v = context;

    sum_add(&v->logged_id[id_bucket(id)], id);
    v->report->erased++;
    return true;
}

bool verify_ids(struct verify *v, struct err *err)
{
    if (!erased_each(v->sql, v->sql_lock, sum_erased, v, err)) {
        v->ids_unread = true;
        if (!found_err(v, "erased", true, err))
            return false;
    }
    if (!each_seen(v, sum_seen, v, err))
        return false;
    if (v->ids_twice)
        found(v, "seen", false,
              "table seen: %llu message ids are there twice, or in table news too",
              (unsigned long long)v->ids_twice);
    return true;
}
