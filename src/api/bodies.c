#include "api/bodies.h"

static void link_in(struct bodies *all, struct body *b)
{
    b->older = all->newest;
    *(b->older ? &b->older->newer : &all->oldest) = b;
    all->newest = b;
}

static void link_out(struct bodies *all, struct body *b)
{
    if (!b->older && all->oldest != b)
        return;
    *(b->older ? &b->older->newer : &all->oldest) = b->newer;
    *(b->newer ? &b->newer->older : &all->newest) = b->older;
    b->older = b->newer = NULL;
}

void bodies_whole(struct bodies *all, struct body *b)
{
    link_out(all, b);
}

void bodies_end(struct bodies *all, struct body *b)
{
    link_out(all, b);
    all->held -= b->held;
    b->held = 0;
    buf_free(&b->bytes);
}

static void lose(struct bodies *all, struct body *b)
{
    bodies_end(all, b);
    b->is_lost = true;
}

/* Who sends slowly gives way to who does not, who began first before all others. */
static bool make_room(struct bodies *all, const struct body *b, size_t more,
                      int64_t steady_ms)
{
    while (more > BODIES_MAX - all->held) {
        struct body *slowest = all->oldest == b ? b->newer : all->oldest;

        if (!slowest || steady_ms - slowest->began_ms < BODIES_SLOW_MS)
            return false;
        lose(all, slowest);
    }
    return true;
}

bool bodies_hold(struct bodies *all, struct body *b, size_t held, int64_t steady_ms)
{
    if (held > b->held && !make_room(all, b, held - b->held, steady_ms))
        return false;
    all->held += held - b->held;
    b->held = held;
    return true;
}

void bodies_add(struct bodies *all, struct body *b, str bytes, int64_t steady_ms)
{
    if (b->is_lost)
        return;
    if (!b->bytes.n) {
        b->began_ms = steady_ms;
        link_in(all, b);
    }
    buf_add(&b->bytes, bytes);
    if (b->bytes.failed || !bodies_hold(all, b, b->bytes.cap, steady_ms))
        lose(all, b);
}
