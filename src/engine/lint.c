/* lint.c - what a model allows but hardly means. Only what is certain is said.
 *
 * Rules are looked at as words and signs, so that layout plays no part. Whether a rule is true
 * of a customer of whom nothing is known is asked of the rule itself. */
#include "engine/lint_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool lint_find(struct lint *l, int line, int column, const char *format, ...)
{
    char text[sizeof l->err->msg];
    struct finding *f;
    va_list args;

    if (l->n == FINDINGS_MAX)
        return true;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 16;

        f = arena_array(l->arena, struct finding, cap);
        if (!f)
            return err_nomem(l->err);
        if (l->n)
            memcpy(f, l->found, l->n * sizeof *f);
        l->found = f;
        l->cap = cap;
    }
    f = &l->found[l->n++];
    *f = (struct finding){line, column, arena_str(l->arena, str_of(text))};
    return f->text.p || err_nomem(l->err);
}

/* --- words --- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || c == '_' || (unsigned char)c >= 0x80;
}

static size_t word_bytes(str s)
{
    size_t n = 1;

    if (s.p[0] == '"' || s.p[0] == '\'' || s.p[0] == '`') {
        const char *end = memchr(s.p + 1, s.p[0], s.n - 1);

        return end ? (size_t)(end - s.p) + 1 : s.n;
    }
    if (is_word(s.p[0])) {
        while (n < s.n && is_word(s.p[n]))
            n++;
        return n;
    }
    if (s.n > 1 && s.p[1] == '=' && memchr("<>!", s.p[0], 3))
        return 2;
    return 1;
}

bool lint_split(struct lint *l, str text, struct words *out)
{
    str *word = arena_array(l->arena, str, text.n);

    if (!word)
        return err_nomem(l->err);
    *out = (struct words){word, 0};
    for (str rest = str_trim(text); rest.n; rest = str_trim(rest)) {
        size_t n = word_bytes(rest);

        word[out->n++] = (str){rest.p, n};
        rest = str_from(rest, n);
    }
    return true;
}

bool lint_is(const struct words *w, uint32_t i, const char *word)
{
    return i < w->n && str_eq(w->word[i], str_of(word));
}

static bool is_one_of(const struct words *w, uint32_t i, const char *const *words,
                      size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (lint_is(w, i, words[k]))
            return true;
    return false;
}
#define IS_ONE_OF(w, i, words)                                                           \
    is_one_of((w), (i), (words), sizeof(words) / sizeof *(words))

static bool has_one_of(const struct words *w, const char *const *words, size_t n)
{
    for (uint32_t i = 0; i < w->n; i++)
        if (is_one_of(w, i, words, n))
            return true;
    return false;
}
#define HAS_ONE_OF(w, words) has_one_of((w), (words), sizeof(words) / sizeof *(words))

/* Rules of the same words get the same number. */
static bool number_rule(struct lint *l, const struct words *w, uint32_t *out)
{
    struct buf text = {};
    bool ok;

    for (uint32_t i = 0; i < w->n; i++) {
        buf_add(&text, w->word[i]);
        buf_add_char(&text, '\n');
    }
    ok = !text.failed && text_table_add(&l->rule_text, buf_str(&text), out);
    buf_free(&text);
    return ok || err_nomem(l->err);
}

/* --- the customer of whom nothing is known --- */

static bool begin_nobody(struct lint *l)
{
    static const struct event e = {
        .customer = {"nobody", 6}, .type = {"identify", 8}, .id = {"nobody", 6}};
    const struct catalog *known = l->model->catalog;
    const struct lifecycle *lc = l->lifecycle;
    struct timeline t;
    uint32_t ignored, stages = 0;

    if (!catalog_init(&l->catalog, l->err))
        return false;
    /* The program knows columns by their numbers. */
    for (uint32_t i = 0; i < known->column_n; i++)
        if (!catalog_column_add(&l->catalog, known->column[i].name,
                                known->column[i].trait, known->column[i].type, &ignored,
                                l->err))
            return false;
    for (uint32_t i = 0; i < l->model->lifecycle_n; i++)
        if (l->model->lifecycles[i]->stage_n > stages)
            stages = l->model->lifecycles[i]->stage_n;
    l->times_in = arena_array(l->arena, uint32_t, stages);
    if (!l->times_in)
        return err_nomem(l->err);
    l->times_in[lc->start] = 1;
    l->nobody = (struct situation){
        .stage = lc->start, .previous_stage = STAGE_NONE, .times_in = l->times_in};
    if (!catalog_add_event(&l->catalog, &e, l->err)
        || !chunk_build(&l->catalog, NULL, 0, &e, 1, &l->chunk, l->err)
        || !cursor_new(l->model->program, &l->cursor, l->err))
        return false;
    t = timeline_of(l->chunk, 0);
    return cursor_start(l->cursor, &t, l->err);
}

static void end_nobody(struct lint *l)
{
    cursor_free(l->cursor);
    chunk_free(l->chunk);
    catalog_free(&l->catalog);
}

static bool true_of_nobody(struct lint *l, struct rule_ref rule)
{
    struct answer a = cursor_ask(l->cursor, rule, &l->nobody);

    return a.value.type == VALUE_BOOL && a.value.truth;
}

/* --- rules --- */

static const char *const comparisons[] = {"=", "!=", "<", "<=", ">", ">="};
static const char *const counts[] = {"count", "sum", "distinct"};
static const char *const may_miss[] = {"min",  "max",   "avg", "first",
                                       "last", "since", "age"};

/* The place behind the bracket that closes the one at i. */
static uint32_t behind_bracket(const struct words *w, uint32_t i)
{
    uint32_t depth = 0;

    for (; i < w->n; i++) {
        depth += lint_is(w, i, "(");
        depth -= lint_is(w, i, ")");
        if (depth == 0)
            return i + 1;
    }
    return i;
}

static int by_place(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;

    if (x->line != y->line || x->column != y->column)
        return x->line != y->line ? x->line - y->line : x->column - y->column;
    return str_cmp(x->text, y->text);
}

void lint_place(const struct yaml *when, str word, int *line, int *column)
{
    struct err place = {.line = 1, .column = 1};

    for (const char *c = when->text.p; c < word.p; c++) {
        if (*c == '\n') {
            place.line++;
            place.column = 1;
        } else {
            place.column += ((unsigned char)*c & 0xc0) != 0x80;
        }
    }
    yaml_err_in_scalar(when, &place);
    *line = place.line;
    *column = place.column;
}

/* Something about the word i of the rule at `when`; `%.*s` of the format gets `operand`. */
static bool find_in_rule(struct lint *l, const struct yaml *when, const struct words *w,
                         uint32_t i, str operand, const char *before, const char *behind)
{
    int line, column;

    if (l->n == FINDINGS_MAX)
        return true;
    lint_place(when, w->word[i], &line, &column);
    if (operand.n > 100)
        operand = STR("this");
    return lint_find(l, line, column, "%s%.*s%s", before, STR_FMT(operand), behind);
}

/* What stands at i and may be missing: trait.x, acquisition.x, consent.x.y, previous_stage, last(...). The
 * place behind it, or i when there is no such thing. */
static uint32_t behind_operand(const struct words *w, uint32_t i)
{
    if ((lint_is(w, i, "trait") || lint_is(w, i, "acquisition"))
        && lint_is(w, i + 1, "."))
        return i + 3;
    if (lint_is(w, i, "consent") && lint_is(w, i + 1, ".") && lint_is(w, i + 3, "."))
        return i + 5;
    if (lint_is(w, i, "previous_stage"))
        return i + 1;
    if (IS_ONE_OF(w, i, may_miss) && lint_is(w, i + 1, "("))
        return behind_bracket(w, i + 1);
    return i;
}

static str operand_text(const struct words *w, uint32_t from, uint32_t to)
{
    const char *end;

    if (to > w->n)
        to = w->n;
    end = w->word[to - 1].p + w->word[to - 1].n;
    return (str){w->word[from].p, (size_t)(end - w->word[from].p)};
}

/* True when the rule asks elsewhere whether the operand, or its event, is there at all. */
static bool asks_for_missing(const struct words *w)
{
    static const char *const asks[] = {"exists", "missing"};

    return HAS_ONE_OF(w, asks);
}

static bool lint_unfitted(struct lint *l, const struct yaml *when, const struct words *w)
{
    if (!program_lacks_fits(l->model->program))
        return true;
    for (uint32_t i = 0; i < w->n; i++)
        if (lint_is(w, i, "value") && lint_is(w, i + 1, "."))
            return find_in_rule(
                l, when, w, i, STR("value."),
                "no fit is kept that these rules could ask, so that each ",
                "... is missing: ciclo value keep FILE keeps one");
    return true;
}

static bool lint_missing(struct lint *l, const struct yaml *when, const struct words *w)
{
    if (!lint_unfitted(l, when, w))
        return false;
    if (asks_for_missing(w))
        return true;
    for (uint32_t i = 0; i < w->n; i++) {
        bool negated = lint_is(w, i, "not"), bracket = negated && lint_is(w, i + 1, "(");
        uint32_t from = i + negated + bracket, to = behind_operand(w, from);

        if (to == from || to >= w->n || (!negated && !lint_is(w, to, "!=")))
            continue;
        if (!negated) {
            if (!find_in_rule(
                    l, when, w, from, operand_text(w, from, to),
                    "a comparison with a missing side is false: this leaves out "
                    "customers without ",
                    ""))
                return false;
            i = to;
            continue;
        }
        /* In a bracket only a single comparison with a single word is certain. */
        if (!IS_ONE_OF(w, to, comparisons) || (bracket && !lint_is(w, to + 2, ")")))
            continue;
        if (!find_in_rule(
                l, when, w, i, operand_text(w, from, to),
                "this is also true of customers without ",
                ": a comparison with a missing side is false, and `not` makes it "
                "true"))
            return false;
        i = to;
    }
    return true;
}

static bool lint_counts(struct lint *l, const struct yaml *when, const struct words *w,
                        struct rule_ref rule)
{
    for (uint32_t i = 0; i < w->n && l->n < FINDINGS_MAX; i++) {
        uint32_t to;

        if (!IS_ONE_OF(w, i, counts) || !lint_is(w, i + 1, "("))
            continue;
        to = behind_bracket(w, i + 1);
        if (!lint_is(w, to, "<") && !lint_is(w, to, "<="))
            continue;
        if (true_of_nobody(l, rule)
            && !find_in_rule(l, when, w, i, operand_text(w, i, to),
                             "this is also true of customers without any: ",
                             " is then 0; add `and exists(...)` if they are not meant"))
            return false;
    }
    return true;
}

/* --- segments, scores --- */

static bool lint_segments(struct lint *l)
{
    const struct segments *all = l->model->segments;
    uint32_t *number = arena_array(l->arena, uint32_t, all->segment_n);
    uint32_t *first =
        arena_array(l->arena, uint32_t, (size_t)all->segment_n + l->rule_text.n);

    if (!number || !first)
        return err_nomem(l->err);
    for (uint32_t i = 0; i < all->segment_n; i++) {
        const struct segment *s = &all->segment[i];
        struct words w = {};

        /* The rules of these are ours; groups come all together. */
        if (s->is_group || s->is_list)
            continue;
        if (!lint_split(l, s->text, &w) || !number_rule(l, &w, &number[i])
            || !lint_missing(l, s->when, &w) || !lint_counts(l, s->when, &w, s->rule))
            return false;
        if (!first[number[i]])
            first[number[i]] = i + 1;
        else if (!lint_find(l, s->when->line, s->when->column,
                            "the segments \"%.*s\" and \"%.*s\" have the same rule",
                            STR_FMT(all->segment[first[number[i]] - 1].name),
                            STR_FMT(s->name)))
            return false;
    }
    return true;
}

static bool lint_scores(struct lint *l)
{
    const struct segments *all = l->model->segments;

    for (uint32_t i = 0; i < all->score_n; i++) {
        const struct yaml *parts = yaml_find(all->score[i].node, STR("parts"));

        for (size_t k = 0; k < parts->n; k++) {
            const struct yaml *when = yaml_find(parts->item[k], STR("when"));
            struct words w = {};

            if (!lint_split(l, when->text, &w) || !lint_missing(l, when, &w))
                return false;
        }
    }
    return true;
}

/* --- the lifecycle --- */

static bool lint_stages(struct lint *l)
{
    const struct lifecycle *lc = l->lifecycle;
    uint16_t *queue = arena_array(l->arena, uint16_t, lc->stage_n);
    bool *reached = arena_array(l->arena, bool, lc->stage_n);
    uint32_t n = 0;

    if (!queue || !reached)
        return err_nomem(l->err);
    reached[lc->start] = true;
    queue[n++] = lc->start;
    for (uint32_t k = 0; k < n; k++)
        for (uint32_t i = 0; i < lc->out_n[queue[k]]; i++) {
            uint16_t to = lc->way[lc->out[queue[k]][i]].to;

            if (!reached[to])
                queue[n++] = to;
            reached[to] = true;
        }
    for (uint32_t s = 0; s < lc->stage_n; s++) {
        const struct stage *stage = &lc->stage[s];

        if (!reached[s]
            && !lint_find(
                l, stage->at->line, stage->at->column,
                "nobody can come into \"%.*s\": no moves lead there from \"%.*s\"",
                STR_FMT(stage->name), STR_FMT(lc->stage[lc->start].name)))
            return false;
        if (!lc->out_n[s] && !stage->end
            && !lint_find(
                l, stage->at->line, stage->at->column,
                "nobody can leave \"%.*s\": if that is meant, write `end: true`",
                STR_FMT(stage->name)))
            return false;
        if (stage->aims.target.nowhere
            && !lint_find(l, stage->aims.target.nowhere->line,
                          stage->aims.target.nowhere->column,
                          "this target is not counted, since below \"%.*s\" stands no "
                          "stage that is no end: say to which people shall come, with "
                          "`to`",
                          STR_FMT(stage->name)))
            return false;
    }
    return true;
}

/* Ways that no way before them in the text leaves anybody for; each is named once. */
static bool lint_shadowed(struct lint *l)
{
    const struct lifecycle *lc = l->lifecycle;
    uint32_t *first = arena_array(l->arena, uint32_t, l->rule_text.n); /* 1 + way */
    bool *said = arena_array(l->arena, bool, lc->way_n);

    if (!first || !said)
        return err_nomem(l->err);
    for (uint32_t s = 0; s < lc->stage_n; s++) {
        uint32_t always = 0; /* 1 + the first way that is always true */

        for (uint32_t i = 0; i < lc->out_n[s]; i++) {
            uint16_t w = lc->out[s][i];
            uint32_t before = always ? always : first[l->way_text[w]];

            if (before && !said[w]
                && !lint_find(
                    l, lc->way[w].when->line, lc->way[w].when->column,
                    "this move out of \"%.*s\" can never be taken: the one in line %d "
                    "stands before it and %s",
                    STR_FMT(lc->stage[s].name), lc->way[before - 1].when->line,
                    always ? "is always true" : "has the same rule"))
                return false;
            said[w] |= before > 0;
            if (!first[l->way_text[w]])
                first[l->way_text[w]] = w + 1u;
            if (!always && l->verdict[w] == RULE_ALWAYS)
                always = w + 1u;
        }
        for (uint32_t i = 0; i < lc->out_n[s]; i++)
            first[l->way_text[lc->out[s][i]]] = 0;
    }
    return lint_order(l, said);
}

struct loops {
    bool *said;             /* by way */
    uint64_t *leaves;       /* a bit for each way and stage that it leads out of */
    uint32_t *first, *next; /* the ways into a stage, by their rule's text, from 1 */
};

/* Does a way lead back from where this one leads, by the same rule? */
static bool lint_way_back(struct lint *l, struct loops *x, uint16_t from, uint16_t there)
{
    static const char *const of_stage[] = {"stage",    "previous_stage", "time_in_stage",
                                           "times_in", "segment",        "score"};
    const struct lifecycle *lc = l->lifecycle;
    uint16_t to = lc->way[there].to;

    for (uint32_t k = x->first[l->way_text[there]]; k && !x->said[there];
         k = x->next[k - 1]) {
        uint32_t back = k - 1;
        size_t bit = (size_t)back * lc->stage_n + to;

        if (x->said[back] || !(x->leaves[bit / 64] >> bit % 64 & 1)
            || HAS_ONE_OF(&l->way[there], of_stage))
            continue;
        x->said[there] = x->said[back] = true;
        if (!lint_find(
                l, lc->way[back].when->line, lc->way[back].when->column,
                "a loop: from \"%.*s\" to \"%.*s\" leads the move in line %d by the "
                "same rule; where both are true, neither is made",
                STR_FMT(lc->stage[from].name), STR_FMT(lc->stage[to].name),
                lc->way[there].when->line))
            return false;
    }
    return true;
}

/* Two ways between two stages by one rule that does not ask for the stage. */
static bool lint_loops(struct lint *l)
{
    const struct lifecycle *lc = l->lifecycle;
    struct loops x = {.said = arena_array(l->arena, bool, lc->way_n),
                      .leaves = arena_array(l->arena, uint64_t,
                                            (size_t)lc->way_n * lc->stage_n / 64 + 1),
                      .first = arena_array(l->arena, uint32_t, l->rule_text.n),
                      .next = arena_array(l->arena, uint32_t, lc->way_n)};
    bool ok = true;

    if (!x.said || !x.leaves || !x.first || !x.next)
        return err_nomem(l->err);
    for (uint32_t s = 0; s < lc->stage_n; s++)
        for (uint32_t i = 0; i < lc->out_n[s]; i++) {
            size_t bit = (size_t)lc->out[s][i] * lc->stage_n + s;

            x.leaves[bit / 64] |= UINT64_C(1) << bit % 64;
        }
    for (uint16_t s = 0; ok && s < lc->stage_n; s++) {
        for (uint32_t w = lc->way_n; w-- > 0;)
            if (lc->way[w].to == s) {
                x.next[w] = x.first[l->way_text[w]];
                x.first[l->way_text[w]] = w + 1;
            }
        for (uint32_t i = 0; ok && i < lc->out_n[s]; i++)
            ok = lint_way_back(l, &x, s, lc->out[s][i]);
        for (uint32_t w = 0; w < lc->way_n; w++)
            if (lc->way[w].to == s)
                x.first[l->way_text[w]] = 0;
    }
    return ok;
}

static bool leads_out_of_start(const struct lifecycle *lc, uint16_t way)
{
    for (uint32_t i = 0; i < lc->out_n[lc->start]; i++)
        if (lc->out[lc->start][i] == way)
            return true;
    return false;
}

static bool lint_ways(struct lint *l)
{
    const struct lifecycle *lc = l->lifecycle;

    l->way = arena_array(l->arena, struct words, lc->way_n);
    l->way_text = arena_array(l->arena, uint32_t, lc->way_n);
    if (!l->way || !l->way_text)
        return err_nomem(l->err);
    for (uint16_t i = 0; i < lc->way_n; i++) {
        const struct way *way = &lc->way[i];

        if (!lint_split(l, way->text, &l->way[i])
            || !number_rule(l, &l->way[i], &l->way_text[i])
            || !lint_missing(l, way->when, &l->way[i])
            || (leads_out_of_start(lc, i)
                && !lint_counts(l, way->when, &l->way[i], way->rule)))
            return false;
    }
    return lint_verdicts(l) && lint_shadowed(l) && lint_loops(l);
}

bool lint_give(struct lint *l, bool ok, const struct finding **out, uint32_t *n)
{
    end_nobody(l);
    text_table_free(&l->rule_text);
    if (!ok)
        return false;
    if (l->n)
        qsort(l->found, l->n, sizeof *l->found, by_place);
    *out = l->found;
    *n = l->n;
    return true;
}

/* Nobody stands at the lifecycle's start. */
static void turn_to(struct lint *l, const struct lifecycle *lc)
{
    l->times_in[l->lifecycle->start] = 0;
    l->times_in[lc->start] = 1;
    l->lifecycle = lc;
    l->nobody.stage = lc->start;
}

bool lint_text(struct lint *l)
{
    const struct model *m = l->model;

    if (!begin_nobody(l))
        return false;
    for (uint32_t i = 0; i < m->lifecycle_n; i++) {
        turn_to(l, m->lifecycles[i]);
        if (!lint_stages(l) || !lint_ways(l))
            return false;
    }
    turn_to(l, m->lifecycle);
    return lint_segments(l) && lint_segment_verdicts(l) && lint_scores(l);
}

bool model_lint(const struct model *m, struct arena *a, const struct finding **out,
                uint32_t *n, struct err *err)
{
    struct lint l = {.model = m, .lifecycle = m->lifecycle, .arena = a, .err = err};

    return lint_give(&l, lint_text(&l), out, n);
}

bool rule_lint(const struct model *m, struct rule_ref rule, struct arena *a,
               const struct finding **out, uint32_t *n, struct err *err)
{
    struct lint l = {.model = m, .lifecycle = m->lifecycle, .arena = a, .err = err};
    str text = program_text(m->program, rule);
    const struct yaml when = {
        .line = 1, .column = 1, .text = text, .plain = true, .source = text};
    struct words w = {};
    bool ok = begin_nobody(&l) && lint_split(&l, text, &w) && lint_missing(&l, &when, &w)
              && lint_counts(&l, &when, &w, rule) && lint_rule_verdict(&l, rule);

    return lint_give(&l, ok, out, n);
}
