/* identity.c - the graph of ids beside the store.
 *
 * The graph is what the store's rows say of it, and what the open transaction brought: a commit
 * makes both one, a cancel takes the latter back. Where that fails for want of memory, the graph
 * is forgotten, and read again when it is needed. */
#include "engine/identity.h"

#include "base/random.h"
#include "base/time.h"
#include "base/tune.h"
#include "engine/engine_impl.h"
#include "identity/people.h"

#include <stdlib.h>

/* --- read and written --- */

struct reading {
    struct graph *graph;
    uint32_t rows;
    bool ok;
    struct err err;
};

static bool read_row(void *context, str bytes)
{
    struct reading *r = context;

    r->rows++;
    r->ok = graph_decode(r->graph, bytes, &r->err)
            || err_in(&r->err, "who is who, row %u", r->rows);
    return r->ok;
}

static bool read_all(struct engine *e, struct snapshot *v, struct err *err)
{
    struct people *p;
    struct reading r = {.ok = true};

    if (!people_new(&p, err))
        return false;
    r.graph = people_graph(p);
    if (!snapshot_each_graph(v, read_row, &r, err) || !r.ok
        || !graph_decoded(r.graph, err)) {
        if (!r.ok)
            *err = r.err;
        people_free(p);
        return false;
    }
    e->people = p;
    e->graph_is_long = r.rows > GRAPH_ROWS;
    return true;
}

/* What a transaction under way has brought is not in a snapshot, nor in the graph when it has to
 * be read: nobody was given to it yet. */
static bool need_people(struct engine *e, struct err *err)
{
    struct snapshot *v;
    bool ok;

    if (e->people)
        return true;
    if (snapshot_is_latest(e->now))
        return read_all(e, e->now, err);
    if (!store_snapshot(e->store, &v, err))
        return false;
    ok = read_all(e, v, err);
    snapshot_close(v);
    return ok;
}

void identity_expect(const struct engine *e, const struct event *event)
{
    if (e->people)
        people_expect(e->people, event);
}

static bool append_account(struct engine *e, const struct event *own, struct err *err)
{
    struct buf line = {};
    bool added, ok;

    event_print(own, &line);
    ok = (!line.failed || err_nomem(err))
         && store_append(e->store, own, buf_str(&line), &added, err)
         && (!added || people_add(e->people, own, err));
    buf_free(&line);
    return ok;
}

bool identity_take(struct engine *e, const struct event *event, struct err *err)
{
    struct arena a = {};
    struct event own;
    bool there, ok = need_people(e, err) && people_add(e->people, event, err)
                     && event_of_account(event, &a, &own, &there, err)
                     && (!there || append_account(e, &own, err));

    arena_free(&a);
    return ok;
}

static bool move(void *context, str anchor, str home, struct err *err)
{
    return store_rehome(context, anchor, home, err);
}

static bool write_news(struct engine *e, struct err *err)
{
    const struct graph *g = people_graph(e->people);
    struct buf bytes = {};
    bool ok;

    if (!graph_has_news(g))
        return true;
    ok = e->graph_is_long ? graph_encode(g, &bytes, err)
                                && store_graph_replace(e->store, buf_str(&bytes), err)
                          : graph_encode_news(g, &bytes, err)
                                && store_graph_add(e->store, buf_str(&bytes), err);
    buf_free(&bytes);
    return ok;
}

bool identity_commit(struct engine *e, struct err *err)
{
    if (!e->people)
        return store_commit(e->store, err);
    if (!people_each_move(e->people, move, e->store, err) || !write_news(e, err)
        || !store_commit(e->store, err)) {
        identity_cancel(e);
        return false;
    }
    e->graph_is_long &= !graph_has_news(people_graph(e->people));
    people_mark(e->people);
    return true;
}

void identity_cancel(struct engine *e)
{
    struct err unheard;

    store_cancel(e->store);
    if (!e->people || people_undo(e->people, &unheard))
        return;
    people_free(e->people);
    e->people = NULL;
}

/* --- asked --- */

bool engine_graph(struct engine *e, const struct graph **out, struct err *err)
{
    if (!need_people(e, err))
        return false;
    *out = people_graph(e->people);
    return true;
}

static const struct id_rules rules;

/* Who asks by one's own id, and who asks by what stands for it. */
struct asked {
    const struct graph *g;
    const struct pseudonym_key *key; /* or NULL */
    bool carried;                    /* by an event itself */
    struct arena *a;
};

static bool find_id(const struct asked *f, const struct id *id, uint32_t *number)
{
    *number = graph_find(f->g, *id);
    return *number != GRAPH_NO_ID
           && !(f->carried && graph_first_ms(f->g, *number) == MOMENT_NEVER);
}

/* An id that nobody could have is nobody's. For want of memory it is not known either, and *err
 * says so. */
static bool is_known(const struct asked *f, const struct id *id, uint32_t *number,
                     struct err *err)
{
    struct id hidden;

    return find_id(f, id, number)
           || (f->key && pseudonym_of(f->key, *id, f->a, &hidden, err)
               && find_id(f, &hidden, number));
}

static bool not_found(const struct engine *e, const char *what, str text, struct err *err)
{
    bool hides = engine_is_pseudonymous(e) && !engine_key(e);

    return err_set(err, ERR_NOT_FOUND, "%s \"%.*s\"%s", what, STR_FMT(text),
                   hides
                       ? ": this file is pseudonymous, and finds people by their own ids "
                         "only with its key (--pseudonym-key FILE)"
                       : "");
}

/* False and no ERR_NOMEM: nobody has it. */
static bool find_text(const struct asked *f, str text, uint32_t *number, struct err *err)
{
    struct id id;
    size_t colon = 0;

    while (colon < text.n && text.p[colon] != ':')
        colon++;
    err->code = ERR_NONE;
    if (is_known(f, &(struct id){ID_USER, text}, number, err))
        return true;
    if (str_eq((str){text.p, colon}, id_kind_name(ID_GROUP)) && colon < text.n
        && id_parse(&rules, ID_GROUP, str_from(text, colon + 1), f->a, &id, err)
        && is_known(f, &id, number, err))
        return true;
    if (colon < text.n
        && id_parse_named(&rules, (str){text.p, colon}, str_from(text, colon + 1), f->a,
                          &id, err)
        && is_known(f, &id, number, err))
        return true;
    for (int k = 0; k < ID_KIND_N && err->code != ERR_NOMEM; k++)
        if (id_parse(&rules, (enum id_kind)k, text, f->a, &id, err)
            && is_known(f, &id, number, err))
            return true;
    return false;
}

bool identity_find(struct engine *e, str text, uint32_t *id, struct err *err)
{
    struct arena a = {};
    struct asked asked = {.key = engine_key(e), .carried = true, .a = &a};
    bool found;

    if (!engine_graph(e, &asked.g, err))
        return false;
    /* What somebody was called before, as an alias says, is first of all the one who is so. */
    found = find_text(&asked, text, id, err);
    asked.carried = false;
    found = found || (err->code != ERR_NOMEM && find_text(&asked, text, id, err));
    arena_free(&a);
    return found
           || (err->code != ERR_NOMEM && not_found(e, "nobody has the id", text, err));
}

bool identity_home(const struct engine *e, struct id id, uint32_t *number,
                   struct err *err)
{
    struct arena a = {};
    str key = id_key(id, &a);

    if (key.p)
        *number = catalog_key_find(snapshot_catalog(e->now), key);
    arena_free(&a);
    return key.p || err_nomem(err);
}

bool engine_find(struct engine *e, str text, uint32_t *customer, struct err *err)
{
    const struct catalog *c = snapshot_catalog(e->now);
    const struct graph *g;
    uint32_t id;

    *customer = catalog_customer_find(c, text);
    if (!engine_graph(e, &g, err))
        return false;
    if (*customer != CUSTOMER_NONE) {
        id = graph_find(g, id_of_key(catalog_customer_key(c, *customer)));
        return id == GRAPH_NO_ID
               || identity_home(e, graph_id(g, graph_customer(g, id)), customer, err);
    }
    if (!identity_find(e, text, &id, err))
        return err->code == ERR_NOT_FOUND
               && not_found(e, "there is no customer", text, err);
    return identity_home(e, graph_id(g, graph_customer(g, id)), customer, err)
           && (*customer != CUSTOMER_NONE
               || not_found(e, "there is no customer", text, err));
}

/* The first link that joined the id with another of the customer; prefers the one that tells most:
 * that which joined him to the id that names him. */
static void tell_link(const struct graph *g, uint32_t id, uint32_t name,
                      struct known_id *out)
{
    out->at_ms = graph_first_ms(g, id);
    if (id == name)
        return;
    out->at_ms = MOMENT_NEVER;
    for (uint32_t i = graph_link_of(g, id, GRAPH_NO_ID); i != GRAPH_NO_ID;
         i = graph_link_of(g, id, i)) {
        struct graph_link l = graph_link(g, i);

        if (l.verdict != GRAPH_IS_JOINED || l.at_ms >= out->at_ms)
            continue;
        out->at_ms = l.at_ms;
        out->tie = l.tie;
        out->by = graph_id(g, l.a == id ? l.b : l.a);
    }
}

static int known_order(const void *a, const void *b)
{
    const struct known_id *ka = a, *kb = b;

    if (!ka->by.value.n != !kb->by.value.n)
        return ka->by.value.n ? 1 : -1;
    return id_compare(ka->id, kb->id);
}

static bool only_id(struct id id, struct arena *a, const struct known_id **out,
                    uint32_t *n, struct err *err)
{
    struct known_id *one = arena_new(a, struct known_id);

    if (!one)
        return err_nomem(err);
    *one = (struct known_id){.id = id, .first_ms = MOMENT_NEVER, .at_ms = MOMENT_NEVER};
    *out = one;
    *n = 1;
    return true;
}

bool engine_ids(struct engine *e, uint32_t customer, struct arena *a,
                const struct known_id **out, uint32_t *n, struct err *err)
{
    str key = catalog_customer_key(snapshot_catalog(e->now), customer);
    const struct graph *g;
    struct known_id *list;
    uint32_t name, at;

    *out = NULL;
    *n = 0;
    if (!engine_graph(e, &g, err))
        return false;
    name = at = graph_find(g, id_of_key(key));
    if (name == GRAPH_NO_ID)
        return only_id(id_of_key(key), a, out, n, err);
    do
        ++*n;
    while ((at = graph_next(g, at)) != name);
    list = arena_array(a, struct known_id, *n);
    if (!list)
        return err_nomem(err);
    *n = 0;
    do {
        struct known_id *k = &list[(*n)++];

        *k = (struct known_id){.id = graph_id(g, at), .first_ms = graph_first_ms(g, at)};
        tell_link(g, at, name, k);
    } while ((at = graph_next(g, at)) != name);
    qsort(list, *n, sizeof *list, known_order);
    *out = list;
    return true;
}

/* --- decided --- */

static const str says_texts[] = {
    [GRAPH_UNDECIDED] = STR("undecided"),
    [GRAPH_MERGE] = STR("merge"),
    [GRAPH_APART] = STR("apart"),
};

str says_text(enum graph_says says)
{
    return says_texts[says];
}

bool says_parse(str text, enum graph_says *out)
{
    for (size_t i = 0; i < sizeof says_texts / sizeof *says_texts; i++)
        if (str_eq(says_texts[i], text)) {
            *out = (enum graph_says)i;
            return true;
        }
    return false;
}

static struct property text_property(const char *name, str text)
{
    return (struct property){str_of(name), {.type = VALUE_TEXT, .text = text}};
}

static bool append(struct engine *e, const struct event *event, struct err *err)
{
    struct buf line = {};
    bool added, ok;

    event_print(event, &line);
    ok = !line.failed || err_nomem(err);
    ok = ok && store_append(e->store, event, buf_str(&line), &added, err)
         && identity_take(e, event, err);
    buf_free(&line);
    return ok;
}

bool identity_write(struct engine *e, struct id who, str type,
                    const struct property *property, uint32_t n, int64_t at_ms,
                    struct err *err)
{
    struct arena a = {};
    struct event event = {.at_ms = at_ms,
                          .customer = id_key(who, &a),
                          .type = type,
                          .property = property,
                          .property_n = n,
                          .who = &who,
                          .who_n = 1};
    struct buf id = {};
    hash128 secret;
    bool ok = event.customer.p || err_nomem(err);

    if (ok && !random_secret(&secret, sizeof secret))
        ok = err_sys(err, "the system has no random bytes");
    if (ok) {
        hash128_print(&id, secret);
        event.id = buf_str(&id);
        ok = id.failed ? err_nomem(err) : append(e, &event, err);
    }
    buf_free(&id);
    arena_free(&a);
    return ok;
}

static bool decide(struct engine *e, struct id a, struct id b, enum graph_says says,
                   str by, int64_t now_ms, struct err *err)
{
    str kind_a = id_kind_name(a.kind), kind_b = id_kind_name(b.kind);
    struct property property[] = {text_property("says", says_text(says)),
                                  text_property("a_kind", kind_a),
                                  text_property("a", a.value),
                                  text_property("b_kind", kind_b),
                                  text_property("b", b.value),
                                  text_property("by", by)};

    if (!store_begin(e->store, now_ms, err))
        return false;
    if (!identity_write(e, a, STR(EVENT_DECIDED), property, by.n ? 6 : 5, now_ms, err)) {
        identity_cancel(e);
        return false;
    }
    return identity_commit(e, err) && engine_refresh(e, err);
}

static void swap_ids(uint32_t *a, uint32_t *b)
{
    uint32_t was = *a;

    *a = *b;
    *b = was;
}

bool engine_decide(struct engine *e, str a, str b, enum graph_says says, str by,
                   int64_t now_ms, struct err *err)
{
    const struct graph *g;
    uint32_t id_a, id_b;

    if (!identity_find(e, a, &id_a, err) || !identity_find(e, b, &id_b, err)
        || !engine_graph(e, &g, err))
        return false;
    if (id_a == id_b)
        return err_set(err, ERR_INPUT, "\"%.*s\" and \"%.*s\" are one id: name two",
                       STR_FMT(a), STR_FMT(b));
    if (says == GRAPH_MERGE
        && (graph_id(g, id_a).kind == ID_GROUP) != (graph_id(g, id_b).kind == ID_GROUP))
        return err_set(err, ERR_INPUT, "an account and a person are not one customer");
    /* The decision stands with an id that has events of its own: taken back, it leaves nothing. */
    if (graph_first_ms(g, id_a) == MOMENT_NEVER)
        swap_ids(&id_a, &id_b);
    if (graph_first_ms(g, id_a) == MOMENT_NEVER)
        return err_set(err, ERR_INPUT, "no event carries \"%.*s\" or \"%.*s\" itself",
                       STR_FMT(a), STR_FMT(b));
    return decide(e, graph_id(g, id_a), graph_id(g, id_b), says, by, now_ms, err);
}

/* --- shown --- */

str tie_text(enum graph_tie tie)
{
    static const str text[] = {STR("event"), STR("alias"), STR("decision")};

    return text[tie];
}

void id_print(struct buf *to, struct id id)
{
    if (id.kind != ID_OTHER) {
        buf_add(to, id_kind_name(id.kind));
        buf_add_char(to, ':');
    }
    buf_add(to, id.value);
}

void id_put_json(struct json_out *j, struct id id)
{
    json_begin_object(j);
    json_key(j, "kind");
    json_put_text(j, id_kind_name(id.kind));
    json_key(j, "id");
    json_put_text(j, id.value);
    json_end_object(j);
}
