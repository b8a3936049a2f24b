"""The proxies that are compared. One entry each: what it is called, its program, how it tells its version, its
configuration and how it is started with it. A program that is not installed is left out.

The configuration is a template: {port} and {backend} are ports on 127.0.0.1, {pem} holds key and certificate, {workers} is
the number of processes or threads that serve, {folder} takes whatever the program writes.
"""
import os
import re
import shutil
import subprocess
import typing


class Peer(typing.NamedTuple):
    name: str
    program: str
    version: typing.Sequence[str]  # arguments
    command: typing.Sequence[str]  # arguments; {config} is the file
    config: str

    def path(self):
        """The program's file, or None."""
        where = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
        return shutil.which(self.program, path=where)

    def tell_version(self):
        done = subprocess.run([self.path(), *self.version], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=10)
        words = re.sub(r"\s+", " ", done.stdout.decode("utf-8", "replace")).strip()
        return words.removeprefix(self.name).strip()


SLUICE = Peer(
    name="sluice",
    program=os.environ.get("SLUICE", "sluice"),
    version=["--version"],
    command=["-c", "{config}"],
    config="""
[global]
threads = {workers}
max-connections = 3000
user = {user}
[frontend web]
listen = 127.0.0.1:{port}
certificate = {pem}
pool = app
[pool app]
server = a 127.0.0.1:{backend}
""",
)

HITCH = Peer(
    name="hitch",
    program="hitch",
    version=["--version"],
    command=["--config={config}"],
    config="""
frontend = {{ host = "127.0.0.1" port = "{port}" }}
backend = "[127.0.0.1]:{backend}"
pem-file = "{pem}"
workers = {workers}
backlog = 4096
ecdh-curve = "X25519:P-256"
user = "{user}"
""",
)

PEERS = [SLUICE, HITCH]
