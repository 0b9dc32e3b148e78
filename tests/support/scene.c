#include "support/scene.h"

#include "store/timeline.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static str text_of(struct arena *a, const char *prefix, uint64_t number)
{
    char text[64];
    str copy;

    snprintf(text, sizeof text, "%s%llu", prefix, (unsigned long long)number);
    copy = arena_str(a, str_of(text));
    assert_non_null(copy.p);
    return copy;
}

static struct value list_of(struct random *r, struct arena *a)
{
    uint32_t n = (uint32_t)random_below(r, 4);
    str *item = arena_array(a, str, n);

    assert_non_null(item);
    for (uint32_t i = 0; i < n; i++)
        item[i] = text_of(a, "sku ", random_below(r, 6));
    return (struct value){.type = VALUE_LIST, .list = {item, n}};
}

static struct value value_of(struct random *r, struct arena *a, bool trait)
{
    switch (random_below(r, trait ? 5 : 4)) {
    case 0:
        return (struct value){.type = VALUE_NUMBER, .number = (int64_t)random_next(r)};
    case 1:
        return (struct value){.type = VALUE_TEXT,
                              .text = text_of(a, "caf\xc3\xa9 ", random_below(r, 5))};
    case 2:
        return (struct value){.type = VALUE_BOOL, .truth = random_below(r, 2)};
    case 3:
        return list_of(r, a);
    default:
        return (struct value){.type = VALUE_NULL};
    }
}

static const struct property *properties_of(struct random *r, struct arena *a, bool trait,
                                            uint32_t *n)
{
    static const str name[] = {STR("revenue"), STR("sku"), STR("items"), STR("gift")};
    struct property *p = arena_array(a, struct property, 4);

    assert_non_null(p);
    *n = 0;
    for (uint32_t i = 0; i < 4; i++) {
        if (random_below(r, 2))
            p[(*n)++] = (struct property){name[i], value_of(r, a, trait)};
    }
    return p;
}

struct event *scene(struct random *r, uint32_t n, uint32_t customers, struct arena *a)
{
    static const str type[] = {STR("visit"), STR("purchase"), STR("login")};
    struct event *event = arena_array(a, struct event, n);

    assert_non_null(event);
    for (uint32_t i = 0; i < n; i++) {
        struct event *e = &event[i];

        e->at_ms = 1321920000000 + (int64_t)random_below(r, 20) * 3600000;
        e->customer = text_of(a, "customer ", random_below(r, customers));
        e->id = text_of(a, "message ", i);
        e->trait = properties_of(r, a, true, &e->trait_n);
        if (random_below(r, 5)) {
            e->type = type[random_below(r, 3)];
            e->property = properties_of(r, a, false, &e->property_n);
        } else {
            e->type = STR("identify");
        }
    }
    return event;
}

void shuffle(struct random *r, struct event *event, uint32_t n)
{
    for (uint32_t i = n; i > 1; i--) {
        uint32_t k = (uint32_t)random_below(r, i);
        struct event kept = event[i - 1];

        event[i - 1] = event[k];
        event[k] = kept;
    }
}

struct event event_of(const char *customer, const char *type, int64_t at_ms,
                      const char *id)
{
    return (struct event){.customer = str_of(customer),
                          .type = str_of(type),
                          .at_ms = at_ms,
                          .id = str_of(id)};
}

void need_same_value(const struct value *a, const struct value *b)
{
    assert_int_equal(a->type, b->type);
    switch (a->type) {
    case VALUE_BOOL:
        assert_int_equal(a->truth, b->truth);
        break;
    case VALUE_NUMBER:
        assert_true(a->number == b->number);
        break;
    case VALUE_TEXT:
        assert_true(str_eq(a->text, b->text));
        break;
    case VALUE_LIST:
        assert_int_equal(a->list.n, b->list.n);
        for (uint32_t i = 0; i < a->list.n; i++)
            assert_true(str_eq(a->list.item[i], b->list.item[i]));
        break;
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        break;
    }
}

/* What the event says in this column; MISSING when it says nothing. */
static struct value value_at(const struct event *e, const struct column *column)
{
    const struct property *p = column->trait ? e->trait : e->property;
    uint32_t n = column->trait ? e->trait_n : e->property_n;

    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(p[i].name, column->name) && p[i].value.type == column->type)
            return p[i].value;
    }
    return (struct value){.type = VALUE_MISSING};
}

static void need_event(const struct timeline *t, uint32_t i,
                       const struct catalog *catalog, const struct event *e)
{
    struct arena a = {0};

    assert_true(t->at_ms[i] == e->at_ms);
    assert_true(str_eq(text_table_get(&catalog->type, t->type[i]), e->type));
    for (uint32_t column = 0; column < catalog->column_n; column++) {
        struct value wanted = value_at(e, &catalog->column[column]), got;
        struct err err;

        assert_true(timeline_value(t, column, i, &a, &got, &err));
        need_same_value(&got, &wanted);
    }
    arena_free(&a);
}

/* The slow, obvious order. */
static int twin_order(const void *left, const void *right)
{
    const struct event *a = *(const struct event *const *)left;
    const struct event *b = *(const struct event *const *)right;

    if (a->at_ms != b->at_ms)
        return a->at_ms < b->at_ms ? -1 : 1;
    return str_cmp(a->id, b->id);
}

/* How many he has. */
static uint32_t need_customer(const struct chunk *c, uint32_t customer,
                              const struct catalog *catalog, const struct event *event,
                              uint32_t n)
{
    const struct event **his = calloc(n ? n : 1, sizeof *his);
    struct timeline t = timeline_of(c, customer);
    str name = catalog_customer_id(catalog, customer);
    const str *id;
    struct err err;
    uint32_t k = 0;

    assert_non_null(his);
    assert_true(chunk_message_ids(c, &id, &err));
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(event[i].customer, name))
            his[k++] = &event[i];
    }
    qsort(his, k, sizeof *his, twin_order);
    assert_int_equal(t.n, k);
    for (uint32_t i = 0; i < k; i++) {
        assert_true(str_eq(id[t.first + i], his[i]->id));
        need_event(&t, i, catalog, his[i]);
    }
    free(his);
    return k;
}

void need_chunk_holds(const struct chunk *c, const struct catalog *catalog,
                      const struct event *event, uint32_t n)
{
    uint32_t all = 0;

    for (uint32_t i = 0; i < c->customer_n; i++)
        all += need_customer(c, c->customer_first + i, catalog, event, n);
    assert_int_equal(c->event_n, all);
}

/* The same of a chunk in halves, of which the second is of nobody else; how many events they are. */
static uint32_t need_halves_hold(struct snapshot *v, uint32_t chunk,
                                 const struct event *event, uint32_t n)
{
    struct halves halves;
    struct bits met = {};
    uint32_t all = 0, half_n = 0;
    struct err err = {ERR_NONE};

    if (!snapshot_halves(v, chunk, &halves, &err))
        fail_msg("%s", err.msg);
    for (uint32_t h = 0; h < halves.n; h++) {
        const struct half *half = &halves.half[h];
        struct bits both = bits_and(&met, &half->who);

        assert_false(bits_any(&both));
        met = bits_or(&met, &half->who);
        half_n = 0;
        for (EACH_BIT(i, &half->who)) {
            assert_true(i < half->chunk->customer_n);
            half_n += need_customer(half->chunk, half->chunk->customer_first + i,
                                    snapshot_catalog(v), event, n);
        }
        all += half_n;
    }
    if (halves.n == 2)
        assert_int_equal(halves.half[1].chunk->event_n, half_n);
    halves_free(&halves);
    return all;
}

bool append_event(struct store *s, const struct event *e, bool *added, struct err *err)
{
    struct buf json = {0};
    bool ok;

    event_print(e, &json);
    ok = json.failed ? err_nomem(err) : store_append(s, e, buf_str(&json), added, err);
    buf_free(&json);
    return ok;
}

struct snapshot *snapshot_of(struct store *s)
{
    struct snapshot *v = NULL;
    struct err err = {ERR_NONE};

    if (!store_snapshot(s, &v, &err))
        fail_msg("%s", err.msg);
    return v;
}

void need_snapshot_holds(struct snapshot *v, const struct event *event, uint32_t n)
{
    struct store_facts facts = snapshot_facts(v);
    int64_t first_ms = INT64_MAX, last_ms = INT64_MIN;
    struct err err = {ERR_NONE};
    uint64_t all = 0;

    for (uint32_t i = 0; i < snapshot_chunk_count(v); i++) {
        const struct chunk *c;

        if (!snapshot_chunk(v, i, &c, &err))
            fail_msg("%s", err.msg);
        need_chunk_holds(c, snapshot_catalog(v), event, n);
        assert_int_equal(c->event_n, need_halves_hold(v, i, event, n));
        all += c->event_n;
        snapshot_release(v, i);
    }
    assert_int_equal(all, n);
    assert_int_equal(facts.events, n);
    for (uint32_t i = 0; i < n; i++) {
        first_ms = event[i].at_ms < first_ms ? event[i].at_ms : first_ms;
        last_ms = event[i].at_ms > last_ms ? event[i].at_ms : last_ms;
    }
    if (n)
        assert_true(facts.first_ms == first_ms && facts.last_ms == last_ms);
}

void need_store_holds(struct store *s, const struct event *event, uint32_t n)
{
    struct snapshot *v = snapshot_of(s);

    need_snapshot_holds(v, event, n);
    snapshot_close(v);
}
