"""SIGHUP: the new file is in force soon, whole; listeners, pools and certificates change under running streams."""
# group: smoke
import hashlib
import os
import shutil

import evil
import proc
import stream
from case import check, holds, main, same, wait_for
from sluice import web


def first_line(where, tls=None, **options):
    with stream.connect(where, tls, **options) as one:
        return one.recv_until(b"\n").decode().strip()


def alive(one):
    one.send(b"alive?")
    same(one.recv_exactly(6), b"alive?")


@check
def the_new_pool_serves_new_connections_and_old_streams_stay(t):
    port, cert = t.port(), t.certs.make()
    old, new = t.serve(evil.named("old")), t.serve(evil.named("new"))
    proxy = t.sluice(web(port, {"a": old}, cert))
    kept = stream.connect(("127.0.0.1", port), True)
    same(kept.recv_until(b"\n"), b"old\n")
    clock = proc.Stopwatch()
    proxy.reload(web(port, {"a": new}, cert))
    print("in force after %.3f s" % clock.seconds())
    for _ in range(20):
        same(first_line(("127.0.0.1", port), True), "new")
    alive(kept)
    for _ in range(5):
        proxy.reload()
        alive(kept)
    kept.finish()
    same(kept.recv_end(), stream.CLEAN[True])
    kept.close()
    same(proc.children(proxy.pid), {}, "a second process")


@check
def an_unchanged_file_can_be_reloaded(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}))
    numbers = [proxy.reload() for _ in range(3)]
    holds(len(set(numbers)) == 3, "the configuration's number does not grow: %s" % numbers)
    same(first_line(("127.0.0.1", port)), "a")


@check
def listeners_are_added_kept_and_removed(t):
    ports = [t.port() for _ in range(3)]
    server, path = t.serve(evil.named("a")), t.path("front.sock")
    proxy = t.sluice(web([ports[0], ports[1]], {"a": server}))
    on_removed = stream.connect(("127.0.0.1", ports[0]))
    same(on_removed.recv_until(b"\n"), b"a\n")
    proxy.reload(web([ports[1], "127.0.0.1:%d" % ports[2], "unix:" + path], {"a": server}))
    for where in (("127.0.0.1", ports[1]), ("127.0.0.1", ports[2]), path):
        same(first_line(where), "a", "on %s" % (where,))
    wait_for("the removed port to refuse", lambda: not proc.is_listening(ports[0]))
    alive(on_removed)
    proxy.reload(web(ports[0], {"a": server}))
    same(first_line(("127.0.0.1", ports[0])), "a")
    wait_for("the others to refuse", lambda: not any(proc.is_listening(p) for p in ports[1:]))
    wait_for("the UNIX socket to go", lambda: not os.path.exists(path))
    alive(on_removed)
    on_removed.close()


@check
def a_listener_grows_to_every_address_and_shrinks_again(t):
    """Its own sockets are in the way of the new ones, on the same port."""
    port, server = t.port(), t.serve(evil.named("a"))
    one, every = (web(listen % port, {"a": server}) for listen in ("127.0.0.1:%d", "0.0.0.0:%d"))
    proxy = t.sluice(one)
    kept = stream.connect(("127.0.0.1", port))
    kept.recv_until(b"\n")
    for _ in range(2):
        proxy.reload(every)
        same(first_line(("127.0.0.2", port)), "a")
        same(first_line(("127.0.0.1", port)), "a")
        proxy.reload(one)
        same(first_line(("127.0.0.1", port)), "a")
        wait_for("the other addresses to refuse", lambda: refuses(("127.0.0.2", port)))
    alive(kept)
    kept.close()


def refuses(where):
    try:
        stream.connect_socket(where).close()
        return False
    except ConnectionRefusedError:
        return True


@check
def a_listener_moves_to_another_frontend(t):
    """The address stays, what stands behind it changes: TLS where there was none, another pool."""
    port, server, other = t.port(), t.serve(evil.named("one")), t.serve(evil.named("two"))
    proxy = t.sluice(web(port, {"a": server}, name="one"))
    plain = stream.connect(("127.0.0.1", port))
    same(plain.recv_until(b"\n"), b"one\n")
    proxy.reload(web(port, {"a": other}, t.certs.make(), name="two"))
    same(first_line(("127.0.0.1", port), True), "two")
    alive(plain)
    plain.close()


def shown(port, name=None):
    with stream.connect(("127.0.0.1", port), True, name=name) as one:
        return hashlib.sha256(one.peer_certificate()).hexdigest()


@check
def new_contents_under_the_same_certificate_name_are_taken(t):
    port = t.port()
    first, second = t.certs.make(), t.certs.make(serial="2")
    path = t.path("live.pem")
    shutil.copy(first.pem, path)
    body = web(port, {"a": t.serve(evil.echo)}).replace("tls = off", "certificate = " + path)
    proxy = t.sluice(body)
    was = shown(port)
    kept = stream.connect(("127.0.0.1", port), True)
    alive(kept)
    same(shown(port), was)
    shutil.copy(second.pem, path)  # in place
    proxy.reload()
    became = shown(port)
    holds(became != was, "the old certificate is still shown")
    same({shown(port) for _ in range(20)}, {became}, "by every worker")
    shutil.copy(first.pem, path + ".new")
    os.rename(path + ".new", path)  # by renaming
    proxy.reload()
    same({shown(port) for _ in range(20)}, {was})
    alive(kept)
    kept.close()


@check
def a_session_from_before_is_not_resumed_under_another_certificate_wrongly(t):
    """Resuming is welcome after a reload, but the connection must work either way."""
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"a": server}, t.certs.make()))
    context = stream.client_context()
    with stream.connect(("127.0.0.1", port), context) as one:
        one.recv_until(b"\n")
        session = one.session()
    proxy.reload(web(port, {"a": server}, t.certs.make(serial="2")))
    for _ in range(8):
        with stream.connect(("127.0.0.1", port), context, session=session) as one:
            same(one.recv_until(b"\n"), b"a\n")


@check
def settings_of_the_frontend_change(t):
    port, server = t.port(), t.serve(evil.hold)
    proxy = t.sluice(web(port, {"a": server}, frontend="idle-timeout = 60s"))
    old = stream.connect(("127.0.0.1", port))
    old.send(b"x")
    proxy.reload(web(port, {"a": server}, frontend="idle-timeout = 500ms"))
    with stream.connect(("127.0.0.1", port)) as one:
        same(one.recv_end()[-1], "reset")
    same(old.read_now(), None, "the old connection keeps what it began with")
    old.close()


@check
def the_turn_of_round_robin_goes_on(t):
    port = t.port()
    servers = {name: t.serve(evil.named(name)) for name in "abc"}
    proxy = t.sluice(web(port, servers))
    names = []
    for i in range(30):
        names.append(first_line(("127.0.0.1", port)))
        if i % 2:
            proxy.reload()
    same({name: names.count(name) for name in "abc"}, {"a": 10, "b": 10, "c": 10})


@check
def log_targets_and_levels_change(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}))
    other = t.path("other-access.log")
    proxy.reload(access_log=other, access_format="json")
    first_line(("127.0.0.1", port))
    wait_for("a line in the other log", lambda: os.path.exists(other) and os.path.getsize(other))
    with open(other, encoding="ascii") as file:
        holds(file.read().startswith("{"), "not JSON")
    same(proxy.access_text(), [])


@check
def threads_change_or_it_is_said_that_they_cannot(t):
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = t.sluice(web(port, {"a": server}), threads=2)
    kept = stream.connect(("127.0.0.1", port))
    kept.recv_until(b"\n")
    for count in (4, 1, 2):
        mark = len(proxy.log())
        proxy._reload(None, {"threads": count}, 10)
        said = "\n".join(proxy.log()[mark:])
        if "refused" in said:
            holds("threads" in said, "refused without naming threads: " + said)
        for _ in range(20):
            same(first_line(("127.0.0.1", port)), "a")
        alive(kept)
    kept.close()


main()
