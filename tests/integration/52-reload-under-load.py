"""30 reloads under continuous new connections and 100 long streams: no failure, exact bytes, nothing left over. F84, F88, P4"""
import random
import shutil
import threading

import evil
import load
import proc
import stream
from case import SANITIZER, check, holds, main, same, scaled, wait_for, wait_until_still
from sluice import web

RELOADS = 30
STREAMS = 100


def long_stream(where, i, stop):
    """Sends and checks bytes of its own until `stop`, then ends cleanly; returns how many."""
    generator, checker = random.Random(i), load.Checker(i, 1 << 40)
    source = load.Bytes(i)
    with stream.connect(where, True, limit=60) as one:
        while not stop.is_set():
            size = generator.randrange(1, 20000)
            one.send(source.take(size))
            checker.take(one.recv_exactly(size))
            stop.wait(0.05)
        one.finish()
        same(one.recv_end(), stream.CLEAN[True])
    return checker.seen


def resources(pid):
    try:
        return proc.threads(pid), sorted(proc.fds(pid).values(), key=str)
    except PermissionError:
        return proc.threads(pid), []


def same_kind(fds):
    """What the descriptors are open on, with the numbers of sockets taken out."""
    return sorted(target.split(":")[0] for target in fds)


@check
def thirty_reloads_without_a_failure(t):
    port, extra, path = t.port(), t.port(), t.path("live.pem")
    certs = [t.certs.make(), t.certs.make(serial="2")]
    shutil.copy(certs[0].pem, path)
    servers = {name: t.serve(evil.named(name), limit=300) for name in ("even", "odd")}
    echo = t.serve(evil.echo, limit=300)
    streams_port = t.port()

    def text(i):
        name = ("even", "odd")[i % 2]
        listens = [port, extra] if i % 3 == 0 else [port]
        body = web(listens, {name: servers[name]}, certs[0]).replace(certs[0].pem, path)
        return body + web(streams_port, {"echo": echo}, certs[0], name="streams")

    proxy = t.sluice(text(0), threads=2)
    warm_up(proxy, text, port)
    threads_before, fds_before = resources(proxy.pid)
    stop = threading.Event()
    counted = []

    def run_streams():
        counted.extend(load.together(scaled(STREAMS, 10), lambda i: long_stream(("127.0.0.1", streams_port), i, stop), 170))

    failures = []
    runner = threading.Thread(target=catch, args=(run_streams, failures), daemon=True)
    runner.start()
    allowed = {b"even\n", b"odd\n"}

    def newcomer(_number):
        with stream.connect(("127.0.0.1", port), True) as one:
            holds(one.recv_until(b"\n") in allowed, "an unknown server")
            one.finish()
            one.recv_end()
            holds(one.ended_cleanly(), "ended with %s" % one.ends)

    newcomers = load.Background(4, newcomer)
    t.defer(newcomers.halt)
    echo.wait_accepted(scaled(STREAMS, 10), 60)
    rss, slowest = [], 0
    for i in range(1, RELOADS + 1):
        shutil.copy(certs[i % 2].pem, path)
        clock = proc.Stopwatch()
        proxy.reload(text(i))
        with stream.connect(("127.0.0.1", port), True) as one:
            same(one.recv_until(b"\n"), ("even\n", "odd\n")[i % 2].encode(), "the pool after reload %d" % i)
        slowest = max(slowest, clock.seconds())
        before = newcomers.rounds
        wait_for("newcomers", lambda before=before: newcomers.rounds > before + 5)
        rss.append(proc.rss_kb(proxy.pid))
    rounds = newcomers.stop()
    stop.set()
    runner.join(60)
    same(failures, [], "failures of long streams")
    print("%d new connections, %d long streams with %d bytes" % (rounds, len(counted), sum(counted)))
    print("in force after %.3f s at most" % slowest)
    same(proc.children(proxy.pid), {}, "a second process")
    wait_for("threads and descriptors to be as before", lambda: at_rest(proxy, threads_before, fds_before))
    holds(SANITIZER or rss[-1] - rss[4] < 2048, "memory grew over the reloads: %s KB" % rss)


def catch(function, failures):
    try:
        function()
    except BaseException as error:  # the check reports it
        failures.append(repr(error))


def warm_up(proxy, text, port):
    """One reload and a few connections, so that what is made once is there."""
    proxy.reload(text(2))
    proxy.reload(text(0))
    for _ in range(20):
        with stream.connect(("127.0.0.1", port), True) as one:
            one.recv_until(b"\n")
    wait_for("the connections to go", lambda: "ESTABLISHED" not in proc.tcp_states(proxy.pid).values())
    wait_until_still("the number of descriptors", lambda: len(resources(proxy.pid)[1]), still=1.5)


def at_rest(proxy, threads_before, fds_before):
    threads, fds = resources(proxy.pid)
    return threads == threads_before and same_kind(fds) == same_kind(fds_before)


main()
