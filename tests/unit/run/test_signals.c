/* Signals between the program's first moment and its loop: what asks for something waits, what ends
 * the program ends it. In children, since it is for the whole process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run/signals.h"

static struct loop loop;
static unsigned n_told, n_wanted;
static int told[8];

static void on_signal(void *owner, int number)
{
    (void)owner;
    told[n_told++] = number;
    if (n_told == n_wanted)
        loop_break(&loop);
}

/* Watches until so many signals were told. */
static int watch(struct watch_signals *signals, unsigned n)
{
    struct err err;
    n_wanted = n;
    if (loop_init(&loop, &err) < 0 || signals_watch(signals, &loop, on_signal, NULL, &err) < 0)
        return -1;
    return 0;
}

static int was_told(int number)
{
    for (unsigned i = 0; i < n_told; i++)
        if (told[i] == number)
            return 1;
    return 0;
}

/* How the child ended: its exit status, or minus the signal. */
static int in_child(int (*try)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        _exit(try());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int ask_before_the_loop(void)
{
    struct watch_signals signals;
    signals_hold();
    raise(SIGHUP);
    raise(SIGUSR1);
    raise(SIGUSR2);
    if (watch(&signals, 3) < 0)
        return 1;
    loop_run(&loop);
    return was_told(SIGHUP) && was_told(SIGUSR1) && was_told(SIGUSR2) ? 0 : 2;
}

static int end_before_the_loop(void)
{
    signals_hold();
    raise(SIGTERM);
    return 1; /* too late */
}

static int every_one_in_the_loop(void)
{
    static const int numbers[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTERM, SIGQUIT, SIGINT};
    struct watch_signals signals;
    signals_hold();
    if (watch(&signals, 1) < 0)
        return 1;
    for (int i = 0; i < 6; i++) {
        n_told = 0;
        raise(numbers[i]);
        loop_run(&loop);
        if (n_told != 1 || told[0] != numbers[i])
            return 2 + i;
    }
    return 0;
}

static int write_to_nobody(void)
{
    struct watch_signals signals;
    int fds[2];
    if (watch(&signals, 1) < 0 || pipe(fds) < 0 || close(fds[0]) < 0)
        return 1;
    return write(fds[1], "x", 1) < 0 ? 0 : 2;
}

static void request_waits_for_the_loop(void **state)
{
    (void)state;
    assert_int_equal(in_child(ask_before_the_loop), 0);
}

static void program_that_starts_can_be_ended(void **state)
{
    (void)state;
    assert_int_equal(in_child(end_before_the_loop), -SIGTERM);
}

static void every_signal_is_told_by_the_loop(void **state)
{
    (void)state;
    assert_int_equal(in_child(every_one_in_the_loop), 0);
}

static void pipe_that_nobody_reads_ends_nobody_F92(void **state)
{
    (void)state;
    assert_int_equal(in_child(write_to_nobody), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_waits_for_the_loop),
        cmocka_unit_test(program_that_starts_can_be_ended),
        cmocka_unit_test(every_signal_is_told_by_the_loop),
        cmocka_unit_test(pipe_that_nobody_reads_ends_nobody_F92),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
