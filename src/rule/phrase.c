/* phrase.c - A phrase is a text in each language in which %x stands for a part:
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
#include "rule/words_impl.h"

#include "base/num.h"
#include "rule/nouns.h"

#include <string.h>

static const char *const phrases[][3] = {
#define X(name, en, it, pt) {en, it, pt},
    PHRASES(X)
#undef X
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

void words_add(struct words *w, enum phrase phrase)
{
    buf_add(w->to, str_of(phrases[phrase][w->language]));
}

/* Names of more than one word stand in quotes. */
void name_words(struct words *w, str name)
{
    bool quotes = memchr(name.p, ' ', name.n) != NULL;

    if (quotes)
        buf_add_char(w->to, '"');
    buf_add(w->to, name);
    if (quotes)
        buf_add_char(w->to, '"');
}

const struct noun *noun_of(const struct words *w, const struct name *name)
{
    bool any = str_eq(name->first, STR("any"));

    /* An event whose own name holds a dot has none. */
    if (name->quoted || !(any || dictionary_event(w->p->env.dictionary, name->first)))
        return NULL;
    return noun_find(name->first, w->language);
}

void pattern_words(struct words *w, const struct pattern *pattern, bool many)
{
    const struct dictionary_event *event =
        dictionary_event(w->p->env.dictionary, pattern->name.first);
    const struct noun *noun = noun_of(w, &pattern->name);

    if (noun)
        buf_add(w->to, str_of(many ? noun->many : noun->one));
    else
        name_words(w, event ? pattern->name.first : pattern->name.whole);
    if (pattern->where)
        words_say(w, PHRASE_WHERE, &(struct parts){.a = pattern->where});
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
        {"member", {"member", "membro", "membro"}, {"members", "membri", "membros"}},
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

void sentence_words(struct words *w, const struct node *n)
{
    if (n->kind == NODE_NAME && n->type == VALUE_BOOL && n->means != MEANS_SEGMENT
        && n->means != MEANS_ACCOUNT)
        words_say(w, PHRASE_IS_TRUE, &(struct parts){.a = n});
    else
        node_words(w, n);
}

void operand_words(struct words *w, const struct node *n)
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

void words_say(struct words *w, enum phrase phrase, const struct parts *parts)
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
            words_add(w, parts->b->number == NUM_ONE ? PHRASE_TIME : PHRASE_TIMES);
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
