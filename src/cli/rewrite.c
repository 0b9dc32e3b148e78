#include "cli/rewrite.h"

struct rewrite_options cli_rewrite_options(const struct cli *c, struct cli_bar *bar,
                                           struct owner *owner)
{
    owner_init(owner);
    return (struct rewrite_options){
        .memory_bytes = c->memory_bytes,
        .progress = cli_bar_is_seen() ? cli_bar_draw : NULL,
        .context = bar,
        .owner = &owner->store,
    };
}

static void print_size(struct buf *b, uint64_t bytes)
{
    buf_add_format(b, "%.1f MB", (double)bytes / 1e6);
}

void cli_rewrite_print(struct buf *b, const struct rewrite_sizes *sizes)
{
    print_size(b, sizes->before_bytes);
    buf_add(b, STR(" before, "));
    print_size(b, sizes->after_bytes);
    buf_add(b, STR(" now"));
}

void cli_rewrite_json(struct json_out *j, const struct rewrite_sizes *sizes)
{
    json_key(j, "before_bytes");
    json_put_int(j, (int64_t)sizes->before_bytes);
    json_key(j, "after_bytes");
    json_put_int(j, (int64_t)sizes->after_bytes);
}
