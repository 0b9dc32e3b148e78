#include "value/nps.h"

#include "support/unit.h"

#include <math.h>

static void near(double got, double wanted, double off)
{
    if (!(fabs(got - wanted) <= off))
        fail_msg("%.12g is not %.12g", got, wanted);
}

/* The test data of R's package NPS: 1,000 answers, and of them those of two of its four business
 * units. */
TEST(a12_the_intervals_of_net_promoter_scores)
{
    static const struct {
        enum nps_method method;
        struct nps_score wanted;
    } known[] = {{NPS_WALD, {.100, .0440809, .1559191}},
                 {NPS_ADJUSTED, {.0997009, .0438967, .1555051}},
                 {NPS_STUDENT, {.100, .0439850, .1560150}}};
    const struct nps all = {462, 176, 362};
    struct nps_change change =
        nps_change((struct nps){120, 47, 83}, (struct nps){110, 49, 91});

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct nps_score got = nps_of(all, known[i].method);

        near(got.score, known[i].wanted.score, 1e-7);
        near(got.low, known[i].wanted.low, 1e-7);
        near(got.high, known[i].wanted.high, 1e-7);
    }
    near(change.difference, .072, 1e-12);
    near(change.low, -.084224, 1e-6);
    near(change.high, .228224, 1e-6);
    near(change.p, .366365, 1e-6);
}

TEST(scores_of_few_answers_stay_between_all_and_none)
{
    struct nps_score got = nps_of((struct nps){1, 0, 0}, NPS_ADJUSTED);

    assert_true(got.low > -1 && got.low < got.score && got.high <= 1);
    assert_true(isnan(nps_of((struct nps){}, NPS_ADJUSTED).score));
    assert_true(isnan(nps_of((struct nps){1, 0, 0}, NPS_STUDENT).low));
    got = nps_of((struct nps){3, 0, 0}, NPS_WALD);
    assert_true(got.low == 1 && got.high == 1);
}
