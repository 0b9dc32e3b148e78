#include "engine/versions.h"

#include <string.h>

/* --- what changed --- */

struct changes {
    struct model_change *item;
    uint32_t n, cap;
    str lifecycle; /* stands in front of the names of its stages: "people." */
    struct arena *a;
};

static bool add(struct changes *c, char sign, str section, str name, struct err *err)
{
    struct buf whole = {};

    if (c->n == c->cap) {
        uint32_t cap = c->cap ? 2 * c->cap : 16;
        struct model_change *more = arena_array(c->a, struct model_change, cap);

        if (!more)
            return err_nomem(err);
        if (c->n)
            memcpy(more, c->item, c->n * sizeof *more);
        c->item = more;
        c->cap = cap;
    }
    buf_add(&whole, c->lifecycle);
    buf_add(&whole, name);
    c->item[c->n] = (struct model_change){sign, arena_str(c->a, section),
                                          arena_str(c->a, buf_str(&whole))};
    buf_free(&whole);
    if (whole.failed || !c->item[c->n].section.p || !c->item[c->n].name.p)
        return err_nomem(err);
    c->n++;
    return true;
}

/* The keys of a map in any order, since none of ours means something by it but `moves`. */
static bool yaml_eq(const struct yaml *a, const struct yaml *b)
{
    if (a->type != b->type || a->n != b->n)
        return false;
    if (a->type == YAML_SCALAR)
        return str_eq(a->text, b->text);
    for (size_t i = 0; i < a->n; i++) {
        const struct yaml *other =
            a->type == YAML_LIST ? b->item[i] : yaml_find(b, a->key[i]->text);

        if (!other || !yaml_eq(a->item[i], other))
            return false;
    }
    return true;
}

static const struct yaml *map_or_empty(const struct yaml *node)
{
    static const struct yaml empty = {.type = YAML_MAP};

    return node && node->type == YAML_MAP ? node : &empty;
}

/* A section that names things: what is under each name. */
static bool compare_names(struct changes *c, str section, const struct yaml *from,
                          const struct yaml *to, struct err *err)
{
    from = map_or_empty(from);
    to = map_or_empty(to);
    for (size_t i = 0; i < to->n; i++) {
        const struct yaml *before = yaml_find(from, to->key[i]->text);

        if ((!before || !yaml_eq(before, to->item[i]))
            && !add(c, before ? '~' : '+', section, to->key[i]->text, err))
            return false;
    }
    for (size_t i = 0; i < from->n; i++)
        if (!yaml_find(to, from->key[i]->text)
            && !add(c, '-', section, from->key[i]->text, err))
            return false;
    return true;
}

/* "buyer, regular -> at_risk" */
static bool ways_of(const struct yaml *move, struct arena *a, str *out)
{
    const struct yaml *from = yaml_find(map_or_empty(move), STR("from"));
    const struct yaml *to = yaml_find(map_or_empty(move), STR("to"));
    struct buf b = {};

    if (from && from->type == YAML_SCALAR)
        buf_add(&b, from->text);
    for (size_t i = 0; from && from->type == YAML_LIST && i < from->n; i++)
        buf_add_format(&b, "%s%.*s", i ? ", " : "", STR_FMT(from->item[i]->text));
    buf_add(&b, STR(" -> "));
    if (to)
        buf_add(&b, to->text);
    *out = (str){};
    if (!b.failed)
        *out = arena_str(a, buf_str(&b));
    buf_free(&b);
    return out->p;
}

struct ways { /* the moves of one text */
    const struct yaml *moves;
    str *name;
    uint32_t *place; /* of the name in a table that both texts share */
    bool *matched;
    uint32_t n;
};

static bool ways_init(struct ways *w, const struct yaml *moves, struct text_table *names,
                      struct arena *a)
{
    w->moves = moves;
    w->n = moves && moves->type == YAML_LIST ? (uint32_t)moves->n : 0;
    w->name = arena_array(a, str, (size_t)w->n + 1);
    w->place = arena_array(a, uint32_t, (size_t)w->n + 1);
    w->matched = arena_array(a, bool, (size_t)w->n + 1);
    if (!w->name || !w->place || !w->matched)
        return false;
    for (uint32_t i = 0; i < w->n; i++)
        if (!ways_of(moves->item[i], a, &w->name[i])
            || !text_table_lend(names, w->name[i], &w->place[i]))
            return false;
    return true;
}

/* Pairs moves between the same stages: first those that are equal, then the others in turn, which
 * have changed. */
static bool pair_moves(struct changes *c, struct ways *from, struct ways *to, bool equal,
                       struct err *err)
{
    for (uint32_t i = 0; i < to->n; i++) {
        for (uint32_t k = 0; k < from->n && !to->matched[i]; k++) {
            if (from->matched[k] || from->place[k] != to->place[i]
                || (equal && !yaml_eq(from->moves->item[k], to->moves->item[i])))
                continue;
            to->matched[i] = from->matched[k] = true;
            if (!equal && !add(c, '~', STR("moves"), to->name[i], err))
                return false;
        }
    }
    return true;
}

static bool compare_moves(struct changes *c, const struct yaml *from_moves,
                          const struct yaml *to_moves, struct err *err)
{
    struct text_table names = {};
    struct ways from = {}, to = {};
    uint32_t before = c->n;
    bool ok = ways_init(&from, from_moves, &names, c->a)
              && ways_init(&to, to_moves, &names, c->a);

    text_table_free(&names);
    if (!ok)
        return err_nomem(err);
    if (!pair_moves(c, &from, &to, true, err) || !pair_moves(c, &from, &to, false, err))
        return false;
    for (uint32_t i = 0; i < to.n; i++)
        if (!to.matched[i] && !add(c, '+', STR("moves"), to.name[i], err))
            return false;
    for (uint32_t i = 0; i < from.n; i++)
        if (!from.matched[i] && !add(c, '-', STR("moves"), from.name[i], err))
            return false;
    if (c->n == before && from.n && to.n && !yaml_eq(from_moves, to_moves))
        return add(c, '~', STR("moves"), STR("order"), err);
    return true;
}

static bool same_value(const struct yaml *from, const struct yaml *to, str key)
{
    const struct yaml *a = yaml_find(from, key), *b = yaml_find(to, key);

    return a && b ? yaml_eq(a, b) : a == b;
}

static bool compare_lifecycle(struct changes *c, const struct yaml *from,
                              const struct yaml *to, struct err *err)
{
    static const str whole[] = {STR("for"), STR("start")};

    from = map_or_empty(from);
    to = map_or_empty(to);
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (!same_value(from, to, whole[i]) && !add(c, '~', whole[i], STR(""), err))
            return false;
    return compare_names(c, STR("stages"), yaml_find(from, STR("stages")),
                         yaml_find(to, STR("stages")), err)
           && compare_moves(c, yaml_find(from, STR("moves")), yaml_find(to, STR("moves")),
                            err);
}

/* The one without a name, and those with one by their names. */
static bool compare_lifecycles(struct changes *c, const struct yaml *from,
                               const struct yaml *to, struct err *err)
{
    const struct yaml *olds = map_or_empty(yaml_find(from, STR("lifecycles")));
    const struct yaml *news = map_or_empty(yaml_find(to, STR("lifecycles")));
    const struct yaml *old = yaml_find(from, STR("lifecycle"));
    const struct yaml *new = yaml_find(to, STR("lifecycle"));

    if ((old || new) && !compare_lifecycle(c, old, new, err))
        return false;
    for (size_t i = 0; i < news->n; i++) {
        const struct yaml *before = yaml_find(olds, news->key[i]->text);
        struct buf prefix = {};
        bool ok;

        if (!before) {
            if (!add(c, '+', STR("lifecycles"), news->key[i]->text, err))
                return false;
            continue;
        }
        buf_add_format(&prefix, "%.*s.", STR_FMT(news->key[i]->text));
        c->lifecycle = buf_str(&prefix);
        ok = (!prefix.failed || err_nomem(err))
             && compare_lifecycle(c, before, news->item[i], err);
        c->lifecycle = STR("");
        buf_free(&prefix);
        if (!ok)
            return false;
    }
    for (size_t i = 0; i < olds->n; i++)
        if (!yaml_find(news, olds->key[i]->text)
            && !add(c, '-', STR("lifecycles"), olds->key[i]->text, err))
            return false;
    return true;
}

/* Everything beside the lifecycles: a map has names, anything else is one thing. */
static bool compare_sections(struct changes *c, const struct yaml *from,
                             const struct yaml *to, bool only_new, struct err *err)
{
    for (size_t i = 0; i < to->n; i++) {
        str section = to->key[i]->text;
        const struct yaml *old = yaml_find(from, section), *new = to->item[i];
        bool ok = true;

        if (str_starts(section, STR("lifecycle")) || (only_new && old))
            continue;
        if (only_new) /* both sides have changed places: what is new here was dropped */
            ok = new->type == YAML_MAP ? compare_names(c, section, new, NULL, err)
                                       : add(c, '-', section, STR(""), err);
        else if (new->type == YAML_MAP)
            ok = compare_names(c, section, old, new, err);
        else if (!old || !yaml_eq(old, new))
            ok = add(c, old ? '~' : '+', section, STR(""), err);
        if (!ok)
            return false;
    }
    return true;
}

bool model_changes(str from, str to, struct arena *a, const struct model_change **out,
                   uint32_t *n, struct err *err)
{
    struct changes c = {.lifecycle = STR(""), .a = a};
    struct arena trees = {};
    const struct yaml *old, *new;
    bool ok = yaml_parse(from, &trees, &old, err) && yaml_parse(to, &trees, &new, err);

    if (ok) {
        old = map_or_empty(old);
        new = map_or_empty(new);
        ok = compare_lifecycles(&c, old, new, err)
             && compare_sections(&c, old, new, false, err)
             && compare_sections(&c, new, old, true, err);
    }
    arena_free(&trees);
    *out = c.item;
    *n = c.n;
    return ok;
}

/* --- the versions --- */

struct gather {
    struct version_view *item;
    uint32_t n, cap;
    struct arena *a;
    struct buf last; /* the text before */
    struct err *err;
    bool ok;
};

static bool take_version(void *context, const struct model_version *m)
{
    struct gather *g = context;
    struct version_view *v;

    if (g->n == g->cap) {
        uint32_t cap = g->cap ? 2 * g->cap : 16;
        struct version_view *more = arena_array(g->a, struct version_view, cap);

        g->ok = more || err_nomem(g->err);
        if (!g->ok)
            return false;
        if (g->n)
            memcpy(more, g->item, g->n * sizeof *more);
        g->item = more;
        g->cap = cap;
    }
    v = &g->item[g->n];
    *v = (struct version_view){m->version, m->applied_ms, arena_str(g->a, m->author)};
    g->ok = v->author.p || err_nomem(g->err);
    if (g->ok && g->n)
        g->ok = model_changes(buf_str(&g->last), m->text, g->a, &v->change, &v->change_n,
                              g->err)
                || err_in(g->err, "model version %u", m->version);
    buf_clear(&g->last);
    buf_add(&g->last, m->text);
    g->ok = g->ok && (!g->last.failed || err_nomem(g->err));
    g->n++;
    return g->ok;
}

/* Of the file as it is now: the engine's own snapshot may be older than the last version. */
static bool each_version(struct engine *e,
                         bool (*each)(void *context, const struct model_version *m),
                         void *context, struct err *err)
{
    struct snapshot *v;
    bool ok;

    if (!store_snapshot(engine_store(e), &v, err))
        return false;
    ok = snapshot_each_model(v, each, context, err);
    snapshot_close(v);
    return ok;
}

bool engine_versions(struct engine *e, struct arena *a, const struct version_view **out,
                     uint32_t *n, struct err *err)
{
    struct gather g = {.a = a, .err = err, .ok = true};
    bool ok = each_version(e, take_version, &g, err) && g.ok;

    buf_free(&g.last);
    *out = g.item;
    *n = g.n;
    return ok;
}

struct wanted {
    uint32_t version;
    struct arena *a;
    struct model_version *out;
    bool found;
};

static bool look_at(void *context, const struct model_version *m)
{
    struct wanted *w = context;

    w->out->version = m->version;
    if (m->version != w->version)
        return true;
    w->found = true;
    *w->out = *m;
    w->out->author = arena_str(w->a, m->author);
    w->out->text = arena_str(w->a, m->text);
    return false;
}

bool engine_version(struct engine *e, uint32_t version, struct arena *a,
                    struct model_version *out, struct err *err)
{
    struct wanted w = {version, a, out, false};

    if (!each_version(e, look_at, &w, err))
        return false;
    if (!w.found)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no model version %u; the versions are 1 to %u", version,
                       engine_model_version(e));
    return (out->author.p && out->text.p) || err_nomem(err);
}

/* --- printed --- */

static void put_author(struct json_out *j, str author)
{
    json_key(j, "author");
    if (author.n)
        json_put_text(j, author);
    else
        json_put_null(j);
}

void versions_put_json(struct json_out *j, const struct version_view *v, uint32_t n)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++) {
        json_begin_object(j);
        json_key(j, "version");
        json_put_int(j, v[i].version);
        json_key(j, "applied");
        json_put_moment(j, v[i].applied_ms);
        put_author(j, v[i].author);
        json_key(j, "changes");
        json_begin_list(j);
        for (uint32_t k = 0; k < v[i].change_n; k++) {
            json_begin_object(j);
            json_key(j, "sign");
            json_put_text(j, (str){&v[i].change[k].sign, 1});
            json_key(j, "section");
            json_put_text(j, v[i].change[k].section);
            json_key(j, "name");
            json_put_text(j, v[i].change[k].name);
            json_end_object(j);
        }
        json_end_list(j);
        json_end_object(j);
    }
    json_end_list(j);
}

void version_put_json(struct json_out *j, const struct model_version *v)
{
    json_begin_object(j);
    json_key(j, "version");
    json_put_int(j, v->version);
    json_key(j, "applied");
    json_put_moment(j, v->applied_ms);
    put_author(j, v->author);
    json_key(j, "text");
    json_put_text(j, v->text);
    json_end_object(j);
}

void changes_print(struct buf *to, const struct model_change *change, uint32_t n)
{
    enum { NAMES = 3 };

    for (uint32_t i = 0; i < n;) {
        str section = change[i].section;
        uint32_t k = i;

        buf_add_format(to, "%s%.*s", i ? "; " : "", STR_FMT(section));
        for (; k < n && str_eq(change[k].section, section); k++)
            if (k - i < NAMES && change[k].name.n)
                buf_add_format(to, "%s%c%.*s", k > i ? ", " : " ", change[k].sign,
                               STR_FMT(change[k].name));
        if (k - i > NAMES)
            buf_add_format(to, " and %u more", k - i - NAMES);
        i = k;
    }
}
