#include "engine/import.h"
#include "engine/mappings.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

static struct arena a;

static struct mapping_entry entry_of(const char *text)
{
    struct mapping_entry e = {};
    struct err err;

    if (!mapping_entry_parse(str_of(text), &a, &e, &err))
        fail_msg("%s", err.msg);
    return e;
}

static void assert_text(str got, const char *wanted)
{
    assert_int_equal(got.n, str_of(wanted).n);
    assert_memory_equal(got.p, wanted, got.n);
}

static void assert_no_entry(const char *text, const char *why)
{
    struct mapping_entry e;
    struct err err;

    assert_false(mapping_entry_parse(str_of(text), &a, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, why));
}

TEST(an_entry_has_name_type_and_expression)
{
    struct mapping_entry e = entry_of(" revenue : money = sum(Quantity * UnitPrice) ");

    assert_text(e.name, "revenue");
    assert_int_equal(e.type, VALUE_MONEY);
    assert_text(e.expression, "sum(Quantity * UnitPrice)");
    arena_free(&a);
}

TEST(an_entry_without_type_keeps_equals_signs_in_its_expression)
{
    struct mapping_entry e = entry_of("big=a:b = \"x\"");

    assert_text(e.name, "big");
    assert_int_equal(e.type, VALUE_MISSING);
    assert_text(e.expression, "a:b = \"x\"");
    arena_free(&a);
}

TEST(a_wrong_entry_says_what_is_wrong)
{
    assert_no_entry("revenue", "NAME:TYPE=EXPRESSION");
    assert_no_entry("revenue:monney=x", "'monney' is no type");
    assert_no_entry("=x", "needs a name");
    assert_no_entry(":text=x", "needs a name");
    assert_no_entry("x=", "an expression behind it");
    assert_no_entry("a\nb=x", "needs a name");
    assert_no_entry("a=\xff", "UTF-8");
    arena_free(&a);
}

TEST(a_separator_is_one_character_or_a_word_for_one)
{
    struct err err;
    char c = 0;

    assert_true(mapping_separator_parse(STR(";"), &c, &err) && c == ';');
    for (const char *each = ",;\t|"; *each; each++)
        assert_true(mapping_separator_parse(mapping_separator_name(*each), &c, &err)
                    && c == *each);
    assert_text(mapping_separator_name(';'), "semicolon");
    assert_int_equal(mapping_separator_name('#').n, 0);
    assert_true(mapping_separator_parse(STR("tab"), &c, &err) && c == '\t');
    assert_true(mapping_separator_parse(STR("\\t"), &c, &err) && c == '\t');
    assert_false(mapping_separator_parse(STR("\""), &c, &err));
    assert_false(mapping_separator_parse(STR(""), &c, &err));
    assert_false(mapping_separator_parse(STR("\xc3"), &c, &err));
    assert_false(mapping_separator_parse(STR("ab"), &c, &err));
}

TEST(decimals_stand_behind_a_comma_or_a_point)
{
    struct err err;
    char c = 0;

    assert_true(mapping_decimal_parse(STR(","), &c, &err) && c == ',');
    assert_true(mapping_decimal_parse(STR("."), &c, &err) && c == '.');
    assert_false(mapping_decimal_parse(STR(""), &c, &err));
    assert_false(mapping_decimal_parse(STR(";"), &c, &err));
    assert_false(mapping_decimal_parse(STR("1,5"), &c, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(c, '.');
}

static void assert_same(const struct mapping *x, const struct mapping *y)
{
    assert_true(str_eq(x->customer, y->customer) && str_eq(x->time, y->time)
                && str_eq(x->time_format, y->time_format) && str_eq(x->zone, y->zone)
                && str_eq(x->event, y->event) && str_eq(x->event_column, y->event_column)
                && str_eq(x->id, y->id) && str_eq(x->where, y->where)
                && str_eq(x->moment, y->moment) && str_eq(x->currency, y->currency)
                && str_eq(x->account, y->account)
                && str_eq(x->where_first, y->where_first)
                && str_eq(x->encoding, y->encoding) && x->separator == y->separator
                && x->decimal == y->decimal && x->property_n == y->property_n
                && x->trait_n == y->trait_n && x->who_n == y->who_n);
    for (uint32_t i = 0; i < x->who_n; i++)
        assert_true(str_eq(x->who[i].name, y->who[i].name)
                    && str_eq(x->who[i].column, y->who[i].column)
                    && x->who[i].optional == y->who[i].optional);
    for (uint32_t i = 0; i < x->property_n; i++)
        assert_true(str_eq(x->property[i].name, y->property[i].name)
                    && str_eq(x->property[i].expression, y->property[i].expression)
                    && x->property[i].type == y->property[i].type);
    for (uint32_t i = 0; i < x->trait_n; i++)
        assert_true(str_eq(x->trait[i].name, y->trait[i].name)
                    && str_eq(x->trait[i].expression, y->trait[i].expression)
                    && x->trait[i].type == y->trait[i].type);
}

static void assert_survives(const struct mapping *m)
{
    struct mapping again = {};
    struct buf text = {};
    struct err err;

    mapping_print(m, &text);
    assert_false(text.failed);
    if (!mapping_parse(buf_str(&text), &a, &again, &err))
        fail_msg("%d:%d %s in\n%.*s", err.line, err.column, err.msg,
                 STR_FMT(buf_str(&text)));
    assert_same(m, &again);
    buf_free(&text);
}

TEST(what_is_printed_reads_as_the_same_mapping)
{
    struct mapping_entry property[] = {
        {STR("revenue"), VALUE_MONEY, STR("sum(Quantity * UnitPrice)")},
        {STR("who: said"), VALUE_TEXT, STR("`It's a \"name\" # no comment`")},
        {STR("line\xc2\x85s"), VALUE_MISSING, STR("a\nb \xe2\x80\xa8 \xc3\xa9 \\ \x7f")},
    };
    struct mapping_entry trait[] = {{STR("country"), VALUE_MISSING, STR("Country")}};
    struct mapping_id who[] = {{STR("email"), STR("E: 'mail' #"), false},
                               {STR("no"), STR("Customer \"ID\""), true}};
    struct mapping m = {
        .customer = STR("CustomerID"),
        .time = STR("no"),
        .time_format = STR("%d/%m/%Y %H:%M"),
        .zone = STR("Europe/London"),
        .event = STR("purchase"),
        .id = STR(" Invoice No "),
        .account = STR("?Company: ID"),
        .currency = STR("?Currency"),
        .where_first = STR("no = \"1\""),
        .where = STR("not (InvoiceNo starts with \"C\") and Quantity > 0"),
        .separator = '\t',
        .decimal = ',',
        .encoding = STR("latin-1"),
        .who = who,
        .who_n = 2,
        .property = property,
        .trait = trait,
        .property_n = 3,
        .trait_n = 1,
    };

    assert_survives(&m);
    m = (struct mapping){.event_column = STR("kind"), .separator = '\'', .decimal = '.'};
    assert_survives(&m);
    m = (struct mapping){};
    assert_survives(&m);
    arena_free(&a);
}

TEST(what_was_given_is_stronger_than_the_mapping_file)
{
    struct mapping_entry given[] = {{STR("items"), VALUE_NUMBER, STR("count(Sku)")}};
    struct mapping m = {.customer = STR("Email"),
                        .event = STR("order"),
                        .separator = ';',
                        .decimal = '.',
                        .property = given,
                        .property_n = 1};
    struct err err;

    assert_true(mapping_parse(STR("customer: CustomerID\n"
                                  "time: Date\n"
                                  "event_column: kind\n"
                                  "separator: ','\n"
                                  "decimal: ','\n"
                                  "properties:\n"
                                  "  - items:list=Sku\n"
                                  "  - 'revenue:money=sum(Price)'\n"
                                  "traits: ['country=Country']\n"),
                              &a, &m, &err));
    assert_text(m.customer, "Email");
    assert_text(m.time, "Date");
    assert_text(m.event, "order");
    assert_int_equal(m.event_column.n, 0);
    assert_int_equal(m.separator, ';');
    assert_int_equal(m.decimal, '.');
    assert_int_equal(m.property_n, 2);
    assert_text(m.property[0].expression, "count(Sku)");
    assert_text(m.property[1].name, "revenue");
    assert_int_equal(m.trait_n, 1);
    arena_free(&a);
}

TEST(ids_are_joined_by_their_kind)
{
    struct mapping_id given[] = {{STR("email"), STR("Work"), false}};
    struct mapping m = {.who = given, .who_n = 1};
    struct err err;

    assert_true(
        mapping_parse(STR("ids: { phone: '?Phone', email: Email, shopify: Customer ID }"),
                      &a, &m, &err));
    assert_int_equal(m.who_n, 3);
    assert_text(m.who[0].column, "Work");
    assert_text(m.who[1].column, "Phone");
    assert_true(m.who[1].optional);
    assert_text(m.who[2].name, "shopify");
    assert_text(m.who[2].column, "Customer ID");
    assert_false(m.who[2].optional);
    arena_free(&a);
}

static void assert_no_id(const char *text, const char *why)
{
    struct mapping_id id;
    struct err err;

    assert_false(mapping_id_parse(str_of(text), &a, &id, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, why));
}

TEST(an_id_has_a_kind_and_a_column)
{
    struct mapping_id id;
    struct err err;

    assert_true(mapping_id_parse(STR(" shopify = ? Customer=ID"), &a, &id, &err));
    assert_text(id.name, "shopify");
    assert_text(id.column, " Customer=ID");
    assert_true(id.optional);
    assert_no_id("email", "KIND=COLUMN");
    assert_no_id("", "KIND=COLUMN");
    assert_no_id("Email=x", "small letters");
    assert_no_id("=x", "small letters");
    assert_no_id("a:b=x", "small letters");
    assert_no_id("group_id=x", "small letters");
    assert_no_id("email=", "email needs the name of its column");
    assert_no_id("email=?", "email needs the name of its column");
    assert_no_id("email=\xff", "email needs the name of its column");
    arena_free(&a);
}

static void assert_wrong(const char *yaml, int line, int column, const char *why)
{
    struct mapping m = {.customer = STR("kept")};
    struct err err;

    assert_false(mapping_parse(str_of(yaml), &a, &m, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, why));
    assert_int_equal(err.line, line);
    assert_int_equal(err.column, column);
    assert_text(m.customer, "kept");
}

TEST(a_fault_in_a_mapping_file_has_its_place)
{
    assert_wrong("customr: x\n", 1, 1, "customer");
    assert_wrong("time: x\nproperties:\n  - revenue\n", 3, 5, "NAME:TYPE=EXPRESSION");
    assert_wrong("time: x\ntraits:\n  - [a]\n", 3, 5, "NAME:TYPE=EXPRESSION");
    assert_wrong("event: [a]\n", 1, 8, "");
    assert_wrong("ids: [a]\n", 1, 6, "");
    assert_wrong("time: x\nids:\n  Email: E\n", 3, 10, "small letters");
    assert_wrong("ids: {email: [a]}\n", 1, 14, "email needs the name");
    assert_wrong(
        "ids: {a: x, b: x, c: x, d: x, e: x, f: x, g: x, h: x, i: x, j: x, k: x, l: x, "
        "m: x, n: x, o: x, p: x}\n",
        1, 6, "more ids than the 15 of an event");
    assert_wrong("decimal: comma\n", 0, 0, ", as in 1.234,50");
    arena_free(&a);
}

static bool parse_one([[maybe_unused]] void *context, struct err *err)
{
    struct arena own = {};
    struct mapping m = {};
    bool ok = mapping_parse(STR("customer: A\nids: {email: E, crm: C}\n"
                                "properties: ['x:money=sum(B)', 'y=C']\n"),
                            &own, &m, err);

    arena_free(&own);
    return ok;
}

TEST(a_mapping_survives_the_lack_of_memory)
{
    each_oom(parse_one, NULL);
}

TEST(an_entry_may_be_optional)
{
    struct mapping_entry e = entry_of("? city:text=Billing City ");

    assert_text(e.name, "city");
    assert_true(e.optional);
    assert_text(e.expression, "Billing City");
    assert_false(entry_of("city=Billing City").optional);
    assert_no_entry("?=x", "needs a name");
    assert_no_entry("?", "NAME:TYPE=EXPRESSION");
    arena_free(&a);
}

TEST(every_mapping_inside_parses_and_prints_as_itself)
{
    size_t n;
    const struct shipped *all = shipped_mappings(&n);

    assert_true(n > 10);
    for (size_t i = 0; i < n; i++) {
        struct mapping m = {}, again = {};
        struct buf text = {}, same = {};
        const struct shipped *found;
        struct err err;

        if (!mapping_parse(all[i].text, &a, &m, &err))
            fail_msg("%s: %d:%d %s", all[i].name, err.line, err.column, err.msg);
        assert_true((m.customer.n || m.who_n || m.account.n) && m.event.n);
        assert_true(!m.time.n == (m.moment.n > 0));
        mapping_print(&m, &text);
        assert_true(mapping_parse(buf_str(&text), &a, &again, &err));
        mapping_print(&again, &same);
        assert_true(str_eq(buf_str(&text), buf_str(&same)));
        assert_int_equal(again.trait_n, m.trait_n);
        for (uint32_t k = 0; k < m.trait_n; k++)
            assert_int_equal(again.trait[k].optional, m.trait[k].optional);
        assert_true(mapping_find(str_of(all[i].name), &found, &err));
        assert_ptr_equal(found, &all[i]);
        buf_free(&text);
        buf_free(&same);
    }
    arena_free(&a);
}

TEST(a_mapping_that_is_not_there_has_a_near_one)
{
    const struct shipped *found;
    struct err err;

    assert_false(mapping_find(STR("stripe-payment"), &found, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "did you mean \"stripe-payments\"?"));
    assert_false(mapping_find(STR("zzz"), &found, &err));
    assert_non_null(strstr(err.msg, "ciclo mapping list"));
}

static const str unsubscribed[] = {
    STR("Email Address"), STR("UNSUB_TIME"), STR("MEMBER_RATING"),
    STR("OPTIN_TIME"),    STR("EUID"),       STR("CONFIRM_TIME"),
    STR("LAST_CHANGED"),  STR("LEID"),       STR("more")};

static bool fit_one(void *context, struct err *err)
{
    const struct shipped **found = context;

    return mappings_fit(unsubscribed, sizeof unsubscribed / sizeof *unsubscribed, found,
                        err);
}

TEST(the_mapping_that_asks_for_most_of_the_columns_fits)
{
    const struct shipped *found;
    struct err err;

    each_oom(fit_one, &found);
    assert_string_equal(found->name, "mailchimp-unsubscribed");
    assert_true(mappings_fit(unsubscribed, 1, &found, &err));
    assert_null(found);
    assert_true(mappings_fit(NULL, 0, &found, &err));
    assert_null(found);
}
