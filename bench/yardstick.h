/* yardstick.h - the data on which Ciclo is measured against kernels written by hand: a folder of
 * columns (off.u32 ts.u32 type.u8 amount.u32 country.u8 channel.u8), as chunks in memory. */
#ifndef BENCH_YARDSTICK_H
#define BENCH_YARDSTICK_H

#include "store/chunk.h"

struct yardstick {
    const uint32_t *off, *ts, *amount;
    const uint8_t *type, *country, *channel;
    uint32_t customers;
    struct catalog catalog;
    struct chunk **chunk;
    uint32_t chunk_n;
    uint64_t events;
};

_Noreturn void give_up(const char *what, const char *why);
void need(bool ok, const char *what, const struct err *err);
/* customers 0: all of them. countries: everybody is identified in his first second, as of K0, K1
 * ... channels: every event comes by a campaign of C0, C1 ... */
void yardstick_load(struct yardstick *y, const char *folder, uint32_t customers,
                    bool countries, bool channels);
void yardstick_free(struct yardstick *y);
/* What the kernel takes for a question with two threads, or 0. */
double yardstick_kernel_ms(const char *kernel, const char *folder, const char *question);

#endif
