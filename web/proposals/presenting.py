"""A proposal for people: what it does in words, and what a policy's revision changes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.models import Proposal, ProposalState, User
from accounts.policies import may_manage_people, may_take_half
from accounts.proposals.kinds import Details
from accounts.proposals.services import Said, said_in
from accounts.roles import Role
from accounts.ways_in.services import state_of
from compliance.retention.dependents import Dependents, dependents_of
from governance.models import PolicyVersion
from governance.policy.changes import changes_between, relaxes
from governance.policy.documents import Policy
from registry.models import DatasetSnapshot
from web.forms.proposals import TakeHalfForm
from web.policies.presenting import (
    Line,
    elsewhere_in_words,
    in_words,
    lines_changed,
    shown_changes,
)
from web.proving import asks_of

# Parts of a proposal that stand in its heading as they are.
_PLAIN = ("number", "split", "alias", "hours", "days", "rule", "before")


@dataclass(frozen=True)
class Shown:
    """What a proposal does: the heading, and the parts that its page shows."""

    title: str
    grants: list[tuple[str, str]] = field(default_factory=list)
    policy: dict[str, Any] = field(default_factory=dict)
    dependents: Dependents | None = None


def titles_of(proposals: Iterable[Proposal]) -> dict[Any, str]:
    """A heading for each, with two queries for all of them."""
    rows = [(proposal, said_in(proposal).details) for proposal in proposals]
    named = _logins([details["user"] for _row, details in rows if "user" in details])
    return {row.pk: _title(row, details, named) for row, details in rows}


def _logins(users: list[str]) -> dict[str, str]:
    """The person's name with the login: there may be two persons of one name."""
    rows = User.objects.filter(pk__in=users).values_list("pk", "person__name", "username")
    return {str(user): f"{name} ({login})" for user, name, login in rows}


def shown(proposal: Proposal) -> Shown:
    """The whole of it."""
    said = said_in(proposal)
    title = titles_of([proposal])[proposal.pk]
    if proposal.kind == "roles":
        return Shown(title, grants=_grants(said.details))
    if proposal.kind == "policy":
        return Shown(title, policy=_policy(said))
    if proposal.kind == "dataset_deletion" and proposal.state == ProposalState.OPEN:
        dataset = DatasetSnapshot.objects.get(pk=said.details["dataset"])
        return Shown(title, dependents=dependents_of(dataset))
    return Shown(title)


def _title(proposal: Proposal, details: Details, names: Mapping[str, str]) -> str:
    team = proposal.team.name if proposal.team else _("every team")
    words = {
        "team": team,
        "name": details.get("name", names.get(details.get("user", ""), "")),
        "roles": _roles(details.get("grants", [])),
        "subject": details.get("subject", ""),
        **{part: details.get(part, "") for part in _PLAIN},
    }
    return {
        "roles": _("Give roles in %(team)s: %(roles)s"),
        "policy": _("Publish the policy %(name)s for %(team)s"),
        "administrator": _("Make %(name)s an administrator"),
        "identity": _("Bind the account %(subject)s to %(name)s"),
        "second_factor_reset": _("Reset the second factor of %(name)s"),
        "password": _("Let %(name)s set a new password"),
        "reopening": _("Open a closed login of %(name)s again"),
        "emptying": _("Delete inputs and outputs of predictions of %(team)s before %(before)s"),
        "dataset_deletion": _("Delete the rows of %(name)s (%(split)s)"),
        "deletion": _("Delete the files of %(name)s v%(number)s"),
        "retention": (
            _("Keep for ever: %(rule)s")
            if details.get("days") is None
            else _("Keep for %(days)s days at least: %(rule)s")
        ),
        "emergency": _("Emergency: let %(name)s v%(number)s answer as %(alias)s for %(hours)s h"),
    }.get(proposal.kind, proposal.kind) % words


def way_in_of(caller: Caller, proposal: Proposal, form: forms.Form | None = None) -> dict[str, Any]:
    """What the page says of the way in that the proposal has made, if it has made one."""
    way_in = getattr(proposal, "way_in", None)
    if way_in is None:
        return {}
    state = state_of(way_in, timezone.now())
    is_first = caller.person_id == proposal.proposer_id
    mine = way_in.first if is_first else way_in.second
    may = may_take_half(caller, proposal).allowed
    return {
        "way_in": way_in,
        "way_in_state": state,
        "took_mine": may and bool(mine),
        "take": (form or TakeHalfForm(asks=asks_of(caller), auto_id="take-%s"))
        if may and not mine and state == "open"
        else None,
        "may_end": state == "open" and may_manage_people(caller).allowed,
    }


def _roles(grants: list[Details]) -> str:
    """Each role that is given, and to how many."""
    counted = Counter(str(Role(grant["role"]).label) for grant in grants)
    return ", ".join(f"{role} ({n})" for role, n in counted.items())


def _grants(details: Details) -> list[tuple[str, str]]:
    """(name and logins, role) of each grant."""
    persons = [grant["person"] for grant in details["grants"]]
    rows = User.objects.filter(person__in=persons).select_related("person").order_by("username")
    names: dict[str, list[str]] = {}
    for row in rows:
        names.setdefault(str(row.person_id), [row.person.name]).append(row.username)
    return [
        (_named(names.get(grant["person"], [grant["person"]])), str(Role(grant["role"]).label))
        for grant in details["grants"]
    ]


def _named(parts: list[str]) -> str:
    return f"{parts[0]} ({', '.join(parts[1:])})" if parts[1:] else parts[0]


def _policy(said: Said) -> dict[str, Any]:
    details = said.details
    digest = (said.before["in_force"] or "").removeprefix("sha256:")
    replaced = PolicyVersion.objects.filter(digest=digest).first() if digest else None
    policy = Policy.read(details["document"])
    wanted = PolicyVersion(document=policy.as_dict())
    before = replaced.document if replaced else None
    lines: list[Line] = lines_changed(_as_written(replaced), wanted) if replaced else []
    return {
        "replaced": replaced,
        "tier": details["tier"],
        "digest": details["digest"],
        "relaxes": relaxes(before, wanted.document),
        "changes": shown_changes(changes_between(before, wanted.document)) if before else [],
        "words": in_words(policy),
        "elsewhere": elsewhere_in_words(policy),
        "lines": lines,
    }


def _as_written(policy: PolicyVersion) -> PolicyVersion:
    """In the order in which documents are written; the database keeps another one."""
    return PolicyVersion(document=Policy.read(policy.document).as_dict())
