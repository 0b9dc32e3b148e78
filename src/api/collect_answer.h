/* collect_answer.h - what the tracking API answers, to pages of any site. */
#ifndef API_COLLECT_ANSWER_H
#define API_COLLECT_ANSWER_H

#include "engine/collect.h"

#include <microhttpd.h>

/* `allow` is given with 405: the methods that the path takes. */
enum MHD_Result collect_answer_error(struct MHD_Connection *c, unsigned status,
                                     const char *allow, const struct err *err);
/* An error of who sent it. */
enum MHD_Result collect_answer_words(struct MHD_Connection *c, unsigned status,
                                     const char *why);
/* It is to be sent again, later: too much came. */
enum MHD_Result collect_answer_again(struct MHD_Connection *c, unsigned after_s,
                                     const char *why);
/* The same, when the bodies that are here already take all the memory they may. */
enum MHD_Result collect_answer_busy(struct MHD_Connection *c);
/* Nothing of it was kept. */
enum MHD_Result collect_answer_failed(struct MHD_Connection *c);
/* What became of its events. */
enum MHD_Result collect_answer_taken(struct MHD_Connection *c,
                                     const struct collect_body *body);
enum MHD_Result collect_answer_pixel(struct MHD_Connection *c);
enum MHD_Result collect_answer_ok(struct MHD_Connection *c);
/* A browser asks whether the page may send. */
enum MHD_Result collect_answer_preflight(struct MHD_Connection *c);
/* What SDKs ask before they send. `key` is the one in the path. */
enum MHD_Result collect_answer_settings(struct MHD_Connection *c, str key);
enum MHD_Result collect_answer_source_config(struct MHD_Connection *c);

#endif
