#include "api/answer.h"

#include "api/assets.h"
#include "api/error.h"
#include "api/sent.h"
#include "base/random.h"

#include <stdio.h>
#include <string.h>

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status,
                              struct MHD_Response *response, const char *type)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    result = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result answer_buf(struct MHD_Connection *c, unsigned status, struct buf *b,
                           const char *type, struct answer_header more)
{
    struct MHD_Response *response =
        b->failed
            ? NULL
            : MHD_create_response_from_buffer_with_free_callback(b->n, b->p, mem_free);

    if (!response) {
        buf_free(b);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Cache-Control", "no-store");
    if (more.value)
        MHD_add_response_header(response, more.name, more.value);
    return answer(c, status, response, type);
}

enum MHD_Result answer_stream(struct MHD_Connection *c, struct MHD_Response *stream)
{
    MHD_add_response_header(stream, MHD_HTTP_HEADER_CONNECTION, "close");
    MHD_add_response_header(stream, "Cache-Control", "no-store");
    MHD_add_response_header(stream, "X-Accel-Buffering", "no"); /* as nginx reads it */
    return answer(c, MHD_HTTP_OK, stream, "text/event-stream");
}

enum MHD_Result answer_error(struct MHD_Connection *c, unsigned status, const char *allow,
                             const struct err *err, str text)
{
    struct buf b = {};

    api_put_error(&b, err, text);
    return answer_buf(c, status, &b, "application/json",
                      (struct answer_header){"Allow", allow});
}

enum MHD_Result answer_denial(struct MHD_Connection *c, const struct denial *denial)
{
    struct answer_header more = {"WWW-Authenticate", "Bearer"};
    char wait[20];
    struct buf b = {};

    api_put_denial(&b, denial->code, denial->message);
    if (denial->status == MHD_HTTP_TOO_MANY_REQUESTS) {
        snprintf(wait, sizeof wait, "%u", denial->retry_after_s);
        more = (struct answer_header){"Retry-After", wait};
    } else if (denial->status != MHD_HTTP_UNAUTHORIZED) {
        more.value = NULL;
    }
    return answer_buf(c, denial->status, &b, "application/json", more);
}

/* Up to the mark, which *rest then stands behind. */
static str cut_at(str *rest, char mark)
{
    const char *end = memchr(rest->p, mark, rest->n);
    str head = {rest->p, end ? (size_t)(end - rest->p) : rest->n};

    *rest = str_from(*rest, end ? head.n + 1 : head.n);
    return str_trim(head);
}

/* "br, gzip;q=0.5" does, "gzip;q=0" does not. */
static bool accepts_gzip(struct MHD_Connection *c)
{
    str list = sent_header(c, MHD_HTTP_HEADER_ACCEPT_ENCODING);

    while (list.n) {
        str weight = cut_at(&list, ','), name = cut_at(&weight, ';');

        if (name.n != 4 || !str_starts_nocase(name, STR("gzip")))
            continue;
        for (size_t i = 0; i < weight.n; i++)
            if (weight.p[i] >= '1' && weight.p[i] <= '9')
                return true;
        return !weight.n;
    }
    return false;
}

static enum MHD_Result answer_asset(struct MHD_Connection *c, const struct asset *asset)
{
    const char *known =
        MHD_lookup_connection_value(c, MHD_HEADER_KIND, MHD_HTTP_HEADER_IF_NONE_MATCH);
    bool same = known && !strcmp(known, asset->etag);
    bool gzip = asset->gzip && accepts_gzip(c);
    const unsigned char *bytes = gzip ? asset->gzip : asset->bytes;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(same   ? 0
                                        : gzip ? asset->gzip_n
                                               : asset->n,
                                        (void *)(uintptr_t)bytes, MHD_RESPMEM_PERSISTENT);

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "ETag", asset->etag);
    MHD_add_response_header(response, "Vary", "Accept-Encoding");
    /* Vite names the files under /assets/ after their content. */
    MHD_add_response_header(response, "Cache-Control",
                            str_starts(str_of(asset->path), STR("/assets/"))
                                ? "public, max-age=31536000, immutable"
                                : "no-cache");
    if (gzip && !same)
        MHD_add_response_header(response, "Content-Encoding", "gzip");
    return answer(c, same ? MHD_HTTP_NOT_MODIFIED : MHD_HTTP_OK, response, asset->type);
}

/* 128 secret bits in hexadecimal */
static bool make_nonce(char nonce[33])
{
    unsigned char secret[16];

    if (!random_secret(secret, sizeof secret))
        return false;
    for (size_t i = 0; i < sizeof secret; i++)
        snprintf(nonce + 2 * i, 3, "%02x", secret[i]);
    return true;
}

/* index.html with a nonce of its own, which the Content-Security-Policy then names. */
static enum MHD_Result answer_index(struct MHD_Connection *c, const struct asset *index)
{
    const str mark = STR("__CSP_NONCE__");
    str html = {(const char *)index->bytes, index->n};
    struct buf b = {};
    struct MHD_Response *response;
    char nonce[33], policy[400];

    if (!make_nonce(nonce))
        return MHD_NO;
    for (const char *at; (at = memmem(html.p, html.n, mark.p, mark.n));) {
        buf_add(&b, (str){html.p, (size_t)(at - html.p)});
        buf_add(&b, str_of(nonce));
        html = str_from(html, (size_t)(at - html.p) + mark.n);
    }
    buf_add(&b, html);
    if (b.failed) {
        buf_free(&b);
        return MHD_NO;
    }
    snprintf(policy, sizeof policy,
             "default-src 'self'; script-src 'self'; style-src 'self' 'nonce-%s'; "
             "img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; "
             "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
             nonce);
    response = MHD_create_response_from_buffer_with_free_callback(b.n, b.p, mem_free);
    if (!response) {
        buf_free(&b);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Security-Policy", policy);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    return answer(c, MHD_HTTP_OK, response, index->type);
}

static bool looks_like_file(str path)
{
    const char *slash = memrchr(path.p, '/', path.n);

    return slash && memchr(slash, '.', path.n - (size_t)(slash - path.p));
}

enum MHD_Result answer_page(struct MHD_Connection *c, str path)
{
    static const char index[] = "/index.html";
    const struct asset *asset = asset_find(path);
    struct err err;

    if (asset && !str_eq(path, str_of(index)))
        return answer_asset(c, asset);
    asset = asset_find(str_of(index));
    /* The page's own paths are known to the page alone: /customers/J.%20Smith is one. */
    if (asset && (!looks_like_file(path) || str_starts(path, STR("/customers/"))))
        return answer_index(c, asset);
    err_set(&err, ERR_NOT_FOUND, "there is no such file");
    return answer_error(c, MHD_HTTP_NOT_FOUND, NULL, &err, STR(""));
}
