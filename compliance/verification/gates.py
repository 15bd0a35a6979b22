"""The gates of approvals, asked again from the stored reports and what the log tells of them."""

from collections import defaultdict
from collections.abc import Iterator

from audit.actions import Action
from audit.models import AuditEvent
from governance.models import Review
from registry.models import Evidence
from trust.approval import Approval as SignedApproval
from trust.bundle_gates import Evidenced, asks_again, evidence_of, unfounded
from trust.bundle_log import LogFacts
from trust.bundle_seal import parse_event
from trust.elsewhere import ASKED_ELSEWHERE
from trust.errors import TrustError
from trust.fields import JsonObject, as_object
from trust.strict_json import parse_strict

_OF_VERSIONS = (Action.EVALUATION_COMPLETED.value, Action.EXPLANATION_COMPLETED.value)
_OF_MODELS = (
    Action.MODEL_REGISTERED.value,
    Action.MODEL_CHANGED.value,
    Action.ALIAS_MOVED.value,
)


class Reasked:
    """What the gates of some reviews were asked about. Three queries, however many there are."""

    def __init__(self, chunk: list[Review]) -> None:
        asked = [review for review in chunk if hasattr(review, "approval") and _asks(review)]
        self.facts = LogFacts()
        self._reports: dict[tuple[str, str], JsonObject] = defaultdict(dict)
        if not asked:
            return
        self._read_events("version", _OF_VERSIONS, {str(r.version_id) for r in asked})
        self._read_events("model", _OF_MODELS, {str(r.version.model_id) for r in asked})
        rows = Evidence.objects.filter(
            version__in=[review.version_id for review in asked],
            digest__in={digest[7:] for r in asked for digest in _named(r).values()},
        )
        for version, digest, body in rows.values_list("version_id", "digest", "body"):
            self._reports[str(version), f"sha256:{digest}"] = _parsed(bytes(body))

    def _read_events(self, kind: str, actions: tuple[str, ...], subjects: set[str]) -> None:
        rows = AuditEvent.objects.filter(
            action__in=actions, subject_type=kind, subject_id__in=subjects
        ).order_by("pk")
        for leaf in rows.values_list("leaf", flat=True).iterator(chunk_size=1000):
            try:
                self.facts.add_gates(parse_event(bytes(leaf)))
            except TrustError:
                # An event that cannot be read is the finding of another check.
                continue

    def wrong(
        self, review: Review, signed: SignedApproval, statement: JsonObject, policy: JsonObject
    ) -> Iterator[str]:
        """The gates of the review that do not follow from what they were asked about."""
        if not asks_again(policy):
            return
        digests = evidence_of(statement)
        version = str(review.version_id)
        reports = {kind: self._reports[version, digest] for kind, digest in digests.items()}
        manifest = as_object(parse_strict(bytes(review.version.manifest)), "the manifest")
        about = Evidenced(
            statement,
            policy,
            manifest,
            {kind: report for kind, report in reports.items() if report},
            digests,
        )
        for problem in unfounded(about, signed, self.facts):
            yield f"{problem}."


def _asks(review: Review) -> bool:
    """Whether any gate of the policy is asked again, of whatever kind the version is."""
    policy = _parsed(bytes(review.policy.body))
    return ASKED_ELSEWHERE in policy or asks_again(policy)


def _named(review: Review) -> dict[str, str]:
    try:
        return evidence_of(_parsed(bytes(review.statement)))
    except TrustError:
        return {}


def _parsed(body: bytes) -> JsonObject:
    # What cannot be read is the finding of another check.
    try:
        return as_object(parse_strict(body), "the document")
    except TrustError:
        return {}
