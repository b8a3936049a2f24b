"""What /proc tells about a process: memory, descriptors, threads, CPU time, children and the states of its sockets."""
import os
import re
import time

TICKS = os.sysconf("SC_CLK_TCK")
OPENAT = {"x86_64": "257"}.get(os.uname().machine, "56")
TCP_STATES = {
    1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT",
    7: "CLOSE", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING",
}  # fmt: skip


def _read(path):
    with open(path, encoding="ascii", errors="replace") as file:
        return file.read()


def _field_kb(path, name):
    return int(re.search(r"^%s:\s+(\d+) kB" % name, _read(path), re.M).group(1))


def rss_kb(pid):
    return _field_kb("/proc/%d/status" % pid, "VmRSS")


def pss_kb(pid):
    return _field_kb("/proc/%d/smaps_rollup" % pid, "Pss")


def threads(pid):
    return len(os.listdir("/proc/%d/task" % pid))


def fds(pid):
    """{descriptor: what it is open on}"""
    found = {}
    for name in os.listdir("/proc/%d/fd" % pid):
        try:
            found[int(name)] = os.readlink("/proc/%d/fd/%s" % (pid, name))
        except FileNotFoundError:
            pass  # closed meanwhile
    return found


def cpu_seconds(pid):
    """User and system time of all threads."""
    fields = _read("/proc/%d/stat" % pid).rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def state(pid):
    """The letter of the process's state (R, S, T, Z), or "" when it is gone."""
    try:
        return _read("/proc/%d/stat" % pid).rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def tasks(pid):
    """The ids of its threads."""
    return [int(task) for task in os.listdir("/proc/%d/task" % pid)]


def tracer(pid, task):
    """Who traces a thread; 0: nobody."""
    return int(re.search(r"^TracerPid:\s+(\d+)", _read("/proc/%d/task/%d/status" % (pid, task)), re.M).group(1))


def children(pid):
    """{pid: command} of the living and dead children of a process."""
    found = {}
    for task in os.listdir("/proc/%d/task" % pid):
        try:
            text = _read("/proc/%d/task/%s/children" % (pid, task))
        except FileNotFoundError:
            continue
        for child in text.split():
            try:
                found[int(child)] = _read("/proc/%s/comm" % child).strip()
            except FileNotFoundError:
                pass
    return found


def ids(pid, kind="Uid"):
    """Real, effective, saved and file system id of each thread, as a set of 4-tuples. kind is Uid or Gid."""
    found = set()
    for task in os.listdir("/proc/%d/task" % pid):
        line = re.search(r"^%s:(.*)$" % kind, _read("/proc/%d/task/%s/status" % (pid, task)), re.M).group(1)
        found.add(tuple(int(n) for n in line.split()))
    return found


def capabilities(pid):
    """Effective capabilities of each thread, {tid: bits}."""
    return {
        int(task): int(re.search(r"^CapEff:\s+(\S+)", _read("/proc/%d/task/%s/status" % (pid, task)), re.M).group(1), 16)
        for task in os.listdir("/proc/%d/task" % pid)
    }


def path_being_opened(pid):
    """The path of the openat() that a stopped process (strace holds it) is about to make; "" when it is elsewhere."""
    try:
        call = _read("/proc/%d/syscall" % pid).split()
        if call[0] != OPENAT:
            return ""
        with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:  # a second read could be past the end of the stack
            memory.seek(int(call[2], 16))
            return memory.read(4096).split(b"\0")[0].decode("ascii", "replace")
    except OSError:
        return ""  # it went on meanwhile


def epoll_members(pid):
    """How many descriptors each epoll instance of the process watches: one instance a worker."""
    return {
        fd: _read("/proc/%d/fdinfo/%d" % (pid, fd)).count("tfd:")
        for fd, target in fds(pid).items()
        if target == "anon_inode:[eventpoll]"
    }


def tcp_states(pid):
    """The state of every TCP socket that the process holds, {descriptor: "ESTABLISHED"}."""
    by_inode = {}
    for table in ("tcp", "tcp6"):
        try:
            lines = _read("/proc/%d/net/%s" % (pid, table)).splitlines()[1:]
        except FileNotFoundError:
            continue
        for line in lines:
            fields = line.split()
            by_inode[fields[9]] = TCP_STATES[int(fields[3], 16)]
    found = {}
    for fd, target in fds(pid).items():
        match = re.match(r"socket:\[(\d+)\]", target)
        if match and match.group(1) in by_inode:
            found[fd] = by_inode[match.group(1)]
    return found


def is_listening(port):
    """Whether anyone listens on a TCP port of this machine."""
    wanted = re.compile(r"^\s*\d+: [0-9A-F]+:%04X [0-9A-F]+:0000 0A " % port, re.M)
    return any(wanted.search(_read("/proc/self/net/" + table)) for table in ("tcp", "tcp6"))


class Stopwatch:
    """Seconds since it was made, for windows of measurement (not for waiting until something has happened)."""

    def __init__(self):
        self._began = time.monotonic()

    def seconds(self):
        return time.monotonic() - self._began


def unread(port, peer_port):
    """Bytes that the owner of an IPv4 connection's end at `port` has received and not read; None when it is closed."""
    for line in _read("/proc/net/tcp").split("\n")[1:]:
        fields = line.split()
        ports = [int(address.rpartition(":")[2], 16) for address in fields[1:3]]
        if ports == [port, peer_port]:
            return int(fields[4].rpartition(":")[2], 16)
    return None
