/* select_table.c - the virtual tables: events, timelines, stages, segments.
 *
 * All of them walk over the customers in the order of their numbers, and have some rows for
 * each. Nothing is made before it is asked for: a chunk's columns are read when the query
 * looks at their first value in it, a customer is replayed when the walk comes to him. */
#include "engine/query.h"
#include "engine/select_impl.h"

#include <stdio.h>
#include <string.h>

/* Every column that has a fixed name: how it is declared, and what it means to the search. */
#define FIELDS(X)                                                                        \
    X(CUSTOMER, "customer", "text", ROLE_CUSTOMER)                                       \
    X(NUMBER, "number", "integer", ROLE_NUMBER)                                          \
    X(TS, "ts", "integer", ROLE_SECONDS)                                                 \
    X(AT_MS, "at_ms", "integer", ROLE_MS)                                                \
    X(TIME, "time", "text", ROLE_OTHER)                                                  \
    X(TYPE, "type", "text", ROLE_TYPE)                                                   \
    X(ID, "id", "text", ROLE_ID)                                                         \
    X(CHANNEL, "channel", "text", ROLE_OTHER)                                            \
    X(ACQUISITION, "acquisition", "text", ROLE_OTHER)                                    \
    X(PROPERTIES, "properties", "text hidden", ROLE_OTHER)                               \
    X(TRAITS, "traits", "text hidden", ROLE_OTHER)                                       \
    X(EVENTS, "events", "integer", ROLE_OTHER)                                           \
    X(FIRST_MS, "first_ms", "integer", ROLE_OTHER)                                       \
    X(FIRST_TIME, "first_time", "text", ROLE_OTHER)                                      \
    X(LAST_MS, "last_ms", "integer", ROLE_OTHER)                                         \
    X(LAST_TIME, "last_time", "text", ROLE_OTHER)                                        \
    X(LIFECYCLE, "lifecycle", "text", ROLE_OTHER)                                        \
    X(FROM_STAGE, "from_stage", "text", ROLE_OTHER)                                      \
    X(TO_STAGE, "to_stage", "text", ROLE_OTHER)                                          \
    X(RULE, "rule", "text", ROLE_OTHER)                                                  \
    X(UNTIL_MS, "until_ms", "integer", ROLE_OTHER)                                       \
    X(UNTIL_TIME, "until_time", "text", ROLE_OTHER)                                      \
    X(PRESENT, "present", "integer", ROLE_OTHER)                                         \
    X(SEGMENT, "segment", "text", ROLE_SEGMENT)

enum field {
#define X(name, text, type, role) FIELD_##name,
    FIELDS(X)
#undef X
};

static const struct {
    const char *name, *type;
    enum role role;
} fields[] = {
#define X(name, text, type, role) [FIELD_##name] = {text, type, role},
    FIELDS(X)
#undef X
};

enum { FIELDS_MAX = 12 };

const char *const select_names[] = {"events", "timelines", "stages", "segments",
#define X(name, text, type, role) text,
                                    FIELDS(X)
#undef X
};
const size_t select_name_n = sizeof select_names / sizeof *select_names;

struct walk;

struct kind {
    const char *name;
    enum field field[FIELDS_MAX];
    int field_n;             /* those behind the wide columns counted too */
    int behind;              /* how many of them stand there */
    bool properties, traits; /* has columns for them */
    bool once;               /* each event of the file */
    bool several;            /* stages: of a model with several lifecycles */
    /* At w->t: which rows the customer has. */
    bool (*rows)(struct walk *w, struct err *err);
};

struct table {
    sqlite3_vtab base;
    const struct kind *kind;
    struct scope *scope;
    struct wide wide;
    enum role role[FIELDS_MAX];
};

struct moves_at {
    const struct lifecycle *lifecycle;
    const struct move *move;
    bool last; /* the lifecycle's */
};

struct walk {
    sqlite3_vtab_cursor base;
    struct span span;
    uint32_t customer;         /* span.to: the end */
    const struct chunk *chunk; /* his; NULL: none yet */
    struct chunk *own; /* it, when it is without the members' events of its accounts */
    struct timeline t;
    uint32_t row, row_n; /* of the customer; events: places in the timeline */
    struct reading reading;
    struct move *move; /* stages: lifecycle by lifecycle, from its place in .first on */
    size_t move_cap;
    uint32_t first[LIFECYCLES_MAX + 1];
    uint32_t *member; /* segments: places in the model */
};

static struct table *table_of(const struct walk *w)
{
    return (struct table *)w->base.pVtab;
}

static struct scope *scope_of(const struct walk *w)
{
    return table_of(w)->scope;
}

/* --- the rows of a customer --- */

/* The first event of the timeline that is not before at_ms. */
static uint32_t first_from(const struct timeline *t, int64_t at_ms)
{
    uint32_t low = 0, high = t->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (t->at_ms[middle] < at_ms)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool event_rows(struct walk *w, [[maybe_unused]] struct err *err)
{
    const struct span *s = &w->span;

    w->row = s->from_ms == INT64_MIN ? 0 : first_from(&w->t, s->from_ms);
    w->row_n = s->to_ms == INT64_MAX ? w->t.n : first_from(&w->t, s->to_ms + 1);
    return true;
}

static bool timeline_rows(struct walk *w, [[maybe_unused]] struct err *err)
{
    w->row_n = w->t.n != 0;
    return true;
}

/* Behind those that are there: other walks of the query replay customers of their own. */
static bool keep_moves(struct walk *w, const struct beside *moves, struct err *err)
{
    size_t n = w->row_n + moves->n;

    if (n > w->move_cap) {
        struct move *more = mem_resize(w->move, 2 * n * sizeof *more);

        if (!more)
            return err_nomem(err);
        w->move = more;
        w->move_cap = 2 * n;
    }
    if (moves->n)
        memcpy(w->move + w->row_n, moves->move, moves->n * sizeof *moves->move);
    return true;
}

static bool stage_rows(struct walk *w, struct err *err)
{
    struct scope *s = scope_of(w);
    const struct model *m = s->model;

    if (!scope_replay(s, &w->t, err))
        return false;
    w->row_n = 0;
    for (uint32_t i = 0; i < m->lifecycle_n; i++) {
        const struct beside *moves = &lives_moves(s->lives)[i];

        w->first[i] = w->row_n;
        if (!keep_moves(w, moves, err))
            return false;
        w->row_n += (uint32_t)moves->n;
    }
    w->first[m->lifecycle_n] = w->row_n;
    return true;
}

static bool segment_rows(struct walk *w, struct err *err)
{
    struct scope *s = scope_of(w);

    if (!w->member)
        w->member =
            mem_alloc(((size_t)s->model->segments->segment_n + 1) * sizeof *w->member);
    if (!w->member)
        return err_nomem(err);
    return scope_members(s, &w->span, &w->t, w->member, &w->row_n, err);
}

/* --- walking --- */

static void let_go(struct walk *w)
{
    chunk_free(w->own);
    if (w->chunk && !w->own)
        scope_let_go(scope_of(w), w->chunk->customer_first / CHUNK_CUSTOMERS);
    w->chunk = w->own = NULL;
}

/* Of the chunk of a customer: an event is a row once, as its customer's. */
static bool open_chunk(struct walk *w, struct err *err)
{
    struct scope *s = scope_of(w);
    uint32_t k = w->customer / CHUNK_CUSTOMERS;

    if (!table_of(w)->kind->once || !snapshot_has_accounts(s->snapshot, k))
        return scope_chunk(s, k, &w->chunk, err);
    if (!snapshot_own_chunk(s->snapshot, k, &w->own, err))
        return false;
    w->chunk = w->own;
    return true;
}

/* To the walk's customer. */
static bool turn(struct walk *w, struct err *err)
{
    struct scope *s = scope_of(w);

    w->row = w->row_n = 0;
    if (!w->chunk || w->customer - w->chunk->customer_first >= w->chunk->customer_n) {
        let_go(w);
        if (!open_chunk(w, err))
            return false;
        reading_turn(&w->reading, s, w->chunk);
    }
    w->t = timeline_of(w->chunk, w->customer);
    return table_of(w)->kind->rows(w, err);
}

/* To the first customer from w->customer on that may have rows. */
static bool turn_to_next(struct walk *w, struct err *err)
{
    while (w->customer < w->span.to && !span_wants(&w->span, scope_of(w), w->customer))
        w->customer++;
    return w->customer >= w->span.to || turn(w, err);
}

/* From w->row on, to the first row that is wanted, over to other customers if need be. */
static bool settle(struct walk *w, struct err *err)
{
    const bool *wanted = w->span.type;

    while (w->customer < w->span.to) {
        while (wanted && w->row < w->row_n && !wanted[w->t.type[w->row]])
            w->row++;
        if (w->row < w->row_n)
            return true;
        w->customer++;
        if (!turn_to_next(w, err))
            return false;
    }
    return true;
}

static int fail(sqlite3_vtab *base, const struct err *err)
{
    struct table *t = (struct table *)base;

    t->scope->err = *err;
    sqlite3_free(base->zErrMsg);
    base->zErrMsg = sqlite3_mprintf("%s", err->msg);
    return err->code == ERR_NOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
}

static int walk_next(sqlite3_vtab_cursor *base)
{
    struct walk *w = (struct walk *)base;
    struct err err;

    w->row++;
    return settle(w, &err) ? SQLITE_OK : fail(base->pVtab, &err);
}

static int walk_filter(sqlite3_vtab_cursor *base, [[maybe_unused]] int number,
                       const char *plan, int value_n, sqlite3_value **value)
{
    struct walk *w = (struct walk *)base;
    struct err err;
    bool ok = span_read(&w->span, scope_of(w), plan, value_n, value, &err);

    w->customer = w->span.from;
    if (ok && w->span.from_ms > w->span.to_ms)
        w->span.to = w->customer;
    if (table_of(w)->kind->rows == segment_rows)
        ok = ok && scope_scan(scope_of(w), &w->span, &err);
    ok = ok && turn_to_next(w, &err) && settle(w, &err);
    return ok ? SQLITE_OK : fail(base->pVtab, &err);
}

static int walk_eof(sqlite3_vtab_cursor *base)
{
    const struct walk *w = (const struct walk *)base;

    return w->customer >= w->span.to;
}

static int walk_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    const struct walk *w = (const struct walk *)base;

    *out = (int64_t)w->customer << 32 | w->row;
    return SQLITE_OK;
}

static int walk_open([[maybe_unused]] sqlite3_vtab *base, sqlite3_vtab_cursor **out)
{
    struct walk *w = mem_alloc(sizeof *w);

    if (!w)
        return SQLITE_NOMEM;
    *out = &w->base;
    return SQLITE_OK;
}

static int walk_close(sqlite3_vtab_cursor *base)
{
    struct walk *w = (struct walk *)base;

    let_go(w);
    span_free(&w->span);
    reading_free(&w->reading);
    mem_free(w->move);
    mem_free(w->member);
    mem_free(w);
    return SQLITE_OK;
}

/* --- columns --- */

/* Of what lives as long as the query. */
static void give_name(sqlite3_context *to, str name)
{
    sqlite3_result_text64(to, name.p, name.n, SQLITE_STATIC, SQLITE_UTF8);
}

/* The wall clock of the workspace, as SQLite writes one. */
static void give_time(sqlite3_context *to, const struct scope *s, int64_t at_ms)
{
    struct civil c = civil_of(zone_local(s->model->workspace.zone, at_ms));
    char text[64];
    int n = snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month,
                     c.day, c.hour, c.minute, c.second);

    if (c.ms)
        n += snprintf(text + n, sizeof text - (size_t)n, ".%03d", c.ms);
    sqlite3_result_text(to, text, n, SQLITE_TRANSIENT);
}

/* The row's move, and the lifecycle that it is in. */
static struct moves_at move_at(const struct walk *w)
{
    uint32_t i = 0;

    while (w->row >= w->first[i + 1])
        i++;
    return (struct moves_at){scope_of(w)->model->lifecycles[i], &w->move[w->row],
                             w->row + 1 == w->first[i + 1]};
}

static const struct move *move_of(const struct walk *w)
{
    return move_at(w).move;
}

static void give_stage(sqlite3_context *to, const struct walk *w, uint16_t stage)
{
    if (stage != STAGE_NONE)
        give_name(to, move_at(w).lifecycle->stage[stage].name);
}

static int64_t seconds_of(int64_t at_ms)
{
    return at_ms / MS_SECOND - (at_ms % MS_SECOND < 0);
}

static int64_t moment_of(const struct walk *w)
{
    return table_of(w)->kind->rows == event_rows ? w->t.at_ms[w->row] : move_of(w)->at_ms;
}

static bool give_id(struct walk *w, sqlite3_context *to, struct err *err)
{
    const str *id;

    if (!chunk_message_ids(w->t.chunk, &id, err))
        return false;
    id += w->t.first + w->row;
    sqlite3_result_text64(to, id->p, id->n, SQLITE_TRANSIENT, SQLITE_UTF8);
    return true;
}

static void give_way(struct walk *w, sqlite3_context *to)
{
    const struct lifecycle *l = move_at(w).lifecycle;
    uint16_t way = move_of(w)->way;

    if (way != WAY_START && way != WAY_OUT)
        give_name(to, l->way[way].text);
    else if (l->has_for)
        give_name(to, l->for_text);
}

/* The traits of an event, or a customer's as they stand. */
static bool give_traits(struct walk *w, sqlite3_context *to, struct err *err)
{
    struct scope *s = scope_of(w);
    struct arena a = {};
    struct buf b = {};
    const struct property *trait;
    uint32_t n;
    bool ok;

    if (table_of(w)->kind->rows == event_rows)
        return reading_json(&w->reading, s, true, w->t.first + w->row, to, err);
    ok = engine_traits(s->engine, w->customer, MOMENT_MAX, &a, &trait, &n, err);
    if (ok)
        properties_put_json(&(struct json_out){.to = &b}, trait, n);
    ok = ok && (!b.failed || err_nomem(err));
    if (ok)
        sqlite3_result_text64(to, b.p, b.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    buf_free(&b);
    arena_free(&a);
    return ok;
}

/* The event's channel. */
static bool give_channel(const struct walk *w, sqlite3_context *to, struct err *err)
{
    const struct channels *channels = scope_of(w)->model->channels;
    const struct origins *o;
    uint8_t channel;

    if (!channels_of(channels, w->t.chunk, &o, err))
        return false;
    channel = o->channel[w->t.first + w->row];
    if (channel)
        give_name(to, channels_name(channels, channel - 1U));
    return true;
}

/* What is known of how the customer came, as a JSON object; nothing when nothing is. */
static bool give_acquisition(const struct walk *w, sqlite3_context *to, struct err *err)
{
    struct buf b = {};
    struct json_out json = {.to = &b};
    const struct origins *o;
    uint32_t at;

    if (!channels_of(scope_of(w)->model->channels, w->t.chunk, &o, err))
        return false;
    at = acquired_from(o, w->t.first);
    if (at == o->acquired_n || o->acquired[at].event >= w->t.first + w->t.n)
        return true;
    json_begin_object(&json);
    for (size_t i = 0; i < ACQUISITIONS_END; i++) {
        uint32_t word = o->acquired[at].word[i];

        if (word == WORD_NONE)
            continue;
        json_key_str(&json, acquisition_name((enum acquisition)i));
        json_put_text(&json, o->word[word]);
    }
    json_end_object(&json);
    if (!b.failed)
        sqlite3_result_text64(to, b.p, b.n, SQLITE_TRANSIENT, SQLITE_UTF8);
    at = b.failed;
    buf_free(&b);
    return !at || err_nomem(err);
}

static bool give_field(struct walk *w, enum field field, sqlite3_context *to,
                       struct err *err)
{
    const struct scope *s = scope_of(w);

    switch (field) {
    case FIELD_CUSTOMER:
        give_name(to, catalog_customer_id(s->catalog, w->customer));
        return true;
    case FIELD_NUMBER:
        sqlite3_result_int64(to, w->customer);
        return true;
    case FIELD_TS:
        sqlite3_result_int64(to, seconds_of(moment_of(w)));
        return true;
    case FIELD_AT_MS:
        sqlite3_result_int64(to, moment_of(w));
        return true;
    case FIELD_TIME:
        give_time(to, s, moment_of(w));
        return true;
    case FIELD_TYPE:
        give_name(to, text_table_get(&s->catalog->type, w->t.type[w->row]));
        return true;
    case FIELD_ID:
        return give_id(w, to, err);
    case FIELD_CHANNEL:
        return give_channel(w, to, err);
    case FIELD_ACQUISITION:
        return give_acquisition(w, to, err);
    case FIELD_PROPERTIES:
        return reading_json(&w->reading, s, false, w->t.first + w->row, to, err);
    case FIELD_TRAITS:
        return give_traits(w, to, err);
    case FIELD_EVENTS:
        sqlite3_result_int64(to, w->t.n);
        return true;
    case FIELD_FIRST_MS:
        sqlite3_result_int64(to, w->t.at_ms[0]);
        return true;
    case FIELD_FIRST_TIME:
        give_time(to, s, w->t.at_ms[0]);
        return true;
    case FIELD_LAST_MS:
        sqlite3_result_int64(to, w->t.at_ms[w->t.n - 1]);
        return true;
    case FIELD_LAST_TIME:
        give_time(to, s, w->t.at_ms[w->t.n - 1]);
        return true;
    case FIELD_FROM_STAGE:
        give_stage(to, w, move_of(w)->from);
        return true;
    case FIELD_TO_STAGE:
        give_stage(to, w, move_of(w)->to);
        return true;
    case FIELD_LIFECYCLE:
        give_name(to, move_at(w).lifecycle->name);
        return true;
    case FIELD_RULE:
        give_way(w, to);
        return true;
    case FIELD_UNTIL_MS:
        if (!move_at(w).last)
            sqlite3_result_int64(to, move_of(w)[1].at_ms);
        return true;
    case FIELD_UNTIL_TIME:
        if (!move_at(w).last)
            give_time(to, s, move_of(w)[1].at_ms);
        return true;
    case FIELD_PRESENT:
        sqlite3_result_int(to, move_at(w).last && move_of(w)->to != STAGE_NONE);
        return true;
    case FIELD_SEGMENT:
        give_name(to, s->model->segments->segment[w->member[w->row]].name);
        return true;
    }
    return true;
}

static bool give_wide(struct walk *w, uint32_t column, sqlite3_context *to,
                      struct err *err)
{
    const struct table *t = table_of(w);
    const struct wide_column *c = &t->wide.column[column];
    uint32_t first = w->t.first;

    if (t->kind->rows == event_rows)
        return reading_cell(&w->reading, t->scope, c, first + w->row, to, err);
    return reading_last(&w->reading, t->scope, c, first, first + w->t.n, to, err);
}

static int walk_column(sqlite3_vtab_cursor *base, sqlite3_context *to, int column)
{
    struct walk *w = (struct walk *)base;
    const struct table *t = table_of(w);
    int wide_first = t->kind->field_n - t->kind->behind, wide_n = (int)t->wide.n;
    struct err err;
    bool ok;

    if (column >= wide_first && column < wide_first + wide_n) {
        ok = give_wide(w, (uint32_t)(column - wide_first), to, &err);
    } else {
        if (column >= wide_first)
            column -= wide_n;
        ok = give_field(w, t->kind->field[column], to, &err);
    }
    if (ok)
        return SQLITE_OK;
    t->scope->err = err;
    sqlite3_result_error(to, err.msg, -1);
    return SQLITE_ERROR;
}

/* --- tables --- */

static const struct kind kinds[] = {
    {
        .name = "events",
        .field = {FIELD_CUSTOMER, FIELD_NUMBER, FIELD_TS, FIELD_AT_MS, FIELD_TIME,
                  FIELD_TYPE, FIELD_ID, FIELD_CHANNEL, FIELD_PROPERTIES, FIELD_TRAITS},
        .field_n = 10,
        .behind = 2,
        .properties = true,
        .traits = true,
        .once = true,
        .rows = event_rows,
    },
    {
        .name = "timelines",
        .field = {FIELD_CUSTOMER, FIELD_NUMBER, FIELD_EVENTS, FIELD_FIRST_MS,
                  FIELD_FIRST_TIME, FIELD_LAST_MS, FIELD_LAST_TIME, FIELD_ACQUISITION,
                  FIELD_TRAITS},
        .field_n = 9,
        .behind = 1,
        .traits = true,
        .rows = timeline_rows,
    },
    {
        .name = "stages",
        .field = {FIELD_CUSTOMER, FIELD_NUMBER, FIELD_TS, FIELD_AT_MS, FIELD_TIME,
                  FIELD_FROM_STAGE, FIELD_TO_STAGE, FIELD_RULE, FIELD_UNTIL_MS,
                  FIELD_UNTIL_TIME, FIELD_PRESENT},
        .field_n = 11,
        .rows = stage_rows,
    },
    {
        .name = "stages",
        .field = {FIELD_CUSTOMER, FIELD_NUMBER, FIELD_TS, FIELD_AT_MS, FIELD_TIME,
                  FIELD_LIFECYCLE, FIELD_FROM_STAGE, FIELD_TO_STAGE, FIELD_RULE,
                  FIELD_UNTIL_MS, FIELD_UNTIL_TIME, FIELD_PRESENT},
        .field_n = 12,
        .several = true,
        .rows = stage_rows,
    },
    {
        .name = "segments",
        .field = {FIELD_CUSTOMER, FIELD_NUMBER, FIELD_SEGMENT},
        .field_n = 3,
        .rows = segment_rows,
    },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static bool declare(sqlite3 *db, struct table *t, struct err *err)
{
    const struct kind *k = t->kind;
    const char *name[FIELDS_MAX];
    struct buf b = {};
    int rc = SQLITE_NOMEM;

    for (int i = 0; i < k->field_n; i++)
        name[i] = fields[k->field[i]].name;
    if (!wide_new(&t->wide, t->scope->catalog, k->properties, k->traits, name, k->field_n,
                  sqlite3_limit(db, SQLITE_LIMIT_COLUMN, -1), err))
        return false;
    buf_add(&b, STR("create table x ("));
    for (int i = 0; i < k->field_n; i++) {
        if (i == k->field_n - k->behind)
            buf_add(&b, buf_str(&t->wide.declaration));
        buf_add_format(&b, "%s\"%s\" %s", i ? ", " : "", name[i],
                       fields[k->field[i]].type);
    }
    buf_add(&b, STR(")"));
    buf_add_char(&b, 0);
    if (!b.failed)
        rc = sqlite3_declare_vtab(db, b.p);
    buf_free(&b);
    if (rc == SQLITE_NOMEM)
        return err_nomem(err);
    return rc == SQLITE_OK
           || err_set(err, ERR_CORRUPT, "the columns of %s: %s", k->name,
                      sqlite3_errmsg(db));
}

static int table_disconnect(sqlite3_vtab *base)
{
    struct table *t = (struct table *)base;

    wide_free(&t->wide);
    mem_free(t);
    return SQLITE_OK;
}

/* What a table is made with. */
struct source {
    const struct kind *kind;
    struct scope *scope;
};

static int table_connect(sqlite3 *db, void *context, [[maybe_unused]] int n,
                         [[maybe_unused]] const char *const *word, sqlite3_vtab **out,
                         char **why)
{
    const struct source *from = context;
    struct table *t = mem_alloc(sizeof *t);
    struct err err;

    if (!t)
        return SQLITE_NOMEM;
    t->kind = from->kind;
    t->scope = from->scope;
    for (int i = 0; i < t->kind->field_n - t->kind->behind; i++)
        t->role[i] = fields[t->kind->field[i]].role;
    if (!declare(db, t, &err)) {
        t->scope->err = err;
        *why = sqlite3_mprintf("%s", err.msg);
        table_disconnect(&t->base);
        return err.code == ERR_NOMEM ? SQLITE_NOMEM : SQLITE_ERROR;
    }
    *out = &t->base;
    return SQLITE_OK;
}

static int table_plan(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct table *t = (const struct table *)base;

    return span_plan(info, t->role, t->kind->field_n - t->kind->behind,
                     t->scope->catalog);
}

/* Without xCreate: they are there by their names alone, and nobody can make or drop one. */
static const sqlite3_module module = {
    .iVersion = 1,
    .xConnect = table_connect,
    .xBestIndex = table_plan,
    .xDisconnect = table_disconnect,
    .xOpen = walk_open,
    .xClose = walk_close,
    .xFilter = walk_filter,
    .xNext = walk_next,
    .xEof = walk_eof,
    .xColumn = walk_column,
    .xRowid = walk_rowid,
};

bool select_tables(sqlite3 *db, struct scope *s, struct err *err)
{
    bool several = s->model->lifecycle_n > 1;

    for (int i = 0; i < KINDS; i++) {
        struct source *from;

        if (kinds[i].rows == stage_rows && kinds[i].several != several)
            continue;
        from = mem_alloc(sizeof *from);
        if (!from)
            return err_nomem(err);
        *from = (struct source){&kinds[i], s};
        if (sqlite3_create_module_v2(db, kinds[i].name, &module, from, mem_free)
            != SQLITE_OK)
            return err_nomem(err);
    }
    return true;
}
