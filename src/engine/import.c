#include "engine/import.h"
#include "engine/engine_impl.h"
#include "engine/identity.h"
#include "engine/import_impl.h"
#include "engine/mappings.h"

#include <string.h>

enum { SAMPLE_EVENTS = 5, LINES_BETWEEN_PROGRESS = 2048 };
#ifdef TUNE_SMALL
enum { TELLING_ROWS = 5 };
#else
enum { TELLING_ROWS = 1 << 20 };
#endif

/* --- numbers under hashes --- */

/* The slots in the order of their keys, so that growing goes through both tables once. */
static size_t home_of(const struct number_table *t, uint64_t low)
{
    return (size_t)((unsigned __int128)low * t->cap >> 64);
}

static struct number_slot *slot_of(const struct number_table *t, uint64_t low,
                                   uint32_t high)
{
    size_t i = home_of(t, low);

    while (t->slot[i].number && (t->slot[i].low != low || t->slot[i].high != high))
        i = i + 1 < t->cap ? i + 1 : 0;
    return &t->slot[i];
}

static bool resize(struct number_table *t, size_t cap)
{
    struct number_table more = {.n = t->n, .cap = cap};

    more.slot = mem_alloc(more.cap * sizeof *more.slot);
    if (!more.slot)
        return false;
    for (size_t i = 0; i < t->cap; i++)
        if (t->slot[i].number)
            *slot_of(&more, t->slot[i].low, t->slot[i].high) = t->slot[i];
    mem_free(t->slot);
    *t = more;
    return true;
}

uint32_t *number_at(struct number_table *t, hash128 key)
{
    struct number_slot *slot;

    if (4 * t->n >= 3 * t->cap && !resize(t, t->cap ? t->cap / 2 * 3 : 1024))
        return NULL;
    slot = slot_of(t, key.low, (uint32_t)key.high);
    t->n += !slot->number;
    slot->low = key.low;
    slot->high = (uint32_t)key.high;
    return &slot->number;
}

uint32_t number_find(const struct number_table *t, hash128 key)
{
    return t->cap ? slot_of(t, key.low, (uint32_t)key.high)->number : 0;
}

void number_expect(const struct number_table *t, hash128 key)
{
    if (t->cap)
        __builtin_prefetch(&t->slot[home_of(t, key.low)], 1);
}

void number_table_free(struct number_table *t)
{
    mem_free(t->slot);
    *t = (struct number_table){0};
}

/* --- what the readers share --- */

bool import_hash(struct import *im, const str *text, size_t n, hash128 *out,
                 struct err *err)
{
    size_t bytes = n * sizeof text->n;
    char *key, *to;

    for (size_t i = 0; i < n; i++)
        bytes += text[i].n;
    buf_clear(&im->key);
    key = to = buf_room(&im->key, bytes + 1); /* 1: there may be no text */
    if (!key)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        memcpy(to, &text[i].n, sizeof text[i].n);
        to += sizeof text[i].n;
        if (text[i].n)
            memcpy(to, text[i].p, text[i].n);
        to += text[i].n;
    }
    *out = hash128_of((str){key, bytes});
    return true;
}

bool import_rank_key(struct import *im, str customer, int64_t at_ms, str type,
                     hash128 *key, struct err *err)
{
    str text[] = {customer, {(const char *)&at_ms, sizeof at_ms}, type};

    if (!import_hash(im, text, 3, key, err))
        return false;
    number_expect(&im->rank, *key);
    return true;
}

/* Room for all rows at once, as far as the first of them tell how many there are. Where there
 * is not so much memory, the table grows as it must. */
static void make_room(struct import *im)
{
    double rows = (double)im->rank.n * (double)reader_total_bytes(im->reader)
                  / (double)reader_done_bytes(im->reader);

    if (rows < UINT32_MAX && rows > (double)im->rank.n)
        (void)resize(&im->rank, (size_t)(rows * 1.6));
}

bool import_rank(struct import *im, hash128 key, uint32_t *rank, struct err *err)
{
    uint32_t *seen;

    if (im->rank.n == TELLING_ROWS && !im->has_made_room) {
        im->has_made_room = true;
        make_room(im);
    }
    seen = number_at(&im->rank, key);
    if (!seen)
        return err_nomem(err);
    *rank = (*seen)++;
    return true;
}

bool import_id(struct import *im, str type, uint32_t rank, const str *row, size_t n,
               struct arena *a, str *out, struct err *err)
{
    struct buf text = {0};
    hash128 of[2];

    if (!import_hash(im, &type, 1, &of[0], err) || !import_hash(im, row, n, &of[1], err))
        return false;
    buf_add_digits(&text, rank, 6);
    buf_add_char(&text, '-');
    if (im->hide) {
        str hidden;

        if (!pseudonym_text(im->hide, (str){(const char *)of, sizeof of}, a, &hidden,
                            err)) {
            buf_free(&text);
            return false;
        }
        buf_add(&text, hidden);
    } else {
        hash128_print(&text, hash128_of((str){(const char *)of, sizeof of}));
    }
    *out = text.failed ? (str){NULL, 0} : arena_str(a, buf_str(&text));
    buf_free(&text);
    return out->p || err_nomem(err);
}

bool import_is_future(const struct import *im, int64_t at_ms)
{
    return at_ms - im->options->skew_max_ms > im->options->now_ms;
}

str import_cut(str text, size_t bytes_max)
{
    if (text.n > bytes_max) {
        text.n = bytes_max;
        while (text.n && (text.p[text.n] & 0xC0) == 0x80)
            text.n--;
    }
    return text;
}

static bool refusal_take(struct import *im, uint64_t line, str reason, str text,
                         struct err *err)
{
    uint32_t i, known = im->reason.n;

    if (im->hide)
        text = STR("");
    if (!text_table_add(&im->reason, reason, &i))
        return err_nomem(err);
    if (i == known) {
        struct import_reason r = {.first_line = line};

        if (i == im->reason_cap) {
            uint32_t cap = i ? 2 * i : 16;
            struct import_reason *more = mem_resize(im->reasons, cap * sizeof *more);

            if (!more)
                return err_nomem(err);
            im->reasons = more;
            im->reason_cap = cap;
        }
        r.reason = arena_str(im->arena, reason);
        r.first_text = arena_str(im->arena, import_cut(text, IMPORT_ROW_KEPT));
        if (!r.reason.p || !r.first_text.p)
            return err_nomem(err);
        im->reasons[i] = r;
    }
    im->reasons[i].lines++;
    im->report->refused_lines++;
    return store_refuse(im->store, &(struct refusal){im->source, line, reason, text},
                        err);
}

static bool copy_texts(struct arena *a, const str *from, size_t n, const str **out)
{
    str *to = arena_array(a, str, n);

    for (size_t i = 0; to && i < n; i++)
        if (!(to[i] = arena_str(a, from[i])).p)
            return false;
    *out = to;
    return to;
}

static bool copy_properties(struct arena *a, const struct property *from, uint32_t n,
                            const struct property **out)
{
    struct property *to = arena_array(a, struct property, n);

    for (uint32_t i = 0; to && i < n; i++) {
        struct value *v = &to[i].value;

        to[i] = from[i];
        if (!(to[i].name = arena_str(a, from[i].name)).p
            || (v->type == VALUE_TEXT && !(v->text = arena_str(a, v->text)).p)
            || (v->type == VALUE_LIST
                && !copy_texts(a, v->list.item, v->list.n, &v->list.item)))
            return false;
    }
    *out = to;
    return to;
}

static bool copy_ids(struct arena *a, const struct id *from, uint32_t n,
                     const struct id **out)
{
    struct id *to = arena_array(a, struct id, n);

    for (uint32_t i = 0; to && i < n; i++) {
        to[i] = (struct id){from[i].kind, arena_str(a, from[i].value)};
        if (!to[i].value.p)
            return false;
    }
    *out = to;
    return to;
}

static bool copy_event(struct arena *a, const struct event *e, struct event *to)
{
    *to = *e;
    return (to->customer = arena_str(a, e->customer)).p
           && (to->type = arena_str(a, e->type)).p && (to->id = arena_str(a, e->id)).p
           && copy_ids(a, e->who, e->who_n, &to->who)
           && copy_properties(a, e->property, e->property_n, &to->property)
           && copy_properties(a, e->trait, e->trait_n, &to->trait);
}

static bool fault_add(struct import *im, uint32_t group, const struct err *why,
                      struct err *err)
{
    str reason = arena_str(im->arena, str_of(why->msg));

    if (im->fault_n == im->fault_cap) {
        uint32_t cap = im->fault_cap ? 2 * im->fault_cap : 16;
        struct group_fault *more = mem_resize(im->fault, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        im->fault = more;
        im->fault_cap = cap;
    }
    im->fault[im->fault_n++] = (struct group_fault){group, reason};
    return reason.p || err_nomem(err);
}

static bool event_take(struct import *im, const struct event *e, str json,
                       const struct origin *from, struct err *err)
{
    struct import_report *r = im->report;
    bool added, is_new;
    struct err why;

    if ((im->dictionary->strict
         && !dictionary_check(im->dictionary, im->workspace->zone, e, &why))
        || !store_append(im->store, e, json, &added, &why)) {
        if (why.code == ERR_LIMIT || why.code == ERR_INPUT)
            return from->group
                       ? fault_add(im, from->group, &why, err)
                       : refusal_take(im, from->line, str_of(why.msg), from->text, err);
        *err = why;
        return false;
    }
    if (added && !identity_take(im->engine, e, err))
        return false;
    if (!hash_set_add(&im->customers, hash128_of(e->customer), &is_new))
        return err_nomem(err);
    r->customers += is_new;
    r->events += added;
    r->known += !added;
    r->used += from->lines;
    if (im->measures)
        measures_count(im->measures, e);
    if (from->account.n && !memberships_add(&im->members, e, from->account, err))
        return false;
    if (r->sample_n < SAMPLE_EVENTS
        && !copy_event(im->arena, e, &im->sample[r->sample_n++]))
        return err_nomem(err);
    return true;
}

void import_expect(const struct import *im, const struct delivery *d)
{
    if (d->reason.n)
        return;
    store_expect(im->store, &d->event);
    hash_set_expect(&im->customers, hash128_of(d->event.customer));
}

bool import_take(struct import *im, const struct load *load, const struct delivery *d,
                 struct err *err)
{
    const struct origin *from = &d->origin;

    if (d->reason.n)
        return refusal_take(im, from->line, d->reason, from->text, err);
    return event_take(im, &d->event, (str){load->json.p + d->json_at, d->json_n}, from,
                      err);
}

void import_progress(struct import *im, const struct load *load)
{
    if (!im->options->progress || load->lines - im->lines_shown < LINES_BETWEEN_PROGRESS)
        return;
    im->lines_shown = load->lines;
    im->options->progress(im->options->context, load->done_bytes,
                          reader_total_bytes(im->reader), load->lines);
}

/* --- help for whoever does not know the columns yet --- */

static const char *const customer_words[] = {
    "customer", "client", "utente", "user", "member", "buyer", "account", "mail", NULL};
static const char *const time_words[] = {"timestamp", "date", "time",
                                         "created",   "data", NULL};
static const char *const id_words[] = {"invoice", "order",   "transaction",
                                       "receipt", "basket",  "ordine",
                                       "pedido",  "fattura", NULL};

static bool has_word(str s, const char *const *word)
{
    for (; *word; word++)
        if (str_contains_nocase(s, str_of(*word)))
            return true;
    return false;
}

/* The column with the first of the words that any has, but none of the others'. */
static str guess(const str *column, uint32_t n, const char *const *word,
                 const char *const *but)
{
    for (; *word; word++)
        for (uint32_t i = 0; i < n; i++)
            if (str_contains_nocase(column[i], str_of(*word))
                && !(but && has_word(column[i], but)))
                return column[i];
    return STR("");
}

static void add_option(struct buf *b, const char *option, str column,
                       const char *otherwise)
{
    bool plain = column.n;

    for (size_t i = 0; i < column.n; i++) {
        char c = column.p[i];

        plain &= c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
                 || (c >= 'a' && c <= 'z');
    }
    buf_add_format(b, plain || !column.n ? " --%s %.*s%s" : " --%s '%.*s%s'", option,
                   STR_FMT(column), column.n ? "" : otherwise);
}

void import_columns(const str *column, uint32_t n, struct buf *b)
{
    enum { SHOWN_BYTES = 160 };
    size_t from = b->n;

    for (uint32_t i = 0; i < n; i++) {
        if (i && b->n - from + column[i].n > SHOWN_BYTES) {
            buf_add_format(b, " and %u more", (unsigned)(n - i));
            return;
        }
        buf_add(b, i ? STR(", ") : STR(""));
        buf_add(
            b, (str){column[i].p, column[i].n < SHOWN_BYTES ? column[i].n : SHOWN_BYTES});
    }
}

bool import_explain(const struct import *im, const str *column, uint32_t n,
                    struct err *err)
{
    const struct mapping *m = im->mapping;
    str customer =
        m->customer.n ? m->customer : guess(column, n, customer_words, time_words);
    str time = m->time.n ? m->time : guess(column, n, time_words, NULL);
    str id = guess(column, n, id_words, time_words);
    struct buf b = {0};
    const struct shipped *fits;

    if (!mappings_fit(column, n, &fits, err))
        return false;
    if (fits)
        return err_set(
            err, ERR_INPUT,
            "this looks like an export that the mapping %s knows (%s). Read it "
            "with: ciclo import SHOP.ciclo %.*s --mapping %s",
            fits->name, fits->what, STR_FMT(im->source), fits->name);
    buf_add(&b,
            STR("say which column holds the customer and which the time. The columns: "));
    import_columns(column, n, &b);
    buf_add_format(&b, ". For example: ciclo import SHOP.ciclo %.*s",
                   STR_FMT(im->source));
    if (!m->who_n)
        add_option(&b, "customer", customer, "COLUMN");
    add_option(&b, "time", time, "COLUMN");
    buf_add(&b, STR(" --event purchase"));
    if (id.n && !str_eq(id, customer))
        add_option(&b, "id", id, "");
    if (b.failed)
        err_nomem(err);
    else
        err_set(err, ERR_INPUT, "%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
    return false;
}

/* --- the whole --- */

static bool mapping_is_empty(const struct mapping *m)
{
    return !m->customer.n && !m->time.n && !m->time_format.n && !m->zone.n && !m->event.n
           && !m->moment.n && !m->currency.n && !m->account.n && !m->source.n
           && !m->event_column.n && !m->id.n && !m->where.n && !m->encoding.n
           && !m->separator && !m->decimal && !m->who_n && !m->property_n && !m->trait_n;
}

static bool read_all(struct import *im, struct err *err)
{
    bool is_jsonl = false;

    if (!reader_open(im->io, im->path, &im->reader, err))
        return false;
    if (!mapping_is_empty(im->mapping))
        return import_csv(im, err);
    if (!import_jsonl(im, &is_jsonl, err))
        return false;
    if (is_jsonl)
        return true;
    if (str_eq(im->path, STR("-")))
        return err_set(err, ERR_INPUT,
                       "what came is no JSON lines; for a table give --customer COLUMN, "
                       "--time COLUMN and --event NAME");
    /* A table without a mapping: read its header, to say what is there. */
    reader_close(im->reader);
    im->reader = NULL;
    return reader_open(im->io, im->path, &im->reader, err) && import_csv(im, err);
}

/* Most lines first. There are few reasons: insertion. */
static bool sort_reasons(struct import *im, struct err *err)
{
    uint32_t n = im->reason.n;
    struct import_reason *sorted = arena_array(im->arena, struct import_reason, n);

    if (n && !sorted)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        struct import_reason r = im->reasons[i];
        uint32_t k = i;

        for (; k
               && (sorted[k - 1].lines < r.lines
                   || (sorted[k - 1].lines == r.lines
                       && sorted[k - 1].first_line > r.first_line));
             k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = r;
    }
    im->report->refused = sorted;
    im->report->refused_n = n;
    return true;
}

str import_source(str path)
{
    for (size_t i = path.n; i-- > 0;)
        if (path.p[i] == '/')
            return str_from(path, i + 1);
    return path;
}

/* A few chunks a transaction, so that no commit takes long. */
static bool fold(struct store *s, struct err *err)
{
    bool more = true;

    while (more && store_is_fold_due(s)) {
        if (!store_fold(s, FOLD_CHUNKS, &more, err))
            return false;
    }
    return true;
}

bool engine_import(struct engine *e, str path, const struct mapping *m,
                   const struct import_options *options, struct arena *a,
                   struct import_report *out, struct err *err)
{
    struct import_report report = {0};
    struct import im = {
        .io = engine_io(e),
        .engine = e,
        .store = engine_store(e),
        .workspace = &engine_model(e)->workspace,
        .dictionary = &engine_model(e)->dictionary,
        .hide = engine_key(e),
        .mapping = m,
        .options = options,
        .path = path,
        .source = import_source(path),
        .arena = a,
        .report = &report,
        .sample = arena_array(a, struct event, SAMPLE_EVENTS),
    };
    bool ok;

    if (!engine_may_take(e, err))
        return false;
    if (!im.sample)
        return err_nomem(err);
    report.sample = im.sample;
    ok = store_begin(im.store, options->now_ms, err) && read_all(&im, err)
         && (import_members(&im, err) || err_in(err, "the members of accounts"))
         && sort_reasons(&im, err)
         && (engine_check_names(e, err) || err_in(err, "nothing was imported"));
    if (ok && !options->dry_run)
        ok = identity_commit(e, err)
             && ((fold(im.store, err) && engine_refresh(e, err))
                 || err_in(err, "the import is done, but then"));
    else
        identity_cancel(e);
    reader_close(im.reader);
    text_table_free(&im.reason);
    mem_free(im.reasons);
    mem_free(im.fault);
    import_loads_free(&im);
    hash_set_free(&im.customers);
    memberships_free(&im.members);
    number_table_free(&im.rank);
    buf_free(&im.json);
    buf_free(&im.key);
    if (ok)
        *out = report;
    return ok;
}
