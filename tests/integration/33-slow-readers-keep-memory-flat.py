"""Back-pressure is by not reading: a peer that reads nothing, or slowly, costs no memory. F44"""
import threading

import evil
import load
import proc
import stream
from case import SANITIZER, check, holds, main, same, scaled, wait_until_still
from sluice import web

MB = 1024 * 1024
BUFFERS_KB = 256  # two 16 KB buffers a direction, what TLS holds, and room


def grown(proxy, before):
    return proc.rss_kb(proxy.pid) - before


@check
def a_client_that_reads_nothing_of_a_gigabyte(t):
    for tls in (True, False):
        endless, port = evil.Endless(1024 * MB), t.port()
        proxy = t.sluice(web(port, {"a": t.serve(endless)}, t.certs.make() if tls else None, frontend="write-timeout = 10m"))
        with stream.connect(("127.0.0.1", port), tls):
            pass  # touches what the first connection needs
        before = proc.rss_kb(proxy.pid)
        with stream.connect(("127.0.0.1", port), tls) as one:
            wait_until_still("the server's sending", lambda: endless.sent)
            more = grown(proxy, before)
            holds(SANITIZER or more < 1024, "%d KB more for one stalled client" % more)
            wanted, got = scaled(50) * MB, 0  # it is only paused: when the client reads it goes on
            while got < wanted:
                data = one.recv()
                holds(data, "the stream ended after %d bytes: %s" % (got, one.ends))
                got += len(data)


@check
def many_clients_that_read_nothing(t):
    count = scaled(200, 20)
    endless, port = evil.Endless(1024 * MB), t.port()
    proxy = t.sluice(web(port, {"a": t.serve(endless)}, t.certs.make(), frontend="write-timeout = 10m"))
    before = proc.rss_kb(proxy.pid)
    clients = [stream.connect(("127.0.0.1", port), True) for _ in range(count)]
    wait_until_still("the server's sending", lambda: endless.sent, limit=60)
    more = grown(proxy, before)
    holds(SANITIZER or more < count * BUFFERS_KB, "%d KB for %d stalled clients" % (more, count))
    for one in clients:
        one.close()


@check
def memory_limit_sheds_those_that_have_waited_longest(t):
    """F60: far more stalled clients than memory-limit has room for; the next one is served all the same."""
    count, port = scaled(200, 120), t.port()
    endless = evil.Endless(1024 * MB)
    proxy = t.sluice(
        web(port, {"a": t.serve(endless)}, frontend="write-timeout = 10m"), memory_limit="1m", max_connections=500
    )
    clients = [stream.connect(("127.0.0.1", port)) for _ in range(count)]
    lines = proxy.access(count - 70)  # a mebibyte is 62 buffers, and a client holds one at least
    reasons = {line["reason"] for line in lines}
    holds("memory-limit" in reasons, "nobody was shed: %s" % reasons)
    holds(reasons <= {"memory-limit", "local-failure"}, "ended otherwise: %s" % reasons)  # the second: faster than we shed
    with stream.connect(("127.0.0.1", port)) as one:
        one.recv_exactly(4 * MB)
    for one in clients:
        one.close()


@check
def a_server_that_reads_nothing_of_an_upload(t):
    for tls in (True, False):
        port = t.port()
        proxy = t.sluice(
            web(port, {"a": t.serve(evil.never_read)}, t.certs.make() if tls else None, frontend="write-timeout = 10m")
        )
        with stream.connect(("127.0.0.1", port), tls) as one:
            before = proc.rss_kb(proxy.pid)
            piece, still = bytes(65536), 0
            while still < 10 and one.sent < 1024 * MB:
                still = 0 if one.write_now(piece) else still + 1
                if still:
                    stream.poll(one.sock, False, True, 0.1)
            holds(one.sent < 200 * MB, "the proxy took %d MB that nobody reads" % (one.sent // MB))
            more = grown(proxy, before)
            holds(SANITIZER or more < 1024, "%d KB more for one stalled server" % more)


@check
def the_other_direction_goes_on(t):
    """A client that does not read still has its upload taken: the halves are independent."""
    total = scaled(20) * MB
    checked = threading.Event()

    def handler(one):
        sender = threading.Thread(target=push, args=(one.sock.dup(),), daemon=True)
        sender.start()
        checker = load.Checker("up", total)
        while checker.seen < total:
            checker.take(one.recv())
        checked.set()

    def push(sock):
        try:
            while True:
                sock.settimeout(30)
                sock.sendall(bytes(65536))
        except OSError:
            sock.close()

    for tls in (True, False):
        checked.clear()
        port = t.port()
        t.sluice(web(port, {"a": t.serve(handler)}, t.certs.make() if tls else None))
        with stream.connect(("127.0.0.1", port), tls) as one:
            for piece in load.Source("up", total):
                one.send(piece)
            holds(checked.wait(30), "the upload did not arrive")


@check
def a_slow_reader_gets_every_byte(t):
    total = scaled(2) * MB

    def handler(one):
        for piece in load.Source("down", total):
            one.send(piece)
        one.finish()
        one.recv_end()

    port = t.port()
    t.sluice(web(port, {"a": t.serve(handler)}, t.certs.make()))

    def slow(i):
        checker = load.Checker("down", total)
        with stream.connect(("127.0.0.1", port), True, rcvbuf=4096) as one:
            while True:
                data = one.recv(100 + i * 197)
                if not data:
                    break
                checker.take(data)
            checker.finish()
            same(one.ends, stream.CLEAN[True])
            one.finish()

    load.together(scaled(10, 2), slow)


@check
def memory_comes_back_after_the_crowd(t):
    count, port = scaled(1000, 50), t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()))

    def crowd():
        clients = [stream.connect(("127.0.0.1", port), True) for _ in range(count)]
        for one in clients:
            one.send(b"x" * 1000)
        for one in clients:
            same(one.recv_exactly(1000), b"x" * 1000)
            one.finish()
        for one in clients:
            one.recv_end()
            one.close()

    crowd()
    proxy.access(count)
    after_first = proc.rss_kb(proxy.pid)
    for number in (2, 3):
        crowd()
        proxy.access(count * number)
    more = proc.rss_kb(proxy.pid) - after_first
    holds(SANITIZER or more < 1024, "%d KB more after two further crowds of %d" % (more, count))


main()
