"""An OpenID Connect provider in a process of its own, on loopback: honest, or as it is told.

Started with nothing; its first line of output is its issuer. Whoever comes to /authorize is signed
in at once as `sub`. A POST of JSON to /be says how it behaves from now on, `{}` honestly.
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
WEAK = rsa.generate_private_key(65537, 1024)
KEYS: dict[str, Any] = {"RS256": RSA, "ES256": EC}


def jwks() -> dict[str, Any]:
    """The public keys, as published."""
    known = {"RS256": RSA, "WEAK": WEAK}
    keys = [
        RSAAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": kid, "use": "sig"}
        for kid, key in known.items()
    ]
    keys.append(ECAlgorithm.to_jwk(EC.public_key(), as_dict=True) | {"kid": "ES256", "use": "sig"})
    return {"keys": keys}


class Provider(BaseHTTPRequestHandler):
    """The endpoints."""

    behaviour: dict[str, Any] = {}
    codes: dict[str, dict[str, Any]] = {}
    seen: list[dict[str, Any]] = []
    issuer = ""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        """Discovery, keys, sign-in, and what was seen."""
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/.well-known/openid-configuration":
            self.answer(self.discovery())
        elif parts.path == "/keys":
            self.answer(jwks())
        elif parts.path == "/seen":
            self.answer({"seen": self.seen})
        elif parts.path == "/authorize":
            self.authorize(asked)
        else:
            self.answer({}, 404)

    def do_POST(self) -> None:
        """How to behave, and codes for tokens."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/be":
            type(self).behaviour = json.loads(body)
            self.answer({})
        else:
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self.token(form)

    def discovery(self) -> dict[str, Any]:
        """The document."""
        document: dict[str, Any] = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_response_iss_parameter_supported": True,
        }
        return document | dict(self.behaviour.get("discovery", {}))

    def authorize(self, asked: dict[str, str]) -> None:
        """Sign in whoever comes, and send the browser back with a code."""
        self.seen.append(asked)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        back |= self.behaviour.get("back", {})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.end_headers()

    def token(self, form: dict[str, str]) -> None:
        """The ID token for a code, once, for whoever knows the verifier."""
        self.seen.append(form)
        if "redirect" in self.behaviour:
            self.send_response(302)
            self.send_header("Location", self.behaviour["redirect"])
            self.end_headers()
            return
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != challenge:
            self.answer({"error": "invalid_grant"}, 400)
            return
        answer = {"access_token": "x", "token_type": "Bearer", "id_token": self.id_token(asked)}
        self.answer(answer | {"padding": "x" * self.behaviour.get("padding", 0)})

    def id_token(self, asked: dict[str, str]) -> str:
        """The token, signed or not, true or not."""
        now, be = int(time.time()), self.behaviour
        claims = {
            "iss": self.issuer,
            "sub": be.get("sub", "ben-at-work"),
            "aud": asked["client_id"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked["nonce"],
            "email": "carl@example.org",
        }
        for name, seconds in be.get("shift", {}).items():
            claims[name] += seconds
        claims |= be.get("claims", {})
        for name in be.get("without", []):
            del claims[name]
        algorithm = be.get("alg", "ES256")
        if algorithm == "none":
            return jwt.encode(claims, "", algorithm="none")
        if algorithm == "HS256":
            return jwt.encode(claims, "the client's secret " * 2, algorithm, {"kid": "ES256"})
        if "key" in be:
            if be["key"] == "weak":
                return jwt.encode(claims, WEAK, "RS256", {"kid": "WEAK"})
            kid = "new" if be["key"] == "new" else "ES256"
            return jwt.encode(claims, OTHER, "ES256", {"kid": kid})
        return jwt.encode(claims, KEYS[algorithm], algorithm, {"kid": algorithm})

    def answer(self, said: dict[str, Any], status: int = 200) -> None:
        """JSON."""
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until the process is ended, or nobody listens any more."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    Provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    sys.stdout.write(f"{Provider.issuer}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
