"""A blocked or full sink never blocks a worker: lines are dropped and counted, and the next ones tell how many. F96"""
import fcntl
import os
import re
import subprocess

import evil
import load
import stream
from case import check, holds, main, needs_root, same, scaled, seconds, skip, wait_for
from sluice import web

CLIENTS = 20


def serve_some(port, rounds, tls=False):
    """Clients one after another on some threads; each must be served."""

    def client(_i):
        for _ in range(rounds):
            with stream.connect(("127.0.0.1", port), tls, limit=seconds(20)) as one:
                same(one.recv_until(b"\n"), b"a\n")

    load.together(CLIENTS, client, 100)


def start_on_pipe(t, port, **settings):
    """The program with both logs on one pipe of the smallest size that nobody reads."""
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    proxy = t.prepare(web(port, {"a": t.serve(evil.named("a"))}), stderr=writer, access_log="stderr", **settings)
    proxy.start()
    os.close(writer)
    wait_for("it to answer", lambda: answers(port))
    return proxy, reader


def answers(port):
    try:
        with stream.connect(("127.0.0.1", port)) as one:
            return one.recv_until(b"\n") == b"a\n"
    except ConnectionRefusedError:
        return False


@check
def a_pipe_that_nobody_reads(t):
    port = t.port()
    proxy, reader = start_on_pipe(t, port, log_level="debug")
    serve_some(port, scaled(500, 50))
    text = b""
    os.set_blocking(reader, False)

    def read_on():
        nonlocal text
        try:
            text += os.read(reader, 65536)
        except BlockingIOError:
            pass
        return re.search(rb"(\d+) (?:log )?lines? .*(?:dropped|lost)|dropped", text)

    wait_for("the count of dropped lines", lambda: answers(port) and read_on(), 20)
    for line in text.split(b"\n")[1:-1]:
        holds(line[:2] == b"20" or line.startswith(b"time=") or b" " in line, "a torn line: %r" % line[:200])
    os.close(reader)


@check
def a_pipe_that_nobody_reads_does_not_delay_the_end(t):
    port = t.port()
    proxy, reader = start_on_pipe(t, port)
    serve_some(port, 50)
    proxy.stop()
    os.close(reader)


@check
def a_pipe_that_nobody_reads_does_not_delay_a_reload(t):
    port, server = t.port(), t.serve(evil.named("b"))
    proxy, reader = start_on_pipe(t, port)
    serve_some(port, 50)
    proxy.write(web(port, {"b": server}))
    proxy.send_signal(1)
    wait_for("the new pool", lambda: not answers_as(port, b"a\n"), 10)
    os.close(reader)


def answers_as(port, name):
    with stream.connect(("127.0.0.1", port)) as one:
        return one.recv_until(b"\n") == name


@check
def a_full_device(t):
    """/dev/full answers ENOSPC to every write."""
    port = t.port()
    t.sluice(web(port, {"a": t.serve(evil.named("a"))}), access_log="/dev/full")
    serve_some(port, scaled(50, 10))


@check
def a_full_file_system_that_gets_room_again(t):
    needs_root()
    folder = t.path("full")
    os.mkdir(folder)
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder], stderr=subprocess.DEVNULL, check=False).returncode:
        skip("may not mount a tmpfs")
    t.defer(subprocess.run, ["umount", "-l", folder])
    port, access = t.port(), os.path.join(folder, "access.log")
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}), access_log=access)
    serve_some(port, scaled(100, 30))
    wait_for("the disk to be full", lambda: serve_some(port, 5) or os.path.getsize(access) >= 61440)
    serve_some(port, 10)
    proxy.wait_for_log(r"No space left|ENOSPC|dropped")
    os.truncate(access, 0)
    wait_for("lines again", lambda: answers(port) and os.path.getsize(access) > 1000)
    with open(access, encoding="ascii", errors="replace") as file:
        whole = [line for line in file.read().split("\n")[1:-1] if "time=" in line]
    holds(all(line.lstrip("\0").startswith("time=") for line in whole), "torn lines")


@check
def a_fifo_as_the_access_log_is_refused_or_harmless(t):
    """Opening a FIFO blocks until somebody reads: the start and a reload must not hang on it."""
    path = t.path("fifo")
    os.mkfifo(path)
    port = t.port()
    proxy = t.prepare(web(port, {"a": t.serve(evil.named("a"))}), access_log=path)
    proxy.expect_status = None
    proxy.start()
    wait_for("it to end or to answer", lambda: not proxy.is_running() or answers(port), 5)


main()
