/* yaml.c - libyaml's events made into a tree.
 *
 * libyaml counts in characters, from 0. A child is kept on one stack until its list or map
 * ends, and then all of them are copied into the arena at once. */
#include "base/yaml.h"

#include "base/mem.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include <yaml.h>

#define DEPTH_MAX 64
#define BYTES_MAX (10 << 20)

struct tree {
    yaml_parser_t parser;
    str text;
    struct arena *arena;
    struct err *err;
    struct yaml **stack; /* maps keep key, value, key, value ... here */
    size_t stack_n, stack_cap;
    size_t at_character, at_byte; /* the same place of the text in both units */
};

static int from_one(size_t from_zero)
{
    return from_zero < INT_MAX ? (int)from_zero + 1 : INT_MAX;
}

static size_t character_bytes(str s, size_t at)
{
    size_t n = 1;

    while (at + n < s.n && (s.p[at + n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* The line break at that byte, as libyaml sees it; 0: none. */
static size_t break_bytes(str s, size_t at)
{
    str rest = str_from(s, at);

    if (str_starts(rest, STR("\r\n")) || str_starts(rest, STR("\xc2\x85")))
        return 2;
    if (str_starts(rest, STR("\xe2\x80\xa8")) || str_starts(rest, STR("\xe2\x80\xa9")))
        return 3;
    return rest.n > 0 && (*rest.p == '\n' || *rest.p == '\r');
}

static size_t white_bytes(str s, size_t at)
{
    return at < s.n && (s.p[at] == ' ' || s.p[at] == '\t') ? 1 : break_bytes(s, at);
}

/* Moves a place on from one byte of the text to another. */
static void walk(str text, size_t from, size_t to, int *line, int *column)
{
    while (from < to && from < text.n) {
        size_t n = break_bytes(text, from);

        if (n) {
            ++*line;
            *column = 1;
        } else {
            n = character_bytes(text, from);
            ++*column;
        }
        from += n;
    }
}

/* libyaml's words, and ours. */
static const struct {
    const char *problem, *words;
    bool at_context; /* the context's place says more than the problem's */
} problems[] = {
    {"could not find expected ':'", "a colon is missing behind this name", true},
    {"block sequence entries are not allowed in this context",
     "a list's \"-\" cannot stand here; put it on a line of its own", false},
    {"mapping keys are not allowed in this context", "a \"?\" key cannot stand here",
     false},
    {"mapping values are not allowed in this context",
     "a colon cannot stand here; check how far the lines are indented, and put quotes "
     "around "
     "a text that holds \": \"",
     false},
    {"found character that cannot start any token",
     "this character cannot begin a value; indent with spaces, not with tabs, and put "
     "quotes "
     "around a text that begins with @, ` or %",
     false},
    {"did not find expected comment or line break",
     "something stands behind the sign for a text of several lines; begin the text on "
     "the "
     "next line",
     false},
    {"found an indentation indicator equal to 0",
     "a text of several lines cannot be indented by 0", false},
    {"found a tab character where an indentation space is expected",
     "a tab stands where the line is indented; use spaces", false},
    {"found a tab character that violates indentation",
     "a tab stands where the line is indented; use spaces", false},
    {"found unexpected document indicator",
     "the quoted text that begins here does not end before the \"---\" or \"...\"", true},
    {"found unexpected end of stream", "the quoted text that begins here does not end",
     true},
    {"found unknown escape character",
     "this \\ is followed by a character that means nothing; write \\\\ for a plain \\",
     false},
    {"did not find expected hexdecimal number", "this \\ needs hexadecimal digits",
     false},
    {"found invalid Unicode character escape code", "this \\ names no character", false},
    {"found unexpected ':'", "a colon cannot stand here; put quotes around the text",
     false},
    {"did not find expected <document start>",
     "something stands here that belongs to no entry; check how far it is indented",
     false},
    {"did not find expected node content", "a value is missing here", false},
    {"did not find expected '-' indicator",
     "the list goes on without its \"-\"; check how far this line is indented", false},
    {"did not find expected key",
     "an entry of the form \"name: value\" is expected here; check how far this line is "
     "indented, and the quotes above it",
     false},
    {"did not find expected ',' or ']'", "the [ that stands here is not closed by a ]",
     true},
    {"did not find expected ',' or '}'", "the { that stands here is not closed by a }",
     true},
    {"control characters are not allowed", "a control character stands here", false},
};

static bool fail_at_byte(struct tree *t, size_t at, const char *words)
{
    int line = 1, column = 1;

    walk(t->text, 0, at, &line, &column);
    return err_at(t->err, line, column, "%s", words);
}

static bool fail_at(struct tree *t, yaml_mark_t mark, const char *words)
{
    return err_at(t->err, from_one(mark.line), from_one(mark.column), "%s", words);
}

static bool fail_parser(struct tree *t)
{
    const yaml_parser_t *p = &t->parser;
    const char *problem = p->problem ? p->problem : "unknown";

    if (p->error == YAML_MEMORY_ERROR)
        return err_nomem(t->err);
    for (size_t i = 0; i < sizeof problems / sizeof *problems; i++) {
        if (strcmp(problem, problems[i].problem) != 0)
            continue;
        if (p->error == YAML_READER_ERROR)
            return fail_at_byte(t, p->problem_offset, problems[i].words);
        return fail_at(
            t, problems[i].at_context && p->context ? p->context_mark : p->problem_mark,
            problems[i].words);
    }
    return err_at(t->err, from_one(p->problem_mark.line),
                  from_one(p->problem_mark.column), "this is no YAML: %s", problem);
}

static bool check_utf8(struct tree *t)
{
    size_t at = 0;

    if (str_is_utf8(t->text))
        return true;
    for (;;) {
        utf8proc_int32_t code_point;
        utf8proc_ssize_t n =
            utf8proc_iterate((const utf8proc_uint8_t *)t->text.p + at,
                             (utf8proc_ssize_t)(t->text.n - at), &code_point);

        if (n < 1)
            return fail_at_byte(t, at, "this byte is no UTF-8; save the file as UTF-8");
        at += (size_t)n;
    }
}

static bool push(struct tree *t, struct yaml *node)
{
    if (t->stack_n == t->stack_cap) {
        size_t cap = t->stack_cap ? t->stack_cap * 2 : 64;
        struct yaml **stack = mem_resize(t->stack, cap * sizeof(struct yaml *));

        if (!stack)
            return err_nomem(t->err);
        t->stack = stack;
        t->stack_cap = cap;
    }
    t->stack[t->stack_n++] = node;
    return true;
}

/* Places are asked for in the order of the text, so the walk costs once its length. */
static size_t byte_of(struct tree *t, size_t character)
{
    while (t->at_character < character && t->at_byte < t->text.n) {
        t->at_byte++;
        while (t->at_byte < t->text.n && (t->text.p[t->at_byte] & 0xc0) == 0x80)
            t->at_byte++;
        t->at_character++;
    }
    return t->at_byte;
}

static bool build_scalar(struct tree *t, const yaml_event_t *e, struct yaml *to)
{
    str value = {(const char *)e->data.scalar.value, e->data.scalar.length};
    size_t begin = byte_of(t, e->start_mark.index), end = byte_of(t, e->end_mark.index);
    str source = {t->text.p + begin, end - begin};

    to->plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    to->text = arena_str(t->arena, value);
    to->source = str_eq(source, value) ? to->text : arena_str(t->arena, source);
    return (to->text.p && to->source.p) || err_nomem(t->err);
}

static int by_key(const void *a, const void *b)
{
    const struct yaml *x = *(struct yaml *const *)a, *y = *(struct yaml *const *)b;
    int c = str_cmp(x->text, y->text);

    if (c)
        return c;
    return x->line != y->line ? x->line - y->line : x->column - y->column;
}

/* The stack's part from `from` on becomes the list's items or the map's keys and items. */
static bool take_children(struct tree *t, size_t from, struct yaml *to)
{
    bool map = to->type == YAML_MAP;
    size_t n = (t->stack_n - from) / (map ? 2 : 1);
    struct yaml **child;

    to->n = n;
    if (n == 0)
        return true;
    child = t->stack + from;
    to->item = arena_array(t->arena, struct yaml *, n);
    if (map)
        to->key = arena_array(t->arena, struct yaml *, n);
    if (!to->item || (map && !to->key))
        return err_nomem(t->err);
    for (size_t i = 0; i < n; i++) {
        to->item[i] = map ? child[2 * i + 1] : child[i];
        if (map)
            to->key[i] = child[2 * i];
    }
    t->stack_n = from;
    if (!map)
        return true;

    /* The children's room on the stack is free now: sorted there, doubles are neighbours. */
    memcpy(child, to->key, n * sizeof *child);
    qsort(child, n, sizeof *child, by_key);
    for (size_t i = 1; i < n; i++)
        if (str_eq(child[i - 1]->text, child[i]->text))
            return err_at(
                t->err, child[i]->line, child[i]->column,
                "\"%.100s\" stands here a second time; it stands in line %d already",
                child[i]->text.p, child[i - 1]->line);
    return true;
}

static bool next_event(struct tree *t, yaml_event_t *e)
{
    return yaml_parser_parse(&t->parser, e) || fail_parser(t);
}

static bool is_end(const yaml_event_t *e)
{
    return e->type == YAML_SEQUENCE_END_EVENT || e->type == YAML_MAPPING_END_EVENT;
}

static bool check_plain_node(struct tree *t, const yaml_event_t *e)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;

    if (e->type == YAML_SCALAR_EVENT) {
        anchor = e->data.scalar.anchor;
        tag = e->data.scalar.tag;
    } else if (e->type == YAML_SEQUENCE_START_EVENT) {
        anchor = e->data.sequence_start.anchor;
        tag = e->data.sequence_start.tag;
    } else if (e->type == YAML_MAPPING_START_EVENT) {
        anchor = e->data.mapping_start.anchor;
        tag = e->data.mapping_start.tag;
    } else {
        return fail_at(t, e->start_mark,
                       "a reference to another place of the text (*name) is not allowed; "
                       "write out what is meant, or put quotes around it");
    }
    if (anchor)
        return fail_at(t, e->start_mark,
                       "a mark for later use (&name) is not allowed; put quotes around a "
                       "text that begins with &");
    if (tag)
        return fail_at(
            t, e->start_mark,
            "a type (!name) is not allowed; put quotes around a text that begins "
            "with !");
    return true;
}

/* Builds the node that begins with *first, which the caller deletes. */
static bool build(struct tree *t, const yaml_event_t *first, unsigned depth,
                  struct yaml **out)
{
    struct yaml *node = arena_new(t->arena, struct yaml);
    size_t from = t->stack_n;

    if (!node)
        return err_nomem(t->err);
    *out = node;
    node->line = from_one(first->start_mark.line);
    node->column = from_one(first->start_mark.column);
    if (!check_plain_node(t, first))
        return false;
    if (first->type == YAML_SCALAR_EVENT)
        return build_scalar(t, first, node);
    if (depth == DEPTH_MAX)
        return fail_at(t, first->start_mark,
                       "lists and maps inside one another, deeper than 64");

    node->type = first->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
    for (;;) {
        yaml_event_t e;
        struct yaml *child;
        bool ok, ended;

        if (!next_event(t, &e))
            return false;
        ended = is_end(&e);
        ok = ended || (build(t, &e, depth + 1, &child) && push(t, child));
        yaml_event_delete(&e);
        if (!ok)
            return false;
        if (ended)
            return take_children(t, from, node);
        if (node->type == YAML_MAP && (t->stack_n - from) % 2 == 1
            && child->type != YAML_SCALAR)
            return err_at(t->err, child->line, child->column,
                          "a name is expected here, not a list or a map");
    }
}

static bool build_document(struct tree *t, const struct yaml **out)
{
    struct yaml *root = NULL;

    for (;;) {
        yaml_event_t e;
        bool ok = true, ended = false;

        if (!next_event(t, &e))
            return false;
        switch (e.type) {
        case YAML_STREAM_END_EVENT:
            ended = true;
            break;
        case YAML_NO_EVENT:
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            ok = !root
                 || fail_at(t, e.start_mark,
                            "a second document begins here; one file "
                            "holds one");
            break;
        case YAML_ALIAS_EVENT:
        case YAML_SCALAR_EVENT:
        case YAML_SEQUENCE_START_EVENT:
        case YAML_SEQUENCE_END_EVENT:
        case YAML_MAPPING_START_EVENT:
        case YAML_MAPPING_END_EVENT:
            ok = build(t, &e, 0, &root);
            break;
        }
        yaml_event_delete(&e);
        if (!ok)
            return false;
        if (ended)
            break;
    }
    if (!root || (root->type == YAML_SCALAR && root->plain && root->text.n == 0)) {
        root = arena_new(t->arena, struct yaml);
        if (!root)
            return err_nomem(t->err);
        root->type = YAML_MAP;
        root->line = root->column = 1;
    }
    *out = root;
    return true;
}

bool yaml_parse(str text, struct arena *a, const struct yaml **out, struct err *err)
{
    struct tree t = {.text = text, .arena = a, .err = err};
    bool ok;

    if (text.n > BYTES_MAX)
        return err_set(err, ERR_LIMIT, "this YAML is larger than %d MB", BYTES_MAX >> 20);
    if (str_starts(text, STR("\xef\xbb\xbf")))
        t.text = str_from(text, 3);
    if (!check_utf8(&t))
        return false;
    if (!yaml_parser_initialize(&t.parser))
        return err_nomem(err);
    yaml_parser_set_encoding(&t.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&t.parser, (const unsigned char *)t.text.p, t.text.n);
    ok = build_document(&t, out);
    yaml_parser_delete(&t.parser);
    mem_free(t.stack);
    return ok;
}

const struct yaml *yaml_find(const struct yaml *map, str key)
{
    if (map->type != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (str_eq(map->key[i]->text, key))
            return map->item[i];
    return NULL;
}

/* Nothing behind the colon counts as a missing key: people leave sections empty. */
static const struct yaml *find_filled(const struct yaml *map, str key)
{
    const struct yaml *found = yaml_find(map, key);

    if (found && found->type == YAML_SCALAR && found->plain && found->text.n == 0)
        return NULL;
    return found;
}

static bool wrong_type(const struct yaml *found, str key, const char *wanted,
                       struct err *err)
{
    return err_at(err, found->line, found->column, "\"%.*s\" must be %s", STR_FMT(key),
                  wanted);
}

bool yaml_get_text(const struct yaml *map, str key, str *out, struct err *err)
{
    const struct yaml *found = find_filled(map, key);

    *out = found ? found->text : STR("");
    return !found || found->type == YAML_SCALAR || wrong_type(found, key, "a text", err);
}

bool yaml_get_map(const struct yaml *map, str key, const struct yaml **out,
                  struct err *err)
{
    static const struct yaml empty = {.type = YAML_MAP};
    const struct yaml *found = find_filled(map, key);

    *out = found ? found : &empty;
    return (*out)->type == YAML_MAP
           || wrong_type(found, key, "entries of the form \"name: value\"", err);
}

bool yaml_get_list(const struct yaml *map, str key, const struct yaml **out,
                   struct err *err)
{
    static const struct yaml empty = {.type = YAML_LIST};
    const struct yaml *found = find_filled(map, key);

    *out = found ? found : &empty;
    return (*out)->type == YAML_LIST
           || wrong_type(found, key, "a list: [a, b], or lines that begin with \"- \"",
                         err);
}

bool yaml_get_bool(const struct yaml *map, str key, bool *out, struct err *err)
{
    const struct yaml *found = find_filled(map, key);

    *out = found && found->type == YAML_SCALAR && str_eq(found->text, STR("true"));
    return !found || *out
           || (found->type == YAML_SCALAR && str_eq(found->text, STR("false")))
           || wrong_type(found, key, "true or false", err);
}

bool yaml_check_keys(const struct yaml *map, const str *keys, size_t n, const char *what,
                     struct err *err)
{
    if (map->type == YAML_LIST || map->text.n)
        return err_at(err, map->line, map->column,
                      "%s must be entries of the form \"name: value\"", what);
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml *key = map->key[i];
        bool known = false;
        str near;

        for (size_t k = 0; k < n && !known; k++)
            known = str_eq(key->text, keys[k]);
        if (known)
            continue;
        near = str_nearest(key->text, keys, n);
        if (near.n > 0)
            return err_at(err, key->line, key->column,
                          "%s has no \"%.100s\"; did you mean \"%.*s\"?", what,
                          key->text.p, STR_FMT(near));
        return err_at(err, key->line, key->column, "%s has no \"%.100s\"", what,
                      key->text.p);
    }
    return true;
}

/* The bytes of the source that make one character of the text: an escape or a character. */
static size_t source_bytes(str source, size_t at, char quote)
{
    size_t n;

    if (quote == '\'' && source.p[at] == '\'')
        n = 2;
    else if (quote != '"' || source.p[at] != '\\' || at + 1 == source.n)
        n = character_bytes(source, at);
    else if (source.p[at + 1] == 'x')
        n = 4;
    else if (source.p[at + 1] == 'u')
        n = 6;
    else if (source.p[at + 1] == 'U')
        n = 10;
    else
        n = 1 + character_bytes(source, at + 1);
    return at + n < source.n ? n : source.n - at;
}

/* The byte of the text at a line and column. */
static size_t text_byte(str text, int line, int column)
{
    size_t at = 0;

    for (; line > 1 && at < text.n; at++)
        line -= text.p[at] == '\n';
    for (; column > 1 && at < text.n && text.p[at] != '\n'; column--)
        at += character_bytes(text, at);
    return at;
}

/* White space in the source, and escapes that stand for it. */
static size_t skip_white(str source, size_t at, char quote)
{
    for (;;) {
        size_t n = white_bytes(source, at);

        if (n == 0 && quote == '"' && at + 1 < source.n && source.p[at] == '\\'
            && (strchr("tnrNLP ", source.p[at + 1]) || white_bytes(source, at + 1)))
            n = 1 + character_bytes(source, at + 1);
        if (n == 0)
            return at;
        at += n;
    }
}

/* The byte of the source that gave that byte of the text. YAML folds lines and takes
 * indentation away, so white space need not agree; but the other characters stand in the
 * same order on both sides. */
static size_t source_byte(const struct yaml *scalar, size_t text_at)
{
    str text = scalar->text, source = scalar->source;
    char quote = !scalar->plain && source.n > 0 ? source.p[0] : 0;
    size_t s = quote ? 1 : 0;

    if (quote == '|' || quote == '>')
        while (s < source.n && !break_bytes(source, s))
            s++;
    for (size_t t = 0; t < text_at;) {
        size_t white = white_bytes(text, t), same = white_bytes(source, s);

        if (white) {
            if (same == white && memcmp(text.p + t, source.p + s, same) == 0)
                s += same;
            t += white;
            continue;
        }
        s = skip_white(source, s, quote);
        if (s >= source.n)
            return source.n;
        s += source_bytes(source, s, quote);
        t += character_bytes(text, t);
    }
    return text_at == text.n || white_bytes(text, text_at) ? s
                                                           : skip_white(source, s, quote);
}

void yaml_err_in_scalar(const struct yaml *scalar, struct err *err)
{
    size_t end = source_byte(scalar, text_byte(scalar->text, err->line, err->column));

    err->line = scalar->line;
    err->column = scalar->column;
    walk(scalar->source, 0, end, &err->line, &err->column);
}
