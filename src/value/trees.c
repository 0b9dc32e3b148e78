#include "value/trees.h"

#include "base/mem.h"
#include "base/work.h"

#include <math.h>
#include <string.h>
#include <xgboost/c_api.h>

enum { TREES = 100, ROWS_OF_ONE_THREAD = 50000 };
enum { AS_ODDS = 1, AS_REASONS = 4 }; /* of XGBoosterPredict */

struct trees {
    BoosterHandle booster;
    uint32_t column_n;
};

/* What the library says begins with the time and the place in its source. */
static bool failed(struct err *err)
{
    const char *said = XGBGetLastError();

    if (strstr(said, "bad_alloc"))
        return err_nomem(err);
    return err_set(err, ERR_IO, "libxgboost: %.200s", said);
}

static bool matrix_of(const double *x, size_t n, uint32_t column_n, DMatrixHandle *out,
                      struct err *err)
{
    size_t cells = n * column_n;
    float *f = mem_alloc((cells + 1) * sizeof *f);
    bool ok;

    if (!f)
        return err_nomem(err);
    for (size_t i = 0; i < cells; i++)
        f[i] = (float)x[i];
    ok = !XGDMatrixCreateFromMat(f, n, column_n, NAN, out) || failed(err);
    mem_free(f);
    return ok;
}

static bool put_labels(DMatrixHandle m, const struct learn_rows *r, struct err *err)
{
    float *is = mem_alloc((r->n + 1) * sizeof *is);
    bool ok;

    if (!is)
        return err_nomem(err);
    for (size_t i = 0; i < r->n; i++)
        is[i] = r->is[i];
    ok = !XGDMatrixSetFloatInfo(m, "label", is, r->n) || failed(err);
    mem_free(is);
    return ok;
}

static bool set_up(BoosterHandle b, size_t rows, struct err *err)
{
    static const char *const set[][2] = {
        {"objective", "binary:logistic"},
        {"tree_method", "hist"},
        {"max_depth", "3"},
        {"eta", "0.1"},
        {"verbosity", "0"},
    };
    bool many = rows >= ROWS_OF_ONE_THREAD && work_threads() > 1;

    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (XGBoosterSetParam(b, set[i][0], set[i][1]))
            return failed(err);
    return !XGBoosterSetParam(b, "nthread", many ? "2" : "1") || failed(err);
}

static bool grow(struct trees *t, DMatrixHandle m, size_t rows, struct err *err)
{
    if (XGBoosterCreate(&m, 1, &t->booster))
        return failed(err);
    if (!set_up(t->booster, rows, err))
        return false;
    for (int i = 0; i < TREES; i++)
        if (XGBoosterUpdateOneIter(t->booster, i, m))
            return failed(err);
    return true;
}

bool trees_fit(const struct learn_rows *r, struct trees **out, struct err *err)
{
    struct trees *t;
    DMatrixHandle m = NULL;
    bool ok;

    if (!learn_check(r, err))
        return false;
    if (!(t = mem_alloc(sizeof *t)))
        return err_nomem(err);
    t->column_n = r->column_n;
    ok = matrix_of(r->x, r->n, r->column_n, &m, err) && put_labels(m, r, err)
         && grow(t, m, r->n, err);
    if (m)
        XGDMatrixFree(m);
    if (ok)
        *out = t;
    else
        trees_free(t);
    return ok;
}

void trees_free(struct trees *t)
{
    if (t && t->booster)
        XGBoosterFree(t->booster);
    mem_free(t);
}

static bool predict(const struct trees *t, const double *x, size_t n, int as, double *out,
                    struct err *err)
{
    DMatrixHandle m = NULL;
    const float *got;
    bst_ulong got_n = 0;
    bool ok =
        matrix_of(x, n, t->column_n, &m, err)
        && (!XGBoosterPredict(t->booster, m, as, 0, 0, &got_n, &got) || failed(err));

    for (size_t i = 0; ok && i < got_n; i++)
        out[i] = (double)got[i];
    if (m)
        XGDMatrixFree(m);
    return ok;
}

bool trees_odds(const struct trees *t, const double *x, size_t n, double *out,
                struct err *err)
{
    return predict(t, x, n, AS_ODDS, out, err);
}

bool trees_reasons(const struct trees *t, const double *x, double *out, struct err *err)
{
    return predict(t, x, 1, AS_REASONS, out, err);
}
