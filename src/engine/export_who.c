#include "engine/export_who.h"

#include "engine/import_impl.h"

#include <string.h>

/* The ids of an event as one text: which of them its traits and properties imply, a character
 * each, and then their keys, each behind the end of a line, which no key has. Few sets of ids are
 * those of many events. */
struct whos {
    struct snapshot *snapshot;
    struct text_table set;
    struct number_table
        of; /* by the hash of a message id: the number of its set, from 1 */
    struct buf text;
    char *
        is_home; /* by customer: 0 not looked at yet, 1 its own home, 2 another's anchor */
    struct err err;
    bool failed;
};

static bool look_at_home(struct whos *w, str key, bool *is_home)
{
    uint32_t number = catalog_key_find(snapshot_catalog(w->snapshot), key), home;

    *is_home = false;
    if (number == CUSTOMER_NONE)
        return true;
    if (!w->is_home[number]) {
        if (!snapshot_home(w->snapshot, number, &home, &w->err))
            return false;
        w->is_home[number] = home == number ? 1 : 2;
    }
    *is_home = w->is_home[number] == 1;
    return true;
}

static bool note(struct whos *w, const struct event *e)
{
    struct arena a = {};
    uint32_t set, *number;

    buf_clear(&w->text);
    for (uint32_t i = 0; i < e->who_n; i++)
        buf_add_char(&w->text, e->implied >> i & 1 ? 'i' : 'c');
    for (uint32_t i = 0; i < e->who_n; i++) {
        str key = id_key(e->who[i], &a);

        w->text.failed |= !key.p;
        buf_add_char(&w->text, '\n');
        buf_add(&w->text, key);
    }
    arena_free(&a);
    if (w->text.failed || !text_table_add(&w->set, buf_str(&w->text), &set))
        return err_nomem(&w->err);
    number = number_at(&w->of, hash128_of(e->id));
    if (!number)
        return err_nomem(&w->err);
    *number = set + 1;
    return true;
}

static bool take(void *context, [[maybe_unused]] int64_t received_ms,
                 const struct event *e)
{
    struct whos *w = context;
    bool is_home = false;

    w->failed = (e->who_n < 2 && !look_at_home(w, e->customer, &is_home))
                || (e->who_n && !is_home && !note(w, e));
    return !w->failed;
}

bool whos_read(struct snapshot *v, struct whos **out, struct err *err)
{
    struct whos *w = mem_alloc(sizeof *w);
    uint32_t n = catalog_customer_n(snapshot_catalog(v));

    if (!w)
        return err_nomem(err);
    w->snapshot = v;
    w->is_home = mem_alloc((size_t)n + 1);
    if (!w->is_home) {
        whos_free(w);
        return err_nomem(err);
    }
    if (!snapshot_each_logged(v, take, w, err) || w->failed) {
        if (w->failed)
            *err = w->err;
        whos_free(w);
        return false;
    }
    *out = w;
    return true;
}

void whos_free(struct whos *w)
{
    if (!w)
        return;
    text_table_free(&w->set);
    number_table_free(&w->of);
    buf_free(&w->text);
    mem_free(w->is_home);
    mem_free(w);
}

bool whos_tell(const struct whos *w, struct event *e, struct arena *a, struct err *err)
{
    uint32_t set = number_find(&w->of, hash128_of(e->id)), n = 0;
    str text, keys;
    struct id *who;

    if (!set)
        return true;
    text = text_table_get(&w->set, set - 1);
    while (text.p[n] != '\n')
        n++;
    who = arena_array(a, struct id, n);
    if (!who)
        return err_nomem(err);
    keys = str_from(text, n);
    for (uint32_t i = 0; i < n; i++) {
        const char *end;

        keys = str_from(keys, 1);
        end = memchr(keys.p, '\n', keys.n);
        who[i] = id_of_key((str){keys.p, end ? (size_t)(end - keys.p) : keys.n});
        keys = str_from(keys, end ? (size_t)(end - keys.p) : keys.n);
        e->implied |= (uint32_t)(text.p[i] == 'i') << i;
        if (!i)
            e->customer = id_key(who[0], a);
    }
    e->who = who;
    e->who_n = n;
    return e->customer.p || err_nomem(err);
}
