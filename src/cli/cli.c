#include "cli/cli.h"

#include "base/user.h"
#include "engine/engine.h"
#include "event/pseudonym.h"

#include <stdarg.h>
#include <string.h>

const struct cli_command *const cli_commands[] = {
    &cli_init,          &cli_import,       &cli_stages,         &cli_customer,
    &cli_serve,         &cli_sql,          &cli_export,         &cli_info,
    &cli_refused,       &cli_model_show,   &cli_model_check,    &cli_model_apply,
    &cli_model_history, &cli_model_diff,   &cli_model_revert,   &cli_model_backtest,
    &cli_rule_check,    &cli_rule_explain, &cli_replay,         &cli_backup,
    &cli_rebuild,       &cli_compact,      &cli_erase,          &cli_verify,
    &cli_key,           &cli_identity,     &cli_person,         &cli_receipt,
    &cli_channels,      &cli_dictionary,   &cli_mapping_list,   &cli_mapping_show,
    &cli_retain,        &cli_consent,      &cli_webhook,        &cli_funnel,
    &cli_cohorts,       &cli_rfm,          &cli_segment,        &cli_attribution,
    &cli_paths,         &cli_survival,     &cli_churn,          &cli_journey_map,
    &cli_overlap,       &cli_spend_import, &cli_spend_list,     &cli_returns,
    &cli_view,          &cli_dashboard,    &cli_alert,          &cli_lookalike,
    &cli_value_fit,     &cli_value_show,   &cli_value_customer, &cli_personas,
    &cli_churn_train,   &cli_churn_show,   &cli_churn_of,       &cli_likely_train,
    &cli_likely_show,   &cli_likely_of,    &cli_churn_rows,     &cli_likely_rows,
    &cli_lift_plan,     &cli_lift,         &cli_ledger,         &cli_rates_import,
    &cli_rates_list,    &cli_value_keep,   &cli_value_list,     &cli_value_remove,
    &cli_value_equity,
};
const size_t cli_command_n = sizeof cli_commands / sizeof *cli_commands;

int64_t cli_now_ms(const struct cli *c)
{
    return clock_now_ms() + c->clock_offset_ms;
}

str cli_word(const struct cli *c, size_t i)
{
    return i < c->word_n ? str_of(c->word[i]) : STR("");
}

static const char *value_of(const struct cli *c, const char *option)
{
    for (size_t i = 0; i < c->given_n; i++)
        if (!strcmp(c->given[i].option, option))
            return c->given[i].value;
    return NULL;
}

bool cli_has(const struct cli *c, const char *option)
{
    return value_of(c, option);
}

str cli_text(const struct cli *c, const char *option)
{
    return str_of(value_of(c, option));
}

bool cli_all(struct cli *c, const char *option, const str **out, size_t *n)
{
    str *all = arena_array(&c->arena, str, c->given_n + 1);

    *n = 0;
    if (!all)
        return false;
    for (size_t i = 0; i < c->given_n; i++)
        if (!strcmp(c->given[i].option, option))
            all[(*n)++] = str_of(c->given[i].value);
    *out = all;
    return true;
}

bool cli_moment(const struct cli *c, const char *option, const struct zone *z,
                int64_t otherwise, int64_t *out, struct err *err)
{
    int64_t now_ms = cli_now_ms(c);

    *out = otherwise;
    if (!cli_has(c, option))
        return true;
    if (strcmp(option, "at") && !cli_moment(c, "at", z, now_ms, &now_ms, err))
        return false;
    if (!moment_parse_from(cli_text(c, option), z, now_ms, out, err))
        return err_in(err, "--%s", option);
    return strcmp(option, "at") != 0 || *out <= now_ms
           || err_set(
               err, ERR_INPUT,
               "--at lies in the future, which nobody knows: leave it out for now");
}

bool cli_number(str s, uint32_t *out)
{
    uint64_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        n = 10 * n + (uint64_t)(s.p[i] - '0');
        if (n > UINT32_MAX)
            return false;
    }
    *out = (uint32_t)n;
    return s.n > 0;
}

enum { KEY_BYTES_MAX = 4096 };

static bool read_key(const struct cli *c, str path, struct pseudonym_key *key,
                     struct err *err)
{
    struct arena a = {};
    str text;
    bool ok =
        io_read_file(c->io, path, KEY_BYTES_MAX, &a, &text, err)
        && (pseudonym_key_parse(text, key, err) || err_in(err, "%.*s", STR_FMT(path)));

    arena_free(&a);
    return ok;
}

/* The environment's is for whatever files need it, the option's for this one. Closes a file that
 * it does not fit. */
static bool with_key(const struct cli *c, struct engine **e, struct err *err)
{
    struct pseudonym_key key;
    str path = cli_text(c, "pseudonym-key");

    if (!path.n && engine_is_pseudonymous(*e))
        path = user_says("CICLO_PSEUDONYM_KEY_FILE");
    if (!path.n || (read_key(c, path, &key, err) && engine_use_key(*e, &key, err)))
        return true;
    engine_close(*e);
    *e = NULL;
    return false;
}

bool cli_open(const struct cli *c, enum store_mode mode, struct engine **out,
              struct err *err)
{
    const struct store_options o = {mode, c->memory_bytes};

    return engine_open(c->io, cli_word(c, 0), &o, out, err) && with_key(c, out, err);
}

bool cli_open_versions(const struct cli *c, enum store_mode mode, struct engine **out,
                       struct err *err)
{
    const struct store_options o = {mode, c->memory_bytes};

    return engine_open_versions(c->io, cli_word(c, 0), &o, out, err)
           && with_key(c, out, err);
}

bool cli_lifecycle(const struct cli *c, const struct engine *e,
                   const struct lifecycle **out, struct err *err)
{
    return model_lifecycle_find(engine_model(e), cli_text(c, "lifecycle"), out, err);
}

/* In a terminal, control characters in a customer's name could colour, hide or send text. */
static void make_plain(struct buf *b)
{
    for (size_t i = 0; i < b->n; i++) {
        unsigned char c = (unsigned char)b->p[i];
        bool c1 = i && (unsigned char)b->p[i - 1] == 0xC2 && c >= 0x80 && c < 0xA0;

        if (c1)
            b->p[i - 1] = '?';
        if (c1 || (c < ' ' && c != '\n') || c == 0x7F)
            b->p[i] = '?';
    }
}

/* As a word of its own. */
static bool names(const char *msg, const char *what)
{
    size_t n = strlen(what);

    for (const char *at = msg; (at = strstr(at, what)); at++)
        if ((at == msg || at[-1] == ' ') && (!at[n] || strchr(" :;,", at[n])))
            return true;
    return false;
}

int cli_fail(const struct err *err, const char *where)
{
    struct buf line = {};

    buf_add(&line, STR("ciclo: "));
    if (where && *where && !names(err->msg, where))
        buf_add_format(&line, "%s: ", where);
    if (err->line)
        buf_add_format(&line, "line %d, column %d: ", err->line, err->column);
    buf_add(&line, str_of(err->msg));
    if (line.failed) {
        fprintf(stderr, "ciclo: %s\n", err->msg);
    } else {
        make_plain(&line);
        fprintf(stderr, "%.*s\n", STR_FMT(buf_str(&line)));
    }
    buf_free(&line);
    return CLI_FAILED;
}

int cli_fail_in(const struct err *err, str text)
{
    struct buf shown = {};
    size_t from = 0, to;
    int status = cli_fail(err, NULL);

    if (!err->line)
        return status;
    for (int line = 1; line < err->line && from < text.n; from++)
        line += text.p[from] == '\n';
    for (to = from; to < text.n && text.p[to] != '\n';)
        to++;
    buf_add(&shown, STR("  "));
    buf_add(&shown, (str){text.p + from, to - from});
    buf_add(&shown, STR("\n  "));
    for (int column = 1; column < err->column; column++)
        buf_add_char(&shown, ' ');
    buf_add(&shown, STR("^\n"));
    make_plain(&shown);
    if (!shown.failed)
        fprintf(stderr, "%.*s", STR_FMT(buf_str(&shown)));
    buf_free(&shown);
    return status;
}

int cli_wrong(const struct cli *c, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "ciclo %s: ", c->command->name);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, "\nUse: ciclo %s %s\nciclo %s --help says more.\n", c->command->name,
            c->command->words, c->command->name);
    return CLI_USAGE;
}

int cli_print(const struct buf *b)
{
    struct err err;

    if (b->failed)
        err_nomem(&err);
    else if ((b->n && fwrite(b->p, 1, b->n, stdout) != b->n) || fflush(stdout))
        err_sys(&err, "standard output");
    else
        return CLI_DONE;
    return cli_fail(&err, NULL);
}

int cli_show(struct buf *b)
{
    make_plain(b);
    return cli_print(b);
}

void cli_put_moment(struct buf *b, const struct zone *z, int64_t at_ms)
{
    struct civil c = civil_of(zone_local(z, at_ms));

    buf_add_format(b, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                   c.minute, c.second);
    if (c.ms)
        buf_add_format(b, ".%03d", c.ms);
}
