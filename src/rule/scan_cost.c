/* scan_cost.c - what can be asked column by column, and what it costs. */
#include "rule/scan_impl.h"

static enum cost slot_cost(const struct scan *s, uint32_t index)
{
    const struct slot *slot = &s->p->slot[index];
    const struct series *series = &s->p->series[slot->series];

    if (series->source.type == VALUE_LIST || series->source.kind == SOURCE_BUILTIN
        || series->where || slot->function == FUNCTION_DISTINCT)
        return COST_CURSOR;
    switch (series->kind) {
    case SERIES_TRAIT:
        return COST_TRAIT;
    case SERIES_EVENTS:
        return series->source.kind == SOURCE_NOTHING ? COST_TYPES : COST_CELLS;
    case SERIES_SEQUENCE:
        break;
    }
    return COST_CURSOR;
}

static enum cost worst(enum cost a, enum cost b)
{
    return a > b ? a : b;
}

static enum cost operands_cost(const struct scan *s, const struct node *n)
{
    enum cost cost = COST_STAGE;

    for (n = n->child; n && cost < COST_CURSOR; n = n->next)
        cost = worst(cost, node_cost(s, n));
    return cost;
}

static enum cost named_cost(const struct scan *s, const struct node *n)
{
    switch (n->means) {
    case MEANS_TERM:
        return n->kind == NODE_CALL && n->call->function == FUNCTION_ANNIVERSARY
                   ? COST_CURSOR
                   : slot_cost(s, n->index);
    case MEANS_STAGE:
    case MEANS_PREVIOUS_STAGE:
    case MEANS_TIME_IN_STAGE:
    case MEANS_TIMES_IN:
    case MEANS_LIFECYCLE_STAGE:
    case MEANS_ACCOUNT:
        return COST_STAGE;
    case MEANS_SEGMENT:
    case MEANS_SCORE:
        return s->rule_cost[n->index];
    case MEANS_WORTH:
    case MEANS_NOTHING:
    case MEANS_COLUMN:
    case MEANS_PROPERTY:
        break;
    }
    return COST_CURSOR;
}

static bool is_value(const struct node *n)
{
    return !node_is_condition(n) && n->means != MEANS_SEGMENT;
}

/* Texts of columns are known by the rule's texts that they equal: two columns' cannot be
 * compared. */
static bool is_comparable(const struct node *n)
{
    const struct node *left = n->child, *right = left->next;

    if (!is_value(left) || (right && !is_value(right)))
        return false;
    return left->type != VALUE_TEXT || !right || left->means != MEANS_TERM
           || right->means != MEANS_TERM;
}

enum cost node_cost(const struct scan *s, const struct node *n)
{
    switch ((int)n->kind) {
    case NODE_NUMBER:
    case NODE_TEXT:
    case NODE_BOOL:
    case NODE_LENGTH:
    case NODE_DATE:
        return COST_STAGE;
    case NODE_NAME:
    case NODE_CALL:
        return named_cost(s, n);
    case NODE_CONTAINS:
    case NODE_STARTS_WITH:
        return COST_CURSOR;
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        return operands_cost(s, n);
    default:
        return node_is_condition(n) && !is_comparable(n) ? COST_CURSOR
                                                         : operands_cost(s, n);
    }
}

enum cost rule_cost(const struct scan *s, const struct rule *rule)
{
    enum cost cost = COST_STAGE;

    if (rule->depth > SCAN_DEEP)
        return COST_CURSOR;
    if (rule->root)
        return node_cost(s, rule->root);
    for (uint32_t i = 0; i < rule->part_n; i++)
        cost = worst(cost, s->rule_cost[rule->part[i].when.v]);
    return cost;
}
