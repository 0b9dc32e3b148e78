/* halves.c - a chunk as it stood some commits ago, and who was touched since. */
#include "store/store_impl.h"

/* Versions of the cache under which a chunk stands as it was with some link of its news. */
static uint64_t settled_version(const struct news *settled)
{
    return UINT64_C(1) << 62 | settled->serial;
}

static struct chunk_want want_all(struct snapshot *v, uint32_t chunk)
{
    return snapshot_want(v, chunk * CHUNK_CUSTOMERS, snapshot_chunk_end(v, chunk));
}

static bool open_settled(struct snapshot *v, uint32_t chunk, const struct news *settled,
                         struct chunk **out, struct err *err)
{
    struct chunk_want want = want_all(v, chunk);

    want.version = settled ? settled_version(settled) : want.parts_version;
    return snapshot_open(v, want, settled, out, err);
}

/* Those touched, as they stood, with the news since. */
static bool open_touched(struct snapshot *v, uint32_t chunk, const struct news *settled,
                         const struct bits *touched, struct chunk *before,
                         struct chunk **out, struct err *err)
{
    const struct news *newest = snapshot_state(v, chunk)->news;
    struct chunk_want want = want_all(v, chunk);
    struct gone_set left_out = {.n = 0};
    struct chunk *thin;

    news_gone(newest, settled, &left_out);
    for (uint32_t i = 0; i < CHUNK_CUSTOMERS; i++)
        left_out.is[i] |= !bits_has(touched, i);
    want.news = (struct news_range){newest, settled, 0, CHUNK_CUSTOMERS};
    return chunk_thin(before, true, left_out.is, &thin, err)
           && chunk_lay(thin, &want, out, err);
}

bool snapshot_halves(struct snapshot *v, uint32_t chunk, struct halves *out,
                     struct err *err)
{
    struct half *before = &out->half[0], *since = &out->half[1];
    struct bits touched;
    const struct news *settled = news_settled(snapshot_state(v, chunk)->news, &touched);

    *out = (struct halves){.n = 1};
    before->who = bits_up_to(snapshot_chunk_end(v, chunk) - chunk * CHUNK_CUSTOMERS);
    if (snapshot_has_accounts(v, chunk)) /* members' events come from other chunks */
        return snapshot_whole(v, chunk, &before->chunk, err);
    if (!open_settled(v, chunk, settled, &before->chunk, err))
        return false;
    if (!bits_any(&touched))
        return true;
    out->n = 2;
    before->who = bits_without(&before->who, &touched);
    since->who = touched;
    if (open_touched(v, chunk, settled, &touched, before->chunk, &since->chunk, err))
        return true;
    halves_free(out);
    return false;
}

void halves_free(struct halves *h)
{
    for (uint32_t i = h->n; i-- > 0;)
        chunk_free(h->half[i].chunk);
    h->n = 0;
}
