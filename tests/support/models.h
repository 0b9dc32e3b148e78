/* models.h - a version of the model in a transaction of its own. */
#ifndef SUPPORT_MODELS_H
#define SUPPORT_MODELS_H

#include "store/store.h"

static inline bool add_model(struct store *s, str text, int64_t now_ms, uint32_t *version,
                             struct err *err)
{
    if (!store_begin(s, now_ms, err))
        return false;
    if (store_model_add(s, text, STR("anna"), version, err))
        return store_commit(s, err);
    store_cancel(s);
    return false;
}

#endif
