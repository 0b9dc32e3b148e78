#include "engine/saved.h"

#include "engine/question.h"

#include <string.h>

struct saved {
    struct engine *engine;
    struct arena arena; /* texts */
    struct saved_row *row;
    uint32_t n, cap;
};

/* --- in memory --- */

static bool append(struct saved *s, const struct saved_row *row)
{
    struct saved_row *new;

    if (s->n == s->cap) {
        uint32_t cap = s->cap ? 2 * s->cap : 8;
        struct saved_row *more = mem_resize(s->row, cap * sizeof *more);

        if (!more)
            return false;
        s->row = more;
        s->cap = cap;
    }
    new = &s->row[s->n];
    *new = *row;
    new->name = arena_str(&s->arena, row->name);
    new->author = arena_str(&s->arena, row->author);
    new->text = arena_str(&s->arena, row->text);
    new->state = arena_str(&s->arena, row->state);
    if (!new->name.p || !new->author.p || !new->text.p || !new->state.p)
        return false;
    s->n++;
    return true;
}

struct load {
    struct saved *saved;
    bool failed;
};

static bool take_row(void *context, const struct saved_row *row)
{
    struct load *load = context;

    load->failed = !append(load->saved, row);
    return !load->failed;
}

bool saved_new(struct engine *e, struct saved **out, struct err *err)
{
    struct load load = {mem_alloc(sizeof(struct saved)), false};
    struct snapshot *v;
    bool ok;

    if (!load.saved)
        return err_nomem(err);
    load.saved->engine = e;
    ok = store_snapshot(engine_store(e), &v, err);
    if (ok) {
        ok = snapshot_each_saved(v, take_row, &load, err)
             && (!load.failed || err_nomem(err));
        snapshot_close(v);
    }
    if (!ok) {
        saved_free(load.saved);
        return false;
    }
    *out = load.saved;
    return true;
}

void saved_free(struct saved *s)
{
    if (!s)
        return;
    arena_free(&s->arena);
    mem_free(s->row);
    mem_free(s);
}

const struct saved_row *saved_get(const struct saved *s, uint32_t *n)
{
    *n = s->n;
    return s->row;
}

static struct saved_row *find(const struct saved *s, enum saved_kind kind, str name)
{
    for (uint32_t i = 0; i < s->n; i++)
        if (s->row[i].kind == kind && str_eq(s->row[i].name, name))
            return &s->row[i];
    return NULL;
}

const char *saved_kind_name(enum saved_kind kind)
{
    static const char *const name[SAVED_KINDS] = {"view", "dashboard", "alert", "rates",
                                                  "fit"};

    return name[kind];
}

bool saved_find(const struct saved *s, enum saved_kind kind, str name,
                const struct saved_row **out, struct err *err)
{
    *out = find(s, kind, name);
    return *out
           || err_set(err, ERR_NOT_FOUND,
                      "there is no %s \"%.*s\": ciclo %s FILE list shows them",
                      saved_kind_name(kind),
                      (int)(name.n < SAVED_NAME_MAX ? name.n : SAVED_NAME_MAX), name.p,
                      saved_kind_name(kind));
}

/* --- changes --- */

/* `but`: the one that has the name now, or NULL. */
static bool check_name(const struct saved *s, const struct saved_row *draft,
                       const struct saved_row *but, struct err *err)
{
    const char *kind = saved_kind_name(draft->kind);
    const struct saved_row *other = find(s, draft->kind, draft->name);

    if (!saved_name_is_valid(draft->name))
        return err_set(err, ERR_INPUT,
                       "the name of a%s %s has 1 to %d bytes of text without control "
                       "characters",
                       *kind == 'a' ? "n" : "", kind, SAVED_NAME_MAX);
    return !other || other == but
           || err_set(err, ERR_CONFLICT,
                      "there is a%s %s \"%.*s\" already: remove it first, or give "
                      "another name",
                      *kind == 'a' ? "n" : "", kind, STR_FMT(draft->name));
}

static bool check_draft(const struct saved *s, const struct saved_row *draft,
                        struct err *err)
{
    static const uint32_t most[SAVED_KINDS] = {VIEWS_MAX, DASHBOARDS_MAX, ALERTS_MAX};
    uint32_t n = 0;

    if (!check_name(s, draft, NULL, err))
        return false;
    for (uint32_t i = 0; i < s->n; i++)
        n += s->row[i].kind == draft->kind;
    return n < most[draft->kind]
           || err_set(err, ERR_LIMIT, "a file has at most %u %ss", most[draft->kind],
                      saved_kind_name(draft->kind));
}

static bool write_row(struct store *s, const struct saved_row *row, struct err *err)
{
    if (!store_begin_histories(s, err))
        return false;
    if (!store_saved_put(s, row, err)) {
        store_cancel(s);
        return false;
    }
    return store_commit(s, err);
}

bool saved_add(struct saved *s, const struct saved_row *draft, int64_t now_ms,
               struct err *err)
{
    struct saved_row row = *draft;

    if (!check_draft(s, draft, err))
        return false;
    if (row.author.n > SAVED_NAME_MAX)
        row.author.n = 0;
    row.number = s->n ? s->row[s->n - 1].number + 1 : 1;
    row.made_ms = now_ms;
    if (!append(s, &row))
        return err_nomem(err);
    if (!write_row(engine_store(s->engine), &row, err)) {
        s->n--;
        return false;
    }
    return true;
}

bool saved_change(struct saved *s, str name, const struct saved_row *draft,
                  struct err *err)
{
    const struct saved_row *found;
    struct saved_row *row, changed;

    if (!saved_find(s, draft->kind, name, &found, err)
        || !check_name(s, draft, found, err))
        return false;
    row = find(s, draft->kind, name);
    changed = *row;
    changed.name = arena_str(&s->arena, draft->name);
    changed.text = arena_str(&s->arena, draft->text);
    if (!changed.name.p || !changed.text.p)
        return err_nomem(err);
    if (!write_row(engine_store(s->engine), &changed, err))
        return false;
    *row = changed;
    return true;
}

/* Whether the row cannot be without this view. */
static bool needs(const struct saved_row *row, str view, struct arena *a)
{
    str name[TILES_MAX];
    struct question q;
    struct err unheard;
    uint32_t n;

    if (row->kind == SAVED_ALERT)
        return question_parse(row->text, a, &q, &unheard)
               && str_eq(question_find(&q, STR("view")), view);
    if (row->kind != SAVED_DASHBOARD || !dashboard_parse(row->text, name, &n, &unheard))
        return false;
    while (n)
        if (str_eq(name[--n], view))
            return true;
    return false;
}

static bool check_unneeded(const struct saved *s, str view, struct err *err)
{
    struct arena a = {0};
    const struct saved_row *by = NULL;

    for (uint32_t i = 0; i < s->n && !by; i++)
        if (needs(&s->row[i], view, &a))
            by = &s->row[i];
    arena_free(&a);
    return !by
           || err_set(err, ERR_CONFLICT,
                      "the %s \"%.*s\" shows this view: remove that first",
                      saved_kind_name(by->kind), STR_FMT(by->name));
}

bool saved_remove(struct saved *s, enum saved_kind kind, str name, struct err *err)
{
    struct store *store = engine_store(s->engine);
    const struct saved_row *found;
    struct saved_row *row;

    if (!saved_find(s, kind, name, &found, err)
        || (kind == SAVED_VIEW && !check_unneeded(s, name, err))
        || !store_begin_histories(store, err))
        return false;
    if (!store_saved_drop(store, found->number, err)) {
        store_cancel(store);
        return false;
    }
    if (!store_commit(store, err))
        return false;
    row = find(s, kind, name);
    memmove(row, row + 1, ((size_t)(s->row + s->n - row) - 1) * sizeof *row);
    s->n--;
    return true;
}

/* --- dashboards --- */

bool dashboard_parse(str text, str name[TILES_MAX], uint32_t *n, struct err *err)
{
    *n = 0;
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        str line = {text.p, end ? (size_t)(end - text.p) : text.n};

        if (*n == TILES_MAX || !saved_name_is_valid(line))
            return err_set(err, ERR_CORRUPT, "a dashboard's list of views is none");
        name[(*n)++] = line;
        text = str_from(text, line.n + (end ? 1 : 0));
    }
    return true;
}

bool dashboard_text(const struct saved *s, const str *name, uint32_t n, struct buf *to,
                    struct err *err)
{
    const struct saved_row *view;

    if (!n || n > TILES_MAX)
        return err_set(err, n ? ERR_LIMIT : ERR_INPUT, "a dashboard shows 1 to %d views",
                       TILES_MAX);
    for (uint32_t i = 0; i < n; i++) {
        if (!saved_find(s, SAVED_VIEW, name[i], &view, err))
            return false;
        if (i)
            buf_add_char(to, '\n');
        buf_add(to, view->name);
    }
    return !to->failed || err_nomem(err);
}

/* --- printed --- */

static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    json_put_text(j, text);
}

static void put_made(struct json_out *j, const struct saved_row *row)
{
    json_key(j, "made");
    json_put_moment(j, row->made_ms);
    put_text(j, "author", row->author);
}

bool view_put_json(struct json_out *j, [[maybe_unused]] const struct engine *e,
                   const struct saved_row *row, struct arena *a, struct err *err)
{
    struct question q;

    if (!question_parse(row->text, a, &q, err)) {
        if (err->code == ERR_INPUT || err->code == ERR_LIMIT)
            err->code = ERR_CORRUPT;
        return false;
    }
    json_begin_object(j);
    put_text(j, "name", row->name);
    put_text(j, "question", row->text);
    put_text(j, "report", q.report);
    json_key(j, "params");
    json_begin_object(j);
    for (uint32_t i = 0; i < q.n; i++) {
        json_key_str(j, q.param[i].name);
        json_put_text(j, q.param[i].value);
    }
    json_end_object(j);
    put_made(j, row);
    json_end_object(j);
    return true;
}

bool dashboard_put_json(struct json_out *j, [[maybe_unused]] const struct engine *e,
                        const struct saved_row *row, [[maybe_unused]] struct arena *a,
                        struct err *err)
{
    str name[TILES_MAX];
    uint32_t n;

    if (!dashboard_parse(row->text, name, &n, err))
        return false;
    json_begin_object(j);
    put_text(j, "name", row->name);
    json_key(j, "views");
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++)
        json_put_text(j, name[i]);
    json_end_list(j);
    put_made(j, row);
    json_end_object(j);
    return true;
}
