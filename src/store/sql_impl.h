/* sql_impl.h - SQLite as the store uses it; private to store/. */
#ifndef STORE_SQL_IMPL_H
#define STORE_SQL_IMPL_H

#include "base/err.h"
#include "base/str.h"

#include <sqlite3.h>

#define SQL_TEXTS(X)                                                                     \
    X(BEGIN, "begin immediate")                                                          \
    X(COMMIT, "commit")                                                                  \
    X(BEGIN_READ, "begin")                                                               \
    X(FIRST_READ, "select count(*) from setting")                                        \
    X(ROLLBACK, "rollback")                                                              \
    X(PART_GET, "select 0, 0, codec, bytes, checksum from part"                          \
                " where \"column\" = ? and chunk = ?")                                   \
    X(PART_PUT,                                                                          \
      "insert or replace into part (\"column\", chunk, codec, bytes, checksum)"          \
      " values (?, ?, ?, ?, ?)")                                                         \
    X(LOG_AFTER, "select seq, received_ms, codec, bytes, checksum from log"              \
                 " where seq > ? order by seq limit 1")                                  \
    X(NEWS_ADD, "insert into news (seq, codec, bytes, checksum) values (?, ?, ?, ?)")    \
    X(NEWS_AFTER, "select seq, 0, codec, bytes, checksum from news"                      \
                  " where seq > ? order by seq limit 1")                                 \
    X(NEWS_DROP, "delete from news where seq = ?")                                       \
    X(CHUNK_PUT,                                                                         \
      "insert or replace into chunk (number, folded_seq, told_seq, customers, events,"   \
      " first_ms, last_ms) values (?, ?, ?, ?, ?, ?, ?)")                                \
    X(CHUNK_ALL,                                                                         \
      "select number, folded_seq, customers, events, first_ms, last_ms, told_seq"        \
      " from chunk order by number")                                                     \
    X(PART_DROP, "delete from part where \"column\" = ? and chunk = ?")                  \
    X(PART_KEYS, "select \"column\", chunk from part")                                   \
    X(MODEL_ALL, "select version, applied_ms, text, author from model order by version") \
    X(CUSTOMER_ADD, "insert into customer (number, kind, id, home) values (?, ?, ?, ?)") \
    X(CUSTOMER_ALL, "select number, kind, id, home from customer order by number")       \
    X(CUSTOMER_MOVE, "update customer set home = ? where number = ?")                    \
    X(CUSTOMER_HOME, "select home from customer where number = ?")                       \
    X(CUSTOMER_IS, "select 1 from customer where number = ? and home is null"            \
                   " union all select 1 from customer where home = ? limit 1")           \
    X(CUSTOMER_ANCHORS, "select number from customer where number = ?1 and home is null" \
                        " union all select number from customer where home = ?1"         \
                        " order by 1")                                                   \
    X(MEMBER_ADD, "insert or ignore into member (account, anchor) values (?, ?)")        \
    X(MEMBER_ALL, "select account, anchor from member order by account, anchor")         \
    X(MEMBER_HOMES, /* of those of an account's ids */                                   \
      "select distinct coalesce(p.home, p.number)"                                       \
      " from (select number from customer where number = ?1 and home is null"            \
      " union all select number from customer where home = ?1) a"                        \
      " join member m on m.account = a.number join customer p on p.number = m.anchor"    \
      " order by 1")                                                                     \
    X(MEMBER_ACCOUNTS, /* of those of a member's ids; some have nothing of their own */  \
      "select distinct coalesce(g.home, g.number)"                                       \
      " from (select number from customer where number = ?1 and home is null"            \
      " union all select number from customer where home = ?1) a"                        \
      " join member m on m.anchor = a.number join customer g on g.number = m.account"    \
      " where g.home is null or g.home >= 0 order by 1")                                 \
    X(GRAPH_ADD, "insert into graph (codec, bytes, checksum) values (?, ?, ?)")          \
    X(GRAPH_DROP, "delete from graph")                                                   \
    X(GRAPH_AFTER, "select seq, 0, codec, bytes, checksum from graph"                    \
                   " where seq > ? order by seq limit 1")                                \
    X(TYPE_ADD, "insert into type (number, name) values (?, ?)")                         \
    X(TYPE_ALL, "select number, name from type order by number")                         \
    X(COLUMN_ADD, "insert into columns (number, name, trait, type) values (?, ?, ?, ?)") \
    X(COLUMN_ALL, "select number, name, trait, type from columns order by number")       \
    X(SIGHTING_ADD, "insert into sighting (type, \"column\") values (?, ?)")             \
    X(SIGHTING_ALL, "select type, \"column\" from sighting order by rowid")              \
    X(REFUSED_ADD,                                                                       \
      "insert into refused (n, codec, bytes, checksum) values (?, ?, ?, ?)")             \
    X(REFUSED_PUT, /* its number stands last */                                          \
      "update refused set n = ?, codec = ?, bytes = ?, checksum = ? where seq = ?")      \
    X(REFUSED_DROP, "delete from refused where seq = ?")                                 \
    X(REFUSED_AFTER, "select seq, n, codec, bytes, checksum from refused"                \
                     " where seq > ? order by seq limit 1")                              \
    X(LOG_ADD, "insert into log (seq, received_ms, codec, bytes, checksum)"              \
               " values (?, ?, ?, ?, ?)")                                                \
    X(REFUSED_COPY, "insert into refused (seq, n, codec, bytes, checksum)"               \
                    " values (?, ?, ?, ?, ?)")                                           \
    X(ERASED_ADD, "insert into erased (codec, bytes, checksum) values (?, ?, ?)")        \
    X(ERASED_AFTER, "select seq, 0, codec, bytes, checksum from erased"                  \
                    " where seq > ? order by seq limit 1")                               \
    X(MODEL_COPY,                                                                        \
      "insert into model (version, applied_ms, text, author) values (?, ?, ?, ?)")       \
    X(MODEL_AFTER, /* the author's bytes stand before the text's */                      \
      "select version, applied_ms, length(cast(author as blob)), author || text, 0"      \
      " from model where version > ? order by version limit 1")                          \
    X(MODEL_AFTER_2, /* as in format 2 */                                                \
      "select version, applied_ms, 0, text, 0 from model"                                \
      " where version > ? order by version limit 1")                                     \
    X(MODEL_ADD, "insert into model (version, applied_ms, text, author) values"          \
                 " ((select coalesce(max(version), 0) + 1 from model), ?, ?, ?)"         \
                 " returning version")                                                   \
    X(MODEL_LATEST, "select version, applied_ms, text, author from model"                \
                    " order by version desc limit 1")                                    \
    X(HISTORY_PUT,                                                                       \
      "insert or replace into history (chunk, model, codec, bytes, checksum)"            \
      " values (?, ?, ?, ?, ?)")                                                         \
    X(HISTORY_GET, "select chunk, model, codec, bytes, checksum from history"            \
                   " where chunk = ? and model = ?")                                     \
    X(HISTORY_AFTER, "select chunk, model, codec, bytes, checksum from history"          \
                     " where chunk > ? order by chunk limit 1")                          \
    X(HISTORY_END, "select coalesce(max(chunk) + 1, 0) from history where model = ?")    \
    X(HISTORY_DROP, "delete from history")                                               \
    X(KEY_PUT, "insert or replace into key (number, codec, bytes, checksum)"             \
               " values (?, ?, ?, ?)")                                                   \
    X(KEY_AFTER, "select number, 0, codec, bytes, checksum from key"                     \
                 " where number > ? order by number limit 1")                            \
    X(RECEIPT_ADD, "insert into receipt (codec, bytes, checksum) values (?, ?, ?)")      \
    X(RECEIPT_AFTER, "select number, 0, codec, bytes, checksum from receipt"             \
                     " where number > ? order by number limit 1")                        \
    X(WEBHOOK_PUT, "insert or replace into webhook (number, codec, bytes, checksum)"     \
                   " values (?, ?, ?, ?)")                                               \
    X(WEBHOOK_DROP, "delete from webhook where number = ?")                              \
    X(WEBHOOK_AFTER, "select number, 0, codec, bytes, checksum from webhook"             \
                     " where number > ? order by number limit 1")                        \
    X(JOURNAL_ADD,                                                                       \
      "insert into journal (told_ms, codec, bytes, checksum) values (?, ?, ?, ?)")       \
    X(LOG_FROM, "select coalesce(min(seq), (select coalesce(max(seq), 0) + 1 from log))" \
                " from log where received_ms >= ?")                                      \
    X(JOURNAL_FROM,                                                                      \
      "select coalesce(min(seq), (select coalesce(max(seq), 0) + 1 from journal))"       \
      " from journal where told_ms >= ?")                                                \
    X(JOURNAL_COPY, "insert into journal (seq, told_ms, codec, bytes, checksum)"         \
                    " values (?, ?, ?, ?, ?)")                                           \
    X(JOURNAL_AFTER, "select seq, told_ms, codec, bytes, checksum from journal"          \
                     " where seq > ? order by seq limit 1")                              \
    X(JOURNAL_TRIM, /* the last one stays: its number is not given again */              \
      "delete from journal where seq <= ?"                                               \
      " and seq < (select max(seq) from journal)")                                       \
    X(SPEND_ADD,                                                                         \
      "insert into spend (told_ms, codec, bytes, checksum) values (?, ?, ?, ?)")         \
    X(SPEND_AFTER, "select seq, told_ms, codec, bytes, checksum from spend"              \
                   " where seq > ? order by seq limit 1")                                \
    X(SAVED_PUT, "insert or replace into saved (number, codec, bytes, checksum)"         \
                 " values (?, ?, ?, ?)")                                                 \
    X(SAVED_DROP, "delete from saved where number = ?")                                  \
    X(SAVED_AFTER, "select number, 0, codec, bytes, checksum from saved"                 \
                   " where number > ? order by number limit 1")                          \
    X(PART_ALL, "select \"column\", chunk, codec, bytes, checksum from part")            \
    X(INFO_TABLES, /* log and part are known by their names */                           \
      "select 'log', count(*), coalesce(sum(length(bytes)), 0) from log"                 \
      " union all"                                                                       \
      " select 'part', count(*), coalesce(sum(length(bytes)), 0) from part"              \
      " union all"                                                                       \
      " select 'news', count(*), coalesce(sum(length(bytes)), 0) from news"              \
      " union all"                                                                       \
      " select 'customer', count(*), coalesce(sum(length(cast(id as blob))), 0)"         \
      " from customer union all"                                                         \
      " select 'refused', count(*), coalesce(sum(length(bytes)), 0) from refused"        \
      " union all"                                                                       \
      " select 'erased', count(*), coalesce(sum(length(bytes)), 0) from erased"          \
      " union all"                                                                       \
      " select 'model', count(*), coalesce(sum(length(cast(text as blob))), 0)"          \
      " from model union all"                                                            \
      " select 'history', count(*), coalesce(sum(length(bytes)), 0) from history"        \
      " union all"                                                                       \
      " select 'key', count(*), coalesce(sum(length(bytes)), 0) from key"                \
      " union all"                                                                       \
      " select 'member', count(*), 0 from member union all"                              \
      " select 'graph', count(*), coalesce(sum(length(bytes)), 0) from graph"            \
      " union all"                                                                       \
      " select 'receipt', count(*), coalesce(sum(length(bytes)), 0) from receipt"        \
      " union all"                                                                       \
      " select 'webhook', count(*), coalesce(sum(length(bytes)), 0) from webhook"        \
      " union all"                                                                       \
      " select 'journal', count(*), coalesce(sum(length(bytes)), 0) from journal"        \
      " union all"                                                                       \
      " select 'spend', count(*), coalesce(sum(length(bytes)), 0) from spend"            \
      " union all"                                                                       \
      " select 'saved', count(*), coalesce(sum(length(bytes)), 0) from saved")           \
    X(SETTING_GET, "select value from setting where name = ?")                           \
    X(SETTING_ADD, "insert into setting (name, value) values (?, ?)")                    \
    X(SEEN_RUN_ALL, "select run, n, checksum from seen_run order by run")                \
    X(SEEN_RUN_PUT,                                                                      \
      "insert or replace into seen_run (run, n, checksum) values (?, ?, ?)")             \
    X(SEEN_RUN_DROP, "delete from seen_run where run = ?")                               \
    X(SEEN_LAST, "select place, length(bytes) from seen where place between ? and ?"     \
                 " order by place desc limit 1")                                         \
    X(SEEN_GET, "select bytes, checksum from seen where place = ?")                      \
    X(SEEN_ADD, "insert into seen (place, bytes, checksum) values (?, ?, ?)")            \
    X(SEEN_DROP, "delete from seen where place between ? and ?")                         \
    X(SEEN_FILTER_LAST,                                                                  \
      "select place, length(bytes) from seen_filter where place between ? and ?"         \
      " order by place desc limit 1")                                                    \
    X(SEEN_FILTER_GET, "select bytes, checksum from seen_filter where place = ?")        \
    X(SEEN_FILTER_ADD,                                                                   \
      "insert into seen_filter (place, bytes, checksum) values (?, ?, ?)")               \
    X(SEEN_FILTER_DROP, "delete from seen_filter where place between ? and ?")

enum sql_text {
#define X(name, text) SQL_##name,
    SQL_TEXTS(X)
#undef X
        SQL_COUNT
};

/* One connection and its statements, each prepared when first used. Zero it to start. */
struct sql {
    sqlite3 *db;
    sqlite3_stmt *statement[SQL_COUNT];
};

/* SQLite's memory comes from base/mem from here on. Before anything else asks SQLite for
 * something. */
bool sql_start(struct err *err);
/* The path as a URI with these options; the text ends with a NUL. */
bool sql_uri(const char *path, const char *options, struct buf *to, struct err *err);
/* Over the VFS of vfs.h; a file made here gets its checksums. */
bool sql_open(struct sql *sql, const char *name, int flags, struct err *err);
/* How a connection works that may write. */
bool sql_set_up(struct sql *sql, struct err *err);
void sql_close(struct sql *sql);
/* In which table the page stands; "" when that cannot be found out at once. */
enum { SQL_OWNER_BYTES = 64 };
void sql_page_owner(sqlite3 *db, int64_t page, char out[SQL_OWNER_BYTES]);
/* What the connection reports, as an error. */
bool sql_fail(const struct sql *sql, struct err *err);

/* Runs statements that give nothing back. */
bool sql_exec(struct sql *sql, const char *text, struct err *err);
/* The whole number that a statement such as a pragma gives. */
bool sql_number(struct sql *sql, const char *text, int64_t *out, struct err *err);

/* A statement with its values still to be bound. */
bool sql_get(struct sql *sql, enum sql_text text, sqlite3_stmt **out, struct err *err);
/* Values are borrowed until the statement has run; places from 1. SQLITE_OK is 0, so that
 * the results of several can be joined by |. */
int sql_bind(sqlite3_stmt *statement, int place, int64_t number);
int sql_bind_text(sqlite3_stmt *statement, int place, str text);
int sql_bind_bytes(sqlite3_stmt *statement, int place, str bytes);
/* Runs a statement to its end. `bound` is what binding returned. */
bool sql_run(struct sql *sql, sqlite3_stmt *statement, int bound, struct err *err);
/* The next row; *there is false behind the last, and the statement then is reset. */
bool sql_next(struct sql *sql, sqlite3_stmt *statement, bool *there, struct err *err);
/* A text or bytes of the row, from column 0; borrowed until the next step. */
str sql_column(sqlite3_stmt *statement, int column);

#endif
