#include "store/store_impl.h"

#include "base/time.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

/* Chains of news against the commits themselves, walked one by one. */

enum { COMMITS = 300, CUSTOMERS = 3 * CHUNK_CUSTOMERS, PARTS_EVENTS = 1000, HELD = 4 };

/* The first .n commits, as an image has them. */
struct known {
    struct image *image;
    uint32_t n;
};

struct past {
    struct random random;
    struct news_batch *commit[COMMITS];
    uint32_t n;
    struct known now, held[HELD];
};

static uint32_t below(struct past *p, uint32_t bound)
{
    return (uint32_t)random_below(&p->random, bound);
}

/* --- commits --- */

static void *some(size_t n, size_t size)
{
    void *block = mem_alloc(n * size);

    assert_non_null(block);
    return block;
}

/* One fact in most, now and then many; some are of one chunk, and in some customers are gone. */
static struct news_batch *next_commit(struct past *p)
{
    struct news_batch *b = some(1, sizeof *b);
    uint32_t most = 1 + below(p, below(p, 8) ? 3 : 40);
    uint32_t customers = below(p, 2) ? CUSTOMERS : CHUNK_CUSTOMERS;

    atomic_init(&b->users, 1);
    b->seq = 2 + 3 * (int64_t)p->n;
    b->fact = some(most, sizeof *b->fact);
    b->gone = some(CUSTOMERS, sizeof *b->gone);
    b->n = below(p, most + 1);
    for (uint32_t i = 0; i < b->n; i++)
        b->fact[i] = (struct fact){.at_ms = (int64_t)(p->n * 100 + i),
                                   .customer = below(p, customers)};
    facts_sort(b->fact, b->n);
    for (uint32_t i = 0; below(p, 4) == 0 && i < customers; i++)
        if (!below(p, 5))
            b->gone[b->gone_n++] = (struct gone){i, below(p, 3)};
    return b;
}

static struct image *next_image(const struct image *from, struct news_batch *commit,
                                struct err *err)
{
    struct image *image;

    if (!image_new(from, &image, err))
        return NULL;
    if (news_spread(image, commit, err))
        return image;
    image_free(image);
    return NULL;
}

static void bring(struct past *p)
{
    struct news_batch *commit = next_commit(p);
    struct err err = {ERR_NONE};
    struct image *image = next_image(p->now.image, commit, &err);

    if (!image)
        fail_msg("%s", err.msg);
    p->commit[p->n++] = commit;
    image_free(p->now.image);
    p->now = (struct known){image, p->n};
}

static void hold(struct past *p)
{
    struct known *held = &p->held[below(p, HELD)];
    struct err err;

    image_free(held->image);
    *held = (struct known){.n = p->n};
    assert_true(image_new(p->now.image, &held->image, &err));
}

/* The parts of every chunk say that they have so many events. */
static void begin_past(struct past *p, struct random random)
{
    struct err err;

    *p = (struct past){.random = random};
    assert_true(image_new(NULL, &p->now.image, &err));
    for (uint32_t k = 0; k < CUSTOMERS / CHUNK_CUSTOMERS; k++)
        image_edit(p->now.image, k)->parts.events = PARTS_EVENTS;
    p->now.image->events = PARTS_EVENTS * (CUSTOMERS / CHUNK_CUSTOMERS);
}

static void end_past(struct past *p)
{
    image_free(p->now.image);
    for (uint32_t i = 0; i < HELD; i++)
        image_free(p->held[i].image);
    for (uint32_t i = 0; i < p->n; i++) {
        assert_int_equal(atomic_load(&p->commit[i]->users), 1);
        news_batch_release(p->commit[i]);
    }
}

/* --- what they say --- */

static bool is_gone(const struct news_batch *b, uint32_t customer)
{
    for (uint32_t i = 0; i < b->gone_n; i++)
        if (b->gone[i].customer == customer)
            return true;
    return false;
}

/* What stands of a customer, told by his commits. */
struct told {
    uint32_t n;
    int64_t ms; /* of all his facts, together */
    bool gone;
    int64_t seq; /* of the last commit that he was gone in */
};

static struct told told_of(const struct past *p, uint32_t n, uint32_t customer)
{
    struct told t = {0};

    while (n-- && !t.gone) {
        const struct news_batch *b = p->commit[n];

        for (uint32_t i = 0; i < b->n; i++)
            if (b->fact[i].customer == customer) {
                t.n++;
                t.ms += b->fact[i].at_ms;
            }
        t.gone = is_gone(b, customer);
        t.seq = t.gone ? b->seq : 0;
    }
    return t;
}

static void need_customer(struct past *p, const struct news *news, uint32_t customer,
                          const struct told *t)
{
    struct gone_set gone = {.n = 0};
    uint32_t place = customer % CHUNK_CUSTOMERS;
    struct fact *fact;
    struct err err;
    int64_t ms = 0;
    size_t n;

    assert_true(news_gather(news, place, place + 1, below(p, 2), &gone, &fact, &n, &err));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(fact[i].customer, customer);
        ms += fact[i].at_ms;
    }
    assert_int_equal(n, t->n);
    assert_true(ms == t->ms);
    assert_int_equal(gone.n, t->gone);
    assert_int_equal(gone.is[place], t->gone);
    mem_free(fact);
}

/* Each link is so much larger than the next newer one that there are few. */
static void need_few_links(const struct news *news)
{
    uint32_t links = 0, most = 1;

    for (uint32_t n = news->n + news->gone_n; n < COMMITS * 40; n = 2 * n + !n)
        most++;
    for (const struct news *at = news; at; at = at->older)
        links++;
    assert_true(links <= most);
}

static void need_chunk(struct past *p, const struct known *held, uint32_t k)
{
    const struct chunk_state *state = image_get(held->image, k);
    int64_t since = 3 * (int64_t)below(p, COMMITS);
    bool told[CHUNK_CUSTOMERS] = {false};
    uint32_t count[CHUNK_CUSTOMERS] = {0}, all = 0, gone_n = 0;
    struct gone_set gone = {.n = 0}, counted = {.n = 0};
    int64_t last_seq = 0;

    news_told(state->news, since, told);
    news_gone(state->news, NULL, &gone);
    news_count(state->news, &counted, count);
    for (uint32_t i = 0; i < CHUNK_CUSTOMERS; i++) {
        struct told t = told_of(p, held->n, k * CHUNK_CUSTOMERS + i);

        need_customer(p, state->news, k * CHUNK_CUSTOMERS + i, &t);
        assert_int_equal(count[i], t.n);
        assert_int_equal(gone.is[i], t.gone);
        assert_int_equal(counted.is[i], t.gone);
        assert_int_equal(told[i], t.seq > since);
        last_seq = t.seq > last_seq ? t.seq : last_seq;
        all += t.n;
        gone_n += t.gone;
    }
    assert_int_equal(gone.n, gone_n);
    if (!state->news)
        return;
    need_few_links(state->news);
    assert_int_equal(state->news->all_n, all);
    assert_int_equal(state->news->has_gone, last_seq != 0);
    assert_true(state->news->told_seq == last_seq);
}

static void need_held(struct past *p, const struct known *held)
{
    uint64_t events = 0;

    if (!held->image)
        return;
    for (uint32_t k = 0; k < CUSTOMERS / CHUNK_CUSTOMERS; k++) {
        need_chunk(p, held, k);
        events += state_events(image_get(held->image, k));
    }
    assert_int_equal(held->image->events, events);
}

TEST(news_are_what_their_commits_say_one_after_the_other)
{
    size_t rounds = chance_rounds(6);

    for (size_t round = 0; round < rounds; round++) {
        struct past p;

        begin_past(&p, chance());
        while (p.n < COMMITS) {
            bring(&p);
            if (!below(&p, 9))
                hold(&p);
            if (!below(&p, 12))
                need_held(&p, &p.held[below(&p, HELD)]);
        }
        need_held(&p, &p.now);
        for (uint32_t i = 0; i < HELD; i++)
            need_held(&p, &p.held[i]);
        end_past(&p);
    }
}

/* --- folding, and failures --- */

TEST(each_batch_is_folded_once_for_each_chunk_that_has_it)
{
    struct past p;

    begin_past(&p, chance());
    for (uint32_t i = 0; i < 60; i++)
        bring(&p);
    for (uint32_t k = 0; k < CUSTOMERS / CHUNK_CUSTOMERS; k++)
        news_folding(image_get(p.now.image, k)->news, INT64_MAX);
    for (uint32_t i = 0; i < p.n; i++)
        assert_int_equal(p.commit[i]->folding, p.commit[i]->left);
    end_past(&p);
}

struct next {
    struct past *past;
    struct news_batch *commit;
};

static bool try_next(void *context, struct err *err)
{
    const struct next *next = context;
    struct image *image = next_image(next->past->now.image, next->commit, err);

    image_free(image);
    return image;
}

TEST(news_that_memory_runs_out_for_leave_the_chain_as_it_was)
{
    struct past p;

    begin_past(&p, chance());
    for (uint32_t i = 0; i < 40; i++) {
        struct next next = {&p, next_commit(&p)};

        each_oom(try_next, &next);
        need_held(&p, &p.now);
        assert_int_equal(atomic_load(&next.commit->users), 1);
        next.commit->left = 0; /* of the tries */
        news_batch_release(next.commit);
        bring(&p);
    }
    need_held(&p, &p.now);
    end_past(&p);
}
