"""EMFILE pauses accepting instead of spinning; running connections go on and the waiting ones are served later. F55"""
import resource

import evil
import proc
import stream
from case import SANITIZER, check, holds, main, same, skip, wait_for
from sluice import web


def squeeze(proxy, room):
    """Lowers the limit of the running program to what it has open now and `room` more; returns the old limits."""
    try:
        now = max(proc.fds(proxy.pid)) + 1
    except PermissionError:
        skip("/proc of the program may not be read")
    old = resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (now + room, old[1]))
    return old


@check
def no_descriptor_for_accept(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()))
    running = [stream.connect(("127.0.0.1", port), True) for _ in range(10)]
    for one in running:
        one.send(b"x")
        one.recv_exactly(1)
    old = squeeze(proxy, 0)
    waiting = [stream.connect(("127.0.0.1", port)) for _ in range(20)]
    lines, cpu, clock = len(proxy.log()), proc.cpu_seconds(proxy.pid), proc.Stopwatch()
    wait_for("a window of three seconds", lambda: clock.seconds() > 3)
    spent = proc.cpu_seconds(proxy.pid) - cpu
    holds(SANITIZER or spent < 0.15, "%.2f s of CPU in three seconds without descriptors" % spent)
    said = len(proxy.log()) - lines
    holds(1 <= said <= 30, "%d log lines in three seconds" % said)
    for one in running:
        one.send(b"still here")
        same(one.recv_exactly(10), b"still here")
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, old)
    for one in waiting:
        one.close()
    with stream.connect(("127.0.0.1", port), True) as one:
        one.send(b"again")
        same(one.recv_exactly(5), b"again")
    for one in running:
        one.close()


@check
def a_descriptor_for_the_client_but_none_for_the_server(t):
    """Our own shortage is not the server's fault: it is not avoided afterwards, and the log blames this machine."""
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}, pool="retry-max = 0"))
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_until(b"\n"), b"a\n")
        one.finish()
        one.recv_end()
    proxy.access(1)
    old = squeeze(proxy, 1)
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_end()[-1], "reset")
    line = proxy.access(2)[-1]
    same((line["reason"], line["side"]), ("local-failure", "sluice"))
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, old)
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_until(b"\n"), b"a\n")


@check
def a_reload_without_descriptors_is_refused_and_the_old_serves_on(t):
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"a": server}))
    old = squeeze(proxy, 1)
    proxy.reload_refused(web([port, t.port(), t.port(), t.port()], {"a": server}))
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, old)
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_until(b"\n"), b"a\n")
    proxy.reload()


main()
