/* import_jsonl.c - one call in Segment's form a line. */
#include "engine/import_impl.h"
#include "event/call.h"

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

    text = import_cut(text, IMPORT_JSON_KEPT);
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

struct jsonl {
    struct import *im;
    struct lines lines;
    struct json_parser *parser;
    str raw; /* the line at hand, without blanks */
    bool cut;
};

/* To the next line with anything in it; *more is false at the end. */
static bool next(struct jsonl *j, bool *more, struct err *err)
{
    do {
        if (!lines_next(&j->lines, &j->raw, &j->cut, more, err))
            return false;
        if (!*more)
            return true;
        if (j->lines.line == 1 && str_starts(j->raw, STR("\xEF\xBB\xBF")))
            j->raw = str_from(j->raw, 3);
        j->raw = str_trim(j->raw);
    } while (!j->raw.n);
    return true;
}

static bool line_use(struct jsonl *j, struct err *err)
{
    struct import *im = j->im;
    struct arena *a = import_arena(im);
    uint64_t line = j->lines.line;
    const struct json *json;
    struct decision decided;
    struct event e;
    str kept = j->raw;
    uint32_t said;

    if (j->cut)
        return refuse(im, line, STR("a line longer than 1 MiB"), j->raw, err);
    if (!json_parse(j->parser, j->raw, a, &json, err) || !event_parse(json, a, &e, err))
        return err->code == ERR_INPUT && refuse(im, line, str_of(err->msg), j->raw, err);
    if (e.nobody.n)
        return refuse(im, line, e.nobody, j->raw, err);
    if (str_eq(e.type, STR(EVENT_DECIDED)) && !event_decision(&e, a, &decided, err))
        return err->code == ERR_INPUT && refuse(im, line, str_of(err->msg), j->raw, err);
    said = e.property_n;
    if (!call_add_context(json, a, &e, err))
        return err->code == ERR_INPUT && refuse(im, line, str_of(err->msg), j->raw, err);
    if (import_is_future(im, e.at_ms))
        return refuse(im, line, IMPORT_FUTURE, j->raw, err);
    if (!e.id.n) {
        uint32_t rank = 0;
        hash128 key;

        if (!import_rank_key(im, id_of_key(e.customer).value, e.at_ms, e.type, &key, err)
            || !import_rank(im, key, &rank, err)
            || !import_id(im, e.type, rank, &j->raw, 1, a, &e.id, err)
            || !with_id(im, j->raw, e.id, err))
            return false;
        kept = buf_str(&im->json);
    }
    if (e.property_n > said) /* the log has it as event_parse reads it */
        kept = STR("");
    return import_event(im, &e, kept,
                        &(struct origin){.line = line,
                                         .text = import_cut(j->raw, IMPORT_JSON_KEPT),
                                         .lines = 1},
                        err);
}

static bool read_all(void *context, struct err *err)
{
    struct jsonl *j = context;
    bool more = true;

    do {
        j->im->report->lines++;
        if (!line_use(j, err) || !next(j, &more, err))
            return false;
    } while (more);
    return true;
}

bool import_jsonl(struct import *im, bool *is_jsonl, struct err *err)
{
    struct jsonl j = {
        .im = im,
        .lines = {.reader = im->reader,
                  .bytes = mem_alloc(IMPORT_LINE_MAX + READ_BYTES + JSON_PADDING)}};
    bool more = false;
    bool ok = (j.lines.bytes || err_nomem(err)) && json_parser_new(&j.parser, err)
              && next(&j, &more, err);

    if (ok && more && j.raw.p[0] == '{') {
        *is_jsonl = im->report->jsonl = true;
        ok = import_run(im, read_all, &j, err);
    }
    json_parser_free(j.parser);
    mem_free(j.lines.bytes);
    return ok;
}
