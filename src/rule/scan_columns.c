#include "rule/scan_impl.h"

#include "base/num.h"

#include <string.h>

/* --- windows --- */

int64_t before_length(const struct program *p, int64_t t, struct length length)
{
    /* A month has at most 31 days, and no clock is put forward by more than one. */
    int64_t low = t - length.months * (31 * MS_DAY) - 2 * MS_DAY, high = t;

    if (!length.months)
        return t - length.ms;
    if (low < MOMENT_MIN)
        low = MOMENT_MIN - 1;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (length_add(p->env.zone, middle, length) <= t)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static bool is_no_length(struct length l)
{
    return !l.months && !l.ms;
}

void window_stand(const struct scan *s, struct windowed *w)
{
    w->begin_ms = INT64_MIN;
    w->end_ms = s->at_ms + 1;
    switch (w->window.kind) {
    case WINDOW_LENGTHS:
        w->begin_ms = before_length(s->p, s->at_ms, w->window.to) + 1;
        if (!is_no_length(w->window.from))
            w->end_ms = before_length(s->p, s->at_ms, w->window.from) + 1;
        break;
    case WINDOW_DATES:
        w->begin_ms = w->window.from_ms;
        if (w->window.to_ms < w->end_ms)
            w->end_ms = w->window.to_ms;
        break;
    case WINDOW_ALL:
    case WINDOW_STAGE:
        break;
    }
}

static bool window_same(const struct window *a, const struct window *b)
{
    return a->kind == b->kind && a->from.months == b->from.months
           && a->from.ms == b->from.ms && a->to.months == b->to.months
           && a->to.ms == b->to.ms && a->from_ms == b->from_ms && a->to_ms == b->to_ms;
}

static struct windowed *window_find(struct scan *s, const struct window *window)
{
    struct windowed *w;

    for (uint32_t i = 0; i < s->window_n; i++)
        if (window_same(&s->window[i]->window, window))
            return s->window[i];
    if (s->window_n == s->window_cap) {
        uint32_t cap = s->window_cap ? s->window_cap * 2 : 8;
        struct windowed **more = mem_resize(s->window, cap * sizeof(struct windowed *));

        if (!more)
            return NULL;
        s->window = more;
        s->window_cap = cap;
    }
    w = mem_alloc(sizeof *w);
    if (!w)
        return NULL;
    w->window = *window;
    window_stand(s, w);
    return s->window[s->window_n++] = w;
}

/* The first of the moments [from, to) that is not before ms: looked for from the end, where
 * those of most windows are. */
static uint32_t first_from(const int64_t *at_ms, uint32_t from, uint32_t to, int64_t ms)
{
    for (uint32_t step = 1; to > from; step *= 2) {
        uint32_t low = to - from > step ? to - step : from;

        if (at_ms[low] >= ms) {
            to = low;
            continue;
        }
        for (low++; low < to;) {
            uint32_t middle = low + (to - low) / 2;

            if (at_ms[middle] < ms)
                low = middle + 1;
            else
                to = middle;
        }
        return to;
    }
    return to;
}

static int64_t entered_ms(const struct scan *s, uint32_t i)
{
    return s->standing[i].stage == STAGE_NONE ? INT64_MAX : s->standing[i].entered_ms;
}

/* Finds the events of those wanted who have not been looked for yet. */
static struct windowed *window_of(struct scan *s, const struct window *window,
                                  const struct bits *want)
{
    struct windowed *w = window_find(s, window);
    const struct chunk *c = s->chunk;
    struct bits need;

    if (!w) {
        err_nomem(s->err);
        return NULL;
    }
    need = bits_without(want, &w->known);
    for (EACH_BIT(i, &need)) {
        int64_t begin_ms = window->kind == WINDOW_STAGE ? entered_ms(s, i) : w->begin_ms;
        uint32_t first = c->first[i], to = c->first[i + 1];

        if (s->span.last_ms >= w->end_ms)
            to = first_from(c->at_ms, first, to, w->end_ms);
        w->to[i] = to;
        w->from[i] = s->span.first_ms >= begin_ms
                         ? first
                         : first_from(c->at_ms, first, to, begin_ms);
    }
    w->known = bits_or(&w->known, &need);
    return w;
}

/* --- events alone --- */

/* A bit for each type of the series. */
static const uint64_t *types_of(const struct scan *s, const struct series *series)
{
    return s->p->types[series->types].bits;
}

static bool matches(const uint64_t *types, uint32_t type)
{
    return types[type / 64] >> type % 64 & 1;
}

static uint32_t count_types(const struct scan *s, const uint64_t *types, uint32_t from,
                            uint32_t to)
{
    uint32_t n = 0;

    for (; from < to; from++)
        n += matches(types, s->chunk->type[from]);
    return n;
}

/* The place of the first such event; `to` when there is none. */
static uint32_t first_of_types(const struct scan *s, const uint64_t *types, uint32_t from,
                               uint32_t to)
{
    while (from < to && !matches(types, s->chunk->type[from]))
        from++;
    return from;
}

/* The place behind the last such event; `from` when there is none. */
static uint32_t behind_types(const struct scan *s, const uint64_t *types, uint32_t from,
                             uint32_t to)
{
    while (to > from && !matches(types, s->chunk->type[to - 1]))
        to--;
    return to;
}

static void put(struct column_vals *out, uint32_t i, int64_t n)
{
    out->n[i] = n;
    bits_put(&out->there, i);
}

static void event_vals(const struct scan *s, const struct slot *slot,
                       const struct windowed *w, const struct bits *want,
                       struct column_vals *out)
{
    const uint64_t *types = types_of(s, &s->p->series[slot->series]);

    for (EACH_BIT(i, want)) {
        uint32_t from = w->from[i], to = w->to[i], at;

        switch ((int)slot->function) {
        case FUNCTION_COUNT:
            put(out, i, count_types(s, types, from, to) * NUM_ONE);
            break;
        case FUNCTION_EXISTS:
            put(out, i, first_of_types(s, types, from, to) < to);
            break;
        case FUNCTION_FIRST:
        case FUNCTION_AGE:
            at = first_of_types(s, types, from, to);
            if (at < to)
                put(out, i, s->chunk->at_ms[at]);
            break;
        default: /* last, since */
            at = behind_types(s, types, from, to);
            if (at > from)
                put(out, i, s->chunk->at_ms[at - 1]);
        }
    }
}

/* --- cells --- */

/* A column's cells as values of a type, with a finger that moves forward. */
struct cells_at {
    const struct cells *cells;
    enum value_type type;
    uint32_t at;
};

/* For each word of the column the key of the rule's text that it equals. */
static bool key_words(struct scan *s, const struct cells *cells)
{
    if (cells->word_n > s->key_cap) {
        int64_t *more = mem_resize(s->key, cells->word_n * sizeof *more);

        if (!more)
            return err_nomem(s->err);
        s->key = more;
        s->key_cap = cells->word_n;
    }
    for (uint32_t i = 0; i < cells->word_n; i++) {
        uint32_t key = text_table_find(&s->p->literal, cells->word[i]);

        s->key[i] = key == TEXT_NONE ? NO_KEY : key;
    }
    return true;
}

static bool cells_open(struct scan *s, const struct source *source, struct cells_at *out)
{
    *out = (struct cells_at){.type = source->type};
    return chunk_cells(s->chunk, s->p->column[source->column].number, &out->cells, s->err)
           && (source->type != VALUE_TEXT || key_words(s, out->cells));
}

static bool cell_value(const struct scan *s, const struct cells_at *c, uint32_t cell,
                       int64_t *out)
{
    struct err ignored;

    switch ((int)c->type) {
    case VALUE_MONEY:
        return money_from_num(c->cells->number[cell], s->p->env.currency_decimals, out);
    case VALUE_TEXT:
        *out = s->key[c->cells->text[cell]];
        return true;
    case VALUE_MOMENT:
        return moment_parse(c->cells->word[c->cells->text[cell]], s->p->env.zone, out,
                            &ignored);
    default: /* number, bool */
        *out = c->cells->number[cell];
        return true;
    }
}

/* What the cells of one customer come to. */
struct total {
    uint32_t n;
    __int128 sum;
    int64_t first, last, least, most;
    int64_t first_ms, last_ms;
};

static void total_of(const struct scan *s, const struct series *series,
                     struct cells_at *c, uint32_t from, uint32_t to, struct total *t)
{
    const uint64_t *types = types_of(s, series);
    const struct chunk *chunk = s->chunk;
    int64_t value;

    t->n = 0;
    t->sum = 0;
    c->at = cells_after(c->cells, c->at, from);
    for (; c->at < c->cells->n && c->cells->event[c->at] < to; c->at++) {
        uint32_t event = c->cells->event[c->at];

        if (!matches(types, chunk->type[event]) || !cell_value(s, c, c->at, &value))
            continue;
        if (!t->n++) {
            t->first = t->least = t->most = value;
            t->first_ms = chunk->at_ms[event];
        }
        t->last = value;
        t->last_ms = chunk->at_ms[event];
        t->least = value < t->least ? value : t->least;
        t->most = value > t->most ? value : t->most;
        t->sum += value;
    }
}

/* What the function makes of it; false: missing. */
static bool function_value(enum function f, const struct total *t, int64_t *out)
{
    switch ((int)f) {
    case FUNCTION_COUNT:
        *out = t->n * NUM_ONE;
        return true;
    case FUNCTION_EXISTS:
        *out = t->n > 0;
        return true;
    case FUNCTION_SUM:
        return num_div128(t->sum, 1, out);
    case FUNCTION_AVG:
        return t->n && num_div128(t->sum, t->n, out);
    case FUNCTION_MIN:
        *out = t->least;
        break;
    case FUNCTION_MAX:
        *out = t->most;
        break;
    case FUNCTION_FIRST:
        *out = t->first;
        break;
    case FUNCTION_LAST:
        *out = t->last;
        break;
    case FUNCTION_AGE:
        *out = t->first_ms;
        break;
    default: /* since */
        *out = t->last_ms;
    }
    return t->n > 0;
}

/* Nobody's events in the window: the column is not read. */
static bool has_events(const struct windowed *w, const struct bits *want)
{
    for (EACH_BIT(i, want))
        if (w->from[i] < w->to[i])
            return true;
    return false;
}

static bool property_vals(struct scan *s, const struct slot *slot,
                          const struct windowed *w, const struct bits *want,
                          struct column_vals *out)
{
    const struct series *series = &s->p->series[slot->series];
    bool none = series->source.column == NONE || !has_events(w, want);
    struct total t = {0};
    struct cells_at c;
    int64_t value;

    if (!none && !cells_open(s, &series->source, &c))
        return false;
    for (EACH_BIT(i, want)) {
        if (!none)
            total_of(s, series, &c, w->from[i], w->to[i], &t);
        if (function_value(slot->function, &t, &value))
            put(out, i, value);
    }
    return true;
}

/* --- traits --- */

static bool trait_vals(struct scan *s, const struct slot *slot, const struct bits *want,
                       struct column_vals *out)
{
    const struct series *series = &s->p->series[slot->series];
    const struct windowed *w = window_of(s, &slot->window, want);
    struct cells_at source;
    struct trait_said said;
    struct trait_at t;
    int64_t value;

    if (!w)
        return false;
    if (series->source.column == NONE || !has_events(w, want))
        return true;
    if (!cells_open(s, &series->source, &source)
        || !trait_open(&t, s->chunk, series->trait, series->keep, s->err))
        return false;
    for (EACH_BIT(i, want))
        if (trait_decide(&t, w->from[i], w->to[i], &said)
            && said.column == s->p->column[series->source.column].number
            && cell_value(s, &source, said.cell, &value))
            put(out, i, value);
    return true;
}

/* --- acquisitions --- */

static bool acquisition_vals(struct scan *s, const struct slot *slot,
                             const struct bits *want, struct column_vals *out)
{
    enum acquisition what = s->p->series[slot->series].source.acquisition;
    const struct windowed *w = window_of(s, &slot->window, want);
    const struct channels *channels = s->p->env.channels;
    const struct origins *o;

    if (!w)
        return false;
    if (!channels || !has_events(w, want))
        return true;
    if (!channels_of(channels, s->chunk, &o, s->err))
        return false;
    for (EACH_BIT(i, want)) {
        uint32_t at = acquired_from(o, w->from[i]), word = WORD_NONE, key;

        if (at < o->acquired_n && o->acquired[at].event < w->to[i])
            word = o->acquired[at].word[what];
        if (word == WORD_NONE)
            continue;
        key = text_table_find(&s->p->literal, o->word[word]);
        put(out, i, key == TEXT_NONE ? NO_KEY : key);
    }
    return true;
}

bool slot_vals(struct scan *s, uint32_t index, const struct bits *want,
               struct column_vals *out)
{
    const struct slot *slot = &s->p->slot[index];
    const struct series *series = &s->p->series[slot->series];
    const struct windowed *w;

    memset(&out->there, 0, sizeof out->there);
    if (series->kind == SERIES_TRAIT)
        return trait_vals(s, slot, want, out);
    if (series->source.kind == SOURCE_ACQUISITION)
        return acquisition_vals(s, slot, want, out);
    w = window_of(s, &slot->window, want);
    if (!w)
        return false;
    if (series->source.kind == SOURCE_COLUMN)
        return property_vals(s, slot, w, want, out);
    event_vals(s, slot, w, want, out);
    return true;
}
