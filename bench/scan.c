/* scan.c - a segment of everybody from rule text, next to a loop written by hand.
 *
 *     bench_scan DATA [EXPECTED [KERNEL]]
 *
 * DATA is the yardstick's folder. Its question 5 is asked as a rule of all customers, by one
 * thread and by all. Who fits is compared with EXPECTED (count,sum of numbers), and KERNEL,
 * asked for `mem DATA 5` in the same minute, gives the ratio. */
#include "rule/scan.h"
#include "base/work.h"
#include "engine/model.h"
#include "yardstick.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 21 };

static const char model_text[] =
    "ciclo: 1\n"
    "workspace: { name: Yardstick, currency: EUR, timezone: UTC }\n"
    "events: { purchase: { properties: { revenue: money } } }\n"
    "traits: { country: text }\n"
    "lifecycle: { start: all, stages: { all: {} } }\n";

static const char *const rules[] = {
    ("count(purchase, 90d) >= 3 and sum(purchase.revenue, 90d) > 200"
     " and not exists(support_ticket, 30d) and trait.country in ('K1', 'K3', 'K5', "
     "'K7')"),
    "count(purchase, 90d) >= 3",
    "sum(purchase.revenue, 90d) > 200",
    "count(any) >= 50",
    "since(any) >= 3mo",
};

struct run {
    const struct yardstick *y;
    const struct program *program;
    struct rule_ref rule;
    int64_t at_ms;
    _Atomic uint32_t next;
    _Atomic uint64_t fit, sum;
};

static void scan_share(void *context, [[maybe_unused]] uint32_t worker)
{
    struct run *run = context;
    struct scan_span span = {INT64_MIN, run->at_ms}; /* the data end there */
    struct scan *scan;
    struct bits bits;
    uint64_t fit = 0, sum = 0;
    struct err err;
    uint32_t k;

    need(scan_new(run->program, run->rule, &scan, &err), "scan", &err);
    while ((k = atomic_fetch_add(&run->next, 1)) < run->y->chunk_n) {
        const struct chunk *c = run->y->chunk[k];

        need(scan_chunk(scan, c, span, run->at_ms, NULL, NULL, &bits, NULL, &err), "scan",
             &err);
        for (EACH_BIT(i, &bits)) {
            fit++;
            sum += c->customer_first + i;
        }
    }
    run->fit += fit;
    run->sum += sum;
    scan_free(scan);
}

/* Milliseconds, the least of some runs. */
static double measure(struct run *run, unsigned threads)
{
    double least = 0;

    for (int i = 0; i < RUNS; i++) {
        int64_t began = clock_steady_us();
        double ms;

        run->next = 0;
        run->fit = run->sum = 0;
        work_run(threads, threads, scan_share, run);
        ms = (double)(clock_steady_us() - began) / 1e3;
        if (!i || ms < least)
            least = ms;
    }
    return least;
}

static void need_expected(const struct run *run, const char *path)
{
    FILE *f = fopen(path, "r");
    unsigned long long fit, sum;

    if (!f || fscanf(f, "%llu,%llu", &fit, &sum) != 2)
        give_up(path, "cannot be read");
    fclose(f);
    if (fit != run->fit || sum != run->sum)
        give_up("question 5", "others fit than expected");
    puts("those who fit are as expected");
}

int main(int argc, char **argv)
{
    static struct yardstick y;
    struct model *model;
    struct err err;

    if (argc < 2) {
        fputs("usage: bench_scan DATA [EXPECTED [KERNEL]]\n", stderr);
        return 2;
    }
    yardstick_load(&y, argv[1], 0, true, false);
    need(model_compile(io_system(), str_of(model_text), &y.catalog, &model, &err),
         "model", &err);
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct run run = {.y = &y, .program = model->program};
        double one, all;

        run.at_ms = civil_ms((struct civil){.year = 2026, .month = 1, .day = 1}) - 1;
        need(program_add(model->program, str_of(rules[i]), RULE_CONDITION, &run.rule,
                         &err),
             rules[i], &err);
        one = measure(&run, 1);
        all = measure(&run, work_threads());
        printf("%s\n  %llu fit; one thread %.1f ms, %u threads %.1f ms\n", rules[i],
               (unsigned long long)run.fit, one, work_threads(), all);
        if (i == 0 && argc > 2)
            need_expected(&run, argv[2]);
        if (i == 0 && argc > 3) {
            double by_hand = yardstick_kernel_ms(argv[3], argv[1], "Q5");

            printf("by hand, two threads: %.1f ms; ratio %.2f\n", by_hand, all / by_hand);
        }
    }
    model_free(model);
    yardstick_free(&y);
    return 0;
}
