"""All servers down under load: the same message at most some ten times a second, and by itself the log tells how often it
left it out, so that the error log accounts for every failure. F68"""
import re

import load
import proc
import stream
from case import check, holds, main, scaled, wait_for
from sluice import web

SAID = re.compile(r" warning w\d+ connection \d+ from ")
LEFT_OUT = re.compile(r"suppressed (\d+) more lines like: connection \.\.\. from ")


def accounted(proxy):
    """(lines that tell of a failure, failures that are only counted)"""
    log = proxy.log()
    said = sum(bool(SAID.search(line)) for line in log)
    return said, sum(int(match.group(1)) for match in map(LEFT_OUT.search, log) if match)


@check
def a_failing_pool_does_not_flood_the_error_log(t):
    port, count = t.port(), scaled(2000, 200)
    proxy = t.sluice(web(port, {"a": t.refuser()}, pool="retry-max = 0"))
    clock = proc.Stopwatch()
    load.together(4, lambda _i: [stream.turned_away(("127.0.0.1", port)) for _ in range(count // 4)])
    proxy.access(count)  # the access log has them all
    wait_for("every failure to be accounted for", lambda: sum(accounted(proxy)) >= count)
    seconds_open = clock.seconds() + 2
    said, left_out = accounted(proxy)
    print("%d of %d failures have a line of their own" % (said, count))
    holds(said + left_out == count, "%d lines and %d left out for %d failures" % (said, left_out, count))
    holds(said <= 11 * seconds_open, "%d lines in %.1f s" % (said, seconds_open))


main()
