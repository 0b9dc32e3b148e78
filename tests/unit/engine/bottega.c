#include "unit/engine/bottega.h"

#include "engine/engine_impl.h"
#include "support/temp.h"
#include "support/unit.h"

#include <string.h>
#include <unistd.h>

const char bottega_model[] =
    "ciclo: 1\n"
    "workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome, language: it }\n"
    "events:\n"
    "  purchase: { properties: { revenue: money, sku: text, items: list } }\n"
    "  signed_up:\n"
    "traits: { country: text }\n"
    "lifecycle:\n"
    "  start: reach\n"
    "  stages:\n"
    "    reach: { goal: Be seen }\n"
    "    buyer:\n"
    "    at_risk:\n"
    "    lapsed: { end: true }\n"
    "  moves:\n"
    "    - { from: [reach, at_risk, lapsed], to: buyer, when: \"since(purchase) < 30d\" "
    "}\n"
    "    - { from: buyer, to: at_risk, when: \"since(purchase) >= 30d\" }\n"
    "    - { from: at_risk, to: lapsed, when: \"since(purchase) >= 60d\" }\n"
    "segments:\n"
    "  vip: { when: \"sum(purchase.revenue, 1y) >= 100\", description: Spent 100 }\n"
    "  quiet: { when: \"not exists(purchase, 10d)\" }\n";

const char bottega_events[] =
    "s1|anna|2026-01-01T10:00:00.000Z|signed_up|\n"
    "p1|anna|2026-01-11T10:00:00.000Z|purchase|'revenue':40,'sku':'a1','items':['cup','"
    "tea']\n"
    "p2|9|2026-01-05T09:30:00.250Z|purchase|'revenue':120\n"
    "i1|9|2026-01-06T00:00:00.000Z|identify|'country':'IT'\n"
    "i2|9|2026-02-10T00:00:00.000Z|identify|'country':null,'age':40\n"
    "p3|10|2026-01-05T09:30:00.000Z|purchase|'revenue':10\n"
    "p4|10|2026-02-20T23:30:00.000Z|purchase|'revenue':95\n"
    "s2|a/b c|2026-02-01T08:00:00.000Z|signed_up|\n"
    "s3|Zo\xc3\xab|2026-02-01T08:00:00.000Z|signed_up|\n"
    "s4|007|2026-02-01T08:00:00.000Z|signed_up|\n"
    "s5|7|2026-02-01T08:00:00.000Z|signed_up|\n"
    "s6|x1|2026-02-02T08:00:00.000Z|signed_up|\n"
    "s7|x2|2026-02-02T08:00:00.000Z|signed_up|\n"
    "s8|x3|2026-02-02T08:00:00.000Z|signed_up|\n";

/* Nobody pulls the plug here, so nobody waits for the disk, SQLite neither: these stand in
 * front of the system's. */
int fsync([[maybe_unused]] int fd)
{
    return 0;
}

int fdatasync([[maybe_unused]] int fd)
{
    return 0;
}

int64_t moment_of(const char *iso)
{
    struct err err;
    int64_t at_ms;

    NEED_OK(moment_parse(str_of(iso), NULL, &at_ms, &err), err);
    return at_ms;
}

const char *bottega_path(void)
{
    return temp_path("bottega.ciclo");
}

bool bottega_create(const char *path, const char *model, struct engine **out,
                    struct err *err)
{
    return engine_create(io_system(), str_of(path), str_of(model ? model : bottega_model),
                         MOMENT_MIN, out, err);
}

/* "id|customer|moment|type|members of properties or traits, with ' for \"", as JSON. */
static void print_json(str line, struct buf *to)
{
    str field[5];

    for (size_t i = 0; i < 5; i++) {
        const char *end = i < 4 ? memchr(line.p, '|', line.n) : line.p + line.n;

        assert_non_null(end);
        field[i] = (str){line.p, (size_t)(end - line.p)};
        line = str_from(line, i < 4 ? field[i].n + 1 : field[i].n);
    }
    buf_add_format(to, "{\"messageId\":\"%.*s\",\"userId\":\"%.*s\",", STR_FMT(field[0]),
                   STR_FMT(field[1]));
    buf_add_format(to, "\"timestamp\":\"%.*s\",", STR_FMT(field[2]));
    if (str_eq(field[3], STR("identify")))
        buf_add(to, STR("\"type\":\"identify\",\"traits\":{"));
    else
        buf_add_format(to, "\"type\":\"track\",\"event\":\"%.*s\",\"properties\":{",
                       STR_FMT(field[3]));
    for (size_t i = 0; i < field[4].n; i++)
        buf_add_char(to, field[4].p[i] == '\'' ? '"' : field[4].p[i]);
    buf_add(to, STR("}}"));
}

static bool append_line(struct store *s, struct json_parser *parser, str line,
                        struct err *err)
{
    struct arena a = {};
    struct buf text = {};
    const struct json *json;
    struct event event;
    bool added, ok;

    print_json(line, &text);
    ok = (buf_room(&text, 64) || err_nomem(err))
         && json_parse(parser, buf_str(&text), &a, &json, err)
         && event_parse(json, &a, &event, err)
         && store_append(s, &event, buf_str(&text), &added, err);
    buf_free(&text);
    arena_free(&a);
    return ok;
}

bool bottega_add(struct engine *e, const char *lines, struct err *err)
{
    struct store *s = engine_store(e);
    struct json_parser *parser;
    bool ok;

    if (!json_parser_new(&parser, err))
        return false;
    ok = store_begin(s, MOMENT_MIN, err);
    for (const char *end; ok && (end = strchr(lines, '\n')); lines = end + 1)
        ok = append_line(s, parser, (str){lines, (size_t)(end - lines)}, err);
    json_parser_free(parser);
    if (!ok) {
        store_cancel(s);
        return false;
    }
    return store_commit(s, err) && engine_refresh(e, err);
}

struct engine *bottega_with(const char *model, const char *events, const char *now)
{
    struct engine *e;
    struct err err;

    NEED_OK(bottega_create(bottega_path(), model, &e, &err), err);
    NEED_OK(bottega_add(e, events, &err), err);
    NEED_OK(engine_advance(e, moment_of(now), &err), err);
    return e;
}

struct engine *bottega_open(const char *now)
{
    return bottega_with(NULL, bottega_events, now);
}

uint32_t bottega_customer(struct engine *e, const char *id)
{
    uint32_t customer =
        catalog_customer_find(snapshot_catalog(engine_snapshot(e)), str_of(id));

    assert_true(customer != CUSTOMER_NONE);
    return customer;
}

const char *bottega_history(struct engine *e, const char *id, struct arena *a)
{
    const struct lifecycle *l = engine_model(e)->lifecycle;
    struct buf b = {};
    size_t n;
    const struct move *move = engine_moves(e, 0, bottega_customer(e, id), &n);
    str text;

    for (size_t i = 0; i < n; i++) {
        assert_int_equal(move[i].from, i ? move[i - 1].to : STAGE_NONE);
        moment_print(&b, move[i].at_ms);
        buf_add_format(&b, " %.*s\n", STR_FMT(l->stage[move[i].to].name));
    }
    text = arena_str(a, buf_str(&b));
    buf_free(&b);
    assert_non_null(text.p);
    return text.p;
}
