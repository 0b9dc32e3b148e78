/* Any text compiles or is refused in words. What compiles, compiles again to the same model,
 * that finds the same odd and leads a customer the same way. */
#include "support/fuzz.h"

#include "engine/model.h"

static const struct event did[] = {
    {.at_ms = 0, .customer = {"x", 1}, .type = {"purchase", 8}, .id = {"1", 1}},
    {.at_ms = 0, .customer = {"x", 1}, .type = {"visit", 5}, .id = {"2", 1}},
    {.at_ms = 5 * MS_DAY, .customer = {"x", 1}, .type = {"identify", 8}, .id = {"3", 1}},
    {.at_ms = 40 * MS_DAY, .customer = {"x", 1}, .type = {"purchase", 8}, .id = {"4", 1}},
};
enum { DID = sizeof did / sizeof *did };

/* False when time alone moves him to and fro for ever. */
static bool replay(const struct model *m, const struct chunk *chunk, struct moves *moves)
{
    struct timeline t = timeline_of(chunk, 0);
    struct replay *r;
    struct err err;
    int64_t next_ms;
    bool ok;

    NEED(replay_new(m->lifecycle, m->program, &r, &err));
    ok = replay_beside(r, &t, NULL, 0, 400 * MS_DAY, moves, &next_ms, &err);
    NEED(ok ? next_ms > 400 * MS_DAY : err.code == ERR_LIMIT && moves->n == 0);
    replay_free(r);
    return ok;
}

static void same_moves(const struct model *one, const struct model *two,
                       const struct chunk *chunk)
{
    struct moves a = {}, b = {};

    NEED(replay(one, chunk, &a) == replay(two, chunk, &b));
    NEED(a.n == b.n && a.loop_n == b.loop_n);
    for (size_t i = 0; i < a.n; i++) {
        NEED(a.move[i].at_ms == b.move[i].at_ms && a.move[i].way == b.move[i].way);
        NEED(a.move[i].from == (i ? a.move[i - 1].to : STAGE_NONE));
        NEED(a.move[i].to < one->lifecycle->stage_n);
    }
    moves_free(&a);
    moves_free(&b);
}

static void same_findings(const struct model *one, const struct model *two)
{
    const struct finding *x, *y;
    struct arena a = {};
    struct err err;
    uint32_t n, m;

    NEED(model_lint(one, &a, &x, &n, &err) && model_lint(two, &a, &y, &m, &err));
    NEED(n == m);
    for (uint32_t i = 0; i < n; i++)
        NEED(x[i].line > 0 && x[i].line == y[i].line && x[i].column == y[i].column
             && str_eq(x[i].text, y[i].text));
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str text = {(const char *)p, n};
    struct catalog catalog;
    struct chunk *chunk;
    struct model *one, *two;
    struct err err;

    NEED(catalog_init(&catalog, &err));
    for (size_t i = 0; i < DID; i++)
        NEED(catalog_add_event(&catalog, &did[i], &err));
    NEED(chunk_build(&catalog, NULL, 0, did, DID, &chunk, &err));
    if (model_compile(io_system(), text, &catalog, &one, &err)) {
        NEED(model_compile(io_system(), text, &catalog, &two, &err));
        NEED(one->lifecycle->way_n == two->lifecycle->way_n);
        NEED(one->segments->segment_n == two->segments->segment_n);
        same_findings(one, two);
        same_moves(one, two, chunk);
        model_free(one);
        model_free(two);
    } else {
        NEED((err.code == ERR_INPUT && err.line > 0 && err.column > 0 && err.msg[0])
             || err.code == ERR_LIMIT);
    }
    chunk_free(chunk);
    catalog_free(&catalog);
    return 0;
}
