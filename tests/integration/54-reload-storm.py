"""100 HUPs a second: signals coalesce, none is lost, the last file written wins, and the work stays bounded. F87"""
import re
import signal
import time

import evil
import load
import stream
from case import LONG, SANITIZER, check, holds, main, same, wait_for
from sluice import web


def name_served(port):
    with stream.connect(("127.0.0.1", port)) as one:
        return one.recv_until(b"\n").decode().strip()


@check
def a_storm_of_signals(t):
    port = t.port()
    servers = {name: t.serve(evil.named(name)) for name in ("one", "two", "last")}
    proxy = t.sluice(web(port, {"one": servers["one"]}))
    clients = load.Background(2, lambda _number: holds(name_served(port) in servers, "an unknown server"))
    t.defer(clients.halt)
    duration, clock, sent = (60 if LONG else 5), time.monotonic(), 0
    while time.monotonic() - clock < duration:
        name = ("one", "two")[sent % 2]
        proxy.write(web(port, {name: servers[name]}))
        proxy.send_signal(signal.SIGHUP)
        sent += 1
        wait_for("the next hundredth of a second", lambda: time.monotonic() - clock >= sent / 100)
    proxy.write(web(port, {"last": servers["last"]}))
    proxy.send_signal(signal.SIGHUP)
    wait_for("the last file to be in force", lambda: name_served(port) == "last")
    done = [line for line in proxy.log() if re.search(r"configuration \d+ in force", line)]
    print("%d signals, %d reloads" % (sent + 1, len(done)))
    holds(len(done) <= sent + 2, "more reloads than signals")
    clients.stop()
    same({name_served(port) for _ in range(10)}, {"last"})


@check
def a_signal_during_a_reload_is_not_lost(t):
    """The file changes right after each signal, and a second signal follows: what counts is the last contents."""
    port = t.port()
    servers = {name: t.serve(evil.named(name)) for name in "ab"}
    proxy = t.sluice(web(port, {"a": servers["a"]}))
    for i in range(10 if SANITIZER else 50):
        name = "ab"[i % 2]
        proxy.send_signal(signal.SIGHUP)
        proxy.write(web(port, {name: servers[name]}))
        proxy.send_signal(signal.SIGHUP)
        wait_for("%s after round %d" % (name, i), lambda name=name: name_served(port) == name, 5)


@check
def good_and_bad_files_in_a_storm(t):
    """HAProxy could not use signals after a failed reload: here a failure changes nothing about the next."""
    port = t.port()
    good = web(port, {"a": t.serve(evil.named("a"))})
    proxy = t.sluice(good)
    for i in range(10 if SANITIZER else 50):
        proxy.reload_refused(good + "nonsense\n")
        proxy.reload(good)
    same(name_served(port), "a")


@check
def other_signals_in_between_are_all_obeyed(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}))
    for _ in range(100):
        for number in (signal.SIGHUP, signal.SIGUSR1, signal.SIGHUP):
            proxy.send_signal(number)
    wait_for("it to answer", lambda: name_served(port) == "a")
    proxy.send_signal(signal.SIGHUP)
    proxy.stop(signal.SIGTERM)


main()
