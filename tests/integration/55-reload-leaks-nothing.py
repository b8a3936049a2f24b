"""1,000 reloads (100 by default): descriptors equal, threads equal, memory flat. F88"""
# limit: 300
import evil
import proc
import stream
from case import LONG, SANITIZER, check, holds, main, same, scaled, skip, wait_for, wait_until_still
from sluice import web


def count_fds(proxy):
    try:
        return len(proc.fds(proxy.pid))
    except PermissionError:
        return skip("/proc of the program may not be read")


def reload_many(t, good, bad):
    """Alternates the good files (and bad ones, which must be refused); returns growth in KB from the first tenth on."""
    rounds = 1000 if LONG else scaled(100, 20)
    proxy = t.sluice(good[0])
    for body in good + good:
        proxy.reload(body)
    fds = wait_until_still("the number of descriptors", lambda: count_fds(proxy), still=1.5)
    threads = proc.threads(proxy.pid)
    for i in range(rounds):
        if i == max(rounds // 10, 2):
            early = proc.rss_kb(proxy.pid)
        if bad and i % 2:
            proxy.reload_refused(bad[i // 2 % len(bad)])
        else:
            proxy.reload(good[i % len(good)])
    proxy.reload(good[-1])
    wait_for("the descriptors of before", lambda: count_fds(proxy) <= fds)
    same(proc.threads(proxy.pid), threads, "threads")
    grown = proc.rss_kb(proxy.pid) - early
    print("%d reloads: %d KB more, of %d" % (rounds, grown, early))
    holds(SANITIZER or grown <= max(early // 50, 512), "%d KB more after %d reloads (%d KB before)" % (grown, rounds, early))


@check
def reloads_that_change_things(t):
    ports, server = [t.port() for _ in range(3)], t.serve(evil.named("a"))
    certs = [t.certs.make(), t.certs.make("localhost", "rsa"), t.certs.make(serial="2")]
    good = [
        web([ports[0], ports[1 + i % 2]], {"a": server, "b%d" % i: server.address}, certs[i % 3], pool="balance = " + balance)
        for i, balance in enumerate(["least-conn", "round-robin"] * 3)
    ]
    reload_many(t, good, [])


@check
def reloads_that_are_refused(t):
    port, server, taken = t.port(), t.serve(evil.named("a")), t.serve(evil.echo)
    cert = t.certs.make()
    good = web(port, {"a": server}, cert)
    bad = [
        good + "nonsense = 1\n",
        good.replace(cert.pem, "/nonexistent"),
        web([port, t.port(), taken.port], {"a": server}, cert),
        "",
    ]
    reload_many(t, [good], bad)


@check
def snapshots_held_by_streams_go_when_the_streams_go(t):
    """Each long stream holds the configuration it began with: many of them, then none."""
    port, server, cert = t.port(), t.serve(evil.named("a"), limit=120), t.certs.make()
    body = web(port, {"a": server}, cert)
    proxy = t.sluice(body)

    def round_of_streams(count):
        held = []
        for i in range(count):
            one = stream.connect(("127.0.0.1", port), True)
            one.recv_until(b"\n")
            held.append(one)
            proxy.reload(body + "\n[pool filler-%d]\n%s" % (i, "".join("server = s%d 127.0.0.1:%d\n" % (k, k + 1) for k in range(500))))
        for one in held:
            one.send(b"x")
            one.recv_exactly(1)
            one.finish()
            one.recv_end()
            one.close()
        proxy.reload(body)

    round_of_streams(scaled(20, 5))
    wait_for("the streams to go", lambda: server.active == 0)
    early = proc.rss_kb(proxy.pid)
    for _ in range(3):
        round_of_streams(scaled(20, 5))
    wait_for("the streams to go", lambda: server.active == 0)
    grown = proc.rss_kb(proxy.pid) - early
    holds(SANITIZER or grown <= max(early // 10, 1024), "%d KB more than after the first round (%d KB)" % (grown, early))


main()
