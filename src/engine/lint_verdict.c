/* lint_verdict.c - rules that the text alone shows to be never true, or always. */
#include "engine/lint_impl.h"

static bool find_at(struct lint *l, const struct yaml *when, enum rule_verdict verdict,
                    const char *never, const char *always)
{
    return verdict == RULE_OPEN
           || lint_find(l, when->line, when->column, "%s",
                        verdict == RULE_NEVER ? never : always);
}

bool lint_verdicts(struct lint *l)
{
    const struct lifecycle *lc = l->lifecycle;
    const struct program *p = l->model->program;

    l->verdict = arena_array(l->arena, enum rule_verdict, lc->way_n);
    if (!l->verdict)
        return err_nomem(l->err);
    if (lc->has_for
        && !find_at(l, lc->for_at, program_verdict(p, lc->for_rule),
                    "nobody can be in this lifecycle: its rule is never true",
                    "everybody is in this lifecycle: its rule is always true"))
        return false;
    for (uint32_t i = 0; i < lc->way_n; i++) {
        l->verdict[i] = program_verdict(p, lc->way[i].rule);
        if (!find_at(l, lc->way[i].when, l->verdict[i],
                     "this move can never be taken: its rule is never true",
                     "this move is always taken: nobody stays where it begins"))
            return false;
    }
    return true;
}

bool lint_segment_verdicts(struct lint *l)
{
    const struct segments *all = l->model->segments;

    for (uint32_t i = 0; i < all->segment_n; i++)
        if (!find_at(l, all->segment[i].when,
                     program_verdict(l->model->program, all->segment[i].rule),
                     "nobody can be in this segment: its rule is never true",
                     "everybody is in this segment: its rule is always true"))
            return false;
    return true;
}

bool lint_rule_verdict(struct lint *l, struct rule_ref rule)
{
    const struct yaml at = {.line = 1, .column = 1};

    return find_at(l, &at, program_verdict(l->model->program, rule),
                   "this is never true, whatever a customer does",
                   "this is always true, whatever a customer does");
}
