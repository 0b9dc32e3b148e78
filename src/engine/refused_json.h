/* refused_json.h - what was refused, and what came of sending it again, as JSON. */
#ifndef ENGINE_REFUSED_JSON_H
#define ENGINE_REFUSED_JSON_H

#include "base/json.h"
#include "engine/refused.h"

/* The groups with most rows, at most 1,000. */
/* Which of the reasons are told: empty texts are any. */
struct refused_page {
    str source, reason;
    uint32_t first, limit;
};
void refused_put_summary(struct json_out *j, const struct refused_summary *s,
                         const struct refused_page *page);
/* `next`: where the list goes on; NULL: nowhere. */
void refused_put_rows(struct json_out *j, const struct refused_row *row, uint32_t n,
                      const struct refused_place *next);
void resend_put_report(struct json_out *j, const struct resend_report *r, bool dry_run);
/* As it is written there: 16 hexadecimal digits. */
bool refused_id_parse(str text, uint64_t *out);

#endif
