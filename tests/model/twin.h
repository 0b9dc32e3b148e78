/* twin.h - the slow, obvious twin of rules and lifecycles: a random rule is a small tree that
 * is printed as text for Ciclo and asked here by looping over all events.
 *
 * It knows nothing of windows that move, of holds_until, of what has been asked before. What it
 * shares with Ciclo is the calendar (length_add, zone_local, zone_moment) and the reading of
 * dates, which have twins of their own in tests/unit/base. */
#ifndef MODEL_TWIN_H
#define MODEL_TWIN_H

#include "base/time.h"
#include "event/event.h"
#include "support/chance.h"

enum {
    TWIN_TYPES = 3,
    TWIN_PROPERTIES = 6, /* and as many traits */
    TWIN_STAGES_MAX = 5,
    TWIN_WAYS_MAX = 8,
    TWIN_LIVES_MAX = 3,
    TWIN_SEGMENTS_MAX = 3,  /* that rules name, */
    TWIN_MORE_SEGMENTS = 4, /* and that none does */
    TWIN_SCORES_MAX = 2,
    TWIN_PARTS_MAX = 3,
    TWIN_EVENTS_MAX = 24,
    TWIN_EVENTS_ROOM = TWIN_EVENTS_MAX + 20, /* with some that are tried */
    TWIN_LENGTHS_MAX = 64,
    TWIN_STEPS_MAX = 4,
    TWIN_ITEMS_MAX = 3,
    TWIN_YEARS = 12, /* of anniversaries that are looked at */
};

/* Events a, b and c (which is passive) have the same properties. */
struct twin_name {
    const char *name;
    enum value_type type; /* as the model declares it */
};
extern const char *const twin_type[TWIN_TYPES];
extern const struct twin_name twin_property[TWIN_PROPERTIES];
extern const struct twin_name twin_trait[TWIN_PROPERTIES];
/* A consent is about one of each: consent.email.news. */
enum { TWIN_CHANNELS = 2, TWIN_PURPOSES = 2 };
extern const char *const twin_channel[TWIN_CHANNELS];
extern const char *const twin_purpose[TWIN_PURPOSES];
enum {
    TWIN_DAY = TWIN_PROPERTIES,
    TWIN_WEEK,
    TWIN_WEEKDAY,
    TWIN_HOUR,
    TWIN_CHANNEL,
    TWIN_MEMBER,
    TWIN_BUILTINS_END
};
/* A property, or one of those that every event has. */
struct twin_name twin_property_name(int property);

/* What an event's context says, and what that tells: NULL where it tells nothing. An event
 * names its story in the property `story`. */
enum { TWIN_STORIES = 8, TWIN_SAYS_MAX = 4, TWIN_TELLS = 6 };
struct twin_story {
    struct {
        const char *name, *text;
    } says[TWIN_SAYS_MAX];
    struct {
        const char *channel, *source, *medium, *campaign, *referrer, *page;
    } tells;
};
extern const struct twin_story twin_story[TWIN_STORIES];
/* NULL: it has none. */
const struct twin_story *twin_story_of(const struct event *e);
/* The first, second ... of what it tells; no story tells nothing. */
const char *twin_told(const struct twin_story *s, int what);

struct twin_customer {
    struct event event[TWIN_EVENTS_ROOM]; /* by (at_ms, id) */
    int n;
    bool is_account;
};
/* The property by which an event of an account names the member who did it. */
#define TWIN_WHO "the member"

/* Where he stands; stage and previous are -1 for none. */
struct twin_where {
    int stage, previous;
    int64_t entered_ms;
    int times_in[TWIN_STAGES_MAX];
};

enum twin_op {
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_EQUAL,
    OP_UNEQUAL
};

enum twin_kind {
    /* conditions */
    TWIN_AND,
    TWIN_OR,
    TWIN_NOT,
    TWIN_COMPARE,
    TWIN_GROWS, /* a moment that is compared as a length: left against length */
    TWIN_IN,
    TWIN_IS_MISSING,
    TWIN_CONTAINS,
    TWIN_STARTS,
    TWIN_TRUTH, /* a value that is true or false */
    /* values */
    TWIN_LITERAL,
    TWIN_PROPERTY, /* inside where */
    TWIN_CALL,
    TWIN_SEQUENCE,
    TWIN_TRAIT,
    TWIN_UNTIL,
    TWIN_SINCE_TRAIT,
    TWIN_ANNIVERSARY,
    TWIN_STAGE,
    TWIN_PREVIOUS,
    TWIN_IN_STAGE,
    TWIN_TIMES_IN,
    TWIN_BESIDE, /* the stage in a lifecycle above */
    TWIN_SEGMENT,
    TWIN_SCORE,
    TWIN_CONSENT,
    TWIN_ACQUISITION,
    TWIN_ACCOUNT, /* the customer is one */
    TWIN_ADD,
    TWIN_SUB,
    TWIN_MUL,
    TWIN_DIV,
    TWIN_NEGATE,
};

enum twin_function {
    TWIN_COUNT,
    TWIN_EXISTS,
    TWIN_SUM,
    TWIN_AVG,
    TWIN_MIN,
    TWIN_MAX,
    TWIN_DISTINCT,
    TWIN_FIRST,
    TWIN_LAST,
    TWIN_SINCE,
    TWIN_AGE,
};

enum twin_window_kind { TWIN_ALWAYS, TWIN_LENGTHS, TWIN_DATES, TWIN_STAY };

struct twin_window {
    enum twin_window_kind kind;
    bool band; /* from..to */
    struct length from, to;
    int64_t date_from, date_to; /* first moments; date_to of the day after the last */
};

struct twin_node;

struct twin_pattern {
    int type;     /* -1: any */
    int property; /* -1: none */
    const struct twin_node *where;
    struct length within; /* of the step before */
};

struct twin_node {
    enum twin_kind kind;
    enum value_type type;
    enum twin_op op;
    bool negate, mirrored;
    const struct twin_node *left, *right;
    struct value item[TWIN_ITEMS_MAX];
    int item_n;
    enum twin_function function;
    struct twin_pattern step[TWIN_STEPS_MAX];
    int step_n;
    struct twin_window window;
    struct length length;
    int index; /* what an acquisition tells, a trait, a stage, a property, a segment, a score, a lifecycle; a consent:
                  its channel + TWIN_CHANNELS * its purpose */
};

struct twin_score {
    int64_t from, high;
    int64_t points[TWIN_PARTS_MAX];
    const struct twin_node *when[TWIN_PARTS_MAX];
    int part_n;
};

struct twin_way {
    int from[TWIN_STAGES_MAX], from_n; /* from_n 0: any */
    int to;
    const struct twin_node *when;
};

struct twin_life {
    int stage_n, way_n;
    struct twin_way way[TWIN_WAYS_MAX];
    const struct twin_node *who; /* for whom it is; NULL: everybody */
};

/* Which of the values of a trait stands; the names of its sources, the strongest first. */
enum twin_keep_kind { TWIN_NEWEST, TWIN_FIRST_SAID, TWIN_SOURCES };
enum { TWIN_SOURCE_NAMES = 4 };
extern const char *const twin_source[TWIN_SOURCE_NAMES];
struct twin_keep {
    enum twin_keep_kind kind;
    int source[TWIN_SOURCE_NAMES], source_n;
};

struct twin_model {
    int life_n, segment_n, score_n;
    struct twin_keep keep[TWIN_PROPERTIES]; /* of each trait */
    struct twin_life life[TWIN_LIVES_MAX];
    const struct twin_node *segment[TWIN_SEGMENTS_MAX + TWIN_MORE_SEGMENTS];
    struct twin_score score[TWIN_SCORES_MAX];
};

/* One model, and what all of its rules may name. */
struct twin {
    const struct zone *zone;
    int decimals; /* of the currency */
    struct arena *a;
    struct random *chance;
    int64_t around_ms; /* dates in rules stand around it */
    struct twin_model m;
    int life;       /* whose rules are being made */
    bool stageless; /* they may not ask for the stage in it */
    bool wishes;    /* most ways are for those of whom more comes */
    struct length length[TWIN_LENGTHS_MAX]; /* every one that stands in some rule, once */
    int length_n;
};

/* --- by chance (twin_random.c) --- */

int twin_roll(struct random *chance, int sides);
/* A condition over terms; its lengths are noted in t. */
struct twin_node *twin_condition(struct twin *t, int depth);
/* A condition of one term, whose end Ciclo knows exactly. */
struct twin_node *twin_term(struct twin *t);
/* Something that has a number or money. */
struct twin_node *twin_amount(struct twin *t);
/* A condition over a few measures that come again and again, so that parts of it contradict one
 * another, or leave nothing out. */
struct twin_node *twin_tight(struct twin *t);
/* How many lifecycles, and stages in each; then scores and segments, which conditions made later
 * may name; then ways. */
void twin_stages(struct twin *t, int lives_max);
void twin_keeps(struct twin *t);
void twin_named(struct twin *t);
void twin_ways(struct twin *t);
/* After these: segments that no rule names, so that they may ask for all stages. */
void twin_more_segments(struct twin *t);

/* --- as text (twin_print.c) --- */

void twin_print(const struct twin *t, const struct twin_node *n, struct buf *to);
/* The whole model; the currency and the zone by their names. */
void twin_print_model(const struct twin *t, str currency, struct buf *to);

/* --- asked (twin_ask.c, twin_call.c) --- */

struct twin_view {
    const struct twin *t;
    const struct twin_customer *c; /* later events than at_ms are not looked at */
    int64_t at_ms;
    const struct twin_where *where; /* in the lifecycle whose rule it is */
    const struct twin_where *lives; /* in each */
    const struct event *event;      /* inside where: the one that is looked at */
};
bool twin_ask(const struct twin_view *v, const struct twin_node *n);
struct value twin_value(const struct twin_view *v, const struct twin_node *n);
struct value twin_score_value(const struct twin_view *v, const struct twin_score *s);
/* What a function gives; since, age: the moment. */
struct value twin_call(const struct twin_view *v, const struct twin_node *n);
bool twin_sequence(const struct twin_view *v, const struct twin_node *n);
/* A trait as its rule has it, of its declared type or missing. */
struct value twin_trait_value(const struct twin_view *v, int trait);
/* What event i says of the trait was taken away since: it is as if it had never been said. */
bool twin_is_taken_away(const struct twin_view *v, int i, int trait);
bool twin_equal(const struct value *a, const struct value *b);
/* False when it does not fit: rounded once, half away from zero. */
bool twin_divide(__int128 a, __int128 b, int64_t *out);

/* --- when could anything change? (twin_replay.c) --- */

struct twin_moments {
    int64_t *at_ms; /* ascending, none twice */
    size_t n, cap;
};
void twin_moments_free(struct twin_moments *m);
/* The moments at which an answer could change because of the customer's events: they, what
 * they say of traits, each length after them, and the millisecond behind each. */
void twin_moments(const struct twin *t, const struct twin_customer *c,
                  struct twin_moments *out);
/* The earliest later moment of those, or because a stage was entered in one of the lives. */
int64_t twin_next(const struct twin *t, const struct twin_moments *m,
                  const struct twin_where *lives, int64_t after_ms);

/* Models that lead to and fro more often than this are refused by Ciclo. */
enum { TWIN_MOVES_MAX = 3000 };

struct twin_move {
    int64_t at_ms;
    int from, to, way; /* -1: none; way -1: he came in, -2: he is out */
};

struct twin_history {
    struct twin_move move[TWIN_MOVES_MAX + 2 * TWIN_STAGES_MAX];
    int n;
    int restless; /* moves taken and loops met */
    int loops;
};

/* Who enters a segment and leaves it, by moment, then by segment. */
enum { TWIN_CHANGES_MAX = 60000 };
struct twin_change {
    int64_t at_ms;
    int segment;
    bool in;
};
struct twin_membership {
    struct twin_change change[TWIN_CHANGES_MAX];
    int n;
};
bool twin_leads_from(const struct twin_way *way, int stage);
/* DESIGN's words, one after the other: at every moment at which anything could change, every
 * rule is asked anew. `out` has a place for each lifecycle. */
void twin_replay(const struct twin *t, const struct twin_customer *c, int64_t until_ms,
                 struct twin_history *out);
/* The same, with his membership of all segments, which are asked after the moves of each moment. */
void twin_replay_members(const struct twin *t, const struct twin_customer *c,
                         int64_t until_ms, struct twin_history *out,
                         struct twin_membership *members);

#endif
