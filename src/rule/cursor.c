#include "rule/cursor.h"
#include "rule/member.h"

#include <assert.h>

bool cursor_new(const struct program *p, struct cursor **out, struct err *err)
{
    struct cursor *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    c->p = p;
    if (p->env.channels)
        c->channel_key =
            mem_alloc(((size_t)channels_n(p->env.channels) + 1) * sizeof *c->channel_key);
    c->column = mem_alloc(p->column_n * sizeof *c->column);
    c->entries = mem_alloc(p->series_n * sizeof *c->entries);
    c->marks = mem_alloc(p->types_n * sizeof *c->marks);
    c->fingers.slot = mem_alloc(p->slot_n * sizeof *c->fingers.slot);
    c->probe.slot = mem_alloc(p->slot_n * sizeof *c->probe.slot);
    c->fingers.bought = mem_alloc(p->worth_n * sizeof *c->fingers.bought);
    c->probe.bought = mem_alloc(p->worth_n * sizeof *c->probe.bought);
    c->test = mem_alloc(p->test_n * sizeof *c->test);
    c->beginning = mem_alloc(p->rule_n * sizeof *c->beginning);
    c->memo = mem_alloc(p->rule_n * sizeof *c->memo);
    c->probe_memo = mem_alloc(p->rule_n * sizeof *c->probe_memo);
    c->ahead_memo = mem_alloc(p->rule_n * sizeof *c->ahead_memo);
    c->exact = mem_alloc(p->rule_n * sizeof *c->exact);
    if ((p->env.channels && !c->channel_key) || !c->column || !c->entries || !c->marks
        || !c->fingers.slot || !c->probe.slot || !c->fingers.bought || !c->probe.bought
        || !c->test || !c->beginning || !c->memo || !c->probe_memo || !c->ahead_memo
        || !c->exact) {
        cursor_free(c);
        return err_nomem(err);
    }
    for (uint32_t i = 0; i < p->test_n; i++) {
        struct test_at *at = &c->test[i];
        const struct slot *slot;

        at->test = &p->test[i];
        if (at->test->shape == TEST_ANY)
            continue;
        slot = &p->slot[at->test->slot];
        at->window = &slot->window;
        at->e = &c->entries[slot->series];
    }
    for (uint32_t i = 0; i < p->rule_n; i++)
        beginning_of(c, &p->rule[i], &c->beginning[i]);
    *out = c;
    return true;
}

static void fingers_free(const struct cursor *c, struct fingers *f)
{
    for (uint32_t i = 0; f->slot && i < c->p->slot_n; i++)
        mem_free(f->slot[i].best);
    mem_free(f->slot);
    mem_free(f->bought);
}

static void entries_free(const struct cursor *c)
{
    for (uint32_t i = 0; c->entries && i < c->p->series_n; i++) {
        mem_free(c->entries[i].place);
        mem_free(c->entries[i].value);
        mem_free(c->entries[i].there);
        mem_free(c->entries[i].prev);
        mem_free(c->entries[i].next);
    }
    mem_free(c->entries);
}

void cursor_free(struct cursor *c)
{
    if (!c)
        return;
    entries_free(c);
    marks_free(c);
    mem_free(c->gap);
    fingers_free(c, &c->fingers);
    fingers_free(c, &c->probe);
    for (uint32_t i = 0; c->column && i < c->p->column_n; i++)
        mem_free(c->column[i].key);
    mem_free(c->column);
    mem_free(c->wanted);
    mem_free(c->member.key);
    text_table_free(&c->text);
    mem_free(c->test);
    mem_free(c->beginning);
    mem_free(c->memo);
    mem_free(c->probe_memo);
    mem_free(c->ahead_memo);
    mem_free(c->exact);
    mem_free(c->table);
    mem_free(c->channel_key);
    mem_free(c->acquired_key);
    mem_free(c);
}

static bool key_words(struct cursor *c, struct column_at *column, struct err *err)
{
    const struct cells *cells = column->cells;

    if (cells->word_n > column->key_cap) {
        uint32_t *more = mem_resize(column->key, cells->word_n * sizeof *more);

        if (!more)
            return err_nomem(err);
        column->key = more;
        column->key_cap = cells->word_n;
    }
    for (uint32_t i = 0; i < cells->word_n; i++) {
        if (!text_table_lend(&c->text, cells->word[i], &column->key[i]))
            return err_nomem(err);
    }
    return true;
}

/* Keys for the channels, and for what is known of acquisitions. */
static bool key_origins(struct cursor *c, const struct chunk *chunk, struct err *err)
{
    const struct program *p = c->p;
    const struct channels *channels = p->env.channels;

    c->origins = NULL;
    if (!channels || !(p->asks_channel || p->asks_acquisition))
        return true;
    if (!channels_of(channels, chunk, &c->origins, err))
        return false;
    for (uint32_t i = 0; i < channels_n(channels); i++)
        if (!text_table_lend(&c->text, channels_name(channels, i), &c->channel_key[i]))
            return err_nomem(err);
    if (!p->asks_acquisition)
        return true;
    if (c->origins->word_n > c->acquired_cap) {
        uint32_t *more = mem_resize(c->acquired_key, c->origins->word_n * sizeof *more);

        if (!more)
            return err_nomem(err);
        c->acquired_key = more;
        c->acquired_cap = c->origins->word_n;
    }
    for (uint32_t i = 0; i < c->origins->word_n; i++)
        if (!text_table_lend(&c->text, c->origins->word[i], &c->acquired_key[i]))
            return err_nomem(err);
    return true;
}

bool cursor_turn(struct cursor *c, const struct chunk *chunk, struct err *err)
{
    const struct program *p = c->p;
    uint32_t key;

    c->chunk = 0;
    c->stretch_to = 0;
    c->at_ms = chunk->at_ms;
    text_table_cut(&c->text, p->literal.n);
    for (uint32_t i = c->text.n; i < p->literal.n; i++) {
        if (!text_table_lend(&c->text, text_table_get(&p->literal, i), &key))
            return err_nomem(err);
    }
    for (uint32_t i = 0; i < p->column_n; i++) {
        const struct used_column *used = &p->column[i];

        if (!chunk_cells(chunk, used->number, &c->column[i].cells, err)
            || (used->has_texts && !key_words(c, &c->column[i], err)))
            return false;
    }
    if (!key_origins(c, chunk, err)
        || (p->asks_member
            && (!members_of(chunk, &c->member.cells, err)
                || !key_words(c, &c->member, err))))
        return false;
    c->chunk = chunk->serial;
    return true;
}

bool cursor_start(struct cursor *c, const struct timeline *t, struct err *err)
{
    c->t = *t;
    if (c->chunk != t->chunk->serial && !cursor_turn(c, t->chunk, err))
        return false;
    if (!series_list(c, err) || (c->p->keeps_best && !slots_room(c, &c->fingers, err)))
        return false;
    for (uint32_t i = 0; i < c->p->test_n; i++) {
        struct test_at *at = &c->test[i];

        at->until_ms = at->then_ms = INT64_MIN;
        at->at = 0;
    }
    c->fingers.start++;
    c->seen++;
    c->seen_n = 0;
    return true;
}

struct answer answer_of(struct val val, int64_t holds_ms)
{
    struct answer answer = {.value = {.type = val.type}, .holds_until_ms = holds_ms};

    if (val.type == VALUE_BOOL)
        answer.value.truth = val.n;
    else
        answer.value.number = val.n;
    return answer;
}

struct answer cursor_ask(struct cursor *c, struct rule_ref rule,
                         const struct situation *s)
{
    struct view v = {.c = c,
                     .fingers = &c->fingers,
                     .memo = c->memo,
                     .s = s,
                     .t = s->at_ms,
                     .holds_ms = MOMENT_NEVER};
    struct val val;

    cursor_see(c, s->at_ms);
    v.known = c->seen;
    c->asks++;
    val = ask_rule(&v, rule.v)->val;
    assert(v.holds_ms > s->at_ms);
    return answer_of(val, v.holds_ms);
}
