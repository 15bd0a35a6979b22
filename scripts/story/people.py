"""The demo's people; each has a random password that is printed once."""

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.story.client import Client, sign_in

ROOT = Path(__file__).resolve().parent.parent.parent
ROLES = {
    "ada": ("Ada Okafor", ["contributor", "reviewer"]),
    "ben": ("Ben Alvarez", ["reviewer"]),
    "cleo": ("Cleo Marsh", ["reviewer"]),
    "mira": ("Mira Lindqvist", ["manager"]),
    "cora": ("Cora Nwosu", ["compliance"]),
    "carl": ("Carl Becker", ["consumer"]),
}
_SCOPES = {"carl": ["predict", "read"]}
_ALL = ["read", "write", "sign", "predict"]


@dataclass(frozen=True)
class Person:
    """A person of the demo, signed in."""

    username: str
    name: str
    password: str
    client: Client


def manage(var: Path, *arguments: str) -> str:
    """What a management command prints. Raises CalledProcessError."""
    environment = os.environ | {"ASSAY_VAR": str(var)}
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def admin(base: str, var: Path, tag: str) -> Person:
    """The first administrator comes from the command line; there is no default account."""
    username, password = f"root-{tag}", secrets.token_urlsafe(15)
    file = var / f"password-{tag}"
    file.touch(mode=0o600)
    try:
        file.write_text(password, encoding="utf-8")
        name = f"Root {tag}"
        manage(var, "create_admin", username, "--name", name, "--password-file", str(file))
    finally:
        file.unlink()
    client = sign_in(base, username, password, ["read", "write", "admin"])
    return Person(username, name, password, client)


def make_people(base: str, root: Person, team: str, tag: str) -> dict[str, Person]:
    """Enter everybody, give the roles, and let each sign in by password."""
    people = {}
    for short, (name, roles) in ROLES.items():
        username, password = f"{short}-{tag}", secrets.token_urlsafe(15)
        root.client.post("users", {"username": username, "name": name, "password": password})
        for role in roles:
            root.client.post(f"teams/{team}/roles", {"username": username, "role": role})
        client = sign_in(base, username, password, _SCOPES.get(short, _ALL))
        people[short] = Person(username, name, password, client)
    return people
