#include "engine/keys.h"

#include <string.h>

enum { KEYS_MAX = 10000, BURST_S = 10 };

/* What a key has left: in thousandths, so that each millisecond brings a whole number. */
struct allowance {
    int64_t thousandths, at_ms;
};

struct keys {
    struct engine *engine;
    struct arena arena; /* names */
    struct key_row *row;
    struct allowance *allowance; /* of the row with the same place */
    uint32_t n, cap;
};

/* --- in memory --- */

static bool grow(struct keys *k)
{
    uint32_t cap = k->cap ? 2 * k->cap : 8;
    struct key_row *row = mem_resize(k->row, cap * sizeof *row);
    struct allowance *allowance;

    if (!row)
        return false;
    k->row = row;
    allowance = mem_resize(k->allowance, cap * sizeof *allowance);
    if (!allowance)
        return false;
    k->allowance = allowance;
    k->cap = cap;
    return true;
}

static int64_t allowance_max(const struct key_row *row)
{
    return (int64_t)row->rate * BURST_S * 1000;
}

static bool append(struct keys *k, const struct key_row *row)
{
    str name = arena_str(&k->arena, row->name);

    if (!name.p || (k->n == k->cap && !grow(k)))
        return false;
    k->row[k->n] = *row;
    k->row[k->n].name = name;
    k->allowance[k->n++] = (struct allowance){allowance_max(row), INT64_MIN};
    return true;
}

struct load {
    struct keys *keys;
    bool failed;
};

static bool take_row(void *context, const struct key_row *row)
{
    struct load *load = context;

    load->failed = !append(load->keys, row);
    return !load->failed;
}

bool keys_new(struct engine *e, struct keys **out, struct err *err)
{
    struct load load = {mem_alloc(sizeof(struct keys)), false};
    struct snapshot *v;
    bool ok;

    if (!load.keys)
        return err_nomem(err);
    load.keys->engine = e;
    ok = store_snapshot(engine_store(e), &v, err);
    if (ok) {
        ok = snapshot_each_key(v, take_row, &load, err)
             && (!load.failed || err_nomem(err));
        snapshot_close(v);
    }
    if (!ok) {
        keys_free(load.keys);
        return false;
    }
    *out = load.keys;
    return true;
}

void keys_free(struct keys *k)
{
    if (!k)
        return;
    arena_free(&k->arena);
    mem_free(k->row);
    mem_free(k->allowance);
    mem_free(k);
}

bool keys_any(const struct keys *k)
{
    return k->n > 0;
}

static bool is_revoked(const struct key_row *row)
{
    return row->revoked_ms != MOMENT_NEVER;
}

bool keys_has_admin(const struct keys *k)
{
    for (uint32_t i = 0; i < k->n; i++)
        if (k->row[i].right == KEY_ADMIN && !is_revoked(&k->row[i]))
            return true;
    return false;
}

const struct key_row *keys_get(const struct keys *k, uint32_t *n)
{
    *n = k->n;
    return k->row;
}

/* --- who is it --- */

static struct key_view view_of(const struct key_row *row)
{
    return (struct key_view){row->name, row->right, row->number};
}

bool keys_find(const struct keys *k, str secret, struct key_view *out)
{
    struct secret_hash hash = secret_hash_of(secret);
    uint32_t found = k->n;

    for (uint32_t i = 0; i < k->n; i++) {
        bool is_it = secret_eq(&hash, &k->row[i].hash);

        found = is_it ? i : found;
    }
    if (found == k->n || is_revoked(&k->row[found]))
        return false;
    *out = view_of(&k->row[found]);
    return true;
}

/* Rows stand in the order of their numbers. */
static uint32_t place_of(const struct keys *k, uint32_t number)
{
    uint32_t from = 0, end = k->n;

    while (from < end) {
        uint32_t middle = from + (end - from) / 2;

        if (k->row[middle].number < number)
            from = middle + 1;
        else
            end = middle;
    }
    return from < k->n && k->row[from].number == number ? from : k->n;
}

bool keys_find_number(const struct keys *k, uint32_t number, struct key_view *out)
{
    uint32_t i = place_of(k, number);

    if (i == k->n || is_revoked(&k->row[i]))
        return false;
    *out = view_of(&k->row[i]);
    return true;
}

bool key_may(enum key_right has, enum key_right needs)
{
    return has == needs || has == KEY_ADMIN || (has == KEY_EDIT && needs == KEY_READ);
}

static const char *const right_names[] = {
    [KEY_COLLECT] = "collect",
    [KEY_READ] = "read",
    [KEY_EDIT] = "edit",
    [KEY_ADMIN] = "admin",
};

const char *key_right_name(enum key_right right)
{
    return right_names[right];
}

bool key_right_parse(str name, enum key_right *out)
{
    for (int i = 0; i < KEY_RIGHTS; i++) {
        if (str_eq(name, str_of(right_names[i]))) {
            *out = (enum key_right)i;
            return true;
        }
    }
    return false;
}

/* --- how much --- */

bool keys_take(struct keys *k, uint32_t number, uint32_t n, int64_t now_ms,
               uint32_t *retry_after_s)
{
    uint32_t i = place_of(k, number);
    struct allowance *a;
    int64_t most, gone_ms;

    if (i == k->n || !k->row[i].rate)
        return true;
    a = &k->allowance[i];
    most = allowance_max(&k->row[i]);
    if (a->at_ms == INT64_MIN)
        a->at_ms = now_ms;
    gone_ms = now_ms - a->at_ms;
    /* A second of the rate brings as many thousandths as the rate a millisecond. */
    if (gone_ms >= (most - a->thousandths) / k->row[i].rate + 1)
        a->thousandths = most;
    else
        a->thousandths += gone_ms * k->row[i].rate;
    a->at_ms = now_ms;
    if (a->thousandths > 0) {
        a->thousandths -= (int64_t)n * 1000;
        return true;
    }
    *retry_after_s = (uint32_t)(-a->thousandths / ((int64_t)k->row[i].rate * 1000)) + 1;
    return false;
}

/* --- changes --- */

/* The file, then memory, which has room for it already. */
static bool write(struct keys *k, const struct key_row *row, int64_t now_ms,
                  struct err *err)
{
    struct store *s = engine_store(k->engine);

    if (!store_begin(s, now_ms, err))
        return false;
    if (!store_key_put(s, row, err)) {
        store_cancel(s);
        return false;
    }
    return store_commit(s, err);
}

static bool check_name(str name, struct err *err)
{
    bool plain = name.n > 0 && name.n <= KEY_NAME_MAX && str_is_utf8(name);

    for (size_t i = 0; plain && i < name.n; i++)
        plain = (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7f;
    return plain
           || err_set(err, ERR_INPUT,
                      "a key's name has 1 to %d bytes of text without control characters",
                      KEY_NAME_MAX);
}

static uint32_t find_name(const struct keys *k, str name)
{
    for (uint32_t i = 0; i < k->n; i++)
        if (!is_revoked(&k->row[i]) && str_eq(k->row[i].name, name))
            return i;
    return k->n;
}

bool keys_add(struct keys *k, str name, enum key_right right, uint32_t rate,
              int64_t now_ms, struct buf *secret, struct err *err)
{
    struct key_row row = {.number = k->n ? k->row[k->n - 1].number + 1 : 1,
                          .name = name,
                          .right = right,
                          .rate = rate,
                          .made_ms = now_ms,
                          .revoked_ms = MOMENT_NEVER};

    if (!check_name(name, err))
        return false;
    if (find_name(k, name) < k->n)
        return err_set(err, ERR_CONFLICT,
                       "there is a key \"%.*s\" already: revoke it first, or give "
                       "another name",
                       STR_FMT(name));
    if (k->n == KEYS_MAX)
        return err_set(err, ERR_LIMIT, "a file has at most %d keys", KEYS_MAX);
    if (!secret_new(secret, STR("ck_")))
        return err_sys(err, "no key can be made");
    if (secret->failed)
        return err_nomem(err);
    row.hash = secret_hash_of(buf_str(secret));
    if (!append(k, &row))
        return err_nomem(err);
    if (!write(k, &row, now_ms, err)) {
        k->n--;
        return false;
    }
    return true;
}

bool keys_revoke(struct keys *k, str name, int64_t now_ms, struct err *err)
{
    uint32_t i = find_name(k, name);
    struct key_row row;

    if (i == k->n)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no key \"%.*s\" that could be revoked: ciclo key FILE "
                       "list shows them",
                       STR_FMT(name));
    row = k->row[i];
    row.revoked_ms = now_ms > row.made_ms ? now_ms : row.made_ms; /* clocks go back */
    if (!write(k, &row, now_ms, err))
        return false;
    k->row[i] = row;
    return true;
}

/* --- printed --- */

static void put_key_json(struct json_out *j, const struct key_row *row)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, row->name);
    json_key(j, "right");
    json_put_text(j, str_of(key_right_name(row->right)));
    json_key(j, "rate");
    if (row->rate)
        json_put_int(j, row->rate);
    else
        json_put_null(j);
    json_key(j, "made");
    json_put_moment(j, row->made_ms);
    json_key(j, "revoked");
    json_put_moment(j, row->revoked_ms);
    json_end_object(j);
}

void keys_put_json(struct json_out *j, const struct keys *k)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < k->n; i++)
        put_key_json(j, &k->row[i]);
    json_end_list(j);
}
