/* unit.h - a unit test program: every TEST of its files, run by cmocka, answered in TAP.
 *
 *     TEST(an_event_needs_a_name)
 *     {
 *         assert_false(event_parse(...));
 *     }
 *
 * After each test base/mem must hold as many blocks as before it, and no hook; a test has
 * UNIT_SECONDS to end, times CICLO_ROUNDS, or what the environment says is UNIT_SECONDS. A test
 * that kills its process forks first. */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { UNIT_SECONDS = 60 };

/* One of the program's tests; made by TEST. */
struct unit {
    const char *name;
    void (*run)(void **state);
    struct unit *next;
};
void unit_add(struct unit *u);

#define TEST(sentence)                                                                   \
    static void sentence(void **state);                                                  \
    __attribute__((constructor)) static void add_##sentence(void)                        \
    {                                                                                    \
        static struct unit u = {#sentence, sentence, NULL};                              \
        unit_add(&u);                                                                    \
    }                                                                                    \
    static void sentence([[maybe_unused]] void **state)

#endif
