"""A review as its page shows it: the frozen statement beside what is true now."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from evaluation.criteria import NOT_MEASURED, PASSED
from governance.evidence.gates import GateResult
from governance.evidence.statements import build_statement, what_changed
from governance.models import Review, ReviewState
from governance.policy.documents import Policy
from governance.policy.fields import SEALED_PLAN
from governance.selectors import statement_of
from registry.models import Evidence, ModelVersion
from registry.selectors import champion_of, version_by_digest
from web.templatetags import formats
from web.words import ABOUT_A_METRIC, gate_title, word

Json = Mapping[str, Any]
OPEN = (ReviewState.OPEN, ReviewState.QUORUM)
_ANCHORS = {
    SEALED_PLAN: "plan",
    "explanation": "explain",
    "explanation_shift": "explain",
    "validation_report": "validation",
    "parity": "parity",
    "card": "card",
    "admission": "files",
    "sandbox": "files",
    "size": "files",
    "mcnemar": "evaluation",
    "latency": "evaluation",
    "evidence_age": "evaluation",
}
_OF_GOVERNANCE = ("card", "licence", "lineage")
_OF_EVALUATION = (SEALED_PLAN, "mcnemar", "latency", "size", "evidence_age")
# What these looked at is not on the page of a review.
_NOWHERE = ("golden", "licence", "lineage")


@dataclass(frozen=True)
class Frozen:
    """The statement that persons sign, and the reports that it names by digest."""

    statement: dict[str, Any]
    reports: dict[str, dict[str, Any]]

    @classmethod
    def of(cls, review: Review) -> "Frozen":
        """Read both; the reports are those of the statement, not the newest ones."""
        statement = statement_of(review)
        digests = [item["digest"].removeprefix("sha256:") for item in statement["evidence"]]
        rows = Evidence.objects.filter(
            version=review.version_id,
            digest__in=digests,
            kind__in=("evaluation", "explanation", "parity"),
        )
        return cls(statement, {row.kind: json.loads(bytes(row.body)) for row in rows})


@dataclass(frozen=True)
class Now:
    """How the same version stands now: its gates, and which parts of the statement changed."""

    gates: dict[str, GateResult]
    changed: Sequence[str]

    @classmethod
    def of(cls, review: Review, frozen: Frozen) -> "Now":
        """A dry run under the review's own policy; nothing is written."""
        statement, gates = build_statement(
            review=review.pk,
            version=review.version,
            policy=review.policy,
            scope=frozen.statement["scope"],
        )
        return cls({gate.gate: gate for gate in gates}, what_changed(frozen.statement, statement))


def state_key(review: Review) -> str:
    """The review's state in the vocabulary of badges."""
    words = {ReviewState.OPEN.value: "in_review", ReviewState.QUORUM.value: "quorum_reached"}
    return words.get(review.state, review.state)


def gates_of(
    frozen: Frozen, now: Now, comments: Mapping[str, int], waivers: Sequence[Json]
) -> list[dict[str, Any]]:
    """The frozen gates for `{% gate_list %}`, each with its waiver and the dry run's sentence."""
    return [
        {
            **gate,
            "title": gate_title(gate["gate"]),
            "group": _group(gate["gate"]),
            "evidence": _evidence(gate, frozen.statement["evidence"]),
            "detail": _detail(gate, now.gates.get(gate["gate"])),
            "links": _links(gate, comments.get(gate["gate"], 0), frozen),
            "waiver": _waiver(gate, waivers),
        }
        for gate in sorted(frozen.statement["gates"], key=lambda gate: _group_order(gate["gate"]))
    ]


def _waiver(gate: Json, waivers: Sequence[Json]) -> Json | None:
    """The waiver of this finding: two floors of one metric are two gates of one name."""
    parts = ("gate", "state", "measured", "limit")
    same = (w for w in waivers if all(w["finding"][part] == gate[part] for part in parts))
    return next(same, None)


def _group_order(name: str) -> int:
    if name.partition(":")[0] in (*ABOUT_A_METRIC, *_OF_EVALUATION):
        return 1
    return 2 if name in _OF_GOVERNANCE else 0


def _group(name: str) -> str:
    return (_("Integrity and evidence"), _("Evaluation"), _("Governance"))[_group_order(name)]


def measured_in_words(gate: Json) -> str:
    """What the gates of the card and of the check of the file measured; empty for the others."""
    measured = gate["measured"]
    if gate["gate"] == "card" and isinstance(measured, int):
        return _("%(n)s required fields are empty") % {"n": measured}
    if gate["gate"] in ("admission", "sandbox") and isinstance(measured, str):
        words = {"how": word(measured, "level"), "least": word(gate["limit"], "level")}
        if gate["limit"]:
            return _("confined %(how)s · at least %(least)s") % words
        return _("confined %(how)s") % words
    return ""


def _evidence(gate: Json, evidence: Sequence[Json]) -> str:
    """What stands beside the gate's name; empty where measured value and limit say it."""
    name = gate["gate"]
    if said := measured_in_words(gate):
        return said
    digests = [item["digest"] for item in evidence if item["kind"] == name]
    if digests and not gate["limit"]:
        return formats.short_digest(digests[0])
    return ""


def _detail(gate: Json, live: GateResult | None) -> str:
    if live is None:
        return _("This gate is no longer asked for.")
    if live.as_statement() == gate:
        return live.reason
    return _("This has changed since the submission. Now: %(reason)s") % {"reason": live.reason}


def _links(gate: Json, comments: int, frozen: Frozen) -> list[tuple[str, str]]:
    name = gate["gate"]
    about = name.partition(":")[0]
    anchor = "evaluation" if about in ABOUT_A_METRIC else _ANCHORS.get(name, name)
    if anchor not in frozen.reports and name == "evidence_age":
        anchor = "validation"  # what ages of a version that is run elsewhere
    has_part = name not in _NOWHERE and gate["state"] != NOT_MEASURED
    links = [(_("See the evidence"), f"#{anchor}")] if has_part else []
    say = _("Comment (%(n)s so far)") % {"n": comments} if comments else _("Comment")
    return [*links, (say, f"?anchor={name}#comment")]


def counts_of(gates: Sequence[Json]) -> dict[str, int]:
    """How many gates the statement has, and how many of them passed."""
    passed = sum(gate["state"] == PASSED for gate in gates)
    return {"all": len(gates), "passed": passed, "attention": len(gates) - passed}


def floors_of(policy: Policy) -> dict[str, float]:
    """The policy's limits by metric."""
    return {floor.metric: floor.limit for floor in policy.metrics}


def compared_with(review: Review, frozen: Frozen) -> ModelVersion | None:
    """The champion that the evaluation was measured against, as the report names it."""
    comparison = frozen.reports.get("evaluation", {}).get("comparison")
    if not comparison:
        return None
    return version_by_digest(review.version.model, comparison["champion"]["digest"])


def report_on_same_rows(champion: ModelVersion | None, report: Json) -> dict[str, Any] | None:
    """The champion's own newest evaluation of the same snapshot: its curves and its matrix."""
    if champion is None:
        return None
    for row in champion.evidence.filter(kind="evaluation").order_by("-created_at")[:10]:
        body: dict[str, Any] = json.loads(bytes(row.body))
        if body["dataset"]["digest"] == report["dataset"]["digest"]:
            return body
    return None


def base_of(review: Review, champion: ModelVersion | None) -> ModelVersion | None:
    """The version whose differences a reviewer wants to see: parent, champion, none."""
    version = review.version
    if version.parent_id:
        return version.parent
    found = champion or champion_of(version.model)
    return found if found and found.pk != version.pk else None
