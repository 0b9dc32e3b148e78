/* [F13] A row of histories that decodes holds moves which the model could make, in order, and
 * there is one way to write it; the rings are of its moves and customers. The meaning, which no chance would hit, is put in front. */
#include "engine/history_impl.h"

#include "base/bytes.h"
#include "support/fuzz.h"

static const char text[] = "ciclo: 1\n"
                           "events: { buy: {} }\n"
                           "lifecycle:\n"
                           "  start: a\n"
                           "  stages: { a: {}, b: {}, c: {} }\n"
                           "  moves:\n"
                           "    - { from: a, to: b, when: exists(buy) }\n"
                           "    - { from: [a, b], to: c, when: \"since(buy) > 30d\" }\n"
                           "    - { from: c, to: b, when: \"since(buy) < 1d\" }\n";

static struct histories *h;

__attribute__((constructor)) static void make(void)
{
    static struct catalog catalog;
    struct model *m;
    struct err err;

    NEED(catalog_init(&catalog, &err));
    NEED(model_compile(io_system(), STR(text), &catalog, &m, &err));
    NEED(histories_new(m, 1, &h, &err));
}

static void need_sound(const struct history *one)
{
    const struct lifecycle *l = h->model->lifecycle;

    for (uint32_t i = 0; i < one->customer_n; i++) {
        uint16_t stage = STAGE_NONE;
        int64_t at_ms = MOMENT_MIN;

        NEED(one->next[i] > one->now_ms && one->next[i] >= one->next_ms);
        for (uint32_t k = 0; k < one->span[i].n; k++) {
            const struct move *m = &one->move[one->span[i].first + k];

            NEED(m->from == stage && (m->to == STAGE_NONE || m->to < l->stage_n));
            NEED(m->way >= WAY_OUT || m->way < l->way_n);
            NEED(m->at_ms >= at_ms && m->at_ms <= one->now_ms);
            stage = m->to;
            at_ms = m->at_ms;
        }
    }
}

static void need_sound_loops(const struct looped *of, const struct history *one)
{
    uint64_t times = 0, met = 0;
    uint32_t place = 0;

    for (uint32_t i = 0; i < of->met_n; i++) {
        const struct met *m = &of->met[i];

        NEED(m->place >= place && m->place < one->customer_n && m->kind < of->n);
        NEED(m->at_ms >= of->loop[m->kind].at_ms && m->at_ms <= one->now_ms);
        place = m->place;
        met += m->times;
    }
    for (uint32_t k = 0; k < of->n; k++) {
        const struct loop *loop = &of->loop[k];

        NEED(loop->customer < one->customer_n && loop->way_n > 0);
        NEED(loop->at_ms >= MOMENT_MIN);
        for (uint32_t i = 0; i < loop->way_n; i++)
            NEED(loop->way[i] < h->model->lifecycle->way_n && loop->way[i] >= *loop->way);
        times += loop->times;
    }
    NEED(times == met);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct buf bytes = {}, again = {};
    struct history one = {};
    struct err err;
    bool fits;

    put(&bytes, h->meaning);
    buf_add(&bytes, (str){(const char *)p, n});
    if (history_decode(h, buf_str(&bytes), &one, &fits, &err)) {
        NEED(fits);
        need_sound(&one);
        if (one.looped)
            need_sound_loops(one.looped, &one);
        history_encode(h, &one, &again);
        NEED(str_eq(buf_str(&again), buf_str(&bytes)));
    } else {
        NEED(err.code == ERR_CORRUPT);
    }
    history_free(&one);
    buf_free(&bytes);
    buf_free(&again);
    return 0;
}
