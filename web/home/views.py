"""Waiting for me: what needs this person, oldest first; and the palette's search."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.callers import Caller
from accounts.selectors import proposals_waiting_for, teams_of
from compliance.retention.waiting import due_for
from governance.approvals.moves import TOLD_FOR, changes_told_to
from governance.emergencies.selectors import awaiting_review, state_of
from governance.findings.selectors import overdue_seen_by, waiting_for
from governance.models import Review, ReviewState, SignDecision
from governance.policy.validity import RENEWAL, ending_seen_by
from governance.reviewing.waiting import reviews_waiting_for
from governance.selectors import reviews_seen_by, statement_of
from registry.models import ModelVersion, RegisteredModel, Status
from registry.register.revalidation import waiting_for_owner
from registry.selectors import matching, models_of
from web.base import PageView
from web.findings.presenting import shown
from web.jobs.about import entries_of
from web.proposals.presenting import titles_of
from web.register.entries import line_of
from web.reviews.assigned import assigned
from worker.models import Job
from worker.models import Status as JobStatus

MOST_REVIEWS = 50
MOST_LINES = 10
FAILED_DAYS = 14
MOST_FOUND = 8


class Home(PageView):
    """The first page after signing in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        now, waiting = timezone.now(), reviews_waiting_for(self.caller, MOST_REVIEWS)
        findings = shown(waiting_for(self.caller)[:MOST_LINES])
        proposals = proposals_waiting_for(self.caller)
        revalidations = list(waiting_for_owner(self.caller)[:MOST_LINES])
        to_review = list(awaiting_review(self.caller)[:MOST_LINES])
        due = due_for(self.caller, now)
        request.nav_counts = {  # type: ignore[attr-defined]
            "web:home": sum(
                len(rows) for rows in (waiting, proposals, findings, to_review, revalidations, due)
            ),
            "web:proposals": len(proposals),
        }
        titles = titles_of(proposals)
        context = {
            "proposals": [(row, titles[row.pk]) for row in proposals],
            "waiting": [_entry(review) for review in waiting],
            "mine": [_entry(review) for review in _opened_by(self.caller)],
            "ending": ending_seen_by(self.caller, now, now + RENEWAL)[:MOST_LINES],
            "ending_days": RENEWAL.days,
            "to_settle": findings,
            "emergencies_to_review": [(row, state_of(row, now)) for row in to_review],
            "revalidations": [line_of(model) for model in revalidations],
            "due": due[:MOST_LINES],
            "changes": changes_told_to(self.caller, now),
            "changes_days": TOLD_FOR.days,
            "overdue": shown(overdue_seen_by(self.caller)[:MOST_LINES]),
            "failed": entries_of(_failed_jobs(self.caller)),
            "failed_days": FAILED_DAYS,
            "drafts": _drafts(self.caller),
            "has_team": bool(self.caller.teams),
            "teams_are_there": teams_of(self.caller).exists(),
            "has_models": models_of(self.caller).exists(),
        }
        return self.page("home/home.html", context)


def _opened_by(caller: Caller) -> QuerySet[Review]:
    return (
        reviews_seen_by(caller)
        .filter(opened_by__person=caller.person_id)
        .filter(state__in=(ReviewState.OPEN, ReviewState.QUORUM, ReviewState.CHANGES_REQUESTED))
        .order_by("opened_at", "pk")[:MOST_LINES]
    )


def _entry(review: Review) -> dict[str, Any]:
    statement = statement_of(review)
    approvals = [s for s in review.signatures.all() if s.decision == SignDecision.APPROVE]
    words = {ReviewState.OPEN.value: "in_review", ReviewState.QUORUM.value: "quorum_reached"}
    return {
        "review": review,
        "state": words.get(review.state, review.state),
        "gates": len(statement["gates"]),
        "passed": sum(gate["state"] == "passed" for gate in statement["gates"]),
        "approvals": len(approvals),
        "wanted": statement["signers_required"],
        "mine": getattr(review, "mine", False),
        **assigned(review),
    }


def _failed_jobs(caller: Caller) -> QuerySet[Job]:
    return Job.objects.filter(
        requested_by_id=caller.user.pk,
        status=JobStatus.FAILED,
        finished_at__gt=timezone.now() - timedelta(days=FAILED_DAYS),
    ).order_by("-finished_at", "pk")[:MOST_LINES]


def _drafts(caller: Caller) -> QuerySet[ModelVersion]:
    return (
        ModelVersion.objects.filter(
            created_by__person=caller.person_id,
            status__in=(Status.DRAFT, Status.CHANGES_REQUESTED),
            model__team_id__in=caller.teams,
        )
        .select_related("model")
        .prefetch_related("aliases")
        .defer("manifest")
        .order_by("created_at", "pk")[:MOST_LINES]
    )


class Palette(PageView):
    """Models and versions for the command palette."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """{"results": [{"label", "url", "kind"}]}; a number after the name chooses a version."""
        words = request.GET.get("q", "").replace("\x00", "")[:200].split()
        number = words.pop().lstrip("v") if len(words) > 1 else ""
        if number and not (number.isdecimal() and len(number) < 7):
            words, number = [*words, number], ""
        found = matching(models_of(self.caller), " ".join(words))[:MOST_FOUND] if words else []
        results = _versions(list(found), int(number)) if number else [_model(m) for m in found]
        return JsonResponse({"results": results})


def _model(model: RegisteredModel) -> dict[str, str]:
    url = reverse("web:model", args=[model.name])
    return {"label": model.name, "url": url, "kind": _("model")}


def _versions(models: list[RegisteredModel], number: int) -> list[dict[str, str]]:
    rows = ModelVersion.objects.filter(model__in=models, number=number).select_related("model")
    return [
        {
            "label": f"{row.model.name} v{row.number}",
            "url": reverse("web:version", args=[row.model.name, row.number]),
            "kind": _("version"),
        }
        for row in rows.defer("manifest").order_by("model__name")
    ]
