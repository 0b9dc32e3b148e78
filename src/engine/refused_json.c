#include "engine/refused_json.h"

static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    json_put_text(j, text);
}

static void put_count(struct json_out *j, const char *name, uint64_t n)
{
    json_key(j, name);
    json_put_int(j, (int64_t)n);
}

static void put_id(struct json_out *j, uint64_t id)
{
    struct buf b = {};

    buf_add_format(&b, "%016llx", (unsigned long long)id);
    put_text(j, "id", buf_str(&b));
    j->to->failed |= b.failed;
    buf_free(&b);
}

bool refused_id_parse(str text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                           : -1;

        if (digit < 0)
            return false;
        *out = *out << 4 | (uint64_t)digit;
    }
    return text.n == 16 && *out;
}

static bool is_wanted(const struct refused_page *page, const struct refused_group *g)
{
    return (!page->source.n || str_eq(page->source, g->source))
           && (!page->reason.n || str_eq(page->reason, g->reason));
}

static void put_group(struct json_out *j, const struct refused_group *g)
{
    json_begin_object(j);
    put_text(j, "source", g->source);
    put_text(j, "reason", g->reason);
    put_count(j, "count", g->n);
    put_count(j, "calls", g->calls);
    json_key(j, "first");
    json_put_moment(j, g->first_ms);
    json_key(j, "last");
    json_put_moment(j, g->last_ms);
    json_key(j, "refused_last");
    json_put_moment(j, g->refused_ms);
    json_end_object(j);
}

/* A text, which is null where there is no next page. */
static void put_next(struct json_out *j, bool more, const struct buf *next)
{
    json_key(j, "next");
    if (more)
        json_put_text(j, buf_str(next));
    else
        json_put_null(j);
    j->to->failed |= next->failed;
}

void refused_put_summary(struct json_out *j, const struct refused_summary *s,
                         const struct refused_page *page)
{
    uint32_t i = page->first, n = 0;
    struct buf next = {};

    json_begin_object(j);
    put_count(j, "refused", s->n);
    json_key(j, "complete");
    json_put_bool(j, !s->left);
    put_count(j, "reasons", s->group_n);
    put_count(j, "others", s->others);
    json_key(j, "groups");
    json_begin_list(j);
    for (; i < s->group_n && n < page->limit; i++)
        if (is_wanted(page, &s->group[i])) {
            put_group(j, &s->group[i]);
            n++;
        }
    json_end_list(j);
    buf_add_format(&next, "%u", i);
    put_next(j, i < s->group_n, &next);
    buf_free(&next);
    json_end_object(j);
}

void refused_put_rows(struct json_out *j, const struct refused_row *row, uint32_t n,
                      const struct refused_place *next)
{
    struct buf place = {};

    json_begin_object(j);
    json_key(j, "rows");
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++) {
        json_begin_object(j);
        put_id(j, row[i].id);
        put_count(j, "line", row[i].refusal.line);
        put_text(j, "text", row[i].refusal.text);
        json_key(j, "at");
        json_put_moment(j, row[i].refusal.at_ms);
        json_end_object(j);
    }
    json_end_list(j);
    if (next)
        buf_add_format(&place, "%lld.%llu", (long long)next->batch,
                       (unsigned long long)next->row);
    put_next(j, next != NULL, &place);
    buf_free(&place);
    json_end_object(j);
}

void resend_put_report(struct json_out *j, const struct resend_report *r, bool dry_run)
{
    json_begin_object(j);
    json_key(j, "dry_run");
    json_put_bool(j, dry_run);
    put_count(j, "found", r->found);
    put_count(j, "accepted", r->accepted);
    put_count(j, "known", r->known);
    put_count(j, "refused", r->refused);
    put_count(j, "no_calls", r->no_calls);
    put_count(j, "broken", r->broken);
    json_key(j, "reasons");
    json_begin_list(j);
    for (uint32_t i = 0; i < r->reason_n; i++) {
        json_begin_object(j);
        put_text(j, "reason", r->reason[i].reason);
        put_count(j, "count", r->reason[i].n);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}
