"""REST addresses of governance."""

from django.urls import path

from governance import api
from governance.approvals import api as api_moves
from governance.attachments import api as api_attachments
from governance.emergencies import api as api_emergencies
from governance.findings import api as api_findings
from governance.policy import api as api_trials
from governance.reviewing import (
    api_asking,
    api_assigning,
    api_commenting,
    api_delegations,
    api_looks,
)
from governance.splits import api as api_splits
from governance.validating import api as api_validating
from governance.waiting import api as api_waiting
from governance.waivers import api as api_waivers

_VERSION = "models/<slug:name>/versions/<int:number>"
_ALIAS = "models/<slug:name>/aliases/<slug:alias>"
_REVIEW = "reviews/<uuid:review_id>"
_FINDING = "findings/<uuid:finding_id>"
_EMERGENCY = "emergencies/<uuid:emergency_id>"

urlpatterns = [
    path(f"{_VERSION}/gates", api.Gates.as_view(), name="gates"),
    path(f"{_VERSION}/waivers", api_waivers.Waivers.as_view(), name="waivers"),
    path(
        f"{_VERSION}/waivers/<uuid:waiver_id>/withdrawal",
        api_waivers.Withdraw.as_view(),
        name="waiver-withdraw",
    ),
    path(f"{_VERSION}/findings", api_findings.FindingsOfVersion.as_view(), name="version-findings"),
    path(
        "attachments/<uuid:attachment_id>",
        api_attachments.AttachedFile.as_view(),
        name="attachment",
    ),
    path("findings", api_findings.Findings.as_view(), name="findings"),
    path(_FINDING, api_findings.FindingDetail.as_view(), name="finding"),
    path(f"{_FINDING}/answers", api_findings.Answer.as_view(), name="finding-answer"),
    path(f"{_FINDING}/closure", api_findings.Close.as_view(), name="finding-close"),
    path(f"{_FINDING}/reopening", api_findings.Reopen.as_view(), name="finding-reopen"),
    path(f"{_FINDING}/amendments", api_findings.Amend.as_view(), name="finding-amend"),
    path(f"{_VERSION}/waivers/challenge", api_asking.AskToWaive.as_view(), name="waive-challenge"),
    path(
        f"{_VERSION}/revocation/challenge",
        api_asking.AskToRevoke.as_view(),
        name="revoke-challenge",
    ),
    path(f"{_VERSION}/reviews", api.Submit.as_view(), name="submit"),
    path(f"{_VERSION}/revocation", api.Revoke.as_view(), name="revoke"),
    path(f"{_VERSION}/retirement", api.Retire.as_view(), name="retire"),
    path("models/<slug:name>/aliases", api.Aliases.as_view(), name="aliases"),
    path(_ALIAS, api.AliasView.as_view(), name="alias"),
    path(
        f"{_ALIAS}/outlook/<int:number>",
        api_moves.Outlook.as_view(),
        name="alias-outlook",
    ),
    path("waiting", api_waiting.Waiting.as_view(), name="waiting"),
    path("mailing", api_waiting.MailingView.as_view(), name="mailing"),
    path(f"{_ALIAS}/split", api_splits.SplitView.as_view(), name="split"),
    path(f"{_ALIAS}/split/end", api_splits.SplitEnding.as_view(), name="split-end"),
    path("changes", api_moves.Changes.as_view(), name="changes"),
    path("reviews", api.Reviews.as_view(), name="reviews"),
    path(_REVIEW, api.ReviewDetail.as_view(), name="review"),
    path(f"{_REVIEW}/statement", api.Statement.as_view(), name="statement"),
    path(f"{_REVIEW}/approval", api.Envelope.as_view(), name="approval"),
    path(f"{_REVIEW}/signatures", api.Sign.as_view(), name="sign"),
    path(f"{_REVIEW}/assignment", api_assigning.Assign.as_view(), name="assignment"),
    path(f"{_REVIEW}/look", api_looks.Look.as_view(), name="look"),
    path(f"{_REVIEW}/changes", api_looks.Changes.as_view(), name="changes"),
    path(f"{_REVIEW}/signatures/challenge", api_asking.AskToSign.as_view(), name="sign-challenge"),
    path(f"{_REVIEW}/withdrawal", api.Withdraw.as_view(), name="withdraw"),
    path(f"{_REVIEW}/validation", api_validating.Draft.as_view(), name="validation-draft"),
    path(
        f"{_REVIEW}/validation/finish",
        api_validating.Finish.as_view(),
        name="validation-finish",
    ),
    path(f"{_REVIEW}/validations", api_validating.Validations.as_view(), name="validations"),
    path(
        "validations/<uuid:validation_id>",
        api_validating.ValidationDetail.as_view(),
        name="validation",
    ),
    path(f"{_REVIEW}/comments", api_commenting.Comments.as_view(), name="comments"),
    path(
        f"{_REVIEW}/comments/<int:comment_id>/resolution",
        api_commenting.Resolve.as_view(),
        name="thread-resolve",
    ),
    path(
        f"{_REVIEW}/comments/<int:comment_id>/reopening",
        api_commenting.Reopen.as_view(),
        name="thread-reopen",
    ),
    path("delegations", api_delegations.Delegations.as_view(), name="delegations"),
    path(
        "delegations/<uuid:delegation_id>/ending",
        api_delegations.EndDelegation.as_view(),
        name="delegation-end",
    ),
    path("approvals/ending", api.Ending.as_view(), name="approvals-ending"),
    path("emergencies", api_emergencies.Emergencies.as_view(), name="emergencies"),
    path(_EMERGENCY, api_emergencies.EmergencyDetail.as_view(), name="emergency"),
    path(f"{_EMERGENCY}/end", api_emergencies.EmergencyEnding.as_view(), name="emergency-end"),
    path(
        f"{_EMERGENCY}/review",
        api_emergencies.EmergencyReviewing.as_view(),
        name="emergency-review",
    ),
    path("policies", api.Policies.as_view(), name="policies"),
    path("policies/trials", api_trials.Trials.as_view(), name="policy-trials"),
    path(
        "policies/<uuid:policy_id>/changes/<uuid:other_id>",
        api_trials.PolicyChanges.as_view(),
        name="policy-changes",
    ),
    path("policies/<uuid:policy_id>", api.PolicyDetail.as_view(), name="policy"),
]
