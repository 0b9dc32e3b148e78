#include "api/error.h"

int api_status(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return 200;
    case ERR_INPUT:
        return 400;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_LIMIT:
        return 413;
    case ERR_NOMEM:
        return 503;
    case ERR_IO:
    case ERR_CORRUPT:
        return 500;
    }
    return 500;
}

static void put_fault(struct json_out *j, const struct err *err, str text)
{
    static const char *const name[] = {
        [ERR_NONE] = "none",
        [ERR_INPUT] = "input",
        [ERR_NOT_FOUND] = "not_found",
        [ERR_CONFLICT] = "conflict",
        [ERR_LIMIT] = "limit",
        [ERR_NOMEM] = "nomem",
        [ERR_IO] = "io",
        [ERR_CORRUPT] = "corrupt",
    };

    json_begin_object(j);
    json_key(j, "code");
    json_put_text(j, str_of(name[err->code]));
    json_key(j, "message");
    json_put_text(j, str_of(err->msg));
    if (err->line) {
        json_key(j, "line");
        json_put_int(j, err->line);
        json_key(j, "column");
        json_put_int(j, err->column);
        if (text.n) {
            json_key(j, "text");
            json_put_text(j, text);
        }
    }
    json_end_object(j);
}

void api_put_fault(struct json_out *j, const struct err *err)
{
    put_fault(j, err, STR(""));
}

void api_put_error(struct buf *out, const struct err *err, str text)
{
    struct json_out j = {.to = out};

    json_begin_object(&j);
    json_key(&j, "error");
    put_fault(&j, err, text);
    json_end_object(&j);
}

void api_put_denial(struct buf *out, const char *code, str message)
{
    struct json_out j = {.to = out};

    json_begin_object(&j);
    json_key(&j, "error");
    json_begin_object(&j);
    json_key(&j, "code");
    json_put_text(&j, str_of(code));
    json_key(&j, "message");
    json_put_text(&j, message);
    json_end_object(&j);
    json_end_object(&j);
}
