#include "store/store_impl.h"

#include <stdatomic.h>
#include <string.h>

bool image_new(const struct image *from, struct image **out, struct err *err)
{
    struct image *image = mem_alloc(sizeof *image);

    if (!image)
        return err_nomem(err);
    image->users = 1;
    if (from) {
        image->page = mem_alloc(from->page_n * sizeof(struct image_page *));
        if (!image->page) {
            mem_free(image);
            return err_nomem(err);
        }
        for (uint32_t i = 0; i < from->page_n; i++) {
            image->page[i] = from->page[i];
            atomic_fetch_add(&image->page[i]->users, 1);
        }
        image->page_n = image->page_cap = from->page_n;
        image->chunk_n = from->chunk_n;
        image->refused = from->refused;
        image->events = from->events;
        image->news_n = from->news_n;
        image->stale = from->stale;
        image->customers = from->customers;
        image->seq = from->seq;
    }
    *out = image;
    return true;
}

static void page_free(struct image_page *page)
{
    if (atomic_fetch_sub(&page->users, 1) != 1)
        return;
    for (uint32_t i = 0; i < IMAGE_PAGE_CHUNKS; i++)
        news_release(page->state[i].news);
    mem_free(page);
}

void image_free(struct image *image)
{
    if (!image)
        return;
    if (image->catalog.copies)
        catalog_free(&image->catalog);
    for (uint32_t i = 0; i < image->page_n; i++)
        page_free(image->page[i]);
    mem_free(image->page);
    mem_free(image);
}

const struct chunk_state *image_get(const struct image *image, uint32_t chunk)
{
    static const struct chunk_state none;

    return chunk < image->chunk_n
               ? &image->page[chunk / IMAGE_PAGE_CHUNKS]->state[chunk % IMAGE_PAGE_CHUNKS]
               : &none;
}

uint32_t state_events(const struct chunk_state *state)
{
    const struct news *news = state->news;

    return state->parts.events + (news ? news->all_n - news->lost_n : 0);
}

static bool add_page(struct image *image)
{
    if (image->page_n == image->page_cap) {
        uint32_t cap = image->page_cap ? image->page_cap * 2 : 4;
        struct image_page **grown =
            mem_resize(image->page, cap * sizeof(struct image_page *));

        if (!grown)
            return false;
        image->page = grown;
        image->page_cap = cap;
    }
    image->page[image->page_n] = mem_alloc(sizeof(struct image_page));
    if (!image->page[image->page_n])
        return false;
    atomic_init(&image->page[image->page_n++]->users, 1);
    return true;
}

/* A page that another image shares is copied. */
static bool own_page(struct image_page **page)
{
    struct image_page *copy;

    if (atomic_load(&(*page)->users) == 1)
        return true;
    copy = mem_alloc(sizeof *copy);
    if (!copy)
        return false;
    memcpy(copy->state, (*page)->state, sizeof copy->state);
    for (uint32_t i = 0; i < IMAGE_PAGE_CHUNKS; i++)
        news_hold(copy->state[i].news);
    atomic_init(&copy->users, 1);
    page_free(*page);
    *page = copy;
    return true;
}

struct chunk_state *image_edit(struct image *image, uint32_t chunk)
{
    struct image_page **page;

    while (image->page_n <= chunk / IMAGE_PAGE_CHUNKS) {
        if (!add_page(image))
            return NULL;
    }
    page = &image->page[chunk / IMAGE_PAGE_CHUNKS];
    if (!own_page(page))
        return NULL;
    if (image->chunk_n <= chunk)
        image->chunk_n = chunk + 1;
    return &(*page)->state[chunk % IMAGE_PAGE_CHUNKS];
}

void image_publish(struct store *s, struct image *image)
{
    struct image *old = s->image;

    s->image = image;
    if (old && !--old->users)
        image_free(old);
}
