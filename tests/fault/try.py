#!/usr/bin/env python3
"""`sluice try`, each call failing once: its demo servers, the certificate that it makes, and, when root runs it, giving up root.

A failure to give something up must end it: nothing may be served with more rights than were asked for (P6).
"""
import os
import signal

import sweep  # first: it knows where tests/lib is
from sweep import Cost, Series, holds

import proc
import stream

CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE = 1 << 2, 1 << 10
SERIES = [
    Series("socket"),
    Series("bind"),
    Series("listen"),
    Series("accept4"),
    Series("connect"),
    Series("getsockname"),
    Series("setsockopt"),
    Series("recv"),
    Series("send"),
    Series("shutdown"),
    Series("read"),
    Series("write"),
    Series("fstat"),
    Series("fcntl"),
    Series("poll"),
    Series("epoll_create1"),
    Series("epoll_ctl"),
    Series("eventfd"),
    Series("signalfd"),
    Series("thread_create"),
    Series("getrandom"),
    *[Series(kind) for kind in ("setgroups", "setegid", "seteuid", "setresgid", "setresuid", "prctl", "capset")],
    Series("alloc", weight=2),
    Series("libev_alloc", free=True),
    Series("openssl_alloc", weight=2, most=500),  # of some 100,000
]


def fetch(trial):
    where = ("127.0.0.1", trial.place.port("try"))
    with stream.connect(where, trial.place.tls, limit=20) as one:
        one.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = one.recv_all()
        if one.ends != stream.CLEAN[True]:
            raise Cost("it ended with %s" % one.ends)
        holds(b"\r\n\r\nhello from " in answer, "another answer: %r" % answer)
        one.finish()


def furnish(place):
    place.tls = stream.client_context()


def check_that_root_is_gone(pid):
    holds(not any(0 in ids for ids in proc.ids(pid)), "it serves as root")
    for thread, bits in proc.capabilities(pid).items():
        allowed = CAP_DAC_READ_SEARCH | CAP_NET_BIND_SERVICE if thread == pid else 0
        holds(not bits & ~allowed, "thread %d serves with capabilities %#x" % (thread, bits))


def scenario(trial):
    if os.geteuid() == 0:  # nobody may look into a program that was root, not even LeakSanitizer from inside
        trial.env["ASAN_OPTIONS"] += ":detect_leaks=0"
    trial.start("", raw=True, arguments=["try", "--listen", "127.0.0.1:%d" % trial.place.port("try")])
    if not trial.wait_ready():
        return
    if os.geteuid() == 0:
        check_that_root_is_gone(trial.proxy.pid)
    for name in ("the first client", "another client"):
        trial.step(name, lambda: fetch(trial))
    trial.stop(signal.SIGINT)


sweep.main(scenario, furnish, SERIES, runs=70)
