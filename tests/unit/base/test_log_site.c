#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log_site.h"

#define START (1000 * US_PER_S)

static const struct log_site *told_site;
static uint32_t told_count;
static unsigned tellings;

static void tell(const struct log_site *site, uint32_t count)
{
    told_site = site;
    told_count = count;
    tellings++;
}

static int nothing_told(void **state)
{
    (void)state;
    log_sites_take(tell);
    told_site = NULL;
    told_count = tellings = 0;
    return 0;
}

static enum log_verdict judge(struct log_site *site, mono_us now)
{
    return log_site_judge(site, now, LOG_LEVEL_WARNING, "refused %d");
}

static unsigned count_passed(struct log_site *site, unsigned lines, mono_us now)
{
    unsigned passed = 0;
    for (unsigned i = 0; i < lines; i++)
        passed += judge(site, now) == LOG_PASS;
    return passed;
}

/* F68 */
static void ten_lines_pass_in_a_second_and_ten_in_the_next(void **state)
{
    (void)state;
    static struct log_site site;
    assert_int_equal(count_passed(&site, 100, START), 10);
    assert_int_equal(count_passed(&site, 100, START + US_PER_S - 1), 0);
    assert_int_equal(count_passed(&site, 100, START + US_PER_S), 10);
}

static void clock_that_went_back_opens_a_window(void **state)
{
    (void)state;
    static struct log_site site;
    assert_int_equal(count_passed(&site, 100, START), 10);
    assert_int_equal(count_passed(&site, 100, START - 500 * US_PER_S), 10);
}

static void first_line_held_back_is_news_until_it_is_taken(void **state)
{
    (void)state;
    static struct log_site site;
    count_passed(&site, 10, START);
    assert_false(log_sites_hold_back());
    assert_int_equal(judge(&site, START), LOG_FIRST_HELD_BACK);
    assert_int_equal(judge(&site, START), LOG_HELD_BACK);
    assert_true(log_sites_hold_back());
    log_sites_take(tell);
    assert_false(log_sites_hold_back());
    assert_int_equal(judge(&site, START), LOG_FIRST_HELD_BACK);
}

static void count_is_taken_once_with_its_site(void **state)
{
    (void)state;
    static struct log_site quiet, loud;
    count_passed(&quiet, 10, START);
    count_passed(&loud, 15, START);
    log_sites_take(tell);
    assert_ptr_equal(told_site, &loud);
    assert_int_equal(told_count, 5);
    log_sites_take(tell);
    assert_int_equal(tellings, 1);
}

static void every_site_that_holds_back_is_told(void **state)
{
    (void)state;
    static struct log_site sites[3];
    for (unsigned i = 0; i < 3; i++)
        count_passed(&sites[i], 11, START);
    log_sites_take(tell);
    assert_int_equal(tellings, 3);
}

static const char *described(const char *format)
{
    static char memory[100];
    struct text t;
    text_init(&t, memory, sizeof memory);
    log_site_describe(&(struct log_site){.format = format}, &t);
    return memory;
}

static void description_shows_the_words_and_not_what_varies(void **state)
{
    (void)state;
    assert_string_equal(described("plain words"), "plain words");
    assert_string_equal(described("%s"), "...");
    assert_string_equal(described("dial %s: %d times"), "dial ...: ... times");
    assert_string_equal(described("%-8.3lf of %*zu%s%s end"), "... of ... end");
    assert_string_equal(described("100%% of %" PRIu64), "100% of ...");
    assert_string_equal(described("cut %"), "cut ...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ten_lines_pass_in_a_second_and_ten_in_the_next, nothing_told),
        cmocka_unit_test_setup(clock_that_went_back_opens_a_window, nothing_told),
        cmocka_unit_test_setup(first_line_held_back_is_news_until_it_is_taken, nothing_told),
        cmocka_unit_test_setup(count_is_taken_once_with_its_site, nothing_told),
        cmocka_unit_test_setup(every_site_that_holds_back_is_told, nothing_told),
        cmocka_unit_test(description_shows_the_words_and_not_what_varies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
