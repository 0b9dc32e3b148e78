/* collect_read.c - loads of calls, read by several threads: each load by one, in a place of its
 * own that it shares with loads long before and behind it. */
#include "base/json_cut.h"
#include "base/random.h"
#include "base/tune.h"
#include "base/work.h"
#include "engine/collect_impl.h"

enum {
    AHEAD_MAX = 64, /* loads that are read and not taken; work_in_order's own limit */
    SPARE = 64,     /* that the parser may read */
    KEPT = 1 << 20, /* bytes of a place, from one load to the next */
};

/* What it is hidden by. */
struct hiding {
    const struct pseudonym_key *key; /* or NULL */
    const struct dictionary *dictionary;
};

struct place {
    struct collect_load load;
    struct arena arena;
    struct json_parser *parser;
    struct buf line;
};

/* Where a load's events stand. */
struct span {
    struct collect_body *body;
    uint32_t first, n;
};

struct collect_reader {
    int64_t received_ms;
    struct hiding hiding;
    bool (*take)(void *context, const struct collect_load *l);
    void *context;
    struct arena arena;
    struct span *span;
    uint32_t span_n;
    unsigned threads;
    uint32_t ahead;
    struct place place[AHEAD_MAX];
};

bool collect_is_senders_fault(const struct err *err)
{
    return err->code == ERR_INPUT || err->code == ERR_LIMIT;
}

/* --- one call --- */

static bool random_id(struct arena *a, str *out, struct err *err)
{
    hash128 secret;
    struct buf b = {};

    if (!random_secret(&secret, sizeof secret))
        return err_sys(err, "the system has no random bytes");
    hash128_print(&b, secret);
    *out = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
    buf_free(&b);
    return out->p || err_nomem(err);
}

static bool parse_squeezed(struct place *p, str raw, const struct json **out,
                           struct err *err)
{
    struct buf text = {};
    char *spare;
    bool ok;

    json_squeeze(raw, &text);
    spare = buf_room(&text, SPARE);
    if (!spare)
        ok = err_nomem(err);
    else if (text.n > COLLECT_EVENT_BYTES_MAX)
        ok = err_set(err, ERR_LIMIT, "it is larger than %zu KiB",
                     COLLECT_EVENT_BYTES_MAX >> 10);
    else
        ok = json_parse(p->parser, buf_str(&text), &p->arena, out, err);
    buf_free(&text);
    return ok;
}

static bool read_call(struct place *p, str raw, const struct call_frame *frame,
                      const struct hiding *hiding, struct collect_call *out,
                      struct err *err)
{
    const struct json *json;
    bool ok = raw.n <= COLLECT_EVENT_BYTES_MAX
                  ? json_parse(p->parser, raw, &p->arena, &json, err)
                  : parse_squeezed(p, raw, &json, err);

    if (!ok)
        return false;
    out->json = json;
    if (!call_parse(json, frame, &p->arena, &out->event, err)
        || (!out->event.id.n && !random_id(&p->arena, &out->event.id, err))
        || (hiding->key
            && !pseudonym_hide(hiding->key, hiding->dictionary, &out->event, &p->arena,
                               err)))
        return false;
    buf_clear(&p->line);
    event_print(&out->event, &p->line);
    if (!p->line.failed)
        out->line = arena_str(&p->arena, buf_str(&p->line));
    return out->line.p || err_nomem(err);
}

/* --- loads --- */

static void place_free(struct place *p)
{
    json_parser_free(p->parser);
    arena_free(&p->arena);
    buf_free(&p->line);
    *p = (struct place){};
}

/* For the next load. What a large one needed is not kept. */
static void place_clear(struct place *p)
{
    if (arena_bytes(&p->arena) > KEPT)
        place_free(p);
    else
        arena_reset(&p->arena);
}

/* What the batch says of all its events; what is no JSON says nothing. */
static bool read_frame(struct place *p, str text, const struct json **out,
                       struct err *err)
{
    return !text.n || json_parse(p->parser, text, &p->arena, out, err)
           || collect_is_senders_fault(err);
}

/* The key that it came with. */
static str key_name(str source)
{
    return str_starts(source, STR("http:")) ? str_from(source, STR("http:").n) : STR("");
}

static bool read_calls(struct place *p, struct collect_call *call, int64_t received_ms,
                       const struct hiding *hiding, struct err *err)
{
    struct collect_load *l = &p->load;
    const struct collect_body *b = l->body;
    struct err why;

    l->frame = (struct call_frame){.type = b->type,
                                   .address = b->address,
                                   .source = key_name(b->source),
                                   .received_ms = received_ms,
                                   .key = hiding->key};
    if (!read_frame(p, b->sent_at, &l->frame.sent_at, err)
        || !read_frame(p, b->context, &l->frame.context, err))
        return false;
    for (uint32_t i = 0; i < l->n; i++) {
        if (read_call(p, b->event[l->first + i], &l->frame, hiding, &call[i], &why))
            continue;
        if (!collect_is_senders_fault(&why)) {
            *err = why;
            return false;
        }
        call[i].wrong = arena_str(&p->arena, str_of(why.msg));
        if (!call[i].wrong.p)
            return err_nomem(err);
    }
    return true;
}

static void read_load(void *context, uint32_t i)
{
    struct collect_reader *r = context;
    const struct span *s = &r->span[i];
    struct place *p = &r->place[i % r->ahead];
    struct collect_load *l = &p->load;
    struct collect_call *call;

    place_clear(p);
    *l = (struct collect_load){.body = s->body, .first = s->first, .n = s->n};
    call = arena_array(&p->arena, struct collect_call, s->n);
    l->call = call;
    if (!call)
        err_nomem(&l->err);
    else if (s->body->broken.n)
        call->wrong = s->body->broken;
    l->ok = call
            && (s->body->broken.n
                || ((p->parser || json_parser_new(&p->parser, &l->err))
                    && read_calls(p, call, r->received_ms, &r->hiding, &l->err)));
}

static bool take_load(void *context, uint32_t i)
{
    struct collect_reader *r = context;

    return r->take(r->context, &r->place[i % r->ahead].load);
}

bool collect_reader_run(struct collect_reader *r,
                        bool (*take)(void *context, const struct collect_load *l),
                        void *context)
{
    bool ok;

    r->take = take;
    r->context = context;
    ok = work_in_order(r->span_n, r->threads, r->ahead, read_load, take_load, r);
    for (uint32_t i = 0; i < AHEAD_MAX; i++)
        place_clear(&r->place[i]);
    return ok;
}

/* --- cutting bodies into loads --- */

/* How many events from the first one on are a load. */
static uint32_t load_events(const struct collect_body *b, uint32_t first)
{
    size_t bytes = 0;
    uint32_t n = 0;

    while (first + n < b->event_n && bytes < COLLECT_LOAD_BYTES)
        bytes += b->event[first + n++].n;
    return n;
}

/* Without `to`: only how many there are. */
static uint32_t cut_loads(struct collect_body *const *body, size_t n, struct span *to)
{
    uint32_t spans = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t events;

        for (uint32_t first = 0; first < body[i]->event_n; first += events) {
            events = load_events(body[i], first);
            if (to)
                to[spans] = (struct span){body[i], first, events};
            spans++;
        }
    }
    return spans;
}

bool collect_reader_new(struct collect_reader **out, struct err *err)
{
    struct collect_reader *r = *out = mem_alloc(sizeof *r);

    if (!r)
        return err_nomem(err);
    r->threads = work_threads();
    r->ahead = 2 * r->threads < AHEAD_MAX ? 2 * r->threads : AHEAD_MAX;
    return true;
}

void collect_reader_free(struct collect_reader *r)
{
    if (!r)
        return;
    for (uint32_t i = 0; i < AHEAD_MAX; i++)
        place_free(&r->place[i]);
    arena_free(&r->arena);
    mem_free(r);
}

bool collect_reader_set(struct collect_reader *r, struct collect_body *const *body,
                        size_t n, int64_t received_ms, const struct pseudonym_key *key,
                        const struct dictionary *dictionary, struct err *err)
{
    arena_reset(&r->arena);
    r->received_ms = received_ms;
    r->hiding = (struct hiding){key, dictionary};
    r->span_n = cut_loads(body, n, NULL);
    r->span = arena_array(&r->arena, struct span, r->span_n);
    if (!r->span)
        return err_nomem(err);
    cut_loads(body, n, r->span);
    return true;
}
