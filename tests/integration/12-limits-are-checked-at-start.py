"""RLIMIT_NOFILE and max-connections must fit, and it is said when they do not. F56"""
import re

import evil
import stream
from case import check, holds, main, same
from sluice import web


def start(t, limit, connections):
    proxy = t.prepare(
        web(t.port(), {"a": t.serve(evil.echo)}), max_connections=connections, wrapper=["prlimit", "--nofile=%s" % limit, "--"]
    )
    proxy.expect_status = None
    proxy.start()
    return proxy


def outcome(proxy):
    """("refused", log) or ("ready", log)"""
    try:
        proxy.wait_ready()
        return "ready", proxy.log()
    except AssertionError:
        holds(not proxy.is_running(), "neither ready nor ended")
        return "refused", proxy.log()


@check
def a_limit_that_fits_is_silent(t):
    verdict, log = outcome(start(t, "1000:1000", 400))
    same(verdict, "ready")
    holds(not any(re.search(r"max-connections|open files", line) for line in log), "complaints: %s" % log)


@check
def a_soft_limit_is_raised_to_what_is_needed(t):
    verdict, log = outcome(start(t, "256:4096", 1000))
    same(verdict, "ready")


@check
def a_hard_limit_that_is_too_low_is_refused_or_lowers_loudly(t):
    for limit in (64, 256, 1024):
        verdict, log = outcome(start(t, "%d:%d" % (limit, limit), 10000))
        complaint = [line for line in log if re.search(r"max-connections|open files", line)]
        holds(complaint, "nothing was said about %d descriptors for 10000 connections (%s): %s" % (limit, verdict, log))
        holds(not any("= 0" in line for line in complaint), "no advice: %s" % complaint)


@check
def a_default_that_is_lowered_is_told_with_the_file(t):
    verdict, log = outcome(start(t, "1024:1024", None))
    same(verdict, "ready")
    holds(any("sluice.ini: warning: max-connections lowered from 20000" in line for line in log), log)


@check
def too_few_descriptors_to_get_that_far_are_told_of_too(t):
    """libev, left to itself, calls abort() there."""
    for limit in range(4, 16):  # with 3 it is not even loaded
        proxy = start(t, "%d:%d" % (limit, limit), 100)
        verdict, log = outcome(proxy)
        holds(proxy.process.returncode in (1, 2), "%d: exit status %d" % (limit, proxy.process.returncode))
        holds(any(re.search(r"open files|descriptors", line) for line in log), "%d: not said: %s" % (limit, log))


@check
def max_connections_is_kept(t):
    """The connection above the limit waits in the queue; when one ends it is served."""
    port = t.port()
    t.sluice(web(port, {"a": t.serve(evil.named("a"))}), max_connections=20, threads=2)
    held = [stream.connect(("127.0.0.1", port)) for _ in range(20)]
    for one in held:
        same(one.recv_until(b"\n"), b"a\n")
    with stream.connect(("127.0.0.1", port), limit=1) as extra:
        try:
            holds(extra.recv() != b"a\n", "connection 21 was served")
        except stream.Timeout:
            pass
        for one in held[:10]:
            one.finish()
            one.close()
        extra.limit = 10
        same(extra.recv_until(b"\n"), b"a\n", "the connection that waited")


main()
