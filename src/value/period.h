/* period.h - periods of the calendar, numbered one after the other as its days are. */
#ifndef VALUE_PERIOD_H
#define VALUE_PERIOD_H

#include <stdint.h>

/* Weeks begin on Monday. */
enum period { PERIOD_DAY, PERIOD_WEEK, PERIOD_MONTH, PERIOD_YEAR };
/* Days are counted from 1970; a day's number is itself. */
int32_t period_of(enum period p, int32_t day);
int32_t period_first_day(enum period p, int32_t number);

#endif
