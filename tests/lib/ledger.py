"""Exact accounting of streams: a backend that writes down what it was given, a client that writes down what became of it.

A stream begins with one line, "ID UP DOWN\\n": the number of bytes the client will send after it and the number the server must
answer. What the bytes are follows from the id, so either side can check them, and a crossed or repeated stream shows. The
backend enters a stream in its book when it has read the line, and completes the entry before it answers.

After a run `check()` compares both books:
1. an answer that a client took as complete was given once, by one server, byte for byte;
2. no stream reached two servers with its bytes (nothing is sent twice);
3. a stream that a server cut is never complete at its client;
4. each stream has exactly one access line, whose byte counts, server and end agree with both books (with a proxy's log).
"""
import hashlib
import os
import random
import threading

import load
import stream

OK, CUT = "ok", "cut"


class Entry:
    def __init__(self, server, up, down):
        self.server = server
        self.up = up
        self.down = down
        self.received = 0
        self.up_hash = None
        self.down_hash = None
        self.outcome = "open"  # "answered" or "cut by us" or "broken"


class Book:
    """The ledger of all backends of a run. `cut_percent` of the streams are reset in the middle of the answer."""

    def __init__(self, cut_percent=0, seed=1):
        self.entries = {}  # id -> [Entry]
        self._guard = threading.Lock()
        self._cut_percent = cut_percent
        self._random = random.Random(seed)

    def backend(self, name):
        def handler(one):
            head = one.recv_until(b"\n")
            ident, up, down = head.decode("ascii").split()
            entry = Entry(name, int(up), int(down))
            with self._guard:
                self.entries.setdefault(ident, []).append(entry)
                cut = self._random.randrange(100) < self._cut_percent
            try:
                self._serve(one, ident, entry, cut)
            except (OSError, stream.Ended):
                entry.outcome = "broken"

        return handler

    def _serve(self, one, ident, entry, cut):
        digest = hashlib.sha256()
        while entry.received < entry.up:
            data = one.recv(min(stream.PIECE, entry.up - entry.received))
            if not data:
                raise stream.Ended(str(one.ends))
            entry.received += len(data)
            digest.update(data)
        entry.up_hash = digest.hexdigest()
        digest = hashlib.sha256()
        if cut:
            entry.outcome = "cut by us"
            one.send(load.Bytes(ident + " down").take(entry.down // 2))
            one.reset()
            return
        for piece in load.Source(ident + " down", entry.down):
            digest.update(piece)
            entry.down_hash = digest.hexdigest()
            one.send(piece)
        entry.down_hash = digest.hexdigest()
        entry.outcome = "answered"  # before the end is sent: the client may look as soon as it has seen it
        one.finish()
        one.recv_end()


class Record:
    def __init__(self, ident, up, down):
        self.ident = ident
        self.up = up
        self.down = down
        self.outcome = None
        self.why = ""
        self.ended_cleanly = False
        self.received = 0
        self.sent = 0
        self.up_hash = None
        self.down_hash = None
        self.source = None  # "host:port" of the client, as the access log shows it


class Client:
    """Makes streams through a proxy and keeps the other book."""

    def __init__(self, address, tls, name=None, limit=60):
        self.records = []
        self._address, self._tls, self._name, self._limit = address, tls, name, limit
        self._guard = threading.Lock()

    def stream(self, up, down, slice_bytes=None):
        """One stream to its end. Failures of the network are an outcome, not an exception."""
        record = Record(os.urandom(8).hex(), up, down)
        with self._guard:
            self.records.append(record)
        try:
            one = stream.connect(
                self._address, self._tls, name=self._name, limit=self._limit, slice_bytes=slice_bytes
            )
        except (OSError, stream.Ended, stream.Timeout) as error:
            record.outcome, record.why = CUT, repr(error)
            return record
        with one:
            host, port = one.sock.getsockname()[:2]
            record.source = "%s:%d" % ("[%s]" % host if ":" in host else host, port)
            try:
                self._run(one, record)
                record.outcome = OK
            except (OSError, stream.Ended, stream.Timeout, AssertionError) as error:
                record.outcome, record.why = CUT, repr(error)
            record.received, record.sent = one.received, one.sent
            record.ended_cleanly = one.ended_cleanly()
        return record

    def _run(self, one, record):
        up, down = hashlib.sha256(), hashlib.sha256()

        def source():
            yield b"%s %d %d\n" % (record.ident.encode(), record.up, record.down)
            for piece in load.Source(record.ident + " up", record.up):
                up.update(piece)
                yield piece

        class Sink:
            total, seen = record.down, 0

            def take(self, data):
                down.update(data)
                self.seen += len(data)

            def finish(self):
                if self.seen != self.total:
                    raise AssertionError("%d of %d bytes arrived before a clean end" % (self.seen, self.total))

        load.exchange(one, source(), Sink(), limit=self._limit)
        record.up_hash, record.down_hash = up.hexdigest(), down.hexdigest()


def check(records, book, access=None):
    """Returns the list of violations: empty when all books agree."""
    found = []
    for record in records:
        found += _check_stream(record, book.entries.get(record.ident, []))
    known = {record.ident for record in records}
    found += ["a server has the stream %s, which no client made" % ident for ident in book.entries if ident not in known]
    if access is not None:
        found += _check_access(records, book, access)
    return found


def _check_stream(record, entries):
    name = "stream %s: " % record.ident
    found = []
    if len(entries) > 1:
        found.append(name + "reached %d servers: %s" % (len(entries), [e.server for e in entries]))
    if record.outcome == OK:
        full = [e for e in entries if e.outcome == "answered"]
        if not full:
            found.append(name + "complete at the client, but no server gave a whole answer")
        elif (full[0].up_hash, full[0].down_hash) != (record.up_hash, record.down_hash):
            found.append(name + "the bytes differ between client and server")
    if record.outcome != OK and any(e.outcome == "answered" for e in entries):
        found.append(name + "answered by a server, but lost: %s" % record.why)
    if record.ended_cleanly and any(e.outcome == "cut by us" for e in entries):
        found.append(name + "was cut by its server, yet ended cleanly at the client")
    if record.outcome is None:
        found.append(name + "has no outcome")
    return found


def _check_access(records, book, access):
    lines = {}
    for line in access:
        lines.setdefault(line["client"], []).append(line)
    found = []
    for record in records:
        if record.source is None:
            continue
        of_stream = lines.get(record.source, [])
        name = "stream %s: " % record.ident
        if len(of_stream) != 1:
            found.append(name + "%d access lines" % len(of_stream))
            continue
        line = of_stream[0]
        if record.outcome == OK and int(line["bytes_in"]) != record.sent:
            found.append(name + "bytes_in=%s, sent %d" % (line["bytes_in"], record.sent))
        if record.outcome == OK and int(line["bytes_out"]) != record.received:
            found.append(name + "bytes_out=%s, received %d" % (line["bytes_out"], record.received))
        entries = book.entries.get(record.ident, [])
        if entries and line["server"] != entries[-1].server:
            found.append(name + "server=%s, served by %s" % (line["server"], entries[-1].server))
    return found
