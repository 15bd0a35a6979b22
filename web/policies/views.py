"""Approval policies: what is in force, what it demands, how it changed, and publishing."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse

from accounts.models import Team
from accounts.proposals.services import ask_to_propose, propose
from accounts.selectors import teams_of
from common.decisions import Decision
from common.errors import DomainError, NotAllowed, NotFound
from governance import policies as rules
from governance.models import PolicyVersion
from governance.policy.changes import changes_between
from governance.policy.documents import DEFAULTS, Policy
from governance.selectors import policies_seen_by
from web.base import UNPROCESSABLE, PageView, show_refusal
from web.forms.proposals import ProposePolicyForm
from web.forms.proving import given_proof
from web.policies.presenting import (
    as_yaml,
    elsewhere_in_words,
    in_words,
    lines_changed,
    shown_changes,
)
from web.proposals.proposing import proposed
from web.proving import asks_of, challenge_for


class PolicyList(PageView):
    """Every revision that concerns the person's teams, newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The list; the revision in force of each tier and team is marked."""
        rows = list(policies_seen_by(self.caller))
        in_force = _in_force(rows)
        context = {
            "entries": [
                {
                    "policy": row,
                    "in_force": row.pk in in_force,
                    "words": Policy.read(row.document),
                }
                for row in rows
            ],
            "may_publish": self.may_publish(),
        }
        return self.page("policies/list.html", context)

    def may_publish(self) -> Decision:
        """Whether there is any team, or everybody, for whom the person may publish."""
        decisions = [
            rules.may_publish_policy(self.caller, team)
            for team in (None, *sorted(self.caller.teams, key=str))
        ]
        return next(filter(bool, decisions), decisions[-1])


def _in_force(newest_first: Iterable[PolicyVersion]) -> set[UUID]:
    found: dict[tuple[str, UUID | None], UUID] = {}
    for row in newest_first:
        found.setdefault((row.tier, row.team_id), row.pk)
    return set(found.values())


class PolicyPage(PolicyList):
    """One revision: in words, as a document, and against the one before."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:  # type: ignore[override]
        """The page."""
        seen = policies_seen_by(self.caller)
        row = seen.filter(pk=pk).first()
        if row is None:
            raise NotFound("There is no such policy that you may see.")
        revisions = list(seen.filter(name=row.name, team=row.team).order_by("-revision"))
        before = next((r for r in revisions if r.revision == row.revision - 1), None)
        context = {
            "policy": row,
            "words": in_words(Policy.read(row.document)),
            "elsewhere": elsewhere_in_words(Policy.read(row.document)),
            "yaml": as_yaml(row),
            "revisions": revisions,
            "before": before,
            "lines": lines_changed(before, row) if before else [],
            "changes": _changes(before, row) if before else [],
            "in_force": row.pk in _in_force(seen.filter(tier=row.tier)),
            "may_publish": self.may_publish(),
        }
        return self.page("policies/detail.html", context)


def _changes(before: PolicyVersion, after: PolicyVersion) -> list[dict[str, Any]]:
    return shown_changes(changes_between(before.document, after.document))


class PolicyPublish(PolicyList):
    """The form that proposes a revision, filled with the one that it follows."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """An empty form, or the document of `?from=<policy>`."""
        self.may_publish().enforce()
        return self._form(ProposePolicyForm(initial=self._initial(), **self._choices()), 200)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Propose it; a fault stands beside its field."""
        self.may_publish().enforce()
        form = ProposePolicyForm(request.POST, **self._choices())
        if "ask" in request.GET:
            return challenge_for(
                form, request, lambda by: ask_to_propose(by=by, **self._wish(form))
            )
        if not form.is_valid():
            return self._form(form, UNPROCESSABLE)
        try:
            proposal = propose(**self._wish(form), **given_proof(form))
        except NotAllowed as error:
            if error.field not in form.fields:
                raise
            show_refusal(form, error)
            return self._form(form, UNPROCESSABLE)
        except DomainError as error:
            if error.field in form.fields:
                return self._form(form, show_refusal(form, error))
            place = f"{error.field}: " if error.field else ""
            form.add_error("document", f"{place}{error.reason}")
            return self._form(form, error.status)
        return proposed(self, proposal)

    def _wish(self, form: ProposePolicyForm) -> dict[str, Any]:
        given = form.cleaned_data
        wish = {name: given[name] for name in ("name", "tier", "document")}
        return {
            "caller": self.caller,
            "kind": "policy",
            "wish": wish | {"team": given["team"] or None},
            "reason": given["reason"],
        }

    def _form(self, form: ProposePolicyForm, status: int) -> HttpResponse:
        return self.page("policies/publish.html", {"form": form}, status=status)

    def _teams(self) -> list[Team]:
        return [
            team for team in teams_of(self.caller) if rules.may_publish_policy(self.caller, team.pk)
        ]

    def _choices(self) -> dict[str, Any]:
        everybody = bool(rules.may_publish_policy(self.caller, None))
        asks = asks_of(self.caller, f"{self.request.path}?ask")
        return {"teams": self._teams(), "for_everybody": everybody, "asks": asks}

    def _initial(self) -> dict[str, Any]:
        seen = policies_seen_by(self.caller)
        wanted = self.request.GET.get("from", "")
        try:
            row = seen.filter(pk=UUID(wanted)).first() if wanted else None
        except ValueError:
            row = None
        if row is None:
            return {"tier": "medium", "document": as_yaml(PolicyVersion(document=_START))}
        team = row.team.slug if row.team else ""
        return {"name": row.name, "tier": row.tier, "team": team, "document": as_yaml(row)}


_START = DEFAULTS["medium"].as_dict()
