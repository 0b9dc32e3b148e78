#include "api/kept.h"

#include "base/mem.h"

#include <string.h>

enum { ANSWERS = 256 };

/* The last asked for stands last. */
struct kept {
    size_t bytes, bytes_max;
    uint32_t n;
    struct answer {
        struct kept_from from;
        char *bytes; /* of the question, then of the answer */
        size_t question_n, n;
    } answer[ANSWERS];
};

struct kept *kept_new(size_t bytes_max)
{
    struct kept *k = mem_alloc(sizeof *k);

    if (k)
        k->bytes_max = bytes_max;
    return k;
}

static void remove_at(struct kept *k, uint32_t i)
{
    k->bytes -= k->answer[i].n;
    mem_free(k->answer[i].bytes);
    memmove(k->answer + i, k->answer + i + 1, (--k->n - i) * sizeof *k->answer);
}

void kept_clear(struct kept *k)
{
    while (k->n)
        remove_at(k, k->n - 1);
}

void kept_free(struct kept *k)
{
    if (!k)
        return;
    kept_clear(k);
    mem_free(k);
}

/* Its place; k->n when it is not there. */
static uint32_t place_of(const struct kept *k, str question)
{
    uint32_t i = 0;

    while (i < k->n
           && !str_eq(question, (str){k->answer[i].bytes, k->answer[i].question_n}))
        i++;
    return i;
}

bool kept_find(struct kept *k, str question, struct buf *to, struct kept_from *from)
{
    uint32_t i = place_of(k, question);
    struct answer found;

    if (i == k->n)
        return false;
    found = k->answer[i];
    memmove(k->answer + i, k->answer + i + 1, (k->n - i - 1) * sizeof found);
    k->answer[k->n - 1] = found;
    *from = found.from;
    buf_add(to, (str){found.bytes + found.question_n, found.n - found.question_n});
    return !to->failed;
}

void kept_add(struct kept *k, const struct kept_from *from, str question, str answer)
{
    size_t n = question.n + answer.n;
    uint32_t old = place_of(k, question);
    char *bytes;

    if (old < k->n)
        remove_at(k, old);
    if (n > k->bytes_max)
        return;
    while (k->n == ANSWERS || k->bytes + n > k->bytes_max)
        remove_at(k, 0);
    bytes = mem_alloc(n);
    if (!bytes)
        return;
    memcpy(bytes, question.p, question.n);
    memcpy(bytes + question.n, answer.p, answer.n);
    k->answer[k->n++] = (struct answer){*from, bytes, question.n, n};
    k->bytes += n;
}
