/* remove.h - customers, or events, that leave the data file for good: it is made anew without them
 * (rewrite.h), beside itself first, and takes its own place then.
 *
 * Nothing of them is left in any page, nor in any file beside it. The ids of their messages stay
 * known (as hashes), so that what is sent again does not bring them back. */
#ifndef STORE_REMOVE_H
#define STORE_REMOVE_H

#include "event/event.h"
#include "store/rewrite.h"

struct store;

/* What there was of one customer. */
struct removed_person {
    const str
        *id; /* all ids that his events have, and what else told who he is; each once */
    uint32_t id_n;
    uint64_t events; /* those of others of which nothing was left without his ids, too */
    uint64_t trait_values;
    uint64_t refused;  /* lines in which one of them stood */
    uint64_t mentions; /* places in events of others from which one of them was taken */
};

struct removed {
    const struct removed_person *person; /* in the order asked for, nobody twice */
    uint32_t person_n;
    uint64_t dropped; /* events, by .drops */
    uint32_t customers_before, customers_after;
};

struct removal {
    /* All that is known of these goes, whichever of their ids brought it: keys, or ids that the
     * catalog knows. */
    const str *customer;
    uint32_t customer_n;
    /* An id that an event of one of them carried is somebody else's all the same: a device that
     * he used, say. It stays then. NULL: none is. */
    bool (*is_others)(void *context, struct id id);
    bool (*drops)(void *context, const struct event *e); /* NULL: none */
    /* Inside the transaction that fills the new file, when all is counted: what is to be kept of
     * it (store_receipt_add). Texts are borrowed until it returns. NULL: nothing is. */
    bool (*sign)(void *context, struct store *made, const struct removed *what,
                 struct err *err);
    void *context;
};

struct removing;
/* Makes the new file beside the one that `s` has open for writing. Nobody may begin a transaction
 * of `s` meanwhile, nor close it; it may be read. ERR_NOT_FOUND when a customer is unknown. On any
 * thread. */
bool store_remove_begin(struct store *s, const struct removal *what,
                        const struct rewrite_options *o, struct removing **out,
                        struct err *err);
/* Closes the store, whatever it returns, and puts the new file in the place of the old one. False:
 * the old one stands there as it was. */
bool store_remove_finish(struct removing *r, struct store *s, struct rewrite_sizes *out,
                         struct err *err);
/* NULL is fine. Before finishing: the file stays as it is. */
void store_remove_free(struct removing *r);

#endif
