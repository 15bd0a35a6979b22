"""Which rows belong into a bundle: those of the scope, and all that a verifier needs for them.

Everything is chosen by events below one size of the log, since a verifier demands the event of
each approval, signature and batch that it finds. A batch of predictions is taken whole, as its
digest covers the whole; so the approvals under which its other records were answered come too.
These are of the same team: a batch in which other teams have records is not in a bundle of one.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.actions import Action
from audit.models import AuditLeaf
from compliance.registered import TOLD, holders, models_of
from compliance.retention.models import EmptiedBatch, LegalHold
from compliance.scopes import ExportScope
from governance.models import Approval, EmergencyGrant, PolicyVersion, Review, Signature, Waiver
from inference.models import Prediction, PredictionBatch
from registry.models import ModelVersion, RegisteredModel
from trust.bundle_layout import REGISTER_SCOPE
from trust.bundle_retention import HOLD_TYPES
from trust.errors import Malformed
from trust.fields import as_object
from trust.key_statements import KEY_ACTIONS
from trust.passkeys import PASSKEY_REGISTERED, PASSKEY_REMOVED, cited_passkey
from trust.sign_ins import IDENTITY_BOUND, IDENTITY_ENDED, cited_identity
from trust.strict_json import parse_strict

Ids = set[UUID]
_OF_VERSIONS = (
    Action.VERSION_REGISTERED.value,
    Action.VERSION_DERIVED.value,
    Action.VERSION_APPROVED.value,
    Action.APPROVAL_REVOKED.value,
    Action.APPROVAL_STALE.value,
    Action.PLAN_SEALED.value,
    Action.EVALUATION_REQUESTED.value,
    Action.EVALUATION_COMPLETED.value,
    Action.EXPLANATION_COMPLETED.value,
    Action.WAIVER_GIVEN.value,
    Action.WAIVER_WITHDRAWN.value,
    Action.EMERGENCY_GRANTED.value,
    Action.EMERGENCY_ENDED.value,
    Action.EMERGENCY_REVIEWED.value,
    Action.FINDING_RAISED.value,
    Action.FINDING_ANSWERED.value,
    Action.FINDING_CLOSED.value,
    Action.FINDING_REOPENED.value,
    Action.FINDING_AMENDED.value,
    Action.BYTES_DELETED.value,
)
# What gates are asked about besides: which version was the champion, under which licence; and what
# records are compared with: the shares of challengers.
_OF_MODELS = (
    Action.MODEL_REGISTERED.value,
    Action.MODEL_CHANGED.value,
    Action.ALIAS_MOVED.value,
    Action.ALIAS_SPLIT.value,
    Action.SPLIT_ENDED.value,
)


@dataclass(frozen=True)
class Selection:
    """The rows of a bundle by id; `disclosed` None is every event below `size`."""

    size: int
    disclosed: list[int] | None
    versions: Ids
    reviews: Ids
    policies: Ids
    approvals: Ids
    batches: Ids
    emergencies: Ids
    proposals: Ids
    """Of the emergency grants."""
    holds: set[str]
    """Hex digests of the records of legal holds and of their ends."""
    register: Ids
    """The models whose records stand in a bundle of the register."""
    passkeys: set[str]
    """Hex digests of the credentials that signed something in the bundle, and of the accounts at
    providers by which somebody did."""


def select(scope: ExportScope, size: int) -> Selection:
    """Choose the rows for a scope, as the log's first `size` events know them."""
    leaves = AuditLeaf.objects.filter(leaf_index__lt=size)
    listed = set(models_of(scope, size)) if scope.kind == REGISTER_SCOPE else set()
    register = {model.pk for model in listed}
    versions = _released(listed, size) if register else _versions(scope, leaves)
    batches = _batches(scope) & _subjects(leaves, Action.PREDICTIONS_SEALED)
    # One that was emptied since then is left out: its event is not below the size.
    emptied = set(EmptiedBatch.objects.filter(batch__in=batches).values_list("pk", flat=True))
    batches -= emptied - _subjects(leaves, Action.PREDICTIONS_EMPTIED)
    cited = Prediction.objects.filter(batch__in=batches).values("approval_id").distinct()
    versions |= set(
        Approval.objects.filter(pk__in=cited).values_list("version_id", flat=True).distinct()
    )
    emergent = Prediction.objects.filter(batch__in=batches).values("emergency_id").distinct()
    versions |= set(
        EmergencyGrant.objects.filter(pk__in=emergent).values_list("version_id", flat=True)
    )
    granted = EmergencyGrant.objects.filter(version__in=versions, pk__in=_granted(leaves))
    approvals = _ids(Approval.objects.filter(version__in=versions)) & _approved(leaves)
    reviews = _ids(Review.objects.filter(version__in=versions))
    proposals = set(granted.values_list("proposal_id", flat=True))
    policies = _policies(scope, reviews) | set(granted.values_list("policy_id", flat=True))
    passkeys = _passkeys(reviews, versions)
    holds = _holds(scope, leaves, versions)
    return Selection(
        size=size,
        disclosed=_disclosed(
            scope,
            leaves,
            versions,
            reviews,
            policies,
            batches,
            passkeys,
            proposals,
            holds,
            register,
        ),
        versions=versions,
        reviews=reviews,
        policies=policies,
        approvals=approvals,
        batches=batches,
        register=register,
        emergencies=set(granted.values_list("pk", flat=True)),
        proposals=proposals,
        holds=holds,
        passkeys=passkeys,
    )


def _passkeys(reviews: Ids, versions: Ids) -> set[str]:
    """Read out of the records: a proof is cited there and nowhere else."""
    found: set[str] = set()
    signatures = Signature.objects.filter(review__in=reviews).values_list("record", flat=True)
    waivers = Waiver.objects.filter(version__in=versions).values_list("record", flat=True)
    for record in chain(signatures.iterator(), waivers.iterator()):
        with suppress(Malformed):
            said = as_object(parse_strict(bytes(record)), "the record")
            for named in (cited_passkey(said), cited_identity(said)):
                found.add((named or "").removeprefix("sha256:"))
    return found - {""}


def _holds(scope: ExportScope, leaves: QuerySet[AuditLeaf], versions: Ids) -> set[str]:
    """Those on the models of the versions, but not on other versions than these."""
    rows = LegalHold.objects.all()
    if scope.kind != "all":
        rows = rows.filter(model__in=_models(versions))
        rows = rows.filter(Q(version=None) | Q(version__in=versions))
    told = leaves.filter(
        event__action__in=HOLD_TYPES,
        event__payload__hold__in=[str(key) for key in rows.values_list("pk", flat=True)],
    )
    records = told.values_list("event__payload__record", flat=True)
    return {str(digest).removeprefix("sha256:") for digest in records}


def _ids(rows: "QuerySet[Approval] | QuerySet[Review] | QuerySet[ModelVersion]") -> Ids:
    return set(rows.values_list("pk", flat=True))


def _released(models: Iterable[RegisteredModel], size: int) -> Ids:
    """The versions that aliases of the models point at."""
    moves = chain.from_iterable(holders(model, size).values() for model in models)
    return {move.to_version_id for move in moves if move.to_version_id}


def _versions(scope: ExportScope, leaves: QuerySet[AuditLeaf]) -> Ids:
    rows = ModelVersion.objects.all()
    if scope.kind == REGISTER_SCOPE:
        return set()
    if scope.kind == "period":
        named: set[str] = set()
        for related in leaves.filter(_base(scope)).values_list("event__related", flat=True):
            named |= {entry[8:] for entry in related if entry.startswith("version:")}
        return _ids(rows.filter(pk__in=named))
    if scope.kind in ("model", "version"):
        rows = rows.filter(model__name=scope.model)
    if scope.kind == "version":
        rows = rows.filter(number=scope.number)
    return _ids(rows)


def _base(scope: ExportScope) -> Q:
    """The events that are about the scope itself."""
    if scope.kind == REGISTER_SCOPE:
        return Q(pk__in=[])
    if scope.kind == "period":
        return Q(event__occurred_at__gte=scope.since, event__occurred_at__lt=scope.until)
    model = RegisteredModel.objects.get(name=scope.model)
    if scope.kind == "version":
        version = ModelVersion.objects.only("pk").get(model=model, number=scope.number)
        return Q(event__related__contains=[f"version:{version.pk}"])
    return Q(event__related__contains=[f"model:{model.pk}"])


def _batches(scope: ExportScope) -> Ids:
    if scope.kind == "all":
        return set(PredictionBatch.objects.values_list("pk", flat=True))
    if scope.kind == REGISTER_SCOPE:
        return set()
    records = Prediction.objects.all()
    if scope.kind == "period":
        return _batches_of(records.filter(at__gte=scope.since, at__lt=scope.until))
    model = RegisteredModel.objects.get(name=scope.model)
    records = records.filter(model_id=model.pk)
    if scope.kind == "version":
        records = records.filter(number=scope.number)
    found = _batches_of(records)
    same_team: Any = RegisteredModel.objects.filter(team=model.team_id).values("pk")
    return found - _batches_of(
        Prediction.objects.filter(batch__in=found).exclude(model_id__in=same_team)
    )


def _batches_of(records: QuerySet[Prediction]) -> Ids:
    return set(records.values_list("batch", flat=True).distinct())


def _subjects(leaves: QuerySet[AuditLeaf], action: Action) -> Ids:
    keys = leaves.filter(event__action=action.value).values_list("event__subject_id", flat=True)
    return _uuids(keys.iterator())


def _approved(leaves: QuerySet[AuditLeaf]) -> Ids:
    given = leaves.filter(event__action=Action.VERSION_APPROVED.value)
    return _uuids(given.values_list("event__payload__approval", flat=True).iterator())


def _granted(leaves: QuerySet[AuditLeaf]) -> Ids:
    given = leaves.filter(event__action=Action.EMERGENCY_GRANTED.value)
    return _uuids(given.values_list("event__payload__emergency", flat=True).iterator())


def _uuids(values: Iterable[object]) -> Ids:
    """What else an event may hold there names no row; the verifier will say so."""
    found: Ids = set()
    for value in values:
        with suppress(ValueError):
            found.add(UUID(str(value)))
    return found


def _policies(scope: ExportScope, reviews: Ids) -> Ids:
    if scope.kind == "all":
        return set(PolicyVersion.objects.values_list("pk", flat=True))
    rows = Review.objects.filter(pk__in=reviews)
    return set(rows.values_list("policy_id", flat=True).distinct())


def _disclosed(
    scope: ExportScope,
    leaves: QuerySet[AuditLeaf],
    versions: Ids,
    reviews: Ids,
    policies: Ids,
    batches: Ids,
    passkeys: set[str],
    proposals: Ids,
    holds: set[str],
    register: Ids,
) -> list[int] | None:
    if scope.kind == "all":
        return None
    wanted = [
        _base(scope),
        _about("version", versions) & Q(event__action__in=_OF_VERSIONS),
        _about("model", _models(versions)) & Q(event__action__in=_OF_MODELS),
        _about("model", register) & Q(event__action__in=TOLD),
        _about("review", reviews),
        _about("policy", policies),
        _about("predictions", batches),
        _about("proposal", proposals),
        Q(event__action__in=KEY_ACTIONS),
        Q(
            event__action__in=HOLD_TYPES,
            event__payload__record__in=[f"sha256:{digest}" for digest in holds],
        ),
        Q(
            event__action__in=(PASSKEY_REGISTERED, PASSKEY_REMOVED),
            event__payload__credential__in=[f"sha256:{digest}" for digest in passkeys],
        ),
        Q(
            event__action__in=(IDENTITY_BOUND, IDENTITY_ENDED),
            event__payload__identity__in=[f"sha256:{digest}" for digest in passkeys],
        ),
    ]
    found: set[int] = set()
    for condition in wanted:
        found.update(leaves.filter(condition).values_list("leaf_index", flat=True).iterator())
    return sorted(found)


def _models(versions: Ids) -> Ids:
    rows = ModelVersion.objects.filter(pk__in=versions)
    return set(rows.values_list("model_id", flat=True).distinct())


def _about(kind: str, keys: Ids) -> Q:
    return Q(event__subject_type=kind, event__subject_id__in=[str(key) for key in keys])
