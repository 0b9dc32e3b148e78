/* replay.c - the replay of everybody from rule text, next to a loop written by hand.
 *
 *     bench_replay DATA [CUSTOMERS [EXPECTED [KERNEL]]]      CUSTOMERS 0: all
 *
 * DATA is a folder of the yardstick's columns (off.u32 ts.u32 type.u8 amount.u32), which become
 * chunks in memory. Two models are replayed by all threads; of the first, whose stages are
 * those of the yardstick's question 4, the transitions by month are compared with EXPECTED
 * (from,to,month,n), and KERNEL, asked for `mem DATA 5` in the same minute, gives the ratio. */
#include "base/work.h"
#include "engine/model.h"
#include "yardstick.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MONTHS = 24, STAGES = 8, UNKNOWN = 7, RUNS = 7, THREADS_MAX = 64 };

/* Who was loyal before he fell silent comes back as loyal: his silence has stages of its own,
 * which count as the others. */
static const char question4[] =
    "ciclo: 1\n"
    "workspace: { name: Yardstick, currency: EUR, timezone: UTC }\n"
    "events: { purchase: { properties: { revenue: money } } }\n"
    "lifecycle:\n"
    "  start: reach\n"
    "  stages:\n"
    "    reach: {}\n"
    "    acquisition: {}\n"
    "    conversion: {}\n"
    "    retention: {}\n"
    "    loyalty: {}\n"
    "    at_risk: {}\n"
    "    lapsed: {}\n"
    "    loyal_at_risk: {}\n"
    "    loyal_lapsed: {}\n"
    "  moves:\n"
    "    - { from: [reach, acquisition], to: conversion, when: exists(purchase) }\n"
    "    - { from: reach, to: acquisition, when: exists(signup) }\n"
    "    - { from: conversion, to: retention, when: count(purchase) >= 2 }\n"
    "    - { from: retention, to: loyalty, when: 'count(purchase, 365d) >= 5' }\n"
    "    - { from: loyalty, to: retention,\n"
    "        when: 'since(purchase) < 1s and count(purchase, 365d) < 5' }\n"
    "    - { from: [reach, acquisition, conversion, retention], to: at_risk,\n"
    "        when: since(any) >= 90d }\n"
    "    - { from: loyalty, to: loyal_at_risk, when: since(any) >= 90d }\n"
    "    - { from: at_risk, to: lapsed, when: since(any) >= 180d }\n"
    "    - { from: loyal_at_risk, to: loyal_lapsed, when: since(any) >= 180d }\n"
    "    - { from: [at_risk, lapsed], to: loyalty,\n"
    "        when: 'since(any) < 90d and count(purchase, 365d) >= 5' }\n"
    "    - { from: [at_risk, lapsed], to: retention,\n"
    "        when: since(any) < 90d and count(purchase) >= 2 }\n"
    "    - { from: [at_risk, lapsed], to: conversion,\n"
    "        when: since(any) < 90d and exists(purchase) }\n"
    "    - { from: [at_risk, lapsed], to: acquisition,\n"
    "        when: since(any) < 90d and exists(signup) }\n"
    "    - { from: [at_risk, lapsed], to: reach, when: since(any) < 90d }\n"
    "    - { from: [loyal_at_risk, loyal_lapsed], to: retention,\n"
    "        when: 'since(purchase) < 1s and count(purchase, 365d) < 5' }\n"
    "    - { from: [loyal_at_risk, loyal_lapsed], to: loyalty, when: since(any) < 90d "
    "}\n";

static const uint8_t stage_of_question4[] = {0, 1, 2, 3, 4, 5, 6, 5, 6};

static const char eight_stages[] =
    "ciclo: 1\n"
    "workspace: { name: Yardstick, currency: EUR, timezone: Europe/Rome }\n"
    "events: { purchase: { properties: { revenue: money } } }\n"
    "lifecycle:\n"
    "  start: reach\n"
    "  stages:\n"
    "    reach: {}\n"
    "    acquisition: {}\n"
    "    evaluation: {}\n"
    "    conversion: {}\n"
    "    retention: {}\n"
    "    loyalty: {}\n"
    "    at_risk: {}\n"
    "    lapsed: {}\n"
    "  moves:\n"
    "    - { from: reach, to: acquisition, when: exists(signup) }\n"
    "    - { from: [reach, acquisition], to: evaluation,\n"
    "        when: 'count(add_to_cart, 30d) >= 2 or count(search, 30d) >= 5' }\n"
    "    - { from: [reach, acquisition, evaluation], to: conversion, when: "
    "exists(purchase) }\n"
    "    - { from: evaluation, to: acquisition,\n"
    "        when: 'not exists(add_to_cart, 30d) and count(search, 30d) < 5' }\n"
    "    - { from: conversion, to: retention, when: 'count(purchase, 180d) >= 2' }\n"
    "    - { from: retention, to: loyalty,\n"
    "        when: 'count(purchase, 365d) >= 4 and sum(purchase.revenue, 365d) >= 200' "
    "}\n"
    "    - { from: loyalty, to: retention, when: 'sum(purchase.revenue, 365d) < 100' }\n"
    "    - { from: [conversion, retention, loyalty], to: at_risk,\n"
    "        when: 'since(any) >= 90d or count(support_ticket, 30d) >= 3' }\n"
    "    - { from: at_risk, to: lapsed, when: since(any) >= 180d }\n"
    "    - { from: [at_risk, lapsed], to: loyalty, when: 'since(any) < 30d and\n"
    "        sum(purchase.revenue, 365d) >= 200 and count(support_ticket, 30d) < 3' }\n"
    "    - { from: [at_risk, lapsed], to: retention,\n"
    "        when: 'since(purchase) < 30d and count(support_ticket, 30d) < 3' }\n"
    "    - { from: [reach, acquisition, evaluation], to: lapsed, when: since(any) >= "
    "365d }\n";

static double seconds(void)
{
    return (double)clock_steady_us() * 1e-6;
}

/* A number of /proc/self/status, in MiB. */
static double status_mib(const char *name)
{
    FILE *f = fopen("/proc/self/status", "r");
    char line[256];
    double n = 0;

    while (f && fgets(line, sizeof line, f))
        if (!strncmp(line, name, strlen(name)))
            n = strtod(line + strlen(name), NULL);
    if (f)
        fclose(f);
    return n / 1024;
}

/* The peak of resident memory begins anew. */
static void forget_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "w");

    if (f) {
        fputs("5", f);
        fclose(f);
    }
}

/* --- the replay --- */

struct tally {
    uint32_t moved[STAGES][STAGES][MONTHS];
    uint64_t moves;
};

struct run {
    const struct yardstick *y;
    const struct model *model;
    bool by_question; /* its stages are those of question 4 */
    int64_t until_ms;
    _Atomic uint32_t next;
    struct tally tally[THREADS_MAX];
};

enum { DAYS = 731 }; /* 2024 and 2025 */
static uint8_t month_of_day[DAYS];
static int64_t begin_ms;

static void list_months(void)
{
    begin_ms = civil_ms((struct civil){.year = 2024, .month = 1, .day = 1});
    for (int day = 0; day < DAYS; day++) {
        struct civil c = civil_of(begin_ms + day * MS_DAY);

        month_of_day[day] = (uint8_t)((c.year - 2024) * 12 + c.month - 1);
    }
}

/* The moves of one instant count as one: into `start` and on. */
static void count_moves(struct tally *t, const struct moves *m)
{
    for (size_t i = 0, next; i < m->n; i = next) {
        uint16_t from = m->move[i].from, to;
        int month = month_of_day[(uint64_t)(m->move[i].at_ms - begin_ms) / MS_DAY];

        for (next = i + 1; next < m->n && m->move[next].at_ms == m->move[i].at_ms;)
            next++;
        to = m->move[next - 1].to;
        t->moved[from == STAGE_NONE ? UNKNOWN : stage_of_question4[from]]
                [stage_of_question4[to]][month]++;
    }
}

static void replay_share(void *context, uint32_t worker)
{
    struct run *run = context;
    struct tally *tally = &run->tally[worker];
    struct replay *replay;
    struct moves moves = {};
    struct err err;
    uint32_t k;

    need(replay_new(run->model->lifecycle, run->model->program, &replay, &err), "replay",
         &err);
    while ((k = atomic_fetch_add(&run->next, 1)) < run->y->chunk_n) {
        const struct chunk *chunk = run->y->chunk[k];

        for (uint32_t i = 0; i < chunk->customer_n; i++) {
            struct timeline t = timeline_of(chunk, chunk->customer_first + i);
            int64_t next_ms;

            moves.n = 0;
            need(
                replay_beside(replay, &t, NULL, 0, run->until_ms, &moves, &next_ms, &err),
                "replay", &err);
            tally->moves += moves.n;
            if (run->by_question)
                count_moves(tally, &moves);
        }
    }
    moves_free(&moves);
    replay_free(replay);
}

static void gather(struct run *run, unsigned threads)
{
    for (unsigned w = 1; w < threads; w++) {
        run->tally[0].moves += run->tally[w].moves;
        for (size_t i = 0; i < sizeof run->tally[0].moved / sizeof(uint32_t); i++)
            (&run->tally[0].moved[0][0][0])[i] += (&run->tally[w].moved[0][0][0])[i];
    }
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* What a replay reads of the chunks, in MiB: moments, types, and where each customer begins. */
static double columns_mib(const struct yardstick *y)
{
    uint64_t event = sizeof(int64_t) + sizeof(uint16_t);

    return (double)(y->events * event + y->customers * sizeof(uint32_t)) / (1 << 20);
}

/* Milliseconds, the least of some runs; the last run's tallies stay in `run`. */
static double measure(struct run *run, const char *name, unsigned threads)
{
    double ms[RUNS], before, beside, kept;

    malloc_trim(0); /* what building the chunks left is no room to hide in */
    before = status_mib("VmRSS:");
    forget_peak();
    for (int i = 0; i < RUNS; i++) {
        memset(run->tally, 0, sizeof run->tally);
        run->next = 0;
        ms[i] = seconds();
        work_run(threads, threads, replay_share, run);
        ms[i] = (seconds() - ms[i]) * 1e3;
        gather(run, threads);
    }
    qsort(ms, RUNS, sizeof *ms, by_size);
    printf("%-12s %u threads: least %.1f ms, median %.1f, most %.1f; %.2f ns an event; "
           "%llu moves\n",
           name, threads, ms[0], ms[RUNS / 2], ms[RUNS - 1],
           ms[0] * 1e6 / (double)run->y->events, (unsigned long long)run->tally[0].moves);
    beside = status_mib("VmHWM:") - before;
    kept = (double)(run->tally[0].moves * sizeof(struct move)) / (1 << 20);
    printf(
        "%-12s memory: %.1f MiB beside the columns, %.1f for the moves if all are kept: "
        "%.2f times the columns\n",
        name, beside, kept, 1 + (beside + kept) / columns_mib(run->y));
    fflush(stdout);
    return ms[0];
}

/* --- beside the replay --- */

static bool as_expected(const struct tally *t, const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned from, to, month, n;
    uint64_t listed = 0, met = 0;
    bool same = true;

    if (!f)
        give_up(path, "cannot be read");
    while (fscanf(f, "%u,%u,%u,%u", &from, &to, &month, &n) == 4) {
        listed++;
        if (from >= STAGES || to >= STAGES || month >= MONTHS
            || t->moved[from][to][month] != n)
            same = false;
    }
    fclose(f);
    for (size_t i = 0; i < sizeof t->moved / sizeof(uint32_t); i++)
        met += (&t->moved[0][0][0])[i] > 0;
    return same && listed == met;
}

static struct model *compiled(const struct yardstick *y, const char *text)
{
    struct model *model;
    struct err err;

    need(model_compile(io_system(), str_of(text), &y->catalog, &model, &err), "model",
         &err);
    return model;
}

int main(int argc, char **argv)
{
    static struct run run;
    static struct yardstick y;
    unsigned threads = work_threads();
    const char *expected = argc > 3 ? argv[3] : NULL, *kernel = argc > 4 ? argv[4] : NULL;
    double ms, began = seconds();
    struct model *model;

    if (argc < 2) {
        fputs("usage: bench_replay DATA [CUSTOMERS [EXPECTED [KERNEL]]]\n", stderr);
        return 2;
    }
    list_months();
    yardstick_load(&y, argv[1], argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0,
                   false, false);
    printf(
        "%u customers, %llu events in chunks after %.1f s, moments and types %.0f MiB\n",
        y.customers, (unsigned long long)y.events, seconds() - began, columns_mib(&y));
    run = (struct run){.y = &y, .by_question = true};
    run.until_ms = civil_ms((struct civil){.year = 2026, .month = 1, .day = 1}) - 1;
    run.model = model = compiled(&y, question4);
    measure(&run, "question 4", 1);
    ms = measure(&run, "question 4", threads);
    if (expected) {
        if (!as_expected(&run.tally[0], expected))
            give_up("question 4", "other transitions than expected");
        puts("transitions as expected");
    }
    if (kernel) {
        double by_hand = yardstick_kernel_ms(kernel, argv[1], "Q4_replay");

        printf("by hand      2 threads: %.1f ms; ratio %.2f\n", by_hand, ms / by_hand);
    }
    model_free(model);
    run.by_question = false;
    run.model = model = compiled(&y, eight_stages);
    measure(&run, "eight stages", 1);
    measure(&run, "eight stages", threads);
    model_free(model);
    yardstick_free(&y);
    return 0;
}
