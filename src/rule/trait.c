#include "rule/trait.h"

static const enum value_type raws[TRAIT_COLUMNS] = {VALUE_NULL, VALUE_BOOL, VALUE_NUMBER,
                                                    VALUE_TEXT, VALUE_LIST};

bool trait_open(struct trait_at *t, const struct chunk *c, str name,
                const struct keep *keep, struct err *err)
{
    static const struct keep newest;
    const struct catalog *catalog = chunk_catalog(c);
    uint32_t column;

    *t = (struct trait_at){.keep = keep ? keep : &newest};
    for (int i = 0; i < TRAIT_COLUMNS; i++) {
        column = catalog_column_find(catalog, name, true, raws[i]);
        if (column == COLUMN_NONE)
            continue;
        t->of[t->n].column = column;
        if (!chunk_cells(c, column, &t->of[t->n++].cells, err))
            return false;
    }
    if (t->keep->kind != KEEP_SOURCES)
        return true;
    column = catalog_column_find(catalog, STR(EVENT_SOURCE), false, VALUE_TEXT);
    return column == COLUMN_NONE || chunk_cells(c, column, &t->source, err);
}

uint32_t trait_source(const struct cells *source, uint32_t event)
{
    uint32_t at = cells_from(source, event);

    return at < source->n && source->event[at] == event ? at : source->n;
}

static uint32_t rank_of(const struct trait_at *t, uint32_t event)
{
    const struct cells *s = t->source;
    uint32_t rank = t->keep->source_n, at = s ? trait_source(s, event) : 0;

    if (!s || at == s->n)
        return rank;
    for (rank = 0; rank < t->keep->source_n; rank++)
        if (str_eq(t->keep->source[rank], s->word[s->text[at]]))
            break;
    return rank;
}

bool trait_next(struct trait_at *t, uint32_t to, struct trait_said *out)
{
    uint32_t next = TRAIT_COLUMNS;

    for (uint32_t i = 0; i < t->n; i++) {
        const struct cells *cells = t->of[i].cells;
        uint32_t at = t->of[i].at;

        if (at < cells->n && cells->event[at] < to) {
            to = cells->event[at];
            next = i;
        }
    }
    if (next == TRAIT_COLUMNS)
        return false;
    *out = (struct trait_said){.event = to,
                               .cells = t->of[next].cells,
                               .column = t->of[next].column,
                               .cell = t->of[next].at++,
                               .rank = rank_of(t, to)};
    if (out->cells->type == VALUE_NULL)
        out->cells = NULL;
    return true;
}

void trait_say(struct trait_stand *s, const struct keep *keep,
               const struct trait_said *said)
{
    uint32_t bit = UINT32_C(1) << said->rank;

    if (keep->kind == KEEP_FIRST && said->cells && (s->has & bit))
        return;
    s->has = said->cells ? s->has | bit : s->has & ~bit;
    s->said[said->rank] = *said;
}

const struct trait_said *trait_stands(const struct trait_stand *s)
{
    return s->has ? &s->said[__builtin_ctz(s->has)] : NULL;
}

/* The latest in [from, to): no need to look at what was said before. */
static bool latest(struct trait_at *t, uint32_t from, uint32_t to, struct trait_said *out)
{
    uint32_t behind = from;

    *out = (struct trait_said){};
    for (uint32_t i = 0; i < t->n; i++) {
        const struct cells *cells = t->of[i].cells;
        uint32_t at = t->of[i].at = cells_after(cells, t->of[i].at, to);

        if (at && cells->event[at - 1] >= behind) {
            behind = cells->event[at - 1];
            *out = (struct trait_said){.event = behind,
                                       .cells = cells->type == VALUE_NULL ? NULL : cells,
                                       .column = t->of[i].column,
                                       .cell = at - 1};
        }
    }
    return out->cells;
}

bool trait_decide(struct trait_at *t, uint32_t from, uint32_t to, struct trait_said *out)
{
    const struct trait_said *stands;
    struct trait_stand stand;

    if (t->keep->kind == KEEP_NEWEST)
        return latest(t, from, to, out);
    stand.has = 0;
    for (uint32_t i = 0; i < t->n; i++)
        t->of[i].at = cells_after(t->of[i].cells, t->of[i].at, from);
    while (trait_next(t, to, out))
        trait_say(&stand, t->keep, out);
    stands = trait_stands(&stand);
    if (stands)
        *out = *stands;
    return stands;
}
