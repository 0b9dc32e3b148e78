#include "base/csv.h"
#include "base/num.h"

#include <string.h>

static bool runs_as_formula(str s)
{
    int64_t number;

    return s.n && memchr("=+-@\t\r", s.p[0], 6) && !num_parse(s, &number);
}

static bool needs_quotes(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r')
            return true;
    return s.n && (s.p[0] == ' ' || s.p[s.n - 1] == ' ');
}

static void add_field(struct buf *b, str field, const char *before)
{
    if (!*before && !needs_quotes(field)) {
        buf_add(b, field);
        return;
    }
    buf_add_char(b, '"');
    buf_add(b, str_of(before));
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"')
            buf_add_char(b, '"');
        buf_add_char(b, field.p[i]);
    }
    buf_add_char(b, '"');
}

void buf_add_csv(struct buf *b, str field)
{
    add_field(b, field, runs_as_formula(field) ? "'" : "");
}

void buf_add_csv_exact(struct buf *b, str field)
{
    add_field(b, field, "");
}
