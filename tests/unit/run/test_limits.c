/* Whether this machine lets us do what the configuration promises (F56). The machine is the test's:
 * the linker puts its getrlimit() and setrlimit() between sluice and the system. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "run/limits.h"

#define WORKERS 2
/* 64 in reserve, 8 a worker, and twice a socket for each worker and address. */
#define FIXED (64 + 8 * WORKERS + 2 * 3 * WORKERS)
#define WANT 100
#define NEED (FIXED + 2 * WANT)

static struct rlimit machine;
static int get_errno, set_errno;

int __wrap_getrlimit(__rlimit_resource_t resource, struct rlimit *ret);
int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit);

int __wrap_getrlimit(__rlimit_resource_t resource, struct rlimit *ret)
{
    assert_int_equal(resource, RLIMIT_NOFILE);
    *ret = machine;
    errno = get_errno;
    return get_errno ? -1 : 0;
}

int __wrap_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    assert_int_equal(resource, RLIMIT_NOFILE);
    assert_int_equal(limit->rlim_max, machine.rlim_max); /* lowering it would be for ever */
    assert_true(limit->rlim_cur <= limit->rlim_max);
    if (!set_errno)
        machine = *limit;
    errno = set_errno;
    return set_errno ? -1 : 0;
}

/* Three addresses in two frontends. */
static struct conf_listen listens[] = {{.n_addrs = 2}, {.n_addrs = 1}};
static struct conf_frontend frontends[] = {
    {.listens = &listens[0], .n_listens = 1}, {.listens = &listens[1], .n_listens = 1}};

static struct conf conf_of(bool asked_for)
{
    struct conf conf = {.frontends = frontends, .n_frontends = 2};
    conf.global.max_connections = WANT;
    conf.global.max_connections_where = (struct where){"sluice.ini", asked_for ? 7 : 0};
    return conf;
}

static struct problems problems;

static int set_up(void **state)
{
    (void)state;
    get_errno = set_errno = 0;
    problems_init(&problems);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    problems_fini(&problems);
    return 0;
}

static void said(enum problem_kind kind, const char *words)
{
    assert_int_equal(problems.n, 1);
    assert_int_equal(problems.items[0].kind, kind);
    if (!strstr(problems.items[0].text, words))
        fail_msg("\"%s\" is not in: %s", words, problems.items[0].text);
}

static void limit_is_raised_no_further_than_needed(void **state)
{
    (void)state;
    static const struct {
        rlim_t soft, hard, raised;
    } rows[] = {
        {NEED, NEED, NEED},
        {NEED - 1, NEED, NEED},
        {8, RLIM_INFINITY, NEED},
        {NEED + 1, RLIM_INFINITY, NEED + 1}, /* and never lowered */
        {RLIM_INFINITY, RLIM_INFINITY, RLIM_INFINITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct conf conf = conf_of(true);
        uint64_t possible = 0;
        machine = (struct rlimit){rows[i].soft, rows[i].hard};
        assert_int_equal(limits_files(&conf, WORKERS, &possible, &problems), 0);
        assert_int_equal(possible, WANT);
        assert_int_equal(machine.rlim_cur, rows[i].raised);
        assert_int_equal(problems.n, 0);
    }
}

static void number_that_was_asked_for_is_refused_when_the_machine_has_less(void **state)
{
    (void)state;
    struct conf conf = conf_of(true);
    uint64_t possible = 4711;
    machine = (struct rlimit){8, NEED - 1};
    assert_int_equal(limits_files(&conf, WORKERS, &possible, &problems), -1);
    assert_int_equal(possible, 4711);
    said(PROBLEM_ERROR, "sluice.ini:7: error: max-connections = 100 needs 292 open files, but the "
                        "limit is 291: raise it (ulimit -n, LimitNOFILE=) or set "
                        "max-connections = 99");
}

static void number_that_nobody_asked_for_is_lowered_with_a_warning(void **state)
{
    (void)state;
    struct conf conf = conf_of(false);
    uint64_t possible = 0;
    machine = (struct rlimit){8, NEED - 1};
    assert_int_equal(limits_files(&conf, WORKERS, &possible, &problems), 0);
    assert_int_equal(possible, WANT - 1);
    assert_int_equal(machine.rlim_cur, NEED - 1); /* all that can be had */
    said(PROBLEM_WARNING, "max-connections lowered from 100 to 99: the limit of open files is 291");
}

static void machine_without_room_for_one_connection_is_refused(void **state)
{
    (void)state;
    static const rlim_t limits[] = {0, FIXED, FIXED + 1};
    for (int i = 0; i < 6; i++) {
        struct conf conf = conf_of(i % 2);
        uint64_t possible = 4711;
        machine = (struct rlimit){limits[i / 2], limits[i / 2]};
        assert_int_equal(limits_files(&conf, WORKERS, &possible, &problems), -1);
        said(PROBLEM_ERROR, "even one connection needs 94 open files");
        problems_fini(&problems);
        problems_init(&problems);
    }
    struct conf conf = conf_of(false);
    uint64_t possible = 0;
    machine = (struct rlimit){FIXED + 2, FIXED + 2};
    assert_int_equal(limits_files(&conf, WORKERS, &possible, &problems), 0);
    assert_int_equal(possible, 1);
}

static void limit_that_cannot_be_raised_is_taken_as_it_is(void **state)
{
    (void)state;
    struct conf conf = conf_of(false);
    uint64_t possible = 0;
    machine = (struct rlimit){NEED - 20, RLIM_INFINITY};
    set_errno = EPERM;
    assert_int_equal(limits_files(&conf, WORKERS, &possible, &problems), 0);
    assert_int_equal(possible, WANT - 10);
}

static void limit_that_cannot_be_read_is_told(void **state)
{
    (void)state;
    struct conf conf = conf_of(true);
    uint64_t possible;
    get_errno = EINVAL;
    assert_int_equal(limits_files(&conf, WORKERS, &possible, &problems), -1);
    said(PROBLEM_ERROR, "cannot read the limit of open files: Invalid argument");
}

static void threads_are_as_written_or_one_a_processor_that_we_may_use(void **state)
{
    (void)state;
    cpu_set_t all, one;
    size_t cpu = 0;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    while (!CPU_ISSET(cpu, &all))
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    unsigned with_one = limits_threads(&(struct conf_global){0});
    unsigned written = limits_threads(&(struct conf_global){.threads = 7});
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    assert_int_equal(with_one, 1);
    assert_int_equal(written, 7);
    assert_int_equal(limits_threads(&(struct conf_global){0}), CPU_COUNT(&all));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(limit_is_raised_no_further_than_needed),
        CASE(number_that_was_asked_for_is_refused_when_the_machine_has_less),
        CASE(number_that_nobody_asked_for_is_lowered_with_a_warning),
        CASE(machine_without_room_for_one_connection_is_refused),
        CASE(limit_that_cannot_be_raised_is_taken_as_it_is),
        CASE(limit_that_cannot_be_read_is_told),
        CASE(threads_are_as_written_or_one_a_processor_that_we_may_use),
    };
    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
