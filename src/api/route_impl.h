/* route_impl.h - what the files of routes share. */
#ifndef API_ROUTE_IMPL_H
#define API_ROUTE_IMPL_H

#include "api/route.h"
#include "engine/against.h"

typedef bool api_handler(struct api_request *r, struct err *err);

api_handler get_info, get_stages, get_periods, get_customers, get_customer, get_members;
api_handler post_check, get_check, delete_check, post_backtest, get_backtest,
    delete_backtest;
api_handler post_apply, get_apply, delete_apply;
api_handler get_versions, get_version, get_diff;
api_handler get_session, post_session, delete_session;
api_handler get_keys, post_key, delete_key;
api_handler get_consent, get_retention, post_retention, get_retain, delete_retain;
api_handler get_webhooks, post_webhook, delete_webhook, post_webhook_replay,
    post_webhook_test;
api_handler get_person, get_receipts, post_erase, get_erase, delete_erase;
api_handler get_funnel, get_cohorts, get_rfm, get_overlap, get_attribution, get_channels;
api_handler get_views, get_view, post_view, delete_view, get_dashboards, post_dashboard,
    change_dashboard, delete_dashboard, get_alerts, post_alert, post_alert_try,
    delete_alert;
api_handler get_segments, get_segment_periods, get_lookalikes, get_personas, post_list;
api_handler get_paths, get_journey_map;
api_handler get_survival, get_churn, get_value, get_value_equity, get_propensity,
    get_lift, get_lift_plan, get_ledger;
api_handler get_fits, delete_fit, post_keep, get_keep, delete_keep;
api_handler get_openapi, get_live, get_spend, post_spend;
api_handler get_dictionary, get_refused, get_refused_rows, post_resend;
api_handler get_suspicions, get_decisions, post_identity;
api_handler get_similar, post_similar, get_similar_job, delete_similar;

/* --- jobs --- */
/* 202 {"job":id}; takes over `context`, whatever it returns. */
bool job_start(struct api_request *r, const struct job_kind *kind, void *context,
               struct err *err);
/* How far the job is that the path names, and what came of it. */
bool job_answer(struct api_request *r, const struct job_kind *kind, struct err *err);
bool job_end(struct api_request *r, const struct job_kind *kind, struct err *err);

/* --- parameters of the query; empty when missing --- */
str param(const struct api_request *r, const char *name);
const struct model *model_of(const struct api_request *r);
bool language_param(const struct api_request *r, enum language *out, struct err *err);
/* A moment or a date, which may be counted from `at`; the future is not known. */
bool moment_param(const struct api_request *r, const char *name, int64_t otherwise,
                  int64_t *out, struct err *err);
/* from and to of a report, which may lie in the future; all of time where they are not given. */
bool range_params(const struct api_request *r, int64_t *from_ms, int64_t *to_ms,
                  struct err *err);
/* The same of a member of the body. */
bool moment_field(const struct api_request *r, const char *name, int64_t otherwise,
                  int64_t *out, struct err *err);
bool at_param(const struct api_request *r, int64_t *out, struct err *err);
/* Of a report: whom it is about, and of which time. */
bool scope_params(const struct api_request *r, struct report_scope *out, struct err *err);
struct report_against against_params(const struct api_request *r);
/* "1", or not given. */
bool flag_param(const struct api_request *r, const char *name, bool *out,
                struct err *err);
/* A whole number from min to max. */
bool whole_parse(str s, uint32_t min, uint32_t max, uint32_t *out);
/* `lifecycle`: the first when missing. */
bool lifecycle_param(const struct api_request *r, const struct lifecycle **out,
                     struct err *err);
bool stage_param(const struct api_request *r, const char *name, const struct lifecycle *l,
                 uint16_t *out, struct err *err);

/* --- the table --- */

struct api_param {
    const char *name, *what;
};

/* A member of the body's object. Numbers are whole. */
struct api_field {
    const char *name;
    enum json_type type;
    bool needed;
    const char *what;
};

struct api_route {
    const char *method;
    const char *path;     /* "/:id" at its end: the rest of the path is an id */
    enum key_right right; /* that it needs, ... */
    bool is_open;         /* ... unless everybody may */
    bool is_report;       /* its answer follows from the engine and the question alone */
    api_handler *run;
    const char *what;
    const struct api_param *param;
    size_t param_n;
    const struct api_field *field;
    size_t field_n;
};

/* All of them; those of one path stand behind one another. */
const struct api_route *routes_get(size_t *n);
/* "/api/customers/:id" -> "/api/customers/", and "id" or nothing */
str route_stem(const struct api_route *route, str *id);
const char *field_type_name(enum json_type type);

#endif
