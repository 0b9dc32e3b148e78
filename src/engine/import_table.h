/* import_table.h - a table that is being imported: its columns found, the form of its times
 * and numbers known, its rows one by one. */
#ifndef ENGINE_IMPORT_TABLE_H
#define ENGINE_IMPORT_TABLE_H

#include "base/csv.h"
#include "engine/import_impl.h"
#include "engine/import_measure.h"

#define NO_COLUMN UINT32_MAX

/* Zero it to start; close it in any case. */
struct table {
    struct import *im;
    struct csv *csv;
    str *column;
    uint32_t column_n;
    uint32_t time, event, id, currency, account; /* each may be NO_COLUMN */
    struct table_id {
        str system; /* as in struct event_id */
        enum id_kind kind;
        uint32_t column;
    } who[EVENT_IDS_MAX];
    uint32_t who_n;
    int64_t moment_ms;                    /* when there is no column of the time */
    struct row_expr *where, *where_first; /* or NULL */
    struct measures measures;
    struct zone *own_zone;
    const struct zone *zone;
    struct time_format *format;
    struct kept_row {
        enum csv_status status;
        struct csv_row row;
    } * kept; /* rows read to recognise times and numbers; they are still to be used */
    size_t kept_n, kept_cap, kept_next;
    struct arena kept_arena;
    struct arena arena;
    struct buf text;
    /* Reasons, with the names of the columns. */
    str no_customer, no_who, no_time, no_event, no_id;
};

#define BAD_EVENT                                                                        \
    STR("the event's name is longer than 200 bytes or holds a control character")
#define RESERVED_EVENT STR("the event's name is one that Ciclo keeps for itself")

/* Reads the header and what it takes to recognise times and numbers. */
bool table_open(struct table *t, struct import *im, struct err *err);
void table_close(struct table *t);
/* As csv_next. */
enum csv_status table_next(struct table *t, struct csv_row *row, struct err *err);

#endif
