/* store.h - the data file: one SQLite file that holds the log of events as the truth, the
 * timelines in columns made from it, the model's versions, and what was refused.
 *
 * One process opens it for writing (others get ERR_CONFLICT); any number read. Everything
 * between store_begin and store_commit is there wholly or not at all. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/bits.h"
#include "base/io.h"
#include "base/secret.h"
#include "store/catalog.h"
#include "store/timeline.h"

struct store;

/* Who says on whose timeline events stand: what opening, rebuilding and proving a file ask when
 * they make it out of its log. An event belongs to its anchor (event.customer), whose home is the
 * customer on whose timeline it stands. Both are keys. One call at a time, of any thread. */
struct store_owner {
    bool (*begin)(void *context, struct err *err); /* nothing was given yet */
    /* Each event of the log once, in any order. */
    bool (*give)(void *context, const struct event *e, struct err *err);
    /* After all were given. Borrowed until the next call. */
    bool (*home)(void *context, str anchor, str *home, struct err *err);
    /* What store_graph_replace keeps: a function of what was given. */
    bool (*bytes)(void *context, struct buf *to, struct err *err);
    void (*end)(void *context);
    void *context;
    /* After all were given, for a proof: each row that store_graph_add or store_graph_replace kept,
     * in their order (ERR_CORRUPT: it is none), then whether they say what was given. NULL: nobody
     * knows. */
    bool (*take)(void *context, str bytes, struct err *err);
    bool (*same)(void *context, bool *same, struct err *err);
};

enum store_mode { STORE_READ, STORE_WRITE };
struct store_options {
    enum store_mode mode;
    size_t memory_bytes; /* what may be held in memory, about; 0: half of the machine's */
    const struct store_owner *owner; /* NULL: each anchor is its own home */
};

/* Makes a new file and opens it for writing; ERR_CONFLICT when something stands there. */
[[nodiscard]] bool store_create(struct io *io, str path, size_t memory_bytes,
                                struct store **out, struct err *err);
/* A file of another program, or of a newer version, is ERR_INPUT with words; none at all is
 * ERR_NOT_FOUND. */
[[nodiscard]] bool store_open(struct io *io, str path, const struct store_options *o,
                              struct store **out, struct err *err);
/* Which key hides the ids in it (event/pseudonym.h): its fingerprint; 0: they stand as they came.
 * It is said once, of a file that nothing came into. */
int64_t store_pseudonym(const struct store *s);
bool store_make_pseudonymous(struct store *s, int64_t fingerprint, struct err *err);
/* After its snapshots. */
void store_close(struct store *s);

/* --- reading: what the file held at one moment ---
 *
 * Of a store that is open for writing that is the last commit; of one that is open for reading
 * the moment of its opening, whatever another process commits meanwhile. Any thread may take
 * and use snapshots, each chunk of one by one thread at a time. */
struct snapshot;
[[nodiscard]] bool store_snapshot(struct store *s, struct snapshot **out,
                                  struct err *err);
void snapshot_close(struct snapshot *v);
/* Of it only the catalog is asked any more: what it stood at no longer holds up SQLite's log. */
void snapshot_end(struct snapshot *v);
/* Whether a snapshot taken now would show the same, but for histories. */
bool snapshot_is_latest(const struct snapshot *v);
const struct catalog *snapshot_catalog(const struct snapshot *v);
uint32_t snapshot_chunk_count(const struct snapshot *v);
uint32_t snapshot_chunk_events(const struct snapshot *v, uint32_t chunk);
/* Another whenever what stands in the chunk is; of no meaning beyond this open store. */
uint64_t snapshot_chunk_version(const struct snapshot *v, uint32_t chunk);
/* As many events of a customer are the same as long as he was not told again: some of his events
 * then went to others' timelines. Commits that add events or tell some again are numbered. */
int64_t snapshot_seq(const struct snapshot *v);
/* The number of the last commit that told a customer of the chunk again; 0: none ever did. */
int64_t snapshot_told_seq(const struct snapshot *v, uint32_t chunk);
/* Who of the chunk was told again since a commit, which is not newer than this snapshot; *all
 * when only that somebody was is still known. */
void snapshot_told(const struct snapshot *v, uint32_t chunk, int64_t since_seq,
                   bool is[CHUNK_CUSTOMERS], bool *all);
/* Borrowed until it is released as often as it was asked for. */
bool snapshot_chunk(struct snapshot *v, uint32_t chunk, const struct chunk **out,
                    struct err *err);
void snapshot_release(struct snapshot *v, uint32_t chunk);
/* The same for questions about everybody, in one or two halves: the chunk as it stood some commits ago,
 * whose columns and what is derived from them outlast many commits, and all that its customers have who
 * were touched since. Each customer is to be looked at in the half whose `who` has him; both have room
 * for all. Who is in neither has no events. */
struct halves {
    struct half {
        struct chunk *chunk;
        struct bits who;
    } half[2];
    uint32_t n;
};
bool snapshot_halves(struct snapshot *v, uint32_t chunk, struct halves *out,
                     struct err *err);
/* Before the snapshot is closed. */
void halves_free(struct halves *h);
/* How many events each of its customers has, without his members'. *has_news: they are to be merged with what was folded
 * before, which snapshot_chunk does for all of them. */
struct chunk_counts {
    uint32_t customer_n, event[CHUNK_CUSTOMERS];
    bool has_news;
};
bool snapshot_counts(struct snapshot *v, uint32_t chunk, struct chunk_counts *out,
                     struct err *err);
/* All of a chunk's events lie between the two moments, both included; nothing is read for it. */
void snapshot_span(const struct snapshot *v, uint32_t chunk, int64_t *first_ms,
                   int64_t *last_ms);
/* A chunk of one customer alone, without a copy of the others; chunk_free before the snapshot
 * is closed. */
bool snapshot_customer(struct snapshot *v, uint32_t customer, struct chunk **out,
                       struct err *err);
/* An account's timeline holds its members' events too. Here are the same chunks without them, so that
 * each event of the file stands in one chunk, once; chunk_free before the snapshot is closed. */
bool snapshot_own_chunk(struct snapshot *v, uint32_t chunk, struct chunk **out,
                        struct err *err);
bool snapshot_own(struct snapshot *v, uint32_t customer, struct chunk **out,
                  struct err *err);
/* Whether some of the chunk's customers are accounts. */
bool snapshot_has_accounts(const struct snapshot *v, uint32_t chunk);
/* On whose timeline the events of the anchor with this number stand: his own, mostly. */
bool snapshot_home(struct snapshot *v, uint32_t number, uint32_t *home, struct err *err);
/* The anchors whose home this is, himself too when he is one of them: ascending, in `a`. */
bool snapshot_anchors(struct snapshot *v, uint32_t home, struct arena *a,
                      const uint32_t **out, uint32_t *n, struct err *err);
/* Whose events an account's timeline also holds; and the accounts whose members' homes this is.
 * Ascending, in `a`; an account that has nothing of its own is no customer, and not among them. */
bool snapshot_members(struct snapshot *v, uint32_t account, struct arena *a,
                      const uint32_t **out, uint32_t *n, struct err *err);
bool snapshot_accounts(struct snapshot *v, uint32_t member, struct arena *a,
                       const uint32_t **out, uint32_t *n, struct err *err);
struct store_facts {
    uint64_t events, refused;
    uint32_t
        customers; /* who have events; others of the catalog stand on their timelines */
    int64_t first_ms, last_ms; /* of the events; MOMENT_NEVER when there is none */
};
struct store_facts snapshot_facts(const struct snapshot *v);
struct model_version {
    uint32_t version;
    int64_t applied_ms;
    str author; /* empty: not known */
    str text;
};
/* The newest; ERR_NOT_FOUND when there is none. Lives in `a`. */
bool snapshot_model_latest(struct snapshot *v, struct arena *a, struct model_version *out,
                           struct err *err);
/* Walks all versions, oldest first; stops when `each`, which may not ask the snapshot, returns
 * false. Texts are borrowed. */
bool snapshot_each_model(struct snapshot *v,
                         bool (*each)(void *context, const struct model_version *m),
                         void *context, struct err *err);
/* Appends what store_history_put kept last for the chunk; *there is false when it kept nothing,
 * or that of another version of the model. */
bool snapshot_history(struct snapshot *v, uint32_t chunk, uint32_t model, struct buf *to,
                      bool *there, struct err *err);
/* One more than the last chunk that it kept something of for this version; 0: of none. */
bool snapshot_history_end(struct snapshot *v, uint32_t model, uint32_t *end,
                          struct err *err);
/* What a key of the doors may do; each is all that it may do but ADMIN, which is everything, and
 * EDIT, which is READ too. The numbers stand in the file. */
enum key_right { KEY_COLLECT, KEY_READ, KEY_EDIT, KEY_ADMIN };
enum { KEY_RIGHTS = KEY_ADMIN + 1, KEY_NAME_MAX = 64, KEY_RATE_MAX = 10 * 1000 * 1000 };
struct key_row {
    uint32_t number; /* from 1 */
    str name;        /* up to KEY_NAME_MAX bytes */
    enum key_right right;
    uint32_t rate;               /* a second; 0: as many as come */
    int64_t made_ms, revoked_ms; /* MOMENT_NEVER: it is not */
    struct secret_hash hash;     /* of the secret, which is not kept */
};
/* Walks all keys, the revoked ones too, in the order of their numbers; stops when `each` returns
 * false. */
bool snapshot_each_key(struct snapshot *v,
                       bool (*each)(void *context, const struct key_row *k),
                       void *context, struct err *err);
/* Walks what store_receipt_add kept, from 1; stops when `each` returns false. */
bool snapshot_each_receipt(struct snapshot *v,
                           bool (*each)(void *context, uint32_t number, str bytes),
                           void *context, struct err *err);
/* Where what happens is sent. */
enum webhook_state { WEBHOOK_ON, WEBHOOK_PAUSED, WEBHOOK_GONE };
enum {
    WEBHOOK_EVENTS = 1,
    WEBHOOK_MOVES = 2,
    WEBHOOK_SEGMENTS = 4,
    WEBHOOK_ALERTS = 8,
    WEBHOOK_ALL = 15
};                                                         /* .what */
enum { WEBHOOK_PLAIN_HTTP = 1, WEBHOOK_PRIVATE_HOST = 2 }; /* .allows */
enum { WEBHOOK_NAME_MAX = 64, WEBHOOK_URL_MAX = 2048, WEBHOOK_FILTERS_MAX = 100 };
struct webhook_place {
    int64_t seq;   /* of a row: of the log, or of the journal */
    uint32_t line; /* the first in it that was not delivered, from 0 */
};
struct webhook_row {
    uint32_t number; /* from 1 */
    enum webhook_state state;
    uint32_t what, allows;
    str name, url;
    unsigned char secret[SECRET_BYTES];
    /* Events of these types alone, moves into these stages, who enters or leaves these
     * segments; or all. */
    const str *type, *stage, *segment;
    uint32_t type_n, stage_n, segment_n;
    int64_t made_ms;
    struct webhook_place event, move;
    int64_t failing_ms,
        last_ms;          /* since when; of the last answer; MOMENT_NEVER: neither */
    uint32_t last_status; /* of HTTP; 0: there was no answer */
};
/* Walks all of them in the order of their numbers; stops when `each`, which may not ask the
 * snapshot, returns false. Texts are borrowed. */
bool snapshot_each_webhook(struct snapshot *v,
                           bool (*each)(void *context, const struct webhook_row *w),
                           void *context, struct err *err);
/* What a day of a channel, or of a campaign of it, cost, as somebody told it. */
enum { SPEND_NAME_MAX = 200, SPEND_ROWS_MAX = 4096, SPEND_DAYS = 2932897 };
struct spend_row {
    int32_t day; /* of the calendar, since 1970: less than SPEND_DAYS, the year 10000 */
    char currency[4];
    int64_t minor;
    str source, channel,
        campaign; /* each up to SPEND_NAME_MAX bytes; source and campaign may be
                                      empty: who tells it is one, it is of no campaign */
};
/* Not too long, UTF-8, and without control characters. */
bool spend_name_is_valid(str name);
/* Walks all that store_spend_add kept, oldest first; stops when `each`, which may not ask the
 * snapshot, returns false. Texts are borrowed. */
bool snapshot_each_spend(struct snapshot *v,
                         bool (*each)(void *context, int64_t told_ms,
                                      const struct spend_row *row),
                         void *context, struct err *err);
/* What somebody keeps by a name: a question of a report, a list of those, an alert of one; a
 * currency's rates of a year; and a fitted model, by the last day that it knows. */
enum saved_kind {
    SAVED_VIEW,
    SAVED_DASHBOARD,
    SAVED_ALERT,
    SAVED_RATES,
    SAVED_FIT,
    SAVED_KINDS
};
enum { SAVED_NAME_MAX = 64, SAVED_TEXT_MAX = 16384 };
struct saved_row {
    uint32_t number; /* from 1 */
    enum saved_kind kind;
    int64_t made_ms;
    str name, author; /* up to SAVED_NAME_MAX bytes; nobody may know who made it */
    str text, state;  /* up to SAVED_TEXT_MAX bytes; an alert alone has a state */
};
/* Neither empty nor too long, UTF-8, and without control characters. */
bool saved_name_is_valid(str name);
/* Walks all of them in the order of their numbers; stops when `each`, which may not ask the
 * snapshot, returns false. Texts are borrowed. */
bool snapshot_each_saved(struct snapshot *v,
                         bool (*each)(void *context, const struct saved_row *row),
                         void *context, struct err *err);
/* The first row of the journal behind `after`: appends its lines. *seq is 0 when there is none. */
bool snapshot_journal(struct snapshot *v, int64_t after, struct buf *to, int64_t *seq,
                      int64_t *told_ms, struct err *err);
/* The first rows of both that came at from_ms or later; those to come when there is none. */
bool snapshot_from(struct snapshot *v, int64_t from_ms, int64_t *log_seq,
                   int64_t *journal_seq, struct err *err);
/* The same of the log: events in Segment's form, a line each. */
bool snapshot_log(struct snapshot *v, int64_t after, struct buf *to, int64_t *seq,
                  int64_t *received_ms, struct err *err);
struct refusal {
    str source; /* file name */
    uint64_t line;
    str reason;
    str text; /* what came, cut at 256 KiB */
    int64_t
        at_ms; /* when it was refused, which store_refuse knows; MOMENT_NEVER: before files
                      of this format kept that */
};
/* Walks everything refused, oldest first; stops when `each` returns false. */
bool snapshot_each_refused(struct snapshot *v,
                           bool (*each)(void *context, const struct refusal *r),
                           void *context, struct err *err);
/* Behind so many rows of that batch. Zeroed: before all. */
struct refused_place {
    int64_t batch;
    uint64_t row;
};
/* Likewise, from a place on; *at is behind the last row that `each` was given. */
bool snapshot_refused_from(struct snapshot *v, struct refused_place *at,
                           bool (*each)(void *context, const struct refusal *r),
                           void *context, struct err *err);
/* Walks what store_graph_add kept, oldest first; stops when `each` returns false. */
bool snapshot_each_graph(struct snapshot *v, bool (*each)(void *context, str bytes),
                         void *context, struct err *err);
/* Walks the log's events in order of arrival, parsed anew from the log. */
bool snapshot_each_logged(struct snapshot *v,
                          bool (*each)(void *context, int64_t received_ms,
                                       const struct event *e),
                          void *context, struct err *err);

/* How large the file is, with its log beside it. */
uint64_t store_file_bytes(const struct store *s);

/* --- writing: one thread --- */

/* The writer's own, with what is not committed. */
const struct catalog *store_catalog(const struct store *s);
/* `now_ms` is the time of receipt. */
[[nodiscard]] bool store_begin(struct store *s, int64_t now_ms, struct err *err);
/* `json` is the event in Segment's form as it came, on one line, with messageId and
 * timestamp in it. *added is false when its id is in the file already (or earlier in this
 * transaction). */
bool store_append(struct store *s, const struct event *e, str json, bool *added,
                  struct err *err);
/* What the anchor brought, and will bring, stands on the timeline of `home` from here on; both
 * are keys, and the home is numbered when it is new. An anchor without any event has no home to
 * change: nothing happens, and whoever brings the first one says where it stands. */
bool store_rehome(struct store *s, str anchor, str home, struct err *err);
/* Bytes that say where events stand, of which the store knows only that they are whole: one more
 * row, or this one instead of all others. */
bool store_graph_add(struct store *s, str bytes, struct err *err);
bool store_graph_replace(struct store *s, str bytes, struct err *err);
/* Whether the transaction brought names of types, properties or traits, or new types of their
 * values: what a model is compiled against. */
bool store_has_new_names(const struct store *s);
/* The event will soon be appended: what is known of its names is fetched out of the memory, which
 * goes faster for some ten events together than for one after the other. */
void store_expect(const struct store *s, const struct event *e);
/* The same refusal twice is kept once. */
bool store_refuse(struct store *s, const struct refusal *r, struct err *err);
/* Takes away what was refused before and is_gone says true of, in a transaction that refuses
 * nothing itself. */
bool store_unrefuse(struct store *s,
                    bool (*is_gone)(void *context, const struct refusal *r),
                    void *context, struct err *err);
/* Writes all of it, and syncs. On failure nothing was written and the transaction is over. */
bool store_commit(struct store *s, struct err *err);
void store_cancel(struct store *s); /* fine when no transaction is open */

/* Whether so much is news, in no part of the timelines yet, that store_fold should be called. */
bool store_is_fold_due(const struct store *s);
/* Folds the news of up to chunks_max chunks into their parts, in a transaction of its own. *more
 * is false when there is no other news. No snapshot sees a difference. */
bool store_fold(struct store *s, uint32_t chunks_max, bool *more, struct err *err);
/* How much the news fill of what they may in memory; above 1 nothing else should come before folding
 * them. */
double store_news_share(const struct store *s);
/* The same beside other work: begins to fold the next chunks with news on a thread of their own; later,
 * between transactions, _end waits for it and writes what it made, in a transaction. */
bool store_fold_begin(struct store *s, struct err *err);
bool store_fold_end(struct store *s, struct err *err);
/* Between the two. *has_run: the end waits no more. */
bool store_is_folding(const struct store *s, bool *has_run);
void store_fold_drop(struct store *s); /* instead of the end, or when nothing was begun */

/* Whether SQLite's log is long: it goes to the file beside other work, from _begin to _end. *has_run:
 * the end waits no more. */
bool store_is_checkpoint_due(const struct store *s);
[[nodiscard]] bool store_checkpoint_begin(struct store *s, struct err *err);
bool store_is_checkpointing(const struct store *s, bool *has_run);
void store_checkpoint_end(struct store *s);
/* Lets the log begin anew after that, if all snapshots are of the last commit. */
void store_log_anew(struct store *s);

/* --- the model, the histories that follow from it, the keys: inside a transaction --- */

/* The model's next version, 1, 2, 3 ... What was kept of histories is gone with it. */
bool store_model_add(struct store *s, str text, str author, uint32_t *version,
                     struct err *err);
/* Keeps the bytes as those of the chunk and of this version of the model. */
bool store_history_put(struct store *s, uint32_t chunk, uint32_t model, str bytes,
                       struct err *err);
/* A new key, or another state of the one with this number. */
bool store_key_put(struct store *s, const struct key_row *k, struct err *err);
/* As long as anybody holds it no transaction can be begun (ERR_CONFLICT). */
void store_hold(struct store *s);
void store_let_go(struct store *s);
bool store_is_held(const struct store *s);
/* What the file says of itself: the first row is what it signs with, each one behind it a receipt of
 * what was removed. Of the bytes, at most 16 MiB, the store knows only that they are whole. */
bool store_receipt_add(struct store *s, str bytes, struct err *err);
/* A new webhook, or another state of the one with this number; and none any more. */
bool store_webhook_put(struct store *s, const struct webhook_row *w, struct err *err);
bool store_webhook_drop(struct store *s, uint32_t number, struct err *err);
/* A new one, or what became of the one with this number; and none any more. */
bool store_saved_put(struct store *s, const struct saved_row *row, struct err *err);
bool store_saved_drop(struct store *s, uint32_t number, struct err *err);
/* What was told at one moment, for ever: 1 to SPEND_ROWS_MAX rows, all of them valid. */
bool store_spend_add(struct store *s, int64_t told_ms, const struct spend_row *row,
                     uint32_t n, struct err *err);
/* One more row of what was told: lines of JSON, an object each, at most 1 GiB; and away with the
 * rows up to this one, but the last. */
bool store_journal_add(struct store *s, int64_t told_ms, str lines, struct err *err);
bool store_journal_trim(struct store *s, int64_t seq, struct err *err);
/* As store_begin, for a transaction of histories, webhooks, what is saved and the journal alone: all snapshots see what they saw,
 * but for snapshot_history, which may give what is newer. */
[[nodiscard]] bool store_begin_histories(struct store *s, struct err *err);

#endif
