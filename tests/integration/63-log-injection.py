"""Whatever a client or a server says, a log line stays one line of printable ASCII. F97"""
import random
import ssl
import struct

import evil
import sluice
import stream
from case import check, holds, main, same, scaled
from sluice import web


def hello_with_name(name):
    """A ClientHello whose server_name is any bytes at all: the one OpenSSL makes, with the name exchanged."""
    mark = b"a" * 200
    hello = bytearray(stream.client_hello(mark[:60].decode() + "." + "b" * 60 + "." + "c" * 60 + ".dd"))
    at = hello.index(b"\x00\x00", hello.index(mark[:60]) - 9)
    old = struct.unpack(">H", hello[at + 7 : at + 9])[0]
    new = hello[: at + 9] + name + hello[at + 9 + old :]
    grow = len(name) - old
    for where, size in ((at + 2, 2), (at + 4, 2), (at + 7, 2), (extensions_at(hello), 2), (6, 3), (3, 2)):
        value = int.from_bytes(new[where : where + size], "big") + grow
        new[where : where + size] = value.to_bytes(size, "big")
    return bytes(new)


def extensions_at(hello):
    """Offset of the two bytes that hold the length of all extensions."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]  # session id
    at += 2 + struct.unpack(">H", hello[at : at + 2])[0]  # ciphers
    return at + 1 + hello[at]  # compression


NASTY = [
    b"x\nreason=done server=evil", b"x\r\ntime=2000-01-01", b'x" reason="done', b"x\\", b'x\\"', b"x\x1b[31mred", b"x\0y",
    b"\xff\xfe\x80", b"x y", b"x=y", b"}{", b'","reason":"done', b"\x7f", b"%s%n%d", b"${HOME}", b"a" * 255, b"\x00",
]  # fmt: skip


@check
def names_of_clients(t):
    generator = random.Random(3)
    names = NASTY + [bytes(generator.randrange(256) for _ in range(generator.randrange(1, 60))) for _ in range(scaled(200, 30))]
    for settings in ({}, {"access_format": "json"}):
        port = t.port()
        proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()), log_level="debug", **settings)
        for name in names:
            with stream.connect(("127.0.0.1", port)) as one:
                one.send(hello_with_name(name))
                one.recv()  # the server's flight, or an alert
                one.finish()
        lines = proxy.access(len(names))  # each is parsed strictly
        same(len(lines), len(names), "lines for %d clients" % len(names))
        same({line["frontend"] for line in lines}, {"web"})
        holds("server" not in "".join(key for line in lines for key in line if line[key] == "evil"), "a field was forged")
        printable(proxy)
        proxy.stop()


def printable(proxy):
    with open(proxy.log_path, "rb") as file:
        for line in file.read().split(b"\n"):
            holds(all(32 <= c < 127 for c in line), "more than printable ASCII in the error log: %r" % line)


@check
def names_in_the_configuration(t):
    """check and reload print what they found, and that may be anything."""
    path = t.path("nasty.ini")
    for value in NASTY:
        with open(path, "wb") as file:
            file.write(b"[frontend web]\nlisten = " + value.replace(b"\n", b"") + b"\n[pool \x1b[2J]\nserver = \x07\n")
        status, out, err = sluice.run("check", "-c", path)
        same(status, 2)
        holds(all(c in "\n\t" or 32 <= ord(c) < 127 for c in out + err), "raw bytes in %r" % (out + err))
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}))
    with open(proxy.config_path, "wb") as file:
        file.write(b"[frontend web]\nlisten = \x1b[31m\xff\n")
    proxy.reload_refused()
    printable(proxy)


@check
def alerts_and_garbage_in_the_handshake(t):
    port = t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, t.certs.make()), log_level="debug")
    generator = random.Random(4)
    count = scaled(100, 20)
    for _ in range(count):
        with stream.connect(("127.0.0.1", port)) as one:
            junk = bytes(generator.randrange(256) for _ in range(generator.randrange(1, 400)))
            one.send(b"\x16\x03\x01" + struct.pack(">H", len(junk)) + junk if generator.randrange(2) else junk)
            one.finish()
            try:
                one.recv_end()
            except (stream.Timeout, ssl.SSLError):
                pass
    proxy.access(count)
    printable(proxy)


main()
