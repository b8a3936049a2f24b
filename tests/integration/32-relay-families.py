"""IPv4, IPv6 and UNIX sockets, in every combination of the two sides; several listeners on one frontend."""
# group: smoke
import os
import socket
import stat

import evil
import load
import stream
from case import check, holds, main, same, skip
from sluice import web


def need_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        skip("no IPv6 loopback")


@check
def every_combination_of_sides(t):
    need_ipv6()
    four, six, path = t.port(), t.port(), t.path("front.sock")
    listens = ["127.0.0.1:%d" % four, "[::1]:%d" % six, "unix:" + path]
    servers = [t.serve(evil.echo), t.serve(evil.echo, host="::1"), t.serve(evil.echo, unix=t.path("back.sock"))]
    for tls in (True, False):
        for server in servers:
            proxy = t.sluice(web(listens, {"a": server}, t.certs.make() if tls else None))
            for where in (("127.0.0.1", four), ("::1", six), path):
                with stream.connect(where, tls) as one:
                    load.exchange(one, load.Source("x", 100000), load.Checker("x", 100000))
            lines = proxy.access(3)
            same(len(lines), len(listens), "lines in the access log")
            same({line["server_addr"] for line in lines}, {server.address})
            proxy.stop()
            holds(not os.path.exists(path), "the UNIX socket was left behind")


@check
def a_bare_port_is_both_families(t):
    need_ipv6()
    port = t.port()
    t.sluice(web(":%d" % port, {"a": t.serve(evil.named("a"))}))
    for host in ("127.0.0.1", "::1"):
        with stream.connect((host, port)) as one:
            same(one.recv_until(b"\n"), b"a\n", host)


@check
def two_frontends_go_to_their_own_pools(t):
    first, second = t.port(), t.port()
    body = web(first, {"a": t.serve(evil.named("one"))}, name="one") + web(second, {"a": t.serve(evil.named("two"))}, name="two")
    proxy = t.sluice(body)
    for port, name in ((first, b"one\n"), (second, b"two\n")):
        with stream.connect(("127.0.0.1", port)) as one:
            same(one.recv_until(b"\n"), name)
    same({(line["frontend"], line["pool"]) for line in proxy.access(2)}, {("one", "one-pool"), ("two", "two-pool")})


@check
def a_frontend_without_a_pool_refuses(t):
    port = t.port()
    proxy = t.sluice("[frontend web]\nlisten = 127.0.0.1:%d\ntls = off\npool = none\n" % port)
    same(stream.turned_away(("127.0.0.1", port)), ["reset"])
    same(proxy.access(1)[0]["reason"], "no-pool")


@check
def the_source_address_is_bound(t):
    peers = []

    def handler(one):
        peers.append(one.sock.getpeername()[0])
        evil.echo(one)

    port = t.port()
    t.sluice(web(port, {"a": t.serve(handler)}, pool="source = 127.0.0.77"))
    with stream.connect(("127.0.0.1", port)) as one:
        load.exchange(one, load.Source("x", 1000), load.Checker("x", 1000))
    same(peers, ["127.0.0.77"])


@check
def a_missing_unix_server_is_like_a_refused_one(t):
    port = t.port()
    proxy = t.sluice(web(port, {"gone": "unix:" + t.path("nobody.sock"), "a": t.serve(evil.named("a"))}))
    for _ in range(4):
        with stream.connect(("127.0.0.1", port)) as one:
            same(one.recv_until(b"\n"), b"a\n")
    holds(any("gone:refused" in line["errors"] for line in proxy.access(4)), "no attempt at the missing one in the log")


main()
