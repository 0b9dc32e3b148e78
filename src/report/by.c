#include "report/by.h"

#include "base/json.h"

/* The first entry whose event is not before the place. */
static uint32_t entry_from(const struct picked *p, uint32_t event)
{
    uint32_t low = 0, high = p->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (p->event[middle] < event)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t by_event(const struct picked *p, uint32_t event)
{
    uint32_t i = entry_from(p, event);

    return i < p->n && p->event[i] == event ? i : BY_NONE;
}

uint32_t by_told(const struct picked *p, uint32_t from, uint32_t to)
{
    uint32_t i = entry_from(p, to);

    return i && p->event[i - 1] >= from && (!p->there || p->there[i - 1]) ? i - 1
                                                                          : BY_NONE;
}

void by_put(struct buf *to, const struct picks *k, struct pick pick, int decimals,
            int64_t value)
{
    struct json_out j = {.to = to};

    switch ((int)pick.type) {
    case VALUE_TEXT:
        buf_add(to, picks_text(k, value));
        break;
    case VALUE_MONEY:
        json_put_money(&j, value, decimals);
        break;
    case VALUE_BOOL:
        json_put_bool(&j, value);
        break;
    case VALUE_MOMENT:
        moment_print(to, value);
        break;
    default:
        json_put_num(&j, value);
    }
}
