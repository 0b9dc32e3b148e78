/* types.c - which events are of some types: found for 64 events at a time. */
#include "rule/cursor.h"

#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool is_platforms(str type)
{
    static const str names[] = {
        {"identify", 8}, {"group", 5}, {"alias", 5}, {"consent", 7}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (str_eq(type, names[i]))
            return true;
    }
    return event_type_is_noted(type);
}

const struct dictionary_event consent_event = {.name = {"consent", 7}};
const struct dictionary_event acquisition_event = {.name = {"any", 3}};

static bool type_matches(const struct program *p, const struct dictionary_event *event,
                         str type)
{
    if (event == &consent_event)
        return str_eq(type, event->name);
    if (event == &acquisition_event)
        return true;

    const struct dictionary_event *of = dictionary_event(p->env.dictionary, type);

    return event ? of == event : !is_platforms(type) && !(of && of->passive);
}

/* The codes that are in the set, or else those that are not, when they are few. */
static void list_codes(struct type_set *set, uint32_t types)
{
    uint32_t most = sizeof set->code / sizeof *set->code, in = 0;

    for (uint32_t code = 0; code < types; code++)
        in += (uint32_t)(set->bits[code / 64] >> code % 64 & 1);
    set->kind = in <= most           ? TYPES_LISTED
                : types - in <= most ? TYPES_ALL_BUT
                                     : TYPES_MANY;
    for (uint32_t code = 0; code < types && set->kind != TYPES_MANY; code++)
        if ((set->bits[code / 64] >> code % 64 & 1) == (set->kind == TYPES_LISTED))
            set->code[set->code_n++] = (uint16_t)code;
}

static bool types_new(struct program *p, const struct series *s, struct err *err)
{
    const struct text_table *types = &p->env.catalog->type;
    struct type_set set = {0}, *place;
    uint64_t *bits;

    set.bits = bits = arena_array(&p->arena, uint64_t, types->n / 64 + 1);
    place = GROWN(p, types);
    if (!bits || !place)
        return err_nomem(err);
    for (uint32_t code = 0; code < types->n; code++) {
        if (type_matches(p, s->event, text_table_get(types, code)))
            bits[code / 64] |= UINT64_C(1) << code % 64;
    }
    list_codes(&set, types->n);
    *place = set;
    p->types_n++;
    return true;
}

bool types_add(struct program *p, const struct series *s, uint32_t *out, struct err *err)
{
    struct buf key = {};

    key_add(&key, (intptr_t)s->event);
    if (!program_number(&p->types_key, &key, out, err))
        return false;
    if (*out < p->types_n || types_new(p, s, err))
        return true;
    text_table_cut(&p->types_key, p->types_n);
    return false;
}

/* Which of n events, 64 at most, are of this type. */
static uint64_t equals(const uint16_t *type, uint32_t n, uint16_t code)
{
    uint64_t word = 0;

#ifdef __SSE2__
    __m128i all = _mm_set1_epi16((int16_t)code);

    for (uint32_t i = 0; n == 64 && i < 64; i += 16) {
        const __m128i *eight = (const __m128i *)(type + i);
        __m128i a = _mm_cmpeq_epi16(_mm_loadu_si128(eight), all),
                b = _mm_cmpeq_epi16(_mm_loadu_si128(eight + 1), all);

        word |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(a, b)) << i;
    }
    if (n == 64)
        return word;
#endif
    for (uint32_t i = 0; i < n; i++)
        word |= (uint64_t)(type[i] == code) << i;
    return word;
}

static uint64_t match(const struct type_set *set, const uint16_t *type, uint32_t n)
{
    uint64_t word = 0;

    for (uint32_t i = 0; i < n && set->kind == TYPES_MANY; i++)
        word |= (set->bits[type[i] / 64] >> type[i] % 64 & 1) << i;
    for (uint32_t k = 0; k < set->code_n; k++)
        word |= equals(type, n, set->code[k]);
    return set->kind == TYPES_ALL_BUT ? ~word & UINT64_MAX >> (64 - n) : word;
}

static bool mark_set(struct cursor *c, uint32_t set, uint32_t to, struct err *err)
{
    const struct chunk *chunk = c->t.chunk;
    const struct type_set *of = &c->p->types[set];
    struct marks *m = &c->marks[set];
    uint32_t words = (to - c->marked_from + 63) / 64;
    uint64_t all = UINT64_MAX;

    if (words > m->cap) {
        uint64_t *more = mem_resize(m->word, words * sizeof *more);

        if (!more)
            return err_nomem(err);
        m->word = more;
        m->cap = words;
    }
    m->all = of->kind == TYPES_ALL_BUT && !of->code_n;
    if (m->all) {
        if (words)
            memset(m->word, 0xFF, words * sizeof *m->word);
        return true;
    }
    for (uint32_t w = 0; w < words; w++) {
        uint32_t from = c->marked_from + w * 64, left = chunk->event_n - from;

        m->word[w] = match(of, chunk->type + from, left < 64 ? left : 64);
        all &= m->word[w] | (left < 64 ? UINT64_MAX << left : 0);
    }
    m->all = all == UINT64_MAX;
    return true;
}

bool types_mark(struct cursor *c, uint32_t from, uint32_t to, struct err *err)
{
    c->marked_from = from / 64 * 64;
    for (uint32_t i = 0; i < c->p->types_n; i++)
        if ((!c->wanted || c->wanted_types[i]) && !mark_set(c, i, to, err))
            return false;
    return true;
}

void marks_free(struct cursor *c)
{
    for (uint32_t i = 0; c->marks && i < c->p->types_n; i++)
        mem_free(c->marks[i].word);
    mem_free(c->marks);
}
