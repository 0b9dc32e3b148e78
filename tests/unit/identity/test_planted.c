/* Made people, some of them twice with errors of those who type, and households that share what
 * households share: what is found of them, beside a twin that compares everybody with everybody. */
#include "identity/similar.h"

#include "support/chance.h"
#include "support/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEOPLE = 1000, TEXT = 48, FIRSTS = 60, LASTS = 300, STREETS = 200, POSTALS = 40 };

struct person {
    char field[SIMILAR_FIELD_N][TEXT];
    uint32_t who; /* the same of those who are one */
};

struct town {
    struct person person[PEOPLE];
    struct contact contact[PEOPLE];
    char first[FIRSTS][TEXT], last[LASTS][TEXT], street[STREETS][TEXT];
};

/* --- made --- */

static void make_word(struct random *r, char to[TEXT], int syllables)
{
    static const char *const start[] = {"b", "c", "d", "f", "g", "l",  "m", "n",
                                        "p", "r", "s", "t", "v", "br", "st"};
    static const char *const end[] = {"a", "e", "i", "o", "u", "an", "er", "in", "ol"};
    size_t n = 0;

    for (int i = 0; i < syllables; i++)
        n += (size_t)snprintf(to + n, TEXT - n, "%s%s", start[random_below(r, 15)],
                              end[random_below(r, 9)]);
}

static void make_words(struct town *t, struct random *r)
{
    for (int i = 0; i < FIRSTS; i++)
        make_word(r, t->first[i], 2 + i % 2);
    for (int i = 0; i < LASTS; i++)
        make_word(r, t->last[i], 3);
    for (int i = 0; i < STREETS; i++)
        make_word(r, t->street[i], 3);
}

static void make_place(const struct town *t, struct random *r, struct person *p)
{
    unsigned postal = (unsigned)random_below(r, POSTALS);

    snprintf(p->field[SIMILAR_ADDRESS], TEXT, "via %s %u",
             t->street[random_below(r, STREETS)], (unsigned)random_below(r, 150) + 1);
    snprintf(p->field[SIMILAR_POSTAL], TEXT, "%05u", 10000 + postal * 10);
    snprintf(p->field[SIMILAR_CITY], TEXT, "%s", t->street[postal / 8]);
    if (random_below(r, 2))
        snprintf(p->field[SIMILAR_PHONE], TEXT, "+39%010u",
                 (unsigned)random_below(r, 1000 * 1000 * 1000));
}

static void make_self(const struct town *t, struct random *r, struct person *p,
                      uint32_t last)
{
    uint32_t first = (uint32_t)random_below(r, FIRSTS);

    snprintf(p->field[SIMILAR_NAME], TEXT, "%.20s %.20s", t->first[first], t->last[last]);
    snprintf(p->field[SIMILAR_BIRTHDAY], TEXT, "%04u-%02u-%02u",
             (unsigned)random_below(r, 60) + 1940, (unsigned)random_below(r, 12) + 1,
             (unsigned)random_below(r, 28) + 1);
    if (random_below(r, 4))
        snprintf(p->field[SIMILAR_EMAIL], TEXT, "%.12s.%.12s%u@x.it", t->first[first],
                 t->last[last], (unsigned)random_below(r, 1000));
}

/* A letter is left out, doubled, another, or changes places with the next; words stay. */
static void mistype(struct random *r, char *text)
{
    size_t n = strlen(text), at = random_below(r, n - 1);

    if (text[at] == ' ' || text[at + 1] == ' ')
        return;
    switch (random_below(r, 4)) {
    case 0:
        memmove(text + at, text + at + 1, n - at);
        break;
    case 1:
        memmove(text + at + 1, text + at, n - at + 1);
        break;
    case 2:
        text[at] = (char)('a' + random_below(r, 26));
        break;
    case 3: {
        char c = text[at];

        text[at] = text[at + 1];
        text[at + 1] = c;
    }
    }
}

/* The same person, taken down another day by somebody else. */
static void take_down(struct random *r, const struct person *of, struct person *to)
{
    *to = *of;
    mistype(r, to->field[SIMILAR_NAME]);
    if (random_below(r, 3) == 0) { /* last name first */
        const char *name = of->field[SIMILAR_NAME], *space = strchr(name, ' ');

        snprintf(to->field[SIMILAR_NAME], TEXT, "%.20s, %.*s", space + 1,
                 (int)(space - name), name);
    }
    if (random_below(r, 2))
        mistype(r, to->field[SIMILAR_ADDRESS]);
    if (random_below(r, 2))
        to->field[SIMILAR_EMAIL][0] = '\0';
    else if (random_below(r, 2))
        to->field[SIMILAR_EMAIL][0] = 'q';
    if (random_below(r, 2))
        to->field[SIMILAR_PHONE][0] = '\0';
    if (random_below(r, 3) == 0)
        to->field[SIMILAR_BIRTHDAY][0] = '\0';
    if (random_below(r, 4) == 0)
        to->field[SIMILAR_POSTAL][0] = '\0';
}

static void make_town(struct town *t, struct random *r)
{
    memset(t, 0, sizeof *t);
    make_words(t, r);
    for (uint32_t i = 0; i < PEOPLE; i++) {
        struct person *p = &t->person[i];
        const struct person *of = &t->person[i ? random_below(r, i) : 0];

        p->who = i;
        if (i && random_below(r, 6) == 0) {
            take_down(r, of, p);
        } else if (i && random_below(r, 6) == 0) { /* a relative */
            const char *last = strrchr(of->field[SIMILAR_NAME], ' ') + 1;

            make_self(t, r, p, 0);
            snprintf(p->field[SIMILAR_NAME], TEXT, "%.20s %.20s",
                     t->first[random_below(r, FIRSTS)], last);
            for (int f = 0; f < SIMILAR_FIELD_N; f++)
                if (similar_rules_usual.field[f].is_shared)
                    memcpy(p->field[f], of->field[f], TEXT);
        } else {
            make_self(t, r, p, (uint32_t)random_below(r, LASTS));
            make_place(t, r, p);
        }
        for (int f = 0; f < SIMILAR_FIELD_N; f++)
            t->contact[i].field[f] = str_of(p->field[f]);
    }
}

/* --- the twin --- */

static int word_order(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void sort_words(const char *text, char to[TEXT])
{
    char word[8][TEXT] = {{0}}, copy[TEXT], *rest = copy;
    size_t n = 0;

    snprintf(copy, TEXT, "%s", text);
    for (char *w; (w = strsep(&rest, " ,"));)
        if (*w)
            snprintf(word[n++], TEXT, "%s", w);
    qsort(word, n, TEXT, word_order);
    to[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        strncat(to, i ? " " : "", TEXT - strlen(to) - 1);
        strncat(to, word[i], TEXT - strlen(to) - 1);
    }
}

/* What docs/identity.md says, field by field. */
static double twin_weight(const struct person *a, const struct person *b)
{
    static const struct {
        int field;
        double m, u, floor;
        bool by_words, of_household;
    } rule[] = {
        {SIMILAR_NAME, 0.95, 0.001, 0.85, true, false},
        {SIMILAR_EMAIL, 0.9, 0.00001, 0, false, false},
        {SIMILAR_BIRTHDAY, 0.95, 0.0005, 0, false, false},
        {SIMILAR_PHONE, 0.8, 0.0001, 0, false, true},
        {SIMILAR_ADDRESS, 0.8, 0.001, 0.85, true, true},
        {SIMILAR_POSTAL, 0.9, 0.01, 0, false, true},
        {SIMILAR_CITY, 0.9, 0.25, 0.85, true, true},
    };
    double sum = 0, best = 0;

    for (size_t i = 0; i < sizeof rule / sizeof *rule; i++) {
        const char *x = a->field[rule[i].field], *y = b->field[rule[i].field];
        double yes = log2(rule[i].m / rule[i].u),
               no = log2((1 - rule[i].m) / (1 - rule[i].u)), s, weight;

        if (!*x || !*y)
            continue;
        s = rule[i].by_words ? similar_jaro_winkler(str_of(x), str_of(y)) : !strcmp(x, y);
        weight = s <= rule[i].floor
                     ? no
                     : no + (s - rule[i].floor) / (1 - rule[i].floor) * (yes - no);
        if (rule[i].of_household && weight > 0)
            best = weight > best ? weight : best;
        else
            sum += weight;
    }
    return sum + best;
}

struct counted {
    uint32_t similar, found; /* by the twin; of these by the search */
    uint32_t planted, planted_found, all_found;
};

static void count_pair(struct counted *c, bool is_similar, bool is_one, bool is_found)
{
    c->similar += is_similar;
    c->found += is_similar && is_found;
    c->planted += is_one;
    c->planted_found += is_one && is_found;
    c->all_found += is_found;
}

static const struct similar_pair *find_pair(const struct similar_pair *pair, size_t n,
                                            uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < n; i++)
        if (pair[i].a == a && pair[i].b == b)
            return &pair[i];
    return NULL;
}

static struct counted compare_with_twin(struct town *t, const struct similar_pair *pair,
                                        size_t n)
{
    struct counted c = {0};

    for (uint32_t i = 0; i < PEOPLE; i++) {
        static const int by_words[] = {SIMILAR_NAME, SIMILAR_ADDRESS, SIMILAR_CITY};

        for (size_t k = 0; k < 3; k++) {
            char sorted[TEXT];

            sort_words(t->person[i].field[by_words[k]], sorted);
            memcpy(t->person[i].field[by_words[k]], sorted, TEXT);
        }
    }
    for (uint32_t a = 0; a < PEOPLE; a++)
        for (uint32_t b = a + 1; b < PEOPLE; b++) {
            double weight = twin_weight(&t->person[a], &t->person[b]);
            bool is_similar = weight >= similar_rules_usual.threshold;
            const struct similar_pair *found =
                is_similar ? find_pair(pair, n, a, b) : NULL;

            if (found && fabs(found->weight - weight) > 1e-9)
                fail_msg("%u and %u weigh %f, the twin says %f", a, b, found->weight,
                         weight);
            count_pair(&c, is_similar, t->person[a].who == t->person[b].who, found);
        }
    return c;
}

TEST(planted_people_are_found_as_by_comparing_everybody)
{
    struct town *t = mem_alloc(sizeof *t);
    struct random r = chance();
    const struct similar_pair *pair;
    struct arena a = {};
    struct counted c;
    struct err err;
    size_t n;

    assert_non_null(t);
    make_town(t, &r);
    assert_true(
        similar_find(t->contact, PEOPLE, &similar_rules_usual, &a, &pair, &n, &err));
    c = compare_with_twin(t, pair, n);
    printf(
        "# %u pairs are one person: found %u (recall %.3f) among %zu (precision %.3f); "
        "%u of the twin's %u\n",
        c.planted, c.planted_found, c.planted_found / (double)c.planted, n,
        c.planted_found / (double)n, c.found, c.similar);
    assert_int_equal(c.all_found, n); /* nothing that the twin does not find */
    assert_true(c.found >= 0.95 * c.similar);
    assert_true(c.planted > 100);
    assert_true(c.planted_found >= 0.75 * c.planted);
    assert_true(c.planted_found >= 0.85 * (double)n);
    arena_free(&a);
    mem_free(t);
}
