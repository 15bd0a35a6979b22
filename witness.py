#!/usr/bin/env python3
"""A witness of logs: it cosigns a checkpoint only if the log has done nothing but grow.

    python witness.py key STATE --name witness.example.org/w1
    python witness.py serve STATE --logs KEYS.txt --port 8410

Needs Python 3.11 and `cryptography`, nothing else, and nothing of the log's own program: it is
meant for a team that does not run the log. Serves c2sp.org/tlog-witness (`POST /add-checkpoint`)
with Ed25519 cosignatures (c2sp.org/tlog-cosignature). STATE is a folder: the key, and the last
checkpoint of each log, on the disk before a cosignature leaves. Lose the key rather than the
checkpoints: a witness that forgets would cosign another history. KEYS.txt holds the verifier keys
of the logs, one a line.
"""

import argparse
import base64
import binascii
import fcntl
import hashlib
import json
import os
import re
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

LOG_KEY, COSIGNER_KEY = b"\x01", b"\x04"
MAX_BODY = 64 * 1024
MAX_PROOF = 63
SECONDS = 10
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_DASH = "— "
_EMPTY_ROOT = hashlib.sha256(b"").digest()


class Refusal(Exception):
    """An answer that is no cosignature: the status, and the body that goes with it."""

    def __init__(self, status: int, said: str, kind: str = "text/plain; charset=utf-8") -> None:
        super().__init__(said)
        self.status, self.said, self.kind = status, said, kind


@dataclass(frozen=True)
class Head:
    """What a checkpoint says: the log's origin, the size of its tree, the root of 32 bytes."""

    origin: str
    size: int
    root: bytes


@dataclass(frozen=True)
class Request:
    """An `add-checkpoint`: `text` is the signed part of the note, `lines` its signatures."""

    old_size: int
    proof: list[bytes]
    text: str
    lines: list[tuple[str, bytes]]
    head: Head


def _decoded(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(400, "not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Refusal(400, "not base64 in its one form")
    return data


def _number(text: str) -> int:
    if not _SIZE.fullmatch(text):
        raise Refusal(400, "not a size")
    return int(text)


def read_request(body: bytes) -> Request:
    """The parts of a request's body. Raises Refusal with 400."""
    try:
        whole = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(400, "not UTF-8") from None
    head, empty, note = whole.partition("\n\n")
    first, *proof = head.split("\n")
    if not empty or not first.startswith("old ") or len(proof) > MAX_PROOF:
        raise Refusal(400, "a request is an old size, at most 63 hashes, a line, a checkpoint")
    hashes = [_decoded(line) for line in proof]
    if any(len(one) != 32 for one in hashes):
        raise Refusal(400, "a hash of the proof is not 32 bytes")
    text, empty, block = note.rpartition("\n\n")
    if not empty or not block.endswith("\n"):
        raise Refusal(400, "the checkpoint is not a signed note")
    lines = [_signature(line) for line in block.split("\n")[:-1]]
    return Request(_number(first[4:]), hashes, text + "\n", lines, _head(text))


def _signature(line: str) -> tuple[str, bytes]:
    name, space, blob = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not name:
        raise Refusal(400, "a signature line is not: dash, name, signature")
    return name, _decoded(blob)


def _head(text: str) -> Head:
    lines = text.split("\n")
    if len(lines) < 3 or not all(lines):
        raise Refusal(400, "a checkpoint is three lines or more")
    root = _decoded(lines[2])
    if len(root) != 32:
        raise Refusal(400, "the root is not 32 bytes")
    return Head(lines[0], _number(lines[1]), root)


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def grew(old: Head, new: Head, proof: list[bytes]) -> bool:
    """Whether the proof shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old.size == 0:
        return not proof and (new.size > 0 or new.root == _EMPTY_ROOT)
    if old.size == new.size:
        return not proof and old.root == new.root
    path = list(proof) if old.size & (old.size - 1) else [old.root, *proof]
    if not path:
        return False
    place, last = old.size - 1, new.size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    then = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            then, now = _node(sibling, then), _node(sibling, now)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            now = _node(now, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and (then, now) == (old.root, new.root)


def _key_id(name: str, kind: bytes, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def _key_line(name: str, kind: bytes, public: bytes) -> str:
    key = base64.b64encode(kind + public).decode()
    return f"{name}+{_key_id(name, kind, public).hex()}+{key}"


def read_logs(text: str) -> dict[str, list[bytes]]:
    """Origin -> public keys, from verifier key lines. Raises ValueError for a line that is none."""
    logs: dict[str, list[bytes]] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, rest = line.partition("+")
        key_id, _, blob = rest.partition("+")
        material = base64.b64decode(blob, validate=True)
        kind, public = material[:1], material[1:]
        if kind != LOG_KEY or _key_id(name, kind, public).hex() != key_id:
            raise ValueError(f"not a verifier key: {line[:60]}")
        logs.setdefault(name, []).append(public)
    return logs


class Witness:
    """The key and the memory of one witness; one request at a time."""

    def __init__(self, folder: Path, logs: dict[str, list[bytes]]) -> None:
        """Raises OSError, ValueError where key or memory cannot be read, or another has them."""
        self._logs, self._lock = logs, threading.Lock()
        # Two processes with one memory would each cosign what the other does not know of.
        self._alone = (folder / "key.json").open("rb")
        fcntl.flock(self._alone, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._key, self.name = load_key(folder)
        self._file = folder / "checkpoints.json"
        self._seen: dict[str, Head] = {}
        if self._file.exists():
            stored = json.loads(self._file.read_text(encoding="utf-8"))
            for origin, (size, root) in stored.items():
                self._seen[origin] = Head(origin, int(size), bytes.fromhex(root))

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature line. Raises Refusal with a status of c2sp.org/tlog-witness."""
        asked = read_request(body)
        self._require_signed(asked)
        if asked.old_size > asked.head.size:
            raise Refusal(400, "the old size is larger than the checkpoint's")
        with self._lock:
            return self._cosign_growth(asked)

    def _cosign_growth(self, asked: Request) -> str:
        new = asked.head
        seen = self._seen.get(new.origin) or Head(new.origin, 0, _EMPTY_ROOT)
        forked = seen.size == new.size > 0 and seen.root != new.root
        if asked.old_size != seen.size or forked:
            raise Refusal(409, f"{seen.size}\n", "text/x.tlog.size")
        if not grew(seen, new, asked.proof):
            raise Refusal(422, "the proof does not show that the log only grew")
        self._remember(new)
        return self._cosign(asked.text)

    def _require_signed(self, asked: Request) -> None:
        keys = self._logs.get(asked.head.origin)
        if keys is None:
            raise Refusal(404, "this witness does not know the log")
        for name, blob in asked.lines:
            for public in keys if name == asked.head.origin else ():
                if blob[:4] == _key_id(name, LOG_KEY, public) and _verifies(
                    public, blob[4:], asked.text
                ):
                    return
        raise Refusal(403, "no signature of the log's key")

    def _remember(self, head: Head) -> None:
        seen = self._seen | {head.origin: head}
        write_atomically(
            self._file,
            json.dumps({one.origin: [one.size, one.root.hex()] for one in seen.values()}).encode(),
        )
        self._seen = seen

    def _cosign(self, text: str) -> str:
        moment = int(time.time())
        signature = self._key.sign(f"cosignature/v1\ntime {moment}\n{text}".encode())
        public = self._key.public_key().public_bytes_raw()
        blob = _key_id(self.name, COSIGNER_KEY, public) + moment.to_bytes(8, "big") + signature
        return f"{_DASH}{self.name} {base64.b64encode(blob).decode()}\n"


def _verifies(public: bytes, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def write_atomically(path: Path, data: bytes) -> None:
    """All of it or nothing, and on the disk when this returns; for the owner's eyes alone."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_key(folder: Path, name: str) -> str:
    """Make the witness's key; its verifier key line. Raises FileExistsError, ValueError."""
    if not name or "+" in name or any(char.isspace() for char in name):
        raise ValueError("a name holds no space and no plus")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / "key.json").exists():
        raise FileExistsError(f"{folder} holds a key already")
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes_raw().hex()
    write_atomically(folder / "key.json", json.dumps({"name": name, "secret": secret}).encode())
    return _key_line(name, COSIGNER_KEY, key.public_key().public_bytes_raw())


def load_key(folder: Path) -> tuple[Ed25519PrivateKey, str]:
    """The key and its name. Raises OSError, ValueError."""
    stored = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(stored["secret"])), stored["name"]


class Handler(BaseHTTPRequestHandler):
    """HTTP for one connection."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "witness", ""
    timeout = SECONDS
    witness: Witness

    def do_POST(self) -> None:
        """`add-checkpoint`, and nothing else."""
        try:
            if self.path != "/add-checkpoint":
                raise Refusal(404, "there is only /add-checkpoint")
            self._answer(200, self.witness.add_checkpoint(self._body()))
        except Refusal as refusal:
            self._answer(refusal.status, refusal.said, refusal.kind)

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not _SIZE.fullmatch(length) or int(length) > MAX_BODY:
            self.close_connection = True
            raise Refusal(413 if length else 411, "a request has a length, and at most 64 KiB")
        return self.rfile.read(int(length))

    def _answer(self, status: int, said: str, kind: str = "text/plain; charset=utf-8") -> None:
        body = said.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> int:
    """The command line; the exit status is 2 where the arguments cannot be used."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    verbs = parser.add_subparsers(dest="verb", required=True)
    make = verbs.add_parser("key", help="make the witness's key and print its verifier key line")
    make.add_argument("state", type=Path)
    make.add_argument("--name", required=True, help="an address without scheme, for example")
    serve = verbs.add_parser("serve", help="answer add-checkpoint")
    serve.add_argument("state", type=Path)
    serve.add_argument("--logs", type=Path, required=True, help="verifier keys of the logs")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8410)
    given = parser.parse_args()
    try:
        if given.verb == "key":
            sys.stdout.write(make_key(given.state, given.name) + "\n")
            return 0
        Handler.witness = Witness(given.state, read_logs(given.logs.read_text(encoding="utf-8")))
        server = ThreadingHTTPServer((given.host, given.port), Handler)
    except (OSError, ValueError, LookupError) as error:
        sys.stderr.write(f"witness: {error}\n")
        return 2
    port = server.server_address[1]
    sys.stderr.write(f"{Handler.witness.name} listens on {given.host}:{port}\n")
    sys.stderr.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
