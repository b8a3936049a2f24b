"""After any kind of end no descriptor, no CLOSE_WAIT and no spinning thread is left. F65, F66"""
import os
import random
import signal

import evil
import proc
import stream
from case import SANITIZER, check, holds, main, same, scaled, wait_for
from sluice import web

SHORT = "idle-timeout = 2s\nhalf-close-timeout = 1s\nwrite-timeout = 1s\nhandshake-timeout = 5s"
CLIENT_ACTS = ("finish", "finish without fin", "cut", "reset", "nothing", "half handshake", "write on")
SERVER_ACTS = ("finish", "reset", "nothing", "write on", "finish then reset")


def act(one, what, generator):
    if what == "finish":
        one.finish()
    elif what == "finish without fin":
        one.finish(fin=False)
    elif what == "cut":
        one.cut()
    elif what == "reset":
        one.reset()
    elif what == "write on":
        for _ in range(generator.randrange(1, 30)):
            one.write_now(bytes(65536))
    elif what == "finish then reset":
        one.finish()
        one.reset()


@check
def every_pair_of_ends_is_cleaned_up(t):
    generator = random.Random(7)
    server_acts = []

    def handler(one):
        try:
            one.send(b"hello")
            act(one, server_acts.pop() if server_acts else "reset", generator)  # a second dial: the first was reset
            one.recv_end()
        except (stream.Timeout, ValueError):
            pass

    for tls in (True, False):
        port, server = t.port(), t.serve(handler)
        proxy = t.sluice(web(port, {"a": server}, t.certs.make() if tls else None, frontend=SHORT))
        idle = fds_at_rest(proxy)
        rounds = 0
        for _ in range(scaled(3)):
            for client_act in CLIENT_ACTS:
                for server_act in SERVER_ACTS:
                    rounds += 1
                    play(port, tls, client_act, server_acts, server_act, generator)
        proxy.access(rounds, limit=30)
        wait_for("the descriptors of before", lambda idle=idle, proxy=proxy: fds_at_rest(proxy) == idle)
        same([s for s in proc.tcp_states(proxy.pid).values() if s not in ("LISTEN",)], [], "sockets left")
        quiet(proxy)
        proxy.stop()


def play(port, tls, client_act, server_acts, server_act, generator):
    if client_act == "half handshake" and tls:
        with stream.connect(("127.0.0.1", port)) as one:
            one.send(stream.client_hello()[:100])
        return
    server_acts.append(server_act)
    try:
        with stream.connect(("127.0.0.1", port), tls) as one:
            wait_for("the server to have chosen its act", lambda: not server_acts)
            if server_act != "reset":
                one.recv_exactly(5)
            act(one, client_act, generator)
    except (OSError, stream.Ended, stream.Timeout):
        pass


def fds_at_rest(proxy):
    return len(proc.fds(proxy.pid))


def quiet(proxy):
    before, clock = proc.cpu_seconds(proxy.pid), proc.Stopwatch()
    wait_for("a window of one second", lambda: clock.seconds() > 1, 5)
    spent = proc.cpu_seconds(proxy.pid) - before
    holds(SANITIZER or spent < 0.05, "%.2f s of CPU in a second without connections" % spent)


@check
def a_half_closed_pair_does_not_spin(t):
    """A FIN stays readable for ever: the watcher must be off, in both directions."""
    for tls in (True, False):
        port = t.port()
        proxy = t.sluice(web(port, {"a": t.serve(evil.hold)}, t.certs.make() if tls else None))
        with stream.connect(("127.0.0.1", port), tls) as one:
            one.send(b"x")
            quiet(proxy)
        holder = t.serve(fin_and_hold)
        proxy.reload(web(port, {"a": holder}, t.certs.make() if tls else None))
        with stream.connect(("127.0.0.1", port), tls) as one:
            same(one.recv_end(), stream.CLEAN[tls])
            quiet(proxy)


def fin_and_hold(one):
    one.finish()
    one.limit = 60
    one.recv_end()


@check
def being_stopped_and_continued_breaks_nothing(t):
    """F66: SIGSTOP makes the clock jump for us, past every deadline. What came in time has not come too late."""
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make(), frontend="idle-timeout = 3s"))
    streams = [stream.connect(("127.0.0.1", port), True) for _ in range(10)]
    for one in streams:
        one.send(b"x")
        one.recv_exactly(1)
    os.kill(proxy.pid, signal.SIGSTOP)
    wait_for("it to stand still", lambda: proc.state(proxy.pid) == "T")
    for one in streams:
        one.send(b"while you slept")
    clock = proc.Stopwatch()
    wait_for("the idle limit to be over", lambda: clock.seconds() > 3.5)
    os.kill(proxy.pid, signal.SIGCONT)
    for one in streams:
        same(one.recv_exactly(15), b"while you slept")
    for one in streams:
        one.finish()
        same(one.recv_end(), stream.CLEAN[True])
        one.close()
    same({line["reason"] for line in proxy.access(10)}, {"done"})


@check
def what_came_in_time_is_read_before_a_deadline_is_believed(t):
    """F66: the process stands still for longer than idle-timeout, and more connections have news than the loop is told at once."""
    port, count = t.port(), scaled(300)
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make(), frontend="idle-timeout = 8s"), threads=1)
    context = stream.client_context()
    streams = [stream.connect(("127.0.0.1", port), context) for _ in range(count)]
    os.kill(proxy.pid, signal.SIGSTOP)
    wait_for("it to stand still", lambda: proc.state(proxy.pid) == "T")
    for one in streams:
        one.send(b"while you slept")
    clock = proc.Stopwatch()
    wait_for("more than the idle time", lambda: clock.seconds() > 8.5)
    os.kill(proxy.pid, signal.SIGCONT)
    for one in streams:
        same(one.recv_exactly(15), b"while you slept")
        one.close()


main()
