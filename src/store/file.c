#include "store/file_impl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool file_path(str path, const char *behind, char out[PATH_MAX], struct err *err)
{
    bool special = str_starts(path, STR(":")) || str_starts(path, STR("file:"));
    const char *before = special ? "./" : "";

    if (!path.n)
        return err_set(err, ERR_INPUT, "the data file needs a name");
    if (memchr(path.p, 0, path.n))
        return err_set(err, ERR_INPUT, "a NUL byte cannot stand in a file's name");
    if (path.n + strlen(before) + strlen(behind) >= PATH_MAX)
        return err_set(err, ERR_INPUT,
                       "the name of the data file is longer than %d bytes", PATH_MAX - 1);
    snprintf(out, PATH_MAX, "%s%.*s%s", before, STR_FMT(path), behind);
    return true;
}

bool file_look(struct io *io, const char *path, struct stat *out, struct err *err)
{
    if (io->stat(io, path, out) != 0)
        return errno == ENOENT
                   ? err_set(err, ERR_NOT_FOUND,
                             "there is no data file %s: make one with ciclo init", path)
                   : err_sys(err, "cannot open %s", path);
    if (S_ISDIR(out->st_mode))
        return err_set(err, ERR_INPUT, "%s is a folder, not a data file", path);
    if (!S_ISREG(out->st_mode))
        return err_set(err, ERR_INPUT, "%s is no plain file", path);
    return out->st_size > 0
           || err_set(err, ERR_INPUT, "%s is empty: it is no data file of Ciclo", path);
}

bool file_recognise(struct sql *sql, int64_t *format, struct err *err)
{
    int64_t id;

    if (!sql_number(sql, "pragma application_id", &id, err)) {
        if (sqlite3_errcode(sql->db) == SQLITE_NOTADB)
            return err_set(err, ERR_INPUT, "it is no data file of Ciclo");
        return false;
    }
    if (id != APPLICATION_ID)
        return err_set(err, ERR_INPUT, "it is a database of another program");
    if (!sql_number(sql, "pragma user_version", format, err))
        return false;
    if (*format > FORMAT)
        return err_set(
            err, ERR_INPUT,
            "it was written by a newer Ciclo (format %lld, this one knows %d): "
            "install the newer one",
            (long long)*format, FORMAT);
    return *format >= FORMAT_FIRST
           || err_set(err, ERR_CORRUPT, "its format number is %lld", (long long)*format);
}

bool file_is_there(const struct sql *sql)
{
    int moved = 0;

    return sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved)
               != SQLITE_OK
           || !moved;
}
