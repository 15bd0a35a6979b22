"""Giving roles that sign or administer: proposed by one person, confirmed by another."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db.models.functions import Lower

from accounts import policies
from accounts.callers import Caller
from accounts.models import Membership, Person, Proposal, User
from accounts.proposals.kinds import Details, Draft, Thing
from accounts.proposals.wishes import objects, only, text
from accounts.roles import GIVEN_BY_TWO
from accounts.selectors import team_named
from audit.actions import Action
from audit.services import record
from common.decisions import Decision
from common.errors import Conflict, Invalid, NotFound

MOST_GRANTS = 50
_ROLES = [role.value for role in GIVEN_BY_TWO]


class Roles:
    """Roles of one team: `{"team": slug, "grants": [{"username", "role"}, …]}`."""

    def may_propose(self, caller: Caller, team: UUID | None) -> Decision:
        """Administrators of the instance or of the team."""
        return policies.may_manage_roles(caller, team)

    def may_confirm(self, caller: Caller, team: UUID | None) -> Decision:
        """Those, and managers of the team."""
        return policies.may_confirm_roles(caller, team)

    def draft(self, caller: Caller, wish: Mapping[str, Any]) -> Draft:
        """Raises NotAllowed, NotFound, Invalid, Conflict where somebody has a role already."""
        only(wish, "team", "grants")
        team = team_named(caller, text(wish, "team"))
        policies.may_manage_roles(caller, team.pk).enforce()
        grants = _read(objects(wish, "grants", MOST_GRANTS))
        held = _held(team.pk, [UUID(grant["person"]) for grant in grants])
        for number, grant in enumerate(grants):
            if grant["role"] in held[grant["person"]]:
                raise Conflict("The person has this role already.", field=f"grants[{number}].role")
        return Draft({"team": str(team.pk), "grants": grants}, team)

    def before(self, details: Details) -> Details:
        """Who of them is active, and which of these roles each has in the team."""
        persons = [UUID(grant["person"]) for grant in details["grants"]]
        active = Person.objects.filter(pk__in=persons, is_active=True).values_list("pk", flat=True)
        return {
            "held": _held(UUID(details["team"]), persons),
            "active": sorted(str(person) for person in active),
        }

    def related(self, details: Details) -> list[Thing]:
        """The persons."""
        return [("person", grant["person"]) for grant in details["grants"]]

    def execute(self, proposal: Proposal, details: Details, caller: Caller) -> None:
        """Give the roles."""
        for grant in details["grants"]:
            Membership.objects.create(
                person_id=grant["person"],
                team_id=details["team"],
                role=grant["role"],
                proposal=proposal,
            )
            record(
                actor=caller.actor,
                action=Action.ROLE_GRANTED,
                subject=("person", grant["person"]),
                payload={
                    "team": details["team"],
                    "role": grant["role"],
                    "proposal": f"sha256:{proposal.digest}",
                },
                related=[("team", details["team"]), ("proposal", proposal.pk)],
            )


def _read(wishes: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    for number, wish in enumerate(wishes):
        inside = f"grants[{number}]."
        only(wish, "username", "role", inside=inside)
        if text(wish, "role", inside=inside) not in _ROLES:
            raise Invalid(
                f"Two persons give {', '.join(_ROLES)}; other roles are given by one.",
                field=f"{inside}role",
            )
    names = [text(wish, "username", inside=f"grants[{n}].") for n, wish in enumerate(wishes)]
    known = _persons(names)
    for number, name in enumerate(names):
        if name.lower() not in known:
            raise NotFound("There is no such open login.", field=f"grants[{number}].username")
    pairs = [(str(known[wish["username"].lower()]), str(wish["role"])) for wish in wishes]
    if len(set(pairs)) < len(pairs):
        raise Invalid("A role stands here twice for one person.", field="grants")
    return [{"person": person, "role": role} for person, role in sorted(pairs)]


def _persons(names: Iterable[str]) -> dict[str, UUID]:
    """The active person behind each login that is open, by the login in small letters."""
    rows = User.objects.annotate(small=Lower("username")).filter(
        small__in={name.lower() for name in names}, is_active=True, person__is_active=True
    )
    return dict(rows.values_list("small", "person_id"))


def _held(team: UUID, persons: Collection[UUID]) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {str(person): [] for person in persons}
    rows = Membership.objects.filter(team=team, person__in=persons, role__in=_ROLES)
    for person, role in rows.order_by("role").values_list("person_id", "role"):
        held[str(person)].append(role)
    return held


ROLES = Roles()
