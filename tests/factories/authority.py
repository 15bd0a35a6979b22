"""A time-stamping authority on this machine: openssl behind HTTP, with a root of its own."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

_CONFIG = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:true
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[leaf]
extendedKeyUsage = critical, timeStamping
keyUsage = critical, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = stamping
[stamping]
serial = {folder}/serial
signer_cert = {folder}/leaf.pem
signer_key = {folder}/leaf.key
signer_digest = sha256
certs = {folder}/leaf.pem
default_policy = 1.2.3.4.1
digests = sha256, sha512
ess_cert_id_alg = sha256
"""


@dataclass
class Authority:
    """Where it is and whom it answers to; `spoil` changes what it sends."""

    folder: Path
    url: str = ""
    refuses: bool = False

    @property
    def roots(self) -> Path:
        """Its root certificate."""
        return self.folder / "root.pem"

    def openssl(self, *arguments: str) -> None:
        """Runs the tool in the authority's folder."""
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def establish(self) -> None:
        """Makes root and certificate."""
        (self.folder / "conf").write_text(_CONFIG.format(folder=self.folder), encoding="utf-8")
        (self.folder / "serial").write_text("01\n", encoding="ascii")
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "conf")
        self.openssl(
            *("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem"),
            *("-subj", "/CN=Root", "-days", "30", "-extensions", "root"),
        )
        self.openssl("req", *key, "-keyout", "leaf.key", "-out", "leaf.csr", "-subj", "/CN=Stamps")
        self.openssl(
            *("x509", "-req", "-in", "leaf.csr", "-CA", "root.pem", "-CAkey", "root.key"),
            *("-out", "leaf.pem", "-days", "20", "-extfile", "conf", "-extensions", "leaf"),
        )

    def reply(self, query: bytes) -> bytes:
        """What the tool answers to a query."""
        (self.folder / "query").write_bytes(query)
        self.openssl(
            "ts", "-reply", "-queryfile", "query", "-out", "reply", "-config", "conf",
            "-section", "stamping",
        )  # fmt: skip
        return (self.folder / "reply").read_bytes()


@contextmanager
def stamping(folder: Path) -> Iterator[Authority]:
    """An authority that answers until the block ends."""
    folder.mkdir()
    authority = Authority(folder)
    authority.establish()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503 if authority.refuses else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(authority.reply(query))

        def log_message(self, format: str, *args: object) -> None:
            """Requests are not printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    authority.url = f"http://127.0.0.1:{server.server_port}/tsa"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
