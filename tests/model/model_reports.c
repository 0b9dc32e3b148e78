/* model_reports.c - reports against slow, obvious twins: the lives that both look at. */
#include "reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char model_text[] = "ciclo: 1\n"
                                 "workspace: { timezone: Europe/Rome }\n"
                                 "events:\n"
                                 "  a: { properties: { n: number, color: text } }\n"
                                 "  b: { properties: { n: number, color: text } }\n"
                                 "  c:\n"
                                 "  mail: { passive: true }\n"
                                 "traits: { country: { type: text, keep: first } }\n"
                                 "lifecycle: { start: all, stages: { all: {} } }\n";

const char *const type_name[TYPES] = {"a", "b", "c", "mail", "identify"};

/* --- patterns --- */

static bool is_a(const struct fact *f)
{
    return f->type == A;
}
static bool is_b(const struct fact *f)
{
    return f->type == B;
}
static bool is_any(const struct fact *f)
{
    return f->type != MAIL && f->type != IDENTIFY;
}
static bool is_large_a(const struct fact *f)
{
    return f->type == A && f->n >= 2;
}
static bool is_red_b(const struct fact *f)
{
    return f->type == B && f->color && !strcmp(f->color, "red");
}
static bool is_mail(const struct fact *f)
{
    return f->type == MAIL;
}

const struct pattern_twin pattern_twin[PATTERNS] = {
    {"a", is_a},
    {"b", is_b},
    {"any", is_any},
    {"a where n >= 2", is_large_a},
    {"b where color = 'red'", is_red_b},
    {"mail", is_mail},
};

/* --- a town by chance --- */

static int fact_cmp(const void *a, const void *b)
{
    const struct fact *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return strcmp(x->id, y->id);
}

static void live(struct life *l, struct random *r, uint32_t types, uint32_t *ids,
                 int64_t first_ms, uint32_t moments, int64_t every_ms)
{
    static const char *const color[] = {NULL, "red", "blue"};
    static const char *const country[] = {"IT", "PT", ""};

    l->n = (uint32_t)random_below(r, EVENTS_MAX + 1);
    for (uint32_t i = 0; i < l->n; i++) {
        struct fact *f = &l->fact[i];

        *f = (struct fact){.at_ms =
                               first_ms + (int64_t)random_below(r, moments) * every_ms,
                           .type = (enum fact_type)random_below(r, types),
                           .n = (int)random_below(r, 4) - 1,
                           .color = color[random_below(r, 3)]};
        snprintf(f->id, sizeof f->id, "%c%u", (int)('a' + random_below(r, 3)), (*ids)++);
        if (f->type == IDENTIFY)
            f->country = country[random_below(r, 3)];
    }
    qsort(l->fact, l->n, sizeof *l->fact, fact_cmp);
}

static struct event event_of(const struct fact *f, const char *customer,
                             struct property property[2])
{
    struct event e = {.at_ms = f->at_ms,
                      .customer = str_of(customer),
                      .type = str_of(type_name[f->type]),
                      .id = str_of(f->id)};

    if (f->type == IDENTIFY) {
        property[0] = (struct property){STR("country"), {.type = VALUE_NULL}};
        if (*f->country)
            property[0].value =
                (struct value){.type = VALUE_TEXT, .text = str_of(f->country)};
        e.trait = property;
        e.trait_n = 1;
        return e;
    }
    e.property = property;
    if (f->n >= 0)
        property[e.property_n++] = (struct property){
            STR("n"), {.type = VALUE_NUMBER, .number = f->n * INT64_C(1000000)}};
    if (f->color)
        property[e.property_n++] = (struct property){
            STR("color"), {.type = VALUE_TEXT, .text = str_of(f->color)}};
    return e;
}

static void build_chunk(struct town *t, uint32_t k, struct err *err)
{
    struct event event[CHUNK_CUSTOMERS * EVENTS_MAX];
    struct property property[CHUNK_CUSTOMERS * EVENTS_MAX][2];
    char name[CHUNK_CUSTOMERS][8];
    size_t n = 0;

    for (uint32_t i = 0; i < CHUNK_CUSTOMERS; i++) {
        uint32_t customer = k * CHUNK_CUSTOMERS + i;

        snprintf(name[i], sizeof name[i], "c%u", customer);
        for (uint32_t e = 0; customer < CUSTOMERS && e < t->life[customer].n; e++, n++) {
            event[n] = event_of(&t->life[customer].fact[e], name[i], property[n]);
            NEED_OK(catalog_add_event(&t->catalog, &event[n], err), *err);
        }
    }
    NEED_OK(
        chunk_build(&t->catalog, NULL, k * CHUNK_CUSTOMERS, event, n, &t->chunk[k], err),
        *err);
}

void town_open(struct town *t, struct random *r, int64_t first_ms, uint32_t moments,
               int64_t every_ms)
{
    struct err err;
    /* In every third town all that happens is `any`. */
    uint32_t ids = 0, types = random_below(r, 3) ? TYPES : MAIL;

    *t = (struct town){};
    NEED_OK(catalog_init(&t->catalog, &err), err);
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        uint32_t number;
        char name[8];

        live(&t->life[i], r, types, &ids, first_ms, moments, every_ms);
        snprintf(name, sizeof name, "c%u", i);
        NEED_OK(catalog_customer_add(&t->catalog, str_of(name), &number, &err), err);
        assert_int_equal(number, i);
    }
    for (uint32_t k = 0; k < CHUNKS; k++)
        build_chunk(t, k, &err);
    NEED_OK(model_compile(io_system(), str_of(model_text), &t->catalog, &t->model, &err),
            err);
}

void town_close(struct town *t)
{
    model_free(t->model);
    for (uint32_t k = 0; k < CHUNKS; k++)
        chunk_free(t->chunk[k]);
    catalog_free(&t->catalog);
}
