"""What was approved for use at a moment, and what packs say of models that are not served here."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.errors import Invalid
from compliance.packing import request_pack
from compliance.packs import about_line
from compliance.packs.found import MISSING
from compliance.packs.line import Line
from compliance.packs.templates import templates
from compliance.past.uses import approved_then
from governance.approvals.releases import revoke
from registry import blobs
from registry.models import RegisteredModel
from tests.cast import password_of, user_of, who
from tests.factories import verbs
from tests.factories.elsewhere import SHEET, a_sheet, approved_elsewhere
from tests.stage import MODEL, Stage

TICK = timedelta(microseconds=1)


def then(moment: datetime, name: str = SHEET) -> list[tuple[int, bool]]:
    """Number and use of each version that was approved."""
    found = approved_then(who("cora"), name, moment)
    return [(use.version.number, use.elsewhere) for use in found.uses]


def client_of(username: str) -> Client:
    client = Client()
    client.force_login(user_of(username))
    return client


def test_a_version_was_approved_from_its_approval_to_its_end(approved_copy: Stage) -> None:
    approval = approved_elsewhere(approved_copy)
    assert then(approval.issued_at) == [(1, True)]
    assert then(approval.issued_at - TICK) == []
    assert then(timezone.now(), MODEL) == [(1, False)]
    revoke(
        caller=who("mira"),
        version=approval.version,
        reason="Withdrawn.",
        password=password_of("mira"),
    )
    assert then(timezone.now()) == []
    assert then(approval.issued_at) == [(1, True)]
    with pytest.raises(Invalid):
        then(timezone.now() + timedelta(days=1))
    at = {"at": approval.issued_at.isoformat()}
    (use,) = client_of("cora").get(reverse("api:model-past", args=[SHEET]), at).json()["uses"]
    assert (use["elsewhere"], use["scope"]["aliases"]) == (True, [])
    assert [said["printed_name"] for said in use["signatures"]] == ["Cleo"]
    page = client_of("cora").get(reverse("web:past-model"), {"model": SHEET, **at})
    assert "use elsewhere; it never serves here" in page.content.decode()
    for name, status in (("ada", 200), ("carl", 403), ("dan", 404)):
        address = reverse("api:model-past", args=[SHEET])
        assert client_of(name).get(address, at).status_code == status


def test_a_pack_says_until_when_it_is_approved_or_that_it_is_used_without(
    approved_copy: Stage,
) -> None:
    a_sheet("bare")
    approval = approved_elsewhere(approved_copy)
    without, held = (
        about_line.approved_until(Line(RegisteredModel.objects.get(name=name), timezone.now()))
        for name in ("bare", SHEET)
    )
    assert without is not None
    assert (without.status, without.value) == (MISSING, "in use without a valid approval")
    assert held is not None
    assert "for use elsewhere" in str(held.value)
    assert held.evidence == (f"sha256:{approval.envelope_digest}",)


def empty_values(document: dict[str, Any]) -> list[str]:
    """Fields that are said to be known and show nothing, or a name without its value."""
    fields = [field for part in document["sections"] for field in part["fields"]]
    known = [field for field in fields if field["status"] != "missing"]
    tables = {field["name"]: field["value"] for field in known if isinstance(field["value"], dict)}
    return [
        *(field["name"] for field in known if field["value"] in (None, "")),
        *(name for name, table in tables.items() if not table["rows"]),
        *(
            f"{name}: {row[0]}"
            for name, table in tables.items()
            if table["columns"] == ["what", "value"]
            for row in table["rows"]
            if row[1] in (None, "")
        ),
    ]


def test_no_pack_calls_a_field_known_that_shows_nothing(approved_copy: Stage) -> None:
    """Of a version that nothing here runs, measures or asks, much is missing, and is said to be."""
    approved_elsewhere(approved_copy)
    for template in templates().values():
        if template.about != "version":
            continue
        pack = request_pack(caller=who("cora"), template=template.name, model=SHEET, number=1)
        verbs.at_work(pack.job_id)
        (blob,) = (file.blob for file in pack.files.select_related("blob").filter(form="json"))
        document = json.loads(blobs.read_verified(blob.sha256, blob.size))
        assert empty_values(document) == [], template.name
        fields = [field for part in document["sections"] for field in part["fields"]]
        for field in fields:
            if field["label"] == "Software that it runs on":
                assert field["why"] == "approved for use elsewhere, so nothing here runs it"
