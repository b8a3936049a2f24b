"""1,000 connections spread over four workers within 10 %, of one listener and of several."""
import collections

import evil
import proc
import stream
from case import check, holds, main, same, skip, wait_for
from sluice import web

COUNT = 1000
THREADS = 4


def members(proxy):
    """How many descriptors each worker's loop watches."""
    try:
        return proc.epoll_members(proxy.pid)
    except PermissionError:
        return skip("/proc of the program may not be read")


def spread(t, tls, listens):
    server = t.serve(evil.named("a"), limit=300)
    proxy = t.sluice(web(["127.0.0.1:%d" % p for p in listens], {"a": server}, t.certs.make() if tls else None), threads=THREADS)
    before = collections.Counter(members(proxy))
    streams = []
    for i in range(COUNT):
        one = stream.connect(("127.0.0.1", listens[i % len(listens)]), tls)
        one.recv_until(b"\n")
        streams.append(one)
    added = collections.Counter(members(proxy))
    added.subtract(before)
    for one in streams:
        one.close()
    wait_for("the server to be left alone", lambda: server.active == 0)
    # Each connection is two descriptors, both watched by the worker that has it.
    return sorted(n / 2 for n in added.values() if n)


@check
def a_thousand_connections_in_shares_of_250(t):
    for tls in (False, True):
        for listeners in (1, 3):
            shares = spread(t, tls, [t.port() for _ in range(listeners)])
            same(len(shares), THREADS, "workers that got any: %s" % shares)
            holds(all(225 <= share <= 275 for share in shares), "shares %s" % shares)


main()
