"""A file that is no good changes nothing: the old serves on without a gap, and the log names file, line and reason. F85, P5"""
# group: smoke
import os
import re

import evil
import load
import stream
from case import check, holds, main, same, scaled, skip
from sluice import web


class Served:
    """A running program, clients that never stop coming, and one long stream."""

    def __init__(self, t):
        self.t = t
        self.port = t.port()
        self.cert = t.certs.make()
        self.server = t.serve(evil.named("old"))
        self.good = web(self.port, {"a": self.server}, self.cert)
        self.proxy = t.sluice(self.good)
        self.stream = stream.connect(("127.0.0.1", self.port), True)
        self.stream.recv_until(b"\n")
        self.clients = load.Background(2, self.client)
        t.defer(self.clients.halt)

    def client(self, _number):
        with stream.connect(("127.0.0.1", self.port), True) as one:
            same(one.recv_until(b"\n"), b"old\n")

    def refuse(self, what, body=None, because=None):
        """Reloads with `body` (or whatever the check has put in the file's place) and expects a refusal."""
        said = self.proxy.reload_refused(body)
        holds(because is None or re.search(because, said), "%s: no %r in: %s" % (what, because, said))
        self.stream.send(what.encode())
        same(self.stream.recv_exactly(len(what)), what.encode())

    def finish(self):
        holds(self.clients.stop() > 0, "no client came at all")
        self.proxy.reload(self.good)
        self.stream.close()


@check
def files_with_errors(t):
    s = Served(t)
    other = t.certs.make("other.example")
    with open(other.key, encoding="ascii") as key, open(s.cert.chain, encoding="ascii") as chain:
        mismatch = t.write("mismatch.pem", key.read() + chain.read())
    os.chmod(mismatch, 0o600)
    s.refuse("unknown key", s.good + "ballance = least-conn\n", r"sluice\.ini:\d+: error: .*ballance")
    s.refuse("syntax", s.good + "what is this\n", r"sluice\.ini:\d+: error")
    s.refuse("no such pool", s.good.replace("pool = web-pool", "pool = nowhere"), r"error: .*nowhere")
    s.refuse("no listener", "[pool app]\nserver = a 127.0.0.1:1\n", "error")
    s.refuse("missing certificate", s.good.replace(s.cert.pem, "/nonexistent.pem"), r"error: .*nonexistent")
    s.refuse("mismatch", s.good.replace(s.cert.pem, mismatch), r"error: .*mismatch\.pem")
    s.refuse("no unit", s.good + "connect-timeout = 5\n", "5s")
    s.refuse("later", s.good + "check = tcp\n", "not supported yet")
    s.finish()


@check
def files_that_cannot_be_read(t):
    s = Served(t)
    path = s.proxy.config_path

    def put(make):
        os.unlink(path)
        make()

    put(lambda: open(path, "w", encoding="ascii").close())
    s.refuse("empty", None, "error")
    os.unlink(path)
    s.refuse("missing")
    os.mkdir(path)
    s.refuse("a folder")
    os.rmdir(path)
    os.mkfifo(path)
    s.refuse("a fifo")
    put(lambda: os.symlink("/dev/zero", path))
    s.refuse("a device")
    put(lambda: os.symlink("/nonexistent/file", path))
    s.refuse("a dangling link")
    put(lambda: os.symlink(path, path))
    s.refuse("a loop of links")
    os.unlink(path)
    if os.geteuid() != 0:
        s.proxy.write(s.good)
        os.chmod(path, 0)
        s.refuse("unreadable")
        os.chmod(path, 0o600)
    with open(path, "w", encoding="ascii") as file:
        file.write("; " + "x" * (2 << 20))
    s.refuse("two megabytes")
    s.finish()


@check
def a_port_in_use(t):
    s = Served(t)
    taken, free = t.serve(evil.echo), t.port()
    body = web([s.port, free, taken.port], {"a": t.serve(evil.named("new"))}, s.cert)
    s.refuse("port in use", body, str(taken.port))
    try:
        stream.connect_socket(("127.0.0.1", free), 2).close()
        raise AssertionError("half of a refused file is in force: it listens on the new port")
    except ConnectionRefusedError:
        pass
    s.finish()


@check
def an_address_that_is_refused_takes_no_client_from_a_wider_one(t):
    """The kernel sends clients to the nearer address as soon as somebody listens there."""
    port, server, taken = t.port(), t.serve(evil.named("old")), t.serve(evil.echo)
    proxy = t.sluice(web("0.0.0.0:%d" % port, {"a": server}))

    def client(_number):
        with stream.connect(("127.0.0.1", port)) as one:
            same(one.recv_until(b"\n"), b"old\n")

    clients = load.Background(4, client)
    t.defer(clients.halt)
    for _ in range(scaled(100, 10)):
        proxy.reload_refused(web([port, taken.port], {"a": server}))
    clients.stop()
    proxy.reload(web(port, {"a": server}))
    client(0)


@check
def what_needs_a_restart_is_refused_by_name(t):
    s = Served(t)
    path = re.escape(s.proxy.config_path)
    said = s.proxy.reload_refused(user="nobody") if os.geteuid() == 0 else ""
    holds(not said or "user" in said, said)
    if os.geteuid() == 0:
        said = s.proxy.reload_refused(user=None)
        holds(re.search(path + ": error: user cannot change", said), said)
    s.proxy.settings["user"] = "root" if os.geteuid() == 0 else None
    said = s.proxy.reload_refused(threads="7")
    holds(re.search(path + r":\d+: error: threads = 7", said), said)
    s.proxy.settings["threads"] = "2"
    s.finish()


@check
def threads_that_are_no_longer_written_are_told_with_the_file(t):
    proxy = t.sluice(web(t.port(), {"a": "127.0.0.1:1"}), threads="200")
    said = proxy.reload_refused(threads=None)
    holds(re.search(re.escape(proxy.config_path) + ": error: threads = auto, here", said), said)


@check
def what_runs_counts_not_what_the_file_would_make_of_it_now(t):
    """auto is counted at start: fewer CPUs since then are no change, and the number that runs is what is told."""
    cpus = os.sched_getaffinity(0)
    if len(cpus) < 2:
        skip("needs two CPUs")
    proxy = t.sluice(web(t.port(), {"a": "127.0.0.1:1"}), threads="auto")
    os.sched_setaffinity(proxy.pid, {min(cpus)})
    proxy.reload()
    said = proxy.reload_refused(threads="1")
    holds("runs with %d" % len(cpus) in said, said)


@check
def five_hundred_broken_files_under_load(t):
    """F85: pieces of a good file, cut and mangled in every line."""
    s = Served(t)
    lines = s.proxy.text(s.good).split("\n")
    count = scaled(500, 50)
    s.proxy._raw = True
    for i in range(count):
        broken = list(lines)
        at = i % len(lines)
        broken[at] = ("\0", "= " + lines[at], "[" + lines[at], "x" * 60 + lines[at], "[nosuch y]", "listen = ]")[i // len(lines) % 6]
        s.proxy.reload_refused("\n".join(broken))
    s.proxy._raw = False
    s.finish()


main()
