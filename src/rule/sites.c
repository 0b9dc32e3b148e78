#include "rule/sites.h"

#include <string.h>

/* A host stands for itself and all below it; "google.*" for google.com, google.it,
 * google.co.uk and the hosts below those. What stands first is stronger. */
static const struct site {
    const char *host, *kind;
} sites[] = {
    /* who only sends people back: logins and payments */
    {"accounts.google.com", "return"},
    {"pay.google.com", "return"},
    {"appleid.apple.com", "return"},
    {"login.microsoftonline.com", "return"},
    {"login.live.com", "return"},
    {"paypal.com", "return"},
    {"stripe.com", "return"},
    {"klarna.com", "return"},
    {"scalapay.com", "return"},
    {"satispay.com", "return"},
    {"nexi.it", "return"},
    {"adyen.com", "return"},
    {"mollie.com", "return"},
    {"checkout.com", "return"},
    {"worldpay.com", "return"},
    {"sibs.pt", "return"},
    {"mercadopago.*", "return"},
    {"pagseguro.uol.com.br", "return"},
    {"shop.app", "return"},
    /* mail in the browser and in apps */
    {"mail.google.com", "email"},
    {"com.google.android.gm", "email"},
    {"mail.yahoo.*", "email"},
    {"outlook.live.com", "email"},
    {"outlook.office.com", "email"},
    {"outlook.office365.com", "email"},
    {"mail.aol.com", "email"},
    {"mail.proton.me", "email"},
    {"mail.zoho.*", "email"},
    {"mail.ru", "email"},
    {"mail.yandex.*", "email"},
    {"mail.libero.it", "email"},
    {"webmail.aruba.it", "email"},
    {"mail.sapo.pt", "email"},
    {"email.uol.com.br", "email"},
    {"webmail.terra.com.br", "email"},
    {"gmx.*", "email"},
    {"fastmail.com", "email"},
    {"icloud.com", "email"},
    /* video */
    {"youtube.com", "video"},
    {"youtu.be", "video"},
    {"vimeo.com", "video"},
    {"dailymotion.com", "video"},
    {"twitch.tv", "video"},
    {"netflix.com", "video"},
    {"disneyplus.com", "video"},
    {"hulu.com", "video"},
    {"bilibili.com", "video"},
    {"iqiyi.com", "video"},
    {"youku.com", "video"},
    {"rumble.com", "video"},
    {"rutube.ru", "video"},
    {"ted.com", "video"},
    {"wistia.com", "video"},
    /* social networks, and where people write to one another */
    {"facebook.com", "social"},
    {"fb.com", "social"},
    {"fb.me", "social"},
    {"messenger.com", "social"},
    {"instagram.com", "social"},
    {"threads.net", "social"},
    {"threads.com", "social"},
    {"whatsapp.com", "social"},
    {"wa.me", "social"},
    {"twitter.com", "social"},
    {"x.com", "social"},
    {"t.co", "social"},
    {"linkedin.com", "social"},
    {"lnkd.in", "social"},
    {"com.linkedin.android", "social"},
    {"pinterest.*", "social"},
    {"pin.it", "social"},
    {"tiktok.com", "social"},
    {"snapchat.com", "social"},
    {"reddit.com", "social"},
    {"redd.it", "social"},
    {"quora.com", "social"},
    {"tumblr.com", "social"},
    {"telegram.org", "social"},
    {"t.me", "social"},
    {"org.telegram.messenger", "social"},
    {"discord.com", "social"},
    {"vk.com", "social"},
    {"ok.ru", "social"},
    {"weibo.com", "social"},
    {"wechat.com", "social"},
    {"xiaohongshu.com", "social"},
    {"line.me", "social"},
    {"xing.com", "social"},
    {"mastodon.social", "social"},
    {"bsky.app", "social"},
    {"medium.com", "social"},
    {"meetup.com", "social"},
    {"news.ycombinator.com", "social"},
    {"stackoverflow.com", "social"},
    {"flickr.com", "social"},
    {"kwai.com", "social"},
    {"nextdoor.com", "social"},
    {"yelp.*", "social"},
    {"tripadvisor.*", "social"},
    {"trustpilot.com", "social"},
    /* search engines */
    {"google.*", "search"},
    {"com.google.android.googlequicksearchbox", "search"},
    {"bing.com", "search"},
    {"yahoo.*", "search"},
    {"duckduckgo.com", "search"},
    {"ecosia.org", "search"},
    {"qwant.com", "search"},
    {"startpage.com", "search"},
    {"search.brave.com", "search"},
    {"yandex.*", "search"},
    {"ya.ru", "search"},
    {"baidu.com", "search"},
    {"sogou.com", "search"},
    {"so.com", "search"},
    {"naver.com", "search"},
    {"daum.net", "search"},
    {"seznam.cz", "search"},
    {"ask.com", "search"},
    {"search.aol.com", "search"},
    {"aol.com", "search"},
    {"lycos.*", "search"},
    {"excite.*", "search"},
    {"virgilio.it", "search"},
    {"libero.it", "search"},
    {"sapo.pt", "search"},
    {"busca.uol.com.br", "search"},
    {"search.ch", "search"},
    {"onet.pl", "search"},
    {"rambler.ru", "search"},
    {"swisscows.com", "search"},
    {"mojeek.com", "search"},
    {"kagi.com", "search"},
    {"presearch.com", "search"},
    {"metager.org", "search"},
    {"dogpile.com", "search"},
};

/* Short names that campaigns carry. */
static const struct site nicknames[] = {
    {"fb", "social"},        {"ig", "social"},         {"insta", "social"},
    {"meta", "social"},      {"li", "social"},         {"tw", "social"},
    {"snap", "social"},      {"yt", "video"},          {"adwords", "search"},
    {"googleads", "search"}, {"google_ads", "search"}, {"google ads", "search"},
    {"bingads", "search"},   {"microsoft", "search"},  {"gmail", "email"},
};

static const struct click clicks[] = {
    {"gclid", "google", "cpc"},
    {"gbraid", "google", "cpc"},
    {"wbraid", "google", "cpc"},
    {"gad_source", "google", "cpc"},
    {"dclid", "google", "display"},
    {"srsltid", "google", "organic"},
    {"msclkid", "bing", "cpc"},
    {"yclid", "yandex", "cpc"},
    {"fbclid", "facebook", ""},
    {"igshid", "instagram", ""},
    {"ttclid", "tiktok", "cpc"},
    {"twclid", "twitter", "cpc"},
    {"li_fat_id", "linkedin", "cpc"},
    {"rdt_cid", "reddit", "cpc"},
    {"sccid", "snapchat", "cpc"},
    {"epik", "pinterest", "cpc"},
    {"qclid", "quora", "cpc"},
    {"tblci", "taboola", "display"},
    {"dicbo", "outbrain", "display"},
    {"irclickid", "impact", "affiliate"},
    {"awc", "awin", "affiliate"},
    {"cjevent", "cj", "affiliate"},
    {"ranmid", "rakuten", "affiliate"},
    {"sscid", "shareasale", "affiliate"},
    {"tduid", "tradedoubler", "affiliate"},
    {"mc_cid", "mailchimp", "email"},
    {"mc_eid", "mailchimp", "email"},
    {"_hsmi", "hubspot", "email"},
    {"_hsenc", "hubspot", "email"},
    {"_kx", "klaviyo", "email"},
    {"mkt_tok", "marketo", "email"},
    {"vero_id", "vero", "email"},
    {"ck_subscriber_id", "convertkit", "email"},
};

#define N(array) (sizeof(array) / sizeof *(array))

static size_t label_n(str host)
{
    const char *dot = host.n ? memchr(host.p, '.', host.n) : NULL;

    return dot ? (size_t)(dot - host.p) : host.n;
}

/* "com", "it", "co.uk", "com.br": what may stand for the star. */
static bool is_ending(str s)
{
    size_t first = label_n(s);

    if (first == s.n)
        return s.n >= 2 && s.n <= 3;
    return first >= 2 && first <= 3 && label_n(str_from(s, first + 1)) == 2
           && s.n == first + 3;
}

/* Does the host, or one of those above it, have this name? */
static bool is_below(str host, str name)
{
    bool open = name.n > 2 && name.p[name.n - 1] == '*';

    if (open)
        name.n--; /* the dot stays */
    for (;;) {
        if (open ? str_starts(host, name) && is_ending(str_from(host, name.n))
                 : str_eq(host, name))
            return true;
        if (label_n(host) == host.n)
            return false;
        host = str_from(host, label_n(host) + 1);
    }
}

str site_of_host(str host)
{
    for (size_t i = 0; host.n && i < N(sites); i++)
        if (is_below(host, str_of(sites[i].host)))
            return str_of(sites[i].kind);
    return STR("");
}

/* Of names alone the sites with one that means nothing else: "mail" or "t" is no source. */
static bool is_named(const struct site *s, str name)
{
    str host = str_of(s->host);
    size_t n = label_n(host);

    return n > 3 && str_eq((str){host.p, n}, name) && strcmp(s->kind, "return") != 0
           && !str_eq(name, STR("mail")) && !str_eq(name, STR("search"))
           && !str_eq(name, STR("medium")) && !str_eq(name, STR("news"))
           && !str_eq(name, STR("email"));
}

str site_of_source(str source)
{
    if (label_n(source) != source.n)
        return site_of_host(source);
    for (size_t i = 0; i < N(nicknames); i++)
        if (str_eq(source, str_of(nicknames[i].host)))
            return str_of(nicknames[i].kind);
    for (size_t i = 0; source.n && i < N(sites); i++)
        if (is_named(&sites[i], source))
            return str_of(sites[i].kind);
    return STR("");
}

const struct click *click_find(str parameter)
{
    char low[32];

    if (!parameter.n || parameter.n > sizeof low)
        return NULL;
    for (size_t i = 0; i < parameter.n; i++) {
        char c = parameter.p[i];

        low[i] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    for (size_t i = 0; i < N(clicks); i++)
        if (str_eq((str){low, parameter.n}, str_of(clicks[i].parameter)))
            return &clicks[i];
    return NULL;
}
