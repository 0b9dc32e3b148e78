/* erase.h - a closed data file loses customers. */
#ifndef SUPPORT_ERASE_H
#define SUPPORT_ERASE_H

#include "store/remove.h"
#include "store/store.h"

/* Of all of them together. */
struct erase_report {
    uint64_t events, refused, mentions, trait_values;
    uint32_t ids;
};
/* What is kept of it in the file is one more receipt, of the text "gone". */
bool erase_customers(struct io *io, str path, const str *customer, uint32_t n,
                     const struct rewrite_options *o, struct erase_report *out,
                     struct err *err);

#endif
