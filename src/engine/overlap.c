#include "engine/overlap.h"

#include "base/json.h"
#include "base/num.h"

#include <string.h>

/* The sets, chunk by chunk, of those who are looked at. */
struct sets {
    const struct fits *of; /* NULL: everybody */
    const struct fits *set[OVERLAP_MAX];
    uint32_t n, chunk_n;
};

static bool name_place(const struct overlap_view *v, str name, uint32_t *out)
{
    for (*out = 0; *out < v->n; ++*out)
        if (str_eq(v->name[*out], name))
            return true;
    return false;
}

static bool take_names(const struct overlap_question *q, struct overlap_view *v,
                       struct err *err)
{
    uint32_t place;

    if (q->segment_n < OVERLAP_MIN || q->segment_n > OVERLAP_MAX)
        return err_set(err, ERR_INPUT, "name %u to %u segments", OVERLAP_MIN,
                       OVERLAP_MAX);
    for (; v->n < q->segment_n; v->n++) {
        str name = str_trim(q->segment[v->n]);

        if (!name.n)
            return err_set(err, ERR_INPUT, "the name of a segment is missing");
        if (name_place(v, name, &place))
            return err_set(err, ERR_INPUT, "the segment \"%.*s\" is named twice",
                           STR_FMT(name));
        v->name[v->n] = name;
    }
    return true;
}

/* Of `list` the segments that it names, a bit each. */
static bool take_list(const struct overlap_view *v, str list, uint32_t *set,
                      struct err *err)
{
    uint32_t place;

    for (*set = 0; list.n;) {
        const char *comma = memchr(list.p, ',', list.n);
        size_t n = comma ? (size_t)(comma - list.p) : list.n;
        str name = str_trim((str){list.p, n});

        if (!name_place(v, name, &place))
            return err_set(
                err, ERR_INPUT,
                "customers: \"%.*s\" is none of the segments that are compared",
                STR_FMT(name));
        *set |= 1u << place;
        list = str_from(list, comma ? n + 1 : n);
    }
    return true;
}

static bool scan_sets(struct engine *e, const struct overlap_question *q,
                      const struct overlap_view *v, struct arena *a, struct sets *out,
                      str *wrong, struct err *err)
{
    *wrong = q->scope.when;
    if (!report_who(e, &q->scope, a, &out->of, err))
        return false;
    *wrong = STR("");
    for (out->n = 0; out->n < v->n; out->n++) {
        struct report_scope one = {.segment = v->name[out->n], .at_ms = q->scope.at_ms};

        if (!report_who(e, &one, a, &out->set[out->n], err))
            return false;
    }
    out->chunk_n = out->set[0]->chunk_n;
    return true;
}

static struct bits chunk_of(const struct sets *s, uint32_t i, uint32_t k)
{
    return s->of ? bits_and(&s->set[i]->chunk[k], &s->of->chunk[k]) : s->set[i]->chunk[k];
}

/* Who is in each of these sets, one at least, and in no other. */
static struct bits exactly(const struct bits *in, uint32_t n, uint32_t set)
{
    struct bits out = bits_up_to(CHUNK_CUSTOMERS);

    for (uint32_t i = 0; i < n; i++)
        out = set >> i & 1 ? bits_and(&out, &in[i]) : bits_without(&out, &in[i]);
    return out;
}

static void count_chunk(const struct sets *s, uint32_t k, struct overlap_view *v)
{
    struct bits in[OVERLAP_MAX];

    for (uint32_t i = 0; i < s->n; i++) {
        in[i] = chunk_of(s, i, k);
        v->size[i] += bits_count(&in[i]);
        for (uint32_t other = 0; other < i; other++) {
            struct bits both = bits_and(&in[i], &in[other]);

            v->both[i][other] = v->both[other][i] += bits_count(&both);
        }
    }
    for (uint32_t set = 1; v->has_exact && set < 1u << s->n; set++) {
        struct bits those = exactly(in, s->n, set);

        v->exact[set] += bits_count(&those);
    }
}

/* Each customer who is in some set is in exactly one of those that count_chunk counts. */
static void count(const struct sets *s, struct overlap_view *v)
{
    v->of = s->of ? s->of->n : s->set[0]->of;
    v->has_exact = s->n <= OVERLAP_EXACT_MAX;
    for (uint32_t k = 0; k < s->chunk_n; k++)
        count_chunk(s, k, v);
    v->exact[0] = v->of;
    for (uint32_t set = 1; v->has_exact && set < 1u << s->n; set++)
        v->exact[0] -= v->exact[set];
}

static bool list_those(const struct sets *s, uint32_t set, struct arena *a,
                       struct overlap_view *v, struct err *err)
{
    uint64_t most = v->of;

    for (uint32_t i = 0; i < s->n; i++)
        if (set >> i & 1 && v->size[i] < most)
            most = v->size[i];
    v->listed.customer = arena_array(a, uint32_t, most + 1);
    if (!v->listed.customer)
        return err_nomem(err);
    for (uint32_t k = 0; k < s->chunk_n; k++) {
        struct bits in[OVERLAP_MAX], those;

        for (uint32_t i = 0; i < s->n; i++)
            in[i] = chunk_of(s, i, k);
        those = exactly(in, s->n, set);
        for (EACH_BIT(i, &those))
            v->listed.customer[v->listed.n++] = k * CHUNK_CUSTOMERS + i;
    }
    v->has_list = true;
    return true;
}

static bool other_side(struct engine *e, const struct overlap_question *q,
                       struct arena *a, struct overlap_view *v, str *wrong,
                       struct err *err)
{
    struct overlap_question other = *q;

    other.against = (struct report_against){};
    if (!against_alone(false, q->list.n > 0, err)
        || !against_scope_on(e, &q->against, &q->scope, &other.scope, err))
        return false;
    v->against = arena_new(a, struct overlap_view);
    return v->against ? engine_overlap(e, &other, a, v->against, wrong, err)
                      : err_nomem(err);
}

bool engine_overlap(struct engine *e, const struct overlap_question *q, struct arena *a,
                    struct overlap_view *out, str *wrong, struct err *err)
{
    struct sets s = {};
    uint32_t set;

    *out = (struct overlap_view){.at_ms = q->scope.at_ms};
    *wrong = STR("");
    if (!take_names(q, out, err) || !take_list(out, q->list, &set, err)
        || !scan_sets(e, q, out, a, &s, wrong, err))
        return false;
    count(&s, out);
    return (!set || list_those(&s, set, a, out, err))
           && (!is_against(&q->against) || other_side(e, q, a, out, wrong, err));
}

int64_t overlap_jaccard(const struct overlap_view *v, uint32_t i, uint32_t k)
{
    uint64_t either = overlap_either(v, i, k);

    if (!either)
        return -1;
    return (int64_t)((v->both[i][k] * NUM_ONE + either / 2) / either);
}

/* --- as JSON --- */

static void put_pairs(struct json_out *j, const struct overlap_view *v)
{
    json_key(j, "pairs");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->n; i++)
        for (uint32_t k = i + 1; k < v->n; k++) {
            int64_t jaccard = overlap_jaccard(v, i, k);

            json_begin_object(j);
            json_key(j, "a");
            json_put_text(j, v->name[i]);
            json_key(j, "b");
            json_put_text(j, v->name[k]);
            json_key(j, "both");
            json_put_int(j, (int64_t)v->both[i][k]);
            json_key(j, "either");
            json_put_int(j, (int64_t)overlap_either(v, i, k));
            json_key(j, "jaccard");
            if (jaccard < 0)
                json_put_null(j);
            else
                json_put_num(j, jaccard);
            json_end_object(j);
        }
    json_end_list(j);
}

static void put_set(struct json_out *j, const struct overlap_view *v, uint32_t set)
{
    json_key(j, "segments");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->n; i++)
        if (set >> i & 1)
            json_put_text(j, v->name[i]);
    json_end_list(j);
}

static void put_exact(struct json_out *j, const struct overlap_view *v)
{
    json_key(j, "exactly");
    json_begin_list(j);
    for (uint32_t set = 0; set < 1u << v->n; set++) {
        json_begin_object(j);
        put_set(j, v, set);
        json_key(j, "customers");
        json_put_int(j, (int64_t)v->exact[set]);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_side(struct json_out *j, const struct overlap_view *v)
{
    json_key(j, "at");
    json_put_moment(j, v->at_ms);
    json_key(j, "of");
    json_put_int(j, (int64_t)v->of);
    json_key(j, "segments");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->n; i++) {
        json_begin_object(j);
        json_key(j, "segment");
        json_put_text(j, v->name[i]);
        json_key(j, "customers");
        json_put_int(j, (int64_t)v->size[i]);
        json_end_object(j);
    }
    json_end_list(j);
    put_pairs(j, v);
    if (v->has_exact)
        put_exact(j, v);
}

struct share overlap_share(const struct overlap_view *v, uint32_t i, uint32_t k)
{
    return i == k ? (struct share){v->size[i], v->of}
                  : (struct share){v->both[i][k], overlap_either(v, i, k)};
}

struct share overlap_share_exactly(const struct overlap_view *v, uint32_t set)
{
    return (struct share){v->exact[set], v->of};
}

static void put_differences(struct json_out *j, const struct overlap_view *v)
{
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->n; i++)
        for (uint32_t k = i; k < v->n; k++) {
            json_begin_object(j);
            json_key(j, "a");
            json_put_text(j, v->name[i]);
            json_key(j, "b");
            if (i == k)
                json_put_null(j);
            else
                json_put_text(j, v->name[k]);
            against_put(j, overlap_share(v, i, k), overlap_share(v->against, i, k));
            json_end_object(j);
        }
    json_end_list(j);
    if (!v->has_exact)
        return;
    json_key(j, "exactly_difference");
    json_begin_list(j);
    for (uint32_t set = 0; set < 1u << v->n; set++) {
        json_begin_object(j);
        put_set(j, v, set);
        against_put(j, overlap_share_exactly(v, set),
                    overlap_share_exactly(v->against, set));
        json_end_object(j);
    }
    json_end_list(j);
}

bool overlap_put_json(struct json_out *j, const struct engine *e,
                      const struct overlap_view *v, struct arena *a, struct err *err)
{
    bool ok;

    json_begin_object(j);
    put_side(j, v);
    if (v->against) {
        json_key(j, "against");
        json_begin_object(j);
        put_side(j, v->against);
        json_end_object(j);
        put_differences(j, v);
    }
    ok = !v->has_list || report_put_listed(j, "customers", e, &v->listed, a, err);
    json_end_object(j);
    return ok;
}
