/* collect_reader.h - what reads bodies, for who keeps it from one commit to the next; how it is used
 * stands in collect_impl.h. */
#ifndef ENGINE_COLLECT_READER_H
#define ENGINE_COLLECT_READER_H

struct collect_reader;
void collect_reader_free(struct collect_reader *r);

#endif
