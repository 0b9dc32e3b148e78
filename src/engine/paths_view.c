/* paths_view.c - ways, nodes and links in their order, what is rare as one; and as JSON. */
#include "base/kth.h"
#include "engine/paths_impl.h"

#include <stdlib.h>

/* --- order --- */

/* Names in the order of their numbers, so that equal counts have an order of their own. */
static int name_cmp(const struct paths *p, uint16_t a, uint16_t b)
{
    if (a == b || !a || !b)
        return a < b ? -1 : a > b;
    return str_cmp(paths_name(p, a), paths_name(p, b));
}

static int entry_cmp(const void *a, const void *b, void *paths)
{
    const struct tally_entry *const *x = a, *const *y = b;

    if ((*x)->times != (*y)->times)
        return (*x)->times > (*y)->times ? -1 : 1;
    if ((*x)->customers != (*y)->customers)
        return (*x)->customers > (*y)->customers ? -1 : 1;
    for (uint32_t i = 0; i < TALLY_ROW_MAX; i++) {
        int order = name_cmp(paths, (*x)->row.number[i], (*y)->row.number[i]);

        if (order)
            return order;
    }
    return 0;
}

/* Nodes by step, and then as all entries. */
static int node_cmp(const void *a, const void *b, void *paths)
{
    const struct tally_entry *const *x = a, *const *y = b;
    uint16_t of_x = (*x)->row.number[0], of_y = (*y)->row.number[0];
    uint64_t times_x = (*x)->times, times_y = (*y)->times;

    if (of_x != of_y)
        return of_x < of_y ? -1 : 1;
    if (times_x != times_y)
        return times_x > times_y ? -1 : 1;
    return name_cmp(paths, (*x)->row.number[1], (*y)->row.number[1]);
}

static int link_cmp(const void *a, const void *b)
{
    const struct path_link *x = a, *y = b;

    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    if (x->ways != y->ways)
        return x->ways > y->ways ? -1 : 1;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static int link_ends_cmp(const void *a, const void *b)
{
    const struct path_link *x = a, *y = b;

    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* --- what is rare as one --- */

/* Where nobody goes two ways, numbers of customers can be added. */
static bool goes_one_way(const struct paths *p)
{
    return !p->plan.each && !p->plan.gap_ms;
}

/* `first`: nothing has been added yet. */
static void add_customers(const struct paths *p, uint64_t *customers, bool first,
                          uint64_t more)
{
    if (first)
        *customers = more;
    else if (*customers != PATHS_NOT_COUNTED && more != PATHS_NOT_COUNTED
             && goes_one_way(p))
        *customers += more;
    else
        *customers = PATHS_NOT_COUNTED;
}

static bool entries_of(const struct tally *t, bool nodes, bool ways, struct arena *a,
                       const struct tally_entry ***out, uint32_t *n, struct err *err)
{
    const struct tally_entry **entry =
        arena_array(a, const struct tally_entry *, (size_t)t->n + 1);

    if (!entry)
        return err_nomem(err);
    *n = 0;
    for (uint32_t i = 0; i < t->n; i++)
        if (ways || (t->entry[i].row.number[2] == PATHS_NODE) == nodes)
            entry[(*n)++] = &t->entry[i];
    *out = entry;
    return true;
}

/* Those that may be among the first `top` come to the front: as often as the last of these, or
 * more often. */
static bool most_first(const struct tally_entry **entry, uint32_t n, uint32_t top,
                       uint32_t *first, struct err *err)
{
    int64_t *times, least;

    *first = n;
    if (n <= top)
        return true;
    times = mem_alloc(n * sizeof *times);
    if (!times)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++)
        times[i] = (int64_t)entry[i]->times;
    least = kth_least(times, n, n - top);
    mem_free(times);
    *first = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct tally_entry *e = entry[i];

        if ((int64_t)e->times < least)
            continue;
        entry[i] = entry[*first];
        entry[(*first)++] = e;
    }
    return true;
}

static bool rank_ways(struct paths_view *v, uint32_t top, struct arena *a,
                      struct err *err)
{
    struct paths *p = v->paths;
    const struct tally_entry **entry;
    struct path_way *way;
    uint32_t n, first;

    if (!entries_of(&p->ways, false, true, a, &entry, &n, err))
        return false;
    if (!most_first(entry, n, top, &first, err))
        return false;
    qsort_r(entry, first, sizeof(struct tally_entry *), entry_cmp, p);
    way = arena_array(a, struct path_way, (n < top ? n : top) + 1);
    if (!way)
        return err_nomem(err);
    for (uint32_t i = 0; i < n && i < top; i++)
        way[v->way_n++] =
            (struct path_way){entry[i]->row, entry[i]->times, entry[i]->customers};
    v->way = way;
    for (uint32_t i = top; i < n; i++) {
        v->other.ways += entry[i]->times;
        add_customers(p, &v->other.customers, i == top, entry[i]->customers);
        v->other_n++;
    }
    return true;
}

bool paths_all(struct paths *p, struct arena *a, struct path_way **out, struct err *err)
{
    const struct tally_entry **entry;
    uint32_t n;

    *out = arena_array(a, struct path_way, (size_t)p->ways.n + 1);
    if (!*out)
        return err_nomem(err);
    if (!entries_of(&p->ways, false, true, a, &entry, &n, err))
        return false;
    qsort_r(entry, n, sizeof(struct tally_entry *), entry_cmp, p);
    for (uint32_t i = 0; i < n; i++)
        (*out)[i] =
            (struct path_way){entry[i]->row, entry[i]->times, entry[i]->customers};
    return true;
}

bool paths_go_one_way(const struct paths_view *v)
{
    return goes_one_way(v->paths);
}

/* Which node stands for a name at a step; the others and the end have places of their own. */
struct node_map {
    uint32_t *of; /* [step - 1][number] */
    uint32_t numbers, other[PATHS_STEPS_MAX + 1], end[PATHS_STEPS_MAX + 1];
};
#define NO_NODE UINT32_MAX

static void add_node(struct paths_view *v, struct path_node *node, uint32_t *place,
                     const struct path_node *more)
{
    if (*place == NO_NODE) {
        *place = v->node_n++;
        node[*place] = *more;
        return;
    }
    node[*place].ways += more->ways;
    add_customers(v->paths, &node[*place].customers, false, more->customers);
}

static void place_nodes(struct paths_view *v, uint32_t top,
                        const struct tally_entry **entry, uint32_t n,
                        struct path_node *node, struct node_map *map)
{
    uint32_t at_step = 0, shown = 0;

    for (uint32_t i = 0; i < n; i++) {
        const struct tally_entry *e = entry[i];
        struct path_node one = {.step = e->row.number[0],
                                .number = e->row.number[1],
                                .ways = e->times,
                                .customers = e->customers};
        uint32_t *place = &map->of[(size_t)(one.step - 1) * map->numbers + one.number];

        shown = one.step == at_step ? shown + 1 : 1;
        at_step = one.step;
        if (shown <= top) {
            add_node(v, node, place, &one);
            continue;
        }
        one.kind = PATH_OTHER;
        one.number = NAME_NONE;
        add_node(v, node, &map->other[one.step], &one);
        *place = map->other[one.step];
    }
}

static void place_links(struct paths_view *v, const struct tally_entry **entry,
                        uint32_t n, struct path_node *node, struct path_link *link,
                        struct node_map *map)
{
    bool backwards = v->paths->plan.from == PATHS_BEFORE;

    for (uint32_t i = 0; i < n; i++) {
        const struct tally_entry *e = entry[i];
        uint32_t step = e->row.number[0], near, far;

        near = map->of[(size_t)(step - 1) * map->numbers + e->row.number[1]];
        if (e->row.number[2]) {
            far = map->of[(size_t)step * map->numbers + e->row.number[2]];
        } else {
            add_node(v, node, &map->end[step],
                     &(struct path_node){.step = step + 1,
                                         .kind = PATH_END,
                                         .ways = e->times,
                                         .customers = e->customers});
            far = map->end[step];
        }
        link[i] = (struct path_link){step, backwards ? far : near, backwards ? near : far,
                                     e->times, e->customers};
    }
}

/* Those between the same two nodes as one. */
static void join_links(struct paths_view *v, struct path_link *link, uint32_t n)
{
    qsort(link, n, sizeof *link, link_ends_cmp);
    for (uint32_t i = 0; i < n; i++) {
        struct path_link *last = v->link_n ? &link[v->link_n - 1] : NULL;

        if (last && !link_ends_cmp(last, &link[i])) {
            last->ways += link[i].ways;
            add_customers(v->paths, &last->customers, false, link[i].customers);
        } else {
            link[v->link_n++] = link[i];
        }
    }
    qsort(link, v->link_n, sizeof *link, link_cmp);
    v->link = link;
}

static bool rank_links(struct paths_view *v, uint32_t top, struct arena *a,
                       struct err *err)
{
    struct paths *p = v->paths;
    struct node_map map = {.numbers = p->names.text.n + 1};
    const struct tally_entry **nodes, **links;
    struct path_node *node;
    struct path_link *link;
    uint32_t node_n, link_n;

    if (!entries_of(&p->links, true, false, a, &nodes, &node_n, err)
        || !entries_of(&p->links, false, false, a, &links, &link_n, err))
        return false;
    map.of = arena_array(a, uint32_t, (size_t)map.numbers * PATHS_STEPS_MAX);
    node = arena_array(a, struct path_node, (size_t)node_n + 2 * (PATHS_STEPS_MAX + 1));
    link = arena_array(a, struct path_link, (size_t)link_n + 1);
    if (!map.of || !node || !link)
        return err_nomem(err);
    for (size_t i = 0; i < (size_t)map.numbers * PATHS_STEPS_MAX; i++)
        map.of[i] = NO_NODE;
    for (uint32_t i = 0; i <= PATHS_STEPS_MAX; i++)
        map.other[i] = map.end[i] = NO_NODE;
    qsort_r(nodes, node_n, sizeof(struct tally_entry *), node_cmp, p);
    place_nodes(v, top, nodes, node_n, node, &map);
    place_links(v, links, link_n, node, link, &map);
    join_links(v, link, link_n);
    v->node = node;
    return true;
}

bool paths_rank(struct paths_view *v, uint32_t top, struct arena *a, struct err *err)
{
    return rank_ways(v, top, a, err)
           && (!v->paths->plan.links || rank_links(v, top, a, err));
}

/* --- in words --- */

str path_step(const struct paths_view *v, const struct path_way *way, uint32_t i)
{
    uint32_t n = paths_steps(way->row);
    bool backwards = v->paths->plan.from == PATHS_BEFORE;

    return paths_name(v->paths, way->row.number[backwards ? n - 1 - i : i]);
}

void paths_put_way(struct buf *to, const struct paths_view *v, const struct path_way *way)
{
    for (uint32_t i = 0; i < paths_steps(way->row); i++) {
        if (i)
            buf_add(to, STR(" > "));
        buf_add(to, path_step(v, way, i));
    }
}

str path_node_name(const struct paths_view *v, const struct path_node *node)
{
    if (node->kind == PATH_STEP)
        return paths_name(v->paths, node->number);
    if (node->kind == PATH_OTHER)
        return STR("(other)");
    return v->paths->plan.from == PATHS_BEFORE ? STR("(start)") : STR("(end)");
}

static void put_counts(struct json_out *j, uint64_t ways, uint64_t customers)
{
    json_key(j, "ways");
    json_put_int(j, (int64_t)ways);
    json_key(j, "customers");
    if (customers == PATHS_NOT_COUNTED)
        json_put_null(j);
    else
        json_put_int(j, (int64_t)customers);
}

static void put_ways(struct json_out *j, const struct paths_view *v)
{
    json_key(j, "paths");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->way_n; i++) {
        uint32_t n = paths_steps(v->way[i].row);

        json_begin_object(j);
        json_key(j, "steps");
        json_begin_list(j);
        for (uint32_t k = 0; k < n; k++)
            json_put_text(j, path_step(v, &v->way[i], k));
        json_end_list(j);
        json_key(j, "ended");
        json_put_bool(j, n < v->paths->plan.steps);
        put_counts(j, v->way[i].ways, v->way[i].customers);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "other");
    json_begin_object(j);
    json_key(j, "paths");
    json_put_int(j, v->other_n);
    put_counts(j, v->other.ways, v->other.customers);
    json_end_object(j);
}

static void put_links(struct json_out *j, const struct paths_view *v)
{
    static const char *const kind[] = {
        [PATH_STEP] = "step", [PATH_OTHER] = "other", [PATH_END] = "end"};

    json_key(j, "nodes");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->node_n; i++) {
        json_begin_object(j);
        json_key(j, "step");
        json_put_int(j, v->node[i].step);
        json_key(j, "name");
        json_put_text(j, path_node_name(v, &v->node[i]));
        json_key(j, "kind");
        json_put_text(j, str_of(kind[v->node[i].kind]));
        put_counts(j, v->node[i].ways, v->node[i].customers);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "links");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->link_n; i++) {
        json_begin_object(j);
        json_key(j, "step");
        json_put_int(j, v->link[i].step);
        json_key(j, "from");
        json_put_int(j, v->link[i].from);
        json_key(j, "to");
        json_put_int(j, v->link[i].to);
        put_counts(j, v->link[i].ways, v->link[i].customers);
        json_end_object(j);
    }
    json_end_list(j);
}

bool paths_put_json(struct json_out *j, const struct engine *e,
                    const struct paths_view *v, struct arena *a, struct err *err)
{
    const struct paths *p = v->paths;
    bool ok;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, p->plan.at_ms);
    json_key(j, "direction");
    json_put_text(j, p->plan.from == PATHS_BEFORE ? STR("backwards") : STR("forwards"));
    json_key(j, "steps");
    json_put_int(j, p->plan.steps);
    put_counts(j, p->way_n, p->customer_n);
    put_ways(j, v);
    if (p->plan.links)
        put_links(j, v);
    if (v->against) {
        json_key(j, "against");
        json_begin_object(j);
        put_counts(j, v->against->paths->way_n, v->against->paths->customer_n);
        put_ways(j, v->against);
        json_end_object(j);
        paths_put_against(j, v);
    }
    ok = !(v->lists) || report_put_listed(j, "listed", e, &v->listed, a, err);
    json_end_object(j);
    return ok;
}
