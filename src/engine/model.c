#include "engine/model.h"

#include "base/json.h"
#include "base/num.h"
#include "engine/channels.h"
#include "engine/fits.h"

#include <string.h>

static bool wrong(const struct yaml *at, struct err *err, const char *what)
{
    return err_at(err, at->line, at->column, "%s", what);
}

/* Where the value of `key` stands; the map itself when it has none. */
static const struct yaml *place_of(const struct yaml *map, str key)
{
    const struct yaml *found = yaml_find(map, key);

    return found ? found : map;
}

static bool check_root(const struct yaml *root, struct err *err)
{
    static const str keys[] = {STR("ciclo"),     STR("workspace"), STR("events"),
                               STR("traits"),    STR("lifecycle"), STR("lifecycles"),
                               STR("measures"),  STR("segments"),  STR("scores"),
                               STR("retention"), STR("channels"),  STR("dictionary"),
                               STR("groups"),    STR("ledger")};
    const struct yaml *format;

    if (root->type != YAML_MAP)
        return wrong(root, err, "a model begins with the line `ciclo: 1`");
    if (!yaml_check_keys(root, keys, sizeof keys / sizeof *keys, "a model", err))
        return false;
    format = yaml_find(root, STR("ciclo"));
    if (!format)
        return wrong(root, err, "a model begins with the line `ciclo: 1`");
    if (format->type != YAML_SCALAR || !str_eq(format->text, STR("1")))
        return wrong(format, err,
                     "this version of Ciclo reads models of the form 1: `ciclo: 1`");
    return true;
}

static str or_default(str s, str fallback)
{
    return s.n ? s : fallback;
}

static bool open_zone(struct io *io, const struct yaml *workspace, str name,
                      struct zone **out, struct err *err)
{
    const struct yaml *at = place_of(workspace, STR("timezone"));

    if (zone_open(io, name, out, err))
        return true;
    if (err->code == ERR_INPUT) {
        err->line = at->line;
        err->column = at->column;
    }
    return false;
}

static bool parse_workspace(struct io *io, const struct yaml *root, struct workspace *out,
                            struct err *err)
{
    static const str keys[] = {STR("name"), STR("currency"), STR("timezone"),
                               STR("language")};
    const struct yaml *node;
    enum language language;
    str timezone;

    if (!yaml_get_map(root, STR("workspace"), &node, err)
        || !yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "the workspace", err)
        || !yaml_get_text(node, STR("name"), &out->name, err)
        || !yaml_get_text(node, STR("currency"), &out->currency, err)
        || !yaml_get_text(node, STR("timezone"), &timezone, err)
        || !yaml_get_text(node, STR("language"), &out->language, err))
        return false;
    out->currency = or_default(out->currency, STR("EUR"));
    out->language = or_default(out->language, STR("en"));
    out->decimals = currency_decimals(out->currency);
    if (out->decimals < 0)
        return wrong(
            place_of(node, STR("currency")), err,
            "a currency is given by its three letters (ISO 4217), such as EUR, GBP "
            "or BRL");
    if (!language_parse(out->language, &language))
        return wrong(place_of(node, STR("language")), err,
                     "the languages are en, it and pt");
    return open_zone(io, node, or_default(timezone, STR("UTC")), &out->zone, err);
}

/* dictionary: { mode: strict } */
static bool parse_mode(const struct yaml *root, struct dictionary *d, struct err *err)
{
    static const str keys[] = {STR("mode")};
    const struct yaml *node;
    str mode;

    if (!yaml_get_map(root, STR("dictionary"), &node, err)
        || !yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "the dictionary", err)
        || !yaml_get_text(node, STR("mode"), &mode, err))
        return false;
    d->strict = str_eq(mode, STR("strict"));
    return d->strict || !mode.n || str_eq(mode, STR("learning"))
           || wrong(place_of(node, STR("mode")), err,
                    "a dictionary's mode is strict, which refuses what the model does "
                    "not declare, or learning, which takes it");
}

/* What the data holds and the model does not declare. */
static bool learn(struct dictionary *d, const struct catalog *catalog, struct arena *a,
                  struct err *err)
{
    bool ok = true;

    for (uint32_t i = 0; ok && i < catalog->type.n; i++)
        ok = i == TYPE_IDENTIFY
             || dictionary_learn_event(d, a, text_table_get(&catalog->type, i));
    for (uint32_t i = 0; ok && i < catalog->column_n; i++)
        ok = !catalog->column[i].trait
             || dictionary_learn_trait(d, a, catalog->column[i].name,
                                       catalog->column[i].type);
    for (uint32_t i = 0; ok && i < catalog->sighting_n; i++) {
        const struct sighting *s = &catalog->sighting[i];
        const struct column *c = &catalog->column[s->column];

        ok = c->trait || s->type == TYPE_IDENTIFY
             || dictionary_learn_property(d, a, text_table_get(&catalog->type, s->type),
                                          c->name, c->type);
    }
    return ok || err_nomem(err);
}

static bool parse_lifecycle(const struct yaml *root, struct model *m, struct err *err)
{
    const struct yaml *one = yaml_find(root, STR("lifecycle")),
                      *several = yaml_find(root, STR("lifecycles"));
    struct lifecycle **list;

    if (one && several)
        return wrong(
            several, err,
            "a model has `lifecycle:` or `lifecycles:`, not both: give that one a "
            "name, and put it here");
    if (several) {
        if (!lifecycles_parse(several, &m->arena, &list, &m->lifecycle_n, err))
            return false;
        m->lifecycles = list;
        m->lifecycle = list[0];
        return true;
    }
    m->lifecycles = &m->lifecycle;
    m->lifecycle_n = 1;
    if (!one)
        return wrong(root, err,
                     "the model has no `lifecycle:`, which says what the stages are");
    return lifecycle_parse(one, &m->arena, &m->lifecycle, err);
}

static bool compile_lifecycles(struct model *m, struct err *err)
{
    if (!measures_compile(&m->measures, m->program, err))
        return false;
    for (uint32_t i = 0; i < m->lifecycle_n; i++)
        if (!lifecycle_compile(m->lifecycles[i], m->program, err)
            || !lifecycle_compile_aims(m->lifecycles[i], &m->measures, m->program, err))
            return false;
    return true;
}

static bool compile_rules(struct model *m, const struct catalog *catalog,
                          const struct kept_fits *fits, struct err *err)
{
    struct rule_env *env = arena_new(&m->arena, struct rule_env);
    struct rule_lifecycle *named =
        arena_array(&m->arena, struct rule_lifecycle, m->lifecycle_n);

    if (!env || !named)
        return err_nomem(err);
    for (uint32_t i = 0; i < m->lifecycle_n; i++)
        named[i] =
            (struct rule_lifecycle){m->lifecycles[i]->name, m->lifecycles[i]->stage_name,
                                    m->lifecycles[i]->stage_n};
    *env = (struct rule_env){
        .dictionary = &m->dictionary,
        .catalog = catalog,
        .zone = m->workspace.zone,
        .currency_decimals = m->workspace.decimals,
        .currency = m->workspace.currency,
        .lifecycle = named,
        .lifecycle_n = m->lifecycle_n,
        .channels = m->channels,
        .find = segments_find,
        .names = segments_names,
        .context = m->segments,
    };
    if ((fits && !fits_lend(fits, &m->arena, env, err))
        || !program_new(env, &m->program, err))
        return false;
    segments_use(m->segments, m->program);
    return segments_compile(m->segments, err) && compile_lifecycles(m, err);
}

static bool compile(struct io *io, struct model *m, const struct catalog *catalog,
                    const struct kept_fits *fits, struct err *err)
{
    const struct yaml *root;

    return yaml_parse(m->text, &m->arena, &root, err) && check_root(root, err)
           && parse_workspace(io, root, &m->workspace, err)
           && dictionary_parse(yaml_find(root, STR("events")),
                               yaml_find(root, STR("traits")), &m->arena, &m->dictionary,
                               err)
           && parse_mode(root, &m->dictionary, err)
           && learn(&m->dictionary, catalog, &m->arena, err)
           && retention_parse(yaml_find(root, STR("retention")), &m->dictionary,
                              &m->arena, &m->retention, err)
           && channels_parse(yaml_find(root, STR("channels")), &m->arena, &m->channels,
                             err)
           && measures_parse(yaml_find(root, STR("measures")), &m->measures, err)
           && ledger_terms_parse(yaml_find(root, STR("ledger")), &m->measures,
                                 m->workspace.decimals, &m->ledger, err)
           && parse_lifecycle(root, m, err)
           && segments_parse(yaml_find(root, STR("segments")),
                             yaml_find(root, STR("groups")),
                             yaml_find(root, STR("scores")), &m->arena, &m->segments, err)
           && (!segments_have_lists(m->segments)
               || dictionary_add_lists(&m->dictionary, &m->arena) || err_nomem(err))
           && compile_rules(m, catalog, fits, err)
           && ledger_terms_check(&m->ledger, yaml_find(root, STR("ledger")), m->program,
                                 err);
}

bool model_compile(struct io *io, str text, const struct catalog *catalog,
                   struct model **out, struct err *err)
{
    return model_compile_with(io, text, catalog, NULL, out, err);
}

bool model_compile_with(struct io *io, str text, const struct catalog *catalog,
                        const struct kept_fits *fits, struct model **out, struct err *err)
{
    struct model *m = mem_alloc(sizeof *m);
    bool ok;

    if (!m)
        return err_nomem(err);
    m->catalog = catalog;
    m->text = arena_str(&m->arena, text);
    ok = m->text.p ? compile(io, m, catalog, fits, err) : err_nomem(err);
    if (!ok) {
        model_free(m);
        return false;
    }
    m->names = program_meaning(m->program);
    *out = m;
    return true;
}

void model_free(struct model *m)
{
    if (!m)
        return;
    program_free(m->program);
    zone_close(m->workspace.zone);
    arena_free(&m->arena);
    mem_free(m);
}

void model_move(struct model *m, const struct catalog *catalog)
{
    m->catalog = catalog;
    program_move(m->program, catalog);
}

bool model_lifecycle_find(const struct model *m, str name, const struct lifecycle **out,
                          struct err *err)
{
    str names[LIFECYCLES_MAX] = {}, near;

    *out = m->lifecycle;
    if (!name.n)
        return true;
    for (uint32_t i = 0; i < m->lifecycle_n; i++) {
        *out = m->lifecycles[i];
        names[i] = m->lifecycles[i]->name;
        if (str_eq(names[i], name))
            return true;
    }
    if (!names[0].n)
        return err_set(
            err, ERR_INPUT,
            "the model has one lifecycle, which has no name: leave \"%.*s\" out",
            STR_FMT(name));
    near = str_nearest(name, names, m->lifecycle_n);
    if (near.n)
        return err_set(err, ERR_INPUT,
                       "the model has no lifecycle \"%.*s\"; did you mean \"%.*s\"?",
                       STR_FMT(name), STR_FMT(near));
    return err_set(err, ERR_INPUT, "the model has no lifecycle \"%.*s\"", STR_FMT(name));
}

static bool find_template(str name, const struct model_template **out, struct err *err)
{
    str names[32], near;
    size_t n;
    const struct model_template *all = model_templates(&n);

    for (size_t i = 0; i < n; i++) {
        names[i] = str_of(all[i].name);
        if (str_eq(names[i], name)) {
            *out = &all[i];
            return true;
        }
    }
    near = str_nearest(name, names, n);
    if (near.n)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no template \"%.*s\"; did you mean \"%.*s\"?",
                       STR_FMT(name), STR_FMT(near));
    return err_set(err, ERR_NOT_FOUND,
                   "there is no template \"%.*s\": ciclo init --templates lists them",
                   STR_FMT(name));
}

static void add_text(struct buf *to, const char *key, str value)
{
    struct json_out json = {.to = to};

    buf_add(to, str_of(key));
    json_put_text(&json, value); /* a JSON text is a YAML text too */
}

bool model_from_template(str name, const struct workspace *workspace, str timezone,
                         struct buf *to, struct err *err)
{
    const struct model_template *template;
    str rest;

    if (!find_template(name, &template, err))
        return false;
    rest = template->text;
    while (rest.n) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) + 1 : rest.n;

        if (str_starts(rest, STR("workspace:"))) {
            add_text(to, "workspace: { name: ", workspace->name);
            add_text(to, ", currency: ", workspace->currency);
            add_text(to, ", timezone: ", timezone);
            add_text(to, ", language: ", workspace->language);
            buf_add(to, STR(" }\n"));
        } else {
            buf_add(to, (str){rest.p, n});
        }
        rest = str_from(rest, n);
    }
    return !to->failed || err_nomem(err);
}
