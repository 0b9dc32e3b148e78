/* words_value.c - numbers, money, moments, lengths and lists in the words of a language. */
#include "rule/words_impl.h"

#include "base/num.h"

#include <string.h>

enum unit { UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_MONTH, UNIT_YEAR };

static const struct {
    const char *one, *many, *last_one, *last_many;
} units[][3] = {
    {{"second", "seconds", "in the last", "in the last"},
     {"secondo", "secondi", "nell'ultimo", "negli ultimi"},
     {"segundo", "segundos", "no último", "nos últimos"}},
    {{"minute", "minutes", "in the last", "in the last"},
     {"minuto", "minuti", "nell'ultimo", "negli ultimi"},
     {"minuto", "minutos", "no último", "nos últimos"}},
    {{"hour", "hours", "in the last", "in the last"},
     {"ora", "ore", "nell'ultima", "nelle ultime"},
     {"hora", "horas", "na última", "nas últimas"}},
    {{"day", "days", "in the last", "in the last"},
     {"giorno", "giorni", "nell'ultimo", "negli ultimi"},
     {"dia", "dias", "no último", "nos últimos"}},
    {{"month", "months", "in the last", "in the last"},
     {"mese", "mesi", "nell'ultimo", "negli ultimi"},
     {"mês", "meses", "no último", "nos últimos"}},
    {{"year", "years", "in the last", "in the last"},
     {"anno", "anni", "nell'ultimo", "negli ultimi"},
     {"ano", "anos", "no último", "nos últimos"}},
};

/* The decimal sign of the language, in what was printed from `from` on. */
static void decimal_sign(struct words *w, size_t from)
{
    char *point;

    if (w->to->failed || w->language == LANGUAGE_EN || w->to->n == from)
        return;
    point = memchr(w->to->p + from, '.', w->to->n - from);
    if (point)
        *point = ',';
}

void number_words(struct words *w, int64_t number)
{
    size_t from = w->to->n;

    num_print(w->to, number);
    decimal_sign(w, from);
}

static void money_words(struct words *w, int64_t minor)
{
    size_t from = w->to->n;

    money_print(w->to, minor, w->p->env.currency_decimals);
    decimal_sign(w, from);
    buf_add_char(w->to, ' ');
    buf_add(w->to, w->p->env.currency);
}

static void amount_of_time(struct words *w, int64_t n, enum unit unit)
{
    buf_add_format(w->to, "%lld %s", (long long)n,
                   n == 1 ? units[unit][w->language].one : units[unit][w->language].many);
}

/* The largest unit in which the length is a whole number. */
static int64_t length_unit(struct length l, enum unit *unit)
{
    static const int64_t ms[] = {MS_SECOND, MS_MINUTE, MS_HOUR, MS_DAY};

    if (l.months) {
        *unit = l.months % 12 ? UNIT_MONTH : UNIT_YEAR;
        return l.months % 12 ? l.months : l.months / 12;
    }
    *unit = UNIT_DAY;
    while (*unit > UNIT_SECOND && l.ms % ms[*unit])
        --*unit;
    return l.ms / ms[*unit];
}

void length_words(struct words *w, struct length l)
{
    enum unit unit;
    int64_t n = length_unit(l, &unit);

    amount_of_time(w, n, unit);
}

void last_words(struct words *w, struct length l)
{
    enum unit unit;
    int64_t n = length_unit(l, &unit);

    if (n == 1)
        buf_add_format(w->to, "%s %s", units[unit][w->language].last_one,
                       units[unit][w->language].one);
    else
        buf_add_format(w->to, "%s %lld %s", units[unit][w->language].last_many,
                       (long long)n, units[unit][w->language].many);
}

/* How much time it is, in the largest unit that fits, cut off. */
static void elapsed_words(struct words *w, int64_t ms)
{
    static const int64_t size[] = {MS_SECOND, MS_MINUTE, MS_HOUR, MS_DAY};
    enum unit unit = UNIT_DAY;

    if (ms < 0) {
        buf_add_char(w->to, '-');
        ms = -ms;
    }
    while (unit > UNIT_SECOND && ms < size[unit])
        unit--;
    amount_of_time(w, ms / size[unit], unit);
}

static void moment_words(struct words *w, int64_t at_ms)
{
    struct civil c = civil_of(zone_local(w->p->env.zone, at_ms));

    moment_print_day(w->to, w->p->env.zone, at_ms);
    if (c.hour || c.minute || c.second || c.ms)
        buf_add_format(w->to, " %02d:%02d", (int)c.hour, (int)c.minute);
}

static void list_words(struct words *w, const struct val *v)
{
    const struct cells *cells = v->column->cells;
    uint32_t first = cells->list_first[v->n], end = cells->list_first[v->n + 1];

    for (uint32_t i = first; i < end; i++) {
        if (i > first)
            buf_add(w->to, STR(", "));
        buf_add(w->to, cells->word[cells->list_item[i]]);
    }
}

void window_words(struct words *w, const struct window *window)
{
    enum unit from, to;
    int64_t n, m;

    switch (window->kind) {
    case WINDOW_ALL:
        break;
    case WINDOW_STAGE:
        words_add(w, PHRASE_WINDOW_STAGE);
        break;
    case WINDOW_DATES:
        words_add(w, PHRASE_FROM);
        moment_print_day(w->to, w->p->env.zone, window->from_ms);
        words_add(w, PHRASE_TO);
        moment_print_day(w->to, w->p->env.zone, window->to_ms - 1);
        break;
    case WINDOW_LENGTHS:
        n = length_unit(window->from, &from);
        m = length_unit(window->to, &to);
        if (!window->from.months && !window->from.ms) {
            buf_add_char(w->to, ' ');
            last_words(w, window->to);
            break;
        }
        words_add(w, PHRASE_BETWEEN);
        if (from == to)
            buf_add_format(w->to, "%lld", (long long)n);
        else
            amount_of_time(w, n, from);
        words_add(w, PHRASE_AND);
        amount_of_time(w, m, to);
        words_add(w, PHRASE_AGO);
    }
}

void words_of_fit(const struct program *p, const struct worth *w, enum language language,
                  struct buf *to)
{
    words_add(&(struct words){p, language, to}, PHRASE_FITTED);
    moment_print_day(to, p->env.zone, w->from_ms - 1);
    buf_add_char(to, ')');
}

void words_of_value(const struct cursor *c, const struct val *v, enum language language,
                    struct buf *to)
{
    struct words w = {c->p, language, to};

    switch (v->type) {
    case VALUE_BOOL:
        words_add(&w, v->n ? PHRASE_YES : PHRASE_NO_ANSWER);
        break;
    case VALUE_NUMBER:
        number_words(&w, v->n);
        break;
    case VALUE_MONEY:
        money_words(&w, v->n);
        break;
    case VALUE_TEXT:
        buf_add(to, text_of(c, v->n));
        break;
    case VALUE_LIST:
        list_words(&w, v);
        break;
    case VALUE_MOMENT:
        moment_words(&w, v->n);
        break;
    case VALUE_LENGTH:
        elapsed_words(&w, v->n);
        break;
    case VALUE_MISSING:
    case VALUE_NULL:
        words_add(&w, PHRASE_MISSING);
    }
}
