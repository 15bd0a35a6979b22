"""The demo's people; each has a random password that is printed once."""

import os
import secrets
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
# One administrator gives these; the others, which sign, take two persons.
BY_ONE = ("contributor", "consumer")
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


def admins(base: str, var: Path, tag: str) -> tuple[Person, Person]:
    """Two administrators: they come from the command line; there is no default account."""
    return (
        _admin(base, var, f"root-{tag}", f"Root {tag}"),
        _admin(base, var, f"otto-{tag}", f"Otto {tag}"),
    )


def _admin(base: str, var: Path, username: str, name: str) -> Person:
    password = secrets.token_urlsafe(15)
    file = var / f"password-{username}"
    file.touch(mode=0o600)
    try:
        file.write_text(password, encoding="utf-8")
        manage(var, "create_admin", username, "--name", name, "--password-file", str(file))
    finally:
        file.unlink()
    client = sign_in(base, username, password, ["read", "write", "sign", "admin"])
    return Person(username, name, password, client)


def agree(first: Person, second: Person, kind: str, wish: dict[str, Any]) -> dict[str, Any]:
    """What takes two persons: one proposes, the other confirms what was shown to him."""
    wanted = {"kind": kind, "wish": wish, "reason": "As was agreed.", "password": first.password}
    made = first.client.post("proposals", wanted)
    shown = second.client.get(f"proposals/{made['id']}")
    proof = {"digest": shown["digest"], "password": second.password}
    done: dict[str, Any] = second.client.post(f"proposals/{made['id']}/confirmation", proof)
    return done


def let_in(base: str, two: tuple[Person, Person], username: str, password: str) -> None:
    """Let somebody set a password: each of the two sees half of what that takes."""
    proposal = agree(*two, "password", {"username": username})["id"]
    first, second = (
        one.client.post(f"proposals/{proposal}/half", {"password": one.password})["half"]
        for one in two
    )
    body = {"login": username, "first": first, "second": second, "password": password}
    Client(base).send("POST", "way-in", body)


def make_people(base: str, two: tuple[Person, Person], team: str, tag: str) -> dict[str, Person]:
    """Enter everybody, give the roles, and let each sign in by password."""
    root, otto = two
    people, by_two = {}, []
    for short, (name, roles) in ROLES.items():
        username, password = f"{short}-{tag}", secrets.token_urlsafe(15)
        root.client.post("users", {"username": username, "name": name})
        let_in(base, two, username, password)
        for role in roles:
            grant = {"username": username, "role": role}
            if role in BY_ONE:
                root.client.post(f"teams/{team}/roles", grant)
            else:
                by_two.append(grant)
        client = sign_in(base, username, password, _SCOPES.get(short, _ALL))
        people[short] = Person(username, name, password, client)
    agree(root, otto, "roles", {"team": team, "grants": by_two})
    return people
