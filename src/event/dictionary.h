/* dictionary.h - which events, properties and traits there are, and of which type. From the
 * model's `events:` and `traits:`, then learned from the data where the model is silent. */
#ifndef EVENT_DICTIONARY_H
#define EVENT_DICTIONARY_H

#include "base/time.h"
#include "base/yaml.h"
#include "event/event.h"

/* Which of the values said of a trait stands (docs/rules.md, Traits): `keep:` of the model. */
#define KEEP_SOURCES_MAX 16u
struct keep {
    enum { KEEP_NEWEST, KEEP_FIRST, KEEP_SOURCES } kind;
    const str *source; /* SOURCES: the strongest first */
    uint32_t source_n;
};

struct dictionary_property {
    str name;
    enum value_type type;
    bool learned;
    bool personal;    /* a pseudonymous file does not keep it */
    struct keep keep; /* of a trait */
};

struct dictionary_event {
    str name;
    const str *alias; /* other names under which it comes: from: ["Order Completed"] */
    uint32_t alias_n;
    bool passive; /* not a sign of life: `any` does not count it */
    bool learned;
    struct dictionary_property *property;
    uint32_t property_n;
};

struct dictionary {
    struct dictionary_event *event;
    uint32_t event_n;
    struct dictionary_property *trait;
    uint32_t trait_n;
    struct dictionary_slot *slot; /* where each name stands */
    uint32_t slot_n, slot_cap;
    bool strict; /* what the model does not declare is refused; otherwise it is learned */
};

/* Either node may be NULL. Two events that claim one name are ERR_INPUT. Lives in `a`. */
bool dictionary_parse(const struct yaml *events, const struct yaml *traits,
                      struct arena *a, struct dictionary *out, struct err *err);
/* Adds what the data holds and the model does not declare; what is declared stays. A name
 * that comes with values of several types gets the last of bool, number, text, list. */
[[nodiscard]] bool dictionary_learn_event(struct dictionary *d, struct arena *a,
                                          str type);
[[nodiscard]] bool dictionary_learn_property(struct dictionary *d, struct arena *a,
                                             str type, str name, enum value_type raw);
[[nodiscard]] bool dictionary_learn_trait(struct dictionary *d, struct arena *a, str name,
                                          enum value_type raw);
/* The event by which lists change, which rules of lists look at. */
[[nodiscard]] bool dictionary_add_lists(struct dictionary *d, struct arena *a);
/* By name or alias; NULL when unknown. */
const struct dictionary_event *dictionary_event(const struct dictionary *d, str name);
const struct dictionary_property *dictionary_property(const struct dictionary *d,
                                                      const struct dictionary_event *e,
                                                      str name);
const struct dictionary_property *dictionary_trait(const struct dictionary *d, str name);

/* The type that a property's values have as they came, so that a rule sees them. */
enum value_type dictionary_raw(enum value_type type);
/* ERR_INPUT, in words without values, when the model does not declare the event's type, or one of
 * its properties or traits, or declares another type of its value. Ciclo's own types (identify,
 * group ...) and what stands in the context are nobody's to declare. */
bool dictionary_check(const struct dictionary *d, const struct zone *zone,
                      const struct event *e, struct err *err);

#endif
