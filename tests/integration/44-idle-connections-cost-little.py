"""5,000 idle TLS connections are held, in little memory and with no CPU, and all still work. F57"""
# limit: 240
import resource

import evil
import proc
import stream
from case import SANITIZER, check, holds, main, same, scaled, skip, wait_for
from sluice import web


@check
def five_thousand_idle_connections(t):
    count = scaled(5000)
    room = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if room < 2 * count + 500:
        skip("needs %d descriptors, the limit is %d" % (2 * count + 500, room))
    port, server = t.port(), t.serve(evil.echo, limit=600)
    proxy = t.sluice(web(port, {"a": server}, t.certs.make()), max_connections=count + 100)
    with stream.connect(("127.0.0.1", port), True):
        pass
    context, before = stream.client_context(), proc.pss_kb(proxy.pid)
    streams = [stream.connect(("127.0.0.1", port), context) for _ in range(count)]
    server.wait_accepted(count + 1, 60)
    each = (proc.pss_kb(proxy.pid) - before) / count
    print("%.1f KiB for each of %d idle connections" % (each, count))
    holds(SANITIZER or each < 30, "%.1f KiB a connection" % each)
    cpu, clock = proc.cpu_seconds(proxy.pid), proc.Stopwatch()
    wait_for("a window of three seconds", lambda: clock.seconds() > 3)
    spent = proc.cpu_seconds(proxy.pid) - cpu
    holds(SANITIZER or spent <= 0.1, "%.2f s of CPU in three idle seconds" % spent)
    for i, one in enumerate(streams):
        one.send(b"%d" % i)
    for i, one in enumerate(streams):
        same(one.recv_exactly(len(str(i))), b"%d" % i)
        one.finish()
    for one in streams:
        same(one.recv_end(), stream.CLEAN[True])
        one.close()
    same(len([line for line in proxy.access(count + 1, 30) if line["reason"] == "done"]) >= count, True)


main()
