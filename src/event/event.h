/* event.h - a fact that came in: one customer, one moment, one type, its properties. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "event/id.h"

/* The type of a value as it came, or as a rule sees it. Money, moments and lengths are never
 * raw: the dictionary makes them out of numbers and texts. */
#define VALUE_TYPES(X)                                                                   \
    X(MISSING, "missing")                                                                \
    X(NULL, "null")                                                                      \
    X(BOOL, "bool")                                                                      \
    X(NUMBER, "number")                                                                  \
    X(TEXT, "text")                                                                      \
    X(LIST, "list")                                                                      \
    X(MONEY, "money")                                                                    \
    X(MOMENT, "moment")                                                                  \
    X(LENGTH, "length")

enum value_type {
#define X(name, text) VALUE_##name,
    VALUE_TYPES(X)
#undef X
};
str value_type_name(enum value_type t);
/* One of text number money bool moment list; false when it is none of them. */
bool value_type_parse(str name, enum value_type *out);

struct value {
    enum value_type type;
    union {
        bool truth;
        int64_t number; /* NUMBER: fixed point; MONEY: minor units; MOMENT, LENGTH: ms */
        str text;
        struct {
            const str *item;
            uint32_t n;
        } list;
    };
};

struct property {
    str name;
    struct value value;
};

/* Borrowed, or NULL. */
const struct value *property_find(const struct property *p, uint32_t n, str name);

struct event {
    int64_t at_ms;
    str customer; /* the key (id.h) of its anchor, the first of its ids */
    str type;     /* the track event's name; or identify, page, screen, group, alias */
    str id;       /* messageId: the same id counts once */
    const struct property *property;
    uint32_t property_n;
    const struct property *trait; /* what it says of the customer from its moment on */
    uint32_t trait_n;

    const struct id *who; /* all ids of whom it happened to, in their order, each once */
    uint32_t who_n;       /* up to EVENT_IDS_MAX */
    uint32_t implied;     /* a bit for each of them: its traits or properties say so */
    str previous; /* what an alias says that the userId was called before; or empty */
    str nobody; /* not empty: why none of its ids is anybody's. Then there is no .who, and
                   .customer is the first of them as it came */
};
#define EVENT_IDS_MAX 16u

/* Names that are the platform's own: a track event that others send has none of them but consent. */
bool event_type_is_reserved(str type);
/* Has a consent what a rule asks for as consent.channel.purpose: the properties channel and
 * purpose, which are texts, and granted, which is true or false? */
bool event_is_consent(const struct property *p, uint32_t n);
#define EVENT_NO_CONSENT                                                                 \
    "a consent has the properties channel and purpose, which are texts, and granted, "   \
    "which is true or false"

/* What a person decides of two ids, as an event of the first of them: its properties says (merge,
 * apart or undecided), a_kind, a, b_kind, b (kinds by their names), and by, which may be missing.
 * No call of a tracking SDK has this type. One that lost an id, since that was erased, decides
 * nothing. */
#define EVENT_DECIDED "identity_decided"
/* That a person put a customer on a list of the model, or took him off it: its properties are list,
 * a text, listed, true or false, and by, which may be missing. No call of a tracking SDK has this
 * type. */
#define EVENT_LISTED "list_changed"
/* Are events of this type what Ciclo notes of a person's decision, with the present as their time, and
 * nothing that the customer did? EVENT_DECIDED and EVENT_LISTED. */
bool event_type_is_noted(str type);
#define EVENT_NOTED_MAX 2u
#define EVENT_NO_LISTING                                                                 \
    "a change of a list has the properties list, which is a text, and listed, which is " \
    "true or false"
bool event_is_listing(const struct property *p, uint32_t n);
/* The property by which an event says which system it is from: of several that say something of a
 * trait, a model may name the one that is believed. */
#define EVENT_SOURCE "context.source"
struct decision {
    str says, by;
    struct id a, b;
};
/* Borrowed from the event, or in `a`. ERR_INPUT: it is none. */
bool event_decision(const struct event *e, struct arena *a, struct decision *out,
                    struct err *err);

#define EVENT_TEXT_MAX 32768u /* bytes of one text value */
#define EVENT_NAME_MAX 200u   /* bytes of a type, property name, customer or message id */
#define EVENT_PROPERTIES_MAX 1000u

/* An id as it came. */
struct event_id {
    str system; /* id_parse_named; empty: .kind */
    enum id_kind kind;
    str value;
};
/* Gives the event its ids, of those that it came with and those that are in its traits and
 * properties: an identify's email and phone, context.device.id and .advertisingId. What is no id
 * counts for nothing, nor does one beyond the sixteenth. ERR_INPUT: there is none. Lives in `a`,
 * `raw` and the event. */
bool event_set_who(struct event *e, const struct event_id *raw, uint32_t n,
                   struct arena *a, struct err *err);

/* The account whose member a group event makes its customer; *there is false of all others, and when
 * groupId is no id. Lives in `a` and the event. */
bool event_account(const struct event *e, struct arena *a, struct id *out, bool *there,
                   struct err *err);
/* What such an event says of the account itself, as an identify of it: its traits.*, at the same
 * moment, with an id that follows from the event's. Lives likewise. */
bool event_of_account(const struct event *e, struct arena *a, struct event *out,
                      bool *there, struct err *err);

/* One call in Segment's form: {"type":"track","event":..,"userId":..,"anonymousId":..,
 * "messageId":..,"timestamp"|"originalTimestamp":..,"properties":{..},
 * "context":{"traits":{..},"externalIds":[{"type":..,"id":..}],"device":{"id":..}}} or {"type":"identify",..,"traits":{..}}, whose traits may stand in
 * the context too. A call of any type but group that has no id but a groupId is the account's own.
 * Of page and screen `name` and `category` become properties, of group `groupId`
 * and `traits.*`, of alias `previousId`. Objects inside properties are flattened with dots; null
 * properties are missing, but for a group's `traits.*`; a null trait removes it; list items that are no texts become their JSON
 * text. Missing messageId: .id is empty; missing timestamp: ERR_INPUT. What does not fit is
 * ERR_INPUT with a reason in words that does not hold the value itself, so that reasons can be
 * counted. Lives in `a` and `json`. */
bool event_parse(const struct json *json, struct arena *a, struct event *out,
                 struct err *err);
/* The event as one line of JSON in the same form, without the newline. */
void event_print(const struct event *e, struct buf *to);

#endif
