"""200 MB of random bytes each way at once through one connection, exact, in random pieces."""
# limit: 240
import random

import evil
import load
import stream
from case import check, main, same, scaled
from sluice import web

MB = 1024 * 1024


def both_ways(t, total, front_tls, slice_bytes=None):
    """The server sends and checks sequences of its own, so neither direction is an echo of the other."""

    def handler(one):
        load.exchange(one, load.Source("down", total), load.Checker("up", total), pieces=random.Random(1))

    port, server = t.port(), t.serve(handler, limit=300)
    proxy = t.sluice(web(port, {"a": server}, t.certs.make() if front_tls else None))
    with stream.connect(("127.0.0.1", port), front_tls, slice_bytes=slice_bytes) as one:
        load.exchange(one, load.Source("up", total), load.Checker("down", total), pieces=random.Random(2))
    line = proxy.access(1)[0]
    same((int(line["bytes_in"]), int(line["bytes_out"])), (total, total), "bytes in the access line")
    same(line["reason"], "done")


@check
def over_tls(t):
    both_ways(t, scaled(200) * MB, True)


@check
def over_plain(t):
    both_ways(t, scaled(200) * MB, False)


@check
def in_segments_of_one_byte(t):
    """What a record arrives in must not matter: each byte of each record comes alone."""
    both_ways(t, scaled(200000), True, slice_bytes=1)


@check
def with_the_smallest_and_the_largest_buffer(t):
    for size in ("4k", "64k"):
        total = scaled(20) * MB

        def handler(one):
            load.exchange(one, load.Source("down", total), load.Checker("up", total))

        port = t.port()
        t.sluice(web(port, {"a": t.serve(handler)}, t.certs.make(), frontend="buffer = " + size))
        with stream.connect(("127.0.0.1", port), True) as one:
            load.exchange(one, load.Source("up", total), load.Checker("down", total))


@check
def many_streams_with_their_own_bytes_do_not_mix(t):
    port = t.port()
    t.sluice(web(port, {"a": t.serve(evil.echo), "b": t.serve(evil.echo)}, t.certs.make()), threads=4)

    def one_client(i):
        with stream.connect(("127.0.0.1", port), True, limit=60) as one:
            load.exchange(one, load.Source(i, MB), load.Checker(i, MB), pieces=random.Random(i))

    load.together(scaled(40, 8), one_client)


main()
