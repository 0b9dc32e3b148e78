/* route_spend.c - what channels cost: a table is told, and what stands is asked. */
#include "api/route_impl.h"
#include "engine/import.h"
#include "engine/spend.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 1000 };

bool get_spend(struct api_request *r, struct err *err)
{
    struct spend_list list = {.date = param(r, "date"),
                              .channel = param(r, "channel"),
                              .campaign = param(r, "campaign"),
                              .n = PAGE_DEFAULT};

    if (param(r, "limit").n && !whole_parse(param(r, "limit"), 1, PAGE_MAX, &list.n))
        return err_set(err, ERR_INPUT, "limit is a whole number from 1 to %d", PAGE_MAX);
    if (param(r, "after").n
        && !whole_parse(param(r, "after"), 1, UINT32_MAX - 1, &list.first))
        return err_set(err, ERR_INPUT, "after is the number that the page before gave");
    return spend_put_json(&(struct json_out){.to = r->out}, r->engine, &list, r->a, err);
}

static bool signs(struct api_request *r, struct spend_import *how, struct err *err)
{
    str separator = json_find_text(r->body, STR("separator")),
        decimal = json_find_text(r->body, STR("decimal"));

    return (!separator.n || mapping_separator_parse(separator, &how->separator, err)
            || err_in(err, "separator"))
           && (!decimal.n || mapping_decimal_parse(decimal, &how->decimal, err)
               || err_in(err, "decimal"));
}

bool post_spend(struct api_request *r, struct err *err)
{
    const struct json *dry_run = json_find(r->body, STR("dry_run"));
    str name = json_find_text(r->body, STR("name"));
    struct spend_import how = {
        .column = {.date = json_find_text(r->body, STR("date")),
                   .channel = json_find_text(r->body, STR("channel")),
                   .amount = json_find_text(r->body, STR("amount")),
                   .campaign = json_find_text(r->body, STR("campaign")),
                   .currency = json_find_text(r->body, STR("currency"))},
        .all_channel = json_find_text(r->body, STR("all_of")),
        .date_format = json_find_text(r->body, STR("date_format")),
        .source = json_find_text(r->body, STR("source")),
        .text = json_find_text(r->body, STR("table")),
        .dry_run = dry_run && dry_run->truth,
        .now_ms = r->now_ms,
    };
    struct spend_report report;

    if (!how.text.n)
        return err_set(err, ERR_INPUT,
                       "\"table\" is empty: it is CSV, with the names of its columns in "
                       "the first line");
    if (name.n && !spend_name_is_valid(name))
        return err_set(err, ERR_INPUT,
                       "\"name\" is longer than %d bytes, or holds a control character",
                       SPEND_NAME_MAX);
    if (how.all_channel.n && how.column.channel.n)
        return err_set(err, ERR_INPUT, "channel and all_of exclude each other");
    if (!signs(r, &how, err)
        || !engine_spend_import(r->engine, name.n ? name : STR("spend"), &how, r->a,
                                &report, err))
        return false;
    spend_report_put_json(&(struct json_out){.to = r->out}, &report);
    return true;
}
