#include "engine/import_spool.h"

#include "base/zip.h"

#include <string.h>

/* A row in a block: the head, the length of each field, the fields. */
struct head {
    uint64_t line;
    int64_t at_ms;
    uint32_t group, n;
};

#ifdef TUNE_SMALL
enum { BLOCK_BYTES = 97 };
#else
enum { BLOCK_BYTES = 1 << 20 };
#endif
enum { PACK_LEVEL = 1 };

static bool pack(struct spool *s, struct err *err)
{
    if (s->packed_n == s->packed_cap) {
        uint32_t cap = s->packed_cap ? 2 * s->packed_cap : 16;
        str *more = mem_resize(s->packed, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        s->packed = more;
        s->packed_cap = cap;
    }
    buf_clear(&s->scratch);
    if (!zip_pack(buf_str(&s->block), PACK_LEVEL, &s->scratch, err))
        return false;
    s->packed[s->packed_n] = arena_str(&s->arena, buf_str(&s->scratch));
    if (!s->packed[s->packed_n].p)
        return err_nomem(err);
    s->packed_n++;
    buf_clear(&s->block);
    return true;
}

bool spool_add(struct spool *s, const struct spool_row *row, struct err *err)
{
    struct head head = {row->line, row->at_ms, row->group, row->n};

    buf_add(&s->block, (str){(const char *)&head, sizeof head});
    for (uint32_t i = 0; i < row->n; i++)
        buf_add(&s->block, (str){(const char *)&row->field[i].n, sizeof row->field[i].n});
    for (uint32_t i = 0; i < row->n; i++)
        buf_add(&s->block, row->field[i]);
    if (s->block.failed)
        return err_nomem(err);
    return s->block.n < BLOCK_BYTES || pack(s, err);
}

static bool each_in(str block, spool_each_row *each, void *context, struct err *err)
{
    struct arena a = {0};
    bool ok = true;

    while (ok && block.n) {
        struct head head;
        str *field;

        memcpy(&head, block.p, sizeof head);
        block = str_from(block, sizeof head);
        arena_reset(&a);
        field = arena_array(&a, str, head.n);
        if (!field) {
            ok = err_nomem(err);
            break;
        }
        for (uint32_t i = 0; i < head.n; i++) {
            memcpy(&field[i].n, block.p, sizeof field[i].n);
            block = str_from(block, sizeof field[i].n);
        }
        for (uint32_t i = 0; i < head.n; i++) {
            field[i].p = block.p;
            block = str_from(block, field[i].n);
        }
        ok = each(context,
                  &(struct spool_row){head.group, head.n, head.line, head.at_ms, field},
                  err);
    }
    arena_free(&a);
    return ok;
}

bool spool_each(struct spool *s, spool_each_row *each, void *context, struct err *err)
{
    for (uint32_t i = 0; i < s->packed_n; i++) {
        buf_clear(&s->scratch);
        if (!zip_unpack(s->packed[i], SIZE_MAX / 2, &s->scratch, err)
            || !each_in(buf_str(&s->scratch), each, context, err))
            return false;
    }
    return each_in(buf_str(&s->block), each, context, err);
}

void spool_free(struct spool *s)
{
    mem_free(s->packed);
    buf_free(&s->block);
    buf_free(&s->scratch);
    arena_free(&s->arena);
    *s = (struct spool){0};
}
