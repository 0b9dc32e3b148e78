/* decimal.h - numbers as people write them: 1.234,56 here, 1,234.56 there, £12.50. */
#ifndef BASE_DECIMAL_H
#define BASE_DECIMAL_H

#include "base/str.h"

struct decimal {
    char
        point; /* before the decimals, '.' or ','; the other of the two may part thousands.
                   * 0: not known; then it is '.', and neither of them parts thousands */
    str currency; /* ISO code: it or its sign may stand before or behind; empty: none may */
};

/* As num_parse. Spaces (no-break ones too) and apostrophes may part thousands as well, but
 * whatever parts them is one and the same and stands between groups of three digits. A text
 * of more than 128 bytes that num_parse does not read is no number, nor is one in brackets. */
bool decimal_parse(const struct decimal *d, str s, int64_t *out);
/* No number, but one if it were not for its currency. */
bool decimal_is_foreign(const struct decimal *d, str s);

#endif
