"""The program under test: writes its file, starts it, reads its logs, reloads and stops it, and checks how it ended."""
import json
import os
import re
import signal
import subprocess
import time

import proc

BINARY = os.environ.get("SLUICE", "")
COMPLAINTS = re.compile(r"Sanitizer|runtime error:|Assertion .* failed|assertion failed|cannot allocate .* aborting")
RELOADED = re.compile(r"configuration \d+ in force|reload refused")


class Sluice:
    def __init__(
        self, folder, body, slower=1, raw=False, wrapper=(), env=None, arguments=None, stderr=None, **settings
    ):
        """`settings` become [global] (threads=4, max_connections=100, ...); None leaves one out, raw=True takes `body`
        as the whole file. `wrapper` is put before the command line. `stderr` replaces the file that takes the log."""
        self.folder = folder
        self.slower = slower
        self.config_path = os.path.join(folder, "sluice.ini")
        self.log_path = os.path.join(folder, "stderr.log")
        self.access_path = os.path.join(folder, "access.log")
        self.settings = dict(settings)
        self.pid = None
        self.process = None
        self.expect_status = 0
        self._raw = raw
        self._wrapper = list(wrapper)
        self._env = env
        self._arguments = arguments or ["run", "-c", self.config_path]
        self._stderr = stderr
        self.write(body)

    # --- the file --------------------------------------------------------------------------------------------------

    def text(self, body):
        if self._raw:
            return body
        values = {"threads": "2", "max-connections": "4000", "access-log": self.access_path}
        if os.geteuid() == 0:
            values["user"] = "root"  # dropping root has cases of its own
        values.update({key.replace("_", "-"): value for key, value in self.settings.items()})
        lines = ["%s = %s" % (key, value) for key, value in values.items() if value is not None]
        return "[global]\n%s\n\n%s" % ("\n".join(lines), body)

    def write(self, body):
        """Replaces the file in one step, as an editor or a deployment does."""
        new = self.config_path + ".new"
        with open(new, "w", encoding="utf-8") as file:
            file.write(self.text(body))
        os.rename(new, self.config_path)
        self.body = body

    # --- life ------------------------------------------------------------------------------------------------------

    def start(self):
        if self._stderr is None:
            with open(self.log_path, "wb") as log:
                self._spawn(log)
        else:
            self._spawn(self._stderr)

    def _spawn(self, stderr):
        self.process = subprocess.Popen(
            self._wrapper + [BINARY] + self._arguments,
            stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr, env=self._env, cwd=self.folder,
        )  # fmt: skip
        self.pid = self.process.pid

    def wait_ready(self):
        return self.wait_for_log(r"\bready\b")

    def send_signal(self, number):
        os.kill(self.pid, number)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def reload(self, body=None, limit=10, **settings):
        """Writes the file if one is given, sends SIGHUP, waits until it is in force; returns the log line."""
        line = self._reload(body, settings, limit)
        if "reload refused" in line:  # such a line ends with the configuration that stays in force
            raise AssertionError("the reload was refused: " + line)
        return line

    def reload_refused(self, body=None, limit=10, **settings):
        """The same for a file that must be refused; returns the log lines since the signal."""
        mark = len(self.log())
        line = self._reload(body, settings, limit)
        if "reload refused" not in line:
            raise AssertionError("the reload was not refused: " + line)
        return "\n".join(self.log()[mark:])

    def _reload(self, body, settings, limit):
        self.settings.update(settings)
        if body is not None or settings:
            self.write(self.body if body is None else body)
        mark = len(self.log())
        self.send_signal(signal.SIGHUP)
        return self.wait_for_log(RELOADED, after=mark, limit=limit)

    def stop(self, number=signal.SIGINT, limit=10):
        """Sends the signal, waits for the end, checks status and log; returns the seconds it took."""
        began = time.monotonic()
        if self.is_running():
            self.send_signal(number)
        self.wait_exit(limit)
        return time.monotonic() - began

    def wait_exit(self, limit=10):
        try:
            status = self.process.wait(limit * self.slower)
        except subprocess.TimeoutExpired:
            self._kill()
            raise AssertionError("the program did not end within %g s" % (limit * self.slower)) from None
        complaints = [line for line in self.log() if COMPLAINTS.search(line)]
        if complaints:
            raise AssertionError("the log holds: " + complaints[0])
        if self.expect_status is not None and status != self.expect_status:
            raise AssertionError("exit status %d, want %d" % (status, self.expect_status))
        return status

    def _kill(self):
        inner = proc.children(self.process.pid)  # when a wrapper is between, it ends with the program
        for pid in inner or [self.process.pid]:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def close(self):
        """The end of every check: whatever still runs is stopped and must end well."""
        if self.process is None:
            return
        try:
            died = self.process.poll()
            if died is not None and self.process.returncode != self.expect_status and self.expect_status is not None:
                raise AssertionError("the program ended by itself with status %d" % died)
            self.stop()
        finally:
            if self.process.poll() is None:
                self._kill()

    # --- logs ------------------------------------------------------------------------------------------------------

    def log(self):
        """The lines of the error log so far."""
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read().split("\n")[:-1]
        except FileNotFoundError:
            return []

    def wait_for_log(self, pattern, after=0, limit=10):
        """The first line from line number `after` on that matches."""
        deadline = time.monotonic() + limit * self.slower
        while True:
            for line in self.log()[after:]:
                if re.search(pattern, line):
                    return line
            if self.process.poll() is not None:
                raise AssertionError("the program ended (status %d) before it logged %r" % (self.process.returncode, pattern))
            if time.monotonic() > deadline:
                raise AssertionError("nothing like %r in the log within %g s" % (pattern, limit * self.slower))
            time.sleep(0.005)

    def access_text(self):
        try:
            with open(self.access_path, encoding="ascii") as file:
                return file.read().split("\n")[:-1]
        except FileNotFoundError:
            return []

    def access(self, count, limit=10):
        """Waits for `count` lines of the access log and returns all, parsed."""
        deadline = time.monotonic() + limit * self.slower
        while len(self.access_text()) < count:
            if time.monotonic() > deadline:
                raise AssertionError("%d access lines, want %d" % (len(self.access_text()), count))
            time.sleep(0.005)
        return [parse_access(line) for line in self.access_text()]

    def describe(self):
        """For the report of a failure."""
        with open(self.config_path, encoding="utf-8", errors="replace") as file:
            config = file.read()
        lines = self.log()
        access = self.access_text()
        complaint = next((i for i, line in enumerate(lines) if COMPLAINTS.search(line)), None)
        if complaint is None:
            shown, what = _folded(lines)[-25:], "the last of"
        else:
            shown, what = lines[complaint : complaint + 80], "the complaint among"
        parts = ["--- %s" % self.config_path, config.rstrip(), "--- %s %d log lines" % (what, len(lines))] + shown
        return "\n".join(parts + ["--- the last of %d access lines" % len(access)] + access[-5:])


def _folded(lines):
    """Lines that repeat, apart from their numbers, once with a count."""
    folded = []
    for line in lines:
        shape = re.sub(r"\d+", "N", line)
        if folded and folded[-1][0] == shape:
            folded[-1][2] += 1
        else:
            folded.append([shape, line, 1])
    return [line if count == 1 else "%s   (%d like this)" % (line, count) for _, line, count in folded]


def web(listen, servers, certificate=None, frontend="", pool="", name="web"):
    """The sections of one frontend and its pool. `listen` is a port, an address or several; `servers` maps a name to an
    evil.Server or an address, with words behind it if need be; `frontend` and `pool` are more lines of the sections."""
    listens = listen if isinstance(listen, (list, tuple)) else [listen]
    lines = ["[frontend %s]" % name]
    lines += ["listen = %s" % ("127.0.0.1:%d" % one if isinstance(one, int) else one) for one in listens]
    lines += ["certificate = " + certificate.pem] if certificate else ["tls = off"]
    lines += [line.strip() for line in frontend.split("\n") if line.strip()]
    lines += ["pool = %s-pool" % name, "", "[pool %s-pool]" % name]
    lines += ["server = %s %s" % (key, getattr(one, "address", one)) for key, one in servers.items()]
    lines += [line.strip() for line in pool.split("\n") if line.strip()]
    return "\n".join(lines) + "\n"


_LOGFMT = re.compile(r'([a-z_]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s"=]*))(?: |$)')


def parse_access(line):
    """One access line, logfmt or JSON, as {key: text}. Anything that is not exactly that language is an error."""
    if any(not 32 <= ord(c) < 127 for c in line):
        raise AssertionError("an access line holds more than printable ASCII: %r" % line)
    if line.startswith("{"):
        return {key: "" if value is None else str(value) for key, value in json.loads(line).items()}
    fields, at = {}, 0
    while at < len(line):
        match = _LOGFMT.match(line, at)
        if not match:
            raise AssertionError("not logfmt at column %d: %r" % (at + 1, line))
        key, quoted, plain = match.groups()
        if key in fields:
            raise AssertionError("key %s appears twice: %r" % (key, line))
        fields[key] = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
        at = match.end()
    return fields


def run(*arguments, limit=20, env=None, cwd=None, stdin=None):
    """Runs a verb that ends by itself; returns (status, stdout, stderr)."""
    done = subprocess.run(
        [BINARY] + list(arguments), stdin=stdin or subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        timeout=limit * 8, env=env, cwd=cwd,
    )  # fmt: skip
    return done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
