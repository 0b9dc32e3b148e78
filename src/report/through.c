#include "report/through.h"

#include "base/json.h"

#include <string.h>

/* --- names --- */

bool step_names_add(struct step_names *n, str name, uint16_t *number, struct err *err)
{
    uint32_t at = text_table_find(&n->text, name);

    if (at == TEXT_NONE) {
        if (n->text.n == THROUGH_NAMES_MAX)
            return err_set(err, ERR_LIMIT,
                           "these are more than %u different steps: take something that "
                           "has fewer values",
                           THROUGH_NAMES_MAX);
        if (!text_table_add(&n->text, name, &at))
            return err_nomem(err);
    }
    *number = (uint16_t)(at + 1);
    return true;
}

str step_names_get(const struct step_names *n, uint16_t number)
{
    return text_table_get(&n->text, number - 1u);
}

void step_names_free(struct step_names *n)
{
    text_table_free(&n->text);
}

/* --- a chunk --- */

void through_free(struct through_look *l)
{
    mem_free(l->pair);
    mem_free(l->number);
    mem_free(l->of_text);
}

static bool room(struct through_look *l, uint32_t events, struct err *err)
{
    const struct through *t = l->through;
    size_t pairs = (size_t)t->type_n * (CHANNELS_MAX + 1);

    if (!l->pair && !t->has_property) {
        l->pair = mem_alloc((pairs + 1) * sizeof *l->pair);
        if (!l->pair)
            return err_nomem(err);
    }
    if (events > l->cap) {
        uint16_t *more = mem_resize(l->number, events * sizeof *more);

        if (!more)
            return err_nomem(err);
        l->number = more;
        l->cap = events;
    }
    return true;
}

/* One part of a name behind the others. */
static void put_part(struct buf *to, str part)
{
    if (to->n)
        buf_add(to, STR(" / "));
    buf_add(to, part);
}

static void put_value(struct buf *to, const struct through *t, const struct picks *picks,
                      enum value_type type, int64_t value)
{
    struct buf text = {};
    struct json_out j = {.to = &text};

    switch ((int)type) {
    case VALUE_TEXT:
        buf_add(&text, picks_text(picks, value));
        break;
    case VALUE_MONEY:
        json_put_money(&j, value, t->decimals);
        break;
    case VALUE_BOOL:
        json_put_bool(&j, value);
        break;
    case VALUE_MOMENT:
        moment_print(&text, value);
        break;
    default:
        json_put_num(&j, value);
    }
    put_part(to, buf_str(&text));
    to->failed |= text.failed;
    buf_free(&text);
}

/* What the event is called by without its property. */
static void put_pair(struct buf *to, const struct through *t, uint16_t type,
                     uint8_t channel)
{
    if (t->event)
        put_part(to, t->type_name[type]);
    if (t->channel && channel)
        put_part(to, channels_name(t->channels, channel - 1u));
}

static bool take_name(struct through_look *l, struct buf *name, uint16_t *number,
                      struct err *err)
{
    bool ok = !name->failed ? step_names_add(l->names, buf_str(name), number, err)
                            : err_nomem(err);

    buf_free(name);
    return ok;
}

static bool name_pair(struct through_look *l, uint16_t type, uint8_t channel,
                      uint16_t *number, struct err *err)
{
    struct buf name = {};

    put_pair(&name, l->through, type, channel);
    return take_name(l, &name, number, err);
}

static uint16_t *pair_of(const struct through_look *l, uint16_t type, uint8_t channel)
{
    return &l->pair[type * (CHANNELS_MAX + 1) + channel];
}

static bool are_named(const uint16_t *number, uint32_t n)
{
    uint16_t none = 0;

    for (uint32_t i = 0; i < n; i++)
        none |= number[i] == NAME_NONE;
    return !none;
}

/* Numbers n events that follow one another; have all of them a name? */
static bool number_named(const struct through_look *l, const uint16_t *type,
                         const uint8_t *channel, uint32_t n, uint16_t *number)
{
    for (uint32_t i = 0; i < n; i++)
        number[i] = *pair_of(l, type[i], channel[i]);
    return are_named(number, n);
}

/* The first pick says of every event what it is called by, the others only of their own. */
static bool number_pairs(struct through_look *l, const struct chunk *chunk,
                         const uint64_t *marks, const uint8_t *channel, bool is_first,
                         struct err *err)
{
    static const uint8_t none[64];

    l->all = is_first;
    for (uint32_t first = 0; first < chunk->event_n; first += 64) {
        uint32_t left = chunk->event_n - first, n = left < 64 ? left : 64;
        uint64_t all = n < 64 ? ~(UINT64_MAX << n) : UINT64_MAX,
                 bits = marks[first / 64] & all;

        if (bits == all
            && number_named(l, chunk->type + first, channel ? channel + first : none, n,
                            l->number + first))
            continue;
        if (is_first)
            memset(l->number + first, 0, n * sizeof *l->number);
        for (; bits; bits &= bits - 1) {
            uint32_t e = first + (uint32_t)__builtin_ctzll(bits);
            uint8_t of = channel ? channel[e] : 0;
            uint16_t *pair = pair_of(l, chunk->type[e], of);

            if (l->through->channel && !of)
                continue;
            if (!*pair && !name_pair(l, chunk->type[e], of, pair, err))
                return false;
            l->number[e] = *pair;
        }
        l->all = l->all && are_named(l->number + first, n);
    }
    return true;
}

/* The number that a text's key has in this chunk; later chunks have other keys. */
static bool text_room(struct through_look *l, int64_t key, struct err *err)
{
    uint32_t n = (uint32_t)key + 1, cap = l->text_cap ? l->text_cap : 64;
    uint16_t *more;

    if (n <= l->text_cap)
        return true;
    while (cap < n)
        cap = cap < UINT32_MAX / 2 ? cap * 2 : n;
    more = mem_resize(l->of_text, cap * sizeof *more);
    if (!more)
        return err_nomem(err);
    memset(more + l->text_cap, 0, (cap - l->text_cap) * sizeof *more);
    l->of_text = more;
    l->text_cap = cap;
    return true;
}

static bool number_values(struct through_look *l, const struct picks *picks,
                          struct pick pick, const struct chunk *chunk,
                          const uint8_t *channel, struct err *err)
{
    const struct through *t = l->through;
    struct picked p = picks_values(picks, pick);
    bool by_key = pick.type == VALUE_TEXT && !t->event && !t->channel;

    for (uint32_t i = 0; i < p.n; i++) {
        uint32_t e = p.event[i];
        struct buf name = {};

        if (t->channel && !channel[e])
            continue;
        if (by_key && !text_room(l, p.value[i], err))
            return false;
        if (by_key && l->of_text[p.value[i]]) {
            l->number[e] = l->of_text[p.value[i]];
            continue;
        }
        put_pair(&name, t, chunk->type[e], channel ? channel[e] : 0);
        put_value(&name, t, picks, pick.type, p.value[i]);
        if (!take_name(l, &name, &l->number[e], err))
            return false;
        if (by_key)
            l->of_text[p.value[i]] = l->number[e];
    }
    return true;
}

bool through_turn(struct through_look *l, const struct picks *picks,
                  const struct chunk *chunk, struct err *err)
{
    const struct through *t = l->through;
    const struct origins *origins = NULL;

    if (!room(l, chunk->event_n, err))
        return false;
    l->all = false;
    if (t->channel && t->channels && !channels_of(t->channels, chunk, &origins, err))
        return false;
    if (l->of_text)
        memset(l->of_text, 0, l->text_cap * sizeof *l->of_text);
    if (t->has_property || !t->pick_n || (t->channel && !origins))
        memset(l->number, 0, chunk->event_n * sizeof *l->number);
    for (uint32_t i = 0; i < t->pick_n && (!t->channel || origins); i++) {
        const uint8_t *channel = origins ? origins->channel : NULL;

        if (t->has_property
                ? !number_values(l, picks, t->property[i], chunk, channel, err)
                : !number_pairs(l, chunk, picks_marks(picks, t->pick[i]), channel, i == 0,
                                err))
            return false;
    }
    return true;
}
