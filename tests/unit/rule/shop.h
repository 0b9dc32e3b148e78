/* shop.h - a small shop for the tests of rules: a dictionary, and timelines written as text.
 *
 *     2026-01-05 purchase revenue=10.5 sku=A items=[a,b] gift=true; 2026-01-06T12:00 identify
 *     @country=IT @renewal=2026-06-01 @old=null; 2026-01-07 visit by=ben
 *
 * The customer is anna where no other is named; the shop's timeline is hers.
 * Moments without a zone are the shop's. */
#ifndef UNIT_RULE_SHOP_H
#define UNIT_RULE_SHOP_H

#include "rule/rule.h"

struct shop {
    struct arena arena;
    struct dictionary dictionary;
    struct catalog catalog;
    struct zone *zone;
    struct chunk *chunk;
    struct timeline timeline;
    struct program *program;
    struct cursor *cursor;
    uint16_t seg_n;
    struct {
        str name;
        struct rule_ref rule;
        enum rule_named kind;
    } named[8];
};

#define SHOP_EVENTS_MAX 1000u
#define SHOP_STAGES 4u
extern const str shop_stage[SHOP_STAGES]; /* reach, retention, loyalty, lapsed */
#define SHOP_LIFECYCLES 2u /* people, of these stages; accounts: trial, paying */

/* ERR_NOMEM is the only way to fail; then everything is taken down. */
bool shop_open(struct shop *s, const char *zone, const char *timeline, struct err *err);
void shop_close(struct shop *s);
/* A rule under a name, for segment.x and score.x. */
bool shop_name(struct shop *s, enum rule_named kind, const char *name, const char *text,
               struct err *err);
/* Compiles a rule; then shop_start makes the cursor, at the shop's customer. */
bool shop_rule(struct shop *s, const char *text, enum rule_want want,
               struct rule_ref *out, struct err *err);
bool shop_start(struct shop *s, struct err *err);
int64_t shop_moment(const struct shop *s, const char *text);

#endif
