"""Addresses of profile, tokens, people and teams."""

from django.urls import path

from web.access import away, factor, mail, others, own, passkeys, sessions

urlpatterns = [
    path("access", own.Profile.as_view(), name="access"),
    path("access/mail", mail.Mail.as_view(), name="mail"),
    path("access/away", away.Away.as_view(), name="away"),
    path("access/away/<uuid:pk>/end", away.AwayEnd.as_view(), name="away-end"),
    path("access/second-factor", factor.SecondFactorPage.as_view(), name="second-factor"),
    path(
        "access/second-factor/recovery-codes",
        factor.RecoveryCodesRenew.as_view(),
        name="recovery-codes-renew",
    ),
    path(
        "access/second-factor/remove",
        factor.SecondFactorRemove.as_view(),
        name="second-factor-remove",
    ),
    path("access/passkeys", passkeys.PasskeysPage.as_view(), name="passkeys"),
    path("access/passkeys/<uuid:pk>", passkeys.PasskeyPage.as_view(), name="passkey"),
    path(
        "access/passkeys/<uuid:pk>/rename", passkeys.PasskeyRename.as_view(), name="passkey-rename"
    ),
    path(
        "access/passkeys/<uuid:pk>/remove", passkeys.PasskeyRemove.as_view(), name="passkey-remove"
    ),
    path("access/tokens", own.Tokens.as_view(), name="tokens"),
    path("access/tokens/<uuid:pk>/revoke", own.TokenRevoke.as_view(), name="token-revoke"),
    path("access/people", others.People.as_view(), name="people"),
    path(
        "access/people/<uuid:pk>/deactivate",
        others.PersonDeactivate.as_view(),
        name="person-deactivate",
    ),
    path("access/sessions", sessions.Sessions.as_view(), name="sessions"),
    path("access/sessions/end", sessions.SessionsEnd.as_view(), name="sessions-end"),
    path("access/sessions/<uuid:pk>/end", sessions.SessionEnd.as_view(), name="session-end"),
    path(
        "access/people/<uuid:pk>/sessions",
        sessions.PersonSessions.as_view(),
        name="person-sessions",
    ),
    path(
        "access/people/<uuid:pk>/sessions/end",
        sessions.PersonSessionsEnd.as_view(),
        name="person-sessions-end",
    ),
    path(
        "access/people/<uuid:pk>/sessions/<uuid:session_pk>/end",
        sessions.PersonSessionEnd.as_view(),
        name="person-session-end",
    ),
    path("access/teams", others.Teams.as_view(), name="teams"),
    path("access/teams/<slug:slug>", others.TeamPage.as_view(), name="team"),
    path("access/teams/<slug:slug>/remove-role", others.RoleRemove.as_view(), name="role-remove"),
]
