/* model_engine.c - the live engine with its clock: events come in commits, late and in any
 * order, the clock goes on and jumps, the file is closed and opened, folded, the model is
 * exchanged, at once or while all goes on. In some lives customers have several ids, which become
 * one customer's, or another's, as events come and somebody decides, and join accounts, whose
 * timelines hold their members' events. At every halt everybody's
 * moves, and the moments at which he entered and left each segment, are those of the twin over all
 * of his events, nobody else has any, the pending moments
 * are not later than what comes next, and the loops are those that are met when all is computed
 * anew. */
#include "life.h"
#include "support/temp.h"

#include <stdlib.h>

static bool take_some(struct life *l)
{
    life_commit(l, 1 + roll(l, 20));
    return roll(l, 2) || life_advance(l, l->now_ms + MS_DAY);
}

/* At once, or beside the old one, with events that come before it is computed and after. */
static bool exchange_model(struct life *l)
{
    bool beside = roll(l, 2), lives_on;
    struct twin fresh;
    struct buf text = {};
    struct apply *apply;
    struct err err;
    uint32_t version;
    bool ok;

    life_choose_model(l, &fresh);
    twin_print_model(&fresh, l->w.currency, &text);
    NEED_OK(engine_apply_begin(l->e, buf_str(&text), STR("Eva"), l->now_ms, &apply, &err),
            err);
    buf_free(&text);
    lives_on = !beside || take_some(l);
    ok = lives_on && engine_apply_run(apply, NULL, NULL, &err);
    lives_on = lives_on && (!ok || !beside || take_some(l));
    if (!ok || !lives_on) {
        engine_apply_cancel(apply);
    } else {
        ok = engine_apply_finish(apply, &version, &err);
    }
    if (lives_on && !ok && (err.code != ERR_LIMIT || !life_may_refuse(l, &fresh)))
        fail_msg("apply: %s", err.msg);
    l->t = fresh;
    return ok && lives_on;
}

/* What may happen between two halts. */
static bool something_else(struct life *l, const char *path)
{
    struct err err;
    bool more = true;

    switch (roll(l, 12)) {
    case 0:
        life_reopen(l, path);
        return life_advance(l, l->now_ms);
    case 1:
        while (more)
            NEED_OK(store_fold(engine_store(l->e), 1, &more, &err), err);
        NEED_OK(engine_refresh(l->e, &err), err);
        return life_advance(l, l->now_ms);
    case 2:
        return exchange_model(l);
    case 3:
        return !l->is_town || life_decide(l);
    case 4:
    case 5:
    case 6:
        return !l->is_town || life_decide_everywhere(l, path);
    default:
        return true;
    }
}

/* Sometimes just to the next moment, or to the millisecond before it; sometimes a year. */
static int64_t next_halt(const struct life *l)
{
    int64_t next_ms = engine_next_ms(l->e);

    switch (roll(l, 6)) {
    case 0:
        return next_ms == MOMENT_NEVER ? l->now_ms : next_ms - roll(l, 2);
    case 1:
        return l->now_ms + 365 * MS_DAY;
    case 2:
        return l->now_ms;
    default:
        return l->now_ms + (int64_t)random_below(l->w.chance, 30 * MS_DAY);
    }
}

static bool live(struct life *l, const char *path)
{
    life_create(l, path);
    while (l->arrived < l->arrival_n) {
        int first = l->arrived;

        life_commit(l, roll(l, 3) ? 1 + roll(l, 9) : 1 + roll(l, 80));
        if (!life_advance(l, roll(l, 3) ? l->arrival[first].at_ms : l->now_ms))
            return false;
        life_compare(l);
        if (!something_else(l, path))
            return false;
        if (roll(l, 3) == 0 && !life_advance(l, next_halt(l)))
            return false;
        life_compare(l);
    }
    for (int k = 0; k < 4; k++) {
        if (!life_advance(l, next_halt(l)))
            return false;
        life_compare(l);
    }
    return true;
}

/* The same events in another order, in two halves or one at a time, with a restart between, in
 * a file of their own. */
static void compare_hash(struct life *l, const char *path)
{
    struct engine *first = l->e;
    bool one_by_one = roll(l, 6) == 0;
    hash128 a, b;
    struct err err;

    for (int i = l->arrival_n; i > 1; i--) {
        int k = roll(l, i);
        struct arrival swap = l->arrival[i - 1];

        l->arrival[i - 1] = l->arrival[k];
        l->arrival[k] = swap;
    }
    l->arrived = 0;
    life_create(l, path);
    life_commit(l, one_by_one ? 1 : l->arrival_n / 2);
    if (roll(l, 2) && !life_advance(l, l->now_ms))
        goto end;
    life_reopen(l, path);
    while (l->arrived < l->arrival_n)
        life_commit(l, one_by_one ? 1 : 1 + roll(l, l->arrival_n));
    if (!life_advance(l, l->now_ms))
        goto end;
    NEED_OK(engine_hash(first, l->now_ms, &a, &err), err);
    NEED_OK(engine_hash(l->e, l->now_ms, &b, &err), err);
    assert_memory_equal(&a, &b, sizeof a);
end:
    life_end_file(l, path);
    l->e = first;
}

/* --- a year in jumps --- */

/* What is told of until `until_ms` comes in, in one commit, and the clock stands there. */
static bool jump(struct life *l, int64_t until_ms)
{
    int n = 0;

    while (l->arrived + n < l->arrival_n && l->arrival[l->arrived + n].at_ms <= until_ms)
        n++;
    if (n)
        life_commit(l, n);
    return life_advance(l, until_ms);
}

/* Four weeks by days, six weeks while the file is closed, and the rest by months; then, with
 * nothing more to come, a year at once. */
static bool live_a_year(struct life *l, const char *path)
{
    int64_t end_ms = l->now_ms + 365 * MS_DAY;

    life_create(l, path);
    for (int day = 1; day <= 28; day++) {
        if (!jump(l, l->now_ms + MS_DAY))
            return false;
        if (day % 7 == 0)
            life_compare(l);
    }
    life_reopen(l, path);
    if (!jump(l, l->now_ms + 42 * MS_DAY))
        return false;
    while (l->now_ms < end_ms)
        if (!jump(l, l->now_ms + 30 * MS_DAY))
            return false;
    life_compare(l);
    if (!jump(l, l->arrival[l->arrival_n - 1].at_ms + 365 * MS_DAY))
        return false;
    life_compare(l);
    return true;
}

TEST(a_year_in_jumps_makes_each_move_once_at_its_moment)
{
    struct random random = chance();
    size_t lives = chance_rounds(3);
    struct life *l = calloc(1, sizeof *l);
    const char *path = temp_path("year");
    struct err err;

    assert_non_null(l);
    NEED_OK(json_parser_new(&l->parser, &err), err);
    while (lives > 0) {
        life_begin(l, CUSTOMERS_MAX, &random);
        lives -= live_a_year(l, path); /* else the model was refused */
        life_end(l, path);
    }
    json_parser_free(l->parser);
    free(l);
}

TEST(a_live_file_has_everybodys_moves_whatever_came_when)
{
    struct random random = chance();
    size_t lives = chance_rounds(8);
    struct life *l = calloc(1, sizeof *l);
    const char *path = temp_path("life"), *other = temp_path("other");
    struct err err;

    assert_non_null(l);
    NEED_OK(json_parser_new(&l->parser, &err), err);
    for (size_t i = 0; i < lives; i++) {
        life_begin(l, CUSTOMERS, &random);
        if (live(l, path))
            compare_hash(l, other);
        life_end(l, path);
    }
    json_parser_free(l->parser);
    free(l);
}
