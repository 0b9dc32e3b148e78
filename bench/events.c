#include "events.h"

#include "base/hash.h"
#include "base/num.h"
#include "base/time.h"

#include <stdio.h>

#define FIRST_MS INT64_C(1704067200000) /* 2024-01-01 */
#define YEARS_MS (730 * MS_DAY)
enum { EVENTS_EACH = 50, WHALE_SHARE = 10 };

uint64_t mixed(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

bool shape_parse(str word, enum shape *out)
{
    static const char *const words[] = {"even", "whale", "single"};

    for (int i = 0; i < 3; i++) {
        if (str_eq(word, str_of(words[i]))) {
            *out = (enum shape)i;
            return true;
        }
    }
    return false;
}

/* A permutation of 0 .. n-1: four rounds of Feistel over the next even power of two, again
 * and again until the result is below n. */
static uint64_t shuffled(uint64_t i, uint64_t n)
{
    unsigned half = 1;

    while (half < 32 && (UINT64_C(1) << 2 * half) < n)
        half++;
    do {
        uint64_t mask = (UINT64_C(1) << half) - 1, left = i >> half, right = i & mask;

        for (uint64_t round = 0; round < 4; round++) {
            uint64_t old = left;

            left = right;
            right = old ^ (mixed(right ^ round << 40) & mask);
        }
        i = left << half | right;
    } while (i >= n);
    return i;
}

static void print(struct made *m, str customer, int64_t at_ms, uint64_t salt)
{
    static const char *const types[] = {"page_view",      "search",        "purchase",
                                        "email_open",     "email_click",   "add_to_cart",
                                        "support_ticket", "survey_answer", "app_open"};
    /* of 16: most are views */
    static const uint8_t type_of[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 5, 8, 4};
    uint64_t dice = mixed(salt);
    uint8_t type = dice % 101 == 0 ? 6 + dice % 2 : type_of[dice >> 8 & 15];
    uint32_t n = 0;
    struct buf id = {0};

    m->event =
        (struct event){.at_ms = at_ms, .customer = customer, .type = str_of(types[type])};
    hash128_print(&id, hash128_of((str){(const char *)&salt, sizeof salt}));
    m->event.id.p = m->id;
    m->event.id.n = (size_t)snprintf(m->id, sizeof m->id, "%.*s", STR_FMT(buf_str(&id)));
    buf_free(&id);
    m->property[n++] = (struct property){
        STR("channel"),
        {.type = VALUE_NUMBER, .number = (int64_t)(dice >> 16 & 7) * NUM_ONE}};
    if (type == 2)
        m->property[n++] =
            (struct property){STR("amount"),
                              {.type = VALUE_NUMBER,
                               .number = (int64_t)(dice >> 20 & 0xffff) * NUM_ONE / 100}};
    if (type < 2)
        m->property[n++] = (struct property){
            STR("page"),
            {.type = VALUE_NUMBER, .number = (int64_t)(dice >> 40) % 5000 * NUM_ONE}};
    m->event.property = m->property;
    m->event.property_n = n;
    buf_clear(&m->json);
    event_print(&m->event, &m->json);
}

void stream_event(const struct stream *s, uint64_t i, struct made *out)
{
    uint64_t place = s->shuffled ? shuffled(i, s->n) : i;
    uint64_t whale = s->shape == WHALE ? s->n / WHALE_SHARE : 0, customer, k;
    uint64_t of = s->shape == SINGLE ? 1 : EVENTS_EACH;
    str id;

    if (place < whale) {
        customer = 0;
        k = place;
        of = whale;
    } else {
        customer = (place - whale) / of + (whale > 0);
        k = (place - whale) % of;
    }
    /* Every customer's events are spread over the two years, in order, on whole seconds. */
    id.p = out->customer;
    id.n = (size_t)snprintf(out->customer, sizeof out->customer, "c%llu",
                            (unsigned long long)customer);
    print(out, id,
          FIRST_MS
              + ((int64_t)k * (YEARS_MS / MS_SECOND) / (int64_t)of
                 + (int64_t)(mixed(place) % ((uint64_t)YEARS_MS / MS_SECOND / of + 1)))
                    * MS_SECOND,
          place);
}

void stream_late(str customer, uint64_t i, struct made *out)
{
    print(out, customer, FIRST_MS + (int64_t)(mixed(~i) % (uint64_t)YEARS_MS),
          i + (UINT64_C(1) << 48));
}
