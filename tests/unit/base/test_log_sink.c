#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cmocka.h>

#include "base/log_sink.h"
#include "log_files.h"

static struct log_sink *opened(enum log_sink_kind kind, const char *path)
{
    struct log_target target = {.kind = kind, .path = path};
    struct log_sink *sink = NULL;
    struct err e;
    if (log_sink_new(&target, &sink, &e) < 0)
        fail_msg("%s", e.context);
    return sink;
}

static void put(struct log_sink *sink, const char *text)
{
    struct log_line line = {LOG_ERRORS, LOG_LEVEL_WARNING, 0, strlen(text), text};
    log_sink_put(sink, &line);
}

/* Of an empty pipe or socket too: "". */
static const char *received(int fd)
{
    static char text[256 * 1024];
    ssize_t n = read(fd, text, sizeof text - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static int daemon_socket(const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    snprintf(un.sun_path, sizeof un.sun_path, "%s", path);
    unlink(path);
    assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
    return fd;
}

static void off_is_no_sink(void **state)
{
    (void)state;
    struct log_target off = {.kind = LOG_SINK_OFF};
    assert_null(opened(LOG_SINK_OFF, NULL));
    assert_true(log_sink_is_for(NULL, &off));
    assert_int_equal(log_sink_target(NULL).kind, LOG_SINK_OFF);
}

static void file_is_made_private_and_appended_to(void **state)
{
    (void)state;
    mode_t old = umask(0);
    for (int i = 0; i < 2; i++) {
        struct log_sink *sink = opened(LOG_SINK_FILE, path_of("log"));
        put(sink, "one");
        put(sink, "two");
        assert_true(log_sink_flush(sink));
        log_sink_free(sink);
    }
    umask(old);
    struct stat st;
    assert_int_equal(stat(path_of("log"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_string_equal(contents("log"), "one\ntwo\none\ntwo\n");
}

static void errors_name_the_target(void **state)
{
    (void)state;
    const struct {
        enum log_sink_kind kind;
        const char *path;
    } rows[] = {{LOG_SINK_FILE, "/nonexistent/log"}, {LOG_SINK_SYSLOG, "/nonexistent/socket"},
        {LOG_SINK_JOURNAL, "/nonexistent/socket"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct log_target target = {.kind = rows[i].kind, .path = rows[i].path};
        struct log_sink *sink = NULL;
        struct err e;
        assert_int_equal(log_sink_new(&target, &sink, &e), -1);
        assert_null(sink);
        assert_non_null(strstr(e.context, rows[i].path));
        assert_int_equal(e.os_errno, ENOENT);
    }
}

static void path_too_long_for_a_socket_is_an_error(void **state)
{
    (void)state;
    char path[200];
    memset(path, '/', sizeof path);
    path[sizeof path - 1] = '\0';
    struct log_target target = {.kind = LOG_SINK_SYSLOG, .path = path};
    struct log_sink *sink = NULL;
    struct err e;
    assert_int_equal(log_sink_new(&target, &sink, &e), -1);
    assert_int_equal(e.os_errno, ENAMETOOLONG);
}

/* F97: even if a line were not escaped. */
static void newline_in_a_line_does_not_make_two(void **state)
{
    (void)state;
    struct log_line line = {LOG_ACCESS, LOG_LEVEL_INFO, 0, 5, "a\nb\0c"};
    struct log_sink *sink = opened(LOG_SINK_FILE, path_of("log"));
    log_sink_put(sink, &line);
    log_sink_flush(sink);
    log_sink_free(sink);
    assert_string_equal(contents("log"), "a?b?c\n");
}

/* F96 */
static void full_device_loses_lines_and_counts_them(void **state)
{
    (void)state;
    struct log_sink *sink = opened(LOG_SINK_FILE, "/dev/full");
    put(sink, "one");
    put(sink, "two");
    assert_true(log_sink_flush(sink));
    assert_int_equal(log_sink_take_lost(sink), 2);
    assert_int_equal(log_sink_take_lost(sink), 0);
    assert_int_equal(log_sink_errno(sink), ENOSPC);
    log_sink_free(sink);
}

/* F96: the limit on a file's size stands for a disk that runs full in the middle of a line. */
static void line_torn_by_a_full_disk_is_closed_when_there_is_room(void **state)
{
    (void)state;
    struct rlimit old, small;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    small = (struct rlimit){.rlim_cur = 6, .rlim_max = old.rlim_max};
    struct log_sink *sink = opened(LOG_SINK_FILE, path_of("log"));
    put(sink, "one");
    put(sink, "two");
    put(sink, "three");
    setrlimit(RLIMIT_FSIZE, &small);
    assert_true(log_sink_flush(sink));
    put(sink, "four");
    assert_true(log_sink_flush(sink));
    setrlimit(RLIMIT_FSIZE, &old);
    assert_int_equal(log_sink_errno(sink), EFBIG);
    put(sink, "five");
    assert_true(log_sink_flush(sink));
    assert_int_equal(log_sink_errno(sink), 0);
    assert_int_equal(log_sink_take_lost(sink), 3);
    assert_string_equal(contents("log"), "one\ntw\nfive\n");
    log_sink_free(sink);
}

static void fifo_without_reader_is_refused_at_once(void **state)
{
    (void)state;
    struct log_target target = {.kind = LOG_SINK_FILE, .path = path_of("fifo")};
    struct log_sink *sink = NULL;
    struct err e;
    mkfifo(target.path, 0600);
    assert_int_equal(log_sink_new(&target, &sink, &e), -1);
    assert_int_equal(e.os_errno, ENXIO);
}

/* F96: nothing here may block, or the test would never end. */
static void unread_pipe_keeps_what_fits_and_counts_the_rest(void **state)
{
    (void)state;
    char text[100];
    unsigned total = 10000, got = 0;
    mkfifo(path_of("fifo"), 0600);
    int reader = open(path_of("fifo"), O_RDONLY | O_NONBLOCK);
    struct log_sink *sink = opened(LOG_SINK_FILE, path_of("fifo"));
    for (unsigned i = 0; i < total; i++) {
        snprintf(text, sizeof text, "line %u of many", i);
        put(sink, text);
    }
    assert_false(log_sink_flush(sink));
    assert_false(log_sink_is_empty(sink));
    assert_int_equal(log_sink_errno(sink), EAGAIN);
    do {
        got += count_lines(received(reader));
    } while (!log_sink_flush(sink));
    got += count_lines(received(reader));
    assert_int_equal(log_sink_errno(sink), 0);
    assert_int_equal(got + log_sink_take_lost(sink), total);
    log_sink_free(sink);
    close(reader);
}

static void abandoned_lines_are_counted(void **state)
{
    (void)state;
    struct log_sink *sink = opened(LOG_SINK_FILE, path_of("log"));
    put(sink, "one");
    put(sink, "two");
    log_sink_abandon(sink);
    assert_int_equal(log_sink_take_lost(sink), 2);
    assert_true(log_sink_flush(sink));
    log_sink_free(sink);
    assert_string_equal(contents("log"), "");
}

static void stderr_is_left_open(void **state)
{
    (void)state;
    log_sink_free(opened(LOG_SINK_STDERR, NULL));
    assert_true(fcntl(STDERR_FILENO, F_GETFD) >= 0);
}

static void syslog_gets_priority_and_tag_but_no_second_time(void **state)
{
    (void)state;
    char expected[100];
    int daemon = daemon_socket(path_of("socket"));
    struct log_sink *sink = opened(LOG_SINK_SYSLOG, path_of("socket"));
    struct log_line line = {LOG_ERRORS, LOG_LEVEL_WARNING, 4, 16, "TIME warning w1 "};
    log_sink_put(sink, &line);
    assert_true(log_sink_flush(sink));
    snprintf(expected, sizeof expected, "<28>sluice[%d]: warning w1 ", (int)getpid());
    assert_string_equal(received(daemon), expected);
    log_sink_free(sink);
    close(daemon);
}

static void journal_gets_one_datagram_of_fields_a_line(void **state)
{
    (void)state;
    int daemon = daemon_socket(path_of("socket"));
    struct log_sink *sink = opened(LOG_SINK_JOURNAL, path_of("socket"));
    put(sink, "one");
    put(sink, "two");
    assert_true(log_sink_flush(sink));
    assert_string_equal(received(daemon), "PRIORITY=4\nSYSLOG_IDENTIFIER=sluice\nMESSAGE=one\n");
    assert_string_equal(received(daemon), "PRIORITY=4\nSYSLOG_IDENTIFIER=sluice\nMESSAGE=two\n");
    log_sink_free(sink);
    close(daemon);
}

static void daemon_that_was_restarted_is_found_again(void **state)
{
    (void)state;
    int daemon = daemon_socket(path_of("socket"));
    struct log_sink *sink = opened(LOG_SINK_JOURNAL, path_of("socket"));
    close(daemon);
    put(sink, "lost");
    assert_true(log_sink_flush(sink));
    assert_int_equal(log_sink_take_lost(sink), 1);
    assert_int_equal(log_sink_errno(sink), ECONNREFUSED);
    daemon = daemon_socket(path_of("socket"));
    put(sink, "found");
    assert_true(log_sink_flush(sink));
    assert_int_equal(log_sink_errno(sink), 0);
    assert_non_null(strstr(received(daemon), "MESSAGE=found\n"));
    log_sink_free(sink);
    close(daemon);
}

/* F96 */
static void daemon_that_does_not_read_blocks_nobody(void **state)
{
    (void)state;
    unsigned total = 5000, got = 0;
    int daemon = daemon_socket(path_of("socket"));
    struct log_sink *sink = opened(LOG_SINK_SYSLOG, path_of("socket"));
    for (unsigned i = 0; i < total; i++)
        put(sink, "line");
    assert_false(log_sink_flush(sink));
    do {
        while (*received(daemon))
            got++;
    } while (!log_sink_flush(sink));
    while (*received(daemon))
        got++;
    assert_int_equal(got + log_sink_take_lost(sink), total);
    log_sink_free(sink);
    close(daemon);
}

static void sink_knows_what_it_is_for(void **state)
{
    (void)state;
    struct log_sink *sink = opened(LOG_SINK_FILE, path_of("log"));
    struct log_target same = {LOG_SINK_FILE, path_of("log")};
    struct log_target other = {LOG_SINK_FILE, path_of("other")};
    struct log_target off = {LOG_SINK_OFF, NULL};
    assert_true(log_sink_is_for(sink, &same));
    assert_false(log_sink_is_for(sink, &other));
    assert_false(log_sink_is_for(sink, &off));
    assert_false(log_sink_is_for(NULL, &same));
    assert_string_equal(log_sink_target(sink).path, same.path);
    log_sink_free(sink);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(off_is_no_sink),
        IN_FOLDER(file_is_made_private_and_appended_to),
        cmocka_unit_test(errors_name_the_target),
        cmocka_unit_test(path_too_long_for_a_socket_is_an_error),
        IN_FOLDER(newline_in_a_line_does_not_make_two),
        cmocka_unit_test(full_device_loses_lines_and_counts_them),
        IN_FOLDER(line_torn_by_a_full_disk_is_closed_when_there_is_room),
        IN_FOLDER(fifo_without_reader_is_refused_at_once),
        IN_FOLDER(unread_pipe_keeps_what_fits_and_counts_the_rest),
        IN_FOLDER(abandoned_lines_are_counted),
        cmocka_unit_test(stderr_is_left_open),
        IN_FOLDER(syslog_gets_priority_and_tag_but_no_second_time),
        IN_FOLDER(journal_gets_one_datagram_of_fields_a_line),
        IN_FOLDER(daemon_that_was_restarted_is_found_again),
        IN_FOLDER(daemon_that_does_not_read_blocks_nobody),
        IN_FOLDER(sink_knows_what_it_is_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
