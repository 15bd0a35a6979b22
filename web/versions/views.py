"""The tabs that only show: card, signature, jobs, history."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from compliance.selectors import history_of
from governance.selectors import wanted_of_card
from registry.cards import FIELDS
from registry.jobs import jobs_seen_by
from registry.models import CardRevision
from registry.policies import may_contribute
from training.models import CompressionRun, TrainingRun
from web.audit.sentences import actor_of, sentence
from web.jobs.about import entries_of
from web.markdown import rendered_fields
from web.paging import newest_first
from web.playground.example import request_example
from web.versions.base import Tab

MOST_REVISIONS = 20


class Card(Tab):
    """The model card; `revision` shows an older one."""

    tab = "card"
    template = "versions/card.html"

    def context(self) -> dict[str, Any]:
        """The card with its Markdown rendered, and its revisions."""
        rows = CardRevision.objects.filter(version=self.version)
        revisions = list(rows.select_related("author__person").order_by("-revision"))
        wanted = self.request.GET.get("revision", "")
        chosen = next((row for row in revisions if str(row.revision) == wanted), None)
        card = chosen or (revisions[0] if revisions else None)
        content = card.content if card else {}
        asked = wanted_of_card(self.version)
        return {
            "card": card,
            "fields": rendered_fields(
                [(str(label), content.get(name, "")) for name, (label, _hint) in FIELDS.items()]
            ),
            "missing": [FIELDS[name][0] for name in asked if card and not content.get(name)],
            "is_wanted": bool(asked),
            "revisions": revisions[:MOST_REVISIONS],
            "may_edit": may_contribute(self.caller, self.version.model.team_id),
        }


class Signature(Tab):
    """What goes in and what comes out."""

    tab = "signature"
    template = "versions/signature.html"
    evidence = False

    def context(self) -> dict[str, Any]:
        """The schema and a request in its form."""
        signature = self.version.signature
        return {"signature": signature, "example": request_example(signature) if signature else ""}


class Jobs(Tab):
    """Jobs about the version, and the one that made it."""

    tab = "jobs"
    template = "versions/jobs.html"

    def context(self) -> dict[str, Any]:
        """Newest first."""
        about = Q(subject_type="version", subject_id=self.version.pk)
        made = _job_that_made(self.version.pk)
        rows = jobs_seen_by(self.caller).filter(about | Q(pk__in=made))
        listing = newest_first(rows, "created_at", self.request.GET.get("after", ""))
        return {"listing": listing, "entries": entries_of(listing.rows)}


def _job_that_made(version_id: Any) -> list[Any]:
    runs: Iterable[Any] = (TrainingRun, CompressionRun)
    found = [run.objects.filter(version_id=version_id).values_list("job_id") for run in runs]
    return [job for rows in found for (job,) in rows if job]


class History(Tab):
    """Everything that the audit log says of the version."""

    tab = "history"
    template = "versions/history.html"

    def context(self) -> dict[str, Any]:
        """Events with the names of persons, by two queries however many.

        Whoever reads this tab may open each of them in the log.
        """
        rows = history_of(self.caller, self.version)
        listing = newest_first(
            rows.defer("leaf", "leaf_hash"), "occurred_at", self.request.GET.get("after", "")
        )
        return {
            "listing": listing,
            "events": [
                {
                    "event": event,
                    "sentence": sentence(
                        event.action, actor_of(getattr(event, "actor_name", None))
                    ),
                }
                for event in listing.rows
            ],
        }
