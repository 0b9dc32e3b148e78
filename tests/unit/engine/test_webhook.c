#include "engine/webhook.h"

#include "engine/outgoing.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

static const str only_purchases[] = {STR("purchase")}, only_risk[] = {STR("at_risk")};

static struct webhook_row draft(const char *name)
{
    return (struct webhook_row){.name = str_of(name),
                                .url = STR("https://example.org/in"),
                                .what = WEBHOOK_EVENTS | WEBHOOK_MOVES};
}

static struct webhooks *webhooks_of(struct engine *e)
{
    struct webhooks *w;
    struct err err;

    NEED_OK(webhooks_new(e, &w, &err), err);
    return w;
}

static void add(struct webhooks *w, const struct webhook_row *row, const char *now)
{
    struct buf secret = {};
    struct err err;

    NEED_OK(webhooks_add(w, row, moment_of(now), &secret, &err), err);
    assert_true(str_starts(buf_str(&secret), STR("whsec_")));
    assert_int_equal(secret.n, strlen("whsec_") + 44);
    buf_free(&secret);
}

TEST(webhooks_stand_in_the_file)
{
    struct engine *e = bottega_open("2026-06-01");
    struct webhooks *w = webhooks_of(e);
    struct webhook_row one = draft("crm"), two = draft("mails");
    struct err err;
    uint32_t n;

    two.what = WEBHOOK_MOVES;
    two.stage = only_risk;
    two.stage_n = 1;
    add(w, &one, "2026-06-01");
    add(w, &two, "2026-06-01");
    NEED_OK(webhooks_remove(w, STR("crm"), &err), err);
    assert_false(webhooks_remove(w, STR("crm"), &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    webhooks_free(w);
    w = webhooks_of(e);
    one = *webhooks_get(w, &n);
    assert_int_equal(n, 1);
    assert_true(str_eq(one.name, STR("mails")) && str_eq(one.stage[0], STR("at_risk")));
    assert_int_equal(one.number, 2);
    webhooks_free(w);
    engine_close(e);
}

static void need_refused(struct webhooks *w, const struct webhook_row *row,
                         enum err_code code)
{
    struct buf secret = {};
    struct err err;

    assert_false(webhooks_add(w, row, 0, &secret, &err));
    assert_int_equal(err.code, code);
    buf_free(&secret);
}

TEST(a_webhook_that_cannot_work_is_refused)
{
    struct engine *e = bottega_open("2026-06-01");
    struct webhooks *w = webhooks_of(e);
    struct webhook_row row = draft("");
    uint32_t what;
    struct err err;

    need_refused(w, &row, ERR_INPUT);
    row = draft("a\nb");
    need_refused(w, &row, ERR_INPUT);
    row = draft("crm");
    row.url = STR("http://example.org/in");
    need_refused(w, &row, ERR_INPUT);
    row.allows = WEBHOOK_PLAIN_HTTP;
    add(w, &row, "2026-06-01");
    need_refused(w, &row, ERR_CONFLICT);
    assert_false(webhook_what_parse(STR(""), &what, &err));
    assert_false(webhook_what_parse(STR("events,"), &what, &err) && what != 1);
    assert_false(webhook_what_parse(STR("orders"), &what, &err));
    assert_true(webhook_what_parse(STR("moves, events"), &what, &err));
    assert_int_equal(what, WEBHOOK_EVENTS | WEBHOOK_MOVES);
    webhooks_free(w);
    engine_close(e);
}

/* --- what is sent --- */

/* The bodies behind the row's place, a line each. */
static bool walk(struct engine *e, const struct webhook_row *row, enum outgoing_kind kind,
                 struct buf *to, struct err *err)
{
    struct outgoing o = {.kind = kind,
                         .at = kind == OUTGOING_EVENT ? row->event : row->move};
    struct json_parser *p = NULL;
    struct arena a = {};
    struct snapshot *v;
    bool ok, there = true;

    if (!store_snapshot(engine_store(e), &v, err))
        return false;
    ok = json_parser_new(&p, err);
    while (ok && there) {
        struct outgoing_message m;
        bool is_wanted;

        ok = outgoing_next(&o, row, v, p, &a, &m, &there, &is_wanted, err);
        if (ok && is_wanted) {
            ok = outgoing_headers(&m, row->secret, 1, &a, err);
            buf_add(to, m.body);
            buf_add_char(to, '\n');
        }
    }
    ok = ok && (!to->failed || err_nomem(err));
    json_parser_free(p);
    outgoing_free(&o);
    arena_free(&a);
    snapshot_close(v);
    return ok;
}

TEST(events_are_sent_with_the_customer_they_stand_with)
{
    struct engine *e = bottega_open("2026-06-01");
    struct webhook_row row = draft("crm");
    struct buf b = {};
    struct err err;

    row.type = only_purchases;
    row.type_n = 1;
    row.event.seq = 1;
    NEED_OK(walk(e, &row, OUTGOING_EVENT, &b, &err), err);
    buf_add_char(&b, 0);
    assert_non_null(strstr(
        b.p, "{\"type\":\"event\",\"timestamp\":\"2026-01-11T10:00:00.000Z\",\"data\":"
             "{\"kind\":\"userId\",\"customer\":\"anna\",\"event\":\"purchase\","
             "\"messageId\":\"p1\""));
    assert_null(strstr(b.p, "signed_up"));
    buf_free(&b);
    engine_close(e);
}

TEST(moves_are_sent_from_the_moment_on_at_which_somebody_wants_them)
{
    struct engine *e = bottega_open("2026-02-03");
    struct webhooks *w = webhooks_of(e);
    struct webhook_row row = draft("crm");
    struct buf b = {};
    struct err err;

    row.what = WEBHOOK_MOVES;
    add(w, &row, "2026-02-03");
    row.move.seq = 1;
    NEED_OK(engine_advance(e, moment_of("2026-02-11"), &err), err);
    NEED_OK(engine_tell(e, &err), err);
    NEED_OK(walk(e, &row, OUTGOING_MOVE, &b, &err), err);
    buf_add_char(&b, 0);
    assert_non_null(strstr(b.p, "\"customer\":\"anna\""));
    assert_non_null(strstr(b.p, "\"from\":\"buyer\",\"to\":\"at_risk\",\"at\":"
                                "\"2026-02-10T10:00:00.000Z\",\"model\":1"));
    assert_non_null(strstr(b.p, "2026-02-04T09:30:00.250Z"));
    assert_null(strstr(b.p, "\"to\":\"reach\""));
    buf_clear(&b);
    row.stage = only_purchases; /* no stage is called so */
    row.stage_n = 1;
    NEED_OK(walk(e, &row, OUTGOING_MOVE, &b, &err), err);
    assert_int_equal(b.n, 0);
    buf_free(&b);
    webhooks_free(w);
    engine_close(e);
}

/* --- failures --- */

static bool open_and_walk(void *context, struct err *err)
{
    const struct store_options options = {.mode = STORE_READ};
    struct webhook_row row = draft("crm");
    struct webhooks *w = NULL;
    struct engine *e;
    struct buf b = {};
    bool ok;

    if (!engine_open(io_system(), str_of(context), &options, &e, err))
        return false;
    row.event.seq = 1;
    ok = webhooks_new(e, &w, err) && walk(e, &row, OUTGOING_EVENT, &b, err);
    buf_free(&b);
    webhooks_free(w);
    engine_close(e);
    return ok;
}

TEST(memory_may_run_out_while_messages_are_made)
{
    struct engine *e = bottega_open("2026-06-01");
    struct webhooks *w = webhooks_of(e);
    struct webhook_row row = draft("crm");

    row.what = WEBHOOK_EVENTS;
    add(w, &row, "2026-06-01");
    webhooks_free(w);
    engine_close(e);
    each_oom_or_done(open_and_walk, (void *)(uintptr_t)bottega_path());
}
