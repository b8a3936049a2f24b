"""What a case is made of: named checks, a temporary folder, and everything that is closed at the end of each check.

A case is a file of functions marked @check that take a Context, and `main()` on its last line. Exit status: 0 all
passed, 1 something failed, 77 nothing ran (the reason is printed as "skip: ...").
"""
import contextlib
import ctypes
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import certs
import evil
import ports
import proc
import sluice

SANITIZER = os.environ.get("SLUICE_SANITIZER", "")
LONG = os.environ.get("SLUICE_TEST_LONG", "") == "1"
SLOWER = {"": 1, "asan": 4, "tsan": 8}.get(SANITIZER, 8)  # how much longer a deadline is
PR_SET_CHILD_SUBREAPER = 36

_checks = []


class Skip(Exception):
    """The check cannot run here; the message says why."""


def check(function):
    _checks.append(function)
    return function


def known_open(reason):
    """Instead of @check: a known failure that is kept, with its reason, until it is mended."""
    assert reason
    return lambda function: function


def skip(reason):
    raise Skip(reason)


def needs_root():
    if os.geteuid() != 0:
        skip("needs root")


def needs_tool(*names):
    for name in names:
        if shutil.which(name) is None:
            skip("needs the command " + name)


def scaled(count, least=1):
    """A count of connections, bytes or rounds: smaller under a sanitizer."""
    return max(least, count // (10 if SANITIZER else 1))


def seconds(limit):
    """A deadline: longer under a sanitizer."""
    return limit * SLOWER


def same(got, want, what="value"):
    if got != want:
        raise AssertionError("%s: got %s, want %s" % (what, _short(got), _short(want)))


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def _short(value):
    text = repr(value)
    return text if len(text) <= 300 else "%s... (%d characters)" % (text[:300], len(text))


def wait_for(what, condition, limit=10):
    """Polls until condition() is true and returns its value; fails when `limit` seconds have passed."""
    deadline = time.monotonic() + seconds(limit)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("waited %g s in vain for: %s" % (seconds(limit), what))
        time.sleep(0.01)


def wait_until_still(what, number, still=0.5, limit=30):
    """Polls until number() has not changed for `still` seconds and returns it."""
    deadline = time.monotonic() + seconds(limit)
    last, since = number(), time.monotonic()
    while time.monotonic() - since < seconds(still):
        if time.monotonic() > deadline:
            raise AssertionError("%s never came to rest within %g s" % (what, seconds(limit)))
        time.sleep(0.02)
        now = number()
        if now != last:
            last, since = now, time.monotonic()
    return last


def run_command(*argv, input=None, limit=20, env=None):
    """Runs a program to its end; returns (status, stdout, stderr), the outputs as text."""
    done = subprocess.run(
        argv, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=seconds(limit), env=env
    )
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")


def curl(url, *options, limit=20):
    """Fetches a URL, returns the body; fails when curl does. Certificates are not verified unless --cacert is given."""
    trust = [] if "--cacert" in options else ["--insecure"]
    argv = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", str(seconds(limit)), *trust, *options]
    status, out, err = run_command(*argv, url, limit=limit + 5)
    if status != 0:
        raise AssertionError("curl %s: exit status %d: %s" % (url, status, err.strip()))
    return out


class Context:
    """What one check may use. Whatever it makes is closed in reverse order when the check is over."""

    def __init__(self, folder):
        self.folder = folder
        self.certs = certs.Maker(os.environ.get("SLUICE_TEST_CERTS") or os.path.join(folder, "certs"))
        self.proxies = []
        self._closers = contextlib.ExitStack()

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def defer(self, function, *args):
        self._closers.callback(function, *args)

    def port(self):
        return ports.take()

    def serve(self, handler, **options):
        """A backend: every connection runs handler(stream) on a thread of its own."""
        server = evil.Server(handler, **options)
        self.defer(server.close)
        return server

    def refuser(self):
        server = evil.Refuser()
        self.defer(server.close)
        return server

    def black_hole(self):
        server = evil.BlackHole()
        self.defer(server.close)
        return server

    def sluice(self, body, **settings):
        """Starts the program with [global] made from the settings and the sections of `body`; waits until it is ready."""
        proxy = self.prepare(body, **settings)
        proxy.start()
        proxy.wait_ready()
        return proxy

    def prepare(self, body, **settings):
        """The same without starting it."""
        folder = os.path.join(self.folder, "sluice-%d" % (len(self.proxies) + 1))
        os.mkdir(folder)
        proxy = sluice.Sluice(folder, body, slower=SLOWER, **settings)
        self.proxies.append(proxy)
        self.defer(proxy.close)
        return proxy

    def close(self):
        self._closers.close()


def _run_one(function):
    """Runs one check in a folder of its own; returns "ok", "skip" or "FAIL"."""
    name = function.__name__.replace("_", " ")
    began = time.monotonic()
    folder = tempfile.mkdtemp(prefix="sluice-test-")
    os.chmod(folder, 0o755)  # a sluice that has dropped root must still get in
    context = Context(folder)
    verdict, why = "ok", ""
    try:
        try:
            function(context)
        finally:
            context.close()
            strays = proc.children(os.getpid())
            holds(not strays, "processes were left behind: %s" % strays)
    except Skip as reason:
        verdict, why = "skip", ": %s" % reason
    except BaseException as error:  # a failure is reported with the program's log beside it, then the next check runs
        verdict = "FAIL"
        traceback.print_exc(file=sys.stdout)
        for proxy in context.proxies[-3:]:
            print(proxy.describe())
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        print("%s - %s (%.1f s)%s" % (verdict, name, time.monotonic() - began, why), flush=True)
    return verdict


def _on_term(_signal, _frame):
    raise SystemExit("ended by the time limit")


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # what a program leaves behind becomes our child
    signal.signal(signal.SIGTERM, _on_term)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    wanted = sys.argv[1:]
    chosen = [f for f in _checks if not wanted or f.__name__ in wanted]
    verdicts = [_run_one(function) for function in chosen]
    if "FAIL" in verdicts or not verdicts:
        sys.exit(1)
    sys.exit(77 if "ok" not in verdicts else 0)
