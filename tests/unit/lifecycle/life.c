#include "unit/lifecycle/life.h"

#include "support/unit.h"

#include <stdio.h>
#include <string.h>

int64_t life_moment(const struct life *l, const char *iso)
{
    struct err err;
    int64_t at_ms;

    if (!moment_parse(str_of(iso), l->zone, &at_ms, &err))
        fail_msg("%s: %s", iso, err.msg);
    return at_ms;
}

/* The customer's events; the last of them comes first, since arrival plays no part. */
static bool build(struct life *l, const struct did *did, size_t n, struct err *err)
{
    struct event *event = arena_array(&l->arena, struct event, n);

    if (!event)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        struct event *e = &event[n - 1 - i];
        char *id = arena_array(&l->arena, char, 24);

        if (!id)
            return err_nomem(err);
        snprintf(id, 24, "%04zu", i);
        *e = (struct event){
            .at_ms = life_moment(l, did[i].at),
            .customer = STR("anna"),
            .type = str_of(did[i].what),
            .id = str_of(id),
        };
        if (did[i].trait) {
            struct property *trait = arena_new(&l->arena, struct property);
            const char *eq = strchr(did[i].trait, '=');

            if (!trait)
                return err_nomem(err);
            trait->name = (str){did[i].trait, (size_t)(eq - did[i].trait)};
            trait->value = (struct value){.type = VALUE_TEXT, .text = str_of(eq + 1)};
            e->trait = trait;
            e->trait_n = 1;
        }
    }
    for (size_t i = 0; i < n; i++)
        if (!catalog_add_event(&l->catalog, &event[i], err))
            return false;
    return chunk_build(&l->catalog, NULL, 0, event, n, &l->chunk, err);
}

static bool compile(struct life *l, const char *lifecycle, struct err *err)
{
    static const char events[] = "a:\nb:\nc:\npurchase:\nvisit:\n",
                      traits[] = "plan: text\n";
    const struct yaml *event_node, *trait_node, *node;

    if (!yaml_parse(str_of(events), &l->arena, &event_node, err)
        || !yaml_parse(str_of(traits), &l->arena, &trait_node, err)
        || !dictionary_parse(event_node, trait_node, &l->arena, &l->dictionary, err)
        || !yaml_parse(str_of(lifecycle), &l->arena, &node, err)
        || !lifecycle_parse(node, &l->arena, &l->lifecycle, err))
        return false;
    l->named = (struct rule_lifecycle){.stage = l->lifecycle->stage_name,
                                       .stage_n = l->lifecycle->stage_n};
    l->env = (struct rule_env){
        .dictionary = &l->dictionary,
        .catalog = &l->catalog,
        .zone = l->zone,
        .currency_decimals = 2,
        .currency = STR("EUR"),
        .lifecycle = &l->named,
        .lifecycle_n = 1,
    };
    return program_new(&l->env, &l->program, err)
           && lifecycle_compile(l->lifecycle, l->program, err)
           && lifecycle_compile_aims(l->lifecycle, &l->measures, l->program, err)
           && replay_new(l->lifecycle, l->program, &l->replay, err);
}

void life_close(struct life *l)
{
    moves_free(&l->moves);
    replay_free(l->replay);
    program_free(l->program);
    chunk_free(l->chunk);
    catalog_free(&l->catalog);
    zone_close(l->zone);
    arena_free(&l->arena);
}

bool life_open(struct life *l, const char *zone, const char *lifecycle,
               const struct did *did, size_t n, struct err *err)
{
    *l = (struct life){};
    if (!zone_open(io_system(), str_of(zone), &l->zone, err)
        || !catalog_init(&l->catalog, err) || (n && !build(l, did, n, err))
        || !compile(l, lifecycle, err)) {
        life_close(l);
        return false;
    }
    if (n)
        l->timeline = timeline_of(l->chunk, 0);
    return true;
}

bool life_replay(struct life *l, const char *until, struct err *err)
{
    return replay_beside(l->replay, &l->timeline, NULL, 0, life_moment(l, until),
                         &l->moves, &l->next_ms, err);
}

const char *life_history(struct life *l)
{
    struct buf b = {};
    str text;

    for (size_t i = 0; i < l->moves.n; i++) {
        const struct move *m = &l->moves.move[i];

        /* Each move begins where the one before ended. */
        assert_int_equal(m->from, i ? l->moves.move[i - 1].to : STAGE_NONE);
        moment_print(&b, m->at_ms);
        buf_add_char(&b, ' ');
        buf_add(&b, l->lifecycle->stage[m->to].name);
        if (m->way != WAY_START)
            buf_add_format(&b, " (%d)", m->way);
        buf_add_char(&b, '\n');
    }
    text = arena_str(&l->arena, buf_str(&b));
    buf_free(&b);
    return text.p;
}

void life_is(const char *zone, const char *lifecycle, const struct did *did, size_t n,
             const char *until, uint32_t loop_n, const char *history)
{
    struct life l;
    struct err err;

    if (!life_open(&l, zone, lifecycle, did, n, &err))
        fail_msg("line %d, column %d: %s", err.line, err.column, err.msg);
    if (!life_replay(&l, until, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(life_history(&l), history);
    assert_int_equal(l.moves.loop_n, loop_n);
    assert_true(l.next_ms > life_moment(&l, until));
    life_close(&l);
}
