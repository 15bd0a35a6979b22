"""What the records say of each of several models, each kind read by one query for all of them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from uuid import UUID

from django.db.models import Q

from accounts.selectors import persons_named
from audit.actions import Action
from audit.models import AuditEvent, Checkpoint
from audit.selectors import events, newest_checkpoint
from governance.emergencies.selectors import in_force
from governance.findings.records import open_findings
from governance.models import Approval, EmergencyGrant, Finding
from governance.policy import validity
from registry.models import Alias, ModelVersion, RegisterEntry

_TELL = (Action.MODEL_REGISTERED, Action.MODEL_CHANGED, Action.MODEL_ENTERED)


class Shelf:
    """Of the models with these keys, at the moment `now`; a model without a row has none."""

    def __init__(self, models: Iterable[UUID], now: datetime) -> None:
        self.keys = list(models)
        self.now = now

    @cached_property
    def checkpoint(self) -> Checkpoint | None:
        """The newest signed head of the log."""
        return newest_checkpoint()

    @cached_property
    def entries(self) -> Mapping[UUID, RegisterEntry]:
        """The newest entry of the register."""
        rows = RegisterEntry.objects.filter(model__in=self.keys).order_by("model", "-revision")
        rows = rows.select_related("owner", "validator", "author__person").distinct("model")
        return {row.model_id: row for row in rows}

    @cached_property
    def told(self) -> Mapping[str, list[AuditEvent]]:
        """Events by which the model was described, newest first."""
        found = defaultdict(list)
        rows = events().filter(action__in=[action.value for action in _TELL], subject_type="model")
        for row in rows.filter(subject_id__in=list(map(str, self.keys))):
            found[row.subject_id].append(row)
        return found

    @cached_property
    def speakers(self) -> Mapping[UUID, str]:
        """Names of those who described them."""
        return persons_named(row.person_id for rows in self.told.values() for row in rows)

    @cached_property
    def aliases(self) -> Mapping[UUID, list[str]]:
        """Names of aliases, in their order."""
        found = defaultdict(list)
        for row in Alias.objects.filter(model__in=self.keys).order_by("name"):
            found[row.model_id].append(row.name)
        return found

    @cached_property
    def findings(self) -> Mapping[UUID, list[Finding]]:
        """Findings that nobody has closed."""
        found = defaultdict(list)
        versions = ModelVersion.objects.filter(model__in=self.keys).values_list("pk", flat=True)
        rows = open_findings(versions).select_related("version").defer("version__manifest")
        for row in rows:
            found[row.version.model_id].append(row)
        return found

    @cached_property
    def approved(self) -> Mapping[UUID, Approval]:
        """The valid approval that holds longest."""
        fresh = Q(staleness=None) | Q(staleness__until__gt=self.now)
        rows = validity.in_force(self.now).filter(fresh, version__model__in=self.keys)
        rows = rows.select_related("version").defer("envelope", "version__manifest")
        return {row.version.model_id: row for row in rows.order_by("not_after", "-pk")}

    @cached_property
    def emergencies(self) -> Mapping[UUID, list[EmergencyGrant]]:
        """Emergency grants in force."""
        found = defaultdict(list)
        for row in in_force(self.now).filter(version__model__in=self.keys):
            found[row.version.model_id].append(row)
        return found
