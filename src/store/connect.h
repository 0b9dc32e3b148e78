/* connect.h - a connection of one's own to the data file, for what strangers ask in SQL. */
#ifndef STORE_CONNECT_H
#define STORE_CONNECT_H

#include "store/store.h"

struct sqlite3;

/* Opened for reading, in a transaction that begins now; no extension can be loaded, no schema
 * is trusted. Ends
 * before the store, by sqlite3_close. */
[[nodiscard]] bool store_connect(const struct store *s, struct sqlite3 **out,
                                 struct err *err);

/* For a program that does nothing else: how much memory SQLite may use in the whole process,
 * whatever a query asks for. 0: no limit. */
void store_limit_sql_memory(size_t bytes_max);

#endif
