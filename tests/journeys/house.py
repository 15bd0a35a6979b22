"""A real instance with people who signed in, and the steps that they take over HTTP."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psycopg

from config.platform import sockets
from scripts.story.client import Client, Refused, sign_in
from scripts.story.people import Person, agree, make_people
from tests.factories import tiny
from tests.instance import Instance

PASSWORD = "an administrator of a test"
SCOPES = ["read", "write", "sign", "admin"]
# Two signatures and nothing else: for journeys in which the evidence is not the point.
PLAIN = {
    "metrics": [],
    "evidence": [],
    "signers": {"count": 2, "roles": ["reviewer", "manager"]},
    "validity_days": 30,
    "outage_grace_s": 0,
}


@dataclass
class House:
    """An instance of its own embedded database, and its people by name."""

    instance: Instance
    people: dict[str, Person]
    team: str

    def by(self, name: str) -> Client:
        """The person's way in."""
        return self.people[name].client

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What the database answers to its owner."""
        folder = sockets.socket_folder(self.instance.var)
        with psycopg.connect(sockets.address("owner", folder), autocommit=True) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    def model(self, name: str, tier: str) -> str:
        """A model with one uploaded version."""
        body = {"name": name, "team": self.team, "purpose": "Tell tumours apart."}
        body |= {"risk_tier": tier, "licence": "MIT", "origin": "in-house"}
        self.by("ada").post("models", body)
        upload = self.by("ada").upload("model.onnx", tiny.model_bytes())
        pieces = [{"upload": upload, "role": "model"}]
        wish = {"artifacts": pieces, "signature": tiny.SIGNATURE}
        asked = self.by("ada").post(f"models/{name}/versions", wish)
        number = self.by("ada").wait_for_job(asked["job_id"])["result"]["version"]
        return f"models/{name}/versions/{number}"

    def sign(self, name: str, review: dict[str, Any]) -> Any:
        """A signature with the person's password."""
        body = {"statement_digest": review["statement_digest"], "decision": "approve"}
        body |= {"reason": "Read it.", "password": self.people[name].password}
        return self.by(name).post(f"reviews/{review['id']}/signatures", body)

    def approved(self, version: str) -> None:
        """Submitted, signed by two, approved by the notary."""
        review = self.by("ada").post(f"{version}/reviews")
        for name in ("ben", "cleo"):
            self.sign(name, review)
        self.await_state(review, "approved")

    def await_state(self, review: dict[str, Any], state: str, seconds: float = 20) -> Any:
        """The review once it is there."""
        found: dict[str, Any] = {}

        def there() -> bool:
            found.update(self.patient(lambda: self.by("ben").get(f"reviews/{review['id']}")))
            return bool(found["state"] == state)

        until(there, seconds)
        return found

    def promote(self, name: str) -> None:
        """The first version becomes champion."""
        self.by("mira").put(f"models/{name}/aliases/champion", {"version": 1, "reason": "First."})

    def predict(self, name: str, path: str = "predict", who: str = "carl") -> Any:
        """An answer of the inference process. Raises Refused, OSError."""
        address = f"{self.instance.inference}/api/v1/models/{name}/{path}"
        return self.by(who).send("POST", address, tiny.request()).json()

    def served(self, name: str, seconds: float = 20) -> Any:
        """The first answer."""
        return self.patient(lambda: self.predict(name), seconds)

    def patient(self, ask: Callable[[], Any], seconds: float = 20) -> Any:
        """What is asked, once whatever was killed is back."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return ask()
            except (Refused, OSError, HTTPException) as trouble:
                if time.monotonic() > deadline:
                    raise
                if isinstance(trouble, Refused) and trouble.status not in (409, 503):
                    raise
                time.sleep(0.05)


def until(holds: Callable[[], object], seconds: float) -> float:
    """Waits until it holds; the seconds it took. Raises TimeoutError."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(f"It did not come about within {seconds} s.")
        time.sleep(0.02)
    return time.monotonic() - began


def process_of(job: str) -> int:
    """The process of a job's try, 0 while there is none."""
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (folder / "comm").read_text(encoding="utf-8").strip() == f"job {job[:8]}":
                return int(folder.name)
    return 0


def move_in(instance: Instance, folder: Path) -> House:
    """Two administrators by command, everybody else over HTTP."""
    file = folder / "password"
    file.write_text(PASSWORD, encoding="utf-8")
    admins = []
    for name in ("root", "otto"):
        instance.manage("create_admin", name, "--name", name.title(), "--password-file", str(file))
        client = sign_in(instance.web, name, PASSWORD, SCOPES)
        admins.append(Person(name, name.title(), PASSWORD, client))
    root, otto = admins
    team: str = root.client.post("teams", {"slug": "house", "name": "House"})["slug"]
    people = make_people(instance.web, (root, otto), team, "j") | {"root": root}
    policy = {"name": "plain", "tier": "low", "team": team, "document": PLAIN}
    agree(people["mira"], people["cora"], "policy", policy)
    return House(instance, people, team)
