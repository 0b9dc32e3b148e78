/* groups.h - customers in groups by what they are broken down by: the groups' names, numbered.
 *
 * A name in the table is '=' and the value; it is empty where the value is not known. */
#ifndef REPORT_GROUPS_H
#define REPORT_GROUPS_H

#include "base/err.h"
#include "base/hash.h"

#define GROUPS_MAX 50u

/* ERR_LIMIT for more than GROUPS_MAX. */
bool groups_number(struct text_table *t, str name, uint32_t *out, struct err *err);
/* number[i] is what group i of `from` is in `into`. */
bool groups_join(struct text_table *into, const struct text_table *from,
                 uint32_t number[GROUPS_MAX], struct err *err);
/* False: the value is not known, or nothing is asked for. */
bool groups_name(const struct text_table *t, uint32_t group, str *out);
/* Numbers them by their size, the largest first, then by their names: group i becomes
 * place[i]. */
bool groups_order(struct text_table *t, const uint64_t *size, uint32_t place[GROUPS_MAX],
                  struct err *err);

#endif
