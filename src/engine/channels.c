#include "engine/channels.h"

#include "engine/shipped.h"

enum { RULES_MAX = 1000, CHANNEL_NAME_MAX = 64 };

struct reading {
    struct arena *a;
    struct channel_rule *rule;
    const struct yaml **when; /* where each rule stands; NULL: in the default table */
    uint32_t n;
};

str channels_default(void)
{
    size_t n;

    return shipped_channels(&n)->text;
}

static bool add_list(struct reading *r, const struct yaml *list, bool is_default,
                     struct err *err);

static bool add_default(struct reading *r, const struct yaml *at, struct err *err)
{
    const struct yaml *root, *list;

    if (!yaml_parse(channels_default(), r->a, &root, err))
        return false;
    list = yaml_find(root, STR("channels"));
    if (r->n + list->n > RULES_MAX)
        return err_at(err, at->line, at->column, "the channels have more than %d rules",
                      RULES_MAX);
    return add_list(r, list, true, err);
}

static bool add_rule(struct reading *r, const struct yaml *item, bool is_default,
                     struct err *err)
{
    static const str keys[] = {STR("channel"), STR("when")};
    const struct yaml *when;
    str name;

    if (item->type != YAML_MAP)
        return err_at(err, item->line, item->column,
                      "a rule of the channels has the form { channel: NAME, when: "
                      "\"RULE\" }, or is the word default");
    if (!yaml_check_keys(item, keys, 2, "a rule of the channels", err)
        || !yaml_get_text(item, STR("channel"), &name, err))
        return false;
    name = str_trim(name);
    if (!name.n || name.n > CHANNEL_NAME_MAX)
        return err_at(err, item->line, item->column,
                      "this rule has no `channel`, a name of at most %d bytes",
                      CHANNEL_NAME_MAX);
    when = yaml_find(item, STR("when"));
    if (!when || when->type != YAML_SCALAR)
        return err_at(err, item->line, item->column,
                      "this rule has no `when`, which is one text");
    r->rule[r->n] = (struct channel_rule){name, when->text};
    r->when[r->n++] = is_default ? NULL : when;
    return true;
}

static bool add_list(struct reading *r, const struct yaml *list, bool is_default,
                     struct err *err)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct yaml *item = list->item[i];
        bool ok;

        if (r->n == RULES_MAX)
            return err_at(err, item->line, item->column,
                          "the channels have more than %d rules", RULES_MAX);
        if (item->type == YAML_SCALAR && str_eq(item->text, STR("default")))
            ok = add_default(r, item, err);
        else
            ok = add_rule(r, item, is_default, err);
        if (!ok)
            return false;
    }
    return true;
}

bool channels_parse(const struct yaml *list, struct arena *a, struct channels **out,
                    struct err *err)
{
    struct reading r = {.a = a,
                        .rule = arena_array(a, struct channel_rule, RULES_MAX),
                        .when = arena_array(a, const struct yaml *, RULES_MAX)};
    uint32_t wrong;

    if (!r.rule || !r.when)
        return err_nomem(err);
    if (list && list->type != YAML_LIST)
        return err_at(err, list->line, list->column,
                      "the channels are a list of rules: - { channel: NAME, when: "
                      "\"RULE\" }");
    if (!(list ? add_list(&r, list, false, err) : add_default(&r, NULL, err)))
        return false;
    if (channels_new(r.rule, r.n, a, out, &wrong, err))
        return true;
    if (err->code == ERR_INPUT && r.when[wrong])
        yaml_err_in_scalar(r.when[wrong], err);
    return false;
}
