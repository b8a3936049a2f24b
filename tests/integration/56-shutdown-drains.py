"""TERM and QUIT stop accepting and drain for shutdown-grace, however often they come; INT stops at once."""
# group: smoke
import signal

import evil
import proc
import stream
from case import check, holds, main, same, wait_for
from sluice import web


def running(t, tls=True, **settings):
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"a": server}, t.certs.make() if tls else None), **settings)
    one = stream.connect(("127.0.0.1", port), tls)
    same(one.recv_until(b"\n"), b"a\n")
    return port, proxy, one


@check
def a_drain_ends_when_the_last_stream_does(t):
    for number in (signal.SIGTERM, signal.SIGQUIT):
        for tls in (True, False):
            port, proxy, one = running(t, tls, shutdown_grace="60s")
            proxy.send_signal(number)
            wait_for("the listener to close", lambda port=port: not proc.is_listening(port))
            for _ in range(5):
                one.send(b"still")
                same(one.recv_exactly(5), b"still")
            holds(proxy.is_running(), "it did not wait for its stream")
            one.finish()
            same(one.recv_end(), stream.CLEAN[tls])
            one.close()
            proxy.wait_exit(5)
            same(proxy.access(1)[0]["reason"], "done")


@check
def the_grace_ends_the_rest(t):
    for tls in (True, False):
        _, proxy, one = running(t, tls, shutdown_grace="1s")
        clock = proc.Stopwatch()
        proxy.send_signal(signal.SIGTERM)
        one.recv_end()
        holds(one.ends[-1] == "reset" and "close_notify" not in one.ends and "fin" not in one.ends, "ended with %s" % one.ends)
        holds(clock.seconds() > 0.9, "%.1f s with a grace of 1 s" % clock.seconds())
        proxy.wait_exit()
        same(proxy.access(1)[0]["reason"], "shutdown")


@check
def int_does_not_wait(t):
    _, proxy, one = running(t, shutdown_grace="10m")
    proxy.stop(signal.SIGINT)
    one.recv_end()
    holds(one.ends[-1] == "reset", "ended with %s" % one.ends)
    same(proxy.access(1)[0]["reason"], "shutdown")


@check
def int_during_a_drain_ends_it(t):
    _, proxy, one = running(t, shutdown_grace="10m")
    proxy.send_signal(signal.SIGTERM)
    one.send(b"x")
    one.recv_exactly(1)
    proxy.stop(signal.SIGINT)
    one.close()


@check
def term_twice_is_the_same_as_once(t):
    """timeout(1) signals the process and then its group, which it leads."""
    _, proxy, one = running(t, shutdown_grace="60s")
    for _ in range(3):
        mark = len(proxy.log())
        proxy.send_signal(signal.SIGTERM)
        proxy.wait_for_log("Terminated", after=mark)
    one.send(b"x")
    same(one.recv_exactly(1), b"x")
    one.finish()
    same(one.recv_end(), stream.CLEAN[True])
    one.close()
    proxy.wait_exit(5)


@check
def a_drain_without_grace_or_connections_ends_without_a_warning(t):
    proxy = t.sluice(web(t.port(), {"a": "127.0.0.1:1"}), shutdown_grace="0s")
    mark = len(proxy.log())
    proxy.stop(signal.SIGTERM)
    said = proxy.log()[mark:]
    holds(not any("warning" in line for line in said), "warnings: %s" % said)


@check
def clients_in_the_queue_are_served_before_the_end(t):
    """As with a removed listener: who was accepted by the kernel is not reset."""
    port, proxy, one = running(t, False, shutdown_grace="10s")
    proxy.send_signal(signal.SIGSTOP)
    wait_for("it to stand still", lambda: proc.state(proxy.pid) == "T")
    socks = [stream.connect_socket(("127.0.0.1", port)) for _ in range(50)]
    proxy.send_signal(signal.SIGTERM)
    proxy.send_signal(signal.SIGCONT)
    for sock in socks:
        with stream.Stream(sock) as queued:
            same(queued.recv_until(b"\n"), b"a\n")
            queued.finish()
            queued.recv_end()
    one.close()
    proxy.wait_exit(10)


@check
def a_reload_during_a_drain_changes_nothing(t):
    port, proxy, one = running(t, shutdown_grace="60s")
    proxy.send_signal(signal.SIGTERM)
    wait_for("the listener to close", lambda: not proc.is_listening(port))
    proxy.send_signal(signal.SIGHUP)
    proxy.wait_for_log("no reload")
    one.send(b"x")
    same(one.recv_exactly(1), b"x")
    same(proc.is_listening(port), False, "it listens again")
    one.finish()
    one.recv_end()
    one.close()
    proxy.wait_exit(5)


@check
def a_reload_that_a_drain_overtakes_keeps_no_port_open(t):
    """Its new address is bound before the workers are asked; nobody would serve who connects there."""
    port, proxy, one = running(t, shutdown_grace="60s")
    added = t.port()
    proxy.write(proxy.body.replace("[frontend web]", "[frontend web]\nlisten = 127.0.0.1:%d" % added))
    proxy.send_signal(signal.SIGSTOP)  # both signals are seen in one turn of the loop
    wait_for("it to stand still", lambda: proc.state(proxy.pid) == "T")
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGCONT):
        proxy.send_signal(number)
    wait_for("the listeners to close", lambda: not proc.is_listening(port) and not proc.is_listening(added))
    holds(any("given up" in line for line in proxy.log()), "the reload came first: %s" % proxy.log())
    one.finish()
    same(one.recv_end(), stream.CLEAN[True])
    one.close()
    proxy.wait_exit(5)


@check
def a_handshake_in_progress_is_finished_during_a_drain(t):
    port, proxy, one = running(t, shutdown_grace="20s")
    late = stream.Stream(stream.connect_socket(("127.0.0.1", port)), stream.client_context())
    hello = stream.client_hello()
    raw = stream.connect(("127.0.0.1", port))
    raw.send(hello[:50])
    late.handshake()
    proxy.send_signal(signal.SIGTERM)
    same(late.recv_until(b"\n"), b"a\n")
    for stream_left in (late, one):
        stream_left.finish()
        stream_left.recv_end()
        stream_left.close()
    raw.close()
    proxy.wait_exit(10)


main()
