/* tune.h - every size that decides a path. The test build (TUNE_SMALL) makes them tiny and
 * odd, so that ten events cross every border. */
#ifndef BASE_TUNE_H
#define BASE_TUNE_H

#ifdef TUNE_SMALL
enum {
    CHUNK_CUSTOMERS = 7,   /* customers in one chunk of the timelines */
    LOG_BATCH_BYTES = 613, /* events gathered before a batch is packed and written */
};
#else
enum {
    CHUNK_CUSTOMERS = 1024,
    LOG_BATCH_BYTES = 1 << 20,
};
#endif

#endif
