/* embed FOLDER OUT.S OUT.gz DEPFILE: turns a folder into an assembler file with its bytes
 * and the table that src/api/assets.c searches. The gzip bytes of all files stand in OUT.gz,
 * one after another. ninja does not see what .incbin reads: the depfile names the folder,
 * every folder in it and every file. */
#define _GNU_SOURCE
#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>
#include <zlib.h>

static char **file;
static size_t n_files;
static FILE *dep;

_Noreturn static void die(const char *what)
{
    fprintf(stderr, "embed: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

static FILE *create(const char *path)
{
    FILE *f = fopen(path, "wb");

    if (!f)
        die(path);
    return f;
}

static void finish(FILE *f, const char *path)
{
    if (ferror(f) || fclose(f))
        die(path);
}

static int visit(const char *path, [[maybe_unused]] const struct stat *st, int kind,
                 [[maybe_unused]] struct FTW *place)
{
    if (strpbrk(path, "\"\\\n")) {
        errno = EINVAL;
        die(path);
    }
    fputc(' ', dep);
    for (const char *c = path; *c; c++) {
        if (strchr(" #:$", *c))
            fputc(*c == '$' ? '$' : '\\', dep);
        fputc(*c, dep);
    }
    if (kind != FTW_F)
        return 0;
    file = realloc(file, (n_files + 1) * sizeof *file);
    if (!file || !(file[n_files++] = strdup(path)))
        die("memory");
    return 0;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".ico", "image/x-icon"},
        {".webmanifest", "application/manifest+json"},
        {".txt", "text/plain; charset=utf-8"},
        {".woff2", "font/woff2"},
    };
    const char *ending = strrchr(path, '.');

    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcmp(ending, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static unsigned char *read_all(const char *path, size_t *n)
{
    FILE *f = fopen(path, "rb");
    unsigned char *bytes;
    long size;

    if (!f || fseek(f, 0, SEEK_END) || (size = ftell(f)) < 0)
        die(path);
    rewind(f);
    *n = (size_t)size;
    bytes = malloc(*n + 1);
    if (!bytes || fread(bytes, 1, *n, f) != *n)
        die(path);
    fclose(f);
    return bytes;
}

/* The same bytes at every run: no name and no time in the header. 0: it gains nothing. */
static size_t pack(const unsigned char *bytes, size_t n, FILE *to)
{
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (unsigned)n};
    unsigned char *packed;
    size_t packed_n;

    if (deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        die("zlib");
    z.avail_out = (unsigned)deflateBound(&z, (unsigned long)n);
    z.next_out = packed = malloc(z.avail_out);
    if (!packed || deflate(&z, Z_FINISH) != Z_STREAM_END)
        die("zlib");
    packed_n = z.total_out;
    deflateEnd(&z);
    if (packed_n + packed_n / 10 >= n)
        packed_n = 0;
    fwrite(packed, 1, packed_n, to);
    free(packed);
    return packed_n;
}

int main(int argc, char **argv)
{
    FILE *s, *gz;
    size_t gz_n = 0;
    char *table = NULL;
    size_t table_n;
    FILE *rows = open_memstream(&table, &table_n);

    if (argc != 5) {
        fprintf(stderr, "usage: embed FOLDER OUT.S OUT.gz DEPFILE\n");
        return 2;
    }
    dep = create(argv[4]);
    fprintf(dep, "%s:", argv[2]);
    if (nftw(argv[1], visit, 16, FTW_PHYS))
        die(argv[1]);
    fputc('\n', dep);
    finish(dep, argv[4]);
    qsort(file, n_files, sizeof *file, by_path);

    s = create(argv[2]);
    gz = create(argv[3]);
    fputs("    .section .rodata\n", s);
    for (size_t i = 0; i < n_files; i++) {
        size_t n, packed_n;
        unsigned char *bytes = read_all(file[i], &n);

        packed_n = pack(bytes, n, gz);
        fprintf(s, "path%zu: .asciz \"%s\"\n", i, file[i] + strlen(argv[1]));
        fprintf(s, "type%zu: .asciz \"%s\"\n", i, type_of(file[i]));
        fprintf(s, "etag%zu: .asciz \"\\\"%016llx\\\"\"\n", i,
                (unsigned long long)XXH3_64bits(bytes, n));
        fprintf(s, "bytes%zu: .incbin \"%s\"\n", i, file[i]);
        fprintf(rows, "    .dc.a path%zu, type%zu, etag%zu, bytes%zu, %zu, ", i, i, i, i,
                n);
        if (packed_n) {
            fprintf(s, "gzip%zu: .incbin \"%s\", %zu, %zu\n", i, argv[3], gz_n, packed_n);
            fprintf(rows, "gzip%zu, %zu\n", i, packed_n);
        } else {
            fprintf(rows, "0, 0\n");
        }
        gz_n += packed_n;
        free(bytes);
    }
    finish(gz, argv[3]);
    fclose(rows);

    /* The table is an array of struct asset (src/api/assets.h), and its length. */
    fprintf(s,
            "    .section .data.rel.ro, \"aw\"\n"
            "    .balign 16\n"
            "    .globl assets, assets_n\n"
            "    .hidden assets, assets_n\n"
            "assets:\n%s"
            "assets_n: .dc.a %zu\n"
            "    .section .note.GNU-stack, \"\", %%progbits\n",
            table, n_files);
    finish(s, argv[2]);
    free(table);
    return 0;
}
