"""The tables of splits."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.models import Alias, ModelVersion, RegisteredModel

MOST_PERCENT = 99


class Split(models.Model):
    """That a challenger answers so many percent of the calls of an alias now; its holder the rest.

    Nothing is served by this row: the gate reads the share in the challenger's signed approval.
    """

    alias = models.OneToOneField(
        Alias, on_delete=models.PROTECT, related_name="split", primary_key=True
    )
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="splits")
    percent = models.PositiveSmallIntegerField()
    approval = models.ForeignKey(
        "governance.Approval", on_delete=models.PROTECT, related_name="splits"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__gte=1, percent__lte=MOST_PERCENT),
                name="split_leaves_a_rest",
            )
        ]


class SplitCause(models.TextChoices):
    """Why the share of a challenger is what it is since then."""

    GIVEN = "given", _("Given by a manager")
    ENDED = "ended", _("Ended by a manager")
    PROMOTED = "promoted", _("The challenger holds the alias")
    MOVED = "moved", _("The alias moved to another version")
    REVOKED = "revoked", _("The challenger's approval was revoked")
    EXPIRED = "expired", _("The challenger's approval has expired")


class SplitMove(models.Model):
    """A challenger's share since then, or 0 where it ended; the history, never rewritten.

    `by` is nobody where the clock ended it.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.PROTECT, related_name="+")
    alias = models.CharField(max_length=64)
    holder = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    percent = models.PositiveSmallIntegerField()
    approval = models.ForeignKey("governance.Approval", on_delete=models.PROTECT, related_name="+")
    cause = models.CharField(max_length=16, choices=SplitCause.choices)
    reason = models.TextField(max_length=4000)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["model", "alias", "-at"], name="split_history")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cause="given", percent__gte=1, percent__lte=MOST_PERCENT)
                | models.Q(
                    cause__in=["ended", "promoted", "moved", "revoked", "expired"], percent=0
                ),
                name="split_move_says_a_share",
            )
        ]

    @property
    def from_version(self) -> ModelVersion:
        """Which version answered these calls before, as of a move of the alias."""
        return self.holder

    @property
    def to_version(self) -> ModelVersion:
        """Which version answers them then."""
        return self.version
