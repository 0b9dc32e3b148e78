#include "engine/activity.h"

#include "base/mem.h"
#include "base/time.h"
#include "event/event.h"

#include <string.h>

struct notes {
    uint32_t type[EVENT_NOTED_MAX]; /* numbers in the catalog */
    uint32_t n;
};

static struct notes notes_of(const struct catalog *c)
{
    struct notes out = {};

    for (uint32_t i = 0; i < c->type.n; i++)
        if (event_type_is_noted(text_table_get(&c->type, i)))
            out.type[out.n++] = i;
    return out;
}

static bool is_note(const struct notes *notes, uint32_t type)
{
    for (uint32_t i = 0; i < notes->n; i++)
        if (notes->type[i] == type)
            return true;
    return false;
}

/* MOMENT_MIN: nobody did anything. */
static int64_t last_of(const struct half *half, const struct notes *notes)
{
    const struct chunk *c = half->chunk;
    int64_t last_ms = MOMENT_MIN;

    for (EACH_BIT(i, &half->who)) {
        uint32_t k = c->first[i + 1];

        while (k > c->first[i] && is_note(notes, c->type[k - 1]))
            k--;
        if (k > c->first[i] && c->at_ms[k - 1] > last_ms)
            last_ms = c->at_ms[k - 1];
    }
    return last_ms;
}

void activity_free(struct activity *a)
{
    mem_free(a->chunk);
    *a = (struct activity){};
}

static bool make_room(struct activity *a, uint32_t chunks, struct err *err)
{
    struct activity_chunk *more;

    if (chunks <= a->n)
        return true;
    more = mem_resize(a->chunk, chunks * sizeof *more);
    if (!more)
        return err_nomem(err);
    for (uint32_t k = a->n; k < chunks; k++)
        more[k] = (struct activity_chunk){UINT64_MAX, MOMENT_MIN};
    a->chunk = more;
    a->n = chunks;
    return true;
}

static bool look_into(struct snapshot *v, const struct notes *notes, uint32_t k,
                      struct activity_chunk *known, struct err *err)
{
    struct halves halves;
    int64_t last_ms = MOMENT_MIN;

    if (known->version == snapshot_chunk_version(v, k))
        return true;
    if (!snapshot_halves(v, k, &halves, err))
        return false;
    for (uint32_t i = 0; i < halves.n; i++) {
        int64_t half_ms = last_of(&halves.half[i], notes);

        last_ms = half_ms > last_ms ? half_ms : last_ms;
    }
    *known = (struct activity_chunk){snapshot_chunk_version(v, k), last_ms};
    halves_free(&halves);
    return true;
}

bool activity_last(struct snapshot *v, struct activity *a, int64_t *last_ms,
                   struct err *err)
{
    struct notes notes = notes_of(snapshot_catalog(v));
    uint32_t chunks = snapshot_chunk_count(v);
    int64_t found_ms = MOMENT_MIN;

    *last_ms = snapshot_facts(v).last_ms;
    if (!notes.n)
        return true;
    if (!make_room(a, chunks, err))
        return false;
    for (uint32_t k = 0; k < chunks; k++) {
        int64_t first_ms, until_ms;

        snapshot_span(v, k, &first_ms, &until_ms);
        if (until_ms == MOMENT_NEVER || until_ms <= found_ms)
            continue;
        if (!look_into(v, &notes, k, &a->chunk[k], err))
            return false;
        if (a->chunk[k].last_ms > found_ms)
            found_ms = a->chunk[k].last_ms;
    }
    if (found_ms > MOMENT_MIN)
        *last_ms = found_ms;
    return true;
}
