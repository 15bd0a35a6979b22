"""Asking the inference process on behalf of a signed-in person."""

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from accounts.callers import Caller
from common.errors import Invalid, NotFound
from inference.authentication import issue_pass
from registry.models import ModelVersion
from registry.selectors import model_named, version_numbered

# The model's own time is limited in the inference process; this is for the way there and back.
_SPARE_SECONDS = 5
_MOST_BYTES = 16 * 2**20
# The environment's proxies are for the outside world, never for this process's neighbour.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Target:
    """What is asked: an alias of a model, or one of its versions."""

    name: str
    alias: str
    version: ModelVersion

    @property
    def key(self) -> str:
        """`name@alias` or `name/number`, as it stands in the address."""
        return f"{self.name}@{self.alias}" if self.alias else f"{self.name}/{self.version.number}"

    @property
    def path(self) -> str:
        """The address on the inference process."""
        base = f"/api/v1/models/{quote(self.name)}"
        if not self.alias:
            return f"{base}/versions/{self.version.number}/predict"
        more = "" if self.alias == "champion" else "?" + urlencode({"alias": self.alias})
        return f"{base}/predict{more}"

    @property
    def url(self) -> str:
        """The whole address for callers."""
        return f"{settings.INFERENCE_URL}{self.path}"


def find_target(caller: Caller, key: str) -> Target:
    """The target behind a key of the address. Raises NotFound, Invalid."""
    if "@" in key:
        name, _at, alias = key.partition("@")
        row = model_named(caller, name).aliases.filter(name=alias).select_related("version").first()
        if row is None:
            raise NotFound(f"{name} has no alias {alias!r}.")
        return Target(name, alias, version_numbered(caller, name, row.version.number))
    name, _slash, number = key.partition("/")
    if not (number.isdecimal() and len(number) < 10):
        raise Invalid("Name a model with an alias or a number.", field="target")
    return Target(name, "", version_numbered(caller, name, int(number)))


@dataclass(frozen=True)
class Reply:
    """What came back: predictions, or why there are none."""

    status: int
    body: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def is_answer(self) -> bool:
        """Whether it was answered."""
        return self.status == 200

    @property
    def predictions(self) -> list[dict[str, Any]]:
        """One for each row, with classes by falling probability."""
        found = []
        for one in self.body.get("predictions", []):
            chances = sorted((one.get("probabilities") or {}).items(), key=lambda p: -p[1])
            found.append(one | {"chances": chances})
        return found


def ask(user: UUID, target: Target, body: object) -> Reply:
    """The inference process's reply; one that does not answer gives status 503."""
    request = urllib.request.Request(  # noqa: S310  the address is a setting
        target.url,
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json", "Authorization": f"Pass {issue_pass(user)}"},
    )
    began = time.perf_counter()
    try:
        with _OPENER.open(request, timeout=settings.PREDICT_SECONDS + _SPARE_SECONDS) as answer:
            status, text = answer.status, answer.read(_MOST_BYTES)
    except urllib.error.HTTPError as error:
        with error:
            status, text = error.code, error.read(_MOST_BYTES)
    except (OSError, HTTPException):
        return _silent()
    try:
        found = json.loads(text)
    except ValueError:
        return _silent()
    return Reply(status, found, time.perf_counter() - began)


def _silent() -> Reply:
    title = _("The inference process does not answer")
    return Reply(503, {"title": title, "detail": _("Try again in a moment.")})
