#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#ifndef SLUICE_FAULTS
#define SLUICE_FAULTS /* the inlines of this file ask, whatever the library was built with */
#endif
#include "base/sys.h"
#include "log_files.h"

static void only_the_planned_call_fails_and_only_once(void **state)
{
    (void)state;
    sys_fault_plan("open:3");
    for (int n = 1; n <= 10; n++)
        assert_int_equal(sys_fault(SYS_FAULT_open), n == 3 ? EMFILE : 0);
}

static void kinds_are_counted_apart(void **state)
{
    (void)state;
    sys_fault_plan("send:2");
    assert_int_equal(sys_fault(SYS_FAULT_sendmsg), 0);
    assert_int_equal(sys_fault(SYS_FAULT_send), 0);
    assert_int_equal(sys_fault(SYS_FAULT_sendmsg), 0);
    assert_int_equal(sys_fault(SYS_FAULT_send), ECONNRESET);
}

static void plan_may_hold_several_and_name_the_error(void **state)
{
    (void)state;
    sys_fault_plan("alloc:1,connect:1:ETIMEDOUT,alloc:3");
    assert_int_equal(sys_fault(SYS_FAULT_alloc), ENOMEM);
    assert_int_equal(sys_fault(SYS_FAULT_connect), ETIMEDOUT);
    assert_int_equal(sys_fault(SYS_FAULT_alloc), 0);
    assert_int_equal(sys_fault(SYS_FAULT_alloc), ENOMEM);
}

static void new_plan_counts_anew_and_an_empty_one_fails_nothing(void **state)
{
    (void)state;
    sys_fault_plan("read:2");
    assert_int_equal(sys_fault(SYS_FAULT_read), 0);
    sys_fault_plan("read:2");
    assert_int_equal(sys_fault(SYS_FAULT_read), 0);
    assert_int_equal(sys_fault(SYS_FAULT_read), EIO);
    sys_fault_plan("");
    assert_int_equal(sys_fault(SYS_FAULT_read), 0);
    assert_int_equal(sys_fault(SYS_FAULT_read), 0);
}

static void short_call_passes_one_byte_of_many(void **state)
{
    (void)state;
    int ends[2];
    char got[8];
    assert_int_equal(pipe(ends), 0);
    sys_fault_plan("write:2:SHORT,read:1:SHORT");
    assert_int_equal(sys_write(ends[1], "abc", 3), 3);
    assert_int_equal(sys_write(ends[1], "def", 3), 1);
    assert_int_equal(sys_read(ends[0], got, sizeof got), 1);
    assert_int_equal(sys_read(ends[0], got, sizeof got), 3);
    assert_memory_equal(got, "bcd", 3);
    sys_close(ends[0]);
    sys_close(ends[1]);
}

static void every_kind_has_an_error_of_its_own(void **state)
{
    (void)state;
    sys_fault_plan("socket:1,bind:1,listen:1,accept4:1,connect:1,getsockopt:1,setsockopt:1,"
                   "getsockname:1,recv:1,send:1,sendmsg:1,shutdown:1,open:1,read:1,write:1,fstat:1,"
                   "fcntl:1,epoll_create1:1,epoll_ctl:1,poll:1,eventfd:1,signalfd:1,getrandom:1,"
                   "setgroups:1,setegid:1,"
                   "seteuid:1,setresgid:1,setresuid:1,prctl:1,capset:1,thread_create:1,alloc:1,"
                   "openssl_alloc:1,"
                   "libev_alloc:1");
    for (int kind = 0; kind < SYS_FAULT_KINDS; kind++)
        assert_int_not_equal(sys_fault((enum sys_fault_kind)kind), 0);
}

/* Exit status of a child that reads `plan`, without its complaint. */
static int status_after_plan(const char *plan)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        sys_fault_plan(plan);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static void text_that_is_no_plan_ends_the_process(void **state)
{
    (void)state;
    const char *const bad[] = {"opens:1", "open", "open:", "open:0", "open:x", "open:1:", "open:1x",
        "open:1:EWHAT", "open:1,", ",open:1", "op:1", "open:1:SHORT"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(status_after_plan(bad[i]), 2);
    assert_int_equal(status_after_plan("open:1:EACCES"), 0);
}

/* Runs itself, so that the environment is read afresh. */
static int run_child(const char *mode, const char *fault)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        setenv("SLUICE_FAULT", fault, 1);
        execl("/proc/self/exe", "test_sys_fault", mode, (char *)NULL);
        _exit(99);
    }
    waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int be_child(void)
{
    int failed = 0;
    for (int n = 1; n <= 5; n++)
        if (sys_fault(SYS_FAULT_eventfd))
            failed = n;
    return failed;
}

static void environment_holds_the_plan(void **state)
{
    (void)state;
    assert_int_equal(run_child("child", "eventfd:4"), 4);
    assert_int_equal(run_child("child", ""), 0);
}

static void totals_are_written_at_exit(void **state)
{
    (void)state;
    char fault[200];
    snprintf(fault, sizeof fault, "count:%s", path_of("totals"));
    assert_int_equal(run_child("child", fault), 0);
    assert_non_null(strstr(contents("totals"), "\neventfd 5\n"));
    assert_non_null(strstr(contents("totals"), "\nalloc 0\n"));
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        return be_child();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_planned_call_fails_and_only_once),
        cmocka_unit_test(kinds_are_counted_apart),
        cmocka_unit_test(plan_may_hold_several_and_name_the_error),
        cmocka_unit_test(new_plan_counts_anew_and_an_empty_one_fails_nothing),
        cmocka_unit_test(short_call_passes_one_byte_of_many),
        cmocka_unit_test(every_kind_has_an_error_of_its_own),
        cmocka_unit_test(text_that_is_no_plan_ends_the_process),
        cmocka_unit_test(environment_holds_the_plan),
        cmocka_unit_test_setup_teardown(totals_are_written_at_exit, make_folder, remove_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
