/* info.h - what stands in the data file, and how large it is. */
#ifndef STORE_INFO_H
#define STORE_INFO_H

#include "store/store.h"

/* The contents of a table, without what SQLite adds to them. */
struct info_table {
    str name;
    uint64_t rows, bytes;
};

/* A column of the timelines: what the parts hold of it. */
struct info_column {
    str name;   /* of the property or trait; of the events themselves: "times" ... */
    bool event; /* it is one of the events themselves */
    bool trait;
    enum value_type type;
    uint64_t values;
    uint32_t chunks;      /* in which it has values */
    uint64_t bytes;       /* of its own parts, as they stand in the file */
    uint64_t unpacked;    /* with what stands among the rare columns */
    const char *encoding; /* before it is packed by zstd; docs/format.md */
};

struct store_info {
    uint32_t format, chunk_customers, chunks, types;
    uint64_t page_bytes, pages, free_pages;
    size_t memory_bytes; /* what may be held in memory */
    int64_t pseudonym;   /* store_pseudonym */
    struct store_facts facts;
    uint64_t waiting; /* events that no part holds yet */
    uint64_t ids,
        filter_bytes; /* message ids known from runs; what is in memory of them */
    uint32_t runs;
    uint64_t log_bytes, part_bytes, id_bytes; /* of log, parts, runs with their filters */
    const struct info_table *table;
    uint32_t table_n;
    const struct info_column *column;
    uint32_t column_n;
};

/* Reads all parts, and checks them by the way. Lives in `a`. */
bool snapshot_info(struct snapshot *v, struct arena *a, struct store_info *out,
                   struct err *err);

#endif
