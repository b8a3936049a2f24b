"""With every local port to a server taken the failure is local: another server is tried, none is blamed. F58"""
# needs: root
import itertools
import os
import subprocess
import sys
import threading

import stream
from case import check, holds, main, needs_tool, run_command, same
from sluice import web

INSIDE = "SLUICE_TEST_INSIDE_NETNS"


@check
def in_a_network_of_its_own_with_twenty_ports(t):
    if os.environ.get(INSIDE) != "1":
        needs_tool("unshare", "ip", "sysctl")
        status, out, err = run_command(
            "unshare", "--net", sys.executable, os.path.abspath(__file__), env=dict(os.environ, **{INSIDE: "1"}), limit=50
        )
        print(out + err)
        same(status, 0, "the check inside the namespace")
        return
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
        file.write("40000 40019")
    port, over = 20000, {name: threading.Event() for name in "ab"}

    def server(name):
        def handler(one):
            """Ends first, so that no port of the proxy is left in TIME_WAIT."""
            one.send(name.encode() + b"\n")
            over[name].wait(30)
            one.finish()
            one.recv_end()

        return handler

    servers = {name: t.serve(server(name), port=21000 + i) for i, name in enumerate("ab")}
    proxy = t.sluice(web(port, servers, pool="source = 127.0.0.5\nretry-backoff = 10ms..50ms"))
    # Clients bring ports of their own, so that only the proxy's dials compete for the twenty of each server.
    sources = (("127.0.1.1", number) for number in itertools.count(30000))
    clients = [client(("127.0.0.1", port), next(sources)) for _ in range(60)]
    served = [(name, one) for name, one in clients if name]
    holds(len(served) >= 38, "only %d of 40 possible connections: ports are bound without IP_BIND_ADDRESS_NO_PORT" % len(served))

    failed = proxy.access(60 - len(served))
    same({(line["side"], line["reason"]) for line in failed}, {("sluice", "local-failure")}, "whose fault it is")
    same({error.split(":")[1] for line in failed for error in line["errors"].split(",")}, {"local"})

    over["a"].set()  # its ports are free again, and it must be used at once
    of_a = [one for name, one in served if name == "a"]
    for one in of_a:
        one.recv_end()
        one.finish()
    proxy.access(len(failed) + len(of_a))
    newcomers = [client(("127.0.0.1", port), next(sources))[0] for _ in range(4)]
    holds("a" in newcomers, "the server was blamed for our shortage and is avoided: %s" % newcomers)
    over["b"].set()


def client(where, source):
    """(name of its server, its stream), or ("", None) for one that is turned away."""
    try:
        one = stream.connect(where, source=source)
        return one.recv_until(b"\n").decode().strip(), one
    except (stream.Ended, OSError):
        return "", None


main()
