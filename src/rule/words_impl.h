/* words_impl.h - the phrases that rules are said in, and who says them. */
#ifndef RULE_WORDS_IMPL_H
#define RULE_WORDS_IMPL_H

#include "rule/words.h"

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
    X(P_ALIVE, "probability of still being a customer",                                  \
      "probabilità di essere ancora cliente", "probabilidade de ainda ser cliente")      \
    X(CLV_12MO, "money expected in the next 12 months",                                  \
      "denaro atteso nei prossimi 12 mesi", "dinheiro esperado nos próximos 12 meses")   \
    X(CHURN_90D, "probability of no purchase in the next 90 days",                       \
      "probabilità di nessun acquisto nei prossimi 90 giorni",                           \
      "probabilidade de nenhuma compra nos próximos 90 dias")                            \
    X(FITTED, " (fitted to what was known up to ",                                       \
      " (stimato su quanto era noto fino al ", " (estimado com o que se sabia até ")     \
    X(ACCOUNT, "an account", "un'azienda", "uma conta")                                  \
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

void words_add(struct words *w, enum phrase phrase);
void words_say(struct words *w, enum phrase phrase, const struct parts *parts);
void node_words(struct words *w, const struct node *n);
/* A bare name that is true or false becomes a sentence. */
void sentence_words(struct words *w, const struct node *n);
/* A sum or product inside another one stands in parentheses, as do and and or. */
void operand_words(struct words *w, const struct node *n);
void name_words(struct words *w, str name);
void pattern_words(struct words *w, const struct pattern *pattern, bool many);
const struct noun *noun_of(const struct words *w, const struct name *name);

/* --- of values --- */

void number_words(struct words *w, int64_t number);
void length_words(struct words *w, struct length l);
void last_words(struct words *w, struct length l);
void window_words(struct words *w, const struct window *window);

#endif
