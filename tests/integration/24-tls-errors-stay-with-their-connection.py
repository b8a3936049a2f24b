"""A broken connection must not spoil its neighbours through OpenSSL's error queue of the thread. F15"""
import evil
import load
import stream
from case import check, main, same, scaled
from sluice import web

HELLO = stream.client_hello("localhost")


def spoil(port, i):
    """Connections that fail in OpenSSL at different steps."""
    where = ("127.0.0.1", port)
    if i % 4 == 0:
        one = stream.connect(where)
        one.send(b"\x16\x03\x01\x00\x10" + bytes(16))  # a record that is no ClientHello
    elif i % 4 == 1:
        one = stream.connect(where)
        one.send(HELLO)
        one.recv()
        one.send(b"\x17\x03\x03\x00\x20" + bytes(32))  # in place of our Finished
    elif i % 4 == 2:
        one = stream.connect(where, True)
        one.sock.send(b"\x17\x03\x03\x00\x20" + bytes(32))  # a record that does not decrypt
    else:
        one = stream.connect(where, True)
        one.cut()
    with one:
        one.recv_end()


@check
def failures_beside_long_streams(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()), threads=1)
    streams = [stream.connect(("127.0.0.1", port), True) for _ in range(10)]
    rounds = scaled(100, 20)
    for i in range(rounds):
        spoil(port, i)
        for one in streams:
            one.send(b"%d" % i)
            same(one.recv_exactly(len(str(i))), b"%d" % i)
    for one in streams:
        one.finish()
        same(one.recv_end(), stream.CLEAN[True])
        one.close()
    lines = proxy.access(rounds + 10)
    good = [line for line in lines if int(line["bytes_in"]) > 0 and int(line["bytes_in"]) == int(line["bytes_out"])]
    same(len(good), 10, "streams that ended well by the log")


@check
def failures_and_good_exchanges_at_the_same_time(t):
    port = t.port()
    t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()), threads=2)
    bad = load.Background(4, lambda i: spoil(port, i))

    def good(i):
        with stream.connect(("127.0.0.1", port), True) as one:
            load.exchange(one, load.Source(i, 100000), load.Checker(i, 100000))

    for round_number in range(scaled(10, 2)):
        load.together(8, lambda i: good(i + round_number * 8))
    bad.stop()


main()
