"""Signals, EINTR and short writes at every system call: nothing breaks, nothing is lost. F91, F92"""
import collections
import os
import re
import signal

import evil
import load
import proc
import strace
import stream
from case import check, holds, main, needs_tool, run_command, same, scaled, skip, wait_for
from sluice import web

BYTES = 300000
READS, WRITES, WAITS = "recvfrom,recvmsg,read,readv", "sendto,sendmsg", "epoll_wait,epoll_pwait"


def exchange(port, i):
    with stream.connect(("127.0.0.1", port), True, limit=60) as one:
        load.exchange(one, load.Source(i, BYTES), load.Checker(i, BYTES), limit=60)


def exchanges_survive(t, calls, error, when, on_logs=False):
    """Clients, a reload and a signal work while every so manieth of the calls fails with an error that means: again."""
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()))
    paths = [proxy.access_path, proxy.log_path] if on_logs else []
    tampering = strace.Attached(t, proxy.pid, *strace.failing(calls, error, when, paths))
    load.together(4, lambda i: exchange(port, i))
    proxy.reload()
    proxy.send_signal(signal.SIGUSR1)
    proxy.wait_for_log("logs opened again")
    exchange(port, 9)
    same({line["reason"] for line in proxy.access(5)}, {"done"}, "with %s at %s" % (error, calls))
    holds("(INJECTED)" in tampering.end(), "no call of %s was tampered with" % calls)
    proxy.stop()


@check
def calls_are_interrupted(t):
    """F92: every few calls of a kind answer EINTR, as if a signal had come. Not write() on an eventfd, which libev does not
    repeat: the kernel never interrupts one that has room."""
    strace.needs_strace()
    for calls, when in ((READS, "3+7"), (WRITES, "3+7"), ("accept4", "1+2"), (WAITS, "3+7")):
        exchanges_survive(t, calls, "EINTR", when)
    exchanges_survive(t, "write,writev", "EINTR", "1+2", on_logs=True)


@check
def sockets_that_are_never_ready(t):
    """F92: EAGAIN at calls that were promised to succeed."""
    strace.needs_strace()
    for calls, when in (("recvfrom,recvmsg", "2+5"), ("sendto,sendmsg", "2+5"), ("accept4", "1+2")):
        exchanges_survive(t, calls, "EAGAIN", when)


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
    strace.needs_strace()
    proxy = t.prepare(web(t.port(), {"a": "127.0.0.1:1"}), env=strace.ENVIRONMENT)
    proxy._wrapper = ["strace", "-o", "/dev/null", "-P", proxy.config_path, "-e", "inject=openat:delay_enter=1000000:when=1"]
    proxy.start()
    pid = wait_for("it to open its file", lambda: child_that_opens(proxy, proxy.config_path))
    for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGHUP):
        os.kill(pid, number)
    proxy.wait_ready()
    proxy.wait_for_log("logs opened again")
    proxy.wait_for_log("configuration 2 in force")
    interrupt(proxy)
    proxy.wait_exit()


def child_that_opens(proxy, path):
    """The traced program's id when the call that it stands in is openat() of that path."""
    return next((pid for pid in proc.children(proxy.pid) if proc.path_being_opened(pid) == path), None)


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


def calls_of_the_start(t, body):
    """The system calls of the main thread until it is ready, as (name, how manieth of that name)."""
    trace = t.path("trace")
    proxy = t.prepare(body, wrapper=["strace", "-o", trace], env=strace.ENVIRONMENT)
    proxy.start()
    proxy.wait_ready()
    with open(trace, encoding="ascii", errors="replace") as file:
        names = re.findall(r"^(\w+)\(", file.read(), re.M)
    interrupt(proxy)
    proxy.wait_exit()
    seen = collections.Counter()
    calls = []
    for name in names:
        seen[name] += 1
        calls.append((name, seen[name]))
    return calls


def interrupt(traced):
    try:
        for pid in proc.children(traced.pid):
            os.kill(pid, signal.SIGINT)
    except (FileNotFoundError, ProcessLookupError):
        pass  # it has ended


@check
def int_at_every_call_of_the_start(t):
    """F91: ended while it starts, at one system call after the other: it goes away cleanly, or by the signal's default as
    long as it does not catch it yet."""
    strace.needs_strace()
    body = web(t.port(), {"a": "127.0.0.1:1"}, t.certs.make())
    calls, statuses = calls_of_the_start(t, body), collections.Counter()
    for name, number in calls[:: max(1, len(calls) // scaled(80, 8))]:
        wrapper = ["strace", "-o", "/dev/null", "-e", "inject=%s:signal=INT:when=%d" % (name, number)]
        proxy = t.prepare(body, wrapper=wrapper, env=strace.ENVIRONMENT)
        proxy.expect_status = None
        proxy.start()
        wait_for("its end, or that it is ready", lambda proxy=proxy: not proxy.is_running() or is_ready(proxy))
        interrupt(proxy)  # a call that was not made this time
        statuses[proxy.wait_exit()] += 1
    holds(statuses[0] and set(statuses) <= {0, -signal.SIGINT}, "exit statuses %s" % statuses)


def is_ready(proxy):
    return any(" ready: " in line for line in proxy.log())


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
        go_at_once(port)
    holds(proxy.is_running(), "it died")
    stream.turned_away(("127.0.0.1", port))


def go_at_once(port):
    try:
        with stream.connect(("127.0.0.1", port)) as one:
            one.recv(1)
            one.reset()
    except ConnectionResetError:
        pass  # the server's reset came before connect() returned


def stream_accepts(port):
    try:
        stream.connect_socket(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    except ConnectionResetError:
        pass  # the server's reset came before connect() returned
    return True


main()
