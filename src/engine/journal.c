#include "engine/journal.h"

#include "base/json.h"
#include "base/time.h"
#include "engine/members.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define KEPT_MS (30 * 24 * 3600 * INT64_C(1000))
enum {
    ROW_BYTES = 1 << 20,
    AGAIN_MS = 3600 * 1000, /* histories are kept more often */
};

enum { MOVES, SEGMENTS, KINDS };
#define IN_SEGMENT                                                                       \
    UINT16_MAX /* in the place of a lifecycle: the move is one of engine_members */

struct noted {
    struct moved who;
    uint32_t order; /* in which it was noted */
};

struct journal {
    pthread_mutex_t lock; /* guards .noted and its numbers */
    struct noted *noted;
    uint32_t n, cap;
    struct buf lines;
    struct hash_set told; /* lines of the file that may be found again */
    uint32_t first_new;   /* chunks from this one on had no customer before */
    bool wants[KINDS];
    int64_t
        silent_ms[KINDS]; /* of those before it that are not known, nothing up to here */
    int64_t written_ms;
};

/* --- what the file has --- */

/* Since when somebody wants each kind. */
static bool find_wanted(void *context, const struct webhook_row *w)
{
    static const uint32_t what[KINDS] = {WEBHOOK_MOVES, WEBHOOK_SEGMENTS};
    int64_t *since_ms = context;

    for (int k = 0; k < KINDS; k++)
        if ((w->what & what[k]) && w->made_ms < since_ms[k])
            since_ms[k] = w->made_ms;
    return true;
}

static bool wanted_since(struct snapshot *v, int64_t since_ms[KINDS], struct err *err)
{
    since_ms[MOVES] = since_ms[SEGMENTS] = MOMENT_MAX;
    return snapshot_each_webhook(v, find_wanted, since_ms, err);
}

static bool learn_lines(struct journal *j, str lines, struct err *err)
{
    while (lines.n) {
        size_t n = (size_t)((const char *)memchr(lines.p, '\n', lines.n) - lines.p);
        bool added;

        if (!hash_set_add(&j->told, hash128_of((str){lines.p, n}), &added))
            return err_nomem(err);
        lines = str_from(lines, n + 1);
    }
    return true;
}

/* The rows that may have been told after histories were kept the last time. */
static bool learn_told(struct journal *j, struct snapshot *v, struct err *err)
{
    int64_t seq, log_seq, end, told_ms;
    struct buf b = {};
    bool ok = snapshot_from(v, INT64_MAX, &log_seq, &end, err)
              && snapshot_journal(v, end - 2, &b, &seq, &told_ms, err)
              && (!seq || snapshot_from(v, told_ms - AGAIN_MS, &log_seq, &end, err));

    for (int k = 0; ok && seq && k < KINDS; k++)
        if (told_ms > j->silent_ms[k])
            j->silent_ms[k] = told_ms;
    buf_clear(&b);
    while (ok && seq) {
        ok = snapshot_journal(v, end - 1, &b, &seq, &told_ms, err)
             && learn_lines(j, buf_str(&b), err);
        buf_clear(&b);
        end = seq + 1;
    }
    buf_free(&b);
    return ok;
}

bool journal_open(struct snapshot *v, uint32_t version, struct journal **out,
                  struct err *err)
{
    int64_t since_ms[KINDS];
    struct journal *j;

    *out = NULL;
    if (!wanted_since(v, since_ms, err))
        return false;
    if (since_ms[MOVES] == MOMENT_MAX && since_ms[SEGMENTS] == MOMENT_MAX)
        return true;
    j = mem_alloc(sizeof *j);
    if (!j)
        return err_nomem(err);
    pthread_mutex_init(&j->lock, NULL);
    for (int k = 0; k < KINDS; k++) {
        j->wants[k] = since_ms[k] != MOMENT_MAX;
        j->silent_ms[k] = since_ms[k];
    }
    if (!snapshot_history_end(v, version, &j->first_new, err) || !learn_told(j, v, err)) {
        journal_free(j);
        return false;
    }
    j->written_ms = j->silent_ms[MOVES] < j->silent_ms[SEGMENTS] ? j->silent_ms[MOVES]
                                                                 : j->silent_ms[SEGMENTS];
    if (!j->first_new)
        j->first_new = UINT32_MAX;
    *out = j;
    return true;
}

void journal_free(struct journal *j)
{
    if (!j)
        return;
    mem_free(j->noted);
    buf_free(&j->lines);
    hash_set_free(&j->told);
    pthread_mutex_destroy(&j->lock);
    mem_free(j);
}

bool journal_hear(struct journal *j, struct snapshot *v, int64_t now_ms, struct err *err)
{
    int64_t since_ms[KINDS];

    if (!wanted_since(v, since_ms, err))
        return false;
    for (int k = 0; k < KINDS; k++)
        if (since_ms[k] != MOMENT_MAX && !j->wants[k]) {
            j->wants[k] = true;
            j->silent_ms[k] = now_ms;
        }
    return true;
}

void journal_restart(struct journal *j)
{
    if (!j)
        return;
    j->n = 0;
    buf_clear(&j->lines);
    j->first_new = UINT32_MAX;
    for (int k = 0; k < KINDS; k++)
        if (j->silent_ms[k] < j->written_ms)
            j->silent_ms[k] = j->written_ms;
}

/* --- noting --- */

static bool note(struct journal *j, const struct moved *who, const struct move *move,
                 struct err *err)
{
    bool ok = true;

    pthread_mutex_lock(&j->lock);
    if (j->n == j->cap) {
        uint32_t cap = j->cap ? 2 * j->cap : 64;
        struct noted *more = mem_resize(j->noted, cap * sizeof *more);

        ok = more;
        if (ok) {
            j->noted = more;
            j->cap = cap;
        }
    }
    if (ok) {
        j->noted[j->n] = (struct noted){*who, j->n};
        j->noted[j->n++].who.move = *move;
    }
    pthread_mutex_unlock(&j->lock);
    return ok || err_nomem(err);
}

static bool is_same(const struct move *a, const struct move *b)
{
    return a->at_ms == b->at_ms && a->from == b->from && a->to == b->to;
}

bool journal_moves(struct journal *j, const struct journal_chunk *chunk,
                   const struct moved *who, const struct move *old, size_t old_n,
                   const struct move *fresh, size_t n, struct err *err)
{
    bool elsewhere = n && (!old_n || old[old_n - 1].to != fresh[n - 1].to);
    bool is_silent = j && !chunk->is_known && chunk->number < j->first_new;
    size_t i = 0;

    if (!j || !j->wants[MOVES])
        return true;
    while (i < old_n && i < n && is_same(&old[i], &fresh[i]))
        i++;
    for (; i < n; i++) {
        int64_t at_ms = fresh[i].at_ms;
        bool is_told = is_silent ? at_ms > j->silent_ms[MOVES]
                                 : at_ms > chunk->before_ms
                                       || at_ms >= chunk->now_ms - FOLLOW_LATE_MS
                                       || (i + 1 == n && elsewhere);

        if (is_told && !note(j, who, &fresh[i], err))
            return false;
    }
    return true;
}

/* The last change of the segment among n. */
static bool is_in(const struct move *change, size_t n, uint16_t segment)
{
    while (n && change[n - 1].way != segment)
        n--;
    return n && change[n - 1].to == MEMBER_IN;
}

static bool is_last(const struct move *change, size_t n, size_t i)
{
    for (size_t k = i + 1; k < n; k++)
        if (change[k].way == change[i].way)
            return false;
    return true;
}

/* Does it stand before that one? */
static bool is_earlier(const struct move *a, const struct move *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->way < b->way;
}

bool journal_members(struct journal *j, const struct journal_chunk *chunk,
                     uint32_t customer, const struct move *old, size_t old_n,
                     const struct move *fresh, size_t n, struct err *err)
{
    const struct moved who = {.customer = customer, .lifecycle = IN_SEGMENT};
    bool is_silent = j && !chunk->is_known && chunk->number < j->first_new;
    size_t was = 0;

    for (size_t i = 0; j && j->wants[SEGMENTS] && i < n; i++) {
        int64_t at_ms = fresh[i].at_ms;
        bool is_told;

        while (was < old_n && is_earlier(&old[was], &fresh[i]))
            was++;
        if (was < old_n && members_same(&old[was], &fresh[i]))
            continue;
        is_told = is_silent ? at_ms > j->silent_ms[SEGMENTS]
                            : at_ms > chunk->before_ms
                                  || at_ms >= chunk->now_ms - FOLLOW_LATE_MS
                                  || (is_last(fresh, n, i)
                                      && is_in(old, old_n, fresh[i].way)
                                             != (fresh[i].to == MEMBER_IN));
        if (is_told && !note(j, &who, &fresh[i], err))
            return false;
    }
    return true;
}

/* --- lines --- */

static int by_moment(const void *left, const void *right)
{
    const struct noted *a = left, *b = right;

    if (a->who.move.at_ms != b->who.move.at_ms)
        return a->who.move.at_ms < b->who.move.at_ms ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static void put_stage(struct json_out *out, const char *name, const struct lifecycle *l,
                      uint16_t stage)
{
    if (stage == STAGE_NONE)
        return;
    json_key(out, name);
    json_put_text(out, lifecycle_stage_name(l, stage));
}

static void print_line(struct buf *to, const struct moved *who, const struct model *m,
                       uint32_t version, const struct catalog *c)
{
    const struct lifecycle *l =
        who->lifecycle == IN_SEGMENT ? NULL : m->lifecycles[who->lifecycle];
    struct json_out out = {.to = to};
    enum id_kind kind;
    str id;

    kind = (enum id_kind)customer_key_kind(catalog_customer_key(c, who->customer), &id);
    json_begin_object(&out);
    json_key(&out, "customer");
    json_put_text(&out, id);
    json_key(&out, "kind");
    json_put_text(&out, id_kind_name(kind));
    if (!l) {
        json_key(&out, "segment");
        json_put_text(&out, m->segments->segment[who->move.way].name);
        json_key(&out, "change");
        json_put_text(&out, str_of(members_change_name(&who->move)));
    } else if (l->name.n) {
        json_key(&out, "lifecycle");
        json_put_text(&out, l->name);
    }
    if (l) {
        put_stage(&out, "from", l, who->move.from);
        put_stage(&out, "to", l, who->move.to);
    }
    json_key(&out, "at");
    json_put_int(&out, who->move.at_ms);
    json_key(&out, "model");
    json_put_int(&out, version);
    json_end_object(&out);
}

bool journal_print(struct journal *j, const struct model *m, uint32_t version,
                   const struct catalog *c, int64_t now_ms, struct err *err)
{
    size_t before = j ? j->lines.n : 0;

    if (!j)
        return true;
    if (j->n)
        qsort(j->noted, j->n, sizeof *j->noted, by_moment);
    for (uint32_t i = 0; i < j->n && !j->lines.failed; i++) {
        size_t line = j->lines.n;

        print_line(&j->lines, &j->noted[i].who, m, version, c);
        if (!j->lines.failed
            && hash_set_has(&j->told,
                            hash128_of((str){j->lines.p + line, j->lines.n - line})))
            j->lines.n = line;
        else
            buf_add_char(&j->lines, '\n');
    }
    if (j->lines.failed) { /* they are printed again */
        j->lines.failed = false;
        j->lines.n = before;
        return err_nomem(err);
    }
    j->n = 0;
    j->first_new = 0;
    hash_set_free(&j->told);
    j->told = (struct hash_set){};
    if (!j->lines.n)
        j->written_ms = now_ms;
    return true;
}

bool journal_is_empty(const struct journal *j)
{
    return !j || !j->lines.n;
}

/* --- writing --- */

static bool find_least(void *context, const struct webhook_row *w)
{
    int64_t *least = context;

    if ((w->what & (WEBHOOK_MOVES | WEBHOOK_SEGMENTS | WEBHOOK_ALERTS))
        && w->state != WEBHOOK_GONE && w->move.seq < *least)
        *least = w->move.seq;
    return true;
}

static bool trim(struct store *s, struct snapshot *v, int64_t now_ms, struct err *err)
{
    int64_t log_seq, least;

    return snapshot_from(v, now_ms - KEPT_MS, &log_seq, &least, err)
           && snapshot_each_webhook(v, find_least, &least, err)
           && store_journal_trim(s, least - 1, err);
}

bool journal_write(const struct journal *j, struct store *s, struct snapshot *v,
                   int64_t now_ms, bool trims, struct err *err)
{
    str rest = j ? buf_str(&j->lines) : STR("");

    while (rest.n) {
        size_t n = rest.n;

        if (n > ROW_BYTES) {
            const char *end = memchr(rest.p + ROW_BYTES, '\n', n - ROW_BYTES);

            n = (size_t)(end - rest.p) + 1;
        }
        if (!store_journal_add(s, now_ms, (str){rest.p, n}, err))
            return false;
        rest = str_from(rest, n);
    }
    return !j || !trims || trim(s, v, now_ms, err);
}

void journal_written(struct journal *j, int64_t now_ms)
{
    if (!j)
        return;
    buf_clear(&j->lines);
    j->written_ms = now_ms;
}
