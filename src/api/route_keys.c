/* route_keys.c - sessions of the page, and keys. */
#include "api/route_impl.h"
#include "base/num.h"

/* --- sessions --- */

bool get_session(struct api_request *r, [[maybe_unused]] struct err *err)
{
    struct json_out j = {.to = r->out};

    json_begin_object(&j);
    json_key(&j, "name");
    if (r->who.name.n)
        json_put_text(&j, r->who.name);
    else
        json_put_null(&j);
    json_key(&j, "right");
    json_put_text(&j, str_of(key_right_name(r->who.right)));
    json_end_object(&j);
    return true;
}

static void put_done(struct api_request *r)
{
    buf_add(r->out, STR("{\"ok\":true}"));
}

bool post_session(struct api_request *r, struct err *err)
{
    struct denial denial;

    if (gate_log_in(r->gate, json_find_text(r->body, STR("key")), r->steady_ms,
                    &r->cookie, &denial)) {
        put_done(r);
        return !r->cookie.failed || err_nomem(err);
    }
    r->status = (int)denial.status;
    api_put_denial(r->out, denial.code, denial.message);
    return true;
}

bool delete_session(struct api_request *r, struct err *err)
{
    gate_log_out(r->gate, r->connection, &r->cookie);
    put_done(r);
    return !r->cookie.failed || err_nomem(err);
}

/* --- keys --- */

bool get_keys(struct api_request *r, [[maybe_unused]] struct err *err)
{
    keys_put_json(&(struct json_out){.to = r->out}, gate_keys(r->gate));
    return true;
}

static bool rate_of(const struct json *body, uint32_t *out, struct err *err)
{
    const struct json *rate = json_find(body, STR("rate"));

    *out = 0;
    if (!rate || rate->type == JSON_NULL)
        return true;
    if (rate->number < NUM_ONE || rate->number > KEY_RATE_MAX * NUM_ONE)
        return err_set(err, ERR_INPUT, "a rate is a whole number from 1 to %d",
                       KEY_RATE_MAX);
    *out = (uint32_t)(rate->number / NUM_ONE);
    return true;
}

/* With the first key the doors shut: it must be one that can make the next. */
bool post_key(struct api_request *r, struct err *err)
{
    struct keys *k = gate_keys(r->gate);
    struct json_out j = {.to = r->out};
    struct buf secret = {};
    enum key_right right;
    uint32_t rate;
    bool ok;

    if (!key_right_parse(json_find_text(r->body, STR("right")), &right))
        return err_set(err, ERR_INPUT, "\"right\" is collect, read, edit or admin");
    if (!keys_any(k) && right != KEY_ADMIN)
        return err_set(err, ERR_INPUT,
                       "the first key must have the right admin, or nobody could come in "
                       "to make the next one");
    ok = rate_of(r->body, &rate, err)
         && keys_add(k, json_find_text(r->body, STR("name")), right, rate, r->now_ms,
                     &secret, err);
    if (ok) {
        json_begin_object(&j);
        json_key(&j, "key");
        json_put_text(&j, buf_str(&secret));
        json_end_object(&j);
        r->status = 201;
    }
    buf_free(&secret);
    return ok;
}

bool delete_key(struct api_request *r, struct err *err)
{
    if (!keys_revoke(gate_keys(r->gate), r->id, r->now_ms, err))
        return false;
    put_done(r);
    return true;
}
