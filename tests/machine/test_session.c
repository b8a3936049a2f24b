/* The session machine: all scripted cases, then what they have reached together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cases.h"

static const struct {
    const struct machine_case *cases;
    const size_t *n;
} topics[] = {
    {handshake_cases, &handshake_cases_n},
    {connect_cases, &connect_cases_n},
    {relay_cases, &relay_cases_n},
    {ends_cases, &ends_cases_n},
    {deliver_cases, &deliver_cases_n},
    {deadline_cases, &deadline_cases_n},
};
#define N_TOPICS (sizeof topics / sizeof topics[0])

static void scripted(void **state)
{
    machine_run(*state);
}

static void every_allocation_may_fail_F61(void **state)
{
    (void)state;
    for (size_t t = 0; t < N_TOPICS; t++)
        for (size_t i = 0; i < *topics[t].n; i++)
            machine_run_without_memory(&topics[t].cases[i]);
}

static void suite_reaches_every_reason(void **state)
{
    (void)state;
    for (int i = 0; i < CLOSE_REASONS; i++)
        if (!machine_has_closed((enum close_reason)i))
            fail_msg("no case ends with %s", close_reason_info((enum close_reason)i)->word);
}

static void suite_reaches_every_step(void **state)
{
    (void)state;
    for (int i = 0; i < SESSION_STEPS; i++)
        if (!machine_has_been_in((enum session_step)i))
            fail_msg("no case comes to %s", session_step_name((enum session_step)i));
}

int main(void)
{
    static const struct CMUnitTest about_all[] = {
        cmocka_unit_test(every_allocation_may_fail_F61),
        cmocka_unit_test(suite_reaches_every_reason),
        cmocka_unit_test(suite_reaches_every_step),
    };
    struct CMUnitTest tests[256];
    size_t n = 0;
    for (size_t t = 0; t < N_TOPICS; t++)
        for (size_t i = 0; i < *topics[t].n; i++)
            tests[n++] = (struct CMUnitTest){.name = topics[t].cases[i].name,
                .test_func = scripted,
                .initial_state = (void *)&topics[t].cases[i]};
    for (size_t i = 0; i < sizeof about_all / sizeof about_all[0]; i++)
        tests[n++] = about_all[i];
    return _cmocka_run_group_tests("session", tests, n, NULL, NULL);
}
