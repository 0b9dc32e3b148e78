/* Nodes stand in the order of the text; keys are scalars and differ; a character of a scalar
 * is found again at the place in the file that yaml_err_in_scalar gives for it. */
#include "base/yaml.h"

#include "support/fuzz.h"

#include <string.h>

struct place {
    int line, column;
};

static bool is_before(struct place a, struct place b)
{
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* The byte of the source at a place of the file, for ASCII with LF line ends. */
static size_t source_at(const struct yaml *scalar, struct place wanted)
{
    struct place at = {scalar->line, scalar->column};

    for (size_t i = 0; i < scalar->source.n; i++) {
        if (!is_before(at, wanted))
            return i;
        if (scalar->source.p[i] == '\n')
            at = (struct place){at.line + 1, 1};
        else
            at.column++;
    }
    return scalar->source.n;
}

static bool is_simple(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\r' || (s.p[i] & 0x80))
            return false;
    return true;
}

static void check_scalar(const struct yaml *scalar)
{
    struct place at = {1, 1};

    if (!is_simple(scalar->source)
        || (scalar->source.n && scalar->source.p[0] == '"'
            && memchr(scalar->source.p, '\\', scalar->source.n)))
        return;
    for (size_t i = 0; i < scalar->text.n && i < 500; i++) {
        char c = scalar->text.p[i];

        if (c != ' ' && c != '\t' && c != '\n') {
            struct err err = {.line = at.line, .column = at.column};
            size_t found;

            yaml_err_in_scalar(scalar, &err);
            found = source_at(scalar, (struct place){err.line, err.column});
            NEED(found < scalar->source.n && scalar->source.p[found] == c);
        }
        at = c == '\n' ? (struct place){at.line + 1, 1}
                       : (struct place){at.line, at.column + 1};
    }
}

static void check(const struct yaml *y, struct place *last)
{
    struct place here = {y->line, y->column};

    NEED(here.line >= 1 && here.column >= 1 && !is_before(here, *last));
    *last = here;
    if (y->type == YAML_SCALAR)
        check_scalar(y);
    for (size_t i = 0; i < y->n; i++) {
        if (y->type == YAML_MAP) {
            NEED(y->key[i]->type == YAML_SCALAR);
            NEED(yaml_find(y, y->key[i]->text) == y->item[i]);
            check(y->key[i], last);
        }
        check(y->item[i], last);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {};
    const struct yaml *y;
    struct err err;

    if (yaml_parse((str){(const char *)p, n}, &a, &y, &err)) {
        struct place last = {1, 1};

        check(y, &last);
    } else {
        NEED(err.code == ERR_INPUT && err.line >= 1 && err.column >= 1 && err.msg[0]);
    }
    arena_free(&a);
    return 0;
}
