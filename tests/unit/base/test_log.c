#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/log.h"
#include "log_files.h"

#define LONG_US (60 * US_PER_S)

static const struct log_target off = {.kind = LOG_SINK_OFF};
static struct clock_fake fake;

static struct log_target file(const char *path)
{
    return (struct log_target){.kind = LOG_SINK_FILE, .path = path};
}

static void start(struct log_target errors, struct log_target access)
{
    static mono_us began; /* the rate limit remembers what earlier tests logged */
    struct err e;
    enum log_stream whose;
    began += 1000 * US_PER_S;
    clock_fake_init(&fake, began);
    if (log_start(&errors, &access, &fake.clock, &whose, &e) < 0)
        fail_msg("%s", e.context);
}

/* Without the rate limit. */
static void say(const char *text)
{
    log_write(LOG_LEVEL_INFO, NULL, "%s", text);
}

static void say_numbers(unsigned from, unsigned to)
{
    for (unsigned i = from; i < to; i++)
        log_write(LOG_LEVEL_INFO, NULL, "number %u of some length, like a real line", i);
}

/* How often a piece of text occurs. */
static unsigned occurrences(const char *text, const char *piece)
{
    unsigned n = 0;
    for (; (text = strstr(text, piece)); text++)
        n++;
    return n;
}

/* All numbers that stand before `words`, added. */
static unsigned long sum_before(const char *text, const char *words)
{
    unsigned long sum = 0;
    for (const char *at = text; (at = strstr(at, words)); at++) {
        const char *digit = at;
        while (digit > text && digit[-1] >= '0' && digit[-1] <= '9')
            digit--;
        sum += strtoul(digit, NULL, 10);
    }
    return sum;
}

static int open_unread_pipe(const char *name)
{
    mkfifo(path_of(name), 0600);
    return open(path_of(name), O_RDONLY | O_NONBLOCK);
}

/* Appends what comes until `words` are there. */
static void read_until(int fd, char *text, size_t cap, const char *words)
{
    size_t len = strlen(text);
    while (!strstr(text, words)) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, -1), 1);
        ssize_t n = read(fd, text + len, cap - len - 1);
        assert_true(n > 0);
        len += (size_t)n;
        text[len] = '\0';
    }
}

/* ---- before the start, levels, names ---- */

/* Puts a pipe in the place of stderr; returns its reading end. */
static int catch_stderr(int *ret_saved)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    *ret_saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    return ends[0];
}

static void restore_stderr(int saved)
{
    dup2(saved, STDERR_FILENO);
    close(saved);
}

static void lines_before_the_start_go_to_stderr(void **state)
{
    (void)state;
    char text[200] = "";
    int saved, reader = catch_stderr(&saved);
    log_warn("early %d", 1);
    restore_stderr(saved);
    assert_true(read(reader, text, sizeof text - 1) > 0);
    close(reader);
    assert_int_equal(text[10], 'T');
    assert_string_equal(text + strlen("2026-11-24T03:53:02.123456Z"), " warning main early 1\n");
}

/* F96 */
static void stderr_that_nobody_reads_does_not_hold_up_the_start(void **state)
{
    (void)state;
    int saved, reader = catch_stderr(&saved);
    uint64_t before = log_dropped();
    say_numbers(0, 10000);
    restore_stderr(saved);
    close(reader);
    assert_true(log_dropped() > before);
}

static void lines_have_the_given_time_and_the_threads_name(void **state)
{
    (void)state;
    struct err e;
    start(file(path_of("log")), off);
    fake.wall_now = INT64_C(1795492382123456);
    say("from main");
    assert_int_equal(log_thread_init("w1", &e), 0);
    say("from a worker");
    log_thread_fini();
    log_stop(LONG_US);
    const char *text = contents("log");
    assert_non_null(strstr(text, "2026-11-24T03:53:02.123456Z info main from main\n"));
    assert_non_null(strstr(text, "2026-11-24T03:53:02.123456Z info w1 from a worker\n"));
}

static void level_decides_what_is_written(void **state)
{
    (void)state;
    start(file(path_of("log")), off);
    log_debug("no");
    assert_false(log_enabled(LOG_LEVEL_DEBUG));
    log_set_level(LOG_LEVEL_DEBUG);
    assert_true(log_enabled(LOG_LEVEL_DEBUG));
    log_debug("yes");
    log_set_level(LOG_LEVEL_ERROR);
    log_warn("no");
    log_error("yes");
    log_set_level(LOG_LEVEL_INFO);
    log_stop(LONG_US);
    assert_int_equal(occurrences(contents("log"), "yes"), 2);
    assert_int_equal(count_lines(contents("log")), 2);
}

static void errno_is_put_in_words_and_left_alone(void **state)
{
    (void)state;
    start(file(path_of("log")), off);
    errno = EDOM;
    log_warn_errno(ECONNREFUSED, "dial %s", "10.0.0.1:80");
    assert_int_equal(errno, EDOM);
    log_stop(LONG_US);
    assert_non_null(strstr(contents("log"), "dial 10.0.0.1:80: Connection refused\n"));
}

/* F97 */
static void untrusted_text_stays_in_its_line(void **state)
{
    (void)state;
    start(file(path_of("log")), off);
    log_warn("name %s refused", "x\n2026-01-01 error main forged\x1b[2J");
    log_stop(LONG_US);
    assert_int_equal(count_lines(contents("log")), 1);
    assert_non_null(strstr(contents("log"), "name x\\x0a2026-01-01 error main forged\\x1b[2J"));
}

/* ---- F68 ---- */

static void repeat(unsigned times, const char *what)
{
    for (unsigned i = 0; i < times; i++)
        log_warn("no server: %s", what);
}

static void one_place_gets_ten_lines_a_second(void **state)
{
    (void)state;
    start(file(path_of("log")), off);
    repeat(25, "first");
    fake.now += US_PER_S - 1;
    repeat(5, "still");
    fake.now += 1;
    repeat(2, "next");
    log_stop(LONG_US);
    const char *text = contents("log");
    assert_int_equal(occurrences(text, "no server: first"), 10);
    assert_int_equal(occurrences(text, "no server: still"), 0);
    assert_int_equal(occurrences(text, "no server: next"), 2);
    assert_int_equal(sum_before(text, " more lines like: no server: ...\n"), 20);
}

/* The writer sleeps by then: nothing else would wake it. */
static void lines_held_back_are_told_of_without_a_further_line(void **state)
{
    (void)state;
    char text[8192] = "";
    int reader = open_unread_pipe("fifo");
    start(file(path_of("fifo")), off);
    repeat(17, "a storm");
    read_until(
        reader, text, sizeof text, "warning log suppressed 7 more lines like: no server: ...\n");
    repeat(5, "more of it");
    read_until(
        reader, text, sizeof text, "warning log suppressed 5 more lines like: no server: ...\n");
    log_stop(LONG_US);
    close(reader);
    assert_int_equal(occurrences(text, " warning main no server: "), 10);
}

static void *repeat_on_a_thread(void *unused)
{
    repeat(1000, "all at once");
    return unused;
}

static void no_line_of_several_threads_is_forgotten(void **state)
{
    (void)state;
    pthread_t threads[4];
    start(file(path_of("log")), off);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, repeat_on_a_thread, NULL), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    log_stop(LONG_US);
    const char *text = contents("log");
    unsigned long written = occurrences(text, "no server: all at once\n");
    assert_true(written < 100);
    assert_int_equal(written + sum_before(text, " more lines like: no server: ...\n"), 4000);
}

static void places_are_counted_apart(void **state)
{
    (void)state;
    start(file(path_of("log")), off);
    repeat(11, "one place");
    log_warn("another place");
    log_stop(LONG_US);
    assert_int_equal(occurrences(contents("log"), "another place"), 1);
}

/* ---- access log ---- */

static void access_lines_have_a_file_of_their_own(void **state)
{
    (void)state;
    assert_false(log_access_enabled());
    start(file(path_of("log")), file(path_of("access")));
    assert_true(log_access_enabled());
    log_access_line("time=x", 6);
    say("error");
    log_stop(LONG_US);
    assert_false(log_access_enabled());
    assert_string_equal(contents("access"), "time=x\n");
    assert_int_equal(count_lines(contents("log")), 1);
}

static void access_log_may_be_off(void **state)
{
    (void)state;
    start(file(path_of("log")), off);
    assert_false(log_access_enabled());
    log_access_line("time=x", 6);
    log_stop(LONG_US);
    assert_string_equal(contents("log"), "");
}

static void both_logs_may_share_a_file(void **state)
{
    (void)state;
    start(file(path_of("log")), file(path_of("log")));
    log_access_line("time=x", 6);
    say("error");
    log_access_line("time=y", 6);
    log_stop(LONG_US);
    const char *text = contents("log");
    assert_int_equal(count_lines(text), 3);
    assert_true(strncmp(text, "time=x\n", 7) == 0);
    assert_string_equal(strstr(text, "time=y"), "time=y\n");
}

static void long_access_line_is_cut(void **state)
{
    (void)state;
    static char line[20000];
    memset(line, 'a', sizeof line);
    start(file(path_of("log")), file(path_of("access")));
    log_access_line(line, sizeof line);
    log_access_line("next", 4);
    log_stop(LONG_US);
    assert_string_equal(contents("access") + 8192, "\nnext\n");
}

/* ---- reopen and retarget ---- */

static void reopened_log_goes_to_a_new_file(void **state)
{
    (void)state;
    struct err e;
    start(file(path_of("log")), file(path_of("access")));
    say("before");
    log_access_line("before", 6);
    rename(path_of("log"), path_of("log.1"));
    rename(path_of("access"), path_of("access.1"));
    assert_int_equal(log_reopen(&e), 0);
    say("after");
    log_access_line("after", 5);
    log_stop(LONG_US);
    assert_int_equal(count_lines(contents("log.1")), 1);
    assert_non_null(strstr(contents("log.1"), "before"));
    assert_int_equal(count_lines(contents("log")), 1);
    assert_non_null(strstr(contents("log"), "after"));
    assert_string_equal(contents("access.1"), "before\n");
    assert_string_equal(contents("access"), "after\n");
}

static void log_that_cannot_be_reopened_goes_on(void **state)
{
    (void)state;
    struct err e;
    start(file(path_of("log")), off);
    rename(path_of("log"), path_of("kept"));
    mkdir(path_of("log"), 0700); /* in its way, also for root */
    assert_int_equal(log_reopen(&e), -1);
    assert_non_null(strstr(e.context, path_of("log")));
    say("goes on");
    log_stop(LONG_US);
    rmdir(path_of("log"));
    assert_non_null(strstr(contents("kept"), "goes on"));
}

static void retarget_opens_only_what_changed(void **state)
{
    (void)state;
    struct err e;
    enum log_stream whose;
    struct log_target log = file(path_of("log")), other = file(path_of("other"));
    start(log, off);
    rename(path_of("log"), path_of("renamed"));
    assert_int_equal(log_retarget(&log, &off, &whose, &e), 0);
    say("one");
    assert_int_equal(log_retarget(&other, &off, &whose, &e), 0);
    say("two");
    log_stop(LONG_US);
    assert_non_null(strstr(contents("renamed"), "one"));
    assert_non_null(strstr(contents("other"), "two"));
    assert_int_equal(access(path_of("log"), F_OK), -1);
}

static void retarget_turns_the_access_log_on_and_off(void **state)
{
    (void)state;
    struct err e;
    enum log_stream whose;
    struct log_target log = file(path_of("log")), access_log = file(path_of("access"));
    start(log, off);
    assert_int_equal(log_retarget(&log, &access_log, &whose, &e), 0);
    assert_true(log_access_enabled());
    log_access_line("on", 2);
    assert_int_equal(log_retarget(&log, &off, &whose, &e), 0);
    assert_false(log_access_enabled());
    log_stop(LONG_US);
    assert_string_equal(contents("access"), "on\n");
}

static void target_that_cannot_be_opened_changes_nothing(void **state)
{
    (void)state;
    struct err e;
    enum log_stream whose;
    struct log_target other = file(path_of("other")), bad = file("/nonexistent/access");
    start(file(path_of("log")), off);
    assert_int_equal(log_retarget(&other, &bad, &whose, &e), -1);
    assert_non_null(strstr(e.context, "/nonexistent/access"));
    say("still here");
    log_stop(LONG_US);
    assert_non_null(strstr(contents("log"), "still here"));
}

static void start_names_the_log_that_cannot_be_opened(void **state)
{
    (void)state;
    struct err e;
    enum log_stream whose;
    struct log_target log = file(path_of("log")), bad = file("/nonexistent/access");
    assert_int_equal(log_start(&log, &bad, clock_system(), &whose, &e), -1);
    assert_non_null(strstr(e.context, "/nonexistent/access"));
    assert_int_equal(whose, LOG_ACCESS);
    assert_int_equal(log_start(&bad, &off, clock_system(), &whose, &e), -1);
    assert_int_equal(whose, LOG_ERRORS);
}

/* ---- F96 ---- */

static void unread_pipe_blocks_nobody_and_tells_what_was_lost(void **state)
{
    (void)state;
    static char text[8 * 1024 * 1024];
    const unsigned total = 50000;
    uint64_t before = log_dropped();
    text[0] = '\0';
    int reader = open_unread_pipe("fifo");
    start(file(path_of("fifo")), off);
    say_numbers(0, total);
    assert_true(log_dropped() > before);
    read_until(reader, text, sizeof text, " log lines were lost\n");
    say("well again");
    read_until(reader, text, sizeof text, "well again\n");
    log_stop(LONG_US);
    close(reader);
    assert_int_equal(occurrences(text, "like a real line\n") + log_dropped() - before, total);
    assert_true(sum_before(text, " log lines were lost") > 0);
}

static void blocked_log_does_not_delay_the_end(void **state)
{
    (void)state;
    uint64_t before = log_dropped();
    int reader = open_unread_pipe("fifo");
    start(file(path_of("fifo")), off);
    say_numbers(0, 5000);
    log_stop(US_PER_MS);
    assert_true(log_dropped() > before);
    close(reader);
}

static void blocked_access_log_does_not_hold_up_the_error_log(void **state)
{
    (void)state;
    int reader = open_unread_pipe("fifo");
    int log = open_unread_pipe("log");
    char text[8192] = "";
    start(file(path_of("log")), file(path_of("fifo")));
    char line[100];
    memset(line, 'a', sizeof line);
    for (int i = 0; i < 20000; i++)
        log_access_line(line, sizeof line);
    say("unaffected");
    read_until(log, text, sizeof text, "unaffected\n");
    read_until(log, text, sizeof text, "lines are being lost: ");
    read_until(log, text, sizeof text, "fifo: takes no more\n");
    log_stop(US_PER_MS);
    close(reader);
    close(log);
}

static void blocked_log_can_be_replaced(void **state)
{
    (void)state;
    struct err e;
    enum log_stream whose;
    struct log_target good = file(path_of("log"));
    uint64_t before = log_dropped();
    int reader = open_unread_pipe("fifo");
    start(file(path_of("fifo")), off);
    say_numbers(0, 5000);
    assert_int_equal(log_retarget(&good, &off, &whose, &e), 0);
    say("well again");
    log_stop(LONG_US);
    close(reader);
    const char *text = contents("log");
    assert_non_null(strstr(text, "well again\n"));
    assert_true(sum_before(text, " log lines were lost") == log_dropped() - before);
}

static void full_disk_is_told_at_once_and_counted_at_the_end(void **state)
{
    (void)state;
    struct err e;
    enum log_stream whose;
    struct log_target log, good;
    uint64_t before = log_dropped();
    int reader = open_unread_pipe("fifo");
    char text[8192] = "";
    log = file(path_of("fifo"));
    start(log, file("/dev/full"));
    for (int i = 0; i < 7; i++)
        log_access_line("reason=done", 11);
    read_until(reader, text, sizeof text, "/dev/full: No space left on device\n");
    good = file(path_of("access"));
    log = file(path_of("fifo"));
    assert_int_equal(log_retarget(&log, &good, &whose, &e), 0);
    log_access_line("reason=done", 11);
    read_until(reader, text, sizeof text, " 7 log lines were lost\n");
    log_stop(LONG_US);
    close(reader);
    assert_int_equal(log_dropped() - before, 7);
    assert_string_equal(contents("access"), "reason=done\n");
}

/* A terminal that nobody reads may say that it has room and block all the same. In a process of its
 * own, since a writer left behind stays. */
static void writer_stuck_in_a_terminal_is_left_behind(void **state)
{
    (void)state;
    int master = posix_openpt(O_RDWR | O_NOCTTY), slave = -1;
    if (master < 0)
        skip(); /* a container without /dev/pts */
    pid_t child = fork();
    if (child == 0) {
        if (grantpt(master) == 0 && unlockpt(master) == 0)
            slave = open(ptsname(master), O_RDWR | O_NOCTTY);
        dup2(slave, STDERR_FILENO);
        start((struct log_target){.kind = LOG_SINK_STDERR}, off);
        say_numbers(0, 5000);
        log_stop(US_PER_MS);
        _exit(slave < 0 ? 1 : 0);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    close(master);
    assert_int_equal(status, 0);
}

/* ---- threads ---- */

#define N_THREADS 4
#define LINES_EACH 3000

static void *talk(void *arg)
{
    const char *name = arg;
    struct err e;
    if (log_thread_init(name, &e) < 0)
        return NULL;
    for (unsigned i = 0; i < LINES_EACH; i++)
        log_write(LOG_LEVEL_INFO, NULL, "says %u end", i);
    log_thread_fini();
    return NULL;
}

static void run_talkers(void)
{
    static char names[N_THREADS][4] = {"w1", "w2", "w3", "w4"};
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, talk, names[i]), 0);
    for (int i = 0; i < 1000; i++)
        say("meanwhile");
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Each line whole, each thread's in order; returns how many there are. */
static unsigned check_talk(char *text)
{
    unsigned n = 0;
    long last[N_THREADS] = {-1, -1, -1, -1};
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned worker;
        long number;
        char end[4];
        if (sscanf(line, "%*s info w%u says %ld %3s", &worker, &number, end) == 3) {
            assert_string_equal(end, "end");
            assert_in_range(worker, 1, N_THREADS);
            assert_true(number > last[worker - 1]);
            last[worker - 1] = number;
            n++;
        } else if (strstr(line, " info main meanwhile")) {
            n++;
        } else {
            assert_non_null(strstr(line, " warning log "));
        }
    }
    return n;
}

static void threads_keep_their_lines_whole_and_in_order(void **state)
{
    (void)state;
    uint64_t before = log_dropped();
    start(file(path_of("log")), off);
    run_talkers();
    log_stop(LONG_US);
    unsigned n = check_talk((char *)contents("log"));
    assert_int_equal(n + log_dropped() - before, N_THREADS * LINES_EACH + 1000);
}

/* USR1 while workers log: nothing is lost, torn or written twice. */
static void logs_may_be_reopened_while_workers_log(void **state)
{
    (void)state;
    static char name[] = "w1";
    char old[16];
    struct err e;
    pthread_t thread;
    uint64_t before = log_dropped();
    start(file(path_of("log")), off);
    assert_int_equal(pthread_create(&thread, NULL, talk, name), 0);
    for (int i = 0; i < 20; i++) {
        snprintf(old, sizeof old, "log.%d", i);
        rename(path_of("log"), path_of(old));
        assert_int_equal(log_reopen(&e), 0);
    }
    pthread_join(thread, NULL);
    log_stop(LONG_US);
    unsigned n = check_talk((char *)contents("log"));
    for (int i = 0; i < 20; i++) {
        snprintf(old, sizeof old, "log.%d", i);
        n += check_talk((char *)contents(old));
    }
    assert_int_equal(n + log_dropped() - before, LINES_EACH);
}

static void log_can_be_started_again(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        start(file(path_of("log")), off);
        say("round");
        log_stop(LONG_US);
        log_stop(LONG_US);
    }
    assert_int_equal(count_lines(contents("log")), 3);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_before_the_start_go_to_stderr),
        cmocka_unit_test(stderr_that_nobody_reads_does_not_hold_up_the_start),
        IN_FOLDER(lines_have_the_given_time_and_the_threads_name),
        IN_FOLDER(level_decides_what_is_written),
        IN_FOLDER(errno_is_put_in_words_and_left_alone),
        IN_FOLDER(untrusted_text_stays_in_its_line),
        IN_FOLDER(one_place_gets_ten_lines_a_second),
        IN_FOLDER(lines_held_back_are_told_of_without_a_further_line),
        IN_FOLDER(no_line_of_several_threads_is_forgotten),
        IN_FOLDER(places_are_counted_apart),
        IN_FOLDER(access_lines_have_a_file_of_their_own),
        IN_FOLDER(access_log_may_be_off),
        IN_FOLDER(both_logs_may_share_a_file),
        IN_FOLDER(long_access_line_is_cut),
        IN_FOLDER(reopened_log_goes_to_a_new_file),
        IN_FOLDER(log_that_cannot_be_reopened_goes_on),
        IN_FOLDER(retarget_opens_only_what_changed),
        IN_FOLDER(retarget_turns_the_access_log_on_and_off),
        IN_FOLDER(target_that_cannot_be_opened_changes_nothing),
        IN_FOLDER(start_names_the_log_that_cannot_be_opened),
        IN_FOLDER(unread_pipe_blocks_nobody_and_tells_what_was_lost),
        IN_FOLDER(blocked_log_does_not_delay_the_end),
        IN_FOLDER(blocked_access_log_does_not_hold_up_the_error_log),
        IN_FOLDER(blocked_log_can_be_replaced),
        IN_FOLDER(full_disk_is_told_at_once_and_counted_at_the_end),
        cmocka_unit_test(writer_stuck_in_a_terminal_is_left_behind),
        IN_FOLDER(threads_keep_their_lines_whole_and_in_order),
        IN_FOLDER(logs_may_be_reopened_while_workers_log),
        IN_FOLDER(log_can_be_started_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
