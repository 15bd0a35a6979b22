"""Legal holds: what compliance holds, another person of compliance lifts, and nobody rewrites."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from audit.findings import Finding
from audit.models import AuditEvent
from common.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from compliance.retention.models import HoldLift, LegalHold
from compliance.retention.selectors import holds_on_version, thing_asked_for
from compliance.retention.services import lift_hold, place_hold
from compliance.verification.check import checks_of_records
from governance.selectors import trusted_keys
from tests.cast import give, password_of, who
from tests.factories import verbs
from tests.stage import MODEL, Stage
from tests.web.conftest import As

NOW = timezone.now()
LONG_AGO, AT_LAST = NOW.replace(year=1), NOW.replace(year=9999)


def placed(stage: Stage, name: str = "cora", **on: Any) -> LegalHold:
    """On the whole model, unless said."""
    thing = thing_asked_for(who(name), **({"kind": "model", "model": MODEL} | on))
    return place_hold(
        caller=who(name), thing=thing, reference="Case 12/2026", reason="The court asked for it."
    )


def lifted(hold: LegalHold, name: str, **proof: Any) -> HoldLift:
    """By one of the cast."""
    given = {"password": password_of(name)} | proof
    return lift_hold(caller=who(name), hold=hold, reason="The case is closed.", **given)


@pytest.fixture
def two(ready: Stage) -> Stage:
    """With a second person of compliance."""
    give([("ben", "compliance")])
    return ready


@pytest.mark.parametrize(
    "on",
    [
        {},
        {"kind": "version", "version": 1},
        {"kind": "predictions", "since": NOW},
        {"kind": "dataset", "model": None},
    ],
)
def test_a_hold_is_placed_by_one_and_lifted_by_another(two: Stage, on: dict[str, Any]) -> None:
    if on.get("kind") == "dataset":
        on["dataset"] = verbs.dataset().pk
    hold = placed(two, **on)
    event = AuditEvent.objects.get(action="hold.placed")
    assert event.payload["record"] == f"sha256:{hold.digest}"
    with pytest.raises(NotAllowed, match="another person"):
        lifted(hold, "cora")
    lifted(hold, "ben")
    with pytest.raises(Conflict, match="lifted already"):
        lifted(hold, "ben")
    assert not _found(two)


def _found(stage: Stage) -> list[Finding]:
    checks = checks_of_records(trusted_keys())
    return [one for check in checks for one in check() if "hold" in one.thing]


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"kind": "house"}, "kind"),
        ({"kind": "model"}, "model"),
        ({"kind": "model", "model": MODEL, "version": 1}, "version"),
        ({"kind": "version", "model": MODEL}, "version"),
        ({"kind": "predictions", "model": MODEL}, "since"),
        ({"kind": "predictions", "model": MODEL, "since": NOW, "until": NOW}, "until"),
        ({"kind": "predictions", "model": MODEL, "since": LONG_AGO}, "since"),
        ({"kind": "predictions", "model": MODEL, "since": NOW, "until": AT_LAST}, "until"),
        ({"kind": "dataset"}, "dataset"),
        ({"kind": "dataset", "dataset": uuid4()}, None),
        ({"kind": "model", "model": "none"}, None),
    ],
)
def test_a_wrong_wish_is_named(ready: Stage, wish: dict[str, Any], field: str | None) -> None:
    with pytest.raises(DomainError) as refused:
        thing_asked_for(who("cora"), **wish)
    assert isinstance(refused.value, Invalid if field else NotFound)
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["ada", "ben", "mira", "carl"])
def test_only_compliance_places_one(ready: Stage, name: str) -> None:
    with pytest.raises(NotAllowed, match="compliance"):
        placed(ready, name)


def test_lifting_takes_the_password(two: Stage) -> None:
    hold = placed(two)
    with pytest.raises(NotAllowed, match="password"):
        lifted(hold, "ben", password="wrong")
    assert holds_on_version(two.version).get() == hold


class TestTheDatabase:
    def test_refuses_the_lift_by_whoever_placed_it(self, two: Stage) -> None:
        hold, cora = placed(two), who("cora").user
        lift = HoldLift(hold=hold, reason="Mine.", person=cora.person, user=cora, at=NOW)
        lift.record, lift.digest = b"{}", HASH_OF_EMPTY
        with pytest.raises(DatabaseError, match="does not lift it"), transaction.atomic():
            lift.save(force_insert=True)

    @pytest.mark.parametrize("table", [LegalHold, HoldLift])
    def test_never_changes_or_removes_a_row(
        self, two: Stage, table: type[LegalHold] | type[HoldLift]
    ) -> None:
        lifted(placed(two), "ben")
        for change in (lambda: table.objects.update(reason="x"), lambda: _delete(table)):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                change()

    def test_a_row_that_no_event_tells_of_is_found(self, two: Stage) -> None:
        hold, cora = placed(two), who("cora").user
        copy = LegalHold(model=hold.model, kind="model", person=cora.person, user=cora, at=NOW)
        copy.record, copy.digest = b"{}", HASH_OF_EMPTY
        copy.save(force_insert=True)
        assert {one.why for one in _found(two)} >= {"the log has no such event."}


HASH_OF_EMPTY = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def _delete(table: type[LegalHold] | type[HoldLift]) -> None:
    rows = table.objects.all()
    rows._raw_delete(rows.db)


def test_pages_place_show_and_lift_it(two: Stage, as_: As) -> None:
    cora, ben = as_("cora"), as_("ben")
    given = {"kind": "model", "model": MODEL, "reference": "Case 9", "reason": "Asked for."}
    reply = cora.post(reverse("web:hold-new"), given)
    hold = LegalHold.objects.get()
    assert reply["Location"] == reverse("web:hold", args=[hold.pk])
    pages = [
        reverse("web:retention"),
        reverse("web:model", args=[MODEL]),
        reverse("web:version", args=[MODEL, 1]),
    ]
    assert all(b"Case 9" in cora.get(page).content for page in pages)
    assert b"another person of compliance lifts it" in cora.get(reply["Location"]).content
    said = {"reason": "Over.", "password": password_of("ben")}
    assert ben.post(reply["Location"], said).status_code == 302
    assert b"Lifted" in ben.get(reply["Location"]).content
    assert b"Case 9" not in ben.get(pages[1]).content
