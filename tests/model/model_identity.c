/* model_identity.c - random events and decisions in any order of arrival: who is who, every name
 * and every refused link are those of a twin that sorts all links and joins them one by one. So
 * is what was taken back, and what was kept as bytes and read again. */
#include "identity/graph.h"

#include "base/hash.h"
#include "base/time.h"

#include "support/chance.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IDS_MAX = 4, PER_KIND = 1000000, VALUE_BYTES = 16 };

/* An id of the twin's: kind * PER_KIND + number, so that ids have the order of their numbers. */
static struct id id_of(int64_t number, char text[VALUE_BYTES])
{
    int n = snprintf(text, VALUE_BYTES, "x%06d", (int)(number % PER_KIND));

    return (struct id){(enum id_kind)(number / PER_KIND), {text, (size_t)n}};
}

static int64_t number_of(struct id id)
{
    int64_t number = 0;

    for (size_t i = 1; i < id.value.n; i++)
        number = number * 10 + (id.value.p[i] - '0');
    return id.kind * (int64_t)PER_KIND + number;
}

/* --- what happened --- */

struct fact {
    int64_t at_ms;
    uint64_t message;
    int64_t id[IDS_MAX], previous; /* -1: none */
    int id_n;
    enum graph_says says;
    bool is_decision; /* on id[0] and id[1] */
};

static uint64_t order_of(const struct fact *f)
{
    return hash64((str){(const char *)&f->message, sizeof f->message});
}

static void tell(struct graph *g, const struct fact *f, struct graph_changes *changes)
{
    char text[IDS_MAX + 1][VALUE_BYTES];
    struct id id[IDS_MAX];
    str message = {(const char *)&f->message, sizeof f->message};
    struct graph_event e = {f->at_ms, message, id, (size_t)f->id_n, STR("")};
    struct err err;
    bool ok;

    for (int i = 0; i < f->id_n; i++)
        id[i] = id_of(f->id[i], text[i]);
    if (f->previous >= 0)
        e.previous = id_of(f->previous, text[IDS_MAX]).value;
    if (f->is_decision) {
        struct graph_decision d = {f->at_ms, message, id[0], id[1], f->says};

        ok = graph_decide(g, &d, changes, &err);
    } else {
        ok = graph_add(g, &e, changes, &err);
    }
    if (!ok)
        fail_msg("%s", err.msg);
}

/* --- the twin --- */

struct twin_link {
    int64_t a, b; /* ascending */
    enum graph_tie tie;
    int64_t at_ms;
    uint64_t order;
    enum graph_says says;
    enum graph_verdict verdict;
};

struct twin_node {
    int64_t number, first_ms;
    size_t group;
};

struct twin_group {
    size_t *member;
    size_t n;
};

struct twin {
    const struct graph_limits *limits;
    struct twin_link *link;
    struct twin_node *node;
    struct twin_group *group;
    struct {
        size_t a, b;
    } * apart; /* two nodes that a decision keeps so */
    size_t link_n, node_n, apart_n;
};

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int by_moment(const struct twin_link *a, const struct twin_link *b)
{
    int order = by_number(a->at_ms, b->at_ms);

    return order ? order : (a->order > b->order) - (a->order < b->order);
}

static int by_ids(const struct twin_link *a, const struct twin_link *b)
{
    int order = by_number(a->tie, b->tie);

    order = order ? order : by_number(a->a, b->a);
    return order ? order : by_number(a->b, b->b);
}

static int link_by_pair(const void *a, const void *b)
{
    int order = by_ids(a, b);

    return order ? order : by_moment(a, b);
}

static int link_by_turn(const void *a, const void *b)
{
    int order = by_moment(a, b);

    return order ? order : by_ids(a, b);
}

static int node_by_number(const void *a, const void *b)
{
    const struct twin_node *na = a, *nb = b;
    int order = by_number(na->number, nb->number);

    return order ? order : by_number(na->first_ms, nb->first_ms);
}

static size_t twin_find(const struct twin *t, int64_t number)
{
    size_t low = 0, high = t->node_n;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (t->node[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    assert_true(low < t->node_n && t->node[low].number == number);
    return low;
}

static void twin_carry(struct twin *t, int64_t number, int64_t first_ms)
{
    t->node[t->node_n++] = (struct twin_node){.number = number, .first_ms = first_ms};
}

static void twin_tie(struct twin *t, const struct fact *f, int64_t a, int64_t b,
                     enum graph_tie tie)
{
    if (a != b)
        t->link[t->link_n++] = (struct twin_link){.a = a < b ? a : b,
                                                  .b = a < b ? b : a,
                                                  .tie = tie,
                                                  .at_ms = f->at_ms,
                                                  .order = order_of(f),
                                                  .says = f->says,
                                                  .verdict = GRAPH_IS_NONE};
}

static bool carries(const struct fact *f, int64_t id, int before)
{
    for (int i = 0; i < before; i++)
        if (f->id[i] == id)
            return true;
    return false;
}

static void twin_take(struct twin *t, const struct fact *f)
{
    int64_t anchor = f->id[0];

    for (int i = 0; i < f->id_n; i++) {
        anchor = f->id[i] < anchor ? f->id[i] : anchor;
        twin_carry(t, f->id[i], f->is_decision ? MOMENT_NEVER : f->at_ms);
    }
    if (f->is_decision) {
        twin_tie(t, f, f->id[0], f->id[1], GRAPH_DECIDED);
        return;
    }
    for (int i = 0; i < f->id_n; i++)
        if (!carries(f, f->id[i], i))
            twin_tie(t, f, anchor, f->id[i], GRAPH_EVENT);
    if (f->previous >= 0 && f->previous != anchor) {
        int64_t browser = ID_ANONYMOUS * (int64_t)PER_KIND + f->previous;

        twin_carry(t, f->previous, MOMENT_NEVER);
        twin_carry(t, browser, MOMENT_NEVER);
        twin_tie(t, f, anchor, f->previous, GRAPH_ALIAS);
        if (!carries(f, browser, f->id_n))
            twin_tie(t, f, anchor, browser, GRAPH_EVENT);
    }
}

/* Each once: ids and links of events with their first moment, decisions with their last. */
static void twin_once(struct twin *t)
{
    size_t n = 0;

    qsort(t->node, t->node_n, sizeof *t->node, node_by_number);
    for (size_t i = 0; i < t->node_n; i++)
        if (!n || t->node[n - 1].number != t->node[i].number)
            t->node[n++] = t->node[i];
    t->node_n = n;
    if (t->link_n)
        qsort(t->link, t->link_n, sizeof *t->link, link_by_pair);
    n = 0;
    for (size_t i = 0; i < t->link_n; i++) {
        struct twin_link *l = &t->link[i];

        if (!n || by_ids(&t->link[n - 1], l) != 0) {
            t->link[n++] = *l;
        } else if (l->tie == GRAPH_DECIDED) {
            t->link[n - 1] = *l;
        }
    }
    t->link_n = n;
}

static bool twin_is_apart(const struct twin *t, size_t a, size_t b)
{
    for (size_t i = 0; i < t->apart_n; i++) {
        size_t ga = t->node[t->apart[i].a].group, gb = t->node[t->apart[i].b].group;

        if ((ga == a && gb == b) || (ga == b && gb == a))
            return true;
    }
    return false;
}

static void twin_keep_apart(struct twin *t)
{
    t->apart = calloc(t->link_n + 1, sizeof *t->apart);
    assert_non_null(t->apart);
    for (size_t i = 0; i < t->link_n; i++) {
        const struct twin_link *l = &t->link[i];

        if (l->tie == GRAPH_DECIDED && l->says == GRAPH_APART) {
            t->apart[t->apart_n].a = twin_find(t, l->a);
            t->apart[t->apart_n++].b = twin_find(t, l->b);
        }
    }
}

static void twin_count(const struct twin *t, size_t group, uint32_t count[ID_KIND_N])
{
    memset(count, 0, ID_KIND_N * sizeof *count);
    for (size_t i = 0; i < t->group[group].n; i++) {
        const struct twin_node *n = &t->node[t->group[group].member[i]];

        count[n->number / PER_KIND] += n->first_ms != MOMENT_NEVER;
    }
}

static enum graph_verdict twin_judge(const struct twin *t, const struct twin_link *l,
                                     size_t a, size_t b)
{
    uint32_t of_a[ID_KIND_N], of_b[ID_KIND_N];

    if (a == b)
        return GRAPH_IS_SAME;
    if (twin_is_apart(t, a, b))
        return GRAPH_IS_APART;
    if (l->tie == GRAPH_DECIDED)
        return GRAPH_IS_JOINED;
    twin_count(t, a, of_a);
    twin_count(t, b, of_b);
    if (l->tie == GRAPH_EVENT && of_a[ID_USER] && of_b[ID_USER])
        return GRAPH_IS_USERS;
    for (int k = 0; k < ID_KIND_N; k++)
        if (of_a[k] && of_b[k] && of_a[k] + of_b[k] > t->limits->ids[k])
            return GRAPH_IS_LIMIT;
    return GRAPH_IS_JOINED;
}

static void twin_join(struct twin *t, size_t a, size_t b)
{
    struct twin_group *to = &t->group[a], *from = &t->group[b];

    to->member = realloc(to->member, (to->n + from->n) * sizeof *to->member);
    assert_non_null(to->member);
    for (size_t i = 0; i < from->n; i++) {
        to->member[to->n++] = from->member[i];
        t->node[from->member[i]].group = a;
    }
    from->n = 0;
}

static struct twin twin_new(const struct graph_limits *limits, const struct fact *fact,
                            size_t n)
{
    struct twin t = {.limits = limits};

    t.node = calloc(n * (IDS_MAX + 2), sizeof *t.node);
    t.link = calloc(n * (IDS_MAX + 2), sizeof *t.link);
    assert_true(t.node && t.link);
    for (size_t i = 0; i < n; i++)
        twin_take(&t, &fact[i]);
    twin_once(&t);
    twin_keep_apart(&t);
    t.group = calloc(t.node_n, sizeof *t.group);
    assert_non_null(t.group);
    for (size_t i = 0; i < t.node_n; i++) {
        t.node[i].group = i;
        t.group[i] = (struct twin_group){malloc(sizeof(size_t)), 1};
        assert_non_null(t.group[i].member);
        t.group[i].member[0] = i;
    }
    if (t.link_n)
        qsort(t.link, t.link_n, sizeof *t.link, link_by_turn);
    for (size_t i = 0; i < t.link_n; i++) {
        struct twin_link *l = &t.link[i];
        size_t a = t.node[twin_find(&t, l->a)].group;
        size_t b = t.node[twin_find(&t, l->b)].group;

        if (l->tie == GRAPH_DECIDED && l->says != GRAPH_MERGE)
            continue;
        l->verdict = twin_judge(&t, l, a, b);
        if (l->verdict == GRAPH_IS_JOINED)
            twin_join(&t, a, b);
    }
    return t;
}

static void twin_free(struct twin *t)
{
    for (size_t i = 0; i < t->node_n; i++)
        free(t->group[i].member);
    free(t->group);
    free(t->apart);
    free(t->node);
    free(t->link);
}

/* Those that came before those that never did, then by kind, moment, value. */
static int64_t twin_name(const struct twin *t, size_t group)
{
    const struct twin_node *best = NULL;

    for (size_t i = 0; i < t->group[group].n; i++) {
        const struct twin_node *n = &t->node[t->group[group].member[i]];
        int order =
            best ? by_number(best->first_ms == MOMENT_NEVER, n->first_ms == MOMENT_NEVER)
                 : 1;

        order = order ? order : by_number(best->number / PER_KIND, n->number / PER_KIND);
        order = order ? order : by_number(best->first_ms, n->first_ms);
        order = order ? order : by_number(best->number, n->number);
        best = order > 0 ? n : best;
    }
    return best->number;
}

/* --- both agree --- */

static struct twin_link link_of(const struct graph *g, const struct graph_link *l)
{
    int64_t a = number_of(graph_id(g, l->a)), b = number_of(graph_id(g, l->b));

    assert_true(a < b);
    return (struct twin_link){.a = a, .b = b, .tie = l->tie, .at_ms = l->at_ms};
}

static bool suspects(const struct twin *t, const struct twin_link *l)
{
    bool is_refused = l->verdict == GRAPH_IS_USERS || l->verdict == GRAPH_IS_LIMIT
                      || (l->verdict == GRAPH_IS_APART && l->tie == GRAPH_DECIDED);

    return is_refused
           && t->node[twin_find(t, l->a)].group != t->node[twin_find(t, l->b)].group;
}

static void need_same_links(const struct graph *g, struct twin *t)
{
    assert_int_equal(graph_link_count(g), t->link_n);
    if (t->link_n)
        qsort(t->link, t->link_n, sizeof *t->link, link_by_pair);
    for (uint32_t i = 0; i < graph_link_count(g); i++) {
        struct graph_link real = graph_link(g, i);
        struct twin_link wanted = link_of(g, &real);
        size_t low = 0, high = t->link_n;

        while (low < high) {
            size_t middle = (low + high) / 2;

            if (by_ids(&t->link[middle], &wanted) < 0)
                low = middle + 1;
            else
                high = middle;
        }
        assert_true(low < t->link_n && by_ids(&t->link[low], &wanted) == 0);
        assert_int_equal(real.at_ms, t->link[low].at_ms);
        assert_int_equal(real.says, t->link[low].says);
        assert_int_equal(real.verdict, t->link[low].verdict);
        assert_int_equal(real.is_suspicious, suspects(t, &t->link[low]));
    }
}

static void need_same(const struct graph *g, const struct graph_limits *limits,
                      const struct fact *fact, size_t n)
{
    struct twin t = twin_new(limits, fact, n);

    assert_int_equal(graph_id_count(g), t.node_n);
    for (size_t i = 0; i < t.node_n; i++) {
        char text[VALUE_BYTES];
        uint32_t id = graph_find(g, id_of(t.node[i].number, text));
        uint32_t customer, others = 0;

        assert_int_not_equal(id, GRAPH_NO_ID);
        assert_int_equal(graph_first_ms(g, id), t.node[i].first_ms);
        customer = graph_customer(g, id);
        assert_int_equal(number_of(graph_id(g, customer)),
                         twin_name(&t, t.node[i].group));
        for (uint32_t m = graph_next(g, id); m != id; m = graph_next(g, m)) {
            assert_int_equal(graph_customer(g, m), customer);
            others++;
        }
        assert_int_equal(others + 1, t.group[t.node[i].group].n);
    }
    need_same_links(g, &t);
    twin_free(&t);
}

/* What a caller knows who only hears of changes. */
struct hearer {
    uint32_t *customer;
    uint32_t n;
};

static void hear(struct hearer *h, const struct graph *g, const struct graph_changes *c)
{
    for (; h->n < graph_id_count(g); h->n++)
        h->customer[h->n] = h->n;
    for (size_t i = 0; i < c->n; i++) {
        assert_int_equal(h->customer[c->change[i].id], c->change[i].from);
        assert_int_not_equal(c->change[i].from, c->change[i].to);
        h->customer[c->change[i].id] = c->change[i].to;
    }
}

/* What a file keeps: the news of each transaction. */
struct kept {
    struct buf bytes;
    size_t *end; /* of each */
    size_t n;
};

static void keep(struct kept *k, struct graph *g)
{
    struct err err;

    if (!graph_has_news(g))
        return;
    if (!graph_encode_news(g, &k->bytes, &err))
        fail_msg("%s", err.msg);
    k->end = realloc(k->end, (k->n + 1) * sizeof *k->end);
    assert_non_null(k->end);
    k->end[k->n++] = k->bytes.n;
    graph_mark(g);
}

static struct graph *read_kept(const struct graph_limits *limits, const struct kept *k)
{
    struct graph *g;
    struct err err;

    assert_true(graph_new(limits, &g, &err));
    for (size_t i = 0; i < k->n; i++) {
        size_t from = i ? k->end[i - 1] : 0;

        if (!graph_decode(g, (str){k->bytes.p + from, k->end[i] - from}, &err))
            fail_msg("%s", err.msg);
    }
    assert_true(graph_decoded(g, &err));
    return g;
}

static void need_same_bytes(const struct graph *a, const struct graph *b)
{
    struct buf of_a = {}, of_b = {};
    struct err err;

    assert_true(graph_encode_sorted(a, &of_a, &err)
                && graph_encode_sorted(b, &of_b, &err));
    assert_true(str_eq(buf_str(&of_a), buf_str(&of_b)));
    buf_free(&of_a);
    buf_free(&of_b);
}

/* Some more are told, and taken back. */
static void tell_in_vain(struct graph *g, const struct fact *fact, size_t n)
{
    struct buf before = {}, after = {};
    struct graph_changes changes;
    struct err err;

    assert_true(graph_encode(g, &before, &err));
    for (size_t i = 0; i < n; i++)
        tell(g, &fact[i], &changes);
    assert_true(graph_undo(g, &err));
    assert_false(graph_has_news(g));
    assert_true(graph_encode(g, &after, &err));
    assert_true(str_eq(buf_str(&before), buf_str(&after)));
    buf_free(&before);
    buf_free(&after);
}

static struct graph *told(const struct graph_limits *limits, const struct fact *fact,
                          size_t n, size_t check_every)
{
    struct hearer h = {calloc(n * (IDS_MAX + 2), sizeof(uint32_t)), 0};
    struct kept kept = {};
    struct graph *g, *again;
    struct err err;

    assert_non_null(h.customer);
    assert_true(graph_new(limits, &g, &err));
    for (size_t i = 0; i < n; i++) {
        struct graph_changes changes;

        if (i * 7 % (check_every * 2 + 1) < 3) {
            keep(&kept, g);
            tell_in_vain(g, &fact[i], n - i < 9 ? n - i : 9);
        }
        tell(g, &fact[i], &changes);
        hear(&h, g, &changes);
        if (i % check_every == 0)
            need_same(g, limits, fact, i + 1);
    }
    for (uint32_t i = 0; i < h.n; i++)
        assert_int_equal(h.customer[i], graph_customer(g, i));
    need_same(g, limits, fact, n);
    keep(&kept, g);
    again = read_kept(limits, &kept);
    need_same(again, limits, fact, n);
    need_same_bytes(g, again);
    graph_free(again);
    buf_free(&kept.bytes);
    free(kept.end);
    free(h.customer);
    return g;
}

/* --- chance --- */

static int below(struct random *r, int n)
{
    return (int)random_below(r, (uint64_t)n);
}

static void shuffle(struct random *r, struct fact *fact, size_t n)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)random_below(r, i);
        struct fact held = fact[i - 1];

        fact[i - 1] = fact[j];
        fact[j] = held;
    }
}

static int by_time(const void *a, const void *b)
{
    const struct fact *fa = a, *fb = b;
    int order = by_number(fa->at_ms, fb->at_ms);

    return order ? order : (fa->message > fb->message) - (fa->message < fb->message);
}

/* Few ids, few moments: everything meets everything. */
static struct fact crowded(struct random *r)
{
    static const int pool[ID_KIND_N] = {6, 9, 5, 3, 4, 3};
    struct fact f = {.at_ms = below(r, 40), .message = random_next(r), .previous = -1};
    int n = 1 + below(r, IDS_MAX - 1);

    while (f.id_n < n) {
        int kind = below(r, 2) ? below(r, 2) : below(r, ID_GROUP);

        f.id[f.id_n++] = kind * (int64_t)PER_KIND + below(r, pool[kind]);
    }
    if (below(r, 5) == 0) {
        f.id[0] = below(r, pool[ID_USER]);
        f.previous = below(r, pool[ID_ANONYMOUS]);
    } else if (below(r, 6) == 0) { /* often on a pair that was decided on before */
        f.says = (enum graph_says)below(r, 3);
        f.id_n = 2;
        f.id[0] = below(r, 4) ? below(r, 3) : f.id[0];
        f.id[1] = below(r, 2) * (int64_t)PER_KIND + below(r, 3);
        f.is_decision = f.id[0] != f.id[1];
    }
    return f;
}

static struct graph_limits tight(struct random *r)
{
    struct graph_limits limits;

    for (int k = 0; k < ID_KIND_N; k++)
        limits.ids[k] = 1 + (uint32_t)below(r, 4);
    return limits;
}

TEST(few_ids_that_meet_in_every_way)
{
    enum { FACTS = 60 };
    size_t rounds = chance_rounds(300);
    struct random r = chance();

    for (size_t round = 0; round < rounds; round++) {
        struct graph_limits limits = tight(&r);
        size_t n = 1 + (size_t)below(&r, FACTS);
        struct fact fact[FACTS];
        struct graph *first, *second;

        for (size_t i = 0; i < n; i++)
            fact[i] = crowded(&r);
        first = told(&limits, fact, n, 7);
        qsort(fact, n, sizeof *fact, by_time);
        second = told(&limits, fact, n, 7);
        need_same_bytes(first, second);
        graph_free(first);
        graph_free(second);
    }
}

/* Of a shop: a person has three browsers, some of them shared, an e-mail, and logs in now and
 * then. */
static struct fact usual(struct random *r, int people)
{
    int person = below(r, people), kind = below(r, 100);
    int browser = 3 * person + below(r, 3);
    struct fact f = {
        .at_ms = below(r, 1000000000), .message = random_next(r), .previous = -1};

    if (below(r, 50) == 0) /* at a friend's */
        browser = 3 * below(r, people);
    if (below(r, 500) == 0) /* at the till */
        browser = 3 * below(r, 1 + people / 1000);
    if (kind < 40 || kind >= 60)
        f.id[f.id_n++] = ID_ANONYMOUS * (int64_t)PER_KIND + browser;
    if (kind < 60)
        f.id[f.id_n++] = person;
    if (kind < 10)
        f.id[f.id_n++] =
            ID_EMAIL * (int64_t)PER_KIND + person + below(r, 2) * below(r, 2);
    if (kind == 59)
        f.previous = below(r, 20) ? browser : below(r, people);
    if (kind == 99 && below(r, 20) == 0) {
        f.is_decision = true;
        f.says = (enum graph_says)below(r, 3);
        f.id_n = 2;
        f.id[0] = person;
        f.id[1] = (person + 1) % people;
    }
    return f;
}

TEST(a_shop_full_of_people_in_order_late_and_shuffled)
{
    size_t rounds = chance_rounds(1);
    size_t n = 50000 * rounds;
    int people = (int)(5000 * rounds);
    struct random r = chance();
    struct fact *fact = calloc(n, sizeof *fact);

    assert_non_null(fact);
    for (size_t i = 0; i < n; i++)
        fact[i] = usual(&r, people);
    graph_free(told(&graph_limits_usual, fact, n, n));
    qsort(fact, n, sizeof *fact, by_time);
    for (size_t i = 0; i < n / 50; i++) { /* some come late */
        size_t from = (size_t)random_below(&r, n - 1);
        size_t to = from + (size_t)random_below(&r, n - from < 3000 ? n - from : 3000);
        struct fact late = fact[from];

        memmove(&fact[from], &fact[from + 1], (to - from) * sizeof *fact);
        fact[to] = late;
    }
    graph_free(told(&graph_limits_usual, fact, n, n));
    shuffle(&r, fact, n);
    graph_free(told(&graph_limits_usual, fact, n, n));
    free(fact);
}
