/* A compiled rule is asked over any timeline: before the NUL stands a rule, behind it events of
 * six bytes. All ways of asking it agree at every moment, each answer stands as long as it says,
 * and another customer between changes nothing. */
#include "rule/rule.h"

#include "support/fuzz.h"

#include "base/num.h"

#include <string.h>

enum { EVENTS_MAX = 48, RECORD = 6 };

static const str stages[] = {{"reach", 5}, {"loyalty", 7}};
static const struct rule_lifecycle lifecycle = {.stage = stages, .stage_n = 2};

static struct arena arena;
static struct dictionary dictionary;
static struct zone *zone;

/* Before the first input, since blocks that an input leaves behind are counted. */
__attribute__((constructor)) static void open_words(void)
{
    const struct yaml *events, *traits;
    struct err err;

    NEED(zone_open(io_system(), STR("America/Sao_Paulo"), &zone, &err));
    NEED(yaml_parse(STR("a: { properties: { x: number, m: money, s: text, t: moment } }\n"
                        "b: { properties: { x: number, l: list, f: bool } }\n"
                        "c: { passive: true }\n"),
                    &arena, &events, &err));
    NEED(yaml_parse(STR("size: number\ndue: moment\ncolor: text\ntags: list\n"), &arena,
                    &traits, &err));
    NEED(dictionary_parse(events, traits, &arena, &dictionary, &err));
}

struct timelines {
    struct event event[EVENTS_MAX];
    struct property property[EVENTS_MAX];
    char id[EVENTS_MAX][4];
    size_t n;
    struct catalog catalog;
    struct chunk *chunk;
};

static struct value value_of(const uint8_t *record)
{
    static const str texts[] = {{"s", 1},    {"S1", 2},          {"", 0},
                                {"2019", 4}, {"2019-02-16", 10}, {"9999-12-31", 10}};
    int32_t n;

    memcpy(&n, record + 2, sizeof n);
    switch (record[0] >> 5 & 7) {
    case 0:
        return (struct value){.type = VALUE_NULL};
    case 1:
        return (struct value){.type = VALUE_BOOL, .truth = n & 1};
    case 2:
        return (struct value){.type = VALUE_LIST, .list = {texts, (uint32_t)n % 4}};
    case 3:
    case 4:
        return (struct value){.type = VALUE_TEXT, .text = texts[(uint32_t)n % 6]};
    default: /* up to the ends of what a number can be */
        return (struct value){.type = VALUE_NUMBER,
                              .number = (int64_t)((uint64_t)n << record[0] % 33)};
    }
}

/* Two customers share the events by turns of chance. */
static void read_events(struct timelines *t, const uint8_t *p, size_t n)
{
    static const str types[] = {{"a", 1}, {"b", 1}, {"c", 1}, {"identify", 8}};
    static const str names[] = {{"x", 1}, {"m", 1}, {"s", 1},
                                {"t", 1}, {"l", 1}, {"f", 1}};
    static const str traits[] = {{"size", 4}, {"due", 3}, {"color", 5}, {"tags", 4}};
    static const int64_t steps[] = {0,           0,           1,           MS_SECOND,
                                    MS_HOUR,     MS_DAY,      7 * MS_DAY,  30 * MS_DAY,
                                    31 * MS_DAY, 90 * MS_DAY, 365 * MS_DAY};
    int64_t at_ms = INT64_C(1540000000000); /* before a summer time of Brazil */

    for (; n >= RECORD && t->n < EVENTS_MAX; p += RECORD, n -= RECORD, t->n++) {
        struct event *e = &t->event[t->n];
        bool identify = (p[0] & 3) == 3;

        at_ms += p[1] == 255 ? MOMENT_MAX : steps[p[1] % 11];
        if (p[1] == 254)
            at_ms = MOMENT_MIN;
        if (at_ms > MOMENT_MAX)
            at_ms = MOMENT_MAX;
        t->property[t->n] =
            (struct property){identify ? traits[p[2] % 4] : names[p[2] % 6], value_of(p)};
        snprintf(t->id[t->n], sizeof t->id[t->n], "%zu", t->n);
        *e = (struct event){.at_ms = at_ms,
                            .customer = p[1] & 64 ? STR("other") : STR("one"),
                            .type = types[p[0] & 3],
                            .id = str_of(t->id[t->n])};
        if (identify) {
            e->trait = &t->property[t->n];
            e->trait_n = 1;
        } else {
            e->property = &t->property[t->n];
            e->property_n = t->property[t->n].value.type != VALUE_NULL;
        }
    }
}

static bool same(const struct answer *a, const struct answer *b)
{
    if (a->value.type != b->value.type)
        return false;
    return a->value.type == VALUE_BOOL      ? a->value.truth == b->value.truth
           : a->value.type == VALUE_MISSING ? true
                                            : a->value.number == b->value.number;
}

/* Moments around those of the events, forward; each question stands against the one before. */
static void ask_forward(struct rule_ref rule, bool condition, const struct timeline *t,
                        struct cursor *c, struct cursor *ahead)
{
    static const uint32_t times_in[] = {1, 2};
    struct answer before = {.holds_until_ms = MOMENT_MIN}, now, exact;
    int64_t stays_ms = MOMENT_MIN, until_ms;
    bool truth, stays = false;
    struct err err;

    NEED(cursor_start(c, t, &err) && cursor_start(ahead, t, &err));
    for (uint32_t i = 0; i < 3 * t->n; i++) {
        int64_t at_ms = t->at_ms[i / 3], next_ms = MOMENT_MAX;
        struct situation s = {
            .at_ms = at_ms, .entered_ms = t->at_ms[0], .times_in = times_in};
        bool came = i % 3 == 0;

        if (i / 3 + 1 < t->n)
            next_ms = t->at_ms[i / 3 + 1];
        if (i % 3 == 1)
            s.at_ms += (next_ms - at_ms) / 2;
        if (i % 3 == 2 && next_ms > at_ms)
            s.at_ms = next_ms - 1;
        now = cursor_ask(c, rule, &s);
        NEED(cursor_ask_exact(c, rule, &s, &exact, &err) && same(&now, &exact));
        NEED(now.holds_until_ms > s.at_ms && exact.holds_until_ms > s.at_ms);
        NEED(came || s.at_ms >= before.holds_until_ms || same(&before, &now));
        if (condition) {
            truth = cursor_ask_ahead(ahead, &rule, 1, &s, &until_ms) == 0;
            NEED(truth == now.value.truth && until_ms > s.at_ms);
            NEED(s.at_ms >= stays_ms || truth == stays);
            stays_ms = until_ms;
            stays = truth;
        }
        before = now;
    }
}

static void ask(struct timelines *t, str text)
{
    struct rule_env env = {.dictionary = &dictionary,
                           .catalog = &t->catalog,
                           .zone = zone,
                           .currency_decimals = 2,
                           .currency = STR("BRL"),
                           .lifecycle = &lifecycle,
                           .lifecycle_n = 1};
    struct program *p;
    struct cursor *c, *ahead;
    struct rule_ref rule;
    struct err err;
    bool condition, number = false;

    NEED(program_new(&env, &p, &err));
    condition = program_add(p, text, RULE_CONDITION, &rule, &err);
    if (!condition)
        number = program_add(p, text, RULE_NUMBER, &rule, &err);
    NEED(cursor_new(p, &c, &err) && cursor_new(p, &ahead, &err));
    for (uint32_t i = 0; (condition || number) && i < t->chunk->customer_n; i++) {
        struct timeline timeline = timeline_of(t->chunk, i);

        ask_forward(rule, condition, &timeline, c, ahead);
    }
    cursor_free(c);
    cursor_free(ahead);
    program_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const uint8_t *end = n ? memchr(bytes, 0, n) : NULL;
    static struct timelines t;
    struct err err;

    if (!end)
        return 0;
    t.n = 0;
    read_events(&t, end + 1, n - (size_t)(end - bytes) - 1);
    if (!t.n)
        return 0;
    NEED(catalog_init(&t.catalog, &err));
    for (size_t i = 0; i < t.n; i++)
        NEED(catalog_add_event(&t.catalog, &t.event[i], &err));
    NEED(chunk_build(&t.catalog, NULL, 0, t.event, t.n, &t.chunk, &err));
    ask(&t, (str){(const char *)bytes, (size_t)(end - bytes)});
    chunk_free(t.chunk);
    catalog_free(&t.catalog);
    return 0;
}
