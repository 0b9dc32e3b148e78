/* analyzer.h - what clang-tidy cannot see from one file: the functions of base/err.h return
 * false, so that nothing behind `ok = x || err_nomem(err)` runs with x == 0. */
#ifndef HOUSE_ANALYZER_H
#define HOUSE_ANALYZER_H

#include "base/err.h"

#define err_set(...) (err_set(__VA_ARGS__), false)
#define err_at(...) (err_at(__VA_ARGS__), false)
#define err_sys(...) (err_sys(__VA_ARGS__), false)
#define err_in(...) (err_in(__VA_ARGS__), false)
#define err_nomem(err) (err_nomem(err), false)

#endif
