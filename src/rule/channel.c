/* channel.c - the context of events as rows, and the rules of channels asked of them.
 *
 * Most events of a visit carry the same context, and most contexts are those of other events of the
 * chunk too: events whose inputs are the same words of the same columns are one kind, and the
 * rules are asked once for each kind. */
#include "rule/channel.h"

#include "base/hash.h"
#include "rule/row.h"
#include "rule/sites.h"

#include <string.h>

struct channels {
    struct row_expr **when;
    uint8_t *gives; /* by rule: 1 + the channel */
    uint32_t rule_n;
    str *name;
    uint32_t n;
    uint64_t by;
    struct decimal decimal;
};

static const str column_name[] = {
#define X(name, text) {text, sizeof(text) - 1},
    CHANNEL_COLUMNS(X)
#undef X
};

str acquisition_name(enum acquisition a)
{
    static const str name[] = {
#define X(name, text) {text, sizeof(text) - 1},
        ACQUISITIONS(X)
#undef X
    };

    return name[a];
}

/* --- the rules --- */

static bool channel_number(struct channels *c, str name, struct arena *a, uint8_t *out,
                           struct err *err)
{
    for (uint32_t i = 0; i < c->n; i++) {
        *out = (uint8_t)(i + 1);
        if (str_eq(c->name[i], name))
            return true;
    }
    if (c->n == CHANNELS_MAX)
        return err_at(err, 1, 1, "there are more than %u channels", CHANNELS_MAX);
    c->name[c->n] = arena_str(a, name);
    if (!c->name[c->n].p)
        return err_nomem(err);
    *out = (uint8_t)++c->n;
    return true;
}

static bool rule_new(struct channels *c, const struct channel_rule *rule, struct arena *a,
                     struct err *err)
{
    struct row_expr **when = &c->when[c->rule_n];

    if (!row_expr_new(rule->when, column_name, CHANNEL_COLUMNS_END, &c->decimal, a, when,
                      err))
        return false;
    if (!row_expr_is_condition(*when))
        return err_at(err, 1, 1,
                      "a condition is expected here, such as medium = \"email\"");
    return channel_number(c, rule->channel, a, &c->gives[c->rule_n], err);
}

/* What the rules derive is the same when they are. */
static bool name_rules(struct channels *c, const struct channel_rule *rule, uint32_t n,
                       struct err *err)
{
    struct buf text = {};
    bool failed;

    for (uint32_t i = 0; i < n; i++) {
        buf_add_format(&text, "%zu %zu ", rule[i].channel.n, rule[i].when.n);
        buf_add(&text, rule[i].channel);
        buf_add(&text, rule[i].when);
    }
    c->by = hash64(buf_str(&text));
    failed = text.failed;
    buf_free(&text);
    return !failed || err_nomem(err);
}

bool channels_new(const struct channel_rule *rule, uint32_t n, struct arena *a,
                  struct channels **out, uint32_t *wrong, struct err *err)
{
    struct channels *c = arena_new(a, struct channels);

    *wrong = 0;
    if (!c)
        return err_nomem(err);
    c->decimal.point = '.';
    c->when = arena_array(a, struct row_expr *, (size_t)n + 1);
    c->gives = arena_array(a, uint8_t, (size_t)n + 1);
    c->name = arena_array(a, str, CHANNELS_MAX);
    if (!c->when || !c->gives || !c->name)
        return err_nomem(err);
    for (; c->rule_n < n; c->rule_n++) {
        *wrong = c->rule_n;
        if (!rule_new(c, &rule[c->rule_n], a, err))
            return false;
    }
    *out = c;
    return name_rules(c, rule, n, err);
}

uint32_t channels_n(const struct channels *c)
{
    return c->n;
}

str channels_name(const struct channels *c, uint32_t channel)
{
    return c->name[channel];
}

/* --- addresses --- */

struct address {
    str host, path, query; /* host in small letters, without www. */
};

static str up_to(str s, const char *ends)
{
    for (size_t i = 0; i < s.n; i++)
        if (strchr(ends, s.p[i]) && s.p[i])
            return (str){s.p, i};
    return s;
}

static str after_last(str s, char c)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c)
            return str_from(s, i);
    return s;
}

static str kept(struct arena *a, struct buf *b)
{
    str s = b->failed ? (str){NULL, 0} : arena_str(a, buf_str(b));

    buf_free(b);
    return s;
}

static str folded(struct arena *a, str s)
{
    struct buf b = {};

    buf_add_folded(&b, str_trim(s));
    return kept(a, &b);
}

/* Empty when it is no address of the web or of an app: nobody can say what it is then. */
static bool address_read(str text, struct arena *a, struct address *out)
{
    const char *mark;
    str rest = str_trim(text);

    *out = (struct address){.host = STR(""), .path = STR(""), .query = STR("")};
    mark = rest.n ? memmem(rest.p, rest.n, "://", 3) : NULL;
    if (!mark || memchr(rest.p, '?', (size_t)(mark - rest.p)))
        return true;
    rest = str_from(rest, (size_t)(mark - rest.p) + 3);
    rest = up_to(rest, "#");
    out->host = up_to(rest, "/?");
    rest = str_from(rest, out->host.n);
    out->path = up_to(rest, "?");
    if (out->path.n < rest.n)
        out->query = str_from(rest, out->path.n + 1);
    if (!out->path.n)
        out->path = STR("/");
    out->host = folded(a, up_to(after_last(out->host, '@'), ":"));
    if (!out->host.p)
        return false;
    if (out->host.n && out->host.p[out->host.n - 1] == '.')
        out->host.n--;
    if (str_starts(out->host, STR("www.")))
        out->host = str_from(out->host, 4);
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A part of a query, read; what would be no UTF-8, or a control character, stays as it stands. */
static str unescaped(struct arena *a, str s)
{
    struct buf b = {};
    str read;

    for (size_t i = 0; i < s.n; i++) {
        int high = s.p[i] == '%' && i + 2 < s.n ? hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex(s.p[i + 2]) : -1;

        if (low >= 0 && (high << 4 | low) >= ' ') {
            buf_add_char(&b, (char)(high << 4 | low));
            i += 2;
        } else if (s.p[i] == '+') {
            buf_add_char(&b, ' ');
        } else {
            buf_add_char(&b, s.p[i]);
        }
    }
    read = kept(a, &b);
    return !read.p || str_is_utf8(read) ? read : s;
}

/* --- what an event says --- */

/* The texts that a row is made of. */
#define INPUTS(X)                                                                        \
    X(URL, "context.page.url")                                                           \
    X(SEARCH, "context.page.search")                                                     \
    X(REFERRER, "context.page.referrer")                                                 \
    X(PAGE_URL, "url") /* of page calls only, as the next */                             \
    X(PAGE_REFERRER, "referrer")                                                         \
    X(SOURCE, "context.campaign.source")                                                 \
    X(MEDIUM, "context.campaign.medium")                                                 \
    X(CAMPAIGN, "context.campaign.name")                                                 \
    X(TERM, "context.campaign.term")                                                     \
    X(CONTENT, "context.campaign.content")                                               \
    X(PLATFORM, "context.channel")                                                       \
    X(LIBRARY, "context.library.name")

enum input {
#define X(name, text) INPUT_##name,
    INPUTS(X)
#undef X
        INPUTS_END
};

static const str input_name[] = {
#define X(name, text) {text, sizeof(text) - 1},
    INPUTS(X)
#undef X
};

struct row {
    str field[CHANNEL_COLUMNS_END];
    struct arena *a;
    bool failed; /* for lack of memory */
};

/* What stands already is stronger. */
static void fill(struct row *r, enum channel_column column, str value)
{
    bool folds = column == CHANNEL_SOURCE || column == CHANNEL_MEDIUM
                 || column == CHANNEL_PLATFORM;

    value = str_trim(value);
    if (r->field[column].n || !value.n)
        return;
    if (folds)
        value = folded(r->a, value);
    r->failed |= !value.p;
    r->field[column] = value;
}

static void fill_click(struct row *r, const struct click *click)
{
    if (!click || r->field[CHANNEL_CLICK].n)
        return;
    r->field[CHANNEL_CLICK] = str_of(click->parameter);
    if (r->field[CHANNEL_SOURCE].n || r->field[CHANNEL_MEDIUM].n)
        return;
    r->field[CHANNEL_SOURCE] = str_of(click->source);
    r->field[CHANNEL_MEDIUM] = str_of(click->medium);
}

/* The campaign of a link, and the marks of a click: the campaign is stronger. */
static void read_query(struct row *r, str query)
{
    static const struct {
        str name;
        enum channel_column column;
    } tags[] = {
        {STR("utm_source"), CHANNEL_SOURCE},     {STR("utm_medium"), CHANNEL_MEDIUM},
        {STR("utm_campaign"), CHANNEL_CAMPAIGN}, {STR("utm_term"), CHANNEL_TERM},
        {STR("utm_content"), CHANNEL_CONTENT},
    };
    const struct click *click = NULL;

    while (query.n) {
        str one = up_to(query, "&;"), name = up_to(one, "=");
        str value = str_from(one, name.n < one.n ? name.n + 1 : one.n);

        query = str_from(query, one.n < query.n ? one.n + 1 : one.n);
        if (!value.n)
            continue;
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
            if (!str_eq(name, tags[i].name))
                continue;
            value = unescaped(r->a, value);
            r->failed |= !value.p;
            fill(r, tags[i].column, value);
        }
        click = click ? click : click_find(name);
    }
    fill_click(r, click);
}

static bool is_below(str host, str above)
{
    return host.n > above.n && host.p[host.n - above.n - 1] == '.'
           && str_eq(str_from(host, host.n - above.n), above);
}

static str site_of(const struct row *r)
{
    str host = r->field[CHANNEL_REFERRER], page = r->field[CHANNEL_PAGE], site;

    if (r->field[CHANNEL_SOURCE].n) {
        site = site_of_source(r->field[CHANNEL_SOURCE]);
        if (site.n)
            return site;
    }
    if (host.n && page.n
        && (str_eq(host, page) || is_below(host, page) || is_below(page, host)))
        return STR("own");
    return r->field[CHANNEL_SOURCE].n ? STR("") : site_of_host(host);
}

static str platform_of(str library)
{
    static const struct {
        const char *part, *platform;
    } known[] = {{"react-native", "mobile"},
                 {"-ios", "mobile"},
                 {"swift", "mobile"},
                 {"android", "mobile"},
                 {"kotlin", "mobile"},
                 {"flutter", "mobile"},
                 {".js", "web"},
                 {"browser", "web"},
                 {"javascript", "web"},
                 {"node", "server"},
                 {"python", "server"},
                 {"-java", "server"},
                 {"ruby", "server"},
                 {"php", "server"},
                 {"-go", "server"},
                 {".net", "server"},
                 {"csharp", "server"}};

    for (size_t i = 0; library.n && i < sizeof known / sizeof *known; i++)
        if (str_contains_nocase(library, str_of(known[i].part)))
            return str_of(known[i].platform);
    return STR("");
}

static void row_read(struct row *r, const str input[INPUTS_END], str type)
{
    bool is_page = str_eq(type, STR("page"));
    struct address page, referrer;
    str url = input[INPUT_URL], from = input[INPUT_REFERRER];

    for (size_t i = 0; i < CHANNEL_COLUMNS_END; i++)
        r->field[i] = STR("");
    url = url.n || !is_page ? url : input[INPUT_PAGE_URL];
    from = from.n || !is_page ? from : input[INPUT_PAGE_REFERRER];
    r->failed = !address_read(url, r->a, &page) || !address_read(from, r->a, &referrer);
    if (r->failed)
        return;
    for (enum input i = INPUT_SOURCE; i <= INPUT_CONTENT; i++)
        fill(r, CHANNEL_SOURCE + (i - INPUT_SOURCE), input[i]);
    r->field[CHANNEL_REFERRER] = referrer.host;
    r->field[CHANNEL_PAGE] = page.host;
    r->field[CHANNEL_PATH] = page.host.n ? page.path : STR("");
    if (!page.query.n && str_starts(input[INPUT_SEARCH], STR("?")))
        page.query = str_from(input[INPUT_SEARCH], 1);
    read_query(r, page.query);
    r->field[CHANNEL_SITE] = site_of(r);
    fill(r, CHANNEL_LIBRARY, input[INPUT_LIBRARY]);
    fill(r, CHANNEL_PLATFORM, input[INPUT_PLATFORM]);
    fill(r, CHANNEL_PLATFORM, platform_of(input[INPUT_LIBRARY]));
    r->field[CHANNEL_EVENT] = type;
}

/* 1 + the channel, or 0. */
static uint8_t channel_of(const struct channels *c, const struct row *r)
{
    struct value v;
    struct err unheard;

    for (uint32_t i = 0; i < c->rule_n; i++)
        if (row_expr_ask(c->when[i], r->field, &v, &unheard) && v.truth)
            return c->gives[i];
    return 0;
}

/* --- a chunk --- */

struct deriving {
    const struct channels *c;
    const struct chunk *chunk;
    const struct catalog *catalog;
    const struct cells *cells[INPUTS_END];
    uint32_t at[INPUTS_END];
    struct {
        uint32_t type, word[INPUTS_END]; /* or WORD_NONE */
    } key, last;                         /* no hole in it: its bytes are compared */
    struct text_table kinds;             /* their keys */
    struct acquired *kind;               /* .event: 1 + the channel, or 0 */
    uint32_t kind_cap;
    struct touch *touch;
    uint32_t touch_n, touch_cap;
    struct text_table words;
    struct arena scratch;
};

static bool add_word(struct deriving *d, str word, uint32_t *out)
{
    *out = WORD_NONE;
    return !word.n || text_table_add(&d->words, word, out);
}

static bool kind_read(struct deriving *d, struct acquired *out)
{
    struct row r = {.a = &d->scratch};
    str input[INPUTS_END];
    bool ok;

    for (size_t i = 0; i < INPUTS_END; i++)
        input[i] =
            d->key.word[i] == WORD_NONE ? STR("") : d->cells[i]->word[d->key.word[i]];
    row_read(&r, input, text_table_get(&d->catalog->type, d->key.type));
    ok = !r.failed;
    *out = (struct acquired){.event = ok ? channel_of(d->c, &r) : 0};
    if (ok && out->event) {
        const str says[] = {
            [ACQUISITION_CHANNEL] = d->c->name[out->event - 1],
            [ACQUISITION_SOURCE] = r.field[CHANNEL_SOURCE],
            [ACQUISITION_MEDIUM] = r.field[CHANNEL_MEDIUM],
            [ACQUISITION_CAMPAIGN] = r.field[CHANNEL_CAMPAIGN],
            [ACQUISITION_REFERRER] = r.field[CHANNEL_REFERRER],
            [ACQUISITION_PAGE] = r.field[CHANNEL_PATH],
        };

        for (size_t i = 0; ok && i < ACQUISITIONS_END; i++)
            ok = add_word(d, says[i], &out->word[i]);
    }
    arena_reset(&d->scratch);
    return ok;
}

/* The kind of the event that the key describes; NULL: out of memory. */
static const struct acquired *kind_find(struct deriving *d)
{
    str key = {(const char *)&d->key, sizeof d->key};
    uint32_t n = d->kinds.n, at;

    if (n == d->kind_cap) {
        uint32_t cap = n ? n * 2 : 64;
        struct acquired *more = mem_resize(d->kind, cap * sizeof *more);

        if (!more)
            return NULL;
        d->kind = more;
        d->kind_cap = cap;
    }
    if (!text_table_add(&d->kinds, key, &at) || (at == n && !kind_read(d, &d->kind[at])))
        return NULL;
    return &d->kind[at];
}

static void key_turn(struct deriving *d, uint32_t event)
{
    d->key.type = d->chunk->type[event];
    for (size_t i = 0; i < INPUTS_END; i++) {
        const struct cells *cells = d->cells[i];
        uint32_t at = d->at[i];

        while (at < cells->n && cells->event[at] < event)
            at++;
        d->at[i] = at;
        d->key.word[i] =
            at < cells->n && cells->event[at] == event ? cells->text[at] : WORD_NONE;
    }
}

static bool inputs_open(struct deriving *d, struct err *err)
{
    for (size_t i = 0; i < INPUTS_END; i++) {
        static const struct cells none;
        uint32_t column =
            catalog_column_find(d->catalog, input_name[i], false, VALUE_TEXT);

        d->cells[i] = &none;
        if (column != COLUMN_NONE && !chunk_cells(d->chunk, column, &d->cells[i], err))
            return false;
    }
    return true;
}

static bool touch_add(struct deriving *d, struct touch touch)
{
    if (d->touch_n == d->touch_cap) {
        uint32_t cap = d->touch_n ? d->touch_n * 2 : 64;
        struct touch *more = mem_resize(d->touch, cap * sizeof *more);

        if (!more)
            return false;
        d->touch = more;
        d->touch_cap = cap;
    }
    d->touch[d->touch_n++] = touch;
    return true;
}

/* Of each customer the first event with a channel is kept, and of the others their campaign. */
static bool derive_events(struct deriving *d, uint8_t *channel, struct acquired *acquired,
                          uint32_t *acquired_n)
{
    const struct acquired *kind = NULL;

    for (uint32_t i = 0; i < d->chunk->customer_n; i++) {
        bool is_first = true;

        for (uint32_t e = d->chunk->first[i]; e < d->chunk->first[i + 1]; e++) {
            key_turn(d, e);
            if (!kind || memcmp(&d->key, &d->last, sizeof d->key) != 0)
                kind = kind_find(d);
            if (!kind)
                return false;
            d->last = d->key;
            channel[e] = (uint8_t)kind->event;
            if (!kind->event)
                continue;
            if (!touch_add(d, (struct touch){e, kind->word[ACQUISITION_CAMPAIGN]}))
                return false;
            if (!is_first)
                continue;
            is_first = false;
            acquired[*acquired_n] = *kind;
            acquired[(*acquired_n)++].event = e;
        }
    }
    return true;
}

/* The words move into the arena, where they keep their numbers. */
static bool words_keep(const struct deriving *d, struct arena *a, struct origins *out)
{
    str *word = arena_array(a, str, (size_t)d->words.n + 1);

    for (uint32_t i = 0; word && i < d->words.n; i++) {
        word[i] = arena_str(a, text_table_get(&d->words, i));
        if (!word[i].p)
            return false;
    }
    out->word = word;
    out->word_n = d->words.n;
    return word != NULL;
}

static bool touches_keep(const struct deriving *d, struct arena *a, struct origins *out)
{
    struct touch *touch = arena_array(a, struct touch, (size_t)d->touch_n + 1);

    if (touch && d->touch_n)
        memcpy(touch, d->touch, d->touch_n * sizeof *touch);
    out->touch = touch;
    out->touch_n = d->touch_n;
    return touch != NULL;
}

static bool derive(const void *context, const struct chunk *chunk, struct arena *a,
                   const void **what, struct err *err)
{
    struct deriving d = {.c = context, .chunk = chunk, .catalog = chunk_catalog(chunk)};
    struct origins *out = arena_new(a, struct origins);
    uint8_t *channel = arena_array(a, uint8_t, (size_t)chunk->event_n + 1);
    bool ok;

    if (out)
        out->acquired = arena_array(a, struct acquired, (size_t)chunk->customer_n + 1);
    if (!out || !channel || !out->acquired)
        return err_nomem(err);
    out->channel = channel;
    ok = inputs_open(&d, err)
         && ((derive_events(&d, channel, out->acquired, &out->acquired_n)
              && words_keep(&d, a, out) && touches_keep(&d, a, out))
             || err_nomem(err));
    text_table_free(&d.kinds);
    text_table_free(&d.words);
    mem_free(d.kind);
    mem_free(d.touch);
    arena_free(&d.scratch);
    *what = out;
    return ok;
}

bool channels_of(const struct channels *c, const struct chunk *chunk,
                 const struct origins **out, struct err *err)
{
    const struct derivation d = {.by = c->by, .make = derive, .context = c};

    return chunk_derive(chunk, &d, (const void **)out, err);
}

uint32_t acquired_from(const struct origins *o, uint32_t event)
{
    uint32_t low = 0, high = o->acquired_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (o->acquired[middle].event < event)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}
