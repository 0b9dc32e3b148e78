#include "store/raw_impl.h"

#include "base/hash.h"
#include "store/vfs.h"

#include <stdlib.h>
#include <string.h>

enum { TABLE_LEAF = 0x0d, HEADER_BYTES = 100, COLUMNS = 5 };

struct raw_cell {
    int64_t number;
    uint32_t page; /* from 1 */
    uint32_t at;   /* in the page */
};

/* --- numbers as SQLite writes them --- */

static uint32_t get16(const unsigned char *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const unsigned char *p)
{
    return get16(p) << 16 | get16(p + 2);
}

/* Up to 9 bytes, the highest first; false behind the end. */
static bool get_varint(const unsigned char **p, const unsigned char *end, uint64_t *out)
{
    *out = 0;
    for (int i = 0; i < 9; i++) {
        unsigned char byte;

        if (*p == end)
            return false;
        byte = *(*p)++;
        if (i == 8) {
            *out = *out << 8 | byte;
            return true;
        }
        *out = *out << 7 | (byte & 0x7f);
        if (!(byte & 0x80))
            return true;
    }
    return true;
}

/* Bytes of a whole number of this serial type, or -1: it is none. */
static int number_bytes(uint64_t type)
{
    static const int bytes[] = {-1, 1, 2, 3, 4, 6, 8, -1, 0, 0};

    return type < sizeof bytes / sizeof *bytes ? bytes[type] : -1;
}

static int64_t get_number(uint64_t type, const unsigned char *p)
{
    int n = number_bytes(type);
    uint64_t number = n && p[0] & 0x80 ? UINT64_MAX : 0;

    if (n == 0)
        return type == 9;
    for (int i = 0; i < n; i++)
        number = number << 8 | p[i];
    return (int64_t)number;
}

/* --- pages --- */

static bool read_page(const struct raw *raw, int64_t page,
                      unsigned char out[VFS_PAGE_BYTES])
{
    return raw->file->pMethods->xRead(raw->file, out, VFS_PAGE_BYTES,
                                      (page - 1) * VFS_PAGE_BYTES)
           == SQLITE_OK;
}

/* --- one row --- */

/* The beginning of a row, all of which stands on its leaf. */
struct head {
    uint64_t payload; /* bytes of the record */
    int64_t number;
    const unsigned char *record;
    uint32_t local; /* bytes of the record on this page */
    uint64_t type[COLUMNS];
    uint32_t header; /* bytes of the record before its values */
};

static bool parse_types(struct head *h)
{
    const unsigned char *p = h->record, *end = p + h->local;
    uint64_t header, blob;

    if (!get_varint(&p, end, &header) || header > h->local)
        return false;
    h->header = (uint32_t)header;
    end = h->record + header;
    for (int i = 0; i < COLUMNS; i++) {
        if (!get_varint(&p, end, &h->type[i]))
            return false;
    }
    if (p != end || h->type[0] || number_bytes(h->type[1]) < 0
        || number_bytes(h->type[2]) < 0 || h->type[3] < 12 || h->type[3] % 2
        || number_bytes(h->type[4]) < 0)
        return false;
    blob = (h->type[3] - 12) / 2;
    return blob <= LOG_BATCH_MAX
           && header + blob
                      + (uint64_t)(number_bytes(h->type[1]) + number_bytes(h->type[2])
                                   + number_bytes(h->type[4]))
                  == h->payload;
}

/* How much of a record stays on its leaf. */
static uint32_t local_bytes(uint32_t usable, uint64_t payload)
{
    uint32_t most = usable - 35, least = (usable - 12) * 32 / 255 - 23;
    uint64_t fits;

    if (payload <= most)
        return (uint32_t)payload;
    fits = least + (payload - least) % (usable - 4);
    return fits <= most ? (uint32_t)fits : least;
}

/* Whether a row of our form begins there. */
static bool parse_head(const struct raw *raw, const unsigned char *page, uint32_t at,
                       struct head *out)
{
    const unsigned char *p = page + at, *end = page + raw->usable;
    uint64_t number;
    size_t left;

    if (at >= raw->usable || !get_varint(&p, end, &out->payload)
        || !get_varint(&p, end, &number))
        return false;
    out->number = (int64_t)number;
    out->record = p;
    out->local = local_bytes(raw->usable, out->payload);
    left = (size_t)(end - p);
    if (out->local > left || (out->local < out->payload && left - out->local < 4))
        return false;
    return out->number > 0 && parse_types(out);
}

/* The record, from its leaf and the chain of pages behind it; *whole is false when that ends
 * too early. */
static bool gather(const struct raw *raw, const struct head *h, struct buf *to,
                   bool *whole, struct err *err)
{
    unsigned char page[VFS_PAGE_BYTES];
    uint64_t left = h->payload - h->local;
    uint32_t next = left ? get32(h->record + h->local) : 0;

    buf_clear(to);
    buf_add(to, (str){(const char *)h->record, h->local});
    while (left) {
        uint32_t n = left < raw->usable - 4 ? (uint32_t)left : raw->usable - 4;

        *whole = next && next <= raw->page_n && read_page(raw, next, page);
        if (!*whole)
            return true;
        buf_add(to, (str){(const char *)page + 4, n});
        next = get32(page);
        left -= n;
    }
    *whole = true;
    return !to->failed || err_nomem(err);
}

/* *good is false when the bytes are not those of the checksum. */
static bool parse_row(const struct head *h, str record, struct row *out, bool *good,
                      struct err *err)
{
    const unsigned char *p = (const unsigned char *)record.p + h->header;
    str packed;

    out->number[0] = h->number;
    out->number[1] = get_number(h->type[1], p);
    p += number_bytes(h->type[1]);
    out->codec = get_number(h->type[2], p);
    p += number_bytes(h->type[2]);
    packed = (str){(const char *)p, (size_t)((h->type[3] - 12) / 2)};
    out->checksum = get_number(h->type[4], p + packed.n);
    *good = (uint64_t)out->checksum == hash64(packed);
    buf_clear(&out->packed);
    if (*good)
        buf_add(&out->packed, packed);
    return !out->packed.failed || err_nomem(err);
}

/* --- all of them --- */

static bool add_cell(struct raw *raw, struct raw_cell cell, struct err *err)
{
    if (raw->n == raw->cap) {
        size_t cap = raw->cap ? raw->cap * 2 : 256;
        struct raw_cell *grown = mem_resize(raw->cell, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        raw->cell = grown;
        raw->cap = cap;
    }
    raw->cell[raw->n++] = cell;
    return true;
}

static bool look_at_page(struct raw *raw, int64_t number, const unsigned char *page,
                         struct err *err)
{
    uint32_t at = number == 1 ? HEADER_BYTES : 0, cells = get16(page + at + 3);

    if (page[at] != TABLE_LEAF)
        return true;
    for (uint32_t i = 0; i < cells && at + 8 + 2 * i + 2 <= raw->usable; i++) {
        struct raw_cell cell = {.page = (uint32_t)number,
                                .at = get16(page + at + 8 + 2 * i)};
        struct head h;

        if (!parse_head(raw, page, cell.at, &h))
            continue;
        cell.number = h.number;
        if (!add_cell(raw, cell, err))
            return false;
    }
    return true;
}

static int order(const void *left, const void *right)
{
    const struct raw_cell *a = left, *b = right;

    return (a->number > b->number) - (a->number < b->number);
}

bool raw_open(struct raw *raw, struct sql *sql, struct err *err)
{
    unsigned char page[VFS_PAGE_BYTES];
    sqlite3_int64 bytes;

    if (sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_FILE_POINTER, &raw->file)
            != SQLITE_OK
        || raw->file->pMethods->xFileSize(raw->file, &bytes) != SQLITE_OK
        || !read_page(raw, 1, page))
        return err_set(err, ERR_IO, "the disk failed: the file cannot be read");
    raw->page_n = bytes / VFS_PAGE_BYTES;
    raw->usable = VFS_PAGE_BYTES - (vfs_page_is_ours(page) ? VFS_RESERVED : 0);
    for (int64_t i = 1; i <= raw->page_n; i++) {
        if (read_page(raw, i, page) && !look_at_page(raw, i, page, err))
            return false;
    }
    if (raw->n)
        qsort(raw->cell, raw->n, sizeof *raw->cell, order);
    return true;
}

void raw_free(struct raw *raw)
{
    mem_free(raw->cell);
    *raw = (struct raw){NULL};
}

int64_t raw_last(const struct raw *raw)
{
    return raw->n ? raw->cell[raw->n - 1].number : 0;
}

static size_t first_of(const struct raw *raw, int64_t number)
{
    size_t from = 0, to = raw->n;

    while (from < to) {
        size_t mid = from + (to - from) / 2;

        if (raw->cell[mid].number < number)
            from = mid + 1;
        else
            to = mid;
    }
    return from;
}

bool raw_next(const struct raw *raw, int64_t number, size_t *at, struct row *out,
              bool *there, struct err *err)
{
    struct buf record = {NULL};
    bool ok = true;

    *there = false;
    for (size_t i = first_of(raw, number) + *at;
         ok && !*there && i < raw->n && raw->cell[i].number == number; i++, ++*at) {
        unsigned char page[VFS_PAGE_BYTES];
        struct head h;
        bool whole;

        if (!read_page(raw, raw->cell[i].page, page)
            || !parse_head(raw, page, raw->cell[i].at, &h))
            continue;
        ok = gather(raw, &h, &record, &whole, err)
             && (!whole || parse_row(&h, buf_str(&record), out, there, err));
    }
    buf_free(&record);
    return ok;
}
