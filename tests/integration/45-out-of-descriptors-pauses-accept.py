"""EMFILE pauses accepting instead of spinning; running connections go on and the waiting ones are served later. F55"""
import resource

import evil
import proc
import stream
from case import SANITIZER, check, holds, main, same, skip, wait_for
from sluice import web


def squeeze(proxy, room):
    """Lowers the limit of the running program until it can open exactly `room` more; returns the old limits."""
    try:
        taken = proc.fds(proxy.pid)
    except PermissionError:
        skip("/proc of the program may not be read")
    limit = 0
    while room or limit in taken:
        room -= limit not in taken
        limit += 1
    old = resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, (limit, old[1]))
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
    spent, said, window = proc.cpu_seconds(proxy.pid) - cpu, len(proxy.log()) - lines, clock.seconds()
    holds(SANITIZER or spent < 0.05 * window, "%.2f s of CPU in %.1f s without descriptors" % (spent, window))
    holds(1 <= said <= 2 * (window + 1), "%d log lines of two workers in %.1f s" % (said, window))
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
    wait_for("its sockets to close", lambda: set(proc.tcp_states(proxy.pid).values()) == {"LISTEN"})
    old = squeeze(proxy, 1)
    same(stream.turned_away(("127.0.0.1", port)), ["reset"])
    line = proxy.access(2)[-1]
    same((line["reason"], line["side"]), ("local-failure", "sluice"))
    resource.prlimit(proxy.pid, resource.RLIMIT_NOFILE, old)
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_until(b"\n"), b"a\n")


@check
def a_reload_without_descriptors_is_refused_and_the_old_serves_on(t):
    """200 new listeners for two threads do not fit into 300 descriptors; those opened before it showed are closed again."""
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"a": server}), max_connections=50, wrapper=["prlimit", "--nofile=300:300", "--"])
    before = len(proc.fds(proxy.pid))
    proxy.reload_refused(web([port] + ["127.0.0.%d:%d" % (i + 2, port) for i in range(200)], {"a": server}))
    wait_for("the descriptors of before", lambda: len(proc.fds(proxy.pid)) == before)
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_until(b"\n"), b"a\n")
    proxy.reload(web(port, {"a": server}))


main()
