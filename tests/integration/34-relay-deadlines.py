"""Idle, half-close, stalled-write and connect deadlines, each with its own reason, none of them ending like a whole stream."""
import re
import socket
import threading
import time

import evil
import load
import proc
import sluice
import stream
from case import check, holds, main, same, seconds, wait_for
from sluice import web


def front(t, handler, tls, frontend="", pool=""):
    port = t.port()
    return port, t.sluice(web(port, {"a": t.serve(handler)}, t.certs.make() if tls else None, frontend=frontend, pool=pool))


def ended_badly(one, has_alert, what):
    """What ends by us is told: an alert where there is one, then a reset."""
    one.recv_end()
    same(one.ends, ["alert:TLSV1_ALERT_INTERNAL_ERROR", "reset"] if has_alert else ["reset"], what)


def speaks_behind_the_clients_end():
    """OpenSSL 3.0 and 3.1 can still be brought to send an alert then."""
    return re.search(r"^OpenSSL 3\.[01]\.", sluice.run("--version")[1], re.M)


@check
def an_idle_connection_is_closed(t):
    for tls in (True, False):
        port, proxy = front(t, evil.hold, tls, "idle-timeout = 1s")
        clock = proc.Stopwatch()
        with stream.connect(("127.0.0.1", port), tls) as one:
            ended_badly(one, tls, "the client")
        holds(clock.seconds() > 0.9, "closed after %.1f s" % clock.seconds())
        same(proxy.access(1)[0]["reason"], "idle-timeout")


def trickle(one):
    """A byte every tenth of an idle time of 2 s, for longer than that; then the end."""
    tick = threading.Event()
    for _ in range(13):
        one.send(b"x")
        tick.wait(0.2)
    one.finish()


@check
def bytes_in_either_direction_keep_it_alive(t):
    def upload_only(one):
        same(one.recv_all(), b"x" * 13)
        one.finish()

    def download_only(one):
        trickle(one)
        one.recv_end()

    def client(fronts, i):
        upwards, tls, port, _ = fronts[i]
        with stream.connect(("127.0.0.1", port), tls) as one:
            if upwards:
                trickle(one)
                same(one.recv_end(), stream.CLEAN[tls])
            else:
                same(one.recv_all(), b"x" * 13)
                one.finish()

    kinds = [(upwards, tls) for upwards in (True, False) for tls in (True, False)]
    fronts = [(*kind, *front(t, upload_only if kind[0] else download_only, kind[1], "idle-timeout = 2s")) for kind in kinds]
    load.together(len(fronts), lambda i: client(fronts, i))
    for _, _, _, proxy in fronts:
        same(proxy.access(1)[0]["reason"], "done")


@check
def half_closed_and_quiet_is_closed(t):
    for tls in (True, False):
        held = []

        def handler(one, held=held):
            held.append(one)
            one.recv_end()
            threading.Event().wait(20)

        port, proxy = front(t, handler, tls, "half-close-timeout = 1s")
        with stream.connect(("127.0.0.1", port), tls) as one:
            one.send(b"request")
            one.finish()
            ended_badly(one, tls and speaks_behind_the_clients_end(), "the client")
        same(proxy.access(1)[0]["reason"], "half-close-timeout")


@check
def half_closed_and_busy_goes_on(t):
    def handler(one):
        one.recv_end()
        trickle(one)

    port, proxy = front(t, handler, True, "half-close-timeout = 2s")
    with stream.connect(("127.0.0.1", port), True) as one:
        one.finish()
        same(one.recv_all(), b"x" * 13)
        same(one.ends, stream.CLEAN[True])
    same(proxy.access(1)[0]["reason"], "done")


@check
def a_client_that_takes_nothing_is_closed(t):
    """The stalled write: bytes wait, so the idle limit alone (here far off) would keep both sides for long."""
    for tls in (True, False):
        endless = evil.Endless(1 << 30)
        port, proxy = front(t, endless, tls, "write-timeout = 1s\nidle-timeout = 10m")
        with stream.connect(("127.0.0.1", port), tls, limit=20):
            same(proxy.access(1)[0]["reason"], "client-stalled")


@check
def a_server_that_takes_nothing_is_closed(t):
    for tls in (True, False):
        port, proxy = front(t, evil.never_read, tls, "write-timeout = 1s\nidle-timeout = 10m")
        with stream.connect(("127.0.0.1", port), tls) as one:
            deadline = time.monotonic() + seconds(15)
            try:
                while time.monotonic() < deadline:
                    if not one.write_now(bytes(65536)):
                        stream.poll(one.sock, False, True, 0.1)
                    if one.read_now() == b"":
                        break
            except ConnectionError:
                pass
            same(proxy.access(1)[0]["reason"], "server-stalled")


@check
def a_trickling_reader_is_not_stalled(t):
    """It takes a little every 200 ms: slow, but progress."""
    endless = evil.Endless(1 << 30)
    port, proxy = front(t, endless, False, "write-timeout = 3s")
    tick = threading.Event()
    with stream.connect(("127.0.0.1", port)) as one:
        for _ in range(20):
            got = 0
            while got < 1 << 20:
                got += len(one.recv_exactly(65536))
            tick.wait(0.2)
        same(proxy.access_text(), [])


MB = 1 << 20
SLOWLY = 2 * MB  # so much is read in 32 steps, which takes some three times a deadline of 2 s


def read_slowly(one, total):
    """Returns the number of bytes that came before the end."""
    tick, got = threading.Event(), 0
    try:
        while got < SLOWLY:
            got += len(one.recv_exactly(SLOWLY // 32))
            tick.wait(0.2)
        return got + len(one.recv_exactly(total - got))
    except stream.Ended:
        return got


@check
def a_slow_client_gets_all_of_an_answer_whose_server_is_done(t):
    """The last megabytes are with the kernel, nothing passes through the proxy any more, and the client takes its time."""
    total = 4 * MB

    def handler(one):
        one.send(bytes(total))
        one.finish()
        one.recv_end()

    port, _ = front(t, handler, True, "half-close-timeout = 2s")
    with stream.connect(("127.0.0.1", port), True, rcvbuf=65536) as one:
        same(read_slowly(one, total), total, "bytes of the answer")
        same(one.recv_end(), stream.CLEAN[True])


@check
def a_slow_client_that_has_ended_gets_all_of_its_answer(t):
    total = 8 * MB

    def handler(one):
        one.recv_end()
        one.limit = 60
        one.send(bytes(total))
        one.finish()

    port, proxy = front(t, handler, False, "half-close-timeout = 2s")
    with stream.connect(("127.0.0.1", port), rcvbuf=65536) as one:
        one.finish()
        same(read_slowly(one, total), total, "bytes of the answer")
        same(one.recv_end(), ["fin"])
    same(proxy.access(1)[0]["reason"], "done")


@check
def a_slow_server_gets_all_of_an_upload_whose_client_is_done(t):
    total, got = 5 * MB, []

    def handler(one):
        one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        got.append(read_slowly(one, total))
        same(one.recv_end(), ["fin"])
        one.finish()

    port, proxy = front(t, handler, False, "half-close-timeout = 2s")
    with stream.connect(("127.0.0.1", port)) as one:
        one.send(bytes(total))
        one.finish()
        same(one.recv_end(), ["fin"])
    same(got, [total], "bytes of the upload")
    same(proxy.access(1)[0]["reason"], "done")


@check
def the_answer_survives_a_deadline_that_passes_behind_it(t):
    """The server is done and the client, which has it all in its kernel or ours, neither reads nor ends: no reset for it."""
    total = 2 * MB
    for tls in (True, False):

        def handler(one):
            one.send(bytes(total))
            one.finish()
            one.recv_end()

        port, proxy = front(t, handler, tls, "half-close-timeout = 1s")
        with stream.connect(("127.0.0.1", port), tls) as one:
            same(proxy.access(1)[0]["reason"], "half-close-timeout")
            same(len(one.recv_all()), total, "bytes of the answer")
            same(one.ends, stream.CLEAN[tls])


@check
def connecting_has_a_deadline(t):
    port = t.port()
    proxy = t.sluice(web(port, {"hole": t.black_hole()}, t.certs.make(), pool="connect-timeout = 1s\nretry-max = 0"))
    clock = proc.Stopwatch()
    with stream.connect(("127.0.0.1", port), True) as one:
        ended_badly(one, True, "the client")
    holds(clock.seconds() > 0.9, "closed after %.1f s" % clock.seconds())
    line = proxy.access(1)[0]
    same((line["reason"], line["errors"], line["attempts"]), ("no-server", "hole:timeout", "1"))


@check
def a_late_handshake_is_told_so(t):
    """An alert that nobody could encrypt yet: record type 21, two bytes, fatal (2), internal_error (80)."""
    port, proxy = front(t, evil.hold, True, "handshake-timeout = 500ms")
    with stream.connect(("127.0.0.1", port)) as one:
        one.send(stream.client_hello()[:50])
        got = one.recv_all()
        same((got[:1], got[3:], one.ends), (b"\x15", b"\0\2\2\x50", ["reset"]))
    same(proxy.access(1)[0]["reason"], "handshake-timeout")


@check
def no_deadline_remains_armed_after_its_step(t):
    """A handshake limit and a connect limit that are shorter than the stream lives."""
    port = t.port()
    t.sluice(
        web(port, {"a": t.serve(evil.echo)}, t.certs.make(), frontend="handshake-timeout = 2s", pool="connect-timeout = 2s")
    )
    with stream.connect(("127.0.0.1", port), True) as one:
        clock = proc.Stopwatch()
        wait_for("the limits to be over", lambda: ping(one) and clock.seconds() > 2.5)


def ping(one):
    one.send(b"ping")
    same(one.recv_exactly(4), b"ping")
    return True


main()
