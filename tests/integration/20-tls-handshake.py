"""TLS 1.2 and 1.3 with curl and openssl s_client, what is not offered, and resumption. F9, F10"""
# group: smoke
import ssl
import subprocess

import evil
import stream
from case import check, curl, holds, main, needs_tool, run_command, same, seconds, wait_for
from sluice import web


def front(t, handler=None, **settings):
    port, cert = t.port(), t.certs.make(issuer=t.certs.ca())
    return port, t.sluice(web(port, {"a": t.serve(handler or evil.echo)}, cert), **settings)


def s_client(port, *options, text=b"hello\n"):
    """What s_client prints; it sends the text and, at the end of its input, close_notify."""
    return run_command("openssl", "s_client", "-connect", "127.0.0.1:%d" % port, *options, input=text)


@check
def curl_verifies_the_name_and_gets_the_answer(t):
    needs_tool("curl")
    port, proxy = front(t, evil.http("hello from a\n"))
    for version in ("--tlsv1.3", "--tls-max=1.2"):
        options = version.split("=")
        out = curl(
            "https://localhost:%d/" % port, *options, "--cacert", t.certs.ca().crt, "--resolve", "localhost:%d:127.0.0.1" % port
        )
        same(out, "hello from a\n", version)
    lines = proxy.access(2)
    same(sorted(line["tls"] for line in lines), ["TLSv1.2", "TLSv1.3"])
    same({line["sni"] for line in lines}, {"localhost"})


@check
def s_client_exchanges_bytes_and_ends_cleanly(t):
    needs_tool("openssl")
    port, proxy = front(t)
    for count, version in enumerate(("-tls1_2", "-tls1_3"), 1):
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, version, "-quiet"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        t.defer(client.wait)
        t.defer(client.kill)
        client.stdin.write(b"hello\n")
        client.stdin.flush()
        same(client.stdout.readline(), b"hello\n", version)
        client.stdin.close()  # with -quiet s_client goes on reading, so the end is ours to make
        client.terminate()
        line = proxy.access(count)[-1]
        same((line["bytes_in"], line["bytes_out"]), ("6", "6"))


@check
def old_versions_compression_and_weak_ciphers_are_refused(t):
    port, _ = front(t)
    for options in (("-tls1_1",), ("-tls1",), ("-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"), ("-tls1_2", "-cipher", "NULL:@SECLEVEL=0")):
        if options[0] in ("-tls1_1", "-tls1"):
            options += ("-cipher", "ALL:@SECLEVEL=0")
        status, out, err = s_client(port, *options)
        holds(status != 0 and "Cipher is (NONE)" in out, "accepted %s: %s" % (options, out[-800:]))
    _, out, _ = s_client(port, "-tls1_2")
    holds("Compression: NONE" in out, out)


def s_client_by_hand(t, port, *options):
    """An s_client that waits for commands and bytes on its standard input, and a function that tells what it wrote so far."""
    output = t.path("s_client")
    with open(output, "wb") as file:
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, *options], stdin=subprocess.PIPE, stdout=file, stderr=file
        )
    t.defer(client.wait)
    t.defer(client.kill)

    def said():
        with open(output, encoding="ascii", errors="replace") as file:
            return file.read()

    return client, said


def say(client, line):
    """A line for s_client, which begins to read them when it has shaken hands."""
    client.stdin.write(line + b"\n")
    client.stdin.flush()


@check
def renegotiation_is_refused(t):
    """F9: the client is told at once, takes that for a failure, and nobody else notices."""
    needs_tool("openssl")
    port, proxy = front(t)
    client, said = s_client_by_hand(t, port, "-tls1_2")
    say(client, b"R")
    wait_for("the refusal", lambda: "no renegotiation" in said())
    holds(client.wait(seconds(20)) != 0, "s_client ended well")
    same(proxy.access(1)[0]["reason"], "client-tls")


@check
def a_key_update_is_followed_in_both_directions(t):
    """F9: the client takes new keys and asks for new ones of ours; bytes go on passing under them."""
    needs_tool("openssl")
    port, proxy = front(t)
    update = "TLS 1.3, Handshake [length 0005], KeyUpdate"
    client, said = s_client_by_hand(t, port, "-tls1_3", "-msg")
    say(client, b"K")
    wait_for("the client's update", lambda: ">>> " + update in said())
    say(client, b"hello")
    wait_for("ours", lambda: "<<< " + update in said())
    wait_for("the echo", lambda: "hello" in said())
    client.stdin.close()
    same(client.wait(seconds(20)), 0, "exit status of s_client")
    same(proxy.access(1)[0]["bytes_in"], "6")


@check
def early_data_is_not_offered(t):
    """F10: no ticket allows any."""
    needs_tool("openssl")
    port, _ = front(t, evil.http("hello\n"))
    session = t.path("session")
    status, _, err = s_client(port, "-tls1_3", "-ign_eof", "-sess_out", session, text=b"GET / HTTP/1.0\r\n\r\n")
    same(status, 0, err)
    _, out, err = run_command("openssl", "sess_id", "-in", session, "-noout", "-text")
    holds("TLS session ticket:" in out, "no ticket came: " + out + err)
    holds("Max Early Data: 0" in out, out)


def one_greeting(port, context, session=None):
    """(whether the session was resumed, the session to resume next)"""
    with stream.connect(("127.0.0.1", port), context, name="localhost", session=session) as one:
        same(one.recv_until(b"\n"), b"a\n")
        result = one.session_reused(), one.session()
        one.finish()
        one.recv_end()
        return result


@check
def a_session_is_resumed_by_any_worker(t):
    for version in ("TLSv1.3", "TLSv1.2"):
        port, proxy = front(t, evil.named("a"), threads=4)
        context = stream.client_context(version=version)
        resumed, session = one_greeting(port, context)
        same(resumed, False, version)
        same([one_greeting(port, context, session)[0] for _ in range(8)], [True] * 8, version)
        lines = proxy.access(9)  # in any order: four threads wrote them
        same(sorted(line["resumed"] for line in lines), ["no"] + ["yes"] * 8, version)


@check
def plain_http_and_garbage_on_the_tls_port_are_closed_with_a_reason(t):
    port, proxy = front(t)
    for count, junk in enumerate((b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, bytes(range(256)) * 10, b"\x16\x03\x01\xff\xff" + b"x" * 70000), 1):
        with stream.connect(("127.0.0.1", port)) as one:
            try:
                one.send(junk)
            except OSError:
                pass
            one.recv_end()
        holds(proxy.access(count)[-1]["reason"], "no reason")
    with stream.connect(("127.0.0.1", port), True) as one:
        one.send(b"still there")
        same(one.recv_exactly(11), b"still there")


@check
def a_client_that_trusts_another_ca_is_logged_and_hurts_nobody(t):
    port, proxy = front(t)
    context = stream.client_context(ca=t.certs.ca("other").crt)
    try:
        stream.connect(("127.0.0.1", port), context, name="localhost")
        raise AssertionError("verified against the wrong CA")
    except ssl.SSLCertVerificationError:
        pass
    holds(proxy.access(1)[0]["reason"], "no reason")


main()
