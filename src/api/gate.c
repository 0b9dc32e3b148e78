#include "api/gate.h"

#include "api/sent.h"

#include <string.h>

enum { SESSIONS_MAX = 1000 };
#define COOKIE "ciclo_session"

struct session {
    struct secret_hash hash; /* of what its cookie says */
    uint32_t key;            /* its number */
    int64_t until_ms;        /* steady */
};

struct gate {
    struct keys *keys;
    bool is_secret;
    struct session session[SESSIONS_MAX]; /* in no order */
    uint32_t session_n;
};

bool gate_new(struct engine *e, bool is_secret, struct gate **out, struct err *err)
{
    struct gate *g = mem_alloc(sizeof *g);

    if (!g)
        return err_nomem(err);
    g->is_secret = is_secret;
    if (!keys_new(e, &g->keys, err)) {
        gate_free(g);
        return false;
    }
    *out = g;
    return true;
}

void gate_free(struct gate *g)
{
    if (!g)
        return;
    keys_free(g->keys);
    mem_free(g);
}

struct keys *gate_keys(struct gate *g)
{
    return g->keys;
}

/* --- what comes --- */

static struct session *find_session(struct gate *g, struct MHD_Connection *c)
{
    str value = str_of(MHD_lookup_connection_value(c, MHD_COOKIE_KIND, COOKIE));
    struct session *found = NULL;
    struct secret_hash hash;

    if (!value.n)
        return NULL;
    hash = secret_hash_of(value);
    for (uint32_t i = 0; i < g->session_n; i++)
        if (secret_eq(&hash, &g->session[i].hash))
            found = &g->session[i];
    return found;
}

static bool find_who(struct gate *g, struct MHD_Connection *c, int64_t now_ms,
                     struct key_view *who)
{
    str secret = sent_bearer(c);
    const struct session *session;

    if (secret.n)
        return keys_find(g->keys, secret, who);
    session = find_session(g, c);
    return session && session->until_ms > now_ms
           && keys_find_number(g->keys, session->key, who);
}

/* --- who may --- */

static bool deny_unknown(struct denial *out)
{
    *out =
        (struct denial){MHD_HTTP_UNAUTHORIZED, "no_key",
                        STR("this needs a key: ciclo key FILE add makes one; send it as "
                            "Authorization: Bearer KEY"),
                        0};
    return false;
}

static bool deny_right(enum key_right needs, struct denial *out)
{
    static const str words[] = {
        [KEY_COLLECT] = STR("this key may not send events"),
        [KEY_READ] = STR("this key may not see anything: it needs the right read"),
        [KEY_EDIT] = STR("this key may not change anything: it needs the right edit"),
        [KEY_ADMIN] = STR("only a key with the right admin may do this"),
    };

    *out = (struct denial){MHD_HTTP_FORBIDDEN, "no_right", words[needs], 0};
    return false;
}

bool gate_check(struct gate *g, struct MHD_Connection *c, enum key_right needs,
                int64_t now_ms, struct key_view *who, struct denial *out)
{
    uint32_t wait_s;

    *who = (struct key_view){STR(""), KEY_ADMIN, 0};
    if (!keys_any(g->keys))
        return true;
    if (!find_who(g, c, now_ms, who))
        return deny_unknown(out);
    if (!key_may(who->right, needs))
        return deny_right(needs, out);
    if (keys_take(g->keys, who->number, 1, now_ms, &wait_s))
        return true;
    *out = (struct denial){MHD_HTTP_TOO_MANY_REQUESTS, "too_many",
                           STR("this key sends more than its rate: try again later"),
                           wait_s};
    return false;
}

bool gate_lets_in(struct gate *g, struct MHD_Connection *c, enum key_right needs,
                  int64_t now_ms)
{
    struct key_view who;

    return !keys_any(g->keys)
           || (find_who(g, c, now_ms, &who) && key_may(who.right, needs));
}

/* --- sessions --- */

/* The place of a new one: of one that is over, or else of the oldest. */
static struct session *session_place(struct gate *g)
{
    struct session *oldest = g->session;

    if (g->session_n < SESSIONS_MAX)
        return &g->session[g->session_n++];
    for (uint32_t i = 1; i < g->session_n; i++)
        if (g->session[i].until_ms < oldest->until_ms)
            oldest = &g->session[i];
    return oldest;
}

static void put_cookie(const struct gate *g, str value, int age_s, struct buf *to)
{
    buf_add_format(to, COOKIE "=%.*s; Path=/; Max-Age=%d; HttpOnly; SameSite=Strict%s",
                   STR_FMT(value), age_s, g->is_secret ? "; Secure" : "");
    buf_add_char(to, 0);
}

bool gate_log_in(struct gate *g, str secret, int64_t now_ms, struct buf *cookie,
                 struct denial *out)
{
    struct buf value = {};
    struct key_view who;

    if (!keys_find(g->keys, secret, &who)) {
        *out = (struct denial){MHD_HTTP_UNAUTHORIZED, "no_key",
                               STR("this key is unknown, or was revoked"), 0};
        return false;
    }
    if (!key_may(who.right, KEY_READ))
        return deny_right(KEY_READ, out);
    if (!secret_new(&value, STR("")) || value.failed) {
        buf_free(&value);
        *out = (struct denial){MHD_HTTP_SERVICE_UNAVAILABLE, "nomem",
                               STR("memory ran out: try again"), 0};
        return false;
    }
    *session_place(g) = (struct session){.hash = secret_hash_of(buf_str(&value)),
                                         .key = who.number,
                                         .until_ms = now_ms + SESSION_S * MS_SECOND};
    put_cookie(g, buf_str(&value), SESSION_S, cookie);
    buf_free(&value);
    return true;
}

void gate_log_out(struct gate *g, struct MHD_Connection *c, struct buf *cookie)
{
    struct session *session = find_session(g, c);

    if (session)
        *session = g->session[--g->session_n];
    put_cookie(g, STR(""), 0, cookie);
}
