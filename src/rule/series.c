#include "rule/cursor.h"

#include "base/num.h"

#include <string.h>

/* --- values of events --- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Monday is 1. 1970 began on a Thursday. */
static int64_t weekday_of(int64_t day)
{
    return day + 3 - floor_div(day + 3, 7) * 7 + 1;
}

static int64_t builtin_value(const struct zone *z, enum builtin builtin, int64_t at_ms)
{
    int64_t local = zone_local(z, at_ms), day = floor_div(local, MS_DAY);
    struct civil date = civil_of(local);

    switch (builtin) {
    case BUILTIN_DAY:
        return date.year * INT64_C(10000) + date.month * 100 + date.day;
    case BUILTIN_WEEK: {
        /* A week belongs to the year that has its Thursday. */
        int64_t thursday = day - weekday_of(day) + 4;
        int32_t year = civil_of(thursday * MS_DAY).year;
        int64_t new_year = civil_ms((struct civil){.year = year, .month = 1, .day = 1});

        return year * INT64_C(100) + (thursday - floor_div(new_year, MS_DAY)) / 7 + 1;
    }
    case BUILTIN_WEEKDAY:
        return weekday_of(day);
    case BUILTIN_HOUR:
        return date.hour;
    case BUILTIN_CHANNEL: /* not of time */
    case BUILTIN_MEMBER:
        break;
    }
    return 0;
}

/* A cell as the type that the dictionary gives the property. */
static struct val cell_value(const struct program *p, const struct column_at *column,
                             enum value_type type)
{
    const struct cells *cells = column->cells;
    uint32_t at = column->at;
    struct val v = {.type = type, .column = column};
    struct err ignored;
    bool fits = true;

    switch (type) {
    case VALUE_NUMBER:
    case VALUE_BOOL:
        v.n = cells->number[at];
        break;
    case VALUE_MONEY:
        fits = money_from_num(cells->number[at], p->env.currency_decimals, &v.n);
        break;
    case VALUE_TEXT:
        v.n = column->key[cells->text[at]];
        break;
    case VALUE_MOMENT:
        fits = moment_parse(cells->word[cells->text[at]], p->env.zone, &v.n, &ignored);
        break;
    case VALUE_LIST:
        v.n = at;
        break;
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_LENGTH:
        fits = false;
    }
    return fits ? v : (struct val){.type = VALUE_MISSING};
}

/* Moves the column's finger to the event; is there a cell? */
static bool column_reaches(struct column_at *column, uint32_t event)
{
    const struct cells *cells = column->cells;

    while (column->at < cells->n && cells->event[column->at] < event)
        column->at++;
    return column->at < cells->n && cells->event[column->at] == event;
}

static struct val channel_value(const struct cursor *c, uint32_t event)
{
    uint8_t channel = c->origins ? c->origins->channel[event] : 0;

    if (!channel)
        return (struct val){.type = VALUE_MISSING};
    return (struct val){.type = VALUE_TEXT, .n = c->channel_key[channel - 1]};
}

static struct val member_value(const struct cursor *c, uint32_t event)
{
    const struct cells *cells = c->member.cells;
    uint32_t at = cells ? cells_from(cells, event) : 0;

    if (!cells || at == cells->n || cells->event[at] != event)
        return (struct val){.type = VALUE_MISSING};
    return (struct val){.type = VALUE_TEXT, .n = c->member.key[cells->text[at]]};
}

struct val source_read(struct view *v, const struct source *s)
{
    const struct program *p = v->c->p;
    struct val value = {.type = VALUE_MISSING};
    struct column_at *column;

    if (s->kind == SOURCE_BUILTIN && s->builtin == BUILTIN_CHANNEL) {
        value = channel_value(v->c, v->event);
    } else if (s->kind == SOURCE_BUILTIN && s->builtin == BUILTIN_MEMBER) {
        value = member_value(v->c, v->event);
    } else if (s->kind == SOURCE_BUILTIN) {
        value.type = VALUE_NUMBER;
        value.n = builtin_value(p->env.zone, s->builtin, v->c->at_ms[v->event]) * NUM_ONE;
    } else if (s->column != NONE) {
        column = &v->c->column[s->column];
        if (column_reaches(column, v->event))
            value = cell_value(p, column, s->type);
    }
    return value;
}

/* --- entries --- */

struct entry {
    uint32_t place;
    int64_t value;
    bool there;
};

static bool moved(void *array, uint32_t n, size_t size)
{
    void **items = array, *more = mem_resize(*items, n * size);

    if (more)
        *items = more;
    return more != NULL;
}

static bool has_values(const struct series *s)
{
    return s->kind != SERIES_EVENTS || s->source.kind != SOURCE_NOTHING;
}

/* Has it events that tell of a value that there is none? */
static bool has_missing(const struct series *s)
{
    return s->kind == SERIES_TRAIT || s->source.kind == SOURCE_ACQUISITION;
}

/* Room for n entries, with all that entries of the series have. */
static bool entries_room(struct entries *e, const struct series *s, uint32_t n,
                         struct err *err)
{
    uint32_t cap = e->cap ? e->cap : 16;

    if (n <= e->cap)
        return true;
    while (cap < n)
        cap = cap < UINT32_MAX / 2 ? cap * 2 : n;
    if (!moved(&e->place, cap, sizeof *e->place)
        || (has_values(s) && !moved(&e->value, cap, sizeof *e->value))
        || (has_missing(s) && !moved(&e->there, cap, sizeof *e->there))
        || (s->linked
            && (!moved(&e->prev, cap, sizeof *e->prev)
                || !moved(&e->next, cap, sizeof *e->next))))
        return err_nomem(err);
    e->cap = cap;
    return true;
}

static bool entry_add(struct entries *e, const struct series *s, struct entry entry,
                      struct err *err)
{
    uint32_t n = e->listed_n;

    if (n == e->cap && !entries_room(e, s, n + 1, err))
        return false;
    e->place[n] = entry.place;
    if (e->value)
        e->value[n] = entry.value;
    if (e->there)
        e->there[n] = entry.there;
    e->listed_n++;
    return true;
}

static bool add_value(struct entries *e, const struct series *s, uint32_t place,
                      const struct val *v, struct err *err)
{
    const struct column_at *column = v->column;
    const struct cells *cells;

    if (!s->items)
        return entry_add(e, s, (struct entry){place, v->n, true}, err);
    cells = column->cells;
    for (uint32_t i = cells->list_first[v->n]; i < cells->list_first[v->n + 1]; i++) {
        int64_t item = column->key[cells->list_item[i]];

        if (!entry_add(e, s, (struct entry){place, item, true}, err))
            return false;
    }
    return true;
}

/* The chunk's events [from, to), of which the entries are listed. */
struct stretch {
    uint32_t from, to;
};

/* Those of 64 events from `first` on, the place of a word of marks, that are in the stretch. */
static uint64_t within(const struct stretch *of, uint32_t first)
{
    uint64_t word = UINT64_MAX;

    if (first < of->from)
        word <<= of->from - first;
    if (of->to - first < 64)
        word &= ~(UINT64_MAX << (of->to - first));
    return word;
}

static bool list_event(struct cursor *c, const struct series *s, struct entries *e,
                       uint32_t place, struct err *err)
{
    struct view v = {.c = c, .event = place};
    struct val value = {.type = VALUE_MISSING};

    if (s->where && !ask_condition(&v, s->where))
        return true;
    if (s->source.kind != SOURCE_NOTHING) {
        value = source_read(&v, &s->source);
        if (value.type == VALUE_MISSING)
            return true;
    }
    return add_value(e, s, place, &value, err);
}

/* The marked events that have a cell, where nothing else is asked of them. */
static bool list_cells(struct cursor *c, const struct series *s, const struct stretch *of,
                       struct entries *e, struct err *err)
{
    const uint64_t *marked = c->marks[s->types].word;
    struct column_at *column = &c->column[s->source.column];
    const struct cells *cells = column->cells;

    for (; column->at < cells->n && cells->event[column->at] < of->to; column->at++) {
        uint32_t place = cells->event[column->at], at = place - c->marked_from;
        struct val value;

        if (!(marked[at / 64] >> at % 64 & 1))
            continue;
        value = cell_value(c->p, column, s->source.type);
        if (value.type != VALUE_MISSING && !add_value(e, s, place, &value, err))
            return false;
    }
    return true;
}

static bool list_events(struct cursor *c, const struct series *s,
                        const struct stretch *of, struct entries *e, struct err *err)
{
    const struct marks *m = &c->marks[s->types];
    bool by_type = !s->where && s->source.kind == SOURCE_NOTHING;

    e->all = by_type && m->all;
    if (e->all)
        return true;
    if (!s->where && s->source.kind == SOURCE_COLUMN)
        return s->source.column == NONE || list_cells(c, s, of, e, err);
    for (uint32_t w = 0, first = c->marked_from; first < of->to; w++, first += 64) {
        uint64_t word = m->word[w] & within(of, first);

        if (by_type && e->listed_n + 64 > e->cap
            && !entries_room(e, s, e->listed_n + 64, err))
            return false;
        for (; word; word &= word - 1) {
            uint32_t place = first + (uint32_t)__builtin_ctzll(word);

            if (by_type)
                e->place[e->listed_n++] = place;
            else if (!list_event(c, s, e, place, err))
                return false;
        }
    }
    return true;
}

/* What stands now, as the rule sees it. */
static struct entry standing_entry(const struct cursor *c, const struct series *s,
                                   uint32_t event, const struct trait_said *stands)
{
    struct column_at column = c->column[s->source.column];
    struct val value = {.type = VALUE_MISSING};

    if (stands && stands->column == c->p->column[s->source.column].number) {
        column.at = stands->cell;
        value = cell_value(c->p, &column, s->source.type);
    }
    return (struct entry){event, value.n, value.type != VALUE_MISSING};
}

/* What one customer's events say of the trait: an entry for each by which another value stands. */
static bool list_said(const struct cursor *c, const struct series *s, struct trait_at *t,
                      uint32_t to, struct entries *e, struct err *err)
{
    const struct trait_said *stands = NULL;
    struct trait_stand stand;
    struct trait_said said;

    stand.has = 0;
    while (trait_next(t, to, &said)) {
        uint32_t before = stands ? stands->event : NONE;

        trait_say(&stand, s->keep, &said);
        stands = trait_stands(&stand);
        if ((!stands || stands->event != before)
            && !entry_add(e, s, standing_entry(c, s, said.event, stands), err))
            return false;
    }
    return true;
}

/* Whose the event is, counted from the chunk's first. */
static uint32_t owner_of(const struct chunk *c, uint32_t event)
{
    uint32_t low = 0, high = c->customer_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (c->first[middle + 1] <= event)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool list_trait(const struct cursor *c, const struct series *s,
                       const struct stretch *of, struct entries *e, struct err *err)
{
    const struct chunk *chunk = c->t.chunk;
    uint32_t customer = owner_of(chunk, of->from);
    struct trait_at t;

    if (s->source.column == NONE)
        return true;
    if (!trait_open(&t, chunk, s->trait, s->keep, err))
        return false;
    for (uint32_t i = 0; i < t.n; i++)
        t.of[i].at = cells_from(t.of[i].cells, of->from);
    for (; customer < chunk->customer_n && chunk->first[customer] < of->to; customer++) {
        uint32_t end = chunk->first[customer + 1];

        if (!list_said(c, s, &t, end < of->to ? end : of->to, e, err))
            return false;
    }
    return true;
}

/* The first events with a channel of those customers of whose first something is known. */
static bool list_acquired(struct cursor *c, const struct series *s,
                          const struct stretch *of, struct entries *e, struct err *err)
{
    const struct origins *o = c->origins;

    if (!o)
        return true;
    for (uint32_t i = acquired_from(o, of->from);
         i < o->acquired_n && o->acquired[i].event < of->to; i++) {
        uint32_t word = o->acquired[i].word[s->source.acquisition];
        struct entry entry = {.place = o->acquired[i].event, .there = word != WORD_NONE};

        if (entry.there)
            entry.value = c->acquired_key[word];
        if (!entry_add(e, s, entry, err))
            return false;
    }
    return true;
}

struct chain {
    bool any;
    int64_t end_ms;
    uint32_t place[RULE_STEPS_MAX]; /* of the events, in the order of the steps */
};

/* For each step only the latest event that ends a chain of the steps so far matters: it is the
 * likeliest to be near enough to the next, and its chain begins latest (were an earlier one's
 * beginning later, that chain could have ended here too). Calls `each` for every event that
 * ends a chain of all steps, with the latest beginning that such a chain can have. */
static bool walk_sequence(const struct cursor *c, const struct series *s,
                          bool (*each)(void *context, const struct chain *chain,
                                       struct err *err),
                          void *context, struct err *err)
{
    struct chain chain[RULE_STEPS_MAX] = {{.any = false}};
    uint32_t at[RULE_STEPS_MAX] = {0};

    for (;;) {
        uint32_t place = NONE;
        int64_t at_ms;

        for (uint32_t i = 0; i < s->step_n; i++) {
            const struct entries *of = &c->entries[s->step[i].series];

            if (at[i] < of->n && entry_place(of, at[i]) < place)
                place = entry_place(of, at[i]);
        }
        if (place == NONE)
            return true;
        at_ms = c->at_ms[place];
        /* The last step first: no event is two steps of one chain. */
        for (uint32_t i = s->step_n; i-- > 0;) {
            const struct entries *of = &c->entries[s->step[i].series];

            if (at[i] == of->n || entry_place(of, at[i]) != place)
                continue;
            at[i]++;
            if (i > 0) {
                if (!chain[i - 1].any
                    || length_add(c->p->env.zone, chain[i - 1].end_ms, s->step[i].within)
                           < at_ms)
                    continue;
                chain[i] = chain[i - 1];
            }
            chain[i].any = true;
            chain[i].end_ms = at_ms;
            chain[i].place[i] = place;
            if (i + 1 == s->step_n && !each(context, &chain[i], err))
                return false;
        }
    }
}

struct sequence_to {
    const struct cursor *c;
    const struct series *s;
    struct entries *e;
    uint32_t end; /* sequence_path: the event that ends the chain looked for */
    uint32_t *place;
};

static bool chain_add(void *context, const struct chain *chain, struct err *err)
{
    const struct sequence_to *to = context;

    return entry_add(to->e, to->s,
                     (struct entry){.place = chain->place[to->s->step_n - 1],
                                    .value = to->c->at_ms[chain->place[0]]},
                     err);
}

static bool chain_copy(void *context, const struct chain *chain,
                       [[maybe_unused]] struct err *err)
{
    const struct sequence_to *to = context;

    if (chain->place[to->s->step_n - 1] == to->end)
        memcpy(to->place, chain->place, to->s->step_n * sizeof *to->place);
    return true;
}

void sequence_path(const struct cursor *c, const struct series *s, uint32_t end,
                   uint32_t place[RULE_STEPS_MAX])
{
    struct sequence_to to = {.c = c, .s = s, .end = end, .place = place};

    walk_sequence(c, s, chain_copy, &to, NULL); /* cannot fail: chain_copy does not */
}

/* --- equal values --- */

static uint32_t hash_of(int64_t value, uint32_t mask)
{
    return (uint32_t)((uint64_t)value * UINT64_C(0x9E3779B97F4A7C15) >> 32) & mask;
}

/* Links the customer's entries of equal value, by a table of the latest entry of each value. */
static bool link_entries(struct cursor *c, struct entries *e, struct err *err)
{
    uint32_t size = 16;

    while (size < e->n * 2)
        size *= 2;
    if (size > c->table_cap) {
        uint32_t *more = mem_resize(c->table, size * sizeof *more);

        if (!more)
            return err_nomem(err);
        c->table = more;
        c->table_cap = size;
    }
    memset(c->table, 0xFF, size * sizeof *c->table);
    for (uint32_t i = 0; i < e->n; i++) {
        int64_t value = entry_value(e, i);
        uint32_t at = hash_of(value, size - 1);

        while (c->table[at] != NONE && entry_value(e, c->table[at]) != value)
            at = (at + 1) & (size - 1);
        e->prev[e->from + i] = c->table[at];
        e->next[e->from + i] = NONE;
        if (c->table[at] != NONE)
            e->next[e->from + c->table[at]] = i;
        c->table[at] = i;
    }
    return true;
}

bool series_list_one(struct cursor *c, uint32_t series, uint32_t from, uint32_t to,
                     struct err *err)
{
    const struct series *s = &c->p->series[series];
    const struct stretch of = {from, to};
    struct entries *e = &c->entries[series];

    e->from = e->n = e->listed_n = 0;
    e->all = false;
    if (c->wanted && !c->wanted[series])
        return true;
    for (uint32_t k = 0; k < c->p->column_n; k++)
        c->column[k].at = cells_from(c->column[k].cells, from);
    if (s->source.kind == SOURCE_ACQUISITION)
        return list_acquired(c, s, &of, e, err);
    if (s->kind == SERIES_TRAIT)
        return list_trait(c, s, &of, e, err);
    return s->kind != SERIES_EVENTS || list_events(c, s, &of, e, err);
}

static bool list_stretch(struct cursor *c, const struct stretch *of, struct err *err)
{
    if (!types_mark(c, of->from, of->to, err))
        return false;
    for (uint32_t i = 0; i < c->p->series_n; i++)
        if (!series_list_one(c, i, of->from, of->to, err))
            return false;
    return gaps_mark(c, of->to, err);
}

/* Turns from the entries of the customer before to those of this one. */
static void take_entries(struct entries *e, const struct timeline *t)
{
    uint32_t at = e->from + e->n, end = t->first + t->n;

    if (e->all) {
        e->from = t->first;
        e->n = t->n;
        return;
    }
    while (at < e->listed_n && e->place[at] < t->first)
        at++;
    e->from = at;
    while (at < e->listed_n && e->place[at] < end)
        at++;
    e->n = at - e->from;
}

/* The chains of one customer. */
static bool list_sequence(struct cursor *c, const struct series *s, struct entries *e,
                          struct err *err)
{
    struct sequence_to to = {.c = c, .s = s, .e = e};

    e->listed_n = 0;
    if (!walk_sequence(c, s, chain_add, &to, err))
        return false;
    e->n = e->listed_n;
    return true;
}

/* The stretch begins with this customer. When he follows the last one, it is twice as long as
 * the one before. */
static bool list_from(struct cursor *c, bool follows, struct err *err)
{
    struct stretch of = {.from = c->t.first};
    uint32_t left = c->t.chunk->event_n - of.from, n = c->t.n;

    if (follows && n < (uint64_t)c->stretch_n * 2)
        n = c->stretch_n < left / 2 ? c->stretch_n * 2 : left;
    of.to = of.from + n;
    c->stretch_to = 0;
    if (!list_stretch(c, &of, err))
        return false;
    c->stretch_n = n;
    c->stretch_to = of.to;
    return true;
}

bool series_list(struct cursor *c, struct err *err)
{
    uint32_t first = c->t.first, end = first + c->t.n;
    bool listed = c->stretch_to > 0 && first >= c->taken_to && first <= c->stretch_to;

    if (!(listed && end <= c->stretch_to) && !list_from(c, listed, err))
        return false;
    c->taken_to = end;
    for (uint32_t i = 0; i < c->p->series_n; i++) {
        const struct series *s = &c->p->series[i];
        struct entries *e = &c->entries[i];

        if (c->wanted && !c->wanted[i])
            continue;
        if (s->kind != SERIES_SEQUENCE)
            take_entries(e, &c->t);
        else if (!list_sequence(c, s, e, err))
            return false;
        if (s->linked && !link_entries(c, e, err))
            return false;
    }
    return true;
}
