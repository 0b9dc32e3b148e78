/* backtest.c - how long it takes to see what a change of a model does to everybody's history.
 *
 *     bench_backtest make FILE EVENTS      fifty events a customer, and a model with 8 stages,
 *                                          12 moves over windows of 30, 90, 180 and 365 days,
 *                                          targets, KPIs and a forecast
 *     bench_backtest run FILE [RUNS]       tries a change that touches few of them
 *
 * `run` prints the first run, which reads the file, and the median of the others. */
#include "engine/backtest.h"
#include "base/num.h"
#include "events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { EVENTS_A_COMMIT = 1000000, CHUNKS_A_TURN = 16, RUNS = 5, RUNS_MAX = 100 };

/* %d: purchases within 180 days that make somebody loyal. */
static const char model[] =
    "ciclo: 1\n"
    "workspace: { name: Yardstick, currency: EUR, timezone: Europe/Rome }\n"
    "events: { purchase: { properties: { amount: money } }, add_to_cart: , app_open: , "
    "search: }\n"
    "measures: { revenue: purchase.amount }\n"
    "lifecycle:\n"
    "  start: reach\n"
    "  stages:\n"
    "    reach: { target: { rate: 0.10, within: 30d } }\n"
    "    acquisition:\n"
    "      target: { rate: 0.20, within: 30d }\n"
    "      kpi: { time to buy: median time in stage }\n"
    "    conversion:\n"
    "      target: { rate: 0.40, within: 90d }\n"
    "      kpi: { sales: revenue, time to buy again: median time in stage }\n"
    "    retention:\n"
    "      target: { rate: 0.25, within: 180d }\n"
    "      kpi: { sales: revenue, orders in half a year: 'count(purchase, 180d)' }\n"
    "    loyalty:\n"
    "      kpi: { sales: revenue, time: median time in stage, lately: 'exists(purchase, "
    "30d)' }\n"
    "    at_risk:\n"
    "      target: { rate: 0.20, within: 30d, to: reactivated }\n"
    "      forecast: { that: 'since(purchase) >= 365d', within: 180d }\n"
    "      kpi: { spent before: 'sum(purchase.amount, 1y)' }\n"
    "    lapsed: { end: true, kpi: { won back: conversion to reactivated within 180d } "
    "}\n"
    "    reactivated: { target: { rate: 0.50, within: 90d, to: [retention, loyalty] } }\n"
    "  moves:\n"
    "    - { from: [reach, acquisition], to: conversion, when: exists(purchase) }\n"
    "    - { from: reach, to: acquisition, when: exists(add_to_cart) }\n"
    "    - { from: acquisition, to: reach, when: 'not exists(add_to_cart, 180d)' }\n"
    "    - { from: [conversion, retention, loyalty, reactivated], to: at_risk,\n"
    "        when: 'since(purchase) >= 180d' }\n"
    "    - { from: at_risk, to: lapsed, when: 'since(purchase) >= 365d' }\n"
    "    - { from: lapsed, to: at_risk, when: 'exists(app_open, 30d) and exists(search, "
    "30d)' }\n"
    "    - { from: [at_risk, lapsed], to: reactivated, when: 'since(purchase) < 30d' }\n"
    "    - { from: reactivated, to: retention, when: 'count(purchase, 90d) >= 2' }\n"
    "    - { from: conversion, to: retention, when: 'count(purchase, 365d) >= 2' }\n"
    "    - { from: retention, to: loyalty, when: 'count(purchase, 180d) >= %d' }\n"
    "    - { from: loyalty, to: retention, when: 'count(purchase, 365d) < 3' }\n"
    "    - { from: reactivated, to: conversion, when: 'time_in_stage >= 90d' }\n";

static void need(bool ok, const char *what, const struct err *err)
{
    if (ok)
        return;
    fprintf(stderr, "bench_backtest: %s: %s\n", what, err->msg);
    exit(1);
}

static str model_text(int loyal, char text[4096])
{
    return (str){text, (size_t)snprintf(text, 4096, model, loyal)};
}

static double seconds(void)
{
    return (double)clock_steady_us() * 1e-6;
}

/* Of all threads so far. */
static double work(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
           + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void say(const char *name, double value)
{
    printf("%s %.3f\n", name, value);
    fflush(stdout);
}

static void append(struct store *s, const struct stream *stream, uint64_t from,
                   uint64_t to)
{
    struct made made = {0};
    struct err err;

    need(store_begin(s, MOMENT_MIN, &err), "begin", &err);
    for (uint64_t i = from; i < to; i++) {
        bool added;

        stream_event(stream, i, &made);
        need(store_append(s, &made.event, (str){made.json.p, made.json.n}, &added, &err),
             "append", &err);
    }
    buf_free(&made.json);
    need(store_commit(s, &err), "commit", &err);
}

static void make(const char *path, uint64_t n)
{
    struct stream stream = {.n = n, .shape = EVEN};
    char text[4096];
    struct engine *e;
    struct err err;
    bool more = true;

    need(engine_create(io_system(), str_of(path), model_text(5, text), MOMENT_MIN, &e,
                       &err),
         path, &err);
    for (uint64_t i = 0; i < n; i += EVENTS_A_COMMIT) {
        append(engine_store(e), &stream, i,
               i + EVENTS_A_COMMIT < n ? i + EVENTS_A_COMMIT : n);
        while (store_is_fold_due(engine_store(e)) && more)
            need(store_fold(engine_store(e), CHUNKS_A_TURN, &more, &err), "fold", &err);
        more = true;
    }
    while (more)
        need(store_fold(engine_store(e), CHUNKS_A_TURN, &more, &err), "fold", &err);
    engine_close(e);
}

static double try_once(struct engine *e, bool says)
{
    struct backtest_options o = {
        .now_ms = clock_now_ms(), .from_ms = MOMENT_MIN, .to_ms = MOMENT_NEVER};
    const struct backtest_result *r;
    double began = seconds(), took;
    char text[4096];
    struct backtest *b;
    struct err err;

    need(engine_backtest_begin(e, model_text(6, text), &o, &b, &err), "begin", &err);
    need(backtest_run(b, NULL, NULL, &err), "run", &err);
    took = seconds() - began;
    r = backtest_result(b);
    if (says) {
        say("customers", (double)r->compare->customers);
        say("differ", (double)r->compare->differing_n);
        say("months", r->period_n);
    }
    backtest_free(b);
    return took;
}

static int double_cmp(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void run(const char *path, int runs)
{
    const struct store_options o = {STORE_READ};
    double took[RUNS_MAX], began = seconds(), worked;
    struct rusage usage;
    struct engine *e;
    struct err err;

    need(engine_open(io_system(), str_of(path), &o, &e, &err), path, &err);
    say("open_seconds", seconds() - began);
    say("events", (double)snapshot_facts(engine_snapshot(e)).events);
    say("first_seconds", try_once(e, true));
    worked = work();
    for (int i = 0; i < runs; i++)
        took[i] = try_once(e, false);
    say("work_seconds", (work() - worked) / runs);
    qsort(took, (size_t)runs, sizeof *took, double_cmp);
    say("median_seconds", took[runs / 2]);
    say("least_seconds", took[0]);
    say("most_seconds", took[runs - 1]);
    getrusage(RUSAGE_SELF, &usage);
    say("peak_mib", (double)usage.ru_maxrss / 1024);
    engine_close(e);
}

int main(int n, char **word)
{
    if (n == 4 && !strcmp(word[1], "make")) {
        make(word[2], strtoull(word[3], NULL, 10));
        return 0;
    }
    if ((n == 3 || n == 4) && !strcmp(word[1], "run")) {
        int runs = n == 4 ? (int)strtol(word[3], NULL, 10) : RUNS;

        if (runs > 0 && runs <= RUNS_MAX) {
            run(word[2], runs);
            return 0;
        }
    }
    fputs("usage: bench_backtest make FILE EVENTS | run FILE [RUNS]\n", stderr);
    return 2;
}
