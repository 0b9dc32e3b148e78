#include "engine/info.h"

#include <stdio.h>

static void put_count(struct json_out *j, const char *name, uint64_t n)
{
    json_key(j, name);
    json_put_int(j, (int64_t)n);
}

static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    json_put_text(j, text);
}

static void put_moment(struct json_out *j, const char *name, int64_t at_ms)
{
    json_key(j, name);
    json_put_moment(j, at_ms);
}

/* Null: the file is not pseudonymous. */
static void put_key(struct json_out *j, int64_t fingerprint)
{
    char text[17];

    json_key(j, "pseudonym_key");
    snprintf(text, sizeof text, "%016llx", (unsigned long long)fingerprint);
    if (fingerprint)
        json_put_text(j, str_of(text));
    else
        json_put_null(j);
}

static void put_file(struct json_out *j, const struct store_info *i)
{
    json_key(j, "file");
    json_begin_object(j);
    put_count(j, "format", i->format);
    put_count(j, "bytes", i->pages * i->page_bytes);
    put_count(j, "page_bytes", i->page_bytes);
    put_count(j, "pages", i->pages);
    put_count(j, "free_pages", i->free_pages);
    put_count(j, "chunk_customers", i->chunk_customers);
    put_count(j, "chunks", i->chunks);
    put_key(j, i->pseudonym);
    json_end_object(j);
}

static void put_facts(struct json_out *j, const struct store_facts *f)
{
    put_count(j, "events", f->events);
    put_count(j, "customers", f->customers);
    put_count(j, "refused", f->refused);
    put_moment(j, "first", f->first_ms);
    put_moment(j, "last", f->last_ms);
}

static void put_ids(struct json_out *j, const struct store_info *i)
{
    json_key(j, "message_ids");
    json_begin_object(j);
    put_count(j, "ids", i->ids);
    put_count(j, "runs", i->runs);
    put_count(j, "bytes", i->id_bytes);
    put_count(j, "filter_bytes", i->filter_bytes);
    json_end_object(j);
}

static void put_tables(struct json_out *j, const struct store_info *i)
{
    json_key(j, "tables");
    json_begin_list(j);
    for (uint32_t k = 0; k < i->table_n; k++) {
        json_begin_object(j);
        put_text(j, "name", i->table[k].name);
        put_count(j, "rows", i->table[k].rows);
        put_count(j, "bytes", i->table[k].bytes);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_columns(struct json_out *j, const struct store_info *i)
{
    json_key(j, "columns");
    json_begin_list(j);
    for (uint32_t k = 0; k < i->column_n; k++) {
        const struct info_column *c = &i->column[k];

        json_begin_object(j);
        put_text(j, "of",
                 c->event   ? STR("event")
                 : c->trait ? STR("trait")
                            : STR("property"));
        put_text(j, "name", c->name);
        if (!c->event) {
            put_text(j, "type", value_type_name(c->type));
            put_count(j, "values", c->values);
        }
        put_count(j, "chunks", c->chunks);
        put_count(j, "bytes", c->bytes);
        put_count(j, "unpacked", c->unpacked);
        put_text(j, "encoding", str_of(c->encoding));
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_erased(struct json_out *j, const struct receipts *receipts)
{
    struct receipt_counts gone = receipts_total(receipts);

    json_key(j, "erased");
    json_begin_object(j);
    put_count(j, "receipts", receipts->n);
    put_count(j, "customers", gone.customers);
    put_count(j, "events", gone.events);
    json_end_object(j);
}

void info_put_json(struct json_out *j, const struct store_info *i,
                   const struct receipts *receipts)
{
    json_begin_object(j);
    put_facts(j, &i->facts);
    put_erased(j, receipts);
    put_count(j, "waiting", i->waiting);
    put_count(j, "types", i->types);
    put_file(j, i);
    put_count(j, "memory_bytes", i->memory_bytes);
    put_ids(j, i);
    put_tables(j, i);
    put_columns(j, i);
    json_end_object(j);
}
