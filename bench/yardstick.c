#include "yardstick.h"

#include "base/num.h"
#include "base/time.h"
#include "base/work.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TYPES = 12 };
#define CAMPAIGN STR("context.campaign.source")

static const char *const type_name[TYPES] = {
    "page_view",   "signup",      "purchase",       "email_open",
    "email_click", "add_to_cart", "support_ticket", "survey_answer",
    "refund",      "app_open",    "search",         "unsubscribe"};

void give_up(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

void need(bool ok, const char *what, const struct err *err)
{
    if (!ok)
        give_up(what, err->msg);
}

static const void *mapped(const char *folder, const char *name, size_t *bytes)
{
    char path[4096];
    struct stat st;
    void *at;
    int fd;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0)
        give_up(path, "cannot be read");
    *bytes = (size_t)st.st_size;
    at = mmap(NULL, *bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        give_up(path, "cannot be mapped");
    close(fd);
    return at;
}

/* All names are in the catalog before the chunks are built side by side. */
static void name_all(struct yardstick *y)
{
    const struct property revenue = {STR("revenue"), {.type = VALUE_NUMBER}};
    struct err err;

    need(catalog_init(&y->catalog, &err), "catalog", &err);
    for (uint32_t i = 0; i < y->customers; i++) {
        char id[16];
        uint32_t number;
        int n = snprintf(id, sizeof id, "c%u", i);

        need(catalog_customer_add(&y->catalog, (str){id, (size_t)n}, &number, &err),
             "catalog", &err);
    }
    for (int i = 0; i < TYPES; i++) {
        struct event e = {.customer = STR("c0"),
                          .type = str_of(type_name[i]),
                          .id = STR("0"),
                          .property = &revenue,
                          .property_n = !strcmp(type_name[i], "purchase")};

        need(catalog_add_event(&y->catalog, &e, &err), "catalog", &err);
    }
    if (y->channel) {
        const struct property campaign = {CAMPAIGN, {.type = VALUE_TEXT}};
        struct event e = {.customer = STR("c0"),
                          .type = str_of(type_name[0]),
                          .id = STR("0"),
                          .property = &campaign,
                          .property_n = 1};

        need(catalog_add_event(&y->catalog, &e, &err), "catalog", &err);
    }
    if (y->country) {
        const struct property country = {STR("country"), {.type = VALUE_TEXT}};
        struct event e = {.customer = STR("c0"),
                          .type = STR("identify"),
                          .id = STR("0"),
                          .trait = &country,
                          .trait_n = 1};

        need(catalog_add_event(&y->catalog, &e, &err), "catalog", &err);
    }
}

/* K0, K1 ... */
static str country_name(uint8_t code)
{
    static const char names[] =
        "K0 K1 K2 K3 K4 K5 K6 K7 K8 K9 K10K11K12K13K14K15K16K17K18K19"
        "K20K21K22K23";

    if (code >= (sizeof names - 1) / 3)
        give_up("country.u8", "it has more countries than the yardstick");
    return str_trim((str){names + code * 3, 3});
}

/* c0, c1 ... */
static str channel_name(uint8_t code)
{
    static const char names[] = "c0c1c2c3c4c5c6c7";

    if (code >= (sizeof names - 1) / 2)
        give_up("channel.u8", "it has more channels than the yardstick");
    return (str){names + code * 2, 2};
}

static void build_chunk(void *context, uint32_t k)
{
    struct yardstick *y = context;
    uint32_t first = k * CHUNK_CUSTOMERS, last = first + CHUNK_CUSTOMERS, n;
    struct event *event;
    struct property(*property)[2];
    char(*text)[24];
    struct err err;

    if (last > y->customers)
        last = y->customers;
    n = y->off[last] - y->off[first] + (y->country ? last - first : 0);
    event = mem_alloc((n + 1) * sizeof *event);
    property = mem_alloc((n + 1) * sizeof *property);
    text = mem_alloc((size_t)(n + 1) * 2 * sizeof *text);
    if (!event || !property || !text)
        give_up("chunks", "out of memory");
    for (uint32_t c = first, i = 0; c < last; c++) {
        if (y->country && y->off[c] < y->off[c + 1]) {
            char *id = text[2 * i], *customer = text[2 * i + 1];
            int id_n = snprintf(id, sizeof *text, "i%x", c);
            int customer_n = snprintf(customer, sizeof *text, "c%u", c);

            property[i][0] = (struct property){
                STR("country"),
                {.type = VALUE_TEXT, .text = country_name(y->country[c])}};
            event[i] = (struct event){.at_ms = (int64_t)y->ts[y->off[c]] * MS_SECOND,
                                      .customer = {customer, (size_t)customer_n},
                                      .type = STR("identify"),
                                      .id = {id, (size_t)id_n},
                                      .trait = property[i],
                                      .trait_n = 1};
            i++;
        }
        for (uint32_t e = y->off[c]; e < y->off[c + 1]; e++, i++) {
            char *id = text[2 * i], *customer = text[2 * i + 1];
            bool bought = !strcmp(type_name[y->type[e]], "purchase");
            int id_n = snprintf(id, sizeof *text, "%x", e);
            int customer_n = snprintf(customer, sizeof *text, "c%u", c);

            uint32_t has = 0;

            if (y->channel)
                property[i][has++] = (struct property){
                    CAMPAIGN, {.type = VALUE_TEXT, .text = channel_name(y->channel[e])}};
            if (bought)
                property[i][has++] = (struct property){
                    STR("revenue"),
                    {.type = VALUE_NUMBER,
                     .number = (int64_t)y->amount[e] * (NUM_ONE / 100)}};
            event[i] = (struct event){.at_ms = (int64_t)y->ts[e] * MS_SECOND,
                                      .customer = {customer, (size_t)customer_n},
                                      .type = str_of(type_name[y->type[e]]),
                                      .id = {id, (size_t)id_n},
                                      .property = property[i],
                                      .property_n = has};
        }
    }
    need(chunk_build(&y->catalog, NULL, first, event, n, &y->chunk[k], &err), "chunk",
         &err);
    mem_free(event);
    mem_free(property);
    mem_free(text);
}

void yardstick_load(struct yardstick *y, const char *folder, uint32_t customers,
                    bool countries, bool channels)
{
    size_t bytes;

    y->off = mapped(folder, "off.u32", &bytes);
    y->customers = (uint32_t)(bytes / sizeof *y->off) - 1;
    if (customers && customers < y->customers)
        y->customers = customers;
    y->events = y->off[y->customers];
    y->ts = mapped(folder, "ts.u32", &bytes);
    y->amount = mapped(folder, "amount.u32", &bytes);
    y->type = mapped(folder, "type.u8", &bytes);
    if (countries)
        y->country = mapped(folder, "country.u8", &bytes);
    if (channels)
        y->channel = mapped(folder, "channel.u8", &bytes);
    name_all(y);
    y->chunk_n = (y->customers + CHUNK_CUSTOMERS - 1) / CHUNK_CUSTOMERS;
    y->chunk = mem_alloc(y->chunk_n * sizeof(struct chunk *));
    if (!y->chunk)
        give_up("chunks", "out of memory");
    work_run(y->chunk_n, work_threads(), build_chunk, y);
}

void yardstick_free(struct yardstick *y)
{
    for (uint32_t k = 0; k < y->chunk_n; k++)
        chunk_free(y->chunk[k]);
    mem_free(y->chunk);
    catalog_free(&y->catalog);
}

double yardstick_kernel_ms(const char *kernel, const char *folder, const char *question)
{
    char command[8192], line[512];
    double ms = 0;
    FILE *f;

    snprintf(command, sizeof command, "%s mem %s 5", kernel, folder);
    f = popen(command, "r");
    while (f && fgets(line, sizeof line, f)) {
        const char *at = strstr(line, "min ");

        if (strstr(line, "2T") && strstr(line, question) && at)
            ms = strtod(at + 4, NULL);
    }
    if (f)
        pclose(f);
    return ms;
}
