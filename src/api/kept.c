#include "api/kept.h"

#include "base/mem.h"

#include <string.h>

enum { ANSWERS = 256 };

/* The last asked for stands last. */
struct kept {
    size_t bytes, bytes_max;
    uint64_t state;
    uint32_t n;
    struct answer {
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

static void remove_first(struct kept *k, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        k->bytes -= k->answer[i].n;
        mem_free(k->answer[i].bytes);
    }
    k->n -= n;
    memmove(k->answer, k->answer + n, k->n * sizeof *k->answer);
}

void kept_free(struct kept *k)
{
    if (!k)
        return;
    remove_first(k, k->n);
    mem_free(k);
}

static void turn_to(struct kept *k, uint64_t state)
{
    if (k->state != state)
        remove_first(k, k->n);
    k->state = state;
}

bool kept_find(struct kept *k, uint64_t state, str question, struct buf *to)
{
    turn_to(k, state);
    for (uint32_t i = 0; i < k->n; i++) {
        struct answer a = k->answer[i];

        if (!str_eq(question, (str){a.bytes, a.question_n}))
            continue;
        memmove(k->answer + i, k->answer + i + 1, (k->n - i - 1) * sizeof a);
        k->answer[k->n - 1] = a;
        buf_add(to, (str){a.bytes + a.question_n, a.n - a.question_n});
        return !to->failed;
    }
    return false;
}

void kept_add(struct kept *k, uint64_t state, str question, str answer)
{
    size_t n = question.n + answer.n;
    uint32_t old = 0;
    char *bytes;

    turn_to(k, state);
    if (n > k->bytes_max)
        return;
    for (size_t gone = 0; k->n - old == ANSWERS || k->bytes - gone + n > k->bytes_max;)
        gone += k->answer[old++].n;
    remove_first(k, old);
    bytes = mem_alloc(n);
    if (!bytes)
        return;
    memcpy(bytes, question.p, question.n);
    memcpy(bytes + question.n, answer.p, answer.n);
    k->answer[k->n++] = (struct answer){bytes, question.n, n};
    k->bytes += n;
}
