/* yaml.h - YAML as a tree that knows its lines. Scalars are read as written: `no` is text.
 * Refused with line and column: aliases, anchors, tags, duplicate keys, several documents,
 * depth over 64, more than 10 MB, bytes that are no UTF-8. */
#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "base/err.h"
#include "base/str.h"

enum yaml_type { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_type type;
    int line, column; /* from 1; column in characters */
    str text;         /* YAML_SCALAR */
    bool plain;       /* YAML_SCALAR without quotes */
    str source;       /* YAML_SCALAR as it stands in the file, quotes included */
    size_t n;
    struct yaml **item; /* YAML_LIST, YAML_MAP */
    struct yaml **key;  /* YAML_MAP: scalars, in the order of the text */
};

/* Lives in `a`. *out is an empty map for an empty text. */
bool yaml_parse(str text, struct arena *a, const struct yaml **out, struct err *err);
const struct yaml *yaml_find(const struct yaml *map, str key); /* or NULL */

/* Each: the key's value of the wanted kind; a missing key gives the empty value and true. */
bool yaml_get_text(const struct yaml *map, str key, str *out, struct err *err);
bool yaml_get_map(const struct yaml *map, str key, const struct yaml **out,
                  struct err *err);
bool yaml_get_list(const struct yaml *map, str key, const struct yaml **out,
                   struct err *err);
bool yaml_get_bool(const struct yaml *map, str key, bool *out, struct err *err);
/* Refuses any key of the map that is not listed, naming the nearest, and what is no map;
 * `what` says what the map describes ("a stage"). */
bool yaml_check_keys(const struct yaml *map, const str *keys, size_t n, const char *what,
                     struct err *err);
/* The place inside a rule (its own line and column, from 1) as a place in the YAML file. */
void yaml_err_in_scalar(const struct yaml *scalar, struct err *err);

#endif
