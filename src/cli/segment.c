#include "base/json.h"
#include "cli/list.h"
#include "engine/rule.h"
#include "engine/scan.h"

/* Who is meant, and who of them it is. */
struct asked {
    const struct segment *segment; /* NULL: a rule that is tried */
    uint32_t number;               /* of the segment in the model */
    str rule;
    int64_t at_ms;
    struct fits fits;
};

static bool find_segment(const struct engine *e, str name, struct asked *out,
                         struct err *err)
{
    const struct segments *all = engine_model(e)->segments;

    for (uint32_t i = 0; i < all->segment_n; i++)
        if (str_eq(all->segment[i].name, name)) {
            out->segment = &all->segment[i];
            out->number = i;
            out->rule = all->segment[i].text;
            return true;
        }
    return err_set(err, ERR_NOT_FOUND,
                   "the model has no segment \"%.*s\": ciclo model show prints those "
                   "that it has, and --when 'RULE' asks without one",
                   (int)(name.n < 100 ? name.n : 100), name.p);
}

/* When he entered; MOMENT_NEVER: of rules that are tried it is not known. */
static int64_t since(const struct engine *e, const struct asked *a, uint32_t customer)
{
    size_t n;
    const struct move *change = engine_members(e, customer, &n);

    while (a->segment && n
           && (change[n - 1].at_ms > a->at_ms || change[n - 1].way != a->number))
        n--;
    return a->segment && n ? change[n - 1].at_ms : MOMENT_NEVER;
}

static str id_of(const struct engine *e, uint32_t customer)
{
    return catalog_customer_id(snapshot_catalog(engine_snapshot(e)), customer);
}

static void print_ids(struct buf *b, const struct engine *e, const struct asked *a)
{
    for (uint32_t i = 0; i < engine_customer_n(e); i++)
        if (fits_has(&a->fits, i)) {
            buf_add(b, id_of(e, i));
            buf_add_char(b, '\n');
        }
}

static void print_csv(struct cli *c, struct buf *b, const struct engine *e,
                      const struct asked *a)
{
    struct cli_table t = {.columns = 2, .arena = &c->arena};

    cli_table_add(&t, STR("customer"));
    cli_table_add(&t, STR("since"));
    for (uint32_t i = 0; i < engine_customer_n(e); i++) {
        struct buf moment = {};
        int64_t since_ms;

        if (!fits_has(&a->fits, i))
            continue;
        since_ms = since(e, a, i);
        if (since_ms != MOMENT_NEVER)
            moment_print(&moment, since_ms);
        cli_table_add(&t, id_of(e, i));
        cli_table_add(&t, buf_str(&moment));
        t.failed |= moment.failed;
        buf_free(&moment);
    }
    cli_table_csv(&t, b);
}

static void print_json(struct buf *b, const struct engine *e, const struct asked *a,
                       bool count)
{
    struct json_out j = {.to = b};

    json_begin_object(&j);
    json_key(&j, "segment");
    if (a->segment)
        json_put_text(&j, a->segment->name);
    else
        json_put_null(&j);
    json_key(&j, "rule");
    json_put_text(&j, a->rule);
    json_key(&j, "at");
    json_put_moment(&j, a->at_ms);
    json_key(&j, "count");
    json_put_int(&j, (int64_t)a->fits.n);
    json_key(&j, "of");
    json_put_int(&j, (int64_t)a->fits.of);
    if (!count) {
        json_key(&j, "customers");
        json_begin_list(&j);
        for (uint32_t i = 0; i < engine_customer_n(e); i++) {
            if (!fits_has(&a->fits, i))
                continue;
            json_begin_object(&j);
            json_key(&j, "customer");
            json_put_text(&j, id_of(e, i));
            json_key(&j, "since");
            json_put_moment(&j, since(e, a, i));
            json_end_object(&j);
        }
        json_end_list(&j);
    }
    json_end_object(&j);
    buf_add_char(b, '\n');
}

static void print_words(struct buf *b, const struct engine *e, const struct asked *a)
{
    buf_add(b, STR("On "));
    cli_put_moment(b, engine_model(e)->workspace.zone, a->at_ms);
    buf_add_format(b, " %llu of %llu customers are in it: %.*s\n",
                   (unsigned long long)a->fits.n, (unsigned long long)a->fits.of,
                   STR_FMT(a->rule));
}

static int print(struct cli *c, const struct engine *e, const struct asked *a)
{
    struct buf b = {};
    int status;

    if (cli_has(c, "json"))
        print_json(&b, e, a, cli_has(c, "count"));
    else if (cli_has(c, "count"))
        buf_add_format(&b, "%llu\n", (unsigned long long)a->fits.n);
    else if (cli_has(c, "ids"))
        print_ids(&b, e, a);
    else if (cli_has(c, "csv"))
        print_csv(c, &b, e, a);
    else
        print_words(&b, e, a);
    status = cli_has(c, "json") || cli_has(c, "csv") ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    return status;
}

static int ask(struct cli *c, struct engine *e)
{
    const struct zone *zone = engine_model(e)->workspace.zone;
    struct asked a = {.rule = cli_text(c, "when")};
    struct trial t = {};
    struct err err;
    int status;
    bool tried = cli_has(c, "when"), ok;

    if (tried && !trial_new(e, a.rule, &t, &err))
        return cli_fail_in(&err, a.rule);
    ok = (!tried || t.type == VALUE_BOOL
          || err_set(&err, ERR_INPUT,
                     "--when: customers fit conditions, and this rule gives a number"))
         && (tried || find_segment(e, cli_word(c, 1), &a, &err))
         && cli_moment(c, "at", zone, cli_now_ms(c), &a.at_ms, &err)
         && engine_advance(e, a.at_ms, &err)
         && engine_scan(e, tried ? t.model->program : engine_model(e)->program,
                        tried ? t.rule : a.segment->rule, a.at_ms, &c->arena, &a.fits,
                        &err);
    status = ok ? print(c, e, &a) : cli_fail(&err, NULL);
    trial_free(&t);
    return status;
}

static int run(struct cli *c)
{
    struct engine *e;
    struct err err;
    int status;

    if (cli_lists(c))
        return cli_list(c);
    if ((c->word_n > 1) == cli_has(c, "when"))
        return cli_wrong(c, "behind FILE stands a segment's name, or --when 'RULE'");
    if (cli_has(c, "count") + cli_has(c, "ids") + cli_has(c, "csv") > 1
        || (cli_has(c, "json") && (cli_has(c, "ids") || cli_has(c, "csv"))))
        return cli_wrong(c, "--count, --ids, --csv and --json exclude each other, but "
                            "for --count --json");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    status = ask(c, e);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"when", "RULE", "who fits this rule, in the place of a segment of the model", false},
    {"at", "DATE", "who was in it then (a date or a moment): now unless given", false},
    {"count", NULL, "only how many they are", false},
    {"ids", NULL, "their ids, a line each", false},
    {"csv", NULL, "who, and since when he is in it", false},
    {"json", NULL, "the same as JSON", false},
    {"add", "CUSTOMER", "puts him on the list NAME", true},
    {"add-from", "TABLE",
     "puts those on it whose ids a file has: its column customer, or the first; - reads "
     "standard input",
     false},
    {"remove", "CUSTOMER", "takes him off the list", true},
    {"remove-from", "TABLE", "takes those off whose ids a file has", false},
    {"skip-unknown", NULL, "ids that nobody has are passed over; else nothing is done",
     false},
    {"by", "NAME", "who puts them on, or takes them off; the login name unless given",
     false},
};

const struct cli_command cli_segment = {
    "segment",
    "FILE [NAME]",
    "who is in a segment, at any moment",
    options,
    sizeof options / sizeof *options,
    run,
};
