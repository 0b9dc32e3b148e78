/* main.c - finds the command, reads its options, runs it. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option everywhere[] = {
    {"clock", "MOMENT", "pretend that it is this moment now", false},
    {"memory", "SIZE",
     "hold about so much in memory, such as 512M or 4G: half of the "
     "machine's unless given",
     false},
    {"pseudonym-key", "FILE",
     "the key of a pseudonymous file; or its name is in CICLO_PSEUDONYM_KEY_FILE", false},
    {"help", NULL, "say how the command is used", false},
};
enum { EVERYWHERE = sizeof everywhere / sizeof *everywhere };
enum { MEMORY_MIN_BYTES = 16 << 20 };
enum { FIRST_OPTION = 256 }; /* getopt's value of the first one, away from characters */

static void print_option(const struct cli_option *o)
{
    char head[64];

    snprintf(head, sizeof head, "--%s%s%s", o->name, o->value ? " " : "",
             o->value ? o->value : "");
    printf("  %-26s %s%s\n", head, o->what, o->many ? " (may be repeated)" : "");
}

static void print_command_help(const struct cli_command *c)
{
    printf("ciclo %s %s\n%s.\n", c->name, c->words, c->what);
    if (c->option_n)
        printf("\nOptions:\n");
    for (size_t i = 0; i < c->option_n; i++)
        print_option(&c->option[i]);
    printf("\nEverywhere:\n");
    for (size_t i = 0; i < EVERYWHERE; i++)
        print_option(&everywhere[i]);
}

static void print_help(FILE *to)
{
    fprintf(to, "ciclo - the life of every customer, in one file\n\n");
    for (size_t i = 0; i < cli_command_n; i++)
        fprintf(to, "  ciclo %-14s %-32s %s\n", cli_commands[i]->name,
                cli_commands[i]->words, cli_commands[i]->what);
    fprintf(to, "\nciclo COMMAND --help says more. Exit codes: 0 done, 1 failed, "
                "2 wrong use.\n");
}

/* The command named by the first two words, or else by the first; *used says how many. */
static const struct cli_command *find_command(int n, char **word, int *used)
{
    const struct cli_command *found = NULL;

    for (size_t i = 0; i < cli_command_n; i++) {
        const char *name = cli_commands[i]->name;
        const char *second = strchr(name, ' ');
        size_t first_n = second ? (size_t)(second - name) : strlen(name);

        if (strlen(word[0]) != first_n || strncmp(word[0], name, first_n))
            continue;
        if (!second) {
            *used = 1;
            found = cli_commands[i];
        } else if (n > 1 && !strcmp(word[1], second + 1)) {
            *used = 2;
            return cli_commands[i];
        }
    }
    return found;
}

static int wrong_command(int n, char **word)
{
    struct buf given = {};
    str *names = mem_alloc(cli_command_n * sizeof *names);
    str near = {};

    buf_add(&given, str_of(word[0]));
    if (n > 1
        && (!strcmp(word[0], "model") || !strcmp(word[0], "rule")
            || !strcmp(word[0], "mapping"))) {
        buf_add_char(&given, ' ');
        buf_add(&given, str_of(word[1]));
    }
    if (names) {
        for (size_t i = 0; i < cli_command_n; i++)
            names[i] = str_of(cli_commands[i]->name);
        near = str_nearest(buf_str(&given), names, cli_command_n);
    }
    fprintf(stderr, "ciclo: there is no command \"%.*s\"", STR_FMT(buf_str(&given)));
    if (near.n)
        fprintf(stderr, "; did you mean \"ciclo %.*s\"?", STR_FMT(near));
    fprintf(stderr, "\nciclo help lists the commands.\n");
    mem_free(names);
    buf_free(&given);
    return CLI_USAGE;
}

/* getopt's table: the command's options, then those that are everywhere. */
static struct option *long_options(struct cli *c)
{
    size_t n = c->command->option_n;
    struct option *table = arena_array(&c->arena, struct option, n + EVERYWHERE + 1);

    if (!table)
        return NULL;
    for (size_t i = 0; i < n + EVERYWHERE; i++) {
        const struct cli_option *o = i < n ? &c->command->option[i] : &everywhere[i - n];

        table[i] = (struct option){o->name, o->value ? required_argument : no_argument,
                                   NULL, FIRST_OPTION + (int)i};
    }
    return table;
}

/* "FILE [MODEL]": one word, or two with those that may be missing; "...": any number. */
static size_t count_words(const char *words, bool optional_too)
{
    size_t n = 0;

    if (optional_too && strstr(words, "..."))
        return SIZE_MAX;

    for (const char *p = words; *p; p++)
        if (*p != ' ' && (p == words || p[-1] == ' '))
            n += optional_too || *p != '[';
    return n;
}

static bool set_clock(struct cli *c, str moment, struct err *err)
{
    struct zone *utc = NULL;
    int64_t at_ms;
    bool ok =
        zone_open(c->io, STR("UTC"), &utc, err) && moment_parse(moment, utc, &at_ms, err);

    zone_close(utc);
    if (!ok)
        return err_in(err, "--clock");
    c->clock_offset_ms = at_ms - clock_now_ms();
    return true;
}

/* "512M": a whole number of bytes, or with K, M or G of 2^10, 2^20 or 2^30 of them. */
static bool set_memory(struct cli *c, str size, struct err *err)
{
    static const char units[] = "KMG";
    const char *unit = size.n ? strchr(units, size.p[size.n - 1]) : NULL;
    size_t bytes = 0, digits = size.n - (unit != NULL);
    bool ok = digits > 0;

    for (size_t i = 0; ok && i < digits; i++)
        ok = size.p[i] >= '0' && size.p[i] <= '9'
             && !__builtin_mul_overflow(bytes, 10, &bytes)
             && !__builtin_add_overflow(bytes, (size_t)(size.p[i] - '0'), &bytes);
    if (ok && unit)
        ok = !__builtin_mul_overflow(bytes, (size_t)1024 << 10 * (unit - units), &bytes);
    if (!ok || bytes < MEMORY_MIN_BYTES)
        return err_set(err, ERR_INPUT,
                       "--memory: \"%.*s\" is no size of at least 16M, "
                       "such as 512M or 4G",
                       STR_FMT(size));
    c->memory_bytes = bytes;
    return true;
}

/* Takes the options out of the arguments, which getopt puts in front of the words. */
static int read_options(struct cli *c, int n, char **argument)
{
    const struct option *table = long_options(c);
    struct err err;
    int found;

    c->given = arena_array(&c->arena, struct cli_given, (size_t)n);
    if (!table || !c->given) {
        err_nomem(&err);
        return cli_fail(&err, NULL);
    }
    opterr = 0;
    while ((found = getopt_long(n, argument, "", table, NULL)) != -1) {
        if (found == '?' && optopt >= FIRST_OPTION)
            return cli_wrong(c, "--%s needs a value", table[optopt - FIRST_OPTION].name);
        if (found == '?')
            return cli_wrong(c, "there is no option %s here", argument[optind - 1]);

        const char *name = table[found - FIRST_OPTION].name;
        size_t i = (size_t)(found - FIRST_OPTION);
        bool many = i < c->command->option_n && c->command->option[i].many;

        if (!many && cli_has(c, name))
            return cli_wrong(c, "--%s is given twice", name);
        c->given[c->given_n++] = (struct cli_given){name, optarg ? optarg : ""};
    }
    c->word = argument + optind;
    c->word_n = (size_t)(n - optind);
    return CLI_DONE;
}

static int run_command(struct cli *c, int n, char **argument)
{
    int status = read_options(c, n, argument);
    struct err err;

    if (status != CLI_DONE)
        return status;
    if (cli_has(c, "help")) {
        print_command_help(c->command);
        return CLI_DONE;
    }
    if (cli_has(c, "clock") && !set_clock(c, cli_text(c, "clock"), &err))
        return cli_fail(&err, NULL);
    if (cli_has(c, "memory") && !set_memory(c, cli_text(c, "memory"), &err))
        return cli_fail(&err, NULL);
    if (c->word_n < count_words(c->command->words, false))
        return cli_wrong(c, "something is missing");
    if (c->word_n > count_words(c->command->words, true))
        return cli_wrong(c, "\"%s\" is one word too many",
                         c->word[count_words(c->command->words, true)]);
    return c->command->run(c);
}

static int run(int argc, char **argv)
{
    struct cli c = {.io = io_system()};
    int used, status;

    if (argc < 2) {
        print_help(stderr);
        return CLI_USAGE;
    }
    if (!strcmp(argv[1], "help") || !strcmp(argv[1], "--help")) {
        if (argc > 2 && (c.command = find_command(argc - 2, argv + 2, &used)))
            print_command_help(c.command);
        else
            print_help(stdout);
        return CLI_DONE;
    }
    if (!strcmp(argv[1], "--version")) {
        printf("ciclo %s\n", CICLO_VERSION);
        return CLI_DONE;
    }
    c.command = find_command(argc - 1, argv + 1, &used);
    if (!c.command)
        return wrong_command(argc - 1, argv + 1);
    status = run_command(&c, argc - used, argv + used);
    arena_free(&c.arena);
    return status;
}

int main(int argc, char **argv)
{
    int status;

    /* A file that may not grow, and a reader that has gone, are errors of that write, not our
     * end. */
    signal(SIGXFSZ, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    status = run(argc, argv);
    if (status != CLI_DONE || (!fflush(stdout) && !ferror(stdout)))
        return status;
    fprintf(stderr, "ciclo: standard output: %s\n", strerror(errno));
    return CLI_FAILED;
}
