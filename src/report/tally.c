#include "report/tally.h"

#include "base/mem.h"

#include <string.h>

void tally_free(struct tally *t)
{
    mem_free(t->entry);
    mem_free(t->slot);
}

static uint32_t place_of(const struct tally_row *row, uint32_t cap)
{
    uint64_t half[2];

    _Static_assert(sizeof half == sizeof *row, "all of a row is hashed");
    memcpy(half, row, sizeof half);
    half[0] =
        (half[0] ^ half[1] * UINT64_C(0xD6E8FEB86659FD93)) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(half[0] >> 32) & (cap - 1);
}

static bool same(const struct tally_row *a, const struct tally_row *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* The slot that has the row, or the empty one where it belongs. */
static uint32_t *slot_of(const struct tally *t, const struct tally_row *row)
{
    uint32_t at = place_of(row, t->slot_cap);

    while (t->slot[at] && !same(&t->entry[t->slot[at] - 1].row, row))
        at = (at + 1) & (t->slot_cap - 1);
    return &t->slot[at];
}

static bool grow(struct tally *t, struct err *err)
{
    uint32_t cap = t->cap ? t->cap * 2 : 64;
    struct tally_entry *more;
    uint32_t *slot;

    if (t->n == TALLY_MAX)
        return err_set(
            err, ERR_LIMIT,
            "these are more than %u different ways: take fewer steps, or steps "
            "of which there are fewer kinds",
            TALLY_MAX);
    more = mem_resize(t->entry, cap * sizeof *more);
    if (!more)
        return err_nomem(err);
    t->entry = more;
    slot = mem_alloc((size_t)cap * 2 * sizeof *slot);
    if (!slot)
        return err_nomem(err);
    mem_free(t->slot);
    t->slot = slot;
    t->slot_cap = cap * 2;
    t->cap = cap < TALLY_MAX ? cap : TALLY_MAX;
    for (uint32_t i = 0; i < t->n; i++)
        *slot_of(t, &t->entry[i].row) = i + 1;
    return true;
}

struct tally_entry *tally_find(struct tally *t, struct tally_row row, bool *is_new,
                               struct err *err)
{
    uint32_t *slot = t->slot_cap ? slot_of(t, &row) : NULL;

    *is_new = !slot || !*slot;
    if (!*is_new)
        return &t->entry[*slot - 1];
    if (t->n == t->cap) {
        if (!grow(t, err))
            return NULL;
        slot = slot_of(t, &row);
    }
    t->entry[t->n] = (struct tally_entry){.row = row};
    *slot = ++t->n;
    return &t->entry[t->n - 1];
}
