#include "base/queue.h"
#include "support/fail.h"
#include "support/unit.h"

#include <pthread.h>

static struct queue *queue_of(uint32_t cap)
{
    struct queue *q;
    struct err err;

    assert_true(queue_new(cap, &q, &err));
    return q;
}

TEST(things_come_out_in_the_order_in_which_they_went_in)
{
    struct queue *q = queue_of(3);
    int thing[5];

    for (int i = 0; i < 3; i++)
        assert_true(queue_put(q, &thing[i]));
    assert_ptr_equal(queue_take(q), &thing[0]);
    assert_true(queue_put(q, &thing[3]));
    for (int i = 1; i < 4; i++)
        assert_ptr_equal(queue_take(q), &thing[i]);
    queue_free(q);
}

TEST(a_closed_queue_takes_nothing_and_gives_what_it_has)
{
    struct queue *q = queue_of(2);
    int thing[2];

    assert_true(queue_put(q, &thing[0]));
    queue_close(q);
    assert_false(queue_put(q, &thing[1]));
    assert_ptr_equal(queue_take(q), &thing[0]);
    assert_null(queue_take(q));
    queue_free(q);
    queue_free(NULL);
}

enum { THINGS = 10000 };
static int things[THINGS];

static void *put_all(void *q)
{
    int put = 0;

    while (put < THINGS && queue_put(q, &things[put]))
        put++;
    queue_close(q);
    return put == THINGS ? q : NULL;
}

TEST(a_thread_waits_for_room_and_for_things)
{
    struct queue *q = queue_of(1);
    pthread_t thread;
    void *whole;
    int *thing;
    int n = 0;

    assert_int_equal(pthread_create(&thread, NULL, put_all, q), 0);
    for (; (thing = queue_take(q)); n++)
        assert_ptr_equal(thing, &things[n]);
    pthread_join(thread, &whole);
    assert_non_null(whole);
    assert_int_equal(n, THINGS);
    queue_free(q);
}

TEST(closing_wakes_a_thread_that_waits_for_room)
{
    struct queue *q = queue_of(1);
    pthread_t thread;
    void *whole;

    assert_int_equal(pthread_create(&thread, NULL, put_all, q), 0);
    assert_ptr_equal(queue_take(q), &things[0]);
    queue_close(q);
    pthread_join(thread, &whole);
    assert_null(whole);
    queue_free(q);
}

static bool make_queue([[maybe_unused]] void *context, struct err *err)
{
    struct queue *q = NULL;
    bool ok = queue_new(4, &q, err);

    queue_free(q);
    return ok;
}

TEST(a_queue_survives_the_lack_of_memory)
{
    each_oom(make_queue, NULL);
}
