"""The owner of the database changes anything anywhere, and fsck says so; or here stands why not."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from audit.verification import LogCheck
from audit.witnesses import Witness, check_cosignatures
from compliance.verification.check import Check, checks_of_records
from registry.models import Evidence, ModelVersion, Status
from tests.compliance.full_world import cosigned_by, live_through
from tests.compliance.mutations import Mutation, mutations, swap, tried
from tests.compliance.world import World
from trust.keys import approvals_name

TABLES = (
    "accounts_twopersonssince",
    "accounts_membership",
    "accounts_proposal",
    "accounts_proposalproof",
    "accounts_wayin",
    "accounts_identity",
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
    "governance_findingamendment",
    "governance_validationreport",
    "governance_waiver",
    "governance_waiverwithdrawal",
    "governance_approval",
    "governance_staleness",
    "governance_emergencygrant",
    "governance_emergencyattestation",
    "governance_emergencyend",
    "governance_emergencyreview",
    "governance_revocation",
    "registry_registeredmodel",
    "registry_registerentry",
    "registry_datasetsnapshot",
    "registry_modelversion",
    "registry_artifact",
    "registry_evidence",
    "registry_versioncontributor",
    "registry_cardrevision",
    "evaluation_evaluationplan",
    "evaluation_evaluationrun",
    "registry_alias",
    "registry_aliasmove",
    "compliance_pack",
    "compliance_packfile",
    "governance_split",
    "governance_splitmove",
    "compliance_legalhold",
    "compliance_holdlift",
    "compliance_retentionrule",
    "compliance_emptiedbatch",
    "registry_tombstone",
    "inference_prediction",
    "inference_predictionbatch",
)
NO_EVENT = "changed at any time, and no event tells of it"
SECRET = "what proves who one is: no digest of it may be in the log"
SHORT = "for minutes or hours, and nothing hangs on it afterwards"
WORK = "an order of work; what came of it is in tables that are compared"
DJANGO = "Django's own or a library's; nothing of the registry is in it"
# Table -> why nothing of it is compared here. Every other one of the database is in TABLES.
LEFT_OUT = {
    "accounts_person": f"names and addresses are {NO_EVENT}",
    "accounts_user": "person, administrator, closing are compared (test_fsck.py), opening again in "
    "tests/accounts/test_ways_in.py; the rest is "
    f"{NO_EVENT}",
    "accounts_team": f"a name is {NO_EVENT}; what belongs to a team names it",
    "accounts_apitoken": f"{SECRET}; its use is {NO_EVENT}",
    "accounts_recoverycode": SECRET,
    "accounts_passkeychallenge": SHORT,
    "accounts_authenticationrequest": SHORT,
    "accounts_browsersession": SHORT,
    "accounts_idempotencykey": SHORT,
    "registry_blob": "bytes and size are compared by fsck --blobs, which reads the files",
    "registry_upload": SHORT,
    "registry_versionrequest": WORK,
    "registry_datasetrequest": WORK,
    "evaluation_explanationrun": WORK,
    "training_trainingrun": WORK,
    "training_compressionrun": WORK,
    "worker_job": WORK,
    "worker_jobdependency": WORK,
    "worker_jobpoint": WORK,
    "worker_joblogline": WORK,
    "inference_servingstate": "a counter that wakes the inference processes",
    "inference_loadrefusal": "what the gate said last; the events of refusals say the same",
    "governance_mailing": "a wish, and what the last mail told; the events say when it went out",
    "compliance_export": f"{WORK}; a bundle is verified by itself",
    "account_emailaddress": DJANGO,
    "account_emailconfirmation": DJANGO,
    "auth_group": DJANGO,
    "auth_group_permissions": DJANGO,
    "auth_permission": DJANGO,
    "cache": SHORT,
    "django_content_type": DJANGO,
    "django_migrations": DJANGO,
    "django_session": DJANGO,
    "mfa_authenticator": DJANGO,
    "socialaccount_socialaccount": DJANGO,
    "socialaccount_socialapp": DJANGO,
    "socialaccount_socialtoken": DJANGO,
}
LOG = {"audit_auditevent", "audit_auditleaf", "audit_checkpoint", "audit_cosignature"}
ROWS, SHARE = 1, 0.4
# Thorough: so many rows of a table, and bytes of each of their columns of bytes.
MANY_ROWS, BYTES_EACH = 60, 12
NUMBER = "a number of the row alone: no event names it, no other row depends on it"
MOMENT = "moments are compared with those of the events to within five minutes"
FREE = "the log holds no free text of persons, and no digest of this one"
REPORTED = "what was wished; the report, which the log names, says what was done"
READ = "how the bytes are read; the log holds their digest"
GUARDED = "no event of its own; the triggers fix it"
INSIDE = "the notary's order of work; the tree does not depend on it"
# (table, column; * for whole rows) -> changes that are not found from inside, and why not.
# docs/verify.md tells the same to auditors.
EXCEPTIONS: dict[tuple[str, str], tuple[set[str], str]] = {
    ("accounts_membership", "id"): ({"flip"}, NUMBER),
    ("accounts_membership", "granted_at"): ({"swap"}, MOMENT),
    ("accounts_proposal", "decided_at"): ({"swap"}, MOMENT),
    ("accounts_proposal", "answer"): ({"flip", "swap"}, FREE),
    ("accounts_proposalproof", "id"): ({"flip"}, NUMBER),
    ("accounts_wayin", "id"): ({"flip"}, NUMBER),
    ("accounts_wayin", "made_at"): ({"swap"}, MOMENT),
    ("accounts_wayin", "first"): ({"flip", "swap"}, SECRET),
    ("accounts_wayin", "second"): ({"flip", "swap"}, SECRET),
    ("accounts_wayin", "not_after"): ({"flip", "swap"}, GUARDED),
    ("accounts_wayin", "tries"): ({"flip"}, GUARDED),
    ("accounts_identity", "id"): ({"flip"}, NUMBER),
    ("accounts_identity", "bound_at"): ({"swap"}, MOMENT),
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
    ("governance_comment", "id"): ({"flip"}, NUMBER),
    ("governance_comment", "body"): (
        {"swap"},
        "two remarks of one person in one review change places: no event names the row",
    ),
    ("governance_comment", "review_id"): (
        {"swap"},
        "two remarks of one person in the same words change places between reviews: the same",
    ),
    ("governance_comment", "at"): ({"swap"}, MOMENT),
    ("governance_threadmove", "id"): ({"flip"}, NUMBER),
    ("governance_threadmove", "at"): ({"swap"}, MOMENT),
    ("governance_signature", "id"): ({"flip"}, NUMBER),
    ("governance_findingmove", "id"): ({"flip"}, NUMBER),
    ("governance_findingamendment", "id"): ({"flip"}, NUMBER),
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
    ("governance_staleness", "at"): ({"swap"}, MOMENT),
    ("governance_emergencygrant", "at"): ({"swap"}, MOMENT),
    ("governance_emergencyend", "reason"): ({"flip", "swap"}, FREE),
    ("governance_emergencyend", "at"): ({"swap"}, MOMENT),
    ("governance_emergencyreview", "reason"): ({"flip", "swap"}, FREE),
    ("governance_emergencyreview", "at"): ({"swap"}, MOMENT),
    ("registry_registeredmodel", "purpose"): ({"flip"}, FREE),
    ("registry_registeredmodel", "tags"): ({"flip"}, FREE),
    ("registry_registeredmodel", "created_at"): ({"swap"}, MOMENT),
    ("registry_registerentry", "id"): ({"flip"}, NUMBER),
    ("registry_registerentry", "created_at"): ({"swap"}, MOMENT),
    ("registry_datasetsnapshot", "format"): ({"flip"}, READ),
    ("registry_datasetsnapshot", "target"): ({"flip"}, READ),
    ("registry_datasetsnapshot", "schema"): ({"flip", "swap"}, READ),
    ("registry_datasetsnapshot", "created_at"): ({"swap"}, MOMENT),
    ("registry_modelversion", "created_at"): ({"swap"}, MOMENT),
    ("registry_modelversion", "status_reason"): ({"flip", "swap"}, FREE),
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
    ("compliance_pack", "created_at"): ({"swap"}, MOMENT),
    ("compliance_pack", "job_id"): ({"flip"}, NUMBER),
    ("compliance_packfile", "id"): ({"flip"}, NUMBER),
    ("governance_splitmove", "id"): ({"flip"}, NUMBER),
    ("governance_splitmove", "reason"): ({"flip", "swap"}, FREE),
    ("governance_splitmove", "at"): ({"swap"}, MOMENT),
    ("compliance_retentionrule", "id"): ({"flip"}, NUMBER),
    ("compliance_retentionrule", "at"): ({"swap"}, MOMENT),
    ("compliance_emptiedbatch", "at"): ({"swap"}, MOMENT),
    ("registry_tombstone", "at"): ({"swap"}, MOMENT),
    ("inference_predictionbatch", "segment"): ({"flip", "swap"}, "the name of a file that is gone"),
    ("inference_predictionbatch", "shipped_at"): ({"swap"}, MOMENT),
}
pytestmark = [pytest.mark.slow(seconds=90), pytest.mark.usefixtures("untraced")]


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


class _Checks:
    """Everything that fsck asks, with what found something last asked first."""

    def __init__(self, full: Full) -> None:
        keys, name = full.world.notary.keys, full.world.notary.log_key.name
        self.of_log: list[Check] = [
            lambda: LogCheck(keys.named(name)).findings(),
            partial(check_cosignatures, [full.witness]),
        ]
        self.of_records = list(checks_of_records(keys.named(approvals_name(name))))

    def find(self, table: str | None = None) -> bool:
        """Whether anything is found; the log's own check reads only the log's own tables."""
        of_log = table is None or table in LOG
        return (of_log and _any(self.of_log)) or _any(self.of_records)


def _any(checks: list[Check]) -> bool:
    for place, check in enumerate(checks):
        if next(check(), None) is not None:
            checks.insert(0, checks.pop(place))
            return True
    return False


class _Tampering:
    """As the owner, with the triggers switched off: change, look, undo, the next."""

    def __init__(self, checks: _Checks) -> None:
        self.checks = checks
        self.outcomes: Counter[str] = Counter()
        self.missed: dict[tuple[str, str], set[str]] = defaultdict(set)

    def try_all(self, changes: Iterable[Mutation]) -> None:
        """Count what becomes of each change."""
        for change in changes:
            outcome = tried(change, partial(self.checks.find, change.table))
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
        checks = _Checks(full)
        assert not checks.find()
        yield _Tampering(checks)
        assert not checks.find()
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_every_table_of_the_database_is_changed_or_left_out_for_a_reason() -> None:
    there = set(connection.introspection.table_names())
    assert there == {*TABLES} | {*LEFT_OUT}
    assert not {*TABLES} & {*LEFT_OUT}


def test_each_change_is_found_or_is_an_exception(
    tampering: _Tampering, pytestconfig: pytest.Config
) -> None:
    thorough = pytestconfig.getoption("--thorough")
    rows, bytes_each, share = (MANY_ROWS, BYTES_EACH, 1) if thorough else (ROWS, 1, SHARE)
    chosen = random.Random(1)
    for table in TABLES:
        changes = mutations(table, rows, bytes_each)
        tampering.try_all(change for change in changes if chosen.random() < share)
    print(tampering.outcomes)
    beyond = {
        where: kinds - EXCEPTIONS.get(where, (set(), ""))[0]
        for where, kinds in tampering.missed.items()
    }
    assert {where: kinds for where, kinds in beyond.items() if kinds} == {}
    assert tampering.outcomes["found"] > 150
    # What changed nothing, as emptying what is empty, is no change that was tried.
    tries = tampering.outcomes.total() - tampering.outcomes["nothing"]
    assert not thorough or tries >= 10_000


def test_each_exception_is_one(tampering: _Tampering) -> None:
    """At row after row until one is missed: what is found at all of them is no exception."""
    for table in {table for table, _ in EXCEPTIONS}:
        tampering.try_all(
            change
            for change in mutations(table, 100)
            if change.kind in EXCEPTIONS.get((table, change.column), (set(), ""))[0]
            and change.kind not in tampering.missed[table, change.column]
        )
    # Which rows are neighbours, and so exchange something, is chance: these two of each do.
    unnamed = Evidence.objects.filter(kind="sandbox", version__reviews=None)
    retired = ModelVersion.objects.filter(status=Status.RETIRED).order_by("status_reason")
    chosen: tuple[tuple[str, str, Any], ...] = (
        ("registry_evidence", "version_id", unnamed),
        ("registry_modelversion", "status_reason", retired),
    )
    for table, column, rows in chosen:
        one, *_, other = map(str, rows.values_list("pk", flat=True))
        exchanged = swap(table, "id", column, one, other)
        tampering.try_all([Mutation(table, column, "swap", exchanged)])
    missed = {where: kinds for where, kinds in tampering.missed.items() if kinds}
    assert missed == {where: kinds for where, (kinds, _) in EXCEPTIONS.items()}
