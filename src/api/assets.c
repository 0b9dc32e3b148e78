#include "api/assets.h"

/* Made by tools/embed.c, ordered by path. */
extern const struct asset assets[];
extern const size_t assets_n;

const struct asset *asset_find(str path)
{
    size_t low = 0, high = assets_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(path, str_of(assets[middle].path));

        if (order == 0)
            return &assets[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}
