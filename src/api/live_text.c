#include "api/live_impl.h"
#include "base/json.h"
#include "engine/follow.h"

#include <inttypes.h>

void live_put_id(const struct live *l, uint64_t id, struct buf *to)
{
    buf_add_format(to, "id: %08" PRIx32 "-%" PRIu64 "\n", l->run, id);
}

static struct json_out begin(const char *event, struct buf *to)
{
    struct json_out j = {.to = to};

    buf_add_format(to, "event: %s\ndata: ", event);
    json_begin_object(&j);
    return j;
}

static void end(struct json_out *j)
{
    json_end_object(j);
    buf_add(j->to, STR("\n\n"));
}

static const struct catalog *names(const struct live *l)
{
    return snapshot_catalog(engine_snapshot(l->engine));
}

static void put_stage(struct json_out *j, const struct lifecycle *l, uint16_t stage)
{
    if (stage == STAGE_NONE)
        json_put_null(j);
    else
        json_put_text(j, lifecycle_stage_name(l, stage));
}

static void put_move(const struct live *live, const struct happening *h, struct buf *to)
{
    const struct lifecycle *l = engine_model(live->engine)->lifecycles[h->lifecycle];
    struct json_out j = begin("move", to);

    json_key(&j, "customer");
    json_put_text(&j, catalog_customer_id(names(live), h->customer));
    json_key(&j, "lifecycle");
    json_put_text(&j, l->name);
    json_key(&j, "from");
    put_stage(&j, l, h->from);
    json_key(&j, "to");
    put_stage(&j, l, h->to);
    json_key(&j, "at");
    json_put_moment(&j, h->at_ms);
    json_key(&j, "rule");
    if (h->way < l->way_n)
        json_put_text(&j, l->way[h->way].text);
    else
        json_put_null(&j);
    end(&j);
}

static void put_event(const struct live *live, const struct happening *h, struct buf *to)
{
    struct json_out j = begin("event", to);

    json_key(&j, "customer");
    json_put_text(&j, catalog_customer_id(names(live), h->customer));
    json_key(&j, "type");
    json_put_text(&j, text_table_get(&names(live)->type, h->type));
    json_key(&j, "at");
    json_put_moment(&j, h->at_ms);
    end(&j);
}

static void put_more(const struct happening *h, struct buf *to)
{
    struct json_out j = begin("more", to);

    json_key(&j, "events");
    json_put_int(&j, h->customer);
    end(&j);
}

void live_put_happening(const struct live *l, uint64_t number, struct buf *to)
{
    const struct happening *h = &l->ring[number % LIVE_RING];

    live_put_id(l, number + 1, to);
    switch ((enum happening_kind)h->kind) {
    case HAPPENING_EVENT:
        put_event(l, h, to);
        break;
    case HAPPENING_MOVE:
        put_move(l, h, to);
        break;
    case HAPPENING_MORE:
        put_more(h, to);
        break;
    }
}

static void put_stock(const struct live *live, const struct lifecycle *l, struct buf *to)
{
    const int64_t *stock = engine_stock(live->engine, l->number);
    struct json_out j = begin("stages", to);
    int64_t population = 0;

    for (uint32_t i = 0; i < l->stage_n; i++)
        population += stock[i];
    json_key(&j, "lifecycle");
    json_put_text(&j, l->name);
    json_key(&j, "at");
    json_put_moment(&j, engine_now_ms(live->engine));
    json_key(&j, "population");
    json_put_int(&j, population);
    json_key(&j, "stages");
    json_begin_list(&j);
    for (uint32_t i = 0; i < l->stage_n; i++) {
        json_begin_object(&j);
        json_key(&j, "stage");
        json_put_text(&j, l->stage[i].name);
        json_key(&j, "customers");
        json_put_int(&j, stock[i]);
        json_end_object(&j);
    }
    json_end_list(&j);
    end(&j);
}

void live_put_stages(const struct live *l, const struct live_filter *f, struct buf *to)
{
    const struct model *m = engine_model(l->engine);

    for (uint32_t i = 0; i < m->lifecycle_n; i++)
        if (f->lifecycle == LIFECYCLE_ANY || f->lifecycle == i)
            put_stock(l, m->lifecycles[i], to);
}

void live_put_reload(const struct live *l, struct buf *to)
{
    struct json_out j;

    live_put_id(l, l->head, to);
    j = begin("reload", to);
    end(&j);
}

void live_put_end(const struct live *l, enum live_end why, struct buf *to)
{
    static const char *const words[] = {
#define X(name, text) [LIVE_END_##name] = text,
        LIVE_ENDS(X)
#undef X
    };
    struct json_out j;

    if (why == LIVE_END_CHANGED)
        live_put_reload(l, to);
    j = begin("end", to);
    json_key(&j, "why");
    json_put_text(&j, str_of(words[why]));
    end(&j);
}
