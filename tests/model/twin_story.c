/* twin_story.c - what the contexts of the world's events say, as people would read them. */
#include "twin.h"

#include <stdlib.h>

#define URL "context.page.url"
#define FROM "context.page.referrer"
#define CAMPAIGN(x) "context.campaign." x

/* As the table of docs/channels.md has it, by hand. */
const struct twin_story twin_story[TWIN_STORIES] = {
    {{{"context.library.name", "analytics-node"}}, {NULL}},
    {{{URL, "https://shop.example/tea?x=1"}}, {"direct", .page = "/tea"}},
    {{{URL, "https://shop.example/"}, {FROM, "https://www.google.it/search?q=tea"}},
     {"organic search", .referrer = "google.it", .page = "/"}},
    {{{URL, "https://shop.example/s1"}, {FROM, "https://WWW.shop.example/other"}},
     {NULL}},
    {{{URL, "https://shop.example/s0?utm_source=S0&utm_medium=Email&utm_campaign=s12"}},
     {"email", "s0", "email", "s12", .page = "/s0"}},
    {{{CAMPAIGN("source"), "s0"}, {CAMPAIGN("name"), "s1"}},
     {"other", "s0", .campaign = "s1"}},
    {{{URL, "https://shop.example/s1?utm_source=s9&gclid=abc"},
      {CAMPAIGN("source"), "google"},
      {CAMPAIGN("medium"), "CPC"},
      {FROM, "https://partner.example/x"}},
     {"paid search", "google", "cpc", .referrer = "partner.example", .page = "/s1"}},
    {{{URL, "https://shop.example/s1"}, {FROM, "https://partner.example/x"}},
     {"referral", .referrer = "partner.example", .page = "/s1"}},
};

const struct twin_story *twin_story_of(const struct event *e)
{
    for (uint32_t i = 0; i < e->property_n; i++)
        if (str_eq(e->property[i].name, STR("story")))
            return &twin_story[e->property[i].value.number];
    return NULL;
}

const char *twin_told(const struct twin_story *s, int what)
{
    if (!s)
        return NULL;
    switch (what) {
    case 0:
        return s->tells.channel;
    case 1:
        return s->tells.source;
    case 2:
        return s->tells.medium;
    case 3:
        return s->tells.campaign;
    case 4:
        return s->tells.referrer;
    case 5:
        return s->tells.page;
    default:
        abort();
    }
}
