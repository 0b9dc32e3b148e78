#include "report/sources.h"

#include <string.h>

#define NAMED '='

void sources_free(struct sources *s)
{
    text_table_free(&s->name);
    mem_free(s->of_word);
}

static bool forget_words(struct sources *s, struct err *err)
{
    uint32_t n = s->origins->word_n;

    if (n > s->word_cap) {
        mem_free(s->of_word);
        s->word_cap = 0;
        s->of_word = mem_alloc(2 * (size_t)n * sizeof *s->of_word);
        if (!s->of_word)
            return err_nomem(err);
        s->word_cap = 2 * n;
    }
    if (n)
        memset(s->of_word, 0, n * sizeof *s->of_word);
    return true;
}

bool sources_turn(struct sources *s, const struct chunk *c, struct err *err)
{
    static const struct origins none;

    s->origins = &none;
    s->next = 0;
    return !s->plan.channels
           || (channels_of(s->plan.channels, c, &s->origins, err)
               && (!s->plan.by_campaign || forget_words(s, err)));
}

static bool number(struct sources *s, str name, uint32_t *out, struct err *err)
{
    *out = text_table_find(&s->name, name);
    if (*out != TEXT_NONE)
        return true;
    if (s->name.n == SOURCES_MAX)
        return err_set(err, ERR_LIMIT,
                       "there are more than %u different campaigns: count by channel, or "
                       "take a shorter time",
                       SOURCES_MAX);
    return text_table_add(&s->name, name, out) || err_nomem(err);
}

static bool number_name(struct sources *s, uint8_t channel, uint32_t campaign,
                        uint32_t *out, struct err *err)
{
    struct buf name = {};
    bool ok;

    buf_add_char(&name, (char)channel);
    if (campaign != WORD_NONE) {
        buf_add_char(&name, NAMED);
        buf_add(&name, s->origins->word[campaign]);
    }
    ok = name.failed ? err_nomem(err) : number(s, buf_str(&name), out, err);
    buf_free(&name);
    return ok;
}

static bool number_of(struct sources *s, uint8_t channel, uint32_t campaign,
                      uint32_t *out, struct err *err)
{
    if (!s->plan.by_campaign || campaign == WORD_NONE) {
        if (!s->plain[channel]) {
            if (!number_name(s, channel, WORD_NONE, out, err))
                return false;
            s->plain[channel] = 1 + *out;
        }
        *out = s->plain[channel] - 1;
        return true;
    }
    if (s->of_word[campaign].channel != channel) {
        if (!number_name(s, channel, campaign, out, err))
            return false;
        s->of_word[campaign] = (struct source_of_word){channel, *out};
    }
    *out = s->of_word[campaign].source;
    return true;
}

bool sources_next(struct sources *s, uint32_t end, struct source_touch *out, bool *there,
                  struct err *err)
{
    const struct origins *o = s->origins;

    for (; s->next < o->touch_n && o->touch[s->next].event < end; s->next++) {
        const struct touch *touch = &o->touch[s->next];
        uint8_t channel = o->channel[touch->event];

        if (s->plan.left_out && s->plan.left_out[channel - 1])
            continue;
        s->next++;
        *there = true;
        out->event = touch->event;
        return number_of(s, channel, touch->campaign, &out->source, err);
    }
    *there = false;
    return true;
}

void sources_skip(struct sources *s, uint32_t event)
{
    while (s->next < s->origins->touch_n && s->origins->touch[s->next].event < event)
        s->next++;
}

bool sources_add(struct sources *s, const struct sources *from, uint32_t source,
                 uint32_t *out, struct err *err)
{
    return number(s, text_table_get(&from->name, source), out, err);
}

uint32_t source_channel_number(const struct sources *s, uint32_t source)
{
    return (uint8_t)text_table_get(&s->name, source).p[0] - 1u;
}

str source_channel(const struct sources *s, uint32_t source)
{
    return channels_name(s->plan.channels, source_channel_number(s, source));
}

bool source_campaign(const struct sources *s, uint32_t source, str *out)
{
    str name = text_table_get(&s->name, source);

    *out = name.n > 1 ? str_from(name, 2) : STR("");
    return name.n > 1;
}

bool source_is(const struct sources *s, uint32_t source, str channel, str campaign)
{
    str own;

    if (!str_eq(source_channel(s, source), channel))
        return false;
    if (!source_campaign(s, source, &own))
        own = SOURCE_NO_CAMPAIGN;
    return !campaign.n || str_eq(own, campaign);
}

int source_cmp(const struct sources *s, uint32_t a, uint32_t b)
{
    str campaign_a, campaign_b;
    int order = str_cmp(source_channel(s, a), source_channel(s, b));

    if (order)
        return order;
    if (source_campaign(s, a, &campaign_a) != source_campaign(s, b, &campaign_b))
        return campaign_a.n ? 1 : -1;
    return str_cmp(campaign_a, campaign_b);
}
