"""A test CA made with openssl, the certificates it signs, and kubeconfigs that carry them."""

import base64
import json
import subprocess


def _openssl(*args):
    subprocess.run(["openssl", *[str(a) for a in args]], check=True, capture_output=True)


class Authority:
    def __init__(self, directory, name="ca"):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.cert, self.key = directory / f"{name}.crt", directory / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-days", "30", "-subj", f"/CN=test-{name}",
                 "-keyout", self.key, "-out", self.cert,
                 "-addext", "keyUsage=critical,keyCertSign,digitalSignature,cRLSign")

    def issue(self, file, name, groups=(), sans=()):
        """A certificate for client and server use; returns (cert path, key path)."""
        cert, key = self.directory / f"{file}.crt", self.directory / f"{file}.key"
        request, extensions = self.directory / f"{file}.csr", self.directory / f"{file}.ext"
        lines = ["extendedKeyUsage=serverAuth,clientAuth"]
        if sans:
            lines.append("subjectAltName=" + ",".join(sans))
        extensions.write_text("\n".join(lines) + "\n")
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={name}"
        _openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                 "-nodes", "-subj", subject, "-keyout", key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.cert, "-CAkey", self.key,
                 "-CAcreateserial", "-days", "30", "-extfile", extensions, "-out", cert)
        return cert, key

    def kubeconfig(self, path, server, user, groups=()):
        cert, key = self.issue(f"{path.stem}-client", user, groups)

        def data(file):
            return base64.b64encode(file.read_bytes()).decode()

        path.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "clusters": [{"name": "test", "cluster": {
                "server": server, "certificate-authority-data": data(self.cert)}}],
            "users": [{"name": user, "user": {
                "client-certificate-data": data(cert), "client-key-data": data(key)}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": user}}],
        }, indent=1))
        path.chmod(0o600)
        return path


def rsa_key(path):
    _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", path)
    return path
