#include "base/queue.h"
#include "base/tune.h"
#include "engine/import_impl.h"
#include "event/pseudonym.h"

#include <pthread.h>
#include <string.h>

enum { EXPECTED = 8 }; /* how far ahead the tables of what is known are asked for */

/* --- filling --- */

static struct load *filling(struct import *im)
{
    if (!im->filling)
        im->filling = &im->load[0];
    return im->filling;
}

struct arena *import_arena(struct import *im)
{
    return &filling(im)->arena;
}

static void load_clear(struct load *l)
{
    arena_reset(&l->arena);
    buf_clear(&l->json);
    l->n = 0;
}

static bool load_take(struct import *im, struct load *l, struct err *err)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (i + EXPECTED < l->n)
            import_expect(im, &l->item[i + EXPECTED]);
        if (!import_take(im, l, &l->item[i], err))
            return false;
    }
    import_progress(im, l);
    load_clear(l);
    return true;
}

/* The other thread has failed, and says why. */
static bool is_stopped(struct err *err)
{
    return err_set(err, ERR_CONFLICT, "the import has been stopped");
}

static bool hand_over(struct import *im, struct err *err)
{
    struct load *l = filling(im);

    l->lines = im->report->lines;
    l->done_bytes = reader_done_bytes(im->reader);
    if (!im->full)
        return load_take(im, l, err);
    if (!queue_put(im->full, l))
        return is_stopped(err);
    im->filling = queue_take(im->empty);
    return im->filling || is_stopped(err);
}

/* Room for one more. */
static struct delivery *delivery_new(struct import *im, struct err *err)
{
    struct load *l = filling(im);

    if (l->n == l->cap) {
        uint32_t cap = l->cap ? 2 * l->cap : 64;
        struct delivery *more = mem_resize(l->item, cap * sizeof *more);

        if (!more) {
            err_nomem(err);
            return NULL;
        }
        l->item = more;
        l->cap = cap;
    }
    l->item[l->n] = (struct delivery){0};
    return &l->item[l->n];
}

static bool delivery_done(struct import *im, struct err *err)
{
    struct load *l = filling(im);

    l->n++;
    return l->arena.used + l->json.n < IMPORT_LOAD_BYTES || hand_over(im, err);
}

bool import_refuse(struct import *im, uint64_t line, str reason, str text,
                   struct err *err)
{
    struct delivery *d = delivery_new(im, err);

    if (!d)
        return false;
    d->reason = arena_str(import_arena(im), reason);
    d->origin = (struct origin){.line = line, .text = arena_str(import_arena(im), text)};
    if (!d->reason.p || !d->origin.text.p)
        return err_nomem(err);
    return delivery_done(im, err);
}

static bool deliver(struct import *im, const struct event *e, str json,
                    const struct origin *from, struct err *err)
{
    struct delivery *d = delivery_new(im, err);
    struct load *l = filling(im);

    if (!d)
        return false;
    d->event = *e;
    d->origin = *from;
    d->json_at = l->json.n;
    if (json.n)
        buf_add(&l->json, json);
    else
        event_print(e, &l->json);
    d->json_n = l->json.n - d->json_at;
    if (!from->group)
        d->origin.text = arena_str(&l->arena, from->text);
    d->origin.account = arena_str(&l->arena, from->account);
    if (l->json.failed || !d->origin.account.p || (!from->group && !d->origin.text.p))
        return err_nomem(err);
    return delivery_done(im, err);
}

bool import_event(struct import *im, const struct event *e, str json,
                  const struct origin *from, struct err *err)
{
    struct event hidden = *e;

    if (!im->hide)
        return deliver(im, e, json, from, err);
    if (pseudonym_hide(im->hide, im->dictionary, &hidden, import_arena(im), err))
        return deliver(im, &hidden, STR(""), from, err);
    return err->code == ERR_INPUT
           && import_refuse(im, from->line, str_of(err->msg), STR(""), err);
}

bool import_flush(struct import *im, struct err *err)
{
    return hand_over(im, err);
}

void import_loads_free(struct import *im)
{
    for (int i = 0; i < LOADS; i++) {
        arena_free(&im->load[i].arena);
        buf_free(&im->load[i].json);
        mem_free(im->load[i].item);
    }
}

/* --- two threads --- */

struct reading {
    struct import *im;
    bool (*read)(void *context, struct err *err);
    void *context;
    bool ok;
    struct err err;
};

static void *read_file(void *context)
{
    struct reading *r = context;

    r->ok = r->read(r->context, &r->err) && hand_over(r->im, &r->err);
    queue_close(r->im->full);
    return NULL;
}

/* Until the reader closes the queue; false when a load cannot be taken. */
static bool take_all(struct import *im, struct err *err)
{
    struct load *l;

    while ((l = queue_take(im->full)))
        if (!load_take(im, l, err) || (!queue_put(im->empty, l) && !is_stopped(err)))
            return false;
    return true;
}

static bool run(struct import *im, struct reading *r, struct err *err)
{
    pthread_t thread;
    bool ok = true;
    int failed;

    im->filling = &im->load[0];
    for (int i = 1; i < LOADS; i++)
        ok = ok && (queue_put(im->empty, &im->load[i]) || is_stopped(err));
    if (!ok)
        return false;
    failed = pthread_create(&thread, NULL, read_file, r);
    if (failed)
        return err_set(err, ERR_NOMEM, "cannot start a thread: %s", strerror(failed));
    ok = take_all(im, err);
    queue_close(im->full);
    queue_close(im->empty);
    pthread_join(thread, NULL);
    if (ok && !r->ok)
        *err = r->err;
    return ok && r->ok;
}

bool import_run(struct import *im, bool (*read)(void *context, struct err *err),
                void *context, struct err *err)
{
    struct reading r = {.im = im, .read = read, .context = context};
    bool ok = queue_new(LOADS, &im->full, err) && queue_new(LOADS, &im->empty, err)
              && run(im, &r, err);

    queue_free(im->full);
    queue_free(im->empty);
    im->full = im->empty = NULL;
    im->filling = NULL;
    return ok;
}
