/* segments.c - what an event costs a file with many segments.
 *
 *     bench_segments FOLDER
 *
 * In FOLDER a file is made for each of three models: one segment; 500, of which each looks at
 * another type of event; 500 that look at the same type. All have the same customers and events.
 * Then single events come in, all of the type that the one segment looks at, and after each of them
 * everybody's membership is brought to it: this is what is timed, committing is not. */
#include "engine/engine_impl.h"
#include "events.h"

#include <stdio.h>
#include <stdlib.h>

enum { SEGMENTS = 500, TOUCHED = 7, CUSTOMERS = 2000, EVENTS_EACH = 40, SINGLE_N = 1000 };

#define FIRST_MS INT64_C(1767225600000) /* 2026-01-01 */

static void need(bool ok, const char *what, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "bench_segments: %s: %s\n", what, err->msg);
    exit(1);
}

enum touches { ONE_ALONE, ONE_OF_ALL, ALL };

static void print_model(enum touches touches, struct buf *b)
{
    buf_add(b, STR("ciclo: 1\nworkspace: { name: B, currency: EUR, timezone: UTC }\n"
                   "lifecycle: { start: all, stages: { all: {} } }\nevents:\n"));
    for (int i = 0; i < SEGMENTS; i++)
        buf_add_format(b, "  t%d:\n", i);
    buf_add(b, STR("segments:\n"));
    for (int i = 0; i < SEGMENTS; i++)
        if (touches != ONE_ALONE || i == TOUCHED)
            buf_add_format(b, "  s%d: { when: \"count(t%d, %dd) >= 2\" }\n", i,
                           touches == ALL ? TOUCHED : i, 30 + i % 30);
}

static void append(struct engine *e, uint64_t i, uint32_t customer, unsigned type,
                   int64_t at_ms)
{
    char key[24], id[40], name[24];
    struct event event = {.at_ms = at_ms};
    struct buf json = {};
    struct err err;
    bool added;

    event.customer = (str){key, (size_t)snprintf(key, sizeof key, "c%u", customer)};
    event.id = (str){
        id, (size_t)snprintf(id, sizeof id, "%016llx", (unsigned long long)mixed(i))};
    event.type = (str){name, (size_t)snprintf(name, sizeof name, "t%u", type)};
    event_print(&event, &json);
    need(store_append(engine_store(e), &event, buf_str(&json), &added, &err), "append",
         &err);
    buf_free(&json);
}

static void commit(struct engine *e)
{
    bool more = store_is_fold_due(engine_store(e));
    struct err err;

    need(store_commit(engine_store(e), &err), "commit", &err);
    while (more)
        need(store_fold(engine_store(e), 16, &more, &err), "fold", &err);
    need(engine_refresh(e, &err), "refresh", &err);
}

static struct engine *make(const char *path, enum touches touches)
{
    struct buf model = {};
    struct engine *e = NULL;
    struct err err;
    uint64_t n = (uint64_t)CUSTOMERS * EVENTS_EACH;

    print_model(touches, &model);
    need(!model.failed || err_nomem(&err), path, &err);
    need(engine_create(io_system(), str_of(path), buf_str(&model), MOMENT_MIN, &e, &err),
         path, &err);
    buf_free(&model);
    need(store_begin(engine_store(e), FIRST_MS, &err), "begin", &err);
    for (uint64_t i = 0; i < n; i++)
        append(e, i, (uint32_t)(i / EVENTS_EACH), (unsigned)(mixed(i) % SEGMENTS),
               FIRST_MS + (int64_t)(i % EVENTS_EACH) * 4 * MS_DAY);
    commit(e);
    need(engine_advance(e, FIRST_MS + 200 * MS_DAY, &err), "advance", &err);
    return e;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void run(const char *path, const char *name, enum touches touches)
{
    static int64_t took_us[SINGLE_N];
    struct engine *e = make(path, touches);
    uint64_t asked = histories_asked(e->histories);
    int64_t now_ms = FIRST_MS + 200 * MS_DAY;
    struct err err;

    for (uint64_t i = 0; i < SINGLE_N; i++) {
        uint32_t customer = (uint32_t)(mixed(~i) % CUSTOMERS);
        int64_t began;

        need(store_begin(engine_store(e), now_ms, &err), "begin", &err);
        append(e, (UINT64_C(1) << 48) + i, customer, TOUCHED, ++now_ms);
        commit(e);
        began = clock_steady_us();
        need(engine_advance(e, now_ms, &err), "advance", &err);
        took_us[i] = clock_steady_us() - began;
    }
    qsort(took_us, SINGLE_N, sizeof *took_us, by_size);
    printf("%-45s median %lld us, p99 %lld us; rules asked %.2f an event\n", name,
           (long long)took_us[SINGLE_N / 2], (long long)took_us[SINGLE_N * 99 / 100],
           (double)(histories_asked(e->histories) - asked) / SINGLE_N);
    engine_close(e);
}

int main(int argc, char **argv)
{
    static const char *const name[] = {
        [ONE_ALONE] = "one segment",
        [ONE_OF_ALL] = "500, of which the event touches one",
        [ALL] = "500, all of which it touches",
    };

    if (argc != 2) {
        fprintf(stderr, "usage: bench_segments FOLDER\n");
        return 2;
    }
    for (int k = ONE_ALONE; k <= ALL; k++) {
        struct buf path = {};

        buf_add_format(&path, "%s/segments-%d.ciclo", argv[1], k);
        buf_add_char(&path, 0);
        run(path.p, name[k], (enum touches)k);
        buf_free(&path);
    }
    return 0;
}
