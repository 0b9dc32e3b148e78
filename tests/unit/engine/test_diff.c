#include "engine/diff.h"

#include "base/random.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static void need_diff(const char *from, const char *to, const char *wanted)
{
    struct arena a = {};
    const struct hunk *hunk;
    struct buf b = {};
    struct err err;
    uint32_t n;

    assert_true(text_diff(str_of(from), str_of(to), &a, &hunk, &n, &err));
    diff_print(&b, hunk, n);
    if (!str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("got\n%.*s\nwanted\n%s", STR_FMT(buf_str(&b)), wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(equal_texts_do_not_differ)
{
    need_diff("", "", "");
    need_diff("a\nb\n", "a\nb\n", "");
    need_diff("a", "a", "");
}

TEST(changes_stand_between_three_lines_that_are_equal)
{
    need_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\nsix\n7\n8\n9\n",
              "@@ -3,7 +3,7 @@\n 3\n 4\n 5\n-6\n+six\n 7\n 8\n 9\n");
    need_diff("a\nb\n", "b\n", "@@ -1,2 +1,1 @@\n-a\n b\n");
}

TEST(a_text_without_lines_begins_before_the_first)
{
    need_diff("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n");
    need_diff("a\n", "", "@@ -1,1 +0,0 @@\n-a\n");
}

TEST(changes_with_six_equal_lines_between_them_are_one_hunk_and_with_seven_two)
{
    need_diff("x\n1\n2\n3\n4\n5\n6\nx\n", "y\n1\n2\n3\n4\n5\n6\ny\n",
              "@@ -1,8 +1,8 @@\n-x\n+y\n 1\n 2\n 3\n 4\n 5\n 6\n-x\n+y\n");
    need_diff("x\n1\n2\n3\n4\n5\n6\n7\nx\n", "y\n1\n2\n3\n4\n5\n6\n7\ny\n",
              "@@ -1,4 +1,4 @@\n-x\n+y\n 1\n 2\n 3\n"
              "@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-x\n+y\n");
}

TEST(a_line_end_that_is_missing_is_a_change)
{
    need_diff("a\nb", "a\nb\n",
              "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
}

TEST(json_has_line_numbers_and_signs)
{
    struct arena a = {};
    const struct hunk *hunk;
    struct buf b = {};
    struct json_out j = {.to = &b};
    struct err err;
    uint32_t n;

    assert_true(text_diff(STR("a\nb\n"), STR("a\nc\n"), &a, &hunk, &n, &err));
    diff_put_json(&j, hunk, n);
    assert_true(
        str_eq(buf_str(&b),
               STR("{\"hunks\":[{\"from_line\":1,\"to_line\":1,\"lines\":["
                   "{\"sign\":\" \",\"text\":\"a\"},{\"sign\":\"-\",\"text\":\"b\"},"
                   "{\"sign\":\"+\",\"text\":\"c\"}]}]}")));
    buf_free(&b);
    arena_free(&a);
}

/* --- against the table of all common subsequences --- */

enum { LINES = 24 };

struct lines {
    char text[2 * LINES + 1];
    unsigned n;
};

static struct lines some_lines(struct random *r, unsigned kinds)
{
    struct lines l = {.n = (unsigned)random_below(r, LINES + 1)};

    for (unsigned i = 0; i < l.n; i++) {
        l.text[2 * i] = (char)('a' + random_below(r, kinds));
        l.text[2 * i + 1] = '\n';
    }
    return l;
}

static unsigned changes_of(const struct lines *a, const struct lines *b)
{
    unsigned common[LINES + 1][LINES + 1] = {};

    for (unsigned i = 0; i < a->n; i++)
        for (unsigned k = 0; k < b->n; k++) {
            unsigned left = common[i + 1][k], up = common[i][k + 1];

            common[i + 1][k + 1] = a->text[2 * i] == b->text[2 * k] ? common[i][k] + 1
                                   : left > up                      ? left
                                                                    : up;
        }
    return a->n + b->n - 2 * common[a->n][b->n];
}

/* What the old text becomes, and how many lines were changed. */
static unsigned apply(const struct hunk *hunk, uint32_t n, str from, struct buf *to)
{
    unsigned changed = 0;
    uint32_t line = 1;

    for (uint32_t h = 0; h < n; h++) {
        uint32_t first = hunk[h].from_line + (hunk[h].from_n == 0), in_new = 0;

        for (; line < first; line++)
            buf_add(to, (str){from.p + 2 * (line - 1), 2});
        assert_int_equal(hunk[h].to_line, to->n / 2 + (hunk[h].to_n > 0));
        for (uint32_t k = 0; k < hunk[h].n; k++) {
            const struct diff_line *l = &hunk[h].line[k];

            if (l->sign != '+')
                assert_memory_equal(l->text.p, from.p + 2 * (line++ - 1), 1);
            if (l->sign != '-') {
                buf_add_format(to, "%.*s\n", STR_FMT(l->text));
                in_new++;
            }
            changed += l->sign != ' ';
        }
        assert_int_equal(in_new, hunk[h].to_n);
        assert_int_equal(line - first, hunk[h].from_n);
    }
    buf_add(to, str_from(from, 2 * ((size_t)line - 1)));
    return changed;
}

TEST(the_edit_is_the_shortest_and_makes_the_new_text)
{
    struct random r = random_seeded(4);
    struct arena a = {};

    for (unsigned round = 0; round < 3000; round++) {
        unsigned kinds = 1 + (unsigned)random_below(&r, 6);
        struct lines from = some_lines(&r, kinds), to = some_lines(&r, kinds);
        str old = {from.text, 2 * from.n}, new = {to.text, 2 * to.n};
        const struct hunk *hunk;
        struct buf made = {};
        struct err err;
        uint32_t n;

        arena_reset(&a);
        assert_true(text_diff(old, new, &a, &hunk, &n, &err));
        assert_int_equal(apply(hunk, n, old, &made), changes_of(&from, &to));
        assert_true(str_eq(buf_str(&made), new));
        buf_free(&made);
    }
    arena_free(&a);
}

static void add_lines(struct buf *b, unsigned n, const char *word)
{
    for (unsigned i = 0; i < n; i++)
        buf_add_format(b, "%s %u\n", word, i);
}

TEST(too_many_changes_are_a_replacement)
{
    enum { MANY = DIFF_CHANGES_MAX };
    struct buf old = {}, new = {};
    struct arena a = {};
    const struct hunk *hunk;
    struct err err;
    uint32_t n;

    buf_add(&old, STR("head\n"));
    buf_add(&new, STR("head\n"));
    for (unsigned i = 0; i < MANY; i++) {
        buf_add_format(&old, "old %u\nsame\n", i);
        buf_add_format(&new, "new %u\nsame\n", i);
    }
    assert_true(text_diff(buf_str(&old), buf_str(&new), &a, &hunk, &n, &err));
    assert_int_equal(n, 1);
    /* All but the head and the last line, which are equal. */
    assert_int_equal(hunk[0].n, 1 + 2 * (2 * MANY - 1) + 1);
    assert_int_equal(hunk[0].line[1].sign, '-');
    assert_int_equal(hunk[0].line[2].sign, '-');
    buf_free(&old);
    buf_free(&new);
    arena_free(&a);
}

TEST(a_text_of_ten_megabytes_with_few_changes_takes_no_time)
{
    struct buf old = {}, new = {};
    struct arena a = {};
    const struct hunk *hunk;
    struct err err;
    uint32_t n;

    add_lines(&old, 700000, "a line of it");
    add_lines(&new, 350000, "a line of it");
    buf_add(&new, STR("one more\n"));
    buf_add(&new, str_from(buf_str(&old), new.n - 9));
    assert_true(text_diff(buf_str(&old), buf_str(&new), &a, &hunk, &n, &err));
    assert_int_equal(n, 1);
    assert_int_equal(hunk[0].n, 7);
    assert_int_equal(hunk[0].from_line, 349998);
    buf_free(&old);
    buf_free(&new);
    arena_free(&a);
}

TEST(lines_that_are_all_alike_are_given_up_in_time)
{
    struct buf old = {}, new = {};
    struct arena a = {};
    const struct hunk *hunk;
    struct err err;
    uint32_t n;

    buf_add(&old, STR("x\n"));
    buf_add(&new, STR("y\n"));
    for (unsigned i = 0; i < 2000000; i++) {
        buf_add(&old, STR("\n"));
        buf_add(&new, STR("\n"));
        if (i % 1000 == 0)
            buf_add_format(&new, "%u\n", i);
    }
    buf_add(&old, STR("x\n"));
    buf_add(&new, STR("y\n"));
    assert_true(text_diff(buf_str(&old), buf_str(&new), &a, &hunk, &n, &err));
    assert_true(n >= 1);
    buf_free(&old);
    buf_free(&new);
    arena_free(&a);
}

static bool diff_once([[maybe_unused]] void *context, struct err *err)
{
    struct arena a = {};
    const struct hunk *hunk;
    uint32_t n;
    bool ok = text_diff(STR("a\nb\nc\nd\n"), STR("a\nc\nd\ne\nf\n"), &a, &hunk, &n, err);

    arena_free(&a);
    return ok;
}

TEST(a_comparison_without_memory_says_so)
{
    each_oom(diff_once, NULL);
}
