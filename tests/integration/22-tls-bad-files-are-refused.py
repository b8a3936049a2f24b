"""Certificate files that are no good stop the start, with the file and the reason. F16, F17"""
import os
import subprocess

import evil
import sluice
from case import check, holds, main, same, skip


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def verdict(t, name, text, mode=0o600, owner=None):
    """(exit status, message) of `check` with a certificate file of that text."""
    path = t.write(name, text)
    os.chmod(path, mode)
    if owner is not None:
        os.chown(path, owner, owner)
    ini = t.write(
        "bad.ini", "[frontend web]\nlisten = 127.0.0.1:%d\ncertificate = %s\npool = p\n\n[pool p]\nserver = a 127.0.0.1:1\n" % (t.port(), path)
    )
    status, out, err = sluice.run("check", "-c", ini)
    return status, out + err


@check
def what_does_not_fit_together_is_refused_by_name(t):
    one, other, rsa = t.certs.make("localhost"), t.certs.make("other.example"), t.certs.make("localhost", "rsa")
    key, chain = read(one.key), read(one.chain)
    intermediate = read(t.certs.intermediate().crt)
    leaf = t.certs.make("chain.example", issuer=t.certs.intermediate())
    cases = {
        "empty": "",
        "no-key": chain,
        "no-certificate": key,
        "other-key": read(other.key) + chain,
        "rsa-key": read(rsa.key) + chain,
        "cut-in-the-key": (key + chain)[: len(key) // 2],
        "cut-in-the-certificate": (key + chain)[: len(key) + len(chain) // 2],
        "garbage": "\x01\x02garbage",
        "garbage-in-base64": key + chain.replace("MII", "M!I", 1),
        "two-keys": key + read(other.key) + chain,
        "intermediate-before-leaf": read(leaf.key) + intermediate + read(leaf.crt),
        "chain-of-strangers": key + chain + read(other.crt),
        "truncated-chain": read(leaf.key) + read(leaf.crt) + intermediate[: len(intermediate) // 2],
        "csr": key + chain.replace("CERTIFICATE", "CERTIFICATE REQUEST"),
    }
    for what, text in cases.items():
        status, message = verdict(t, what + ".pem", text)
        same(status, 2, "exit status with %s (%s)" % (what, message[:300]))
        holds(what + ".pem" in message, "the file is not named: " + message)
        holds("bad.ini:3: error" in message, "not at its line: " + message)


@check
def an_encrypted_key_is_refused_without_asking(t):
    cert = t.certs.make("localhost")
    encrypted = subprocess.run(
        ["openssl", "pkey", "-in", cert.key, "-aes256", "-passout", "pass:secret"], stdout=subprocess.PIPE, check=True, timeout=60
    ).stdout.decode()
    status, message = verdict(t, "encrypted.pem", encrypted + read(cert.chain))
    same(status, 2, message)


@check
def a_key_that_others_can_read_is_refused(t):
    cert = t.certs.make("localhost")
    text = read(cert.pem)
    for mode in (0o604, 0o644, 0o606, 0o666):
        status, message = verdict(t, "open.pem", text, mode)
        same(status, 2, "exit status with mode %o" % mode)
        holds("open.pem" in message, message)
    for mode in (0o600, 0o400, 0o640):
        same(verdict(t, "closed-%o.pem" % mode, text, mode)[0], 0, "exit status with mode %o" % mode)


@check
def a_key_of_a_foreign_owner_is_refused(t):
    if os.geteuid() != 0:
        skip("needs root to make a file of another user")
    cert = t.certs.make("localhost")
    status, message = verdict(t, "foreign.pem", read(cert.pem), 0o600, owner=12345)
    same(status, 2, message)


@check
def what_is_no_regular_file_is_refused_and_never_waited_for(t):
    os.mkfifo(t.path("fifo.pem"))
    for path in (t.path("fifo.pem"), t.folder, "/dev/null", t.path("missing.pem")):
        ini = t.write(
            "odd.ini", "[frontend web]\nlisten = 127.0.0.1:1\ncertificate = %s\npool = p\n[pool p]\nserver = a 127.0.0.1:1\n" % path
        )
        status, out, err = sluice.run("check", "-c", ini)
        same(status, 2, "exit status with %s" % path)
        holds(path in out + err, out + err)


@check
def a_symbolic_link_is_judged_by_what_it_leads_to(t):
    cert = t.certs.make("localhost")
    t.write("target.pem", read(cert.pem))
    os.symlink(t.path("target.pem"), t.path("link.pem"))
    for mode, want in ((0o600, 0), (0o644, 2)):
        os.chmod(t.path("target.pem"), mode)
        ini = t.write(
            "link.ini",
            "[frontend web]\nlisten = 127.0.0.1:1\ncertificate = %s\npool = p\n[pool p]\nserver = a 127.0.0.1:1\n" % t.path("link.pem"),
        )
        same(sluice.run("check", "-c", ini)[0], want, "exit status with target of mode %o" % mode)


@check
def the_program_does_not_start_with_one(t):
    cert, other = t.certs.make("localhost"), t.certs.make("other.example")
    path = t.write("mismatch.pem", read(other.key) + read(cert.chain))
    os.chmod(path, 0o600)
    proxy = t.prepare("[frontend web]\nlisten = 127.0.0.1:%d\ncertificate = %s\npool = p\n[pool p]\nserver = a %s\n"
                      % (t.port(), path, t.serve(evil.echo).address))
    proxy.expect_status = 2
    proxy.start()
    proxy.wait_exit()


main()
