#include "rule/words.h"

#include "base/num.h"
#include "rule/nouns.h"

#include <string.h>

/* Rules as sentences. A phrase is a text in each language in which %x stands for a part:
 *
 *   %p the event of a function, with its where    %n the name behind a dot, or a stage's
 *   %P the same, as more than one of them
 *   %q the property that it looks at              %r the length, as "in the last 7 days"
 *   %w its window, with a blank in front          %l the length that is compared with
 *   %a %b the first and second operand            %t the operands behind the first
 *   %s the first operand, as a sentence            %u the purpose of a consent
 *   %c the comparison over lengths: "at least"    %k the same over counts: "fewer than"
 *   %o the comparison as a predicate: "is at least"      %x time or times, as %b says
 *
 * and of {o|a} the second is said when the event's noun is feminine. Names that users gave
 * stay as they are. */
#define PHRASES(X)                                                                       \
    X(COUNT, "number of %P%w", "numero di %P%w", "número de %P%w")                       \
    X(SUM, "total %q of %P%w", "totale di %q di %P%w", "total de %q de %P%w")            \
    X(AVG, "average %q of %P%w", "media di %q di %P%w", "média de %q de %P%w")           \
    X(MIN, "smallest %q of %P%w", "minimo di %q di %P%w", "mínimo de %q de %P%w")        \
    X(MAX, "largest %q of %P%w", "massimo di %q di %P%w", "máximo de %q de %P%w")        \
    X(DISTINCT, "number of different %q of %P%w", "numero di %q diversi di %P%w",        \
      "número de %q diferentes de %P%w")                                                 \
    X(FIRST_VALUE, "first %q of %P%w", "primo valore di %q di %P%w",                     \
      "primeiro valor de %q de %P%w")                                                    \
    X(LAST_VALUE, "last %q of %P%w", "ultimo valore di %q di %P%w",                      \
      "último valor de %q de %P%w")                                                      \
    X(FIRST, "moment of the first %p%w", "momento {del primo|della prima} %p%w",         \
      "momento {do primeiro|da primeira} %p%w")                                          \
    X(LAST, "moment of the last %p%w", "momento dell'{ultimo|ultima} %p%w",              \
      "momento {do último|da última} %p%w")                                              \
    X(ANNIVERSARY, "an anniversary of %n %r", "un anniversario di %n %r",                \
      "um aniversário de %n %r")                                                         \
    X(TIMES_IN, "number of times in the stage %n", "numero di volte nella fase %n",      \
      "número de vezes na fase %n")                                                      \
    X(STAGE, "the stage", "la fase", "a fase")                                           \
    X(PREVIOUS_STAGE, "the previous stage", "la fase precedente", "a fase anterior")     \
    X(LIFECYCLE_STAGE, "the stage in %n", "la fase in %n", "a fase em %n")               \
    X(CONSENT, "consent to %u by %n", "consenso a %u via %n",                            \
      "consentimento para %u por %n")                                                    \
    X(ACQUISITION_CHANNEL, "the first channel", "il primo canale", "o primeiro canal")   \
    X(ACQUISITION_SOURCE, "the first source", "la prima fonte", "a primeira origem")     \
    X(ACQUISITION_MEDIUM, "the first medium", "il primo mezzo", "o primeiro meio")       \
    X(ACQUISITION_CAMPAIGN, "the first campaign", "la prima campagna",                   \
      "a primeira campanha")                                                             \
    X(ACQUISITION_REFERRER, "the first referring site", "il primo sito di provenienza",  \
      "o primeiro site de referência")                                                   \
    X(ACQUISITION_PAGE, "the landing page", "la pagina di arrivo",                       \
      "a página de entrada")                                                             \
    X(SEGMENT, "in the segment %n", "nel segmento %n", "no segmento %n")                 \
    X(SCORE, "the score %n", "il punteggio %n", "a pontuação %n")                        \
    X(EXISTS, "at least one %p%w", "almeno {un|una} %p%w", "pelo menos {um|uma} %p%w")   \
    X(NO, "no %p%w", "{nessun|nessuna} %p%w", "{nenhum|nenhuma} %p%w")                   \
    X(ONE_TEST, "%k %b %p%w", "%k %b %p%w", "%k %b %p%w")                                \
    X(COUNT_TEST, "%k %b %P%w", "%k %b %P%w", "%k %b %P%w")                              \
    X(COUNT_TIMES, "%p %k %b %x%w", "%p %k %b %x%w", "%p %k %b %x%w")                    \
    X(DISTINCT_TEST, "%k %b different %q of %P%w", "%k %b %q diversi di %P%w",           \
      "%k %b %q diferentes de %P%w")                                                     \
    X(TIMES_TEST, "%k %b %x in the stage %n", "%k %b %x nella fase %n",                  \
      "%k %b %x na fase %n")                                                             \
    X(TIME, "time", "volta", "vez")                                                      \
    X(TIMES, "times", "volte", "vezes")                                                  \
    X(LONG_SINCE, "no %p for %c %l%w", "{nessun|nessuna} %p da %c %l%w",                 \
      "{nenhum|nenhuma} %p há %c %l%w")                                                  \
    X(SHORT_SINCE, "the last %p %c %l ago%w", "l'{ultimo|ultima} %p %c %l fa%w",         \
      "{o último|a última} %p há %c %l%w")                                               \
    X(AGE_TEST, "the first %p %c %l ago%w", "{il primo|la prima} %p %c %l fa%w",         \
      "{o primeiro|a primeira} %p há %c %l%w")                                           \
    X(SINCE_TRAIT_TEST, "%n %c %l ago", "%n %c %l fa", "%n há %c %l")                    \
    X(UNTIL_TEST, "%n in %c %l", "%n tra %c %l", "%n em %c %l")                          \
    X(TIME_IN_STAGE_TEST, "in the stage for %c %l", "nella fase da %c %l",               \
      "na fase há %c %l")                                                                \
    X(COMPARE, "%a %o %b", "%a %o %b", "%a %o %b")                                       \
    X(IN, "%a is one of %t", "%a è uno tra %t", "%a é um de %t")                         \
    X(NOT_IN, "%a is not one of %t", "%a non è uno tra %t", "%a não é um de %t")         \
    X(IS_MISSING, "%a is missing", "%a manca", "%a está ausente")                        \
    X(IS_KNOWN, "%a is known", "%a è noto", "%a é conhecido")                            \
    X(CONTAINS, "%a contains %b", "%a contiene %b", "%a contém %b")                      \
    X(STARTS_WITH, "%a starts with %b", "%a inizia con %b", "%a começa com %b")          \
    X(IS_TRUE, "%a is true", "%a è vero", "%a é verdadeiro")                             \
    X(NOT, "it is not true that ", "non è vero che ", "não é verdade que ")              \
    X(AND, " and ", " e ", " e ")                                                        \
    X(OR, " or ", " o ", " ou ")                                                         \
    X(THEN, ", then %p within %l", ", poi %p entro %l", ", depois %p em até %l")         \
    X(WHERE, " (where %s)", " (dove %s)", " (onde %s)")                                  \
    X(WINDOW_STAGE, " since the stage was entered", " da quando è nella fase",           \
      " desde que está na fase")                                                         \
    X(BETWEEN, " between ", " tra ", " entre ")                                          \
    X(AGO, " ago", " fa", " atrás")                                                      \
    X(FROM, " from ", " dal ", " de ")                                                   \
    X(TO, " to ", " al ", " a ")                                                         \
    X(TRUE, "true", "vero", "verdadeiro")                                                \
    X(FALSE, "false", "falso", "falso")                                                  \
    X(YES, "yes", "sì", "sim")                                                           \
    X(NO_ANSWER, "no", "no", "não")                                                      \
    X(MISSING, "missing", "mancante", "ausente")                                         \
    X(POINTS_IF, " points if ", " punti se ", " pontos se ")                             \
    X(SCORE_BOUNDS, ", never outside ", ", mai fuori da ", ", nunca fora de ")

enum phrase {
#define X(name, en, it, pt) PHRASE_##name,
    PHRASES(X)
#undef X
};

static const char *const phrases[][3] = {
#define X(name, en, it, pt) {en, it, pt},
    PHRASES(X)
#undef X
};

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

/* In the order of NODE_EQ .. NODE_GE. */
static const struct {
    const char *length, *count, *is, *moment;
} comparisons[][3] = {
    {{"exactly", "exactly", "is", "is"},
     {"esattamente", "esattamente", "è", "è"},
     {"exatamente", "exatamente", "é", "é"}},
    {{"not exactly", "not exactly", "is not", "is not"},
     {"non esattamente", "non esattamente", "non è", "non è"},
     {"não exatamente", "não exatamente", "não é", "não é"}},
    {{"less than", "fewer than", "is less than", "is before"},
     {"meno di", "meno di", "è inferiore a", "precede"},
     {"menos de", "menos de", "é menor que", "é anterior a"}},
    {{"at most", "at most", "is at most", "is not after"},
     {"al massimo", "al massimo", "è al massimo", "non segue"},
     {"no máximo", "no máximo", "é no máximo", "não é posterior a"}},
    {{"more than", "more than", "is more than", "is after"},
     {"più di", "più di", "è superiore a", "segue"},
     {"mais de", "mais de", "é maior que", "é posterior a"}},
    {{"at least", "at least", "is at least", "is not before"},
     {"almeno", "almeno", "è almeno", "non precede"},
     {"pelo menos", "pelo menos", "é pelo menos", "não é anterior a"}},
};

struct words {
    const struct program *p;
    enum language language;
    struct buf *to;
};

/* What the marks of a phrase stand for. */
struct parts {
    const struct node *a, *b;
    const struct call *call;
    const struct step *step; /* a later step of a sequence */
    const struct length *length;
    enum node_kind kind;
    bool moments;
    str name, purpose;
};

bool language_parse(str name, enum language *out)
{
    static const str names[] = {{"en", 2}, {"it", 2}, {"pt", 2}};

    for (int i = 0; i < 3; i++) {
        if (str_eq(name, names[i])) {
            *out = (enum language)i;
            return true;
        }
    }
    return false;
}

static void add(struct words *w, enum phrase phrase)
{
    buf_add(w->to, str_of(phrases[phrase][w->language]));
}

/* --- values --- */

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

static void number_words(struct words *w, int64_t number)
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

static void length_words(struct words *w, struct length l)
{
    enum unit unit;
    int64_t n = length_unit(l, &unit);

    amount_of_time(w, n, unit);
}

static void last_words(struct words *w, struct length l)
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

void words_of_value(const struct cursor *c, const struct val *v, enum language language,
                    struct buf *to)
{
    struct words w = {c->p, language, to};

    switch (v->type) {
    case VALUE_BOOL:
        add(&w, v->n ? PHRASE_YES : PHRASE_NO_ANSWER);
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
        add(&w, PHRASE_MISSING);
    }
}

/* --- parts of phrases --- */

static void say(struct words *w, enum phrase phrase, const struct parts *parts);
static void node_words(struct words *w, const struct node *n);

/* Names of more than one word stand in quotes. */
static void name_words(struct words *w, str name)
{
    bool quotes = memchr(name.p, ' ', name.n) != NULL;

    if (quotes)
        buf_add_char(w->to, '"');
    buf_add(w->to, name);
    if (quotes)
        buf_add_char(w->to, '"');
}

static const struct noun *noun_of(const struct words *w, const struct name *name)
{
    bool any = str_eq(name->first, STR("any"));

    /* An event whose own name holds a dot has none. */
    if (name->quoted || !(any || dictionary_event(w->p->env.dictionary, name->first)))
        return NULL;
    return noun_find(name->first, w->language);
}

static void pattern_words(struct words *w, const struct pattern *pattern, bool many)
{
    const struct dictionary_event *event =
        dictionary_event(w->p->env.dictionary, pattern->name.first);
    const struct noun *noun = noun_of(w, &pattern->name);

    if (noun)
        buf_add(w->to, str_of(many ? noun->many : noun->one));
    else
        name_words(w, event ? pattern->name.first : pattern->name.whole);
    if (pattern->where)
        say(w, PHRASE_WHERE, &(struct parts){.a = pattern->where});
}

/* What every event has, and what the templates measure, is said in the language. */
static void property_words(struct words *w, const struct name *name, enum function f)
{
    static const struct {
        const char *name, *one[3], *many[3];
    } known[] = {
        {"day", {"day", "giorno", "dia"}, {"days", "giorni", "dias"}},
        {"week", {"week", "settimana", "semana"}, {"weeks", "settimane", "semanas"}},
        {"weekday",
         {"day of the week", "giorno della settimana", "dia da semana"},
         {"days of the week", "giorni della settimana", "dias da semana"}},
        {"hour", {"hour", "ora", "hora"}, {"hours", "ore", "horas"}},
        {"channel", {"channel", "canale", "canal"}, {"channels", "canali", "canais"}},
        {"revenue", {"revenue", "importo", "valor"}, {"revenues", "importi", "valores"}},
        {"score",
         {"score", "punteggio", "pontuação"},
         {"scores", "punteggi", "pontuações"}},
    };

    for (size_t i = 0; !name->rest_quoted && i < sizeof known / sizeof *known; i++) {
        if (str_eq(name->rest, str_of(known[i].name))) {
            buf_add(w->to, str_of(f == FUNCTION_DISTINCT ? known[i].many[w->language]
                                                         : known[i].one[w->language]));
            return;
        }
    }
    name_words(w, name->rest);
}

static void window_words(struct words *w, const struct window *window)
{
    enum unit from, to;
    int64_t n, m;

    switch (window->kind) {
    case WINDOW_ALL:
        break;
    case WINDOW_STAGE:
        add(w, PHRASE_WINDOW_STAGE);
        break;
    case WINDOW_DATES:
        add(w, PHRASE_FROM);
        moment_print_day(w->to, w->p->env.zone, window->from_ms);
        add(w, PHRASE_TO);
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
        add(w, PHRASE_BETWEEN);
        if (from == to)
            buf_add_format(w->to, "%lld", (long long)n);
        else
            amount_of_time(w, n, from);
        add(w, PHRASE_AND);
        amount_of_time(w, m, to);
        add(w, PHRASE_AGO);
    }
}

/* A bare name that is true or false becomes a sentence. */
static void sentence_words(struct words *w, const struct node *n)
{
    if (n->kind == NODE_NAME && n->type == VALUE_BOOL && n->means != MEANS_SEGMENT)
        say(w, PHRASE_IS_TRUE, &(struct parts){.a = n});
    else
        node_words(w, n);
}

/* A sum or product inside another one stands in parentheses, as do and and or. */
static void operand_words(struct words *w, const struct node *n)
{
    bool inside = (n->kind >= NODE_ADD && n->kind <= NODE_DIV) || n->kind == NODE_AND
                  || n->kind == NODE_OR;

    if (inside)
        buf_add_char(w->to, '(');
    sentence_words(w, n);
    if (inside)
        buf_add_char(w->to, ')');
}

static void literals_words(struct words *w, const struct node *n)
{
    for (const struct node *first = n; n; n = n->next) {
        if (n != first)
            buf_add(w->to, STR(", "));
        node_words(w, n);
    }
}

/* "{o|a}": says one of the two, and gives the place of the brace at the end. */
static const char *gender_words(struct words *w, const char *at, const struct step *step)
{
    const struct noun *noun = noun_of(w, &step->pattern.name);
    size_t masculine = strcspn(at + 1, "|"), feminine = strcspn(at + masculine + 2, "}");

    buf_add(w->to, noun && noun->feminine ? (str){at + masculine + 2, feminine}
                                          : (str){at + 1, masculine});
    return at + masculine + 2 + feminine;
}

static void say(struct words *w, enum phrase phrase, const struct parts *parts)
{
    const char *at = phrases[phrase][w->language];
    const struct step *step = parts->step   ? parts->step
                              : parts->call ? parts->call->step
                                            : NULL;

    for (; *at; at++) {
        size_t plain = strcspn(at, "%{");

        buf_add(w->to, (str){at, plain});
        at += plain;
        if (!*at)
            return;
        if (*at == '{') {
            at = gender_words(w, at, step);
            continue;
        }
        switch (*++at) {
        case 'p':
            pattern_words(w, &step->pattern, false);
            break;
        case 'P':
            pattern_words(w, &step->pattern, true);
            break;
        case 'q':
            property_words(w, &step->pattern.name, parts->call->function);
            break;
        case 'w':
            window_words(w, &parts->call->window);
            break;
        case 'a':
            node_words(w, parts->a);
            break;
        case 'b':
            node_words(w, parts->b);
            break;
        case 's':
            sentence_words(w, parts->a);
            break;
        case 't':
            literals_words(w, parts->a->next);
            break;
        case 'n':
            name_words(w, parts->name);
            break;
        case 'u':
            name_words(w, parts->purpose);
            break;
        case 'x':
            add(w, parts->b->number == NUM_ONE ? PHRASE_TIME : PHRASE_TIMES);
            break;
        case 'l':
            length_words(w, *parts->length);
            break;
        case 'r':
            last_words(w, *parts->length);
            break;
        case 'c':
            buf_add(w->to,
                    str_of(comparisons[parts->kind - NODE_EQ][w->language].length));
            break;
        case 'k':
            buf_add(w->to, str_of(comparisons[parts->kind - NODE_EQ][w->language].count));
            break;
        case 'o':
            buf_add(w->to,
                    str_of(parts->moments
                               ? comparisons[parts->kind - NODE_EQ][w->language].moment
                               : comparisons[parts->kind - NODE_EQ][w->language].is));
            break;
        }
    }
}

/* --- conditions --- */

static bool is_call(const struct node *n, enum function f)
{
    return n->kind == NODE_CALL && n->call->function == f;
}

static bool is_of_trait(const struct call *call)
{
    return !call->step->pattern.name.quoted
           && str_eq(call->step->pattern.name.first, STR("trait"));
}

static void growing_words(struct words *w, struct parts *parts)
{
    const struct node *n = parts->a;
    bool is_long = parts->kind == NODE_GE || parts->kind == NODE_GT;
    enum phrase phrase = PHRASE_AGE_TEST;

    parts->length = &parts->b->length;
    if (n->means == MEANS_TIME_IN_STAGE) {
        say(w, PHRASE_TIME_IN_STAGE_TEST, parts);
        return;
    }
    parts->name = n->call->step->pattern.name.rest;
    if (n->call->function == FUNCTION_UNTIL)
        phrase = PHRASE_UNTIL_TEST;
    else if (n->call->function == FUNCTION_SINCE && is_of_trait(n->call))
        phrase = PHRASE_SINCE_TRAIT_TEST;
    else if (n->call->function == FUNCTION_SINCE)
        phrase = is_long ? PHRASE_LONG_SINCE : PHRASE_SHORT_SINCE;
    say(w, phrase, parts);
}

static enum phrase count_phrase(const struct words *w, const struct parts *parts)
{
    if (!noun_of(w, &parts->call->step->pattern.name))
        return PHRASE_COUNT_TIMES;
    return parts->b->number == NUM_ONE ? PHRASE_ONE_TEST : PHRASE_COUNT_TEST;
}

static void comparison_words(struct words *w, const struct node *n)
{
    struct parts parts = {.a = n->child, .b = n->child->next, .kind = n->kind};

    if (node_is_literal(parts.a) && !node_is_literal(parts.b))
        parts =
            (struct parts){.a = parts.b, .b = parts.a, .kind = node_mirrored(n->kind)};
    parts.moments = parts.a->type == VALUE_MOMENT;
    if (parts.a->kind == NODE_CALL)
        parts.call = parts.a->call;
    if (parts.a->growing != GROWS_NOT) {
        growing_words(w, &parts);
    } else if (is_call(parts.a, FUNCTION_COUNT) && parts.b->kind == NODE_NUMBER) {
        bool none = (parts.kind == NODE_EQ && parts.b->number == 0)
                    || (parts.kind == NODE_LT && parts.b->number == NUM_ONE);

        say(w, none ? PHRASE_NO : count_phrase(w, &parts), &parts);
    } else if (is_call(parts.a, FUNCTION_DISTINCT) && parts.b->kind == NODE_NUMBER) {
        say(w, PHRASE_DISTINCT_TEST, &parts);
    } else if (is_call(parts.a, FUNCTION_TIMES_IN) && parts.b->kind == NODE_NUMBER) {
        parts.name = parts.call->step->pattern.name.first;
        say(w, PHRASE_TIMES_TEST, &parts);
    } else {
        say(w, PHRASE_COMPARE, &parts);
    }
}

static void not_words(struct words *w, const struct node *n)
{
    if (is_call(n->child, FUNCTION_EXISTS)) {
        say(w, PHRASE_NO, &(struct parts){.call = n->child->call});
    } else {
        add(w, PHRASE_NOT);
        operand_words(w, n->child);
    }
}

static void condition_words(struct words *w, const struct node *n)
{
    struct parts parts = {.a = n->child, .b = n->child->next};

    switch ((int)n->kind) {
    case NODE_AND:
    case NODE_OR:
        for (const struct node *i = n->child; i; i = i->next) {
            if (i != n->child)
                add(w, n->kind == NODE_AND ? PHRASE_AND : PHRASE_OR);
            operand_words(w, i);
        }
        break;
    case NODE_NOT:
        not_words(w, n);
        break;
    case NODE_IN:
        say(w, PHRASE_IN, &parts);
        break;
    case NODE_NOT_IN:
        say(w, PHRASE_NOT_IN, &parts);
        break;
    case NODE_IS_MISSING:
        say(w, PHRASE_IS_MISSING, &parts);
        break;
    case NODE_IS_NOT_MISSING:
        say(w, PHRASE_IS_KNOWN, &parts);
        break;
    case NODE_CONTAINS:
        say(w, PHRASE_CONTAINS, &parts);
        break;
    case NODE_STARTS_WITH:
        say(w, PHRASE_STARTS_WITH, &parts);
        break;
    default:
        comparison_words(w, n);
    }
}

/* --- values and functions --- */

static void sequence_words(struct words *w, const struct call *call)
{
    pattern_words(w, &call->step[0].pattern, false);
    for (uint32_t i = 1; i < call->step_n; i++)
        say(w, PHRASE_THEN,
            &(struct parts){.step = &call->step[i], .length = &call->step[i].within});
    window_words(w, &call->window);
}

static void call_words(struct words *w, const struct node *n)
{
    /* With a property, and without. Times that grow are said with what they are compared to. */
    static const enum phrase of[][2] = {
        [FUNCTION_COUNT] = {PHRASE_COUNT, PHRASE_COUNT},
        [FUNCTION_EXISTS] = {PHRASE_EXISTS, PHRASE_EXISTS},
        [FUNCTION_SUM] = {PHRASE_SUM, PHRASE_SUM},
        [FUNCTION_AVG] = {PHRASE_AVG, PHRASE_AVG},
        [FUNCTION_MIN] = {PHRASE_MIN, PHRASE_MIN},
        [FUNCTION_MAX] = {PHRASE_MAX, PHRASE_MAX},
        [FUNCTION_DISTINCT] = {PHRASE_DISTINCT, PHRASE_DISTINCT},
        [FUNCTION_FIRST] = {PHRASE_FIRST_VALUE, PHRASE_FIRST},
        [FUNCTION_LAST] = {PHRASE_LAST_VALUE, PHRASE_LAST},
        [FUNCTION_ANNIVERSARY] = {PHRASE_ANNIVERSARY, PHRASE_ANNIVERSARY},
        [FUNCTION_TIMES_IN] = {PHRASE_TIMES_IN, PHRASE_TIMES_IN},
    };
    const struct call *call = n->call;
    const struct name *name = &call->step->pattern.name;
    struct parts parts = {
        .call = call, .length = &call->step->within, .name = name->rest};

    if (call->function == FUNCTION_SEQUENCE) {
        sequence_words(w, call);
        return;
    }
    if (call->function == FUNCTION_TIMES_IN)
        parts.name = name->first;
    say(w, of[call->function][!name->rest.n], &parts);
}

static bool is_consent(const struct program *p, const struct node *n)
{
    return p->series[p->slot[n->index].series].event == &consent_event;
}

static const struct source *source_of(const struct program *p, const struct node *n)
{
    return &p->series[p->slot[n->index].series].source;
}

static void consent_words(struct words *w, const struct node *n)
{
    str rest = n->name.rest;
    const char *dot = memchr(rest.p, '.', rest.n);
    size_t channel_n = (size_t)(dot - rest.p);

    say(w, PHRASE_CONSENT,
        &(struct parts){.name = {rest.p, channel_n},
                        .purpose = str_from(rest, channel_n + 1)});
}

static void name_node_words(struct words *w, const struct node *n)
{
    struct parts parts = {.name = n->name.rest};

    switch ((int)n->means) {
    case MEANS_STAGE:
        say(w, PHRASE_STAGE, &parts);
        break;
    case MEANS_PREVIOUS_STAGE:
        say(w, PHRASE_PREVIOUS_STAGE, &parts);
        break;
    case MEANS_LIFECYCLE_STAGE: /* NAME.stage */
        parts.name.n -= strlen(".stage");
        say(w, PHRASE_LIFECYCLE_STAGE, &parts);
        break;
    case MEANS_SEGMENT:
        say(w, PHRASE_SEGMENT, &parts);
        break;
    case MEANS_SCORE:
        say(w, PHRASE_SCORE, &parts);
        break;
    case MEANS_TERM:
        if (is_consent(w->p, n))
            consent_words(w, n);
        else if (source_of(w->p, n)->kind == SOURCE_ACQUISITION)
            add(w, PHRASE_ACQUISITION_CHANNEL + source_of(w->p, n)->acquisition);
        else /* trait.x */
            name_words(w, n->name.rest);
        break;
    default:
        name_words(w, n->name.whole);
    }
}

static void arithmetic_words(struct words *w, const struct node *n)
{
    static const char *const signs[] = {" + ", " - ", " \u00D7 ", " \u00F7 "};

    if (n->kind == NODE_NEGATE) {
        buf_add_char(w->to, '-');
        operand_words(w, n->child);
        return;
    }
    operand_words(w, n->child);
    buf_add(w->to, str_of(signs[n->kind - NODE_ADD]));
    operand_words(w, n->child->next);
}

static void node_words(struct words *w, const struct node *n)
{
    if (node_is_condition(n)) {
        condition_words(w, n);
        return;
    }
    switch ((int)n->kind) {
    case NODE_NUMBER:
        number_words(w, n->number);
        break;
    case NODE_TEXT:
        buf_add_char(w->to, '"');
        buf_add(w->to, n->text);
        buf_add_char(w->to, '"');
        break;
    case NODE_BOOL:
        add(w, n->number ? PHRASE_TRUE : PHRASE_FALSE);
        break;
    case NODE_LENGTH:
        length_words(w, n->length);
        break;
    case NODE_DATE:
        moment_print_day(w->to, w->p->env.zone, n->number);
        break;
    case NODE_NAME:
        name_node_words(w, n);
        break;
    case NODE_CALL:
        call_words(w, n);
        break;
    default:
        arithmetic_words(w, n);
    }
}

void words_of_node(const struct program *p, const struct node *n, enum language language,
                   struct buf *to)
{
    sentence_words(&(struct words){p, language, to}, n);
}

bool program_words(const struct program *p, struct rule_ref rule, enum language language,
                   struct buf *to, struct err *err)
{
    const struct rule *r = &p->rule[rule.v];
    struct words w = {p, language, to};

    if (r->root) {
        sentence_words(&w, r->root);
        return !to->failed || err_nomem(err);
    }
    number_words(&w, r->from);
    for (uint32_t i = 0; i < r->part_n; i++) {
        buf_add(to, r->part[i].points < 0 ? STR(", ") : STR(", +"));
        number_words(&w, r->part[i].points);
        add(&w, PHRASE_POINTS_IF);
        if (!program_words(p, r->part[i].when, language, to, err))
            return false;
    }
    add(&w, PHRASE_SCORE_BOUNDS);
    number_words(&w, r->low);
    buf_add(to, STR(".."));
    number_words(&w, r->high);
    return !to->failed || err_nomem(err);
}
