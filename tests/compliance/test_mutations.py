"""The owner of the database changes anything anywhere, and fsck says so; or here stands why not."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain

import pytest
from django.db import connection, transaction

from audit.verification import LogCheck
from audit.witnesses import Witness, check_cosignatures
from compliance.verification.check import check_records
from registry.models import Evidence
from tests.compliance.full_world import cosigned_by, live_through
from tests.compliance.mutations import Mutation, mutations, swap, tried
from tests.compliance.world import World
from trust.keys import approvals_name

TABLES = (
    "accounts_secondfactor",
    "accounts_passkey",
    "audit_auditevent",
    "audit_auditleaf",
    "audit_checkpoint",
    "audit_cosignature",
    "governance_policyversion",
    "governance_review",
    "governance_attachment",
    "governance_comment",
    "governance_threadmove",
    "governance_signature",
    "governance_reviewlook",
    "governance_assignment",
    "governance_assignee",
    "governance_delegation",
    "governance_delegationend",
    "governance_finding",
    "governance_findingmove",
    "governance_validationreport",
    "governance_waiver",
    "governance_waiverwithdrawal",
    "governance_approval",
    "governance_revocation",
    "registry_modelversion",
    "registry_artifact",
    "registry_evidence",
    "registry_versioncontributor",
    "registry_cardrevision",
    "evaluation_evaluationplan",
    "evaluation_evaluationrun",
    "registry_alias",
    "registry_aliasmove",
    "inference_prediction",
    "inference_predictionbatch",
)
LOG = {"audit_auditevent", "audit_auditleaf", "audit_checkpoint", "audit_cosignature"}
ROWS = 1
# Thorough: so many rows of a table, and bytes of each of their columns of bytes.
MANY_ROWS, BYTES_EACH = 200, 12
NUMBER = "a number of the row alone: no event names it, no other row depends on it"
MOMENT = "moments are compared with those of the events to within five minutes"
FREE = "the log holds no free text of persons, and no digest of this one"
REPORTED = "what was wished; the report, which the log names, says what was done"
INSIDE = "the notary's order of work; the tree does not depend on it"
# (table, column; * for whole rows) -> changes that are not found from inside, and why not.
# docs/verify.md tells the same to auditors.
EXCEPTIONS: dict[tuple[str, str], tuple[set[str], str]] = {
    ("accounts_secondfactor", "last_step"): (
        {"flip", "swap"},
        "which codes were taken is no event of its own; a lower step takes a code of now again",
    ),
    ("accounts_secondfactor", "enrolled_at"): ({"swap"}, MOMENT),
    ("accounts_passkey", "id"): ({"flip"}, NUMBER),
    ("accounts_passkey", "sign_count"): (
        {"flip", "swap"},
        "how often a device has signed is no event of its own; the triggers let it only grow",
    ),
    ("accounts_passkey", "last_used_at"): (
        {"flip", "null", "swap"},
        "when a device signed last is in the records that it signed",
    ),
    ("audit_auditevent", "related"): (
        {"flip", "swap"},
        "the bytes do not hold it; what must be there is compared, what was added is not: two "
        "events of one subject may exchange the rest",
    ),
    ("audit_auditevent", "transaction"): ({"flip", "swap"}, INSIDE),
    ("audit_checkpoint", "*"): (
        {"delete", "truncate"},
        "nothing counts those that nobody cosigned; whoever keeps one can still compare it",
    ),
    ("audit_checkpoint", "signed_at"): ({"flip", "swap"}, "the note does not hold it"),
    ("audit_cosignature", "*"): ({"delete", "truncate"}, "a checkpoint is valid without them"),
    ("audit_cosignature", "id"): ({"flip"}, NUMBER),
    ("governance_policyversion", "published_at"): ({"swap"}, MOMENT),
    ("governance_review", "opened_at"): ({"swap"}, MOMENT),
    ("governance_review", "closed_at"): ({"swap"}, MOMENT),
    ("governance_attachment", "id"): ({"flip"}, NUMBER),
    ("governance_attachment", "position"): ({"flip"}, "of one file alone it says nothing"),
    ("governance_comment", "id"): ({"flip"}, NUMBER),
    ("governance_comment", "body"): (
        {"swap"},
        "two remarks of one person in one review change places: no event names the row",
    ),
    ("governance_comment", "at"): ({"swap"}, MOMENT),
    ("governance_threadmove", "id"): ({"flip"}, NUMBER),
    ("governance_threadmove", "at"): ({"swap"}, MOMENT),
    ("governance_signature", "id"): ({"flip"}, NUMBER),
    ("governance_findingmove", "id"): ({"flip"}, NUMBER),
    ("governance_reviewlook", "at"): ({"swap"}, MOMENT),
    ("governance_assignment", "at"): ({"swap"}, MOMENT),
    ("governance_assignee", "id"): ({"flip"}, NUMBER),
    ("governance_validationreport", "revision"): (
        {"flip"},
        "how often the draft was saved; what was finished is in the document",
    ),
    ("governance_waiverwithdrawal", "reason"): ({"flip", "swap"}, FREE),
    ("governance_waiverwithdrawal", "at"): ({"swap"}, MOMENT),
    ("governance_revocation", "reason"): ({"flip"}, FREE),
    ("governance_revocation", "at"): ({"swap"}, MOMENT),
    ("registry_modelversion", "created_at"): ({"swap"}, MOMENT),
    ("registry_modelversion", "status_reason"): ({"flip"}, FREE),
    ("registry_artifact", "id"): ({"flip"}, NUMBER),
    ("registry_evidence", "id"): ({"flip"}, NUMBER),
    ("registry_evidence", "version_id"): (
        {"swap"},
        "reports of admission that no statement names yet: no event names them, nor they a version",
    ),
    ("registry_evidence", "created_at"): ({"swap"}, MOMENT),
    ("registry_versioncontributor", "id"): ({"flip"}, NUMBER),
    ("registry_versioncontributor", "at"): ({"swap"}, MOMENT),
    ("registry_cardrevision", "id"): ({"flip"}, NUMBER),
    ("registry_cardrevision", "created_at"): ({"swap"}, MOMENT),
    ("evaluation_evaluationrun", "champion_id"): ({"redirect"}, REPORTED),
    ("evaluation_evaluationrun", "resamples"): ({"flip"}, REPORTED),
    ("evaluation_evaluationrun", "created_at"): ({"swap"}, MOMENT),
    ("evaluation_evaluationrun", "job_id"): ({"flip", "null", "swap"}, NUMBER),
    ("registry_alias", "id"): ({"flip"}, NUMBER),
    ("registry_alias", "moved_at"): ({"swap"}, MOMENT),
    ("registry_aliasmove", "id"): ({"flip"}, NUMBER),
    ("registry_aliasmove", "reason"): ({"flip", "swap"}, FREE),
    ("registry_aliasmove", "at"): ({"swap"}, MOMENT),
    ("inference_predictionbatch", "segment"): ({"flip", "swap"}, "the name of a file that is gone"),
    ("inference_predictionbatch", "shipped_at"): ({"swap"}, MOMENT),
}
pytestmark = [pytest.mark.slow(seconds=60), pytest.mark.usefixtures("untraced")]


@dataclass(frozen=True)
class Full:
    """A world with rows of every kind, behind the owner's connection."""

    world: World
    witness: Witness


@pytest.fixture
def full(world: World) -> Full:
    """Made by the services."""
    live_through(world)
    witness = cosigned_by(world)
    world.notary.database.use("owner")
    return Full(world, witness)


def _found(full: Full, table: str | None = None) -> bool:
    """Whether anything is found; the log's own check reads only the log's own tables."""
    world = full.world
    keys = world.notary.keys
    log = LogCheck(keys.named(world.notary.log_key.name))
    approvals = keys.named(approvals_name(world.notary.log_key.name))
    witnessed = check_cosignatures([full.witness])
    of_log = chain(log.findings(), witnessed) if table is None or table in LOG else ()
    return next(chain(of_log, check_records(approvals, blobs=False)), None) is not None


class _Tampering:
    """As the owner, with the triggers switched off: change, look, undo, the next."""

    def __init__(self, full: Full) -> None:
        self.full = full
        self.outcomes: Counter[str] = Counter()
        self.missed: dict[tuple[str, str], set[str]] = defaultdict(set)

    def try_all(self, changes: Iterable[Mutation]) -> None:
        """Count what becomes of each change."""
        for change in changes:
            outcome = tried(change, partial(_found, self.full, change.table))
            self.outcomes[outcome] += 1
            if outcome == "missed":
                self.missed[change.table, change.column].add(change.kind)


@pytest.fixture
def tampering(full: Full) -> Iterator[_Tampering]:
    """Everything is undone, and sound before and after."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        assert not _found(full)
        yield _Tampering(full)
        assert not _found(full)
        transaction.set_rollback(True)


def test_each_change_is_found_or_is_an_exception(
    tampering: _Tampering, pytestconfig: pytest.Config
) -> None:
    thorough = pytestconfig.getoption("--thorough")
    rows, bytes_each = (MANY_ROWS, BYTES_EACH) if thorough else (ROWS, 1)
    for table in TABLES:
        tampering.try_all(mutations(table, rows, bytes_each))
    print(tampering.outcomes)
    beyond = {
        where: kinds - EXCEPTIONS.get(where, (set(), ""))[0]
        for where, kinds in tampering.missed.items()
    }
    assert {where: kinds for where, kinds in beyond.items() if kinds} == {}
    assert tampering.outcomes["found"] > 250
    assert not thorough or tampering.outcomes.total() >= 10_000


def test_each_exception_is_one(tampering: _Tampering) -> None:
    """At row after row until one is missed: what is found at all of them is no exception."""
    for table in {table for table, _ in EXCEPTIONS}:
        tampering.try_all(
            change
            for change in mutations(table, 100)
            if change.kind in EXCEPTIONS.get((table, change.column), (set(), ""))[0]
            and change.kind not in tampering.missed[table, change.column]
        )
    unnamed = Evidence.objects.filter(kind="sandbox", version__reviews=None)
    one, other = map(str, unnamed.values_list("pk", flat=True))
    exchanged = swap("registry_evidence", "id", "version_id", one, other)
    tampering.try_all([Mutation("registry_evidence", "version_id", "swap", exchanged)])
    missed = {where: kinds for where, kinds in tampering.missed.items() if kinds}
    assert missed == {where: kinds for where, (kinds, _) in EXCEPTIONS.items()}
