/* route_webhooks.c - where what happens is sent. */
#include "api/route_impl.h"
#include "base/time.h"
#include "engine/sender.h"

static void put_state(struct json_out *j, struct api_request *r,
                      const struct webhook_row *row)
{
    struct sender_state state = sender_state(r->sender, row->number);

    json_begin_object(j);
    json_key(j, "webhook");
    webhook_put_json(j, row);
    json_key(j, "under_way");
    json_put_int(j, state.under_way);
    json_key(j, "why");
    json_put_text(j, str_of(state.why));
    json_key(j, "ping");
    json_put_moment(j, state.ping_ms);
    json_key(j, "ping_status");
    json_put_int(j, state.ping_status);
    json_end_object(j);
}

bool get_webhooks(struct api_request *r, [[maybe_unused]] struct err *err)
{
    struct json_out j = {.to = r->out};
    const struct webhook_row *row;
    uint32_t n;

    row = webhooks_get(sender_webhooks(r->sender), &n);
    json_begin_list(&j);
    for (uint32_t i = 0; i < n; i++)
        put_state(&j, r, &row[i]);
    json_end_list(&j);
    return true;
}

static bool texts_of(struct api_request *r, const char *name, const str **out,
                     uint32_t *n, struct err *err)
{
    const struct json *list = json_find(r->body, str_of(name));
    str *text;

    *out = NULL;
    *n = 0;
    if (!list || list->type == JSON_NULL)
        return true;
    if (list->n > WEBHOOK_FILTERS_MAX)
        return err_set(err, ERR_LIMIT, "\"%s\" has at most %d texts", name,
                       WEBHOOK_FILTERS_MAX);
    text = arena_array(r->a, str, list->n + 1);
    if (!text)
        return err_nomem(err);
    for (size_t i = 0; i < list->n; i++) {
        if (list->item[i].type != JSON_TEXT)
            return err_set(err, ERR_INPUT, "\"%s\" is a list of texts", name);
        text[i] = list->item[i].text;
    }
    *out = text;
    *n = (uint32_t)list->n;
    return true;
}

static bool is_true(const struct api_request *r, const char *name)
{
    const struct json *member = json_find(r->body, str_of(name));

    return member && member->truth;
}

bool post_webhook(struct api_request *r, struct err *err)
{
    struct webhook_row draft = {.name = json_find_text(r->body, STR("name")),
                                .url = json_find_text(r->body, STR("url")),
                                .what = WEBHOOK_ALL};
    str what = json_find_text(r->body, STR("what"));
    struct json_out j = {.to = r->out};
    struct buf secret = {};
    bool ok;

    draft.allows = (is_true(r, "allow_http") ? WEBHOOK_PLAIN_HTTP : 0)
                   | (is_true(r, "allow_private") ? WEBHOOK_PRIVATE_HOST : 0);
    ok = (!what.n || webhook_what_parse(what, &draft.what, err))
         && texts_of(r, "types", &draft.type, &draft.type_n, err)
         && texts_of(r, "stages", &draft.stage, &draft.stage_n, err)
         && texts_of(r, "segments", &draft.segment, &draft.segment_n, err)
         && webhooks_add(sender_webhooks(r->sender), &draft, r->now_ms, &secret, err);
    if (ok) {
        json_begin_object(&j);
        json_key(&j, "secret");
        json_put_text(&j, buf_str(&secret));
        json_end_object(&j);
        r->status = 201;
    }
    buf_free(&secret);
    return ok;
}

static struct webhook_row *find(struct api_request *r, str name, struct err *err)
{
    struct webhook_row *row = webhooks_find(sender_webhooks(r->sender), name);

    if (!row)
        err_set(err, ERR_NOT_FOUND, "there is no webhook of this name");
    return row;
}

static bool done(struct api_request *r)
{
    buf_add(r->out, STR("{\"ok\":true}"));
    return true;
}

bool delete_webhook(struct api_request *r, struct err *err)
{
    const struct webhook_row *row = find(r, r->id, err);

    if (!row)
        return false;
    sender_forget(r->sender, row->number);
    return webhooks_remove(sender_webhooks(r->sender), r->id, err) && done(r);
}

bool post_webhook_replay(struct api_request *r, struct err *err)
{
    str name = json_find_text(r->body, STR("name"));
    str from = json_find_text(r->body, STR("from"));
    const struct webhook_row *row = find(r, name, err);
    int64_t from_ms = MOMENT_NEVER;

    if (!row)
        return false;
    if (from.n && !moment_parse(from, model_of(r)->workspace.zone, &from_ms, err))
        return err_in(err, "from");
    sender_forget(r->sender, row->number);
    return webhooks_replay(sender_webhooks(r->sender), name, from_ms, err) && done(r);
}

bool post_webhook_test(struct api_request *r, struct err *err)
{
    const struct webhook_row *row = find(r, json_find_text(r->body, STR("name")), err);

    if (!row || !sender_ping(r->sender, row->number, r->now_ms, err))
        return false;
    r->status = 202;
    return done(r);
}
