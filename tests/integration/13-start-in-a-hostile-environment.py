"""Variables that steer libraries are ignored. F94"""
import os

import evil
import stream
from case import check, holds, main, same
from sluice import web


@check
def libraries_cannot_be_steered(t):
    port, cert = t.port(), t.certs.make()
    broken = t.write("openssl.cnf", "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = low\n[low]\nMaxProtocol = TLSv1.1\n")
    env = dict(
        os.environ, LIBEV_FLAGS="1", OPENSSL_CONF=broken, OPENSSL_MODULES="/nonexistent", OPENSSL_ENGINES="/nonexistent",
        SSL_CERT_FILE="/nonexistent", SSL_CERT_DIR="/nonexistent", RES_OPTIONS="debug", OPENSSL_ia32cap="~0x200000200000000",
    )  # fmt: skip
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, cert), env=env)
    epolls = [target for target in os.listdir("/proc/%d/fd" % proxy.pid) if _target(proxy.pid, target).endswith("[eventpoll]")]
    holds(epolls, "LIBEV_FLAGS=1 took away epoll")
    for version in ("TLSv1.2", "TLSv1.3"):
        with stream.connect(("127.0.0.1", port), stream.client_context(version=version)) as one:
            one.send(b"hello")
            same(one.recv_exactly(5), b"hello")


def _target(pid, name):
    try:
        return os.readlink("/proc/%d/fd/%s" % (pid, name))
    except FileNotFoundError:
        return ""


main()
