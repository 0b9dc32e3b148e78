/* A question is printed so that it reads as the same, and is printed the same again. */
#include "base/mem.h"
#include "engine/question.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    str text = {(const char *)p, n};
    struct arena a = {.limit = 8 << 20};
    struct question q, again;
    struct buf b = {}, twice = {};
    struct err err;

    if (question_parse(text, &a, &q, &err)) {
        NEED(q.report.n && q.n <= QUESTION_PARAMS_MAX);
        for (uint32_t i = 0; i < q.n; i++)
            NEED(q.param[i].name.n && q.param[i].value.n
                 && (!i || str_cmp(q.param[i - 1].name, q.param[i].name) < 0));
        question_print(&q, &b);
        if (b.n <= QUESTION_BYTES_MAX) {
            NEED(question_parse(buf_str(&b), &a, &again, &err) && again.n == q.n);
            question_print(&again, &twice);
            NEED(str_eq(buf_str(&b), buf_str(&twice)));
        }
    }
    buf_free(&b);
    buf_free(&twice);
    arena_free(&a);
    return 0;
}
