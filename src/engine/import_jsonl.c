/* import_jsonl.c - one call in Segment's form a line. */
#include "engine/import_impl.h"

#include <string.h>

enum { READ_BYTES = 1 << 16, JSON_PADDING = 64 };

struct lines {
    struct reader *reader;
    char *bytes; /* IMPORT_LINE_MAX + READ_BYTES + JSON_PADDING */
    size_t from, to;
    uint64_t line; /* of the last one given */
    bool at_end;
};

static bool lines_fill(struct lines *l, struct err *err)
{
    size_t got;

    memmove(l->bytes, l->bytes + l->from, l->to - l->from);
    l->to -= l->from;
    l->from = 0;
    if (!reader_read(l->reader, l->bytes + l->to, READ_BYTES, &got, err))
        return false;
    l->to += got;
    l->at_end = !got;
    return true;
}

/* The next line, borrowed until the next call; *more is false at the end. Of a line longer
 * than IMPORT_LINE_MAX only the beginning is given, and *cut is set. */
static bool lines_next(struct lines *l, str *out, bool *cut, bool *more, struct err *err)
{
    size_t seen = 0;

    *cut = false;
    for (;;) {
        const char *start = l->bytes + l->from;
        const char *end = memchr(start + seen, '\n', l->to - l->from - seen);

        seen = end ? (size_t)(end - start) : l->to - l->from;
        if (end || (l->at_end && seen)) {
            *out = (str){start, seen};
            l->from += seen + (end != NULL);
            break;
        }
        if (l->at_end) {
            *more = false;
            return true;
        }
        if (seen > IMPORT_LINE_MAX) {
            /* The beginning stays where it is, and what follows is read over the rest. */
            *cut = true;
            l->to = l->from + IMPORT_LINE_MAX;
            seen = IMPORT_LINE_MAX;
        }
        if (!lines_fill(l, err))
            return false;
    }
    *cut |= out->n > IMPORT_LINE_MAX;
    *more = true;
    l->line++;
    return true;
}

static bool refuse(struct import *im, uint64_t line, str why, str text, struct err *err)
{
    struct buf b = {0};
    bool ok;

    text = import_cut(text);
    if (!str_is_utf8(text)) {
        buf_add_latin1(&b, text);
        text = buf_str(&b);
    }
    ok = b.failed ? err_nomem(err) : import_refuse(im, line, why, text, err);
    buf_free(&b);
    return ok;
}

/* The object with a messageId at its end, where it is stronger than one that says nothing. */
static bool with_id(struct import *im, str raw, str id, struct err *err)
{
    struct json_out out = {.to = &im->json};

    buf_clear(&im->json);
    buf_add(&im->json, (str){raw.p, raw.n - 1});
    buf_add(&im->json, STR(",\"messageId\":"));
    json_put_text(&out, id);
    buf_add_char(&im->json, '}');
    return !im->json.failed || err_nomem(err);
}

static bool line_use(struct import *im, struct json_parser *parser, uint64_t line,
                     str raw, struct arena *a, struct err *err)
{
    const struct json *json;
    struct event e;
    str kept = raw;

    if (!json_parse(parser, raw, a, &json, err) || !event_parse(json, a, &e, err))
        return err->code == ERR_INPUT && refuse(im, line, str_of(err->msg), raw, err);
    if (import_is_future(im, e.at_ms))
        return refuse(im, line, IMPORT_FUTURE, raw, err);
    if (!e.id.n) {
        uint32_t rank;

        if (!import_rank(im, e.customer, e.at_ms, e.type, &rank, err)
            || !import_id(im, e.type, rank, &raw, 1, a, &e.id, err)
            || !with_id(im, raw, e.id, err))
            return false;
        kept = buf_str(&im->json);
    }
    if (!import_event(im, &e, kept, err))
        return err->code == ERR_LIMIT && refuse(im, line, str_of(err->msg), raw, err);
    im->report->used++;
    return true;
}

static bool lines_use(struct import *im, struct lines *l, struct json_parser *parser,
                      struct arena *a, bool *is_jsonl, struct err *err)
{
    bool cut, more = true;
    str raw;

    while (lines_next(l, &raw, &cut, &more, err) && more) {
        if (l->line == 1 && str_starts(raw, STR("\xEF\xBB\xBF")))
            raw = str_from(raw, 3);
        raw = str_trim(raw);
        if (!raw.n)
            continue;
        if (!*is_jsonl && raw.p[0] != '{')
            return true;
        *is_jsonl = im->report->jsonl = true;
        import_line(im);
        arena_reset(a);
        if (cut ? !refuse(im, l->line, STR("a line longer than 1 MiB"), raw, err)
                : !line_use(im, parser, l->line, raw, a, err))
            return false;
    }
    return !more;
}

bool import_jsonl(struct import *im, bool *is_jsonl, struct err *err)
{
    struct lines l = {.reader = im->reader,
                      .bytes = mem_alloc(IMPORT_LINE_MAX + READ_BYTES + JSON_PADDING)};
    struct json_parser *parser = NULL;
    struct arena a = {0};
    bool ok;

    ok = (l.bytes || err_nomem(err)) && json_parser_new(&parser, err)
         && lines_use(im, &l, parser, &a, is_jsonl, err);
    json_parser_free(parser);
    arena_free(&a);
    mem_free(l.bytes);
    return ok;
}
