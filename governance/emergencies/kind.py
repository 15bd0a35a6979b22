"""An emergency grant: proposed by one manager, confirmed by another, signed by the notary."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Proposal
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import only, text
from common.decisions import Decision
from common.errors import Conflict, Invalid
from governance.aliases import check_alias
from governance.approvals.answering import answers_of
from governance.emergencies import policies
from governance.emergencies.selectors import standing_for
from governance.models import EmergencyGrant, PolicyVersion
from governance.policy.documents import Policy
from governance.selectors import policy_for
from registry.models import ModelVersion, RegisteredModel, Status
from registry.selectors import contributor_ids, version_numbered
from trust.emergency import LONGEST_EMERGENCY_HOURS

DEFAULT_HOURS = 24
_BARRED = (Status.QUARANTINED, Status.RETIRED, Status.REJECTED)


class EmergencyWish:
    """`{"model": name, "version": number, "alias", "hours"}`: that version answers under the alias,
    without an approval, for so many hours from the confirmation on.
    """

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Managers of the owner team."""
        return policies.may_grant(caller, team)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Managers of the owner team."""
        return policies.may_grant(caller, team)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed (no role, a hand in the version), NotFound, Invalid, Conflict (the
        policy allows none, the version cannot be served, an approved one answers)."""
        only(wish, "model", "version", "alias", "hours")
        version = version_numbered(caller, text(wish, "model"), _whole(wish, "version", 2**31 - 1))
        policies.may_grant(caller, version.model.team_id).enforce()
        policies.had_no_hand(caller, version).enforce()
        alias = _alias(wish)
        policy = policy_for(version.model)
        hours = _hours(wish, policy)
        _require_servable(version)
        _require_unanswered(version.model, alias)
        details = {
            "model": str(version.model_id),
            "name": version.model.name,
            "version": str(version.pk),
            "number": version.number,
            "version_digest": f"sha256:{version.digest}",
            "alias": alias,
            "environment": settings.ENVIRONMENT,
            "policy": f"sha256:{policy.digest}",
            "hours": hours,
        }
        return Draft(details, version.model.team)

    def before(self, details: Details) -> Details:
        """The policy in force, who worked on the version, and where it stands."""
        version = ModelVersion.objects.select_related("model").get(pk=details["version"])
        return {
            "policy": f"sha256:{policy_for(version.model).digest}",
            "contributors": sorted(str(person) for person in contributor_ids(version)),
            "status": version.status,
        }

    def related(self, details: Details) -> list[Thing]:
        """The version and its model."""
        return [("version", details["version"]), ("model", details["model"])]

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Asks the notary. Raises NotAllowed for a contributor, Conflict where an approved version
        answers by now."""
        version = ModelVersion.objects.select_related("model").get(pk=details["version"])
        policies.had_no_hand(caller, version).enforce()
        # Another confirmation for the alias, or a move of it, waits for this or has been seen.
        RegisteredModel.objects.select_for_update(no_key=True).get(pk=version.model_id)
        _require_unanswered(version.model, details["alias"])
        EmergencyGrant.objects.create(
            proposal=proposal,
            version=version,
            policy=PolicyVersion.objects.get(digest=details["policy"].removeprefix("sha256:")),
            alias=details["alias"],
            at=timezone.now(),
        )


def _whole(wish: Mapping[str, Any], name: str, most: int) -> int:
    value = wish[name]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise Invalid(f"This must be a whole number from 1 to {most}.", field=name)
    return value


def _alias(wish: Mapping[str, Any]) -> str:
    name = text(wish, "alias")
    check_alias(name)
    return name


def _hours(wish: Mapping[str, Any], policy: PolicyVersion) -> int:
    hours = _whole(wish, "hours", LONGEST_EMERGENCY_HOURS)
    most = Policy.read(policy.document).emergency_hours
    if not most:
        raise Conflict(
            f"The policy {policy.name} allows no emergency grants: it has no emergency_hours."
        )
    if hours > most:
        raise Invalid(f"The policy allows at most {most} hours.", field="hours")
    return hours


def _require_servable(version: ModelVersion) -> None:
    if not version.servable:
        raise Conflict(f"{version} cannot be served: it has no signature of inputs and outputs.")
    if version.status in _BARRED:
        raise Conflict(f"{version} cannot be served: {version.get_status_display()}.")


def _require_unanswered(model: RegisteredModel, alias: str) -> None:
    now = timezone.now()
    if any(
        one.served and one.alias.name == alias for one in answers_of([model], now=now)[model.pk]
    ):
        raise Conflict(f"{alias} is answered by an approved version; there is no emergency.")
    if standing_for(model.pk, alias, now).exists():
        raise Conflict(
            f"An emergency grant for {alias} is in force already, or about to be; end it first."
        )


EMERGENCY = EmergencyWish()
