#include "world.h"

#include "base/num.h"
#include "base/tune.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int roll(const struct world *w, int sides)
{
    return twin_roll(w->chance, sides);
}

/* --- when and where --- */

/* Clocks that change, and years in which they did. */
static const struct {
    const char *name;
    int from, years;
} zones[] = {
    {"Europe/Rome", 2018, 4},
    {"America/Sao_Paulo", 2014, 6},
    {"Europe/Rome", 1975, 6},
    {"America/Sao_Paulo", 1988, 6},
    {"UTC", 2018, 4},
    {"Australia/Lord_Howe", 2018, 4},
    {"Pacific/Apia", 2010, 3},
    {"Africa/Casablanca", 2012, 8},
    {"America/Caracas", 2007, 2},
    {"America/Havana", 2018, 4},
    {"Asia/Beirut", 2018, 4},
    {"Antarctica/Troll", 2018, 4},
    {"America/St_Johns", 2005, 5},
    {"Asia/Tehran", 2018, 4},
    {"America/Asuncion", 2018, 4},
    {"Pacific/Kwajalein", 1993, 1},
};

/* The first change of the clock after begin_ms, or a moment six weeks on. */
static int64_t find_turn(const struct zone *z, int64_t begin_ms)
{
    int64_t low = begin_ms, high, ahead = zone_local(z, low) - low;

    for (high = low; high < begin_ms + 400 * MS_DAY; high += 12 * MS_HOUR)
        if (zone_local(z, high) - high != ahead)
            break;
    if (high >= begin_ms + 400 * MS_DAY)
        return begin_ms + 45 * MS_DAY;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (zone_local(z, middle) - middle == ahead)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* Times that meet one another's windows, and the change of the clock, to the millisecond. */
static int64_t random_time(const struct world *w, const struct twin_customer *c)
{
    static const int64_t step[] = {MS_DAY,
                                   3 * MS_DAY,
                                   7 * MS_DAY,
                                   30 * MS_DAY,
                                   90 * MS_DAY,
                                   MS_HOUR,
                                   23 * MS_HOUR,
                                   25 * MS_HOUR,
                                   90 * MS_MINUTE,
                                   45 * MS_SECOND,
                                   1,
                                   0,
                                   0};
    int64_t at = w->turn_ms + (roll(w, 180) - 90) * 12 * MS_HOUR;
    int how = roll(w, 8);

    if (how == 0)
        at = w->turn_ms + roll(w, 3) - 1 + (roll(w, 5) - 2) * 30 * MS_MINUTE;
    if (how > 3 && c->n) {
        at = c->event[roll(w, c->n)].at_ms + step[roll(w, sizeof step / sizeof *step)];
        if (roll(w, 3) == 0)
            at += roll(w, 3) - 1;
    }
    if (roll(w, 8) == 0)
        at = length_add(w->zone, at, (struct length){1 + roll(w, 2), 0});
    if (roll(w, 12) == 0)
        at = zone_day(w->zone, at, roll(w, 2));
    return at;
}

/* --- values, some of them of another type than the model declares --- */

static void *need(void *p)
{
    assert_non_null(p);
    return p;
}

static str copy(struct world *w, const struct buf *b)
{
    assert_false(b->failed);
    return (str){need((void *)arena_str(&w->arena, buf_str(b)).p), b->n};
}

static struct value random_text(const struct world *w)
{
    static const char *const some[] = {"s0", "s1", "S1", "s12", "", "12.5"};

    return (struct value){.type = VALUE_TEXT, .text = str_of(some[roll(w, 6)])};
}

static struct value random_number(const struct world *w)
{
    struct value v = {.type = VALUE_NUMBER, .number = (roll(w, 9) - 2) * NUM_ONE / 2};

    if (roll(w, 4) == 0) /* halves of the least unit, to be rounded */
        v.number = (roll(w, 4001) - 2000) * 500;
    if (roll(w, 60) == 0)
        v.number = roll(w, 2) ? INT64_MAX - 7 : INT64_MIN / 2;
    return v;
}

static struct value random_moment(struct world *w, const struct twin_customer *c)
{
    struct value v = {.type = VALUE_TEXT};
    struct buf b = {};
    int64_t at = random_time(w, c) + (roll(w, 7) - 4) * 365 * MS_DAY / 2;

    if (roll(w, 2)) {
        moment_print(&b, at);
        if (roll(w, 2))
            b.n--; /* without the Z: the zone's */
    } else {
        moment_print_day(&b, w->zone, at);
    }
    v.text = copy(w, &b);
    buf_free(&b);
    return v;
}

static struct value random_list(struct world *w)
{
    str *item = need(arena_array(&w->arena, str, 3));
    struct value v = {.type = VALUE_LIST, .list = {item, (uint32_t)roll(w, 4)}};

    for (int i = 0; i < 3; i++)
        item[i] = random_text(w).text;
    return v;
}

static struct value random_value(struct world *w, const struct twin_customer *c,
                                 enum value_type type)
{
    if (roll(w, 8) == 0)
        type = (enum value_type[]){VALUE_NUMBER, VALUE_TEXT, VALUE_LIST,
                                   VALUE_BOOL}[roll(w, 4)];
    switch ((int)type) {
    case VALUE_NUMBER:
    case VALUE_MONEY:
        return random_number(w);
    case VALUE_LIST:
        return random_list(w);
    case VALUE_MOMENT:
        return random_moment(w, c);
    case VALUE_BOOL:
        return (struct value){.type = VALUE_BOOL, .truth = roll(w, 2)};
    default:
        return random_text(w);
    }
}

/* --- customers --- */

static uint32_t random_properties(struct world *w, const struct twin_customer *c,
                                  const struct twin_name *name, int one_in,
                                  struct property *out)
{
    uint32_t n = 0;

    for (int i = 0; i < TWIN_PROPERTIES; i++)
        if (roll(w, one_in) == 0)
            out[n++] =
                (struct property){str_of(name[i].name), random_value(w, c, name[i].type)};
    return n;
}

static void make_consent(const struct world *w, struct event *e, struct property p[3])
{
    const char *channel = twin_channel[roll(w, TWIN_CHANNELS)];
    const char *purpose = twin_purpose[roll(w, TWIN_PURPOSES)];

    e->type = STR("consent");
    p[0] =
        (struct property){STR("channel"), {.type = VALUE_TEXT, .text = str_of(channel)}};
    p[1] =
        (struct property){STR("purpose"), {.type = VALUE_TEXT, .text = str_of(purpose)}};
    p[2] = (struct property){STR("granted"), {.type = VALUE_BOOL, .truth = roll(w, 2)}};
    e->property_n = 3;
}

static void add_text(struct event *e, struct property *p, const char *name,
                     const char *text)
{
    p[e->property_n++] =
        (struct property){str_of(name), {.type = VALUE_TEXT, .text = str_of(text)}};
}

/* Where it came from, and a hint for the twin. */
static void random_story(const struct world *w, struct event *e, struct property *p)
{
    int story = roll(w, TWIN_STORIES);

    for (int i = 0; i < TWIN_SAYS_MAX && twin_story[story].says[i].name; i++)
        add_text(e, p, twin_story[story].says[i].name, twin_story[story].says[i].text);
    p[e->property_n++] =
        (struct property){STR("story"), {.type = VALUE_NUMBER, .number = story}};
}

static void random_event(struct world *w, const struct twin_customer *c, struct event *e)
{
    struct property *p = need(
        arena_array(&w->arena, struct property, TWIN_PROPERTIES + TWIN_SAYS_MAX + 2));
    struct property *t = need(arena_array(&w->arena, struct property, TWIN_PROPERTIES));
    bool identify = roll(w, 6) == 0;

    *e = (struct event){.at_ms = random_time(w, c), .property = p, .trait = t};
    e->type = identify ? STR("identify") : str_of(twin_type[roll(w, TWIN_TYPES)]);
    if (!identify && roll(w, 8) == 0)
        e->type = STR("Order Completed");
    if (!identify && roll(w, 8) == 0)
        make_consent(w, e, p);
    else if (!identify)
        e->property_n = random_properties(w, c, twin_property, 2, p);
    if (roll(w, 2))
        random_story(w, e, p);
    if (identify || roll(w, 6) == 0)
        e->trait_n = random_properties(w, c, twin_trait, 3, t);
    if (roll(w, 8) < (e->trait_n ? 7 : 1))
        add_text(e, p, "context.source", twin_source[roll(w, TWIN_SOURCE_NAMES)]);
    for (uint32_t i = 0; i < e->trait_n; i++)
        if (roll(w, 5) == 0)
            t[i].value = (struct value){.type = VALUE_NULL};
}

static int by_time_and_id(const void *a, const void *b)
{
    const struct event *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return str_cmp(x->id, y->id);
}

/* Ids are those of two sources, so that the customer is the union of two timelines: at ties
 * their events stand in one another. */
static void random_customer(struct world *w, int number, struct twin_customer *c)
{
    int n = 1 + roll(w, TWIN_EVENTS_MAX);
    struct buf b = {};

    buf_add_format(&b, "customer%d", number);
    for (int i = 0; i < n; i++) {
        struct event *e = &c->event[c->n];
        struct buf id = {};

        random_event(w, c, e);
        e->customer = i ? c->event[0].customer : copy(w, &b);
        buf_add_format(&id, "%d-%03d-%c", number, roll(w, 1000), "xy"[roll(w, 2)]);
        e->id = copy(w, &id);
        buf_free(&id);
        for (int k = 0; k < c->n; k++)
            if (str_eq(c->event[k].id, e->id))
                goto again;
        c->n++;
again:;
    }
    buf_free(&b);
    qsort(c->event, (size_t)c->n, sizeof *c->event, by_time_and_id);
}

/* --- the world --- */

void world_open(struct world *w, int customer_n, struct random *chance)
{
    static const char *const currencies[] = {"EUR", "EUR", "BRL", "JPY", "KWD"};
    size_t z;
    struct err err;
    int64_t begin_ms;

    *w = (struct world){.customer_n = customer_n, .chance = chance};
    z = random_below(chance, sizeof zones / sizeof *zones);
    if (roll(w, 2))
        z %= 4;
    assert_true(zone_open(io_system(), str_of(zones[z].name), &w->zone, &err));
    w->currency = str_of(currencies[roll(w, 5)]);
    w->decimals = currency_decimals(w->currency);
    begin_ms = civil_ms((struct civil){.year = zones[z].from + roll(w, zones[z].years),
                                       .month = 1 + roll(w, 12),
                                       .day = 1 + roll(w, 28)});
    w->turn_ms = find_turn(w->zone, begin_ms);
    w->customer = need(arena_array(&w->arena, struct twin_customer, (size_t)customer_n));
    for (int c = 0; c < customer_n; c++)
        random_customer(w, c, &w->customer[c]);
}

void world_close(struct world *w)
{
    zone_close(w->zone);
    arena_free(&w->arena);
}

void world_catalog(const struct world *w, struct catalog *out)
{
    struct err err;

    assert_true(catalog_init(out, &err));
    for (int c = 0; c < w->customer_n; c++)
        for (int i = 0; i < w->customer[c].n; i++)
            assert_true(catalog_add_event(out, &w->customer[c].event[i], &err));
}

void world_chunk(const struct world *w, const struct catalog *catalog, int from, int n,
                 struct chunk **out)
{
    uint32_t first = catalog_customer_find(catalog, w->customer[from].event[0].customer);
    struct arena a = {};
    struct event *event =
        need(arena_array(&a, struct event, (size_t)n * TWIN_EVENTS_MAX));
    struct chunk *half = NULL;
    size_t all = 0, early;
    struct err err;

    first -= first % CHUNK_CUSTOMERS;
    for (int c = from; c < from + n; c++)
        for (int i = 0; i < w->customer[c].n; i++)
            event[all++] = w->customer[c].event[i];
    for (size_t i = all; i > 1; i--) {
        size_t k = random_below(w->chance, i);
        struct event swap = event[i - 1];

        event[i - 1] = event[k];
        event[k] = swap;
    }
    early = roll(w, 2) ? random_below(w->chance, all + 1) : 0;
    if (early)
        assert_true(chunk_build(catalog, NULL, first, event, early, &half, &err));
    assert_true(chunk_build(catalog, half, first, event + early, all - early, out, &err));
    chunk_free(half);
    arena_free(&a);
}

void world_twin(struct world *w, int lives_max, struct twin *out)
{
    *out = (struct twin){.zone = w->zone,
                         .decimals = w->decimals,
                         .a = &w->arena,
                         .chance = w->chance,
                         .around_ms = w->turn_ms,
                         .wishes = w->wishes};
    twin_keeps(out);
    twin_stages(out, lives_max);
}

bool world_calm_twin(struct world *w, int lives_max, int64_t until_ms,
                     struct twin_history *history, struct twin *out)
{
    bool wild = true, loops = false;

    while (wild) {
        world_twin(w, lives_max, out);
        twin_named(out);
        twin_ways(out);
        wild = loops = false;
        for (int c = 0; c < w->customer_n && !wild; c++) {
            twin_replay(out, &w->customer[c], until_ms, history);
            for (int k = 0; k < out->m.life_n; k++) {
                wild |= history[k].restless >= TWIN_MOVES_MAX;
                loops |= history[k].loops > 0;
            }
        }
    }
    return loops;
}

void world_compile(const struct world *w, const struct twin *t,
                   const struct catalog *catalog, struct model **out)
{
    struct buf text = {};
    struct err err;

    twin_print_model(t, w->currency, &text);
    assert_false(text.failed);
    if (!model_compile(io_system(), buf_str(&text), catalog, out, &err)) {
        world_show(&text);
        fail_msg("line %d, column %d: %s", err.line, err.column, err.msg);
    }
    buf_free(&text);
}

void world_append(struct json_parser *parser, struct store *s, const struct event *e)
{
    struct arena a = {};
    struct buf text = {};
    const struct json *json;
    struct event parsed;
    struct err err;
    bool added = false;

    event_print(e, &text);
    assert_non_null(buf_room(&text, 64));
    if (!json_parse(parser, buf_str(&text), &a, &json, &err)
        || !event_parse(json, &a, &parsed, &err)
        || !store_append(s, &parsed, buf_str(&text), &added, &err))
        fail_msg("%.*s: %s", STR_FMT(buf_str(&text)), err.msg);
    assert_true(added);
    buf_free(&text);
    arena_free(&a);
}

void world_print_customer(const struct twin_customer *c, struct buf *to)
{
    buf_add(to, STR("events:\n"));
    for (int i = 0; i < c->n; i++) {
        event_print(&c->event[i], to);
        buf_add_char(to, '\n');
    }
}

void world_show(struct buf *text)
{
    str rest = buf_str(text);

    while (rest.n) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;

        printf("# %.*s\n", (int)n, rest.p);
        rest = str_from(rest, end ? n + 1 : n);
    }
    fflush(stdout);
    buf_free(text);
}

bool world_same_move(const struct twin_move *twin, const struct move *real)
{
    int from = real->from == STAGE_NONE ? -1 : real->from;
    int to = real->to == STAGE_NONE ? -1 : real->to;
    int way = real->way == WAY_START ? -1 : real->way == WAY_OUT ? -2 : real->way;

    return twin->at_ms == real->at_ms && twin->from == from && twin->to == to
           && twin->way == way;
}

void world_print_moves(const struct twin_history *twin, const struct move *real, size_t n,
                       size_t i, struct buf *to)
{
    if (i < (size_t)twin->n) {
        buf_add(to, STR("twin "));
        moment_print(to, twin->move[i].at_ms);
        buf_add_format(to, " %d -> %d\n", twin->move[i].from, twin->move[i].to);
    }
    if (i < n) {
        buf_add(to, STR("real "));
        moment_print(to, real[i].at_ms);
        buf_add_format(to, " %d -> %d\n", (int16_t)real[i].from, (int16_t)real[i].to);
    }
}
