/* segment.c - segments and scores, compiled on demand.
 *
 * The compiler of one rule asks segments_find for those that it names, and that compiles
 * them: entries under compilation form a chain (.asked_by). One that is asked for while it
 * stands in the chain closes a ring. A fault in a named entry's rule has its place there, not
 * in the rules that name it: it is kept, and what the outer rules say of it is dropped.
 *
 * Chains longer than DEPTH_MAX are refused, whatever is compiled first: .level is how far the
 * chain above an entry goes, .depth how far the one below it. */
#include "segment/segment.h"

#include "base/hash.h"
#include "base/num.h"
#include "rule/picks.h"

#define ENTRIES_MAX 10000
#define NAME_BYTES_MAX 100
#define DEPTH_MAX 32 /* of segments that name segments that name segments ... */

enum state { STATE_WAITING, STATE_COMPILING, STATE_DONE };

struct entry {
    enum rule_named kind;
    enum state state;
    uint32_t number; /* of its kind */
    unsigned level, depth;
    struct entry *asked_by;
};

struct segments_private {
    struct program *program;
    struct arena *arena;
    struct buyer_groups groups;
    struct entry *entry; /* the segments, then the scores */
    str *segment_name, *score_name;
    uint32_t *slot, slot_n; /* by name: 1 + place in entry; slot_n is a power of two */
    struct entry *compiling;
    bool failed;
    struct err fault; /* of the entry that failed first */
};

static bool wrong(const struct yaml *at, struct err *err, const char *what)
{
    return err_at(err, at->line, at->column, "%s", what);
}

/* Rules write segment.NAME, so a name is a word. */
static bool check_name(const struct yaml *key, const char *what, struct err *err)
{
    bool word = key->text.n > 0;

    for (size_t i = 0; i < key->text.n; i++) {
        unsigned char c = (unsigned char)key->text.p[i];

        word &= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80
                || (i > 0 && c >= '0' && c <= '9');
    }
    if (word && key->text.n <= NAME_BYTES_MAX)
        return true;
    return err_at(err, key->line, key->column,
                  "the name of a %s is one word of letters, digits and _, of at most %d "
                  "bytes, since rules write %s.NAME",
                  what, NAME_BYTES_MAX, what);
}

static bool check_rule(const struct yaml *owner, const char *what,
                       const struct yaml **when, struct err *err)
{
    *when = yaml_find(owner, STR("when"));
    if (!*when)
        return err_at(err, owner->line, owner->column, "this %s has no `when`", what);
    if ((*when)->type != YAML_SCALAR || str_trim((*when)->text).n == 0)
        return wrong(*when, err, "a rule is expected here, as one text");
    return true;
}

/* last(list_changed.listed where list = "press") = true, as if it stood in the segment's place. The
 * events of an account's members are not its own. */
static bool make_list(const struct yaml *node, struct arena *a, struct segment *out,
                      struct err *err)
{
    struct yaml *when = arena_new(a, struct yaml);
    struct buf rule = {};

    buf_add_format(&rule,
                   "last(" EVENT_LISTED ".listed where list = \"%.*s\" and member is "
                   "missing) = true",
                   STR_FMT(out->name));
    if (when)
        *when = (struct yaml){.type = YAML_SCALAR,
                              .line = node->line,
                              .column = node->column,
                              .text = arena_str(a, buf_str(&rule)),
                              .plain = true};
    if (!when || rule.failed || !when->text.p) {
        buf_free(&rule);
        return err_nomem(err);
    }
    buf_free(&rule);
    when->source = when->text;
    out->when = when;
    return true;
}

static bool parse_segment(const struct yaml *key, const struct yaml *node,
                          struct arena *a, struct segment *out, struct err *err)
{
    static const str keys[] = {STR("when"), STR("list"), STR("description")};

    if (!check_name(key, "segment", err))
        return false;
    if (node->type != YAML_MAP)
        return wrong(node, err,
                     "a segment has the form { when: \"RULE\" }, or { list: true } where "
                     "people say who is in it");
    if (!yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "a segment", err)
        || !yaml_get_text(node, STR("description"), &out->description, err)
        || !yaml_get_bool(node, STR("list"), &out->is_list, err))
        return false;
    out->name = key->text;
    if (out->is_list && yaml_find(node, STR("when")))
        return wrong(yaml_find(node, STR("when")), err,
                     "a list has no `when`: people say who is on it");
    if (!(out->is_list ? make_list(node, a, out, err)
                       : check_rule(node, "segment", &out->when, err)))
        return false;
    out->text = out->when->text;
    return true;
}

/* A number that stands under `key`; `fallback` when nothing does. */
static bool get_number(const struct yaml *map, str key, int64_t fallback, int64_t *out,
                       struct err *err)
{
    const struct yaml *found = yaml_find(map, key);

    *out = fallback;
    if (!found)
        return true;
    if (found->type != YAML_SCALAR || !num_parse(found->text, out))
        return err_at(err, found->line, found->column, "\"%.*s\" must be a number",
                      STR_FMT(key));
    return true;
}

static bool check_part(const struct yaml *part, struct err *err)
{
    static const str keys[] = {STR("name"), STR("points"), STR("when")};
    const struct yaml *when;
    int64_t points;
    str name;

    if (part->type != YAML_MAP)
        return wrong(part, err,
                     "a part has the form { name: NAME, points: 10, when: \"RULE\" }");
    if (!yaml_check_keys(part, keys, 3, "a part of a score", err)
        || !yaml_get_text(part, STR("name"), &name, err)
        || !check_rule(part, "part", &when, err))
        return false;
    if (!yaml_find(part, STR("points")))
        return wrong(part, err, "this part has no `points`");
    return get_number(part, STR("points"), 0, &points, err);
}

static bool parse_score(const struct yaml *key, const struct yaml *node,
                        struct score *out, struct err *err)
{
    static const str keys[] = {STR("from"), STR("to"), STR("good"), STR("parts")};
    const struct yaml *parts, *to;
    str good;

    if (!check_name(key, "score", err))
        return false;
    if (node->type != YAML_MAP)
        return wrong(node, err,
                     "a score has the form { from: 0, to: 100, parts: [ ... ] }");
    if (!yaml_check_keys(node, keys, 4, "a score", err)
        || !get_number(node, STR("from"), 0, &out->from, err)
        || !get_number(node, STR("to"), 100 * NUM_ONE, &out->high, err)
        || !yaml_get_text(node, STR("good"), &good, err)
        || !yaml_get_list(node, STR("parts"), &parts, err))
        return false;
    to = yaml_find(node, STR("to"));
    if (out->high <= out->from)
        return wrong(to ? to : node, err, "a score's `to` must be above its `from`");
    if (good.n && !str_eq(good, STR("high")) && !str_eq(good, STR("low")))
        return wrong(yaml_find(node, STR("good")), err,
                     "\"good\" says which end of the score is good: high or low");
    if (parts->n == 0)
        return wrong(node, err, "a score needs `parts`: what gives how many points");
    for (size_t i = 0; i < parts->n; i++)
        if (!check_part(parts->item[i], err))
            return false;
    out->name = key->text;
    out->low = out->from;
    out->high_is_good = !str_eq(good, STR("low"));
    out->node = node;
    return true;
}

static bool count_entries(const struct yaml *node, const char *what, uint32_t *n,
                          struct err *err)
{
    bool empty = !node || (node->type == YAML_SCALAR && node->plain && !node->text.n);

    *n = 0;
    if (empty)
        return true;
    if (node->type != YAML_MAP)
        return err_at(err, node->line, node->column,
                      "here stands a line for each %s: NAME: { ... }", what);
    if (node->n > ENTRIES_MAX)
        return err_at(err, node->key[ENTRIES_MAX]->line, node->key[ENTRIES_MAX]->column,
                      "there are at most %d %ss", ENTRIES_MAX, what);
    *n = (uint32_t)node->n;
    return true;
}

static const str *name_of(const struct segments *s, const struct entry *e)
{
    return &(e->kind == RULE_SEGMENT ? s->own->segment_name
                                     : s->own->score_name)[e->number];
}

/* Where the name stands, or the empty slot where it belongs. */
static uint32_t *slot_of(const struct segments *s, enum rule_named kind, str name)
{
    const struct segments_private *own = s->own;
    uint32_t i = (uint32_t)hash64(name) & (own->slot_n - 1);

    for (; own->slot[i]; i = (i + 1) & (own->slot_n - 1)) {
        const struct entry *e = &own->entry[own->slot[i] - 1];

        if (e->kind == kind && str_eq(*name_of(s, e), name))
            break;
    }
    return &own->slot[i];
}

static bool index_names(struct segments *s, struct err *err)
{
    struct segments_private *own = s->own;
    uint32_t n = s->segment_n + s->score_n;

    for (own->slot_n = 2; own->slot_n < 2 * n;)
        own->slot_n *= 2;
    own->slot = arena_array(own->arena, uint32_t, own->slot_n);
    if (!own->slot)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        const struct entry *e = &own->entry[i];

        *slot_of(s, e->kind, *name_of(s, e)) = i + 1;
    }
    return true;
}

static bool has_segment(const struct segments *s, str name)
{
    for (uint32_t i = 0; i < s->segment_n; i++)
        if (str_eq(s->segment[i].name, name))
            return true;
    return false;
}

static void add_groups(struct segments *s)
{
    for (int g = 0; g < BUYER_GROUPS_END; g++) {
        const struct yaml *when = s->own->groups.when[g];
        str name = group_name((enum buyer_group)g);

        if (when && !has_segment(s, name))
            s->segment[s->segment_n++] =
                (struct segment){.name = name,
                                 .description = group_description((enum buyer_group)g),
                                 .text = when->text,
                                 .when = when,
                                 .is_group = true};
    }
}

static bool list_names(struct segments *s, struct err *err)
{
    struct segments_private *own = s->own;

    own->segment_name = arena_array(own->arena, str, s->segment_n);
    own->score_name = arena_array(own->arena, str, s->score_n);
    own->entry = arena_array(own->arena, struct entry, (size_t)s->segment_n + s->score_n);
    if (!own->segment_name || !own->score_name || !own->entry)
        return err_nomem(err);
    for (uint32_t i = 0; i < s->segment_n; i++) {
        own->segment_name[i] = s->segment[i].name;
        own->entry[i] = (struct entry){.kind = RULE_SEGMENT, .number = i};
    }
    for (uint32_t i = 0; i < s->score_n; i++) {
        own->score_name[i] = s->score[i].name;
        own->entry[s->segment_n + i] = (struct entry){.kind = RULE_SCORE, .number = i};
    }
    return index_names(s, err);
}

bool segments_parse(const struct yaml *segments, const struct yaml *groups,
                    const struct yaml *scores, struct arena *a, struct segments **out,
                    struct err *err)
{
    struct segments *s = arena_new(a, struct segments);
    struct segments_private *own = arena_new(a, struct segments_private);

    if (!s || !own)
        return err_nomem(err);
    if (!count_entries(segments, "segment", &s->segment_n, err)
        || !groups_parse(groups, a, &own->groups, err)
        || !count_entries(scores, "score", &s->score_n, err))
        return false;
    s->own = own;
    s->segment = arena_array(a, struct segment, (size_t)s->segment_n + BUYER_GROUPS_END);
    s->score = arena_array(a, struct score, s->score_n);
    own->arena = a;
    if (!s->segment || !s->score)
        return err_nomem(err);
    for (uint32_t i = 0; i < s->segment_n; i++)
        if (!parse_segment(segments->key[i], segments->item[i], a, &s->segment[i], err))
            return false;
    for (uint32_t i = 0; i < s->score_n; i++)
        if (!parse_score(scores->key[i], scores->item[i], &s->score[i], err))
            return false;
    add_groups(s);
    *out = s;
    return list_names(s, err);
}

bool segments_have_lists(const struct segments *s)
{
    for (uint32_t i = 0; i < s->segment_n; i++)
        if (s->segment[i].is_list)
            return true;
    return false;
}

void segments_use(struct segments *s, struct program *p)
{
    s->own->program = p;
}

void segments_names(void *context, enum rule_named kind, const str **out, size_t *n)
{
    const struct segments *s = context;

    *out = kind == RULE_SEGMENT ? s->own->segment_name : s->own->score_name;
    *n = kind == RULE_SEGMENT ? s->segment_n : s->score_n;
}

static struct entry *find_entry(struct segments *s, enum rule_named kind, str name)
{
    uint32_t place = *slot_of(s, kind, name);

    return place ? &s->own->entry[place - 1] : NULL;
}

static void add_name(struct segments *s, const struct entry *e, struct buf *to)
{
    buf_add(to, e->kind == RULE_SEGMENT ? STR("segment.") : STR("score."));
    buf_add(to, *name_of(s, e));
}

/* The chain from `closes` down to the entry that names it again. */
static void add_ring(struct segments *s, const struct entry *e,
                     const struct entry *closes, struct buf *to)
{
    if (e != closes)
        add_ring(s, e->asked_by, closes, to);
    add_name(s, e, to);
    buf_add(to, STR(" -> "));
}

static bool refuse_ring(struct segments *s, const struct entry *closes, struct err *err)
{
    struct buf ring = {};
    bool ok;

    add_ring(s, s->own->compiling, closes, &ring);
    add_name(s, closes, &ring);
    ok = !ring.failed;
    if (ok)
        err_set(err, ERR_INPUT, "these name one another in a ring: %.*s",
                STR_FMT(buf_str(&ring)));
    buf_free(&ring);
    return ok ? false : err_nomem(err);
}

static bool compile_rule(struct segments *s, const struct yaml *when,
                         struct rule_ref *out, struct err *err)
{
    struct segments_private *own = s->own;

    if (program_add(own->program, when->text, RULE_CONDITION, out, err))
        return true;
    if (own->failed)
        *err = own->fault;
    else if (err->code == ERR_INPUT)
        yaml_err_in_scalar(when, err);
    return false;
}

/* A fault in what the model says stands there, not in the rule that is made of it. */
static bool check_pattern(struct segments *s, const struct yaml *pattern, struct err *err)
{
    struct pick pick;
    uint32_t n;

    if (!pattern || picks_add(s->own->program, pattern->text, &pick, 1, &n, err))
        return true;
    if (err->code == ERR_INPUT)
        yaml_err_in_scalar(pattern, err);
    return false;
}

static bool compile_segment(struct segments *s, struct segment *segment, struct err *err)
{
    const struct buyer_groups *groups = &s->own->groups;

    return (!segment->is_group
            || (check_pattern(s, groups->purchase, err)
                && check_pattern(s, groups->registered, err)))
           && compile_rule(s, segment->when, &segment->rule, err);
}

static bool compile_score(struct segments *s, struct score *score, struct err *err)
{
    const struct yaml *parts = yaml_find(score->node, STR("parts"));
    struct score_part *part = arena_array(s->own->arena, struct score_part, parts->n);

    if (!part)
        return err_nomem(err);
    for (size_t i = 0; i < parts->n; i++)
        if (!get_number(parts->item[i], STR("points"), 0, &part[i].points, err)
            || !compile_rule(s, yaml_find(parts->item[i], STR("when")), &part[i].when,
                             err))
            return false;
    score->part = part;
    return program_add_score(s->own->program, score->from, score->low, score->high, part,
                             (uint32_t)parts->n, &score->rule, err);
}

static bool refuse_depth(struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "segments and scores name one another more than %d deep", DEPTH_MAX);
}

static bool compile(struct segments *s, struct entry *e, struct err *err)
{
    struct segments_private *own = s->own;
    bool ok;

    e->asked_by = own->compiling;
    e->level = e->asked_by ? e->asked_by->level + 1 : 1;
    e->depth = 1;
    if (e->level > DEPTH_MAX)
        return refuse_depth(err);
    if (e->level == 1)
        own->failed = false;
    e->state = STATE_COMPILING;
    own->compiling = e;
    if (e->kind == RULE_SEGMENT) {
        ok = compile_segment(s, &s->segment[e->number], err);
    } else {
        ok = compile_score(s, &s->score[e->number], err);
    }
    own->compiling = e->asked_by;
    e->state = ok ? STATE_DONE : STATE_WAITING;
    if (!ok && !own->failed) {
        own->failed = true;
        own->fault = *err;
    }
    return ok;
}

bool segments_find(void *context, enum rule_named kind, str name, struct rule_ref *out,
                   struct err *err)
{
    struct segments *s = context;
    struct entry *e = find_entry(s, kind, name), *by = s->own->compiling;

    if (!e)
        return err_set(err, ERR_NOT_FOUND, "there is no %s.%.*s",
                       kind == RULE_SEGMENT ? "segment" : "score", STR_FMT(name));
    if (e->state == STATE_COMPILING)
        return refuse_ring(s, e, err);
    if (e->state == STATE_WAITING && !compile(s, e, err))
        return false;
    if (by && by->depth <= e->depth)
        by->depth = e->depth + 1;
    if (by && by->depth > DEPTH_MAX)
        return refuse_depth(err);
    *out = kind == RULE_SEGMENT ? s->segment[e->number].rule : s->score[e->number].rule;
    return true;
}

bool segments_compile(struct segments *s, struct err *err)
{
    for (uint32_t i = 0; i < s->segment_n + s->score_n; i++)
        if (s->own->entry[i].state == STATE_WAITING
            && !compile(s, &s->own->entry[i], err))
            return false;
    return true;
}
