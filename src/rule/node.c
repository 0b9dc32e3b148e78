/* node.c - what a tree says of itself: equal keys, equal meaning. */
#include "rule/parse.h"

str function_name(enum function f)
{
    static const str names[] = {
#define X(name, text) {#text, sizeof #text - 1},
        RULE_FUNCTIONS(X)
#undef X
    };

    return names[f];
}

bool node_is_literal(const struct node *n)
{
    return n->kind <= NODE_DATE;
}

enum node_kind node_mirrored(enum node_kind comparison)
{
    switch ((int)comparison) {
    case NODE_LT:
        return NODE_GT;
    case NODE_LE:
        return NODE_GE;
    case NODE_GT:
        return NODE_LT;
    case NODE_GE:
        return NODE_LE;
    default:
        return comparison;
    }
}

void key_add(struct buf *to, int64_t n)
{
    buf_add(to, (str){(const char *)&n, sizeof n});
}

void key_add_text(struct buf *to, str s)
{
    key_add(to, (int64_t)s.n);
    buf_add(to, s);
}

void node_key(const struct node *n, struct buf *to)
{
    for (; n; n = n->next) {
        key_add(to, n->kind);
        key_add(to, n->number);
        if (n->kind == NODE_TEXT)
            key_add_text(to, n->text);
        if (n->kind == NODE_NAME) {
            key_add_text(to, n->name.whole);
            key_add_text(to, n->name.first);
            key_add(to, n->name.quoted);
            key_add(to, n->name.rest_quoted);
        }
        if (n->kind == NODE_LENGTH) {
            key_add(to, n->length.months);
            key_add(to, n->length.ms);
        }
        node_key(n->child, to);
    }
    key_add(to, -1);
}
