/* import_member.c - a table whose rows name the firm of their customer.
 *
 * A thousand orders of one customer say the same thing a thousand times. So that whoever reads on
 * the same file finds the same group events in it, there is one for each customer and account, at
 * the earliest moment of the rows that say so: it follows from the rows, whatever their order. */
#include "engine/engine_impl.h"
#include "engine/identity.h"
#include "engine/import_impl.h"
#include "event/pseudonym.h"

#include <string.h>

static bool add_one(struct memberships *m, const struct event *e, str account,
                    struct err *err)
{
    uint32_t key[2], *number;

    if (!text_table_add(&m->text, e->customer, &key[0])
        || !text_table_add(&m->text, account, &key[1])
        || !(number =
                 number_at(&m->of, hash128_of((str){(const char *)key, sizeof key}))))
        return err_nomem(err);
    if (*number) {
        struct membership *known = &m->item[*number - 1];

        if (e->at_ms < known->at_ms)
            known->at_ms = e->at_ms;
        return true;
    }
    if (m->n == m->cap) {
        uint32_t cap = m->cap ? 2 * m->cap : 64;
        struct membership *more =
            cap > m->cap ? mem_resize(m->item, cap * sizeof *more) : NULL;

        if (!more)
            return err_nomem(err);
        m->item = more;
        m->cap = cap;
    }
    m->item[m->n++] = (struct membership){key[0], key[1], e->at_ms};
    *number = m->n;
    return true;
}

bool memberships_add(struct memberships *m, const struct event *e, str cell,
                     struct err *err)
{
    while (cell.n) {
        const char *end = memchr(cell.p, ';', cell.n);
        size_t n = end ? (size_t)(end - cell.p) : cell.n;
        str account = str_trim((str){cell.p, n});

        account = str_from(account, str_starts(account, STR("'")));
        if (account.n && account.n <= EVENT_TEXT_MAX && !add_one(m, e, account, err))
            return false;
        cell = str_from(cell, n + (end != NULL));
    }
    return true;
}

void memberships_free(struct memberships *m)
{
    text_table_free(&m->text);
    number_table_free(&m->of);
    mem_free(m->item);
}

/* The call that a tracking SDK would make. */
static bool take_one(struct import *im, const struct membership *m, struct arena *a,
                     struct err *err)
{
    str account = text_table_get(&im->members.text, m->account);
    str customer = text_table_get(&im->members.text, m->customer);
    str says[] = {customer, account, {(const char *)&m->at_ms, sizeof m->at_ms}};
    struct id who = id_of_key(customer), id;
    struct property group = {STR("groupId"), {.type = VALUE_TEXT, .text = account}};
    struct event e = {.at_ms = m->at_ms,
                      .customer = customer,
                      .type = STR("group"),
                      .property = &group,
                      .property_n = 1,
                      .who = &who,
                      .who_n = 1};
    bool there, added;

    if (!event_account(&e, a, &id, &there, err))
        return false;
    if (!there)
        return true;
    buf_clear(&im->json);
    if (!import_id(im, e.type, 0, says, 3, a, &e.id, err)
        || (im->hide && !pseudonym_hide(im->hide, im->dictionary, &e, a, err)))
        return false;
    event_print(&e, &im->json);
    if (im->json.failed)
        return err_nomem(err);
    if (!store_append(im->store, &e, buf_str(&im->json), &added, err))
        return false;
    im->report->members += added;
    return !added || identity_take(im->engine, &e, err);
}

bool import_members(struct import *im, struct err *err)
{
    struct arena a = {0};
    bool ok = true;

    for (uint32_t i = 0; ok && i < im->members.n; i++) {
        ok = take_one(im, &im->members.item[i], &a, err);
        arena_reset(&a);
    }
    arena_free(&a);
    return ok;
}
