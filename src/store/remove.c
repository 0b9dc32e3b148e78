#include "store/remove.h"

#include "event/mention.h"
#include "store/rewrite_impl.h"
#include "store/store_impl.h"
#include "store/vfs.h"

#include <string.h>

enum { NOBODY = UINT32_MAX };

struct removing {
    struct rewrite w;
    const struct removal *what;
    struct arena arena, scratch;
    struct leaving leaving;
    struct names {
        struct text_table text;
        uint32_t *person; /* whose each is */
        uint32_t cap;
    } keys, ids, said;        /* of anchors; all that tells who somebody is; ids of what
                                 accounts were told by them */
    uint32_t *person_of_home; /* by number, or NOBODY */
    struct err learning;      /* .code: why his ids could not be found, or ERR_NONE */
    uint64_t *times;          /* that an id stood in what is said of others */
    bool *is_account;         /* by number in .ids */
    struct removed removed;
};

/* --- who --- */

static bool need_named(const struct removal *what, struct err *err)
{
    for (uint32_t i = 0; i < what->customer_n; i++) {
        size_t n = what->customer[i].n;

        if (!n || n > CUSTOMER_KEY_MAX)
            return err_set(err, ERR_INPUT, "a customer's id has 1 to %u bytes",
                           EVENT_NAME_MAX);
    }
    return what->customer_n || what->drops
           || err_set(err, ERR_INPUT, "no customer is named");
}

static bool tell_unknown(str first, uint32_t n, struct err *err)
{
    if (n > 1)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no customer %.*s, nor %u other%s of those named; "
                       "nothing was changed",
                       STR_FMT(first), n - 1, n == 2 ? "" : "s");
    return !n
           || err_set(err, ERR_NOT_FOUND,
                      "there is no customer %.*s; nothing was changed", STR_FMT(first));
}

/* A name that brought nothing is only known as a home. */
static uint32_t home_of(const struct store *s, uint32_t number)
{
    uint32_t home = number < s->homes.n ? s->homes.home[number] : HOME_NONE;

    return home == HOME_NONE ? number : home;
}

/* Each customer that is named becomes a person, once. */
static bool find_homes(struct removing *r, const struct store *s, struct err *err)
{
    struct removed_person *person =
        arena_array(&r->arena, struct removed_person, (size_t)r->what->customer_n + 1);
    uint32_t unknown = 0;
    str first = STR("");

    r->person_of_home =
        arena_array(&r->arena, uint32_t, (size_t)catalog_customer_n(&s->catalog) + 1);
    if (!r->person_of_home || !person)
        return err_nomem(err);
    memset(r->person_of_home, 0xff,
           catalog_customer_n(&s->catalog) * sizeof *r->person_of_home);
    for (uint32_t i = 0; i < r->what->customer_n; i++) {
        str customer = r->what->customer[i];
        uint32_t number = catalog_customer_find(&s->catalog, customer);

        if (number == CUSTOMER_NONE) {
            if (!unknown++)
                customer_key_kind(customer, &first);
            continue;
        }
        number = home_of(s, number);
        if (r->person_of_home[number] == NOBODY)
            r->person_of_home[number] = r->removed.person_n++;
    }
    r->leaving.person = person;
    r->removed.person = person;
    return tell_unknown(first, unknown, err);
}

/* --- his ids --- */

/* With whom a name stands first, his it is. */
static bool add_name(struct names *t, str name, uint32_t person, struct err *err)
{
    uint32_t known = t->text.n, number;

    if (t->text.n == t->cap) {
        uint32_t cap = t->cap ? 2 * t->cap : 64, *grown;

        grown = mem_resize(t->person, cap * sizeof *grown);
        if (!grown)
            return err_nomem(err);
        t->person = grown;
        t->cap = cap;
    }
    if (!text_table_add(&t->text, name, &number))
        return err_nomem(err);
    if (number == known)
        t->person[number] = person;
    return true;
}

static bool add_anchors(struct removing *r, const struct store *s, struct err *err)
{
    for (uint32_t i = 0; i < catalog_customer_n(&s->catalog); i++) {
        uint32_t person = r->person_of_home[home_of(s, i)];
        str key, id;

        if (person == NOBODY)
            continue;
        key = catalog_customer_key(&s->catalog, i);
        customer_key_kind(key, &id);
        if (!add_name(&r->keys, key, person, err) || !add_name(&r->ids, id, person, err))
            return false;
    }
    return true;
}

static bool is_others(const struct removing *r, enum id_kind kind, str value)
{
    return r->what->is_others
           && r->what->is_others(r->what->context, (struct id){kind, value});
}

static bool add_text(struct removing *r, str id, uint32_t person)
{
    return !id.n || id.n > EVENT_NAME_MAX || add_name(&r->ids, id, person, &r->learning);
}

/* What another system calls him stands elsewhere without that system's name. */
static bool add_id(struct removing *r, struct id id, uint32_t person)
{
    const char *colon = id.kind == ID_OTHER ? memchr(id.value.p, ':', id.value.n) : NULL;

    return is_others(r, id.kind, id.value)
           || (add_text(r, id.value, person)
               && (!colon
                   || add_text(r, str_from(id.value, (size_t)(colon + 1 - id.value.p)),
                               person)));
}

static bool add_previous(struct removing *r, str previous, uint32_t person)
{
    return is_others(r, ID_USER, previous) || is_others(r, ID_ANONYMOUS, previous)
           || add_text(r, previous, person);
}

/* What he was written to or called by tells who he is, too: as it came, and in its one form. */
static bool add_reaching(struct removing *r, const struct property *trait,
                         uint32_t person)
{
    static const struct id_rules rules;
    bool is_mail = str_contains_nocase(trait->name, STR("mail"));
    str raw = trait->value.text;
    struct err why;
    struct id id;

    if (trait->value.type != VALUE_TEXT
        || (!is_mail && !str_contains_nocase(trait->name, STR("phone"))))
        return true;
    arena_reset(&r->scratch);
    if (id_parse(&rules, is_mail ? ID_EMAIL : ID_PHONE, raw, &r->scratch, &id, &why))
        return is_others(r, id.kind, id.value)
               || (add_text(r, raw, person) && add_text(r, id.value, person));
    if (why.code == ERR_INPUT)
        return add_text(r, raw, person);
    r->learning = why;
    return false;
}

/* What his group call says of the account is an event of the account's own, by his word alone. */
static bool add_said(struct removing *r, const struct event *e, uint32_t person)
{
    struct event own;
    bool there;

    arena_reset(&r->scratch);
    return event_of_account(e, &r->scratch, &own, &there, &r->learning)
           && (!there || add_name(&r->said, own.id, person, &r->learning));
}

static bool learn_event(void *context, [[maybe_unused]] int64_t received_ms,
                        const struct event *e)
{
    struct removing *r = context;
    uint32_t key = text_table_find(&r->keys.text, e->customer), person;
    bool ok;

    if (key == TEXT_NONE)
        return true;
    person = r->keys.person[key];
    ok = add_previous(r, e->previous, person) && add_said(r, e, person);
    for (uint32_t i = 0; ok && i < e->who_n; i++)
        ok = add_id(r, e->who[i], person);
    for (uint32_t i = 0; ok && i < e->trait_n; i++)
        ok = add_reaching(r, &e->trait[i], person);
    return ok;
}

/* Every id that his events ever had stands in the log, also one that is no link to him. */
static bool learn(struct removing *r, struct err *err)
{
    pthread_mutex_t lock =
        PTHREAD_MUTEX_INITIALIZER; /* guards nothing: one thread reads */

    if (!r->keys.text.n)
        return true;
    if (!log_each(&r->w.old, &lock, learn_event, r, err))
        return false;
    *err = r->learning;
    return r->learning.code == ERR_NONE;
}

/* The ids of each, side by side. */
static bool list_ids(struct removing *r, struct err *err)
{
    str *id = arena_array(&r->arena, str, (size_t)r->ids.text.n + 1);

    if (!id)
        return err_nomem(err);
    for (uint32_t p = 0; p < r->removed.person_n; p++) {
        struct removed_person *person = &r->leaving.person[p];

        person->id = id;
        for (uint32_t i = 0; i < r->ids.text.n; i++)
            if (r->ids.person[i] == p)
                id[person->id_n++] = text_table_get(&r->ids.text, i);
        id += person->id_n;
    }
    return true;
}

/* --- all of it --- */

static bool sign(void *context, struct store *made, struct err *err)
{
    struct removing *r = context;

    r->removed.dropped = r->leaving.dropped;
    for (uint32_t i = 0; i < r->ids.text.n; i++)
        r->leaving.person[r->ids.person[i]].mentions += r->times[i];
    return homes_count(&made->homes, &r->removed.customers_after, err)
           && (!r->what->sign || r->what->sign(r->what->context, made, &r->removed, err));
}

static bool find_accounts(struct removing *r, struct err *err)
{
    r->is_account = mem_alloc((r->ids.text.n + 1) * sizeof *r->is_account);
    if (!r->is_account)
        return err_nomem(err);
    for (uint32_t i = 0; i < r->keys.text.n; i++) {
        struct id id = id_of_key(text_table_get(&r->keys.text, i));
        uint32_t number = text_table_find(&r->ids.text, id.value);

        if (id.kind == ID_GROUP && number != TEXT_NONE)
            r->is_account[number] = true;
    }
    return true;
}

static bool make(struct removing *r, const struct rewrite_options *o, struct err *err)
{
    struct refill_options options = {.leaving = &r->leaving, .sign = sign, .context = r};
    struct refill_report report;

    if (!learn(r, err) || !list_ids(r, err) || !find_accounts(r, err))
        return false;
    r->w.o = o;
    r->leaving.keys = &r->keys.text;
    r->leaving.key_person = r->keys.person;
    r->leaving.id_person = r->ids.person;
    r->leaving.said = &r->said.text;
    r->leaving.said_person = r->said.person;
    r->leaving.drops = r->what->drops;
    r->leaving.context = r->what->context;
    r->leaving.mentions = mentions_of(&r->ids.text);
    r->leaving.mentions.is_account = r->is_account;
    r->leaving.times = r->times = mem_alloc((r->ids.text.n + 1) * sizeof *r->times);
    if (!r->times)
        return err_nomem(err);
    return rewrite_refill(&r->w, &options, &report, err);
}

bool store_remove_begin(struct store *s, const struct removal *what,
                        const struct rewrite_options *o, struct removing **out,
                        struct err *err)
{
    struct removing *r = mem_alloc(sizeof *r);

    if (!r)
        return err_nomem(err);
    r->what = what;
    if (need_named(what, err) && find_homes(r, s, err) && add_anchors(r, s, err)
        && homes_count(&s->homes, &r->removed.customers_before, err)
        && rewrite_begin_beside(&r->w, s, err) && make(r, o, err)) {
        *out = r;
        return true;
    }
    store_remove_free(r);
    return false;
}

bool store_remove_finish(struct removing *r, struct store *s, struct rewrite_sizes *out,
                         struct err *err)
{
    lock_hand_over(&s->file_lock, &r->w.lock);
    store_close(s);
    return rewrite_exchange(&r->w, out, err);
}

static void names_free(struct names *t)
{
    text_table_free(&t->text);
    mem_free(t->person);
}

void store_remove_free(struct removing *r)
{
    if (!r)
        return;
    rewrite_end(&r->w);
    names_free(&r->keys);
    names_free(&r->ids);
    names_free(&r->said);
    mem_free(r->times);
    mem_free(r->is_account);
    arena_free(&r->arena);
    arena_free(&r->scratch);
    mem_free(r);
}
