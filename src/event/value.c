#include "event/event.h"

static const str type_names[] = {
#define X(name, text) [VALUE_##name] = {text, sizeof(text) - 1},
    VALUE_TYPES(X)
#undef X
};

str value_type_name(enum value_type t)
{
    return type_names[t];
}

bool value_type_parse(str name, enum value_type *out)
{
    static const enum value_type declared[] = {VALUE_TEXT, VALUE_NUMBER, VALUE_MONEY,
                                               VALUE_BOOL, VALUE_MOMENT, VALUE_LIST};

    for (size_t i = 0; i < sizeof declared / sizeof *declared; i++) {
        if (str_eq(name, type_names[declared[i]])) {
            *out = declared[i];
            return true;
        }
    }
    return false;
}
