"""Which versions of a model were approved at a moment: to be served, or for use elsewhere."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from accounts.callers import Caller
from common.errors import Invalid
from compliance.past.approvals import Behind, approval_then, behind, judged, policy_of
from compliance.past.reach import model_in_reach
from governance.approvals.answering import Answering
from governance.models import Approval
from governance.selectors import statement_of
from registry.models import ModelVersion, RegisteredModel
from trust.elsewhere import read_use

MOST_VERSIONS = 50


@dataclass(frozen=True)
class UseThen:
    """A version whose approval held at the moment, with who and what stood behind it."""

    version: ModelVersion
    approval: Approval
    policy: dict[str, Any]
    behind: Behind
    scope: dict[str, Any]
    elsewhere: bool


@dataclass(frozen=True)
class UsesThen:
    """The answer, newest version first; `more` says that only the newest fifty were looked at."""

    model: RegisteredModel
    moment: datetime
    uses: list[UseThen]
    more: bool


def approved_then(caller: Caller, name: str, moment: datetime) -> UsesThen:
    """What of a model was approved for use at a moment, by whom and on what.

    Raises NotFound, NotAllowed, Invalid for a moment that is not past.
    """
    model = model_in_reach(caller, name)
    if moment > timezone.now():
        raise Invalid("This moment has not come yet.", field="at")
    approved = Approval.objects.filter(version__model=model, issued_at__lte=moment)
    rows = (
        ModelVersion.objects.filter(pk__in=approved.values("version"))
        .select_related("model")
        .order_by("-number")[: MOST_VERSIONS + 1]
    )
    found = list(rows)
    uses = [use for version in found[:MOST_VERSIONS] if (use := _use(version, moment))]
    return UsesThen(model, moment, uses, len(found) > MOST_VERSIONS)


def _use(version: ModelVersion, moment: datetime) -> UseThen | None:
    approval = approval_then(version, moment)
    state, _reason = judged(version, approval, moment)
    if approval is None or state != Answering.LIVE:
        return None
    statement = statement_of(approval.review)
    return UseThen(
        version=version,
        approval=approval,
        policy=policy_of(approval),
        behind=behind(approval),
        scope=dict(statement["scope"]),
        elsewhere=read_use(statement),
    )
