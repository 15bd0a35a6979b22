"""Other owners and days of findings past the program, and what the notary believes of them."""

from hashlib import sha256
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from common.decisions import allow
from common.errors import Conflict
from governance.findings import policies
from governance.findings.log import check_findings
from governance.findings.models import FindingAmendment
from tests.cast import user_of
from tests.factories.damage import by_force
from tests.factories.findings import WHY, amend, found, in_days, moved, person_of
from tests.governance.test_findings import close
from tests.stage import Stage


def test_keeps_what_was_said(ready: Stage) -> None:
    moved("ben", found("ben", ready.version))

    for statement in ("UPDATE {} SET text = 'No.'", "DELETE FROM {}"):
        refused = pytest.raises(DatabaseError, match="permission denied")
        with refused, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(FindingAmendment._meta.db_table))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"person": "ada"}, "Neither an owner of it nor a contributor"),
        ({"person": "mira"}, "Neither an owner of it nor a contributor"),
        ({"digest": "0" * 64}, "not that of its record"),
        ({"user": "cleo"}, "not an active login"),
        ({"position": 1}, "does not follow"),
        ({"position": 3}, "does not follow"),
        ({"was_owner": "ada"}, "does not follow"),
        ({"was_due_on": in_days(9)}, "does not follow"),
        ({"owner": "mira", "due_on": in_days(30)}, "finding_amendment_changes"),
    ],
)
def test_refuses_one_past_the_program(ready: Stage, change: dict[str, Any], why: str) -> None:
    finding = found("ben", ready.version)
    first = amend("ben", finding, owner=person_of("mira"))
    fields: dict[str, Any] = {
        "finding": finding,
        "position": 2,
        "was_owner": first.owner,
        "was_due_on": first.due_on,
        "owner": user_of("cleo").person,
        "due_on": first.due_on,
        "text": WHY,
        "person": user_of("ben").person,
        "record": bytes(first.record) + b" ",
        "at": timezone.now(),
    }
    fields["digest"] = sha256(fields["record"]).hexdigest()
    for name, value in change.items():
        persons = name in ("person", "was_owner", "owner")
        fields[name] = user_of(value).person if persons else value
    fields["user"] = user_of(change.get("user", change.get("person", "ben")))

    with pytest.raises(DatabaseError, match=why), transaction.atomic():
        FindingAmendment.objects.create(**fields)


def test_lets_nobody_close_what_he_owned(ready: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = found("ben", ready.version, owner=person_of("ada"))
    amend("ben", finding, owner=person_of("mira"))
    amend("ben", finding, owner=person_of("ada"))
    monkeypatch.setattr(policies, "may_judge_finding", lambda *_: allow())

    with pytest.raises(DatabaseError, match="who was to answer it"), transaction.atomic():
        close("mira", finding)


def test_the_notary_believes_no_amendment_without_its_event(ready_copy: Stage) -> None:
    finding = found("ben", ready_copy.version, effect="condition")
    moved("ben", finding)
    table = "audit_auditevent"
    gone = f"DELETE FROM {table} WHERE action = 'finding.amended'"
    by_force(ready_copy.database, table, gone)

    with pytest.raises(Conflict, match="not those of which the log tells"):
        check_findings(ready_copy.version)


def test_the_notary_believes_no_row_that_says_otherwise(ready_copy: Stage) -> None:
    moved("ben", found("ben", ready_copy.version, effect="condition"))
    table = "governance_findingamendment"
    by_force(ready_copy.database, table, f"UPDATE {table} SET due_on = due_on + 300")

    with pytest.raises(Conflict, match="not what its row says"):
        check_findings(ready_copy.version)


def test_the_notary_believes_none_by_somebody_with_a_hand_in_it(ready_copy: Stage) -> None:
    moved("cora", found("ben", ready_copy.version, effect="condition"))
    table = "registry_versioncontributor"
    insert = f"INSERT INTO {table} (version_id, person_id, reason, at)"
    values = [ready_copy.version.pk, person_of("cora")]
    by_force(ready_copy.database, table, f"{insert} VALUES (%s, %s, 'x', now())", *values)

    with pytest.raises(Conflict, match="contributor to the version amended"):
        check_findings(ready_copy.version)
