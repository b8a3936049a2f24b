/* The listening sockets of an address: shared, counted, one for each worker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include "../base/failing_mem.h"
#include "../base/log_files.h"
#include "net/listen_set.h"
#include "sockets.h"

#define WORKERS 3

static struct list sets;
static struct addr tcp; /* that of most tests */
static int reserved, next_file;

static int set_up(void **state)
{
    mem_fails_at(0);
    list_init(&sets);
    reserved = reserve(&tcp);
    next_file = file_next();
    return make_folder(state);
}

static int tear_down(void **state)
{
    close(reserved);
    return list_is_empty(&sets) && file_next() == reserved ? remove_folder(state) : -1;
}

static struct listen_set *get(const struct addr *addr)
{
    struct err err;
    struct listen_set *set = listen_set_get(&sets, addr, WORKERS, &err);
    if (!set)
        fail_msg("%s", err.context);
    return set;
}

static struct addr path_addr(void)
{
    char text[ADDR_TEXT_MAX];
    snprintf(text, sizeof text, "unix:%s", path_of("socket"));
    return addr_of(text);
}

static bool exists(const struct addr *addr)
{
    struct stat st;
    return lstat(addr->u.un.sun_path, &st) == 0;
}

static void set_has_a_socket_for_each_worker(void **state)
{
    (void)state;
    struct listen_set *set = get(&tcp);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct addr bound = addr_bound(listen_set_fd(set, i));
        assert_true(addr_equal(&bound, &tcp));
        for (unsigned j = 0; j < i; j++)
            assert_int_not_equal(listen_set_fd(set, i), listen_set_fd(set, j));
    }
    assert_int_equal(listen_set_fd(set, WORKERS), -1);
    listen_set_put(set);
}

static void same_address_is_shared_until_its_last_user_is_gone(void **state)
{
    (void)state;
    struct listen_set *set = get(&tcp);
    assert_ptr_equal(get(&tcp), set);
    listen_set_put(set);
    close(client_of(&tcp));
    listen_set_put(set);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, &tcp.u.sa, tcp.len), -1);
    assert_int_equal(errno, ECONNREFUSED);
    close(fd);
}

static void other_addresses_have_sets_of_their_own(void **state)
{
    (void)state;
    struct addr other = addr_of("127.0.0.2:0"), path = path_addr();
    other.u.in.sin_port = tcp.u.in.sin_port;
    struct listen_set *set = get(&tcp), *set_other = get(&other), *set_path = get(&path);
    assert_ptr_not_equal(set, set_other);
    assert_ptr_not_equal(set, set_path);
    listen_set_put(set_other);
    listen_set_put(set);
    listen_set_put(set_path);
}

/* SO_REUSEPORT does not exist there. */
static void path_has_one_socket_and_the_first_worker_accepts(void **state)
{
    (void)state;
    struct addr path = path_addr();
    struct listen_set *set = get(&path);
    assert_int_equal(set->n, 1);
    assert_true(listen_set_fd(set, 0) >= 0);
    assert_int_equal(listen_set_fd(set, 1), -1);
    listen_set_put(set);
}

static void path_goes_with_the_last_user(void **state)
{
    (void)state;
    struct addr path = path_addr();
    struct listen_set *set = get(&path);
    get(&path);
    listen_set_put(set);
    assert_true(exists(&path));
    listen_set_put(set);
    assert_false(exists(&path));
}

static void port_in_use_is_refused_and_leaves_nothing_open(void **state)
{
    (void)state;
    struct list ours;
    struct listen_set *theirs = get(&tcp);
    int next = file_next();
    struct err err;
    char text[ADDR_TEXT_MAX];
    addr_format(&tcp, text);
    list_init(&ours);
    assert_null(listen_set_get(&ours, &tcp, WORKERS, &err));
    assert_non_null(strstr(err.context, text));
    assert_true(list_is_empty(&ours));
    assert_int_equal(file_next(), next);
    listen_set_put(theirs);
}

/* The path is somebody else's: it stays when we give up. */
static void path_in_use_is_refused_and_stays(void **state)
{
    (void)state;
    struct list ours;
    struct addr path = path_addr();
    struct listen_set *theirs = get(&path);
    struct err err;
    list_init(&ours);
    assert_null(listen_set_get(&ours, &path, WORKERS, &err));
    close(client_of(&path));
    listen_set_put(theirs);
}

static void set_of_which_one_socket_fails_is_none(void **state)
{
    (void)state;
    struct rlimit limit, low;
    struct err err;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    low = limit;
    low.rlim_cur = (rlim_t)next_file + WORKERS - 1;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
    struct listen_set *set = listen_set_get(&sets, &tcp, WORKERS, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_null(set);
    assert_int_equal(err.os_errno, EMFILE);
}

static void set_without_memory_says_so(void **state)
{
    (void)state;
    struct err err;
    mem_fails_at(1);
    assert_null(listen_set_get(&sets, &tcp, WORKERS, &err));
    assert_int_equal(err.code, ERR_MEMORY);
}

static void nothing_can_be_put_back(void **state)
{
    (void)state;
    listen_set_put(NULL);
}

/* F84: who is in the queue is still accepted; a newcomer is not answered at all, so that its system
 * tries again instead of telling it "refused". */
static void retired_socket_keeps_its_queue_and_ignores_newcomers_F84(void **state)
{
    (void)state;
    struct listen_set *set = listen_set_get(&sets, &tcp, 1, &(struct err){0});
    assert_non_null(set);
    int fd = listen_set_fd(set, 0), waiting = client_of(&tcp);
    assert_int_equal(write(waiting, "x", 1), 1);
    listen_fd_retire(fd, &tcp);

    int newcomer = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(newcomer, &tcp.u.sa, tcp.len), -1);
    assert_int_equal(errno, EINPROGRESS);

    char byte;
    int accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    wait_for(accepted, POLLIN);
    assert_int_equal(read(accepted, &byte, 1), 1);
    struct pollfd p = {.fd = newcomer, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, 0), 0); /* neither connected nor refused */
    assert_int_equal(accept(fd, NULL, NULL), -1);
    close(newcomer);
    close(waiting);
    close(accepted);
    listen_set_put(set);
}

/* The server's half of the handshake is completed by the first bytes only, which makes the moment
 * long. */
static void who_was_halfway_into_a_retired_socket_gets_in_F84(void **state)
{
    (void)state;
    struct listen_set *set = listen_set_get(&sets, &tcp, 1, &(struct err){0});
    assert_non_null(set);
    int fd = listen_set_fd(set, 0), patience = 10;
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &patience, sizeof patience), 0);
    int halfway = client_of(&tcp);
    listen_fd_retire(fd, &tcp);
    assert_int_equal(write(halfway, "x", 1), 1);
    wait_for(fd, POLLIN);
    int accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    listen_fd_let_in(accepted, &tcp);
    char bytes[2];
    assert_int_equal(write(halfway, "y", 1), 1);
    for (int got = 0; got < 2; got++) {
        wait_for(accepted, POLLIN);
        assert_int_equal(read(accepted, &bytes[got], 1), 1);
    }
    assert_memory_equal(bytes, "xy", 2);
    close(halfway);
    close(accepted);
    listen_set_put(set);
}

static void retired_socket_of_ipv6_ignores_newcomers_too_F84(void **state)
{
    (void)state;
    struct addr addr = addr_of("[::1]:0");
    struct err err;
    struct listen_set *set = listen_set_get(&sets, &addr, 1, &err);
    if (!set) /* some containers have no IPv6 */
        return;
    int fd = listen_set_fd(set, 0);
    listen_fd_retire(fd, &addr);
    addr = addr_bound(fd);
    int newcomer = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(newcomer, &addr.u.sa, addr.len), -1);
    struct pollfd p = {.fd = newcomer, .events = POLLOUT};
    assert_int_equal(poll(&p, 1, 0), 0);
    assert_int_equal(accept(fd, NULL, NULL), -1);
    close(newcomer);
    listen_set_put(set);
}

static uid_t owner_of(int fd)
{
    struct stat st;
    assert_int_equal(fstat(fd, &st), 0);
    return st.st_uid;
}

/* Else a reload, as that user, could not bind another address with the same port. */
static void sockets_become_those_of_the_user_that_root_becomes(void **state)
{
    (void)state;
    uid_t user = geteuid() == 0 ? 4242 : geteuid();
    struct addr path = path_addr();
    struct listen_set *set = get(&tcp), *set_path = get(&path);
    listen_sets_give(&sets, user);
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(owner_of(listen_set_fd(set, i)), user);
    assert_int_equal(owner_of(listen_set_fd(set_path, 0)), user);
    listen_set_put(set);
    listen_set_put(set_path);
}

static void retiring_a_path_changes_nothing(void **state)
{
    (void)state;
    struct addr path = path_addr();
    struct listen_set *set = get(&path);
    listen_fd_retire(listen_set_fd(set, 0), &path);
    close(client_of(&path));
    listen_set_put(set);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(set_has_a_socket_for_each_worker),
        CASE(same_address_is_shared_until_its_last_user_is_gone),
        CASE(other_addresses_have_sets_of_their_own),
        CASE(path_has_one_socket_and_the_first_worker_accepts),
        CASE(path_goes_with_the_last_user),
        CASE(port_in_use_is_refused_and_leaves_nothing_open),
        CASE(path_in_use_is_refused_and_stays),
        CASE(set_of_which_one_socket_fails_is_none),
        CASE(set_without_memory_says_so),
        CASE(nothing_can_be_put_back),
        CASE(retired_socket_keeps_its_queue_and_ignores_newcomers_F84),
        CASE(who_was_halfway_into_a_retired_socket_gets_in_F84),
        CASE(retired_socket_of_ipv6_ignores_newcomers_too_F84),
        CASE(sockets_become_those_of_the_user_that_root_becomes),
        CASE(retiring_a_path_changes_nothing),
    };
    return cmocka_run_group_tests_name("listen_set", tests, NULL, NULL);
}
