/* apply.c - a model that is made the live one while the old one lives on. */
#include "engine/engine_impl.h"

#include <assert.h>

enum { AUTHOR_MAX_BYTES = 200 };

struct apply {
    struct engine *engine;
    str author; /* in .arena */
    int64_t now_ms;
    struct snapshot *at; /* what .model is compiled against */
    struct model *model;
    struct histories *histories;
    struct arena arena;
    atomic_bool stop;
};

void engine_apply_cancel(struct apply *a)
{
    if (!a)
        return;
    histories_free(a->histories);
    model_free(a->model);
    snapshot_close(a->at);
    arena_free(&a->arena);
    mem_free(a);
}

/* Turns to the last commit. Histories that the model gives there too are kept. */
static bool look_again(struct apply *a, str text, struct err *err)
{
    struct engine *e = a->engine;
    struct histories *h = a->histories;
    struct model *m = NULL;
    struct snapshot *v;

    if (!store_snapshot(e->store, &v, err))
        return false;
    if (!model_compile_with(e->io, text, snapshot_catalog(v), &e->fits, &m, err)
        || ((!h || !histories_fit(h, m)) && !histories_new(m, 0, &h, err))) {
        model_free(m);
        snapshot_close(v);
        return false;
    }
    if (h == a->histories)
        histories_use(h, m, 0);
    else
        histories_free(a->histories);
    model_free(a->model);
    snapshot_close(a->at);
    a->histories = h;
    a->model = m;
    a->at = v;
    return true;
}

/* It is shown in tables and on the page. */
static bool check_author(str author, struct err *err)
{
    bool ok = author.n <= AUTHOR_MAX_BYTES && str_is_utf8(author);

    for (size_t i = 0; ok && i < author.n; i++)
        ok = (unsigned char)author.p[i] >= ' ' && author.p[i] != 0x7f;
    return ok
           || err_set(err, ERR_INPUT,
                      "the author is a name: one line of at most %d bytes",
                      AUTHOR_MAX_BYTES);
}

bool engine_apply_begin(struct engine *e, str text, str author, int64_t now_ms,
                        struct apply **out, struct err *err)
{
    struct apply *a;

    if (!check_author(author, err))
        return false;
    a = mem_alloc(sizeof *a);
    if (!a)
        return err_nomem(err);
    a->engine = e;
    a->now_ms = now_ms;
    a->author = arena_str(&a->arena, author);
    if ((!a->author.p && author.n && !err_nomem(err)) || !look_again(a, text, err)) {
        engine_apply_cancel(a);
        return false;
    }
    *out = a;
    return true;
}

bool engine_apply_run(struct apply *a,
                      void (*progress)(void *context, uint64_t done, uint64_t all),
                      void *context, struct err *err)
{
    const struct history_watch watch = {progress, context, &a->stop};

    return histories_advance(a->histories, a->at, a->now_ms, &watch, err);
}

void engine_apply_stop(struct apply *a)
{
    atomic_store(&a->stop, true);
}

/* The live histories may have gone further meanwhile. */
static int64_t moment_of_switch(const struct apply *a)
{
    int64_t live_ms = a->engine->histories ? engine_now_ms(a->engine) : MOMENT_MIN;

    return live_ms > a->now_ms ? live_ms : a->now_ms;
}

/* The version and all that follows from it, or nothing. */
static bool write_down(struct apply *a, uint32_t *version, struct err *err)
{
    struct store *s = a->engine->store;

    if (!store_begin(s, a->now_ms, err))
        return false;
    if (!store_model_add(s, a->model->text, a->author, version, err)
        || !histories_write(a->histories, s, *version, true, err)) {
        store_cancel(s);
        return false;
    }
    if (!store_commit(s, err))
        return false;
    histories_note_written(a->histories);
    return true;
}

bool engine_apply_finish(struct apply *a, uint32_t *version, struct err *err)
{
    struct engine *e = a->engine;
    uint32_t added;
    struct err unheard;
    /* All that can fail is done before the file holds it. */
    bool ok = (snapshot_is_latest(a->at) || look_again(a, a->model->text, err))
              && histories_advance(a->histories, a->at, moment_of_switch(a), NULL, err)
              && write_down(a, &added, err);

    if (ok) {
        engine_take(e, a->at, a->model, a->histories, added);
        a->at = NULL;
        a->model = NULL;
        a->histories = NULL;
        *version = added;
        /* The snapshot is of the commit before; where that cannot be helped, it does as well. */
        engine_refresh(e, &unheard);
    }
    engine_apply_cancel(a);
    return ok;
}

bool engine_apply(struct engine *e, str text, int64_t now_ms, uint32_t *version,
                  struct err *err)
{
    struct apply *a;

    if (!engine_apply_begin(e, text, STR(""), now_ms, &a, err))
        return false;
    if (engine_apply_run(a, NULL, NULL, err))
        return engine_apply_finish(a, version, err);
    engine_apply_cancel(a);
    return false;
}
