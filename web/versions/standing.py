"""Where a version stands: its newest review, the approval that decides, and what follows."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from common.decisions import Decision, allow, deny
from common.errors import Conflict
from governance.models import Approval, Review, ReviewState, Staleness
from governance.policy.validity import renewable_from
from governance.selectors import deciding_approval, standing, trusted_keys
from registry.models import ModelVersion, Status
from registry.register.entries import is_inventory_only
from trust.approval import Verdict

_OPEN = (ReviewState.OPEN, ReviewState.QUORUM)


@dataclass(frozen=True)
class Standing:
    """The newest review and approval of a version, and whether the approval holds now."""

    review: Review | None
    approval: Approval | None
    verdict: Verdict | None
    trouble: str

    @classmethod
    def of(cls, version: ModelVersion) -> "Standing":
        """Reads both and verifies the envelope with the notary's public keys."""
        review = (
            version.reviews.select_related("policy", "opened_by__person")
            .order_by("-opened_at")
            .first()
        )
        now, verdict, trouble = timezone.now(), None, ""
        approval = deciding_approval(version, now)
        if approval:
            try:
                verdict = standing(
                    version, approval, keys=trusted_keys(), now=now, serving=version.servable
                )
            except Conflict as error:
                trouble = error.reason
        return cls(review, approval, verdict, trouble)

    @property
    def is_open(self) -> bool:
        """Whether a review is under way."""
        return self.review is not None and self.review.state in _OPEN

    @property
    def holds(self) -> bool:
        """Whether the version may be served now or, where it is run elsewhere, used there."""
        return self.verdict is not None and self.verdict.ok

    @property
    def is_renewable(self) -> bool:
        """Whether the approval ends soon or is stale, so that the version may be submitted anew."""
        if self.approval is None:
            return False
        return self.stale is not None or timezone.now() >= renewable_from(self.approval)

    @property
    def stale(self) -> Staleness | None:
        """Since when and by what the approval is stale."""
        return getattr(self.approval, "staleness", None)

    @property
    def is_revoked(self) -> bool:
        """Whether the approval was ended."""
        return self.approval is not None and hasattr(self.approval, "revocation")


def submittable(version: ModelVersion, now: Standing) -> Decision:
    """Whether a review of the version may be opened now, whoever asks."""
    if now.is_open:
        return deny(_("A review is open already."))
    if now.holds and not now.is_renewable:
        return deny(_("It is approved already."))
    if not version.servable and not is_inventory_only(version.model):
        return deny(_("It has no model that can be served."))
    if version.status in (Status.RETIRED, Status.QUARANTINED):
        return deny(_("It is out of use."))
    return allow()
