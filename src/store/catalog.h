/* catalog.h - the numbers behind the names: customers, event types, columns, texts. */
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
};
#define COLUMN_NONE UINT32_MAX

/* How often a property was seen on a type of event: what the dictionary learns from. */
struct sighting {
    uint32_t type, column;
    uint64_t n;
};

struct catalog {
    struct text_table
        customer;           /* ids; the number is the customer's for the file's life */
    struct text_table type; /* event type names; the number is the code in chunk.type */
    struct text_table text; /* text values of all columns */
    struct column *column;
    uint32_t column_n, column_cap;
    struct sighting *sighting;
    uint32_t sighting_n, sighting_cap;
    struct text_table column_key, sighting_key; /* where they stand, by what they are */
};

[[nodiscard]] bool catalog_init(struct catalog *c, struct err *err);
void catalog_free(struct catalog *c);
uint32_t catalog_column_find(const struct catalog *c, str name, bool trait,
                             enum value_type type); /* or COLUMN_NONE */
[[nodiscard]] bool catalog_column_add(struct catalog *c, str name, bool trait,
                                      enum value_type type, uint32_t *out,
                                      struct err *err);
/* Counts n more sightings. */
bool catalog_sight(struct catalog *c, uint32_t type, uint32_t column, uint64_t n,
                   struct err *err);
/* Numbers everything that the event names, and counts the sightings. ERR_LIMIT beyond
 * TYPES_MAX types or COLUMNS_MAX columns: nothing is then added. */
bool catalog_add_event(struct catalog *c, const struct event *e, struct err *err);

/* What a catalog held, to go back to when a transaction fails. Its texts stay: they are in no
 * file. Zero it to start. */
struct catalog_mark {
    uint32_t customer_n, type_n, column_n, sighting_n;
    uint64_t *sighted; /* how often, then */
};
bool catalog_mark(const struct catalog *c, struct catalog_mark *out, struct err *err);
void catalog_return(struct catalog *c, const struct catalog_mark *m);
void catalog_mark_free(struct catalog_mark *m);

#endif
