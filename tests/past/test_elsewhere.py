"""What was approved for use at a moment, and what packs say of models that are not served here."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.errors import Invalid
from compliance.packs import about_line
from compliance.packs.found import MISSING
from compliance.packs.line import Line
from compliance.past.uses import approved_then
from governance.approvals.releases import revoke
from registry.models import RegisteredModel
from tests.cast import password_of, user_of, who
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
