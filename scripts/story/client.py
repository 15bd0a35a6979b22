"""A small REST client: what any program in any language would do over HTTP."""

import http.cookiejar
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

CHUNK = 4 * 2**20
_FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass(frozen=True)
class Reply:
    """Status, headers and body of a reply."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Refused(Exception):
    """The server said no; `problem` is its problem document."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        try:
            self.problem: dict[str, Any] = reply.json()
        except ValueError:
            self.problem = {"detail": reply.body[:300].decode("utf-8", "replace")}
        super().__init__(f"{reply.status}: {self.problem.get('detail')}")


class Client:
    """One person's way in: a base address and a token."""

    def __init__(self, base: str, token: str = "") -> None:
        self.base = base.rstrip("/")
        self.token = token

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """Any request; bytes go raw, everything else as JSON. Raises Refused from 400 on."""
        raw = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        every = {"Content-Type": kind, "Authorization": f"Bearer {self.token}"} | (headers or {})
        address = path if path.startswith("http") else f"{self.base}/api/v1/{path}"
        request = urllib.request.Request(address, data=raw, method=method, headers=every)  # noqa: S310 - http by construction
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310
                return Reply(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as error:
            raise Refused(Reply(error.code, dict(error.headers), error.read())) from None

    def get(self, path: str) -> Any:
        """A JSON document."""
        return self.send("GET", path).json()

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON reply to a POST."""
        return self.send("POST", path, body if body is not None else {}).json()

    def put(self, path: str, body: Any) -> Any:
        """The JSON reply to a PUT."""
        return self.send("PUT", path, body).json()

    def upload(self, name: str, data: bytes) -> str:
        """Send a file in pieces; the id of the finished upload."""
        upload: str = self.post("uploads", {"name": name, "size": len(data)})["id"]
        offset = 0
        while offset < len(data):
            piece = data[offset : offset + CHUNK]
            reply = self.send("PATCH", f"uploads/{upload}", piece, {"Upload-Offset": str(offset)})
            offset = reply.json()["offset"]
        return upload

    def wait_for_job(self, job: str, seconds: float = 600) -> dict[str, Any]:
        """The job once it has succeeded. Raises RuntimeError when it ends otherwise."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found: dict[str, Any] = self.get(f"jobs/{job}")
            if found["status"] == "succeeded":
                return found
            if found["status"] in ("failed", "cancelled"):
                raise RuntimeError(f"{found['kind']} {found['status']}: {found['failure']}")
            time.sleep(0.3)
        raise RuntimeError(f"Job {job} did not end within {seconds:.0f} s.")


def sign_in(base: str, username: str, password: str, scopes: list[str]) -> Client:
    """Sign in with the form, as a browser does, and make a token for the API."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    with opener.open(f"{base}/accounts/login/", timeout=60) as page:
        match = _FORM_TOKEN.search(page.read().decode())
    if match is None:
        raise RuntimeError("The sign-in page has no form.")
    fields = {"csrfmiddlewaretoken": match[1], "login": username, "password": password}
    fields["next"] = "/health"
    form = urllib.parse.urlencode(fields).encode()
    origin = {"Referer": f"{base}/accounts/login/"}
    with opener.open(
        urllib.request.Request(f"{base}/accounts/login/", form, origin),  # noqa: S310
        timeout=60,
    ) as page:
        page.read()
    secret = next((c.value for c in jar if c.name.endswith("csrf")), None)
    if not any(c.name.endswith("session") for c in jar) or secret is None:
        raise RuntimeError(f"{username} could not sign in.")
    body = json.dumps({"name": "demo", "scopes": scopes, "days": 1}).encode()
    headers = {"Content-Type": "application/json", "X-CSRFToken": secret, **origin}
    with opener.open(
        urllib.request.Request(f"{base}/api/v1/tokens", body, headers),  # noqa: S310
        timeout=60,
    ) as reply:
        return Client(base, json.load(reply)["token"])
