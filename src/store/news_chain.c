#include "store/store_impl.h"

#include "base/time.h"

#include <stdatomic.h>
#include <string.h>

/* A chunk's news are a chain, newest first. Chains share their tails; who holds the newest holds all
 * of it, and nothing in it ever changes.
 *
 * (1) A new link takes in the older ones until the next is GROWTH times as large: so a chain of n
 *     facts has about log n links, and each fact was copied about log n times.
 * (2) The gone of a link take away what older links and the parts have of them. What they took away
 *     when links became one is not there any more. */

enum { GROWTH = 2 };

void news_hold(struct news *news)
{
    if (news)
        atomic_fetch_add(&news->users, 1);
}

void news_release(struct news *news)
{
    while (news && atomic_fetch_sub(&news->users, 1) == 1) {
        struct news *older = news->older;

        for (uint32_t i = 0; i < news->batch_n; i++)
            news_batch_release(news->batch[i]);
        mem_free(news);
        news = older;
    }
}

/* --- making --- */

/* What one batch brings to one chunk. */
struct share {
    struct news_batch *batch;
    uint32_t first, n, gone_first, gone_n;
};

static uint32_t size_of(const struct news *news)
{
    return news->n + news->gone_n;
}

/* With room for so many of each, in one block. */
static struct news *news_new(size_t facts, size_t gone, size_t batches)
{
    static _Atomic uint64_t serial;
    struct news *news = mem_alloc(sizeof *news + batches * sizeof(struct news_batch *)
                                  + facts * (sizeof(struct fact *) + sizeof *news->place)
                                  + gone * sizeof *news->gone);

    if (!news)
        return NULL;
    news->serial = ++serial;
    news->gone = (struct retold *)(news + 1);
    news->batch = (struct news_batch **)(news->gone + gone);
    news->fact = (const struct fact **)(news->batch + batches);
    news->place = (uint16_t *)(news->fact + facts);
    atomic_init(&news->users, 1);
    return news;
}

static void add_gone(struct gone_set *gone, uint32_t place)
{
    gone->n += !gone->is[place];
    gone->is[place] = true;
}

static void take_batch(struct news *to, struct news_batch *batch)
{
    atomic_fetch_add(&batch->users, 1);
    to->batch[to->batch_n++] = batch;
}

static void take_share(struct news *to, const struct share *w, struct gone_set *gone)
{
    take_batch(to, w->batch);
    for (uint32_t i = 0; i < w->n; i++) {
        to->fact[i] = &w->batch->fact[w->first + i];
        to->place[i] = (uint16_t)(to->fact[i]->customer % CHUNK_CUSTOMERS);
    }
    to->n = w->n;
    for (uint32_t i = 0; i < w->gone_n; i++) {
        uint32_t place = w->batch->gone[w->gone_first + i].customer % CHUNK_CUSTOMERS;

        to->gone[i] = (struct retold){w->batch->seq, (uint16_t)place};
        add_gone(gone, place);
    }
    to->gone_n = w->gone_n;
}

/* Merges them from the last on, into the room behind. */
static void take_facts(struct news *to, const struct news *older,
                       const struct gone_set *gone)
{
    uint32_t kept = older->n, at = to->n, next;

    for (uint32_t i = 0; gone->n && i < older->n; i++)
        kept -= gone->is[older->place[i]];
    to->n = next = at + kept;
    for (uint32_t i = older->n; i-- > 0;) {
        if (gone->is[older->place[i]])
            continue;
        for (; at && to->place[at - 1] > older->place[i]; at--) {
            to->fact[--next] = to->fact[at - 1];
            to->place[next] = to->place[at - 1];
        }
        to->fact[--next] = older->fact[i];
        to->place[next] = older->place[i];
    }
}

/* The same; whoever was told again since stays as he is. */
static void take_gone(struct news *to, const struct news *older, struct gone_set *gone)
{
    uint32_t kept = older->gone_n, at = to->gone_n, next;

    for (uint32_t i = 0; i < older->gone_n; i++)
        kept -= gone->is[older->gone[i].place];
    to->gone_n = next = at + kept;
    for (uint32_t i = older->gone_n; i-- > 0;) {
        if (gone->is[older->gone[i].place])
            continue;
        for (; at && to->gone[at - 1].place > older->gone[i].place; at--)
            to->gone[--next] = to->gone[at - 1];
        to->gone[--next] = older->gone[i];
        add_gone(gone, older->gone[i].place);
    }
}

/* One link of what the share brings and of those that it takes in; .older are the others. */
static struct news *make_link(const struct share *w, struct news *newest)
{
    size_t facts = w->n, gone = w->gone_n, batches = 1;
    struct news *rest = newest, *to;
    struct gone_set gone_set = {.n = 0};

    for (; rest && size_of(rest) < GROWTH * (facts + gone); rest = rest->older) {
        facts += rest->n;
        gone += rest->gone_n;
        batches += rest->batch_n;
    }
    to = news_new(facts, gone, batches);
    if (!to)
        return NULL;
    take_share(to, w, &gone_set);
    for (const struct news *older = newest; older != rest; older = older->older) {
        for (uint32_t i = 0; i < older->batch_n; i++)
            take_batch(to, older->batch[i]);
        take_facts(to, older, &gone_set);
        take_gone(to, older, &gone_set);
    }
    to->older = rest;
    news_hold(rest);
    return to;
}

struct counting {
    uint32_t n;
};

static void count_fact(void *context, [[maybe_unused]] const struct fact *fact)
{
    ((struct counting *)context)->n++;
}

/* How many facts of older batches, and events of the parts, the share takes away. */
static void count_gone(const struct share *w, const struct news *older, uint32_t *news_n,
                       uint64_t *parts_n)
{
    struct counting counting = {0};

    *parts_n = 0;
    for (uint32_t i = w->gone_first; i < w->gone_first + w->gone_n; i++) {
        uint32_t place = w->batch->gone[i].customer % CHUNK_CUSTOMERS;
        struct gone_set ignored = {.n = 0};

        *parts_n += w->batch->gone[i].events;
        news_each(older, place, place + 1, &ignored, count_fact, &counting);
    }
    *news_n = counting.n;
}

static void widen(struct news *news, const struct share *w)
{
    for (uint32_t i = w->first; i < w->first + w->n; i++) {
        int64_t at_ms = w->batch->fact[i].at_ms;

        if (at_ms < news->first_ms)
            news->first_ms = at_ms;
        if (at_ms > news->last_ms)
            news->last_ms = at_ms;
    }
}

static bool add_news(struct image *image, uint32_t chunk, const struct share *w,
                     struct err *err)
{
    static const struct news none = {.first_ms = MOMENT_NEVER, .last_ms = MOMENT_MIN};
    struct chunk_state *state = image_edit(image, chunk);
    const struct news *before = state && state->news ? state->news : &none;
    struct news *news;
    uint32_t news_gone;
    uint64_t parts_gone;

    if (!state)
        return err_nomem(err);
    count_gone(w, state->news, &news_gone, &parts_gone);
    if (w->n > UINT32_MAX - state->parts.events - before->all_n)
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u events",
                       UINT32_MAX);
    if (parts_gone > state->parts.events - before->lost_n)
        return err_set(err, ERR_CORRUPT, "more events are gone from chunk %u than it had",
                       chunk);
    news = make_link(w, state->news);
    if (!news)
        return err_nomem(err);
    news->all_n = before->all_n - news_gone + w->n;
    news->lost_n = before->lost_n + (uint32_t)parts_gone;
    news->waiting = before->waiting + w->n + w->gone_n;
    news->has_gone = before->has_gone || w->gone_n;
    news->told_seq = w->gone_n ? w->batch->seq : before->told_seq;
    news->first_ms = before->first_ms;
    news->last_ms = before->last_ms;
    widen(news, w);
    if (!state->news)
        image->stale += state->parts.events;
    news_release(state->news);
    state->news = news;
    state->version++;
    image->events += (uint64_t)w->n - news_gone - parts_gone;
    image->news_n += (uint64_t)w->n + w->gone_n;
    return true;
}

/* How many the chunk has, from .first on. */
static void measure(struct share *w, uint32_t chunk)
{
    const struct news_batch *b = w->batch;

    w->n = w->gone_n = 0;
    while (w->first + w->n < b->n
           && b->fact[w->first + w->n].customer / CHUNK_CUSTOMERS == chunk)
        w->n++;
    while (w->gone_first + w->gone_n < b->gone_n
           && b->gone[w->gone_first + w->gone_n].customer / CHUNK_CUSTOMERS == chunk)
        w->gone_n++;
}

bool news_spread(struct image *image, struct news_batch *batch, struct err *err)
{
    struct share w = {.batch = batch};

    while (w.first < batch->n || w.gone_first < batch->gone_n) {
        uint32_t fact_chunk = w.first < batch->n
                                  ? batch->fact[w.first].customer / CHUNK_CUSTOMERS
                                  : UINT32_MAX;
        uint32_t gone_chunk = w.gone_first < batch->gone_n
                                  ? batch->gone[w.gone_first].customer / CHUNK_CUSTOMERS
                                  : UINT32_MAX;
        uint32_t chunk = fact_chunk < gone_chunk ? fact_chunk : gone_chunk;

        measure(&w, chunk);
        if (batch->seq > image_get(image, chunk)->parts.folded_seq) {
            if (!add_news(image, chunk, &w, err))
                return false;
            batch->left++;
        }
        w.first += w.n;
        w.gone_first += w.gone_n;
    }
    return true;
}

/* The first of the batch's facts that is of the chunk, or of one behind it. */
static uint32_t facts_from(const struct news_batch *batch, uint32_t chunk)
{
    uint32_t low = 0, high = batch->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (batch->fact[middle].customer / CHUNK_CUSTOMERS < chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool news_put_later(struct image *image, uint32_t chunk, struct news_batch *list,
                    int64_t seq, struct err *err)
{
    for (struct news_batch *b = list; b; b = b->next) {
        struct share w = {.batch = b, .gone_first = b->gone_n};

        if (b->seq <= seq)
            continue;
        w.first = facts_from(b, chunk);
        measure(&w, chunk);
        if (w.n && !add_news(image, chunk, &w, err))
            return false;
    }
    return true;
}

void news_folding(const struct news *news, int64_t seq)
{
    for (; news; news = news->older)
        for (uint32_t i = 0; i < news->batch_n; i++)
            news->batch[i]->folding += news->batch[i]->seq <= seq;
}

/* --- reading --- */

/* The first of the facts whose customer is at this place, or behind it. */
static uint32_t news_from(const struct news *news, uint32_t place)
{
    uint32_t low = 0, high = news->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (news->place[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void news_gone(const struct news *news, const struct news *until, struct gone_set *gone)
{
    for (; news != until && news->has_gone; news = news->older)
        for (uint32_t i = 0; i < news->gone_n; i++)
            add_gone(gone, news->gone[i].place);
}

void news_told(const struct news *news, int64_t since_seq, bool is[CHUNK_CUSTOMERS])
{
    for (; news && news->told_seq > since_seq; news = news->older)
        for (uint32_t i = 0; i < news->gone_n; i++)
            is[news->gone[i].place] |= news->gone[i].seq > since_seq;
}

/* From the newest on, so that who is gone is known before what went with him. */
void news_count(const struct news *news, struct gone_set *gone,
                uint32_t n[CHUNK_CUSTOMERS])
{
    for (; news; news = news->older) {
        for (uint32_t i = 0; i < news->n; i++)
            n[news->place[i]] += !gone->is[news->place[i]];
        for (uint32_t i = 0; i < news->gone_n; i++)
            add_gone(gone, news->gone[i].place);
    }
}

/* Of what is newer than `until`. */
static void each_until(const struct news *news, const struct news *until, uint32_t first,
                       uint32_t end, struct gone_set *gone,
                       void (*take)(void *context, const struct fact *fact),
                       void *context)
{
    for (; news != until; news = news->older) {
        uint32_t last = news_from(news, end);

        for (uint32_t i = news_from(news, first); i < last; i++)
            if (!gone->is[news->place[i]])
                take(context, news->fact[i]);
        for (uint32_t i = 0; i < news->gone_n; i++)
            if (news->gone[i].place >= first && news->gone[i].place < end)
                add_gone(gone, news->gone[i].place);
    }
}

void news_each(const struct news *news, uint32_t first, uint32_t end,
               struct gone_set *gone,
               void (*take)(void *context, const struct fact *fact), void *context)
{
    each_until(news, NULL, first, end, gone, take, context);
}

static void take_fact(void *context, const struct fact *fact)
{
    struct fact **to = context;

    *(*to)++ = *fact;
}

static bool gather(const struct news_range *r, size_t room, struct gone_set *gone,
                   struct fact **out, size_t *n, struct err *err)
{
    struct fact *fact;
    size_t most = 0;

    for (const struct news *at = r->newest; at != r->until; at = at->older)
        most += news_from(at, r->end) - news_from(at, r->first);
    *out = fact = mem_alloc((most + room) * sizeof *fact);
    if (!fact)
        return err_nomem(err);
    each_until(r->newest, r->until, r->first, r->end, gone, take_fact, &fact);
    *n = (size_t)(fact - *out);
    return true;
}

bool news_gather(const struct news *news, uint32_t first, uint32_t end, size_t room,
                 struct gone_set *gone, struct fact **out, size_t *n, struct err *err)
{
    return gather(&(struct news_range){news, NULL, first, end}, room, gone, out, n, err);
}

bool news_sorted(const struct news_range *r, struct fact **out, uint32_t *n,
                 struct err *err)
{
    struct gone_set gone = {.n = 0};
    size_t all;

    if (!gather(r, 0, &gone, out, &all, err))
        return false;
    facts_sort(*out, all);
    *n = (uint32_t)all; /* a chain has no more (add_news) */
    return true;
}

/* Whose facts it has, and of whom it took away what was older. */
static void add_touched(const struct news *news, struct bits *to)
{
    for (uint32_t i = 0; i < news->n; i++)
        bits_put(to, news->place[i]);
    for (uint32_t i = 0; i < news->gone_n; i++)
        bits_put(to, news->gone[i].place);
}

const struct news *news_settled(const struct news *news, struct bits *touched)
{
    *touched = (struct bits){};
    for (; news; news = news->older) {
        struct bits more = *touched;

        add_touched(news, &more);
        if (bits_count(&more) > TOUCHED_MAX)
            break;
        *touched = more;
    }
    return news;
}
