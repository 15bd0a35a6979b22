"""REST addresses of accounts."""

from django.urls import path

from accounts import api
from accounts.factors import api as api_factors
from accounts.passkeys import api as api_passkeys
from accounts.proposals import api as api_proposals
from accounts.sessions import api as api_sessions

urlpatterns = [
    path("me", api.Me.as_view(), name="me"),
    path("users", api.Users.as_view(), name="users"),
    path("users/<uuid:user_id>/deactivation", api.Deactivation.as_view(), name="deactivation"),
    path(
        "users/<uuid:user_id>/identities/<uuid:identity_id>/removal",
        api.IdentityRemoval.as_view(),
        name="identity-removal",
    ),
    path("me/sessions", api_sessions.Mine.as_view(), name="sessions"),
    path("me/sessions/end-others", api_sessions.EndOthers.as_view(), name="sessions-end-others"),
    path("me/sessions/<uuid:session_id>/end", api_sessions.EndMine.as_view(), name="session-end"),
    path("users/<uuid:user_id>/sessions", api_sessions.OfUser.as_view(), name="user-sessions"),
    path(
        "users/<uuid:user_id>/sessions/end",
        api_sessions.EndOfUser.as_view(),
        name="user-sessions-end",
    ),
    path("me/second-factor", api_factors.Factor.as_view(), name="second-factor"),
    path("me/second-factor/offer", api_factors.Offer.as_view(), name="second-factor-offer"),
    path(
        "me/second-factor/recovery-codes",
        api_factors.RecoveryCodes.as_view(),
        name="recovery-codes",
    ),
    path("me/second-factor/removal", api_factors.Removal.as_view(), name="second-factor-removal"),
    path("me/passkeys", api_passkeys.Passkeys.as_view(), name="passkeys"),
    path("me/passkeys/offer", api_passkeys.Offer.as_view(), name="passkey-offer"),
    path("me/passkeys/<uuid:passkey_id>", api_passkeys.Passkey.as_view(), name="passkey"),
    path(
        "me/passkeys/<uuid:passkey_id>/removal",
        api_passkeys.Removal.as_view(),
        name="passkey-removal",
    ),
    path("teams", api.Teams.as_view(), name="teams"),
    path("teams/<slug:slug>/roles", api.Roles.as_view(), name="roles"),
    path("teams/<slug:slug>/roles/<str:username>/<slug:role>", api.Role.as_view(), name="role"),
    path("proposals", api_proposals.Proposals.as_view(), name="proposals"),
    path("proposals/challenge", api_proposals.AskToPropose.as_view(), name="proposal-challenge"),
    path(
        "proposals/<uuid:proposal_id>/confirmation/challenge",
        api_proposals.AskToConfirm.as_view(),
        name="proposal-confirmation-challenge",
    ),
    path("proposals/<uuid:proposal_id>", api_proposals.Detail.as_view(), name="proposal"),
    path(
        "proposals/<uuid:proposal_id>/confirmation",
        api_proposals.Confirmation.as_view(),
        name="proposal-confirmation",
    ),
    path(
        "proposals/<uuid:proposal_id>/refusal",
        api_proposals.Refusal.as_view(),
        name="proposal-refusal",
    ),
    path(
        "proposals/<uuid:proposal_id>/withdrawal",
        api_proposals.Withdrawal.as_view(),
        name="proposal-withdrawal",
    ),
    path("proposals/<uuid:proposal_id>/half", api_proposals.Half.as_view(), name="proposal-half"),
    path(
        "proposals/<uuid:proposal_id>/way-in/end",
        api_proposals.WayInEnd.as_view(),
        name="way-in-end",
    ),
    path("way-in", api_proposals.ComeIn.as_view(), name="way-in"),
    path("tokens", api.Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:token_id>", api.Token.as_view(), name="token"),
]
