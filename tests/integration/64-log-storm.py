"""All servers down under load: the same message at most some ten times a second, with a count of those left out. F68"""
import re
import time

import load
import stream
from case import check, holds, known_open, main, scaled
from sluice import web


@known_open("what was left out is told by the next line only, which may not come")
def a_failing_pool_does_not_flood_the_error_log(t):
    port, count = t.port(), scaled(2000, 200)
    proxy = t.sluice(web(port, {"a": t.refuser()}, pool="retry-max = 0"))
    began = time.monotonic()

    def client(_i):
        for _ in range(count // 4):
            stream.turned_away(("127.0.0.1", port), False)

    load.together(4, client)
    took = time.monotonic() - began
    proxy.access(count)  # the access log has them all
    said = [line for line in proxy.log() if "no-server" in line or "refused" in line]
    allowed = 4 * 11 * (took + 2)  # ten a second from each place, on a few places, and room
    holds(0 < len(said) <= allowed, "%d lines for %d failures in %.1f s" % (len(said), count, took))
    holds(any(re.search(r"suppressed|similar|more", line) for line in proxy.log()), "nothing tells of the lines left out")


main()
