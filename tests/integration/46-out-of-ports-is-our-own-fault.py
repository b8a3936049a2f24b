"""With every local port to a server taken the failure is local: another server is tried, none is blamed. F58"""
# needs: root
import os
import subprocess
import sys
import threading

import proc
import stream
from case import check, holds, main, needs_tool, run_command, same, wait_for
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

    def handler(one):
        """Ends first, so that no port of the proxy is left in TIME_WAIT."""
        one.send(b"hello\n")
        over.wait(20)
        one.finish()
        one.recv_end()

    a, b = t.serve(handler, port=21000), t.serve(handler, port=21001)
    proxy = t.sluice(web(port, {"a": a, "b": b}, pool="source = 127.0.0.5\nretry-backoff = 10ms..50ms"))
    # Clients bring ports of their own, so that only the proxy's dials compete for the twenty.
    streams = []
    for i in range(60):
        one = stream.connect(("127.0.0.1", port), source=("127.0.1.1", 30000 + i))
        streams.append(one)
    served = [one for one in streams if _first(one)]
    holds(len(served) >= 38, "only %d of 40 possible connections: ports are bound without IP_BIND_ADDRESS_NO_PORT" % len(served))
    lines = proxy.access(60 - len(served))
    blamed = {error for line in lines for error in line["errors"].split(",")}
    same({error.split(":")[1] for error in blamed}, {"local"}, "what the attempts failed of")
    over.set()
    for one in served:
        one.recv_end()
        one.finish()
    for one in streams:
        one.close()
    proxy.access(60)
    wait_for("the sockets to close", lambda: set(proc.tcp_states(proxy.pid).values()) == {"LISTEN"})
    with stream.connect(("127.0.0.1", port), source=("127.0.1.1", 30100)) as one:
        holds(_first(one), "no server is used after the shortage: they were blamed for it")


def _first(one):
    try:
        return one.recv_until(b"\n")
    except (stream.Ended, OSError):
        return b""


main()
