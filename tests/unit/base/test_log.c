#include "base/log.h"
#include "base/str.h"
#include "base/time.h"
#include "support/unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void keep(void *context, enum log_level level, const char *line)
{
    buf_add_format(context, "%d:%s|", level, line);
}

TEST(a_line_comes_with_its_level_and_place)
{
    struct buf b = {0};
    struct log_sink sink = {.least = LOG_INFO, .write = keep, .context = &b};

    log_line(&sink, LOG_WARN, "smtp", "host=%s tries=%d", "mx", 3);
    log_line(&sink, LOG_DEBUG, "smtp", "not asked for");
    log_line(&sink, LOG_INFO, "store", "opened");
    assert_true(str_eq(buf_str(&b), STR("2:smtp host=mx tries=3|1:store opened|")));
    log_line(&(struct log_sink){0}, LOG_ERROR, "x", "silence");
    buf_free(&b);
}

/* A pipe with O_DIRECT keeps each write apart: one read gives one. */
TEST(a_line_on_stderr_is_one_write_whatever_it_holds)
{
    struct log_sink sink = log_stderr(LOG_DEBUG);
    int saved = dup(STDERR_FILENO), ends[2];
    char line[8192], longer[5000];
    struct err err;
    ssize_t n;
    int64_t at;
    struct zone *utc;

    assert_int_equal(pipe2(ends, O_DIRECT), 0);
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    dup2(ends[1], STDERR_FILENO);
    log_line(&sink, LOG_ERROR, "net", "a\nb\033[2Jc");
    log_line(&sink, LOG_INFO, "net", "%s", longer);
    dup2(saved, STDERR_FILENO);
    close(saved);

    n = read(ends[0], line, sizeof line);
    assert_true(n > 25);
    assert_true(str_eq((str){line + 24, (size_t)n - 24}, STR(" error net a\\nb?[2Jc\n")));
    assert_true(zone_open(io_system(), STR("UTC"), &utc, &err));
    assert_true(moment_parse((str){line, 24}, utc, &at, &err));
    assert_in_range(at, clock_now_ms() - MS_MINUTE, clock_now_ms());
    zone_close(utc);

    n = read(ends[0], line, sizeof line);
    assert_true(n > 1000 && n < 5000);
    assert_int_equal(line[n - 1], '\n');
    close(ends[0]);
    close(ends[1]);
}
