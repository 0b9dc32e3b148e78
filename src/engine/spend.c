#include "engine/spend.h"

#include <string.h>

#define END_OF_NAME '\n' /* names hold no control characters */

void spend_book_free(struct spend_book *b)
{
    text_table_free(&b->key);
    mem_free(b->minor);
    *b = (struct spend_book){};
}

/* Day, currency, teller, channel, campaign. */
static bool put_key(struct buf *to, const struct spend_row *row)
{
    const str name[] = {row->source, row->channel, row->campaign};

    buf_clear(to);
    buf_add(to, (str){(const char *)&row->day, sizeof row->day});
    buf_add(to, (str){row->currency, 3});
    for (size_t i = 0; i < 3; i++) {
        buf_add(to, name[i]);
        buf_add_char(to, END_OF_NAME);
    }
    return !to->failed;
}

bool spend_book_find(struct spend_book *b, const struct spend_row *row, bool add,
                     uint32_t *number, struct err *err)
{
    struct buf key = {};
    bool ok = put_key(&key, row);

    if (ok && add && b->key.n == b->cap) {
        uint32_t cap = b->cap ? b->cap * 2 : 64;
        int64_t *more = mem_resize(b->minor, cap * sizeof *more);

        ok = more;
        if (more) {
            b->minor = more;
            b->cap = cap;
        }
    }
    if (ok && add)
        ok = text_table_add(&b->key, buf_str(&key), number);
    else if (ok)
        *number = text_table_find(&b->key, buf_str(&key));
    buf_free(&key);
    return ok || err_nomem(err);
}

static str next_name(str *rest)
{
    const char *end = memchr(rest->p, END_OF_NAME, rest->n);
    str name = {rest->p, (size_t)(end - rest->p)};

    *rest = str_from(*rest, name.n + 1);
    return name;
}

struct spend_row spend_book_row(const struct spend_book *b, uint32_t number)
{
    str rest = text_table_get(&b->key, number);
    struct spend_row row = {.minor = b->minor[number]};

    memcpy(&row.day, rest.p, sizeof row.day);
    rest = str_from(rest, sizeof row.day);
    memcpy(row.currency, rest.p, 3);
    rest = str_from(rest, 3);
    row.source = next_name(&rest);
    row.channel = next_name(&rest);
    row.campaign = next_name(&rest);
    return row;
}

struct loading {
    struct spend_book *book;
    struct err err;
    bool ok;
};

static bool take(void *context, [[maybe_unused]] int64_t told_ms,
                 const struct spend_row *row)
{
    struct loading *l = context;
    uint32_t number;

    l->ok = spend_book_find(l->book, row, true, &number, &l->err);
    if (l->ok)
        l->book->minor[number] = row->minor;
    return l->ok;
}

bool spend_book_load(struct spend_book *b, struct engine *e, struct err *err)
{
    struct loading l = {.book = b, .ok = true};

    if (!snapshot_each_spend(engine_snapshot(e), take, &l, err))
        return false;
    if (!l.ok)
        *err = l.err;
    return l.ok;
}
