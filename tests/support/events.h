/* events.h - events compared. */
#ifndef SUPPORT_EVENTS_H
#define SUPPORT_EVENTS_H

#include "event/event.h"

bool value_eq(const struct value *a, const struct value *b);
bool event_eq(const struct event *a, const struct event *b);

#endif
