/* event_impl.h - what reads a call of the log and what reads one of an SDK share. */
#ifndef EVENT_EVENT_IMPL_H
#define EVENT_EVENT_IMPL_H

#include "event/event.h"

/* Properties or traits, as they are found. */
struct found {
    struct arena *a;
    const char *what;      /* "the name of a property": of which a fault is told */
    const char *keep_null; /* of names that begin so null is kept; NULL: of none */
    struct property *property;
    uint32_t n, cap;
    uint32_t *slot; /* of many: where each stands, and 1, by the hash of its name */
};
/* Adds the members of the object as PREFIX.NAME, objects in it likewise; with `fill` only those
 * that are not there yet. */
bool found_parse(struct found *f, str prefix, const struct json *object, bool fill,
                 struct err *err);
/* One alone. */
bool found_add_json(struct found *f, str name, const struct json *item, bool fill,
                    struct err *err);

/* A name may be anything that fits on one line of a report. */
bool name_check(str name, const char *what, struct err *err);
/* A text, or a number as text. */
bool text_read(const struct json *json, const char *what, struct arena *a, str *out,
               struct err *err);
/* Message id. */
bool id_read(const struct json *json, struct arena *a, struct event *out,
             struct err *err);
/* The ids of whom it happened to, when all else of it is read. */
bool who_read(const struct json *call, struct arena *a, struct event *out,
              struct err *err);
/* ,"userId":..,"anonymousId":.. */
void who_print(const struct event *e, struct json_out *to);
/* Those that it does not print, and that do not follow from traits or properties:
 * "externalIds":[..] */
bool who_has_external(const struct event *e);
void who_print_external(const struct event *e, struct json_out *to);
/* Everything else of a call but its time; out->property is what *f holds when all is added. */
bool event_read(const struct json *json, str type, struct found *f, struct event *out,
                struct err *err);
/* The member, when it is there and not null. */
const struct json *call_member(const struct json *json, str name);
/* The object that is the member; NULL when it is missing or null. */
bool object_find(const struct json *json, str name, const struct json **out,
                 struct err *err);
bool moment_read(const struct json *time, int64_t *out, struct err *err);
/* One value as JSON; of a number that does not fit: null, and false. */
bool put_json(struct json_out *to, const struct json *json);

#endif
