/* cases: all machine tests, a table a topic. */
#ifndef SLUICE_TESTS_CASES_H
#define SLUICE_TESTS_CASES_H

#include "machine.h"

#define CASES_OF(topic)                                                                            \
    extern const struct machine_case topic##_cases[];                                              \
    extern const size_t topic##_cases_n;

CASES_OF(handshake)
CASES_OF(connect)
CASES_OF(relay)
CASES_OF(ends)
CASES_OF(deliver)
CASES_OF(deadline)

#define CASES(topic, ...)                                                                          \
    const struct machine_case topic##_cases[] = {__VA_ARGS__};                                     \
    const size_t topic##_cases_n = sizeof topic##_cases / sizeof topic##_cases[0];

#endif
