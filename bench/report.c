/* report.c - reports over everybody from their texts, next to loops written by hand.
 *
 *     bench_report DATA [EXPECTED [KERNEL [ONLY]]]
 *
 * DATA is a folder of the yardstick's columns (off.u32 ts.u32 type.u8 amount.u32 channel.u8), which
 * become chunks in memory. Its questions 1, 2, 3 and 6 are asked as reports by all threads. Answers
 * are compared with the folder EXPECTED (Q1.csv ...), and KERNEL, asked for `mem DATA 5` in the same
 * minute, gives the ratio. ONLY is one of them, such as Q6. */
#include "base/work.h"
#include "engine/model.h"
#include "engine/paths_impl.h"
#include "report/cohort.h"
#include "report/flow.h"
#include "report/funnel.h"
#include "segment/rfm.h"
#include "yardstick.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RUNS = 11, THREADS_MAX = 64 };

static const char model_text[] =
    "ciclo: 1\n"
    "workspace: { name: Yardstick, currency: EUR, timezone: UTC }\n"
    "events: { purchase: { properties: { revenue: money } } }\n"
    "channels:\n"
    "  - { channel: '0', when: 'source = \"c0\"' }\n"
    "  - { channel: '1', when: 'source = \"c1\"' }\n"
    "  - { channel: '2', when: 'source = \"c2\"' }\n"
    "  - { channel: '3', when: 'source = \"c3\"' }\n"
    "  - { channel: '4', when: 'source = \"c4\"' }\n"
    "  - { channel: '5', when: 'source = \"c5\"' }\n"
    "  - { channel: '6', when: 'source = \"c6\"' }\n"
    "  - { channel: '7', when: 'source = \"c7\"' }\n"
    "lifecycle: { start: all, stages: { all: {} } }\n";

/* What a report is, as engine/report.h has it, and what it must say. */
struct question {
    const char *name, *by_hand; /* as the kernel calls it */
    bool (*begin)(const struct yardstick *y, const struct model *m, struct program *p,
                  struct arena *a, void **count, struct err *err);
    bool (*add)(void *count, const struct chunk *c, struct scan_span span,
                struct err *err);
    bool (*merge)(void *into, const void *from, struct err *err);
    void (*print)(void *count, struct buf *to);
    void (*free)(void *count);
};

/* --- question 1: visit, signup, purchase, both within 30 days of the visit --- */

static bool funnel_begin(const struct yardstick *y, const struct model *m,
                         struct program *p, struct arena *a, void **count,
                         struct err *err)
{
    struct funnel_plan plan = {.program = p,
                               .zone = m->workspace.zone,
                               .limit = FUNNEL_FROM_START,
                               .within = {.ms = 30 * MS_DAY},
                               .from_ms = MOMENT_MIN,
                               .to_ms = MOMENT_NEVER,
                               .at_ms = MOMENT_NEVER,
                               .type_n = y->catalog.type.n};
    struct funnel *f;
    uint32_t n;

    (void)a;
    if (!picks_add(p, STR("page_view, signup, purchase"), plan.step, 3, &plan.step_n, err)
        || !picks_add(p, STR("any"), &plan.any, 1, &n, err)
        || !funnel_new(&plan, &f, err))
        return false;
    *count = f;
    return true;
}

static bool funnel_each(void *count, const struct chunk *c, struct scan_span span,
                        struct err *err)
{
    return funnel_add(count, c, span, NULL, err);
}

static bool funnel_join(void *into, const void *from, struct err *err)
{
    return funnel_merge(into, from, err);
}

/* With the middle of the times, which a report shows, too. */
static void funnel_show(void *count, struct buf *to)
{
    struct funnel *f = count;
    struct funnel_group *g = f->group;

    for (uint32_t k = 0; k < f->plan.step_n; k++) {
        lengths_quantile(&g->took[k], 50);
        lengths_quantile(&g->took[k], 90);
        buf_add_format(to, "%s%llu", k ? "," : "", (unsigned long long)g->customers[k]);
    }
    buf_add_char(to, '\n');
}

static void funnel_end(void *count)
{
    funnel_free(count);
}

/* --- question 2: month of the first purchase by month of any --- */

static bool cohort_begin(const struct yardstick *y, const struct model *m,
                         struct program *p, struct arena *a, void **count,
                         struct err *err)
{
    int64_t first_ms = civil_ms((struct civil){.year = 2024, .month = 1, .day = 1}),
            last_ms = civil_ms((struct civil){.year = 2025, .month = 12, .day = 31});
    struct cohort_plan plan = {.program = p,
                               .from_ms = MOMENT_MIN,
                               .to_ms = MOMENT_NEVER,
                               .at_ms = MOMENT_NEVER,
                               .begin = {.by = BEGIN_EVENT, .at_ms = MOMENT_NEVER}};
    struct cohorts *c;
    uint32_t n;

    (void)y;
    if (!picks_add(p, STR("purchase"), &plan.begin.pick, 1, &n, err)
        || !flow_edges(m->workspace.zone, FLOW_MONTH, first_ms, last_ms, a, &plan.edge,
                       &plan.period_n, err))
        return false;
    plan.again = plan.begin.pick;
    if (!cohorts_new(&plan, &c, err))
        return false;
    *count = c;
    return true;
}

static bool cohort_each(void *count, const struct chunk *c, struct scan_span span,
                        struct err *err)
{
    return cohorts_add(count, c, span, NULL, err);
}

static bool cohort_join(void *into, const void *from, struct err *err)
{
    return cohorts_merge(into, from, err);
}

static void cohort_show(void *count, struct buf *to)
{
    const struct cohorts *c = count;

    for (uint32_t k = 0; k < c->plan.period_n; k++)
        for (uint32_t i = k; i < c->plan.period_n; i++) {
            struct cohort_cell cell = cohort_cell(c, k, i, false);

            if (cell.customers)
                buf_add_format(to, "%u,%u,%llu\n", k, i,
                               (unsigned long long)cell.customers);
        }
}

static void cohort_end(void *count)
{
    cohorts_free(count);
}

/* --- question 3: scores at the end of 2025 --- */

static bool rfm_begin(const struct yardstick *y, const struct model *m, struct program *p,
                      struct arena *a, void **count, struct err *err)
{
    struct rfm_plan plan = {.program = p,
                            .zone = m->workspace.zone,
                            .from_ms = MOMENT_MIN,
                            .at_ms = MOMENT_NEVER,
                            .method = RFM_QUINTILES};
    struct rfm *r;
    uint32_t n;

    (void)y;
    (void)a;
    if (!picks_add(p, STR("purchase"), &plan.event, 1, &n, err)
        || !picks_add_property(p, plan.event, STR("revenue"), &plan.value, err)
        || !rfm_new(&plan, &r, err))
        return false;
    *count = r;
    return true;
}

static bool rfm_each(void *count, const struct chunk *c, struct scan_span span,
                     struct err *err)
{
    return rfm_add(count, c, span, NULL, err);
}

static bool rfm_join(void *into, const void *from, struct err *err)
{
    return rfm_merge(into, from, err);
}

static void rfm_show(void *count, struct buf *to)
{
    uint64_t cell[RFM_SCORES + 1][RFM_SCORES + 1][RFM_SCORES + 1] = {};
    struct rfm *r = count;
    struct err err;

    need(rfm_score(r, NULL, NULL, &err), "Q3", &err);
    for (size_t i = 0; i < r->n; i++)
        cell[r->row[i].score[RFM_RECENCY]][r->row[i].score[RFM_FREQUENCY]]
            [r->row[i].score[RFM_MONETARY]]++;
    for (unsigned x = 1; x <= RFM_SCORES; x++)
        for (unsigned f = 1; f <= RFM_SCORES; f++)
            for (unsigned m = 1; m <= RFM_SCORES; m++)
                if (cell[x][f][m])
                    buf_add_format(to, "%u,%u,%u,%llu\n", x, f, m,
                                   (unsigned long long)cell[x][f][m]);
}

static void rfm_end(void *count)
{
    rfm_free(count);
}

/* --- question 6: the twenty most frequent threes of type and channel --- */

static str *type_names; /* numbered as the yardstick does, "identify" apart */
static struct paths_plan paths_plan;

static bool paths_begin(const struct yardstick *y, const struct model *m,
                        struct program *p, struct arena *a, void **count, struct err *err)
{
    struct paths *paths;

    type_names = arena_array(a, str, y->catalog.type.n);
    for (uint32_t i = 0; i < y->catalog.type.n; i++)
        type_names[i] = text_table_get(&y->catalog.type, i);
    paths_plan = (struct paths_plan){.program = p,
                                     .anchor_stage = STAGE_NONE,
                                     .steps = 3,
                                     .each = true,
                                     .whole = true,
                                     .zone = m->workspace.zone,
                                     .from_ms = MOMENT_MIN,
                                     .to_ms = MOMENT_NEVER,
                                     .at_ms = MOMENT_NEVER};
    paths_plan.through = (struct through){.event = true,
                                          .channel = true,
                                          .type_name = type_names,
                                          .type_n = y->catalog.type.n,
                                          .channels = m->channels};
    if (!picks_add(p, STR("any"), paths_plan.through.pick, 1, &paths_plan.through.pick_n,
                   err)
        || !paths_new(&paths_plan, &paths, err))
        return false;
    *count = paths;
    return true;
}

static bool paths_each(void *count, const struct chunk *c, struct scan_span span,
                       struct err *err)
{
    return paths_add(count, c, span, NULL, err);
}

static bool paths_join(void *into, const void *from, struct err *err)
{
    return paths_merge(into, from, err);
}

/* "purchase / 3" is 2 * 8 + 3. */
static uint32_t code_of(str step)
{
    uint32_t type = 0;

    while (!str_starts(step, type_names[type])
           || step.n != type_names[type].n + sizeof " / 3" - 1)
        type++;
    return (type - 1) * 8 + (uint32_t)(step.p[step.n - 1] - '0');
}

static void paths_show(void *count, struct buf *to)
{
    struct paths_view v = {.paths = count};
    struct arena a = {};
    struct err err;

    need(paths_settle(v.paths, &err) && paths_rank(&v, 20, &a, &err), "Q6", &err);
    for (uint32_t i = 0; i < v.way_n; i++) {
        uint32_t code = 0;

        for (uint32_t k = 0; k < 3; k++)
            code = code * 96 + code_of(path_step(&v, &v.way[i], k));
        buf_add_format(to, "%u,%llu\n", code, (unsigned long long)v.way[i].ways);
    }
    arena_free(&a);
}

static void paths_end(void *count)
{
    paths_free(count);
}

static const struct question questions[] = {
    {"Q6", "Q6", paths_begin, paths_each, paths_join, paths_show, paths_end},
    {"Q3", "Q3", rfm_begin, rfm_each, rfm_join, rfm_show, rfm_end},
    {"Q2", "Q2", cohort_begin, cohort_each, cohort_join, cohort_show, cohort_end},
    {"Q1", "Q1", funnel_begin, funnel_each, funnel_join, funnel_show, funnel_end},
};

/* --- asking --- */

struct run {
    const struct yardstick *y;
    const struct question *q;
    void *count[THREADS_MAX];
    _Atomic uint32_t next;
};

static void ask_share(void *context, uint32_t worker)
{
    struct run *run = context;
    struct scan_span span = {MOMENT_MIN, MOMENT_MAX};
    struct err err;
    uint32_t k;

    while ((k = atomic_fetch_add(&run->next, 1)) < run->y->chunk_n)
        need(run->q->add(run->count[worker], run->y->chunk[k], span, &err), run->q->name,
             &err);
}

/* Milliseconds from text to text. */
static double ask(struct run *run, const struct model *m, unsigned threads,
                  struct buf *answer)
{
    int64_t began = clock_steady_us();
    struct program *program[THREADS_MAX];
    struct arena arena = {};
    struct err err;
    double ms;

    run->next = 0;
    for (unsigned i = 0; i < threads; i++) {
        need(picks_program(m->program, &program[i], &err), "program", &err);
        need(run->q->begin(run->y, m, program[i], &arena, &run->count[i], &err),
             run->q->name, &err);
    }
    work_run(threads, threads, ask_share, run);
    for (unsigned i = 1; i < threads; i++)
        need(run->q->merge(run->count[0], run->count[i], &err), run->q->name, &err);
    buf_clear(answer);
    run->q->print(run->count[0], answer);
    ms = (double)(clock_steady_us() - began) / 1e3;
    for (unsigned i = 0; i < threads; i++) {
        run->q->free(run->count[i]);
        program_free(program[i]);
    }
    arena_free(&arena);
    return ms;
}

static void need_expected(const struct question *q, str answer, const char *folder)
{
    struct buf path = {};
    struct err err;
    char *text = NULL;
    size_t n = 0;
    FILE *f;

    buf_add_format(&path, "%s/%s.csv", folder, q->name);
    buf_add_char(&path, '\0');
    f = fopen(path.p, "r");
    if (!f || getdelim(&text, &n, 0, f) < 0)
        give_up(path.p, "cannot be read");
    fclose(f);
    if (!str_eq(answer, str_of(text)))
        need(err_set(&err, ERR_INPUT, "another answer than expected"), q->name, &err);
    printf("%s  as expected\n", q->name);
    free(text);
    buf_free(&path);
}

int main(int argc, char **argv)
{
    static struct yardstick y;
    unsigned threads = work_threads() < THREADS_MAX ? work_threads() : THREADS_MAX;
    struct model *model;
    struct buf answer = {};
    struct err err;

    if (argc < 2) {
        fputs("usage: bench_report DATA [EXPECTED [KERNEL [ONLY]]]\n", stderr);
        return 2;
    }
    yardstick_load(&y, argv[1], 0, false, true);
    need(model_compile(io_system(), str_of(model_text), &y.catalog, &model, &err),
         "model", &err);
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
        struct run run = {.y = &y, .q = &questions[i]};
        double least = 0, one = 0;

        if (argc > 4 && strcmp(argv[4], questions[i].name) != 0)
            continue;
        for (int k = 0; k < RUNS; k++) {
            double ms = ask(&run, model, threads, &answer);
            double alone = ask(&run, model, 1, &answer);

            least = !k || ms < least ? ms : least;
            one = !k || alone < one ? alone : one;
        }
        printf("%s  one thread %.1f ms, %u threads %.1f ms\n", run.q->name, one, threads,
               least);
        if (argc > 2)
            need_expected(run.q, buf_str(&answer), argv[2]);
        if (argc > 3) {
            double by_hand = yardstick_kernel_ms(argv[3], argv[1], run.q->by_hand);

            printf("%s  by hand, two threads %.1f ms; ratio %.2f\n", run.q->name, by_hand,
                   least / by_hand);
        }
    }
    buf_free(&answer);
    model_free(model);
    yardstick_free(&y);
    return 0;
}
