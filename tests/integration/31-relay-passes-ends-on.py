"""How a connection ends is passed on faithfully and the halves are independent: each row of the table. F13, F14, F59, F65

    close_notify, or a clean FIN of a plain side      that direction alone ends cleanly, after every byte; the other goes on
    RST, or FIN without close_notify on a TLS side    RST; never a close_notify, never a clean FIN
    a deadline or a failure of ours                   an alert where there is one, then RST; never something that looks complete
"""
# group: smoke
import fcntl
import queue
import socket
import sys
import termios

import evil
import load
import proc
import stream
from case import check, holds, main, same, scaled, wait_for
from sluice import web

BODY = load.Bytes("body").take(300000)
MB = 1024 * 1024
PIECE = bytes(30000)


class Pair:
    """A client and the server's end of the same session, both in the hands of the check."""

    def __init__(self, t, tls, frontend="", pool="", unix=None):
        self.tls = tls
        self._server_ends = queue.Queue()
        self._done = queue.Queue()
        port = t.port()
        server = t.serve(self._serve, unix=unix)
        t.defer(self._done.put, None)
        certificate = t.certs.make() if tls else None
        self.proxy = t.sluice(web(port, {"a": server}, certificate, frontend=frontend, pool=pool))
        self.front = stream.connect(("127.0.0.1", port), tls)
        t.defer(self.front.close)
        self.back = self._server_ends.get(timeout=20)

    def _serve(self, one):
        self._server_ends.put(one)
        self._done.get()

    def reason(self):
        line = self.proxy.access(1)[0]
        return line["side"], line["reason"]


def ends(one):
    """What arrived before the end does not matter here, only how it ended."""
    one.recv_end()
    return one.ends


def not_clean(one, what):
    seen = ends(one)
    holds(seen[-1] == "reset" and "close_notify" not in seen and "fin" not in seen, "%s saw %s, not a reset" % (what, seen))


@check
def the_client_ends_first_and_the_answer_still_comes_whole(t):
    """F14: close_notify after the request, then an answer."""
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.front.send(BODY[:1000])
        pair.front.finish()
        same(pair.back.recv_all(), BODY[:1000], "the request")
        same(pair.back.ends, ["fin"])
        pair.back.send(BODY)
        pair.back.finish()
        same(pair.front.recv_all(), BODY, "the answer")
        same(pair.front.ends, stream.CLEAN[tls])
        same(pair.reason()[1], "done")


@check
def the_server_ends_first_and_the_client_goes_on(t):
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.back.send(BODY)
        pair.back.finish()
        same(pair.front.recv_all(), BODY)
        same(pair.front.ends, stream.CLEAN[tls])
        for _ in range(3):  # more than one turn of the loop after the end
            pair.front.send(BODY[:1000])
            same(pair.back.recv_exactly(1000), BODY[:1000])
        pair.front.finish()
        same(ends(pair.back), ["fin"])
        same(pair.reason()[1], "done")


@check
def close_notify_alone_ends_the_direction(t):
    """A TLS client that sends close_notify and keeps its TCP side open, as TLS 1.3 allows: no FIN will tell of the end again."""
    for tls in (stream.client_context(version="TLSv1.2"), stream.client_context(version="TLSv1.3")):
        for buffer in ("4k", "16k", "64k"):
            pair = Pair(t, tls, frontend="buffer = " + buffer)
            in_one_segment(pair.front, lambda front: (front.send(b"request"), front.finish(fin=False)))
            same(pair.back.recv_all(), b"request")
            same(pair.back.ends, ["fin"])
            pair.back.send(BODY)
            pair.back.finish()
            same(pair.front.recv_all(), BODY)
            same(pair.front.ends, stream.CLEAN[True])


def in_one_segment(one, act):
    one.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
    act(one)
    one.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)


@check
def an_end_follows_every_byte_also_through_back_pressure(t):
    """Ten megabytes and the end are sent before the other side reads its first byte."""
    total = scaled(10) * MB
    for tls in (True, False):
        pair = Pair(t, tls)
        one_way(pair.front, pair.back, total)
        pair = Pair(t, tls)
        one_way(pair.back, pair.front, total)


def one_way(sender, receiver, total):
    """The sender fills every buffer, then the receiver begins, then the sender ends."""
    checker, source, pending, ended = load.Checker("x", total), iter(load.Source("x", total)), b"", False
    blocked = 0
    while not ended:
        pending = pending or memoryview(next(source, b""))
        if not pending:
            sender.finish_now()
            ended = True
            break
        count = sender.write_now(pending)
        pending = pending[count:]
        if not count:
            blocked += 1
            data = receiver.recv()
            checker.take(data)
    while True:
        ready = sender.flush_now()
        data = receiver.read_now()
        if data:
            checker.take(data)
        elif data == b"":
            break
        else:
            stream.poll(receiver.sock, True, False, 0.05 if not ready else 1)
    checker.finish()
    same(receiver.ends, stream.CLEAN[receiver.is_tls])


@check
def both_end_at_the_same_time(t):
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.front.send(b"up")
        pair.back.send(b"down")
        pair.front.finish()
        pair.back.finish()
        same((pair.front.recv_all(), pair.front.ends), (b"down", stream.CLEAN[tls]))
        same((pair.back.recv_all(), pair.back.ends), (b"up", ["fin"]))
        same(pair.reason()[1], "done")


@check
def an_end_without_any_byte(t):
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.front.finish()
        same(ends(pair.back), ["fin"])
        pair.back.finish()
        same(ends(pair.front), stream.CLEAN[tls])


@check
def a_client_s_reset_reaches_the_server_as_a_reset(t):
    for tls in (True, False):
        for sent in (b"", b"half of somethi"):
            pair = Pair(t, tls)
            if sent:
                pair.front.send(sent)
                pair.back.recv_exactly(len(sent))
            pair.front.reset()
            not_clean(pair.back, "the server")
            same(pair.reason(), ("client", "client-reset"))


@check
def a_client_that_leaves_in_the_middle_of_an_answer_broke_no_protocol(t):
    """As a browser does whose user has seen enough: close_notify, and then nobody is there for the rest."""
    for tls in (stream.client_context(version="TLSv1.2"), stream.client_context(version="TLSv1.3"), None):
        port = t.port()
        proxy = t.sluice(web(port, {"a": t.serve(evil.Endless())}, t.certs.make() if tls else None))
        for _ in range(5):
            with stream.connect(("127.0.0.1", port), tls) as one:
                one.recv_exactly(1000000)
                one.finish_now()
        same({(line["side"], line["reason"]) for line in proxy.access(5)}, {("client", "client-reset")})


@check
def a_client_that_is_cut_off_reaches_the_server_as_a_reset(t):
    """F13: FIN without close_notify."""
    pair = Pair(t, True)
    pair.front.send(BODY[:5000])
    pair.back.recv_exactly(5000)
    pair.front.cut()
    not_clean(pair.back, "the server")
    holds(pair.front.recv_end()[-1] in ("reset", "fin"), "the client's own end")
    same(pair.reason(), ("client", "client-cut"))


@check
def a_server_s_reset_reaches_the_client_as_a_reset(t):
    for tls in (True, False):
        for sent in (b"", BODY[:20000]):
            pair = Pair(t, tls, pool="retry-max = 0")  # untouched, it would be given to the next server
            if sent:
                pair.back.send(sent)
                pair.front.recv_exactly(len(sent))
            pair.back.reset()
            not_clean(pair.front, "the client")
            holds(pair.reason()[1] in ("server-reset", "no-server"), "the reason in the log")


@check
def a_reset_after_one_half_has_ended_is_still_a_reset(t):
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.front.send(b"request")
        pair.front.finish()
        same(pair.back.recv_all(), b"request")
        pair.back.send(b"half of the ans")
        pair.front.recv_exactly(15)
        pair.back.reset()
        not_clean(pair.front, "the client")
        pair = Pair(t, tls)
        pair.back.send(b"answer")
        pair.back.finish()
        same(pair.front.recv_all(), b"answer")
        pair.front.send(b"half of a req")
        pair.back.recv_exactly(13)
        pair.front.reset()
        not_clean(pair.back, "the server")


@check
def a_reset_is_seen_while_its_bytes_cannot_be_passed_on(t):
    """The client reads nothing, so the proxy does not read the server: the server's RST must get through all the same."""
    for tls in (True, False):
        pair = Pair(t, tls, frontend="write-timeout = 60s")
        fill(pair.back)
        pair.back.reset()
        not_clean(pair.front, "the client")
        pair = Pair(t, tls, frontend="write-timeout = 60s")
        fill(pair.front)
        pair.front.reset()
        not_clean(pair.back, "the server")


def fill(one):
    """Writes until the other side takes no more."""
    piece = bytes(65536)
    idle = 0
    while idle < 3:
        if one.write_now(piece):
            idle = 0
        elif not stream.poll(one.sock, False, True, 0.1):
            idle += 1


@check
def an_early_answer_survives_an_upload_that_is_not_read(t):
    """F59: the server answers and ends its direction while the client still sends; not a byte of the answer is lost."""
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.front.send(BODY)
        pair.back.recv_exactly(1000)
        pair.back.send(b"413 too much\n" + BODY)
        pair.back.finish()
        same(pair.front.recv_all(), b"413 too much\n" + BODY)
        same(pair.front.ends, stream.CLEAN[tls])
        pair.back.recv_exactly(len(BODY) - 1000)
        pair.front.finish()
        same(ends(pair.back), ["fin"])


@check
def an_early_answer_survives_a_server_that_then_goes_away(t):
    """F59: after its end the server closes, so what the client still sends is answered with RST."""
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.front.send(b"request")
        pair.back.recv_exactly(7)
        pair.back.send(BODY[:60000])  # what its kernel can be rid of: the rest would die with it
        pair.back.finish()
        pair.back.close()
        wait_for("the answer to arrive", lambda: stream.poll(pair.front.sock, True, False, 0))
        try:
            for _ in range(50):
                pair.front.write_now(bytes(65536))
        except OSError:
            pass
        got = bytearray()
        while len(got) < 60000:
            piece = pair.front.recv()
            if not piece:
                break
            got += piece
        same(bytes(got), BODY[:60000], "the answer")


@check
def an_early_answer_survives_a_server_that_is_gone_before_a_slow_client_has_read_it(t):
    """F59: the client has ended too; what it still lacks of the answer is with the proxy alone."""
    for tls in (True, False):
        pair = Pair(t, tls)
        pair.front.send(b"request")
        pair.back.recv_exactly(7)
        fill(pair.back)
        read = 0
        while unacknowledged(pair.back):  # until all is with the proxy, and no further
            read += len(pair.front.recv(4096))
        pair.back.finish()
        pair.back.close()
        pair.front.send(b"to nobody")
        wait_for("the server's RST", lambda pair=pair: "CLOSE_WAIT" not in proc.tcp_states(pair.proxy.pid).values())
        pair.front.send(b"to nobody")
        pair.front.finish()
        wait_for("the client's FIN", lambda pair=pair: unacknowledged(pair.front) == 0)
        read += len(pair.front.recv_all())
        same(read, pair.back.sent, "bytes of the answer")
        same(pair.front.ends, stream.CLEAN[tls])


def unacknowledged(one):
    """Bytes that are not yet with the other side's kernel."""
    count = fcntl.ioctl(one.sock, termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(count, sys.byteorder)


@check
def a_complete_request_survives_a_client_that_then_goes_away(t):
    """The same the other way round: what the client had sent is whole, with its end, when it leaves without the answer."""
    for tls in (True, False):
        pair = Pair(t, tls, unix=t.path("server-%s" % tls))  # whose buffer is soon full
        ports, sent = (pair.front.sock.getpeername()[1], pair.front.sock.getsockname()[1]), 0
        while proc.unread(*ports) < len(PIECE):  # until the proxy does not read on, because the server takes nothing
            pair.front.send(PIECE)
            sent += len(PIECE)
            wait_for("the bytes to be with the proxy", lambda pair=pair: not unacknowledged(pair.front))
        pair.front.finish()
        wait_for("the end to be with the proxy", lambda pair=pair: not unacknowledged(pair.front))
        pair.front.close()
        pair.back.send(b"answer")
        wait_for("the reset to be with the proxy", lambda ports=ports: proc.unread(*ports) is None)
        pair.back.send(b"more of the answer")
        same(len(pair.back.recv_all()), sent, "bytes of the request")
        same(pair.back.ends, ["fin"])
        same(pair.reason(), ("client", "client-reset"))


@check
def our_own_deadline_is_an_alert_and_a_reset(t):
    for tls in (stream.client_context(version="TLSv1.2"), stream.client_context(version="TLSv1.3"), None):
        pair = Pair(t, tls, frontend="idle-timeout = 1s")
        same(ends(pair.front), (["alert:TLSV1_ALERT_INTERNAL_ERROR"] if tls else []) + ["reset"], "the client")
        not_clean(pair.back, "the server")
        same(pair.reason()[1], "idle-timeout")


@check
def no_server_is_an_alert_and_a_reset(t):
    for tls in (True, False):
        port = t.port()
        t.sluice(web(port, {"a": t.refuser()}, t.certs.make() if tls else None, pool="retry-max = 0"))
        seen = stream.turned_away(("127.0.0.1", port), tls)
        same(seen, (["alert:TLSV1_ALERT_INTERNAL_ERROR"] if tls else []) + ["reset"], "the client")


@check
def a_record_that_does_not_decrypt_ends_with_an_alert(t):
    pair = Pair(t, True)
    pair.front.send(b"good")
    pair.back.recv_exactly(4)
    pair.front.sock.send(b"\x17\x03\x03\x00\x20" + bytes(32))
    seen = ends(pair.front)
    holds(seen[0].startswith("alert:") and "close_notify" not in seen, "the client saw %s" % seen)
    not_clean(pair.back, "the server")
    same(pair.reason(), ("client", "client-tls"))


@check
def bytes_after_close_notify_are_not_passed_on(t):
    """What comes behind the end of the stream is not part of it."""
    pair = Pair(t, True)
    pair.front.send(b"all of it")
    pair.front.finish(fin=False)
    pair.front.sock.send(b"\x17\x03\x03\x00\x20" + bytes(32))
    same(pair.back.recv_all(), b"all of it")


main()
