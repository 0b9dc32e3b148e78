/* The simulated disk does what its header says: what is proved on it is proved on that model. */
#include "support/sim_disk.h"

#include "support/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { SECTOR = 512, SECTORS = 6, SEEDS = 300 };

static struct sim_disk *disk;
static struct io *io;

static void set_disk(void)
{
    disk = sim_disk_new();
    io = sim_disk_io(disk);
}

static int open_or_make(const char *name)
{
    int fd = io->open(io, name, O_RDWR | O_CREAT, 0600);

    assert_true(fd >= 0);
    return fd;
}

static void put(int fd, const void *bytes, size_t n)
{
    assert_int_equal(io->write(io, fd, bytes, n), n);
}

static void sync_folder(void)
{
    int fd = io->open(io, ".", O_RDONLY | O_DIRECTORY, 0);

    assert_true(fd >= 0);
    assert_int_equal(io->sync(io, fd), 0);
    io->close(io, fd);
}

/* A file that is safe, name and all. */
static void put_safe(const char *name, const void *bytes, size_t n)
{
    int fd = open_or_make(name);

    put(fd, bytes, n);
    assert_int_equal(io->sync(io, fd), 0);
    io->close(io, fd);
    sync_folder();
}

static size_t get_all(const char *name, char *to, size_t max)
{
    int fd = io->open(io, name, O_RDONLY, 0);
    ssize_t n;

    assert_true(fd >= 0);
    n = io->read(io, fd, to, max);
    assert_true(n >= 0);
    io->close(io, fd);
    return (size_t)n;
}

/* Every sector filled with one letter, the nth with that of text[n]. */
static void sectors_of(const char *text, char to[SECTORS * SECTOR])
{
    for (int i = 0; i < SECTORS; i++)
        memset(to + (size_t)i * SECTOR, text[i], SECTOR);
}

/* The letters of the sectors; '?' for one that is not all the same. */
static void letters_of(const char *bytes, char to[SECTORS + 1])
{
    for (int i = 0; i < SECTORS; i++) {
        const char *p = bytes + (size_t)i * SECTOR;

        to[i] = p[0];
        for (int k = 1; k < SECTOR; k++) {
            if (p[k] != p[0])
                to[i] = '?';
        }
    }
    to[SECTORS] = 0;
}

TEST(what_is_not_synced_is_kept_lost_or_torn_between_sectors)
{
    char bytes[SECTORS * SECTOR], letters[SECTORS + 1];
    int kept = 0, lost = 0, torn = 0, out_of_order = 0;

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int fd;

        sim_disk_reset(disk, seed);
        sectors_of("aaaaaa", bytes);
        put_safe("f", bytes, sizeof bytes);
        fd = open_or_make("f");
        sectors_of("bbbbbb", bytes);
        put(fd, bytes, 3 * SECTOR);
        put(fd, bytes, 3 * SECTOR);
        io->close(io, fd);
        sim_disk_crash(disk);

        assert_int_equal(get_all("f", bytes, sizeof bytes), sizeof bytes);
        letters_of(bytes, letters);
        assert_int_equal(strspn(letters, "ab"), SECTORS);
        kept += !strchr(letters, 'a');
        lost += !strchr(letters, 'b');
        torn += strstr(letters, "ab") || strstr(letters, "ba");
        out_of_order += memchr(letters, 'a', 3) && memchr(letters + 3, 'b', 3);
    }
    assert_true(kept > SEEDS / 20 && lost > SEEDS / 20 && torn > SEEDS / 5);
    assert_true(out_of_order > SEEDS / 20);
    sim_disk_free(disk);
}

TEST(a_sector_holds_what_it_held_at_some_moment)
{
    char bytes[SECTORS * SECTOR], letters[SECTORS + 1];
    int seen[3] = {0};

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int fd;

        sim_disk_reset(disk, seed);
        sectors_of("aaaaaa", bytes);
        put_safe("f", bytes, sizeof bytes);
        for (char letter = 'b'; letter <= 'c'; letter++) {
            fd = open_or_make("f");
            memset(bytes, letter, sizeof bytes);
            put(fd, bytes, sizeof bytes);
            io->close(io, fd);
        }
        sim_disk_crash(disk);
        assert_int_equal(get_all("f", bytes, sizeof bytes), sizeof bytes);
        letters_of(bytes, letters);
        assert_int_equal(strspn(letters, "abc"), SECTORS);
        seen[letters[0] - 'a']++;
    }
    for (int i = 0; i < 3; i++)
        assert_true(seen[i] > SEEDS / 10);
    sim_disk_free(disk);
}

TEST(what_is_synced_is_never_lost)
{
    char bytes[SECTORS * SECTOR], letters[SECTORS + 1];

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int fd;

        sim_disk_reset(disk, seed);
        sectors_of("abcdef", bytes);
        put_safe("f", bytes, sizeof bytes);
        fd = open_or_make("g");
        put(fd, bytes, sizeof bytes);
        io->close(io, fd);
        sim_disk_crash(disk);
        sim_disk_crash(disk);
        memset(bytes, 0, sizeof bytes);
        assert_int_equal(get_all("f", bytes, sizeof bytes), sizeof bytes);
        letters_of(bytes, letters);
        assert_string_equal(letters, "abcdef");
    }
    sim_disk_free(disk);
}

TEST(syncs_that_do_nothing_lose)
{
    int lost = 0;

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sim_disk_reset(disk, seed);
        sim_disk_sync_works(disk, false);
        put_safe("f", "abc", 3);
        sim_disk_crash(disk);
        lost += sim_disk_size(disk, "f") < 3;
    }
    assert_true(lost > SEEDS / 4);
    sim_disk_free(disk);
}

TEST(a_longer_file_may_come_back_short_or_with_what_nobody_wrote)
{
    char bytes[SECTORS * SECTOR];
    int is_short = 0, whole = 0, zeros = 0, garbage = 0;

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int fd;

        sim_disk_reset(disk, seed);
        put_safe("f", "", 0);
        fd = open_or_make("f");
        memset(bytes, 'x', sizeof bytes);
        put(fd, bytes, sizeof bytes);
        io->close(io, fd);
        sim_disk_crash(disk);
        if (get_all("f", bytes, sizeof bytes) < sizeof bytes) {
            assert_int_equal(sim_disk_size(disk, "f"), 0);
            is_short++;
        } else if (bytes[0] == 'x') {
            whole++;
        } else if (memcmp(bytes, "\0\0\0\0\0\0\0\0", 8) == 0) {
            zeros++;
        } else {
            garbage++;
        }
    }
    assert_true(is_short > SEEDS / 10 && whole > SEEDS / 10 && zeros > SEEDS / 50
                && garbage > SEEDS / 50);
    sim_disk_free(disk);
}

TEST(a_truncation_is_kept_or_lost_and_what_followed_it_with_it)
{
    char bytes[SECTORS * SECTOR], letters[SECTORS + 1];
    int kept = 0, lost = 0;

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int fd;

        sim_disk_reset(disk, seed);
        sectors_of("aaaaaa", bytes);
        put_safe("f", bytes, sizeof bytes);
        fd = io->open(io, "f", O_RDWR | O_TRUNC, 0);
        memset(bytes, 'b', sizeof bytes);
        put(fd, bytes, 2 * SECTOR);
        io->close(io, fd);
        sim_disk_crash(disk);
        memset(bytes, 'z', sizeof bytes);
        switch (get_all("f", bytes, sizeof bytes)) {
        case SECTORS *SECTOR:
            letters_of(bytes, letters);
            assert_string_equal(letters, "aaaaaa"); /* the new bytes stood elsewhere */
            lost++;
            break;
        case 2 * SECTOR:
            letters_of(bytes, letters);
            assert_null(memchr(letters, 'a', 2));
            kept++;
            break;
        default:
            assert_int_equal(sim_disk_size(disk, "f"), 0);
        }
    }
    assert_true(kept > SEEDS / 10 && lost > SEEDS / 10);
    sim_disk_free(disk);
}

TEST(a_name_is_lost_although_its_file_was_synced)
{
    int lost = 0, kept = 0;

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int fd;
        char bytes[8];

        sim_disk_reset(disk, seed);
        fd = open_or_make("f");
        put(fd, "abc", 3);
        assert_int_equal(io->sync(io, fd), 0);
        io->close(io, fd);
        sim_disk_crash(disk);
        if (sim_disk_size(disk, "f") < 0) {
            lost++;
        } else {
            kept++;
            assert_int_equal(get_all("f", bytes, sizeof bytes), 3);
        }
    }
    assert_true(lost > SEEDS / 4 && kept > SEEDS / 4);
    sim_disk_free(disk);
}

TEST(a_rename_is_kept_wholly_or_not_whatever_became_of_the_bytes)
{
    int old = 0, new = 0, half = 0;

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char bytes[8] = {0};
        int fd;

        sim_disk_reset(disk, seed);
        put_safe("f", "old", 3);
        put_safe("f.new", "", 0);
        fd = open_or_make("f.new");
        put(fd, "new", 3);
        io->close(io, fd);
        assert_int_equal(io->rename(io, "f.new", "f"), 0);
        assert_int_equal(sim_disk_size(disk, "f.new"), -1);
        sim_disk_crash(disk);

        get_all("f", bytes, sizeof bytes);
        if (memcmp(bytes, "old", 3) == 0) {
            assert_true(sim_disk_size(disk, "f.new") >= 0);
            old++;
            continue;
        }
        assert_int_equal(sim_disk_size(disk, "f.new"), -1);
        if (memcmp(bytes, "new", 3) == 0)
            new ++;
        else
            half++;
    }
    assert_true(old > SEEDS / 10 && new > SEEDS / 10 && half > SEEDS / 10);
    sim_disk_free(disk);
}

TEST(some_names_become_durable_in_their_order_or_any)
{
    static const char *const name[] = {"a", "b", "c"};
    int seen[8] = {0};

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        int which = 0;

        sim_disk_reset(disk, seed);
        for (int i = 0; i < 3; i++)
            io->close(io, open_or_make(name[i]));
        sim_disk_crash(disk);
        for (int i = 0; i < 3; i++)
            which |= (sim_disk_size(disk, name[i]) >= 0) << i;
        seen[which]++;
    }
    for (int which = 0; which < 8; which++)
        assert_true(seen[which] > ((which & (which + 1)) ? SEEDS / 60 : SEEDS / 10));
    sim_disk_free(disk);
}

TEST(a_stopped_disk_does_nothing_more)
{
    char bytes[8];
    int fd;

    set_disk();
    put_safe("f", "abc", 3);
    fd = open_or_make("f");
    sim_disk_arm(disk, SIM_STOP, 2);
    put(fd, "x", 1);
    assert_false(sim_disk_struck(disk));
    assert_int_equal(io->write(io, fd, "y", 1), -1);
    assert_int_equal(errno, EIO);
    assert_true(sim_disk_struck(disk));
    assert_int_equal(io->read(io, fd, bytes, 1), -1);
    assert_int_equal(io->sync(io, fd), -1);
    assert_int_equal(io->rename(io, "f", "g"), -1);
    assert_int_equal(io->unlink(io, "f"), -1);
    assert_int_equal(io->open(io, "f", O_RDONLY, 0), -1);
    io->close(io, fd);
    sim_disk_crash(disk);
    assert_int_equal(get_all("f", bytes, sizeof bytes), 3);
    assert_memory_equal(bytes + 1, "bc", 2);
    sim_disk_free(disk);
}

TEST(after_a_kill_everything_written_is_there_and_still_unsafe)
{
    int lost = 0;

    set_disk();
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char bytes[8];
        int fd;

        sim_disk_reset(disk, seed);
        fd = open_or_make("f");
        put(fd, "abc", 3);
        sim_disk_arm(disk, SIM_STOP, 1);
        assert_int_equal(io->sync(io, fd), -1);
        io->close(io, fd);
        sim_disk_kill(disk);
        assert_int_equal(get_all("f", bytes, sizeof bytes), 3);
        assert_memory_equal(bytes, "abc", 3);
        sim_disk_crash(disk);
        lost += sim_disk_size(disk, "f") < 3;
    }
    assert_true(lost > SEEDS / 4);
    sim_disk_free(disk);
}

TEST(a_full_disk_stores_half_and_lets_old_bytes_be_changed)
{
    char bytes[16];
    int fd;

    set_disk();
    put_safe("f", "abcd", 4);
    fd = open_or_make("f");
    sim_disk_arm(disk, SIM_FULL, 1);
    put(fd, "ABCD", 4);
    assert_int_equal(io->write(io, fd, "efgh", 4), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(io->write(io, fd, "efgh", 4), -1);
    io->close(io, fd);
    assert_int_equal(get_all("f", bytes, sizeof bytes), 6);
    assert_memory_equal(bytes, "ABCDef", 6);
    sim_disk_free(disk);
}

TEST(the_nth_operation_fails_once_or_for_good)
{
    char bytes[4];
    int fd;

    set_disk();
    put_safe("f", "abcd", 4);
    fd = open_or_make("f");
    for (int good = 0; good < 2; good++) {
        sim_disk_arm(disk, good ? SIM_FOR_GOOD : SIM_ONCE, 2);
        assert_int_equal(io->read(io, fd, bytes, 1), 1);
        assert_int_equal(io->read(io, fd, bytes, 1), -1);
        assert_int_equal(io->read(io, fd, bytes, 1), good ? -1 : 1);
    }
    io->close(io, fd);
    sim_disk_free(disk);
}

TEST(who_locks_a_file_alone_keeps_others_away)
{
    int a, b;

    set_disk();
    put_safe("f", "", 0);
    a = open_or_make("f");
    b = open_or_make("f");
    assert_int_equal(io->lock(io, a, true), 0);
    assert_int_equal(io->lock(io, b, false), -1);
    assert_int_equal(errno, EWOULDBLOCK);
    assert_int_equal(io->lock(io, a, false), 0);
    assert_int_equal(io->lock(io, b, false), 0);
    assert_int_equal(io->lock(io, a, true), -1);
    io->close(io, b);
    assert_int_equal(io->lock(io, a, true), 0);
    io->close(io, a);
    sim_disk_free(disk);
}

/* --- SQLite on it --- */

static sqlite3 *sql_open_disk(void)
{
    sqlite3 *db;

    assert_int_equal(
        sqlite3_open_v2("/db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    return db;
}

static int sql_do(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

static int sql_number_of(sqlite3 *db, const char *text)
{
    sqlite3_stmt *statement;
    int number = -1;

    if (sqlite3_prepare_v2(db, text, -1, &statement, NULL) == SQLITE_OK
        && sqlite3_step(statement) == SQLITE_ROW)
        number = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return number;
}

/* Adds numbers, one a transaction, until the power goes; gives how many were acknowledged. */
static int add_until_stopped(uint64_t stop)
{
    sqlite3 *db = sql_open_disk();
    int acknowledged = 0;

    sql_do(db, "pragma synchronous = extra"); /* full forgets the deletion of a journal */
    sim_disk_arm(disk, SIM_STOP, stop);
    while (sql_do(db, "insert into t values (zeroblob(5000))") == SQLITE_OK)
        acknowledged++;
    sqlite3_close(db);
    return acknowledged;
}

/* Of SEEDS crashes: how many lost what was acknowledged, or left a damaged file. */
static int crashes_that_lose(const char *journal, bool syncs)
{
    int bad = 0;

    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        char pragma[80];
        int acknowledged, there;
        sqlite3 *db;

        sim_disk_reset(disk, seed);
        db = sql_open_disk();
        snprintf(pragma, sizeof pragma,
                 "pragma journal_mode = %s; pragma wal_autocheckpoint = 5;", journal);
        assert_int_equal(sql_do(db, pragma), SQLITE_OK);
        assert_int_equal(sql_do(db, "pragma synchronous = extra; create table t (x)"),
                         SQLITE_OK);
        sqlite3_close(db);
        sync_folder();
        sim_disk_sync_works(disk, syncs);
        acknowledged = add_until_stopped(1 + seed % 97);
        sim_disk_crash(disk);
        db = sql_open_disk();
        there = sql_number_of(db, "select count(length(x)) from t");
        bad += there < acknowledged || there > acknowledged + 1
               || sql_do(db, "pragma integrity_check") != SQLITE_OK;
        sqlite3_close(db);
    }
    return bad;
}

TEST(sqlite_loses_nothing_on_it_with_either_journal)
{
    set_disk();
    assert_int_equal(crashes_that_lose("wal", true), 0);
    assert_int_equal(crashes_that_lose("delete", true), 0);
    assert_int_equal(crashes_that_lose("truncate", true), 0);
    sim_disk_free(disk);
}

TEST(sqlite_loses_on_it_what_is_not_synced)
{
    set_disk();
    assert_true(crashes_that_lose("wal", false) > SEEDS / 4);
    assert_true(crashes_that_lose("delete", false) > SEEDS / 4);
    sim_disk_free(disk);
}

TEST(one_connection_writes_while_others_read)
{
    sqlite3 *writer, *reader;

    set_disk();
    writer = sql_open_disk();
    reader = sql_open_disk();
    assert_int_equal(sql_do(writer, "pragma journal_mode = wal; create table t (x);"
                                    "insert into t values (1)"),
                     SQLITE_OK);
    assert_int_equal(sql_do(reader, "begin"), SQLITE_OK);
    assert_int_equal(sql_number_of(reader, "select count(*) from t"), 1);
    assert_int_equal(sql_do(writer, "begin immediate; insert into t values (2)"),
                     SQLITE_OK);
    assert_int_equal(sql_do(reader, "insert into t values (3)"), SQLITE_BUSY);
    assert_int_equal(sql_do(writer, "commit"), SQLITE_OK);
    assert_int_equal(sql_number_of(reader, "select count(*) from t"), 1);
    assert_int_equal(sql_do(reader, "commit"), SQLITE_OK);
    assert_int_equal(sql_number_of(reader, "select count(*) from t"), 2);
    assert_int_equal(sql_do(writer, "pragma wal_checkpoint(truncate)"), SQLITE_OK);
    assert_int_equal(sim_disk_size(disk, "db-wal"), 0);
    sqlite3_close(reader);
    sqlite3_close(writer);
    assert_int_equal(sim_disk_names(disk), 1);
    sim_disk_free(disk);
}

static int has_moved(sqlite3 *db)
{
    int moved = -1;

    assert_int_equal(sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved),
                     SQLITE_OK);
    return moved;
}

TEST(a_connection_learns_that_its_file_was_exchanged)
{
    sqlite3 *db;

    set_disk();
    db = sql_open_disk();
    assert_int_equal(sql_do(db, "create table t (x); insert into t values (1)"),
                     SQLITE_OK);
    assert_int_equal(has_moved(db), 0);
    put_safe("db.new", "", 0);
    assert_int_equal(io->rename(io, "db.new", "db"), 0);
    assert_int_equal(has_moved(db), 1);
    assert_int_equal(sql_number_of(db, "select count(*) from t"), 1);
    sqlite3_close(db);
    sim_disk_free(disk);
}

TEST(a_run_is_repeated_byte_by_byte)
{
    static char first[1 << 16], again[1 << 16];
    size_t n[2];

    set_disk();
    for (int run = 0; run < 2; run++) {
        sqlite3 *db;

        sim_disk_reset(disk, 7);
        db = sql_open_disk();
        sql_do(db, "pragma journal_mode = wal; create table t (x)");
        sqlite3_close(db);
        sync_folder();
        add_until_stopped(23);
        sim_disk_crash(disk);
        n[run] = get_all("db-wal", run ? again : first, sizeof first);
    }
    assert_true(n[0] > 0);
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(first, again, n[0]);
    sim_disk_free(disk);
}
