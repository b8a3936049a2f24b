"""Many clients at once, and bytes that can be checked wherever they arrive."""
import random
import threading
import time

import stream

BLOCK = 65536


class Bytes:
    """An endless sequence of random bytes that its seed decides, taken in pieces of any size."""

    def __init__(self, seed):
        self._random = random.Random(seed)
        self._rest = b""

    def take(self, count):
        parts = [self._rest[:count]]
        have = len(parts[0])
        self._rest = self._rest[have:]
        while have < count:
            block = self._random.randbytes(BLOCK) if hasattr(self._random, "randbytes") else _randbytes(self._random)
            parts.append(block[: count - have])
            self._rest = block[count - have :]
            have += len(parts[-1])
        return b"".join(parts)


def _randbytes(generator):
    return generator.getrandbits(BLOCK * 8).to_bytes(BLOCK, "little")


class Source:
    """`total` bytes of a seed in random pieces; iterate."""

    def __init__(self, seed, total, largest=200000):
        self._bytes = Bytes(seed)
        self._left = total
        self._sizes = random.Random("sizes %s" % seed)
        self._largest = largest

    def __iter__(self):
        while self._left:
            size = min(self._left, self._sizes.choice((1, 2, 100, 1400, 4096, 16384, 16385, self._largest)))
            self._left -= size
            yield self._bytes.take(size)


class Checker:
    """Compares what arrives with the bytes of a seed, at once and byte by byte."""

    def __init__(self, seed, total):
        self._bytes = Bytes(seed)
        self.total = total
        self.seen = 0

    def take(self, data):
        want = self._bytes.take(len(data))
        if data != want:
            at = next(i for i in range(len(data)) if data[i] != want[i])
            raise AssertionError("byte %d of %d differs" % (self.seen + at, self.total))
        self.seen += len(data)
        if self.seen > self.total:
            raise AssertionError("more than %d bytes arrived" % self.total)

    def finish(self):
        if self.seen != self.total:
            raise AssertionError("%d of %d bytes arrived" % (self.seen, self.total))


def exchange(one, source, checker, limit=300, finish=True, pieces=None):
    """Sends all of `source` and receives all of `checker` at the same time, to the clean end of both directions.

    With finish=False neither direction is ended: it returns when all is sent and received. `pieces` (a Random) varies how much
    is read at a time.
    """
    deadline = time.monotonic() + limit
    pending, iterator, sending = b"", iter(source), True
    while True:
        if sending and not pending:
            pending = memoryview(next(iterator, b""))
            if not pending:
                sending = False
                if finish:
                    one.finish_now()
        moved = 0
        if sending:
            moved = one.write_now(pending)
            pending = pending[moved:]
        else:
            one.flush_now()
        data = one.read_now(pieces.randrange(1, BLOCK) if pieces else BLOCK)
        if data:
            checker.take(data)
        done_receiving = data == b"" if finish else checker.seen == checker.total
        if done_receiving and not sending:
            break
        if data == b"" and not finish:
            raise stream.Ended("after %d bytes: %s" % (one.received, one.ends))
        if not moved and not data:
            if time.monotonic() > deadline:
                raise stream.Timeout("sent %d, received %d bytes in %g s" % (one.sent, one.received, limit))
            waiting_to_write = bool(sending or one.has_pending())
            stream.poll(one.sock, data is None, waiting_to_write, 1)
    checker.finish()
    if finish and not one.ended_cleanly():
        raise AssertionError("the stream ended with %s" % one.ends)


def together(count, function, limit=120):
    """Runs function(i) on `count` threads; returns the results, or raises the first failure with the number of all."""
    results, failures = [None] * count, []

    def run(i):
        try:
            results[i] = function(i)
        except BaseException as error:  # handed to the caller below
            failures.append((i, error))

    threads = [threading.Thread(target=run, args=(i,), daemon=True) for i in range(count)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + limit
    for thread in threads:
        thread.join(max(0, deadline - time.monotonic()))
    alive = sum(thread.is_alive() for thread in threads)
    if failures:
        raise AssertionError("%d of %d clients failed; number %d: %r" % (len(failures), count, *failures[0])) from failures[0][1]
    if alive:
        raise AssertionError("%d of %d clients did not end within %g s" % (alive, count, limit))
    return results


class Background:
    """Repeats function(i) on some threads until stop(), which returns the number of rounds and raises the first failure."""

    def __init__(self, threads, function):
        self.rounds = 0
        self.failures = []
        self._function = function
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(threads)]
        for thread in self._threads:
            thread.start()

    def _run(self):
        while not self._stop.is_set():
            with self._guard:
                self.rounds += 1
                number = self.rounds
            try:
                self._function(number)
            except BaseException as error:  # counted; stop() raises it
                self.failures.append((number, error))

    def halt(self):
        """Stops without judging; the case looks at `failures` itself."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        if any(thread.is_alive() for thread in self._threads):
            raise AssertionError("a client hangs")
        return self.rounds

    def stop(self):
        rounds = self.halt()
        if self.failures:
            number, error = self.failures[0]
            raise AssertionError("%d of %d rounds failed; round %d: %r" % (len(self.failures), rounds, number, error)) from error
        return rounds
