#include "unit/engine/bottega.h"

#include "base/num.h"
#include "base/random.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NOW "2026-12-31"
#define BEGIN_MS INT64_C(1767225600000) /* 2026-01-01 */

static const char model[] =
    "ciclo: 1\n"
    "workspace: { currency: EUR, timezone: UTC }\n"
    "events: { purchase: { properties: { revenue: money } }, signed_up: }\n"
    "lifecycle:\n"
    "  start: reach\n"
    "  stages: { reach: , buyer: , fan: , sleepy: , gone: }\n"
    "  moves:\n"
    "    - { from: reach, to: buyer, when: exists(purchase) }\n"
    "    - { from: buyer, to: fan, when: 'count(purchase, 60d) >= 3 and "
    "sum(purchase.revenue, 90d) >= 100' }\n"
    "    - { from: buyer, to: sleepy, when: 'since(purchase) >= 40d or "
    "count(signed_up, 30d) >= 4' }\n"
    "    - { from: fan, to: buyer, when: 'not (count(purchase, 60d) >= 2 or "
    "sum(purchase.revenue, 30d) >= 150)' }\n"
    "    - { from: sleepy, to: gone, when: 'since(purchase) >= 90d and not "
    "exists(signed_up, 20d)' }\n"
    "    - { from: [sleepy, gone], to: buyer, when: 'count(purchase, 10d) >= 2' }\n";

/* --- a small evaluation of one's own --- */

enum { PEOPLE = 40, EVENTS = 9, HOURS = 24 * 200, DAY = 24 };

struct did {
    int hour;
    bool buys;
    int revenue; /* whole euros */
};
struct life {
    struct did did[EVENTS];
};

static struct life some_life(struct random *r)
{
    struct life l;

    for (int i = 0; i < EVENTS; i++)
        l.did[i] = (struct did){(int)random_below(r, HOURS), random_below(r, 3) > 0,
                                10 + (int)random_below(r, 50)};
    return l;
}

/* Number and revenue of one kind with hour <= now < hour + days. */
static int in_window(const struct life *l, bool buys, double now, int days, int *revenue)
{
    int n = 0;

    *revenue = 0;
    for (int i = 0; i < EVENTS; i++) {
        const struct did *d = &l->did[i];

        if (d->buys != buys || d->hour > now || now >= d->hour + days * DAY)
            continue;
        n++;
        *revenue += buys ? d->revenue : 0;
    }
    return n;
}

static int last_purchase(const struct life *l, double now)
{
    int last = -1;

    for (int i = 0; i < EVENTS; i++)
        if (l->did[i].buys && l->did[i].hour <= now && l->did[i].hour > last)
            last = l->did[i].hour;
    return last;
}

struct answer_by_hand {
    bool truth;
    int events;
    char value[32];
};

/* One comparison of the model's rules. */
static struct answer_by_hand ask_by_hand(const struct life *l, double now,
                                         const char *test)
{
    struct answer_by_hand a = {};
    char event[16];
    int days, wanted, revenue, n;

    if (sscanf(test, "count(%15[a-z_], %dd) >= %d", event, &days, &wanted) == 3) {
        n = in_window(l, !strcmp(event, "purchase"), now, days, &revenue);
        a.truth = n >= wanted;
        a.events = n;
        snprintf(a.value, sizeof a.value, "%d", n);
    } else if (sscanf(test, "sum(purchase.revenue, %dd) >= %d", &days, &wanted) == 2) {
        n = in_window(l, true, now, days, &revenue);
        a.truth = revenue >= wanted;
        a.events = n;
        snprintf(a.value, sizeof a.value, "%d.00 EUR", revenue);
    } else if (sscanf(test, "since(purchase) >= %dd", &days) == 1) {
        int last = last_purchase(l, now);

        a.truth = last >= 0 && now >= last + days * DAY;
        for (int i = 0; i < EVENTS; i++)
            a.events += l->did[i].buys && l->did[i].hour == last;
        a.events = a.events > 0;
        n = (int)(now - last) / DAY;
        if (last < 0)
            snprintf(a.value, sizeof a.value, "missing");
        else if (n > 0)
            snprintf(a.value, sizeof a.value, n == 1 ? "%d day" : "%d days", n);
    } else if (sscanf(test, "exists(%15[a-z_], %dd)", event, &days) == 2) {
        a.events = in_window(l, !strcmp(event, "purchase"), now, days, &revenue);
        a.truth = a.events > 0;
    } else {
        assert_string_equal(test, "exists(purchase)");
        a.events = in_window(l, true, now, HOURS, &revenue);
        a.truth = a.events > 0;
    }
    return a;
}

static bool is(const struct life *l, double now, const char *test)
{
    return ask_by_hand(l, now, test).truth;
}

/* A whole rule, by the place of its way in the text. */
static bool rule_by_hand(const struct life *l, double now, size_t way)
{
    switch (way) {
    case 0:
        return is(l, now, "exists(purchase)");
    case 1:
        return is(l, now, "count(purchase, 60d) >= 3")
               && is(l, now, "sum(purchase.revenue, 90d) >= 100");
    case 2:
        return is(l, now, "since(purchase) >= 40d")
               || is(l, now, "count(signed_up, 30d) >= 4");
    case 3:
        return !(is(l, now, "count(purchase, 60d) >= 2")
                 || is(l, now, "sum(purchase.revenue, 30d) >= 150"));
    case 4:
        return is(l, now, "since(purchase) >= 90d")
               && !is(l, now, "exists(signed_up, 20d)");
    default:
        return is(l, now, "count(purchase, 10d) >= 2");
    }
}

/* --- the pairs --- */

static void add_event(struct buf *lines, int person, const char *id, int64_t at_ms,
                      bool buys, int revenue)
{
    struct buf at = {};

    moment_print(&at, at_ms);
    buf_add_format(lines, "%s|c%02d|%.*s|", id, person, STR_FMT(buf_str(&at)));
    if (buys)
        buf_add_format(lines, "purchase|'revenue':%d\n", revenue);
    else
        buf_add(lines, STR("signed_up|\n"));
    buf_free(&at);
}

/* All lives up to the moment, or whole. */
static void add_lives(struct buf *lines, const struct life *life, int64_t until_ms)
{
    for (int p = 0; p < PEOPLE; p++)
        for (int i = 0; i < EVENTS; i++) {
            const struct did *d = &life[p].did[i];
            int64_t at_ms = BEGIN_MS + d->hour * MS_HOUR;
            char id[32];

            snprintf(id, sizeof id, "%d-%d", p, i);
            if (at_ms <= until_ms)
                add_event(lines, p, id, at_ms, d->buys, d->revenue);
        }
}

static struct engine *engine_of(struct buf *lines)
{
    struct engine *e;

    unlink(bottega_path());
    buf_add_char(lines, '\0');
    e = bottega_with(model, lines->p, NOW);
    buf_free(lines);
    return e;
}

static void need_terms(const struct life *l, double now, const struct customer_view *v,
                       const struct way_view *w)
{
    uint32_t deciding = 0;

    for (uint32_t i = 0; i < w->why.term_n; i++) {
        const struct term *t = &w->why.term[i];
        struct answer_by_hand wanted;
        char test[64];

        snprintf(test, sizeof test, "%.*s", STR_FMT(t->test));
        wanted = ask_by_hand(l, now, test);
        assert_int_equal(t->truth, wanted.truth);
        assert_int_equal(t->event_all, wanted.events);
        if (*wanted.value && !str_eq(t->value, str_of(wanted.value)))
            fail_msg("%s: %.*s, by hand %s", test, STR_FMT(t->value), wanted.value);
        deciding += t->decides;
        /* The events named are of the kind, the newest first, and in the timeline. */
        for (uint32_t k = 0; k < t->event_n; k++) {
            assert_true(t->event[k] < v->timeline.n);
            assert_true(!k || t->event[k] < t->event[k - 1]);
        }
    }
    assert_true(deciding > 0);
}

/* The first whole hour after `now` at which the rule is true, nothing more happening. */
static void need_time(const struct life *l, double now, size_t way,
                      const struct way_view *w)
{
    struct life known = *l;
    int64_t wanted = MOMENT_NEVER;

    for (int i = 0; i < EVENTS; i++)
        if (known.did[i].hour > now)
            known.did[i].hour = 1000 * HOURS; /* not known yet */
    for (int h = (int)now + 1; wanted == MOMENT_NEVER && h < 4 * HOURS; h++)
        if (rule_by_hand(&known, h, way))
            wanted = BEGIN_MS + h * MS_HOUR;
    assert_true(w->at_ms == wanted);
}

struct tried { /* a suggestion that is followed */
    bool there, buys, has_revenue;
    uint16_t way;
    uint32_t times;
    int revenue;
};

/* One of the suggestions, if there is one. */
static struct tried pick(struct random *r, const struct customer_view *v, int person,
                         const struct life *life)
{
    struct tried t = {};

    for (uint32_t i = 0; i < v->way_n; i++)
        for (uint32_t k = 0; k < v->way[i].needed_n; k++) {
            const struct event_needed *needed = &v->way[i].needed[k];

            if (t.there && random_below(r, 2))
                continue;
            t = (struct tried){.there = true,
                               .way = (uint16_t)(v->way[i].way - v->lifecycle->way),
                               .times = needed->times,
                               .buys = str_eq(needed->event, STR("purchase"))};
            for (int e = 0; needed->like != EVENT_NONE && e < EVENTS; e++) {
                char id[32];

                snprintf(id, sizeof id, "%d-%d", person, e);
                if (!str_eq(v->message_id[needed->like], str_of(id)))
                    continue;
                assert_int_equal(life->did[e].buys, t.buys);
                t.has_revenue = t.buys;
                t.revenue = life->did[e].revenue;
            }
        }
    return t;
}

static void add_more(struct buf *lines, int person, const struct tried *t, uint32_t times,
                     int64_t at_ms)
{
    for (uint32_t i = 0; i < times; i++) {
        struct buf at = {};

        moment_print(&at, at_ms);
        buf_add_format(lines, "more-%d-%u|c%02d|%.*s|%s|", person, i, person,
                       STR_FMT(buf_str(&at)), t->buys ? "purchase" : "signed_up");
        if (t->has_revenue)
            buf_add_format(lines, "'revenue':%d", t->revenue);
        buf_add_char(lines, '\n');
        buf_free(&at);
    }
}

/* Writes what was suggested into a file, `less` events fewer, and looks who moves so. */
static void need_moves(const struct life *life, const struct tried *tried, int64_t at_ms,
                       uint32_t less)
{
    struct buf lines = {};
    struct engine *e;

    add_lives(&lines, life, at_ms);
    for (int p = 0; p < PEOPLE; p++)
        if (tried[p].there)
            add_more(&lines, p, &tried[p], tried[p].times - less, at_ms);
    e = engine_of(&lines);
    for (int p = 0; p < PEOPLE; p++) {
        const struct move *move;
        bool moved = false;
        char id[32];
        size_t n, i;

        if (!tried[p].there)
            continue;
        snprintf(id, sizeof id, "c%02d", p);
        move = engine_moves(e, 0, bottega_customer(e, id), &n);
        for (i = 0; i < n && move[i].at_ms < at_ms;)
            i++;
        moved = i < n && move[i].at_ms == at_ms && move[i].way == tried[p].way;
        if (moved != (less == 0))
            fail_msg("%s, way %u, %u events, %u less: %s", id, tried[p].way,
                     tried[p].times, less, moved ? "moved" : "did not move");
    }
    engine_close(e);
}

TEST(what_keeps_a_customer_off_and_what_would_change_it_are_true)
{
    static struct life life[PEOPLE];
    struct random r = random_seeded(47);
    uint32_t pairs = 0, ways = 0, followed = 0;

    for (int round = 0; round < 25; round++) {
        int hour = HOURS / 8 + (int)random_below(&r, HOURS - HOURS / 8);
        int64_t at_ms = BEGIN_MS + hour * MS_HOUR + MS_MINUTE;
        double now = hour + 1.0 / 60;
        struct tried tried[PEOPLE] = {};
        struct buf lines = {};
        struct engine *e;

        for (int p = 0; p < PEOPLE; p++)
            life[p] = some_life(&r);
        add_lives(&lines, life, MOMENT_NEVER);
        e = engine_of(&lines);
        for (int p = 0; p < PEOPLE; p++) {
            struct arena a = {};
            struct customer_view v;
            struct err err;
            char id[32];

            snprintf(id, sizeof id, "c%02d", p);
            assert_true(engine_customer(e, str_of(id), engine_model(e)->lifecycle, at_ms,
                                        LANGUAGE_EN, 100, &a, &v, &err));
            pairs += v.stage != STAGE_NONE;
            ways += v.way_n;
            for (uint32_t i = 0; i < v.way_n; i++) {
                need_terms(&life[p], now, &v, &v.way[i]);
                need_time(&life[p], now, (size_t)(v.way[i].way - v.lifecycle->way),
                          &v.way[i]);
            }
            tried[p] = pick(&r, &v, p, &life[p]);
            followed += tried[p].there;
            arena_free(&a);
        }
        engine_close(e);
        need_moves(life, tried, at_ms, 0);
        need_moves(life, tried, at_ms, 1);
    }
    unlink(bottega_path());
    assert_true(pairs >= 900);
    assert_true(ways >= 1000);
    assert_true(followed >= 400);
}

/* --- which terms decide --- */

static void need_deciding(const char *rule, const char *wanted)
{
    struct buf text = {}, got = {};
    struct arena a = {};
    struct customer_view v;
    struct engine *e;
    struct err err;

    buf_add_format(
        &text,
        "ciclo: 1\nevents: { purchase: , signed_up: }\n"
        "lifecycle: { stages: { a: , b: }, moves: [ { from: a, to: b, when: '%s' "
        "} ] }\nsegments: { seg: { when: 'exists(purchase) or false' } }\n",
        rule);
    buf_add_char(&text, '\0');
    unlink(bottega_path());
    e = bottega_with(text.p, "x|c|2026-01-01T10:00:00Z|signed_up|\n", "2026-06-01");
    assert_true(engine_customer(e, STR("c"), engine_model(e)->lifecycle,
                                moment_of("2026-02-01"), LANGUAGE_EN, 9, &a, &v, &err));
    assert_int_equal(v.way_n, 1);
    for (uint32_t i = 0; i < v.way[0].why.term_n; i++)
        if (v.way[0].why.term[i].decides)
            buf_add_format(&got, "%s%.*s", got.n ? ", " : "",
                           STR_FMT(v.way[0].why.term[i].test));
    if (!str_eq(buf_str(&got), str_of(wanted)))
        fail_msg("%s: got %.*s, wanted %s", rule, STR_FMT(buf_str(&got)), wanted);
    engine_close(e);
    buf_free(&text);
    buf_free(&got);
    arena_free(&a);
}

TEST(terms_decide_when_the_rule_hangs_on_them)
{
    need_deciding("exists(purchase) and exists(signed_up)", "exists(purchase)");
    need_deciding("exists(purchase) or count(signed_up) > 1",
                  "exists(purchase), count(signed_up) > 1");
    need_deciding("not (exists(purchase) or exists(signed_up))", "exists(signed_up)");
    need_deciding("not exists(signed_up) and exists(purchase)",
                  "exists(signed_up), exists(purchase)");
    need_deciding("(exists(purchase) or exists(signed_up)) and count(purchase) >= 1",
                  "count(purchase) >= 1");
    need_deciding("segment.seg and exists(signed_up)", "exists(purchase), false");
}
