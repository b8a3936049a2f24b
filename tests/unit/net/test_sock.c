/* Sockets and the options that this program always wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include "../base/log_files.h"
#include "far.h"
#include "net/sock.h"
#include "sockets.h"

#define NO_SOURCE (&(struct addr){0})

static struct addr unix_addr(const char *name)
{
    char text[ADDR_TEXT_MAX];
    snprintf(text, sizeof text, "unix:%s", path_of(name));
    return addr_of(text);
}

static int listen_on(const struct addr *addr, bool is_first)
{
    struct err err;
    int fd = sock_listen(addr, is_first, &err);
    if (fd < 0)
        fail_msg("%s", err.context);
    return fd;
}

static int listen_refused(const struct addr *addr, struct err *ret_err)
{
    int fd = sock_listen(addr, true, ret_err);
    assert_int_equal(fd, -1);
    return ret_err->os_errno;
}

static int dial(const struct addr *addr, const struct addr *source, bool *ret_connected)
{
    struct err err;
    int fd = sock_dial(addr, source, ret_connected, &err);
    if (fd < 0)
        fail_msg("%s", err.context);
    return fd;
}

/* Some containers have none. */
static bool has_ipv6(void)
{
    struct addr addr = addr_of("[::1]:0");
    int fd = socket(AF_INET6, SOCK_STREAM, 0);
    bool has = fd >= 0 && bind(fd, &addr.u.sa, addr.len) == 0;
    close(fd);
    return has;
}

/* A listener, and clients until no other fits into its queue. */
#define BUSY_FILES 3

static void busy_open(const struct addr *addr, int fds[static BUSY_FILES])
{
    fds[0] = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fds[0], &addr->u.sa, addr->len), 0);
    assert_int_equal(listen(fds[0], BUSY_FILES - 2), 0);
    for (int i = 1; i < BUSY_FILES; i++)
        fds[i] = client_of(addr);
}

static void busy_close(const int fds[static BUSY_FILES])
{
    for (int i = 0; i < BUSY_FILES; i++)
        close(fds[i]);
}

static void assert_non_blocking_and_closed_on_exec(int fd)
{
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

/* ---- listening ---- */

static void listeners_have_the_options_of_every_listener(void **state)
{
    (void)state;
    static const char *const texts[] = {"127.0.0.1:0", "[::1]:0"};
    for (size_t i = 0; i < (has_ipv6() ? 2 : 1); i++) {
        struct addr addr = addr_of(texts[i]);
        int first = listen_on(&addr, true);
        addr = addr_bound(first);
        int other = listen_on(&addr, false);
        int fds[] = {first, other};
        for (int f = 0; f < 2; f++) {
            assert_non_blocking_and_closed_on_exec(fds[f]);
            assert_int_equal(option_of(fds[f], SOL_SOCKET, SO_ACCEPTCONN), 1);
            assert_int_equal(option_of(fds[f], SOL_SOCKET, SO_REUSEADDR), 1);
            assert_int_equal(option_of(fds[f], SOL_SOCKET, SO_REUSEPORT), 1);
            assert_int_equal(option_of(fds[f], IPPROTO_TCP, TCP_NODELAY), 1);
            close(fds[f]);
        }
    }
}

static void accepted_connections_inherit_nodelay(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0");
    int listener = listen_on(&addr, true);
    addr = addr_bound(listener);
    int client = client_of(&addr);
    wait_for(listener, POLLIN);
    int accepted = accept(listener, NULL, NULL);
    assert_int_equal(option_of(accepted, IPPROTO_TCP, TCP_NODELAY), 1);
    close(accepted);
    close(client);
    close(listener);
}

#define PORTS_TRIED 50

/* ":443" is two sockets. */
static void families_share_a_port(void **state)
{
    (void)state;
    struct addr v6 = addr_of("[::]:0"), v4 = addr_of("0.0.0.0:0");
    if (!has_ipv6())
        return;
    struct err err;
    int fd6 = -1, fd4 = -1;
    /* The port that the system gives is free for IPv6; some client may have it for IPv4. */
    for (int i = 0; i < PORTS_TRIED && fd4 < 0; i++) {
        close(fd6);
        fd6 = listen_on(&v6, true);
        v4.u.in.sin_port = addr_bound(fd6).u.in6.sin6_port;
        fd4 = sock_listen(&v4, true, &err);
    }
    assert_true(fd4 >= 0);
    assert_int_equal(option_of(fd6, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    close(fd4);
    close(fd6);
}

/* SO_REUSEPORT alone would let two programs of one user share it. */
static void first_listener_refuses_a_port_that_somebody_has(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0");
    int theirs = listen_on(&addr, true);
    addr = addr_bound(theirs);
    struct err err;
    char text[ADDR_TEXT_MAX];
    addr_format(&addr, text);
    assert_int_equal(listen_refused(&addr, &err), EADDRINUSE);
    assert_int_equal(err.code, ERR_LOCAL);
    assert_non_null(strstr(err.context, text));
    assert_non_null(strstr(err.context, "Address already in use"));
    close(theirs);
    close(listen_on(&addr, true));
}

static void address_of_another_machine_is_refused_by_name(void **state)
{
    (void)state;
    struct addr addr = addr_of("192.0.2.1:80");
    struct err err;
    assert_int_equal(listen_refused(&addr, &err), EADDRNOTAVAIL);
    assert_non_null(strstr(err.context, "192.0.2.1:80"));
}

/* ---- UNIX paths ---- */

static void path_is_taken_over_when_nobody_answers_on_it(void **state)
{
    (void)state;
    struct addr addr = unix_addr("socket");
    close(listen_on(&addr, true)); /* its owner died */
    int fd = listen_on(&addr, true);
    assert_non_blocking_and_closed_on_exec(fd);
    close(client_of(&addr));
    close(fd);
}

/* Bound by root with a usual mask it would be for root alone. */
static void whoever_may_reach_a_path_may_connect(void **state)
{
    (void)state;
    struct addr addr = unix_addr("socket");
    struct stat st;
    mode_t before = umask(077);
    int fd = listen_on(&addr, true);
    umask(before);
    assert_int_equal(stat(addr.u.un.sun_path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0666);
    close(fd);
}

static void path_is_left_to_who_answers_on_it(void **state)
{
    (void)state;
    struct addr addr = unix_addr("socket");
    struct err err;
    int theirs = listen_on(&addr, true);
    assert_int_equal(listen_refused(&addr, &err), EADDRINUSE);
    assert_non_null(strstr(err.context, addr.u.un.sun_path));
    close(client_of(&addr));
    close(theirs);
}

static void path_is_left_to_who_is_too_busy_to_answer(void **state)
{
    (void)state;
    struct addr addr = unix_addr("busy");
    int fds[BUSY_FILES];
    struct err err;
    busy_open(&addr, fds);
    assert_int_equal(listen_refused(&addr, &err), EADDRINUSE);
    busy_close(fds);
}

/* connect(2) says of a file what it says of a socket without an owner. */
static void path_of_a_file_is_not_removed(void **state)
{
    (void)state;
    struct addr addr = unix_addr("precious");
    struct err err;
    FILE *file = fopen(path_of("precious"), "w");
    assert_non_null(file);
    fputs("data", file);
    fclose(file);
    assert_int_equal(listen_refused(&addr, &err), EADDRINUSE);
    assert_string_equal(contents("precious"), "data");
}

static void link_to_a_dead_socket_is_not_removed(void **state)
{
    (void)state;
    struct addr real = unix_addr("socket"), link = unix_addr("link");
    struct err err;
    struct stat st;
    close(listen_on(&real, true));
    assert_int_equal(symlink(path_of("socket"), path_of("link")), 0);
    assert_int_equal(listen_refused(&link, &err), EADDRINUSE);
    assert_int_equal(lstat(path_of("link"), &st), 0);
}

/* ---- dialling ---- */

static void dial_connects_without_delay(void **state)
{
    (void)state;
    static const char *const texts[] = {"127.0.0.1:0", "[::1]:0"};
    for (size_t i = 0; i < (has_ipv6() ? 2 : 1); i++) {
        struct addr addr = addr_of(texts[i]);
        int listener = listen_on(&addr, true);
        addr = addr_bound(listener);
        bool connected;
        int fd = dial(&addr, NO_SOURCE, &connected);
        assert_non_blocking_and_closed_on_exec(fd);
        assert_int_equal(option_of(fd, IPPROTO_TCP, TCP_NODELAY), 1);
        wait_for(fd, POLLOUT);
        assert_int_equal(sock_connect_result(fd), 0);
        close(fd);
        close(listener);
    }
}

static void dial_comes_from_the_source_and_lets_ports_be_shared(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0"), source = addr_of("127.0.0.9:0");
    int listener = listen_on(&addr, true);
    addr = addr_bound(listener);
    bool connected;
    int fd = dial(&addr, &source, &connected);
    assert_int_equal(option_of(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT), 1);
    wait_for(fd, POLLOUT);
    struct addr local = addr_bound(fd);
    assert_int_equal(local.u.in.sin_addr.s_addr, source.u.in.sin_addr.s_addr);
    close(fd);
    close(listener);
}

static void dial_from_an_address_that_we_lack_is_our_fault_F58(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:9"), source = addr_of("192.0.2.1:0");
    bool connected;
    struct err err;
    assert_int_equal(sock_dial(&addr, &source, &connected, &err), -1);
    assert_int_equal(err.code, ERR_LOCAL);
    assert_int_equal(err.os_errno, EADDRNOTAVAIL);
}

static void dial_without_descriptors_is_our_fault_F58(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:9");
    bool connected;
    struct err err;
    forbid_files(true);
    int fd = sock_dial(&addr, NO_SOURCE, &connected, &err);
    forbid_files(false);
    assert_int_equal(fd, -1);
    assert_int_equal(err.code, ERR_LOCAL);
    assert_int_equal(err.os_errno, EMFILE);
}

static void dial_of_a_closed_port_is_refused_when_its_machine_answers(void **state)
{
    (void)state;
    struct addr addr = addr_of("127.0.0.1:0");
    int bound = socket(AF_INET, SOCK_STREAM, 0); /* keeps the port, answers nobody */
    assert_int_equal(bind(bound, &addr.u.sa, addr.len), 0);
    addr = addr_bound(bound);
    bool connected = true;
    int fd = dial(&addr, NO_SOURCE, &connected);
    assert_false(connected);
    wait_for(fd, POLLOUT);
    assert_int_equal(sock_connect_result(fd), ECONNREFUSED);
    close(fd);
    close(bound);
}

static void dial_of_a_path_connects_at_once(void **state)
{
    (void)state;
    struct addr addr = unix_addr("socket");
    int listener = listen_on(&addr, true);
    bool connected = false;
    int fd = dial(&addr, NO_SOURCE, &connected);
    assert_true(connected);
    assert_int_equal(sock_connect_result(fd), 0);
    close(fd);
    close(listener);
}

static void dial_of_a_path_without_a_server_is_refused(void **state)
{
    (void)state;
    struct addr missing = unix_addr("missing"), dead = unix_addr("dead");
    close(listen_on(&dead, true));
    const struct addr *addrs[] = {&missing, &dead};
    for (int i = 0; i < 2; i++) {
        bool connected;
        struct err err;
        assert_int_equal(sock_dial(addrs[i], NO_SOURCE, &connected, &err), -1);
        assert_int_equal(err.code, ERR_REFUSED);
    }
}

/* EAGAIN there; for TCP it means that we have no port. */
static void dial_of_a_path_whose_queue_is_full_is_refused(void **state)
{
    (void)state;
    struct addr addr = unix_addr("busy");
    int fds[BUSY_FILES];
    bool connected;
    struct err err;
    busy_open(&addr, fds);
    assert_int_equal(sock_dial(&addr, NO_SOURCE, &connected, &err), -1);
    assert_int_equal(err.code, ERR_REFUSED);
    busy_close(fds);
}

static int next_file;

static int set_up(void **state)
{
    next_file = file_next();
    return make_folder(state);
}

/* Every test gives back all descriptors. */
static int tear_down(void **state)
{
    return file_next() == next_file ? remove_folder(state) : -1;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(listeners_have_the_options_of_every_listener),
        CASE(accepted_connections_inherit_nodelay),
        CASE(families_share_a_port),
        CASE(first_listener_refuses_a_port_that_somebody_has),
        CASE(address_of_another_machine_is_refused_by_name),
        CASE(path_is_taken_over_when_nobody_answers_on_it),
        CASE(whoever_may_reach_a_path_may_connect),
        CASE(path_is_left_to_who_answers_on_it),
        CASE(path_is_left_to_who_is_too_busy_to_answer),
        CASE(path_of_a_file_is_not_removed),
        CASE(link_to_a_dead_socket_is_not_removed),
        CASE(dial_connects_without_delay),
        CASE(dial_comes_from_the_source_and_lets_ports_be_shared),
        CASE(dial_from_an_address_that_we_lack_is_our_fault_F58),
        CASE(dial_without_descriptors_is_our_fault_F58),
        CASE(dial_of_a_closed_port_is_refused_when_its_machine_answers),
        CASE(dial_of_a_path_connects_at_once),
        CASE(dial_of_a_path_without_a_server_is_refused),
        CASE(dial_of_a_path_whose_queue_is_full_is_refused),
    };
    return cmocka_run_group_tests_name("sock", tests, NULL, NULL);
}
