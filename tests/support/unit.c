#include "support/unit.h"

#include "support/chance.h"
#include "support/temp.h"

#include "base/mem.h"

#include <stdlib.h>
#include <unistd.h>

static struct unit *first, **last = &first;
static size_t blocks_before;

void unit_add(struct unit *u)
{
    *last = u;
    last = &u->next;
}

static unsigned patience_s(void)
{
    const char *given = getenv("UNIT_SECONDS");

    return given ? (unsigned)atoi(given) : UNIT_SECONDS * (unsigned)chance_rounds(1);
}

static int setup([[maybe_unused]] void **state)
{
    blocks_before = mem_live_blocks();
    alarm(patience_s());
    return 0;
}

static int teardown([[maybe_unused]] void **state)
{
    size_t blocks_after = mem_live_blocks();

    alarm(0);
    temp_remove();
    mem_set_hook(NULL, NULL);
    if (blocks_after == blocks_before)
        return 0;
    print_error("%zu blocks of base/mem before the test, %zu after it\n", blocks_before,
                blocks_after);
    return 1;
}

int main(void)
{
    struct CMUnitTest *tests;
    size_t n = 0;
    int failed;

    for (struct unit *u = first; u; u = u->next)
        n++;
    tests = calloc(n, sizeof *tests);
    if (!tests)
        return 1;
    n = 0;
    for (struct unit *u = first; u; u = u->next)
        tests[n++] = (struct CMUnitTest){u->name, u->run, setup, teardown, NULL};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    failed = _cmocka_run_group_tests("", tests, n, NULL, NULL);
    free(tests);
    return failed != 0;
}
