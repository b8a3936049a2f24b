"""`sluice check`, `--effective`, `--version`, `-h`: what a user runs before anything listens. F86"""
# group: smoke
import os
import pwd
import re
import subprocess

import sluice
from case import check, holds, main, same

GOOD = """[frontend web]
listen = 127.0.0.1:%d
certificate = self-signed
pool = app

[pool app]
server = a 127.0.0.1:1
"""


def run_check(t, text, *options):
    path = t.path("try.ini")
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())
    return sluice.run("check", "-c", path, *options)


@check
def a_good_file_passes(t):
    status, _, err = run_check(t, GOOD % t.port())
    same(status, 0, err)
    holds("error" not in err, err)


@check
def a_check_binds_nothing(t):
    server = t.serve(lambda one: None)
    same(run_check(t, GOOD % server.port)[0], 0, "status with the port in use")


@check
def every_error_is_reported_in_one_run_with_file_and_line(t):
    text = "[frontend web]\nlisten = 127.0.0.1:x\nlissten = :1\nidle-timeout = 5\npool = nowhere\n\n[pool app]\nballance = least-conn\n"
    status, out, err = run_check(t, text)
    same(status, 2, "exit status")
    for line, word in ((2, "listen"), (3, "lissten"), (4, "5s"), (5, "nowhere"), (8, 'did you mean "balance"')):
        pattern = r"try\.ini:%d: error: .*%s" % (line, re.escape(word))
        holds(re.search(pattern, err + out), "no error like %s in:\n%s%s" % (pattern, err, out))


@check
def broken_files_are_refused_with_status_2(t):
    long_key = "[pool %s]\nserver = a 127.0.0.1:1\n" % ("x" * 60)
    for what, text in {
        "empty": "",
        "comments only": "; nothing\n# here\n",
        "no listener": "[pool app]\nserver = a 127.0.0.1:1\n",
        "NUL": (GOOD % 1).encode() + b"\0",
        "a line of 100,000 bytes": GOOD % 1 + "x" * 100000,
        "unknown section": GOOD % 1 + "[nosuch x]\na = b\n",
        "unclosed section": GOOD % 1 + "[pool b\nserver = a 127.0.0.1:1\n",
        "words behind a section": GOOD % 1 + "[pool b] more\nserver = a 127.0.0.1:1\n",
        "section twice": GOOD % 1 + "[pool app]\nserver = b 127.0.0.1:2\n",
        "key twice": GOOD % 1 + "balance = least-conn\nbalance = round-robin\n",
        "empty value": GOOD % 1 + "balance =\n",
        "no value": GOOD % 1 + "balance\n",
        "number without unit": GOOD % 1 + "connect-timeout = 5\n",
        "unset variable": GOOD % 1 + "source = ${SLUICE_TEST_NOT_SET}\n",
        "over-long name": GOOD % 1 + long_key,
        "missing certificate": (GOOD % 1).replace("self-signed", "/nonexistent/x.pem"),
        "later key": GOOD % 1 + "hedge-after = 30ms\n",
    }.items():
        status, out, err = run_check(t, text)
        same(status, 2, "exit status of a file with: %s (%s)" % (what, (err + out)[:300]))
        holds("error" in err + out, "no message for a file with: " + what)


@check
def a_later_key_says_that_it_is_not_supported_yet(t):
    _, out, err = run_check(t, GOOD % 1 + "hedge-after = 30ms\n")
    holds("not supported yet" in out + err, out + err)


@check
def files_that_cannot_be_read_are_refused(t):
    os.mkfifo(t.path("fifo"))
    for path in (t.path("none"), t.folder, t.path("fifo"), "/dev/null", "/dev/zero"):
        status, out, err = sluice.run("check", "-c", path)
        same(status, 2, "exit status for %s" % path)
        holds(path in out + err, "the message does not name %s: %s" % (path, out + err))


@check
def includes_and_variables_are_followed(t):
    t.write("conf.d/b.ini", "[pool app]\nserver = a 127.0.0.1:1\n")
    t.write("conf.d/a.ini", GOOD.split("\n\n")[0] % 1 + "\nbroken = 1\n")
    status, out, err = run_check(t, "[global]\ninclude = conf.d/*.ini\n")
    same(status, 2)
    holds(re.search(r"conf\.d/a\.ini:5: error", out + err), out + err)
    t.write("conf.d/a.ini", GOOD.split("\n\n")[0].replace("%d", "${PORT}"))
    env = dict(os.environ, PORT="1234")
    status, out, err = sluice.run("check", "-c", t.path("try.ini"), "--effective", env=env)
    same(status, 0, err)
    holds("127.0.0.1:1234" in out, out)


@check
def effective_prints_each_value_with_its_origin_and_is_a_configuration_itself(t):
    text = "[defaults]\nidle-timeout = 7m\n" + GOOD % 1 + "balance = least-conn\n"
    status, out, err = run_check(t, text, "--effective")
    same(status, 0, err)
    holds(re.search(r"^idle-timeout\s*=\s*7m\s*# .*try\.ini:2$", out, re.M), out)
    holds(re.search(r"^balance\s*=\s*least-conn\s*# .*try\.ini:10$", out, re.M), out)
    holds(re.search(r"^connect-timeout\s*=\s*3s\s*# default$", out, re.M), out)
    again = "".join(line.split(" # ")[0].rstrip() + "\n" for line in out.splitlines())
    status, second, err = run_check(t, again, "--effective")
    same(status, 0, "the printed configuration is refused: " + err)
    values = [line.split("#")[0].rstrip() for line in out.splitlines()]
    same([line.split("#")[0].rstrip() for line in second.splitlines()], values, "printed twice")


@check
def the_shipped_files_pass(t):
    """With certificates, a user and limits of this machine in place of those they are meant for."""
    source = os.path.join(os.environ["SLUICE_SOURCE"], "conf")
    names = sorted(name for name in os.listdir(source) if name.endswith(".ini"))
    holds(len(names) >= 2, "conf/ has no examples")
    cert = t.certs.make()
    for name in names:
        with open(os.path.join(source, name), encoding="utf-8") as file:
            text = file.read()
        for key, value in (("certificate", cert.pem), ("user", pwd.getpwuid(os.geteuid()).pw_name), ("max-connections", "1000")):
            text = re.sub(r"(?m)^(\s*%s\s*=\s*)\S+" % key, r"\g<1>" + value, text)
        status, out, err = run_check(t, text)
        same(status, 0, "%s: %s%s" % (name, out, err))


@check
def version_names_itself_and_its_libraries(t):
    status, out, _ = sluice.run("--version")
    same(status, 0)
    for pattern in (r"sluice \d+\.\d+", r"OpenSSL 3\.", r"libev 4\.", "inih"):
        holds(re.search(pattern, out), "no %s in %r" % (pattern, out))


@check
def output_that_could_not_be_written_is_a_failure(t):
    """Whoever keeps it in a file must not take half of it for all."""
    path = t.write("try.ini", GOOD % t.port())
    for words in (["check", "-c", path], ["check", "--effective", "-c", path], ["--version"]):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([sluice.BINARY, *words], stdout=full, stderr=subprocess.PIPE, timeout=60)
        same(done.returncode, 1, "exit status of %s" % words)
        holds(b"No space left" in done.stderr, "it said: %r" % done.stderr)


@check
def usage_lists_the_verbs_and_nonsense_is_refused(t):
    status, out, _ = sluice.run("-h")
    same(status, 0)
    for verb in ("run", "check", "try"):
        holds(verb in out, "no %s in %r" % (verb, out))
        same(sluice.run(verb, "--help"), (0, out, ""), "help of " + verb)
    for words in (("nosuch",), ("run", "--nosuch"), ("check", "-c"), ("check", "-c", ""), ("check", "sluice.ini")):
        status, out, err = sluice.run(*words)
        same(status, 2, "exit status of %s" % (words,))
        holds(err, "nothing on stderr for %s" % (words,))


main()
