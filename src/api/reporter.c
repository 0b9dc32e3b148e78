#include "api/reporter.h"

#include "api/kept.h"
#include "api/route.h"
#include "base/time.h"
#include "base/work.h"

#include <stdatomic.h>
#include <string.h>

enum {
    KEPT_BYTES = 16 << 20,
    ARENA_MAX = 1 << 30,
    PATIENCE_MS = 100,
    AGE_MS = 30 * 1000,
    REFIT_MS = 60 * 1000,
};

/* In the order in which they came. */
struct asked {
    struct asked *next;
    struct arena arena; /* of .question */
    const struct question *question;
    struct buf text; /* it, in the one way to write it */
    uint64_t number;
    int64_t asked_ms;
    bool waits;               /* for a new answer */
    bool has_no_older;        /* as far as is known */
    struct report_answer *to; /* NULL: he has got an older answer, or one at hand */
    bool is_beside;           /* the latter */
};

/* What is made now. The thread alone has it until .over is true. */
struct making {
    struct aside thread;
    struct engine *view;
    struct asked *asked; /* the first of all; NULL: nothing is made */
    uint64_t number;     /* of the first who asked too late for it */
    struct kept_from from;
    struct arena arena;
    struct buf out;
    const char *type;
    str wrong;
    struct err err;
    bool ok;
    atomic_bool over;
};

struct reporter {
    struct engine *engine;
    struct report_times times;
    struct report_counts counts;
    struct kept *kept;
    struct asked *first, **last;
    uint64_t number; /* of the next */
    bool has_beside; /* one of them is */
    struct making making;
};

bool reporter_new(struct engine *e, struct report_times times, struct reporter **out,
                  struct err *err)
{
    struct reporter *r = mem_alloc(sizeof *r);

    if (!r)
        return err_nomem(err);
    r->engine = e;
    r->times = (struct report_times){times.patience_ms ? times.patience_ms : PATIENCE_MS,
                                     times.age_ms ? times.age_ms : AGE_MS,
                                     times.refit_ms ? times.refit_ms : REFIT_MS};
    r->last = &r->first;
    r->kept = kept_new(KEPT_BYTES);
    if (!r->kept) {
        mem_free(r);
        return err_nomem(err);
    }
    *out = r;
    return true;
}

static void asked_free(struct asked *a)
{
    buf_free(&a->text);
    arena_free(&a->arena);
    mem_free(a);
}

void reporter_free(struct reporter *r)
{
    if (!r)
        return;
    kept_free(r->kept);
    mem_free(r);
}

void report_answer_free(struct report_answer *a)
{
    if (!a)
        return;
    buf_free(&a->wrong);
    buf_free(&a->out);
    mem_free(a);
}

/* --- questions --- */

static bool copy_question(struct asked *a, const struct question *q)
{
    struct question *own = arena_new(&a->arena, struct question);

    if (!own)
        return false;
    *own = *q;
    own->report = arena_str(&a->arena, q->report);
    if (!own->report.p)
        return false;
    for (uint32_t i = 0; i < q->n; i++) {
        own->param[i].name = arena_str(&a->arena, q->param[i].name);
        own->param[i].value = arena_str(&a->arena, q->param[i].value);
        if (!own->param[i].name.p || !own->param[i].value.p)
            return false;
    }
    a->question = own;
    question_print(own, &a->text);
    return !a->text.failed;
}

/* It names its moment: as long as the engine's state is the same, so is the answer. */
static bool is_fixed(const struct question *q)
{
    return moment_is_fixed(question_find(q, STR("at")));
}

static bool find_kept(struct reporter *r, const struct asked *a, struct report_answer *to)
{
    struct kept_from from;

    if (is_fixed(a->question) && kept_find(r->kept, buf_str(&a->text), &to->out, &from)
        && from.state == engine_state(r->engine)) {
        to->is_there = to->ok = true;
        to->type = "application/json";
        r->counts.kept++;
        return true;
    }
    buf_free(&to->out);
    return false;
}

static str param_of(void *context, const char *name)
{
    return question_find(context, str_of(name));
}

static struct api_request request_of(struct engine *e, const struct asked *asked,
                                     struct arena *a, struct buf *out)
{
    return (struct api_request){
        .engine = e,
        .now_ms = engine_now_ms(e),
        .method = "GET",
        .path = asked->question->report,
        .param = param_of,
        .context = (void *)(uintptr_t)asked->question,
        .outdated_ms = MOMENT_NEVER,
        .a = a,
        .out = out,
    };
}

/* Of what is kept. *outdated: what that is of is to be made anew. */
static bool find_at_hand(struct reporter *r, struct asked *asked,
                         struct report_answer *to, bool *outdated)
{
    struct arena a = {.limit = ARENA_MAX};
    struct api_request request = request_of(r->engine, asked, &a, &to->out);
    bool ok;

    request.at_hand = true;
    ok = api_answer(&request, &to->err);
    to->is_there = !request.is_put_off;
    to->ok = ok && to->is_there;
    to->type = request.type;
    asked->waits |= request.wants_new;
    if (!ok)
        buf_add(&to->wrong, request.wrong);
    if (!to->ok)
        buf_free(&to->out);
    *outdated = to->ok && request.outdated_ms != MOMENT_NEVER
                && request.now_ms - request.outdated_ms >= r->times.refit_ms;
    r->counts.fresh += to->ok;
    arena_free(&a);
    return to->is_there;
}

static void wait_in_line(struct reporter *r, struct asked *a)
{
    a->number = r->number++;
    a->asked_ms = clock_steady_ms();
    *r->last = a;
    r->last = &a->next;
}

bool reporter_ask(struct reporter *r, struct MHD_Connection *c, const struct question *q,
                  bool waits, struct report_answer **out, struct err *err)
{
    struct asked *a;
    struct report_answer *to;
    bool outdated = false;

    a = mem_alloc(sizeof *a);
    to = mem_alloc(sizeof *to);
    if (!a || !to || !copy_question(a, q)) {
        if (a)
            asked_free(a);
        mem_free(to);
        return err_nomem(err);
    }
    *out = to;
    to->connection = c;
    a->waits = waits;
    if (find_kept(r, a, to) || (!waits && find_at_hand(r, a, to, &outdated))) {
        if (!outdated || r->has_beside) {
            asked_free(a);
            return true;
        }
        a->is_beside = r->has_beside = true;
        wait_in_line(r, a);
        return true;
    }
    a->to = to;
    wait_in_line(r, a);
    MHD_suspend_connection(c);
    return true;
}

/* --- answers --- */

static void give(struct asked *a)
{
    a->to->is_there = true;
    MHD_resume_connection(a->to->connection);
    a->to = NULL;
}

static void give_error(struct asked *a, const struct err *err, str wrong)
{
    a->to->err = *err;
    buf_add(&a->to->wrong, wrong);
    give(a);
}

static void give_made(struct reporter *r, struct asked *a)
{
    const struct making *m = &r->making;
    struct err err;

    if (!m->ok) {
        give_error(a, &m->err, m->wrong);
        return;
    }
    buf_add(&a->to->out, buf_str(&m->out));
    if (a->to->out.failed) {
        err_nomem(&err);
        give_error(a, &err, STR(""));
        return;
    }
    a->to->ok = true;
    a->to->type = m->type;
    r->counts.fresh++;
    give(a);
}

static void take_out(struct reporter *r, struct asked **at)
{
    struct asked *a = *at;

    *at = a->next;
    if (!*at)
        r->last = at;
    r->has_beside &= !a->is_beside;
    asked_free(a);
}

/* All who asked the same before it was begun; he last for whom it was, since what was made may say
 * his words. */
static void give_out(struct reporter *r)
{
    struct making *m = &r->making;

    for (struct asked **at = &m->asked->next; *at && (*at)->number < m->number;) {
        struct asked *a = *at;

        if (!str_eq(buf_str(&a->text), buf_str(&m->asked->text))) {
            at = &a->next;
            continue;
        }
        if (a->to)
            give_made(r, a);
        take_out(r, at);
    }
    if (m->asked->to)
        give_made(r, m->asked);
    take_out(r, &r->first);
    for (struct asked *a = r->first; a; a = a->next)
        a->has_no_older = false;
}

static void give_older(struct reporter *r, struct asked *a, int64_t now_ms)
{
    struct kept_from from;

    if (kept_find(r->kept, buf_str(&a->text), &a->to->out, &from)
        && from.model == engine_model_version(r->engine)
        && now_ms - from.begun_ms <= r->times.age_ms) {
        a->to->ok = true;
        a->to->type = "application/json";
        a->to->age_ms = now_ms - from.begun_ms;
        r->counts.older++;
        give(a);
    } else {
        buf_free(&a->to->out);
        a->has_no_older = true;
    }
}

static void mind_the_impatient(struct reporter *r)
{
    int64_t now_ms = clock_steady_ms();

    for (struct asked *a = r->first; a; a = a->next)
        if (a->to && !a->waits && !a->has_no_older
            && now_ms - a->asked_ms >= r->times.patience_ms)
            give_older(r, a, now_ms);
}

/* --- making --- */

static void make(void *context)
{
    struct making *m = context;
    struct api_request request = request_of(m->view, m->asked, &m->arena, &m->out);

    m->ok = api_answer(&request, &m->err);
    m->type = request.type;
    m->wrong = request.wrong;
    atomic_store(&m->over, true);
}

void reporter_fail(struct reporter *r, const struct err *err)
{
    if (r->first->to)
        give_error(r->first, err, STR(""));
    take_out(r, &r->first);
}

void reporter_begin(struct reporter *r)
{
    struct making *m = &r->making;
    struct err err;

    *m = (struct making){.arena.limit = ARENA_MAX, .thread.gives_way = true};
    if (!engine_view(r->engine, &m->view, &err)) {
        reporter_fail(r, &err);
        return;
    }
    m->asked = r->first;
    m->number = r->number;
    m->from = (struct kept_from){engine_state(m->view), engine_model_version(m->view),
                                 clock_steady_ms()};
    aside_begin(&m->thread, make, m);
}

static void finish(struct reporter *r)
{
    struct making *m = &r->making;

    aside_end(&m->thread);
    engine_view_close(m->view);
    if (m->ok && !strcmp(m->type, "application/json"))
        kept_add(r->kept, &m->from, buf_str(&m->asked->text), buf_str(&m->out));
    give_out(r);
    m->asked = NULL;
    buf_free(&m->out);
    arena_free(&m->arena);
}

bool reporter_turn(struct reporter *r)
{
    if (r->making.asked && atomic_load(&r->making.over))
        finish(r);
    mind_the_impatient(r);
    return !r->making.asked && r->first;
}

bool reporter_is_busy(const struct reporter *r)
{
    return r->first;
}

struct report_counts reporter_counts(const struct reporter *r)
{
    return r->counts;
}

bool reporter_is_making(const struct reporter *r)
{
    return r->making.asked;
}

void reporter_rest(struct reporter *r)
{
    if (r->making.asked)
        finish(r);
    kept_clear(r->kept); /* whom they tell of may be gone */
}

void reporter_end(struct reporter *r)
{
    struct err err;

    reporter_rest(r);
    err_set(&err, ERR_NOMEM, "the server is being stopped: try again later");
    while (r->first)
        reporter_fail(r, &err);
}
