/* bar.c - how far a long work has come, for people. */
#include "cli/cli.h"

#include <unistd.h>

enum { BAR_WIDTH = 30 };

static bool is_due(struct cli_bar *bar)
{
    int64_t now_us = clock_steady_us();

    if (bar->drawn && now_us - bar->drawn_us < 100000)
        return false;
    bar->drawn = true;
    bar->drawn_us = now_us;
    return true;
}

void cli_bar_lines(void *bar, uint64_t done, uint64_t all, uint64_t lines)
{
    uint64_t full;

    if (!is_due(bar))
        return;
    if (!all) {
        fprintf(stderr, "\r%llu lines", (unsigned long long)lines);
        return;
    }
    if (done > all)
        done = all;
    full = (uint64_t)((double)done / (double)all * BAR_WIDTH);
    fputs("\r[", stderr);
    for (uint64_t i = 0; i < BAR_WIDTH; i++)
        fputs(i < full ? "#" : " ", stderr);
    fprintf(stderr, "] ");
    if (lines)
        fprintf(stderr, "%llu lines", (unsigned long long)lines);
    else
        fprintf(stderr, "%3.0f %%", (double)done / (double)all * 100);
}

void cli_bar_draw(void *bar, uint64_t done, uint64_t all)
{
    if (all)
        cli_bar_lines(bar, done, all, 0);
}

void cli_bar_end(const struct cli_bar *bar)
{
    if (bar->drawn)
        fprintf(stderr, "\r%*s\r", BAR_WIDTH + 30, "");
}

bool cli_bar_is_seen(void)
{
    return isatty(STDERR_FILENO);
}
