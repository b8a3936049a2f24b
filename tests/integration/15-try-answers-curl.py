"""`sluice try`: the first thing a new user runs. The printed curl line is answered by both demo servers in turn."""
# group: smoke
import os
import re
import shlex
import signal
import socket

import evil
import ports
import proc
import sluice
import stream
from case import check, holds, main, needs_tool, run_command, same, skip, wait_for

PORT = 8443


def start(t, *arguments):
    t.defer(ports.hold(PORT).close)
    wait_for("port 8443 to be free", lambda: not proc.is_listening(PORT), 60)
    proxy = t.prepare("", raw=True, arguments=["try", *arguments])
    proxy.start()
    wait_for("try to listen", lambda: proc.is_listening(PORT) or not proxy.is_running())
    wait_for("the curl line", lambda: any("curl" in line for line in proxy.log()))
    return proxy


@check
def the_printed_curl_line_is_answered_by_both_demo_servers_in_turn(t):
    needs_tool("curl")
    proxy = start(t)
    line = next(line for line in proxy.log() if re.search(r"\bcurl\b", line))
    words = shlex.split(line[line.index("curl") :])
    holds(any("https://127.0.0.1:8443" in word for word in words), "not the promised address: %s" % line)
    answers = []
    for _ in range(4):
        status, out, err = run_command(*words, "--noproxy", "*")
        same(status, 0, "curl: " + err)
        answers.append(out)
    holds(answers[0] != answers[1], "the same server twice: %r" % answers)
    same(answers[2:], answers[:2], "the turn")
    shown = "\n".join(proxy.log())
    for piece in ("[frontend", "[pool", "listen", "server"):
        holds(piece in shown, "the INI it runs is not printed: no %r" % piece)
    proxy.stop(signal.SIGINT)


@check
def it_ends_with_its_terminal(t):
    """There is no file that HUP could ask for again, and nobody left to press Ctrl-C."""
    proxy = start(t)
    proxy.stop(signal.SIGHUP)


@check
def demo_servers_echo_in_stream_mode(t):
    start(t)
    for text in (b"any bytes\n", b"OK", b""):  # a few letters could be the beginning of a request, until the stream ends
        with stream.connect(("127.0.0.1", PORT), True) as one:
            one.send(text)
            one.finish()
            same(one.recv_all(), text, "the echo")
            same(one.ends, stream.CLEAN[True])


@check
def try_to_stands_in_front_of_real_servers(t):
    servers = {name: t.serve(evil.http(name)) for name in ("one", "two")}
    start(t, *[word for server in servers.values() for word in ("--to", server.address)])
    seen = [run_command("curl", "-sk", "--noproxy", "*", "https://127.0.0.1:8443/")[1] for _ in range(4)]
    same(sorted(seen), ["one", "one", "two", "two"])


@check
def try_to_takes_names(t):
    """localhost may be two addresses, of which the server has one."""
    try:
        socket.getaddrinfo("localhost", 80)
    except socket.gaierror as error:
        skip("localhost is no name here: %s" % error)
    server = t.serve(evil.http("one"))
    start(t, "--to", "localhost:%d" % server.port)
    seen = [run_command("curl", "-sk", "--noproxy", "*", "https://127.0.0.1:8443/")[1] for _ in range(2)]
    same(seen, ["one", "one"])


@check
def the_printed_curl_line_works_wherever_it_listens(t):
    needs_tool("curl")
    path = os.path.join(t.folder, "try.sock")
    for listen in ("unix:" + path, "0.0.0.0:%d" % t.port()):
        proxy = t.prepare("", raw=True, arguments=["try", "--listen", listen])
        proxy.start()
        wait_for("the curl line", lambda: any("curl" in line for line in proxy.log()))
        line = next(line for line in proxy.log() if re.search(r"\bcurl\b", line))
        status, out, err = run_command(*shlex.split(line), "-s", "--noproxy", "*")
        same((status, out[:6]), (0, "hello "), "curl: " + err)
        proxy.stop()


@check
def its_arguments_are_checked(t):
    for words in (("--to",), ("--to", "nonsense"), ("--to", "no.such.name.invalid:80"), ("--nosuch",)):
        status, _, err = sluice.run("try", *words)
        same(status, 2, "exit status of try %s" % (words,))
        holds(err, "nothing on stderr")


main()
