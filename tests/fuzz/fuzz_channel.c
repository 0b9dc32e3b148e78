/* Whatever stands in the context of events, each has a channel of the table or none, customers come
 * by the first of theirs, and what is known of it is text. Every six lines of the input are what
 * one event says. */
#include "engine/channels.h"

#include "support/fuzz.h"

#include <string.h>

enum { EVENTS = 16, SAYS = 6 };

static const str name[SAYS] = {
    STR("context.page.url"),        STR("context.page.referrer"),
    STR("context.campaign.source"), STR("context.campaign.medium"),
    STR("context.library.name"),    STR("context.page.search")};

static str next_line(str *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    str line = {rest->p, end ? (size_t)(end - rest->p) : rest->n};

    *rest = str_from(*rest, end ? line.n + 1 : line.n);
    return line;
}

static void check(const struct channels *c, const struct chunk *chunk)
{
    const struct origins *o, *again;
    struct err err;

    NEED(channels_of(c, chunk, &o, &err) && channels_of(c, chunk, &again, &err));
    NEED(o == again);
    for (uint32_t i = 0; i < chunk->event_n; i++)
        NEED(o->channel[i] <= channels_n(c));
    for (uint32_t i = 0; i < o->acquired_n; i++) {
        const struct acquired *by = &o->acquired[i];

        NEED(o->channel[by->event]);
        NEED(!i || o->acquired[i - 1].event < by->event);
        for (uint32_t e = chunk->first[i]; e < by->event; e++)
            NEED(!o->channel[e]);
        for (size_t k = 0; k < ACQUISITIONS_END; k++)
            NEED(by->word[k] == WORD_NONE
                 || (by->word[k] < o->word_n && o->word[by->word[k]].n
                     && str_is_utf8(o->word[by->word[k]])));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    static const char *const id[EVENTS] = {"0", "1", "2", "3", "4", "5", "6", "7",
                                           "8", "9", "a", "b", "c", "d", "e", "f"};
    struct property property[EVENTS][SAYS];
    struct event event[EVENTS];
    struct catalog catalog;
    struct channels *channels;
    struct chunk *chunk;
    struct arena a = {};
    str rest = {(const char *)p, n};
    uint32_t events = 0, customer;
    struct err err;

    if (!n || n > 4096 || !str_is_utf8(rest) || memchr(p, 0, n))
        return 0;
    NEED(catalog_init(&catalog, &err));
    NEED(catalog_customer_add(&catalog, STR("anna"), &customer, &err));
    for (; rest.n && events < EVENTS; events++) {
        struct event *e = &event[events];

        *e = (struct event){.at_ms = events,
                            .customer = STR("anna"),
                            .type = STR("page"),
                            .id = str_of(id[events]),
                            .property = property[events]};
        while (e->property_n < SAYS) {
            str line = next_line(&rest);

            property[events][e->property_n] = (struct property){
                name[e->property_n], {.type = VALUE_TEXT, .text = line}};
            e->property_n++;
        }
        NEED(catalog_add_event(&catalog, e, &err));
    }
    NEED(chunk_build(&catalog, NULL, 0, event, events, &chunk, &err));
    NEED(channels_parse(NULL, &a, &channels, &err));
    check(channels, chunk);
    chunk_free(chunk);
    catalog_free(&catalog);
    arena_free(&a);
    return 0;
}
