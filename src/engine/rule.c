#include "engine/rule.h"

#include "engine/engine_impl.h"
#include "engine/identity.h"
#include "engine/scan.h"

bool trial_new(const struct engine *e, str text, struct trial *out, struct err *err)
{
    struct trial t = {};

    /* The live model's own program is asked meanwhile, by cursors that know its size. */
    if (!model_compile_with(engine_io(e), engine_model(e)->text,
                            snapshot_catalog(engine_snapshot(e)), &e->fits, &t.model,
                            err))
        return false;
    program_use_lifecycle(t.model->program, LIFECYCLES_ALL);
    if (!program_add(t.model->program, text, RULE_EITHER, &t.rule, err)) {
        trial_free(&t);
        return false;
    }
    t.type = program_type(t.model->program, t.rule);
    *out = t;
    return true;
}

void trial_free(struct trial *t)
{
    model_free(t->model);
}

/* Where the customer stands; nobody need be replayed for a rule that does not ask for it. */
static bool standing_of(struct engine *e, const struct trial *t, uint32_t customer,
                        int64_t at_ms, struct arena *a, struct situation *out,
                        struct err *err)
{
    const struct lifecycle *lc = t->model->lifecycle;
    uint32_t *times_in = arena_array(a, uint32_t, lc->stage_n);
    uint16_t *above = arena_array(a, uint16_t, LIFECYCLES_MAX);

    if (!times_in || !above)
        return err_nomem(err);
    if (!program_needs_stage(t->model->program, t->rule)) {
        situation_of(lc, NULL, 0, at_ms, times_in, out);
        return true;
    }
    if (engine_now_ms(e) < at_ms && !engine_advance(e, at_ms, err))
        return false;
    engine_situation(e, customer, at_ms, times_in, above, out);
    return true;
}

bool trial_explain(struct engine *e, const struct trial *t, str id, int64_t at_ms,
                   enum language language, struct arena *a, struct trial_view *out,
                   struct err *err)
{
    uint32_t customer;
    struct situation s;
    struct cursor *cursor;
    bool ok;

    *out = (struct trial_view){.exists = false};
    if (!engine_find(e, id, &customer, err)
        || !standing_of(e, t, customer, at_ms, a, &s, err)
        || !engine_timeline(e, customer, &out->timeline, err)
        || !chunk_message_ids(out->timeline.chunk, &out->message_id, err)
        || !cursor_new(t->model->program, &cursor, err))
        return false;
    out->message_id += out->timeline.first;
    out->exists = out->timeline.n && out->timeline.at_ms[0] <= at_ms;
    ok = cursor_start(cursor, &out->timeline, err)
         && cursor_ask_exact(cursor, t->rule, &s, &out->answer, err)
         && cursor_explain(cursor, t->rule, &s, language, a, &out->term, &out->term_n,
                           err);
    cursor_free(cursor);
    return ok;
}

static void put_answer(struct json_out *j, const struct trial *t, const struct value *v)
{
    switch ((int)v->type) {
    case VALUE_BOOL:
        json_put_bool(j, v->truth);
        break;
    case VALUE_NUMBER:
        json_put_num(j, v->number);
        break;
    case VALUE_MONEY:
        json_put_money(j, v->number, t->model->workspace.decimals);
        break;
    default:
        json_put_null(j);
    }
}

static void put_events(struct json_out *j, const struct engine *e,
                       const struct trial_view *v, const struct term *term)
{
    const struct text_table *type = &snapshot_catalog(engine_snapshot(e))->type;

    json_begin_list(j);
    for (uint32_t i = 0; i < term->event_n; i++) {
        uint32_t place = term->event[i];

        json_begin_object(j);
        json_key(j, "id");
        json_put_text(j, v->message_id[place]);
        json_key(j, "time");
        json_put_moment(j, v->timeline.at_ms[place]);
        json_key(j, "type");
        json_put_text(j, text_table_get(type, v->timeline.type[place]));
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_term(struct json_out *j, const struct engine *e,
                     const struct trial_view *v, const struct term *term)
{
    json_begin_object(j);
    json_key(j, "test");
    json_put_text(j, term->test);
    json_key(j, "measure");
    json_put_text(j, term->measure);
    json_key(j, "value");
    json_put_text(j, term->value);
    json_key(j, "words");
    json_put_text(j, term->words);
    json_key(j, "truth");
    if (term->is_condition)
        json_put_bool(j, term->truth);
    else
        json_put_null(j);
    json_key(j, "holds_until");
    json_put_moment(j, term->holds_until_ms);
    json_key(j, "events");
    put_events(j, e, v, term);
    json_key(j, "events_all");
    json_put_int(j, term->event_all);
    json_end_object(j);
}

void trial_put_json(struct json_out *j, const struct engine *e, const struct trial *t,
                    const struct trial_view *v)
{
    json_begin_object(j);
    json_key(j, "answer");
    put_answer(j, t, &v->answer.value);
    json_key(j, "holds_until");
    json_put_moment(j, v->answer.holds_until_ms);
    json_key(j, "terms");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->term_n; i++)
        put_term(j, e, v, &v->term[i]);
    json_end_list(j);
    json_end_object(j);
}
