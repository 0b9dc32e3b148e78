/* catalog.h - the numbers behind the names: customers, event types, columns. */
#ifndef STORE_CATALOG_H
#define STORE_CATALOG_H

#include "base/hash.h"
#include "event/event.h"

#define TYPE_IDENTIFY 0u /* the code of "identify", always there */
#define TYPES_MAX 65535u
#define COLUMNS_MAX 65535u

/* A property or trait with values of one raw type (BOOL NUMBER TEXT LIST, NULL for removed
 * traits); a property of mixed types has several columns. */
struct column {
    str name;
    bool trait;
    enum value_type type;
    /* Of the last event that had it: events of a type mostly have the same, in the same order. */
    uint32_t next;    /* the column behind it */
    uint32_t sighted; /* the event's type, and 1 */
};
#define COLUMN_NONE UINT32_MAX
/* What is missing has no column, nor has a property that is null; a trait that is has one. */
bool has_column(const struct property *p, bool trait);

/* A property that was seen on a type of event: what the dictionary learns from. */
struct sighting {
    uint32_t type, column;
};

#define CUSTOMER_NONE UINT32_MAX

/* The writer's own, or a copy: what the writer's was when the copy was made, unchanging, for any
 * number of threads while the writer goes on. */
struct catalog {
    struct customers *customer; /* shared by all of them */
    uint32_t customer_n;        /* that this one knows; their numbers are the file's */
    uint32_t account_n;         /* of these are accounts */
    struct text_table type; /* event type names; the number is the code in chunk.type */
    struct column *column;
    uint32_t column_n, column_cap;
    struct sighting *sighting;
    uint32_t sighting_n, sighting_cap;
    struct text_table column_key, sighting_key; /* where they stand, by what they are */
    _Atomic uint32_t *copies; /* that share these names; NULL: the writer's own */
};

[[nodiscard]] bool catalog_init(struct catalog *c, struct err *err);
/* Copies end before the writer's own. */
void catalog_free(struct catalog *c);
/* A copy of the writer's; `last` is the copy made before, or NULL: as long as no name is new,
 * it shares its names. */
[[nodiscard]] bool catalog_copy(const struct catalog *c, const struct catalog *last,
                                struct catalog *out, struct err *err);
/* Of two copies, whether they share their names. */
bool catalog_same_names(const struct catalog *a, const struct catalog *b);

/* Customers are ids of several kinds (id_kind, in this order). The key of a userId is the userId;
 * that of any other id has one byte in front, its kind + 1, which no id begins with. */
#define CUSTOMER_KINDS 7u
#define CUSTOMER_KEY_MAX (EVENT_NAME_MAX + 1)
/* The kind of a key; *id is what people see of it, borrowed from it. */
uint32_t customer_key_kind(str key, str *id);

uint32_t catalog_customer_n(const struct catalog *c);
/* Of a customer, who is one by the id that names him. */
bool catalog_is_account(const struct catalog *c, uint32_t customer);
str catalog_customer_key(const struct catalog *c, uint32_t customer);
str catalog_customer_id(const struct catalog *c, uint32_t customer);
/* The number of exactly this key, or CUSTOMER_NONE. */
uint32_t catalog_key_find(const struct catalog *c, str key);
/* A key, or an id as people write it: as a userId, else as the first kind that knows it. */
uint32_t catalog_customer_find(const struct catalog *c, str text);
[[nodiscard]] bool catalog_customer_add(struct catalog *c, str key, uint32_t *out,
                                        struct err *err);
uint32_t catalog_column_find(const struct catalog *c, str name, bool trait,
                             enum value_type type); /* or COLUMN_NONE */
/* The same, found at once when it came behind `last` (or COLUMN_NONE) before. */
uint32_t catalog_column_after(const struct catalog *c, uint32_t last, str name,
                              bool trait, enum value_type type);
[[nodiscard]] bool catalog_column_add(struct catalog *c, str name, bool trait,
                                      enum value_type type, uint32_t *out,
                                      struct err *err);
bool catalog_sight(struct catalog *c, uint32_t type, uint32_t column, struct err *err);
/* Numbers everything that the event names. ERR_LIMIT beyond TYPES_MAX types or COLUMNS_MAX
 * columns: nothing is then added. */
bool catalog_add_event(struct catalog *c, const struct event *e, struct err *err);

/* How much the writer's held, to go back to when a transaction fails. */
struct catalog_mark {
    uint32_t customer_n, account_n, type_n, column_n, sighting_n;
};
struct catalog_mark catalog_mark(const struct catalog *c);
void catalog_return(struct catalog *c, const struct catalog_mark *m);

#endif
