#include "engine/import.h"
#include "base/json.h"
#include "base/num.h"
#include "cli/cli.h"
#include "engine/mappings.h"
#include "engine/similar.h"

#include <string.h>

enum { MAPPING_MAX_BYTES = 1 << 20, SHOWN_CHARS = 60 };

/* --- the mapping --- */

static bool entries_read(struct cli *c, const char *option, struct mapping_entry **entry,
                         uint32_t *n, struct err *err)
{
    const str *text;
    size_t given;

    if (!cli_all(c, option, &text, &given))
        return err_nomem(err);
    *entry = arena_array(&c->arena, struct mapping_entry, given);
    if (!*entry)
        return err_nomem(err);
    for (*n = 0; *n < given; ++*n)
        if (!mapping_entry_parse(text[*n], &c->arena, &(*entry)[*n], err))
            return err_in(err, "--%s", option);
    return true;
}

static bool ids_read(struct cli *c, struct mapping *m, struct err *err)
{
    const str *text;
    size_t given;

    if (!cli_all(c, "ids", &text, &given))
        return err_nomem(err);
    if (given > MAPPING_IDS_MAX)
        return err_set(err, ERR_INPUT, "--ids: at most %u", MAPPING_IDS_MAX);
    m->who = arena_array(&c->arena, struct mapping_id, given);
    if (!m->who)
        return err_nomem(err);
    for (; m->who_n < given; m->who_n++) {
        struct mapping_id *id = &m->who[m->who_n];

        if (!mapping_id_parse(text[m->who_n], &c->arena, id, err))
            return err_in(err, "--ids");
        for (uint32_t i = 0; i < m->who_n; i++)
            if (str_eq(m->who[i].name, id->name))
                return err_set(err, ERR_INPUT, "--ids: %.*s twice", STR_FMT(id->name));
    }
    return true;
}

static bool flags_read(struct cli *c, struct mapping *m, struct err *err)
{
    str separator = cli_text(c, "separator"), decimal = cli_text(c, "decimal");

    *m = (struct mapping){
        .customer = cli_text(c, "customer"),
        .time = cli_text(c, "time"),
        .time_format = cli_text(c, "time-format"),
        .moment = cli_text(c, "moment"),
        .currency = cli_text(c, "currency"),
        .account = cli_text(c, "account"),
        .zone = cli_text(c, "zone"),
        .event = cli_text(c, "event"),
        .event_column = cli_text(c, "event-column"),
        .id = cli_text(c, "id"),
        .source = cli_text(c, "source"),
        .where = cli_text(c, "where"),
        .encoding = cli_text(c, "encoding"),
    };
    return (!separator.n || mapping_separator_parse(separator, &m->separator, err))
           && (!decimal.n || mapping_decimal_parse(decimal, &m->decimal, err))
           && ids_read(c, m, err)
           && entries_read(c, "property", &m->property, &m->property_n, err)
           && entries_read(c, "trait", &m->trait, &m->trait_n, err);
}

static bool file_read(struct cli *c, struct mapping *m, struct err *err)
{
    str name = cli_text(c, "mapping"), text;
    const struct shipped *shipped;
    struct err unknown;

    if (mapping_find(name, &shipped, &unknown))
        return mapping_parse(shipped->text, &c->arena, m, err);
    if (io_read_file(c->io, name, MAPPING_MAX_BYTES, &c->arena, &text, err))
        return mapping_parse(text, &c->arena, m, err);
    if (err->code == ERR_NOT_FOUND && !memchr(name.p, '.', name.n))
        *err = unknown;
    return false;
}

static str encoding_name(const struct import_report *r)
{
    return r->latin1 ? STR("latin-1") : STR("utf-8");
}

/* What was recognised is saved too: the next file will be read as this one was. */
static bool mapping_save(struct cli *c, struct mapping m, const struct import_report *r,
                         struct err *err)
{
    struct buf text = {};
    bool ok;

    m.separator = r->separator;
    m.decimal = r->decimal;
    m.encoding = encoding_name(r);
    m.time_format = r->time_format;
    m.zone = r->zone;
    mapping_print(&m, &text);
    ok = text.failed
             ? err_nomem(err)
             : io_write_file(c->io, cli_text(c, "save-mapping"), buf_str(&text), err);
    buf_free(&text);
    return ok;
}

/* --- the report --- */

static void put_reasons(struct json_out *j, const struct import_report *r)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < r->refused_n; i++) {
        const struct import_reason *reason = &r->refused[i];

        json_begin_object(j);
        json_key(j, "reason");
        json_put_text(j, reason->reason);
        json_key(j, "lines");
        json_put_int(j, (int64_t)reason->lines);
        json_key(j, "first_line");
        json_put_int(j, (int64_t)reason->first_line);
        json_key(j, "first_text");
        json_put_text(j, reason->first_text);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_count(struct json_out *j, const char *name, uint64_t n)
{
    json_key(j, name);
    json_put_int(j, (int64_t)n);
}

static void put_totals(struct json_out *j, const struct import_report *r, int decimals)
{
    json_begin_object(j);
    for (uint32_t i = 0; i < r->total_n; i++) {
        const struct import_total *t = &r->total[i];
        int64_t minor;

        json_key_str(j, t->name);
        if (t->type == VALUE_MONEY && money_from_num(t->number, decimals, &minor))
            json_put_money(j, minor, decimals);
        else
            json_put_num(j, t->number);
    }
    json_end_object(j);
}

/* `similar` may be NULL: nobody looked. */
static void print_json(struct buf *b, const struct import_report *r, bool dry_run,
                       int decimals, const uint32_t *similar)
{
    struct json_out j = {.to = b};

    json_begin_object(&j);
    put_count(&j, "lines", r->lines);
    put_count(&j, "events", r->events);
    put_count(&j, "members", r->members);
    put_count(&j, "customers", r->customers);
    put_count(&j, "left_out", r->left_out);
    json_key(&j, "refused");
    put_reasons(&j, r);
    put_count(&j, "used", r->used);
    put_count(&j, "known", r->known);
    json_key(&j, "totals");
    put_totals(&j, r, decimals);
    json_key(&j, "dry_run");
    json_put_bool(&j, dry_run);
    if (similar)
        put_count(&j, "similar", *similar);
    if (!r->jsonl) {
        json_key(&j, "separator");
        json_put_text(&j, (str){&r->separator, 1});
        if (r->decimal) {
            json_key(&j, "decimal");
            json_put_text(&j, (str){&r->decimal, 1});
        }
        json_key(&j, "encoding");
        json_put_text(&j, encoding_name(r));
        json_key(&j, "time_format");
        json_put_text(&j, r->time_format);
        json_key(&j, "zone");
        json_put_text(&j, r->zone);
    }
    json_end_object(&j);
    buf_add_char(b, '\n');
}

/* As much as fits on a line, on one line. */
static str shorten(str s, struct arena *a)
{
    struct buf b = {};
    size_t chars = 0, n = 0;
    str out;

    for (; n < s.n; n++) {
        chars += ((unsigned char)s.p[n] & 0xC0) != 0x80;
        if (chars > SHOWN_CHARS)
            break;
        buf_add_char(&b, (unsigned char)s.p[n] < ' ' ? ' ' : s.p[n]);
    }
    if (n < s.n)
        buf_add(&b, STR("..."));
    out = b.failed ? STR("") : arena_str(a, buf_str(&b));
    buf_free(&b);
    return out;
}

static void print_recognised(struct buf *b, const struct import_report *r)
{
    str separator = mapping_separator_name(r->separator);

    if (r->jsonl) {
        buf_add(b, STR("Read as JSON lines.\n"));
        return;
    }
    buf_add(b, STR("Read as: separator "));
    if (separator.n)
        buf_add(b, separator);
    else
        buf_add_format(b, "'%c'", r->separator);
    buf_add(b, r->latin1 ? STR(", Latin-1") : STR(", UTF-8"));
    if (r->decimal)
        buf_add_format(b, ", numbers as %s", r->decimal == ',' ? "1.234,50" : "1,234.50");
    buf_add_format(b, ", times %.*s in %.*s\n", STR_FMT(r->time_format),
                   STR_FMT(r->zone));
}

static void add_totals(struct cli_table *t, const struct import_report *r,
                       const struct workspace *w)
{
    struct buf text = {};

    for (uint32_t i = 0; i < r->total_n; i++) {
        const struct import_total *total = &r->total[i];
        int64_t minor;

        buf_clear(&text);
        buf_add_format(&text, "%.*s in total", STR_FMT(total->name));
        cli_table_add(t, buf_str(&text));
        buf_clear(&text);
        if (total->type == VALUE_MONEY
            && money_from_num(total->number, w->decimals, &minor)) {
            money_print(&text, minor, w->decimals);
            buf_add_format(&text, " %.*s", STR_FMT(w->currency));
        } else {
            num_print(&text, total->number);
        }
        cli_table_add(t, buf_str(&text));
        t->failed |= text.failed;
    }
    buf_free(&text);
}

static void print_counts(struct buf *b, const struct import_report *r, bool dry_run,
                         const struct workspace *w, struct arena *a)
{
    struct cli_table t = {.columns = 2, .arena = a};
    const struct {
        const char *what;
        uint64_t n;
    } row[] = {
        {"lines read", r->lines},
        {"lines used", r->used},
        {"lines left out by where", r->left_out},
        {"lines refused", r->refused_lines},
        {dry_run ? "events that would be new" : "new events", r->events},
        {"events that were there already", r->known},
        {"customers of these events", r->customers},
    };

    buf_add_char(b, '\n');
    cli_table_add(&t, STR(""));
    cli_table_add(&t, STR("count"));
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        cli_table_add(&t, str_of(row[i].what));
        cli_table_number(&t, row[i].n);
    }
    if (r->members) {
        cli_table_add(&t, STR("new members of accounts"));
        cli_table_number(&t, r->members);
    }
    add_totals(&t, r, w);
    cli_table_print(&t, b);
}

static void print_reasons(struct buf *b, const struct import_report *r, struct arena *a)
{
    struct cli_table t = {.columns = 4, .arena = a};

    if (!r->refused_n)
        return;
    buf_add_char(b, '\n');
    cli_table_add(&t, STR("refused"));
    cli_table_add(&t, STR("first line"));
    cli_table_add(&t, STR("because"));
    cli_table_add(&t, STR("for example"));
    for (uint32_t i = 0; i < r->refused_n; i++) {
        cli_table_number(&t, r->refused[i].lines);
        cli_table_number(&t, r->refused[i].first_line);
        cli_table_add(&t, r->refused[i].reason);
        cli_table_add(&t, shorten(r->refused[i].first_text, a));
    }
    cli_table_print(&t, b);
}

static void add_properties(struct buf *b, const struct property *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct value *v = &p[i].value;

        buf_add_format(b, "%s%.*s=", b->n ? " " : "", STR_FMT(p[i].name));
        if (v->type == VALUE_TEXT)
            buf_add(b, v->text);
        else if (v->type == VALUE_NUMBER)
            num_print(b, v->number);
        else if (v->type == VALUE_BOOL)
            buf_add(b, v->truth ? STR("true") : STR("false"));
        for (uint32_t k = 0; v->type == VALUE_LIST && k < v->list.n; k++) {
            buf_add(b, k ? STR(",") : STR(""));
            buf_add(b, v->list.item[k]);
        }
    }
}

static void print_sample(struct buf *b, const struct import_report *r, struct arena *a)
{
    struct cli_table t = {.columns = 4, .arena = a};
    struct buf cell = {};

    if (!r->sample_n)
        return;
    buf_add(b, STR("\nThe first events:\n"));
    cli_table_add(&t, STR("time"));
    cli_table_add(&t, STR("customer"));
    cli_table_add(&t, STR("event"));
    cli_table_add(&t, STR("properties and traits"));
    for (uint32_t i = 0; i < r->sample_n; i++) {
        const struct event *e = &r->sample[i];

        buf_clear(&cell);
        moment_print(&cell, e->at_ms);
        cli_table_add(&t, buf_str(&cell));
        cli_table_add(&t, id_of_key(e->customer).value);
        cli_table_add(&t, e->type);
        buf_clear(&cell);
        add_properties(&cell, e->property, e->property_n);
        add_properties(&cell, e->trait, e->trait_n);
        cli_table_add(&t, shorten(buf_str(&cell), a));
    }
    b->failed |= cell.failed;
    buf_free(&cell);
    cli_table_print(&t, b);
}

static void print_human(struct cli *c, struct buf *b, const struct import_report *r,
                        const struct workspace *w, bool dry_run, int64_t took_us)
{
    print_recognised(b, r);
    if (dry_run)
        print_sample(b, r, &c->arena);
    print_counts(b, r, dry_run, w, &c->arena);
    print_reasons(b, r, &c->arena);
    if (r->refused_n && !dry_run)
        buf_add_format(b, "All of them, with line and text: ciclo refused %s\n",
                       c->word[0]);
    if (dry_run)
        buf_add(b, STR("\nNothing was written: this was a dry run.\n"));
    else if (!r->lines)
        buf_add(b, STR("\nThere is no line of data in it.\n"));
    else
        buf_add_format(b, "\nDone in %.2f s.\n", (double)took_us / 1e6);
}

static void print_similar(struct buf *b, uint32_t pairs, const char *file)
{
    buf_add_format(b, "\n%u %s of customers look alike.", pairs,
                   pairs == 1 ? "pair" : "pairs");
    if (pairs)
        buf_add_format(b, " Who, and how: ciclo identity %s similar", file);
    buf_add_char(b, '\n');
}

/* --- the command --- */

/* How many pairs of the whole file, not of what came alone: the other half may have been there. */
static bool look_for_similar(struct engine *e, int64_t now_ms, struct arena *a,
                             uint32_t *pairs, struct err *err)
{
    struct alike_want want = {.limit = 1, .after = UINT32_MAX};
    struct similar_look *look;
    struct alike_page page;
    bool ok;

    if (!engine_similar_begin(e, (uint32_t)similar_rules_usual.threshold, now_ms, &look,
                              err))
        return false;
    ok = engine_similar_run(look, NULL, NULL, err);
    if (ok)
        engine_similar_finish(look);
    engine_similar_free(look);
    ok = ok && engine_similar(e, &want, a, &page, err);
    if (ok)
        *pairs = page.total;
    return ok;
}

/* With closing the histories come into the file, so that whoever opens it next need not compute
 * them; where they cannot be computed, it is he who is told. */
static void bring_histories(struct engine *e, int64_t now_ms)
{
    struct err unheard;

    (void)engine_advance(e, now_ms, &unheard);
}

static int import(struct cli *c, struct engine *e, const struct mapping *m)
{
    struct cli_bar bar = {};
    struct import_options options = {
        .dry_run = cli_has(c, "dry-run"),
        .now_ms = cli_now_ms(c),
        .skew_max_ms = MS_DAY,
        .progress = cli_bar_is_seen() ? cli_bar_lines : NULL,
        .context = &bar,
    };
    int64_t start_us = clock_steady_us();
    bool looks = cli_has(c, "similar") && !options.dry_run;
    struct import_report report;
    struct buf text = {};
    uint32_t similar = 0;
    struct err err;
    int status;
    bool ok = engine_import(e, cli_word(c, 1), m, &options, &c->arena, &report, &err);

    cli_bar_end(&bar);
    if (!ok)
        return cli_fail(&err, c->word[1]);
    if (cli_has(c, "save-mapping") && !report.jsonl
        && !mapping_save(c, *m, &report, &err))
        return cli_fail(&err, cli_text(c, "save-mapping").p);
    if (!options.dry_run)
        bring_histories(e, options.now_ms);
    if (looks && !look_for_similar(e, options.now_ms, &c->arena, &similar, &err))
        return cli_fail(&err, c->word[0]);
    if (cli_has(c, "json")) {
        print_json(&text, &report, options.dry_run, engine_model(e)->workspace.decimals,
                   looks ? &similar : NULL);
        status = cli_print(&text);
    } else {
        print_human(c, &text, &report, &engine_model(e)->workspace, options.dry_run,
                    clock_steady_us() - start_us);
        if (looks)
            print_similar(&text, similar, c->word[0]);
        status = cli_show(&text);
    }
    buf_free(&text);
    return status;
}

static int run(struct cli *c)
{
    struct engine *e = NULL;
    struct mapping m;
    struct err err;
    int status;

    if (!flags_read(c, &m, &err))
        return cli_wrong(c, "%s", err.msg);
    if (cli_has(c, "mapping") && !file_read(c, &m, &err))
        return cli_fail(&err, cli_text(c, "mapping").p);
    if (!cli_open(c, STORE_WRITE, &e, &err)) {
        status = cli_fail(&err, c->word[0]);
        if (err.code == ERR_NOT_FOUND)
            fprintf(stderr, "Make it first: ciclo init %s\n", c->word[0]);
        return status;
    }
    status = import(c, e, &m);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"customer", "COLUMN", "the column that says whose row it is", false},
    {"ids", "KIND=COLUMN",
     "a column with another id of his, such as email=Email or 'shopify=Customer ID': "
     "besides the customer, or instead",
     true},
    {"account", "COLUMN",
     "the column that names the firm: the row's customer is its member; without "
     "--customer and "
     "--ids the rows are the firm's own",
     false},
    {"time", "COLUMN", "the column that says when it happened", false},
    {"time-format", "FORMAT",
     "how the times are written, such as %d/%m/%Y %H:%M: recognised unless given", false},
    {"zone", "NAME",
     "the time zone of times without one, such as Europe/Rome: the "
     "workspace's unless given",
     false},
    {"moment", "MOMENT", "when all rows are, where no column says it: a day, or now",
     false},
    {"event", "NAME", "what the rows are: purchase, say", false},
    {"event-column", "COLUMN", "the column that says what each row is", false},
    {"id", "COLUMN", "rows that share it are one event: the lines of an order", false},
    {"property", "NAME=VALUE",
     "a property of the event, such as revenue:money=sum(Quantity * Price)", true},
    {"trait", "NAME=VALUE", "what the event says of the customer", true},
    {"source", "NAME", "who says so, such as crm: a model may believe one before others",
     false},
    {"currency", "COLUMN",
     "the column with the currency of the amounts: rows in another than the workspace's "
     "are "
     "refused",
     false},
    {"where", "CONDITION", "only rows of which this is true", false},
    {"separator", "CHARACTER", "between the fields: recognised unless given", false},
    {"decimal", ", | .",
     "before the decimals of a number, 1.234,50 or 1,234.50: recognised unless given",
     false},
    {"encoding", "NAME", "utf-8 or latin-1: recognised unless given", false},
    {"mapping", "FILE",
     "take all this from a file, or from one of ciclo mapping list; what is "
     "given here is stronger",
     false},
    {"save-mapping", "FILE", "write such a file", false},
    {"similar", NULL, "say how many customers of the file look alike then", false},
    {"dry-run", NULL, "show the first events and every problem, write nothing", false},
    {"json", NULL, "the report as JSON", false},
};

const struct cli_command cli_import = {
    "import",
    "FILE DATA",
    "brings in a table (CSV) or JSON lines, also .gz, .xz, and - for standard input",
    options,
    sizeof options / sizeof *options,
    run,
};
