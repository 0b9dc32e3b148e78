#include "base/user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

str user_name(struct arena *a)
{
    char room[4096], number[24];
    struct passwd user, *found = NULL;

    if (!getpwuid_r(geteuid(), &user, room, sizeof room, &found) && found
        && *found->pw_name)
        return arena_str(a, str_of(found->pw_name));
    snprintf(number, sizeof number, "%u", (unsigned)geteuid());
    return arena_str(a, str_of(number));
}

str user_says(const char *name)
{
    return str_of(getenv(name));
}
