#include "engine/webhook.h"

#include "base/base64.h"
#include "base/random.h"
#include "base/time.h"
#include "net/post.h"

#include <string.h>

enum { WEBHOOKS_MAX = 100 };

struct webhooks {
    struct engine *engine;
    struct arena arena; /* texts */
    struct webhook_row *row;
    uint32_t n, cap;
};

/* --- in memory --- */

static bool copy_list(struct arena *a, const str **list, uint32_t n)
{
    str *copy = arena_array(a, str, n + 1);
    bool ok = copy;

    for (uint32_t i = 0; ok && i < n; i++) {
        copy[i] = arena_str(a, (*list)[i]);
        ok = copy[i].p;
    }
    *list = copy;
    return ok;
}

static bool append(struct webhooks *w, const struct webhook_row *row)
{
    struct webhook_row *new;

    if (w->n == w->cap) {
        uint32_t cap = w->cap ? 2 * w->cap : 8;
        struct webhook_row *more = mem_resize(w->row, cap * sizeof *more);

        if (!more)
            return false;
        w->row = more;
        w->cap = cap;
    }
    new = &w->row[w->n];
    *new = *row;
    new->name = arena_str(&w->arena, row->name);
    new->url = arena_str(&w->arena, row->url);
    if (!new->name.p || !new->url.p || !copy_list(&w->arena, &new->type, row->type_n)
        || !copy_list(&w->arena, &new->stage, row->stage_n)
        || !copy_list(&w->arena, &new->segment, row->segment_n))
        return false;
    w->n++;
    return true;
}

struct load {
    struct webhooks *webhooks;
    bool failed;
};

static bool take_row(void *context, const struct webhook_row *row)
{
    struct load *load = context;

    load->failed = !append(load->webhooks, row);
    return !load->failed;
}

bool webhooks_new(struct engine *e, struct webhooks **out, struct err *err)
{
    struct load load = {mem_alloc(sizeof(struct webhooks)), false};
    struct snapshot *v;
    bool ok;

    if (!load.webhooks)
        return err_nomem(err);
    load.webhooks->engine = e;
    ok = store_snapshot(engine_store(e), &v, err);
    if (ok) {
        ok = snapshot_each_webhook(v, take_row, &load, err)
             && (!load.failed || err_nomem(err));
        snapshot_close(v);
    }
    if (!ok) {
        webhooks_free(load.webhooks);
        return false;
    }
    *out = load.webhooks;
    return true;
}

void webhooks_free(struct webhooks *w)
{
    if (!w)
        return;
    arena_free(&w->arena);
    mem_free(w->row);
    mem_free(w);
}

struct webhook_row *webhooks_get(const struct webhooks *w, uint32_t *n)
{
    *n = w->n;
    return w->row;
}

struct webhook_row *webhooks_find(const struct webhooks *w, str name)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (str_eq(w->row[i].name, name))
            return &w->row[i];
    return NULL;
}

static struct webhook_row *find(const struct webhooks *w, str name, struct err *err)
{
    struct webhook_row *row = webhooks_find(w, name);

    if (!row)
        err_set(err, ERR_NOT_FOUND,
                "there is no webhook \"%.*s\": ciclo webhook FILE list shows them",
                (int)(name.n < WEBHOOK_NAME_MAX ? name.n : WEBHOOK_NAME_MAX), name.p);
    return row;
}

/* --- words --- */

bool webhook_what_parse(str text, uint32_t *out, struct err *err)
{
    *out = 0;
    while (text.n) {
        const char *comma = memchr(text.p, ',', text.n);
        str word = {text.p, comma ? (size_t)(comma - text.p) : text.n};

        if (str_eq(str_trim(word), STR("events")))
            *out |= WEBHOOK_EVENTS;
        else if (str_eq(str_trim(word), STR("moves")))
            *out |= WEBHOOK_MOVES;
        else if (str_eq(str_trim(word), STR("segments")))
            *out |= WEBHOOK_SEGMENTS;
        else if (str_eq(str_trim(word), STR("alerts")))
            *out |= WEBHOOK_ALERTS;
        else
            break;
        text = str_from(text, word.n + (comma ? 1 : 0));
    }
    return (*out && !text.n)
           || err_set(err, ERR_INPUT,
                      "what is sent is some of events, moves, segments, alerts, with "
                      "commas between");
}

const char *webhook_state_name(enum webhook_state state)
{
    switch (state) {
    case WEBHOOK_ON:
        return "on";
    case WEBHOOK_PAUSED:
        return "paused";
    case WEBHOOK_GONE:
        return "gone";
    }
    return "";
}

void webhook_what_print(uint32_t what, struct buf *to)
{
    static const char *const words[] = {"events", "moves", "segments", "alerts"};
    bool first = true;

    for (uint32_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!(what >> i & 1))
            continue;
        if (!first)
            buf_add_char(to, ',');
        buf_add(to, str_of(words[i]));
        first = false;
    }
}

/* --- changes --- */

bool webhooks_keep(struct webhooks *w, const struct webhook_row *const *row, uint32_t n,
                   struct err *err)
{
    struct store *s = engine_store(w->engine);

    if (!store_begin_histories(s, err))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (!store_webhook_put(s, row[i], err)) {
            store_cancel(s);
            return false;
        }
    return store_commit(s, err);
}

static bool check_name(const struct webhooks *w, str name, struct err *err)
{
    bool plain = name.n > 0 && name.n <= WEBHOOK_NAME_MAX && str_is_utf8(name);

    for (size_t i = 0; plain && i < name.n; i++)
        plain = (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7f;
    if (!plain)
        return err_set(err, ERR_INPUT,
                       "a webhook's name has 1 to %d bytes of text without control "
                       "characters",
                       WEBHOOK_NAME_MAX);
    return !webhooks_find(w, name)
           || err_set(err, ERR_CONFLICT,
                      "there is a webhook \"%.*s\" already: remove it first, or give "
                      "another name",
                      STR_FMT(name));
}

static bool check_list(const str *list, uint32_t n, const char *what, struct err *err)
{
    enum { TEXT_MAX = 200 };

    if (n > WEBHOOK_FILTERS_MAX)
        return err_set(err, ERR_LIMIT, "a webhook names at most %d %ss",
                       WEBHOOK_FILTERS_MAX, what);
    for (uint32_t i = 0; i < n; i++)
        if (!list[i].n || list[i].n > TEXT_MAX || !str_is_utf8(list[i]))
            return err_set(err, ERR_INPUT, "a %s has 1 to %d bytes of text", what,
                           TEXT_MAX);
    return true;
}

static bool check_draft(const struct webhooks *w, const struct webhook_row *draft,
                        struct err *err)
{
    if (w->n == WEBHOOKS_MAX)
        return err_set(err, ERR_LIMIT, "a file has at most %d webhooks", WEBHOOKS_MAX);
    return check_name(w, draft->name, err)
           && (draft->url.n <= WEBHOOK_URL_MAX
               || err_set(err, ERR_INPUT, "a URL has at most %d bytes", WEBHOOK_URL_MAX))
           && post_check_url(draft->url, draft->allows & WEBHOOK_PLAIN_HTTP, err)
           && check_list(draft->type, draft->type_n, "type", err)
           && check_list(draft->stage, draft->stage_n, "stage", err)
           && check_list(draft->segment, draft->segment_n, "segment", err);
}

static bool set_places(const struct webhooks *w, struct webhook_row *row, int64_t from_ms,
                       struct err *err)
{
    struct snapshot *v;
    bool ok;

    row->event.line = row->move.line = 0;
    if (!store_snapshot(engine_store(w->engine), &v, err))
        return false;
    ok = snapshot_from(v, from_ms, &row->event.seq, &row->move.seq, err);
    snapshot_close(v);
    return ok;
}

bool webhooks_add(struct webhooks *w, const struct webhook_row *draft, int64_t now_ms,
                  struct buf *secret, struct err *err)
{
    struct webhook_row row = *draft;
    const struct webhook_row *kept;

    if (!check_draft(w, draft, err) || !set_places(w, &row, INT64_MAX, err))
        return false;
    if (!random_secret(row.secret, sizeof row.secret))
        return err_sys(err, "no secret can be made");
    row.number = w->n ? w->row[w->n - 1].number + 1 : 1;
    row.state = WEBHOOK_ON;
    row.made_ms = now_ms;
    row.failing_ms = row.last_ms = MOMENT_NEVER;
    buf_add(secret, STR("whsec_"));
    base64_encode((str){(const char *)row.secret, sizeof row.secret}, secret);
    if (secret->failed || !append(w, &row))
        return err_nomem(err);
    kept = &w->row[w->n - 1];
    if (!webhooks_keep(w, &kept, 1, err)) {
        w->n--;
        return false;
    }
    if ((row.what & (WEBHOOK_MOVES | WEBHOOK_SEGMENTS))
        && !engine_listen(w->engine, now_ms, err)) {
        struct err unheard;

        webhooks_remove(w, row.name, &unheard);
        return false;
    }
    return true;
}

bool webhooks_remove(struct webhooks *w, str name, struct err *err)
{
    struct store *s = engine_store(w->engine);
    struct webhook_row *row = find(w, name, err);
    size_t behind;

    if (!row || !store_begin_histories(s, err))
        return false;
    if (!store_webhook_drop(s, row->number, err)) {
        store_cancel(s);
        return false;
    }
    if (!store_commit(s, err))
        return false;
    behind = (size_t)(w->row + w->n - row) - 1;
    memmove(row, row + 1, behind * sizeof *row);
    w->n--;
    return true;
}

bool webhooks_replay(struct webhooks *w, str name, int64_t from_ms, struct err *err)
{
    struct webhook_row *row = find(w, name, err), changed;
    const struct webhook_row *kept = &changed;

    if (!row)
        return false;
    changed = *row;
    changed.state = WEBHOOK_ON;
    changed.failing_ms = MOMENT_NEVER;
    if (from_ms != MOMENT_NEVER && !set_places(w, &changed, from_ms, err))
        return false;
    if (!webhooks_keep(w, &kept, 1, err))
        return false;
    *row = changed;
    return true;
}

/* --- printed --- */

static void put_list(struct json_out *j, const char *name, const str *list, uint32_t n)
{
    json_key(j, name);
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++)
        json_put_text(j, list[i]);
    json_end_list(j);
}

void webhook_put_json(struct json_out *j, const struct webhook_row *row)
{
    struct buf what = {0};

    webhook_what_print(row->what, &what);
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, row->name);
    json_key(j, "url");
    json_put_text(j, row->url);
    json_key(j, "what");
    json_put_text(j, buf_str(&what));
    put_list(j, "types", row->type, row->type_n);
    put_list(j, "stages", row->stage, row->stage_n);
    put_list(j, "segments", row->segment, row->segment_n);
    json_key(j, "allow_http");
    json_put_bool(j, row->allows & WEBHOOK_PLAIN_HTTP);
    json_key(j, "allow_private");
    json_put_bool(j, row->allows & WEBHOOK_PRIVATE_HOST);
    json_key(j, "made");
    json_put_moment(j, row->made_ms);
    json_key(j, "state");
    json_put_text(j, str_of(webhook_state_name(row->state)));
    json_key(j, "failing_since");
    json_put_moment(j, row->failing_ms);
    json_key(j, "last_answer");
    json_put_moment(j, row->last_ms);
    json_key(j, "last_status");
    if (row->last_status)
        json_put_int(j, row->last_status);
    else
        json_put_null(j);
    json_key(j, "next_batch");
    json_put_int(j, row->event.seq);
    json_end_object(j);
    j->to->failed |= what.failed;
    buf_free(&what);
}

void webhooks_put_json(struct json_out *j, const struct webhooks *w)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < w->n; i++)
        webhook_put_json(j, &w->row[i]);
    json_end_list(j);
}
