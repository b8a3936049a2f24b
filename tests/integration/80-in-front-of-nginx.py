"""The main job on real programs: curl and openssl s_client through sluice to nginx, one answer from each of two servers."""
# group: smoke
import hashlib
import os
import subprocess

import load
import proc
from case import check, curl, holds, main, needs_tool, run_command, same, scaled, wait_for
from sluice import web


def nginx(t, name):
    """An nginx with one file of 10 MB and its name as the front page; returns its address."""
    needs_tool("nginx", "curl")
    folder, port = t.path("nginx-" + name), t.port()
    os.makedirs(folder + "/www")
    with open(folder + "/www/index.html", "w", encoding="ascii") as file:
        file.write(name + "\n")
    with open(folder + "/www/big", "wb") as file:
        file.write(load.Bytes("big").take(10 << 20))
    config = t.write(
        "nginx-%s/nginx.conf" % name,
        "daemon off; master_process off; pid %(f)s/pid; error_log %(f)s/error.log;\n"
        "events { worker_connections 512; }\n"
        "http { access_log off; client_max_body_size 100m; client_body_temp_path %(f)s/b; proxy_temp_path %(f)s/p;"
        " fastcgi_temp_path %(f)s/c; uwsgi_temp_path %(f)s/u; scgi_temp_path %(f)s/s;\n"
        " server { listen 127.0.0.1:%(p)d; root %(f)s/www; } }\n" % {"f": folder, "p": port},
    )
    process = subprocess.Popen(["nginx", "-p", folder, "-c", config], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    t.defer(process.wait)
    t.defer(process.terminate)
    wait_for("nginx", lambda: proc.is_listening(port))
    return "127.0.0.1:%d" % port


def front(t):
    port, cert = t.port(), t.certs.make(issuer=t.certs.intermediate())
    proxy = t.sluice(web(port, {name: nginx(t, name) for name in ("one", "two")}, cert))
    trust = ("--cacert", t.certs.ca().crt, "--resolve", "localhost:%d:127.0.0.1" % port)
    return "https://localhost:%d/" % port, trust, proxy, port


@check
def curl_is_answered_by_both_in_turn(t):
    url, trust, _, _ = front(t)
    answers = [curl(url, *trust) for _ in range(10)]
    same(sorted(answers), ["one\n"] * 5 + ["two\n"] * 5)


@check
def large_files_arrive_whole(t):
    url, trust, _, _ = front(t)
    target = t.path("big")
    want = hashlib.sha256(load.Bytes("big").take(10 << 20)).hexdigest()

    def fetch(i):
        curl(url + "big", *trust, "--output", target + str(i))
        with open(target + str(i), "rb") as file:
            same(hashlib.sha256(file.read()).hexdigest(), want)

    load.together(scaled(8, 2), fetch)


@check
def keep_alive_stays_on_one_connection(t):
    url, trust, proxy, _ = front(t)
    out = curl(url, *trust, url, url, "--write-out", "%{num_connects} ")
    same(out.count("one\n") + out.count("two\n"), 3)
    same(len(proxy.access(1)), 1, "connections for three requests")


@check
def s_client_speaks_http_by_hand(t):
    needs_tool("openssl")
    _, _, _, port = front(t)
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    for version in ("-tls1_2", "-tls1_3"):
        status, out, err = run_command(
            "openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-servername", "localhost", version, "-quiet", "-ign_eof",
            "-CAfile", t.certs.ca().crt, "-verify_return_error", input=request,
        )  # fmt: skip
        same(status, 0, err)
        holds("200 OK" in out and out.endswith(("one\n", "two\n")), out)


@check
def a_server_that_is_stopped_is_not_noticed(t):
    """nginx one goes away in the middle of the day."""
    url, trust, proxy, _ = front(t)
    pid = int(open(t.path("nginx-one/pid"), encoding="ascii").read())
    same(sorted({curl(url, *trust) for _ in range(4)}), ["one\n", "two\n"])
    os.kill(pid, 15)
    wait_for("it to be gone", lambda: proc.state(pid) in ("", "Z"))
    same({curl(url, *trust) for _ in range(10)}, {"two\n"})


main()
