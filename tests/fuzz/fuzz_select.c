/* Whatever a stranger asks in SQL ends: with rows, or with an error in words; and the file then
 * says what it said before. */
#include "support/fuzz.h"

#include "engine/import.h"
#include "engine/select.h"
#include "store/connect.h"
#include "support/temp.h"

#include <string.h>

enum {
    LOOKS_MAX = 100,
    ROWS_MAX = 1000,
    MEMORY_MAX = 64 << 20,
};

static const char events[] =
    "{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"7\",\"messageId\":\"1\","
    "\"timestamp\":\"2026-01-01T00:00:00.5Z\",\"properties\":{\"revenue\":12.5,\"a\":["
    "\"x\"],"
    "\"A\":true,\"type\":\"t\"}}\n"
    "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"007\",\"messageId\":\"2\","
    "\"timestamp\":\"2026-01-02T00:00:00Z\",\"properties\":{\"a\":5}}\n"
    "{\"type\":\"identify\",\"userId\":\"7\",\"messageId\":\"3\","
    "\"timestamp\":\"2026-01-03T00:00:00Z\",\"traits\":{\"a\":null,\"country\":\"IT\"}}"
    "\n";
static const char model[] = "ciclo: 1\n"
                            "events: { purchase: {}, visit: {} }\n"
                            "lifecycle: { start: seen, stages: { seen: {}, gone: {} }, "
                            "moves: [ { from: seen, to: gone, "
                            "when: \"since(purchase) >= 30d\" } ] }\n"
                            "segments: { all: { when: \"count(any) >= 0\" }, some: { "
                            "when: \"exists(visit)\" } }\n";

static const char *file;

__attribute__((constructor)) static void make_file(void)
{
    struct import_options options = {.now_ms = INT64_C(1780000000000)};
    struct import_report report;
    struct mapping none = {};
    struct arena a = {};
    struct engine *e;
    struct err err;

    file = temp_path("shop.ciclo");
    NEED(engine_create(io_system(), str_of(file), str_of(model), options.now_ms, &e,
                       &err));
    NEED(engine_import(e, str_of(temp_file("events.jsonl", events, strlen(events))),
                       &none, &options, &a, &report, &err));
    NEED(report.events == 3);
    engine_close(e);
    arena_free(&a);
    store_limit_sql_memory(MEMORY_MAX);
    atexit(temp_remove);
}

static bool is_enough(void *context)
{
    int *looks = context;

    return ++*looks > LOOKS_MAX;
}

/* Reads all rows, and gives their number. */
static int ask(struct engine *e, str query)
{
    int looks = 0, rows = 0;
    const struct select_options options = {
        .at_ms = INT64_C(1780000000000), .stop = is_enough, .context = &looks};
    struct select *s;
    struct err err = {};
    bool there = true, ok;

    if (!select_open(e, query, &options, &s, &err)) {
        NEED(err.code != ERR_NONE && *err.msg);
        return 0;
    }
    while ((ok = select_next(s, &there, &err)) && there && rows++ < ROWS_MAX)
        for (uint32_t i = 0; i < select_column_n(s); i++) {
            struct select_value v;

            if (!select_value(s, i, &v, &err))
                NEED(err.code == ERR_NOMEM);
            else
                NEED(v.type != SELECT_NULL || !v.text.n);
        }
    NEED(ok || (err.code != ERR_NONE && *err.msg));
    select_close(s);
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    const struct store_options options = {.mode = STORE_READ};
    struct engine *e;
    struct err err;

    NEED(engine_open(io_system(), str_of(file), &options, &e, &err));
    ask(e, (str){(const char *)p, n});
    NEED(ask(e, STR("select * from events where id in ('1', '2', '3') order by id"))
         == 3);
    NEED(ask(e, STR("select * from log")) == 1);
    engine_close(e);
    return 0;
}
