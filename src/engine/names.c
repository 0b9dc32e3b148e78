#include "engine/names.h"

bool names_fit(struct io *io, const struct model *m, const struct catalog *names,
               struct err *err)
{
    struct model *model;

    if (model_compile(io, m->text, names, &model, err)) {
        model_free(model);
        return true;
    }
    if (err->code != ERR_INPUT)
        return false;
    err_in(err,
           "with the types of these values the model has a fault in line %d, column %d "
           "(declare the type that you mean under events: or traits:, ciclo model apply, "
           "then send them again)",
           err->line, err->column);
    err->line = err->column = 0;
    return false;
}

void names_free(struct names *n)
{
    text_table_free(&n->key);
    arena_free(&n->arena);
    *n = (struct names){};
}

/* --- what an event brings --- */

/* Of a trait `type` is empty; an event's is not. */
static bool key_find(const struct names *n, str type, const struct property *p,
                     struct buf *key, uint32_t *place)
{
    buf_clear(key);
    buf_add_format(key, "%d", (int)p->value.type);
    buf_add(key, type);
    buf_add_char(key, 0);
    buf_add(key, p->name);
    *place = key->failed ? TEXT_NONE : text_table_find(&n->key, buf_str(key));
    return !key->failed;
}

static bool properties_check(const struct names *n, str type, const struct property *p,
                             uint32_t count, struct buf *key, struct err *err)
{
    uint32_t place;

    for (uint32_t i = 0; i < count; i++) {
        if (!key_find(n, type, &p[i], key, &place))
            return err_nomem(err);
        if (place != TEXT_NONE)
            return err_set(err, ERR_INPUT, "%.*s", STR_FMT(n->reason[place]));
    }
    return true;
}

bool names_check(const struct names *n, const struct event *event, struct err *err)
{
    struct buf key = {};
    bool ok;

    if (!n->n)
        return true;
    ok = properties_check(n, event->type, event->property, event->property_n, &key, err)
         && properties_check(n, STR(""), event->trait, event->trait_n, &key, err);
    buf_free(&key);
    return ok;
}

/* --- what breaks the model --- */

/* A type of event with a column of a property, or a column of a trait alone: its type is then
 * TYPE_IDENTIFY. */
struct hunt {
    struct names *names;
    struct io *io;
    const struct model *model;
    const struct catalog *now, *all;
    struct catalog sound;   /* what the model can be read with */
    struct sighting *thing; /* that it may not be read with */
    uint32_t n;
    struct buf key;
};

static bool take(struct hunt *h, const struct sighting *s, struct err *err)
{
    const struct column *c = &h->all->column[s->column];
    uint32_t type, column;

    return catalog_column_add(&h->sound, c->name, c->trait, c->type, &column, err)
           && (c->trait
               || ((text_table_add(&h->sound.type, text_table_get(&h->all->type, s->type),
                                   &type)
                    || err_nomem(err))
                   && catalog_sight(&h->sound, type, column, err)));
}

static bool make_room(struct names *n)
{
    str *more = arena_array(&n->arena, str, n->n ? 2 * (size_t)n->n : 1);

    for (uint32_t i = 0; more && i < n->n; i++)
        more[i] = n->reason[i];
    n->reason = more ? more : n->reason;
    return more;
}

static bool note(struct hunt *h, const struct sighting *s, const struct err *why,
                 struct err *err)
{
    struct names *n = h->names;
    const struct column *c = &h->all->column[s->column];
    struct property p = {.name = c->name, .value = {.type = c->type}};
    str type = c->trait ? STR("") : text_table_get(&h->all->type, s->type);
    str reason = arena_str(&n->arena, str_of(why->msg));
    uint32_t place;

    if (!reason.p || !key_find(n, type, &p, &h->key, &place)
        || !(n->n & (n->n - 1) || make_room(n)) /* no power of two: there is room */
        || !text_table_add(&n->key, buf_str(&h->key), &place))
        return err_nomem(err);
    n->reason[n->n++] = reason;
    return true;
}

/* All things from `from` on up to `to` are sound, or those that are not are found by halves. */
static bool try(struct hunt *h, uint32_t from, uint32_t to, struct err *err)
{
    struct catalog_mark before = catalog_mark(&h->sound);
    uint32_t middle = from + (to - from) / 2;
    struct err why;

    if (from == to)
        return true;
    for (uint32_t i = from; i < to; i++)
        if (!take(h, &h->thing[i], err))
            return false;
    if (names_fit(h->io, h->model, &h->sound, &why))
        return true;
    if (why.code != ERR_INPUT) {
        *err = why;
        return false;
    }
    catalog_return(&h->sound, &before);
    if (to - from == 1)
        return note(h, &h->thing[from], &why, err);
    return try(h, from, middle, err) && try(h, middle, to, err);
}

/* What the live model learned a type of, and would learn another of. */
static bool may_break(const struct hunt *h, const struct sighting *s)
{
    const struct dictionary *d = &h->model->dictionary;
    const struct column *c = &h->all->column[s->column];
    const struct dictionary_event *event;
    const struct dictionary_property *p;

    if (c->trait) {
        p = dictionary_trait(d, c->name);
    } else {
        event = dictionary_event(d, text_table_get(&h->all->type, s->type));
        p = event ? dictionary_property(d, event, c->name) : NULL;
    }
    return p && p->learned && c->type > p->type;
}

static bool fill(struct hunt *h, struct err *err)
{
    struct sighting s;

    h->thing =
        mem_alloc((h->all->sighting_n + (size_t)h->all->column_n + 1) * sizeof *h->thing);
    if (!h->thing)
        return err_nomem(err);
    for (uint32_t i = 0; i < h->all->column_n + h->all->sighting_n; i++) {
        bool is_trait = i < h->all->column_n;
        bool is_known =
            is_trait ? i < h->now->column_n : i - h->all->column_n < h->now->sighting_n;

        s = is_trait ? (struct sighting){TYPE_IDENTIFY, i}
                     : h->all->sighting[i - h->all->column_n];
        if (h->all->column[s.column].trait != is_trait)
            continue;
        if (!is_known && may_break(h, &s))
            h->thing[h->n++] = s;
        else if (!take(h, &s, err))
            return false;
    }
    return true;
}

bool names_learn(struct names *n, struct io *io, const struct model *m,
                 const struct catalog *now, const struct catalog *all, struct err *err)
{
    struct hunt h = {.names = n, .io = io, .model = m, .now = now, .all = all};
    uint32_t before = n->n;
    bool ok = catalog_init(&h.sound, err) && fill(&h, err) && try(&h, 0, h.n, err);

    if (ok && n->n == before)
        ok = err_set(err, ERR_CORRUPT,
                     "the live model cannot be read with the names that came, and no "
                     "one of them is the reason");
    catalog_free(&h.sound);
    mem_free(h.thing);
    buf_free(&h.key);
    return ok;
}
