#include "store/raw_impl.h"
#include "store/remove.h"
#include "store/rewrite_impl.h"
#include "store/seen_impl.h"
#include "store/store_impl.h"

#include "base/zip.h"
#include "event/pseudonym.h"

#include <string.h>

/* A new file from the truth of an old one: its log, what was refused, the model's versions, the
 * ids of what was erased, the keys of the doors, and what is sent to others. Rows are taken over byte for byte; only those that say something
 * of a customer who is erased are written anew. Everything else comes out of the same functions
 * that bring events in. */

struct refill {
    struct rewrite *w;
    const struct refill_options *o;
    struct refill_report *report;
    struct store *made;
    struct json_parser *parser;
    struct arena arena;     /* of one row */
    struct buf bytes, kept; /* of one row: unpacked; what stays of it */
    struct buf packed;
    hash128 *erased; /* ids of all that was ever erased */
    size_t erased_n, erased_cap;
    struct rewrite_lost *lost;
    uint32_t lost_cap;
    int64_t log_next; /* the number of the next batch */
    uint64_t done_bytes, total_bytes;
    struct raw raw; /* when .has_raw */
    bool has_raw;
    pthread_mutex_t lock; /* guards nothing: one thread reads the old file */
};

enum { GAP_MAX = 1 << 20 }; /* rows that may be missing between two */

/* --- rows that cannot be read --- */

static bool lose(struct refill *r, const char *table, int64_t from, int64_t to,
                 const char *why, struct err *err)
{
    struct rewrite_lost *last =
        r->report->lost_n ? &r->lost[r->report->lost_n - 1] : NULL;

    if (last && str_eq(last->table, str_of(table)) && last->to == from - 1) {
        last->to = to;
        return true;
    }
    if (r->report->lost_n == r->lost_cap) {
        uint32_t cap = r->lost_cap ? r->lost_cap * 2 : 16;
        struct rewrite_lost *grown = arena_array(r->o->arena, struct rewrite_lost, cap);

        if (!grown)
            return err_nomem(err);
        if (r->lost_cap)
            memcpy(grown, r->lost, r->lost_cap * sizeof *grown);
        r->lost = grown;
        r->lost_cap = cap;
        r->report->lost = grown;
    }
    last = &r->lost[r->report->lost_n];
    *last = (struct rewrite_lost){str_of(table), from, to,
                                  arena_str(r->o->arena, str_of(why))};
    if (!last->why.p)
        return err_nomem(err);
    r->report->lost_n++;
    return true;
}

/* Whether the row may be left, and what comes behind it still be read. */
static bool may_leave(const struct refill *r, const struct err *err)
{
    return r->o->salvages && (err->code == ERR_CORRUPT || err->code == ERR_IO);
}

/* --- a table, row by row --- */

typedef bool refill_row(struct refill *r, const struct row *row, struct err *err);

struct table {
    const char *name, *last; /* last: what gives the highest number */
    refill_row *take;
    enum sql_text after; /* the first row behind a number */
    bool is_raw;         /* its rows have the form that raw_impl.h finds */
};

static bool open_raw(struct refill *r, struct err *err)
{
    if (!r->has_raw && !raw_open(&r->raw, &r->w->old, err))
        return false;
    r->has_raw = true;
    return true;
}

/* Up to which number rows are looked for where some cannot be read; 0: it is not known. */
static bool find_last(struct refill *r, const struct table *t, int64_t *last,
                      struct err *err)
{
    struct err unheard;

    *last = 0;
    if (!r->o->salvages || sql_number(&r->w->old, t->last, last, &unheard) || !t->is_raw)
        return true;
    if (!open_raw(r, err))
        return false;
    *last = raw_last(&r->raw);
    return true;
}

static bool try_row(struct refill *r, const struct table *t, const struct row *row,
                    struct err *err)
{
    arena_reset(&r->arena);
    buf_clear(&r->bytes);
    buf_clear(&r->kept);
    buf_clear(&r->packed);
    return t->take(r, row, err);
}

/* A row that SQLite does not find, or not whole, is looked for on all pages. */
static bool find_row(struct refill *r, const struct table *t, int64_t number,
                     const struct err *why, struct err *err)
{
    struct row row = {.number = {0}};
    bool ok = true, there = true, taken = false;
    size_t at = 0;

    if (t->is_raw && r->o->misses) {
        ok = open_raw(r, err);
        while (ok && there && !taken) {
            struct err other;

            ok = raw_next(&r->raw, number, &at, &row, &there, err);
            taken = ok && there && try_row(r, t, &row, &other);
            if (ok && there && !taken && !may_leave(r, &other)) {
                *err = other;
                ok = false;
            }
        }
        buf_free(&row.packed);
    }
    return ok && (taken || lose(r, t->name, number, number, why->msg, err));
}

static bool take_row(struct refill *r, const struct table *t, const struct row *row,
                     struct err *err)
{
    struct err why;

    if (try_row(r, t, row, &why))
        return true;
    if (may_leave(r, &why))
        return find_row(r, t, row->number[0], &why, err);
    *err = why;
    return err_in(err, "table %s, row %lld", t->name, (long long)row->number[0]);
}

/* Between the rows with these numbers none is there. */
static bool take_gap(struct refill *r, const struct table *t, int64_t from, int64_t to,
                     struct err *err)
{
    const struct err why = {.code = ERR_CORRUPT, .msg = "it is not there"};

    if (to - from > GAP_MAX)
        return err_set(err, ERR_CORRUPT, "table %s, row %lld: its number is wrong",
                       t->name, (long long)to);
    while (++from < to) {
        if (!find_row(r, t, from, &why, err))
            return false;
    }
    return true;
}

static bool take_table(struct refill *r, const struct table *t, struct err *err)
{
    enum { MISSES_MAX = 1000 }; /* one after the other, where the last row is not known */
    struct row row = {.number = {0}};
    int64_t at = 0, last;
    int misses = 0;
    bool ok = find_last(r, t, &last, err), there = true;

    while (ok && (last ? at < last : misses < MISSES_MAX)) {
        struct err why;
        bool read = row_get(&r->w->old, &r->lock, t->after, &at, 1, &row, &there, &why);

        if (read && !there)
            break;
        if (read && row.number[0] <= at)
            read = err_set(&why, ERR_CORRUPT, "rows are not in order");
        if (read) {
            ok = (!r->o->misses || take_gap(r, t, at, row.number[0], err))
                 && take_row(r, t, &row, err);
            at = row.number[0];
            misses = 0;
        } else if (may_leave(r, &why)) {
            ok = find_row(r, t, ++at, &why, err);
            misses++;
        } else {
            *err = why;
            ok = false;
        }
    }
    buf_free(&row.packed);
    return ok;
}

/* --- the log --- */

/* A line of a batch, and what it says. */
struct line {
    str json;
    struct event event;
};

static bool parse_line(struct refill *r, struct line *line, struct err *err)
{
    const struct json *json;

    if (json_parse(r->parser, line->json, &r->arena, &json, err)
        && event_parse(json, &r->arena, &line->event, err)
        && (line->event.id.n || err_set(err, ERR_INPUT, "messageId is missing")))
        return true;
    if (err->code == ERR_INPUT)
        err->code = ERR_CORRUPT;
    return false;
}

static size_t count_lines(str bytes)
{
    size_t n = 0;

    for (size_t i = 0; i < bytes.n; i++)
        n += bytes.p[i] == '\n';
    return n;
}

/* With zeros behind it, where the parser of JSON may read. */
static bool unpack(struct refill *r, const struct row *row, size_t max_bytes,
                   struct err *err)
{
    enum { SPARE = 64 };
    char *spare;

    if (!row_unpack(row, max_bytes, &r->bytes, err))
        return false;
    spare = buf_room(&r->bytes, SPARE);
    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    return true;
}

/* All lines of the row, in the arena: none is appended when one is damaged. */
static bool read_batch(struct refill *r, const struct row *row, struct line **out,
                       size_t *n, struct err *err)
{
    struct line *line;
    const char *at;

    if (!unpack(r, row, LOG_BATCH_MAX, err))
        return false;
    if (r->bytes.n && r->bytes.p[r->bytes.n - 1] != '\n')
        return err_set(err, ERR_CORRUPT, "its last line does not end");
    *n = count_lines(buf_str(&r->bytes));
    line = arena_array(&r->arena, struct line, *n);
    if (*n && !line)
        return err_nomem(err);
    at = r->bytes.p;
    for (size_t i = 0; i < *n; i++) {
        const char *end = memchr(at, '\n', (size_t)(r->bytes.p + r->bytes.n - at));

        line[i].json = (str){at, (size_t)(end - at)};
        if (!parse_line(r, &line[i], err))
            return err_in(err, "line %zu", i + 1);
        at = end + 1;
    }
    *out = line;
    return true;
}

static bool add_erased(void *context, hash128 id, struct err *err)
{
    struct refill *r = context;

    if (r->erased_n == r->erased_cap) {
        size_t cap = r->erased_cap ? r->erased_cap * 2 : 64;
        hash128 *grown = mem_resize(r->erased, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        r->erased = grown;
        r->erased_cap = cap;
    }
    r->erased[r->erased_n++] = id;
    return true;
}

/* Who leaves with all of the event: it is his, or an account's by his word alone; or NULL. */
static struct removed_person *whose(const struct leaving *l, const struct event *e)
{
    uint32_t key = text_table_find(l->keys, e->customer);

    if (key != TEXT_NONE)
        return &l->person[l->key_person[key]];
    if (id_of_key(e->customer).kind != ID_GROUP)
        return NULL;
    key = text_table_find(l->said, e->id);
    return key == TEXT_NONE ? NULL : &l->person[l->said_person[key]];
}

/* Whether all of the event goes; what it was is counted then. */
static bool leaves(struct refill *r, const struct event *e)
{
    struct leaving *l = r->o->leaving;
    struct removed_person *person;

    if (!l)
        return false;
    person = whose(l, e);
    if (person) {
        person->events++;
        person->trait_values += e->trait_n;
        return true;
    }
    if (!l->drops || !l->drops(l->context, e))
        return false;
    l->dropped++;
    return true;
}

/* With zeros behind it, where the parser of JSON may read. */
static str arena_padded(struct arena *a, str text)
{
    enum { SPARE = 64 };
    char *copy = arena_alloc(a, text.n + SPARE, 1);

    if (!copy)
        return (str){NULL, 0};
    memcpy(copy, text.p, text.n);
    memset(copy + text.n, 0, SPARE);
    return (str){copy, text.n};
}

/* Without the ids of those who leave. The line may say more than an event holds: where one of them
 * stands in it still, what the event holds is all that stays. */
static bool take_mentions(struct refill *r, struct line *line, bool *goes,
                          struct err *err)
{
    struct leaving *l = r->o->leaving;
    struct buf b = {0};
    struct line again = {.json = {NULL, 0}};
    struct err why;
    uint32_t first;
    bool ok;

    if (!l || !l->mentions.id->n)
        return true;
    if (!mentions_take_out(&l->mentions, &line->event, &r->arena, l->times, &first, err))
        return false;
    if (first == TEXT_NONE)
        first = mentions_find_telling(&l->mentions, line->json);
    if (first == TEXT_NONE)
        return true;
    event_print(&line->event, &b);
    if (!b.failed)
        again.json = arena_padded(&r->arena, buf_str(&b));
    ok = again.json.p || err_nomem(err);
    buf_free(&b);
    if (!ok)
        return false;
    *goes = !parse_line(r, &again, &why); /* an alias of nobody, say */
    if (*goes && why.code != ERR_CORRUPT) {
        *err = why;
        return false;
    }
    if (*goes) {
        l->person[l->id_person[first]].events++;
        return true;
    }
    *line = again;
    return true;
}

static bool take_line(struct refill *r, struct line *line, bool *stays, struct err *err)
{
    const struct store_owner *owner = r->w->o->owner;
    hash128 id = hash128_of(line->event.id);
    bool goes = leaves(r, &line->event);

    *stays = false;
    if (!goes && !take_mentions(r, line, &goes, err))
        return false;
    if (goes || !hash128_eq(id, hash128_of(line->event.id))) {
        if (!add_erased(r, id, err))
            return false;
        if (goes)
            return true;
    }
    if (!relog_event(r->made, &line->event, stays, err)
        || (*stays && owner && !owner->give(owner->context, &line->event, err)))
        return false;
    r->report->events += *stays;
    r->report->doubled += !*stays;
    return true;
}

/* An empty batch in the place of each that was lost: no number is missing. */
static bool fill_gap(struct refill *r, const struct row *row, struct err *err)
{
    if (row->number[0] > r->log_next + GAP_MAX)
        return err_set(err, ERR_CORRUPT, "its number is wrong");
    if (r->log_next < row->number[0] && !zip_pack(STR(""), PACK_LEVEL, &r->packed, err))
        return false;
    for (; r->log_next < row->number[0]; r->log_next++) {
        if (!relog_batch(r->made, r->log_next, row->number[1], buf_str(&r->packed), err))
            return false;
    }
    r->log_next++;
    buf_clear(&r->packed);
    return true;
}

static bool go_on(const struct refill *r, struct err *err)
{
    const atomic_bool *stop = r->w->o->stop;

    return !stop || !atomic_load(stop)
           || err_set(err, ERR_CONFLICT, "it was stopped; nothing was changed");
}

static bool take_batch(struct refill *r, const struct row *row, struct err *err)
{
    struct line *line = NULL;
    size_t n = 0;
    bool same = true;

    if (!go_on(r, err) || !read_batch(r, row, &line, &n, err) || !fill_gap(r, row, err))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char *as_it_was = line[i].json.p;
        bool stays;

        if (!take_line(r, &line[i], &stays, err))
            return false;
        same &= stays && line[i].json.p == as_it_was;
        if (!stays)
            continue;
        buf_add(&r->kept, line[i].json);
        buf_add_char(&r->kept, '\n');
    }
    if (r->kept.failed)
        return err_nomem(err);
    r->done_bytes += row->packed.n;
    if (r->w->o->progress)
        r->w->o->progress(r->w->o->context, r->done_bytes, r->total_bytes);
    if (!same && !zip_pack(buf_str(&r->kept), PACK_LEVEL, &r->packed, err))
        return false;
    return relog_batch(r->made, row->number[0], row->number[1],
                       buf_str(same ? &row->packed : &r->packed), err);
}

/* --- what was refused --- */

static uint32_t json_names_one(const struct mentions *m, const struct json *j)
{
    uint32_t found = TEXT_NONE;

    if (j->type == JSON_TEXT)
        return mentions_find(m, j->text);
    for (size_t i = 0; i < j->n && found == TEXT_NONE; i++)
        found = json_names_one(m, &j->item[i]);
    return found;
}

/* Who stands in it: as it came, and where that is JSON, as JSON means it: "caf\u00e9" is a name
 * too. */
static uint32_t names_one(struct refill *r, const struct refusal *refusal)
{
    const struct mentions *m = &r->o->leaving->mentions;
    uint32_t found = mentions_find(m, refusal->text);
    const struct json *json;
    struct err unheard;

    if (found == TEXT_NONE)
        found = mentions_find_telling(m, refusal->source);
    if (found == TEXT_NONE && memchr(refusal->text.p, '\\', refusal->text.n)
        && json_parse(r->parser, refusal->text, &r->arena, &json, &unheard))
        found = json_names_one(m, json);
    return found;
}

static bool copy_refused(struct refill *r, const struct row *row, uint64_t n, str packed,
                         struct err *err)
{
    struct sql *sql = &r->made->sql;
    sqlite3_stmt *add;

    return sql_get(sql, SQL_REFUSED_COPY, &add, err)
           && sql_run(sql, add,
                      sql_bind(add, 1, row->number[0]) | sql_bind(add, 2, (int64_t)n)
                          | row_pack(add, 3, packed),
                      err);
}

static bool take_refused(struct refill *r, const struct row *row, struct err *err)
{
    uint64_t n = (uint64_t)row->number[1], kept = 0;
    struct refused_batch batch = {0};
    const struct refusal *refusal;
    bool ok = unpack(r, row, REFUSED_BATCH_MAX, err)
              && refused_decode(buf_str(&r->bytes), n, &r->arena, &refusal, err);

    if (!ok || !r->o->leaving)
        return ok && copy_refused(r, row, n, buf_str(&row->packed), err);
    for (uint64_t i = 0; ok && i < n; i++) {
        uint32_t id = names_one(r, &refusal[i]);

        if (id != TEXT_NONE) {
            r->o->leaving->person[r->o->leaving->id_person[id]].refused++;
            continue;
        }
        kept++;
        ok = refused_encode(&batch, &refusal[i], err);
    }
    if (ok && kept == n)
        ok = copy_refused(r, row, n, buf_str(&row->packed), err);
    else if (ok && kept) {
        refused_end(&batch, refusal->at_ms);
        ok = (!batch.rows.failed || err_nomem(err))
             && zip_pack(buf_str(&batch.rows), PACK_LEVEL, &r->packed, err)
             && copy_refused(r, row, kept, buf_str(&r->packed), err);
    }
    refused_batch_free(&batch);
    return ok;
}

/* --- the model --- */

static bool take_model(struct refill *r, const struct row *row, struct err *err)
{
    struct sql *sql = &r->made->sql;
    str both = buf_str(&row->packed);
    sqlite3_stmt *add;

    if (!str_is_utf8(both) || row->codec < 0 || (uint64_t)row->codec > both.n)
        return err_set(err, ERR_CORRUPT, "it is no text");
    return sql_get(sql, SQL_MODEL_COPY, &add, err)
           && sql_run(sql, add,
                      sql_bind(add, 1, row->number[0]) | sql_bind(add, 2, row->number[1])
                          | sql_bind_text(add, 3, str_from(both, (size_t)row->codec))
                          | sql_bind_text(add, 4, (str){both.p, (size_t)row->codec}),
                      err);
}

/* --- ids of what was erased --- */

static bool take_erased(struct refill *r, const struct row *row, struct err *err)
{
    return row_unpack(row, ERASED_ROW_IDS * sizeof(hash128), &r->bytes, err)
           && erased_decode(buf_str(&r->bytes), add_erased, r, err);
}

static bool write_erased_row(struct refill *r, const hash128 *id, size_t n,
                             struct err *err)
{
    struct sql *sql = &r->made->sql;
    sqlite3_stmt *add;

    buf_clear(&r->bytes);
    buf_clear(&r->packed);
    erased_encode(id, n, &r->bytes);
    if (r->bytes.failed)
        return err_nomem(err);
    return zip_pack(buf_str(&r->bytes), PACK_LEVEL, &r->packed, err)
           && sql_get(sql, SQL_ERASED_ADD, &add, err)
           && sql_run(sql, add, row_pack(add, 1, buf_str(&r->packed)), err);
}

/* All of them, ascending, each once; and they are known like those of the log. */
static bool write_erased(struct refill *r, struct err *err)
{
    size_t n = 0;

    hash128_sort(r->erased, r->erased_n);
    for (size_t i = 0; i < r->erased_n; i++) {
        if (!n || !hash128_eq(r->erased[n - 1], r->erased[i]))
            r->erased[n++] = r->erased[i];
    }
    for (size_t i = 0; i < n; i += ERASED_ROW_IDS) {
        if (!write_erased_row(r, r->erased + i,
                              n - i < ERASED_ROW_IDS ? n - i : ERASED_ROW_IDS, err))
            return false;
    }
    return !n || seen_add(r->made->seen, r->erased, n, err);
}

/* --- keys --- */

static bool take_key(struct refill *r, const struct row *row, struct err *err)
{
    struct key_row k = {.number = (uint32_t)row->number[0]};

    return (row->number[0] <= UINT32_MAX
            || err_set(err, ERR_CORRUPT, "its number is wrong"))
           && row_unpack(row, KEY_BYTES_MAX, &r->bytes, err)
           && key_decode(buf_str(&r->bytes), &k, err) && store_key_put(r->made, &k, err);
}

/* --- receipts --- */

static bool take_receipt(struct refill *r, const struct row *row, struct err *err)
{
    return row_unpack(row, RECEIPT_BYTES_MAX, &r->bytes, err)
           && store_receipt_add(r->made, buf_str(&r->bytes), err);
}

/* --- what channels cost --- */

static bool take_spend(struct refill *r, const struct row *row, struct err *err)
{
    const struct spend_row *spent;
    uint32_t n;

    return row_unpack(row, SPEND_BYTES_MAX, &r->bytes, err)
           && spend_decode(buf_str(&r->bytes), &r->arena, &spent, &n, err)
           && store_spend_add(r->made, row->number[1], spent, n, err);
}

/* --- what people keep by a name --- */

static bool take_saved(struct refill *r, const struct row *row, struct err *err)
{
    struct saved_row saved = {.number = (uint32_t)row->number[0]};

    return (row->number[0] <= UINT32_MAX
            || err_set(err, ERR_CORRUPT, "its number is wrong"))
           && row_unpack(row, SAVED_BYTES_MAX, &r->bytes, err)
           && saved_decode(buf_str(&r->bytes), &r->arena, &saved, err)
           && store_saved_put(r->made, &saved, err);
}

/* --- what is sent to others --- */

/* Lines before the first that was not delivered may be gone: rather twice than never. */
static bool take_webhook(struct refill *r, const struct row *row, struct err *err)
{
    struct webhook_row w = {.number = (uint32_t)row->number[0]};

    if (row->number[0] > UINT32_MAX)
        return err_set(err, ERR_CORRUPT, "its number is wrong");
    if (!row_unpack(row, WEBHOOK_BYTES_MAX, &r->bytes, err)
        || !webhook_decode(buf_str(&r->bytes), &r->arena, &w, err))
        return false;
    w.event.line = w.move.line = 0;
    return store_webhook_put(r->made, &w, err);
}

/* The key of the customer that a line of the journal is about. */
static bool journal_key(struct refill *r, const struct json *line, str *out,
                        struct err *err)
{
    str kind = json_find_text(line, STR("kind"));
    struct id id = {ID_USER, json_find_text(line, STR("customer"))};

    while (id.kind + 1 < ID_KIND_N && !str_eq(kind, id_kind_name(id.kind)))
        id.kind++;
    *out = id_key(id, &r->arena);
    return out->p || err_nomem(err);
}

static bool tells_of_one(struct refill *r, str line, bool *tells, struct err *err)
{
    const struct leaving *l = r->o->leaving;
    const struct json *json;
    str key;

    if (!json_parse(r->parser, line, &r->arena, &json, err)) {
        if (err->code == ERR_INPUT)
            err->code = ERR_CORRUPT;
        return false;
    }
    if (!json_find(json, STR("customer"))) { /* it is of an alert */
        *tells = mentions_find_telling(&l->mentions, line) != TEXT_NONE;
        return true;
    }
    if (!journal_key(r, json, &key, err))
        return false;
    /* An account that nobody else named has no event any more. */
    *tells = mentions_find_telling(&l->mentions, line) != TEXT_NONE
             || text_table_find(l->keys, key) != TEXT_NONE
             || catalog_key_find(&r->made->catalog, key) == CUSTOMER_NONE;
    return true;
}

static bool copy_journal(struct refill *r, const struct row *row, str packed,
                         struct err *err)
{
    struct sql *sql = &r->made->sql;
    sqlite3_stmt *add;

    return sql_get(sql, SQL_JOURNAL_COPY, &add, err)
           && sql_run(sql, add,
                      sql_bind(add, 1, row->number[0]) | sql_bind(add, 2, row->number[1])
                          | row_pack(add, 3, packed),
                      err);
}

static bool take_journal(struct refill *r, const struct row *row, struct err *err)
{
    str rest;

    if (!unpack(r, row, JOURNAL_BYTES_MAX, err))
        return false;
    rest = buf_str(&r->bytes);
    if (rest.n && rest.p[rest.n - 1] != '\n')
        return err_set(err, ERR_CORRUPT, "its last line does not end");
    if (!r->o->leaving || !r->o->leaving->mentions.id->n)
        return copy_journal(r, row, buf_str(&row->packed), err);
    while (rest.n) {
        size_t n = (size_t)((const char *)memchr(rest.p, '\n', rest.n) - rest.p);
        bool goes;

        if (!tells_of_one(r, (str){rest.p, n}, &goes, err))
            return false;
        if (!goes)
            buf_add(&r->kept, (str){rest.p, n + 1});
        rest = str_from(rest, n + 1);
    }
    if (r->kept.failed)
        return err_nomem(err);
    return zip_pack(buf_str(&r->kept), PACK_LEVEL, &r->packed, err)
           && copy_journal(r, row, buf_str(&r->packed), err);
}

/* --- all of it --- */

static const struct table tables[] = {
    {"log", "select max(seq) from log", take_batch, SQL_LOG_AFTER, true},
    {"refused", "select max(seq) from refused", take_refused, SQL_REFUSED_AFTER, true},
    {"model", "select max(version) from model", take_model, SQL_MODEL_AFTER, false},
    {"erased", "select max(seq) from erased", take_erased, SQL_ERASED_AFTER, false},
    {"key", "select max(number) from key", take_key, SQL_KEY_AFTER, false},
    {"receipt", "select max(number) from receipt", take_receipt, SQL_RECEIPT_AFTER,
     false},
    {"webhook", "select max(number) from webhook", take_webhook, SQL_WEBHOOK_AFTER,
     false},
    {"journal", "select max(seq) from journal", take_journal, SQL_JOURNAL_AFTER, false},
    {"spend", "select max(seq) from spend", take_spend, SQL_SPEND_AFTER, false},
    {"saved", "select max(number) from saved", take_saved, SQL_SAVED_AFTER, false},
};

static bool take_tables(struct refill *r, struct err *err)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        struct table t = tables[i];

        if (t.after == SQL_ERASED_AFTER && r->w->format < 2)
            continue;
        if (t.after == SQL_KEY_AFTER && r->w->format < 4)
            continue;
        if (t.after == SQL_RECEIPT_AFTER && r->w->format < 5)
            continue;
        if ((t.after == SQL_WEBHOOK_AFTER || t.after == SQL_JOURNAL_AFTER)
            && r->w->format < 6)
            continue;
        if (t.after == SQL_SPEND_AFTER && r->w->format < 7)
            continue;
        if (t.after == SQL_SAVED_AFTER && r->w->format < 8)
            continue;
        if (t.after == SQL_MODEL_AFTER && r->w->format < 3)
            t.after = SQL_MODEL_AFTER_2;
        if (!take_table(r, &t, err))
            return false;
    }
    return write_erased(r, err);
}

/* All of the log was given to the owner: what stands elsewhere than with its anchor is told
 * again there. */
static bool rehome(struct refill *r, const struct store_owner *owner, struct err *err)
{
    const struct catalog *catalog = &r->made->catalog;
    uint32_t anchors = catalog_customer_n(catalog);

    for (uint32_t i = 0; i < anchors; i++) {
        str key = catalog_customer_key(catalog, i), home;

        if (!owner->home(owner->context, key, &home, err)
            || !store_rehome(r->made, key, home, err))
            return false;
    }
    buf_clear(&r->bytes);
    if (!owner->bytes(owner->context, &r->bytes, err))
        return false;
    return r->bytes.failed ? err_nomem(err)
                           : store_graph_replace(r->made, buf_str(&r->bytes), err);
}

static bool take_all(struct refill *r, struct err *err)
{
    const struct store_owner *owner = r->w->o->owner;
    bool ok;

    if (!owner)
        return take_tables(r, err);
    if (!owner->begin(owner->context, err))
        return false;
    ok = take_tables(r, err) && rehome(r, owner, err);
    owner->end(owner->context);
    return ok;
}

/* Where nobody can read any more by which key, the ids tell that there was one. */
static bool stay_pseudonymous(struct refill *r, struct err *err)
{
    const struct catalog *c = store_catalog(r->made);
    int64_t fingerprint;

    if (!rewrite_pseudonym(r->w, &fingerprint, err)) {
        if (!may_leave(r, err))
            return false;
        fingerprint = 0;
        for (uint32_t i = 0; !fingerprint && i < catalog_customer_n(c); i++)
            if (id_is_pseudonym(id_of_key(catalog_customer_key(c, i)).value))
                fingerprint = PSEUDONYM_KEY_LOST;
    }
    return !fingerprint || store_make_pseudonymous(r->made, fingerprint, err);
}

/* One transaction: its facts are folded as often as memory asks for it, and no more. */
static bool fill(struct refill *r, struct err *err)
{
    struct err unheard;
    int64_t log_bytes;
    bool more = true;

    r->total_bytes = (uint64_t)r->w->file.st_size;
    if (sql_number(&r->w->old, "select sum(length(bytes)) from log", &log_bytes,
                   &unheard))
        r->total_bytes = (uint64_t)log_bytes;
    if (!store_create(r->w->io, str_of(r->w->beside), r->w->o->memory_bytes, &r->made,
                      err)
        || !json_parser_new(&r->parser, err) || !store_begin(r->made, 0, err))
        return false;
    if (!take_all(r, err) || !stay_pseudonymous(r, err)
        || (r->o->sign && !r->o->sign(r->o->context, r->made, err))) {
        store_cancel(r->made);
        return false;
    }
    if (!store_commit(r->made, err))
        return false;
    while (more) {
        if (!store_fold(r->made, UINT32_MAX, &more, err))
            return false;
    }
    return true;
}

bool rewrite_refill(struct rewrite *w, const struct refill_options *o,
                    struct refill_report *out, struct err *err)
{
    struct refill r = {
        .w = w, .o = o, .report = out, .log_next = 1, .lock = PTHREAD_MUTEX_INITIALIZER};
    bool ok;

    *out = (struct refill_report){0};
    ok = fill(&r, err);
    store_close(r.made);
    json_parser_free(r.parser);
    arena_free(&r.arena);
    buf_free(&r.bytes);
    buf_free(&r.kept);
    buf_free(&r.packed);
    mem_free(r.erased);
    raw_free(&r.raw);
    return ok;
}
