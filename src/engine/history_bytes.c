#include "base/bytes.h"
#include "engine/history_impl.h"

/* How a way is written. */
enum { CAME_IN, WENT_OUT, FIRST_WAY };

static uint64_t code_of(uint16_t way)
{
    return way == WAY_START ? CAME_IN : way == WAY_OUT ? WENT_OUT : FIRST_WAY + way;
}

/* --- writing --- */

static void put_moments(const struct history *one, uint32_t list, struct buf *to)
{
    const struct span *span = spans_of(one, list);
    int64_t before_ms = 0;

    for (uint32_t i = 0; i < one->customer_n; i++) {
        const struct move *move = one->move + span[i].first;
        int64_t last_ms;

        if (!span[i].n)
            continue;
        last_ms = move->at_ms;
        put(to, fold(last_ms - before_ms));
        before_ms = last_ms;
        for (uint32_t k = 1; k < span[i].n; k++) {
            put(to, (uint64_t)(move[k].at_ms - last_ms));
            last_ms = move[k].at_ms;
        }
    }
}

static void put_ways(const struct history *one, uint32_t lifecycle, struct buf *to)
{
    const struct span *span = spans_of(one, lifecycle);

    for (uint32_t i = 0; i < one->customer_n; i++)
        for (uint32_t k = 0; k < span[i].n; k++)
            put(to, code_of(one->move[span[i].first + k].way));
}

/* Who enters a segment and who leaves it. */
static void put_segments(const struct history *one, uint32_t list, struct buf *to)
{
    const struct span *span = spans_of(one, list);

    for (uint32_t i = 0; i < one->customer_n; i++)
        for (uint32_t k = 0; k < span[i].n; k++) {
            const struct move *move = &one->move[span[i].first + k];

            put(to, 2 * (uint64_t)move->way + move->to);
        }
}

static void put_loops(const struct history *one, uint32_t lifecycle, struct buf *to)
{
    const struct looped *of = one->looped ? &one->looped[lifecycle] : &(struct looped){};
    uint32_t before = 0;

    put(to, of->n);
    for (uint32_t k = 0; k < of->n; k++) {
        put(to, of->loop[k].way_n);
        for (uint32_t i = 0; i < of->loop[k].way_n; i++)
            put(to, of->loop[k].way[i]);
    }
    put(to, of->met_n);
    for (uint32_t i = 0; i < of->met_n; i++) {
        const struct met *met = &of->met[i];

        put(to, met->place - before);
        put(to, met->kind);
        put(to, (uint64_t)(one->now_ms - met->at_ms));
        put(to, met->times);
        before = met->place;
    }
}

void history_encode(const struct histories *h, const struct history *one, struct buf *to)
{
    uint32_t n = one->customer_n;

    put(to, h->meaning);
    put(to, fold(one->now_ms));
    put(to, (uint64_t)one->seq);
    put(to, n);
    for (uint32_t i = 0; i < n; i++)
        put(to, one->event_n[i]);
    for (uint32_t i = 0; i < n; i++) {
        bool never = one->next[i] == MOMENT_NEVER;

        put(to, never ? 0 : (uint64_t)(one->next[i] - one->now_ms));
    }
    put(to, h->list_n);
    for (uint32_t l = 0; l < h->list_n; l++)
        for (uint32_t i = 0; i < n; i++)
            put(to, spans_of(one, l)[i].n);
    for (uint32_t l = 0; l < h->list_n; l++) {
        put_moments(one, l, to);
        if (l < h->lifecycle_n)
            put_ways(one, l, to);
        else
            put_segments(one, l, to);
    }
    for (uint32_t l = 0; l < h->lifecycle_n; l++)
        put_loops(one, l, to);
}

/* --- reading --- */

static int64_t moment_from(struct in *in, int64_t from_ms, int64_t distance,
                           int64_t until_ms)
{
    int64_t at_ms;

    if (!__builtin_add_overflow(from_ms, distance, &at_ms) && at_ms >= MOMENT_MIN
        && at_ms <= until_ms)
        return at_ms;
    spoil(in, "a moment is out of its range");
    return from_ms;
}

/* How many moves there are in all, out of so many numbers. */
static size_t count_moves(struct in *in, size_t numbers)
{
    size_t all = 0;

    for (size_t i = 0; i < numbers; i++)
        all += get_count(in);
    if (all > left(in)) /* each takes a byte and more */
        spoil(in, "a count is larger than what follows");
    return all;
}

static void get_customers(struct in *in, struct history *one)
{
    uint64_t events = 0;

    one->next_ms = MOMENT_NEVER;
    for (uint32_t i = 0; i < one->customer_n; i++)
        events += one->event_n[i] = (uint32_t)get_below(in, UINT32_MAX);
    if (events > UINT32_MAX)
        spoil(in, "there are too many events");
    one->events = (uint32_t)events;
    for (uint32_t i = 0; i < one->customer_n; i++) {
        int64_t wait_ms = (int64_t)get_below(in, INT64_MAX);

        one->next[i] = wait_ms ? moment_from(in, one->now_ms, wait_ms, MOMENT_NEVER - 1)
                               : MOMENT_NEVER;
        if (one->next[i] < one->next_ms)
            one->next_ms = one->next[i];
    }
}

static void get_spans(struct in *in, struct history *one, uint32_t lists)
{
    for (uint32_t i = 0; i < lists * one->customer_n; i++) {
        one->span[i] = (struct span){one->move_n, (uint32_t)get_count(in)};
        one->move_n += one->span[i].n;
    }
}

static void get_moments(struct in *in, const struct history *one, const struct span *span)
{
    int64_t before_ms = 0;

    for (uint32_t i = 0; i < one->customer_n; i++) {
        struct move *move = one->move + span[i].first;
        int64_t at_ms = before_ms;

        for (uint32_t k = 0; k < span[i].n; k++) {
            int64_t distance = k ? (int64_t)get_below(in, INT64_MAX) : unfold(get(in));

            at_ms = moment_from(in, at_ms, distance, one->now_ms);
            move[k].at_ms = at_ms;
            if (!k)
                before_ms = at_ms;
        }
    }
}

/* From where he stands; what the way says itself is not written. */
static struct move get_way(struct in *in, const struct lifecycle *l, uint16_t from)
{
    uint64_t code = get_below(in, (uint64_t)FIRST_WAY + l->way_n);
    bool is_in = from != STAGE_NONE;

    if (is_in == (code == CAME_IN))
        spoil(in, "a move does not begin where the one before ended");
    if (code == CAME_IN)
        return (struct move){0, from, l->start, WAY_START};
    if (code == WENT_OUT)
        return (struct move){0, from, STAGE_NONE, WAY_OUT};
    code -= FIRST_WAY;
    return (struct move){0, from, l->way[code].to, (uint16_t)code};
}

static void get_ways(struct in *in, const struct history *one, const struct span *span,
                     const struct lifecycle *l)
{
    for (uint32_t i = 0; i < one->customer_n; i++) {
        struct move *move = one->move + span[i].first;
        uint16_t from = STAGE_NONE;

        for (uint32_t k = 0; k < span[i].n && !in->wrong; k++) {
            struct move m = get_way(in, l, from);

            m.at_ms = move[k].at_ms;
            move[k] = m;
            from = m.to;
        }
    }
}

static void get_segments(struct in *in, const struct history *one,
                         const struct span *span, uint32_t segments)
{
    for (uint32_t i = 0; i < one->customer_n; i++) {
        struct move *move = one->move + span[i].first;

        for (uint32_t k = 0; k < span[i].n && !in->wrong; k++) {
            uint64_t code = get_below(in, 2 * (uint64_t)segments);

            move[k].way = (uint16_t)(code / 2);
            move[k].to = code % 2;
            move[k].from = !move[k].to;
            if (k && move[k].at_ms == move[k - 1].at_ms && move[k].way <= move[k - 1].way)
                spoil(in, "the segments of a moment are not in their order");
        }
    }
}

/* Moves that lead round, from the one that stands first in the text. */
static bool get_kind(struct in *in, const struct lifecycle *l, struct arena *a,
                     struct loop *out, struct err *err)
{
    uint32_t n = (uint32_t)get_below(in, l->stage_n + 1ull);
    uint16_t *way;

    if (n == 0 || n > left(in)) {
        spoil(in, "a ring has no moves, or more than follow");
        return true;
    }
    way = arena_array(a, uint16_t, n);
    if (!way)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        way[i] = (uint16_t)get_below(in, l->way_n);
        if (i > 0 && way[i] <= way[0])
            spoil(in, "a ring does not begin with its first move");
    }
    *out = (struct loop){.way = way, .way_n = n};
    return true;
}

/* Who met them: in the order of the customers, each kind numbered as it comes up. */
static void get_mets(struct in *in, const struct history *one, struct looped *to)
{
    uint32_t place = 0, kinds = 0, his = 0;

    for (uint32_t i = 0; i < to->met_n && !in->wrong; i++) {
        struct met *met = &to->met[i];
        uint64_t further = get_below(in, one->customer_n - place);

        place += (uint32_t)further;
        his = further ? 1 : his + 1;
        if (his > LOOPS_MAX)
            spoil(in, "a customer has more rings than are kept");
        met->place = place;
        met->kind = (uint32_t)get_below(in, kinds < to->n ? kinds + 1 : kinds);
        kinds += met->kind == kinds;
        met->at_ms =
            moment_from(in, one->now_ms, -(int64_t)get_below(in, INT64_MAX), one->now_ms);
        met->times = get_below(in, INT64_MAX);
        if (!met->times)
            spoil(in, "a ring was never met");
    }
    if (kinds < to->n)
        spoil(in, "a ring was never met");
}

/* False: memory ran out. */
static bool get_loops(struct in *in, struct history *one, uint32_t lifecycle,
                      const struct histories *h, struct err *err)
{
    struct looped to = {.n = get_count(in)};

    if (to.n) {
        to.loop = arena_array(&one->arena, struct loop, to.n);
        if (!to.loop)
            return err_nomem(err);
    }
    for (uint32_t k = 0; k < to.n && !in->wrong; k++)
        if (!get_kind(in, h->model->lifecycles[lifecycle], &one->arena, &to.loop[k], err))
            return false;
    to.met_n = get_count(in);
    if (!to.met_n != !to.n)
        spoil(in, "a ring was never met");
    if (in->wrong || !to.n)
        return true;
    if (!one->looped)
        one->looped = arena_array(&one->arena, struct looped, h->list_n);
    to.met = arena_array(&one->arena, struct met, to.met_n);
    if (!one->looped || !to.met)
        return err_nomem(err);
    get_mets(in, one, &to);
    if (!in->wrong)
        loops_sum_up(&to);
    one->looped[lifecycle] = to;
    return true;
}

/* All that follows the number of customers; false: memory ran out. */
static bool get_history(struct in *in, struct history *one, const struct histories *h,
                        struct err *err)
{
    uint32_t lifecycles = h->lifecycle_n;

    get_customers(in, one);
    get(in); /* the number of lists */
    get_spans(in, one, h->list_n);
    for (uint32_t l = 0; l < lifecycles; l++) {
        get_moments(in, one, spans_of(one, l));
        get_ways(in, one, spans_of(one, l), h->model->lifecycles[l]);
    }
    if (has_members(h)) {
        get_moments(in, one, spans_of(one, lifecycles));
        get_segments(in, one, spans_of(one, lifecycles), h->model->segments->segment_n);
    }
    for (uint32_t l = 0; l < lifecycles; l++)
        if (!get_loops(in, one, l, h, err))
            return false;
    return true;
}

bool history_decode(const struct histories *h, str bytes, struct history *out, bool *fits,
                    struct err *err)
{
    struct in in = in_of(bytes), ahead;
    struct history one = {};
    size_t moves;

    *fits = get(&in) == h->meaning;
    if (!*fits)
        return true;
    one.now_ms = moment_from(&in, 0, unfold(get(&in)), MOMENT_NEVER - 1);
    one.seq = (int64_t)get_below(&in, INT64_MAX);
    one.customer_n = (uint32_t)get_below(&in, CHUNK_CUSTOMERS + 1);
    /* First a look ahead, at how much room is needed. */
    ahead = in;
    for (uint32_t i = 0; i < 2 * one.customer_n; i++)
        get(&ahead);
    if (get(&ahead) != h->list_n)
        spoil(&ahead, "it is of another number of lifecycles");
    moves = count_moves(&ahead, (size_t)h->list_n * one.customer_n);
    if (in.wrong || ahead.wrong)
        return err_set(err, ERR_CORRUPT, "%s", in.wrong ? in.wrong : ahead.wrong);
    if (!history_room(&one, h, moves, err))
        return false;
    if (!get_history(&in, &one, h, err) || !in_end(&in, err)) {
        history_free(&one);
        return false;
    }
    *out = one;
    return true;
}
