"""Who did what in a review: signatures, contributors and the discussion, in the order of time."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from django.utils.translation import gettext as _

from governance.models import Review, ReviewState, Signature, SignDecision, Waiver
from governance.policies import HANDS
from registry.models import ModelVersion
from web.reviews.assigned import moves_of
from web.vocabulary import spoken
from web.words import gate_title, word

_BADGES = {
    SignDecision.APPROVE: "approved",
    SignDecision.REQUEST_CHANGES: "changes_requested",
    SignDecision.REJECT: "rejected",
}


@dataclass(frozen=True)
class Signed:
    """A signature with what stands in its record."""

    row: Signature
    meaning: str
    method: str
    conditions: list[str]

    @classmethod
    def of(cls, row: Signature, findings: Mapping[str, str]) -> "Signed":
        """Read the record's own words, not those of today's program.

        `findings` names findings by digest: the conditions that the signer accepted.
        """
        record = json.loads(bytes(row.record))
        accepted = record.get("annex", {}).get("conditions", [])
        names = [findings.get(entry["digest"], entry["digest"]) for entry in accepted]
        return cls(row, record["meaning"], word(record["method"], "proof"), names)

    @property
    def badge(self) -> str:
        """The state whose look the decision has."""
        return _BADGES[SignDecision(self.row.decision)]

    @property
    def role(self) -> str:
        """The role in which the person signed."""
        return word(self.row.role, "role")


def waived(waiver: Waiver) -> dict[str, Any]:
    """A waiver for the row of its gate and the table of waivers, in its record's own words."""
    record = json.loads(bytes(waiver.record))
    return {
        "row": waiver,
        "title": gate_title(waiver.gate),
        "finding": record["finding"],
        "meaning": record["meaning"],
        "method": word(record["method"], "proof"),
        "name": waiver.printed_name,
        "role": word(waiver.role, "role"),
        "reason": waiver.reason,
        "not_after": waiver.not_after,
    }


def signed_by(review: Review, findings: Mapping[str, str]) -> list[Signed]:
    """The signatures of a review in the order of time; `findings` are names by digest."""
    rows = sorted(review.signatures.all(), key=lambda row: row.at)
    return [Signed.of(row, findings) for row in rows]


def contributors_of(version: ModelVersion) -> list[dict[str, str]]:
    """{"name", "did"}: persons who had a hand in the version, with everything that they did."""
    found: dict[str, list[str]] = {}
    rows = version.contributors.select_related("person").order_by("at", "pk")
    for row in rows:
        found.setdefault(row.person.name, []).append(spoken(HANDS.get(row.reason, row.reason)))
    return [{"name": name, "did": ", ".join(did)} for name, did in found.items()]


def timeline_of(
    review: Review, threads: Iterable[dict[str, Any]], signed: Iterable[Signed]
) -> list[dict[str, Any]]:
    """Everything that was said and done: threads, and events for `{% timeline_item %}`."""
    items: list[dict[str, Any]] = [_opened(review)]
    items += threads
    items += [_signed(entry) for entry in signed]
    items += moves_of(review)
    items += _ended(review)
    return sorted(items, key=itemgetter("at"))


def _opened(review: Review) -> dict[str, Any]:
    return {
        "person": review.opened_by.person.name,
        "text": _("opened the review and froze the statement"),
        "digest": f"sha256:{review.statement_digest}",
        "at": review.opened_at,
        "icon": "up",
    }


def _signed(entry: Signed) -> dict[str, Any]:
    words = {
        SignDecision.APPROVE: _("signed an approval"),
        SignDecision.REQUEST_CHANGES: _("signed a request for changes"),
        SignDecision.REJECT: _("signed a rejection"),
    }
    return {
        "person": entry.row.printed_name,
        "text": words[SignDecision(entry.row.decision)],
        "digest": f"sha256:{entry.row.digest}",
        "at": entry.row.at,
        "icon": "sign",
        "tone": "ok" if entry.row.decision == SignDecision.APPROVE else "",
    }


def _ended(review: Review) -> list[dict[str, Any]]:
    if review.closed_at is None:
        return []
    text = {
        ReviewState.APPROVED: _("The notary derived the quorum again and signed the approval"),
        ReviewState.CHANGES_REQUESTED: _("The review ended: changes were requested"),
        ReviewState.REJECTED: _("The review ended: the version was rejected"),
        ReviewState.WITHDRAWN: _("The review was withdrawn"),
    }
    tone = "ok" if review.state == ReviewState.APPROVED else ""
    return [
        {
            "text": text.get(ReviewState(review.state), review.get_state_display()),
            "at": review.closed_at,
            "icon": "check" if tone else "archive",
            "tone": tone,
        }
    ]
