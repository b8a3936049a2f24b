"""A reload finds clients at every stage: in the queue of a listener, in the handshake, waiting for a server. All live on. F84"""
import os
import signal
import ssl
import threading

import evil
import load
import proc
import strace
import stream
from case import check, holds, main, same, scaled, wait_for
from sluice import web


def half_handshake(where):
    """A client whose ClientHello was answered and that has not finished; returns (stream, go on)."""
    one = stream.Stream(stream.connect_socket(where), stream.client_context())
    try:
        one._tls.do_handshake()
    except ssl.SSLWantReadError:
        one.flush_now()
    wait_for("the server's flight", lambda: stream.poll(one.sock, True, False, 0))
    return one


@check
def clients_in_the_handshake_finish_it(t):
    port, gone, server, cert = t.port(), t.port(), t.serve(evil.named("old")), t.certs.make()
    proxy = t.sluice(web([port, gone], {"a": server}, cert), threads=2)
    clients = [half_handshake(("127.0.0.1", p)) for p in (port, gone) for _ in range(10)]
    proxy.reload(web(port, {"a": t.serve(evil.named("new"))}, t.certs.make(serial="2")))
    for one in clients:
        one.handshake()
        same(one.recv_until(b"\n"), b"old\n", "they keep the configuration they began with")
        one.close()


@check
def clients_whose_server_is_being_dialled_get_one(t):
    port, hole = t.port(), t.black_hole()
    pool = "connect-timeout = 2s\nretry-backoff = 10ms..20ms"
    proxy = t.sluice(web(port, {"hole": hole, "a": t.serve(evil.named("a"))}, pool=pool))
    clients = [stream.connect(("127.0.0.1", port)) for _ in range(6)]
    proxy.reload(web(port, {"b": t.serve(evil.named("b"))}, pool=pool))
    for one in clients:
        same(one.recv_until(b"\n"), b"a\n")
        one.close()


@check
def clients_in_the_queue_of_a_kept_listener_are_served(t):
    """The process is stopped, so the kernel queues them; the reload's signal is there before the first is accepted."""
    queue_and_reload(t, lambda kept, gone: [kept])


@check
def clients_in_the_queue_of_a_removed_listener_are_served(t):
    queue_and_reload(t, lambda kept, gone: [gone])


def queue_and_reload(t, which):
    for threads in (1, 4):
        for tls in (False, True):
            kept, gone, server = t.port(), t.port(), t.serve(evil.named("a"))
            cert = t.certs.make() if tls else None
            proxy = t.sluice(web([kept, gone], {"a": server}, cert), threads=threads)
            os.kill(proxy.pid, signal.SIGSTOP)
            wait_for("it to stand still", lambda proxy=proxy: proc.state(proxy.pid) == "T")
            socks = [stream.connect_socket(("127.0.0.1", port)) for port in which(kept, gone) for _ in range(scaled(100, 20))]
            proxy.write(web(kept, {"a": server}, cert))
            mark = len(proxy.log())
            proxy.send_signal(signal.SIGHUP)
            proxy.send_signal(signal.SIGCONT)
            proxy.wait_for_log(r"configuration \d+ in force", after=mark)
            for sock in socks:
                one = stream.Stream(sock, stream.client_context() if tls else None)
                if tls:
                    one.handshake()
                same(one.recv_until(b"\n"), b"a\n")
                one.close()
            proxy.stop()


@check
def clients_that_a_limit_keeps_in_the_queue_of_a_removed_listener_are_served(t):
    """F84: nobody accepts them when their listener goes, and closing it would reset them."""
    kept, gone, server = t.port(), t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web([kept, gone], {"a": server}), max_connections=10)
    held = [stream.connect(("127.0.0.1", kept)) for _ in range(10)]
    for one in held:
        one.recv_until(b"\n")
    queued = [stream.connect(("127.0.0.1", gone)) for _ in range(20)]
    proxy.wait_for_log("max-connections")
    proxy.reload(web(kept, {"a": server}))
    for one in held:
        one.close()
    for one in queued:
        same(one.recv_until(b"\n"), b"a\n")
        one.close()


@check
def workers_that_follow_one_after_the_other_lose_nobody(t):
    """Main is slowed down while it tells them: the first already accepts on the new address and finds the second, which
    does not know it yet, less loaded."""
    strace.needs_strace()
    port, added, server = t.port(), t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"a": server}), threads=2)
    strace.Attached(t, proxy.pid, "-e", "trace=write", "-e", "inject=write:delay_exit=300000", main_only=True)
    proxy.write(web([port, added], {"a": server}))
    proxy.send_signal(signal.SIGHUP)
    socks = [wait_for("the new address", lambda: connected(("127.0.0.1", added)))]
    socks += [connected(("127.0.0.1", added)) for _ in range(60)]
    for sock in socks:
        with stream.Stream(sock) as one:
            same(one.recv_until(b"\n"), b"a\n")
    proxy.wait_for_log("configuration 2 in force")


def connected(where):
    try:
        return stream.connect_socket(where)
    except ConnectionRefusedError:
        return None


@check
def a_reload_each_moment_resets_nobody(t):
    """F84: many reloads that keep the address, while clients come as fast as they can."""
    port, extra, server = t.port(), t.port(), t.serve(evil.named("a"))
    bodies = [web([port], {"a": server}), web([port, extra], {"a": server})]
    proxy = t.sluice(bodies[0], threads=4)

    def client(_number):
        with stream.connect(("127.0.0.1", port)) as one:
            same(one.recv_until(b"\n"), b"a\n")

    clients = load.Background(4, client)
    t.defer(clients.halt)
    for i in range(scaled(100, 10)):
        proxy.reload(bodies[i % 2])
    wait_for("some clients", lambda: clients.rounds > 200, 30)
    clients.stop()


@check
def a_removed_listener_under_load_answers_or_refuses_but_does_not_reset(t):
    """What was accepted by the kernel before the port closed is served."""
    port, other, server = t.port(), t.port(), t.serve(evil.named("a"))
    served, refused, reset, guard = [0], [0], [0], threading.Lock()

    def client(_number):
        kind = served
        try:
            with stream.connect(("127.0.0.1", port)) as one:
                one.recv_until(b"\n")
        except ConnectionRefusedError:
            kind = refused
        except (OSError, stream.Ended):
            kind = reset
        with guard:
            kind[0] += 1

    proxy = t.sluice(web([port, other], {"a": server}), threads=4)
    for _ in range(scaled(10, 4)):  # each takes the second after which a kernel repeats its SYN
        clients = load.Background(4, client)
        was = served[0]
        wait_for("clients to be served", lambda was=was: served[0] > was + 20)
        proxy.reload(web([other], {"a": server}))
        was = refused[0]
        wait_for("clients to be refused", lambda was=was: refused[0] > was)
        clients.halt()
        proxy.reload(web([port, other], {"a": server}))
    print("served %d, refused %d, reset %d" % (served[0], refused[0], reset[0]))
    same(reset[0], 0, "connections that were reset")


main()
