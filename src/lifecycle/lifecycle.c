#include "lifecycle/lifecycle_impl.h"

#include <stdlib.h>
#include <string.h>

#define STAGES_MAX 1000
#define WAYS_MAX 10000
#define STAGE_NAME_MAX 200
#define LIFECYCLE_NAME_MAX 100

static bool wrong(const struct yaml *at, struct err *err, const char *what)
{
    return err_at(err, at->line, at->column, "%s", what);
}

/* Nothing behind the colon. */
static bool is_empty(const struct yaml *node)
{
    return node->type == YAML_SCALAR && node->plain && node->text.n == 0;
}

str shown(str s)
{
    if (s.n > 100)
        for (s.n = 100; ((unsigned char)s.p[s.n] & 0xc0) == 0x80; s.n--)
            ;
    return s;
}

static int by_name(const void *a, const void *b)
{
    const str *const *x = a, *const *y = b;

    return str_cmp(**x, **y);
}

uint16_t lifecycle_stage_find(const struct lifecycle *l, str name)
{
    const str *key = &name, **found;

    found = bsearch(&key, l->by_name, l->stage_n, sizeof *l->by_name, by_name);
    return found ? (uint16_t)(*found - l->stage_name) : STAGE_NONE;
}

str lifecycle_stage_name(const struct lifecycle *l, uint16_t stage)
{
    return stage == STAGE_NONE ? STR("") : l->stage[stage].name;
}

bool stage_find(const struct lifecycle *l, const struct yaml *name, uint16_t *out,
                struct err *err)
{
    str near;

    if (name->type != YAML_SCALAR)
        return wrong(name, err, "the name of a stage is expected here");
    *out = lifecycle_stage_find(l, name->text);
    if (*out != STAGE_NONE)
        return true;
    near = str_nearest(name->text, l->stage_name, l->stage_n);
    if (near.n)
        return err_at(err, name->line, name->column,
                      "there is no stage \"%.*s\"; did you mean \"%.*s\"?",
                      STR_FMT(shown(name->text)), STR_FMT(shown(near)));
    return err_at(err, name->line, name->column,
                  "there is no stage \"%.*s\"; the stages are those under `stages:`",
                  STR_FMT(shown(name->text)));
}

static bool check_stage_name(const struct yaml *key, struct err *err)
{
    if (key->text.n == 0)
        return wrong(key, err, "a stage needs a name");
    if (key->text.n > STAGE_NAME_MAX)
        return err_at(err, key->line, key->column,
                      "the name of a stage has at most %d bytes", STAGE_NAME_MAX);
    for (size_t i = 0; i < key->text.n; i++)
        if ((unsigned char)key->text.p[i] < ' ' || key->text.p[i] == 0x7f)
            return wrong(key, err,
                         "the name of a stage stands on one line, without tabs");
    if (str_eq(key->text, STR("any")))
        return wrong(key, err,
                     "no stage can be named \"any\": `from: any` means every stage");
    return true;
}

static bool parse_stage(const struct yaml *key, const struct yaml *node,
                        struct stage *out, struct err *err)
{
    static const str keys[] = {STR("goal"), STR("end"), STR("target"), STR("kpi"),
                               STR("forecast")};

    if (!check_stage_name(key, err))
        return false;
    out->name = key->text;
    out->at = key;
    if (is_empty(node))
        return true;
    if (node->type != YAML_MAP)
        return err_at(err, node->line, node->column,
                      "what is said of a stage stands in braces: %.*s: { goal: ... }",
                      STR_FMT(shown(key->text)));
    return yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "a stage", err)
           && yaml_get_text(node, STR("goal"), &out->goal, err)
           && yaml_get_bool(node, STR("end"), &out->end, err);
}

static bool parse_stages(const struct yaml *node, struct arena *a, struct lifecycle *l,
                         struct err *err)
{
    const struct yaml *stages;
    struct stage *stage;
    str *name;

    if (!yaml_get_map(node, STR("stages"), &stages, err))
        return false;
    if (stages->n == 0)
        return wrong(node, err,
                     "a lifecycle needs stages: write `stages:`, and under it a line for "
                     "each stage");
    if (stages->n > STAGES_MAX)
        return err_at(err, stages->key[STAGES_MAX]->line, stages->key[STAGES_MAX]->column,
                      "a lifecycle has at most %d stages", STAGES_MAX);
    l->stage_n = (uint32_t)stages->n;
    stage = arena_array(a, struct stage, l->stage_n);
    name = arena_array(a, str, l->stage_n);
    l->by_name = arena_array(a, const str *, l->stage_n);
    if (!stage || !name || !l->by_name)
        return err_nomem(err);
    for (uint32_t i = 0; i < l->stage_n; i++) {
        if (!parse_stage(stages->key[i], stages->item[i], &stage[i], err))
            return false;
        name[i] = stage[i].name;
        l->by_name[i] = &name[i];
    }
    qsort(l->by_name, l->stage_n, sizeof *l->by_name, by_name);
    l->stage = stage;
    l->stage_name = name;
    for (uint32_t i = 0; i < l->stage_n; i++)
        if (stages->item[i]->type == YAML_MAP
            && !aims_parse(l, (uint16_t)i, stages->item[i], a, &stage[i].aims, err))
            return false;
    return true;
}

static bool parse_for(const struct yaml *node, struct lifecycle *l, struct err *err)
{
    l->for_at = yaml_find(node, STR("for"));
    l->has_for = l->for_at != NULL;
    if (!l->has_for)
        return true;
    if (l->for_at->type != YAML_SCALAR || str_trim(l->for_at->text).n == 0)
        return wrong(l->for_at, err, "a rule is expected here, as one text");
    l->for_text = l->for_at->text;
    return true;
}

static bool parse_start(const struct yaml *node, struct lifecycle *l, struct err *err)
{
    const struct yaml *start = yaml_find(node, STR("start"));

    return !start || is_empty(start) || stage_find(l, start, &l->start, err);
}

static bool parse_from(const struct lifecycle *l, const struct yaml *from,
                       struct arena *a, struct way *way, struct err *err)
{
    uint32_t n = from->type == YAML_LIST ? (uint32_t)from->n : 1;
    bool named[STAGES_MAX] = {false};
    uint16_t *stage;

    if (from->type == YAML_SCALAR && str_eq(from->text, STR("any"))) {
        way->any = true;
        return true;
    }
    if (from->type == YAML_MAP || n == 0)
        return wrong(from, err,
                     "`from` names a stage, several stages [a, b], or any of them: any");
    if (n > l->stage_n)
        return wrong(from, err, "`from` names more stages than there are");
    stage = arena_array(a, uint16_t, n);
    if (!stage)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        const struct yaml *name = from->type == YAML_LIST ? from->item[i] : from;

        if (!stage_find(l, name, &stage[i], err))
            return false;
        if (stage[i] == way->to)
            return err_at(err, name->line, name->column,
                          "this move would lead from \"%.*s\" to itself; take it out of "
                          "`from`",
                          STR_FMT(shown(name->text)));
        if (named[stage[i]])
            return err_at(err, name->line, name->column,
                          "\"%.*s\" stands twice in `from`", STR_FMT(shown(name->text)));
        named[stage[i]] = true;
    }
    way->from = stage;
    way->from_n = n;
    return true;
}

static bool parse_way(const struct lifecycle *l, const struct yaml *node, struct arena *a,
                      struct way *way, struct err *err)
{
    static const str keys[] = {STR("from"), STR("to"), STR("when")};
    const struct yaml *from, *to;

    if (node->type != YAML_MAP)
        return wrong(node, err,
                     "a move has the form { from: STAGE, to: STAGE, when: \"RULE\" }");
    if (!yaml_check_keys(node, keys, 3, "a move", err))
        return false;
    from = yaml_find(node, STR("from"));
    to = yaml_find(node, STR("to"));
    way->when = yaml_find(node, STR("when"));
    if (!from || !to || !way->when)
        return err_at(err, node->line, node->column, "this move has no `%s`",
                      !from ? "from"
                      : !to ? "to"
                            : "when");
    if (way->when->type != YAML_SCALAR || str_trim(way->when->text).n == 0)
        return wrong(way->when, err, "a rule is expected here, as one text");
    way->text = way->when->text;
    return stage_find(l, to, &way->to, err) && parse_from(l, from, a, way, err);
}

static bool parse_moves(const struct yaml *node, struct arena *a, struct lifecycle *l,
                        struct err *err)
{
    const struct yaml *moves;

    if (!yaml_get_list(node, STR("moves"), &moves, err))
        return false;
    if (moves->n > WAYS_MAX)
        return err_at(err, moves->item[WAYS_MAX]->line, moves->item[WAYS_MAX]->column,
                      "a lifecycle has at most %d moves", WAYS_MAX);
    l->way_n = (uint32_t)moves->n;
    l->way = arena_array(a, struct way, l->way_n);
    if (!l->way)
        return err_nomem(err);
    for (uint32_t i = 0; i < l->way_n; i++)
        if (!parse_way(l, moves->item[i], a, &l->way[i], err))
            return false;
    return true;
}

/* How many stages the way leads out of, and the i-th of them. */
static uint32_t way_stage_n(const struct lifecycle *l, const struct way *way)
{
    return way->any ? l->stage_n - 1 : way->from_n;
}

static uint16_t way_stage(const struct way *way, uint32_t i)
{
    return way->any ? (uint16_t)(i + (i >= way->to)) : way->from[i];
}

static bool list_ways_out(struct arena *a, struct lifecycle *l, struct err *err)
{
    uint32_t *out_n = arena_array(a, uint32_t, l->stage_n);
    uint16_t **out = arena_array(a, uint16_t *, l->stage_n);

    if (!out || !out_n)
        return err_nomem(err);
    for (const struct way *w = l->way; w < l->way + l->way_n; w++)
        for (uint32_t i = 0; i < way_stage_n(l, w); i++)
            out_n[way_stage(w, i)]++;
    for (uint32_t s = 0; s < l->stage_n; s++) {
        out[s] = arena_array(a, uint16_t, out_n[s]);
        if (!out[s])
            return err_nomem(err);
        out_n[s] = 0;
    }
    for (uint32_t w = 0; w < l->way_n; w++)
        for (uint32_t i = 0; i < way_stage_n(l, &l->way[w]); i++) {
            uint16_t s = way_stage(&l->way[w], i);

            out[s][out_n[s]++] = (uint16_t)w;
        }
    l->out = (const uint16_t **)out;
    l->out_n = out_n;
    return true;
}

bool lifecycle_parse(const struct yaml *node, struct arena *a, struct lifecycle **out,
                     struct err *err)
{
    static const str keys[] = {STR("for"), STR("start"), STR("stages"), STR("moves")};
    struct lifecycle *l;

    if (node->type != YAML_MAP)
        return wrong(node, err,
                     "a lifecycle is described by `start:`, `stages:` and `moves:`");
    if (!yaml_check_keys(node, keys, 4, "a lifecycle", err))
        return false;
    l = arena_new(a, struct lifecycle);
    if (!l)
        return err_nomem(err);
    *out = l;
    return parse_for(node, l, err) && parse_stages(node, a, l, err)
           && parse_start(node, l, err) && parse_moves(node, a, l, err)
           && list_ways_out(a, l, err);
}

/* Rules write lifecycle.NAME.stage, so a name is a word. */
static bool check_lifecycle_name(const struct yaml *key, struct err *err)
{
    bool word = key->text.n > 0 && key->text.n <= LIFECYCLE_NAME_MAX;

    for (size_t i = 0; i < key->text.n; i++) {
        unsigned char c = (unsigned char)key->text.p[i];

        word &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80
                || (i > 0 && c >= '0' && c <= '9');
    }
    return word
           || err_at(
               err, key->line, key->column,
               "the name of a lifecycle is one word of letters, digits and _, of at "
               "most %d bytes, since rules write lifecycle.NAME.stage",
               LIFECYCLE_NAME_MAX);
}

bool lifecycles_parse(const struct yaml *node, struct arena *a, struct lifecycle ***out,
                      uint32_t *n, struct err *err)
{
    if (node->type != YAML_MAP || node->n == 0)
        return wrong(node, err,
                     "here stands each lifecycle under its name: people: { start: .., "
                     "stages: .., moves: .. }");
    if (node->n > LIFECYCLES_MAX)
        return err_at(err, node->key[LIFECYCLES_MAX]->line,
                      node->key[LIFECYCLES_MAX]->column,
                      "a model has at most %u lifecycles", LIFECYCLES_MAX);
    *n = (uint32_t)node->n;
    *out = arena_array(a, struct lifecycle *, *n);
    if (!*out)
        return err_nomem(err);
    for (uint32_t i = 0; i < *n; i++) {
        if (!check_lifecycle_name(node->key[i], err)
            || !lifecycle_parse(node->item[i], a, &(*out)[i], err))
            return false;
        (*out)[i]->name = node->key[i]->text;
        (*out)[i]->number = (uint16_t)i;
    }
    return true;
}

bool rule_add(struct program *p, const struct yaml *at, enum rule_want want,
              struct rule_ref *out, struct err *err)
{
    if (program_add(p, at->text, want, out, err))
        return true;
    if (err->code == ERR_INPUT)
        yaml_err_in_scalar(at, err);
    return false;
}

bool lifecycle_compile(struct lifecycle *l, struct program *p, struct err *err)
{
    program_use_lifecycle(p, l->number);
    if (l->has_for) {
        if (!rule_add(p, l->for_at, RULE_CONDITION, &l->for_rule, err))
            return false;
        if (program_asks_stage(p, l->for_rule))
            return wrong(
                l->for_at, err,
                "`for` says who is in this lifecycle at all, so that it cannot ask "
                "for the stage, or for how long or how often it was held");
    }
    for (uint32_t i = 0; i < l->way_n; i++)
        if (!rule_add(p, l->way[i].when, RULE_CONDITION, &l->way[i].rule, err))
            return false;
    program_use_lifecycle(p, LIFECYCLES_ALL);
    return true;
}

void situation_of(const struct lifecycle *l, const struct move *move, size_t n,
                  int64_t at_ms, uint32_t *times_in, struct situation *out)
{
    memset(times_in, 0, l->stage_n * sizeof *times_in);
    *out = (struct situation){
        .at_ms = at_ms,
        .stage = STAGE_NONE,
        .previous_stage = STAGE_NONE,
        .times_in = times_in,
    };
    for (size_t i = 0; i < n && move[i].at_ms <= at_ms; i++) {
        out->stage = move[i].to;
        out->previous_stage = move[i].to == STAGE_NONE ? STAGE_NONE : move[i].from;
        out->entered_ms = move[i].at_ms;
        if (move[i].to != STAGE_NONE)
            times_in[move[i].to]++;
    }
}
