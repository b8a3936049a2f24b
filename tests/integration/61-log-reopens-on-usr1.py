"""USR1 after a rename: the next line goes to a new file, and none is lost. A log that cannot be opened keeps the old one."""
import os
import signal

import evil
import load
import stream
from case import check, holds, main, same, scaled, wait_for
from sluice import web


@check
def rotation_under_load_loses_no_line(t):
    port = t.port()
    errors = t.path("error.log")
    proxy = t.prepare(web(port, {"a": t.serve(evil.named("a"))}), log=errors)
    proxy.log_path = errors
    proxy._stderr = open(t.path("stderr"), "wb")
    t.defer(proxy._stderr.close)
    proxy.start()
    wait_for("the log file", lambda: os.path.exists(errors))
    proxy.wait_ready()
    served = [0]

    def client(_number):
        with stream.connect(("127.0.0.1", port)) as one:
            same(one.recv_until(b"\n"), b"a\n")
        served[0] += 1

    for number in range(scaled(10, 3)):
        clients = load.Background(1, client)
        was = served[0]
        wait_for("clients", lambda was=was: served[0] > was + 10)
        os.rename(proxy.access_path, "%s.%d" % (proxy.access_path, number))
        os.rename(errors, "%s.%d" % (errors, number))
        proxy.send_signal(signal.SIGUSR1)
        wait_for("new files", lambda: os.path.exists(proxy.access_path) and os.path.exists(errors))
        clients.stop()
    proxy.stop()
    folder, total = os.path.dirname(proxy.access_path), 0
    for name in os.listdir(folder):
        if name.startswith("access.log"):
            with open(os.path.join(folder, name), encoding="ascii") as file:
                total += len(file.read().splitlines())
    same(total, served[0], "access lines in all files")


@check
def a_log_that_cannot_be_opened_again_goes_on_in_the_old_file(t):
    folder = t.path("logs")  # moved away below: not even root can then open a file in it
    os.mkdir(folder)
    port, access = t.port(), os.path.join(folder, "access.log")
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}), access_log=access)
    moved = t.path("moved")
    os.rename(folder, moved)
    mark = len(proxy.log())
    proxy.send_signal(signal.SIGUSR1)
    proxy.wait_for_log(r"error|warning", after=mark)
    with stream.connect(("127.0.0.1", port)) as one:
        one.recv_until(b"\n")
    wait_for("the line", lambda: os.path.getsize(os.path.join(moved, "access.log")) > 0)


def blames(lines, proxy, key, path):
    """A line names the file, the line of the key, the key and the log."""
    with open(proxy.config_path, encoding="ascii") as file:
        number = [line.split(" ")[0] for line in file].index(key) + 1
    wanted = "%s:%d: error: %s: " % (proxy.config_path, number, key)
    holds(any(wanted in line and path in line for line in lines), "nothing with %r and %s in %s" % (wanted, path, lines))


@check
def a_log_that_cannot_be_opened_at_start_refuses(t):
    for key in ("log", "access-log"):
        path = "/nonexistent/" + key
        proxy = t.prepare(web(t.port(), {"a": "127.0.0.1:1"}), **{key: path})
        proxy.expect_status = None
        proxy.start()
        holds(proxy.wait_exit() != 0, "it started without its log")
        blames(proxy.log(), proxy, key, path)


@check
def a_log_that_cannot_be_opened_refuses_the_reload(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}), log="stderr")
    for key, good in (("access-log", proxy.access_path), ("log", "stderr")):
        path = "/nonexistent/" + key
        said = proxy.reload_refused(**{key: path})
        blames(said.split("\n"), proxy, key, path)
        proxy.settings[key] = good
    with stream.connect(("127.0.0.1", port)) as one:
        one.recv_until(b"\n")
    proxy.access(1)


main()
