"""What is measured. One entry each: a name, the unit with the way to it from a measurement, the arguments of the load
generator (tests/bench/load.c), and the kind of certificate.
"""
import typing


class Unit(typing.NamedTuple):
    text: str
    of: typing.Callable


CPU_PER_CONNECTION = Unit("CPU µs each", lambda m: m.cpu_ns / m.connections / 1e3)
CPU_PER_EXCHANGE = Unit("CPU µs each", lambda m: m.cpu_ns / m.exchanges / 1e3)
CPU_PER_GB = Unit("CPU s per GB", lambda m: m.cpu_ns / m.bytes)
MEMORY_PER_CONNECTION = Unit("KiB each", lambda m: m.pss_kib / m.connections)


class Case(typing.NamedTuple):
    name: str
    unit: Unit
    load: str
    key: str = "ec"


CASES = [
    Case("handshake-ecdsa", CPU_PER_CONNECTION, "connect --connections 2000"),
    Case("handshake-rsa", CPU_PER_CONNECTION, "connect --connections 1500", key="rsa"),
    Case("handshake-server-ends", CPU_PER_CONNECTION, "connect --connections 2000 --server-closes"),
    Case("resumed-tls13", CPU_PER_CONNECTION, "connect --connections 2000 --resume"),
    Case("resumed-tls12", CPU_PER_CONNECTION, "connect --connections 3000 --resume --tls12"),
    Case("keep-alive", CPU_PER_EXCHANGE, "exchange --connections 50 --exchanges 1000"),
    Case("download", CPU_PER_GB, "exchange --connections 4 --down 100000000"),
    Case("upload", CPU_PER_GB, "exchange --connections 4 --up 100000000"),
    Case("pieces-1400", CPU_PER_GB, "exchange --connections 50 --down 2000000 --piece 1400"),
    Case("idle", MEMORY_PER_CONNECTION, "exchange --connections 2000 --parallel 16 --exchanges 0"),
]
