#include "store/chunk_impl.h"

#include "base/bytes.h"
#include "base/time.h"

#include <pthread.h>
#include <string.h>

void *padded(struct arena *a, size_t n, size_t size)
{
    enum { PAD = 64 };
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes) || bytes > SIZE_MAX - PAD)
        return NULL;
    return arena_alloc(a, bytes + PAD, PAD);
}

/* --- times: how many events each customer has, up to the last who has any; then for each customer
 * the first moment (as the distance from the first moment of the customer before) and the
 * distances --- */

void part_encode_time(const struct chunk *c, struct buf *to)
{
    uint32_t customer_n = c->customer_n;
    int64_t first_ms = 0;

    while (customer_n && c->first[customer_n - 1] == c->event_n)
        customer_n--;
    put(to, customer_n);
    put(to, c->event_n);
    for (uint32_t i = 0; i < customer_n; i++)
        put(to, c->first[i + 1] - c->first[i]);
    for (uint32_t i = 0; i < customer_n; i++) {
        for (uint32_t k = c->first[i]; k < c->first[i + 1]; k++) {
            if (k == c->first[i]) {
                put(to, fold(c->at_ms[k] - first_ms));
                first_ms = c->at_ms[k];
            } else {
                put(to, (uint64_t)(c->at_ms[k] - c->at_ms[k - 1]));
            }
        }
    }
}

static void get_firsts(struct in *in, uint32_t *first, uint32_t customer_n,
                       uint32_t event_n)
{
    for (uint32_t i = 0; i < customer_n; i++)
        first[i + 1] =
            first[i] + (uint32_t)get_below(in, (uint64_t)event_n - first[i] + 1);
    if (first[customer_n] != event_n)
        spoil(in, "the customers' events do not add up");
    if (customer_n && first[customer_n - 1] == event_n)
        spoil(in, "the last customer has no event");
    for (uint32_t i = customer_n; i < CHUNK_CUSTOMERS; i++)
        first[i + 1] = event_n;
}

static void get_times(struct in *in, const uint32_t *first, uint32_t customer_n,
                      int64_t *at_ms)
{
    int64_t first_ms = 0;

    for (uint32_t i = 0; i < customer_n; i++) {
        int64_t at = first_ms;

        for (uint32_t k = first[i]; k < first[i + 1]; k++) {
            uint64_t step = get(in);
            bool fits = k == first[i] ? !__builtin_add_overflow(at, unfold(step), &at)
                                      : !__builtin_add_overflow(at, step, &at);

            if (!fits || at < MOMENT_MIN || at > MOMENT_MAX) {
                spoil(in, "a moment is out of its range");
                return;
            }
            at_ms[k] = at;
            if (k == first[i])
                first_ms = at;
        }
    }
}

bool part_decode_time(str bytes, struct arena *a, struct times *out, struct err *err)
{
    struct in in = in_of(bytes);
    uint32_t customer_n = get_count(&in), event_n = get_count(&in), *first;
    int64_t *at_ms;

    if (customer_n > CHUNK_CUSTOMERS)
        spoil(&in, "it has too many customers");
    if (in.wrong)
        return in_end(&in, err);
    first =
        padded(a, CHUNK_CUSTOMERS + 1, sizeof *first); /* those behind have no events */
    at_ms = padded(a, event_n, sizeof *at_ms);
    if (!first || !at_ms)
        return err_nomem(err);
    get_firsts(&in, first, customer_n, event_n);
    if (!in.wrong)
        get_times(&in, first, customer_n, at_ms);
    out->customer_n = customer_n;
    out->event_n = event_n;
    out->first = first;
    out->at_ms = at_ms;
    return in_end(&in, err);
}

/* --- types: one number an event --- */

void part_encode_type(const struct chunk *c, struct buf *to)
{
    for (uint32_t i = 0; i < c->event_n; i++)
        put(to, c->type[i]);
}

bool part_decode_type(str bytes, const struct catalog *catalog, uint32_t event_n,
                      struct arena *a, const uint16_t **out, struct err *err)
{
    struct in in = in_of(bytes);
    uint16_t *type = padded(a, event_n, sizeof *type);

    if (!type)
        return err_nomem(err);
    for (uint32_t i = 0; i < event_n; i++)
        type[i] = (uint16_t)get_below(&in, catalog->type.n);
    *out = type;
    return in_end(&in, err);
}

/* --- ids --- */

void part_encode_id(const str *id, uint32_t n, struct buf *to)
{
    put_texts(to, id, n);
}

/* Events of one customer and one moment are ordered by their ids. */
static void check_ties(struct in *in, const struct chunk *c, const str *id)
{
    for (uint32_t i = 0; i < c->customer_n; i++) {
        for (uint32_t k = c->first[i] + 1; k < c->first[i + 1]; k++) {
            if (c->at_ms[k] == c->at_ms[k - 1] && str_cmp(id[k - 1], id[k]) >= 0)
                spoil(in, "the message ids are out of order");
        }
    }
}

bool part_decode_id(str bytes, const struct chunk *c, struct arena *a, const str **out,
                    struct err *err)
{
    str *id = arena_array(a, str, c->event_n);
    struct in in = in_of(bytes);

    if (!id)
        return err_nomem(err);
    if (!get_texts(&in, a, id, c->event_n, err))
        return false;
    if (!in.wrong)
        check_ties(&in, c, id);
    *out = id;
    return in_end(&in, err);
}

/* --- cells: how many, the distances between their events, and by the column's type: numbers,
 * or texts as places in a dictionary whose words stand in the order of their first use --- */

static void put_words(const struct cells *cells, const uint32_t *text, size_t n,
                      struct buf *to)
{
    put(to, cells->word_n);
    put_texts(to, cells->word, cells->word_n);
    for (size_t i = 0; i < n; i++)
        put(to, text[i]);
}

static void get_words(struct in *in, uint32_t words, uint32_t *text, size_t n)
{
    uint32_t used = 0;

    for (size_t i = 0; i < n; i++) {
        text[i] = (uint32_t)get_below(in, words < used + (uint64_t)1 ? words : used + 1);
        if (in->wrong)
            return;
        used += text[i] == used;
    }
    if (used != words)
        spoil(in, "a word is not used");
}

/* The words live in `a`. */
static bool get_dictionary(struct in *in, struct arena *a, struct cells *out,
                           struct err *err)
{
    uint32_t n = get_count(in);
    str *word = arena_array(a, str, n);

    if (!word)
        return err_nomem(err);
    out->word = word;
    out->word_n = n;
    return get_texts(in, a, word, n, err);
}

static bool get_coded_texts(struct in *in, struct arena *a, struct cells *out,
                            uint32_t *text, size_t n, struct err *err)
{
    if (!get_dictionary(in, a, out, err))
        return false;
    if (!in->wrong)
        get_words(in, out->word_n, text, n);
    return true;
}

void part_encode_cells(const struct cells *cells, struct buf *to)
{
    put(to, cells->n);
    for (uint32_t i = 0; i < cells->n; i++)
        put(to, i ? cells->event[i] - cells->event[i - 1] : cells->event[i]);
    switch (cells->type) {
    case VALUE_BOOL:
        for (uint32_t i = 0; i < cells->n; i++)
            put(to, (uint64_t)cells->number[i]);
        break;
    case VALUE_NUMBER:
        for (uint32_t i = 0; i < cells->n; i++)
            put(to, fold(cells->number[i]));
        break;
    case VALUE_TEXT:
        put_words(cells, cells->text, cells->n, to);
        break;
    case VALUE_LIST:
        for (uint32_t i = 0; i < cells->n; i++)
            put(to, cells->list_first[i + 1] - cells->list_first[i]);
        put_words(cells, cells->list_item, cells->list_first[cells->n], to);
        break;
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        break;
    }
}

static pthread_once_t dense_once = PTHREAD_ONCE_INIT;
static uint32_t
    dense[DENSE_EVENTS + 16]; /* may be read over the end, as what is padded */

static void fill_dense(void)
{
    for (uint32_t i = 0; i < DENSE_EVENTS; i++)
        dense[i] = i;
}

const uint32_t *dense_places(uint32_t n)
{
    if (n > DENSE_EVENTS)
        return NULL;
    pthread_once(&dense_once, fill_dense);
    return dense;
}

/* A distance of 0, then all are 1. */
static void skip_dense(struct in *in, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (get(in) != (i > 0))
            spoil(in, "two values belong to one event");
    }
}

static void get_steps(struct in *in, uint32_t *event, uint32_t n, uint32_t event_n)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint64_t step = get_below(in, event_n - at);

        if (i && !step)
            spoil(in, "two values belong to one event");
        if (in->wrong)
            return;
        at += (uint32_t)step;
        event[i] = at;
    }
}

static bool get_places(struct in *in, struct cells *out, uint32_t event_n,
                       struct arena *a, struct err *err)
{
    uint32_t *event;

    if (out->n == event_n && dense_places(event_n)) {
        skip_dense(in, event_n);
        out->event = dense_places(event_n);
        return true;
    }
    event = padded(a, out->n, sizeof *event);
    if (!event)
        return err_nomem(err);
    get_steps(in, event, out->n, event_n);
    out->event = event;
    return true;
}

static bool get_numbers(struct in *in, struct arena *a, struct cells *out,
                        struct err *err)
{
    int64_t *number = padded(a, out->n, sizeof *number);

    if (!number)
        return err_nomem(err);
    for (uint32_t i = 0; i < out->n; i++)
        number[i] = out->type == VALUE_BOOL ? (int64_t)get_below(in, 2) : unfold(get(in));
    out->number = number;
    return true;
}

static bool get_column_texts(struct in *in, struct arena *a, struct cells *out,
                             struct err *err)
{
    uint32_t *text = padded(a, out->n, sizeof *text);

    out->text = text;
    return text ? get_coded_texts(in, a, out, text, out->n, err) : err_nomem(err);
}

static bool get_lists(struct in *in, struct arena *a, struct cells *out, struct err *err)
{
    uint32_t *first = padded(a, (size_t)out->n + 1, sizeof *first), *item;

    if (!first)
        return err_nomem(err);
    for (uint32_t i = 0; i < out->n; i++) {
        uint32_t n = get_count(in);

        if (n > left(in) || first[i] > left(in) - n)
            spoil(in, "a list is cut off");
        if (in->wrong)
            return true;
        first[i + 1] = first[i] + n;
    }
    item = padded(a, first[out->n], sizeof *item);
    out->list_first = first;
    out->list_item = item;
    return item ? get_coded_texts(in, a, out, item, first[out->n], err) : err_nomem(err);
}

bool part_decode_cells(str bytes, enum value_type type, uint32_t event_n, struct arena *a,
                       struct cells *out, struct err *err)
{
    struct in in = in_of(bytes);
    bool ok = true;

    *out = (struct cells){.type = type, .n = get_count(&in)};
    if (!get_places(&in, out, event_n, a, err))
        return false;
    if (in.wrong)
        return in_end(&in, err);
    switch (type) {
    case VALUE_BOOL:
    case VALUE_NUMBER:
        ok = get_numbers(&in, a, out, err);
        break;
    case VALUE_TEXT:
        ok = get_column_texts(&in, a, out, err);
        break;
    case VALUE_LIST:
        ok = get_lists(&in, a, out, err);
        break;
    case VALUE_NULL:
        break;
    case VALUE_MISSING:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        spoil(&in, "its column is of a type that no value has");
        break;
    }
    return ok && in_end(&in, err);
}

/* --- anchors: a column of numbers --- */

bool part_decode_anchor(str bytes, const struct chunk *c, uint32_t customers,
                        struct arena *a, struct cells *out, struct err *err)
{
    uint32_t customer = 0;

    if (!part_decode_cells(bytes, VALUE_NUMBER, c->event_n, a, out, err))
        return false;
    if (!out->n)
        return err_set(err, ERR_CORRUPT, "it says nothing");
    for (uint32_t i = 0; i < out->n; i++) {
        while (c->first[customer + 1] <= out->event[i])
            customer++;
        if (out->number[i] < 0 || out->number[i] >= customers
            || out->number[i] == (int64_t)c->customer_first + customer)
            return err_set(err, ERR_CORRUPT, "an anchor is out of its range");
    }
    return true;
}

/* --- rare columns: how many columns the chunk has; for each its number, and how many bytes it has
 * here, 0 when it has a part of its own; then the bytes --- */

void rare_add(struct rare *r, uint32_t column, str bytes)
{
    put(&r->entries, column);
    put(&r->entries, bytes.n);
    buf_add(&r->bytes, bytes);
    r->n++;
}

void part_encode_rare(const struct rare *r, struct buf *to)
{
    put(to, r->n);
    buf_add(to, buf_str(&r->entries));
    buf_add(to, buf_str(&r->bytes));
    to->failed |= r->entries.failed || r->bytes.failed;
}

void rare_free(struct rare *r)
{
    buf_free(&r->entries);
    buf_free(&r->bytes);
}

static bool cut_bytes(struct in *in, str *bytes, uint32_t n, struct arena *a,
                      struct err *err)
{
    str all = arena_str(a, (str){(const char *)in->p, left(in)});

    if (!all.p)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        if (bytes[i].n > all.n)
            spoil(in, "a column is cut off");
        if (in->wrong)
            return true;
        bytes[i].p = all.p;
        all = str_from(all, bytes[i].n);
    }
    in->p = in->end - all.n;
    return true;
}

bool part_decode_rare(str bytes, const struct catalog *catalog, struct arena *a,
                      struct directory *out, struct err *err)
{
    struct in in = in_of(bytes);
    uint32_t n = get_count(&in), *column = arena_array(a, uint32_t, n);
    str *part = arena_array(a, str, n);

    if (!column || !part)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        column[i] = (uint32_t)get_below(&in, catalog->column_n);
        if (i && column[i] <= column[i - 1])
            spoil(&in, "its columns are out of order");
        part[i].n = get_count(&in);
    }
    if (!in.wrong && !cut_bytes(&in, part, n, a, err))
        return false;
    *out = (struct directory){n, column, part};
    return in_end(&in, err);
}
