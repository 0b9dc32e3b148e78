/* route_customers.c - the customers behind a number, and one of them. */
#include "api/route_impl.h"

#include "base/csv.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 1000, EVENTS_MAX = 1000 };

static bool segment_param(const struct api_request *r, const char *name,
                          const struct segment **out, struct err *err)
{
    const struct segments *all = model_of(r)->segments;
    str given = param(r, name);

    *out = NULL;
    if (!given.n)
        return true;
    for (uint32_t i = 0; i < all->segment_n; i++)
        if (str_eq(all->segment[i].name, given))
            *out = &all->segment[i];
    return *out
           || err_set(err, ERR_INPUT, "%s: the model has no segment \"%.*s\"", name,
                      STR_FMT(given));
}

static bool change_params(const struct api_request *r, struct customer_filter *f,
                          struct err *err)
{
    const struct segment *left;

    if (!segment_param(r, "segment_entered", &f->changed, err)
        || !segment_param(r, "segment_left", &left, err))
        return false;
    f->changed_in = f->changed != NULL;
    if (left)
        f->changed = left;
    return !left || !f->changed_in
           || err_set(err, ERR_INPUT, "segment_entered or segment_left, not both");
}

static bool filter_params(const struct api_request *r, struct customer_filter *f,
                          struct err *err)
{
    uint16_t entered, left;

    *f = (struct customer_filter){.search = param(r, "search")};
    if (!lifecycle_param(r, &f->lifecycle, err) || !at_param(r, &f->at_ms, err)
        || !moment_param(r, "from", MOMENT_MIN, &f->from_ms, err)
        || !stage_param(r, "stage", f->lifecycle, &f->stage, err)
        || !segment_param(r, "segment", &f->segment, err) || !change_params(r, f, err)
        || !stage_param(r, "entered", f->lifecycle, &entered, err)
        || !stage_param(r, "left", f->lifecycle, &left, err)
        || !stage_param(r, "move_from", f->lifecycle, &f->move_from, err)
        || !stage_param(r, "move_to", f->lifecycle, &f->move_to, err))
        return false;
    f->came_in = f->move_to != STAGE_NONE && f->move_from == STAGE_NONE;
    if (entered != STAGE_NONE)
        f->move_to = entered;
    if (left != STAGE_NONE)
        f->move_from = left;
    f->by_move = f->move_to != STAGE_NONE || f->move_from != STAGE_NONE;
    return true;
}

static bool limit_param(const struct api_request *r, uint32_t *out, struct err *err)
{
    str given = param(r, "limit");

    *out = PAGE_DEFAULT;
    return !given.n || whole_parse(given, 1, PAGE_MAX, out)
           || err_set(err, ERR_INPUT, "limit is a whole number from 1 to %d", PAGE_MAX);
}

static str row_id(const struct api_request *r, const struct customer_row *row)
{
    return catalog_customer_id(snapshot_catalog(engine_snapshot(r->engine)),
                               row->customer);
}

static bool put_row(struct json_out *j, const struct api_request *r,
                    const struct customer_row *row, const struct customer_filter *f,
                    struct err *err)
{
    const struct property *trait;
    uint32_t n;

    if (!engine_traits(r->engine, row->customer, f->at_ms, r->a, &trait, &n, err))
        return false;
    json_begin_object(j);
    json_key(j, "id");
    json_put_text(j, row_id(r, row));
    json_key(j, "stage");
    json_put_text(j, f->lifecycle->stage[row->stage].name);
    json_key(j, "since");
    json_put_moment(j, row->since_ms);
    json_key(j, "first");
    json_put_moment(j, row->first_ms);
    json_key(j, "last");
    json_put_moment(j, row->last_ms);
    json_key(j, "events");
    json_put_int(j, row->events);
    json_key(j, "traits");
    properties_put_json(j, trait, n);
    json_end_object(j);
    return true;
}

static bool put_page(struct api_request *r, const struct customer_page *page,
                     const struct customer_filter *f, struct err *err)
{
    struct json_out j = {.to = r->out};

    json_begin_object(&j);
    json_key(&j, "at");
    json_put_moment(&j, f->at_ms);
    json_key(&j, "total");
    json_put_int(&j, page->total);
    json_key(&j, "customers");
    json_begin_list(&j);
    for (uint32_t i = 0; i < page->n; i++)
        if (!put_row(&j, r, &page->row[i], f, err))
            return false;
    json_end_list(&j);
    json_key(&j, "next");
    if (page->n < page->behind)
        json_put_text(&j, row_id(r, &page->row[page->n - 1]));
    else
        json_put_null(&j);
    json_end_object(&j);
    return true;
}

static void put_csv(struct api_request *r, const struct customer_page *page,
                    const struct lifecycle *l)
{
    const struct customer_row *row = page->row;

    buf_add(r->out, STR("id,stage,since,first,last,events\n"));
    for (uint32_t i = 0; i < page->n; i++) {
        const int64_t moment[] = {row[i].since_ms, row[i].first_ms, row[i].last_ms};

        buf_add_csv(r->out, row_id(r, &row[i]));
        buf_add_char(r->out, ',');
        buf_add_csv(r->out, l->stage[row[i].stage].name);
        for (size_t k = 0; k < 3; k++) {
            buf_add_char(r->out, ',');
            moment_print(r->out, moment[k]);
        }
        buf_add_format(r->out, ",%u\n", row[i].events);
    }
    r->type = "text/csv; charset=utf-8";
}

bool get_customers(struct api_request *r, struct err *err)
{
    bool csv = str_eq(param(r, "format"), STR("csv"));
    struct customer_filter f;
    struct customer_page page;

    if (param(r, "format").n && !csv)
        return err_set(err, ERR_INPUT, "format is csv, or is not given");
    if (!filter_params(r, &f, err))
        return false;
    f.after = csv ? STR("") : param(r, "after");
    if ((!csv && !limit_param(r, &f.limit, err))
        || !engine_customers(r->engine, &f, r->a, &page, err))
        return false;
    if (!csv)
        return put_page(r, &page, &f, err);
    put_csv(r, &page, f.lifecycle);
    return true;
}

bool get_members(struct api_request *r, struct err *err)
{
    str given = param(r, "after");
    uint32_t limit, from = 0;

    if (given.n && !whole_parse(given, 0, UINT32_MAX, &from))
        return err_set(err, ERR_INPUT, "after is what the page before gave as next");
    return limit_param(r, &limit, err)
           && members_put_json(&(struct json_out){.to = r->out}, r->engine, r->id, from,
                               limit, r->a, err);
}

bool get_customer(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    const struct lifecycle *l;
    struct customer_view v;
    enum language language;
    int64_t at_ms;

    if (!language_param(r, &language, err) || !lifecycle_param(r, &l, err)
        || !at_param(r, &at_ms, err)
        || !engine_customer(r->engine, r->id, l, at_ms, language, EVENTS_MAX, r->a, &v,
                            err))
        return false;
    customer_put_json(&j, r->engine, &v);
    return true;
}
