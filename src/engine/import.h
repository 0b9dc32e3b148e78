/* import.h - files into the data file: CSV with a mapping, JSON lines in Segment's form. */
#ifndef ENGINE_IMPORT_H
#define ENGINE_IMPORT_H

#include "engine/engine.h"

struct mapping_entry {
    str name; /* of the property or trait */
    enum value_type
        type; /* VALUE_MISSING: not given: text for a bare column, else a number */
    str expression;
    bool optional; /* "?": left out when the table has no such columns */
};

/* Of what kind an id is, and the column that holds it. */
struct mapping_id {
    str name; /* as id_parse_named knows kinds and systems: email, phone, shopify ... */
    str column;
    bool optional; /* "?": left out when the table has no such column */
};
#define MAPPING_IDS_MAX (EVENT_IDS_MAX - 1) /* and the customer */

/* How the rows of a table become events. Zero it to start; empty texts are "not given". */
struct mapping {
    str customer, time, time_format, zone; /* columns, and how to read the time */
    str moment; /* of all rows, where no column says when: a moment, or "now" */
    str currency; /* column: rows in another currency than the workspace's are refused; with "?" in
                     front the table need not have it */
    str account; /* column: whose member the row's customer is; the rows are the account's own when no
                    column says another customer. "?" as above */
    str event;        /* the type of all rows ... */
    str event_column; /* ... or the column that holds it */
    str id;           /* column: rows that share it are one event */
    str source;       /* of what the rows say of traits, such as crm */
    str where;
    str where_first; /* asked of the first of the rows that share an id and stand together: all of
                        them are left out when it is not true */
    char separator; /* 0: recognised */
    char
        decimal; /* what stands before the decimals of a number, '.' or ','; 0: recognised */
    str encoding;           /* "utf-8", "latin-1"; empty: recognised */
    struct mapping_id *who; /* besides the customer, or instead */
    struct mapping_entry *property, *trait;
    uint32_t who_n, property_n, trait_n;
};
/* "email=Email", "shopify=?Customer ID". Lives in `a`. */
bool mapping_id_parse(str text, struct arena *a, struct mapping_id *out, struct err *err);
/* "revenue:money=sum(Quantity * UnitPrice)", with "?" in front: optional. Lives in `a`. An expression that is a column's
 * name needs no backquotes. */
bool mapping_entry_parse(str text, struct arena *a, struct mapping_entry *out,
                         struct err *err);
/* "," ";" "tab" ... */
bool mapping_separator_parse(str text, char *out, struct err *err);
/* The word for it; empty: there is none. */
str mapping_separator_name(char separator);
bool mapping_decimal_parse(str text, char *out, struct err *err);
/* A mapping file (YAML): the names above as keys, and the lists `properties` and `traits`
 * with texts as mapping_entry_parse reads them, and the map `ids`; `header` is mappings_fit's. What
 * stands in *out already is stronger; ids, properties and traits are joined by name. Lives in `a`. */
bool mapping_parse(str yaml, struct arena *a, struct mapping *out, struct err *err);
/* What mapping_parse reads as the same mapping. */
void mapping_print(const struct mapping *m, struct buf *to);

struct import_reason {
    str reason;
    uint64_t lines;
    uint64_t first_line; /* where it was met first */
    str first_text;
};

/* A number or money property over all events of the file, to be held against the shop's own. */
struct import_total {
    str name;
    enum value_type type; /* VALUE_NUMBER, VALUE_MONEY */
    int64_t number;       /* fixed point; of money the major units */
};

struct import_report {
    /* lines = used + left_out + refused_lines. */
    uint64_t lines; /* records of data, without the header and empty lines; each line of a
                           record that never ends is one, since it is read again */
    uint64_t used;  /* lines that made or joined an event */
    uint64_t events;    /* new ones */
    uint64_t known;     /* events that were in the file already */
    uint64_t members;   /* of accounts, that were none */
    uint64_t customers; /* that the file's events belong to */
    uint64_t left_out;  /* lines that `where` left out */
    uint64_t refused_lines;
    const struct import_reason *refused; /* most lines first */
    uint32_t refused_n;
    const struct import_total *total; /* of tables; those that fit */
    uint32_t total_n;
    /* As given or recognised, to be shown. */
    char separator;
    char decimal; /* 0: no number in the file's first rows decides */
    bool latin1;
    bool jsonl;
    str time_format, zone;
    const struct event *sample; /* the first events, for --dry-run */
    uint32_t sample_n;
};

struct import_options {
    bool dry_run;
    int64_t now_ms;
    int64_t skew_max_ms; /* events later than now + this are refused */
    void (*progress)(void *context, uint64_t done_bytes, uint64_t total_bytes,
                     uint64_t lines);
    void *context;
};

/* One transaction: all of it or nothing. Reads the file at `path` ("-": standard input). The
 * report lives in `a`. A file whose first byte (after blanks) is "{" is JSON lines, and the
 * mapping then must be empty. The engine's histories are stale afterwards: engine_advance.
 *
 * A row of a table is asked in this order: is it a record, with as many fields as the header;
 * stands there who, by one of the columns at least; `where` (false: left out); type, time and id;
 * the properties; is one of the ids left. The first that fails refuses it, with a reason that holds
 * no value. Rows that share type and id are one event, at the earliest of their times, with the id
 * TYPE:ID; its properties are made of the rows by (time, place in the file), and it has the ids of
 * all of them. Whoever has a row that names an account has one group event to it besides, at the
 * earliest moment of his rows that do. Without an id a row is an event whose id is made of its rank among the file's rows of
 * the same customer, time and type, and of a hash of the row: the same file again changes nothing,
 * and ties keep the file's order. */
bool engine_import(struct engine *e, str path, const struct mapping *m,
                   const struct import_options *options, struct arena *a,
                   struct import_report *out, struct err *err);

#endif
