#include "base/base64.h"

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

bool base64_decode(str text, struct buf *to)
{
    uint32_t bits = 0;

    for (int i = 0; i < 2 && text.n && text.p[text.n - 1] == '='; i++)
        text.n--;
    for (size_t i = 0; i < text.n; i++) {
        int six = digit(text.p[i]);

        if (six < 0)
            return false;
        bits = bits << 6 | (uint32_t)six;
        if (i % 4)
            buf_add_char(to, (char)(bits >> (6 - 2 * (i % 4))));
    }
    return text.n % 4 != 1;
}
