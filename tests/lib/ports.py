"""Port numbers for listeners that another program will bind.

Each test process owns blocks of 50 ports below the kernel's ephemeral range, so neither a parallel case nor an outgoing
connection can take a port between choosing it and binding it. The lock is an abstract UNIX socket: it belongs to the network
namespace, as ports do, and vanishes with the process.
"""
import os
import random
import socket
import threading
import time

BLOCK = 50
FIRST = 10000
LAST = 32000

_guard = threading.Lock()
_locks = []
_free = []


def _ephemeral_first():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as file:
        return int(file.read().split()[0])


def _take_block():
    last = min(LAST, _ephemeral_first())
    starts = list(range(FIRST, last - BLOCK, BLOCK))
    random.Random(os.getpid()).shuffle(starts)
    for start in starts:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            lock.bind("\0sluice-test-ports-%d" % start)
        except OSError:
            lock.close()
            continue
        _locks.append(lock)
        return list(range(start, start + BLOCK))
    raise RuntimeError("no block of ports is free")


def hold(port, limit=120):
    """Waits until no other case uses this very port, for which it has a lock of its own; close what is returned."""
    deadline = time.monotonic() + limit
    lock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    while True:
        try:
            lock.bind("\0sluice-test-port-%d" % port)
            return lock
        except OSError:
            if time.monotonic() > deadline:
                lock.close()
                raise
            time.sleep(0.05)


def _is_free(port):
    for family, host in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # TIME_WAIT does not count
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def take():
    """A port that is free on all local addresses and that no other case will use."""
    with _guard:
        while True:
            if not _free:
                _free.extend(_take_block())
            port = _free.pop(0)
            if _is_free(port):
                return port
