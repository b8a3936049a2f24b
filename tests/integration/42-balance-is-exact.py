"""Round robin and least-conn, exact over all threads."""
# group: smoke
import collections

import evil
import load
import stream
from case import check, holds, main, same, scaled, wait_for
from sluice import web


def take_turns(port, count, at_once):
    """The names that `count` clients were given, with `at_once` of them at a time."""
    names = []

    def client(_):
        with stream.connect(("127.0.0.1", port)) as one:
            names.append(one.recv_until(b"\n").decode().strip())
            one.finish()
            one.recv_end()

    for first in range(0, count, at_once):
        load.together(min(at_once, count - first), client)
    return names


@check
def round_robin_gives_999_connections_333_each(t):
    for threads, at_once in ((1, 1), (4, 37)):
        port, servers = t.port(), {name: t.serve(evil.named(name)) for name in "abc"}
        t.sluice(web(port, servers), threads=threads)
        names = take_turns(port, 999, at_once)
        same(collections.Counter(names), {"a": 333, "b": 333, "c": 333}, "%d threads" % threads)
        same({name: server.accepted for name, server in servers.items()}, {"a": 333, "b": 333, "c": 333})


@check
def weights_are_exact_and_smooth(t):
    port = t.port()
    weights = {"a": 5, "b": 1, "c": 1}
    servers = {name: "%s weight=%d" % (t.serve(evil.named(name)).address, weight) for name, weight in weights.items()}
    t.sluice(web(port, servers))
    names = take_turns(port, 70, 1)
    same(collections.Counter(names), {"a": 50, "b": 10, "c": 10})
    for first in range(0, 70, 7):
        turn = names[first : first + 7]
        same(collections.Counter(turn), weights, "each round of seven: %s" % turn)
        holds("aaaa" not in "".join(turn), "a burst: %s" % turn)


@check
def least_conn_is_never_more_than_one_above_the_least(t):
    for threads in (1, 4):
        port, servers = t.port(), {name: t.serve(evil.named(name), limit=120) for name in "abcd"}
        proxy = t.sluice(web(port, servers, pool="balance = least-conn"), threads=threads)
        held, on = [], collections.Counter({name: 0 for name in servers})
        for i in range(200):
            one = stream.connect(("127.0.0.1", port))
            name = one.recv_until(b"\n").decode().strip()
            holds(on[name] <= min(on.values()), "connection %d went to %s of %s" % (i, name, dict(on)))
            on[name] += 1
            held.append((name, one))
        for name, one in held[::3] + held[1::7]:  # uneven leaving, then the gaps are filled first
            if one.sock.fileno() < 0:
                continue
            one.finish()
            one.recv_end()
            one.close()
            on[name] -= 1
        wait_for("the leavers' lines", lambda: len(proxy.access_text()) == 200 - sum(on.values()))
        held = [(name, one) for name, one in held if one.sock.fileno() >= 0]
        for i in range(100):
            one = stream.connect(("127.0.0.1", port))
            name = one.recv_until(b"\n").decode().strip()
            holds(on[name] <= min(on.values()), "after leaving, connection %d went to %s of %s" % (i, name, dict(on)))
            on[name] += 1
            held.append((name, one))
        for _, one in held:
            one.close()


@check
def least_conn_stays_even_when_everybody_comes_at_once(t):
    port, servers = t.port(), {name: t.serve(evil.named(name), limit=120) for name in "abc"}
    t.sluice(web(port, servers, pool="balance = least-conn"), threads=4)
    count = scaled(300, 60)
    streams = load.together(count, lambda i: stream.connect(("127.0.0.1", port)))
    on = collections.Counter(one.recv_until(b"\n") for one in streams)
    holds(max(on.values()) - min(on.values()) <= 1, "%s" % on)
    for one in streams:
        one.close()


@check
def least_conn_heeds_weights(t):
    port = t.port()
    servers = {"a": t.serve(evil.named("a"), limit=120).address + " weight=3", "b": t.serve(evil.named("b"), limit=120)}
    t.sluice(web(port, servers, pool="balance = least-conn"))
    streams = [stream.connect(("127.0.0.1", port)) for _ in range(40)]
    on = collections.Counter(one.recv_until(b"\n") for one in streams)
    holds(29 <= on[b"a\n"] <= 31, "%s with weights 3 and 1" % on)
    for one in streams:
        one.close()


@check
def a_dead_server_does_not_attract_least_conn(t):
    """It always has the fewest connections; it must not get every newcomer's first attempt."""
    port = t.port()
    servers = {"dead": t.refuser(), "a": t.serve(evil.named("a"), limit=120), "b": t.serve(evil.named("b"), limit=120)}
    proxy = t.sluice(web(port, servers, pool="balance = least-conn\nretry-backoff = 1ms..10ms"))
    streams, on = [], collections.Counter()
    for _ in range(200):  # one after the other: before the first refusal has come nobody knows better
        streams.append(stream.connect(("127.0.0.1", port)))
        on[streams[-1].recv_until(b"\n")] += 1
    same(sorted(on), [b"a\n", b"b\n"])
    holds(abs(on[b"a\n"] - on[b"b\n"]) <= 1, "%s" % on)
    for one in streams:
        one.finish()
        one.recv_end()
        one.close()
    wasted = sum(int(line["attempts"]) - 1 for line in proxy.access(200))
    holds(wasted < 20, "%d of 200 connections tried the dead server" % wasted)


@check
def loads_outlive_a_reload(t):
    """The connections of before still count: newcomers go to the other server first."""
    port = t.port()
    a, b = t.serve(evil.named("a"), limit=120), t.serve(evil.named("b"), limit=120)
    proxy = t.sluice(web(port, {"a": a}, pool="balance = least-conn"))
    old = [stream.connect(("127.0.0.1", port)) for _ in range(10)]
    for one in old:
        one.recv_until(b"\n")
    proxy.reload(web(port, {"a": a, "b": b}, pool="balance = least-conn"))
    new = [stream.connect(("127.0.0.1", port)) for _ in range(10)]
    same({one.recv_until(b"\n") for one in new}, {b"b\n"})
    for one in old + new:
        one.close()


main()
