"""Every address of both processes, and what each role gets there."""

import json
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.test import Client, override_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from audit.models import AuditEvent
from compliance.packing import request_pack
from compliance.services import request_export
from inference.models import Prediction, PredictionBatch
from registry.models import DatasetSnapshot
from tests.api.calls import WEB
from tests.api.document import operations
from tests.api.house import House
from tests.cast import TEAM, password_of, user_of, who
from tests.factories import verbs
from training.services import request_run

ROLES = {
    "anonymous": "",
    "stranger": "dan",
    "consumer": "carl",
    "contributor": "ada",
    "reviewer": "ben",
    "manager": "mira",
    "compliance": "cora",
    "admin": "root",
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Refused for what was sent or for the state of things, not for who asks.
_OF_THE_REQUEST = {400, 409, 411, 413, 415, 422, 429}
_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """One address: the URL conf's name and the pattern as Django writes it."""

    conf: str
    pattern: str
    view: Any

    @property
    def name(self) -> str:
        """As the table names it."""
        return f"{self.conf}: /{self.pattern}"


def routes() -> list[Route]:
    """All addresses of the web and the inference process; the first of equal ones answers."""
    found: dict[tuple[str, str], Route] = {}
    for conf in ("web", "inference"):
        for pattern, view in _walk(get_resolver(f"config.urls_{conf}")):
            found.setdefault((conf, pattern), Route(conf, pattern, view))
    return [one for one in found.values() if not _shadowed(one)]


def _shadowed(route: Route) -> bool:
    """The sign-in library's addresses behind the one that answers 404 for all of them."""
    closed = import_module("config.urls_accounts").closed
    opened = [p for p in import_module("config.urls_accounts").urlpatterns if p.callback]
    names = {f"accounts/{p.pattern}" for p in opened if p.callback is not closed}
    return route.pattern.startswith("accounts/") and route.pattern not in {
        *names,
        "accounts/",
        "accounts/<path:rest>",
    }


def _walk(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    for one in resolver.url_patterns:
        here = f"{before}{one.pattern}"
        if isinstance(one, URLPattern):
            yield here, one.callback
        else:
            yield from _walk(one, here)


def furnish_more(house: House) -> House:
    """Adds what the census looks at besides: a training, an export, a prediction, an event."""
    zoe, now = who("zoe"), timezone.now()
    data = DatasetSnapshot.objects.get(pk=house["train"])
    model = verbs.dataset().team.models.get(name=house["model"])
    run = request_run(caller=zoe, model=model, recipe="mlp", params={}, dataset=data)
    export = request_export(caller=zoe, scope={"kind": "model", "model": house["model"]})
    pack = request_pack(caller=zoe, template="model-card", model=house["model"], number=1)
    batch = PredictionBatch.objects.create(
        count=1, first_at=now, last_at=now, digest="0" * 64, segment="census"
    )
    prediction = Prediction.objects.create(
        id=uuid4(),
        batch=batch,
        position=0,
        at=now,
        model_id=model.pk,
        number=1,
        version_digest="0" * 64,
        approval_id=uuid4(),
        rows=1,
        record=b"{}",
    )
    event = AuditEvent.objects.order_by("id").first()
    assert event is not None
    upload = verbs.send(zoe, "more.txt", b"bytes")
    more = {
        "run": str(run.pk),
        "export": str(export.pk),
        "pack": str(pack.pk),
        "prediction": str(prediction.pk),
        "event": str(event.uuid),
        "upload": str(upload),
        "user": str(user_of("cleo").pk),
    }
    return replace(house, ids=house.ids | more)


# Which thing of the house an address is about: by the parameter, or by where the address begins.
_NAMED = {
    "name": "model",
    "review_id": "review",
    "dataset_id": "dataset",
    "job_id": "job",
    "run_id": "run",
    "policy_id": "policy",
    "other_id": "policy",
    "other": "policy",
    "waiver_id": "waiver",
    "finding_id": "raised",
    "comment_id": "comment",
    "attachment_id": "attachment",
    "validation_id": "validation",
    "delegation_id": "delegation",
    "emergency_id": "granted",
    "hold_id": "hold",
    "token_id": "token",
    "passkey_id": "passkey",
    "user_id": "user",
    "identity_id": "identity",
    "session_id": "session",
    "session_pk": "session",
    "identity_pk": "identity",
    "event_id": "event",
    "export_id": "export",
    "prediction_id": "prediction",
    "upload_id": "upload",
    "proposal_id": "proposal",
    "digest": "evidence",
    "rows": "rows",
    "pack_id": "pack",
    "person_id": "person",
    "file": "file",
}
_BEGINS = {
    "reviews": "review",
    "findings": "raised",
    "attachments": "attachment",
    "validations": "validation",
    "jobs": "job",
    "datasets": "dataset",
    "policies": "policy",
    "proposals": "proposal",
    "access/tokens": "token",
    "access/away": "delegation",
    "access/passkeys": "passkey",
    "access/sessions": "session",
    "access/people": "user",
    "audit/events": "event",
    "audit/export": "export",
    "packs": "pack",
    "retention/holds": "hold",
}
_FIXED = {
    "number": "1",
    "slug": TEAM,
    "username": "carl",
    "alias": "stable",
    "rest": "anything",
    "level": "0",
    "form": "pdf",
    "index": "000.p/1",
}


def address(route: Route, house: House) -> str:
    """The address with the things of the house in it."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "role":
            return "consumer" if "username" in route.pattern else house["role"]
        if name == "pk":
            begin = next(b for b in _BEGINS if route.pattern.startswith(b))
            return house[_BEGINS[begin]]
        if name == "digest" and "slug:" in match[0]:
            return house["evidence"].removeprefix("sha256:")
        return _FIXED.get(name) or house[_NAMED[name]]

    if route.pattern.endswith("/approval"):
        house = replace(house, ids=house.ids | {"review": house["approved_review"]})
    return "/" + _PARAMETER.sub(value, route.pattern)


def body_of(route: Route, method: str, house: House, username: str) -> Any:
    """What the operation takes, with the caller's own password; None for pages."""
    path = "/" + _PARAMETER.sub(r"{\1}", route.pattern.removeprefix("api/v1/"))
    for name, (verb, template) in operations().items():
        if (verb, template) == (method, path) and name in WEB and WEB[name].body:
            maker = WEB[name].body
            assert maker is not None
            body = maker(house)
            if "password" in body:
                body |= {"password": password_of(username or "nobody")}
            return body
    return None


def answered(route: Route) -> list[str]:
    """The methods that the view has; a plain function may take any."""
    view = getattr(route.view, "view_class", None) or getattr(route.view, "cls", None)
    if view is None:
        return ["GET", "POST"]
    return [method for method in METHODS if hasattr(view, method.lower())]


def sign_in_all() -> dict[str, Client]:
    """A browser for each role."""
    browsers = {role: Client() for role in ROLES}
    for role, username in ROLES.items():
        if username:
            browsers[role].force_login(user_of(username))
    return browsers


def ask(route: Route, method: str, role: str, house: House, browser: Client) -> str:
    """What the role gets: ok, to (elsewhere), no (for what was sent), or the status itself.

    Whatever it did is rolled back.
    """
    api = route.pattern.startswith("api/")
    body = body_of(route, method, house, ROLES[role]) if api else None
    content = b"" if body is None else verbs.as_json(body)
    kind = "application/json" if api else "application/x-www-form-urlencoded"
    if "upload_id" in route.pattern:
        kind = "application/octet-stream"
    cookies = deepcopy(browser.cookies)
    with _addresses_of(route.conf), transaction.atomic():
        reply: Any = browser.generic(method, address(route, house), content, content_type=kind)
        if reply.streaming:
            b"".join(reply.streaming_content)
        transaction.set_rollback(True)
    browser.cookies = cookies
    if api and reply.status_code >= 400:
        _must_be_a_problem(reply)
    return word(int(reply.status_code))


def _addresses_of(conf: str) -> AbstractContextManager[object]:
    """Changed only where needed: each change makes Django read all addresses again."""
    name = f"config.urls_{conf}"
    return nullcontext() if name == settings.ROOT_URLCONF else override_settings(ROOT_URLCONF=name)


def _must_be_a_problem(reply: Any) -> None:
    """Every refusal of the API has one shape (RFC 9457)."""
    assert reply["Content-Type"] == "application/problem+json", reply.content[:200]
    document = json.loads(reply.content)
    assert document["status"] == reply.status_code
    assert {"type", "title", "detail"} <= set(document)
    assert document["request_id"] == reply["X-Request-Id"]


def word(status: int) -> str:
    """The family of a status."""
    if status < 300:
        return "ok"
    if status < 400:
        return "to"
    return "no" if status in _OF_THE_REQUEST else str(status)
