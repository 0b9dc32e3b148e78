/* However the file is cut into reads, and however much is asked for at once, the same bytes
 * come out and the same ending. The first byte of the input says how. */
#include "base/io.h"

#include "support/bytes_io.h"
#include "support/fuzz.h"

#define OUT_MAX 100000

static enum err_code read_all(str file, size_t step, size_t ask, struct buf *to)
{
    struct bytes_io io = bytes_io(file, step);
    struct reader *r;
    struct err err = {};
    size_t got = 1;

    if (!reader_open(&io.io, STR("f"), &r, &err))
        return err.code;
    while (to->n < OUT_MAX && got > 0) {
        size_t wanted = to->n + ask < OUT_MAX ? ask : OUT_MAX - to->n;
        char *room = buf_room(to, wanted);

        NEED(room);
        if (!reader_read(r, room, wanted, &got, &err))
            break;
        NEED(got <= wanted);
        to->n += got;
    }
    /* what was read before a failure is as much as the buffers held: not compared */
    if (err.code)
        buf_clear(to);
    else
        NEED(reader_done_bytes(r) <= file.n);
    reader_close(r);
    return err.code;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct buf one = {}, other = {};
    enum err_code code;
    str file;

    if (n == 0)
        return 0;
    file = (str){(const char *)p + 1, n - 1};
    code = read_all(file, 1 << 20, OUT_MAX, &one);
    NEED(code == ERR_NONE || code == ERR_INPUT || code == ERR_LIMIT);
    NEED(read_all(file, 1 + (p[0] & 15U), 1 + (p[0] >> 4) * 50U, &other) == code);
    NEED(str_eq(buf_str(&one), buf_str(&other)));
    buf_free(&one);
    buf_free(&other);
    return 0;
}
