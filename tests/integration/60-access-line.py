"""One line a connection at its close, logfmt or JSON, with everything that is promised; sums agree with what clients saw."""
# group: smoke
import json
import os
import re

import evil
import load
import sluice
import stream
from case import check, holds, main, same, skip
from sluice import web

ALWAYS = {"time", "id", "frontend", "listen", "client", "pool", "server", "server_addr", "attempts", "bytes_in", "bytes_out",
          "t_connect_us", "t_total_us", "side", "reason"}  # fmt: skip
WITH_TLS = {"tls", "cipher", "sni", "resumed", "t_handshake_us"}


def one_connection(t, tls, **settings):
    port, server = t.port(), t.serve(evil.echo)
    proxy = t.sluice(web(port, {"a": server}, t.certs.make() if tls else None), **settings)
    with stream.connect(("127.0.0.1", port), tls, name="localhost" if tls else None) as one:
        client = "%s:%d" % one.sock.getsockname()
        load.exchange(one, load.Source("x", 12345), load.Checker("x", 12345))
        cipher, version = (one.cipher(), one.version()) if tls else (None, None)
    line = proxy.access(1)[0]
    return proxy, line, client, port, server, cipher, version


@check
def every_field_is_there_and_right(t):
    for settings in ({}, {"access_format": "json"}):
        for tls in (True, False):
            proxy, line, client, port, server, cipher, version = one_connection(t, tls, **settings)
            missing = (ALWAYS | WITH_TLS if tls else ALWAYS) - set(line)
            holds(not missing, "missing fields %s in %s" % (sorted(missing), line))
            holds(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", line["time"]), "time=%s" % line["time"])
            same(line["frontend"], "web")
            same(line["listen"], "127.0.0.1:%d" % port)
            same(line["client"], client)
            same((line["pool"], line["server"], line["server_addr"]), ("web-pool", "a", server.address))
            same((line["bytes_in"], line["bytes_out"], line["attempts"]), ("12345", "12345", "1"))
            same(line["reason"], "done")
            holds(int(line["t_total_us"]) >= int(line["t_connect_us"]), "durations in %s" % line)
            if tls:
                same((line["tls"], line["sni"], line["resumed"]), (version, "localhost", "no"))
                holds(cipher in line["cipher"], "cipher=%s, the client says %s" % (line["cipher"], cipher))
                holds(0 < int(line["t_handshake_us"]) <= int(line["t_total_us"]), "durations in %s" % line)
            proxy.stop()


@check
def json_is_one_object_a_line_with_numbers_as_numbers(t):
    proxy, *_ = one_connection(t, True, access_format="json")
    value = json.loads(proxy.access_text()[0])
    for key in ("id", "bytes_in", "bytes_out", "attempts", "t_total_us"):
        holds(isinstance(value[key], int), "%s is not a number: %r" % (key, value[key]))


def fields_in_the_manual():
    """In their order there."""
    path = os.path.join(os.path.dirname(sluice.BINARY), "docs", "sluice.8")
    if not os.path.exists(path):
        skip("there is no manual beside the program: " + path)
    with open(path, encoding="utf-8") as file:
        fields = file.read().split("The fields, in the order of the line:\n")[1].split(".El\n")[0]
    return re.findall(r"^\.It Cm (\S+)$", fields, re.M)


@check
def the_manual_lists_these_fields_in_this_order_and_no_others(t):
    manual, seen = fields_in_the_manual(), set()
    for settings in ({}, {"access_format": "json"}):
        port = t.port()
        proxy = t.sluice(web(port, {"dead": t.refuser(), "a": t.serve(evil.echo)}, t.certs.make()), **settings)
        with stream.connect(("127.0.0.1", port), True, name="localhost") as one:
            one.send(b"x")
            one.recv_exactly(1)
            one.cut()
        for line in proxy.access(1):
            same(list(line), [field for field in manual if field in line], "order of the fields")
            seen |= set(line)
        proxy.stop()
    same(sorted(seen), sorted(manual), "fields of a retried TLS connection with a name that was cut")


@check
def ids_are_unique_over_threads_and_reloads(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}), threads=4)
    for i in range(100):
        with stream.connect(("127.0.0.1", port)) as one:
            one.recv_until(b"\n")
        if i % 20 == 0:
            proxy.reload()
    same(len({line["id"] for line in proxy.access(100)}), 100)


@check
def each_connection_has_exactly_one_line_whatever_its_end(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo), "dead": t.refuser()}, t.certs.make()))
    count = 0
    for i in range(40):
        try:
            one = stream.connect(("127.0.0.1", port), i % 4 != 3)
            count += 1
            (one.finish, one.reset, one.cut, one.close)[i % 4]()
            one.close()
        except (OSError, stream.Ended):
            count += 1
    lines = proxy.access(count)
    proxy.stop()
    same(len(proxy.access_text()), count)
    same(len(lines), count)


@check
def off_is_off(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}), access_log="off")
    with stream.connect(("127.0.0.1", port)) as one:
        one.recv_until(b"\n")
    proxy.stop()
    same(proxy.access_text(), [])


@check
def both_logs_may_go_to_stderr(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.named("a"))}), access_log="stderr")
    with stream.connect(("127.0.0.1", port)) as one:
        one.recv_until(b"\n")
    proxy.wait_for_log(r"reason=")


main()
