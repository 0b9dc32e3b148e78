#include "engine/contracts.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <math.h>

/* Each begins with a purchase and ends with it: all leave at the first renewal. */
static bool ask(void *context, struct err *err)
{
    const struct contracts_question q = {.event = STR("purchase"),
                                         .end = STR("purchase"),
                                         .unit = STR("day"),
                                         .discount = STR("0.1"),
                                         .until_ms = moment_of("2026-02-28"),
                                         .scope.at_ms = moment_of("2026-03-01"),
                                         .scope.known_ms = moment_of("2026-03-01")};
    struct arena a = {};
    struct contracts_view v;
    str wrong;
    bool ok = engine_contracts(context, &q, &a, &v, &wrong, err);

    if (ok) {
        assert_int_equal(v.contracts->begun, v.contracts->ended);
        assert_int_equal(v.row[0].asked, v.row[0].left);
        assert_true(v.row[0].stayed == 0 && isfinite(v.row[0].worth));
        contracts_view_free(&v);
    }
    arena_free(&a);
    return ok;
}

TEST(contracts_without_memory_say_so)
{
    struct engine *e = bottega_open("2026-03-01");

    each_oom_kept(ask, e);
    engine_close(e);
}

TEST(an_end_counts_at_the_next_renewal)
{
    const struct contracts_plan p = {.zone = NULL, .term = PERIOD_WEEK};

    assert_int_equal(contract_renewals(&p, 100, 100), 0);
    assert_int_equal(contract_renewals(&p, 100, 106), 0);
    assert_int_equal(contract_renewals(&p, 100, 107), 1);
    assert_int_equal(contract_renewals(&p, 100, 100 + 7 * 5000), RENEWALS_MAX);
}
