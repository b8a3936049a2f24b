"""certs/make-certificate: its files pass `sluice check`, and clients verify what is served from them."""
# group: smoke
import os
import stat

import evil
import sluice
import stream
from case import check, holds, main, needs_tool, run_command, same
from sluice import web

TOOL = os.path.join(os.environ["SLUICE_SOURCE"], "certs", "make-certificate")


class File:
    def __init__(self, path):
        self.pem = path


def make(t, *arguments, out="made.pem"):
    needs_tool("openssl")
    path = t.path(out)
    status, said, err = run_command(TOOL, "--out", path, *arguments)
    same(status, 0, "make-certificate %s: %s%s" % (" ".join(arguments), said, err))
    return File(path)


def trust(t, made):
    """The certificate as a client is given it: without the key."""
    path = t.path("trusted.crt")
    status, _, err = run_command("openssl", "x509", "-in", made.pem, "-out", path)
    same(status, 0, err)
    return stream.client_context(ca=path)


def check_passes_without_a_word(t, body):
    path = t.write("check.ini", "[global]\nmax-connections = 1000\n" + body)
    status, out, err = sluice.run("check", "-c", path)
    same((status, err), (0, ""), "sluice check: " + out)


def serve(t, made):
    port = t.port()
    body = web(port, {"a": t.serve(evil.echo)}, made)
    check_passes_without_a_word(t, body)
    t.sluice(body)
    return port


def verified(port, name, context):
    with stream.connect(("127.0.0.1", port), context, name=name) as one:
        one.send(b"x")
        same(one.recv_exactly(1), b"x", "echo from " + name)


@check
def a_self_signed_one_is_verified_by_whoever_was_given_it(t):
    for key in ((), ("--rsa",)):
        made = make(t, *key, "--force", "www.example.org", "*.apps.example.org", "127.0.0.1", "::1")
        context, port = trust(t, made), serve(t, made)
        for name in ("www.example.org", "a.apps.example.org", "127.0.0.1", "::1"):
            verified(port, name, context)


@check
def one_signed_by_a_ca_comes_with_its_chain(t):
    root = make(t, "--new-ca", "A root", out="root.pem")
    between = make(t, "--new-ca", "--ca", root.pem, "Between", out="between.pem")
    leaf = make(t, "--ca", between.pem, "www.example.org", out="leaf.pem")
    verified(serve(t, leaf), "www.example.org", trust(t, root))


@check
def the_file_is_for_its_owner_only_and_not_replaced_by_accident(t):
    made = make(t, "localhost")
    same(stat.S_IMODE(os.stat(made.pem).st_mode), 0o600, "mode")
    with open(made.pem, encoding="ascii") as file:
        before = file.read()
    status, _, err = run_command(TOOL, "--out", made.pem, "localhost")
    same(status, 2, err)
    with open(made.pem, encoding="ascii") as file:
        same(file.read(), before)
    make(t, "--force", "localhost")
    with open(made.pem, encoding="ascii") as file:
        holds(file.read() != before, "--force did not replace it")
    same(os.listdir(t.folder), ["made.pem"], "what is in the folder")


@check
def nonsense_is_refused_and_leaves_nothing(t):
    no_ca = make(t, "localhost", out="leaf.pem").pem
    for words in ((), ("a b",), ("",), ("*",), ("a.*.example",), ("a..b",), ("--days", "0", "a"), ("--days",), ("--what", "a"),
                  ("--ca", t.path("none"), "a"), ("--ca", no_ca, "a"), ("--new-ca", "a", "b"), ("--out", t.folder, "a")):  # fmt: skip
        status, out, err = run_command(TOOL, "--out", t.path("made.pem"), *words)
        holds(status != 0 and err, "exit status %d for %s: %s%s" % (status, words, out, err))
        same(os.listdir(t.folder), ["leaf.pem"], "what %s left" % (words,))


@check
def help_is_given(t):
    status, out, _ = run_command(TOOL, "--help")
    same(status, 0)
    holds("usage: make-certificate" in out, out)


main()
