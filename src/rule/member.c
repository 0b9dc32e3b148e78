#include "rule/member.h"

static void put_id(struct buf *to, struct id id)
{
    buf_clear(to);
    if (id.kind != ID_USER && id.kind != ID_OTHER) {
        buf_add(to, id_kind_name(id.kind));
        buf_add_char(to, ':');
    }
    buf_add(to, id.value);
}

/* The members' ids as words; one member often does several things in a row. */
static bool fill(const struct chunk *c, const struct cells *members,
                 struct text_table *words, uint32_t *text, struct err *err)
{
    const struct catalog *catalog = chunk_catalog(c);
    struct buf id = {};
    bool ok = true;

    for (uint32_t i = 0; ok && i < members->n; i++) {
        if (i && members->number[i] == members->number[i - 1]) {
            text[i] = text[i - 1];
            continue;
        }
        put_id(&id,
               id_of_key(catalog_customer_key(catalog, (uint32_t)members->number[i])));
        ok = (!id.failed && text_table_add(words, buf_str(&id), &text[i]))
             || err_nomem(err);
    }
    buf_free(&id);
    return ok;
}

static bool keep_words(const struct text_table *words, struct arena *a, struct cells *to,
                       struct err *err)
{
    str *word = arena_array(a, str, words->n);

    if (!word)
        return err_nomem(err);
    for (uint32_t i = 0; i < words->n; i++) {
        word[i] = arena_str(a, text_table_get(words, i));
        if (!word[i].p)
            return err_nomem(err);
    }
    to->word = word;
    to->word_n = words->n;
    return true;
}

static bool make(const void *context, const struct chunk *c, struct arena *a,
                 const void **out, struct err *err)
{
    const struct cells *members = context;
    struct cells *cells = arena_new(a, struct cells);
    uint32_t *event = arena_array(a, uint32_t, members->n);
    uint32_t *text = arena_array(a, uint32_t, members->n);
    struct text_table words = {};
    bool ok;

    if (!cells || !event || !text)
        return err_nomem(err);
    ok = fill(c, members, &words, text, err);
    for (uint32_t i = 0; ok && i < members->n; i++)
        event[i] = members->event[i];
    *cells =
        (struct cells){.type = VALUE_TEXT, .n = members->n, .event = event, .text = text};
    ok = ok && keep_words(&words, a, cells, err);
    text_table_free(&words);
    *out = cells;
    return ok;
}

bool members_of(const struct chunk *c, const struct cells **out, struct err *err)
{
    struct derivation d = {.by = 2, .make = make};
    const struct cells *members;

    if (!chunk_members(c, &members, err))
        return false;
    d.context = members;
    return chunk_derive(c, &d, (const void **)out, err);
}
