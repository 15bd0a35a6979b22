"""Two teams that do the same things, and which of them each event of the log is about."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Proposal, Team
from accounts.roles import Role
from accounts.services import create_team
from audit.actions import Action
from audit.models import AuditEvent
from compliance.models import Export, Pack
from compliance.packing import fail_pack, request_pack
from compliance.retention.selectors import Thing
from compliance.retention.services import place_hold
from compliance.services import fail_export, request_export
from evaluation import services as evaluation
from evaluation.plans import seal_plan
from governance.approvals.releases import retire
from governance.findings import services as findings
from governance.models import Finding, PolicyVersion, Review
from governance.reviewing.assigning import assign
from governance.reviewing.commenting import comment, reopen, resolve
from governance.reviewing.looks import note_look
from governance.services import submit, withdraw
from inference.models import Prediction
from inference.segments import SegmentWriter
from inference.services import note_loaded, note_refused, ship_predictions
from inference.table import Candidate
from registry.intake import Piece, fail_registration, request_version
from registry.jobs import cancel_job, retry_job
from registry.loading import note_corruption
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel
from registry.register.entries import NewEntry, enter
from registry.services import change_model, edit_card, register_model
from tests.cast import TEAM, by_root_and_otto, give, password_of, who
from tests.compliance.world import LENIENT
from tests.factories import tiny, validations, verbs
from tests.factories.people import create_user
from tests.factories.plans import accuracy
from tests.factories.policies import publish_policy
from training import services as training
from trust.times import format_moment
from worker.models import Job

OTHER = "fraud"
MODELS = {TEAM: "lending", OTHER: "chargebacks"}
# Contributor, reviewer, manager and compliance of one team alone.
CASTS = {TEAM: ("ada", "ben", "mira", "cora"), OTHER: ("fay", "finn", "greta", "hugo")}
PEOPLE: dict[str, dict[str, Role]] = {
    "fay": {OTHER: Role.CONTRIBUTOR},
    "finn": {OTHER: Role.REVIEWER},
    "greta": {OTHER: Role.MANAGER},
    "hugo": {OTHER: Role.COMPLIANCE},
    "iris": {TEAM: Role.COMPLIANCE, OTHER: Role.COMPLIANCE},
    "jon": {TEAM: Role.MANAGER, OTHER: Role.COMPLIANCE},
    "kim": {TEAM: Role.COMPLIANCE, OTHER: Role.REVIEWER},
    "lea": {TEAM: Role.COMPLIANCE},
}
ADMINISTRATORS = ("lea",)

# Events about the instance and its people; every other one names a team, a model or a dataset.
OF_THE_INSTANCE = {
    Action.PERSON_CREATED,
    Action.USER_CREATED,
    Action.USER_DEACTIVATED,
    Action.USER_REOPENED,
    Action.USER_CHANGED,
    Action.PASSWORD_SET,
    Action.WAY_IN_OPENED,
    Action.HALF_TAKEN,
    Action.WAY_IN_ENDED,
    Action.WAY_IN_REFUSED,
    Action.TOKEN_CREATED,
    Action.TOKEN_REVOKED,
    Action.PASSWORD_REFUSED,
    Action.CODE_REFUSED,
    Action.FACTOR_ENROLLED,
    Action.FACTOR_REMOVED,
    Action.FACTOR_RESET,
    Action.RECOVERY_CODES_MADE,
    Action.RECOVERY_CODE_USED,
    Action.REFUSED,
    Action.ADMIN_MADE,
    Action.SIGN_IN_FAILED,
    Action.SIGN_IN_PAUSED,
    Action.PASSKEY_REGISTERED,
    Action.PASSKEY_RENAMED,
    Action.PASSKEY_REMOVED,
    Action.PASSKEY_REFUSED,
    Action.DELEGATION_MADE,
    Action.DELEGATION_ENDED,
    Action.MAILING_CHOSEN,
    Action.PERSON_MAILED,
    Action.SESSIONS_ENDED,
    Action.IDENTITY_BOUND,
    Action.IDENTITY_ENDED,
    Action.PROVIDER_REFUSED,
    Action.RETENTION_CHANGED,
    Action.KEYS_INTRODUCED,
    Action.KEYS_ENDED,
    Action.KEYS_REPLACED,
}
# Proposals, policies and exports are of a team or of the whole instance.
OF_EITHER = {
    Action.PROPOSAL_OPENED,
    Action.PROPOSAL_CONFIRMED,
    Action.PROPOSAL_DECLINED,
    Action.PROPOSAL_WITHDRAWN,
    Action.PROPOSAL_LAPSED,
    Action.POLICY_PUBLISHED,
    Action.EXPORT_REQUESTED,
    Action.EXPORTED,
}
# What this house does not do; those who do it write the same kinds of `related`.
NOT_DONE = {
    Action.RETENTION_DUE,
    Action.REVALIDATION_DUE,
    Action.REVALIDATION_OVERDUE,
    Action.ROLE_REMOVED,
    Action.VERSION_DERIVED,
    Action.TRAINING_COMPLETED,
    Action.COMPRESSION_COMPLETED,
    Action.REVIEW_REJECTED,
    Action.REVIEW_QUORUM_REFUSED,
    Action.WAIVER_GIVEN,
    Action.WAIVER_WITHDRAWN,
    Action.APPROVAL_REVOKED,
    Action.ALIAS_SPLIT,
    Action.SPLIT_ENDED,
    Action.SPLIT_REFUSED,
    Action.EMERGENCY_GRANTED,
    Action.EMERGENCY_REFUSED,
    Action.EMERGENCY_ENDED,
    Action.EMERGENCY_REVIEWED,
    Action.EMERGENCY_LOADED,
    Action.PREDICTIONS_REFUSED,
    Action.EMERGENCY_LOAD_REFUSED,
    Action.APPROVAL_ENDING,
    Action.APPROVAL_EXPIRED,
    Action.PREDICTIONS_DAMAGED,
    Action.PROPOSAL_DECLINED,
    Action.PROPOSAL_WITHDRAWN,
    Action.PROPOSAL_LAPSED,
    Action.FINDING_OVERDUE,
    Action.REVIEW_OVERDUE,
    Action.APPROVAL_STALE,
    Action.HOLD_LIFTED,
    Action.BYTES_DELETED,
    Action.PREDICTIONS_EMPTIED,
    Action.PACK_MADE,
    Action.EXPORTED,
}


def furnish() -> None:
    """The second team, people of one and of both, and everything that can happen to a model."""
    root = who("root")
    create_team(caller=root, slug=OTHER, name="Fraud")
    for name, roles in PEOPLE.items():
        create_user(
            caller=root,
            username=name,
            name=name.title(),
            email="",
            password=password_of(name),
        )
        for slug, role in roles.items():
            give([(name, role)], team_of(slug))
    for name in ADMINISTRATORS:
        by_root_and_otto("administrator", name)
    for slug in MODELS:
        _live(slug)
    for scope in ({"kind": "all"}, {"kind": "period", "from": "2026-01-01", "to": "2999-01-01"}):
        request_export(caller=who("iris"), scope=scope)
    _predict()


def team_of(slug: str) -> Team:
    """The team, read anew."""
    return Team.objects.get(slug=slug)


def model_of(slug: str) -> RegisteredModel:
    """The team's model, read anew."""
    return RegisteredModel.objects.get(name=MODELS[slug])


def _live(slug: str) -> None:
    hand, reviewer, manager, keeper = (who(name) for name in CASTS[slug])
    team = team_of(slug)
    publish_policy(caller=manager, name=f"of-{slug}", tier="low", team=team, document=LENIENT)
    model = register_model(
        caller=hand,
        team=team,
        name=MODELS[slug],
        purpose=f"Belongs to {slug}.",
        risk_tier="low",
        licence="MIT",
        origin="in-house",
    )
    change_model(caller=hand, model=model, changes={"tags": [slug]})
    enter(caller=hand, model=model, new=NewEntry("served", "retired", hand.person_id))
    version, child, old = (verbs.another(hand, model) for _ in range(3))
    edit_card(caller=hand, version=version, content=tiny.CARD)
    _jobs(hand, manager, version)
    _reviews(hand, reviewer, version, child)
    _findings(hand, reviewer, version)
    _serving(version)
    note_corruption(child, child.artifacts.get(), "One byte differs.")
    retire(caller=manager, version=old, reason="Nobody needs it.")
    place_hold(caller=keeper, thing=Thing("version", model, old), reference="A", reason="B")
    _exports(keeper, model)


def _snapshot(hand: Caller, team: Team, split: str) -> DatasetSnapshot:
    return verbs.register_dataset(
        hand,
        team=team,
        upload=verbs.send(hand, "rows.csv", tiny.table(split)),
        name=f"rows-of-{team.slug}",
        split=split,
    )


def _jobs(hand: Caller, manager: Caller, version: ModelVersion) -> None:
    team = version.model.team
    train, test = _snapshot(hand, team, "train"), _snapshot(hand, team, "test")
    seal_plan(caller=hand, version=version, dataset=test, criteria=accuracy(0.9))
    asked: list[tuple[Any, Callable[..., None]]] = [
        (
            training.request_run(
                caller=hand, model=version.model, recipe="mlp", params={}, dataset=train
            ),
            training.fail_run,
        ),
        (
            training.request_compression(
                caller=hand, parent=version, method="int8-dynamic", params={}, holdout=test
            ),
            training.fail_compression,
        ),
        (
            evaluation.request_run(caller=hand, version=version, dataset=test),
            evaluation.fail_run,
        ),
        (
            evaluation.request_explanation(caller=hand, version=version, dataset=test),
            evaluation.fail_explanation,
        ),
        (
            request_version(
                caller=hand,
                model=version.model,
                pieces=[Piece(verbs.send(hand, "notes.txt", b"words"), "sidecar")],
                signature=None,
            ),
            fail_registration,
        ),
    ]
    for run, fail in asked:
        job = Job.objects.get(pk=run.job_id)
        cancel_job(caller=manager, job=job)
        retry_job(caller=manager, job=Job.objects.get(pk=job.pk))
        with transaction.atomic():
            fail(job=job, reason="It broke.")


def _reviews(hand: Caller, reviewer: Caller, version: ModelVersion, child: ModelVersion) -> None:
    review = submit(caller=hand, version=version)
    assign(caller=hand, review=review, assignees=[reviewer.user.person_id], due_on=None)
    note_look(caller=reviewer, review=review)
    thread = comment(caller=reviewer, review=review, body="Is it real?")
    resolve(caller=reviewer, comment=thread)
    reopen(caller=reviewer, comment=thread)
    validations.finished(reviewer.user.username, review)
    verbs.put(reviewer.user.username, review, decision="request_changes")
    withdraw(caller=hand, review=submit(caller=hand, version=child))


def _findings(hand: Caller, reviewer: Caller, version: ModelVersion) -> None:
    finding = findings.raise_finding(
        caller=reviewer,
        version=version,
        severity="low",
        effect="condition",
        text="Say where the rows come from.",
        owner=hand.user.person_id,
        due_on=timezone.now().date() + timedelta(days=7),
    )
    findings.answer_finding(caller=hand, finding=finding, text="From a register.", evidence=[])
    findings.close_finding(caller=reviewer, finding=finding, text="That will do.")
    findings.reopen_finding(caller=reviewer, finding=finding, text="Which register?")
    given: Any = {"caller": reviewer, "finding": finding, "text": "It is searched for."}
    findings.amend_finding(**given, revision=1, due_on=finding.due_on + timedelta(days=2))


def _serving(version: ModelVersion) -> None:
    served = Candidate(
        approval=uuid4(),
        version=version.pk,
        model_id=version.model_id,
        team=version.model.team_id,
        name=version.model.name,
        number=version.number,
        digest=version.digest,
        aliases=frozenset(),
    )
    note_loaded(served)
    note_refused(served, "One byte differs.")


def _exports(keeper: Caller, model: RegisteredModel) -> None:
    export = request_export(caller=keeper, scope={"kind": "model", "model": model.name})
    job = Job.objects.get(pk=str(export.job_id))
    cancel_job(caller=keeper, job=job)
    retry_job(caller=keeper, job=Job.objects.get(pk=job.pk))
    with transaction.atomic():
        fail_export(job=job, reason="It broke.")
    request_export(caller=keeper, scope={"kind": "version", "model": model.name, "number": 1})
    pack = request_pack(caller=keeper, template="model-card", model=model.name, number=1)
    with transaction.atomic():
        fail_pack(job=Job.objects.get(pk=pack.job_id), reason="It broke.")


def _predict() -> None:
    """Records of both teams in one segment, as one serving process writes them."""
    writer = SegmentWriter(settings.SEGMENT_DIR, sync_ms=0)
    for slug in MODELS:
        version = ModelVersion.objects.get(model=model_of(slug), number=1)
        entry = {
            "id": str(uuid4()),
            "at": format_moment(timezone.now()),
            "model": str(version.model_id),
            "number": version.number,
            "version_digest": f"sha256:{version.digest}",
            "approval": str(uuid4()),
            "user": None,
            "rows": 1,
        }
        writer.append(orjson.dumps(entry))
    writer.close()
    assert ship_predictions() == len(MODELS)


@dataclass(frozen=True)
class Log:
    """The ids of all events by the slug of the team that they are about; "" is no team."""

    events: dict[str, set[UUID]]

    def of(self, *slugs: str) -> set[UUID]:
        """Events that are about one of the teams."""
        return {uuid for slug in slugs for uuid in self.events[slug]}

    @classmethod
    def read(cls) -> "Log":
        """Told from what the tables say, not from what the events themselves say of it."""
        owners = _owners()
        found: dict[str, set[UUID]] = {"": set(), **{slug: set() for slug in MODELS}}
        for event in AuditEvent.objects.all():
            about = event.payload["team"] if event.action.startswith("role.") else event.subject_id
            found[owners.get(about, "")].add(event.uuid)
        return cls(found)


def _owners() -> dict[str, str]:
    """The slug of the team by the id of each thing that belongs to one."""
    found: dict[str, str] = {}
    for team in Team.objects.all():
        models = RegisteredModel.objects.filter(team=team)
        names = list(models.values_list("name", flat=True))
        things: list[Any] = [
            Team.objects.filter(pk=team.pk),
            models,
            ModelVersion.objects.filter(model__in=models),
            Review.objects.filter(version__model__in=models),
            DatasetSnapshot.objects.filter(team=team),
            PolicyVersion.objects.filter(team=team),
            Proposal.objects.filter(team=team),
            Finding.objects.filter(version__model__in=models),
            Export.objects.filter(scope__model__in=names),
            Pack.objects.filter(Q(model__in=models) | Q(version__model__in=models)),
            Pack.objects.filter(teams=[team.slug]),
        ]
        keys = {key for rows in things for key in rows.values_list("pk", flat=True)}
        jobs = Job.objects.filter(subject_id__in=keys).values_list("pk", flat=True)
        batches = Prediction.objects.filter(model_id__in=keys).values_list("batch", flat=True)
        found |= {str(key): team.slug for key in (*keys, *jobs, *batches)}
    return found
