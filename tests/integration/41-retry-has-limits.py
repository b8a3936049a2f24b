"""Every server down: the client is closed soon, with a reason, and the servers are spared by the budget. F71, F74"""
import evil
import load
import proc
import stream
from case import check, holds, main, same, scaled, wait_for
from sluice import web


def refused_client(port, tls=False):
    """How a client ends that cannot be served."""
    return stream.turned_away(("127.0.0.1", port), tls)


@check
def all_down_closes_soon_with_a_reason(t):
    for balance in ("round-robin", "least-conn"):
        port = t.port()
        servers = {name: t.refuser() for name in "abc"}
        proxy = t.sluice(web(port, servers, t.certs.make(), pool="retry-backoff = 10ms..100ms\nretry-max = 2\nbalance = " + balance))
        ends = refused_client(port, True)
        holds(ends[-1] == "reset" and "close_notify" not in ends, "ended with %s" % ends)
        line = proxy.access(1)[0]
        same((line["reason"], line["attempts"], line["side"]), ("no-server", "3", "server"))
        same(sorted(line["errors"].split(",")), ["a:refused", "b:refused", "c:refused"])
        proxy.wait_for_log("no-server")


@check
def an_attempt_is_made_on_each_other_server_before_any_twice(t):
    port = t.port()
    proxy = t.sluice(web(port, {name: t.refuser() for name in "abcd"}, pool="retry-backoff = 10ms..20ms\nretry-max = 3"))
    refused_client(port)
    same(sorted(proxy.access(1)[0]["errors"].split(",")), ["%s:refused" % name for name in "abcd"])


@check
def retry_max_zero_makes_one_attempt(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.refuser(), "b": t.refuser()}, pool="retry-max = 0"))
    refused_client(port)
    same(proxy.access(1)[0]["attempts"], "1")


@check
def the_budget_bounds_what_a_dead_pool_is_dialled(t):
    """F74: dials stay below (1 + budget) x arrivals, plus the floor of 3 a second."""
    port, count = t.port(), scaled(300, 60)
    proxy = t.sluice(web(port, {"a": t.refuser(), "b": t.refuser()}, pool="retry-backoff = 1ms..2ms\nretry-max = 10"))
    clock = proc.Stopwatch()
    for _ in range(count):
        refused_client(port)
    took = clock.seconds()
    lines = proxy.access(count)
    dials = sum(int(line["attempts"]) for line in lines)
    limit = 1.2 * count + 3 * (10 + took) + 1
    holds(dials <= limit, "%d dials for %d clients in %.1f s, at most %d" % (dials, count, took, limit))
    holds({line["reason"] for line in lines} <= {"no-server", "no-retry-budget"}, "reasons")


@check
def nothing_is_sent_twice(t):
    """F71: once a server has had a byte of the client, its failure is the client's to see."""
    seen = []

    def handler(one):
        seen.append(one.recv_until(b"\n"))
        one.reset()

    port = t.port()
    servers = {name: t.serve(handler) for name in "ab"}
    proxy = t.sluice(web(port, servers, t.certs.make()))
    count = scaled(50, 10)
    for i in range(count):
        with stream.connect(("127.0.0.1", port), True) as one:
            one.send(b"post %d\n" % i)
            holds(one.recv_end()[-1] == "reset", "a clean end: %s" % one.ends)
    same(sorted(seen), sorted(b"post %d\n" % i for i in range(count)), "what the servers were given")
    same({line["reason"] for line in proxy.access(count)}, {"server-reset"})


@check
def an_errand_for_a_client_that_has_left_ends(t):
    """At the latest with connect-timeout, and nothing is left of it."""
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"hole": t.black_hole(), "a": server}, pool="connect-timeout = 2s\nretry-backoff = 10ms..20ms"))
    for _ in range(20):
        with stream.connect(("127.0.0.1", port)) as one:
            one.reset()
    proxy.access(20, 20)
    server.wait_idle()
    wait_for("the sockets to close", lambda: set(proc.tcp_states(proxy.pid).values()) == {"LISTEN"})


@check
def a_crowd_on_a_dead_pool_is_turned_away(t):
    port, count = t.port(), scaled(500, 50)
    proxy = t.sluice(web(port, {"a": t.refuser()}, t.certs.make(), pool="retry-backoff = 10ms..50ms"))

    def client(i):
        ends = refused_client(port, True)
        holds(ends[-1] == "reset", "ended with %s" % ends)

    for _ in range(5):
        load.together(count // 5, client)
    same(len(proxy.access(count)), count)


main()
