#include "elog.h"

#include "base/csv.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "support/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHARED "../shared/data/"
const struct elog_file cdnow_sample = {"tests/data/cdnow/cdnow_sample.csv.gz",
                                       "master_id", "date", "amount", false};
const struct elog_file cdnow = {"tests/data/cdnow/cdnow_master.csv.gz", "id", "date",
                                "amount", false};
const struct elog_file grocery = {SHARED "grocery/grocery_elog.csv", "cust", "date", NULL,
                                  false};
const struct elog_file apparel = {SHARED "apparel/apparel_trans.csv", "Id", "Date",
                                  "Price", false};
const struct elog_file lifetimes_example = {SHARED "btyd_sim/example_transactions.csv.gz",
                                            "id", "date", NULL, false};
const struct elog_file online_retail = {"data/online_retail/online_retail.csv.xz",
                                        "CustomerID", "InvoiceDate", NULL, true};

struct purchase {
    uint32_t customer;
    int32_t day;
    int64_t amount;
};

/* 19970930, 1997-09-30, and either with a time behind it. */
static int32_t day_of(str s)
{
    struct civil c = {.month = 1, .day = 1};
    int digit[8], n = 0;

    for (size_t i = 0; i < s.n && n < 8; i++)
        if (s.p[i] >= '0' && s.p[i] <= '9')
            digit[n++] = s.p[i] - '0';
    assert_int_equal(n, 8);
    c.year = digit[0] * 1000 + digit[1] * 100 + digit[2] * 10 + digit[3];
    c.month = digit[4] * 10 + digit[5];
    c.day = digit[6] * 10 + digit[7];
    return (int32_t)(civil_ms(c) / 86400000);
}

static size_t column(const struct csv_row *row, const char *name)
{
    size_t i = 0;

    while (name && !str_eq(row->field[i], str_of(name)))
        assert_true(++i < row->n);
    return i;
}

static bool is_clean(const struct csv_row *row)
{
    int64_t quantity, price;

    return row->field[6].n && row->field[0].p[0] != 'C'
           && num_parse(row->field[3], &quantity) && num_parse(row->field[5], &price)
           && quantity > 0 && price > 0;
}

static int by_customer(const void *a, const void *b)
{
    const struct purchase *l = a, *r = b;

    if (l->customer != r->customer)
        return l->customer < r->customer ? -1 : 1;
    return (l->day > r->day) - (l->day < r->day);
}

static void fill(struct elog *e, const struct purchase *p, size_t n, int32_t hold_out)
{
    struct err err;
    bool any = false;

    for (size_t i = 0; i < n; i++) {
        struct elog_buyer *b = &e->buyer[e->n];

        if (i == 0 || p[i].customer != p[i - 1].customer)
            any = false;
        if (p[i].day <= e->until)
            buyer_add(&b->buyer, any, p[i].day, p[i].amount), any = true;
        else if (any && p[i].day <= hold_out && p[i].day != p[i - 1].day)
            b->later++;
        if (any && (i + 1 == n || p[i + 1].customer != p[i].customer)) {
            assert_true(cbs_add(&e->cbs, buyer_cbs(&b->buyer, e->until),
                                b->buyer.log_gaps, &err));
            if (b->buyer.x && b->buyer.spent > 0)
                e->spending[e->spending_n++] = (struct spending){
                    b->buyer.x, (double)b->buyer.spent / NUM_ONE / b->buyer.x};
            e->n++;
        }
    }
}

bool elog_read(const struct elog_file *f, const char *until, const char *hold_out,
               struct elog *out)
{
    char path[1024];
    struct reader *r;
    struct csv *c;
    struct csv_row row;
    struct err err;
    struct text_table ids = {};
    size_t n = 0, cap = 1 << 20, at[3];
    struct purchase *p = mem_alloc(cap * sizeof *p);

    assert_non_null(p);
    *out = (struct elog){.until = day_of(str_of(until))};
    snprintf(path, sizeof path, "%s/%s", getenv("ROOT"), f->path);
    if (!reader_open(io_system(), str_of(path), &r, &err)) {
        mem_free(p);
        return false;
    }
    assert_true(csv_open(r, &(struct csv_options){}, &c, &err));
    assert_int_equal(csv_next(c, &row, &err), CSV_ROW);
    at[0] = column(&row, f->customer);
    at[1] = column(&row, f->date);
    at[2] = column(&row, f->amount);
    while (csv_next(c, &row, &err) == CSV_ROW) {
        if (f->online_retail && !is_clean(&row))
            continue;
        assert_true(n < cap);
        p[n] = (struct purchase){.day = day_of(row.field[at[1]])};
        assert_true(text_table_add(&ids, row.field[at[0]], &p[n].customer));
        assert_true(!f->amount || num_parse(row.field[at[2]], &p[n].amount));
        n++;
    }
    csv_close(c);
    reader_close(r);
    qsort(p, n, sizeof *p, by_customer);
    out->buyer = mem_alloc((ids.n + 1) * sizeof *out->buyer);
    out->spending = mem_alloc((ids.n + 1) * sizeof *out->spending);
    assert_true(out->buyer && out->spending);
    fill(out, p, n, hold_out ? day_of(str_of(hold_out)) : out->until);
    text_table_free(&ids);
    mem_free(p);
    return true;
}

void elog_free(struct elog *e)
{
    mem_free(e->buyer);
    mem_free(e->spending);
    cbs_free(&e->cbs);
}
