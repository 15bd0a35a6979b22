"""The log, prediction records and exports, as far as the caller may see them."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import OuterRef, Q, QuerySet, Subquery, UUIDField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from accounts.callers import Caller
from accounts.models import Person, Team
from accounts.roles import Scope
from audit import selectors as log
from audit.actions import Action
from audit.models import AuditEvent
from common.errors import NotFound
from compliance import policies
from compliance.models import Export
from inference.models import Prediction
from inference.selectors import predictions_seen_by
from registry.models import DatasetSnapshot, ModelVersion, RegisteredModel
from registry.policies import KEEPERS, READERS, may_read_evidence
from worker.models import Job


def with_names(rows: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
    """The events with `actor_name`: what the log knows as a UUID is a person's name here."""
    person = Person.objects.filter(pk=OuterRef("person_id"))
    return rows.annotate(actor_name=Subquery(person.values("name")[:1]))


def events_seen_by(caller: Caller) -> QuerySet[AuditEvent]:
    """The log as far as the caller reads it, newest first, with `index` and `actor_name`.

    Raises NotAllowed.
    """
    policies.may_read_log(caller).enforce()
    return with_names(_within_reach(caller))


def _within_reach(caller: Caller) -> QuerySet[AuditEvent]:
    """All events, or those that name a team of the caller, or a model or dataset of that team."""
    if policies.may_read_whole_log(caller):
        return log.events()
    return log.about_any(_things_of(caller.teams_with(*KEEPERS)))


def _things_of(teams: Collection[UUID]) -> list[tuple[str, object]]:
    models = RegisteredModel.objects.filter(team__in=teams).values_list("pk", flat=True)
    datasets = DatasetSnapshot.objects.filter(team__in=teams).values_list("pk", flat=True)
    return [
        *(("team", team) for team in teams),
        *(("model", model) for model in models),
        *(("dataset", dataset) for dataset in datasets),
    ]


def history_of(caller: Caller, subject: RegisteredModel | ModelVersion) -> QuerySet[AuditEvent]:
    """What happened to a model or version, newest first, for readers of its evidence.

    Rows have `index` and `actor_name`. Raises NotAllowed.
    """
    if isinstance(subject, ModelVersion):
        kind, team = "version", subject.model.team_id
    else:
        kind, team = "model", subject.team_id
    may_read_evidence(caller, team).enforce()
    return with_names(log.about(kind, subject.pk))


def event_seen_by(caller: Caller, uuid: UUID) -> AuditEvent:
    """One event: what the caller reads in the log, and what concerns models of his evidence.

    Raises NotFound.
    """
    event = with_names(log.events()).filter(uuid=uuid).first()
    if event is None or not (_reaches(caller, event) or _concerns(caller, event)):
        raise NotFound("There is no such event that you may see.")
    return event


def _reaches(caller: Caller, event: AuditEvent) -> bool:
    reads = policies.may_read_log(caller)
    return bool(reads) and _within_reach(caller).filter(pk=event.pk).exists()


def _concerns(caller: Caller, event: AuditEvent) -> bool:
    named: dict[str, list[str]] = {"model": [], "version": []}
    for entry in event.related:
        kind, _, key = entry.partition(":")
        named.get(kind, []).append(key)
    return (
        caller.may_use(Scope.READ)
        and RegisteredModel.objects.filter(
            Q(pk__in=named["model"]) | Q(versions__in=named["version"]),
            team_id__in=caller.teams_with(*READERS),
        ).exists()
    )


def records_seen_by(caller: Caller) -> QuerySet[Prediction]:
    """Prediction records of the caller's models with `model_name`, newest first.

    Raises NotAllowed.
    """
    policies.may_read_records(caller).enforce()
    model = RegisteredModel.objects.filter(pk=OuterRef("model_id"))
    return predictions_seen_by(caller).annotate(model_name=Subquery(model.values("name")[:1]))


def refusals_seen_by(caller: Caller) -> QuerySet[AuditEvent]:
    """Events that tell of refused predictions of the caller's models, with `model_name`, newest
    first. Raises NotAllowed."""
    policies.may_read_records(caller).enforce()
    models = RegisteredModel.objects.filter(team_id__in=caller.teams_with(*READERS))
    keys = [str(key) for key in models.values_list("pk", flat=True)]
    name = models.filter(pk=Cast(OuterRef("subject_id"), UUIDField())).values("name")
    return (
        log.events()
        .filter(action=Action.PREDICTIONS_REFUSED.value, subject_type="model", subject_id__in=keys)
        .annotate(model_name=Subquery(name[:1]))
    )


def record_by_id(caller: Caller, prediction_id: UUID) -> Prediction:
    """One prediction record. Raises NotAllowed, NotFound."""
    found = records_seen_by(caller).filter(pk=prediction_id).first()
    if found is None:
        raise NotFound("There is no such prediction record that you may see.")
    return found


def exports_seen_by(caller: Caller) -> QuerySet[Export]:
    """Exports of scopes that the caller may ask for, newest first.

    With `status`, `progress` and `failure` of their jobs. Raises NotAllowed.
    """
    policies.may_read_exports(caller).enforce()
    job = Job.objects.filter(pk=OuterRef("job_id"))
    return (
        _exports_of(caller)
        .select_related("requested_by__person", "blob")
        .annotate(
            status=Subquery(job.values("status")[:1]),
            progress=Subquery(job.values("progress")[:1]),
            failure=Subquery(job.values("failure")[:1]),
        )
        .order_by("-created_at", "pk")
    )


def _exports_of(caller: Caller) -> QuerySet[Export]:
    rows = Export.objects.annotate(
        scope_model=KeyTextTransform("model", "scope"), scope_team=KeyTextTransform("team", "scope")
    )
    if policies.may_read_all_exports(caller):
        return rows
    kept = caller.teams_with(*KEEPERS)
    own = RegisteredModel.objects.filter(team__in=kept).values("name")
    teams = Team.objects.filter(pk__in=kept).values("slug")
    return rows.filter(Q(scope_model__in=own) | Q(scope_team__in=teams))


def export_by_id(caller: Caller, export_id: UUID) -> Export:
    """One export. Raises NotAllowed, NotFound."""
    export = exports_seen_by(caller).filter(pk=export_id).first()
    if export is None:
        raise NotFound("There is no such export.")
    return export
