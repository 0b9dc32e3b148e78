/* sites.h - well-known places that people come from: search engines, social networks, video sites,
 * mail in the browser, and those who only send people back; and the marks that advertising
 * systems put on a link. docs/channels.md says where the lists come from. */
#ifndef RULE_SITES_H
#define RULE_SITES_H

#include "base/str.h"

/* "search", "social", "video", "email" or "return"; empty: none that is known. */
str site_of_host(str host);
/* Of what people write as the source of a campaign: a host, or its name ("google", "fb"). */
str site_of_source(str source);

/* What a parameter of a link says of where it stood. */
struct click {
    const char *parameter, *source, *medium; /* medium "": it does not say */
};
/* NULL when it is no such parameter. Case does not matter. */
const struct click *click_find(str parameter);

#endif
