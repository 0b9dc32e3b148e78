/* tune.h - every size that decides a path. The test build (TUNE_SMALL) makes them tiny and
 * odd, so that ten events cross every border. */
#ifndef BASE_TUNE_H
#define BASE_TUNE_H

#ifdef TUNE_SMALL
enum {
    IMAGE_PAGE_CHUNKS = 2, /* whose states are copied together when one changes */
    NEWS_EVENTS = 11,      /* that wait to be folded in any file */
    GRAPH_ROWS = 5,        /* of who is who, before they are made one */
    NEWS_ASIDE = 3,        /* of a commit, that are packed beside the caller's work */
    FOLD_CHUNKS = 2,       /* folded in one transaction */
    WAL_PAGES = 9,         /* of SQLite's log, at which it goes to the file */
    FOLD_WAVE = 3,         /* chunks folded before they are written */
    FOLD_BESIDE = 2,       /* and beside the caller's work */
    CHUNK_CUSTOMERS = 7,   /* customers in one chunk of the timelines */
    TOUCHED_MAX = 3,       /* customers of a chunk, that are laid over the others anew */
    WAKE_ALONE = 3,        /* of them, at most, that are read without the others */
    CUSTOMERS_FIRST = 3,   /* ids of customers that there is room for at first */
    RARE_CELLS = 3,        /* values that give a column of a chunk a part of its own */
    DENSE_EVENTS = 13,     /* events of a chunk whose full columns share their places */
    CACHE_SLOTS = 2,       /* of decoded columns, at first; a power of two */
    LOG_BATCH_BYTES = 613, /* events gathered before a batch is packed and written */
    LOG_ASIDE_BYTES =
        199, /* of a batch that is packed beside the caller's work, at least */
    REFUSED_BATCH_BYTES = 97, /* of refused lines, likewise */
    REFUSED_REASONS = 13,     /* that are told apart, with their sources or types */
    READER_BYTES = 23,        /* of a packed file, read at once; at least 6 */
    CSV_LOOK_BYTES = 211,     /* that tell a CSV file's separator and encoding */
    EXPORT_WINDOW = 5,        /* events whose cells an export gathers at once */
    SEEN_BUCKET = 3,          /* message ids in a row of a run, at least */
    SEEN_MERGED = 2,          /* runs of like size that become one */
    SEEN_LARGE = 61,          /* ids of a run that stays as it is */
    SEEN_PIECE = 1,           /* blocks of a filter in a row */
    SEEN_STEP = 5,            /* ids merged with each commit, at least */
    SEEN_RUNS = 12,           /* that are not large, before they are merged at once */
    IMPORT_LOAD_BYTES = 499,  /* of events that an import reads ahead at once */
    COLLECT_LOAD_BYTES = 149, /* of events of a body that one thread reads */
    FOLLOW_MOVES = 31,        /* noted between two looks at what happens; at most 65536 */
    FOLLOW_EVENTS = 5,        /* likewise */
    LIVE_RING = 64,           /* happenings kept; 2 * FOLLOW_MOVES or more */
    LIVE_LISTENERS = 5,       /* at the same time */
    HOOK_WINDOW = 7,          /* messages of a webhook that are under way */
    HOOK_LANES = 3,           /* of them, requests at the same time; at most 32 */
    HOOK_LINES = 5,           /* looked at at once for what is to be sent */
    HOOK_RETRY_MS = 20,       /* before what failed is sent again, the first time */
    HOOK_RETRY_MAX_MS = 200,  /* at most, and at once when somebody is wrong */
    FIT_PIECE = 709,          /* rows of a likelihood that one thread sums, at least */
};
#else
enum {
    IMAGE_PAGE_CHUNKS = 64,
    NEWS_EVENTS = 65536,
    GRAPH_ROWS = 4096,
    NEWS_ASIDE = 1024,
    FOLD_CHUNKS = 20,
    WAL_PAGES = 4096,
    FOLD_WAVE = 16,
    FOLD_BESIDE = 4,
    CHUNK_CUSTOMERS = 1024,
    TOUCHED_MAX = 384,
    WAKE_ALONE = 256,
    CUSTOMERS_FIRST = 1024,
    RARE_CELLS = 32,
    DENSE_EVENTS = 65536,
    CACHE_SLOTS = 1024,
    LOG_BATCH_BYTES = 1 << 20,
    LOG_ASIDE_BYTES = 1 << 16,
    REFUSED_BATCH_BYTES = 1 << 20,
    REFUSED_REASONS = 10000,
    READER_BYTES = 64 * 1024,
    CSV_LOOK_BYTES = 1 << 20,
    EXPORT_WINDOW = 65536,
    SEEN_BUCKET = 32,
    SEEN_MERGED = 4,
    SEEN_LARGE = 1 << 22,
    SEEN_PIECE = 1024,
    SEEN_STEP = 1024,
    SEEN_RUNS = 64,
    IMPORT_LOAD_BYTES = 1 << 18,
    COLLECT_LOAD_BYTES = 1 << 15,
    FOLLOW_MOVES = 32768,
    FOLLOW_EVENTS = 64,
    LIVE_RING = 65536,
    LIVE_LISTENERS = 1024,
    HOOK_WINDOW = 16384,
    HOOK_LANES = 16,
    HOOK_LINES = 4096,
    HOOK_RETRY_MS = 1000,
    HOOK_RETRY_MAX_MS = 3600 * 1000,
    FIT_PIECE = 8192,
};
#endif

#endif
