#include "lifecycle/lives.h"

struct lives {
    uint32_t n;
    struct replay *replay[LIFECYCLES_MAX];
    struct moves moves[LIFECYCLES_MAX];
    struct beside beside[LIFECYCLES_MAX];
};

bool lives_new(struct lifecycle *const *l, uint32_t n, const struct program *p,
               struct lives **out, struct err *err)
{
    struct lives *v = mem_alloc(sizeof *v);

    if (!v)
        return err_nomem(err);
    for (; v->n < n; v->n++)
        if (!replay_new(l[v->n], p, &v->replay[v->n], err)) {
            lives_free(v);
            return false;
        }
    *out = v;
    return true;
}

void lives_free(struct lives *v)
{
    if (!v)
        return;
    for (uint32_t i = 0; i < v->n; i++) {
        replay_free(v->replay[i]);
        moves_free(&v->moves[i]);
    }
    mem_free(v);
}

bool lives_replay(struct lives *v, const struct timeline *t, int64_t until_ms,
                  int64_t *next_ms, struct err *err)
{
    *next_ms = MOMENT_NEVER;
    for (uint32_t i = 0; i < v->n; i++) {
        int64_t its_next_ms;

        v->moves[i].n = 0;
        if (!replay_beside(v->replay[i], t, v->beside, i, until_ms, &v->moves[i],
                           &its_next_ms, err))
            return false;
        v->beside[i] = (struct beside){v->moves[i].move, v->moves[i].n};
        if (its_next_ms < *next_ms)
            *next_ms = its_next_ms;
    }
    return true;
}

const struct beside *lives_moves(const struct lives *v)
{
    return v->beside;
}

const struct loop *lives_loops(const struct lives *v, uint32_t lifecycle, uint32_t *n)
{
    *n = v->moves[lifecycle].loop_n;
    return v->moves[lifecycle].loop;
}

void lives_above(const struct lives *v, int64_t at_ms, uint16_t *stage)
{
    for (uint32_t i = 0; i < v->n; i++) {
        size_t n = v->beside[i].n;

        while (n && v->beside[i].move[n - 1].at_ms > at_ms)
            n--;
        stage[i] = n ? v->beside[i].move[n - 1].to : STAGE_NONE;
    }
}
