/* graph.h - who is who: ids, the links that events make between them, and the customers that
 * follow. docs/identity.md has the rules.
 *
 * A customer is a group of ids. Which ids are one customer is a function of the events and
 * decisions given so far, whatever the order in which they came. Ids are numbered 0, 1, 2 ... as
 * they come; a customer is named by one of its ids, and known here by that id's number.
 *
 * One thread at a time. Moments are milliseconds since 1970, UTC. Functions that return false
 * leave the graph as it was. */
#ifndef IDENTITY_GRAPH_H
#define IDENTITY_GRAPH_H

#include "event/event.h"

struct graph;

/* How many ids of a kind one customer may have before no event adds another: 1 to 65534. */
struct graph_limits {
    uint32_t ids[ID_KIND_N];
};
extern const struct graph_limits graph_limits_usual;

/* ERR_INPUT: a limit out of its range. */
[[nodiscard]] bool graph_new(const struct graph_limits *limits, struct graph **out,
                             struct err *err);
void graph_free(struct graph *g); /* NULL is fine */
/* What it has of the system's memory. */
size_t graph_bytes(const struct graph *g);

/* --- what happened; all ids came out of id_parse --- */

#define GRAPH_IDS_MAX EVENT_IDS_MAX

struct graph_event {
    int64_t at_ms;
    str message;         /* its id: gives events of the same millisecond their order */
    const struct id *id; /* in any order */
    size_t id_n;
    str previous; /* what an alias says that the userId was called before; or empty */
};

/* An id that is another customer's than before the call. A new id was a customer of its own. */
struct graph_change {
    uint32_t id, from, to; /* customers are known by the ids that name them */
};
struct graph_changes {
    uint32_t anchor;    /* the id that stands for the event: the first by kind */
    bool anchor_is_new; /* no event before had it */
    const struct graph_change *change; /* each id once; borrowed until the next call */
    size_t n;
};

/* Takes up an event that was not given before. ERR_INPUT: no id, too many, or an alias without a
 * userId. */
bool graph_add(struct graph *g, const struct graph_event *e, struct graph_changes *out,
               struct err *err);

/* What a person says of two ids. Of a pair the latest word counts. */
enum graph_says {
    GRAPH_UNDECIDED, /* as if nobody had ever decided */
    GRAPH_MERGE,     /* one customer, from the moment of the decision on */
    GRAPH_APART,     /* never one customer, whatever ties them */
};
struct graph_decision {
    int64_t at_ms; /* when it was taken */
    str message;
    struct id a, b;
    enum graph_says says;
};
/* ERR_INPUT: the two ids are the same. .anchor is a's. */
bool graph_decide(struct graph *g, const struct graph_decision *d,
                  struct graph_changes *out, struct err *err);

/* --- what follows from it --- */

#define GRAPH_NO_ID UINT32_MAX

uint32_t graph_id_count(const struct graph *g);
uint32_t graph_find(const struct graph *g, struct id id); /* or GRAPH_NO_ID */
struct id graph_id(const struct graph *g, uint32_t id);   /* borrowed from the graph */
/* An event with these ids will soon be added: what is known of them is fetched out of the memory,
 * which goes faster for some ten events together than for one after the other. */
void graph_expect(const struct graph *g, const struct id *id, size_t n);
/* The earliest event that carries the id itself, MOMENT_NEVER when none does: it is only known
 * from decisions or as an alias's previous id. */
int64_t graph_first_ms(const struct graph *g, uint32_t id);
/* Is there an event whose anchor it is? */
bool graph_is_anchor(const struct graph *g, uint32_t id);
/* The id that names the customer. */
uint32_t graph_customer(const struct graph *g, uint32_t id);
/* Another id of the same customer, all of them in a ring; the order means nothing. */
uint32_t graph_next(const struct graph *g, uint32_t id);

/* Whether a decision keeps the customers of the two ids apart. */
bool graph_is_apart(const struct graph *g, uint32_t a, uint32_t b);

/* What became of a link when its turn came. */
#define GRAPH_VERDICTS(X)                                                                \
    X(JOINED, "joined")                                                                  \
    X(SAME, "same customer already")                                                     \
    X(APART, "kept apart by a decision")                                                 \
    X(USERS, "two known users")                                                          \
    X(LIMIT, "too many ids of a kind")                                                   \
    X(NONE, "no link") /* a decision to keep apart, or none */
enum graph_verdict {
#define X(name, text) GRAPH_IS_##name,
    GRAPH_VERDICTS(X)
#undef X
};
str graph_verdict_text(enum graph_verdict verdict);

/* Two ids, tied by events that carried both, by aliases, or by decisions: each is a link of its
 * own. */
struct graph_link {
    enum graph_tie { GRAPH_EVENT, GRAPH_ALIAS, GRAPH_DECIDED } tie;
    uint32_t a, b;
    int64_t at_ms;        /* the first event; the latest decision */
    enum graph_says says; /* of a decision */
    enum graph_verdict verdict;
    /* It was refused, and the two are not one customer by another way: somebody should look. */
    bool is_suspicious;
};
uint32_t graph_link_count(const struct graph *g);
struct graph_link graph_link(const struct graph *g, uint32_t number);
/* The links of one id, newest come first: the first for GRAPH_NO_ID, else the one behind `link`;
 * GRAPH_NO_ID when there is no more. */
uint32_t graph_link_of(const struct graph *g, uint32_t id, uint32_t link);

/* --- taking back, and keeping --- */

/* How it is now: what graph_undo goes back to, and what comes after is news. A new graph has a
 * mark at its beginning. */
void graph_mark(struct graph *g);
/* ERR_NOMEM: then the graph is of no use, and is to be freed. */
[[nodiscard]] bool graph_undo(struct graph *g, struct err *err);
/* Was anything learnt since the mark? */
bool graph_has_news(const struct graph *g);

/* As bytes: what was learnt since the mark; all of it, with the ids in the order of their
 * numbers; all of it as it follows from what was given, whatever the order in which that came. */
bool graph_encode_news(const struct graph *g, struct buf *to, struct err *err);
bool graph_encode(const struct graph *g, struct buf *to, struct err *err);
bool graph_encode_sorted(const struct graph *g, struct buf *to, struct err *err);
/* Learns them, one after the other, into a graph that is new. ERR_CORRUPT when they are not what
 * these functions wrote; after a failure it is to be freed. */
[[nodiscard]] bool graph_decode(struct graph *g, str bytes, struct err *err);
/* After the last of them, before anything else: who is who follows, and the mark is set. */
[[nodiscard]] bool graph_decoded(struct graph *g, struct err *err);

#endif
