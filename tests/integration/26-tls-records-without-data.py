"""Records that carry nothing cost their sender the connection, not everybody else the worker. F9

Python's ssl cannot send a KeyUpdate, so the client here is libssl itself, over memory BIOs.
"""
import ctypes
import socket

import evil
import proc
import stream
from case import SANITIZER, check, holds, main, same, wait_for
from sluice import web

NOT_REQUESTED, REQUESTED = 0, 1
RECORD = 27  # wire bytes of one KeyUpdate


def _libssl():
    lib, crypto = ctypes.CDLL("libssl.so.3"), ctypes.CDLL("libcrypto.so.3")
    pointer, number = ctypes.c_void_p, ctypes.c_int
    for owner, name, result, arguments in (
        (lib, "TLS_client_method", pointer, []),
        (lib, "SSL_CTX_new", pointer, [pointer]),
        (lib, "SSL_CTX_free", None, [pointer]),
        (lib, "SSL_new", pointer, [pointer]),
        (lib, "SSL_free", None, [pointer]),
        (lib, "SSL_set_bio", None, [pointer, pointer, pointer]),
        (lib, "SSL_set_connect_state", None, [pointer]),
        (lib, "SSL_do_handshake", number, [pointer]),
        (lib, "SSL_key_update", number, [pointer, number]),
        (lib, "SSL_write", number, [pointer, ctypes.c_char_p, number]),
        (crypto, "BIO_s_mem", pointer, []),
        (crypto, "BIO_new", pointer, [pointer]),
        (crypto, "BIO_read", number, [pointer, ctypes.c_char_p, number]),
        (crypto, "BIO_write", number, [pointer, ctypes.c_char_p, number]),
    ):
        function = getattr(owner, name)
        function.restype, function.argtypes = result, arguments
        setattr(lib, name, function)
    return lib


class Client:
    """TLS 1.3 over a socket of its own. After the handshake it reads nothing."""

    def __init__(self, t, port, rcvbuf=None):
        self._ssl = _libssl()
        context = self._ssl.SSL_CTX_new(self._ssl.TLS_client_method())
        self._one = self._ssl.SSL_new(context)
        self._ssl.SSL_CTX_free(context)
        t.defer(self._ssl.SSL_free, self._one)
        self._in, self._out = (self._ssl.BIO_new(self._ssl.BIO_s_mem()) for _ in range(2))
        self._ssl.SSL_set_bio(self._one, self._in, self._out)
        self._ssl.SSL_set_connect_state(self._one)
        self.sock = stream.connect_socket(("127.0.0.1", port), rcvbuf=rcvbuf)
        t.defer(self.sock.close)
        while self._ssl.SSL_do_handshake(self._one) != 1:
            self.sock.sendall(self.take())
            data = self.sock.recv(65536)
            self._ssl.BIO_write(self._in, data, len(data))
        self.sock.sendall(self.take())

    def take(self):
        """The records made so far."""
        memory = ctypes.create_string_buffer(1 << 20)
        count = self._ssl.BIO_read(self._out, memory, len(memory))
        return memory.raw[: max(count, 0)]

    def updates(self, count, kind):
        for _ in range(count):
            same((self._ssl.SSL_key_update(self._one, kind), self._ssl.SSL_do_handshake(self._one)), (1, 1))

    def data(self, data):
        same(self._ssl.SSL_write(self._one, data, len(data)), len(data))


def front(t, handler):
    port = t.port()
    return port, t.sluice(web(port, {"a": t.serve(handler)}, t.certs.make()))


@check
def a_flood_of_key_updates_is_ended(t):
    port, proxy = front(t, evil.hold)
    client = Client(t, port)
    client.updates(200000 // RECORD, NOT_REQUESTED)
    try:
        client.sock.sendall(client.take())
    except ConnectionError:
        pass  # it was ended before all was sent
    line = proxy.access(1)[0]
    same((line["side"], line["reason"]), ("client", "client-tls"))
    holds("without data" in line["detail"], "the detail: " + line["detail"])


@check
def key_updates_among_data_do_no_harm(t):
    got = []

    def handler(one):
        got.append(one.recv_exactly(50))
        one.recv_end()

    port, proxy = front(t, handler)
    client = Client(t, port)
    for _ in range(50):
        client.updates(20000 // RECORD, NOT_REQUESTED)
        client.data(b"x")
        client.sock.sendall(client.take())
    wait_for("the data", lambda: got)
    same(got, [b"x" * 50])
    same(proxy.access_text(), [], "lines of a connection that goes on")


@check
def an_answer_that_openssl_gives_by_itself_does_not_follow_our_end(t):
    """The server has ended, so the client was told of a clean end; what it still sends, with new keys, goes on to the server."""
    got = []

    def handler(one):
        one.finish()
        for _ in range(3):
            got.append(one.recv_exactly(1000))
        one.recv_end()

    port, proxy = front(t, handler)
    client = Client(t, port)
    while client.sock.recv(65536):  # close_notify, then FIN
        pass
    for count in (1, 2, 3):
        client.updates(1, REQUESTED)
        client.data(b"x" * 1000)
        client.sock.sendall(client.take())
        wait_for("the data", lambda count=count: len(got) == count)
    same(proxy.access_text(), [], "lines of a connection that goes on")


@check
def a_client_that_asks_and_never_listens_has_to_wait(t):
    """Each of its updates is to be answered with one. When no more answers fit, it is not read, and that costs nothing."""
    port, proxy = front(t, evil.hold)
    client = Client(t, port, rcvbuf=4096)
    client.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    client.sock.setblocking(False)
    pending = b""
    for _ in range(400):
        if not pending:
            client.updates(50000 // RECORD, REQUESTED)
            client.data(b"x")
            pending = client.take()
        if not stream.poll(client.sock, False, True, 1):
            break
        pending = pending[client.sock.send(pending) :]
    else:
        raise AssertionError("it takes updates for ever")
    before, clock = proc.cpu_seconds(proxy.pid), proc.Stopwatch()
    wait_for("a window of one second", lambda: clock.seconds() > 1, 5)
    spent = proc.cpu_seconds(proxy.pid) - before
    holds(SANITIZER or spent < 0.1, "%.2f s of CPU in a second" % spent)
    same(proxy.access_text(), [], "lines of a connection that only waits")


main()
