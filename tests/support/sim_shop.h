/* sim_shop.h - a small shop's data file "/shop" on the simulated disk, and the events that may
 * stand in it, for tests of what a store makes of failures. */
#ifndef SUPPORT_SIM_SHOP_H
#define SUPPORT_SIM_SHOP_H

#include "store/store.h"
#include "support/sim_disk.h"

struct sim_shop {
    struct sim_disk *disk;
    struct io *io;
    uint32_t event_n;
    struct event *event; /* see scene.h */
    str *json;           /* each as a line of the log */
    struct arena arena;
};
#define SIM_SHOP STR("/shop")

/* With `events` events of `customers` customers, always the same, and no file yet. */
void sim_shop_set(struct sim_shop *shop, uint32_t events, uint32_t customers);
void sim_shop_clear(struct sim_shop *shop);

/* The bytes of a file; they live as long as the shop. */
str sim_shop_get(struct sim_shop *shop, const char *name);
/* In place of what stands there, all of it synced. */
void sim_shop_put(struct sim_shop *shop, const char *name, str bytes);

/* The file, which is closed, becomes one of the first format; it may know of no erasure. */
void sim_shop_make_old(struct sim_shop *shop);
/* One of a later one, which was older than ours. */
void sim_shop_make_later(int format);

/* One transaction that brings n events. */
bool sim_shop_import(struct sim_shop *shop, struct store *s, uint32_t first, uint32_t n,
                     struct err *err);
/* Reads all that there is, n events. */
bool sim_shop_read(struct sim_shop *shop, struct snapshot *v, uint32_t n,
                   struct err *err);
/* And compares it: log and timelines must hold events 0 .. n-1, else the test fails. False:
 * something could not be read. */
bool sim_shop_look(struct sim_shop *shop, struct snapshot *v, uint32_t n,
                   struct err *err);

#endif
