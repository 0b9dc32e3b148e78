/* fuzz_main FOLDER: one test a file of the folder, and one of no bytes at all. */
#include "support/fuzz.h"

#include "base/mem.h"

#include <dirent.h>
#include <string.h>

static void replay(const char *name, const uint8_t *bytes, size_t n)
{
    static int number;
    size_t blocks = mem_live_blocks();

    LLVMFuzzerTestOneInput(bytes, n);
    printf("%s %d - %s\n", mem_live_blocks() == blocks ? "ok" : "not ok", ++number, name);
    fflush(stdout);
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entry;
    int n = argc == 2 ? scandir(argv[1], &entry, is_file, alphasort) : -1;

    if (n < 0) {
        perror("fuzz_main FOLDER");
        return 2;
    }
    printf("1..%d\n", n + 1);
    replay("no bytes", (const uint8_t *)"", 0);
    for (int i = 0; i < n; i++) {
        char *path, *bytes = NULL;
        size_t size = 0;
        FILE *to, *from;
        int c;

        /* The copy has just its size, so that reading over its end is seen. */
        if (asprintf(&path, "%s/%s", argv[1], entry[i]->d_name) < 0
            || !(from = fopen(path, "rb")) || !(to = open_memstream(&bytes, &size))) {
            perror(entry[i]->d_name);
            return 2;
        }
        while ((c = getc(from)) != EOF)
            putc(c, to);
        fclose(from);
        fclose(to);
        bytes = size ? realloc(bytes, size) : bytes;
        replay(entry[i]->d_name, (const uint8_t *)bytes, size);
        free(bytes);
        free(path);
        free(entry[i]);
    }
    free(entry);
    return 0;
}
