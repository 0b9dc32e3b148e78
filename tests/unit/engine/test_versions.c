#include "engine/versions.h"

#include "support/fail.h"
#include "support/models.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

static void need_changes(const char *from, const char *to, const char *wanted)
{
    struct arena a = {};
    const struct model_change *change;
    struct buf b = {};
    struct err err;
    uint32_t n;

    assert_true(model_changes(str_of(from), str_of(to), &a, &change, &n, &err));
    changes_print(&b, change, n);
    if (!str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("got \"%.*s\", wanted \"%s\"", STR_FMT(buf_str(&b)), wanted);
    buf_free(&b);
    arena_free(&a);
}

#define MOVES                                                                            \
    "    - { from: a, to: b, when: x }\n"                                                \
    "    - { from: [b, c], to: a, when: y }\n"

TEST(what_a_version_changes_is_told_by_name)
{
    need_changes("segments: { a: { when: x }, b: { when: y } }",
                 "segments: { c: { when: x }, b: { when: z } }", "segments +c, ~b, -a");
    need_changes("segments: { a: 1, b: 2 }", "# a remark\nsegments: { b: 2, a: 1 }\n",
                 "");
    need_changes("workspace: { name: A }", "workspace: { name: B }", "workspace ~name");
    need_changes("scores: { a: 1 }", "traits: { b: text }", "traits +b; scores -a");
    need_changes("ciclo: 1", "ciclo: 2", "ciclo");
    need_changes("a: { q: 1, w: 2, e: 3, r: 4, t: 5 }", "a: { r: 4 }",
                 "a -q, -w, -e and 1 more");
}

TEST(moves_are_told_by_their_stages)
{
    need_changes("lifecycle:\n  moves:\n" MOVES, "lifecycle:\n  moves:\n" MOVES, "");
    need_changes("lifecycle:\n  moves:\n" MOVES,
                 "lifecycle:\n  moves:\n" MOVES "    - { from: a, to: b, when: z }\n",
                 "moves +a -> b");
    need_changes("lifecycle:\n  moves:\n" MOVES,
                 "lifecycle:\n  moves:\n    - { from: a, to: b, when: x }\n"
                 "    - { from: [b, c], to: a, when: z }\n",
                 "moves ~b, c -> a");
    need_changes("lifecycle:\n  moves:\n" MOVES,
                 "lifecycle:\n  moves:\n    - { from: [b, c], to: a, when: y }\n"
                 "    - { from: a, to: b, when: x }\n",
                 "moves ~order");
    need_changes("lifecycle:\n  moves:\n" MOVES, "lifecycle: { start: b }",
                 "start; moves -a -> b, -b, c -> a");
}

TEST(stages_of_a_lifecycle_with_a_name_carry_it)
{
    need_changes(
        "lifecycles: { people: { stages: { a: } }, accounts: { stages: { x: } } }",
        "lifecycles: { people: { stages: { a: , b: } }, shops: { stages: { y: } } }",
        "stages +people.b; lifecycles +shops, -accounts");
    need_changes("lifecycles: { people: { for: x } }",
                 "lifecycles: { people: { for: y } }", "for ~people.");
}

static void apply(struct engine *e, const char *text, uint32_t wanted)
{
    struct err err;
    uint32_t version;

    if (!engine_apply(e, str_of(text), moment_of("2026-05-01"), &version, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(version, wanted);
}

TEST(every_version_is_kept_with_its_text)
{
    struct engine *e = bottega_open("2026-12-31");
    struct buf text = {};
    struct arena a = {};
    const struct version_view *v;
    struct model_version m;
    struct err err;
    uint32_t n;

    buf_add(&text, str_of(bottega_model));
    buf_add(&text, STR("  vip2: { when: segment.vip }\n"));
    buf_add_char(&text, '\0');
    apply(e, text.p, 2);
    apply(e, bottega_model, 3);
    assert_true(engine_versions(e, &a, &v, &n, &err));
    assert_int_equal(n, 3);
    assert_int_equal(v[0].change_n, 0);
    assert_int_equal(v[1].version, 2);
    assert_true(v[1].applied_ms == moment_of("2026-05-01"));
    assert_int_equal(v[1].change_n, 1);
    assert_int_equal(v[1].change[0].sign, '+');
    assert_true(str_eq(v[1].change[0].section, STR("segments")));
    assert_true(str_eq(v[1].change[0].name, STR("vip2")));
    assert_int_equal(v[2].change[0].sign, '-');

    assert_true(engine_version(e, 2, &a, &m, &err));
    assert_true(str_eq(m.text, str_of(text.p)));
    assert_true(engine_version(e, 1, &a, &m, &err));
    assert_true(str_eq(m.text, str_of(bottega_model)));
    assert_false(engine_version(e, 4, &a, &m, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "1 to 3"));
    buf_free(&text);
    arena_free(&a);
    engine_close(e);
}

TEST(a_live_model_with_a_fault_says_which_commands_mend_it)
{
    const struct store_options read = {STORE_READ}, write = {STORE_WRITE};
    const char *path = bottega_path();
    struct model_version m;
    struct arena a = {};
    struct engine *e;
    struct err err;
    uint32_t version;

    assert_true(bottega_create(path, NULL, &e, &err));
    /* An older Ciclo took this text for right. */
    NEED_OK(add_model(
                engine_store(e),
                STR("ciclo: 1\nlifecycle: { stages: { a: { kpi: { repeat: often } } } }"),
                2, &version, &err),
            err);
    engine_close(e);
    assert_false(engine_open(io_system(), str_of(path), &read, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 2);
    assert_true(
        str_starts(str_of(err.msg), STR("model version 2, which is live, has a fault: "
                                        "mend its text (ciclo model show "
                                        "FILE >model.yaml) and make it live (ciclo model "
                                        "apply FILE model.yaml): there "
                                        "is no measure \"often\"")));
    NEED_OK(engine_open_versions(io_system(), str_of(path), &write, &e, &err), err);
    NEED_OK(engine_version(e, 2, &a, &m, &err), err);
    apply(e, "ciclo: 1\nlifecycle: { stages: { a: { kpi: { repeat: entered } } } }\n", 3);
    engine_close(e);
    NEED_OK(engine_open(io_system(), str_of(path), &read, &e, &err), err);
    assert_int_equal(engine_model_version(e), 3);
    engine_close(e);
    arena_free(&a);
}

TEST(an_author_is_a_name_in_one_line)
{
    static const str wrong[] = {STR("Ada\nversion 9"), STR("\x1b[2J"), STR("\xff")};
    char long_name[201];
    struct engine *e = bottega_open("2026-03-01");
    struct apply *a;
    struct err err;

    memset(long_name, 'a', sizeof long_name);
    for (size_t i = 0; i < 4; i++) {
        str author = i < 3 ? wrong[i] : (str){long_name, sizeof long_name};

        assert_false(engine_apply_begin(e, str_of(bottega_model), author, 1, &a, &err));
        assert_int_equal(err.code, ERR_INPUT);
        assert_non_null(strstr(err.msg, "the author is a name"));
    }
    assert_true(
        engine_apply_begin(e, str_of(bottega_model), (str){long_name, 200}, 1, &a, &err));
    engine_apply_cancel(a);
    assert_true(
        engine_apply_begin(e, str_of(bottega_model), STR("Zoë d'Arc"), 1, &a, &err));
    engine_apply_cancel(a);
    engine_close(e);
}

static bool open_and_look(void *path, struct err *err)
{
    const struct store_options o = {STORE_READ};
    struct engine *e;
    struct arena a = {};
    const struct version_view *v;
    struct model_version m;
    struct buf b = {};
    struct json_out j = {.to = &b};
    uint32_t n;
    bool ok;

    if (!engine_open(io_system(), str_of(path), &o, &e, err))
        return false;
    ok = engine_versions(e, &a, &v, &n, err) && engine_version(e, 2, &a, &m, err);
    if (ok) {
        versions_put_json(&j, v, n);
        version_put_json(&j, &m);
        ok = !b.failed || err_nomem(err);
    }
    buf_free(&b);
    arena_free(&a);
    engine_close(e);
    return ok;
}

TEST(a_look_at_versions_without_memory_says_so)
{
    struct engine *e;
    struct err err;

    assert_true(bottega_create(bottega_path(), NULL, &e, &err));
    apply(e, "ciclo: 1\nlifecycle: { stages: { a: } }\n", 2);
    engine_close(e);
    each_oom_or_done(open_and_look, (void *)(uintptr_t)bottega_path());
}
