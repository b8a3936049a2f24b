"""No server hears of a client whose handshake is not complete; the deadline of the handshake is total. F11"""
import socket

import evil
import proc
import stream
from case import check, holds, main, same, scaled, seconds, wait_for
from sluice import web


def front(t, timeout):
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"a": server}, t.certs.make(), frontend="handshake-timeout = %s" % timeout))
    return port, server, proxy


@check
def nothing_is_dialled_before(t):
    port, server, proxy = front(t, "3s")
    hello = stream.client_hello("localhost")
    silent = stream.connect(("127.0.0.1", port))
    half = stream.connect(("127.0.0.1", port))
    half.send(hello[:50])
    whole = stream.connect(("127.0.0.1", port))
    whole.send(hello)
    whole.recv()  # the server's flight has come, ours never goes
    for one in (silent, half, whole):
        one.recv_end()  # closed by the deadline
        one.close()
    same([int(line["attempts"]) for line in proxy.access(3)], [0, 0, 0])
    same(server.accepted, 0, "connections to the server")
    with stream.connect(("127.0.0.1", port), True) as one:
        same(one.recv_until(b"\n"), b"a\n")
    same(server.accepted, 1)


@check
def progress_does_not_extend_the_deadline(t):
    """One byte of the ClientHello each 100 ms: never idle, still over after handshake-timeout."""
    port, _, proxy = front(t, "1s")
    hello = stream.client_hello("localhost")
    at, clock = 0, proc.Stopwatch()
    with stream.connect(("127.0.0.1", port)) as one:
        for at in range(len(hello)):
            try:
                one.send(hello[at : at + 1])
            except OSError:
                break
            if stream.poll(one.sock, True, False, 0.1) and one.read_now() == b"":
                break
    holds(clock.seconds() > 0.9, "closed after %.1f s" % clock.seconds())
    holds(at < len(hello) - 1, "all of the hello was waited for")
    holds("handshake" in proxy.access(1)[0]["reason"], proxy.access(1)[0]["reason"])


@check
def a_crowd_that_never_shakes_hands_is_cleared_away_and_does_not_slow_others(t):
    port, server, proxy = front(t, "4s")
    count = scaled(1000, 100)
    crowd = [stream.connect_socket(("127.0.0.1", port)) for _ in range(count)]
    with stream.connect(("127.0.0.1", port), True) as one:
        same(one.recv_until(b"\n"), b"a\n")
    for sock in crowd:
        sock.settimeout(seconds(20))
        try:
            same(sock.recv(100)[:1] in (b"", b"\x15"), True, "an alert or the end")
        except ConnectionResetError:
            pass
        sock.close()
    proxy.access(count + 1)
    wait_for("the client of the server to go", lambda: server.active == 0)


@check
def a_client_that_leaves_during_the_handshake_leaves_nothing(t):
    port, server, proxy = front(t, "5s")
    hello = stream.client_hello()
    for number, leave in enumerate((socket.socket.close, evil.close_with_linger)):
        for at in (0, 3, 100, len(hello)):
            sock = stream.connect_socket(("127.0.0.1", port))
            sock.sendall(hello[:at])
            leave(sock)
        lines = proxy.access(4 * (number + 1))
        same({line["side"] for line in lines}, {lines[0]["side"]}, "who closed")
    same(server.accepted, 0)


main()
