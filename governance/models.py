"""May it be used: policies, reviews, signatures, approvals and revocations."""

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Proposal, Team
from governance.attachments import models as attachments  # noqa: F401 - Django looks for tables here
from governance.findings import models as findings  # noqa: F401 - and here
from governance.reviewing import models as reviewing  # noqa: F401 - and here
from governance.splits import models as splits  # noqa: F401 - and here
from governance.validating import models as validating  # noqa: F401 - and here
from governance.waiting import models as waiting  # noqa: F401 - and here
from registry.models import ModelVersion, RiskTier


class PolicyVersion(models.Model):
    """An immutable revision of an approval policy; the newest one of a tier is in force.

    A policy without a team serves every team that has none of its own.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.SlugField(max_length=64)
    revision = models.PositiveIntegerField()
    tier = models.CharField(max_length=8, choices=RiskTier.choices)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    document = models.JSONField()
    body = models.BinaryField()
    digest = models.CharField(max_length=64)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(auto_now_add=True)
    proposal = models.OneToOneField(
        Proposal, null=True, on_delete=models.PROTECT, related_name="policy"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "name", "revision"],
                name="policy_revision_once",
                nulls_distinct=False,
            ),
        ]


class ReviewState(models.TextChoices):
    """Where a review stands."""

    OPEN = "open", _("In review")
    QUORUM = "quorum", _("Quorum reached")
    APPROVED = "approved", _("Approved")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    REJECTED = "rejected", _("Rejected")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Review(models.Model):
    """A request to approve a version: the statement, frozen, and what became of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="reviews")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    statement = models.BinaryField()
    statement_digest = models.CharField(max_length=64, unique=True)
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    opened_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=20, choices=ReviewState.choices, default=ReviewState.OPEN)
    closed_at = models.DateTimeField(null=True)
    notary_note = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(state__in=["open", "quorum"]),
                name="one_open_review",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ReviewState.values), name="review_state_known"
            ),
        ]


class Comment(models.Model):
    """A remark in a review, at a gate, section or figure where `anchor` names one, or a reply.

    Replies are one level deep: a trigger holds that `parent` begins a thread of the same review.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    body = models.TextField(max_length=4000)
    anchor = models.CharField(max_length=64, blank=True)
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="replies")
    at = models.DateTimeField(auto_now_add=True)


class Severity(models.TextChoices):
    """How much depends on what a reviewer found."""

    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")


class FindingEffect(models.TextChoices):
    """What a finding that is not closed does to an approval."""

    BLOCKING = "blocking", _("Blocks the approval")
    CONDITION = "condition", _("Condition that follows the approval")


class Finding(models.Model):
    """What a reviewer found in a version; whoever owns it answers by the day named.

    Its state is what its moves say; the triggers refuse contributors, and any change.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="findings")
    number = models.PositiveIntegerField()
    severity = models.CharField(max_length=8, choices=Severity.choices)
    effect = models.CharField(max_length=16, choices=FindingEffect.choices)
    anchor = models.CharField(max_length=64, blank=True)
    text = models.TextField(max_length=4000)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="owned_findings")
    due_on = models.DateField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="raised_findings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="finding_number_once"),
        ]


class Move(models.TextChoices):
    """What somebody did with a finding."""

    ANSWERED = "answered", _("Answered")
    CLOSED = "closed", _("Closed")
    REOPENED = "reopened", _("Reopened")


class FindingMove(models.Model):
    """An answer to a finding, its closing or reopening; each names the one before it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="moves")
    position = models.PositiveIntegerField()
    move = models.CharField(max_length=16, choices=Move.choices)
    text = models.TextField(max_length=4000)
    evidence = models.JSONField(default=list)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "position"], name="finding_move_once"),
        ]


class ReviewLook(models.Model):
    """That a reviewer has seen a statement, and when first."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="looks")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "person"], name="one_look_per_person"),
        ]


class SignDecision(models.TextChoices):
    """What a signer says."""

    APPROVE = "approve", _("Approve")
    REQUEST_CHANGES = "request_changes", _("Request changes")
    REJECT = "reject", _("Reject")


class Signature(models.Model):
    """A person's signature under a statement and what stood beside it, its annex.

    The trigger refuses contributors.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="signatures")
    statement_digest = models.CharField(max_length=64)
    annex_digest = models.CharField(max_length=64, blank=True, db_default="")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    decision = models.CharField(max_length=16, choices=SignDecision.choices)
    reason = models.TextField(max_length=4000)
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=64)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement_digest", "annex_digest", "person"],
                name="one_signature_per_person",
            ),
            models.CheckConstraint(
                condition=models.Q(salt__regex="^[0-9a-f]{64}$"), name="signature_salt_is_hex"
            ),
        ]


class Waiver(models.Model):
    """A person's word that one finding of a gate shall not stop a version, until `not_after`.

    The trigger refuses contributors, gates that the policy keeps, and what outlives an approval.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="waivers")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    gate = models.CharField(max_length=64)
    state = models.CharField(max_length=16)
    measured = models.JSONField(null=True)
    reason = models.TextField(max_length=4000)
    not_after = models.DateTimeField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="waivers")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    salt = models.CharField(max_length=64)
    printed_name = models.CharField(max_length=200)
    at = models.DateTimeField()


class WaiverWithdrawal(models.Model):
    """The end of a waiver before its time."""

    waiver = models.OneToOneField(
        Waiver, on_delete=models.PROTECT, related_name="withdrawal", primary_key=True
    )
    reason = models.TextField(max_length=4000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)


class Approval(models.Model):
    """The notary's envelope; written by the notary's database role alone."""

    id = models.UUIDField(primary_key=True, editable=False)
    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="approval")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="approvals")
    envelope = models.BinaryField()
    envelope_digest = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    not_after = models.DateTimeField()


class Staleness(models.Model):
    """Since when an approval is stale, by what, and until when it is served all the same.

    `because` names what is newer: `card`, `policy`, or both. `until` is shown; the gate reckons
    it from `since` and the grace that was signed.
    """

    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="staleness", primary_key=True
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    because = models.CharField(max_length=64)
    at = models.DateTimeField()


class Revocation(models.Model):
    """The end of an approval before its time."""

    approval = models.OneToOneField(
        Approval, on_delete=models.PROTECT, related_name="revocation", primary_key=True
    )
    reason = models.TextField(max_length=4000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    # What a passkey signed, canonical JSON, where one did; the event names its digest.
    assertion = models.BinaryField(null=True)


class EmergencyGrant(models.Model):
    """That two persons want a version answered under an alias without an approval.

    Nothing is served by this row: the notary's attestation is what the gate reads.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="emergency")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="emergencies")
    policy = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="+")
    alias = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["version", "-at"], name="emergency_version")]


class EmergencyAttestation(models.Model):
    """The notary's envelope of a grant; written by the notary's database role alone."""

    grant = models.OneToOneField(
        EmergencyGrant, on_delete=models.PROTECT, related_name="attestation", primary_key=True
    )
    envelope = models.BinaryField()
    envelope_digest = models.CharField(max_length=64)
    issued_at = models.DateTimeField()
    not_after = models.DateTimeField()


class EmergencyCause(models.TextChoices):
    """Why a grant is over."""

    REFUSED = "refused", _("Refused by the notary")
    STOPPED = "stopped", _("Ended by a person")
    APPROVAL = "approval", _("An approval took over")
    TIME = "time", _("Its time is over")


class EmergencyEnd(models.Model):
    """The end of a grant; `by` is nobody unless a person ended it."""

    grant = models.OneToOneField(
        EmergencyGrant, on_delete=models.PROTECT, related_name="end", primary_key=True
    )
    cause = models.CharField(max_length=16, choices=EmergencyCause.choices)
    reason = models.TextField(max_length=4000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField()


class EmergencyOutcome(models.TextChoices):
    """What whoever looked at a grant afterwards says of it."""

    JUSTIFIED = "justified", _("It was justified")
    NOT_JUSTIFIED = "not_justified", _("It was not justified")


class EmergencyReview(models.Model):
    """A third person's look at a grant that is over; the trigger refuses the two who gave it."""

    grant = models.OneToOneField(
        EmergencyGrant, on_delete=models.PROTECT, related_name="review", primary_key=True
    )
    outcome = models.CharField(max_length=16, choices=EmergencyOutcome.choices)
    reason = models.TextField(max_length=4000)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
