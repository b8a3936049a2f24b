#!/usr/bin/env python3
"""The life of a server, each call failing once: start, TLS, plain and UNIX clients, a retry, a reload, a refused one, the logs
opened again, TERM.
"""
import contextlib
import os
import re
import signal
import ssl
import time

import sweep  # first: it knows where tests/lib is
from sweep import Cost, Series, holds

import evil
import proc
import stream
from sluice import RELOADED, parse_access

FILE = """
include = pools.ini

[frontend secure]
listen = 127.0.0.1:{secure}
certificate = {folder}/web.pem
certificate = {folder}/other.pem
pool = app

[frontend plain]
listen = 127.0.0.1:{plain}, unix:{folder}/front.sock
tls = off
pool = app

[frontend bulk]
listen = 127.0.0.1:{bulk}
tls = off
pool = bulk
{more}"""
# After the reload: another listener, for the same pool.
ADDED = """
[frontend added]
listen = 127.0.0.1:{added}
certificate = {folder}/other.pem
pool = app
"""
POOLS = """
[pool app]
server = dead {dead}
server = alive {alive}
retry-backoff = 1ms..2ms

[pool bulk]
server = blob unix:{blob}
"""
SERIES = [
    Series("socket"),
    Series("bind"),
    Series("listen"),
    Series("accept4"),
    Series("connect"),
    Series("getsockopt"),
    Series("setsockopt"),
    Series("recv"),
    Series("send"),
    Series("shutdown"),
    Series("open"),
    Series("read"),
    Series("write"),
    Series("fstat"),
    Series("fcntl"),
    Series("poll"),
    Series("getrandom"),
    Series("epoll_create1"),
    Series("epoll_ctl"),
    Series("eventfd"),
    Series("signalfd"),
    Series("thread_create"),
    Series("alloc", weight=4),
    Series("libev_alloc", free=True),  # met out of a reserve (F61)
    Series("openssl_alloc", weight=4, most=2000),  # of some 200,000, from 10,000 places
]

BULK_BYTES = 400_000  # more than a socket with a small buffer takes, so that bytes have to wait
UPLOAD = bytes(range(256)) * 800
CROWD = 8
SPIN_S = 0.1  # of CPU time while all is quiet: a fraction of what a loop that spins takes, many times of what is needed
LIMIT = 20  # of an operation of a client: one that hangs is no cost but a failure
STOPPED = re.compile(r"stopped: (\d+) connections accepted, (\d+) ended, .* (\d+) log lines lost")
NO_MEMORY_FOR_IT = re.compile(r"a connection was closed: no memory")


def blob(one):
    one.send(bytes(BULK_BYTES))
    one.finish()
    one.recv_end()


def furnish(place):
    place.alive = place.keep(evil.Server(evil.echo, limit=3600))
    place.dead = place.keep(evil.Refuser())
    place.blob = place.keep(evil.Server(blob, unix=os.path.join(place.folder, "blob.sock"), limit=3600))
    place.web = [place.certs.make("web.test"), place.certs.make("web.test", serial="2")]
    place.other = place.certs.make("other.test", key="rsa")
    with open(place.web[1].crt, encoding="ascii") as file:
        place.web_der = ssl.PEM_cert_to_DER_cert(file.read())
    place.tls = stream.client_context(version="TLSv1.3")
    place.tls12 = stream.client_context(version="TLSv1.2")


def write(path, text):
    """In one step, readable by us alone, as a certificate has to be."""
    with open(path + ".new", "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path + ".new", 0o600)
    os.rename(path + ".new", path)


class Service:
    """The running program as its clients and its operator see it."""

    def __init__(self, trial):
        self.trial = trial
        self.place = trial.place
        self.served = 0

    def where(self, name):
        return ("127.0.0.1", self.place.port(name))

    def file(self, more=""):
        ports = {name: self.place.port(name) for name in ("secure", "plain", "bulk", "added")}
        return (FILE + more).format(folder=self.trial.folder, more="", **ports)

    # --- clients ---------------------------------------------------------------------------------------------------

    def open(self, where, tls=None, **options):
        return stream.connect(where, tls, limit=LIMIT, **options)

    def finish(self, one, data=b"hello"):
        """From the first byte of a connection to its clean end."""
        one.send(data)
        holds(one.recv_exactly(len(data)) == data, "other bytes came back")
        one.finish()
        if one.recv_end() != stream.CLEAN[one.is_tls]:
            raise Cost("it ended with %s" % one.ends)
        self.served += 1

    def talk(self, where, tls=None, data=b"hello", **options):
        """One connection as a whole; returns the session for another."""
        with self.open(where, tls, **options) as one:
            self.finish(one, data)
            return one.session() if tls else None

    def crowd(self):
        """So many at once that one worker hands some of them to the other."""
        with contextlib.ExitStack() as stack:
            for one in [stack.enter_context(self.open(self.where("plain"))) for _ in range(CROWD)]:
                self.finish(one)

    def fetch(self):
        """Much, slowly: bytes have to wait inside the program."""
        with self.open(self.where("bulk"), rcvbuf=4096) as one:
            data = one.recv_all()
            if one.ends != ["fin"]:
                raise Cost("it ended with %s after %d bytes" % (one.ends, len(data)))
            holds(len(data) == BULK_BYTES, "a clean end after %d bytes" % len(data))
            one.finish()
            self.served += 1

    def shown(self, frontend, name):
        with self.open(self.where(frontend), self.place.tls, name=name) as one:
            return one.peer_certificate()

    # --- the operator ----------------------------------------------------------------------------------------------

    def signal(self, number, pattern):
        """Sends it and returns the line that answers; "" when it may have been lost."""
        mark = len(self.trial.proxy.log())
        self.trial.proxy.send_signal(number)
        return self.trial.await_line(pattern, mark) or ""

    def start(self):
        """False: the start was what the failure cost."""
        trial = self.trial
        write(trial.path("web.pem"), self.place.web[0].bytes())
        write(trial.path("other.pem"), self.place.other.bytes())
        write(
            trial.path("pools.ini"),
            POOLS.format(dead=self.place.dead.address, alive=self.place.alive.address, blob=self.place.blob.where),
        )
        trial.start(self.file(), threads=2)
        return trial.wait_ready()

    def reload(self):
        line = self.signal(signal.SIGHUP, RELOADED)
        if "refused" in line:
            raise Cost(line)

    def reload_refused(self):
        line = self.signal(signal.SIGHUP, RELOADED)
        holds(not line or "refused" in line, "a bad file is in force: " + line)

    def reopen_logs(self):
        line = self.signal(signal.SIGUSR1, r"opened again")
        if "cannot" in line:
            raise Cost(line)

    def end(self):
        """TERM. For some 300 ms listeners wait for clients that are halfway in, and nothing has anything to do."""
        pid, proxy = self.trial.proxy.pid, self.trial.proxy
        before = spent = proc.cpu_seconds(pid)
        proxy.send_signal(signal.SIGTERM)
        while proxy.is_running() and not any("drained:" in line for line in proxy.log()):
            with contextlib.suppress(OSError, IndexError):
                spent = proc.cpu_seconds(pid)
            time.sleep(0.005)
        holds(spent - before < SPIN_S, "%.2f s of CPU were spent on doing nothing" % (spent - before))
        self.trial.wait_good_exit()

    def account(self):
        """What it says of itself at the end agrees with what was done, and nothing is missing without being counted."""
        text = self.trial.text()
        totals = STOPPED.search(text)
        if not totals:
            holds(self.trial.may_lose_lines(), "it ended without its totals")
            return
        accepted, ended, lost = (int(n) for n in totals.groups())
        refused = len(NO_MEMORY_FOR_IT.findall(text))
        holds(accepted == ended + refused, "%d accepted, %d ended, %d refused" % (accepted, ended, refused))
        holds(accepted >= self.served, "%d accepted, %d were served" % (accepted, self.served))
        lines = [parse_access(line) for line in self.trial.proxy.access_text()]
        holds(
            len(lines) == ended or (len(lines) < ended <= len(lines) + lost),
            "%d access lines for %d connections, %d lines lost" % (len(lines), ended, lost),
        )


def scenario(trial):
    service = Service(trial)
    place, step, talk = trial.place, trial.step, service.talk
    if not service.start():
        holds(not os.path.exists(trial.path("front.sock")), "it left its socket behind")
        return

    session = step("a TLS client", lambda: talk(service.where("secure"), place.tls))
    step("a TLS client that comes again", lambda: talk(service.where("secure"), place.tls, session=session))
    step("a client with TLS 1.2", lambda: talk(service.where("secure"), place.tls12, name="other.test"))
    step("a plain client", lambda: talk(service.where("plain")))
    step("a client of the UNIX socket", lambda: talk(trial.path("front.sock")))
    step("a slow client", service.fetch)
    step("much from a TLS client", lambda: talk(service.where("secure"), place.tls, UPLOAD))
    step("many clients at once", service.crowd)

    write(trial.path("web.pem"), place.web[1].bytes())
    trial.proxy.write(service.file(ADDED))
    step("a reload", service.reload)
    step("a client of the new listener", lambda: talk(service.where("added"), place.tls, name="other.test"))
    shown = step("the new certificate", lambda: service.shown("secure", "web.test"))
    holds(shown == place.web_der, "another certificate is shown after the reload")

    trial.proxy.write(service.file("\n[frontend broken]\nlisten = nowhere\n"))
    step("a reload that is refused", service.reload_refused)
    trial.proxy.write(service.file(ADDED))
    step("opening the logs again", service.reopen_logs)

    step("a TLS client in the end", lambda: talk(service.where("secure"), place.tls))
    step("a plain client in the end", lambda: talk(service.where("plain")))
    service.end()
    holds(not os.path.exists(trial.path("front.sock")), "it left its socket behind")
    service.account()


if __name__ == "__main__":
    sweep.main(scenario, furnish, SERIES, runs=130)
