/* Several lifecycles of one customer. */
#include "support/fail.h"
#include "support/unit.h"
#include "unit/lifecycle/life.h"

#include <string.h>

enum { SIDES_MAX = 3 };

struct sides {
    struct life life; /* its own lifecycle plays no part */
    struct lifecycle **lifecycle;
    uint32_t n;
    struct rule_lifecycle named[SIDES_MAX];
    struct rule_env env;
    struct program *program;
    struct replay *replay[SIDES_MAX];
    struct moves moves[SIDES_MAX];
    int64_t next_ms[SIDES_MAX];
};

static void sides_close(struct sides *s)
{
    for (uint32_t i = 0; i < SIDES_MAX; i++) {
        replay_free(s->replay[i]);
        moves_free(&s->moves[i]);
    }
    program_free(s->program);
    life_close(&s->life);
}

static bool compile(struct sides *s, const char *text, struct err *err)
{
    const struct yaml *node;

    if (!yaml_parse(str_of(text), &s->life.arena, &node, err)
        || !lifecycles_parse(node, &s->life.arena, &s->lifecycle, &s->n, err))
        return false;
    assert_true(s->n <= SIDES_MAX);
    for (uint32_t i = 0; i < s->n; i++)
        s->named[i] = (struct rule_lifecycle){.name = s->lifecycle[i]->name,
                                              .stage = s->lifecycle[i]->stage_name,
                                              .stage_n = s->lifecycle[i]->stage_n};
    s->env = s->life.env;
    s->env.lifecycle = s->named;
    s->env.lifecycle_n = s->n;
    if (!program_new(&s->env, &s->program, err))
        return false;
    for (uint32_t i = 0; i < s->n; i++)
        if (!lifecycle_compile(s->lifecycle[i], s->program, err))
            return false;
    for (uint32_t i = 0; i < s->n; i++)
        if (!replay_new(s->lifecycle[i], s->program, &s->replay[i], err))
            return false;
    return true;
}

static bool sides_open(struct sides *s, const char *text, const struct did *did, size_t n,
                       struct err *err)
{
    static const char nothing[] = "start: here\n"
                                  "stages: { here: , there: }\n"
                                  "moves:\n"
                                  "  - { from: here, to: there, when: exists(c) }\n";

    *s = (struct sides){};
    if (!life_open(&s->life, "UTC", nothing, did, n, err))
        return false;
    if (compile(s, text, err))
        return true;
    sides_close(s);
    return false;
}

static bool sides_replay(struct sides *s, const char *until, struct err *err)
{
    struct beside above[SIDES_MAX];

    for (uint32_t i = 0; i < s->n; i++) {
        if (!replay_beside(s->replay[i], &s->life.timeline, above, i,
                           life_moment(&s->life, until), &s->moves[i], &s->next_ms[i],
                           err))
            return false;
        above[i] = (struct beside){s->moves[i].move, s->moves[i].n};
    }
    return true;
}

/* "DAY stage" lines; the stage before must be the one that each move leads from. */
static const char *history(struct sides *s, uint32_t lifecycle)
{
    const struct moves *m = &s->moves[lifecycle];
    struct buf b = {};
    str text;

    for (size_t i = 0; i < m->n; i++) {
        const struct move *move = &m->move[i];

        assert_int_equal(move->from, i ? m->move[i - 1].to : STAGE_NONE);
        moment_print_day(&b, s->life.zone, move->at_ms);
        buf_add_char(&b, ' ');
        if (move->to == STAGE_NONE) {
            assert_int_equal(move->way, WAY_OUT);
            buf_add(&b, STR("out"));
        } else {
            buf_add(&b, s->lifecycle[lifecycle]->stage[move->to].name);
        }
        buf_add_char(&b, '\n');
    }
    text = arena_str(&s->life.arena, buf_str(&b));
    buf_free(&b);
    return text.p;
}

static void sides_are(const char *text, const struct did *did, size_t n,
                      const char *until, const char *const *wanted, uint32_t wanted_n)
{
    struct sides s;
    struct err err;

    if (!sides_open(&s, text, did, n, &err) || !sides_replay(&s, until, &err))
        fail_msg("line %d, column %d: %s", err.line, err.column, err.msg);
    assert_int_equal(s.n, wanted_n);
    for (uint32_t i = 0; i < wanted_n; i++) {
        assert_string_equal(history(&s, i), wanted[i]);
        assert_true(s.next_ms[i] > life_moment(&s.life, until));
    }
    sides_close(&s);
}

#define SIDES_ARE(text, did, until, ...)                                                 \
    sides_are((text), (did), sizeof(did) / sizeof *(did), (until),                       \
              (const char *const[]){__VA_ARGS__},                                        \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static const char buyers[] =
    "buying:\n"
    "  start: new\n"
    "  stages: { new: , buyer: , silent: }\n"
    "  moves:\n"
    "    - { from: [new, silent], to: buyer, when: since(purchase) < 30d }\n"
    "    - { from: buyer, to: silent, when: since(purchase) >= 30d }\n"
    "care:\n"
    "  start: none\n"
    "  stages: { none: , needed: , given: }\n"
    "  moves:\n"
    "    - { from: none, to: needed, when: lifecycle.buying.stage = \"silent\" }\n"
    "    - { from: needed, to: given, when: exists(a) }\n"
    "    - { from: [needed, given], to: none, when: lifecycle.buying.stage = \"buyer\" "
    "}\n";

TEST(a_lifecycle_sees_the_stages_above_after_their_moves_of_the_moment)
{
    static const struct did did[] = {
        {"2011-01-01", "visit", NULL},
        {"2011-01-11", "purchase", NULL},
        {"2011-05-01", "purchase", NULL},
    };

    SIDES_ARE(buyers, did, "2011-12-31",
              "2011-01-01 new\n"
              "2011-01-11 buyer\n"
              "2011-02-10 silent\n"
              "2011-05-01 buyer\n"
              "2011-05-31 silent\n",
              /* By time alone, and with no event of its own. */
              "2011-01-01 none\n"
              "2011-02-10 needed\n"
              "2011-05-01 none\n"
              "2011-05-31 needed\n");
}

TEST(moves_above_that_are_not_yet_known_are_not_seen)
{
    static const struct did did[] = {{"2011-01-11", "purchase", NULL}};

    SIDES_ARE(buyers, did, "2011-02-09", "2011-01-11 new\n2011-01-11 buyer\n",
              "2011-01-11 none\n");
}

TEST(a_lifecycle_that_is_not_for_a_customer_has_nothing_of_him)
{
    static const struct did did[] = {{"2011-01-01", "visit", NULL}};

    SIDES_ARE("people: { for: exists(purchase), start: s, stages: { s: , t: }, moves:\n"
              "    [ { from: s, to: t, when: exists(visit) } ] }\n",
              did, "2011-12-31", "");
}

TEST(whom_a_lifecycle_is_for_comes_in_goes_out_and_comes_in_again)
{
    static const struct did did[] = {
        {"2011-01-01", "visit", NULL}, {"2011-02-01", "purchase", NULL},
        {"2011-02-05", "a", NULL},     {"2011-06-01", "purchase", NULL},
        {"2011-06-02", "visit", NULL},
    };

    SIDES_ARE("clients:\n"
              "  for: exists(purchase, 30d)\n"
              "  start: fresh\n"
              "  stages: { fresh: , known: , old: }\n"
              "  moves:\n"
              "    - { from: fresh, to: old, when: times_in(\"fresh\") >= 2 }\n"
              "    - { from: fresh, to: known, when: 'exists(a, stage)' }\n",
              did, "2011-12-31",
              "2011-02-01 fresh\n"
              "2011-02-05 known\n"
              "2011-03-03 out\n"
              "2011-06-01 fresh\n" /* the second time: counted on */
              "2011-06-01 old\n"
              "2011-07-01 out\n");
}

TEST(who_is_out_of_a_lifecycle_above_is_in_no_stage_of_it)
{
    static const struct did did[] = {
        {"2011-01-01", "visit", NULL},
        {"2011-02-01", "purchase", NULL},
    };

    SIDES_ARE(
        "clients: { for: 'exists(purchase, 30d)', start: in,\n"
        "  stages: { in: , deep: },\n"
        "  moves: [ { from: in, to: deep, when: exists(c) } ] }\n"
        "watch:\n"
        "  start: off\n"
        "  stages: { off: , on: }\n"
        "  moves:\n"
        "    - { from: off, to: on, when: lifecycle.clients.stage is not missing }\n"
        "    - { from: on, to: off, when: lifecycle.clients.stage is missing }\n",
        did, "2011-12-31", "2011-02-01 in\n2011-03-03 out\n",
        "2011-01-01 off\n2011-02-01 on\n2011-03-03 off\n");
}

TEST(a_loop_beside_is_met_again_when_a_move_above_comes)
{
    static const struct did did[] = {
        {"2011-01-11", "purchase", NULL},
    };
    struct sides s;
    struct err err;

    if (!sides_open(&s,
                    "buying:\n"
                    "  start: buyer\n"
                    "  stages: { buyer: , silent: }\n"
                    "  moves:\n"
                    "    - { from: buyer, to: silent, when: since(purchase) >= 30d }\n"
                    "ring:\n"
                    "  start: left\n"
                    "  stages: { left: , right: , end: }\n"
                    "  moves:\n"
                    "    - { from: left, to: end, when: lifecycle.buying.stage = "
                    "\"silent\" }\n"
                    "    - { from: left, to: right, when: exists(purchase) }\n"
                    "    - { from: right, to: left, when: exists(purchase) }\n",
                    did, 1, &err)
        || !sides_replay(&s, "2011-12-31", &err))
        fail_msg("%s", err.msg);
    assert_string_equal(history(&s, 1), "2011-01-11 left\n2011-02-10 end\n");
    assert_int_equal(s.moves[1].loop_n, 1);
    sides_close(&s);
}

TEST(lifecycles_that_bring_a_customer_in_and_out_without_end_are_refused)
{
    static const struct did did[] = {{"2011-01-01", "visit", NULL}};
    struct sides s;
    struct err err;

    if (!sides_open(&s,
                    "tick:\n"
                    "  start: on\n"
                    "  stages: { on: , off: }\n"
                    "  moves:\n"
                    "    - { from: on, to: off, when: time_in_stage >= 1h }\n"
                    "    - { from: off, to: on, when: time_in_stage >= 1h }\n"
                    "guest:\n"
                    "  for: lifecycle.tick.stage = \"on\"\n"
                    "  start: s\n"
                    "  stages: { s: , t: }\n"
                    "  moves: [ { from: s, to: t, when: exists(c) } ]\n",
                    did, 1, &err))
        fail_msg("%s", err.msg);
    assert_true(sides_replay(&s, "2011-01-02", &err));
    assert_int_equal(s.moves[1].n, 25); /* in and out, an hour each */
    assert_false(sides_replay(&s, "2099-01-01", &err));
    assert_int_equal(err.code, ERR_LIMIT);
    sides_close(&s);
}

static bool when_memory_fails([[maybe_unused]] void *context, struct err *err)
{
    static const struct did did[] = {
        {"2011-01-01", "visit", NULL},
        {"2011-01-11", "purchase", NULL},
    };
    struct sides s;
    bool ok = sides_open(&s, buyers, did, 2, err);

    if (ok) {
        ok = sides_replay(&s, "2011-12-31", err);
        sides_close(&s);
    }
    return ok;
}

TEST(lifecycles_beside_one_another_survive_without_memory)
{
    each_oom(when_memory_fails, NULL);
}
