"""The register shows what is approved beside what is declared, and what is used without."""

import csv
import io

import pytest
from django.urls import reverse

from common.errors import Invalid
from governance.approvals.releases import revoke
from governance.approvals.staleness import find_stale
from registry.register.approved import approved_of
from registry.register.files import as_csv
from registry.register.importing import UNCHANGED, check_import
from registry.register.selectors import in_use_unapproved, narrowed, register_of
from registry.services import edit_card
from tests.cast import password_of, who
from tests.factories import tiny, verbs
from tests.factories.damage import by_force
from tests.factories.elsewhere import SHEET, a_sheet, approved_elsewhere
from tests.registry.test_register import found
from tests.stage import MODEL, Stage
from tests.web.conftest import As

_OVER = "UPDATE governance_staleness SET until = now() - interval '1 second'"


def unapproved(username: str = "cora") -> list[str]:
    return [model.name for model in in_use_unapproved(who(username))]


def test_a_model_in_use_without_a_valid_approval_is_found_and_counted(
    ready: Stage, as_: As
) -> None:
    a_sheet()
    assert unapproved() == [SHEET]
    assert unapproved("dan") == []
    assert found("cora", approval="missing") == [SHEET, MODEL]
    assert found("cora", approval="valid") == []
    with pytest.raises(Invalid):
        narrowed(register_of(who("cora")), {"approval": "perhaps"})
    page = as_("cora").get(reverse("web:register")).content.decode()
    assert "1 model in use has no valid approval." in page
    assert "No version of it has a valid approval." in (
        as_("cora").get(reverse("web:entry", args=[SHEET])).content.decode()
    )


def test_an_approval_stands_beside_the_declared_days_until_it_ends(
    ready_copy: Stage, as_: As
) -> None:
    approval = approved_elsewhere(ready_copy)
    (line,) = narrowed(register_of(who("cora")), {"approval": "valid"})
    held = approved_of(line)
    assert held is not None
    assert (held.version, held.since, held.until) == (1, approval.issued_at, approval.not_after)
    assert unapproved() == []
    said = as_("cora").get(reverse("api:register"), {"approval": "valid"}).json()["results"]
    assert [(one["name"], one["approved"]["version"]) for one in said] == [(SHEET, 1)]
    until = f"{approval.not_after:%Y-%m-%d}"
    for address in (reverse("web:register"), reverse("web:entry", args=[SHEET])):
        assert until in as_("cora").get(address).content.decode()

    content = as_csv(register_of(who("ada")))
    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
    assert (rows[SHEET]["approved_version"], rows[SHEET]["approved_until"]) == ("1", until)
    assert rows[MODEL]["approved_version"] == ""

    revoke(
        caller=who("mira"),
        version=approval.version,
        reason="Withdrawn.",
        password=password_of("mira"),
    )
    assert unapproved() == [SHEET]
    # An import says nothing of approvals, so a file from before changes nothing.
    upload = verbs.send(who("ada"), "register.csv", content)
    checked = check_import(caller=who("ada"), upload_id=upload)
    assert {line.state for line in checked.lines} == {UNCHANGED}


def test_one_that_is_stale_for_longer_than_it_says_is_none(ready_copy: Stage) -> None:
    approval = approved_elsewhere(ready_copy)
    card = tiny.CARD | {"caveats": "Not in winter."}
    edit_card(caller=who("ada"), version=approval.version, content=card)
    assert find_stale() == 1
    assert unapproved() == []
    by_force(ready_copy.database, "governance_staleness", _OVER)
    assert unapproved() == [SHEET]
