#include "base/num.h"
#include "shop.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *rule, *words[3];
} said[] = {
    {"last(purchase.hour) * 2 >= times_in('reach')",
     {"last hour of purchases \u00D7 2 is at least number of times in the stage reach",
      "ultimo valore di ora di acquisti \u00D7 2 è almeno numero di volte nella fase "
      "reach",
      "último valor de hora de compras \u00D7 2 é pelo menos número de vezes na fase "
      "reach"}},
    {"exists(sale.made)",
     {"at least one sale.made", "almeno un sale.made", "pelo menos um sale.made"}},
    {"3 >= count(login) and 1 = 1",
     {"at most 3 logins and 1 is 1", "al massimo 3 accessi e 1 è 1",
      "no máximo 3 acessos e 1 é 1"}},
    {"since(purchase) >= 90d",
     {"no purchase for at least 90 days", "nessun acquisto da almeno 90 giorni",
      "nenhuma compra há pelo menos 90 dias"}},
    {"since(purchase) < 1d",
     {"the last purchase less than 1 day ago", "l'ultimo acquisto meno di 1 giorno fa",
      "a última compra há menos de 1 dia"}},
    {"since(purchase, 1y) > 3mo",
     {"no purchase for more than 3 months in the last year",
      "nessun acquisto da più di 3 mesi nell'ultimo anno",
      "nenhuma compra há mais de 3 meses no último ano"}},
    {"90d > since(any)",
     {"the last event less than 90 days ago", "l'ultimo evento meno di 90 giorni fa",
      "o último evento há menos de 90 dias"}},
    {"age(signup) >= 1y",
     {"the first signup at least 1 year ago", "il primo signup almeno 1 anno fa",
      "o primeiro signup há pelo menos 1 ano"}},
    {"count(purchase, 90d) >= 3",
     {"at least 3 purchases in the last 90 days",
      "almeno 3 acquisti negli ultimi 90 giorni",
      "pelo menos 3 compras nos últimos 90 dias"}},
    {"count(purchase, 1d) < 1",
     {"no purchase in the last day", "nessun acquisto nell'ultimo giorno",
      "nenhuma compra no último dia"}},
    {"count(purchase, stage) = 0",
     {"no purchase since the stage was entered", "nessun acquisto da quando è nella fase",
      "nenhuma compra desde que está na fase"}},
    {"2 < count(login, 24h)",
     {"more than 2 logins in the last day", "più di 2 accessi nell'ultimo giorno",
      "mais de 2 acessos no último dia"}},
    {"count(login, 36h) != 2",
     {"not exactly 2 logins in the last 36 hours",
      "non esattamente 2 accessi nelle ultime 36 ore",
      "não exatamente 2 acessos nas últimas 36 horas"}},
    {"count(login, 1h) <= 2",
     {"at most 2 logins in the last hour", "al massimo 2 accessi nell'ultima ora",
      "no máximo 2 acessos na última hora"}},
    {"count(login, 90s) < 2",
     {"fewer than 2 logins in the last 90 seconds",
      "meno di 2 accessi negli ultimi 90 secondi",
      "menos de 2 acessos nos últimos 90 segundos"}},
    {"sum(purchase.revenue, 1y) > 500.5",
     {"total revenue of purchases in the last year is more than 500.5",
      "totale di importo di acquisti nell'ultimo anno è superiore a 500,5",
      "total de valor de compras no último ano é maior que 500,5"}},
    {"not exists(ticket_opened, 30d)",
     {"no support ticket in the last 30 days",
      "nessuna richiesta di aiuto negli ultimi 30 giorni",
      "nenhum pedido de ajuda nos últimos 30 dias"}},
    {"exists(`Order Completed` where revenue > 10 and gift, 30d..60d)",
     {"at least one \"Order Completed\" (where revenue is more than 10 and gift is true) "
      "between 30 and 60 days ago",
      "almeno un \"Order Completed\" (dove revenue è superiore a 10 e gift è vero) tra "
      "30 e 60 giorni fa",
      "pelo menos um \"Order Completed\" (onde revenue é maior que 10 e gift é "
      "verdadeiro) entre 30 e 60 dias atrás"}},
    {"exists(visit, 7d..1mo)",
     {"at least one visit between 7 days and 1 month ago",
      "almeno un visit tra 7 giorni e 1 mese fa",
      "pelo menos um visit entre 7 dias e 1 mês atrás"}},
    {"count(login, 30d) < 0.5 * count(login, 30d..60d)",
     {"number of logins in the last 30 days is less than 0.5 × number of logins between "
      "30 and 60 days ago",
      "numero di accessi negli ultimi 30 giorni è inferiore a 0,5 × numero di accessi "
      "tra 30 e 60 giorni fa",
      "número de acessos nos últimos 30 dias é menor que 0,5 × número de acessos entre "
      "30 e 60 dias atrás"}},
    {"(avg(purchase.revenue) + min(purchase.revenue)) * 2 > 10",
     {"(average revenue of purchases + smallest revenue of purchases) × 2 is more than "
      "10",
      "(media di importo di acquisti + minimo di importo di acquisti) × 2 è superiore a "
      "10",
      "(média de valor de compras + mínimo de valor de compras) × 2 é maior que 10"}},
    {"sequence(visit, signup within 7d, purchase within 1mo, 1y)",
     {"visit, then signup within 7 days, then purchase within 1 month in the last year",
      "visit, poi signup entro 7 giorni, poi acquisto entro 1 mese nell'ultimo anno",
      "visit, depois signup em até 7 dias, depois compra em até 1 mês no último ano"}},
    {"distinct(login.day, 30d) >= 5 and until(trait.renewal) <= 60d",
     {"at least 5 different days of logins in the last 30 days and renewal in at most 60 "
      "days",
      "almeno 5 giorni diversi di accessi negli ultimi 30 giorni e renewal tra al "
      "massimo 60 giorni",
      "pelo menos 5 dias diferentes de acessos nos últimos 30 dias e renewal em no "
      "máximo 60 dias"}},
    {"trait.country in (\"IT\", \"PT\") or trait.vip",
     {"country is one of \"IT\", \"PT\" or vip is true",
      "country è uno tra \"IT\", \"PT\" o vip è vero",
      "country é um de \"IT\", \"PT\" ou vip é verdadeiro"}},
    {"trait.country not in (\"IT\")",
     {"country is not one of \"IT\"", "country non è uno tra \"IT\"",
      "country não é um de \"IT\""}},
    {"not (trait.vip and trait.age is missing)",
     {"it is not true that (vip is true and age is missing)",
      "non è vero che (vip è vero e age manca)",
      "não é verdade que (vip é verdadeiro e age está ausente)"}},
    {"trait.age is not missing", {"age is known", "age è noto", "age é conhecido"}},
    {"last(purchase.sku) contains 'tea' or trait.country starts with 'I'",
     {"last sku of purchases contains \"tea\" or country starts with \"I\"",
      "ultimo valore di sku di acquisti contiene \"tea\" o country inizia con \"I\"",
      "último valor de sku de compras contém \"tea\" ou country começa com \"I\""}},
    {"last(purchase) < 2026-01-31",
     {"moment of the last purchase is before 2026-01-31",
      "momento dell'ultimo acquisto precede 2026-01-31",
      "momento da última compra é anterior a 2026-01-31"}},
    {"last(purchase) - first(purchase) > 30d",
     {"moment of the last purchase - moment of the first purchase is more than 30 days",
      "momento dell'ultimo acquisto - momento del primo acquisto è superiore a 30 giorni",
      "momento da última compra - momento da primeira compra é maior que 30 dias"}},
    {"stage = \"loyalty\" and time_in_stage >= 30d and times_in(\"reach\") > 1",
     {"the stage is \"loyalty\" and in the stage for at least 30 days and more than 1 "
      "time in the stage reach",
      "la fase è \"loyalty\" e nella fase da almeno 30 giorni e più di 1 volta nella "
      "fase reach",
      "a fase é \"loyalty\" e na fase há pelo menos 30 dias e mais de 1 vez na fase "
      "reach"}},
    {"lifecycle.accounts.stage = \"trial\"",
     {"the stage in accounts is \"trial\"", "la fase in accounts è \"trial\"",
      "a fase em accounts é \"trial\""}},
    {"previous_stage != \"reach\"",
     {"the previous stage is not \"reach\"", "la fase precedente non è \"reach\"",
      "a fase anterior não é \"reach\""}},
    {"since(trait.renewal) > 1y",
     {"renewal more than 1 year ago", "renewal più di 1 anno fa",
      "renewal há mais de 1 ano"}},
    {"anniversary(trait.renewal, 7d)",
     {"an anniversary of renewal in the last 7 days",
      "un anniversario di renewal negli ultimi 7 giorni",
      "um aniversário de renewal nos últimos 7 dias"}},
    {"count(visit, from 2026-01-01 to 2026-01-31) > 1",
     {"visit more than 1 time from 2026-01-01 to 2026-01-31",
      "visit più di 1 volta dal 2026-01-01 al 2026-01-31",
      "visit mais de 1 vez de 2026-01-01 a 2026-01-31"}},
    {"max(purchase.revenue) <= -max(purchase.revenue)",
     {"largest revenue of purchases is at most -largest revenue of purchases",
      "massimo di importo di acquisti è al massimo -massimo di importo di acquisti",
      "máximo de valor de compras é no máximo -máximo de valor de compras"}},
    {"first(purchase.gift) = true",
     {"first gift of purchases is true", "primo valore di gift di acquisti è vero",
      "primeiro valor de gift de compras é verdadeiro"}},
    {"last(purchase.gift)",
     {"last gift of purchases", "ultimo valore di gift di acquisti",
      "último valor de gift de compras"}},
    {"consent.email.news and not consent.sms.`due date`",
     {"consent to news by email is true and it is not true that consent to \"due date\" "
      "by sms is true",
      "consenso a news via email è vero e non è vero che consenso a \"due date\" via sms "
      "è vero",
      "consentimento para news por email é verdadeiro e não é verdade que consentimento "
      "para \"due date\" por sms é verdadeiro"}},
    {"segment.vip and score.health >= 40",
     {"in the segment vip and the score health is at least 40",
      "nel segmento vip e il punteggio health è almeno 40",
      "no segmento vip e a pontuação health é pelo menos 40"}},
};

TEST(rules_are_said_in_three_languages)
{
    struct shop shop;
    struct err err;
    int wrong = 0;

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05 visit", &err));
    assert_true(shop_name(&shop, RULE_SEGMENT, "vip", "exists(visit)", &err));
    assert_true(shop_name(&shop, RULE_SCORE, "health", "count(visit)", &err));
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        struct rule_ref rule;

        if (!shop_rule(&shop, said[i].rule, RULE_CONDITION, &rule, &err))
            fail_msg("%s: %s", said[i].rule, err.msg);
        for (enum language l = LANGUAGE_EN; l <= LANGUAGE_PT; l++) {
            struct buf b = {NULL};

            assert_true(program_words(shop.program, rule, l, &b, &err));
            buf_add_char(&b, 0);
            if (strcmp(b.p, said[i].words[l]) != 0) {
                print_error("%s: %s\n", said[i].rule, b.p);
                wrong++;
            }
            buf_free(&b);
        }
    }
    shop_close(&shop);
    assert_int_equal(wrong, 0);
}

#define TWO                                                                              \
    "2026-01-05 purchase revenue=10 sku=a; 2026-01-06 identify @country=IT "             \
    "@tags=[gold,early] @renewal=2026-06-01; 2026-01-12T12:30 purchase revenue=30.55 "   \
    "sku=b; "                                                                            \
    "2026-01-13 visit; 2026-01-14 signup; 2026-01-15 login"

struct wanted {
    const char *test, *measure, *value;
    bool truth;
    const char *until;  /* NULL: for ever */
    const char *events; /* places, newest first */
};

static void need_terms(const char *rule, enum language language,
                       const struct wanted *wanted, uint32_t wanted_n)
{
    static const uint32_t times_in[SHOP_STAGES] = {1, 2, 0, 0};
    struct situation situation = {.stage = 1, .times_in = times_in};
    struct arena a = {.limit = 1 << 20};
    const struct term *term;
    struct rule_ref ref;
    struct shop shop;
    struct err err;
    uint32_t n;

    assert_true(shop_open(&shop, "Europe/Rome", TWO, &err));
    assert_true(shop_name(&shop, RULE_SEGMENT, "vip", "count(purchase) >= 2", &err));
    if (!shop_rule(&shop, rule, RULE_CONDITION, &ref, &err))
        fail_msg("%s: %s", rule, err.msg);
    assert_true(shop_start(&shop, &err));
    situation.at_ms = shop_moment(&shop, "2026-02-01");
    situation.entered_ms = shop_moment(&shop, "2026-01-10");
    assert_true(
        cursor_explain(shop.cursor, ref, &situation, language, &a, &term, &n, &err));
    assert_int_equal(n, wanted_n);
    for (uint32_t i = 0; i < n; i++) {
        char events[64] = "";
        size_t at = 0;

        for (uint32_t k = 0; k < term[i].event_n; k++)
            at += (size_t)snprintf(events + at, sizeof events - at, "%s%u", k ? " " : "",
                                   term[i].event[k]);
        if (!str_eq(term[i].test, str_of(wanted[i].test))
            || !str_eq(term[i].measure, str_of(wanted[i].measure))
            || !str_eq(term[i].value, str_of(wanted[i].value))
            || term[i].truth != wanted[i].truth || strcmp(events, wanted[i].events) != 0
            || term[i].holds_until_ms
                   != (wanted[i].until ? shop_moment(&shop, wanted[i].until)
                                       : MOMENT_NEVER))
            fail_msg("%s: %.*s, %.*s, %.*s, %d, %lld, %s", wanted[i].test,
                     STR_FMT(term[i].test), STR_FMT(term[i].measure),
                     STR_FMT(term[i].value), term[i].truth,
                     (long long)term[i].holds_until_ms, events);
        assert_int_equal(term[i].event_all, term[i].event_n);
        assert_true(term[i].words.n > 0);
    }
    arena_free(&a);
    shop_close(&shop);
}

#define NEED_TERMS(rule, language, ...)                                                  \
    need_terms(rule, language, (const struct wanted[]){__VA_ARGS__},                     \
               sizeof((const struct wanted[]){__VA_ARGS__}) / sizeof(struct wanted))

TEST(each_term_has_its_value_and_its_events)
{
    NEED_TERMS(
        "since(purchase) >= 15d and not (count(purchase, 30d) >= 2 or segment.vip)",
        LANGUAGE_EN,
        {"since(purchase) >= 15d", "since(purchase)", "19 days", true, NULL, "2"},
        {"count(purchase, 30d) >= 2", "count(purchase, 30d)", "2", true, "2026-02-04",
         "2 0"},
        {"count(purchase) >= 2", "count(purchase)", "2", true, NULL, "2 0"});
    NEED_TERMS("sum(purchase.revenue) > 100 or 20 < max(purchase.revenue)", LANGUAGE_EN,
               {"sum(purchase.revenue) > 100", "sum(purchase.revenue)", "40.55 EUR",
                false, NULL, "2 0"},
               {"20 < max(purchase.revenue)", "max(purchase.revenue)", "30.55 EUR", true,
                NULL, "2"});
    NEED_TERMS("-20 < max(purchase.revenue)", LANGUAGE_EN,
               {"-20 < max(purchase.revenue)", "max(purchase.revenue)", "30.55 EUR", true,
                NULL, "2"});
    NEED_TERMS("sum(purchase.revenue) > 100", LANGUAGE_IT,
               {"sum(purchase.revenue) > 100", "sum(purchase.revenue)", "40,55 EUR",
                false, NULL, "2 0"});
    NEED_TERMS(
        "trait.country = 'IT' and trait.vip and trait.tags contains 'x'", LANGUAGE_EN,
        {"trait.country = 'IT'", "trait.country", "IT", true, NULL, "1"},
        {"trait.vip", "trait.vip", "missing", false, NULL, ""},
        {"trait.tags contains 'x'", "trait.tags", "gold, early", false, NULL, "1"});
    NEED_TERMS("sequence(visit, signup within 2d, login within 2d, 30d)", LANGUAGE_EN,
               {"sequence(visit, signup within 2d, login within 2d, 30d)",
                "sequence(visit, signup within 2d, login within 2d, 30d)", "yes", true,
                "2026-02-12", "5 4 3"});
    NEED_TERMS("sequence(login, signup within 2d)", LANGUAGE_PT,
               {"sequence(login, signup within 2d)", "sequence(login, signup within 2d)",
                "não", false, NULL, ""});
    NEED_TERMS("until(trait.renewal) <= 60d", LANGUAGE_PT,
               {"until(trait.renewal) <= 60d", "until(trait.renewal)", "119 dias", false,
                "2026-04-02", "1"});
    NEED_TERMS("last(purchase) - first(purchase) > 1d and last(purchase) > 2026-01-01",
               LANGUAGE_IT,
               {"last(purchase) - first(purchase) > 1d",
                "last(purchase) - first(purchase)", "7 giorni", true, NULL, "2 0"},
               {"last(purchase) > 2026-01-01", "last(purchase)", "2026-01-12 12:30", true,
                NULL, "2"});
    NEED_TERMS(
        "stage = 'retention' and time_in_stage < 30d and trait.age is missing",
        LANGUAGE_EN, {"stage = 'retention'", "stage", "retention", true, NULL, ""},
        {"time_in_stage < 30d", "time_in_stage", "22 days", true, "2026-02-09", ""},
        {"trait.age is missing", "trait.age", "missing", true, NULL, ""});
    NEED_TERMS("first(purchase.revenue) in (10, 11) and min(purchase.revenue, 1d) > 3",
               LANGUAGE_IT,
               {"first(purchase.revenue) in (10, 11)", "first(purchase.revenue)",
                "10,00 EUR", true, NULL, "0"},
               {"min(purchase.revenue, 1d) > 3", "min(purchase.revenue, 1d)", "mancante",
                false, NULL, ""});
}

TEST(scores_and_segments_are_opened_up_once)
{
    struct score_part part[2] = {{.points = 40 * NUM_ONE}, {.points = -5 * NUM_ONE}};
    static const uint32_t times_in[SHOP_STAGES] = {1};
    static const char *const tests[] = {"score.health > 10", "exists(visit)",
                                        "exists(login)",     "count(any) > 1",
                                        "count(any) > 2",    "count(any) > 3",
                                        "count(any) > 4",    "count(any) > 5",
                                        "count(any) > 6",    "until(trait.renewal) < 3h"};
    static const char *const values[] = {"40", "yes", "no", "2", "2",
                                         "2",  "2",   "2",  "2", "-2 hours"};
    struct situation situation = {.times_in = times_in};
    struct arena a = {.limit = 1 << 20};
    const struct term *term;
    struct rule_ref ref;
    struct shop shop;
    struct err err;
    uint32_t n;

    assert_true(shop_open(&shop, "Europe/Rome",
                          "2026-01-05 visit @renewal=2026-01-06T10:00; 2026-01-05 visit",
                          &err));
    assert_true(shop_name(&shop, RULE_SEGMENT, "visitor", "exists(visit)", &err));
    part[0].when = shop.named[0].rule;
    assert_true(shop_rule(&shop, "exists(login)", RULE_CONDITION, &part[1].when, &err));
    assert_true(program_add_score(shop.program, 0, 0, 100 * NUM_ONE, part, 2,
                                  &shop.named[1].rule, &err));
    shop.named[1].name = STR("health");
    shop.named[1].kind = RULE_SCORE;
    shop.seg_n = 2;
    assert_true(shop_rule(
        &shop,
        "score.health > 10 and segment.visitor and (count(any) > 1 or count(any) "
        "> 2 or count(any) > 3 or count(any) > 4 or count(any) > 5 or "
        "count(any) > 6 or until(trait.renewal) < 3h)",
        RULE_CONDITION, &ref, &err));
    assert_true(shop_start(&shop, &err));
    situation.at_ms = shop_moment(&shop, "2026-01-06T12:30");
    assert_true(
        cursor_explain(shop.cursor, ref, &situation, LANGUAGE_EN, &a, &term, &n, &err));
    assert_int_equal(n, 10);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(str_eq(term[i].test, str_of(tests[i])));
        if (!str_eq(term[i].value, str_of(values[i])))
            fail_msg("%s: %.*s", tests[i], STR_FMT(term[i].value));
    }
    arena_free(&a);
    shop_close(&shop);
}

TEST(a_term_shows_its_twenty_newest_events)
{
    static const uint32_t times_in[SHOP_STAGES] = {1};
    struct situation situation = {.times_in = times_in};
    struct arena a = {.limit = 1 << 20};
    struct buf timeline = {NULL};
    const struct term *term;
    struct rule_ref ref;
    struct shop shop;
    struct err err;
    uint32_t n;

    for (int day = 1; day <= 25; day++)
        buf_add_format(&timeline, "%s2026-01-%02d visit", day > 1 ? "; " : "", day);
    buf_add_char(&timeline, 0);
    assert_true(shop_open(&shop, "Europe/Rome", timeline.p, &err));
    assert_true(shop_rule(&shop, "count(visit) >= 3", RULE_CONDITION, &ref, &err));
    assert_true(shop_start(&shop, &err));
    situation.at_ms = shop_moment(&shop, "2026-02-01");
    assert_true(
        cursor_explain(shop.cursor, ref, &situation, LANGUAGE_EN, &a, &term, &n, &err));
    assert_int_equal(term[0].event_n, 20);
    assert_int_equal(term[0].event_all, 25);
    assert_int_equal(term[0].event[0], 24);
    assert_int_equal(term[0].event[19], 5);
    arena_free(&a);
    buf_free(&timeline);
    shop_close(&shop);
}

TEST(a_score_is_said_with_its_parts)
{
    struct score_part part[2] = {{.points = 40 * NUM_ONE}, {.points = -5 * NUM_ONE}};
    struct buf b = {NULL};
    struct rule_ref score;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", TWO, &err));
    assert_true(
        shop_rule(&shop, "exists(visit, 7d)", RULE_CONDITION, &part[0].when, &err));
    assert_true(
        shop_rule(&shop, "exists(ticket_opened)", RULE_CONDITION, &part[1].when, &err));
    assert_true(program_add_score(shop.program, 10 * NUM_ONE, 0, 100 * NUM_ONE, part, 2,
                                  &score, &err));
    assert_true(program_words(shop.program, score, LANGUAGE_EN, &b, &err));
    buf_add_char(&b, 0);
    assert_string_equal(b.p,
                        "10, +40 points if at least one visit in the last 7 days, -5 "
                        "points if at least one support ticket, never outside 0..100");
    buf_free(&b);
    assert_true(
        str_eq(program_text(shop.program, part[0].when), STR("exists(visit, 7d)")));
    shop_close(&shop);
}

TEST(a_language_is_known_by_its_code)
{
    enum language l;

    assert_true(language_parse(STR("it"), &l));
    assert_int_equal(l, LANGUAGE_IT);
    assert_false(language_parse(STR("de"), &l));
}

/* --- without memory --- */

static bool whole_way([[maybe_unused]] void *context, struct err *err)
{
    static const uint32_t times_in[SHOP_STAGES] = {1, 2, 0, 0};
    struct situation situation = {
        .stage = 1, .times_in = times_in, .at_ms = 1769900000000};
    struct arena a = {.limit = 1 << 20};
    struct score_part part = {.points = NUM_ONE};
    struct buf words = {NULL};
    const struct term *term;
    struct rule_ref ref = {0}, wrong, score;
    struct answer answer;
    struct shop shop;
    uint32_t n;
    bool ok;

    if (!shop_open(&shop, "Europe/Rome", TWO, err))
        return false;
    ok =
        shop_name(&shop, RULE_SEGMENT, "vip", "min(purchase.revenue) >= 2", err)
        && shop_rule(&shop,
                     "segment.vip and trait.country = 'y' or distinct(purchase.sku where "
                     "revenue > 1, 30d) > 1 or sequence(visit, signup within 2d)",
                     RULE_CONDITION, &ref, err)
        && (shop_rule(&shop, "exists(purchse)", RULE_CONDITION, &wrong, err)
            || err->code == ERR_INPUT);
    part.when = ref;
    ok =
        ok && program_add_score(shop.program, 0, 0, NUM_ONE, &part, 1, &score, err)
        && shop_start(&shop, err)
        && cursor_ask_exact(shop.cursor, ref, &situation, &answer, err)
        && cursor_explain(shop.cursor, score, &situation, LANGUAGE_PT, &a, &term, &n, err)
        && program_words(shop.program, ref, LANGUAGE_IT, &words, err);
    buf_free(&words);
    arena_free(&a);
    shop_close(&shop);
    return ok;
}

TEST(a_rule_without_memory)
{
    each_oom(whole_way, NULL);
}

/* What a rule names: "purchase purchase.revenue money ..." */
static void need_names(struct shop *shop, const char *rule, const char *wanted)
{
    struct arena a = {.limit = 1 << 20};
    const struct rule_name *name;
    struct buf b = {NULL};
    struct rule_ref ref;
    struct err err;
    uint32_t n;

    assert_true(program_add(shop->program, str_of(rule), RULE_EITHER, &ref, &err));
    assert_true(program_names(shop->program, ref, &a, &name, &n, &err));
    for (uint32_t i = 0; i < n; i++) {
        buf_add_format(&b, "%s%.*s%s%.*s", i ? " " : "", STR_FMT(name[i].event),
                       name[i].name.n ? "." : "", STR_FMT(name[i].name));
        if (name[i].name.n)
            buf_add_format(&b, ":%.*s", STR_FMT(value_type_name(name[i].type)));
        if (name[i].learned)
            buf_add_char(&b, '?');
    }
    if (!str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("%s: %.*s", rule, STR_FMT(buf_str(&b)));
    buf_free(&b);
    arena_free(&a);
}

TEST(a_rule_says_what_it_names)
{
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", TWO, &err));
    assert_true(shop_name(&shop, RULE_SEGMENT, "vip", "exists(visit)", &err));
    need_names(&shop,
               "count(purchase where gift and sku = 'a', 90d) > 2 and exists(purchase)",
               "purchase purchase.gift:bool purchase.sku:text");
    need_names(&shop, "sequence(`Order Completed`, visit within 1d) or segment.vip",
               "purchase visit");
    need_names(&shop, "sum(purchase.revenue) / distinct(any.day where hour > 3)",
               "purchase purchase.revenue:money");
    need_names(&shop,
               "until(trait.renewal) > 1d or anniversary(trait.renewal, 1d) "
               "or since(trait.renewal) > 1d or trait.tags contains 'x'",
               ".renewal:moment .tags:list");
    need_names(&shop, "stage = 'reach' or consent.email.news", "");
    shop_close(&shop);
}

TEST(a_rule_of_either_kind_says_which_it_is)
{
    static const struct {
        const char *rule;
        enum value_type type;
    } rules[] = {{"exists(visit)", VALUE_BOOL},
                 {"count(visit)", VALUE_NUMBER},
                 {"sum(purchase.revenue) * 2", VALUE_MONEY},
                 {"trait.vip", VALUE_BOOL}};
    struct rule_ref ref;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", TWO, &err));
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        assert_true(
            program_add(shop.program, str_of(rules[i].rule), RULE_EITHER, &ref, &err));
        assert_int_equal(program_type(shop.program, ref), rules[i].type);
        assert_false(program_asks_stage(shop.program, ref));
    }
    assert_false(
        program_add(shop.program, STR("trait.country"), RULE_EITHER, &ref, &err));
    assert_false(program_add(shop.program, STR("since(visit)"), RULE_EITHER, &ref, &err));
    assert_true(
        program_add(shop.program, STR("count(visit, stage)"), RULE_EITHER, &ref, &err));
    assert_true(program_asks_stage(shop.program, ref));
    shop_close(&shop);
}

static bool say_names(void *context, struct err *err)
{
    struct arena a = {.limit = 1 << 20};
    const struct rule_name *name;
    struct rule_ref ref;
    struct shop shop;
    uint32_t n;
    bool ok;

    if (!shop_open(&shop, "Europe/Rome", TWO, err))
        return false;
    ok = shop_rule(&shop, context, RULE_EITHER, &ref, err)
         && program_names(shop.program, ref, &a, &name, &n, err);
    arena_free(&a);
    shop_close(&shop);
    return ok;
}

TEST(names_survive_lack_of_memory)
{
    char rule[] = "exists(purchase where gift and quantity > 1 and sku = 'a' and due > "
                  "2026-01-01) and exists(visit) and exists(login) and trait.vip "
                  "and trait.age > 1";

    each_oom(say_names, rule);
}
