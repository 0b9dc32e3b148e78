#include "store/store_impl.h"

enum { ID_BYTES = 16 };

static void print_half(uint64_t half, struct buf *to)
{
    for (int i = 0; i < 8; i++)
        buf_add_char(to, (char)(half >> 8 * i));
}

static uint64_t parse_half(const char *p)
{
    uint64_t half = 0;

    for (int i = 0; i < 8; i++)
        half |= (uint64_t)(unsigned char)p[i] << 8 * i;
    return half;
}

void erased_encode(const hash128 *id, size_t n, struct buf *to)
{
    for (size_t i = 0; i < n; i++) {
        print_half(id[i].low, to);
        print_half(id[i].high, to);
    }
}

bool erased_decode(str bytes, bool (*take)(void *context, hash128 id, struct err *err),
                   void *context, struct err *err)
{
    if (bytes.n % ID_BYTES || bytes.n > ERASED_ROW_IDS * ID_BYTES)
        return err_set(err, ERR_CORRUPT, "it is no list of ids");
    for (size_t i = 0; i < bytes.n; i += ID_BYTES) {
        if (!take(context,
                  (hash128){parse_half(bytes.p + i), parse_half(bytes.p + i + 8)}, err))
            return false;
    }
    return true;
}

bool erased_each(struct sql *sql, pthread_mutex_t *lock,
                 bool (*take)(void *context, hash128 id, struct err *err), void *context,
                 struct err *err)
{
    struct row row = {.number = {0}};
    struct buf bytes = {0};
    bool there, ok;

    while ((ok = row_get(sql, lock, SQL_ERASED_AFTER, row.number, 1, &row, &there, err))
           && there) {
        buf_clear(&bytes);
        ok = (row_unpack(&row, ERASED_ROW_IDS * ID_BYTES, &bytes, err)
              && erased_decode(buf_str(&bytes), take, context, err))
             || err_in(err, "table erased, row %lld", (long long)row.number[0]);
        if (!ok)
            break;
    }
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok;
}
