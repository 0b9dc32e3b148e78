#include "engine/channels.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

/* Events of one customer a day, written as "type NAME=VALUE NAME=VALUE", the names behind
 * "context." unless they begin with a dot; and what is derived of them. */
struct world {
    struct arena arena;
    struct catalog catalog;
    struct chunk *chunk;
    struct channels *channels;
    const struct origins *origins;
};

static bool read_event(struct world *w, const char *text, uint32_t i, struct event *e,
                       struct err *err)
{
    char *copy = (char *)(uintptr_t)arena_str(&w->arena, str_of(text)).p, *rest, *word;
    struct property *p = arena_array(&w->arena, struct property, 8);

    if (!copy || !p)
        return err_nomem(err);
    *e = (struct event){.at_ms = i, .property = p, .customer = STR("anna")};
    for (word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        char *value = strchr(word, '='), name[100];

        if (!value) {
            e->type = str_of(word);
            continue;
        }
        *value++ = 0;
        snprintf(name, sizeof name, "%s%s", *word == '.' ? "" : "context.",
                 word + (*word == '.'));
        p[e->property_n].name = arena_str(&w->arena, str_of(name));
        if (!p[e->property_n].name.p)
            return err_nomem(err);
        p[e->property_n++].value =
            (struct value){.type = VALUE_TEXT, .text = str_of(value)};
    }
    e->id = arena_str(&w->arena, (str){&"0123456789ABCDEFGHIJ"[i], 1});
    return e->id.p || err_nomem(err);
}

/* `model`: the text of `channels:`; NULL: the default table. */
static bool world_open(struct world *w, const char *model, const char *const *text,
                       uint32_t n, struct err *err)
{
    struct event event[16];
    const struct yaml *root = NULL;
    bool ok;

    *w = (struct world){};
    ok = catalog_init(&w->catalog, err);
    for (uint32_t i = 0; ok && i < n; i++)
        ok = read_event(w, text[i], i, &event[i], err)
             && catalog_customer_add(&w->catalog, event[i].customer, &(uint32_t){0}, err)
             && catalog_add_event(&w->catalog, &event[i], err);
    return ok && chunk_build(&w->catalog, NULL, 0, event, n, &w->chunk, err)
           && (!model || yaml_parse(str_of(model), &w->arena, &root, err))
           && channels_parse(root ? yaml_find(root, STR("channels")) : NULL, &w->arena,
                             &w->channels, err)
           && channels_of(w->channels, w->chunk, &w->origins, err);
}

static void world_close(struct world *w)
{
    chunk_free(w->chunk);
    catalog_free(&w->catalog);
    arena_free(&w->arena);
}

static void need_open(struct world *w, const char *model, const char *const *text,
                      uint32_t n)
{
    struct err err;

    if (!world_open(w, model, text, n, &err))
        fail_msg("%s", err.msg);
}

/* "channel", or "" for none. */
static str channel_of(const struct world *w, uint32_t event)
{
    uint8_t channel = w->origins->channel[event];

    return channel ? channels_name(w->channels, channel - 1U) : STR("");
}

/* "channel source medium campaign referrer page" of the first customer, "-" where nothing is
 * known. */
static void print_acquired(const struct world *w, struct buf *to)
{
    for (uint32_t i = 0; i < ACQUISITIONS_END; i++) {
        uint32_t word =
            w->origins->acquired_n ? w->origins->acquired[0].word[i] : WORD_NONE;

        if (i)
            buf_add_char(to, ' ');
        buf_add(to, word == WORD_NONE ? STR("-") : w->origins->word[word]);
    }
}

#define SHOP "page.url=https://shop.example/tea"
#define FROM(host) SHOP " page.referrer=https://" host "/x"
#define UTM(source, medium) SHOP "?utm_source=" source "&utm_medium=" medium

static const struct {
    const char *event, *channel, *acquired;
} cases[] = {
    /* nothing that says how anybody came */
    {"purchase", "", "- - - - - -"},
    {"purchase .revenue=12", "", "- - - - - -"},
    {"purchase library.name=analytics-node channel=server", "", "- - - - - -"},
    {"page " FROM("shop.example"), "", "- - - - - -"},
    {"page " FROM("www.Shop.example"), "", "- - - - - -"},
    {"page " FROM("checkout.shop.example"), "", "- - - - - -"},
    {"page " FROM("www.paypal.com"), "", "- - - - - -"},
    {"page " FROM("accounts.google.com"), "", "- - - - - -"},
    {"page page.url=/tea", "", "- - - - - -"},
    {"page page.url=https://", "", "- - - - - -"},
    /* direct */
    {"page " SHOP, "direct", "direct - - - - /tea"},
    {"page .url=https://shop.example", "direct", "direct - - - - /"},
    {"purchase .url=https://shop.example", "", "- - - - - -"},
    {"identify " UTM("(direct)", "(none)"), "direct", "direct (direct) (none) - - /tea"},
    {"page page.url=https://u:p@shop.example:8443/a#b?c", "direct", "direct - - - - /a"},
    /* search, and what only looks like it */
    {"page " FROM("www.google.com"), "organic search",
     "organic search - - - google.com /tea"},
    {"page " FROM("images.google.co.uk"), "organic search",
     "organic search - - - images.google.co.uk /tea"},
    {"page .url=https://shop.example/ .referrer=https://www.bing.com/", "organic search",
     "organic search - - - bing.com /"},
    {"page " FROM("google.example.com"), "referral",
     "referral - - - google.example.com /tea"},
    {"page " FROM("notgoogle.com"), "referral", "referral - - - notgoogle.com /tea"},
    {"page " FROM("google.commerce.it"), "referral",
     "referral - - - google.commerce.it /tea"},
    {"page " SHOP " page.referrer=android-app://com.google.android.googlequicksearchbox/",
     "organic search",
     "organic search - - - com.google.android.googlequicksearchbox /tea"},
    {"page " UTM("Google", "CPC"), "paid search", "paid search google cpc - - /tea"},
    {"page " UTM("google", "organic"), "organic search",
     "organic search google organic - - /tea"},
    {"page " SHOP "?gclid=x", "paid search", "paid search google cpc - - /tea"},
    {"page " FROM("google.it") " campaign.source=bing campaign.medium=ppc", "paid search",
     "paid search bing ppc - google.it /tea"},
    {"page " SHOP "?GCLID=", "direct", "direct - - - - /tea"},
    {"page " SHOP "?msclkid=1&utm_source=news", "other", "other news - - - /tea"},
    /* social, video */
    {"page " FROM("m.facebook.com"), "organic social",
     "organic social - - - m.facebook.com /tea"},
    {"page " FROM("t.co"), "organic social", "organic social - - - t.co /tea"},
    {"page " SHOP "?fbclid=x", "organic social", "organic social facebook - - - /tea"},
    {"page " UTM("fb", "paid_social"), "paid social",
     "paid social fb paid_social - - /tea"},
    {"page " UTM("instagram", "cpc"), "paid social",
     "paid social instagram cpc - - /tea"},
    {"page " FROM("www.youtube.com"), "video", "video - - - youtube.com /tea"},
    {"page " UTM("youtube", "cpv"), "video", "video youtube cpv - - /tea"},
    /* what is sent */
    {"page " UTM("klaviyo", "email") "&utm_campaign=May%20sale+1", "email",
     "email klaviyo email May sale 1 - /tea"},
    {"page " SHOP "?mc_cid=1", "email", "email mailchimp email - - /tea"},
    {"page " FROM("mail.google.com"), "email", "email - - - mail.google.com /tea"},
    {"page " UTM("x", "sms"), "sms", "sms x sms - - /tea"},
    {"track campaign.medium=push campaign.name=hi", "push", "push - push hi - -"},
    /* the rest */
    {"page " UTM("x", "affiliate"), "affiliates", "affiliates x affiliate - - /tea"},
    {"page " SHOP "?awc=1", "affiliates", "affiliates awin affiliate - - /tea"},
    {"page " UTM("x", "banner"), "display", "display x banner - - /tea"},
    {"page " UTM("x", "cpc"), "other", "other x cpc - - /tea"},
    {"page " FROM("blog.example"), "referral", "referral - - - blog.example /tea"},
    {"page " UTM("blog.example", "referral"), "referral",
     "referral blog.example referral - - /tea"},
    {"page " SHOP " campaign.name=x", "other", "other - - x - /tea"},
    {"page page.url=https://shop.example/tea page.search=?utm_source=x", "other",
     "other x - - - /tea"},
    /* what nobody can read */
    {"page " SHOP "?utm_source=%zz%F", "other", "other %zz%f - - - /tea"},
    {"page " SHOP "?utm_source=a%00b%20", "other", "other a%00b - - - /tea"},
    {"page " SHOP "?utm_source=%FF", "other", "other %ff - - - /tea"},
    {"page " SHOP "?&&=&utm_source&;=", "direct", "direct - - - - /tea"},
};

TEST(the_default_table_gives_the_channels_of_the_trade)
{
    int wrong = 0;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf acquired = {};
        struct world w;
        str channel;

        need_open(&w, NULL, &cases[i].event, 1);
        channel = channel_of(&w, 0);
        print_acquired(&w, &acquired);
        if (!str_eq(channel, str_of(cases[i].channel))
            || !str_eq(buf_str(&acquired), str_of(cases[i].acquired))) {
            wrong++;
            print_error("%s: \"%.*s\", \"%.*s\"\n", cases[i].event, STR_FMT(channel),
                        STR_FMT(buf_str(&acquired)));
        }
        buf_free(&acquired);
        world_close(&w);
    }
    assert_int_equal(wrong, 0);
}

TEST(the_first_event_with_a_channel_is_the_acquisition)
{
    static const char *const events[] = {"signup", "page " FROM("shop.example"),
                                         "page " SHOP "?gclid=1",
                                         "page " UTM("x", "sms")};
    struct buf acquired = {};
    struct world w;

    need_open(&w, NULL, events, 4);
    assert_int_equal(w.origins->acquired_n, 1);
    assert_int_equal(w.origins->acquired[0].event, 2);
    print_acquired(&w, &acquired);
    assert_string_equal(arena_str(&w.arena, buf_str(&acquired)).p,
                        "paid search google cpc - - /tea");
    assert_int_equal(acquired_from(w.origins, 2), 0);
    assert_int_equal(acquired_from(w.origins, 3), 1);
    buf_free(&acquired);
    world_close(&w);
}

TEST(rules_of_ones_own_stand_before_the_default_table_or_in_its_place)
{
    static const char *const events[] = {"page " FROM("partner.example"),
                                         "page " FROM("google.com"),
                                         "scan library.name=x"};
    struct world w;

    need_open(&w,
              "channels:\n- { channel: partners, when: referrer = \"partner.example\" }\n"
              "- default\n- { channel: shop floor, when: 'event = \"scan\"' }\n",
              events, 3);
    assert_true(str_eq(channel_of(&w, 0), STR("partners")));
    assert_true(str_eq(channel_of(&w, 1), STR("organic search")));
    assert_true(str_eq(channel_of(&w, 2), STR("shop floor")));
    world_close(&w);
    need_open(&w, "channels:\n- { channel: partners, when: referrer is not missing }\n",
              events, 3);
    assert_true(str_eq(channel_of(&w, 1), STR("partners")));
    assert_int_equal(w.origins->channel[2], 0);
    assert_int_equal(channels_n(w.channels), 1);
    world_close(&w);
    need_open(&w, "channels: []\n", events, 3);
    assert_int_equal(w.origins->channel[0], 0);
    assert_int_equal(w.origins->acquired_n, 0);
    world_close(&w);
}

TEST(the_library_tells_the_platform)
{
    static const struct {
        const char *event, *platform;
    } libraries[] = {
        {"a library.name=analytics.js", "web"},
        {"a library.name=RudderLabs-JavaScript-SDK", "web"},
        {"a library.name=@segment/analytics-node", "server"},
        {"a library.name=analytics-java", "server"},
        {"a library.name=analytics-go", "server"},
        {"a library.name=analytics-ios", "mobile"},
        {"a library.name=analytics-react-native", "mobile"},
        {"a library.name=google-tag", ""},
        {"a library.name=axios", ""},
        {"a library.name=analytics-node channel=Mobile", "mobile"},
        {"a", ""},
    };

    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        struct world w;

        need_open(&w,
                  "channels:\n- { channel: web, when: platform = \"web\" }\n"
                  "- { channel: mobile, when: platform = \"mobile\" }\n"
                  "- { channel: server, when: platform = \"server\" }\n",
                  &libraries[i].event, 1);
        if (!str_eq(channel_of(&w, 0), str_of(libraries[i].platform)))
            fail_msg("%s: %.*s", libraries[i].event, STR_FMT(channel_of(&w, 0)));
        world_close(&w);
    }
}

static void refused(const char *model, int line, int column, const char *why)
{
    struct world w;
    struct err err;

    assert_false(world_open(&w, model, NULL, 0, &err));
    if (err.code != ERR_INPUT || err.line != line || err.column != column
        || !strstr(err.msg, why))
        fail_msg("%d:%d %s", err.line, err.column, err.msg);
    world_close(&w);
}

TEST(a_wrong_rule_of_the_channels_has_its_place)
{
    refused("channels: email\n", 1, 11, "a list of rules");
    refused("channels:\n- email\n", 2, 3, "or is the word default");
    refused("channels:\n- { when: medium = \"x\" }\n", 2, 3, "no `channel`");
    refused("channels:\n- { channel: x }\n", 2, 3, "no `when`");
    refused("channels:\n- { channel: x, wen: y }\n", 2, 17, "when");
    refused("channels:\n- { channel: x, when: \"medum = 'x'\" }\n", 2, 24,
            "did you mean medium?");
    refused("channels:\n- default\n- { channel: x, when: medium }\n", 3, 23,
            "a condition is expected");
    refused("channels:\n- { channel: x, when: count(medium) }\n", 2, 23,
            "a condition is expected");
}

static bool whole(void *context, struct err *err)
{
    static const char *const events[] = {"page " UTM("klaviyo", "email"),
                                         "page " FROM("google.com")};
    struct world w;
    bool ok = world_open(&w, context, events, 2, err);

    world_close(&w);
    return ok;
}

TEST(channels_survive_the_lack_of_memory)
{
    static char own[] = "channels:\n- { channel: x, when: source = \"klaviyo\" }\n";

    each_oom(whole, NULL);
    each_oom(whole, own);
}
