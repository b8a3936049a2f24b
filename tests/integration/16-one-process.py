"""The program never forks, from start to end: no copy of random state, event loops or locked memory can exist. F93"""
import re
import signal

import evil
import proc
import strace
import stream
from case import check, holds, main, same, scaled
from sluice import web

MAKERS = "fork,vfork,clone,clone3,execve,execveat"


@check
def nothing_is_forked_or_executed(t):
    """Through everything it does: start, clients, reloads, reopened logs, a drain."""
    strace.needs_strace()
    port, server, trace = t.port(), t.serve(evil.named("a")), t.path("trace")
    proxy = t.prepare(
        web(port, {"a": server}, t.certs.make()), threads=3, env=strace.ENVIRONMENT,
        wrapper=["strace", "-f", "-o", trace, "-e", "trace=" + MAKERS],
    )  # fmt: skip
    proxy.start()
    proxy.wait_ready()
    (proxy.pid,) = proc.children(proxy.pid)
    for _ in range(2):
        with stream.connect(("127.0.0.1", port), True) as one:
            same(one.recv_until(b"\n"), b"a\n")
        proxy.reload(web([port, t.port()], {"a": server}, t.certs.make(serial="2")))
        proxy.reload_refused("nonsense\n")
    proxy.send_signal(signal.SIGUSR1)
    proxy.wait_for_log("logs opened again")
    proxy.stop(signal.SIGTERM)
    with open(trace, encoding="ascii", errors="replace") as file:
        made = re.findall(r"^\d+ +(\w+)\((.*)", file.read(), re.M)
    same([name for name, _ in made if name.startswith("exec")], ["execve"], "its own start, and no other")
    threads = [arguments for name, arguments in made if name.startswith("clone")]
    holds(len(threads) >= 4, "the threads are not in the trace: %s" % made)
    same([call for call in made if not call[0].startswith("exec") and "CLONE_THREAD" not in call[1]], [], "processes made")


@check
def what_is_random_differs_in_every_worker(t):
    """The random bytes of each answer to a ClientHello, of connections that are spread over four workers."""
    port, count = t.port(), scaled(200, 40)
    t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()), threads=4)
    hello, seen = stream.client_hello("localhost"), set()
    for _ in range(count):
        with stream.connect(("127.0.0.1", port)) as one:
            one.send(hello)
            seen.add(one.recv_exactly(5 + 4 + 2 + 32)[-32:])  # record, message and version come before it
    same(len(seen), count, "different randoms")


main()
