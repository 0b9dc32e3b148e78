#include "net/post.h"

#include "base/mem.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { ANSWER_MAX = 64 << 10 };

/* One request, from its beginning to its answer. */
struct sending {
    struct poster *poster;
    struct sending *before, *next;
    CURL *curl;
    struct curl_slist *header;
    void *context;
    size_t answered; /* bytes */
    bool may_be_private, is_refused;
    char why[CURL_ERROR_SIZE];
};

struct poster {
    CURLM *multi;
    struct sending *first;
    int64_t timeout_ms;
};

/* --- where it may go --- */

/* The first `bits` bits of both are the same. */
static bool is_in(const unsigned char *address, const unsigned char *net, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;

    return !memcmp(address, net, whole)
           && (!rest || !((address[whole] ^ net[whole]) >> (8 - rest)));
}

/* Addresses that are not of the public network: IANA's registries of special purpose. */
static bool is_public_v4(const unsigned char address[4])
{
    static const struct {
        unsigned char net[4];
        unsigned bits;
    } special[] = {
        {{0}, 8},
        {{10}, 8},
        {{100, 64}, 10},
        {{127}, 8},
        {{169, 254}, 16},
        {{172, 16}, 12},
        {{192, 0, 0}, 24},
        {{192, 0, 2}, 24},
        {{192, 88, 99}, 24},
        {{192, 168}, 16},
        {{198, 18}, 15},
        {{198, 51, 100}, 24},
        {{203, 0, 113}, 24},
        {{224}, 3},
    };

    for (size_t i = 0; i < sizeof special / sizeof *special; i++)
        if (is_in(address, special[i].net, special[i].bits))
            return false;
    return true;
}

/* Global unicast without what stands for other addresses. */
static bool is_public_v6(const unsigned char address[16])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    static const unsigned char global[] = {0x20}, docs[] = {0x20, 0x01, 0x0d, 0xb8};
    static const unsigned char special[] = {0x20, 0x01, 0x00},
                               six_to_four[] = {0x20, 0x02};

    if (is_in(address, mapped, 96))
        return is_public_v4(address + 12);
    return is_in(address, global, 3) && !is_in(address, docs, 32)
           && !is_in(address, special, 23) && !is_in(address, six_to_four, 16);
}

static bool may_go_to(struct sending *s, int family, const void *address)
{
    bool may = s->may_be_private || (family == AF_INET && is_public_v4(address))
               || (family == AF_INET6 && is_public_v6(address));

    s->is_refused |= !may;
    return may;
}

static curl_socket_t open_socket(void *context, [[maybe_unused]] curlsocktype purpose,
                                 struct curl_sockaddr *to)
{
    const struct sockaddr_in *v4 = (const void *)&to->addr;
    const struct sockaddr_in6 *v6 = (const void *)&to->addr;
    bool may = to->family == AF_INET    ? may_go_to(context, AF_INET, &v4->sin_addr)
               : to->family == AF_INET6 ? may_go_to(context, AF_INET6, &v6->sin6_addr)
                                        : false;

    return may ? socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol)
               : CURL_SOCKET_BAD;
}

/* A connection that stands already may have been opened for somebody who may go further. */
static int before_request(void *context, char *address, [[maybe_unused]] char *own,
                          [[maybe_unused]] int port, [[maybe_unused]] int own_port)
{
    unsigned char bytes[16];
    int family = strchr(address, ':') ? AF_INET6 : AF_INET;

    return inet_pton(family, address, bytes) == 1 && may_go_to(context, family, bytes)
               ? CURL_PREREQFUNC_OK
               : CURL_PREREQFUNC_ABORT;
}

static bool is_this_machine(const char *host)
{
    return !strcmp(host, "localhost") || !strncmp(host, "127.", 4)
           || !strcmp(host, "[::1]");
}

static bool check_parts(CURLU *u, bool may_be_plain, struct err *err)
{
    char *scheme = NULL, *host = NULL, *user = NULL;
    bool ok, is_plain;

    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0)
        || curl_url_get(u, CURLUPART_HOST, &host, 0)) {
        curl_free(scheme);
        return err_set(err, ERR_INPUT, "a URL begins with https:// and names a host");
    }
    is_plain = !strcmp(scheme, "http");
    curl_url_get(u, CURLUPART_USER, &user, 0);
    if (!is_plain && strcmp(scheme, "https") != 0)
        ok = err_set(err, ERR_INPUT, "a URL begins with https://");
    else if (is_plain && !may_be_plain && !is_this_machine(host))
        ok = err_set(err, ERR_INPUT,
                     "over http:// everybody between can read along: give a URL with "
                     "https://, or allow it (--allow-http)");
    else
        ok = !user
             || err_set(err, ERR_INPUT,
                        "a URL here has no name and password: the signature "
                        "says who sends");
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    return ok;
}

bool post_check_url(str url, bool may_be_plain, struct err *err)
{
    struct arena a = {0};
    str text = arena_str(&a, url);
    CURLU *u = curl_url();
    bool ok = u && text.p;

    if (!ok)
        err_nomem(err);
    for (size_t i = 0; ok && i < url.n; i++)
        ok = ((unsigned char)url.p[i] > ' ' && (unsigned char)url.p[i] < 0x7f)
             || err_set(err, ERR_INPUT,
                        "a URL has no spaces, and other letters than ASCII as %%XX");
    ok = ok
         && (curl_url_set(u, CURLUPART_URL, text.p, 0) == CURLUE_OK
             || err_set(err, ERR_INPUT, "it is no URL: https://host/path is one"))
         && check_parts(u, may_be_plain, err);
    curl_url_cleanup(u);
    arena_free(&a);
    return ok;
}

/* --- one request --- */

static void sending_free(struct sending *s)
{
    if (s->curl)
        curl_easy_cleanup(s->curl);
    curl_slist_free_all(s->header);
    mem_free(s);
}

/* What it says beyond its status is nobody's concern; too much of it ends the request. */
static size_t drop(char *bytes, size_t size, size_t n, void *context)
{
    struct sending *s = context;

    (void)bytes;
    s->answered += size * n;
    return s->answered <= ANSWER_MAX ? size * n : 0;
}

static bool add_headers(struct sending *s, const char *const *header)
{
    for (; *header; header++) {
        struct curl_slist *more = curl_slist_append(s->header, *header);

        if (!more)
            return false;
        s->header = more;
    }
    return true;
}

static bool set_up(struct sending *s, const struct post *what)
{
    CURL *c = s->curl;

    return !(curl_easy_setopt(c, CURLOPT_URL, what->url.p)
             | curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https")
             | curl_easy_setopt(c, CURLOPT_PROXY, "")
             | curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L)
             | curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L)
             | curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)s->poster->timeout_ms)
             | curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_socket)
             | curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, s)
             | curl_easy_setopt(c, CURLOPT_PREREQFUNCTION, before_request)
             | curl_easy_setopt(c, CURLOPT_PREREQDATA, s)
             | curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, drop)
             | curl_easy_setopt(c, CURLOPT_WRITEDATA, s)
             | curl_easy_setopt(c, CURLOPT_HTTPHEADER, s->header)
             | curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)what->body.n)
             | curl_easy_setopt(c, CURLOPT_POSTFIELDS, what->body.p)
             | curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->why)
             | curl_easy_setopt(c, CURLOPT_PRIVATE, s));
}

bool poster_begin(struct poster *p, const struct post *what, void *context,
                  struct err *err)
{
    struct sending *s = mem_alloc(sizeof *s);

    if (!s)
        return err_nomem(err);
    *s = (struct sending){.poster = p,
                          .curl = curl_easy_init(),
                          .context = context,
                          .may_be_private = what->may_be_private};
    if (!s->curl || !add_headers(s, what->header) || !set_up(s, what)
        || curl_multi_add_handle(p->multi, s->curl) != CURLM_OK) {
        sending_free(s);
        return err_nomem(err);
    }
    s->next = p->first;
    if (p->first)
        p->first->before = s;
    p->first = s;
    return true;
}

static void unlink_sending(struct sending *s)
{
    if (s->before)
        s->before->next = s->next;
    else
        s->poster->first = s->next;
    if (s->next)
        s->next->before = s->before;
    curl_multi_remove_handle(s->poster->multi, s->curl);
}

static struct post_answer answer_of(struct sending *s, CURLcode code)
{
    struct post_answer a = {0};
    curl_off_t after = 0;
    long status = 0;

    /* a status that came stands, though the rest was too long for us */
    if (code == CURLE_OK || code == CURLE_WRITE_ERROR)
        curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(s->curl, CURLINFO_RETRY_AFTER, &after);
    a.status = status > 0 && status < 1000 ? (unsigned)status : 0;
    a.retry_after_s = after > 0 && after < UINT32_MAX ? (uint32_t)after : 0;
    if (!a.status)
        snprintf(a.why, sizeof a.why, "%.*s", (int)sizeof a.why - 1,
                 s->is_refused
                     ? "its address is not of the public network, which was not "
                       "allowed"
                 : *s->why ? s->why
                           : curl_easy_strerror(code));
    return a;
}

/* --- all of them --- */

bool poster_new(int64_t timeout_ms, unsigned connections, struct poster **out,
                struct err *err)
{
    struct poster *p = mem_alloc(sizeof *p);

    if (!p)
        return err_nomem(err);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        mem_free(p);
        return err_nomem(err);
    }
    *p = (struct poster){.multi = curl_multi_init(), .timeout_ms = timeout_ms};
    if (!p->multi
        || curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)connections)
               != CURLM_OK) {
        poster_free(p);
        return err_nomem(err);
    }
    *out = p;
    return true;
}

void poster_free(struct poster *p)
{
    if (!p)
        return;
    while (p->first) {
        struct sending *s = p->first;

        unlink_sending(s);
        sending_free(s);
    }
    curl_multi_cleanup(p->multi);
    mem_free(p);
    curl_global_cleanup();
}

static bool failed(CURLMcode code, struct err *err)
{
    return code == CURLM_OUT_OF_MEMORY ? err_nomem(err)
                                       : err_set(err, ERR_IO, "nothing can be sent: %s",
                                                 curl_multi_strerror(code));
}

/* Whether any request did. */
static bool tell_ended(struct poster *p,
                       void (*ended)(void *owner, void *context,
                                     const struct post_answer *a),
                       void *owner)
{
    CURLMsg *m;
    int left;
    bool any = false;

    while ((m = curl_multi_info_read(p->multi, &left))) {
        struct post_answer a;
        struct sending *s;
        CURLcode result = m->data.result;
        void *context;

        if (m->msg != CURLMSG_DONE
            || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s) != CURLE_OK)
            continue;
        a = answer_of(s, result);
        context = s->context;
        unlink_sending(s);
        sending_free(s);
        ended(owner, context, &a);
        any = true;
    }
    return any;
}

bool poster_run(struct poster *p, int wait_ms,
                void (*ended)(void *owner, void *context, const struct post_answer *a),
                void *owner, struct err *err)
{
    int running;
    CURLMcode code = curl_multi_perform(p->multi, &running);

    /* behind what ended others may wait, though nothing else is under way */
    if (tell_ended(p, ended, owner))
        wait_ms = 0;
    if (code == CURLM_OK && wait_ms > 0)
        code = curl_multi_poll(p->multi, NULL, 0, wait_ms, NULL);
    if (code == CURLM_OK)
        code = curl_multi_perform(p->multi, &running);
    tell_ended(p, ended, owner);
    return code == CURLM_OK || failed(code, err);
}

void poster_wake(struct poster *p)
{
    curl_multi_wakeup(p->multi);
}
