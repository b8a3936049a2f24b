#!/usr/bin/env python3
"""Peers that misbehave on purpose, and well-behaved ones to stand beside them.

A server's behaviour is a function of one Stream; the functions below are the stock. A client is a Stream itself
(stream.connect) that the case drives. By hand: `evil.py BEHAVIOUR [PORT]`, for example `evil.py rst_after_100 9000`.
"""
import os
import socket
import struct
import sys
import threading

import stream

ZEROS = bytes(65536)


class Server:
    """Listens on a port of its own, runs handler(stream) on a thread per connection. `address` is what the INI wants."""

    def __init__(self, handler, host="127.0.0.1", port=0, unix=None, tls=None, limit=30):
        self.handler = handler
        self.limit = limit
        self.accepted = 0
        self.active = 0
        self.errors = []
        self._tls = tls
        self._streams = set()
        self._guard = threading.Lock()
        self._changed = threading.Condition(self._guard)
        self.listener = _listen(host, port, unix)
        self.port = 0 if unix else self.listener.getsockname()[1]
        self.where = unix or (host, self.port)
        self.address = "unix:" + unix if unix else "%s:%d" % ("[%s]" % host if ":" in host else host, self.port)
        self._unix = unix
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return  # closed
            with self._guard:
                self.accepted += 1
                self.active += 1
                self._changed.notify_all()
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        one = stream.Stream(sock, self._tls, server_side=True, limit=self.limit)
        with self._guard:
            self._streams.add(one)
        try:
            if self._tls:
                one.handshake()
            self.handler(one)
        except (OSError, stream.Ended):
            pass  # the other side went away: the case looks at its own end
        except Exception as error:  # anything else is a fault of the case; close() reports it
            self.errors.append(error)
        finally:
            one.close()
            with self._guard:
                self._streams.discard(one)
                self.active -= 1
                self._changed.notify_all()

    def wait_accepted(self, count, limit=20):
        with self._changed:
            if not self._changed.wait_for(lambda: self.accepted >= count, limit):
                raise AssertionError("the server accepted %d connections, not %d" % (self.accepted, count))

    def wait_idle(self, limit=20):
        with self._changed:
            if not self._changed.wait_for(lambda: self.active == 0, limit):
                raise AssertionError("%d connections are still open at the server" % self.active)

    def stop_listening(self):
        """From now on connections are refused; those that exist go on."""
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self._thread.join()
        if self._unix and os.path.exists(self._unix):
            os.unlink(self._unix)

    def close(self):
        self.stop_listening()
        with self._guard:
            left = list(self._streams)
        for one in left:
            try:
                one.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        if self.errors:
            raise AssertionError("a handler failed: %r" % self.errors[0])


def _listen(host, port, unix):
    if unix:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.bind(unix)
    else:
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    sock.listen(4096)
    return sock


class Refuser:
    """Holds a port on which nobody listens."""

    def __init__(self, host="127.0.0.1"):
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._sock.bind((host, 0))
        self.where = self._sock.getsockname()
        self.address = "%s:%d" % self.where

    def close(self):
        self._sock.close()


class BlackHole:
    """A port that answers nothing at all: its queue is full, so the kernel drops every further SYN."""

    def __init__(self, host="127.0.0.1"):
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._sock.bind((host, 0))
        self._sock.listen(0)
        self.where = self._sock.getsockname()
        self.address = "%s:%d" % self.where
        self._fill = []
        while self._connects():
            pass

    def _connects(self):
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._fill.append(sock)
        sock.settimeout(0.3)
        try:
            sock.connect(self.where)
            return True
        except socket.timeout:
            return False

    def close(self):
        for sock in self._fill:
            sock.close()
        self._sock.close()


# --- well-behaved servers ------------------------------------------------------------------------------------------------


def echo(one):
    """Sends back every byte, ends when the other side ends."""
    while True:
        data = one.recv()
        if not data:
            break
        one.send(data)
    if one.ended_cleanly():
        one.finish()


def hold(one):
    """Says nothing, reads everything, ends when the other side ends."""
    one.limit = 3600
    one.recv_end()
    if one.ended_cleanly():
        one.finish()


def named(name):
    """Sends its name and a newline first, then echoes: shows which server was picked without sending a byte."""

    def handler(one):
        one.send(name.encode() + b"\n")
        one.limit = 3600
        echo(one)

    return handler


def http(body, delay=None):
    """Answers one HTTP/1.1 request with `body` and closes. `delay` is called before the answer."""
    text = body.encode()
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(text)

    def handler(one):
        one.recv_until(b"\r\n\r\n")
        if delay:
            delay()
        one.send(head.encode() + text)
        one.finish()
        one.recv_end()

    return handler


# --- evil ones -----------------------------------------------------------------------------------------------------------


def rst_at_once(one):
    one.reset()


def fin_at_once(one):
    one.finish()
    one.recv_end()


def rst_after(count):
    """Reads `count` bytes, then resets."""

    def handler(one):
        one.recv_exactly(count)
        one.reset()

    return handler


def fin_after(count):
    """Reads `count` bytes, then ends its own direction and closes."""

    def handler(one):
        one.recv_exactly(count)
        one.finish()
        one.close()

    return handler


def send_then_rst(count):
    def handler(one):
        one.send(bytes(count))
        one.reset()

    return handler


def never_read(one):
    """Accepts and then neither reads nor writes, until the case closes the server."""
    threading.Event().wait(one.limit)


def trickle(data, pause=0.05):
    """Sends `data` one byte at a time."""

    def handler(one):
        gate = threading.Event()
        for i in range(len(data)):
            one.send(data[i : i + 1])
            gate.wait(pause)
        one.finish()
        one.recv_end()

    return handler


class Endless:
    """Sends zeros up to `total` bytes (None: for ever) and counts what went out, over all connections."""

    def __init__(self, total=None):
        self.total = total
        self.sent = 0

    def __call__(self, one):
        left = self.total
        one.limit = 3600
        while left is None or left > 0:
            piece = ZEROS if left is None else ZEROS[: min(left, len(ZEROS))]
            view = memoryview(piece)
            while view:
                count = one.write_now(view)
                self.sent += count
                view = view[count:]
                if view and not count:
                    stream.poll(one.sock, False, True, 1)
            left = None if left is None else left - len(piece)
        one.finish()
        one.recv_end()


def close_with_linger(sock):
    """RST on a socket that is not in a Stream."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def _main():
    stock = {
        "echo": echo, "hold": hold, "rst_at_once": rst_at_once, "fin_at_once": fin_at_once, "never_read": never_read,
        "endless": Endless(), "rst_after_100": rst_after(100), "fin_after_100": fin_after(100),
        "trickle": trickle(b"one byte at a time\n"), "http": http("hello\n"),
    }  # fmt: skip
    if len(sys.argv) < 2 or sys.argv[1] not in list(stock) + ["refuse", "black_hole"]:
        sys.exit("usage: evil.py BEHAVIOUR [PORT]\nBEHAVIOUR: refuse black_hole " + " ".join(sorted(stock)))
    if sys.argv[1] in stock:
        server = Server(stock[sys.argv[1]], port=int(sys.argv[2]) if len(sys.argv) > 2 else 0)
    else:
        server = Refuser() if sys.argv[1] == "refuse" else BlackHole()
    print(server.address, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    _main()
