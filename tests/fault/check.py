#!/usr/bin/env python3
"""`sluice check --effective` on a file with an include and certificates, each call failing once.

It may say that it could not; it must never print anything but what it prints when nothing fails.
"""
import os

import sweep
from sweep import Series, holds

SERIES = [
    Series("open"),
    Series("read"),
    Series("read", "EINTR", free=True),
    Series("read", "SHORT", free=True),
    Series("fstat"),
    Series("fcntl"),
    Series("alloc", weight=3),
    Series("openssl_alloc", weight=3, most=7000),  # of some 70,000, from 7,000 places
]

FILE = """
[global]
threads = 2
access-log = off
include = more/*.ini

[frontend web]
listen = 127.0.0.1:8443, unix:/tmp/web.sock
certificate = ${FOLDER}/web.pem
certificate = ${FOLDER}/rsa.pem
pool = app

[frontend inside]
listen = [::1]:8080
certificate = self-signed
pool = app
"""
POOLS = """
[pool app]
balance = least-conn
server = a 127.0.0.1:80
server = b [::1]:80 weight=2
[server app/c]
address = unix:/tmp/c.sock
"""


def furnish(place):
    web = place.certs.make("web.test", issuer=place.certs.intermediate())
    rsa = place.certs.make("web.test", key="rsa")
    for name, text in (("sluice.ini", FILE), ("more/10-pools.ini", POOLS), ("web.pem", web.bytes()), ("rsa.pem", rsa.bytes())):
        path = os.path.join(place.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, 0o600)
    place.expected = None


def scenario(trial):
    place = trial.place
    trial.env["FOLDER"] = place.folder
    status, out = trial.run("check", "--effective", "-c", os.path.join(place.folder, "sluice.ini"))
    if not place.expected:
        place.expected = out
    if status == 0:
        holds(out == place.expected, "it prints other values than when nothing fails")
    else:
        holds(trial.has_fired(), "status %d although nothing failed" % status)
        trial.costs.append("the start: status %d" % status)


sweep.main(scenario, furnish, SERIES, runs=120)
