#include "support/temp.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATHS_MAX = 64 };

static char *folder;
static char *given[PATHS_MAX];
static size_t n_given;

_Noreturn static void die(const char *what)
{
    perror(what);
    abort();
}

const char *temp_path(const char *name)
{
    char *path;

    if (!folder) {
        const char *parent = getenv("TMPDIR");

        if (asprintf(&folder, "%s/ciclo-XXXXXX", parent ? parent : "/tmp") < 0
            || !mkdtemp(folder))
            die("a temporary folder");
    }
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        die("a temporary path");
    for (size_t i = 0; i < n_given; i++) {
        if (strcmp(given[i], path) == 0) {
            free(path);
            return given[i];
        }
    }
    if (n_given == PATHS_MAX)
        die("too many temporary paths");
    given[n_given++] = path;
    return path;
}

const char *temp_file(const char *name, const char *bytes, size_t n)
{
    const char *path = temp_path(name);
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
        die(path);
    return path;
}

static int remove_one(const char *path, [[maybe_unused]] const struct stat *st,
                      [[maybe_unused]] int kind, [[maybe_unused]] struct FTW *place)
{
    return remove(path);
}

void temp_remove(void)
{
    if (folder && nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS))
        die(folder);
    while (n_given)
        free(given[--n_given]);
    free(folder);
    folder = NULL;
}
