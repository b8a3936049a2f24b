"""Starting, and ending by each signal; what cannot start says why and ends with a status."""
# group: smoke
import signal
import socket

import evil
import proc
import stream
from case import SANITIZER, check, holds, main, same, wait_for
from sluice import web


def plain(t, **settings):
    port = t.port()
    return port, t.sluice(web(port, {"a": t.serve(evil.echo)}), **settings)


@check
def ready_is_logged_once_the_listener_answers(t):
    port, proxy = plain(t, threads=3)
    line = proxy.wait_ready()
    holds(line.endswith(" ready: 1 listener, 3 worker threads"), "the ready line tells something else: " + line)
    with stream.connect(("127.0.0.1", port)) as one:
        one.send(b"hello")
        same(one.recv_exactly(5), b"hello")
    same(proc.children(proxy.pid), {}, "children of the one process")


@check
def each_signal_ends_an_idle_program_without_waiting_for_the_grace(t):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT):
        _, proxy = plain(t, shutdown_grace="10m")
        proxy.stop(number)


@check
def the_file_is_checked_before_anything_starts(t):
    proxy = t.prepare("[frontend web]\nlisten = nonsense\n")
    proxy.expect_status = 2
    proxy.start()
    proxy.wait_exit()
    with open(proxy.config_path, encoding="ascii") as file:
        number = file.read().split("\n").index("listen = nonsense") + 1
    holds(any("sluice.ini:%d: error" % number in line for line in proxy.log()), "no file:line in %s" % proxy.log())


@check
def a_port_in_use_is_named_and_nothing_else_starts(t):
    taken = t.serve(evil.echo)
    proxy = t.prepare(web([t.port(), taken.port], {"a": "127.0.0.1:1"}))
    proxy.expect_status = 2
    proxy.start()
    proxy.wait_exit()
    holds(any(str(taken.port) in line and "error" in line for line in proxy.log()), "the port is not named: %s" % proxy.log())


@check
def two_programs_cannot_share_a_port(t):
    """SO_REUSEPORT must not let a second process in by accident."""
    port, first = plain(t)
    second = t.prepare(first.body)
    second.expect_status = None
    second.start()
    holds(second.wait_exit() != 0, "a second program listens on the same port")


@check
def a_wildcard_and_one_address_share_a_port(t):
    """The nearer one gets the client; whichever is written first."""
    port = t.port()
    for wide, near in (("0.0.0.0:%d", "127.0.0.1:%d"), (":%d", "127.0.0.1:%d")):
        wide = web(wide % port, {"a": t.serve(evil.named("wide"))}, name="wide")
        near = web(near % port, {"a": t.serve(evil.named("near"))}, name="near")
        for body in (wide + near, near + wide):
            proxy = t.sluice(body)
            for host, want in (("127.0.0.1", b"near\n"), ("127.0.0.2", b"wide\n")):
                with stream.connect((host, port)) as one:
                    same(one.recv_until(b"\n"), want, "at " + host)
            proxy.stop()


@check
def the_unix_socket_of_a_dead_process_is_taken_over_and_a_live_one_is_not(t):
    path = t.path("front.sock")
    body = web("unix:" + path, {"a": t.serve(evil.named("a"))})
    first = t.sluice(body)
    second = t.prepare(body)
    second.expect_status = None
    second.start()
    holds(second.wait_exit() != 0, "a second program took the socket of a living one")
    holds(any("sluice.ini:" in line and path in line and "remove the file" in line for line in second.log()), second.log())
    first.expect_status = -signal.SIGKILL
    first.stop(signal.SIGKILL)
    third = t.sluice(body)
    with stream.connect(path) as one:
        same(one.recv_until(b"\n"), b"a\n")
    third.stop()
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(path)
            raise AssertionError("somebody listens after the end")
        except (FileNotFoundError, ConnectionRefusedError):
            pass


@check
def standard_streams_that_came_closed_are_given_to_nobody(t):
    """Descriptor 2 would be a socket: what is meant for people would go to a client."""
    log, port = t.path("error.log"), t.port()
    body = web(port, {"a": t.serve(evil.named("a"))})
    proxy = t.prepare(body, log=log, wrapper=["sh", "-c", 'exec "$@" 0<&- 1>&- 2>&-', "sh"])
    proxy.log_path = log
    proxy.start()
    proxy.wait_ready()
    opened = proc.fds(proxy.pid)
    same([opened[fd] for fd in range(3)], ["/dev/null"] * 3, "what 0, 1 and 2 are")
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_until(b"\n"), b"a\n")


@check
def idle_costs_no_cpu(t):
    _, proxy = plain(t)
    before = proc.cpu_seconds(proxy.pid)
    clock = proc.Stopwatch()
    wait_for("two seconds of watching", lambda: clock.seconds() > 2, 5)
    spent = proc.cpu_seconds(proxy.pid) - before
    holds(SANITIZER or spent <= 0.03, "%.2f s of CPU in two idle seconds" % spent)


main()
