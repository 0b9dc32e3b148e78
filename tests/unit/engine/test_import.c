#include "base/num.h"
#include "base/time.h"
#include "engine/import.h"
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char model[] =
    "ciclo: 1\n"
    "workspace: { name: Shop, currency: EUR, timezone: Europe/Rome, language: en }\n"
    "lifecycle:\n"
    "  start: reach\n"
    "  stages:\n"
    "    reach: { goal: acquisition }\n";

/* A data file, and what the last import into it said. */
static struct shop {
    struct engine *e;
    struct arena a;
    struct mapping m;
    struct import_report r;
    struct err err;
    struct buf events; /* one a line */
    bool dry_run;
} shop;

static void open_shop(void)
{
    struct err err;

    memset(&shop, 0, sizeof shop);
    if (!engine_create(io_system(), str_of(temp_path("shop.ciclo")), STR(model), 0,
                       &shop.e, &err))
        fail_msg("%s", err.msg);
    shop.m.customer = STR("who");
    shop.m.time = STR("when");
    shop.m.event = STR("order");
}

static void close_shop(void)
{
    engine_close(shop.e);
    arena_free(&shop.a);
    buf_free(&shop.events);
}

static bool import_bytes(const char *text, size_t n)
{
    struct import_options options = {
        .now_ms = INT64_C(1767225600000), /* 2026-01-01 */
        .skew_max_ms = MS_DAY,
        .dry_run = shop.dry_run,
    };
    const char *path = temp_file("rows.csv", text, n);

    return engine_import(shop.e, str_of(path), &shop.m, &options, &shop.a, &shop.r,
                         &shop.err);
}

static void import(const char *text)
{
    if (!import_bytes(text, strlen(text)))
        fail_msg("%s", shop.err.msg);
    assert_int_equal(shop.r.lines, shop.r.used + shop.r.left_out + shop.r.refused_lines);
}

static void import_fails(const char *text, const char *why)
{
    struct store_facts facts;

    assert_false(import_bytes(text, strlen(text)));
    assert_int_equal(shop.err.code, ERR_INPUT);
    if (!strstr(shop.err.msg, why))
        fail_msg("'%s' does not say '%s'", shop.err.msg, why);
    facts = snapshot_facts(engine_snapshot(shop.e));
    assert_int_equal(facts.refused, 0);
}

static void add_properties(struct buf *b, const struct property *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct value *v = &p[i].value;

        buf_add_format(b, " %.*s=", STR_FMT(p[i].name));
        if (v->type == VALUE_TEXT)
            buf_add_format(b, "'%.*s'", STR_FMT(v->text));
        else if (v->type == VALUE_NUMBER)
            num_print(b, v->number);
        else if (v->type == VALUE_BOOL)
            buf_add(b, v->truth ? STR("true") : STR("false"));
        for (uint32_t k = 0; v->type == VALUE_LIST && k < v->list.n; k++)
            buf_add_format(b, "[%.*s]", STR_FMT(v->list.item[k]));
    }
}

static bool add_event(void *context, [[maybe_unused]] int64_t received_ms,
                      const struct event *e)
{
    struct buf *b = context;

    moment_print(b, e->at_ms);
    buf_add_format(b, " %.*s %.*s", STR_FMT(id_of_key(e->customer).value),
                   STR_FMT(e->type));
    if (memchr(e->id.p, ':', e->id.n))
        buf_add_format(b, " %.*s", STR_FMT(e->id));
    add_properties(b, e->property, e->property_n);
    if (e->trait_n)
        buf_add(b, STR(" |"));
    add_properties(b, e->trait, e->trait_n);
    for (uint32_t i = 1; i < e->who_n; i++)
        buf_add_format(b, " & %.*s:%.*s", STR_FMT(id_kind_name(e->who[i].kind)),
                       STR_FMT(e->who[i].value));
    buf_add_char(b, '\n');
    return true;
}

/* The events of the log, in the order in which they came. */
static void assert_events(const char *wanted)
{
    buf_clear(&shop.events);
    if (!snapshot_each_logged(engine_snapshot(shop.e), add_event, &shop.events,
                              &shop.err))
        fail_msg("%s", shop.err.msg);
    buf_add_char(&shop.events, '\0');
    assert_false(shop.events.failed);
    assert_string_equal(shop.events.p, wanted);
}

static bool add_refused(void *context, const struct refusal *r)
{
    buf_add_format(context, "%.*s:%llu %.*s: %.*s\n", STR_FMT(r->source),
                   (unsigned long long)r->line, STR_FMT(r->reason), STR_FMT(r->text));
    return true;
}

/* In the order in which they came. */
static void assert_refused(const char *wanted)
{
    buf_clear(&shop.events);
    if (!snapshot_each_refused(engine_snapshot(shop.e), add_refused, &shop.events,
                               &shop.err))
        fail_msg("%s", shop.err.msg);
    buf_add_char(&shop.events, '\0');
    assert_string_equal(shop.events.p, wanted);
}

static struct mapping_entry *entries(const char *const *text, uint32_t *n)
{
    struct mapping_entry *e;

    for (*n = 0; text[*n];)
        ++*n;
    e = arena_array(&shop.a, struct mapping_entry, *n);
    assert_non_null(e);
    for (uint32_t i = 0; i < *n; i++)
        if (!mapping_entry_parse(str_of(text[i]), &shop.a, &e[i], &shop.err))
            fail_msg("%s", shop.err.msg);
    return e;
}

#define PROPERTIES(...)                                                                  \
    (shop.m.property =                                                                   \
         entries((const char *const[]){__VA_ARGS__, NULL}, &shop.m.property_n))
#define TRAITS(...)                                                                      \
    (shop.m.trait = entries((const char *const[]){__VA_ARGS__, NULL}, &shop.m.trait_n))

TEST(rows_that_share_an_id_are_one_event_at_the_earliest_of_their_times)
{
    open_shop();
    shop.m.id = STR("no");
    PROPERTIES("revenue:money=sum(qty * price)", "items:list=sku", "lines=count(sku)");
    TRAITS("country=land");
    import("who,when,no,sku,qty,price,land\n"
           "7,2024-03-01 10:00:05,A1,cup,2,1.5,IT\n"
           "8,2024-03-01 11:00:00,B1,cup,1,1.5,\n"
           "7,2024-03-01 10:00:00,A1,,1,0.25,PT\n"
           "7,2024-03-01 10:00:05,A1,dish,1,,BR\n");
    assert_events("2024-03-01T09:00:00.000Z 7 order order:A1 revenue=3.25 "
                  "items=[cup][dish] lines=2 | country='PT'\n"
                  "2024-03-01T10:00:00.000Z 8 order order:B1 revenue=1.5 items=[cup] "
                  "lines=1\n");
    assert_int_equal(shop.r.events, 2);
    assert_int_equal(shop.r.customers, 2);
    assert_int_equal(shop.r.used, 4);
    close_shop();
}

TEST(first_and_last_of_an_event_go_by_time_then_by_place_in_the_file)
{
    open_shop();
    shop.m.id = STR("no");
    PROPERTIES("first:text=first(note)", "last:text=last(note)", "bare=note",
               "all:list=note");
    import("who,when,no,note\n"
           "1,2024-01-02,x,c\n"
           "1,2024-01-01,x,a\n"
           "2,2024-01-05,y,only\n"
           "1,2024-01-01,x,b\n"
           "1,2024-01-03,x,d\n");
    assert_events("2023-12-31T23:00:00.000Z 1 order order:x first='a' last='d' bare='a' "
                  "all=[a][b][c][d]\n"
                  "2024-01-04T23:00:00.000Z 2 order order:y first='only' last='only' "
                  "bare='only' all=[only]\n");
    close_shop();
}

TEST(every_line_is_used_left_out_or_refused_for_the_first_thing_that_is_wrong)
{
    open_shop();
    shop.m.where = STR("qty > 0");
    shop.m.time_format = STR("%Y-%m-%d");
    PROPERTIES("qty:number=qty", "price:money=price", "paid:bool=paid");
    import("who,when,qty,price,paid\n"
           "1,2024-01-01,1,2.00,yes\n"
           "\"1\"x,2024-01-01,1,2.00,\n"
           "1,2024-01-01,1\n"
           "1,2024-01-01,1,2.00,,\n"
           ",nonsense,-1,2.00,\n"
           "1,nonsense,-1,2.00,\n"
           "1,nonsense,many,2.00,\n"
           "1,01/02/2024,1,dear,\n"
           "1,2026-02-01,1,dear,\n"
           "1,2024-01-01,1,dear,perhaps\n"
           "1,2024-01-01,1,,perhaps\n"
           "\n"
           "1,2024-01-01,,,\n");
    assert_refused(
        "rows.csv:3 text behind a closing quote: \"1\"x,2024-01-01,1,2.00,\n"
        "rows.csv:4 fewer fields than the file has columns: 1,2024-01-01,1\n"
        "rows.csv:5 more fields than the file has columns: 1,2024-01-01,1,2.00,,\n"
        "rows.csv:6 no customer (column who is empty): ,nonsense,-1,2.00,\n"
        "rows.csv:8 the column \"qty\" must hold a number: 1,nonsense,many,2.00,\n"
        "rows.csv:9 when is not a time of the form %Y-%m-%d: 1,01/02/2024,1,dear,\n"
        "rows.csv:10 the time lies in the future: 1,2026-02-01,1,dear,\n"
        "rows.csv:11 price is not a number: 1,2024-01-01,1,dear,perhaps\n"
        "rows.csv:12 paid is not yes or no: 1,2024-01-01,1,,perhaps\n");
    assert_events("2023-12-31T23:00:00.000Z 1 order qty=1 price=2 paid=true\n");
    assert_int_equal(shop.r.lines, 12);
    assert_int_equal(shop.r.left_out, 2);
    assert_int_equal(shop.r.refused_n, 9);
    close_shop();
}

TEST(reasons_come_with_most_lines_first_and_show_their_first_line)
{
    open_shop();
    import("who,when\n"
           "1,2024-01-01,\n"
           ",2024-01-01\n"
           ",2024-01-02\n"
           "1,2024-01-03\n");
    assert_int_equal(shop.r.refused_n, 2);
    assert_int_equal(shop.r.refused[0].lines, 2);
    assert_int_equal(shop.r.refused[0].first_line, 3);
    assert_true(str_eq(shop.r.refused[0].first_text, STR(",2024-01-01")));
    assert_int_equal(shop.r.refused[1].lines, 1);
    assert_int_equal(shop.r.refused[1].first_line, 2);
    assert_int_equal(shop.r.refused_lines, 3);
    close_shop();
}

TEST(rows_of_one_id_with_different_customers_are_refused_together)
{
    open_shop();
    shop.m.id = STR("no");
    import("who,when,no,text\n"
           "1,2024-01-01,A,\"say \"\"so\"\"\"\n"
           "1,2024-01-01,B,x\n"
           "2,2024-01-01,A,y\n"
           "1,2024-01-01,A,z\n");
    assert_refused("rows.csv:2 rows of one id belong to different customers: "
                   "1,2024-01-01,A,\"say \"\"so\"\"\"\n"
                   "rows.csv:4 rows of one id belong to different customers: "
                   "2,2024-01-01,A,y\n"
                   "rows.csv:5 rows of one id belong to different customers: "
                   "1,2024-01-01,A,z\n");
    assert_events("2023-12-31T23:00:00.000Z 1 order order:B\n");
    assert_int_equal(shop.r.used, 1);
    assert_int_equal(shop.r.customers, 1);
    close_shop();
}

/* Its ids are in the columns who, mail and crm, and in one more where the table has it. */
static void map_ids(void)
{
    static struct mapping_id who[] = {{STR("email"), STR("mail"), false},
                                      {STR("crm"), STR("crm"), false},
                                      {STR("phone"), STR("phone"), true}};

    shop.m.who = who;
    shop.m.who_n = sizeof who / sizeof *who;
}

TEST(a_row_has_the_ids_that_are_left)
{
    open_shop();
    map_ids();
    import("who,mail,crm,when\n"
           "1, A@X.it ,7,2024-01-01\n"
           ",none,\"'8;9\",2024-01-01\n"
           ",b@x.it;c@x.it,null,2024-01-01\n"
           "null,d@x.it,,2024-01-01\n"
           ",none,0,2024-01-01\n"
           "null,,,2024-01-01\n"
           ",,,2024-01-01\n");
    assert_events("2023-12-31T23:00:00.000Z 1 order & email:a@x.it & other:crm:7\n"
                  "2023-12-31T23:00:00.000Z crm:8 order\n"
                  "2023-12-31T23:00:00.000Z b@x.it order\n"
                  "2023-12-31T23:00:00.000Z d@x.it order\n");
    assert_refused("rows.csv:6 no customer (columns who, mail, crm hold no id): "
                   ",none,0,2024-01-01\n"
                   "rows.csv:7 userId: this value is nobody's: null,,,2024-01-01\n"
                   "rows.csv:8 no customer (columns who, mail, crm are empty): "
                   ",,,2024-01-01\n");
    close_shop();
}

TEST(an_order_has_the_ids_of_all_its_rows)
{
    open_shop();
    map_ids();
    shop.m.customer = STR("");
    shop.m.id = STR("no");
    import("mail,crm,phone,when,no\n"
           "a@x.it,,+39060000,2024-01-01,A\n"
           "a@x.it,7,,2024-01-01,A\n"
           "b@x.it,7,,2024-01-01,B\n"
           "c@x.it,7,,2024-01-01,B\n"
           "none,0,,2024-01-01,C\n");
    assert_events("2023-12-31T23:00:00.000Z a@x.it order order:A"
                  " & phone:+39060000 & other:crm:7\n");
    assert_refused("rows.csv:4 rows of one id belong to different customers: "
                   "b@x.it,7,,2024-01-01,B\n"
                   "rows.csv:5 rows of one id belong to different customers: "
                   "c@x.it,7,,2024-01-01,B\n"
                   "rows.csv:6 no customer (columns mail, crm, phone hold no id): "
                   "none,0,,2024-01-01,C\n");
    close_shop();
}

TEST(rows_that_name_an_account_make_their_customer_its_member_once)
{
    static const char rows[] = "who,when,firm,mail\n"
                               "ada,2024-02-02,acme,\n"
                               "ada,2024-02-01, acme ,a@x.io\n"
                               "ada,2024-01-01,,\n"
                               "bob,2024-02-03,'7; acme;none,\n"
                               "bob,many,other,\n"
                               ",2024-02-03,other,\n";
    static struct mapping_id who[] = {{STR("email"), STR("mail"), false}};

    open_shop();
    shop.m.account = STR("firm");
    shop.m.who = who;
    shop.m.who_n = 1;
    import(rows);
    assert_int_equal(shop.r.events, 4);
    assert_int_equal(shop.r.customers, 2);
    assert_int_equal(shop.r.members, 3);
    assert_int_equal(shop.r.refused_lines, 2);
    assert_events("2024-02-01T23:00:00.000Z ada order\n"
                  "2024-01-31T23:00:00.000Z ada order & email:a@x.io\n"
                  "2023-12-31T23:00:00.000Z ada order\n"
                  "2024-02-02T23:00:00.000Z bob order\n"
                  "2024-01-31T23:00:00.000Z ada group groupId='acme'\n"
                  "2024-01-31T23:00:00.000Z acme identify "
                  "account:0913c92feb8e43a376390f570f53334e\n"
                  "2024-02-02T23:00:00.000Z bob group groupId='7'\n"
                  "2024-02-02T23:00:00.000Z 7 identify "
                  "account:b81c2e2ec0a14fe96617efccad2d21f1\n"
                  "2024-02-02T23:00:00.000Z bob group groupId='acme'\n"
                  "2024-02-02T23:00:00.000Z acme identify "
                  "account:38ee2d6d5a9cebe5666a38a5a878ce45\n");
    import(rows);
    assert_int_equal(shop.r.events + shop.r.members, 0);
    shop.m.account = STR("?company");
    import(rows);
    assert_int_equal(shop.r.members, 0);
    close_shop();
}

TEST(an_order_is_of_one_account)
{
    open_shop();
    shop.m.id = STR("no");
    shop.m.account = STR("firm");
    import("who,when,no,firm\n"
           "ada,2024-02-02,A,acme\n"
           "ada,2024-02-01,A,\n"
           "ada,2024-02-01,B,acme\n"
           "ada,2024-02-01,B,acme2\n"
           "ada,2024-02-03,C,\n");
    assert_int_equal(shop.r.events, 2);
    assert_int_equal(shop.r.members, 1);
    assert_refused("rows.csv:4 rows of one id name different accounts: "
                   "ada,2024-02-01,B,acme\n"
                   "rows.csv:5 rows of one id name different accounts: "
                   "ada,2024-02-01,B,acme2\n");
    close_shop();
}

TEST(rows_of_nobody_but_an_account_are_its_own)
{
    open_shop();
    shop.m.account = STR("firm");
    shop.m.customer = STR("");
    shop.m.event = STR("identify");
    TRAITS("plan=plan");
    import("firm,when,plan\n"
           "acme,2024-02-02,gold\n"
           ",2024-02-02,gold\n"
           "none,2024-02-02,gold\n");
    assert_int_equal(shop.r.members, 0);
    assert_events("2024-02-01T23:00:00.000Z acme identify | plan='gold'\n");
    assert_refused("rows.csv:3 no customer (column firm is empty): ,2024-02-02,gold\n"
                   "rows.csv:4 group: this value is nobody's: "
                   "none,2024-02-02,gold\n");
    close_shop();
}

TEST(a_table_that_has_not_even_an_account_is_nobodys)
{
    open_shop();
    shop.m.customer = STR("");
    shop.m.account = STR("?company");
    import_fails("firm,when,plan\n", "the first would be company");
    close_shop();
}

TEST(a_value_that_the_whole_order_cannot_give_refuses_all_its_rows)
{
    open_shop();
    shop.m.id = STR("no");
    PROPERTIES("shipped:moment=last(shipped)");
    import("who,when,no,shipped\n"
           "1,2024-01-01,A,2024-01-02\n"
           "1,2024-01-01,B,2024-01-02T10:00:00Z\n"
           "1,2024-01-01,A,soon\n");
    assert_refused("rows.csv:2 shipped is not a time: 1,2024-01-01,A,2024-01-02\n"
                   "rows.csv:4 shipped is not a time: 1,2024-01-01,A,soon\n");
    assert_events("2023-12-31T23:00:00.000Z 1 order order:B "
                  "shipped='2024-01-02T10:00:00.000Z'\n");
    close_shop();
}

TEST(a_refused_row_leaves_nothing_in_its_order)
{
    open_shop();
    shop.m.id = STR("no");
    PROPERTIES("skus:list=sku", "n=count(sku)", "total:money=sum(price)");
    import("who,when,no,sku,price\n"
           "1,2024-01-01,A,a,1\n"
           "1,2024-01-01,A,b,free\n"
           "2,2024-01-01,B,c,free\n"
           "1,2024-01-01,A,d,2\n");
    assert_events("2023-12-31T23:00:00.000Z 1 order order:A skus=[a][d] n=2 total=3\n");
    assert_int_equal(shop.r.refused_lines, 2);
    assert_int_equal(shop.r.customers, 1);
    close_shop();
}

TEST(money_is_rounded_once_after_the_sum_and_half_away_from_zero)
{
    open_shop();
    shop.m.id = STR("no");
    PROPERTIES("total:money=sum(price)");
    import("who,when,no,price\n"
           "1,2024-01-01,A,0.003\n"
           "1,2024-01-01,A,0.002\n"
           "1,2024-01-01,B,-1.005\n"
           "1,2024-01-01,C,2.0049\n"
           "1,2024-01-01,D,9223372036854.775807\n"
           "1,2024-01-01,D,1\n");
    assert_events("2023-12-31T23:00:00.000Z 1 order order:A total=0.01\n"
                  "2023-12-31T23:00:00.000Z 1 order order:B total=-1.01\n"
                  "2023-12-31T23:00:00.000Z 1 order order:C total=2\n"
                  "2023-12-31T23:00:00.000Z 1 order order:D\n");
    close_shop();
}

TEST(values_have_the_type_that_is_asked_for)
{
    open_shop();
    shop.m.time_format = STR("%d.%m.%Y");
    PROPERTIES("n:number=n", "t=n", "twice=n * 2", "words:text=n * 2", "big:bool=n > 3",
               "b:bool=yes", "on:moment=day", "l:list=n * 2", "constant:text='x'");
    import("who,when,n,yes,day\n"
           "1,01.02.2024, 3.5 ,YES,02.02.2024\n"
           "1,01.02.2024,1e1,0,2024-02-02T00:00:00+05:00\n"
           "1,02.02.2024,,,\n");
    assert_events("2024-01-31T23:00:00.000Z 1 order n=3.5 t=' 3.5 ' twice=7 words='7' "
                  "big=true b=true on='2024-02-01T23:00:00.000Z' l=[7] constant='x'\n"
                  "2024-01-31T23:00:00.000Z 1 order n=10 t='1e1' twice=20 words='20' "
                  "big=true b=false on='2024-02-01T19:00:00.000Z' l=[20] constant='x'\n"
                  "2024-02-01T23:00:00.000Z 1 order big=false constant='x'\n");
    close_shop();
}

TEST(the_same_file_again_changes_nothing)
{
    static const char rows[] = "who,when,no\n"
                               "1,2024-01-01,A\n"
                               "1,2024-01-01,A\n"
                               "2,2024-07-01,B\n"
                               ",2024-07-01,B\n";
    struct store_facts facts;

    open_shop();
    for (int with_id = 0; with_id < 2; with_id++) {
        shop.m.event = with_id ? STR("order") : STR("line");
        shop.m.id = with_id ? STR("no") : STR("");
        import(rows);
        assert_int_equal(shop.r.events, with_id ? 2 : 3);
        assert_int_equal(shop.r.known, 0);
        import(rows);
        assert_int_equal(shop.r.events, 0);
        assert_int_equal(shop.r.known, with_id ? 2 : 3);
        assert_int_equal(shop.r.used, 3);
        assert_int_equal(shop.r.customers, 2);
    }
    facts = snapshot_facts(engine_snapshot(shop.e));
    assert_int_equal(facts.events, 5);
    assert_int_equal(facts.refused, 1);
    close_shop();
}

static bool collect_id(void *context, [[maybe_unused]] int64_t received_ms,
                       const struct event *e)
{
    buf_add(context, e->id);
    buf_add_char(context, '\n');
    return true;
}

TEST(rows_of_one_moment_keep_the_order_of_the_file)
{
    struct buf ids = {};
    str line, before = STR("");

    open_shop();
    import("who,when,what\n"
           "1,2024-01-01,z\n"
           "1,2024-01-01,a\n"
           "1,2024-01-01,z\n"
           "1,2024-01-01,m\n");
    assert_true(
        snapshot_each_logged(engine_snapshot(shop.e), collect_id, &ids, &shop.err));
    for (str rest = buf_str(&ids); rest.n; rest = str_from(rest, line.n + 1)) {
        line =
            (str){rest.p, (size_t)((const char *)memchr(rest.p, '\n', rest.n) - rest.p)};
        assert_true(str_cmp(before, line) < 0);
        before = line;
    }
    assert_int_equal(shop.r.events, 4);
    buf_free(&ids);
    close_shop();
}

TEST(rows_that_come_later_or_another_where_keep_the_ids_of_the_others)
{
    open_shop();
    shop.m.where = STR("n > 1");
    import("who,when,n\n"
           "1,2024-01-01,1\n"
           "1,2024-01-01,2\n");
    assert_int_equal(shop.r.events, 1);
    shop.m.where = STR("");
    import("who,when,n\n"
           "1,2024-01-01,1\n"
           "1,2024-01-01,2\n"
           "1,2024-01-01,3\n"
           "2,2024-01-01,1\n");
    assert_int_equal(shop.r.events, 3);
    assert_int_equal(shop.r.known, 1);
    close_shop();
}

TEST(a_time_format_is_recognised_though_some_times_are_none)
{
    open_shop();
    import("who,when\n"
           "1,13/02/2024 10:00\n"
           "1,yesterday\n"
           "1,01/02/2024 11:30\n");
    assert_true(str_eq(shop.r.time_format, STR("%d/%m/%Y %H:%M")));
    assert_true(str_eq(shop.r.zone, STR("Europe/Rome")));
    assert_int_equal(shop.r.separator, ',');
    assert_events("2024-02-13T09:00:00.000Z 1 order\n"
                  "2024-02-01T10:30:00.000Z 1 order\n");
    assert_int_equal(shop.r.refused_lines, 1);
    close_shop();
}

TEST(times_that_can_be_read_in_two_ways_or_none_are_asked_about)
{
    open_shop();
    import_fails("who,when\n1,01/02/2024\n1,03/04/2024\n", "--time-format '%d/%m/%Y'");
    import_fails("who,when\n1,once upon\n", "--time-format");
    close_shop();
}

TEST(the_zone_of_the_mapping_is_stronger_than_that_of_the_workspace)
{
    open_shop();
    shop.m.zone = STR("America/Sao_Paulo");
    import("who,when\n1,2024-01-01 00:00:00\n");
    assert_events("2024-01-01T03:00:00.000Z 1 order\n");
    shop.m.zone = STR("America/Sao_Paolo");
    assert_false(import_bytes("who,when\n1,2024-01-01\n", 22));
    assert_non_null(strstr(shop.err.msg, "America/Sao_Paolo"));
    close_shop();
}

TEST(latin1_semicolons_and_crlf_are_recognised)
{
    open_shop();
    TRAITS("city=citt\xc3\xa0");
    import("who;when;citt\xe0\r\n1;2024-01-01;Forl\xec\r\n");
    assert_int_equal(shop.r.separator, ';');
    assert_true(shop.r.latin1);
    assert_events("2023-12-31T23:00:00.000Z 1 order | city='Forl\xc3\xac'\n");
    close_shop();
}

TEST(a_column_that_is_not_there_is_named_with_its_neighbour)
{
    open_shop();
    shop.m.customer = STR("CustomerId");
    import_fails("CustomerID,when\n",
                 "did you mean 'CustomerID'? Its columns: CustomerID, when");
    shop.m.customer = STR("CustomerID");
    shop.m.id = STR("order");
    import_fails("CustomerID,when,x\n", "no column 'order' (the id). Its columns:");
    shop.m.id = STR("");
    shop.m.where = STR("Qantity > 0");
    import_fails("CustomerID,when,Quantity\n", "Quantity");
    shop.m.where = STR("");
    import_fails("CustomerID,CustomerID,when\n", "two columns 'CustomerID'");
    PROPERTIES("n=sum(Qty)");
    import_fails("CustomerID,when,Quantity\n", "property 'n'");
    import_fails("CustomerID,when,Qty,Qty\n",
                 "property 'n': there are two columns \"Qty\"");
    PROPERTIES("n=Qty");
    import_fails("CustomerID,when,Qty,Qty\n",
                 "property 'n': there are two columns 'Qty': rename one of them");
    import("CustomerID,when,Qty,x,x\n1,2024-01-01,3,4,5\n");
    assert_int_equal(shop.r.used, 1);
    PROPERTIES("n=when", "n=when");
    import_fails("CustomerID,when,Quantity\n", "'n' is given twice");
    close_shop();
}

TEST(a_table_without_a_mapping_is_shown_with_an_example)
{
    open_shop();
    shop.m = (struct mapping){};
    import_fails(
        "InvoiceDate,InvoiceNo,Customer ID\n",
        "The columns: InvoiceDate, InvoiceNo, Customer ID. For example: ciclo import "
        "SHOP.ciclo rows.csv --customer 'Customer ID' --time InvoiceDate --event "
        "purchase --id InvoiceNo");
    shop.m.event = STR("order");
    import_fails("a,b\n", "--customer COLUMN --time COLUMN");
    shop.m.customer = STR("a");
    shop.m.time = STR("b");
    shop.m.event = STR("");
    import_fails("a,b\n", "--event NAME");
    shop.m.event = STR("any");
    import_fails("a,b\n", "keeps for itself");
    shop.m.event = STR("x");
    shop.m.event_column = STR("a");
    import_fails("a,b\n", "exclude one another");
    close_shop();
}

TEST(an_empty_file_is_an_error_and_a_header_alone_is_none)
{
    open_shop();
    import_fails("", "the file is empty");
    import_fails("\xef\xbb\xbf\n\n", "the file is empty");
    import_fails("\"who,when\n", "first line");
    shop.m.encoding = STR("ebcdic");
    import_fails("who,when\n", "utf-8 or latin-1");
    shop.m.encoding = STR("");
    import("who,when\n");
    assert_int_equal(shop.r.lines, 0);
    assert_int_equal(shop.r.events, 0);
    shop.m = (struct mapping){};
    import_fails("", "the file is empty");
    close_shop();
}

TEST(decimals_behind_a_comma_are_recognised)
{
    open_shop();
    shop.m.where = STR("price > 1000 or qty = 2");
    PROPERTIES("total:money=qty * price", "weight:number=weight", "note=note");
    import("who;when;qty;price;weight;note\n"
           "1;2024-01-01;1;1.234,56;1 200;1,5\n"
           "1;2024-01-02;2;\xe2\x82\xac 0,50;0,125;1.5\n"
           "1;2024-01-03;1;999,99;;\n"
           "1;2024-01-04;2;(1,50);;\n"
           "1;2024-01-05;2;$1,50;;\n"
           "1;2024-01-06;2;1.50;;\n"
           "1;2024-01-07;2;1,50;\xe2\x82\xac 1;\n");
    assert_int_equal(shop.r.decimal, ',');
    assert_int_equal(shop.r.left_out, 1);
    assert_events(
        "2023-12-31T23:00:00.000Z 1 order total=1234.56 weight=1200 note='1,5'\n"
        "2024-01-01T23:00:00.000Z 1 order total=1 weight=0.125 note='1.5'\n");
    assert_refused(
        "rows.csv:5 the column \"price\" must hold a number: 1;2024-01-04;2;(1,50);;\n"
        "rows.csv:6 the column \"price\" is in another currency than EUR: "
        "1;2024-01-05;2;$1,50;;\n"
        "rows.csv:7 the column \"price\" must hold a number: 1;2024-01-06;2;1.50;;\n"
        "rows.csv:8 weight is not a number: 1;2024-01-07;2;1,50;\xe2\x82\xac 1;\n");
    close_shop();
}

TEST(decimals_behind_a_point_are_recognised_beside_commas)
{
    open_shop();
    PROPERTIES("price:money=price", "n:number=first(n)");
    import("who,when,price,n\n"
           "1,2024-01-01,\"1,234\",\n"
           "1,2024-01-02,\"EUR 1,234.50\",\"2,000\"\n"
           "1,2024-01-03,12.50 USD,\n"
           "1,2024-01-04,dear,\n");
    assert_int_equal(shop.r.decimal, '.');
    assert_events("2023-12-31T23:00:00.000Z 1 order price=1234\n"
                  "2024-01-01T23:00:00.000Z 1 order price=1234.5 n=2000\n");
    assert_refused("rows.csv:4 price is in another currency than EUR: "
                   "1,2024-01-03,12.50 USD,\n"
                   "rows.csv:5 price is not a number: 1,2024-01-04,dear,\n");
    close_shop();
}

TEST(numbers_that_decide_nothing_are_read_with_a_point_and_no_thousands)
{
    open_shop();
    PROPERTIES("n:number=n", "text=text");
    import("who;when;n;text\n"
           "1;2024-01-01;12;1,234\n"
           "1;2024-01-01;1 200;1,5\n"
           "1;2024-01-01;;\n"
           "1;2024-01-01;;\n"
           "1;2024-01-01;;\n");
    assert_int_equal(shop.r.decimal, 0);
    assert_events("2023-12-31T23:00:00.000Z 1 order n=12 text='1,234'\n"
                  "2023-12-31T23:00:00.000Z 1 order n=1200 text='1,5'\n"
                  "2023-12-31T23:00:00.000Z 1 order\n"
                  "2023-12-31T23:00:00.000Z 1 order\n"
                  "2023-12-31T23:00:00.000Z 1 order\n");
    close_shop();
}

TEST(numbers_that_can_be_read_in_two_ways_are_asked_about)
{
    static const char rows[] = "who;when;price;qty\n1;2024-01-01;1,234;2\n";
    static const char why[] = "the numbers in price can be read in two ways: '1,234' is "
                              "1234 with --decimal . and 1.234 with --decimal , - say "
                              "which";

    open_shop();
    PROPERTIES("n=sum(qty * price)");
    import_fails(rows, why);
    PROPERTIES("n:money=price");
    import_fails(rows, why);
    PROPERTIES("n:number=qty");
    shop.m.where = STR("price > 2");
    import_fails(rows, why);
    shop.m.where = STR("");
    import(rows);
    PROPERTIES("n:number=price");
    shop.m.event = STR("with_comma");
    shop.m.decimal = ',';
    import(rows);
    shop.m.event = STR("with_point");
    shop.m.decimal = '.';
    import(rows);
    assert_int_equal(shop.r.decimal, '.');
    assert_events("2023-12-31T23:00:00.000Z 1 order n=2\n"
                  "2023-12-31T23:00:00.000Z 1 with_comma n=1.234\n"
                  "2023-12-31T23:00:00.000Z 1 with_point n=1234\n");
    close_shop();
}

TEST(numbers_in_two_writings_are_asked_about)
{
    static const char rows[] = "who;when;price;cost\n"
                               "1;2024-01-01;12.50;1\n"
                               "1;2024-01-02;3;1,20\n";

    open_shop();
    PROPERTIES("price:money=price", "cost:money=cost");
    import_fails(rows, "numbers are written in two ways, '12.50' in price and '1,20' in "
                       "cost: say which is right, with --decimal . or --decimal ,");
    shop.m.decimal = ',';
    import(rows);
    assert_events("2024-01-01T23:00:00.000Z 1 order price=3 cost=1.2\n");
    assert_refused("rows.csv:2 price is not a number: 1;2024-01-01;12.50;1\n");
    close_shop();
}

TEST(blanks_around_customers_and_ids_are_no_part_of_them)
{
    open_shop();
    shop.m.id = STR("no");
    import("who,when,no\n"
           " anna ,2024-01-01, A 1\n"
           "anna,2024-01-01,\tA 1 \n"
           "   ,2024-01-01,A 2\n");
    assert_events("2023-12-31T23:00:00.000Z anna order order:A 1\n");
    assert_refused("rows.csv:4 no customer (column who is empty):    ,2024-01-01,A 2\n");
    close_shop();
}

TEST(rows_can_say_which_event_they_are)
{
    open_shop();
    shop.m.event = STR("");
    shop.m.event_column = STR("kind");
    TRAITS("plan=plan");
    import("who,when,kind,plan\n"
           "1,2024-01-01,identify,gold\n"
           "1,2024-01-02, visit ,\n"
           "1,2024-01-03,,\n"
           "1,2024-01-04,alias,\n"
           "1,2024-01-05,\"two\nlines\",\n");
    assert_events("2023-12-31T23:00:00.000Z 1 identify | plan='gold'\n"
                  "2024-01-01T23:00:00.000Z 1 visit\n");
    assert_refused(
        "rows.csv:4 no event (column kind is empty): 1,2024-01-03,,\n"
        "rows.csv:5 the event's name is one that Ciclo keeps for itself: "
        "1,2024-01-04,alias,\n"
        "rows.csv:6 the event's name is longer than 200 bytes or holds a control "
        "character: 1,2024-01-05,\"two\nlines\",\n");
    shop.m.event = STR("identify");
    shop.m.event_column = STR("");
    PROPERTIES("plan=plan");
    assert_false(import_bytes("who,when,plan\n", 14));
    assert_non_null(strstr(shop.err.msg, "no properties"));
    close_shop();
}

TEST(customers_with_too_long_an_id_are_refused)
{
    char rows[600];

    open_shop();
    snprintf(rows, sizeof rows, "who,when\n%0200d,2024-01-01\n%0201d,2024-01-01\n", 1, 2);
    import(rows);
    assert_int_equal(shop.r.events, 1);
    assert_int_equal(shop.r.refused_n, 1);
    assert_true(
        str_eq(shop.r.refused[0].reason,
               STR("the customer's id is longer than 200 bytes or holds a control "
                   "character")));
    close_shop();
}

TEST(ids_that_are_empty_or_too_long_are_refused)
{
    char rows[600];

    open_shop();
    shop.m.id = STR("no");
    snprintf(rows, sizeof rows,
             "who,when,no\n1,2024-01-01,%0194d\n1,2024-01-01,%0195d\n"
             "1,2024-01-01,\n",
             1, 2);
    import(rows);
    assert_int_equal(shop.r.events, 1);
    assert_int_equal(shop.r.refused_n, 2);
    assert_true(str_eq(shop.r.refused[1].reason, STR("no id (column no is empty)")));
    close_shop();
}

TEST(a_dry_run_shows_the_first_events_and_writes_nothing)
{
    struct store_facts facts;

    open_shop();
    shop.dry_run = true;
    PROPERTIES("items:list=sku");
    import("who,when,sku\n1,2024-01-01,a\n,2024-01-02,b\n2,2024-01-03,c\n");
    assert_int_equal(shop.r.events, 2);
    assert_int_equal(shop.r.sample_n, 2);
    assert_true(str_eq(shop.r.sample[1].customer, STR("2")));
    assert_true(str_eq(shop.r.sample[1].property[0].value.list.item[0], STR("c")));
    facts = snapshot_facts(engine_snapshot(shop.e));
    assert_int_equal(facts.events, 0);
    assert_int_equal(facts.refused, 0);
    assert_int_equal(facts.customers, 0);
    shop.dry_run = false;
    import("who,when,sku\n1,2024-01-01,a\n,2024-01-02,b\n2,2024-01-03,c\n");
    assert_int_equal(shop.r.events, 2);
    close_shop();
}

TEST(json_lines_are_events_in_the_form_of_segment)
{
    open_shop();
    shop.m = (struct mapping){};
    import(
        "\xef\xbb\xbf\n"
        "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\",\"messageId\":\"a:1\","
        "\"timestamp\":\"2024-01-01T00:00:00Z\",\"properties\":{\"page\":\"/\"}}\r\n"
        "  {\"type\":\"identify\",\"userId\":2,\"messageId\":null,"
        "\"timestamp\":\"2024-01-02T00:00:00Z\",\"traits\":{\"country\":\"IT\"}}\n"
        "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\"}\n"
        "{\"type\":\"track\",\n"
        "who,when\n"
        "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\","
        "\"timestamp\":\"2030-01-01T00:00:00Z\"}\n"
        "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\",\"messageId\":\"a:1\","
        "\"timestamp\":\"2024-01-01T00:00:00Z\"}");
    assert_true(shop.r.jsonl);
    assert_events("2024-01-01T00:00:00.000Z 1 visit a:1 page='/'\n"
                  "2024-01-02T00:00:00.000Z 2 identify | country='IT'\n");
    assert_int_equal(shop.r.lines, 7);
    assert_int_equal(shop.r.events, 2);
    assert_int_equal(shop.r.known, 1);
    assert_int_equal(shop.r.refused_lines, 4);
    close_shop();
}

TEST(json_lines_without_an_id_change_nothing_the_second_time)
{
    static const char rows[] = "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\","
                               "\"timestamp\":\"2024-01-01T00:00:00Z\"}\n"
                               "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\","
                               "\"timestamp\":\"2024-01-01T00:00:00Z\"}\n";

    open_shop();
    shop.m = (struct mapping){};
    import(rows);
    assert_int_equal(shop.r.events, 2);
    import(rows);
    assert_int_equal(shop.r.events, 0);
    assert_int_equal(shop.r.known, 2);
    assert_events("2024-01-01T00:00:00.000Z 1 visit\n2024-01-01T00:00:00.000Z 1 visit\n");
    close_shop();
}

TEST(json_with_a_mapping_is_an_error)
{
    open_shop();
    import_fails("{\"type\":\"track\"}\n", "JSON lines");
    close_shop();
}

TEST(a_line_of_json_that_is_too_long_is_refused_alone)
{
    static const char good[] = "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\","
                               "\"timestamp\":\"2024-01-01T00:00:00Z\"}\n";
    size_t n = 3 << 20;
    char *rows = malloc(n + 2 * sizeof good);

    open_shop();
    shop.m = (struct mapping){};
    assert_non_null(rows);
    memcpy(rows, good, sizeof good - 1);
    memset(rows + sizeof good - 1, 'x', n);
    rows[sizeof good - 1] = '{';
    rows[sizeof good - 2 + n] = '\n';
    memcpy(rows + sizeof good - 1 + n, good, sizeof good - 1);
    if (!import_bytes(rows, n + 2 * (sizeof good - 1)))
        fail_msg("%s", shop.err.msg);
    free(rows);
    assert_int_equal(shop.r.lines, 3);
    assert_int_equal(shop.r.events, 2);
    assert_int_equal(shop.r.refused[0].first_line, 2);
    assert_int_equal(shop.r.refused[0].first_text.n, 4096);
    close_shop();
}

static const char small_rows[] = "who,when,no,qty,note\n"
                                 "1,2024-01-02,A,1,late\n"
                                 "1,2024-01-01,A,2,early\n"
                                 "2,2024-01-03,B,1,x\n"
                                 "3,2024-01-03,B,1,x\n"
                                 ",2024-01-03,C,1,x\n"
                                 "4,2024-01-03,D,many,x\n";

static void map_small_rows(void)
{
    shop.m.id = STR("no");
    shop.m.where = STR("qty > 0 or note = \"x\"");
    PROPERTIES("qty:money=sum(qty)", "notes:list=note", "first=note");
    TRAITS("note=note");
}

/* The engine is opened anew each time: what it keeps in memory differs afterwards. */
static bool import_on(struct io *io, void *name, struct err *err)
{
    struct import_options options = {.now_ms = INT64_C(1767225600000)};
    struct import_report report;
    struct engine *e = NULL;
    struct arena a = {};
    bool ok =
        engine_open(io, str_of(temp_path("shop.ciclo")),
                    &(struct store_options){STORE_WRITE, 0}, &e, err)
        && engine_import(e, str_of(temp_path(name)), &shop.m, &options, &a, &report, err);

    engine_close(e);
    arena_free(&a);
    return ok;
}

struct oom {
    size_t nth;
    atomic_size_t seen; /* any thread may ask for memory */
};

static bool fails_once([[maybe_unused]] size_t bytes, void *context)
{
    struct oom *oom = context;

    return ++oom->seen != oom->nth;
}

/* As each_oom, but SQLite may do without some of its allocations. */
static void each_oom_or_less(char *name)
{
    struct oom oom = {};

    do {
        size_t blocks = mem_live_blocks();
        struct err err = {};
        bool ok;

        oom.nth++;
        oom.seen = 0;
        mem_set_hook(fails_once, &oom);
        ok = import_on(io_system(), name, &err);
        mem_set_hook(NULL, NULL);
        if (mem_live_blocks() != blocks || (!ok && err.code != ERR_NOMEM))
            fail_msg("allocation %zu: code %d, %s", oom.nth, err.code, err.msg);
    } while (oom.seen >= oom.nth);
}

/* The data file is made and closed; each import opens it. */
static void prepare_rows(const char *name, const char *rows)
{
    engine_close(shop.e);
    shop.e = NULL;
    temp_file(name, rows, strlen(rows));
}

TEST(an_import_survives_the_lack_of_memory)
{
    static struct mapping_id who[] = {{STR("email"), STR("note"), true},
                                      {STR("crm"), STR("no"), false}};

    open_shop();
    map_small_rows();
    shop.m.who = who;
    shop.m.who_n = 2;
    shop.m.account = STR("no");
    prepare_rows("rows.csv", small_rows);
    each_oom_or_less((char[]){"rows.csv"});
    close_shop();
}

static const char small_json[] =
    "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"1\","
    "\"timestamp\":\"2024-01-01T00:00:00Z\",\"properties\":{\"l\":[\"a\"]}}\nno\n";

TEST(an_import_of_json_lines_survives_the_lack_of_memory)
{
    open_shop();
    shop.m = (struct mapping){};
    prepare_rows("rows.jsonl", small_json);
    each_oom_or_less((char[]){"rows.jsonl"});
    close_shop();
}

TEST(an_import_survives_a_failing_disk)
{
    open_shop();
    map_small_rows();
    prepare_rows("rows.csv", small_rows);
    each_io_failure(import_on, (char[]){"rows.csv"});
    close_shop();
}
