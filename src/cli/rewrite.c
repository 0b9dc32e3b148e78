#include "cli/rewrite.h"
#include "engine/erase.h"

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

static bool remove_now(struct erase *x, struct err *err)
{
    struct cli_bar bar = {};
    bool ok = engine_erase_run(x, cli_bar_is_seen() ? cli_bar_draw : NULL, &bar, err);

    cli_bar_end(&bar);
    return ok && engine_erase_finish(x, err);
}

/* That the receipt can be written is known before anything is removed. */
bool cli_remove(struct cli *c, struct erase *x, struct err *err)
{
    struct draft *draft = NULL;
    str receipts;

    if (cli_has(c, "receipt") && !draft_begin(c->io, cli_text(c, "receipt"), &draft, err))
        return false;
    if (!remove_now(x, err)) {
        draft_cancel(draft);
        return false;
    }
    receipts = erase_receipts(x);
    if (fwrite(receipts.p, 1, receipts.n, stdout) != receipts.n || fflush(stdout) != 0) {
        err_sys(err, "it is removed, but the receipt could not be written to standard "
                     "output");
        draft_cancel(draft);
        return false;
    }
    if (draft && !draft_append(draft, receipts, err)) {
        draft_cancel(draft);
        return err_in(err, "it is removed, but the receipt could not be kept");
    }
    return !draft || draft_commit(draft, err)
           || err_in(err, "it is removed, but the receipt could not be kept");
}
