"""Started as root: takes another identity for good, and can still bind low ports and read keys on a reload. F90, F17"""
# needs: root
import os
import pwd
import signal

import evil
import proc
import stream
from case import check, holds, main, same, skip, wait_for
from sluice import web

CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE = 1 << 2, 1 << 10


def low_port():
    for port in range(1023, 600, -1):
        if not proc.is_listening(port):
            return port
    return skip("every low port is taken")


def answers(port):
    with stream.connect(("127.0.0.1", port), True) as one:
        return one.recv_until(b"\n")


def started_as(t, account, body, **settings):
    """Its folder is the account's: that is where the logs are."""
    proxy = t.prepare(body, **settings)
    os.chown(proxy.folder, account.pw_uid, account.pw_gid)
    proxy.start()
    proxy.wait_ready()
    return proxy


@check
def it_takes_the_user_s_identity_and_keeps_what_a_reload_needs(t):
    nobody = pwd.getpwnam("nobody")
    cert, server = t.certs.make(), t.serve(evil.named("a"))
    first = low_port()
    proxy = started_as(t, nobody, web(first, {"a": server}, cert), user="nobody")
    same(proc.ids(proxy.pid, "Uid"), {(nobody.pw_uid,) * 4}, "user of every thread")
    same(proc.ids(proxy.pid, "Gid"), {(nobody.pw_gid,) * 4}, "group of every thread")
    for thread, bits in proc.capabilities(proxy.pid).items():
        allowed = CAP_DAC_READ_SEARCH | CAP_NET_BIND_SERVICE if thread == proxy.pid else 0
        same(bits & ~allowed, 0, "capabilities of thread %d" % thread)
    same(answers(first), b"a\n")
    second = low_port()
    other = t.certs.make(serial="2")  # only root may read this file
    same(os.stat(other.pem).st_mode & 0o777, 0o600)
    proxy.reload(web([first, second], {"a": server}, other))
    same(answers(second), b"a\n")
    same(answers(first), b"a\n")


@check
def a_listener_that_root_opened_can_grow_to_every_address(t):
    """The kernel lets only sockets of one user share a port."""
    port, server = t.port(), t.serve(evil.named("a"))
    proxy = started_as(t, pwd.getpwnam("nobody"), web(port, {"a": server}), user="nobody")
    for listen in ("0.0.0.0:%d", "127.0.0.1:%d", ":%d"):
        proxy.reload(web(listen % port, {"a": server}))
        with stream.connect(("127.0.0.1", port)) as one:
            same(one.recv_until(b"\n"), b"a\n")


@check
def without_a_user_it_is_sluice_or_nobody(t):
    try:
        expected = pwd.getpwnam("sluice")
    except KeyError:
        expected = pwd.getpwnam("nobody")
    proxy = started_as(t, expected, web(t.port(), {"a": t.serve(evil.echo)}), user=None)
    same(proc.ids(proxy.pid), {(expected.pw_uid,) * 4})


@check
def logs_are_the_user_s_and_can_be_opened_again(t):
    nobody, port = pwd.getpwnam("nobody"), t.port()
    proxy = started_as(t, nobody, web(port, {"a": t.serve(evil.named("a"))}), user="nobody")
    same(os.stat(proxy.access_path).st_uid, nobody.pw_uid, "owner of the access log")
    for renamed in (False, True):
        if renamed:
            os.rename(proxy.access_path, proxy.access_path + ".1")
        mark = len(proxy.log())
        proxy.send_signal(signal.SIGUSR1)
        line = proxy.wait_for_log("opened again", after=mark)
        holds("logs opened again" in line, line)
    with stream.connect(("127.0.0.1", port)) as one:
        one.recv_until(b"\n")
    proxy.access(1)
    wait_for("a new file", lambda: os.path.exists(proxy.access_path))


@check
def a_log_that_the_user_may_not_open_is_refused_at_start(t):
    for name, mode in (("root-s", 0o755), ("of-root-s-group", 0o775)):
        folder = t.path(name)
        os.mkdir(folder)
        os.chmod(folder, mode)
        path = os.path.join(folder, "access.log")
        proxy = t.prepare(web(t.port(), {"a": t.serve(evil.echo)}), user="nobody", access_log=path, wrapper=["setpriv", "--groups", "0"])
        proxy.expect_status = 1
        proxy.start()
        proxy.wait_exit()
        holds(any(path in line and "Permission denied" in line for line in proxy.log()), "the log is not named: %s" % proxy.log())
        same(os.listdir(folder), [], "what was made in root's name")


@check
def root_must_be_written_and_is_warned_of(t):
    proxy = t.sluice(web(t.port(), {"a": t.serve(evil.echo)}), user="root")
    holds(any("warning" in line and "root" in line for line in proxy.log()), "no warning: %s" % proxy.log())


@check
def an_unknown_user_is_refused_at_start(t):
    proxy = t.prepare(web(t.port(), {"a": t.serve(evil.echo)}), user="no-such-user")
    proxy.expect_status = 2
    proxy.start()
    proxy.wait_exit()
    holds(any("no-such-user" in line for line in proxy.log()), "the user is not named: %s" % proxy.log())


main()
