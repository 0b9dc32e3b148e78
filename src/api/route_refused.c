/* route_refused.c - what comes: the dictionary; what was refused, and sending it again. */
#include "api/route_impl.h"
#include "base/time.h"
#include "engine/collect.h"
#include "engine/dictionary_table.h"
#include "engine/refused_json.h"

#include <string.h>

enum { COUNTING_MS = 100 }; /* others wait for as long */
enum { PAGE_DEFAULT = 50, PAGE_MAX = 1000, PAGE_BYTES = 1 << 20 };

static bool is_up(void *until_ms)
{
    return clock_steady_ms() >= *(const int64_t *)until_ms;
}

static struct usage_time counting_time(int64_t *until_ms)
{
    *until_ms = clock_steady_ms() + COUNTING_MS;
    return (struct usage_time){is_up, until_ms};
}

static bool limit_param(const struct api_request *r, uint32_t *out, struct err *err)
{
    *out = PAGE_DEFAULT;
    return !param(r, "limit").n || whole_parse(param(r, "limit"), 1, PAGE_MAX, out)
           || err_set(err, ERR_INPUT, "limit is a whole number from 1 to %d", PAGE_MAX);
}

static bool wrong_after(struct err *err)
{
    return err_set(err, ERR_INPUT, "after is what the page before gave as next");
}

bool get_dictionary(struct api_request *r, struct err *err)
{
    struct dictionary_table table;
    int64_t until_ms;

    if (!engine_dictionary(r->engine, counting_time(&until_ms), r->a, &table, err))
        return false;
    dictionary_put_json(&(struct json_out){.to = r->out}, &table);
    return true;
}

bool get_refused(struct api_request *r, struct err *err)
{
    struct refused_page page = {.source = param(r, "source"),
                                .reason = param(r, "reason")};
    struct refused_summary summary;
    int64_t until_ms;

    if (!limit_param(r, &page.limit, err))
        return false;
    if (param(r, "after").n
        && !whole_parse(param(r, "after"), 0, UINT32_MAX, &page.first))
        return wrong_after(err);
    if (!engine_refused(r->engine, counting_time(&until_ms), r->a, &summary, err))
        return false;
    refused_put_summary(&(struct json_out){.to = r->out}, &summary, &page);
    return true;
}

/* "12.5", behind the fifth row of batch 12. */
static bool place_param(const struct api_request *r, struct refused_place *out,
                        struct err *err)
{
    str after = param(r, "after");
    const char *dot = after.n ? memchr(after.p, '.', after.n) : NULL;
    uint32_t batch, row;
    size_t n = dot ? (size_t)(dot - after.p) : 0;

    if (!after.n)
        return true;
    if (!dot || !whole_parse((str){after.p, n}, 0, UINT32_MAX, &batch)
        || !whole_parse(str_from(after, n + 1), 0, UINT32_MAX, &row))
        return wrong_after(err);
    *out = (struct refused_place){batch, row};
    return true;
}

bool get_refused_rows(struct api_request *r, struct err *err)
{
    int64_t until_ms;
    struct refused_want want = {.source = param(r, "source"),
                                .reason = param(r, "reason"),
                                .bytes_max = PAGE_BYTES,
                                .time = counting_time(&until_ms)};
    struct refused_place at = {};
    struct refused_row *row;
    uint32_t n;
    bool more;

    if (!limit_param(r, &want.rows_max, err) || !place_param(r, &at, err)
        || !engine_refused_rows(r->engine, &want, &at, r->a, &row, &n, &more, err))
        return false;
    refused_put_rows(&(struct json_out){.to = r->out}, row, n, more ? &at : NULL);
    return true;
}

static bool read_mends(const struct api_request *r, struct mend mend[3],
                       struct resend *to, struct err *err)
{
    static const struct {
        const char *field;
        enum mend_kind kind;
    } known[] = {{"rename_type", MEND_TYPE},
                 {"rename_property", MEND_PROPERTY},
                 {"convert", MEND_VALUE}};

    to->mend = mend;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        str text = json_find_text(r->body, str_of(known[i].field));

        if (text.n && !mend_parse(known[i].kind, text, &mend[to->mend_n++], err))
            return false;
    }
    return true;
}

bool post_resend(struct api_request *r, struct err *err)
{
    const struct json *dry_run = json_find(r->body, STR("dry_run"));
    str id = json_find_text(r->body, STR("id"));
    struct resend what = {
        .source = json_find_text(r->body, STR("source")),
        .reason = json_find_text(r->body, STR("reason")),
        .text = json_find_text(r->body, STR("text")),
        .dry_run = dry_run && dry_run->truth,
    };
    struct resend_report report;
    struct mend mend[3];

    if (id.n && !refused_id_parse(id, &what.id))
        return err_set(err, ERR_INPUT, "\"id\" is one that /api/refused/rows gave");
    if (what.text.n && !what.id)
        return err_set(err, ERR_INPUT, "\"text\" is that of one event: give its \"id\"");
    if (!what.id && !what.reason.n)
        return err_set(err, ERR_INPUT,
                       "\"id\" says which one is sent again, or \"reason\" which ones");
    if (!read_mends(r, mend, &what, err)
        || !engine_resend(r->engine, &what, r->now_ms, r->a, &report, err)
        || (!what.dry_run && !engine_settle(r->engine, err)))
        return false;
    if (what.id && !report.found)
        return err_set(err, ERR_NOT_FOUND,
                       "it does not stand in the list any more: somebody sent it again");
    resend_put_report(&(struct json_out){.to = r->out}, &report, what.dry_run);
    return true;
}
