"""One measurement: a proxy between the backend and the load generator, and what it cost.

The CPU time is that of all threads of the proxy's process and its children, user and system, in nanoseconds as the
scheduler counts it (/proc/PID/task/TID/schedstat). Memory is the proportional set size of the same processes.
"""
import os
import pwd
import subprocess
import time
import typing

import ports
import proc

WARM = "connect --connections 200"  # before anything is counted: the first connections pay for what is made once
PATIENCE = 120


class Measurement(typing.NamedTuple):
    cpu_ns: int
    pss_kib: int  # how much it grew
    connections: int
    exchanges: int
    bytes: int
    wall_ns: int
    spoken: str  # TLS version, cipher and group


class Tools(typing.NamedTuple):
    """Where the programs of the bench are, and which CPUs they and the proxy may use."""

    load: str
    backend: str
    cpus: frozenset
    proxy_cpus: frozenset


class BenchError(Exception):
    pass


def _tree(pid):
    found, new = [pid], [pid]
    while new:
        new = [child for parent in new for child in proc.children(parent)]
        found += new
    return found


def _cpu_ns(pid):
    total = 0
    for process in _tree(pid):
        for task in os.listdir("/proc/%d/task" % process):
            with open("/proc/%d/task/%s/schedstat" % (process, task), encoding="ascii") as file:
                total += int(file.read().split()[0])
    return total


def _cpu_ns_at_rest(pid):
    """After the last connection there is a little left to do; its end is where the count stands still."""
    last = _cpu_ns(pid)
    for _ in range(100):
        time.sleep(0.02)
        now = _cpu_ns(pid)
        if now == last:
            break
        last = now
    return last


def _must_run_on(cpus, pid):
    """Programs may choose their CPUs themselves; then they are not measured under the same conditions."""
    for process in _tree(pid):
        for task in os.listdir("/proc/%d/task" % process):
            if not os.sched_getaffinity(int(task)) <= cpus:
                raise BenchError("a thread runs on CPUs %s" % sorted(os.sched_getaffinity(int(task))))


def _pss_kib(pid):
    return sum(proc.pss_kb(process) for process in _tree(pid))


class Program:
    """One that says a line when it is ready and ends with its standard input."""

    def __init__(self, cpus, *argv):
        self.argv = argv
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cpus),
        )  # fmt: skip

    def expect(self, word):
        """The words behind `word` on the next line."""
        words = self.process.stdout.readline().split()
        if words[:1] != [word]:
            self.process.kill()
            raise BenchError("%s: %s" % (" ".join(self.argv), self.process.communicate()[1].strip() or "said " + str(words)))
        return words[1:]

    def go(self):
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        try:
            self.process.communicate(timeout=PATIENCE)  # ends its standard input
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Proxy:
    def __init__(self, peer, workers, folder, pem, backend_port, cpus):
        self.port = ports.take()
        config = os.path.join(folder, peer.name + ".conf")
        user = pwd.getpwuid(os.geteuid()).pw_name
        with open(config, "w", encoding="utf-8") as file:
            file.write(peer.config.format(
                port=self.port, backend=backend_port, pem=pem, workers=workers, folder=folder, user=user
            ))  # fmt: skip
        self.log_path = os.path.join(folder, peer.name + ".log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [peer.path(), *(word.format(config=config) for word in peer.command)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder,
                preexec_fn=lambda: os.sched_setaffinity(0, cpus),
            )  # fmt: skip
        self.pid = self.process.pid

    def wait_until_listening(self):
        deadline = time.monotonic() + 20
        while not proc.is_listening(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise BenchError("it does not start: " + self.log())
            time.sleep(0.01)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            for pid in reversed(_tree(self.pid)):
                os.kill(pid, 9)
            self.process.wait()


def measure(case, peer, workers, tools, folder, pem):
    backend_port = ports.take()
    with Program(tools.cpus, tools.backend, str(backend_port)) as backend:
        backend.expect("ready")
        with Proxy(peer, workers, folder, pem, backend_port, tools.proxy_cpus) as proxy:
            proxy.wait_until_listening()
            return _run_load(case, proxy, tools)


def _run_load(case, proxy, tools):
    def load(arguments):
        return Program(tools.cpus, tools.load, *arguments.split(), "--port", str(proxy.port))

    with load(WARM) as warm:
        warm.expect("ready")
        warm.go()
        warm.expect("done")
    _must_run_on(tools.proxy_cpus, proxy.pid)
    _cpu_ns_at_rest(proxy.pid)
    pss_before = _pss_kib(proxy.pid)
    with load(case.load) as work:
        spoken = " ".join(work.expect("ready"))
        cpu_before = _cpu_ns_at_rest(proxy.pid)
        work.go()
        connections, exchanges, moved, wall_ns = (int(word) for word in work.expect("done"))
        cpu_ns = _cpu_ns_at_rest(proxy.pid) - cpu_before
        pss_kib = _pss_kib(proxy.pid) - pss_before
    return Measurement(cpu_ns, pss_kib, connections, exchanges, moved, wall_ns, spoken)
