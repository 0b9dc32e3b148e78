#include "store/verify.h"

#include "base/zip.h"
#include "store/seen_impl.h"
#include "store/store.h"
#include "store/store_impl.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/models.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

enum { NOW_MS = 1000000, EVENTS = 90, CUSTOMERS = 23, PAGE = 16384 };

/* --- a file --- */

static void import(struct store *s, const struct event *event, uint32_t n)
{
    struct refusal r = {STR("file"), event->id.n, STR("a reason"), STR("its text")};
    struct err err = {0};
    bool ok = store_begin(s, NOW_MS, &err) && store_refuse(s, &r, &err);

    for (uint32_t i = 0; ok && i < n; i++) {
        struct buf json = {0};
        bool added;

        event_print(&event[i], &json);
        ok = store_append(s, &event[i], buf_str(&json), &added, &err);
        buf_free(&json);
    }
    if (!ok || !store_commit(s, &err))
        fail_msg("%s", err.msg);
}

static struct store *create(const char *name)
{
    struct store *s = NULL;
    struct err err = {0};
    uint32_t version;

    if (!store_create(io_system(), str_of(temp_path(name)), 0, &s, &err)
        || !add_model(s, STR("a model"), NOW_MS, &version, &err))
        fail_msg("%s", err.msg);
    return s;
}

static void fold(struct store *s, int n)
{
    struct err err = {0};
    bool more;

    for (int i = 0; i < n; i++) {
        if (!store_fold(s, 1, &more, &err))
            fail_msg("%s", err.msg);
    }
}

/* Its news is folded as often as that, a chunk each time; then some more comes, of which one chunk
 * is folded. */
static void make_file(const char *name, struct random *r, int folds)
{
    struct arena a = {0};
    struct event *event = scene(r, EVENTS, CUSTOMERS, &a);
    struct store *s = create(name);

    for (uint32_t i = 0; i + 9 < EVENTS; i += 9)
        import(s, event + i, 9);
    fold(s, folds);
    import(s, event + EVENTS - 9, 9);
    fold(s, folds > 0);
    store_close(s);
    arena_free(&a);
}

/* --- damage: SQL over our own pages, with functions that make a row's checksum right again --- */

static str bytes_at(sqlite3_value **value, int i)
{
    return (str){sqlite3_value_blob(value[i]), (size_t)sqlite3_value_bytes(value[i])};
}

static void give(sqlite3_context *to, struct buf *bytes)
{
    assert_false(bytes->failed);
    sqlite3_result_blob64(to, bytes->p, bytes->n, SQLITE_TRANSIENT);
    buf_free(bytes);
}

static void sql_unpack(sqlite3_context *to, int n, sqlite3_value **value)
{
    struct buf bytes = {0};
    struct err err;

    assert_int_equal(n, 1);
    assert_true(zip_unpack(bytes_at(value, 0), 1 << 20, &bytes, &err));
    give(to, &bytes);
}

static void sql_pack(sqlite3_context *to, int n, sqlite3_value **value)
{
    struct buf bytes = {0};
    struct err err;

    assert_int_equal(n, 1);
    assert_true(zip_pack(bytes_at(value, 0), 1, &bytes, &err));
    give(to, &bytes);
}

/* The bytes with one bit of byte n (from the end when below 0) flipped. */
static void sql_flip(sqlite3_context *to, int n, sqlite3_value **value)
{
    struct buf bytes = {0};
    int at = sqlite3_value_int(value[1]);

    assert_int_equal(n, 2);
    buf_add(&bytes, bytes_at(value, 0));
    at += at < 0 ? (int)bytes.n : 0;
    assert_true(at >= 0 && at < (int)bytes.n);
    bytes.p[at] ^= 1;
    give(to, &bytes);
}

static void sql_checksum(sqlite3_context *to, int n, sqlite3_value **value)
{
    assert_int_equal(n, 1);
    sqlite3_result_int64(to, (int64_t)hash64(bytes_at(value, 0)));
}

static struct sql open_sql(const char *name)
{
    static const struct {
        const char *name;
        int arguments;
        void (*run)(sqlite3_context *to, int n, sqlite3_value **value);
    } function[] = {{"unpack", 1, sql_unpack},
                    {"pack", 1, sql_pack},
                    {"flip", 2, sql_flip},
                    {"checksum", 1, sql_checksum}};
    struct sql sql = {0};
    struct err err;

    assert_true(sql_start(&err));
    assert_true(sql_open(&sql, temp_path(name), SQLITE_OPEN_READWRITE, &err));
    for (size_t i = 0; i < sizeof function / sizeof *function; i++)
        assert_int_equal(sqlite3_create_function(sql.db, function[i].name,
                                                 function[i].arguments, SQLITE_UTF8, NULL,
                                                 function[i].run, NULL, NULL),
                         SQLITE_OK);
    return sql;
}

/* It must change something. */
static void damage(const char *name, const char *statement)
{
    struct sql sql = open_sql(name);
    struct err err;

    if (!sql_exec(&sql, statement, &err))
        fail_msg("%s: %s", statement, err.msg);
    if (!sqlite3_total_changes(sql.db))
        fail_msg("%s: changed nothing", statement);
    sql_close(&sql);
}

/* --- proofs --- */

struct told {
    struct buf text; /* all differences, a line each */
    uint64_t n;
    void (*meanwhile)(void *context);
    void *context;
    uint64_t done;
};

static void note(void *context, const struct difference *d)
{
    struct told *told = context;

    buf_add(&told->text, str_of(d->in_truth ? "! " : "  "));
    buf_add(&told->text, d->text);
    buf_add_char(&told->text, '\n');
    told->n++;
}

static void note_progress(void *bar, uint64_t done, uint64_t all)
{
    struct told *told = bar;

    assert_true(done >= told->done && done <= all);
    told->done = done;
    if (told->meanwhile)
        told->meanwhile(told->context);
    told->meanwhile = NULL;
}

static struct verify_report proof(const char *name, unsigned threads, struct told *told)
{
    struct verify_options options = {.threads = threads,
                                     .found = note,
                                     .context = told,
                                     .progress = note_progress,
                                     .bar = told};
    struct verify_report report;
    struct err err = {0};

    if (!store_verify(io_system(), str_of(temp_path(name)), &options, &report, &err))
        fail_msg("%s", err.msg);
    buf_add_char(&told->text, 0);
    assert_false(told->text.failed);
    assert_int_equal(told->n, report.differences < DIFFERENCES_TOLD ? report.differences
                                                                    : DIFFERENCES_TOLD);
    return report;
}

static void need_whole(const char *name, uint64_t events)
{
    for (unsigned threads = 1; threads <= 3; threads++) {
        struct told told = {0};
        struct verify_report r = proof(name, threads, &told);

        if (r.differences)
            fail_msg("%s", told.text.p);
        assert_int_equal(r.events, events);
        assert_int_equal(r.events, r.news + r.ids);
        buf_free(&told.text);
    }
}

/* The first difference begins with `first`, and the texts of all of them hold `word`. */
static void need_found(const char *name, const char *first, const char *word)
{
    struct told told = {0};
    struct verify_report r = proof(name, 2, &told);

    if (!r.differences || strncmp(told.text.p + 2, first, strlen(first)) != 0
        || !strstr(told.text.p, word))
        fail_msg("wanted %s ... %s\ngot %s", first, word, told.text.p);
    assert_int_equal(r.in_truth, strchr(told.text.p, '!') != NULL);
    buf_free(&told.text);
}

TEST(a_file_of_ciclos_own_is_whole_however_much_of_it_is_folded)
{
    struct random r = chance();
    struct store *s = create("empty");

    store_close(s);
    need_whole("empty", 0);
    for (int folds = 0; folds < 12; folds += 1 + folds / 3) {
        make_file("shop", &r, folds);
        need_whole("shop", EVENTS);
        temp_remove();
    }
}

#define RIGHT(table) "; update " table " set checksum = checksum(bytes)"
#define NUMBERS                                                                          \
    "(select \"column\" from part where chunk = 0 and \"column\" in"                     \
    " (select number from columns where type = 'number') limit 1)"
#define ANOTHER_VALUE                                                                    \
    "update part set bytes = pack(flip(unpack(bytes), -1)) where \"column\" = " NUMBERS  \
    " and chunk = 0" RIGHT("part")

static const struct damaged {
    const char *statement, *first, *word;
} damages[] = {
    /* a byte of any row */
    {"update log set bytes = flip(bytes, 9) where seq = 3",
     "table log, batch 3: its checksum", ""},
    {"update part set bytes = flip(bytes, 5) where \"column\" = -1 and chunk = 1",
     "table part, column -1, chunk 1: its checksum", ""},
    {"update part set bytes = flip(bytes, 5) where \"column\" = -2 and chunk = 1",
     "table part, column -2, chunk 1: its checksum", ""},
    {"update part set bytes = flip(bytes, 5) where \"column\" = -3 and chunk = 2",
     "table part, column -3, chunk 2: its checksum", ""},
    {"update part set checksum = checksum + 1 where \"column\" = " NUMBERS
     " and chunk = 0",
     "table part, column ", "chunk 0: its checksum"},
    {"update part set codec = 2 where \"column\" = -1 and chunk = 0",
     "table part, column -1, chunk 0: its codec", ""},
    {"update refused set bytes = flip(bytes, 5) where seq = 2", "table refused, batch 2",
     ""},
    {"update news set bytes = flip(bytes, 5)", "", "table news"},
    {"update seen set bytes = flip(bytes, 3)", "table seen", "checksum"},
    {"update seen_filter set bytes = flip(bytes, 3)", "table seen_filter", "checksum"},
    {"update seen_run set n = n + 1", "table seen_run", "checksum"},
    /* rows that are there no more, or too many */
    {"delete from part where \"column\" = -2 and chunk = 1",
     "table part, column -2, chunk 1: it is missing", ""},
    {"delete from part where \"column\" = " NUMBERS " and chunk = 0",
     "table part, column ", "chunk 0: it is missing"},
    {"insert or ignore into part select number, 0, p.codec, p.bytes, p.checksum from "
     "columns, part p"
     " where p.\"column\" = " NUMBERS " and chunk = 0",
     "table part, column ", "chunk 0: the chunk has no values of it"},
    {"insert into part select \"column\", 99, codec, bytes, checksum from part limit 1",
     "table part, column ", "there is no such column or chunk"},
    {"insert into part select 999, chunk, codec, bytes, checksum from part limit 1",
     "table part, column 999", "there is no such column or chunk"},
    {"delete from chunk where number = 0", "", "chunk"},
    {"delete from log where seq = 3", "table log, batch 3: it is missing",
     "is not in the log"},
    {"delete from log where seq = (select max(seq) from log)", "", "which is not there"},
    {"insert into log (received_ms, codec, bytes, checksum) select 1, 1, pack(replace("
     "cast(unpack(bytes) as text), '\"messageId\":\"', '\"messageId\":\"again ')), 0 "
     "from log"
     " where seq = 2" RIGHT("log"),
     "", "is missing, the log has it"},
    {"insert into log (received_ms, codec, bytes, checksum) select received_ms, codec, "
     "bytes,"
     " checksum from log where seq = 2",
     "", "table log: the message id"},
    {"delete from news where seq = (select max(seq) from news)", "",
     "is missing, the log has it"},
    {"delete from sighting where rowid = 3", "table sighting: type ", "is missing"},
    {"insert into sighting select t.number, c.number from type t, columns c where not "
     "exists"
     " (select 1 from sighting s where s.type = t.number and s.\"column\" = c.number) "
     "limit 1",
     "table sighting: type ", "is in no event of the log"},
    {"update model set text = cast(x'ff' as text)",
     "table model, version 1: it is no UTF-8", ""},
    {"insert into key values (1, 1, pack('x'), 5)", "table key, row 1: its checksum", ""},
    {"insert into key values (1, 1, pack('x'), 0)" RIGHT("key"),
     "table key, row 1: it is too short", ""},
    {"insert into webhook values (1, 1, pack('x'), 0)" RIGHT("webhook"),
     "table webhook, row 1: ", ""},
    {"insert into journal values (1, 1, 1, pack('x'), 0)" RIGHT("journal"),
     "table journal, row 1: its last line does not end", ""},
    /* values changed, and the checksum made right again */
    {"update part set bytes = pack(flip(unpack(bytes), -1)) where \"column\" = -1 and "
     "chunk = 0" RIGHT("part"),
     "", "is not in the log"},
    {"update part set bytes = pack(flip(unpack(bytes), 1)) where \"column\" = -2 and "
     "chunk = 0" RIGHT("part"),
     "table part, chunk 0: the event ", "has another type in the log"},
    {"update part set bytes = pack(flip(unpack(bytes), -1)) where \"column\" = -3 and "
     "chunk = 0" RIGHT("part"),
     "table part, chunk 0: the event ", "is not in the log"},
    {ANOTHER_VALUE, "table part, chunk 0: the event ",
     "has another value in the log: column "},
    {"update log set bytes = pack(flip(unpack(bytes), 0)) where seq = 2" RIGHT("log"),
     "table log, batch 2, line 1: ", ""},
    {"update log set bytes = pack(replace(cast(unpack(bytes) as text), 'caf',"
     " 'kaf')) where seq = 2" RIGHT("log"),
     "table part, chunk ", "has another value in the log: column "},
    /* names */
    {"update customer set id = 'nobody' where number = 2", "table customer: \"",
     "table customer, row 2: it is in no event of the log"},
    {"create temp table old as select number, id from customer;"
     " update customer set id = (select id from old where old.number = 5 - "
     "customer.number)"
     " where number in (2, 3)",
     "table customer, row ", "is not in the log"},
    {"update type set name = 'another' where number = 2", "table type: \"",
     "table type, row 2: it is in no event of the log"},
    {"update columns set name = 'another' where number = 1", "table columns: \"",
     "table columns, row 1: it is in no event of the log"},
    {"insert into customer select max(number) + 1, 0, 'nobody', null from customer", "",
     "customer"},
    /* figures */
    {"update chunk set events = events + 1 where number = 1",
     "table chunk, row 1: ", "events, but"},
    {"update chunk set first_ms = first_ms + 1 where number = 1",
     "table chunk, row 1: from ", ""},
    {"update chunk set last_ms = last_ms + 1 where number = 1",
     "table chunk, row 1: from ", ""},
    {"update chunk set folded_seq = 1000 where number = 0", "", "which is not there"},
};

TEST(each_damage_is_found_and_named)
{
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        const struct damaged *d = &damages[i];
        struct random r = random_seeded(11);

        make_file("shop", &r, 9);
        damage("shop", d->statement);
        need_found("shop", d->first, d->word);
        temp_remove();
    }
}

/* --- message ids --- */

struct all_ids {
    hash128 id[EVENTS + 1];
    size_t n;
};

static bool add_id(void *context, hash128 id)
{
    struct all_ids *all = context;

    all->id[all->n++] = id;
    return true;
}

/* The runs anew, without the first `less` ids and with `more` others. */
static void rewrite_ids(const char *name, size_t less, size_t more)
{
    struct sql sql = open_sql(name);
    struct all_ids all = {.n = 0};
    struct seen *seen;
    struct err err;
    bool ok = seen_new(&sql, &seen, &err) && seen_each(seen, add_id, &all, &err);

    seen_free(seen);
    assert_true(ok && all.n > less);
    for (size_t i = 0; i < more; i++)
        all.id[all.n++] = hash128_of(STR("no event has this id"));
    hash128_sort(all.id + less, all.n - less);
    ok = seen_new(&sql, &seen, &err)
         && sql_exec(&sql,
                     "begin; delete from seen; delete from seen_run;"
                     " delete from seen_filter",
                     &err)
         && seen_add(seen, all.id + less, all.n - less, &err)
         && sql_exec(&sql, "commit", &err);
    if (!ok)
        fail_msg("%s", err.msg);
    seen_free(seen);
    sql_close(&sql);
}

TEST(a_message_id_too_few_or_too_many_is_named)
{
    struct random r = chance();

    make_file("shop", &r, 9);
    rewrite_ids("shop", 0, 0);
    need_whole("shop", EVENTS);
    rewrite_ids("shop", 1, 0);
    need_found("shop", "table seen: the message id with the hash ", "is missing");
    temp_remove();
    make_file("shop", &r, 9);
    rewrite_ids("shop", 0, 1);
    need_found("shop", "table seen: the message id with the hash ",
               "is in no event of the log");
}

/* --- pages --- */

TEST(a_flipped_bit_in_any_page_is_found)
{
    struct random r = chance();
    struct arena a = {0};
    struct err err;
    str file;

    make_file("shop", &r, 5);
    assert_true(
        io_read_file(io_system(), str_of(temp_path("shop")), 64 << 20, &a, &file, &err));
    for (size_t page = 0; page < file.n / PAGE; page++) {
        struct told told = {0};
        size_t at = page * PAGE + random_below(&r, PAGE);
        unsigned char mask = (unsigned char)(1 << random_below(&r, 8));
        char place[64];

        ((char *)file.p)[at] ^= (char)mask;
        temp_file("shop", file.p, file.n);
        snprintf(place, sizeof place, "page %zu", page + 1);
        if (proof("shop", 1, &told).differences < 1 || !strstr(told.text.p, place))
            fail_msg("%s, byte %zu: %s", place, at % PAGE, told.text.p);
        ((char *)file.p)[at] ^= (char)mask;
        buf_free(&told.text);
    }
    arena_free(&a);
}

/* --- while another writes --- */

struct writer {
    struct store *store;
    struct event *event;
};

static void write_on(void *context)
{
    struct writer *w = context;

    import(w->store, w->event, EVENTS);
    fold(w->store, 3);
}

TEST(what_another_writes_meanwhile_does_not_matter)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 2 * EVENTS, CUSTOMERS, &a);
    struct store *s = create("shop");
    struct writer w = {s, event + EVENTS};
    struct told told = {.meanwhile = write_on, .context = &w};
    struct verify_report report;

    import(s, event, EVENTS);
    report = proof("shop", 1, &told);
    assert_int_equal(report.differences, 0);
    assert_int_equal(report.events, EVENTS);
    assert_true(!told.meanwhile);
    buf_free(&told.text);
    store_close(s);
    need_whole("shop", 2 * EVENTS);
    arena_free(&a);
}

/* --- failures --- */

static bool prove(void *context, struct err *err)
{
    struct verify_options options = {.threads = 1};
    struct verify_report report;

    return store_verify(io_system(), str_of(temp_path(context)), &options, &report, err);
}

TEST(a_proof_without_memory_says_so)
{
    struct random r = chance();

    make_file("whole", &r, 5);
    each_oom_or_done(prove, (void *)"whole");
    make_file("damaged", &r, 9);
    damage("damaged", ANOTHER_VALUE);
    rewrite_ids("damaged", 1, 1);
    each_oom_or_done(prove, (void *)"damaged");
}
