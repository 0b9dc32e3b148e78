#include "rule/cursor.h"

#include <assert.h>

bool cursor_new(const struct program *p, struct cursor **out, struct err *err)
{
    struct cursor *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    c->p = p;
    c->column = mem_alloc(p->column_n * sizeof *c->column);
    c->entries = mem_alloc(p->series_n * sizeof *c->entries);
    c->slot = mem_alloc(p->slot_n * sizeof *c->slot);
    c->probe = mem_alloc(p->slot_n * sizeof *c->probe);
    c->memo = mem_alloc(p->rule_n * sizeof *c->memo);
    c->probe_memo = mem_alloc(p->rule_n * sizeof *c->probe_memo);
    c->exact = mem_alloc(p->rule_n * sizeof *c->exact);
    if (!c->column || !c->entries || !c->slot || !c->probe || !c->memo || !c->probe_memo
        || !c->exact) {
        cursor_free(c);
        return err_nomem(err);
    }
    *out = c;
    return true;
}

static void slots_free(const struct cursor *c, struct slot_at *slot)
{
    for (uint32_t i = 0; slot && i < c->p->slot_n; i++)
        mem_free(slot[i].best);
    mem_free(slot);
}

void cursor_free(struct cursor *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; c->entries && i < c->p->series_n; i++)
        mem_free(c->entries[i].entry);
    slots_free(c, c->slot);
    slots_free(c, c->probe);
    mem_free(c->column);
    mem_free(c->entries);
    mem_free(c->memo);
    mem_free(c->probe_memo);
    mem_free(c->exact);
    mem_free(c->table);
    mem_free(c);
}

bool cursor_start(struct cursor *c, const struct timeline *t, struct err *err)
{
    c->t = *t;
    for (uint32_t i = 0; i < c->p->column_n; i++) {
        struct column_at *column = &c->column[i];

        if (!chunk_cells(t->chunk, c->p->column[i], &column->cells, err))
            return false;
        column->first = cells_from(column->cells, t->first);
    }
    if (!series_list(c, err) || !slots_room(c, c->slot, err))
        return false;
    slots_reset(c, c->slot);
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
                     .slot = c->slot,
                     .memo = c->memo,
                     .s = s,
                     .t = s->at_ms,
                     .holds_ms = MOMENT_NEVER};
    struct val val;

    for (; c->seen_n < c->t.n && c->t.at_ms[c->seen_n] <= s->at_ms; c->seen_n++)
        c->seen++;
    c->asks++;
    val = ask_rule(&v, rule.v);
    assert(v.holds_ms > s->at_ms);
    return answer_of(val, v.holds_ms);
}
