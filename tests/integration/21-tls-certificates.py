"""Which certificate a client is shown: by SNI, by key type, with its chain."""
import hashlib
import os
import ssl
import subprocess

import evil
import stream
from case import check, main, needs_tool, run_command, same
from sluice import web


def der(certificate):
    with open(certificate.crt, encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


def front(t, *certificates):
    port = t.port()
    lines = "\n".join("certificate = " + c.pem for c in certificates[1:])
    t.sluice(web(port, {"a": t.serve(evil.echo)}, certificates[0], frontend=lines))
    return port


def shown(port, name=None, context=None):
    with stream.connect(("127.0.0.1", port), context or stream.client_context(), name=name) as one:
        return hashlib.sha256(one.peer_certificate()).hexdigest()


def digest(certificate):
    return hashlib.sha256(der(certificate)).hexdigest()


@check
def the_name_chooses_and_the_first_is_the_default(t):
    first = t.certs.make("one.example", names=["one.example"])
    second = t.certs.make("two.example", names=["two.example", "also-two.example"])
    wild = t.certs.make("*.wild.example", names=["*.wild.example"])
    port = front(t, first, second, wild)
    for name, want in (
        ("one.example", first), ("two.example", second), ("also-two.example", second), ("TWO.Example", second),
        ("a.wild.example", wild), ("b.wild.example", wild), ("a.b.wild.example", first), ("wild.example", first),
        ("unknown.example", first), (None, first),
    ):  # fmt: skip
        same(shown(port, name), digest(want), "certificate for %s" % name)


@check
def rsa_and_ecdsa_stand_side_by_side(t):
    ec, rsa = t.certs.make("localhost", "ec"), t.certs.make("localhost", "rsa")
    for order in ((ec, rsa), (rsa, ec)):
        port = front(t, *order)
        for version in ("TLSv1.2", "TLSv1.3"):
            same(shown(port, "localhost", stream.client_context(version=version)), digest(ec), "a modern client, " + version)
        for cipher, want in (("ECDHE-RSA-AES128-GCM-SHA256", rsa), ("ECDHE-ECDSA-AES128-GCM-SHA256", ec)):
            context = stream.client_context(version="TLSv1.2")
            context.set_ciphers(cipher)
            same(shown(port, "localhost", context), digest(want), cipher)
        for algorithm, want in (("RSA-PSS+SHA256", rsa), ("ECDSA+SHA256", ec)):
            same(shown_by_s_client(port, algorithm), digest(want), algorithm)


def shown_by_s_client(port, algorithm):
    status, out, err = run_command(
        "openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-tls1_3", "-servername", "localhost", "-sigalgs", algorithm, input=b""
    )
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    pem = begin + out.split(begin)[1].split(end)[0] + end
    return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()


@check
def the_whole_chain_is_sent(t):
    needs_tool("openssl")
    for key in ("ec", "rsa"):
        leaf = t.certs.make("chain.example", key, names=["chain.example"], issuer=t.certs.intermediate())
        port = front(t, leaf)
        with stream.connect(("127.0.0.1", port), stream.client_context(ca=t.certs.ca().crt), name="chain.example"):
            pass  # verified with the root alone
        done = subprocess.run(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-showcerts", "-servername", "chain.example"],
            input=b"", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60,
        )  # fmt: skip
        same(done.stdout.count(b"BEGIN CERTIFICATE"), 2, "certificates in the chain")


@check
def key_and_chain_may_be_in_any_order_of_sections(t):
    """Key last, and text between the blocks, as certificate tools write them."""
    cert = t.certs.make("localhost")
    with open(cert.key, encoding="ascii") as key, open(cert.chain, encoding="ascii") as chain:
        path = t.write("mixed.pem", "subject=localhost\n" + chain.read() + "\nBag Attributes\n" + key.read())
    port = t.port()
    os.chmod(path, 0o600)
    cert = type(cert)(cert.folder)
    cert.pem = path
    t.sluice(web(port, {"a": t.serve(evil.echo)}, cert))
    same(shown(port), digest(cert))


@check
def an_expired_certificate_is_served_with_a_warning(t):
    """F18 in short: taking a site down is worse than what the warning says."""
    old, port = t.certs.make("localhost", days=-1), t.port()
    proxy = t.sluice(web(port, {"a": t.serve(evil.echo)}, old))
    same(shown(port), digest(old))
    same(any("expired" in line and "warning" in line for line in proxy.log()), True, "a warning in %s" % proxy.log())


@check
def self_signed_is_made_at_start_and_is_the_same_for_every_worker(t):
    port = t.port()
    t.sluice("[frontend web]\nlisten = 127.0.0.1:%d\ncertificate = self-signed\npool = p\n[pool p]\nserver = a %s\n"
             % (port, t.serve(evil.echo).address), threads=4)
    same(len({shown(port, "localhost") for _ in range(20)}), 1, "certificates seen")


main()
