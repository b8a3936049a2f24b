"""strace as a tool of cases: what a program calls, and calls that are made to fail, to wait or to meet a signal."""
import itertools
import os
import subprocess

import proc
from case import holds, needs_tool, run_command, skip, wait_for

# For a program that ends under strace: LeakSanitizer would have to trace it, too.
ENVIRONMENT = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")

_numbers = itertools.count()


def needs_strace():
    needs_tool("strace")
    status, _, err = run_command("strace", "-f", "-o", "/dev/null", "true")
    if status != 0:
        skip("strace may not trace here: " + err.strip()[:80])


class Attached:
    """strace on a program that runs already, with all of its threads or (main_only) its main thread."""

    def __init__(self, t, pid, *options, main_only=False):
        self._report = t.path("strace-%d" % next(_numbers))
        self._tracer = subprocess.Popen(
            ["strace", *([] if main_only else ["-f"]), "-p", str(pid), "-o", self._report, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        t.defer(self.end)
        wait_for("strace to hold it", lambda: self._holds([pid] if main_only else proc.tasks(pid), pid))

    def _holds(self, tasks, pid):
        holds(self._tracer.poll() is None, "strace ended")
        return {proc.tracer(pid, task) for task in tasks} == {self._tracer.pid}

    def end(self):
        """Lets go of the program; returns what was traced."""
        self._tracer.terminate()
        self._tracer.wait()
        with open(self._report, encoding="ascii", errors="replace") as file:
            return file.read()


def failing(calls, error, when, paths=()):
    """Options that let some of the calls fail; with `paths` only those on these files."""
    only = [word for path in paths for word in ("-P", path)]
    return ["-e", "trace=" + calls, "-e", "inject=%s:error=%s:when=%s" % (calls, error, when), *only]
