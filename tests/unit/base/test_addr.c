#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"

static struct addr parsed(const char *text)
{
    struct addr a;
    struct err e;
    if (addr_parse(text, &a, &e) < 0)
        fail_msg("%s", e.context);
    return a;
}

static void assert_round_trip(const char *text)
{
    struct addr a = parsed(text);
    char out[ADDR_TEXT_MAX];
    addr_format(&a, out);
    assert_string_equal(out, text);
}

/* Refused with a message that contains `words`, the output untouched. */
static void assert_refused(const char *text, const char *words)
{
    struct addr a = {.len = 1};
    struct err e;
    assert_int_equal(addr_parse(text, &a, &e), -1);
    assert_int_equal(a.len, 1);
    assert_int_equal(e.code, ERR_INPUT);
    if (!strstr(e.context, words))
        fail_msg("no \"%s\" in: %s", words, e.context);
}

static void addresses_print_as_they_are_written(void **state)
{
    (void)state;
    assert_round_trip("10.0.0.1:80");
    assert_round_trip("255.255.255.255:65535");
    assert_round_trip("127.0.0.1:0");
    assert_round_trip("[::1]:443");
    assert_round_trip("[2001:db8::1]:8443");
    assert_round_trip("[::ffff:10.0.0.1]:1");
    assert_round_trip("unix:/run/x.sock");
}

static void port_is_in_host_order(void **state)
{
    (void)state;
    struct addr v4 = parsed("10.0.0.1:8080"), v6 = parsed("[::1]:443"), un = parsed("unix:/x");
    struct addr none = {0};
    assert_int_equal(addr_port(&v4), 8080);
    assert_int_equal(addr_port(&v6), 443);
    assert_int_equal(addr_port(&un), 0);
    assert_int_equal(addr_port(&none), 0);
    assert_int_equal(v4.u.in.sin_port, htons(8080));
}

static void bad_addresses_say_what_is_wrong(void **state)
{
    (void)state;
    assert_refused("", "has no port");
    assert_refused("10.0.0.1", "as in 10.0.0.1:443");
    assert_refused(":443", "say 10.0.0.1:443");
    assert_refused("10.0.0.1:", "number up to 65535");
    assert_refused("10.0.0.1:65536", "number up to 65535");
    assert_refused("10.0.0.1:99999999999999999999", "number up to 65535");
    assert_refused("10.0.0.1:80x", "number up to 65535");
    assert_refused("10.0.0.1:-1", "number up to 65535");
    assert_refused("10.0.0.256:80", "not an IPv4 address");
    assert_refused("10.0.1:80", "not an IPv4 address");
    assert_refused("::1:80", "in brackets");
    assert_refused("https://10.0.0.1", "is a URL");
    assert_refused("https://10.0.0.1:443/", "is a URL");
    assert_refused("[::1]", "[2001:db8::1]:443");
    assert_refused("[::1", "[2001:db8::1]:443");
    assert_refused("[::g]:80", "not an IPv6 address");
    assert_refused("[10.0.0.1]:80", "not an IPv6 address");
}

static void host_name_has_a_message_of_its_own(void **state)
{
    (void)state;
    assert_refused("app-2.internal:8080", "\"app-2.internal\" is a host name");
}

static void absurdly_long_text_is_refused(void **state)
{
    (void)state;
    char text[1000];
    memset(text, '1', sizeof text);
    text[sizeof text - 4] = '\0';
    strcat(text, ":80");
    assert_refused(text, "not an IPv4 address");
    text[0] = '[';
    memcpy(text + sizeof text - 5, "]:8", 4);
    assert_refused(text, "not an IPv6 address");
}

static void unix_path_must_be_absolute_and_fit(void **state)
{
    (void)state;
    char text[sizeof "unix:" + 108];
    memset(text, 'p', sizeof text);
    memcpy(text, "unix:/", 6);
    text[5 + 107] = '\0';
    assert_round_trip(text);
    text[5 + 107] = 'p';
    text[5 + 108] = '\0';
    assert_refused(text, "at most 107 bytes");
    assert_refused("unix:", "absolute path");
    assert_refused("unix:x.sock", "unix:/run/app.sock");
}

static void bare_port_listens_on_both_families_v6_first(void **state)
{
    (void)state;
    struct addr a[2];
    struct err e;
    size_t n = 0;
    char out[ADDR_TEXT_MAX];
    assert_int_equal(addr_parse_listen(":443", a, &n, &e), 0);
    assert_int_equal(n, 2);
    addr_format(&a[0], out);
    assert_string_equal(out, "[::]:443");
    addr_format(&a[1], out);
    assert_string_equal(out, "0.0.0.0:443");
}

static void listen_takes_one_address_too(void **state)
{
    (void)state;
    struct addr a[2];
    struct err e;
    size_t n = 0;
    char out[ADDR_TEXT_MAX];
    assert_int_equal(addr_parse_listen("[::1]:443", a, &n, &e), 0);
    assert_int_equal(n, 1);
    addr_format(&a[0], out);
    assert_string_equal(out, "[::1]:443");
}

static void listen_explains_the_star(void **state)
{
    (void)state;
    struct addr a[2];
    struct err e;
    size_t n = 9;
    assert_int_equal(addr_parse_listen("*:443", a, &n, &e), -1);
    assert_non_null(strstr(e.context, "say :443"));
    assert_int_equal(addr_parse_listen("443", a, &n, &e), -1);
    assert_non_null(strstr(e.context, "say :443"));
    assert_int_equal(addr_parse_listen(":x", a, &n, &e), -1);
    assert_int_equal(addr_parse_listen("::1", a, &n, &e), -1);
    assert_non_null(strstr(e.context, "in brackets"));
    assert_int_equal(n, 9);
}

static void assert_host(const char *text, const char *expected)
{
    struct addr a;
    struct err e;
    char out[ADDR_TEXT_MAX];
    assert_int_equal(addr_parse_host(text, &a, &e), 0);
    addr_format(&a, out);
    assert_string_equal(out, expected);
}

static void host_alone_gets_port_zero(void **state)
{
    (void)state;
    assert_host("10.0.0.1", "10.0.0.1:0");
    assert_host("2001:db8::1", "[2001:db8::1]:0");
    assert_host("[2001:db8::1]", "[2001:db8::1]:0");
}

static void host_alone_refuses_ports_and_names(void **state)
{
    (void)state;
    const char *const bad[] = {"", "[", "[]", "10.0.0.1:80", "10.0.0", "app.internal", "unix:/x"};
    struct addr a;
    struct err e;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(addr_parse_host(bad[i], &a, &e), -1);
}

static void equal_means_family_address_and_port(void **state)
{
    (void)state;
    const char *const all[] = {"10.0.0.1:80", "10.0.0.1:81", "10.0.0.2:80", "[::1]:80", "[::2]:80",
        "[::1]:81", "unix:/a", "unix:/ab"};
    size_t n = sizeof all / sizeof all[0];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            struct addr a = parsed(all[i]), b = parsed(all[j]);
            assert_int_equal(addr_equal(&a, &b), i == j);
        }
    struct addr none = {0}, some = parsed("10.0.0.1:80");
    assert_true(addr_equal(&none, &none));
    assert_false(addr_equal(&none, &some));
}

/* The kernel counts the path's terminator or not, as it was bound. */
static void unix_paths_are_equal_with_and_without_terminator(void **state)
{
    (void)state;
    struct addr a = parsed("unix:/run/a"), b = a;
    b.len--;
    assert_true(addr_equal(&a, &b));
}

static void unnamed_unix_client_has_no_path(void **state)
{
    (void)state;
    struct addr a = {.len = sizeof(sa_family_t)};
    char out[ADDR_TEXT_MAX];
    a.u.un.sun_family = AF_UNIX;
    memset(a.u.un.sun_path, 'x', sizeof a.u.un.sun_path);
    addr_format(&a, out);
    assert_string_equal(out, "unix:");
}

static void no_address_prints_as_none(void **state)
{
    (void)state;
    struct addr a = {0};
    struct peer p = {0};
    char out[ADDR_TEXT_MAX];
    addr_format(&a, out);
    assert_string_equal(out, "none");
    peer_format(&p, out);
    assert_string_equal(out, "none");
}

static void assert_peer(const char *text, const char *expected)
{
    struct addr a = parsed(text);
    struct peer p;
    char out[ADDR_TEXT_MAX];
    peer_from_addr(&a, &p);
    peer_format(&p, out);
    assert_string_equal(out, expected);
}

static void peers_print_like_addresses(void **state)
{
    (void)state;
    assert_peer("10.0.0.1:80", "10.0.0.1:80");
    assert_peer("[2001:db8::1]:80", "[2001:db8::1]:80");
    assert_peer("unix:/run/x.sock", "unix");
}

static void mapped_peer_is_stored_as_ipv4(void **state)
{
    (void)state;
    assert_peer("[::ffff:192.0.2.9]:1234", "192.0.2.9:1234");
}

static void addresses_overlap_when_one_is_a_wildcard(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool overlap;
    } rows[] = {
        {"0.0.0.0:443", "10.0.0.1:443", true},
        {"[::]:443", "[::1]:443", true},
        {"10.0.0.1:443", "10.0.0.2:443", false},
        {"0.0.0.0:443", "10.0.0.1:444", false},
        {"0.0.0.0:443", "[::1]:443", false},
        {"[::]:443", "10.0.0.1:443", false},
        {"unix:/x", "0.0.0.0:443", false},
        {"unix:/x", "unix:/x", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct addr a, b;
        struct err e;
        assert_int_equal(addr_parse(rows[i].a, &a, &e), 0);
        assert_int_equal(addr_parse(rows[i].b, &b, &e), 0);
        assert_int_equal(addr_overlaps(&a, &b), rows[i].overlap);
        assert_int_equal(addr_overlaps(&b, &a), rows[i].overlap);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_print_as_they_are_written),
        cmocka_unit_test(port_is_in_host_order),
        cmocka_unit_test(bad_addresses_say_what_is_wrong),
        cmocka_unit_test(host_name_has_a_message_of_its_own),
        cmocka_unit_test(absurdly_long_text_is_refused),
        cmocka_unit_test(unix_path_must_be_absolute_and_fit),
        cmocka_unit_test(bare_port_listens_on_both_families_v6_first),
        cmocka_unit_test(listen_takes_one_address_too),
        cmocka_unit_test(listen_explains_the_star),
        cmocka_unit_test(host_alone_gets_port_zero),
        cmocka_unit_test(host_alone_refuses_ports_and_names),
        cmocka_unit_test(equal_means_family_address_and_port),
        cmocka_unit_test(unix_paths_are_equal_with_and_without_terminator),
        cmocka_unit_test(unnamed_unix_client_has_no_path),
        cmocka_unit_test(no_address_prints_as_none),
        cmocka_unit_test(peers_print_like_addresses),
        cmocka_unit_test(mapped_peer_is_stored_as_ipv4),
        cmocka_unit_test(addresses_overlap_when_one_is_a_wildcard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
