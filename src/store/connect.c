#include "store/connect.h"

#include "store/store_impl.h"

/* What is sorted may be larger than memory. A snapshot begins with the first look. */
static const char set_up[] = "pragma query_only = on; pragma cell_size_check = on;"
                             "pragma temp_store = file; pragma cache_size = -65536;"
                             "begin; select count(*) from setting";

/* Of a store in a folder that cannot be written to, the file alone is opened: see open.c. */
static bool open_file(const struct store *s, struct sql *sql, struct err *err)
{
    struct buf uri = {};
    bool ok;

    if (s->mode == STORE_WRITE || !s->file_lock.io)
        return sql_open(sql, s->name.p, SQLITE_OPEN_READONLY, err);
    ok = sql_uri(s->name.p, "immutable=1", &uri, err)
         && sql_open(sql, uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err);
    buf_free(&uri);
    return ok;
}

bool store_connect(const struct store *s, struct sqlite3 **out, struct err *err)
{
    struct sql sql = {};

    if (!open_file(s, &sql, err) || !sql_exec(&sql, set_up, err)) {
        sql_close(&sql);
        return false;
    }
    *out = sql.db;
    return true;
}
