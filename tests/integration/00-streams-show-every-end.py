"""The harness itself: a Stream sees every way in which the other side can end, against peers that are not ours."""
# needs: no-binary
import socket
import subprocess

import evil
import load
import proc
import stream
from case import check, main, needs_tool, same, wait_for

BODY = bytes(range(256)) * 400


def ends_seen(t, tls, act):
    """What a client sees of a server that sends BODY and then does act(stream)."""
    context = stream.server_context(t.certs.make()) if tls else None

    def handler(one):
        one.send(BODY)
        act(one)

    server = t.serve(handler, tls=context)
    with stream.connect(server.where, tls) as one:
        same(one.recv_all(), BODY)
        return one.ends


@check
def ends_are_told_apart(t):
    finish, cut, reset = stream.Stream.finish, stream.Stream.cut, stream.Stream.reset
    same(ends_seen(t, False, finish), ["fin"])
    same(ends_seen(t, True, finish), ["close_notify", "fin"])
    same(ends_seen(t, True, cut), ["fin"])
    same(ends_seen(t, False, reset), ["reset"])
    same(ends_seen(t, True, reset), ["reset"])


@check
def a_stream_can_be_half_closed(t):
    """close_notify in one direction, then bytes in the other."""
    for tls in (False, True):
        def handler(one):
            same(one.recv_all(), b"request")
            same(one.ends, stream.CLEAN[tls])
            one.send(BODY)
            one.finish()

        server = t.serve(handler, tls=stream.server_context(t.certs.make()) if tls else None)
        with stream.connect(server.where, tls) as one:
            one.send(b"request")
            one.finish()
            same(one.recv_all(), BODY)
            same(one.ends, stream.CLEAN[tls])


@check
def bytes_that_came_before_our_own_end_are_kept(t):
    server = t.serve(evil.named("a"), tls=stream.server_context(t.certs.make()))
    with stream.connect(server.where, True) as one:
        wait_for("the greeting", lambda: stream.poll(one.sock, True, False, 0))
        one.finish()
        same(one.recv_all(), b"a\n")


@check
def both_directions_at_once_with_one_byte_segments(t):
    server = t.serve(evil.echo, tls=stream.server_context(t.certs.make()))
    with stream.connect(server.where, True, slice_bytes=1) as one:
        load.exchange(one, load.Source("x", 20000), load.Checker("x", 20000))


@check
def openssl_agrees_on_a_clean_end(t):
    needs_tool("openssl")
    port, cert = t.port(), t.certs.make()
    server = subprocess.Popen(
        ["openssl", "s_server", "-accept", str(port), "-cert", cert.crt, "-key", cert.key, "-quiet", "-naccept", "1"],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    t.defer(server.wait)
    t.defer(server.kill)
    wait_for("s_server", lambda: proc.is_listening(port))
    with stream.connect(("127.0.0.1", port), True) as one:
        server.stdin.write(b"hello")
        server.stdin.close()
        same(one.recv_all(), b"hello")
        same(one.ends[:1], ["close_notify"])


@check
def a_black_hole_does_not_answer_and_a_refuser_refuses(t):
    try:
        stream.connect_socket(t.black_hole().where, 0.5)
        raise AssertionError("the black hole answered")
    except socket.timeout:
        pass
    try:
        stream.connect_socket(t.refuser().where, 5)
        raise AssertionError("the refuser accepted")
    except ConnectionRefusedError:
        pass


main()
