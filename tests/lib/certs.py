"""Certificates, made with the openssl command when they are first asked for.

The runner gives all cases of one run a common folder; a certificate is made under a temporary name and renamed, so two cases
that want the same one at once do no harm.
"""
import os
import shutil
import subprocess
import tempfile


class Certificate:
    """Files of one certificate: `key`, `crt` (the leaf alone), `chain` (leaf, then intermediates), `pem` (key + chain)."""

    def __init__(self, folder):
        self.folder = folder
        self.key = os.path.join(folder, "key.pem")
        self.crt = os.path.join(folder, "crt.pem")
        self.chain = os.path.join(folder, "chain.pem")
        self.pem = os.path.join(folder, "all.pem")

    def bytes(self):
        with open(self.pem, "rb") as file:
            return file.read()


def _openssl(*arguments):
    done = subprocess.run(("openssl",) + arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    if done.returncode != 0:
        raise RuntimeError("openssl %s: %s" % (" ".join(arguments), done.stdout.decode("utf-8", "replace")))


def _write(path, *sources):
    with open(path, "w", encoding="ascii") as out:
        for source in sources:
            with open(source, encoding="ascii") as file:
                out.write(file.read())
    os.chmod(path, 0o600)


class Maker:
    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self._folder = folder

    def ca(self, name="ca"):
        return self._once("ca-" + name, lambda to: self._make(to, name, "ec", [], None, True, 30))

    def intermediate(self, name="intermediate", ca="ca"):
        return self._once("ca-" + name, lambda to: self._make(to, name, "ec", [], self.ca(ca), True, 30))

    def make(self, name="localhost", key="ec", names=None, issuer=None, days=30, serial=""):
        """A leaf. `names` are its SANs; `key` is ec or rsa; days=-1 is expired; `serial` tells two of one name apart."""
        names = names or [name, "127.0.0.1", "::1"]
        tag = "-".join(["leaf", name, key, str(days), serial, os.path.basename(issuer.folder) if issuer else "self"])
        return self._once(tag.replace("*", "_"), lambda to: self._make(to, name, key, names, issuer, False, days))

    def _once(self, tag, make):
        target = os.path.join(self._folder, tag)
        if not os.path.isdir(target):
            new = tempfile.mkdtemp(prefix=".new-", dir=self._folder)
            make(Certificate(new))
            try:
                os.rename(new, target)
            except OSError:  # another case was faster
                shutil.rmtree(new)
        return Certificate(target)

    def _make(self, to, name, key, names, issuer, is_ca, days):
        request = os.path.join(to.folder, "request.pem")
        extensions = os.path.join(to.folder, "extensions")
        with open(extensions, "w", encoding="ascii") as file:
            file.write("basicConstraints = critical, CA:%s\n" % ("true" if is_ca else "false"))
            if names:
                file.write("subjectAltName = %s\n" % ", ".join(_san(n) for n in names))
        algorithm = ["-newkey", "rsa:2048"] if key == "rsa" else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        _openssl("req", "-new", *algorithm, "-nodes", "-keyout", to.key, "-out", request, "-subj", "/CN=" + name)
        signer = ["-CA", issuer.crt, "-CAkey", issuer.key] if issuer else ["-key", to.key]
        _openssl(
            "x509", "-req", "-in", request, "-out", to.crt, "-days", str(days), "-sha256", "-extfile", extensions, *signer
        )
        os.chmod(to.key, 0o600)
        is_root = issuer is None or issuer.folder.endswith("ca-ca")
        _write(to.chain, to.crt, *([] if is_root else [issuer.chain]))
        _write(to.pem, to.key, to.chain)


def _san(name):
    is_address = ":" in name or name.replace(".", "").isdigit()
    return ("IP:" if is_address else "DNS:") + name
