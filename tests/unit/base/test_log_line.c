#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log_line.h"

/* 2026-11-24T03:53:02.123456Z */
#define WALL_US INT64_C(1795492382123456)
#define HEAD "2026-11-24T03:53:02.123456Z warning w1 "

static char memory[LOG_ERROR_LINE_MAX + 1];

static struct log_line composed(const char *message)
{
    struct log_note note = {LOG_LEVEL_WARNING, "w1", message};
    struct log_line line;
    memset(memory, '#', sizeof memory);
    log_line_compose(&note, WALL_US, memory, &line);
    assert_ptr_equal(line.text, memory);
    assert_true(line.len <= LOG_ERROR_LINE_MAX);
    memory[line.len] = '\0';
    return line;
}

static void line_has_time_level_thread_and_message(void **state)
{
    (void)state;
    struct log_line line = composed("pool app: no server");
    assert_string_equal(memory, HEAD "pool app: no server");
    assert_int_equal(line.len, strlen(memory));
    assert_int_equal(line.time_len, strlen("2026-11-24T03:53:02.123456Z"));
    assert_int_equal(line.stream, LOG_ERRORS);
    assert_int_equal(line.level, LOG_LEVEL_WARNING);
}

/* F97 */
static void message_cannot_begin_a_line_of_its_own(void **state)
{
    (void)state;
    composed("a\r\n2026-01-01 error \x1b[2J\x7f\xff");
    assert_string_equal(memory, HEAD "a\\x0d\\x0a2026-01-01 error \\x1b[2J\\x7f\\xff");
}

static void long_message_is_cut_and_says_so(void **state)
{
    (void)state;
    char message[4000];
    memset(message, 'm', sizeof message);
    message[sizeof message - 1] = '\0';
    struct log_line line = composed(message);
    assert_int_equal(line.len, LOG_ERROR_LINE_MAX);
    assert_int_equal(strlen(memory), line.len);
    assert_string_equal(memory + line.len - 4, "m...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_has_time_level_thread_and_message),
        cmocka_unit_test(message_cannot_begin_a_line_of_its_own),
        cmocka_unit_test(long_message_is_cut_and_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
