/* Any bytes are a rule or an error with a place. A rule is compiled twice to the same words,
 * and both ways of asking it give the same answer, which holds for some time. */
#include "rule/rule.h"

#include "support/fuzz.h"

#include <string.h>

static const str stages[] = {{"reach", 5}, {"loyalty", 7}};
static const struct rule_lifecycle lifecycle = {{"people", 6}, stages, 2};

static struct shop {
    struct arena arena;
    struct dictionary dictionary;
    struct catalog catalog;
    struct zone *zone;
    struct chunk *chunk;
    struct rule_env env;
    struct rule_ref segment;
} shop;

static bool find(void *context, enum rule_named kind, str name, struct rule_ref *out,
                 struct err *err)
{
    (void)context;
    *out = shop.segment;
    return (kind == RULE_SEGMENT && str_eq(name, STR("vip")))
           || err_set(err, ERR_NOT_FOUND, "no such name");
}

/* Two fits, of which the second begins between the moments that are asked about. */
static double worth([[maybe_unused]] const void *model, enum rule_worth what,
                    const struct rule_bought *b)
{
    return what == WORTH_P_ALIVE ? 1.0 / (1 + b->age_days) : b->spent - b->last_days;
}

static bool goes_one_way([[maybe_unused]] const void *model, enum rule_worth what)
{
    return what == WORTH_P_ALIVE;
}

static const struct rule_fit fits[] = {
    {20450, STR("purchase"), STR("revenue"), STR("one"), NULL},
    {20455, STR("any"), STR(""), STR("two"), NULL}};

static void names(void *context, enum rule_named kind, const str **out, size_t *n)
{
    static const str vip = {"vip", 3};

    (void)context;
    *out = &vip;
    *n = kind == RULE_SEGMENT;
}

/* Before the first input, since blocks that an input leaves behind are counted. */
__attribute__((constructor)) static void open_shop(void)
{
    static const struct property trait[] = {
        {STR("country"), {.type = VALUE_TEXT, .text = STR("IT")}},
        {STR("renewal"), {.type = VALUE_TEXT, .text = STR("2026-02-01")}}};
    static const str items[] = {{"tea", 3}, {"mug", 3}};
    struct property property[] = {
        {STR("revenue"), {.type = VALUE_NUMBER, .number = 10500000}},
        {STR("sku"), {.type = VALUE_TEXT, .text = STR("tea")}},
        {STR("items"), {.type = VALUE_LIST, .list = {items, 2}}}};
    const struct yaml *events, *traits;
    struct event event[6];
    struct err err;

    NEED(catalog_init(&shop.catalog, &err));
    NEED(zone_open(io_system(), STR("Europe/Rome"), &shop.zone, &err));
    for (uint32_t i = 0; i < 6; i++) {
        static const char ids[] = "abcdef";

        event[i] = (struct event){.at_ms = INT64_C(1767225600000) + i * MS_DAY,
                                  .customer = STR("anna"),
                                  .id = {ids + i, 1},
                                  .type = i % 2 ? STR("visit") : STR("purchase"),
                                  .property = property,
                                  .property_n = i % 2 ? 0 : 3,
                                  .trait = trait,
                                  .trait_n = i == 1 ? 2 : 0};
        NEED(catalog_add_event(&shop.catalog, &event[i], &err));
    }
    NEED(chunk_build(&shop.catalog, NULL, 0, event, 6, &shop.chunk, &err));
    NEED(yaml_parse(
        STR("purchase: { properties: { revenue: money, sku: text, items: list } }\n"
            "visit: {}\n"),
        &shop.arena, &events, &err));
    NEED(yaml_parse(STR("country: text\nrenewal: moment\n"), &shop.arena, &traits, &err));
    NEED(dictionary_parse(events, traits, &shop.arena, &shop.dictionary, &err));
    shop.env = (struct rule_env){.dictionary = &shop.dictionary,
                                 .catalog = &shop.catalog,
                                 .zone = shop.zone,
                                 .currency_decimals = 2,
                                 .currency = STR("EUR"),
                                 .lifecycle = &lifecycle,
                                 .lifecycle_n = 1,
                                 .fit = fits,
                                 .fit_n = 2,
                                 .worth = worth,
                                 .worth_goes_one_way = goes_one_way,
                                 .find = find,
                                 .names = names};
}

/* What the rule is called in all languages; empty when it is none. */
static void compile(str text, struct program **p, struct rule_ref *rule,
                    struct buf *words)
{
    struct err err = {.code = ERR_NONE};
    bool ok;

    NEED(program_new(&shop.env, p, &err));
    NEED(program_add(*p, STR("exists(purchase, 7d)"), RULE_CONDITION, &shop.segment,
                     &err));
    ok = program_add(*p, text, RULE_CONDITION, rule, &err);
    if (!ok) {
        NEED(err.code == ERR_INPUT && err.line > 0 && err.column > 0 && err.msg[0]);
        NEED(str_is_utf8(str_of(err.msg)));
        ok = program_add(*p, text, RULE_NUMBER, rule, &err);
    }
    for (enum language l = LANGUAGE_EN; ok && l <= LANGUAGE_PT; l++)
        NEED(program_words(*p, *rule, l, words, &err));
}

static void ask(const struct program *p, struct rule_ref rule, int64_t at_ms)
{
    static const uint32_t times_in[] = {1, 2};
    struct situation situation = {
        .at_ms = at_ms, .entered_ms = at_ms - MS_DAY, .times_in = times_in};
    struct timeline t = timeline_of(shop.chunk, 0);
    struct arena a = {.limit = 1 << 24};
    struct answer answer, exact;
    const struct term *term;
    struct cursor *c;
    struct err err;
    uint32_t n;

    NEED(cursor_new(p, &c, &err) && cursor_start(c, &t, &err));
    answer = cursor_ask(c, rule, &situation);
    NEED(cursor_ask_exact(c, rule, &situation, &exact, &err));
    NEED(answer.value.type == exact.value.type);
    NEED(answer.value.type == VALUE_BOOL ? answer.value.truth == exact.value.truth
                                         : answer.value.number == exact.value.number);
    NEED(answer.holds_until_ms > at_ms && exact.holds_until_ms >= answer.holds_until_ms);
    NEED(cursor_explain(c, rule, &situation, LANGUAGE_EN, &a, &term, &n, &err) && n > 0);
    cursor_free(c);
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    str text = {(const char *)bytes, n};
    struct buf words = {NULL}, again = {NULL};
    struct program *p, *q;
    struct rule_ref rule, same;

    compile(text, &p, &rule, &words);
    compile(text, &q, &same, &again);
    NEED(str_eq(buf_str(&words), buf_str(&again)) && str_is_utf8(buf_str(&words)));
    if (words.n) {
        ask(p, rule, INT64_C(1767225600000));
        ask(p, rule, INT64_C(1767225600000) + 4 * MS_DAY);
    }
    buf_free(&words);
    buf_free(&again);
    program_free(p);
    program_free(q);
    return 0;
}
