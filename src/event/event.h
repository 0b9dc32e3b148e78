/* event.h - a fact that came in: one customer, one moment, one type, its properties. */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

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

struct event {
    int64_t at_ms;
    str customer;  /* userId, or anonymousId when there is none */
    str anonymous; /* anonymousId; equal to .customer when there is no userId */
    str type;      /* the track event's name; or identify, page, screen, group, alias */
    str id;        /* messageId: the same id counts once */
    const struct property *property;
    uint32_t property_n;
    const struct property *trait; /* what it says of the customer from its moment on */
    uint32_t trait_n;
};

/* Names that are the platform's own: a track event has none of them but consent. */
bool event_type_is_reserved(str type);
/* Has a consent what a rule asks for as consent.channel.purpose: the properties channel and
 * purpose, which are texts, and granted, which is true or false? */
bool event_is_consent(const struct property *p, uint32_t n);
#define EVENT_NO_CONSENT                                                                 \
    "a consent has the properties channel and purpose, which are texts, and granted, "   \
    "which is true or false"

#define EVENT_TEXT_MAX 32768u /* bytes of one text value */
#define EVENT_NAME_MAX 200u   /* bytes of a type, property name, customer or message id */
#define EVENT_PROPERTIES_MAX 1000u

/* One call in Segment's form: {"type":"track","event":..,"userId":..,"anonymousId":..,
 * "messageId":..,"timestamp"|"originalTimestamp":..,"properties":{..},
 * "context":{"traits":{..}}} or {"type":"identify",..,"traits":{..}}, whose traits may stand in
 * the context too. Of page and screen `name` and `category` become properties, of group `groupId`
 * and `traits.*`, of alias `previousId`. Objects inside properties are flattened with dots; null
 * properties are missing; a null trait removes it; list items that are no texts become their JSON
 * text. Missing messageId: .id is empty; missing timestamp: ERR_INPUT. What does not fit is
 * ERR_INPUT with a reason in words that does not hold the value itself, so that reasons can be
 * counted. Lives in `a` and `json`. */
bool event_parse(const struct json *json, struct arena *a, struct event *out,
                 struct err *err);
/* The event as one line of JSON in the same form, without the newline. */
void event_print(const struct event *e, struct buf *to);

#endif
