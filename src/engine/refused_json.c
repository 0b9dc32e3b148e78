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

void refused_put_summary(struct json_out *j, const struct refused_summary *s)
{
    enum { SHOWN_MAX = 1000 };

    json_begin_object(j);
    put_count(j, "refused", s->n);
    put_count(j, "reasons", s->group_n);
    json_key(j, "groups");
    json_begin_list(j);
    for (uint32_t i = 0; i < s->group_n && i < SHOWN_MAX; i++) {
        const struct refused_group *g = &s->group[i];

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
    json_end_list(j);
    json_end_object(j);
}

void refused_put_rows(struct json_out *j, const struct refused_row *row, uint32_t n)
{
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
