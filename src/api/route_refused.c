/* route_refused.c - what comes: the dictionary; what was refused, and sending it again. */
#include "api/route_impl.h"
#include "base/time.h"
#include "engine/collect.h"
#include "engine/dictionary_table.h"
#include "engine/refused_json.h"

enum { COUNTING_MS = 100 }; /* others wait for as long */

static bool is_up(void *until_ms)
{
    return clock_steady_ms() >= *(const int64_t *)until_ms;
}

bool get_dictionary(struct api_request *r, struct err *err)
{
    int64_t until_ms = clock_steady_ms() + COUNTING_MS;
    struct dictionary_table table;

    if (!engine_dictionary(r->engine, (struct usage_time){is_up, &until_ms}, r->a, &table,
                           err))
        return false;
    dictionary_put_json(&(struct json_out){.to = r->out}, &table);
    return true;
}

bool get_refused(struct api_request *r, struct err *err)
{
    struct refused_summary summary;

    if (!engine_refused(r->engine, r->a, &summary, err))
        return false;
    refused_put_summary(&(struct json_out){.to = r->out}, &summary);
    return true;
}

bool get_refused_rows(struct api_request *r, struct err *err)
{
    enum { ROWS_MAX = 1000 };
    struct refused_row *row;
    uint32_t n = 50;

    if (param(r, "limit").n && !whole_parse(param(r, "limit"), 1, ROWS_MAX, &n))
        return err_set(err, ERR_INPUT, "limit is a whole number from 1 to %d", ROWS_MAX);
    if (!engine_refused_rows(r->engine, param(r, "source"), param(r, "reason"), n, r->a,
                             &row, &n, err))
        return false;
    refused_put_rows(&(struct json_out){.to = r->out}, row, n);
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
