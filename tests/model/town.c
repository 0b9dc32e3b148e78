#include "town.h"

#include "identity/people.h"

#include "support/unit.h"

#include <stdlib.h>

enum { BROWSERS = TOWN_IDS - 1 };

static int roll(const struct world *w, int sides)
{
    return twin_roll(w->chance, sides);
}

static void *need(void *p)
{
    assert_non_null(p);
    return p;
}

static str name_of(struct world *w, const char *what, int a, int b)
{
    struct buf text = {};
    str copy;

    buf_add_format(&text, "%s%d-%d", what, a, b);
    assert_false(text.failed);
    copy = arena_str(&w->arena, buf_str(&text));
    need((void *)copy.p);
    buf_free(&text);
    return copy;
}

/* --- ids --- */

static struct id user(struct world *w, int person)
{
    return (struct id){ID_USER, name_of(w, "user", person, 0)};
}

static struct id browser(struct world *w, int person, int number)
{
    return (struct id){ID_ANONYMOUS, name_of(w, "browser", person, number)};
}

static int someone(const struct world *w, int house)
{
    int first = house * TOWN_HOUSE, n = w->customer_n - first;

    return first + roll(w, n < TOWN_HOUSE ? n : TOWN_HOUSE);
}

/* Few browsers, so that they meet. */
static struct id some_browser(struct world *w, int person)
{
    return browser(w, person, roll(w, BROWSERS));
}

struct id town_id(struct world *w, int house)
{
    int person = someone(w, house);

    return roll(w, 2) ? user(w, person) : some_browser(w, person);
}

int town_house(struct id id)
{
    int person = 0;

    for (size_t i = 0; i < id.value.n && id.value.p[i] != '-'; i++)
        if (id.value.p[i] <= '9')
            person = 10 * person + (id.value.p[i] - '0');
    return person / TOWN_HOUSE;
}

static void set_who(struct world *w, struct event *e, struct id first,
                    const struct id *second)
{
    struct id *who = need(arena_array(&w->arena, struct id, 2));

    who[0] = first;
    if (second)
        who[1] = *second;
    e->who = who;
    e->who_n = second ? 2 : 1;
    e->customer = id_key(first, &w->arena);
    need((void *)e->customer.p);
}

/* Until he logs in he is known by browsers alone; who never does is as many as he has. */
static void settle_person(struct world *w, int person)
{
    struct twin_customer *c = &w->customer[person];
    int logs_in;

    if (c->n > TOWN_EVENTS_MAX)
        c->n = TOWN_EVENTS_MAX;
    logs_in = roll(w, c->n + 3);
    for (int i = 0; i < c->n; i++) {
        int at = roll(w, 8) ? person : someone(w, person / TOWN_HOUSE);
        struct id with = some_browser(w, at);

        if (i < logs_in)
            set_who(w, &c->event[i], with, NULL);
        else
            set_who(w, &c->event[i], user(w, person), roll(w, 4) ? &with : NULL);
    }
}

void town_settle(struct world *w)
{
    for (int c = 0; c < w->customer_n; c++)
        settle_person(w, c);
}

/* --- what is said of them --- */

static struct event *say(struct world *w, struct id of, int64_t at_ms, str type,
                         const struct property *p, uint32_t n)
{
    struct event *e = need(arena_new(&w->arena, struct event));

    *e = (struct event){.at_ms = at_ms,
                        .type = type,
                        .id = name_of(w, "said", roll(w, 1 << 30), roll(w, 1 << 30)),
                        .property = p,
                        .property_n = n};
    set_who(w, e, of, NULL);
    return e;
}

static struct property text_property(const char *name, str text)
{
    return (struct property){str_of(name), {.type = VALUE_TEXT, .text = text}};
}

/* What is said of the account stands in the event as properties. */
struct event *town_group(struct world *w, int house, int64_t at_ms)
{
    static const char *const says[] = {"s0", "s1", "s2"};
    struct property *p = need(arena_array(&w->arena, struct property, 3));
    struct buf trait = {};

    p[0] = text_property("groupId", name_of(w, "firm", house, 0));
    buf_add_format(&trait, "traits.%s", twin_trait[roll(w, TWIN_PROPERTIES)].name);
    p[1].name = arena_str(&w->arena, buf_str(&trait));
    need((void *)p[1].name.p);
    buf_free(&trait);
    p[1].value =
        roll(w, 2) ? (struct value){.type = VALUE_TEXT, .text = str_of(says[roll(w, 3)])}
                   : (struct value){.type = VALUE_NUMBER,
                                    .number = roll(w, 5) * INT64_C(1000000)};
    p[2] =
        text_property("context.source", str_of(twin_source[roll(w, TWIN_SOURCE_NAMES)]));
    return say(w, town_id(w, house), at_ms, STR("group"), p, 2 + (uint32_t)roll(w, 2));
}

struct event *town_alias(struct world *w, int house, int64_t at_ms)
{
    struct property *p = need(arena_new(&w->arena, struct property));
    int person = someone(w, house);
    struct event *e = say(w, user(w, person), at_ms, STR("alias"), p, 1);

    e->previous = roll(w, 3) ? town_id(w, house).value : name_of(w, "once", person, 0);
    *p = text_property("previousId", e->previous);
    return e;
}

struct event *town_decided(struct world *w, struct id a, struct id b, str says,
                           int64_t at_ms)
{
    struct property *p = need(arena_array(&w->arena, struct property, 5));

    p[0] = text_property("says", says);
    p[1] = text_property("a_kind", id_kind_name(a.kind));
    p[2] = text_property("a", a.value);
    p[3] = text_property("b_kind", id_kind_name(b.kind));
    p[4] = text_property("b", b.value);
    return say(w, a, at_ms, STR(EVENT_DECIDED), p, 5);
}

struct event *town_decision(struct world *w, int house, int64_t at_ms)
{
    static const char *const says[] = {"merge", "merge", "apart", "undecided"};
    struct id a = town_id(w, house), b;

    do
        b = town_id(w, house);
    while (id_compare(a, b) == 0);
    return town_decided(w, a, b, str_of(says[roll(w, 4)]), at_ms);
}

/* --- who is who --- */

static int by_moment(const void *a, const void *b)
{
    const struct event *x = *(const struct event *const *)a,
                       *y = *(const struct event *const *)b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return str_cmp(x->id, y->id);
}

static struct twin_customer *at_home(struct people *p, const struct event *e,
                                     struct arena *a, struct townsman *all, int *n)
{
    struct err err;
    str home;

    if (!people_home(p, e->customer, &home, &err))
        fail_msg("%s", err.msg);
    for (int i = 0; i < *n; i++)
        if (str_eq(all[i].home, home))
            return &all[i].known;
    all[*n].home = arena_str(a, home);
    need((void *)all[*n].home.p);
    all[*n].known.n = 0;
    all[*n].known.is_account = false;
    return &all[(*n)++].known;
}

/* --- accounts --- */

static int events_order(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    return by_moment(&x, &y);
}

static void add_event(struct twin_customer *c, struct event e)
{
    assert_true(c->n < TWIN_EVENTS_ROOM);
    c->event[c->n++] = e;
}

/* A member's event as his account has it: it says who did it, and nothing of traits. */
static struct event as_members(const struct event *e, str home, struct arena *a)
{
    struct property *p = need(arena_array(a, struct property, e->property_n + 1));
    struct event copy = *e;
    struct id id = id_of_key(home);
    struct buf who = {};

    if (id.kind != ID_USER)
        buf_add_format(&who, "%.*s:", STR_FMT(id_kind_name(id.kind)));
    buf_add(&who, id.value);
    for (uint32_t i = 0; i < e->property_n; i++)
        p[i] = e->property[i];
    p[e->property_n] = text_property(TWIN_WHO, arena_str(a, buf_str(&who)));
    need((void *)p[e->property_n].value.text.p);
    buf_free(&who);
    copy.property = p;
    copy.property_n = e->property_n + 1;
    copy.trait_n = 0;
    return copy;
}

static bool has_event(const struct twin_customer *c, str id)
{
    for (int i = 0; i < c->n; i++)
        if (str_eq(c->event[i].id, id))
            return true;
    return false;
}

/* What a group event tells of its account: what it says itself, and all that its member has. */
static void tell_account(struct people *p, const struct event *e,
                         const struct townsman *all, int people_n,
                         struct townsman *account, struct arena *a)
{
    const struct townsman *member = all;
    struct event own;
    struct err err;
    bool there;
    str home = {};

    if (!event_of_account(e, a, &own, &there, &err)
        || !people_home(p, e->customer, &home, &err))
        fail_msg("%s", err.msg);
    account->home = own.customer;
    account->known.is_account = true;
    add_event(&account->known, own);
    while (!str_eq(member->home, home))
        assert_true(++member < all + people_n);
    for (int i = 0; i < member->known.n; i++)
        if (!has_event(&account->known, member->known.event[i].id))
            add_event(&account->known,
                      as_members(&member->known.event[i], member->home, a));
}

static int gather_accounts(struct people *p, const struct event **event, int n,
                           struct arena *a, struct townsman *all, int people_n)
{
    int found = people_n;

    for (int i = 0; i < n; i++) {
        struct event own;
        struct err err;
        bool there;
        int at = people_n;

        if (!event_of_account(event[i], a, &own, &there, &err))
            fail_msg("%s", err.msg);
        if (!there)
            continue;
        while (at < found && !str_eq(all[at].home, own.customer))
            at++;
        if (at == found)
            all[found++].known.n = 0;
        tell_account(p, event[i], all, people_n, &all[at], a);
    }
    for (int at = people_n; at < found; at++)
        qsort(all[at].known.event, (size_t)all[at].known.n, sizeof(struct event),
              events_order);
    return found;
}

int town_gather(const struct event **event, int n, struct arena *a, struct townsman *out)
{
    struct people *p;
    struct err err;
    int found = 0;

    assert_true(people_new(&p, &err));
    if (n)
        qsort(event, (size_t)n, sizeof *event, by_moment);
    for (int i = 0; i < n; i++)
        if (!people_add(p, event[i], &err))
            fail_msg("%s", err.msg);
    for (int i = 0; i < n; i++) {
        struct twin_customer *c = at_home(p, event[i], a, out, &found);

        add_event(c, *event[i]);
    }
    found = gather_accounts(p, event, n, a, out, found);
    people_free(p);
    return found;
}
