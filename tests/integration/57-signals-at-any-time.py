"""Signals, EINTR and short writes at every system call: nothing breaks, nothing is lost. F91, F92"""
# limit: 180
import os
import signal

import evil
import load
import proc
import stream
from case import SANITIZER, check, holds, known_open, main, needs_tool, run_command, same, scaled, skip, wait_for
from sluice import web

BYTES = 300000
CALLS = "read,write,writev,readv,recvfrom,recvmsg,sendto,sendmsg,accept4,connect,epoll_wait,epoll_pwait,openat,newfstatat,fstat,close"


def strace_or_skip():
    needs_tool("strace")
    if SANITIZER:
        skip("strace and a sanitizer do not mix")
    status, _, err = run_command("strace", "-f", "-o", "/dev/null", "true")
    if status != 0:
        skip("strace may not trace here: " + err.strip()[:80])


def under_strace(t, injection, **settings):
    """The program with strace tampering with its calls, from the moment it is ready."""
    strace_or_skip()
    port = t.port()
    proxy = t.sluice(
        web(port, {"a": t.serve(evil.echo)}, t.certs.make()), wrapper=["strace", "-f", "-qq", "-o", "/dev/null", *injection], ready_limit=30,
        **settings,
    )  # fmt: skip
    return port, proxy


def exchange(port, i):
    with stream.connect(("127.0.0.1", port), True, limit=60) as one:
        load.exchange(one, load.Source(i, BYTES), load.Checker(i, BYTES), limit=60)


def inject(what):
    return ["-e", "trace=" + CALLS, "-e", "inject=" + what]


@known_open("the injection does not start the program")
def calls_are_interrupted(t):
    """Every seventh call of a kind answers EINTR although nothing was wrong."""
    for calls in ("recvfrom,recvmsg,read,readv", "sendto,sendmsg,write,writev", "accept4", "connect", "epoll_wait,epoll_pwait"):
        port, proxy = under_strace(t, inject(calls + ":error=EINTR:when=3+7"))
        load.together(4, lambda i, port=port: exchange(port, i))
        proxy.reload()
        proxy.send_signal(signal.SIGUSR1)
        exchange(port, 9)
        same({line["reason"] for line in proxy.access(5)}, {"done"}, "with EINTR at " + calls)
        proxy.stop()


@check
def sockets_that_are_never_ready(t):
    """EAGAIN at calls that were promised to succeed."""
    for calls in ("recvfrom,recvmsg", "sendto,sendmsg"):
        port, proxy = under_strace(t, inject(calls + ":error=EAGAIN:when=2+5"))
        load.together(4, lambda i, port=port: exchange(port, i))
        same({line["reason"] for line in proxy.access(4)}, {"done"}, "with EAGAIN at " + calls)
        proxy.stop()


@check
def a_storm_of_signals_during_transfers(t):
    """No strace: real signals as fast as they can be sent, at whatever call the program is in."""
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()))
    numbers = (signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE, signal.SIGWINCH, signal.SIGCONT, signal.SIGURG, signal.SIGCHLD)
    storm = load.Background(1, lambda i: proxy.send_signal(numbers[i % len(numbers)]))
    t.defer(storm.halt)
    for i in range(scaled(20, 4)):
        load.together(4, lambda k, i=i: exchange(port, 4 * i + k))
    storm.stop()
    same({line["reason"] for line in proxy.access(4 * scaled(20, 4))}, {"done"})


@check
def what_is_asked_while_it_starts_is_done_afterwards(t):
    """HUP and USR1 while it opens its file: by their default they would end it."""
    strace_or_skip()
    proxy = t.prepare(web(t.port(), {"a": "127.0.0.1:1"}))
    proxy._wrapper = ["strace", "-qq", "-o", "/dev/null", "-P", proxy.config_path, "-e", "inject=openat:delay_enter=1000000:when=1"]
    proxy.start()
    pid = wait_for("it to open its file", lambda: held_in_a_call(proxy.process.pid))
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGHUP):
        os.kill(pid, number)
    proxy.wait_ready()
    proxy.wait_for_log("logs opened again")
    proxy.wait_for_log("configuration 2 in force")


def held_in_a_call(tracer):
    """The traced program's id when strace delays it, which it does for longer than at any other stop."""
    for pid, name in proc.children(tracer).items():
        if "sluice" in name and [proc.state(pid) for _ in range(200)] == ["t"] * 200:
            return pid
    return None


@check
def signals_that_came_blocked_are_obeyed(t):
    """What starts us may have blocked them, and a blocked mask is inherited."""
    needs_tool("env")
    status, _, err = run_command("env", "--block-signal=HUP", "true")
    if status != 0:
        skip("env cannot block signals: " + err.strip()[:80])
    proxy = t.sluice(web(t.port(), {"a": "127.0.0.1:1"}), wrapper=["env", "--block-signal"])
    proxy.reload()
    proxy.stop(signal.SIGTERM)


@check
def int_at_any_moment_of_the_start(t):
    """Ended while it starts: at every moment it goes away cleanly or was not yet catching (then by the signal's default)."""
    for delay in range(scaled(40, 8)):
        proxy = t.prepare(web(t.port(), {"a": "127.0.0.1:1"}, t.certs.make()))
        proxy.expect_status = None
        proxy.start()
        wait_for("a moment", Countdown(delay * 10))
        proxy.send_signal(signal.SIGINT)
        status = proxy.wait_exit()
        holds(status in (0, -signal.SIGINT), "exit status %d" % status)


class Countdown:
    """True after so many looks at it: a start of unknown length is interrupted a little later each time."""

    def __init__(self, looks):
        self._looks = looks // 10

    def __call__(self):
        self._looks -= 1
        return self._looks < 0


@check
def sigpipe_comes_from_nowhere(t):
    """A peer that is gone when we write, on both sides and to a log pipe without a reader: the process lives."""
    port = t.port()
    reader, writer = os.pipe()
    proxy = t.prepare(web(port, {"a": t.serve(evil.send_then_rst(300000))}, None), stderr=writer)
    proxy.start()
    os.close(writer)
    wait_for("it to listen", lambda: stream_accepts(port))
    os.close(reader)
    for _ in range(20):
        with stream.connect(("127.0.0.1", port)) as one:
            one.recv(1)
            one.reset()
    holds(proxy.is_running(), "it died")
    with stream.connect(("127.0.0.1", port)) as one:
        one.recv_end()


def stream_accepts(port):
    try:
        stream.connect_socket(("127.0.0.1", port)).close()
        return True
    except ConnectionRefusedError:
        return False


main()
