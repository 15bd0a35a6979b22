"""Who signed, who might, and what was approved: each review re-derived as of its approval.

The same comparisons of statement and envelope as in the verifier of bundles (`trust`).
"""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from itertools import chain, islice
from uuid import UUID

from django.db.models import Prefetch

from accounts.passkeys.records import logged_proofs
from accounts.proposals.two_persons import granted_alone
from audit.actions import Action
from audit.findings import Finding
from audit.models import AuditEvent
from compliance.verification.gates import Reasked
from governance.findings.log import TOLD
from governance.findings.models import FindingAmendment
from governance.keys.recorded import recorded_of
from governance.models import Approval, Review, Revocation, Signature, Waiver
from governance.models import Finding as ReviewFinding
from registry.models import Evidence
from trust.approval import Approval as SignedApproval
from trust.approval import artifact_digests_of, read_approval
from trust.bundle_approvals import beyond_the_policy, compare_statement, version_names
from trust.bundle_conditions import FindingRecords, wrong_with_findings
from trust.bundle_seal import parse_event
from trust.bundle_waivers import wrong_with_gates
from trust.elsewhere import rules_for
from trust.errors import TrustError
from trust.fields import JsonObject, as_object, read_count, read_object, read_objects, read_texts
from trust.findings import FindingLog
from trust.keys import TrustedKeys
from trust.methods import OIDC, PASSKEY
from trust.passkeys import (
    ASSERTION,
    REVOKE,
    REVOKE_WORDS,
    SIGN,
    SIGN_WORDS,
    WAIVE,
    WAIVE_WORDS,
    wrong_with_method,
    wrong_with_proof,
)
from trust.sign_ins import SIGN_IN
from trust.strict_json import parse_strict
from trust.times import format_moment
from trust.waivers import NamedWaiver

_CHUNK = 100
Given = tuple[str, str]
"""(person, team)"""


class History:
    """Roles, logins, waivers and findings of some reviews as the log tells them, at any moment.

    Seven queries, for a chunk of reviews at a time.
    """

    def __init__(self, chunk: list[Review]) -> None:
        signatures = [s for review in chunk for s in review.signatures.all()]
        persons = {str(signature.person_id) for signature in signatures}
        logins = {str(signature.user_id) for signature in signatures}
        self._roles: dict[Given, list[tuple[datetime, str, bool]]] = defaultdict(list)
        rows = AuditEvent.objects.filter(
            action__in=(Action.ROLE_GRANTED.value, Action.ROLE_REMOVED.value),
            subject_type="person",
            subject_id__in=persons,
        ).order_by("pk")
        given_alone = granted_alone(rows)
        for event in rows.iterator(chunk_size=1000):
            if event.pk in given_alone:
                continue
            given = event.action == Action.ROLE_GRANTED
            key = (event.subject_id, str(event.payload.get("team")))
            self._roles[key].append((event.occurred_at, str(event.payload.get("role")), given))
        told = AuditEvent.objects.filter(
            action__in=(Action.USER_DEACTIVATED.value, Action.USER_REOPENED.value),
            subject_type="user",
            subject_id__in=logins,
        ).order_by("pk")
        self._opened: dict[str, list[tuple[datetime, bool]]] = defaultdict(list)
        for login, at, action in told.values_list("subject_id", "occurred_at", "action"):
            self._opened[login].append((at, action == Action.USER_REOPENED))
        self._read_waivers(chunk)
        self._read_findings(chunk)
        self.passkeys = logged_proofs(self._proving(chunk))

    @staticmethod
    def _proving(chunk: list[Review]) -> set[UUID]:
        """Persons whose passkeys may have signed something of these reviews."""
        versions = [review.version_id for review in chunk]
        waived = Waiver.objects.filter(version__in=versions).values_list("person", flat=True)
        revoked = Revocation.objects.filter(approval__version__in=versions)
        revoking = revoked.exclude(by=None).values_list("by__person", flat=True)
        signed = {signature.person_id for review in chunk for signature in review.signatures.all()}
        return signed | set(waived) | set(revoking)

    def _read_waivers(self, chunk: list[Review]) -> None:
        rows = Waiver.objects.filter(version__in=[review.version_id for review in chunk])
        self.waivers = {
            f"sha256:{digest}": bytes(body) for digest, body in rows.values_list("digest", "record")
        }
        told = AuditEvent.objects.filter(
            action__in=(Action.WAIVER_GIVEN.value, Action.WAIVER_WITHDRAWN.value),
            subject_type="version",
            subject_id__in=[str(review.version_id) for review in chunk],
        ).order_by("-pk")
        self.waived: dict[str, str] = {}
        self.waivers_withdrawn: dict[str, datetime] = {}
        for event in told:
            digest = str(event.payload.get("waiver"))
            if event.action == Action.WAIVER_GIVEN:
                self.waived[digest] = str(event.person_id)
            else:
                self.waivers_withdrawn[digest] = event.occurred_at

    def _read_findings(self, chunk: list[Review]) -> None:
        versions = [review.version_id for review in chunk]
        rows = ReviewFinding.objects.filter(version__in=versions)
        amended = FindingAmendment.objects.filter(finding__version__in=versions)
        self._findings = {
            f"sha256:{digest}": bytes(body)
            for digest, body in chain(*(r.values_list("digest", "record") for r in (rows, amended)))
        }
        told = AuditEvent.objects.filter(
            action__in=(*TOLD, Action.VERSION_APPROVED.value),
            subject_type="version",
            subject_id__in=[str(version) for version in versions],
        ).order_by("pk")
        self.findings = FindingLog()
        for leaf in told.values_list("leaf", flat=True).iterator(chunk_size=1000):
            try:
                self.findings.add(parse_event(bytes(leaf)))
            except TrustError:
                # The finding of the check of the log, or of that of rows and events.
                continue

    def finding(self, digest: str) -> JsonObject | None:
        """The record of a finding or an amendment; an empty one where it is not in the table."""
        return _said(self._findings.get(digest, b""))

    def waiver(self, named: NamedWaiver) -> JsonObject | None:
        """The record of a waiver; an empty one where it is not in the table."""
        return _said(self.waivers.get(named.digest, b""))

    def roles(self, person: str, team: str, at: datetime) -> set[str]:
        """The roles that the person had then."""
        held: set[str] = set()
        for since, role, given in self._roles[person, team]:
            if since <= at:
                held = held | {role} if given else held - {role}
        return held

    def was_open(self, login: str, since: datetime, until: datetime) -> bool:
        """Whether the login was open then, and was not closed meanwhile."""
        is_open = True
        for at, opened in self._opened[login]:
            if at <= since:
                is_open = opened
            elif at <= until and not opened:
                return False
        return is_open


def reviews(keys: TrustedKeys) -> Iterator[Finding]:
    """Signatures and approvals of every review; `keys` are the trusted approval keys."""
    rows = iter(
        Review.objects.select_related(
            "version__model", "policy", "approval__version", "approval__revocation__by"
        )
        .prefetch_related(
            Prefetch("signatures", Signature.objects.order_by("at", "pk")),
            "version__contributors",
            Prefetch("version__evidence", Evidence.objects.defer("body")),
            "version__cards",
        )
        .order_by("pk")
        .iterator(chunk_size=_CHUNK)
    )
    while chunk := list(islice(rows, _CHUNK)):
        history, reasked = History(chunk), Reasked(chunk)
        for review in chunk:
            yield from _signatures(review, history)
            yield from _evidence(review)
            if hasattr(review, "approval"):
                for why in _approval(review, review.approval, keys, history, reasked):
                    yield Finding("approval", str(review.approval.pk), why)
                for why in _revocation(review.approval, history):
                    yield Finding("revocation", str(review.approval.pk), why)
        yield from _waivers(history)


def _waivers(history: History) -> Iterator[Finding]:
    """What proves waivers, whether an approval rests on them or not."""
    for digest, body in history.waivers.items():
        for why in wrong_with_proof(_said(body), WAIVE, WAIVE_WORDS, history.passkeys):
            yield Finding("waiver", digest, f"{why}.")


def _revocation(approval: Approval, history: History) -> Iterator[str]:
    """What a passkey signed, or a provider said, for what revoked, if so."""
    revocation = getattr(approval, "revocation", None)
    if revocation is None or revocation.assertion is None or revocation.by is None:
        return
    proof = _said(revocation.assertion)
    method, held = (OIDC, SIGN_IN) if "identity" in proof else (PASSKEY, ASSERTION)
    record: JsonObject = {
        "method": method,
        held: proof,
        "person": str(revocation.by.person_id),
        "user": str(revocation.by_id),
        "version_digest": f"sha256:{approval.version.digest}",
        "reason": revocation.reason,
        "at": format_moment(revocation.at),
    }
    for why in wrong_with_proof(record, REVOKE, REVOKE_WORDS, history.passkeys):
        yield f"{why}."


def _signatures(review: Review, history: History) -> Iterator[Finding]:
    previous = None
    for signature in review.signatures.all():
        for hand in review.version.contributors.all():
            if hand.person_id == signature.person_id and hand.at <= signature.at:
                why = "its person had a hand in the version."
                yield Finding("signature", str(signature.pk), why)
                break
        said = _said(signature.record)
        for why in wrong_with_proof(said, SIGN, SIGN_WORDS, history.passkeys):
            yield Finding("signature", str(signature.pk), f"{why}.")
        if said.get("previous") != previous:
            yield Finding("signature", str(signature.pk), "it does not follow the one before it.")
        previous = f"sha256:{signature.digest}"


def _evidence(review: Review) -> Iterator[Finding]:
    stored = {(row.kind, f"sha256:{row.digest}") for row in review.version.evidence.all()}
    stored |= {("card", f"sha256:{row.digest}") for row in review.version.cards.all()}
    listed = _said(review.statement).get("evidence")
    for item in listed if isinstance(listed, list) else []:
        if (item.get("kind"), item.get("digest")) not in stored:
            why = f"the evidence {item.get('kind')!r} that it lists is not in the table."
            yield Finding("review", str(review.pk), why)


def _said(body: bytes | memoryview) -> JsonObject:
    # What cannot be read is the finding of another check.
    try:
        return as_object(parse_strict(bytes(body)), "the document")
    except TrustError:
        return {}


def _approval(
    review: Review, row: Approval, keys: TrustedKeys, history: History, reasked: Reasked
) -> Iterator[str]:
    if sha256(bytes(row.envelope)).hexdigest() != row.envelope_digest:
        yield f"its bytes do not have its digest sha256:{row.envelope_digest}."
    found: list[str] = []
    try:
        signed = read_approval(bytes(row.envelope), keys, recorded_of(row))
        statement = as_object(parse_strict(bytes(review.statement)), "the statement")
        manifest = as_object(parse_strict(bytes(review.version.manifest)), "the manifest")
        yield from _columns(review, row, signed, manifest)
        compare_statement(statement, signed, manifest, found.append)
        yield from _scope(review, signed)
        yield from _gates(review, signed, statement, history, reasked)
        yield from _findings(review, signed, statement, history)
        yield from _quorum(review, signed, statement, history)
    except TrustError as error:
        yield f"it cannot be trusted: {error}."
    for why in found:
        yield f"{why}."


def _columns(
    review: Review, row: Approval, signed: SignedApproval, manifest: JsonObject
) -> Iterator[str]:
    listed = tuple(read_objects(manifest, "artifacts"))
    golden = {e.get("digest") for e in signed.evidence if e.get("kind") == "golden"}
    same = {
        "id": signed.id == str(row.pk),
        "review": signed.review == str(row.review_id),
        "version": row.version_id == review.version_id
        and signed.version_digest == f"sha256:{review.version.digest}",
        "statement": signed.statement_digest == f"sha256:{review.statement_digest}",
        "policy": signed.policy_digest == f"sha256:{review.policy.digest}",
        "name": signed.subject_name in version_names(manifest),
        "artifacts": artifact_digests_of(signed.artifacts) == artifact_digests_of(listed),
        "golden rows": signed.golden_digest in (golden or {None}),
        "beginning": signed.issued_at == row.issued_at,
        "end": signed.not_after == row.not_after,
    }
    for part, holds in same.items():
        if not holds:
            yield f"the {part} in the table is not the one that was signed."


def _scope(review: Review, signed: SignedApproval) -> Iterator[str]:
    policy = as_object(parse_strict(bytes(review.policy.body)), "the policy")
    for why in beyond_the_policy(signed, policy):
        yield f"{why}."


def _gates(
    review: Review,
    signed: SignedApproval,
    statement: JsonObject,
    history: History,
    reasked: Reasked,
) -> Iterator[str]:
    whole = as_object(parse_strict(bytes(review.policy.body)), "the policy")
    policy = rules_for(whole, elsewhere=signed.elsewhere)
    for problem in wrong_with_gates(statement, policy, signed, history, history.waiver):
        named = f"of the waiver {problem.waiver.digest}: " if problem.waiver else ""
        yield f"{named}{problem.why}."
    yield from reasked.wrong(review, signed, statement, policy)


def _findings(
    review: Review, signed: SignedApproval, statement: JsonObject, history: History
) -> Iterator[str]:
    records = {f"sha256:{s.digest}": bytes(s.record) for s in review.signatures.all()}

    def signature(digest: str) -> JsonObject | None:
        return _said(records[digest]) if digest in records else None

    found = FindingRecords(history.finding, history.finding, signature)
    for problem in wrong_with_findings(statement, signed, history.findings, found):
        about = problem.finding or problem.signature
        yield f"of {about}: {problem.why}." if about else f"{problem.why}."


def _quorum(
    review: Review, signed: SignedApproval, statement: JsonObject, history: History
) -> Iterator[str]:
    known = {f"sha256:{s.digest}": s for s in review.signatures.all()}
    team, at = str(review.version.model.team_id), signed.issued_at
    policy = as_object(parse_strict(bytes(review.policy.body)), "the policy")
    wanted = read_object(policy, "signers")
    roles = set(read_texts(wanted, "roles"))
    persons: list[str] = []
    for digest in signed.signatures:
        signature = known.get(digest)
        if signature is None:
            yield f"the signature {digest} that it counts is not one of its review."
            continue
        person = str(signature.person_id)
        said = _said(signature.record)
        unproved = list(wrong_with_method(said, policy, SIGN, SIGN_WORDS, history.passkeys))
        if signature.decision != "approve":
            yield f"the signature {digest} that it counts does not approve."
        elif not history.roles(person, team, at) & roles:
            yield f"{person} had no role that signs when it was given."
        elif unproved:
            yield f"the signature {digest} does not count: {unproved[0]}."
        elif not history.was_open(str(signature.user_id), signature.at, at):
            yield f"the login of {person} was closed when it was given, or before."
        else:
            persons.append(person)
    if sorted(persons) != sorted(signed.signers) or len(set(persons)) != len(persons):
        yield "the persons whom it names are not those who signed."
    needed = max(1, read_count(statement, "signers_required"), read_count(wanted, "count"))
    if len(set(persons)) < needed:
        yield f"{len(set(persons))} persons counted when it was given, {needed} were required."
