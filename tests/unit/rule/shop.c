#include "shop.h"

#include "base/num.h"
#include "base/yaml.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

const str shop_stage[SHOP_STAGES] = {
    {"reach", 5}, {"retention", 9}, {"loyalty", 7}, {"lapsed", 6}};
static const str account_stage[] = {{"trial", 5}, {"paying", 6}};
static const struct rule_lifecycle shop_lifecycle[SHOP_LIFECYCLES] = {
    {{"people", 6}, shop_stage, SHOP_STAGES}, {{"accounts", 8}, account_stage, 2}};

static const char events[] =
    "purchase:\n"
    "  from: [Order Completed]\n"
    "  properties: { revenue: money, quantity: number, sku: text, gift: bool, items: "
    "list,\n"
    "    due: moment, day: text, address.city: text }\n"
    "visit: { properties: { page: text, seconds: number } }\n"
    "login: {}\n"
    "signup: {}\n"
    "ticket_opened: {}\n"
    "survey_answered: { properties: { score: number, survey: text } }\n"
    "order.created: {}\nsale.made: {}\n"
    "mail_sent: { passive: true }\n";

static const char traits[] =
    "country: text\nrenewal: moment\nvip: bool\nage: number\nbudget: money\ntags: list\n"
    "plan: { type: text, keep: first }\nseats: { type: number, keep: [crm, shop] }\n";

static bool value_of(struct shop *s, str text, struct value *out)
{
    *out = (struct value){.type = VALUE_TEXT, .text = text};
    if (num_parse(text, &out->number)) {
        out->type = VALUE_NUMBER;
    } else if (str_eq(text, STR("true")) || str_eq(text, STR("false"))) {
        out->type = VALUE_BOOL;
        out->truth = text.n == 4;
    } else if (str_eq(text, STR("null"))) {
        out->type = VALUE_NULL;
    } else if (text.n && text.p[0] == '[') {
        str *item = arena_array(&s->arena, str, text.n);
        str rest = {text.p + 1, text.n - 2};

        if (!item)
            return false;
        out->type = VALUE_LIST;
        out->list.item = item;
        out->list.n = 0;
        while (rest.n) {
            const char *comma = memchr(rest.p, ',', rest.n);
            size_t n = comma ? (size_t)(comma - rest.p) : rest.n;

            item[out->list.n++] = (str){rest.p, n};
            rest = str_from(rest, n + (comma != NULL));
        }
    } else {
        out->type = VALUE_TEXT;
        out->text = text;
    }
    return true;
}

static str word_of(str *rest, char end)
{
    const char *stop = memchr(rest->p, end, rest->n);
    size_t n = stop ? (size_t)(stop - rest->p) : rest->n;
    str word = {rest->p, n};

    *rest = str_trim(str_from(*rest, n + (stop != NULL)));
    return word;
}

int64_t shop_moment(const struct shop *s, const char *text)
{
    struct err err;
    int64_t ms;

    if (!moment_parse(str_of(text), s->zone, &ms, &err))
        fail_msg("%s: %s", text, err.msg);
    return ms;
}

static bool event_of(struct shop *s, str text, uint32_t i, struct event *e,
                     struct err *err)
{
    struct property *property = arena_array(&s->arena, struct property, 20);
    struct property *trait = arena_array(&s->arena, struct property, 20);
    char *id = arena_array(&s->arena, char, 12);
    str rest = str_trim(text), at;

    if (!property || !trait || !id)
        return err_nomem(err);
    snprintf(id, 12, "%06u", i); /* instants keep the order of the text */
    *e = (struct event){
        .customer = STR("anna"), .id = str_of(id), .property = property, .trait = trait};
    at = word_of(&rest, ' ');
    if (!moment_parse(at, s->zone, &e->at_ms, err)) {
        print_error("%.*s: %s\n", STR_FMT(at), err->msg);
        return false;
    }
    e->type = word_of(&rest, ' ');
    if (str_eq(e->type, STR("Order"))) { /* the one name with a blank */
        word_of(&rest, ' ');
        e->type = STR("Order Completed");
    }
    while (rest.n) {
        str name = word_of(&rest, '='), value = word_of(&rest, ' ');
        struct property *to;

        if (str_eq(name, STR("by"))) {
            e->customer = value;
            continue;
        }
        to = name.p[0] == '@' ? &trait[e->trait_n++] : &property[e->property_n++];
        to->name = str_from(name, name.p[0] == '@');
        if (!value_of(s, value, &to->value))
            return err_nomem(err);
    }
    return true;
}

static bool shop_build(struct shop *s, const char *timeline, struct err *err)
{
    struct event event[SHOP_EVENTS_MAX];
    str rest = str_trim(str_of(timeline));
    uint32_t n = 0;

    while (rest.n) {
        assert_true(n < SHOP_EVENTS_MAX);
        if (!event_of(s, word_of(&rest, ';'), n, &event[n], err))
            return false;
        n++;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!catalog_add_event(&s->catalog, &event[i], err))
            return false;
    }
    if (!n
        && !catalog_add_event(
            &s->catalog, &(struct event){.customer = STR("anna"), .type = STR("visit")},
            err))
        return false;
    if (!chunk_build(&s->catalog, NULL, 0, event, n, &s->chunk, err))
        return false;
    s->timeline = timeline_of(s->chunk, catalog_customer_find(&s->catalog, STR("anna")));
    return true;
}

static bool find(void *context, enum rule_named kind, str name, struct rule_ref *out,
                 struct err *err)
{
    struct shop *s = context;

    if (str_eq(name, STR("ring")))
        return err_set(err, ERR_INPUT, "it names itself");
    for (uint16_t i = 0; i < s->seg_n; i++) {
        if (s->named[i].kind == kind && str_eq(s->named[i].name, name)) {
            *out = s->named[i].rule;
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "no such name");
}

static void names(void *context, enum rule_named kind, const str **out, size_t *n)
{
    static const str segments[] = {{"vip", 3}, {"big_spender", 11}},
                     scores[] = {{"health", 6}};

    (void)context;
    *out = kind == RULE_SEGMENT ? segments : scores;
    *n = kind == RULE_SEGMENT ? 2 : 1;
}

bool shop_open(struct shop *s, const char *zone, const char *timeline, struct err *err)
{
    struct rule_env env = {.dictionary = &s->dictionary,
                           .catalog = &s->catalog,
                           .currency_decimals = 2,
                           .currency = STR("EUR"),
                           .lifecycle = shop_lifecycle,
                           .lifecycle_n = SHOP_LIFECYCLES,
                           .find = find,
                           .names = names,
                           .context = s};
    const struct yaml *event_node, *trait_node;

    *s = (struct shop){.zone = NULL};
    if (!catalog_init(&s->catalog, err)
        || !yaml_parse(str_of(events), &s->arena, &event_node, err)
        || !yaml_parse(str_of(traits), &s->arena, &trait_node, err)
        || !dictionary_parse(event_node, trait_node, &s->arena, &s->dictionary, err)
        || !zone_open(io_system(), str_of(zone), &s->zone, err)
        || !shop_build(s, timeline, err)) {
        shop_close(s);
        return false;
    }
    env.zone = s->zone;
    if (!program_new(&env, &s->program, err)) {
        shop_close(s);
        return false;
    }
    return true;
}

void shop_close(struct shop *s)
{
    cursor_free(s->cursor);
    program_free(s->program);
    chunk_free(s->chunk);
    zone_close(s->zone);
    catalog_free(&s->catalog);
    arena_free(&s->arena);
    *s = (struct shop){.zone = NULL};
}

bool shop_name(struct shop *s, enum rule_named kind, const char *name, const char *text,
               struct err *err)
{
    s->named[s->seg_n].name = str_of(name);
    s->named[s->seg_n].kind = kind;
    if (!program_add(s->program, str_of(text),
                     kind == RULE_SEGMENT ? RULE_CONDITION : RULE_NUMBER,
                     &s->named[s->seg_n].rule, err))
        return false;
    s->seg_n++;
    return true;
}

bool shop_rule(struct shop *s, const char *text, enum rule_want want,
               struct rule_ref *out, struct err *err)
{
    return program_add(s->program, str_of(text), want, out, err);
}

bool shop_start(struct shop *s, struct err *err)
{
    return cursor_new(s->program, &s->cursor, err)
           && cursor_start(s->cursor, &s->timeline, err);
}
