#include "base/bytes.h"

void put_texts(struct buf *to, const str *text, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        put(to, text[i].n);
    for (uint32_t i = 0; i < n; i++)
        buf_add(to, text[i]);
}

bool get_texts(struct in *in, struct arena *a, str *text, uint32_t n, struct err *err)
{
    uint64_t bytes = 0;
    str all;

    for (uint32_t i = 0; i < n; i++) {
        text[i].n = get_count(in);
        bytes += text[i].n;
    }
    if (bytes > left(in))
        spoil(in, "a text is cut off");
    if (in->wrong)
        return true;
    /* All are checked together: then it is enough that none begins inside a character. */
    all = arena_str(a, (str){(const char *)in->p, bytes});
    if (!all.p)
        return err_nomem(err);
    in->p += bytes;
    if (!str_is_utf8(all))
        spoil(in, "a text is no UTF-8");
    for (uint32_t i = 0; i < n; i++) {
        if (text[i].n && (*all.p & 0xc0) == 0x80)
            spoil(in, "a text is no UTF-8");
        text[i].p = all.p;
        all = str_from(all, text[i].n);
    }
    return true;
}
