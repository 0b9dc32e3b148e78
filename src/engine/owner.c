#include "engine/owner.h"

#include "identity/people.h"

static bool begin(void *context, struct err *err)
{
    struct owner *o = context;

    return people_new(&o->people, err);
}

/* Nothing is taken back here: a mark after each keeps the journals empty. */
static bool give(void *context, const struct event *e, struct err *err)
{
    struct owner *o = context;

    if (!people_add(o->people, e, err))
        return false;
    people_mark(o->people);
    return true;
}

static bool home(void *context, str anchor, str *out, struct err *err)
{
    struct owner *o = context;

    return people_home(o->people, anchor, out, err);
}

static bool bytes(void *context, struct buf *to, struct err *err)
{
    struct owner *o = context;

    return graph_encode_sorted(people_graph(o->people), to, err);
}

static void end(void *context)
{
    struct owner *o = context;

    people_free(o->people);
    people_free(o->kept);
    o->people = o->kept = NULL;
}

static bool take(void *context, str row, struct err *err)
{
    struct owner *o = context;

    return (o->kept || people_new(&o->kept, err))
           && graph_decode(people_graph(o->kept), row, err);
}

/* Each graph has one sorted form. */
static bool same(void *context, bool *same, struct err *err)
{
    struct owner *o = context;
    struct buf given = {}, kept = {};
    bool ok = (o->kept || people_new(&o->kept, err))
              && graph_decoded(people_graph(o->kept), err) && bytes(o, &given, err)
              && graph_encode_sorted(people_graph(o->kept), &kept, err);

    *same = ok && str_eq(buf_str(&given), buf_str(&kept));
    buf_free(&given);
    buf_free(&kept);
    return ok;
}

void owner_init(struct owner *o)
{
    *o = (struct owner){.store = {begin, give, home, bytes, end, o, take, same}};
}
