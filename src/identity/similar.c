#include "identity/similar.h"

#include "base/hash.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    CHARS_MAX = 64,
    WORDS_MAX = 16,
    NEIGHBOURS = 32,
    PHONE_TAIL = 7,
    WORD_START = 3,
    KEYS_MAX = 7, /* of one contact */
};

/* How often fields agree: of names and addresses by chance one in a thousand does, of phone
 * numbers that share a line and of e-mail addresses that share a mailbox fewer; every fourth
 * contact of a shop may live in its own city. */
const struct similar_rules similar_rules_usual = {
    .field = {[SIMILAR_NAME] = {0.95, 0.001, 0.85, false},
              [SIMILAR_ADDRESS] = {0.8, 0.001, 0.85, true},
              [SIMILAR_PHONE] = {0.8, 0.0001, 0, true},
              [SIMILAR_EMAIL] = {0.9, 0.00001, 0, false},
              [SIMILAR_POSTAL] = {0.9, 0.01, 0, true},
              [SIMILAR_CITY] = {0.9, 0.25, 0.85, true},
              [SIMILAR_BIRTHDAY] = {0.95, 0.0005, 0, false}},
    .threshold = 12,
};

str similar_field_name(enum similar_field field)
{
    static const str name[] = {
#define X(name, text) STR(text),
        SIMILAR_FIELDS(X)
#undef X
    };

    return name[field];
}

/* Compared by their words, and not byte by byte. */
static bool has_words(int field)
{
    return field == SIMILAR_NAME || field == SIMILAR_ADDRESS || field == SIMILAR_CITY;
}

/* --- Jaro and Winkler --- */

static int chars_of(str s, int32_t c[CHARS_MAX])
{
    int n = 0;

    while (s.n && n < CHARS_MAX)
        c[n++] = str_take_char(&s);
    return n;
}

static double jaro(const int32_t *a, int a_n, const int32_t *b, int b_n)
{
    int reach = (a_n > b_n ? a_n : b_n) / 2 - 1, common = 0, moved = 0, swapped;
    uint64_t of_a = 0, of_b = 0;

    reach = reach < 0 ? 0 : reach;
    for (int i = 0; i < a_n; i++) {
        int end = i + reach + 1 < b_n ? i + reach + 1 : b_n;

        for (int j = i > reach ? i - reach : 0; j < end; j++) {
            if (a[i] == b[j] && !(of_b >> j & 1)) {
                of_a |= UINT64_C(1) << i;
                of_b |= UINT64_C(1) << j;
                common++;
                break;
            }
        }
    }
    if (!common)
        return 0;
    for (; of_a; of_a &= of_a - 1, of_b &= of_b - 1)
        moved += a[__builtin_ctzll(of_a)] != b[__builtin_ctzll(of_b)];
    swapped = moved / 2; /* an odd one's half is nothing in Winkler's own program */
    return ((double)common / a_n + (double)common / b_n
            + (double)(common - swapped) / common)
           / 3;
}

double similar_jaro_winkler(str a, str b)
{
    int32_t ca[CHARS_MAX], cb[CHARS_MAX];
    int a_n = chars_of(a, ca), b_n = chars_of(b, cb), start = 0;
    double plain = jaro(ca, a_n, cb, b_n);

    while (start < 4 && start < a_n && start < b_n && ca[start] == cb[start])
        start++;
    return plain + start * 0.1 * (1 - plain);
}

/* --- contacts, made ready to be compared --- */

struct ready {
    str field[SIMILAR_FIELD_N]; /* what has words: those, folded, in alphabetic order */
};

static bool is_between_words(char c)
{
    return (unsigned char)c <= ' ' || strchr(",.;:-/'\"()", c);
}

static int word_order(const void *a, const void *b)
{
    return str_cmp(*(const str *)a, *(const str *)b);
}

static size_t words_of(str text, str word[WORDS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < text.n && n < WORDS_MAX;) {
        size_t from = i;

        while (i < text.n && !is_between_words(text.p[i]))
            i++;
        if (i > from)
            word[n++] = (str){text.p + from, i - from};
        else
            i++;
    }
    if (n)
        qsort(word, n, sizeof *word, word_order);
    return n;
}

static bool ready_words(str raw, struct buf *folded, struct buf *sorted, struct arena *a,
                        str *out)
{
    str word[WORDS_MAX];
    size_t n;

    buf_clear(folded);
    buf_clear(sorted);
    buf_add_folded(folded, raw);
    if (folded->failed)
        return false;
    n = words_of(buf_str(folded), word);
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_char(sorted, ' ');
        buf_add(sorted, word[i]);
    }
    *out = sorted->failed ? (str){NULL, 0} : arena_str(a, buf_str(sorted));
    return out->p;
}

static struct ready *make_ready(const struct contact *contact, uint32_t n,
                                struct arena *a)
{
    struct ready *ready = arena_array(a, struct ready, n);
    struct buf folded = {NULL}, sorted = {NULL};
    bool ok = ready;

    for (uint32_t i = 0; ok && i < n; i++) {
        memcpy(ready[i].field, contact[i].field, sizeof ready[i].field);
        for (int f = 0; ok && f < SIMILAR_FIELD_N; f++)
            ok = !has_words(f)
                 || ready_words(contact[i].field[f], &folded, &sorted, a,
                                &ready[i].field[f]);
    }
    buf_free(&folded);
    buf_free(&sorted);
    return ok ? ready : NULL;
}

/* --- weights --- */

struct weights {
    double agree[SIMILAR_FIELD_N], disagree[SIMILAR_FIELD_N];
    const struct similar_rules *rules;
};

static bool weigh_fields(const struct similar_rules *rules, struct weights *out,
                         struct err *err)
{
    out->rules = rules;
    for (int f = 0; f < SIMILAR_FIELD_N; f++) {
        double m = rules->field[f].m, u = rules->field[f].u,
               floor = rules->field[f].floor;

        if (!(u > 0 && m > u && m < 1 && floor >= 0 && floor < 1))
            return err_set(err, ERR_INPUT,
                           "a field must agree more often in one person than by chance: "
                           "0 < u < m < 1, and 0 <= floor < 1");
        out->agree[f] = log2(m / u);
        out->disagree[f] = log2((1 - m) / (1 - u));
    }
    return true;
}

static double field_weight(const struct weights *w, int field, double s)
{
    double floor = w->rules->field[field].floor;

    s = s > floor ? (s - floor) / (1 - floor) : 0;
    return w->disagree[field] + s * (w->agree[field] - w->disagree[field]);
}

static struct similar_pair weigh_pair(const struct weights *w, const struct ready *ready,
                                      uint32_t a, uint32_t b)
{
    struct similar_pair pair = {.a = a, .b = b};
    double shared = 0; /* the strongest agreement of a household */

    for (int f = 0; f < SIMILAR_FIELD_N; f++) {
        str x = ready[a].field[f], y = ready[b].field[f];
        double s, weight;

        pair.alike[f] = SIMILAR_UNKNOWN;
        if (!x.n || !y.n)
            continue;
        s = str_eq(x, y) ? 1 : has_words(f) ? similar_jaro_winkler(x, y) : 0;
        pair.alike[f] = (uint8_t)(s * 100);
        weight = field_weight(w, f, s);
        if (!w->rules->field[f].is_shared || weight < 0)
            pair.weight += weight;
        else if (weight > shared)
            shared = weight;
    }
    pair.weight += shared;
    return pair;
}

/* --- whom to compare --- */

/* What a contact may have in common with another. */
struct key {
    uint64_t hash;
    uint32_t contact;
};

static void add_key(struct key *key, size_t *n, uint32_t contact, int kind, str bytes)
{
    if (bytes.n)
        key[(*n)++] = (struct key){hash64(bytes) + (uint64_t)kind, contact};
}

/* The beginnings of all words, behind what stands in the room already. */
static str starts_of(str words, size_t of_each, size_t n, char room[CHARS_MAX])
{
    size_t in_word = 0;

    for (size_t i = 0; i < words.n && n < CHARS_MAX; i++) {
        in_word = words.p[i] == ' ' ? 0 : in_word + 1;
        if (in_word <= of_each)
            room[n++] = words.p[i];
    }
    return (str){room, n};
}

/* Where a code is, those who are called alike. */
static str postal_key(str postal, str name, char room[CHARS_MAX])
{
    size_t n = postal.n < CHARS_MAX / 2 ? postal.n : CHARS_MAX / 2;

    if (!n || !name.n)
        return (str){NULL, 0};
    memcpy(room, postal.p, n);
    return starts_of(name, 1, n, room);
}

static str digits_of(str text, char room[CHARS_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < text.n && n < CHARS_MAX; i++)
        if (text.p[i] >= '0' && text.p[i] <= '9')
            room[n++] = text.p[i];
    return (str){room, n};
}

static size_t add_keys(struct key *key, size_t n, const struct ready *r, uint32_t contact)
{
    char room[CHARS_MAX];
    const str *f = r->field;
    str phone = f[SIMILAR_PHONE];
    int kind = 0;

    add_key(key, &n, contact, kind++, starts_of(f[SIMILAR_NAME], WORD_START, 0, room));
    add_key(key, &n, contact, kind++, starts_of(f[SIMILAR_ADDRESS], WORD_START, 0, room));
    add_key(key, &n, contact, kind++, digits_of(f[SIMILAR_ADDRESS], room));
    add_key(key, &n, contact, kind++,
            phone.n > PHONE_TAIL ? str_from(phone, phone.n - PHONE_TAIL) : phone);
    add_key(key, &n, contact, kind++, f[SIMILAR_EMAIL]);
    add_key(key, &n, contact, kind++, f[SIMILAR_BIRTHDAY]);
    add_key(key, &n, contact, kind++,
            postal_key(f[SIMILAR_POSTAL], f[SIMILAR_NAME], room));
    return n;
}

static int key_order(const void *a, const void *b, void *ready)
{
    const struct key *ka = a, *kb = b;
    const struct ready *r = ready;
    int order;

    if (ka->hash != kb->hash)
        return ka->hash < kb->hash ? -1 : 1;
    order =
        str_cmp(r[ka->contact].field[SIMILAR_NAME], r[kb->contact].field[SIMILAR_NAME]);
    return order ? order : (ka->contact > kb->contact) - (ka->contact < kb->contact);
}

/* --- pairs --- */

struct pairs {
    struct similar_pair *pair;
    size_t n, cap;
};

/* Of equal pairs all but the first go when they stand together. */
static int pair_order(const void *a, const void *b)
{
    const struct similar_pair *pa = a, *pb = b;

    if (pa->weight != pb->weight)
        return pa->weight > pb->weight ? -1 : 1;
    if (pa->a != pb->a)
        return pa->a < pb->a ? -1 : 1;
    return (pa->b > pb->b) - (pa->b < pb->b);
}

/* Each once, the heaviest first. */
static void keep_once(struct pairs *p)
{
    size_t n = 0;

    if (p->n)
        qsort(p->pair, p->n, sizeof *p->pair, pair_order);
    for (size_t i = 0; i < p->n; i++)
        if (!n || p->pair[n - 1].a != p->pair[i].a || p->pair[n - 1].b != p->pair[i].b)
            p->pair[n++] = p->pair[i];
    p->n = n;
}

/* Twice as many as are kept are gathered before the lighter ones go. */
static bool add_pair(struct pairs *p, struct similar_pair pair)
{
    if (p->n == 2 * (size_t)SIMILAR_PAIRS_MAX) {
        keep_once(p);
        p->n = p->n > SIMILAR_PAIRS_MAX ? SIMILAR_PAIRS_MAX : p->n;
    }
    if (p->n == p->cap) {
        size_t cap = p->cap ? p->cap * 2 : 64;
        struct similar_pair *grown = mem_resize(p->pair, cap * sizeof *grown);

        if (!grown)
            return false;
        p->pair = grown;
        p->cap = cap;
    }
    p->pair[p->n++] = pair;
    return true;
}

static bool compare(const struct weights *w, const struct ready *ready,
                    const struct key *key, size_t n, struct pairs *to)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n && j <= i + NEIGHBOURS && key[j].hash == key[i].hash;
             j++) {
            uint32_t x = key[i].contact, y = key[j].contact;
            struct similar_pair pair = weigh_pair(w, ready, x < y ? x : y, x < y ? y : x);

            if (pair.weight >= w->rules->threshold && !add_pair(to, pair))
                return false;
        }
    }
    return true;
}

static bool give_pairs(struct pairs *p, struct arena *a, const struct similar_pair **out,
                       size_t *out_n)
{
    struct similar_pair *kept;

    keep_once(p);
    *out_n = p->n > SIMILAR_PAIRS_MAX ? SIMILAR_PAIRS_MAX : p->n;
    *out = kept = arena_array(a, struct similar_pair, *out_n);
    if (kept && *out_n)
        memcpy(kept, p->pair, *out_n * sizeof *kept);
    return kept;
}

bool similar_find(const struct contact *contact, uint32_t n,
                  const struct similar_rules *rules, struct arena *a,
                  const struct similar_pair **out, size_t *out_n, struct err *err)
{
    struct arena own = {0};
    struct pairs pairs = {NULL};
    struct weights weights;
    struct ready *ready;
    struct key *key;
    size_t key_n = 0;
    bool ok;

    if (!weigh_fields(rules, &weights, err))
        return false;
    ready = make_ready(contact, n, &own);
    key = ready ? arena_array(&own, struct key, (size_t)n * KEYS_MAX) : NULL;
    ok = key;
    for (uint32_t i = 0; ok && i < n; i++)
        key_n = add_keys(key, key_n, &ready[i], i);
    if (ok && key_n)
        qsort_r(key, key_n, sizeof *key, key_order, ready);
    ok = ok && compare(&weights, ready, key, key_n, &pairs)
         && give_pairs(&pairs, a, out, out_n);
    mem_free(pairs.pair);
    arena_free(&own);
    return ok || err_nomem(err);
}
