/* rule.h - the rule language: parse, check, explain, ask.
 *
 * The language is docs/rules.md. Rules are compiled together into a program, so that terms
 * that stand in several of them are computed once. A cursor asks a program about one
 * customer, moving forward in time: a timeline of any length costs one pass, whatever the
 * windows. */
#ifndef RULE_RULE_H
#define RULE_RULE_H

#include "base/time.h"
#include "event/dictionary.h"
#include "rule/channel.h"
#include "store/timeline.h"

struct rule_ref {
    uint32_t v;
}; /* a rule in its program */

enum rule_want {
    RULE_CONDITION, /* true or false */
    RULE_NUMBER,    /* a number or money */
    RULE_EITHER,
    RULE_MEASURE, /* a number, money, a length or a moment, by which customers are compared */
};

enum rule_named { RULE_SEGMENT, RULE_SCORE };

#define LIFECYCLES_MAX 32u
struct rule_lifecycle {
    str name;         /* empty: the only one */
    const str *stage; /* names; the place is the stage's number */
    uint32_t stage_n;
};

/* What a customer is worth: value.x. */
#define RULE_WORTHS(X)                                                                   \
    X(P_ALIVE, "p_alive")     /* the probability that he is still a customer */          \
    X(CLV_12MO, "clv_12mo")   /* the money expected of him in the next 365 days */       \
    X(CHURN_90D, "churn_90d") /* the probability that he buys nothing in the next 90 */

enum rule_worth {
#define X(name, text) WORTH_##name,
    RULE_WORTHS(X)
#undef X
        WORTHS_END
};
/* Of one customer, as value/cbs.h and value/buyer.h count: days of the calendar. */
struct rule_bought {
    uint32_t x, last_days, age_days;
    double spent; /* on days after the first, in major units */
};
/* A model that was fitted to what was known at the end of a day, and kept. */
struct rule_fit {
    int32_t until_day;
    str event, value; /* patterns, as for picks: what is counted; value may be empty */
    str text;         /* all that it says: the same texts answer the same */
    const void *model;
};

/* What rules may name, and what the names mean. Everything outlives the program. */
struct rule_env {
    const struct dictionary *dictionary;
    const struct catalog *catalog; /* as it stands: compile anew when names were added */
    const struct zone *zone;
    int currency_decimals;
    str currency;                           /* "EUR", for words */
    const struct rule_lifecycle *lifecycle; /* in the order of the text; at least one */
    uint32_t lifecycle_n;
    const struct channels *channels; /* what .channel says; NULL: no event has one */
    /* The rule behind segment.x or score.x, compiled into the same program: ERR_NOT_FOUND
     * when there is none, ERR_INPUT for a ring. NULL: there are none at all. */
    bool (*find)(void *context, enum rule_named kind, str name, struct rule_ref *out,
                 struct err *err);
    /* Their names, for "did you mean". */
    void (*names)(void *context, enum rule_named kind, const str **out, size_t *n);
    void *context;
    /* Those that value.x asks, in the order of their days, each from the end of its own up to the
     * end of the next one's. */
    const struct rule_fit *fit;
    uint32_t fit_n;
    /* NAN: not known. */
    double (*worth)(const void *model, enum rule_worth what, const struct rule_bought *b);
    /* Whether it never turns while nothing is bought: falls all the time, or rises. */
    bool (*worth_goes_one_way)(const void *model, enum rule_worth what);
};

struct program;
[[nodiscard]] bool program_new(const struct rule_env *env, struct program **out,
                               struct err *err);
void program_free(struct program *p);
/* The same names stand in another catalog from here on. */
void program_move(struct program *p, const struct catalog *catalog);
#define LIFECYCLES_ALL UINT32_MAX
/* Whose stage words (stage, previous_stage, time_in_stage, times_in, the window `stage`) the
 * rules added from now on mean: then they may name lifecycle.NAME.stage of those above this one
 * only, and no segment or score that asks for another's stage words. LIFECYCLES_ALL, as at the
 * beginning: the first one's, and all may be named. */
void program_use_lifecycle(struct program *p, uint32_t number);
/* Of two programs of the same rules the same, when all names in them mean the same: hashed from the
 * events, properties and traits that the rules name, with their types, not from all that there are. */
uint64_t program_meaning(const struct program *p);
/* Does the answer hang on the stage words? */
bool program_asks_stage(const struct program *p, struct rule_ref rule);
/* Compiles one rule. ERR_INPUT carries line, column (from 1, in the rule's text) and the
 * nearest known name. The text is copied. */
bool program_add(struct program *p, str text, enum rule_want want, struct rule_ref *out,
                 struct err *err);
/* from + the points of the conditions that are true, clamped to low..high; fixed point. */
struct score_part {
    struct rule_ref when;
    int64_t points;
};
bool program_add_score(struct program *p, int64_t from, int64_t low, int64_t high,
                       const struct score_part *part, uint32_t n, struct rule_ref *out,
                       struct err *err);

/* What a rule answers with: BOOL, NUMBER or MONEY. */
enum value_type program_type(const struct program *p, struct rule_ref rule);
/* Of a measure that grows with time (since, age, time_in_stage: 1) or shrinks (until: -1) the answer
 * is the moment from which, or up to which, it counts; 0: of others the value itself. */
int program_grows(const struct program *p, struct rule_ref rule);
/* Does its answer hang on where the customer stands? */
bool program_needs_stage(const struct program *p, struct rule_ref rule);
/* Whether a condition can be anything but false, or but true, whatever a customer does; found from
 * its text alone, and certain: OPEN when it does not show. */
enum rule_verdict { RULE_OPEN, RULE_NEVER, RULE_ALWAYS };
enum rule_verdict program_verdict(const struct program *p, struct rule_ref rule);
/* Rules ask value.x, and there is no fit of events and values that the model knows. */
bool program_lacks_fits(const struct program *p);
/* The events, properties and traits that a rule names, segments and scores not opened up. */
struct rule_name {
    str event;            /* empty: a trait */
    str name;             /* of the property or trait; empty: the event alone */
    enum value_type type; /* of the property or trait */
    bool learned;         /* from the data; the model does not declare it */
};
/* Each once, in the order of the text. Lives in `a`. */
bool program_names(const struct program *p, struct rule_ref rule, struct arena *a,
                   const struct rule_name **out, uint32_t *n, struct err *err);

#define STAGE_NONE UINT16_MAX

/* The moment at which is asked, and where the customer stands then. */
struct situation {
    int64_t at_ms;
    uint16_t stage, previous_stage; /* STAGE_NONE: none */
    int64_t entered_ms;             /* when the present stage was entered */
    const uint32_t *times_in;       /* by stage, the present stay counted */
    const uint16_t *above; /* by lifecycle: where he stands in it, or STAGE_NONE... */
    uint32_t above_n;      /* ...for those that stand above in the text; others: none */
};

struct answer {
    struct value
        value; /* BOOL, NUMBER, MONEY or MISSING; of measures LENGTH, MOMENT too */
    int64_t holds_until_ms; /* after at_ms; not later than the first moment at which the
                               answer would differ if nothing more happened; MOMENT_NEVER */
};

struct cursor;
/* Knows the rules that the program holds now: to be made when all have been added. */
[[nodiscard]] bool cursor_new(const struct program *p, struct cursor **out,
                              struct err *err);
void cursor_free(struct cursor *c);
/* Turns to a customer. Everything that can fail fails here: the columns that the program
 * needs are decoded. The timeline's chunk must stay until the next start. */
bool cursor_start(struct cursor *c, const struct timeline *t, struct err *err);
/* Sees the events with time <= s->at_ms. at_ms never goes back between two starts. The
 * holds_until may be earlier than the first true change (never later): good for waking. */
struct answer cursor_ask(struct cursor *c, struct rule_ref rule,
                         const struct situation *s);
/* What a replay asks: the first of n conditions that is true, or n; those behind it are not
 * asked. Before *until_ms, a moment after at_ms, the answers given stay in this situation,
 * though the timeline's later events come. at_ms never goes back between two starts. */
uint32_t cursor_ask_ahead(struct cursor *c, const struct rule_ref *condition, uint32_t n,
                          const struct situation *s, int64_t *until_ms);
/* As cursor_ask, with holds_until exact for a single term, and for and/or/not a moment at which
 * some term changes. Leaves the cursor where it was; at_ms may be any moment. */
bool cursor_ask_exact(struct cursor *c, struct rule_ref rule, const struct situation *s,
                      struct answer *out, struct err *err);

/* --- few of many rules ---
 *
 * What each of n rules looks at, segments and scores opened up: so that of many just those are
 * asked whose answer an event can change, and just that is listed which they look at. */
struct sights;
[[nodiscard]] bool sights_new(const struct program *p, const struct rule_ref *rule,
                              uint32_t n, struct sights **out, struct err *err);
void sights_free(struct sights *s);
/* Marks, by place, the rules whose answers would be others without the timeline's events from
 * `first` on: some that would not too, but all that would, but for what they ask of stages. No event
 * before them is newer than they are to the caller. */
bool sights_mark(const struct sights *s, const struct timeline *t, uint32_t first,
                 bool *marked, struct err *err);
/* From its next start on the cursor lists what these rules look at, and nothing else may be asked;
 * place NULL: the first n. */
bool cursor_limit(struct cursor *c, const struct sights *s, const uint32_t *place,
                  uint32_t n, struct err *err);

/* --- words --- */
enum language { LANGUAGE_EN, LANGUAGE_IT, LANGUAGE_PT };
bool language_parse(str name, enum language *out);

/* One comparison (or bare condition) of a rule, as it stood at a moment. */
struct term {
    str test;    /* its text: since(purchase) >= 90d */
    str measure; /* the left side's text: since(purchase) */
    str words;   /* "no purchase for at least 90 days" */
    str value; /* the left side's value in words: "93 days", "3", "120.50 GBP", "missing" */
    bool is_condition; /* a rule that is a number is one term, and that is no condition */
    bool truth;
    bool
        decides; /* the rule's answer hangs on it: of `a and b` that is false, what is false */
    int64_t holds_until_ms; /* exact */
    const uint32_t *event;  /* places in the timeline of the events that made the value */
    uint32_t event_n;       /* newest first, at most 20 */
    uint32_t event_all;     /* how many there are in all */
};
/* The terms of a rule in the order of the text (segments and scores are opened up). Lives in
 * `a`. Leaves the cursor where it was; at_ms may be any moment. */
bool cursor_explain(struct cursor *c, struct rule_ref rule, const struct situation *s,
                    enum language language, struct arena *a, const struct term **out,
                    uint32_t *n, struct err *err);
/* A kind of event that a rule looks at: those that one of its patterns matches. */
struct looked_at {
    str event;     /* its name in the dictionary, or "any" */
    uint32_t type; /* such a type, in catalog.type; TYPE_NONE: none ever came */
    uint32_t last; /* place in the timeline of the last one that matches; EVENT_NONE */
};
#define TYPE_NONE UINT32_MAX
#define EVENT_NONE UINT32_MAX
/* Segments and scores are opened up; traits are left out. Of the customer that the cursor stands
 * at. Lives in `a`. */
bool cursor_looks_at(const struct cursor *c, struct rule_ref rule, struct arena *a,
                     const struct looked_at **out, uint32_t *n, struct err *err);
/* The rule's own text, and the whole rule in words. */
str program_text(const struct program *p, struct rule_ref rule);
bool program_words(const struct program *p, struct rule_ref rule, enum language language,
                   struct buf *to, struct err *err);

#endif
