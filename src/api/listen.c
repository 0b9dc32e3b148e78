#include "api/listen.h"

#include "base/num.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { PORT_MAX = 65535 };

static bool refuse(str text, struct err *err)
{
    return err_set(err, ERR_INPUT,
                   "\"%.*s\" is no address to listen on; one is 127.0.0.1:7070",
                   STR_FMT(text));
}

static bool parse_port(str text, in_port_t *out)
{
    int64_t number;

    if (!num_parse(text, &number) || number < 0 || number > PORT_MAX * NUM_ONE
        || number % NUM_ONE)
        return false;
    *out = htons((uint16_t)(number / NUM_ONE));
    return true;
}

/* The number in `host`, which may stand in brackets when it is one of IPv6. */
static bool parse_host(str host, struct listen_at *out)
{
    char name[INET6_ADDRSTRLEN];

    out->is_v6 = host.n > 2 && host.p[0] == '[' && host.p[host.n - 1] == ']';
    if (out->is_v6)
        host = (str){host.p + 1, host.n - 2};
    if (!host.n || str_eq(host, STR("localhost")))
        host = STR("127.0.0.1");
    if (host.n >= sizeof name)
        return false;
    snprintf(name, sizeof name, "%.*s", STR_FMT(host));
    if (out->is_v6) {
        out->address.v6.sin6_family = AF_INET6;
        if (inet_pton(AF_INET6, name, &out->address.v6.sin6_addr) != 1)
            return false;
        out->is_local = IN6_IS_ADDR_LOOPBACK(&out->address.v6.sin6_addr);
        return true;
    }
    out->address.v4.sin_family = AF_INET;
    if (inet_pton(AF_INET, name, &out->address.v4.sin_addr) != 1)
        return false;
    out->is_local = ntohl(out->address.v4.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
    return true;
}

bool listen_parse(str text, struct listen_at *out, struct err *err)
{
    const char *colon = memrchr(text.p, ':', text.n);
    str host = colon ? (str){text.p, (size_t)(colon - text.p)} : STR("");
    in_port_t port;

    *out = (struct listen_at){};
    if (!parse_port(colon ? str_from(text, host.n + 1) : text, &port)
        || !parse_host(host, out))
        return refuse(text, err);
    if (out->is_v6)
        out->address.v6.sin6_port = port;
    else
        out->address.v4.sin_port = port;
    return true;
}

void listen_print(const struct listen_at *at, uint16_t port, struct buf *to)
{
    char name[INET6_ADDRSTRLEN];
    const void *number = at->is_v6 ? (const void *)&at->address.v6.sin6_addr
                                   : (const void *)&at->address.v4.sin_addr;

    inet_ntop(at->is_v6 ? AF_INET6 : AF_INET, number, name, sizeof name);
    buf_add_format(to, at->is_v6 ? "[%s]:%u" : "%s:%u", name, port);
}
