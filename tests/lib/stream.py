"""One end of a connection, plain or TLS, that has full control over how it ends and sees exactly how the other side ends.

`ends` lists what the other side did at its end, in order, out of: "close_notify", "fin", "reset", "alert:<reason>",
"junk after close_notify". A clean end is ["fin"] on a plain stream and ["close_notify", "fin"] on a TLS one.

Python's SSLSocket hides these differences, so TLS runs over memory BIOs here. A stream belongs to one thread at a time.
"""
import select
import socket
import ssl
import struct
import time

PIECE = 65536
PENDING_LIMIT = 262144
CLEAN = {False: ["fin"], True: ["close_notify", "fin"]}


class Timeout(Exception):
    """The deadline of one operation passed."""


class Ended(Exception):
    """The other side ended although more was expected."""


def client_context(ca=None, version=None, alpn=None):
    """A client's SSLContext. Without `ca` nothing is verified; version is "TLSv1.2" or "TLSv1.3"."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = ca is not None
    context.verify_mode = ssl.CERT_REQUIRED if ca else ssl.CERT_NONE
    if ca:
        context.load_verify_locations(ca)
    if version:
        context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, version.replace(".", "_"))
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


def server_context(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    return context


def connect_socket(address, limit=10, source=None, rcvbuf=None):
    """A connected TCP or UNIX socket. address is ("host", port) or a path; source an address to bind first; rcvbuf the size of
    the kernel's buffer, which must be set before connecting to be of effect."""
    if isinstance(address, str):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    else:
        sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if source:
            sock.bind(source)
        if rcvbuf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
        sock.settimeout(limit)
        sock.connect(address)
    except BaseException:
        sock.close()
        raise
    return sock


class Stream:
    def __init__(self, sock, tls=None, server_side=False, name=None, session=None, limit=20, slice_bytes=None):
        """Takes over the socket. `slice_bytes` sends everything in segments of that many bytes."""
        self.sock = sock
        self.limit = limit
        self.ends = []
        self.received = 0
        self.sent = 0
        self.is_tls = bool(tls)
        self.slice_bytes = slice_bytes
        self._pending = bytearray()  # bytes for the wire that the socket would not take yet
        self._early = bytearray()  # plaintext taken out of the TLS layer before close_notify was sent
        self._finishing = False
        sock.setblocking(False)
        if sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._tls = None
        if tls:
            self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
            self._tls = tls.wrap_bio(self._in, self._out, server_side=server_side, server_hostname=name, session=session)

    # --- steps that never wait -------------------------------------------------------------------------------------

    def read_now(self, most=PIECE):
        """The bytes that are there; None when there are none yet; b"" once the other side has ended (see `ends`)."""
        if self._early:
            data = bytes(self._early[:most])
            del self._early[:most]
            return data
        if self.is_over():
            return b""
        data = self._read_tls(most) if self._tls else self._read_raw(most)
        if data:
            self.received += len(data)
        return data

    def _read_raw(self, most):
        try:
            data = self.sock.recv(most)
        except BlockingIOError:
            return None
        except (ConnectionResetError, BrokenPipeError):
            self.ends.append("reset")
            return b""
        if not data:
            self.ends.append("fin")
        return data

    def _read_tls(self, most):
        while True:
            if not self.ends:  # after close_notify or an alert only the end of the TCP stream is of interest
                try:
                    data = self._tls.read(most)
                    if data:
                        return data
                    self.ends.append("close_notify")
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLZeroReturnError:
                    self.ends.append("close_notify")
                except ssl.SSLError as error:
                    self.ends.append("alert:%s" % error.reason)
            raw = self._read_raw(PIECE)
            if not raw:
                return raw
            if self.ends:
                if "close_notify" in self.ends and not self._in.pending:
                    self.ends.append("junk after close_notify")
            else:
                self._in.write(raw)

    def is_over(self):
        return bool(self.ends) and self.ends[-1] in ("fin", "reset")

    def ended_cleanly(self):
        return self.ends == CLEAN[self.is_tls]

    def write_now(self, data):
        """Takes as many bytes as fit and returns their number. Raises ConnectionError when the other side is gone."""
        self.flush_now()
        if not self._tls:
            if self._pending:
                return 0
            piece = data[: self.slice_bytes or len(data)]
            try:
                count = self.sock.send(piece)
            except BlockingIOError:
                return 0
            self.sent += count
            return count
        if len(self._pending) > PENDING_LIMIT:
            return 0
        count = self._tls.write(data[:16384])
        self.sent += count
        self.flush_now()
        return count

    def flush_now(self):
        """Passes to the socket what it takes of the bytes that wait; true when none are left."""
        if self._tls and self._out.pending:
            self._pending += self._out.read()
        while self._pending:
            piece = bytes(self._pending[: self.slice_bytes or PIECE])
            try:
                count = self.sock.send(piece)
            except BlockingIOError:
                return False
            del self._pending[:count]
        if self._finishing:
            self._finishing = False
            self.sock.shutdown(socket.SHUT_WR)
        return True

    def has_pending(self):
        """Whether bytes wait for the socket: then it must be watched for writing."""
        return bool(self._pending)

    def finish_now(self, fin=True):
        """Ends our direction cleanly: close_notify where there is TLS, then FIN unless it is not wanted."""
        if self._tls:
            self._say_close_notify()
        self._finishing = fin
        self.flush_now()

    def _say_close_notify(self):
        # What OpenSSL already holds must be taken out first: its second SSL_shutdown, which Python makes at once, would
        # throw it away as "application data after close notify".
        while not self.ends:
            try:
                data = self._tls.read(PIECE)
            except ssl.SSLError:
                break
            if not data:
                break
            self._early += data
            self.received += len(data)
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            pass  # the other side's close_notify is not there yet

    # --- the same with a deadline ----------------------------------------------------------------------------------

    def _wait(self, deadline, read=False, write=False):
        left = deadline - time.monotonic()
        if left <= 0 or not any(poll(self.sock, read, write or bool(self._pending), left)):
            raise Timeout("nothing happened for %g s (received %d, sent %d)" % (self.limit, self.received, self.sent))
        if self._pending:
            self.flush_now()

    def handshake(self):
        deadline = time.monotonic() + self.limit
        while True:
            try:
                self._tls.do_handshake()
                self._send_all_pending(deadline)
                return self
            except ssl.SSLWantReadError:
                self._send_all_pending(deadline)
            except ssl.SSLError:
                self.flush_now()
                raise
            self._wait(deadline, read=True)
            raw = self._read_raw(PIECE)
            if raw == b"":
                raise Ended("during the handshake: %s" % self.ends)
            if raw:
                self._in.write(raw)

    def _send_all_pending(self, deadline):
        while not self.flush_now():
            self._wait(deadline, write=True)

    def send(self, data):
        deadline = time.monotonic() + self.limit
        view = memoryview(data)
        while view:
            count = self.write_now(view)
            view = view[count:]
            if view and not count:
                self._wait(deadline, write=True)
        self._send_all_pending(deadline)

    def recv(self, most=PIECE):
        """Waits for bytes; b"" at the end."""
        deadline = time.monotonic() + self.limit
        while True:
            data = self.read_now(most)
            if data is not None:
                return data
            self._wait(deadline, read=True)

    def recv_exactly(self, count):
        data = bytearray()
        while len(data) < count:
            piece = self.recv(count - len(data))
            if not piece:
                raise Ended("after %d of %d bytes: %s" % (len(data), count, self.ends))
            data += piece
        return bytes(data)

    def recv_until(self, mark):
        data = bytearray()
        while mark not in data:
            piece = self.recv(1 if len(mark) == 1 else PIECE)
            if not piece:
                raise Ended("before %r: %s; got %r" % (mark, self.ends, bytes(data[-200:])))
            data += piece
        return bytes(data)

    def recv_all(self):
        """Everything up to the other side's end, which is then in `ends`."""
        data = bytearray()
        while True:
            piece = self.recv()
            if not piece:
                return bytes(data)
            data += piece

    def recv_end(self):
        """Waits for the other side's end, throwing bytes away, and returns `ends`."""
        while self.recv():
            pass
        return self.ends

    def finish(self, fin=True):
        self.finish_now(fin)
        self._send_all_pending(time.monotonic() + self.limit)

    def cut(self):
        """FIN without close_notify: what a killed process on a TLS connection looks like."""
        self._send_all_pending(time.monotonic() + self.limit)
        self.sock.shutdown(socket.SHUT_WR)

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()

    # --- what was agreed -------------------------------------------------------------------------------------------

    def version(self):
        return self._tls.version()

    def cipher(self):
        return self._tls.cipher()[0]

    def session(self):
        return self._tls.session

    def session_reused(self):
        return self._tls.session_reused

    def peer_certificate(self):
        return self._tls.getpeercert(binary_form=True)


def poll(sock, read, write, limit):
    poller = select.poll()
    poller.register(sock, (select.POLLIN if read else 0) | (select.POLLOUT if write else 0))
    return poller.poll(limit * 1000)


def connect(address, tls=None, name=None, limit=20, session=None, source=None, slice_bytes=None, rcvbuf=None):
    """A client that has connected and, with `tls` (an SSLContext, or True for one that verifies nothing), shaken hands."""
    context = client_context() if tls is True else tls
    sock = connect_socket(address, limit, source, rcvbuf)
    stream = Stream(sock, context, name=name, session=session, limit=limit, slice_bytes=slice_bytes)
    if context:
        try:
            stream.handshake()
        except BaseException:
            stream.close()
            raise
    return stream


def turned_away(address, tls=None, limit=20):
    """How a client ends that is not served: its `ends`. A reset may come so early that connect() sees it."""
    try:
        with connect(address, tls, limit=limit) as one:
            return one.recv_end()
    except (ConnectionResetError, Ended):
        return ["reset"]


def client_hello(name=None):
    """The bytes of a ClientHello record, for clients that go no further or go slowly."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    half = client_context().wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        half.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()
