#include "engine/personas.h"

#include "base/json.h"
#include "base/num.h"

#include <string.h>

static bool number(str s, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9' || *out > PERSONAS_MAX)
            return false;
        *out = 10 * *out + (uint32_t)(s.p[i] - '0');
    }
    return s.n > 0;
}

bool personas_groups(str text, struct personas_question *out, struct err *err)
{
    size_t dots = 0;

    while (dots + 1 < text.n && (text.p[dots] != '.' || text.p[dots + 1] != '.'))
        dots++;
    if (dots + 1 >= text.n)
        dots = text.n;
    out->to = 0;
    if (number((str){text.p, dots}, &out->from)
        && (dots == text.n ? (out->to = out->from, true)
                           : number(str_from(text, dots + 2), &out->to))
        && out->from >= PERSONAS_MIN && out->from <= out->to && out->to <= PERSONAS_MAX)
        return true;
    return err_set(
        err, ERR_INPUT,
        "groups are a number from %u to %u, or several to choose from, such as "
        "2..8",
        PERSONAS_MIN, PERSONAS_MAX);
}

/* Each number of groups by itself. Fewer different customers end it, unless they do at once. */
static bool try_all(const struct personas_question *q, struct personas_view *v,
                    uint32_t *best, struct err *err)
{
    v->k_from = q->from;
    for (uint32_t k = q->from; k <= q->to; k++) {
        struct personas tried;
        struct arena a = {};
        bool ok = personas_find(&v->crowd.crowd, k, q->seed, &a, &tried, err);

        arena_free(&a);
        if (!ok)
            return k > q->from && err->code == ERR_INPUT;
        v->of[k].cost = tried.cost;
        v->of[k].silhouette = tried.silhouette;
        v->k_n++;
        if (k == q->from || tried.silhouette > v->of[*best].silhouette)
            *best = k;
    }
    return true;
}

static bool take_list(struct personas_view *v, struct arena *a, struct err *err)
{
    if (v->list > v->found.k)
        return err_set(err, ERR_INPUT, "there are %u personas", v->found.k);
    if (!v->list)
        return true;
    v->listed.customer = arena_array(a, uint32_t, (size_t)v->crowd.crowd.n + 1);
    if (!v->listed.customer)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->crowd.crowd.n; i++)
        if (v->found.group[i] == v->list - 1)
            v->listed.customer[v->listed.n++] = v->crowd.customer[i];
    return true;
}

bool engine_personas(struct engine *e, const struct personas_question *q, struct arena *a,
                     struct personas_view *out, str *wrong, struct err *err)
{
    const struct fits *who;
    uint32_t best = q->from;

    *out = (struct personas_view){.seed = q->seed, .list = q->list};
    *wrong = q->scope.when;
    if (!report_who(e, &q->scope, a, &who, err)
        || !engine_crowd(e, &q->by, q->scope.at_ms, who, a, &out->crowd, wrong, err))
        return false;
    return (q->from == q->to || try_all(q, out, &best, err))
           && personas_find(&out->crowd.crowd, best, q->seed, a, &out->found, err)
           && take_list(out, a, err);
}

void personas_view_free(struct personas_view *v)
{
    crowd_view_free(&v->crowd);
}

/* --- shown --- */

static void put_measures(struct json_out *j, const struct engine *e,
                         const struct personas_view *v, const struct persona *p)
{
    const struct personas *f = &v->found;

    json_key(j, "measures");
    json_begin_list(j);
    for (uint32_t m = 0; m < v->crowd.crowd.measure_n; m++) {
        json_begin_object(j);
        json_key(j, "name");
        json_put_text(j, v->crowd.column[m].name);
        json_key(j, "type");
        json_put_text(j, crowd_type_name(&v->crowd.column[m]));
        json_key(j, "median");
        crowd_put_json(j, e, &v->crowd, m, p->there[m] ? p->median[m] : CROWD_MISSING);
        json_key(j, "everybody");
        crowd_put_json(j, e, &v->crowd, m, f->there[m] ? f->median[m] : CROWD_MISSING);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_traits(struct json_out *j, const struct engine *e,
                       const struct personas_view *v, const struct persona *p)
{
    uint32_t first = v->crowd.crowd.measure_n;

    json_key(j, "traits");
    json_begin_list(j);
    for (uint32_t t = 0; t < v->crowd.crowd.trait_n; t++) {
        json_begin_object(j);
        json_key(j, "name");
        json_put_text(j, v->crowd.column[first + t].name);
        json_key(j, "most");
        crowd_put_json(j, e, &v->crowd, first + t, p->code[t]);
        json_key(j, "have_it");
        json_put_int(j, p->code_n[t]);
        json_key(j, "everybody_has_it");
        json_put_int(j, p->all_n[t]);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_persona(struct json_out *j, const struct engine *e,
                        const struct personas_view *v, uint32_t k)
{
    const struct persona *p = &v->found.persona[k];

    json_begin_object(j);
    json_key(j, "persona");
    json_put_int(j, k + 1);
    json_key(j, "customers");
    json_put_int(j, p->n);
    put_measures(j, e, v, p);
    put_traits(j, e, v, p);
    json_end_object(j);
}

static void put_choice(struct json_out *j, const struct personas_view *v)
{
    json_key(j, "groups");
    json_begin_list(j);
    for (uint32_t k = v->k_from; k < v->k_from + v->k_n; k++) {
        json_begin_object(j);
        json_key(j, "groups");
        json_put_int(j, k);
        json_key(j, "silhouette");
        json_put_num(j, v->of[k].silhouette);
        json_key(j, "cost");
        json_put_num(j, v->of[k].cost);
        json_end_object(j);
    }
    json_end_list(j);
}

bool personas_put_json(struct json_out *j, const struct engine *e,
                       const struct personas_view *v, struct arena *a, struct err *err)
{
    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->crowd.at_ms);
    json_key(j, "customers");
    json_put_int(j, v->found.n);
    json_key(j, "seed");
    json_put_int(j, (int64_t)v->seed);
    json_key(j, "gamma");
    json_put_num(j, v->found.gamma);
    json_key(j, "cost");
    json_put_num(j, v->found.cost);
    json_key(j, "silhouette");
    json_put_num(j, v->found.silhouette);
    if (v->k_n)
        put_choice(j, v);
    json_key(j, "personas");
    json_begin_list(j);
    for (uint32_t k = 0; k < v->found.k; k++)
        put_persona(j, e, v, k);
    json_end_list(j);
    if (v->list && !report_put_listed(j, "listed", e, &v->listed, a, err))
        return false;
    json_end_object(j);
    return true;
}
