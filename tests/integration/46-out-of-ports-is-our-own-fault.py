"""With every local port to a server taken the failure is local: another server is tried, none is blamed. F58"""
# needs: root
import itertools
import os
import subprocess
import sys
import threading

import evil
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
    port, over = 20000, threading.Event()

    def limited(one):
        """Ends first, so that no port of the proxy is left in TIME_WAIT."""
        one.send(b"limited\n")
        over.wait(30)
        one.finish()
        one.recv_end()

    servers = {"a": t.serve(limited, port=21000), "b": t.serve(limited, port=21001)}
    servers["other"] = t.serve(evil.named("other"), unix=t.path("other.sock"))
    proxy = t.sluice(web(port, servers, pool="source = 127.0.0.5\nretry-backoff = 10ms..50ms"))
    # Clients bring ports of their own, so that only the proxy's dials compete for the twenty of each server.
    sources = (("127.0.1.1", number) for number in itertools.count(30000))
    clients = [client(("127.0.0.1", port), next(sources)) for _ in range(75)]
    held = [one for name, one in clients if name == "limited"]
    holds(len(held) >= 38, "only %d of 40 possible connections: ports are bound without IP_BIND_ADDRESS_NO_PORT" % len(held))
    holds(sum(name == "other" for name, _ in clients) > 25, "the other server was not tried: %s" % [name for name, _ in clients])

    failed = proxy.access(sum(not name for name, _ in clients))  # those of them for whom there was no retry budget
    blamed = {(line["side"], line["reason"]) for line in failed}
    holds(blamed <= {("sluice", "local-failure")}, "whose fault it is: %s" % blamed)
    errors = {error for line in failed for error in line["errors"].split(",")}
    holds(errors <= {"a:local", "b:local"}, "what the attempts failed of: %s" % errors)

    over.set()  # the ports are free again, and both servers must be used at once
    for one in held:
        one.recv_end()
        one.finish()
    proxy.access(len(failed) + len(held))
    newcomers = [client(("127.0.0.1", port), next(sources))[0] for _ in range(6)]
    holds("limited" in newcomers, "servers were blamed for our shortage and are avoided: %s" % newcomers)


def client(where, source):
    """(name of its server, its stream), or ("", None) for one that is turned away."""
    try:
        one = stream.connect(where, source=source)
        return one.recv_until(b"\n").decode().strip(), one
    except (stream.Ended, OSError):
        return "", None


main()
