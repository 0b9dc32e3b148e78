/* route.c - the table of routes: dispatch, the check of bodies. */
#include "api/route.h"

#include "api/route_impl.h"
#include "base/num.h"

#include <string.h>

#define AT                                                                               \
    {                                                                                    \
        "at", "as it stood at this moment or date; now unless given"                     \
    }
#define FROM                                                                             \
    {                                                                                    \
        "from", "what happened after this moment or date"                                \
    }
#define LIFECYCLE                                                                        \
    {                                                                                    \
        "lifecycle", "the lifecycle's name; the first of the model unless given"         \
    }
#define LANG                                                                             \
    {                                                                                    \
        "lang", "en, it or pt: the language of rules in words"                           \
    }

static const struct api_param info_params[] = {LANG, LIFECYCLE};
static const struct api_param stages_params[] = {
    AT,
    FROM,
    LIFECYCLE,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"kpi", "1: with each stage's target and KPIs"},
    {"conversion", "1: of those who entered each stage, who went on and after how long; "
                   "and the bottleneck. What follows goes with it; from is in the range"},
    {"to", "who entered, and left, before it"},
    {"within", "a length such as 30d: who went on so soon after entering"},
    {"by", "trait.x, acquisition.x or consent.x.y: the same for each value"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers", "a stage: with who, its customers, too"},
    {"who", "with customers: stock, entered, left, forward, back, lost, waiting, "
            "stage.x (who went on there), or out"},
    {"group", "with by and customers: of those with this value"},
    {"group_missing", "1: of those of whom it is not known"},
};
static const struct api_param periods_params[] = {
    {"by", "day, week, month, quarter or year; month unless given"},
    {"from", "the first period holds this moment; that of the first event unless given"},
    LIFECYCLE,
    {"to",
     "the last period holds this moment; the day after the last event unless given"},
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
};
static const struct api_param segments_params[] = {AT, FROM};
static const struct api_param segment_periods_params[] = {
    {"by", "day, week, month, quarter or year; month unless given"},
    {"from", "the first period holds this moment; that of the first event unless given"},
    {"to",
     "the last period holds this moment; the day after the last event unless given"},
};
static const struct api_param customers_params[] = {
    AT,
    FROM,
    LIFECYCLE,
    {"stage", "who stands in this stage then"},
    {"segment", "who is in this segment then"},
    {"segment_entered", "who entered this segment after from"},
    {"segment_left", "who left this segment after from"},
    {"entered", "who entered this stage after from"},
    {"left", "who left this stage after from"},
    {"move_from",
     "who moved from this stage after from; with move_to alone: who came in"},
    {"move_to", "who moved to this stage after from"},
    {"search", "a part of the id"},
    {"limit", "rows a page, at most 1000; 50 unless given"},
    {"after", "the cursor that the page before gave as next"},
    {"format", "csv: the whole list as CSV"},
};
static const struct api_param members_params[] = {
    {"limit", "members a page, at most 1000; 50 unless given"},
    {"after", "the number that the page before gave as next"},
};
static const struct api_param diff_params[] = {
    {"from", "the number of a version"},
    {"to", "the number of a version"},
};
static const struct api_param backtest_params[] = {
    {"first",
     "of those who differ, the place of the first that is listed; 0 unless given"},
    {"limit", "how many are listed, at most 1000; 100 unless given"},
};
static const struct api_param live_params[] = {
    {"what",
     "moves, events, stages, or some of them with commas between; all unless given"},
    {"lifecycle",
     "moves and stages of this one; of all, or the first's stage, unless given"},
    {"stage", "only moves into this stage and out of it"},
    {"customer", "only moves and events of the one whose id it is, whichever of his ids"},
    {"last", "as the header Last-Event-ID, for who cannot send one"},
};
static const struct api_param refused_params[] = {
    {"source", "only from this source"},
    {"reason", "only for this reason"},
    {"limit", "reasons a page, at most 1000; 50 unless given"},
    {"after", "what the page before gave as next"},
};
static const struct api_param refused_rows_params[] = {
    {"source", "from which source: as /api/refused gives it"},
    {"reason", "for which reason: as /api/refused gives it"},
    {"limit", "rows a page, at most 1000; 50 unless given"},
    {"after", "what the page before gave as next"},
};
static const struct api_param pairs_params[] = {
    {"customer", "only those of the customer with this id"},
    {"limit", "pairs a page, at most 1000; 50 unless given"},
    {"after", "what the page before gave as next"},
};
static const struct api_param consent_params[] = {
    {"channel", "by which he would be written to; with purpose: this one consent alone"},
    {"purpose", "what for"},
    AT,
};
static const struct api_param funnel_params[] = {
    {"steps", "patterns with commas between: visit, signup, purchase where revenue > 10"},
    {"within", "a length such as 30d, after the first step; no limit unless given"},
    {"each_step", "1: after the step before"},
    {"strict", "1: with no other event between the steps"},
    {"by",
     "a property of the first step's event, channel, trait.x or acquisition.x: broken "
     "down by it"},
    {"from", "the first step is taken at this moment or date, or later"},
    {"to", "the first step is taken before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"stopped", "the number of a step: who stopped there, too; or ..."},
    {"reached", "... who got there, or beyond"},
    {"group", "with stopped or reached: only those for whom by has this value"},
    {"group_missing", "1: only those for whom it is missing"},
    {"next", "with stopped: only those whose next event is of this type"},
    {"next_nothing", "1: only those who did nothing more"},
};
static const struct api_param cohorts_params[] = {
    {"first", "the pattern of the event with which somebody begins, trait.x, or stage.x"},
    {"after", "of an event: those who come back with it so long after the one before"},
    {"lifecycle", "of a stage: in this one; in the first unless given"},
    {"again", "the pattern of what comes again; the same unless given"},
    {"repeat", "1: only what comes behind the first event"},
    {"value", "a property of what comes again, to be summed"},
    {"by", "day, week, month, quarter or year; month unless given"},
    {"cumulated", "1: from the beginning up to each period"},
    {"from", "who began at this moment or date, or later"},
    {"to", "who began before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"cohort", "the name of a cohort, such as 2026-01, or all: its customers, too"},
    {"period", "with cohort: those of whom something came again in it"},
    {"times", "with cohort: those for whom it came so often at least"},
};
static const struct api_param attribution_params[] = {
    {"conversion", "the pattern of the event to which paths lead, such as purchase"},
    {"value", "a property of it that is shared out, such as revenue"},
    {"by", "channel or campaign; channel unless given"},
    {"without", "channels that are no touches, with commas between"},
    {"lookback", "how far a path reaches back from its end, such as 30d"},
    {"position", "shares of the first touch, those between, the last; 40,20,40"},
    {"half_life", "after which a touch counts half as much; 7d unless given"},
    {"from", "paths that end at this moment or date, or later"},
    {"to", "paths that end before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers", "a channel: whose conversions it was in; (none): those of no channel"},
    {"campaign", "with customers, by campaign: only of this one, or (none)"},
    {"as", "with customers: any, first, last or lost; any unless given"},
};
static const struct api_param channels_params[] = {
    {"won",
     "the pattern of the event by which customers are won; else their first touch"},
    {"event", "the pattern of what is counted of what they do, such as purchase"},
    {"value", "a property of it that is summed, such as revenue"},
    {"by", "channel or campaign; channel unless given"},
    {"touch", "first or last: to which touch it is owed; first unless given"},
    {"without", "channels that are no touches, with commas between"},
    {"from", "what happened at this moment or date, or later"},
    {"to", "what happened before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers", "a channel: whom it won, too; (none): whom no channel won"},
    {"campaign", "with customers, by campaign: only of this one, or (none)"},
    {"as", "with customers: won, reached or events; won unless given"},
};
static const struct api_param rfm_params[] = {
    {"event", "the pattern of what is counted, such as purchase"},
    {"value", "a property of it that is summed, such as revenue"},
    {"method", "interpolated, quintiles, ranks or limits; interpolated unless given"},
    {"days", "1: recency in whole days, not to the moment"},
    {"recency", "own limits: four numbers of days with commas between"},
    {"frequency", "own limits: four numbers of times"},
    {"monetary", "own limits: four sums"},
    {"from", "earlier events are not looked at"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"since", "an earlier date: who moved from which group then to which group now"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers",
     "who is in this group, in this cell such as 555 (54: of every monetary score), or "
     "all; with since also who moved: loyal > at risk"},
};
static const struct api_param paths_params[] = {
    {"through",
     "event, channel, a property, or several with commas between; or stage; event unless "
     "given"},
    {"events", "patterns of the events that are steps, with commas between; any unless "
               "given"},
    {"after", "forwards from what this pattern picks, or from stage.NAME"},
    {"before", "backwards from it; without both of them from any step forwards"},
    {"steps", "of a way, at most: from 2 to 8; 5 unless given"},
    {"each", "1: from each such event, not only from a customer's first"},
    {"whole", "1: only ways that have all of the steps"},
    {"collapse", "1: equal steps one after the other are one"},
    {"within", "a length such as 7d: of the whole way"},
    {"gap", "a length such as 30m: a visit ends where nothing comes for longer"},
    {"top",
     "ways, and at each step names, that are told apart: at most 1000; 20 unless given"},
    {"links", "1: nodes and links, too, as a Sankey diagram has them"},
    LIFECYCLE,
    {"from", "ways that begin at this moment or date, or later"},
    {"to", "ways that begin before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers", "a way, such as visit > signup, or (other): who goes it, too"},
    {"step", "with customers: who goes so from the step with this number to the next"},
};
static const struct api_param churn_params[] = {
    {"active",
     "who is a customer: patterns with commas between, stage.x, or not stage.x"},
    {"lifecycle", "of stages: in this one; in the first unless given"},
    {"value", "a property of the one event, to be summed: gross and net retention"},
    {"by", "day, week, month, quarter or year; month unless given"},
    {"from", "from the period on that holds this moment or date"},
    {"to", "periods that are over by then"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"formula", "which of the rates somebody looks at; the answer has all of them"},
    {"period", "the name of a period, such as 2026-01: with who, its customers, too"},
    {"who", "with period: kept, lost, new, returned or passed"},
};
static const struct api_param survival_params[] = {
    {"first", "the pattern of the event with which somebody begins, trait.x, or stage.x"},
    {"after", "of an event: those who come back with it so long after the one before"},
    {"end", "what it ends with: patterns with commas between, stage.x, not stage.x or "
            "segment.x"},
    {"lifecycle", "of stages: in this one; in the first unless given"},
    {"every", "the length from point to point; 30d unless given"},
    {"by",
     "a property of the first event, trait.x, acquisition.x or segment.x: a curve for "
     "each value"},
    {"from", "who began at this moment or date, or later"},
    {"to", "who began before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"cox", "trait.x, acquisition.x, with commas between: what goes with how long it "
            "lasts, by Cox's proportional hazards"},
    {"ties", "with cox: efron (unless given), breslow or exact"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers", "ended or waiting: to whom it happened, or has not, too"},
    {"within", "with customers: in this length of time"},
    {"group", "with customers: of those with this value"},
    {"group_missing", "1: of those for whom it is missing"},
};
static const struct api_param lift_params[] = {
    {"group",
     "what names a customer's group: trait.x, or with assigned a property of that "
     "event"},
    {"assigned", "the pattern of the event by which customers are assigned; without it a "
                 "trait says it"},
    {"control", "the group without the treatment; control unless given"},
    {"conversion", "the pattern of the event that counts"},
    {"value", "a number or money that it has, such as revenue"},
    {"within", "how long after the assignment, and before it; 30d unless given"},
    {"split", "how often each group was to be taken: control=9,variant=1; alike unless "
              "given"},
    {"from", "who was assigned at this moment or date, or later"},
    {"to", "who was assigned before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"customers", "converted, not, waiting or several: who they are, too"},
    {"in", "with customers: only of this group"},
    {"channel", "what attribution owes to it, too; several with commas between"},
};
static const struct api_param lift_plan_params[] = {
    {"rate", "the share that converts now, such as 0.05"},
    {"spread", "or: the standard deviation of what customers bring"},
    {"change", "what is to be found: of the share, 0.01 more, or of the mean"},
    {"customers", "or: how many there are in each group, to find what they show"},
    {"power", "the chance that it is found; 0.8 unless given"},
};
static const struct api_param value_params[] = {
    {"model", "nbd, bg-nbd, mbg-nbd, pareto-nbd, bg-cnbd-k, mbg-cnbd-k, bg-bb or sbg: "
              "the likeliest "
              "of the first four unless given"},
    {"k", "of those with k: how regular purchases are, 1 to 12; tried unless given"},
    {"choose", "of the first four the one that, fitted to what was before, was nearest "
               "to what came "
               "in the last so many days"},
    {"event", "the pattern of a purchase; purchase unless given"},
    {"end", "with sbg: the pattern of what ends a contract, which event begins"},
    {"value", "what it brings, such as revenue"},
    {"until",
     "the last day that the model knows, whole; now: with customer, what he did so far"},
    {"unit",
     "day, week (unless given) or month: in what rates are told; of bg-bb also year: one "
     "chance, month unless given"},
    {"ahead", "how far to look, in whole days; 365d unless given"},
    {"discount", "of what comes later, a rate per year, such as 0.1"},
    {"hold_out", "so many days are not told to the model, and shown beside it"},
    {"customer", "tell of the one who has this id, too"},
    {"segment", "of those who are in this segment at that day's end"},
    {"when", "of those who fit this rule then"},
};
static const struct api_param equity_params[] = {
    {"by", "stage (unless given), or cohort: the month of the first purchase"},
    {"lifecycle", "of whose stages; the first unless given"},
    {"row", "the customers of this stage or month, such as 2026-01, too"},
    {"model", "as for /api/value"},
    {"k", "of the regular models: how regular purchases are, 1 to 12"},
    {"choose", "as for /api/value"},
    {"event", "the pattern of a purchase; purchase unless given"},
    {"value", "what it brings, such as revenue"},
    {"until", "the last day that the model knows, whole; stages are those at its end"},
    {"unit", "day, week (unless given) or month: in what rates are told"},
    {"ahead", "how far to look, in whole days; 365d unless given"},
    {"discount", "of what comes later, a rate per year, such as 0.1"},
    {"segment", "of those who are in this segment at that day's end"},
    {"when", "of those who fit this rule then"},
};
static const struct api_param propensity_params[] = {
    {"target", "an event's pattern, or stage:NAME"},
    {"churn", "1: that it does not happen, of those to whom it did in the time before"},
    {"within", "in so many whole days; 90d unless given"},
    {"with", "logistic or xgboost: both are tried unless given"},
    {"value", "of the event: what it brings, such as revenue"},
    {"measures", "rules to learn from, too, with commas between"},
    {"customer", "tell of the one who has this id, too, and why"},
    AT,
    {"segment", "of those who are in this segment at each moment"},
    {"when", "of those who fit this rule at each moment"},
};
static const struct api_param ledger_params[] = {
    {"by",
     "day, month, channel, campaign, stage, segment, cohort or customer: all in one "
     "unless given"},
    {"lifecycle", "by stage: whose stages; the first unless given"},
    {"customer", "of the one who has this id, with all of his lines"},
    {"ahead", "tell what is expected in so many days, too, such as 365d"},
    {"discount", "of what is expected, a rate per year, such as 0.1"},
    {"from", "what happened then or later"},
    {"to", "what happened before then"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
};
static const struct api_param journey_map_params[] = {
    {"through",
     "event, channel, a property, or several with commas between; event unless given"},
    {"events", "patterns of the events that are touchpoints; any unless given"},
    {"score", "a property such as survey_answered.score: of the touchpoint before it"},
    {"worse", "stages with commas between: whoever moves there is lost; ends, and those "
              "that stand before in the text, unless given"},
    {"within", "a length: lost in this time after the touch; 30d unless given"},
    {"top", "touchpoints of a stage that are told apart: at most 1000; 20 unless given"},
    LIFECYCLE,
    {"from", "events at this moment or date, or later"},
    {"to", "events before it"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "FROM..TO: the same of this time beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers", "a stage: who has touchpoints in it, too"},
    {"touchpoint", "with customers: of this touchpoint alone"},
    {"lost", "1: with customers: only those who are lost after it"},
};
static const struct api_param overlap_params[] = {
    {"segments", "2 to 12 names with commas between"},
    AT,
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    {"against", "a date: the same as it stood then beside it, and the differences"},
    {"against_segment", "the same of this segment beside it"},
    {"customers", "names with commas between: who is in exactly these"},
};
static const struct api_param customer_params[] = {AT, LANG, LIFECYCLE};

#define TEXT                                                                             \
    {                                                                                    \
        "text", JSON_TEXT, true, "the model's text"                                      \
    }

static const struct api_field check_fields[] = {
    TEXT,
    {"data", JSON_BOOL, false,
     "look at everybody too: \"job\" of the answer then tells what the data shows"},
};
static const struct api_field backtest_fields[] = {
    TEXT,
    {"from", JSON_TEXT, false, "the first moment or day that counts; the first event's"},
    {"to", JSON_TEXT, false, "what happens from this moment or day on is not looked at"},
    {"lifecycle", JSON_TEXT, false, "which one; the first of each model unless given"},
};
static const struct api_field apply_fields[] = {
    TEXT,
    {"version", JSON_NUMBER, true, "the version that the text was made from"},
    {"author", JSON_TEXT, false, "who applies it"},
};
static const struct api_field session_fields[] = {
    {"key", JSON_TEXT, true, "a key with the right read, edit or admin"},
};
static const struct api_field erase_fields[] = {
    {"customer", JSON_TEXT, true, "who is erased"},
};
static const struct api_field key_fields[] = {
    {"name", JSON_TEXT, true, "what the key is called"},
    {"right", JSON_TEXT, true, "collect, read, edit or admin"},
    {"rate", JSON_NUMBER, false, "events or requests a second; no limit unless given"},
};

static const struct api_field webhook_fields[] = {
    {"name", JSON_TEXT, true, "what the webhook is called"},
    {"url", JSON_TEXT, true, "where to; https, unless it is this machine"},
    {"what", JSON_TEXT, false,
     "some of events,moves,segments,alerts, with commas between; all of them unless "
     "given"},
    {"types", JSON_LIST, false, "events of these types alone"},
    {"stages", JSON_LIST, false, "moves into these stages alone"},
    {"segments", JSON_LIST, false, "who enters or leaves these segments alone"},
    {"allow_http", JSON_BOOL, false, "without TLS, though others can read along"},
    {"allow_private", JSON_BOOL, false,
     "to an address of the server's machine or its network"},
};
static const struct api_field replay_fields[] = {
    {"name", JSON_TEXT, true, "which webhook"},
    {"from", JSON_TEXT, false,
     "what came from this moment or date on; unless given, it goes on where it stopped"},
};
static const struct api_field view_fields[] = {
    {"name", JSON_TEXT, true, "what the view is called"},
    {"question", JSON_TEXT, true,
     "a report and its parameters: funnel?steps=visit,purchase&from=-30d"},
};
#define ALERT_FIELDS                                                                     \
    {"view", JSON_TEXT, true, "the name of the view whose number it is"},                \
        {"number", JSON_TEXT, true,                                                      \
         "which one: a JSON pointer into the view's answer, such as "                    \
         "/steps/0/customers"},                                                          \
        {"every", JSON_TEXT, true, "how often it is looked at: hour, day or week"},      \
        {"above", JSON_TEXT, false, "it goes on above this limit; or ..."},              \
        {"below", JSON_TEXT, false, "... below this one; or ..."},                       \
    {                                                                                    \
        "unusual", JSON_BOOL, false, "... beyond the number's usual range"               \
    }
static const struct api_field alert_fields[] = {
    {"name", JSON_TEXT, true, "what the alert is called"}, ALERT_FIELDS};
static const struct api_field alert_try_fields[] = {ALERT_FIELDS};
static const struct api_field dashboard_fields[] = {
    {"name", JSON_TEXT, true, "what the dashboard is called"},
    {"views", JSON_LIST, true, "the names of 1 to 24 views, in the order of its tiles"},
};
static const struct api_field keep_fields[] = {
    {"model", JSON_TEXT, false,
     "nbd, bg-nbd, mbg-nbd, pareto-nbd, bg-cnbd-k or mbg-cnbd-k: the likeliest of the "
     "first four unless given"},
    {"k", JSON_NUMBER, false, "how regular purchases are, of the last two: tried"},
    {"choose", JSON_TEXT, false, "as for GET /api/value"},
    {"event", JSON_TEXT, false, "the pattern of a purchase; purchase unless given"},
    {"value", JSON_TEXT, false, "what it brings, such as revenue"},
    {"until", JSON_TEXT, false,
     "the last day that the model knows, whole: that of which all is known unless given"},
    {"unit", JSON_TEXT, false, "day, week (unless given) or month"},
};
static const struct api_field test_fields[] = {
    {"name", JSON_TEXT, true, "which webhook"},
};
static const struct api_field resend_fields[] = {
    {"id", JSON_TEXT, false,
     "the one that is sent again, by its id among the rows; or ..."},
    {"reason", JSON_TEXT, false, "... all that were refused for this reason, ..."},
    {"source", JSON_TEXT, false, "... from this source; from any unless given"},
    {"text", JSON_TEXT, false, "the call as JSON, in the place of that with the id"},
    {"rename_type", JSON_TEXT, false, "OLD=NEW: what the event is called"},
    {"rename_property", JSON_TEXT, false, "OLD=NEW: what a property or trait is called"},
    {"convert", JSON_TEXT, false,
     "NAME=number, text or bool: what the value of a property or trait becomes"},
    {"dry_run", JSON_BOOL, false, "only says what would come of it"},
};
static const struct api_field identity_fields[] = {
    {"a", JSON_TEXT, true, "an id: a userId, or kind:id as in email:ada@example.org"},
    {"b", JSON_TEXT, true, "another"},
    {"says", JSON_TEXT, true,
     "merge: they are one customer; apart: they never are; undecided: as if nobody had "
     "decided"},
};

static const struct api_param lookalikes_params[] = {
    {"segment", "the members: who is in this segment then ..."},
    {"when", "... and fits this rule"},
    {"measures", "rules that give a number, money, a length or a moment, with commas "
                 "between: count(purchase, 1y), since(purchase)"},
    {"traits", "names of traits, with commas between"},
    AT,
    {"limit", "how many customers at most; 100 unless given"},
};
static const struct api_param personas_params[] = {
    {"measures", "rules that give a number, money, a length or a moment, with commas "
                 "between: count(purchase, 1y), since(purchase)"},
    {"traits", "names of traits, with commas between"},
    {"groups", "how many personas, or several to choose from: 2..8; 5 unless given"},
    {"seed", "a whole number, of the chance with which it starts; 1 unless given"},
    {"customers", "the number of a persona: lists who is of it"},
    {"segment", "of those who are in this segment then"},
    {"when", "of those who fit this rule then"},
    AT,
};
static const struct api_field list_fields[] = {
    {"list", JSON_TEXT, true, "a segment of the model that is a list"},
    {"listed", JSON_BOOL, true, "true: they are put on it; false: taken off"},
    {"customers", JSON_LIST, true, "their ids"},
    {"skip_unknown", JSON_BOOL, false,
     "ids that nobody has are passed over; otherwise nothing is done"},
};
static const struct api_param spend_params[] = {
    {"date", "only statements of this day, such as 2026-01-31"},
    {"channel", "only of this channel"},
    {"campaign", "only of this campaign"},
    {"limit", "statements a page, at most 1000; 50 unless given"},
    {"after", "the number that the page before gave as next"},
};
static const struct api_field spend_fields[] = {
    {"table", JSON_TEXT, true, "CSV, with the names of its columns in the first line"},
    {"name", JSON_TEXT, false, "what the table is called; spend unless given"},
    {"date", JSON_TEXT, false, "the column with the day; date unless given"},
    {"channel", JSON_TEXT, false,
     "with one of the model's channels; channel unless given"},
    {"campaign", JSON_TEXT, false, "which may be missing; campaign unless given"},
    {"amount", JSON_TEXT, false, "with what it cost; amount unless given"},
    {"currency", JSON_TEXT, false, "which may be missing; currency unless given"},
    {"all_of", JSON_TEXT, false, "all rows are of this channel"},
    {"source", JSON_TEXT, false, "who tells it, where several tell of one channel"},
    {"date_format", JSON_TEXT, false, "such as %d/%m/%Y: %Y-%m-%d unless given"},
    {"separator", JSON_TEXT, false, "between fields: recognised unless given"},
    {"decimal", JSON_TEXT, false, "before decimals: . or ,"},
    {"dry_run", JSON_BOOL, false, "writes nothing, only says what would come of it"},
};
static const struct api_field similar_fields[] = {
    {"bits", JSON_NUMBER, false, "how much their likeness weighs at least, 1 to 100; 12"},
};

#define GET(path, run, params, what)                                                     \
    {                                                                                    \
        "GET", path, KEY_READ, false, false, run, what, params,                          \
            sizeof params / sizeof *params, NULL, 0                                      \
    }
#define REPORT(path, run, params, what)                                                  \
    {                                                                                    \
        "GET", path, KEY_READ, false, true, run, what, params,                           \
            sizeof params / sizeof *params, NULL, 0                                      \
    }
#define POST(path, right, is_open, run, fields, what)                                    \
    {                                                                                    \
        "POST", path, right, is_open, false, run, what, NULL, 0, fields,                 \
            sizeof fields / sizeof *fields                                               \
    }
#define BARE(method, path, right, is_open, run, what)                                    \
    {                                                                                    \
        method, path, right, is_open, false, run, what, NULL, 0, NULL, 0                 \
    }
static const struct api_route routes[] = {
    GET("/api/info", get_info, info_params, "the workspace, its model and its size"),
    REPORT("/api/stages", get_stages, stages_params, "who stands where, and who moved"),
    REPORT("/api/stages/periods", get_periods, periods_params,
           "the same, period by period"),
    REPORT("/api/customers", get_customers, customers_params,
           "the customers behind a number"),
    GET("/api/customers/:id", get_customer, customer_params,
        "one customer, with his why"),
    GET("/api/members/:id", get_members, members_params,
        "whose events an account's timeline holds besides its own"),
    BARE("GET", "/api/person/:id", KEY_ADMIN, false, get_person,
         "everything known of one customer, to be given to him"),
    REPORT("/api/segments", get_segments, segments_params,
           "how many are in each segment, and how many entered and left"),
    REPORT("/api/segments/periods", get_segment_periods, segment_periods_params,
           "how many were in each segment at the end of each period"),
    REPORT("/api/lookalikes", get_lookalikes, lookalikes_params,
           "who outside of a segment is like its members"),
    REPORT("/api/personas", get_personas, personas_params,
           "customers in groups of like ones, and what each group is like"),
    POST("/api/lists", KEY_EDIT, false, post_list, list_fields,
         "puts customers on a list, or takes them off it"),
    GET("/api/spend", get_spend, spend_params,
        "what channels cost: in all, and day by day, newest first"),
    POST("/api/spend", KEY_EDIT, false, post_spend, spend_fields,
         "takes in a table of what channels cost"),
    REPORT("/api/funnel", get_funnel, funnel_params,
           "how many customers get how far along ordered steps"),
    REPORT("/api/cohorts", get_cohorts, cohorts_params,
           "customers by when they began, and what of them comes again"),
    REPORT("/api/rfm", get_rfm, rfm_params,
           "who bought how lately, how often and for how much"),
    REPORT("/api/overlap", get_overlap, overlap_params,
           "how many customers segments have in common"),
    REPORT("/api/attribution", get_attribution, attribution_params,
           "to which channels conversions are owed, by six models"),
    REPORT("/api/paths", get_paths, paths_params,
           "the ways that customers go most, through events, channels or stages"),
    REPORT("/api/survival", get_survival, survival_params,
           "how long it lasts from a beginning to an end: Kaplan-Meier curves"),
    REPORT("/api/churn", get_churn, churn_params,
           "who stays and who goes, period by period: retention and churn rates"),
    REPORT("/api/lift", get_lift, lift_params,
           "what a treatment given by chance changed, beside a group without it"),
    REPORT("/api/lift/plan", get_lift_plan, lift_plan_params,
           "how many customers an experiment needs, or what so many show"),
    REPORT("/api/value", get_value, value_params,
           "what customers will buy and bring, and how such forecasts turned out"),
    REPORT("/api/value/equity", get_value_equity, equity_params,
           "customer equity: what is expected of all customers, by stage or cohort"),
    BARE("GET", "/api/value/fits", KEY_READ, false, get_fits,
         "the fits that are kept, which rules ask"),
    BARE("DELETE", "/api/value/fits/:day", KEY_EDIT, false, delete_fit,
         "rules ask it no more"),
    POST("/api/value/keep", KEY_EDIT, false, post_keep, keep_fields,
         "fits a model and keeps it, so that rules can ask it"),
    BARE("GET", "/api/value/keep/:job", KEY_READ, false, get_keep,
         "how far it is, and what was fitted"),
    BARE("DELETE", "/api/value/keep/:job", KEY_EDIT, false, delete_keep, "none is kept"),
    REPORT("/api/propensity", get_propensity, propensity_params,
           "to whom something will come, learnt from the past, and how well that does"),
    REPORT("/api/ledger", get_ledger, ledger_params,
           "what customers brought and cost, to the cent"),
    REPORT("/api/journey-map", get_journey_map, journey_map_params,
           "stage by touchpoint: who, when, how content, and where customers are lost"),
    REPORT("/api/channels", get_channels, channels_params,
           "what channels cost, whom they reach and win, and what they bring"),
    GET("/api/live", get_live, live_params,
        "what happens, as it happens: server-sent events"),
    GET("/api/suspicions", get_suspicions, pairs_params,
        "ids that may make two customers one, newest first"),
    GET("/api/decisions", get_decisions, pairs_params,
        "what was decided of two ids and still holds, newest first"),
    POST("/api/identity", KEY_EDIT, false, post_identity, identity_fields,
         "what somebody decides of two ids"),
    GET("/api/similar", get_similar, pairs_params,
        "customers who look alike, as found by the last look: the most alike first"),
    POST("/api/similar", KEY_EDIT, false, post_similar, similar_fields,
         "looks for customers who look alike"),
    BARE("GET", "/api/similar/:job", KEY_READ, false, get_similar_job, "how far it is"),
    BARE("DELETE", "/api/similar/:job", KEY_EDIT, false, delete_similar, "ends it"),
    GET("/api/consent/:id", get_consent, consent_params,
        "what a customer agreed to, or took back: whoever sends asks here"),
    BARE("GET", "/api/retention", KEY_READ, false, get_retention,
         "how long events are kept, and how many are older"),
    BARE("POST", "/api/retention", KEY_ADMIN, false, post_retention,
         "removes the events that are older, for good"),
    BARE("GET", "/api/retention/:job", KEY_ADMIN, false, get_retain,
         "how far it is, and the receipt"),
    BARE("DELETE", "/api/retention/:job", KEY_ADMIN, false, delete_retain,
         "the events stay"),
    POST("/api/erase", KEY_ADMIN, false, post_erase, erase_fields,
         "removes all that is known of a customer, for good"),
    BARE("GET", "/api/erase/:job", KEY_ADMIN, false, get_erase,
         "how far it is, and the receipt, with the salt that nobody keeps"),
    BARE("DELETE", "/api/erase/:job", KEY_ADMIN, false, delete_erase,
         "the customer stays"),
    BARE("GET", "/api/receipts", KEY_READ, false, get_receipts,
         "what was ever removed from the file, without who"),
    POST("/api/model/check", KEY_READ, false, post_check, check_fields,
         "what is wrong or odd in a model"),
    BARE("GET", "/api/model/check/:job", KEY_READ, false, get_check,
         "how far the look at everybody is, and what it found"),
    BARE("DELETE", "/api/model/check/:job", KEY_READ, false, delete_check, "ends it"),
    POST("/api/model/backtest", KEY_EDIT, false, post_backtest, backtest_fields,
         "what a text would have done to everybody's past, beside the live model"),
    GET("/api/model/backtest/:job", get_backtest, backtest_params,
        "how far it is, and what came of it"),
    BARE("DELETE", "/api/model/backtest/:job", KEY_EDIT, false, delete_backtest,
         "ends it"),
    POST("/api/model/apply", KEY_EDIT, false, post_apply, apply_fields,
         "makes a text the live model"),
    BARE("GET", "/api/model/apply/:job", KEY_READ, false, get_apply,
         "how far it is, and what came of it"),
    BARE("DELETE", "/api/model/apply/:job", KEY_EDIT, false, delete_apply,
         "the old model stays"),
    BARE("GET", "/api/model/versions", KEY_READ, false, get_versions,
         "what was ever live, the oldest first"),
    BARE("GET", "/api/model/versions/:number", KEY_READ, false, get_version,
         "one version with its text"),
    GET("/api/model/diff", get_diff, diff_params,
        "the lines that two versions have in difference"),
    BARE("GET", "/api/dictionary", KEY_READ, false, get_dictionary,
         "every type of event, property and trait: how often it came, and was refused"),
    GET("/api/refused", get_refused, refused_params,
        "what was refused, by source and reason"),
    GET("/api/refused/rows", get_refused_rows, refused_rows_params,
        "what was refused from one source for one reason"),
    POST("/api/refused/resend", KEY_EDIT, false, post_resend, resend_fields,
         "sends what was refused again, mended; what is accepted leaves the list"),
    BARE("GET", "/api/session", KEY_READ, false, get_session,
         "who asks, and what he may"),
    POST("/api/session", KEY_READ, true, post_session, session_fields,
         "begins a session by a key; its cookie then stands for the key"),
    BARE("DELETE", "/api/session", KEY_READ, true, delete_session, "ends the session"),
    BARE("GET", "/api/keys", KEY_ADMIN, false, get_keys, "all keys, without their texts"),
    POST("/api/keys", KEY_ADMIN, false, post_key, key_fields,
         "makes a key, whose text is told this once"),
    BARE("DELETE", "/api/keys/:name", KEY_ADMIN, false, delete_key,
         "the key opens nothing any more"),
    BARE("GET", "/api/webhooks", KEY_ADMIN, false, get_webhooks,
         "where what happens is sent, and how that goes"),
    POST("/api/webhooks", KEY_ADMIN, false, post_webhook, webhook_fields,
         "makes a webhook, whose secret is told this once"),
    POST("/api/webhooks/replay", KEY_ADMIN, false, post_webhook_replay, replay_fields,
         "sends again what came, or goes on where it stopped"),
    POST("/api/webhooks/test", KEY_ADMIN, false, post_webhook_test, test_fields,
         "sends one ping, whose answer GET /api/webhooks tells"),
    BARE("DELETE", "/api/webhooks/:name", KEY_ADMIN, false, delete_webhook,
         "it is sent nothing any more"),
    BARE("GET", "/api/views", KEY_READ, false, get_views,
         "questions of reports that are kept by a name"),
    POST("/api/views", KEY_EDIT, false, post_view, view_fields,
         "keeps a question, which must have an answer now"),
    {"GET", "/api/views/:name", KEY_READ, false, true, get_view,
     "what its report answers now", NULL, 0, NULL, 0},
    BARE("DELETE", "/api/views/:name", KEY_EDIT, false, delete_view,
         "the question is kept no more"),
    BARE("GET", "/api/dashboards", KEY_READ, false, get_dashboards,
         "lists of views to be seen together"),
    POST("/api/dashboards", KEY_EDIT, false, post_dashboard, dashboard_fields,
         "makes a dashboard"),
    POST("/api/dashboards/:name", KEY_EDIT, false, change_dashboard, dashboard_fields,
         "gives it another name, or other views"),
    BARE("DELETE", "/api/dashboards/:name", KEY_EDIT, false, delete_dashboard,
         "its views stay"),
    BARE("GET", "/api/alerts", KEY_READ, false, get_alerts,
         "numbers that are looked at, and what came of the last look"),
    POST("/api/alerts", KEY_EDIT, false, post_alert, alert_fields,
         "looks at a number from now on; webhooks are told when it goes on or off"),
    POST("/api/alerts/try", KEY_EDIT, false, post_alert_try, alert_try_fields,
         "what a look would find now"),
    BARE("DELETE", "/api/alerts/:name", KEY_EDIT, false, delete_alert,
         "it is looked at no more"),
    BARE("GET", "/api/openapi.json", KEY_READ, false, get_openapi, "this document"),
};
enum { ROUTES = sizeof routes / sizeof *routes };

/* --- which route --- */

const struct api_route *routes_get(size_t *n)
{
    *n = ROUTES;
    return routes;
}

str route_stem(const struct api_route *route, str *id)
{
    const char *colon = strchr(route->path, ':');

    *id = str_of(colon ? colon + 1 : NULL);
    return colon ? (str){route->path, (size_t)(colon - route->path)}
                 : str_of(route->path);
}

static bool route_is(const struct api_route *route, str path)
{
    str name, stem = route_stem(route, &name);

    return name.n ? path.n > stem.n && str_starts(path, stem) : str_eq(path, stem);
}

static bool takes(const struct api_route *route, const char *method)
{
    return !strcmp(route->method, method)
           || (!strcmp(method, "HEAD") && !strcmp(route->method, "GET"));
}

bool api_takes(str path, const char *method, const char **allow)
{
    bool get = false, post = false, delete = false, any = false;

    for (size_t i = 0; i < ROUTES; i++) {
        if (!route_is(&routes[i], path))
            continue;
        if (takes(&routes[i], method))
            return true;
        get |= *routes[i].method == 'G';
        post |= *routes[i].method == 'P';
        delete |= *routes[i].method == 'D';
        any = true;
    }
    *allow = delete &&post  ? "GET, HEAD, POST, DELETE"
             : delete &&get ? "GET, HEAD, DELETE"
             : delete       ? "DELETE"
             : post && get  ? "GET, HEAD, POST"
             : post         ? "POST"
                            : "GET, HEAD";
    return !any && (!strcmp(method, "GET") || !strcmp(method, "HEAD"));
}

static const struct api_route *find_route(str path, const char *method)
{
    for (size_t i = 0; i < ROUTES; i++)
        if (route_is(&routes[i], path) && takes(&routes[i], method))
            return &routes[i];
    return NULL;
}

bool api_has_param(str path, str name)
{
    const struct api_route *route = find_route(path, "GET");

    for (size_t i = 0; route && i < route->param_n; i++)
        if (str_eq(str_of(route->param[i].name), name))
            return true;
    return false;
}

bool api_needs(str path, const char *method, enum key_right *right)
{
    const struct api_route *route = find_route(path, method);

    *right = route ? route->right : KEY_READ;
    return !route || !route->is_open;
}

/* --- the body --- */

const char *field_type_name(enum json_type type)
{
    static const char *const name[] = {
        [JSON_NULL] = "null",   [JSON_BOOL] = "boolean", [JSON_NUMBER] = "integer",
        [JSON_TEXT] = "string", [JSON_LIST] = "array",   [JSON_OBJECT] = "object",
    };

    return name[type];
}

static const struct api_field *find_field(const struct api_route *route, str name)
{
    for (size_t i = 0; i < route->field_n; i++)
        if (str_eq(str_of(route->field[i].name), name))
            return &route->field[i];
    return NULL;
}

static bool check_member(const struct api_route *route, str name, const struct json *item,
                         struct err *err)
{
    const struct api_field *field = find_field(route, name);

    if (!field)
        return err_set(err, ERR_INPUT, "the body has \"%.*s\", which means nothing here",
                       (int)(name.n > 80 ? 80 : name.n), name.p);
    if (item->type == JSON_NULL && !field->needed)
        return true;
    if (item->type != field->type
        || (item->type == JSON_NUMBER && (!item->fits || item->number % NUM_ONE)))
        return err_set(err, ERR_INPUT, "the body's \"%s\" must be of type %s",
                       field->name, field_type_name(field->type));
    return true;
}

/* So that handlers need not look at types. */
static bool check_body(const struct api_route *route, const struct json *body,
                       struct err *err)
{
    if (!route->field_n)
        return true;
    if (!body || body->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "the body must be a JSON object");
    for (size_t i = 0; i < body->n; i++)
        if (!check_member(route, body->name[i], &body->item[i], err))
            return false;
    for (size_t i = 0; i < route->field_n; i++)
        if (route->field[i].needed && !json_find(body, str_of(route->field[i].name)))
            return err_set(err, ERR_INPUT, "the body must have \"%s\": %s",
                           route->field[i].name, route->field[i].what);
    return true;
}

bool api_is_report(const struct api_request *r, struct question *out)
{
    const struct api_route *route = find_route(r->path, r->method);

    if (!route || !route->is_report)
        return false;
    *out = (struct question){.report = r->path};
    for (size_t i = 0; i < route->param_n; i++) {
        str name = str_of(route->param[i].name), given = param(r, route->param[i].name);

        if (given.n)
            out->param[out->n++] = (struct question_param){name, given};
    }
    return true;
}

bool api_answer(struct api_request *r, struct err *err)
{
    const struct api_route *route = find_route(r->path, r->method);
    str name;

    r->type = "application/json";
    r->status = 200;
    if (!route)
        return err_set(err, ERR_NOT_FOUND,
                       "there is no such path; /api/openapi.json lists those there are");
    r->id = str_from(r->path, route_stem(route, &name).n);
    if (r->at_hand && route->run != get_value) { /* the only one that looks for it */
        r->is_put_off = true;
        return true;
    }
    return check_body(route, r->body, err) && route->run(r, err)
           && (!r->out->failed || err_nomem(err));
}
