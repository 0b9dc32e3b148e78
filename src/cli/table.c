/* table.c - rows for people (aligned) or for programs (CSV). */
#include "base/csv.h"
#include "cli/cli.h"

#include <string.h>

static void add(struct cli_table *t, str text, bool right)
{
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 256;
        struct cli_cell *more = arena_array(t->arena, struct cli_cell, cap);

        if (!more) {
            t->failed = true;
            return;
        }
        if (t->n)
            memcpy(more, t->cell, t->n * sizeof *more);
        t->cell = more;
        t->cap = cap;
    }
    text = arena_str(t->arena, text);
    t->failed |= !text.p;
    t->cell[t->n++] = (struct cli_cell){text, right};
}

void cli_table_add(struct cli_table *t, str text)
{
    add(t, text, false);
}

void cli_table_right(struct cli_table *t, str number)
{
    add(t, number, true);
}

void cli_table_number(struct cli_table *t, uint64_t number)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)number);

    add(t, (str){text, (size_t)n}, true);
}

static size_t width_of(str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

static bool is_right(const struct cli_table *t, size_t column)
{
    return t->n > t->columns + column && t->cell[t->columns + column].right;
}

/* Line breaks in a cell would break the table. */
static void add_line(struct buf *b, str text)
{
    for (size_t i = 0; i < text.n; i++)
        buf_add_char(b, text.p[i] == '\n' || text.p[i] == '\r' ? ' ' : text.p[i]);
}

void cli_table_print(const struct cli_table *t, struct buf *b)
{
    size_t *width = arena_array(t->arena, size_t, t->columns);

    b->failed |= t->failed || !width;
    if (b->failed)
        return;
    for (size_t i = 0; i < t->n; i++) {
        size_t w = width_of(t->cell[i].text);

        if (w > width[i % t->columns])
            width[i % t->columns] = w;
    }
    for (size_t i = 0; i < t->n; i++) {
        size_t column = i % t->columns;
        bool last = column + 1 == t->columns, right = is_right(t, column);
        size_t pad = width[column] - width_of(t->cell[i].text);

        for (size_t k = 0; right && k < pad; k++)
            buf_add_char(b, ' ');
        add_line(b, t->cell[i].text);
        for (size_t k = 0; !right && !last && k < pad; k++)
            buf_add_char(b, ' ');
        buf_add(b, last ? STR("\n") : STR("  "));
    }
}

void cli_table_csv(const struct cli_table *t, struct buf *b)
{
    b->failed |= t->failed;
    if (b->failed)
        return;
    for (size_t i = 0; i < t->n; i++) {
        buf_add_csv(b, t->cell[i].text);
        buf_add(b, (i + 1) % t->columns ? STR(",") : STR("\n"));
    }
}
