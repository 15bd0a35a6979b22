"""People, their logins, teams, roles and tokens."""

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.roles import Role, Scope


class Person(models.Model):
    """A human being. Four eyes are counted in persons, never in logins."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=~models.Q(email=""), name="one_person_per_email"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds logins by name, whatever the case."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A login of a person. It carries no power of its own beyond `is_admin`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    username = models.CharField(max_length=150, validators=[UnicodeUsernameValidator()])
    email = models.EmailField(max_length=254, blank=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="logins")
    is_active = models.BooleanField(default=True)
    is_admin = models.BooleanField(default=False)
    date_joined = models.DateTimeField(auto_now_add=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    # What was signed through it before counts for nothing that is decided afterwards.
    reopened_at = models.DateTimeField(null=True, blank=True)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["person"]
    objects = UserManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("username"), name="one_login_per_username")]

    def __str__(self) -> str:
        return self.username


class Team(models.Model):
    """The owner of models and datasets."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ProposalState(models.TextChoices):
    """Where a proposal stands."""

    OPEN = "open", _("Open")
    CONFIRMED = "confirmed", _("Confirmed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    LAPSED = "lapsed", _("Lapsed")


class Proposal(models.Model):
    """What one person wants done and another person confirms.

    `document` says exactly what is done, canonical, and `digest` is its SHA-256. The triggers
    refuse a confirmation by the proposer's person, one out of time, and any change of what is
    decided.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=32)
    team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    document = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    opened_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    proposer = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    not_after = models.DateTimeField()
    state = models.CharField(
        max_length=12, choices=ProposalState.choices, default=ProposalState.OPEN
    )
    decided_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    decider = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_method = models.CharField(max_length=32, blank=True)
    answer = models.TextField(max_length=4000, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ProposalState.values), name="proposal_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(decided_at__isnull=True, state="open")
                | (models.Q(decided_at__isnull=False) & ~models.Q(state="open")),
                name="proposal_decided_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="confirmed")
                | (
                    models.Q(decider__isnull=False, decided_by__isnull=False)
                    & ~models.Q(decider=models.F("proposer"))
                ),
                name="proposal_confirmed_by_another_person",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-opened_at"], name="proposal_state"),
            models.Index(fields=["team", "-opened_at"], name="proposal_team"),
        ]


class ProposalProof(models.Model):
    """What a device signed, or a provider said, when a proposal was opened or confirmed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="proofs")
    part = models.CharField(max_length=8)
    held = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["proposal", "part"], name="proposal_proved_once"),
            models.CheckConstraint(
                condition=models.Q(part__in=("propose", "confirm")),
                name="proposal_proof_part_known",
            ),
        ]


class WayIn(models.Model):
    """Two halves with which the person of a login sets a password, made by a confirmed proposal.

    `first` is the keyed digest of the half of whoever proposed it, `second` of whoever confirmed
    it, each empty until that person has taken it. The triggers let each half be written once, the
    tries only grow, and the end come once; no password is set where there was none without it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="ways_in")
    proposal = models.OneToOneField(Proposal, on_delete=models.PROTECT, related_name="way_in")
    made_at = models.DateTimeField()
    not_after = models.DateTimeField()
    first = models.CharField(max_length=64, blank=True)
    second = models.CharField(max_length=64, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(used_at=None, ended_at=None),
                name="one_way_in_per_login",
            ),
            models.CheckConstraint(
                condition=models.Q(used_at=None) | models.Q(ended_at=None),
                name="way_in_used_or_ended",
            ),
        ]


class TwoPersonsSince(models.Model):
    """The last event of the log before two persons were needed; one row, written by a migration.

    What was given before stands; what came after needs a confirmed proposal.
    """

    id = models.PositiveSmallIntegerField(primary_key=True)
    last_event = models.BigIntegerField()


class Membership(models.Model):
    """A role of a person in a team; one that signs names the proposal that gave it."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    granted_at = models.DateTimeField(auto_now_add=True)
    proposal = models.ForeignKey(Proposal, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "team", "role"], name="role_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="role_known"),
        ]


class ApiToken(models.Model):
    """A secret that acts for a login; only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=16)
    last_four = models.CharField(max_length=4)
    scopes = ArrayField(models.CharField(max_length=16, choices=Scope.choices))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    last_used_address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="token_user")]


class SecondFactor(models.Model):
    """The authenticator app of a person. `last_step` is the newest step whose code was taken.

    The secret lies sealed; a trigger lets nothing change but the step, and that only upwards.
    """

    person = models.OneToOneField(
        Person, on_delete=models.PROTECT, related_name="second_factor", primary_key=True
    )
    sealed = models.TextField()
    last_step = models.BigIntegerField()
    enrolled_at = models.DateTimeField(auto_now_add=True)


class RecoveryCode(models.Model):
    """A code for whoever has lost the app; only its keyed digest is kept, and it works once."""

    factor = models.ForeignKey(
        SecondFactor, on_delete=models.CASCADE, related_name="recovery_codes"
    )
    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(null=True)


class Passkey(models.Model):
    """A key in a device of a person, or in his passkey store, that signs for him alone.

    `record` is what the log names by digest: public key, authenticator, host. A trigger lets
    nothing change but name, counter, last use and the end, which comes once.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="passkeys")
    name = models.CharField(max_length=100)
    credential = models.CharField(max_length=64, unique=True)
    record = models.BinaryField()
    digest = models.CharField(max_length=64, unique=True)
    sign_count = models.BigIntegerField()
    registered_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["person", "registered_at"], name="passkey_person")]

    def __str__(self) -> str:
        return self.name


class PasskeyChallenge(models.Model):
    """A random number that one login, in one session, may have signed once, for one act."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    seat = models.CharField(max_length=80)
    act = models.CharField(max_length=16)
    intent_digest = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)


class Identity(models.Model):
    """An account at an identity provider that opens a login; bound by two persons.

    A trigger lets nothing change but the end, which comes once; `digest` is how records name it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="identities")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="identities")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    bound_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    proposal = models.ForeignKey(Proposal, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["digest"], condition=models.Q(ended_at=None), name="one_login_per_identity"
            ),
        ]
        indexes = [models.Index(fields=["person", "bound_at"], name="identity_person")]

    def __str__(self) -> str:
        return self.subject


class AuthenticationRequest(models.Model):
    """A question to the identity provider, answered once: at sign-in, or before an act.

    `user` is who asks before an act, and nobody at sign-in; `seat` is the session or, at sign-in,
    what a cookie of the browser says. A trigger lets nothing change but the answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, null=True, on_delete=models.CASCADE, related_name="+")
    seat = models.CharField(max_length=80)
    act = models.CharField(max_length=16)
    intent_digest = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(db_index=True)
    returned_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True)
    used_at = models.DateTimeField(null=True)


class BrowserSession(models.Model):
    """A browser in which somebody is signed in; gone with its end. The key is shown to nobody."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    session_key = models.CharField(max_length=40, unique=True)
    agent = models.CharField(max_length=300, blank=True)
    address = models.GenericIPAddressField(null=True)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField()


class IdempotencyKey(models.Model):
    """The reply already given to a request that is sent again with the same key."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=128)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="key_once")]
