/* query.h - the questions that the command line and HTTP ask alike: the stage flow, the
 * customers behind a number, one customer with his why. */
#ifndef ENGINE_QUERY_H
#define ENGINE_QUERY_H

#include "engine/scan.h"
#include "report/flow_json.h"
#include "report/kpi.h"

/* Moves counted by period (see flow.h), of those in `who` (NULL: of everybody). Lives in `a`. */
bool engine_flow(const struct engine *e, const struct lifecycle *l,
                 const struct fits *who, const int64_t *edge, uint32_t period_n,
                 struct arena *a, struct flow *out, struct err *err);
/* One period: moves with from_ms < time <= at_ms, stock as it stands at at_ms. */
bool engine_flow_at(const struct engine *e, const struct lifecycle *l,
                    const struct fits *who, int64_t from_ms, int64_t at_ms,
                    struct arena *a, struct flow *out, struct err *err);

/* The lifecycle's targets and KPIs by period, as known at known_ms, up to which the histories
 * must reach; of those in `who` (NULL: of everybody). To be freed by kpi_free. */
[[nodiscard]] bool engine_kpis(const struct engine *e, const struct lifecycle *l,
                               const struct fits *who, const int64_t *edge,
                               uint32_t period_n, int64_t known_ms,
                               struct kpi_count **out, struct err *err);

/* "kpi":{"stages":[..]}, inside an open object: of the time from edge[0] to before edge[1]. */
bool engine_put_kpis(struct json_out *j, const struct engine *e,
                     const struct lifecycle *l, const struct fits *who,
                     const int64_t edge[2], int64_t known_ms, struct err *err);

/* The moment at which a look at the file begins: the first of the local day after somebody
 * last did something, or now when that is earlier; MOMENT_NEVER when there is no event. */
int64_t engine_default_at(const struct engine *e);

/* --- the customers behind a number --- */
struct customer_filter {
    const struct lifecycle *lifecycle; /* whose stages and moves are meant */
    int64_t at_ms, from_ms;
    uint16_t stage;                /* stands there at at_ms; STAGE_NONE: any */
    const struct segment *segment; /* is in it at at_ms; NULL: any */
    const struct segment
        *changed;    /* entered it, or left it, with from_ms < time <= at_ms; */
    bool changed_in; /* NULL: any */
    bool by_move;    /* moved so with from_ms < time <= at_ms: */
    uint16_t move_from, move_to; /* STAGE_NONE: any */
    bool came_in;                /* by_move: only those who came in */
    str search;                  /* in the id, ignoring case */
    str after;                   /* those behind this id; empty: from the first on */
    uint32_t limit;              /* so many at most; 0: all */
};
struct customer_row {
    uint32_t customer;
    uint16_t stage;
    int64_t since_ms, first_ms, last_ms;
    uint32_t events;
};
/* Those who stand in some stage at at_ms, by id, in natural order: 9 before 10. */
struct customer_page {
    const struct customer_row *row;
    uint32_t n;
    uint32_t behind; /* of those who fit, behind .after */
    uint32_t total;  /* who fit */
};
/* Lives in `a`. */
bool engine_customers(struct engine *e, const struct customer_filter *f, struct arena *a,
                      struct customer_page *out, struct err *err);
/* The order of ids: runs of digits count as numbers. */
int id_cmp(str a, str b);

/* A customer's traits as they stood at a moment. Lives in `a`. */
bool engine_traits(struct engine *e, uint32_t customer, int64_t at_ms, struct arena *a,
                   const struct property **out, uint32_t *n, struct err *err);

/* --- one customer --- */
struct explained {
    const struct term *term;
    uint32_t term_n;
    str words; /* of the whole rule */
};
/* So many more events of this kind, and he moves. */
struct event_needed {
    str event;
    uint32_t times;
    uint32_t
        like; /* place in the timeline of the event that they would be like; EVENT_NONE: they
                      would have no properties */
};
struct way_view {
    const struct way *way;
    struct explained why;
    int64_t at_ms; /* when time alone makes the rule true; MOMENT_NEVER */
    const struct event_needed *needed; /* each would do it at once */
    uint32_t needed_n;
};
struct move_view {
    struct move move;
    struct explained why; /* empty when he came in, and everybody is in the lifecycle */
};
struct event_view {
    uint32_t place; /* in the timeline */
    str channel;    /* empty: it has none */
    uint32_t
        member; /* of an account, who did it; CUSTOMER_NONE: it is the customer's own */
    const struct property *property, *trait;
    uint32_t property_n, trait_n;
};
struct score_part_view {
    str name, rule; /* name: empty when it has none */
    int64_t points; /* fixed point */
    bool is_given;  /* its rule is true */
};
struct score_view {
    str name;
    int64_t points, from,
        to; /* fixed point; from, to: its bounds, and it begins with from */
    const struct score_part_view *part; /* all of them, in the order of the text */
    uint32_t part_n;
};
/* He entered a segment, or left it. */
struct change_view {
    int64_t at_ms;
    str segment;
    bool in;
};
struct customer_view {
    str id; /* that names him, whichever he was looked up by */
    uint32_t number;
    const struct known_id *known; /* all of his ids, as of now */
    uint32_t known_n;
    bool is_account;
    const uint32_t *member,
        *account; /* an account's members; whose member he is; as of now */
    uint32_t member_n, account_n;
    const struct lifecycle *lifecycle; /* whose stages, moves and ways these are */
    int64_t at_ms;
    uint16_t stage;   /* STAGE_NONE: he did not exist then, or is not in the lifecycle */
    int64_t since_ms; /* MOMENT_NEVER: he never was in it */
    struct timeline timeline;       /* up to at_ms; the terms' events are places in it */
    const str *message_id;          /* by place in the timeline */
    const struct trait_view *trait; /* all that were ever said */
    uint32_t trait_n;
    str acquisition[ACQUISITIONS_END]; /* empty: not known */
    const str *segment;
    uint32_t segment_n;
    const struct change_view *change; /* up to at_ms, oldest first */
    uint32_t change_n;
    const struct score_view *score; /* all of the model's */
    uint32_t score_n;
    const struct move_view *move; /* oldest first */
    uint32_t move_n;
    struct move next; /* what time alone will do; .at_ms MOMENT_NEVER: nothing */
    const struct way_view *way; /* every way out of the present stage */
    uint32_t way_n;
    const struct event_view *event; /* newest first, at most event_max */
    uint32_t event_n;               /* of timeline.n */
};
/* As known at at_ms: later events are not looked at. ERR_NOT_FOUND when nobody has the id.
 * Lives in `a`. */
bool engine_customer(struct engine *e, str id, const struct lifecycle *l, int64_t at_ms,
                     enum language language, uint32_t event_max, struct arena *a,
                     struct customer_view *out, struct err *err);
/* The members of an account from place `from` on, as {"total", "members", "next"}: none of whoever is
 * no account. ERR_NOT_FOUND when nobody has the id. */
bool members_put_json(struct json_out *j, struct engine *e, str id, uint32_t from,
                      uint32_t limit, struct arena *a, struct err *err);
/* Whether time alone leads him this way out of his stage, before any other. */
bool way_is_next(const struct customer_view *v, const struct way_view *w);
void customer_put_json(struct json_out *j, struct engine *e,
                       const struct customer_view *v);
/* A property value as JSON (a list as a list); properties as an object. */
void properties_put_json(struct json_out *j, const struct property *p, uint32_t n);
void value_put_json(struct json_out *j, const struct value *v);

#endif
