"""What the fault cases share: a scenario is run once for every call that it makes, and each time that one call fails.

A scenario is a function of one Trial. It is run first with nothing failing, to count the calls of each kind (see
src/base/sys_fault.h), then once for each plan like "open:3". Whatever fails may cost one connection, one reload or the start;
so a step of a scenario may fail once and must succeed when it is tried again, and all in all at most one may have failed.

By default a sample of the plans is run (which one follows from the seed that is printed), with --long all of them. Arguments
that are plans are run alone, with the stack of the call that fails. The output is TAP. Exit status: 0 all well, 1 not.
"""
import argparse
import concurrent.futures
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "lib"))
sys.dont_write_bytecode = True  # the sources may be read-only

import certs
import ports
import sluice
import stream

SANITIZER_STATUS = 99
DOCUMENTED = (0, 1, 2)
SANITIZER_REPORT = re.compile(r"(ERROR: \w+Sanitizer.*|SUMMARY: \w+Sanitizer.*|runtime error: .*)")
FIRED = re.compile(r"^SLUICE_FAULT: (\S+) comes now$", re.M)
SAYS_WHY = re.compile(r"error|sluice: |cannot ", re.M)
# A line of the log may be what the fault destroyed. Then it is not waited for as long as one that has to come.
LOSE_LINES = ("write:", "poll:")
LINE_LIMIT, LOST_LINE_LIMIT = 20, 1
EXIT_LIMIT = 20
FEW = 10  # plans of one series: threads race a little, so that some plans name a call that does not come


class Cost(Exception):
    """A step did not succeed, in a way in which one may fail."""


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


class Place:
    """What the trials of one thread use one after the other: ports and servers."""

    def __init__(self, folder):
        self.folder = folder
        self.certs = certs.Maker(os.path.join(os.path.dirname(folder), "certs"))
        self.servers = []
        self._ports = {}
        os.mkdir(folder)

    def port(self, name):
        if name not in self._ports:
            self._ports[name] = ports.take()
        return self._ports[name]

    def keep(self, server):
        self.servers.append(server)
        return server

    def close(self):
        for server in self.servers:
            server.close()


class Trial:
    """One run of a scenario."""

    def __init__(self, place, plan, count_path=None, stack=False):
        self.place = place
        self.plan = plan
        self.costs = []
        self.folder = tempfile.mkdtemp(prefix="trial-", dir=place.folder)
        os.chmod(self.folder, 0o755)
        self.env = {"PATH": os.environ["PATH"], "HOME": "/"}
        self.env["SLUICE_FAULT"] = "count:" + count_path if count_path else plan
        if stack:
            self.env["SLUICE_FAULT_STACK"] = "1"
        self.env["ASAN_OPTIONS"] = "detect_leaks=1:exitcode=%d" % SANITIZER_STATUS
        self.env["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1:exitcode=%d" % SANITIZER_STATUS
        suppressions = os.path.join(HERE, "openssl.supp") if "openssl_alloc" in plan else ""
        self.env["LSAN_OPTIONS"] = "print_suppressions=0" + (":suppressions=" + suppressions if suppressions else "")
        self.proxy = None
        self.stderr = ""

    def path(self, name):
        return os.path.join(self.folder, name)

    def has_fired(self):
        return bool(FIRED.search(self.text()))

    def text(self):
        return "\n".join(self.proxy.log()) if self.proxy else self.stderr

    # --- steps -----------------------------------------------------------------------------------------------------

    def step(self, name, action):
        """Runs the action, and when that costs something, once more."""
        for _ in range(2):
            try:
                return action()
            except (Cost, OSError, stream.Ended) as error:
                if isinstance(error, TimeoutError):
                    raise
                self.costs.append("%s: %s" % (name, error or type(error).__name__))
                last = error
        raise AssertionError("%s failed twice: %s" % (name, self.costs)) from last

    def may_lose_lines(self):
        return self.plan.startswith(LOSE_LINES) and self.has_fired()

    def await_line(self, pattern, after, may_end=False):
        """The first line of the log that matches, from line number `after` on. None: there is none, and it may be lost, or the
        program has ended, and it may."""
        began = time.monotonic()
        while True:
            is_running = self.proxy.is_running()
            for line in self.proxy.log()[after:]:
                if re.search(pattern, line):
                    return line
            if not is_running:
                holds(may_end, "the program ended before it logged %r" % pattern)
                return None
            waited = time.monotonic() - began
            if waited > LOST_LINE_LIMIT and self.may_lose_lines():
                return None
            holds(waited < LINE_LIMIT, "nothing like %r in the log within %d s" % (pattern, LINE_LIMIT))
            time.sleep(0.002)

    # --- the program -----------------------------------------------------------------------------------------------

    def run(self, *arguments, limit=EXIT_LIMIT):
        """Runs a verb that ends by itself; returns (status, stdout)."""
        process = subprocess.Popen(
            [sluice.BINARY, *arguments], env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.stderr = err.decode("utf-8", "replace")
            raise AssertionError("it had to be killed: no end within %d s" % limit) from None
        self.stderr = err.decode("utf-8", "replace")
        self.judge(process.returncode)
        return process.returncode, out.decode("utf-8", "replace")

    def start(self, body, **settings):
        self.proxy = sluice.Sluice(self.folder, body, env=self.env, **settings)
        self.proxy.start()

    def wait_ready(self):
        """False: it has ended instead, as it should: the start is what the failure cost."""
        line = self.await_line(r" ready: ", 0, may_end=True)
        if line is not None or self.proxy.is_running():
            return True
        status = self.wait_exit()
        holds(status != 0, "it ended with status 0 instead of starting")
        holds(self.has_fired(), "no start although nothing failed")
        self.costs.append("the start: status %d" % status)
        return False

    def stop(self, number):
        self.proxy.send_signal(number)
        self.wait_good_exit()

    def wait_good_exit(self):
        status = self.wait_exit()
        holds(status == 0, "it was to end with status 0, not %d" % status)

    def wait_exit(self, limit=EXIT_LIMIT):
        try:
            status = self.proxy.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError("it had to be killed: no end within %d s" % limit) from None
        self.judge(status)
        return status

    def judge(self, status):
        text = self.text()
        report = SANITIZER_REPORT.search(text)
        holds(not report, "sanitizer: %s" % (report.group(0) if report else ""))
        holds(status in DOCUMENTED, "exit status %d is not documented" % status)
        holds(status == 0 or SAYS_WHY.search(text), "exit status %d, and no line says why" % status)

    def end(self):
        """Whatever still runs had its time."""
        if self.proxy and self.proxy.is_running():
            self.proxy.process.kill()
            self.proxy.process.wait()

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def describe(self):
        text = re.sub(r"^Shadow bytes around.*?(^==\d+==ABORTING\n)", r"\1", self.text() + "\n", flags=re.M | re.S)
        lines = [line for line in text.split("\n") if line.strip()]
        return "\n".join(["costs: %s" % (self.costs or "none")] + lines[:120])


class Result:
    def __init__(self, plan, why=None, fired=False, costs=(), report="", took=0.0):
        self.plan, self.why, self.fired, self.costs, self.report, self.took = plan, why, fired, list(costs), report, took


class Sweep:
    def __init__(self, scenario, furnish, arguments):
        self.scenario = scenario
        self.furnish = furnish
        self.arguments = arguments
        self.random = random.Random(arguments.seed)
        self.folder = tempfile.mkdtemp(prefix="sluice-fault-")
        os.chmod(self.folder, 0o755)
        os.mkdir(os.path.join(self.folder, "certs"))
        self._local = threading.local()
        self._places = []
        self._guard = threading.Lock()

    def place(self):
        """This thread's."""
        if not hasattr(self._local, "place"):
            with self._guard:
                place = Place(os.path.join(self.folder, "place-%d" % len(self._places)))
                self._places.append(place)
                self.furnish(place)
            self._local.place = place
        return self._local.place

    def close(self):
        for place in self._places:
            place.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, plan, free=False, count_path=None, stack=False):
        """`free`: the failure may cost nothing."""
        trial = Trial(self.place(), plan, count_path, stack)
        began = time.monotonic()
        why = None
        try:
            self.scenario(trial)
            holds(len(trial.costs) <= (0 if free else 1), "one failure cost too much: %s" % trial.costs)
        except AssertionError as error:
            why = str(error)
        except Exception as error:
            why = "%s: %s" % (type(error).__name__, error)
        finally:
            trial.end()
        report = trial.describe() if why or stack else ""
        result = Result(plan, why, trial.has_fired(), trial.costs, report, time.monotonic() - began)
        trial.close()
        return result

    def count(self):
        """{kind: calls}, the most of three runs: threads race a little."""
        most = {}
        for number in range(3):
            path = os.path.join(self.folder, "count-%d" % number)
            open(path, "wb").close()
            os.chmod(path, 0o666)  # at its end the program may not be root any more
            result = self.run("", free=True, count_path=path)
            if result.why:
                raise SystemExit("Bail out! Without a failure: %s\n%s" % (result.why, result.report))
            with open(path, encoding="ascii") as file:
                for line in file:
                    kind, number = line.split()
                    most[kind] = max(most.get(kind, 0), int(number))
        return most


class Series:
    """One way in which the calls of one kind fail."""

    def __init__(self, kind, error="", free=False, weight=1, most=None):
        """`error` is an errno or SHORT, "" what is usual; `free`: it may cost nothing; `weight`: its share of a sample;
        `most`: how many are run even with --long."""
        self.kind, self.error, self.free, self.weight, self.most = kind, error, free, weight, most
        self.name = kind + (":" + error if error else "")

    def plan(self, n):
        return "%s:%d" % (self.kind, n) + (":" + self.error if self.error else "")


def share_out(totals, budget):
    """How many plans of each series to run, within the budget: those with few calls give the others what they do not need."""
    shares, left = {}, dict(totals)
    while left:
        unit = budget / sum(series.weight for series in left)
        small = [series for series, n in left.items() if n <= unit * series.weight]
        for series in small:
            shares[series] = left.pop(series)
            budget -= shares[series]
        if not small:
            shares.update({series: max(1, int(unit * series.weight)) for series in left})
            break
    return shares


def spread(total, count, rng):
    """`count` numbers out of 1..total, one out of each of so many equal parts."""
    bounds = [total * i // count for i in range(count + 1)]
    return [rng.randrange(low, high) + 1 for low, high in zip(bounds, bounds[1:])]


def arguments_of(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("plan", nargs="*", help="as in SLUICE_FAULT, to run alone")
    parser.add_argument("--long", action="store_true", help="every call, not a sample")
    parser.add_argument("--kind", action="append", help="only failures of this kind")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="chooses the sample")
    parser.add_argument("--runs", type=int, help="how many a sample has")
    parser.add_argument("-j", type=int, default=2, help="how many at once")
    given = os.environ.get("FAULTS", "").split()
    return parser.parse_args(sys.argv[1:] or given)


def has_faults():
    """Whether the binary knows plans: only such a build ends on a bad one."""
    if not os.access(sluice.BINARY, os.X_OK):
        sys.exit("set SLUICE to a program configured with --enable-faults")
    env = dict(os.environ, SLUICE_FAULT="no plan")
    done = subprocess.run([sluice.BINARY, "--version"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return b"SLUICE_FAULT" in done.stderr


class Report:
    """TAP: a line for each kind."""

    def __init__(self, script):
        self.script = script
        self.n = 0
        self.is_good = True

    def say(self, text):
        print("".join("# %s\n" % line for line in text.split("\n")), end="", flush=True)

    def failed(self, result):
        self.say("%s: %s\n%s" % (result.plan, result.why, result.report))
        self.say("again: SLUICE=%s %s %s" % (sluice.BINARY, self.script, result.plan))

    def line(self, ok, text):
        self.n += 1
        self.is_good &= ok
        print("%s %d - %s" % ("ok" if ok else "not ok", self.n, text), flush=True)

    def end(self):
        print("1..%d" % self.n, flush=True)


def _sweep_series(sweep, report, pool, series, numbers, total):
    results = list(pool.map(lambda n: sweep.run(series.plan(n), series.free), numbers))
    bad = [result for result in results if result.why]
    for result in bad[:10]:
        report.failed(result)
    if len(bad) > 10:
        report.say("and %d more: %s" % (len(bad) - 10, " ".join(result.plan for result in bad[10:])))
    reached = sum(result.fired for result in results)
    cost = sum(bool(result.costs) for result in results)
    report.line(
        not bad and (reached > len(results) // 2 or len(results) < FEW),
        "each failure of %s is survived (%d of %d calls failed, %d reached, %d cost something)"
        % (series.name, len(results), total, reached, cost),
    )
    return len(results), len(bad)


def _sweep_all(sweep, report, all_series, runs, complete):
    arguments = sweep.arguments
    counts = sweep.count()
    totals = {series: counts[series.kind] for series in all_series if counts[series.kind]}
    if complete:
        forgotten = sorted({kind for kind, n in counts.items() if n} - {series.kind for series in totals})
        report.line(not forgotten, "every kind of call has its failures; not %s" % (", ".join(forgotten) or "one is left out"))
    if arguments.kind:
        totals = {series: n for series, n in totals.items() if series.name in arguments.kind}
    if not totals:
        raise SystemExit("Bail out! The scenario makes no such calls")
    shares = share_out(totals, arguments.runs or runs)
    if arguments.long:
        shares = {series: min(n, series.most or n) for series, n in totals.items()}
    done = failed = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.j) as pool:
        for series, total in totals.items():
            numbers = spread(total, shares[series], sweep.random)
            ran, bad = _sweep_series(sweep, report, pool, series, numbers, total)
            done, failed = done + ran, failed + bad
    report.say("%d runs, %d failed, seed %d" % (done, failed, arguments.seed))


def _run_plans(sweep, report, all_series, plans):
    free = {series.name for series in all_series if series.free}
    for plan in plans:
        result = sweep.run(plan, free=re.sub(r":\d+", "", plan) in free, stack=True)
        report.say(result.report)
        if result.why:
            report.failed(result)
        report.line(not result.why, "%s (%s, %.1f s)" % (plan, "reached" if result.fired else "not reached", result.took))


def _on_term(_signal, _frame):
    raise SystemExit("ended by a signal")


def main(scenario, furnish, all_series, runs, complete=True):
    """`runs`: how many plans a sample has; `complete`: there is a series for every kind of call that the scenario makes."""
    signal.signal(signal.SIGTERM, _on_term)
    script = os.path.abspath(sys.argv[0])
    arguments = arguments_of(sys.modules["__main__"].__doc__)
    if not has_faults():
        print("1..0 # SKIP %s was not configured with --enable-faults" % sluice.BINARY)
        return
    report = Report(script)
    sweep = Sweep(scenario, furnish, arguments)
    try:
        if arguments.plan:
            _run_plans(sweep, report, all_series, arguments.plan)
        else:
            _sweep_all(sweep, report, all_series, runs, complete)
    finally:
        sweep.close()
    report.end()
    sys.exit(0 if report.is_good else 1)
