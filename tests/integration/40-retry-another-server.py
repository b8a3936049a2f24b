"""A server that refuses, one that is a black hole, one that resets: no client sees it while another is healthy."""
# group: smoke
import threading
import time

import evil
import load
import stream
from case import check, holds, main, needs_tool, run_command, same, scaled, seconds
from sluice import web

QUICK = "connect-timeout = 500ms\nretry-backoff = 10ms..100ms"


def all_served(t, bad, clients, at_once, balance="round-robin", pool=QUICK):
    """Every client gets its echo although `bad` are in the pool; returns the access lines."""
    port, good = t.port(), t.serve(evil.named("good"))
    servers = dict(bad, good=good)
    proxy = t.sluice(web(port, servers, t.certs.make(), pool=pool + "\nbalance = " + balance))

    def client(i):
        with stream.connect(("127.0.0.1", port), True) as one:
            same(one.recv_until(b"\n"), b"good\n")
            load.exchange(one, load.Source(i, 20000), load.Checker(i, 20000))

    for first in range(0, clients, at_once):
        load.together(at_once, lambda i, first=first: client(first + i))
    lines = proxy.access(clients)
    same({line["server"] for line in lines}, {"good"})
    same({line["reason"] for line in lines}, {"done"})
    return lines


@check
def one_that_refuses(t):
    for balance in ("round-robin", "least-conn"):
        lines = all_served(t, {"dead": t.refuser()}, 30, 1, balance)
        tried = [line for line in lines if int(line["attempts"]) > 1]
        holds(tried, "the refusing server was never tried")
        same({line["errors"] for line in tried}, {"dead:refused"})


@check
def one_that_is_a_black_hole(t):
    for balance in ("round-robin", "least-conn"):
        lines = all_served(t, {"hole": t.black_hole()}, 30, 1, balance)
        tried = [line for line in lines if int(line["attempts"]) > 1]
        same({line["errors"] for line in tried}, {"hole:timeout"})
        holds(len(tried) < 10, "%d of 30 clients waited for the black hole" % len(tried))


@check
def one_that_resets_as_soon_as_it_has_accepted(t):
    """Nothing of the client has been sent: another server may take it. The client waits for the server to speak first."""
    for balance in ("round-robin", "least-conn"):
        all_served(t, {"hostile": t.serve(evil.rst_at_once)}, 30, 1, balance)


@check
def one_that_resets_under_curl(t):
    """The same with clients that speak first, as most do. A reset may come too late: once the server has had bytes of the
    client, its failure is the client's to see (F71)."""
    needs_tool("curl")
    port, hostile = t.port(), t.serve(evil.rst_at_once)
    servers = {"hostile": hostile, "good": t.serve(evil.http("good\n"))}
    proxy = t.sluice(web(port, servers, t.certs.make(), pool=QUICK))
    answers = [run_command("curl", "-sk", "--noproxy", "*", "https://127.0.0.1:%d/" % port)[1] for _ in range(20)]
    lines = proxy.access(20)
    same([answer for answer in answers if answer], ["good\n"] * sum(line["reason"] == "done" for line in lines))
    for line in lines:
        if line["reason"] != "done":
            same((line["reason"], line["server"]), ("server-reset", "hostile"))
            holds(int(line["bytes_in"]) > 0, "it was not tried elsewhere: %s" % line)
    holds(hostile.accepted, "the hostile server was never tried")


@check
def one_that_begins_to_reset_when_it_was_trusted(t):
    """As a proxy does whose application has died. Clients that speak first: the one that finds out may have sent its bytes."""
    for tls in (True, False):
        fails = threading.Event()

        def turncoat(one, fails=fails):
            if fails.is_set():
                stream.poll(one.sock, True, False, 0.005)  # a connection that is used at once is used before it breaks
                one.reset()
            else:
                evil.echo(one)

        port = t.port()
        servers = {"turncoat": t.serve(turncoat), "good": t.serve(evil.echo)}
        proxy = t.sluice(web(port, servers, t.certs.make() if tls else None, pool=QUICK))

        def served(port=port, tls=tls):
            with stream.connect(("127.0.0.1", port), tls) as one:
                one.send(b"ping")
                return one.recv() == b"ping"

        same([served() for _ in range(4)], [True] * 4)
        fails.set()
        count = 40
        lost = count - sum(served() for _ in range(count))
        holds(lost <= count // 8, "%d of %d clients saw the failing server" % (lost, count))
        same(len(proxy.access(count + 4)), count + 4)


@check
def all_three_at_once_and_a_crowd(t):
    """The first seconds are the hardest: nothing is known of any server yet, and the retry budget is small."""
    bad = {"dead": t.refuser(), "hole": t.black_hole(), "hostile": t.serve(evil.rst_at_once)}
    for balance in ("round-robin", "least-conn"):
        all_served(t, bad, scaled(200, 20), scaled(20, 5), balance)


@check
def a_server_that_comes_back_is_used_again(t):
    port, where = t.port(), t.port()
    good = t.serve(evil.named("good"))
    t.sluice(web(port, {"late": "127.0.0.1:%d" % where, "good": good}, pool=QUICK))

    def pick():
        with stream.connect(("127.0.0.1", port)) as one:
            return one.recv_until(b"\n")

    same({pick() for _ in range(6)}, {b"good\n"})
    t.serve(evil.named("late"), port=where)
    deadline = time.monotonic() + seconds(45)
    while pick() != b"late\n":
        holds(time.monotonic() < deadline, "it was never tried again")


@check
def a_server_of_weight_zero_gets_nothing(t):
    port, zero = t.port(), t.serve(evil.named("zero"))
    for balance in ("round-robin", "least-conn"):
        proxy = t.sluice(
            web(port, {"zero": zero.address + " weight=0", "good": t.serve(evil.named("good"))}, pool="balance = " + balance)
        )
        for _ in range(10):
            with stream.connect(("127.0.0.1", port)) as one:
                same(one.recv_until(b"\n"), b"good\n")
        proxy.stop()
    same(zero.accepted, 0)


main()
