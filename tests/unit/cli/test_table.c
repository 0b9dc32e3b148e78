#include "cli/cli.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static void fill(struct cli_table *t, struct arena *a)
{
    *t = (struct cli_table){.columns = 3, .arena = a};
    cli_table_add(t, STR("stage"));
    cli_table_add(t, STR("customers"));
    cli_table_add(t, STR("words"));
    cli_table_add(t, STR("fidélité"));
    cli_table_number(t, 7);
    cli_table_add(t, STR("a"));
    cli_table_add(t, STR("x"));
    cli_table_number(t, 18446744073709551615u);
    cli_table_add(t, STR("two\nlines\r"));
}

TEST(a_table_is_aligned_by_characters_not_bytes)
{
    struct arena a = {};
    struct cli_table t;
    struct buf b = {};

    fill(&t, &a);
    cli_table_print(&t, &b);
    assert_false(b.failed);
    buf_add_char(&b, '\0');
    assert_string_equal(b.p, "stage                customers  words\n"
                             "fidélité                     7  a\n"
                             "x         18446744073709551615  two lines \n");
    buf_free(&b);
    arena_free(&a);
}

TEST(csv_quotes_what_must_be_and_runs_no_formula)
{
    static const char *const cell[] = {"a",  "=1+2", "+x",     "-x",   "@x",  "-12.5",
                                       "+3", "a,b",  "a\"b",   "a\nb", "\tx", "",
                                       "é",  " =1",  "=1,\"2", "-"};
    struct arena a = {};
    struct cli_table t = {.columns = sizeof cell / sizeof *cell, .arena = &a};
    struct buf b = {};

    for (size_t i = 0; i < t.columns; i++)
        cli_table_add(&t, str_of(cell[i]));
    cli_table_csv(&t, &b);
    buf_add_char(&b, '\0');
    assert_string_equal(b.p,
                        "a,\"'=1+2\",\"'+x\",\"'-x\",\"'@x\",-12.5,+3,\"a,b\","
                        "\"a\"\"b\",\"a\nb\",\"'\tx\",,é,\" =1\",\"'=1,\"\"2\",\"'-\"\n");
    buf_free(&b);
    arena_free(&a);
}

TEST(a_table_of_many_rows_keeps_them_all)
{
    struct arena a = {};
    struct cli_table t = {.columns = 1, .arena = &a};
    struct buf b = {};

    for (unsigned i = 0; i < 1000; i++)
        cli_table_number(&t, i);
    cli_table_csv(&t, &b);
    assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4);
    buf_free(&b);
    arena_free(&a);
}

static bool print_both(void *context, struct err *err)
{
    struct arena a = {};
    struct cli_table t;
    struct buf b = {};
    bool ok;

    fill(&t, &a);
    cli_table_print(&t, &b);
    ok = !b.failed;
    buf_clear(&b);
    cli_table_csv(&t, &b);
    ok = ok && !b.failed;
    buf_free(&b);
    arena_free(&a);
    (void)context;
    return ok || err_nomem(err);
}

TEST(a_table_survives_the_lack_of_memory)
{
    each_oom(print_both, NULL);
}

/* --- what was given --- */

static struct cli_given given[] = {
    {"at", "2026-01-02"}, {"property", "a=1"}, {"json", ""}, {"property", "b=2"}};
static char word[] = "shop.ciclo", *words[] = {word};

static struct cli command(void)
{
    return (struct cli){.given = given, .given_n = 4, .word = words, .word_n = 1};
}

TEST(words_and_options_are_found)
{
    struct cli c = command();
    const str *all;
    size_t n;

    assert_true(str_eq(cli_word(&c, 0), STR("shop.ciclo")));
    assert_int_equal(cli_word(&c, 1).n, 0);
    assert_true(cli_has(&c, "json"));
    assert_false(cli_has(&c, "csv"));
    assert_true(str_eq(cli_text(&c, "at"), STR("2026-01-02")));
    assert_int_equal(cli_text(&c, "csv").n, 0);
    assert_true(cli_all(&c, "property", &all, &n));
    assert_int_equal(n, 2);
    assert_true(str_eq(all[0], STR("a=1")));
    assert_true(str_eq(all[1], STR("b=2")));
    assert_true(cli_all(&c, "trait", &all, &n));
    assert_int_equal(n, 0);
    arena_free(&c.arena);
}

TEST(a_moment_that_is_wrong_names_its_option)
{
    struct cli c = command();
    struct err err;
    int64_t at_ms;

    assert_true(cli_moment(&c, "at", NULL, 5, &at_ms, &err));
    assert_true(at_ms == INT64_C(1767312000000));
    assert_true(cli_moment(&c, "from", NULL, 5, &at_ms, &err));
    assert_int_equal(at_ms, 5);
    assert_false(cli_moment(&c, "property", NULL, 5, &at_ms, &err));
    assert_non_null(strstr(err.msg, "--property"));
}

TEST(every_command_has_its_row_in_the_help)
{
    for (size_t i = 0; i < cli_command_n; i++) {
        const struct cli_command *c = cli_commands[i];

        assert_non_null(c->run);
        assert_true(strlen(c->what) > 0);
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(c->name, cli_commands[k]->name);
        for (size_t k = 0; k < c->option_n; k++) {
            assert_true(strlen(c->option[k].what) > 0);
            for (size_t m = 0; m < k; m++)
                assert_string_not_equal(c->option[k].name, c->option[m].name);
        }
    }
}
