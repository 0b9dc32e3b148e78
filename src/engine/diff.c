/* diff.c - the greedy algorithm of E. Myers, "An O(ND) Difference Algorithm and Its
 * Variations", Algorithmica 1 (1986).
 *
 * An edit is a way through a grid, from (0, 0) to (n, m): right drops a line of the old text,
 * down takes one of the new, and a diagonal, where the lines are equal, costs nothing. On each
 * diagonal k = x - y, far[k] is how far a way with d steps gets; d grows until one arrives.
 *
 * (1) With d steps only the diagonals -d, -d + 2 .. d are reached: row d of the trace has d + 1
 *     places, and begins at d (d + 1) / 2.
 * (2) Each diagonal step that is tried costs one unit of work; texts that would take more than
 *     WORK_MAX of them (many lines, all alike) are given up, as are too many changes. */
#include "engine/diff.h"

#include "base/hash.h"

#include <string.h>

#define CONTEXT 3u
#define WORK_MAX (UINT64_C(1) << 28)

struct side { /* one of the two texts */
    str text;
    const str *line;  /* with their line ends */
    uint32_t *number; /* equal lines have equal numbers */
    uint32_t n;
    bool *changed;
};

static bool split(struct side *s, struct text_table *table, struct arena *a)
{
    str rest = s->text, *line;

    for (size_t i = 0; i < rest.n; i++)
        s->n += rest.p[i] == '\n' || i + 1 == rest.n;
    s->line = line = arena_array(a, str, (size_t)s->n + 1);
    s->number = arena_array(a, uint32_t, (size_t)s->n + 1);
    s->changed = arena_array(a, bool, (size_t)s->n + 1);
    if (!line || !s->number || !s->changed)
        return false;
    for (uint32_t i = 0; i < s->n; i++) {
        const char *end = memchr(rest.p, '\n', rest.n);

        line[i] = (str){rest.p, end ? (size_t)(end - rest.p) + 1 : rest.n};
        rest = str_from(rest, line[i].n);
        if (!text_table_lend(table, line[i], &s->number[i]))
            return false;
    }
    return true;
}

/* What lies between the equal beginning and the equal end. */
struct middle {
    const uint32_t *old, *new;
    uint32_t n, m;
    uint64_t work;
};

struct trace {
    uint32_t *far; /* (1); x */
    size_t cap;
};

static uint32_t *row_of(const struct trace *t, uint32_t d)
{
    return t->far + (size_t)d * (d + 1) / 2;
}

static bool grow_to(struct trace *t, uint32_t d)
{
    size_t wanted = (size_t)(d + 1) * (d + 2) / 2;
    uint32_t *more;

    if (wanted <= t->cap)
        return true;
    wanted *= 2;
    more = mem_resize(t->far, wanted * sizeof *more);
    if (!more)
        return false;
    t->far = more;
    t->cap = wanted;
    return true;
}

/* Whether the best way with d steps onto place i of its row comes from above: it takes a line of
 * the new text. Else it comes from the left. */
static bool comes_down(const uint32_t *before, uint32_t d, uint32_t i)
{
    return i == 0 || (i < d && before[i - 1] < before[i]);
}

/* Row d of the trace, as far as the work allows; *arrived when one of its ways is at the end. */
static void advance(struct middle *m, const struct trace *t, uint32_t d, bool *arrived)
{
    uint32_t *row = row_of(t, d), *before = d ? row_of(t, d - 1) : NULL;

    for (uint32_t i = 0; i <= d && !*arrived; i++) {
        int64_t k = 2 * (int64_t)i - d, x = 0, y;

        if (d)
            x = comes_down(before, d, i) ? before[i] : before[i - 1] + INT64_C(1);
        y = x - k;
        for (; x < m->n && y < m->m && m->old[x] == m->new[y]; x++, y++)
            if (++m->work > WORK_MAX)
                return;
        row[i] = (uint32_t)x;
        *arrived = x >= m->n && y >= m->m;
    }
    m->work += d + 1;
}

/* From the end back to the beginning: what each step dropped or took. */
static void mark(const struct middle *m, const struct trace *t, uint32_t d, bool *dropped,
                 bool *taken)
{
    int64_t x = m->n, y = m->m;

    for (; d > 0; d--) {
        const uint32_t *before = row_of(t, d - 1);
        uint32_t i = (uint32_t)((x - y + d) / 2);

        if (comes_down(before, d, i)) {
            x = before[i];
            y = x - (2 * (int64_t)i - (d - 1));
            taken[y] = true;
        } else {
            x = before[i - 1];
            y = x - (2 * (int64_t)(i - 1) - (d - 1));
            dropped[x] = true;
        }
    }
}

static bool compare(struct side *from, struct side *to, struct err *err)
{
    uint32_t head = 0, tail = 0;
    struct middle m;
    struct trace t = {};
    bool arrived = false;
    uint32_t d = 0;

    while (head < from->n && head < to->n && from->number[head] == to->number[head])
        head++;
    while (tail < from->n - head && tail < to->n - head
           && from->number[from->n - 1 - tail] == to->number[to->n - 1 - tail])
        tail++;
    m = (struct middle){from->number + head, to->number + head, from->n - head - tail,
                        to->n - head - tail, 0};
    for (;; d++) {
        if (!grow_to(&t, d)) {
            mem_free(t.far);
            return err_nomem(err);
        }
        advance(&m, &t, d, &arrived);
        if (arrived || d == DIFF_CHANGES_MAX || m.work > WORK_MAX)
            break;
    }
    if (arrived) {
        mark(&m, &t, d, from->changed + head, to->changed + head);
    } else {
        memset(from->changed + head, true, m.n);
        memset(to->changed + head, true, m.m);
    }
    mem_free(t.far);
    return true;
}

static struct diff_line line_of(char sign, str line)
{
    bool cut = !line.n || line.p[line.n - 1] != '\n';

    return (struct diff_line){sign, {line.p, line.n - !cut}, cut};
}

struct at { /* how far both texts have been walked */
    uint32_t i, j;
};

static bool is_same(const struct side *from, const struct side *to, struct at at)
{
    return at.i < from->n && !from->changed[at.i] && at.j < to->n && !to->changed[at.j];
}

/* The next change from *at on; false when there is none. */
static bool find_change(const struct side *from, const struct side *to, struct at *at)
{
    while (is_same(from, to, *at)) {
        at->i++;
        at->j++;
    }
    return at->i < from->n || at->j < to->n;
}

/* Past the changes at `at`, and past those that follow within two contexts. */
static struct at hunk_end(const struct side *from, const struct side *to, struct at at)
{
    for (;;) {
        struct at next;

        while (at.i < from->n && from->changed[at.i])
            at.i++;
        while (at.j < to->n && to->changed[at.j])
            at.j++;
        next = at;
        if (!find_change(from, to, &next) || next.i - at.i > 2 * CONTEXT)
            return at;
        at = next;
    }
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static struct hunk take_hunk(const struct side *from, const struct side *to,
                             struct at start, struct at end, struct diff_line *line)
{
    struct hunk h = {.from_n = end.i - start.i, .to_n = end.j - start.j, .line = line};

    h.from_line = start.i + (h.from_n > 0);
    h.to_line = start.j + (h.to_n > 0);
    while (start.i < end.i || start.j < end.j) {
        if (start.i < end.i && from->changed[start.i]) {
            line[h.n++] = line_of('-', from->line[start.i++]);
        } else if (start.j < end.j && to->changed[start.j]) {
            line[h.n++] = line_of('+', to->line[start.j++]);
        } else {
            line[h.n++] = line_of(' ', from->line[start.i++]);
            start.j++;
        }
    }
    return h;
}

/* The hunks, or only their number and that of their lines when `hunk` is NULL. */
static void walk_hunks(const struct side *from, const struct side *to, struct hunk *hunk,
                       struct diff_line *line, uint32_t *n, size_t *line_n)
{
    struct at at = {}, past = {};

    *n = 0;
    *line_n = 0;
    while (find_change(from, to, &at)) {
        uint32_t before = least(CONTEXT, at.i - past.i), after;
        struct at start = {at.i - before, at.j - before};

        past = hunk_end(from, to, at);
        after = least(CONTEXT, from->n - past.i);
        past.i += after;
        past.j += after;
        if (hunk) {
            hunk[*n] = take_hunk(from, to, start, past, line + *line_n);
            *line_n += hunk[*n].n;
        } else {
            *line_n += past.i - start.i + (past.j - start.j);
        }
        ++*n;
        at = past;
    }
}

bool text_diff(str from, str to, struct arena *a, const struct hunk **out, uint32_t *n,
               struct err *err)
{
    struct side old = {.text = from}, new = {.text = to};
    struct text_table table = {};
    struct diff_line *line;
    struct hunk *hunk;
    size_t line_n;
    bool ok = split(&old, &table, a) && split(&new, &table, a);

    text_table_free(&table);
    if (!ok)
        return err_nomem(err);
    if (!compare(&old, &new, err))
        return false;
    walk_hunks(&old, &new, NULL, NULL, n, &line_n);
    hunk = arena_array(a, struct hunk, (size_t)*n + 1);
    line = arena_array(a, struct diff_line, line_n + 1);
    if (!hunk || !line)
        return err_nomem(err);
    walk_hunks(&old, &new, hunk, line, n, &line_n);
    *out = hunk;
    return true;
}

void diff_put_json(struct json_out *j, const struct hunk *hunk, uint32_t n)
{
    json_begin_object(j);
    json_key(j, "hunks");
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++) {
        json_begin_object(j);
        json_key(j, "from_line");
        json_put_int(j, hunk[i].from_line);
        json_key(j, "to_line");
        json_put_int(j, hunk[i].to_line);
        json_key(j, "lines");
        json_begin_list(j);
        for (uint32_t k = 0; k < hunk[i].n; k++) {
            const struct diff_line *line = &hunk[i].line[k];

            json_begin_object(j);
            json_key(j, "sign");
            json_put_text(j, (str){&line->sign, 1});
            json_key(j, "text");
            json_put_text(j, line->text);
            json_end_object(j);
        }
        json_end_list(j);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}

void diff_print(struct buf *to, const struct hunk *hunk, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        buf_add_format(to, "@@ -%u,%u +%u,%u @@\n", hunk[i].from_line, hunk[i].from_n,
                       hunk[i].to_line, hunk[i].to_n);
        for (uint32_t k = 0; k < hunk[i].n; k++) {
            const struct diff_line *line = &hunk[i].line[k];

            buf_add_char(to, line->sign);
            buf_add(to, line->text);
            buf_add(to, line->cut ? STR("\n\\ No newline at end of file\n") : STR("\n"));
        }
    }
}
