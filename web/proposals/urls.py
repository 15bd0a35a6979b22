"""Addresses of what takes two persons."""

from django.urls import path

from web.proposals import halves, proposing, views

urlpatterns = [
    path("proposals", views.ProposalList.as_view(), name="proposals"),
    path("proposals/<uuid:pk>", views.ProposalPage.as_view(), name="proposal"),
    path("proposals/<uuid:pk>/confirm", views.ProposalConfirm.as_view(), name="proposal-confirm"),
    path("proposals/<uuid:pk>/decline", views.ProposalDecline.as_view(), name="proposal-decline"),
    path(
        "proposals/<uuid:pk>/withdraw", views.ProposalWithdraw.as_view(), name="proposal-withdraw"
    ),
    path("proposals/<uuid:pk>/half", halves.TakeHalf.as_view(), name="proposal-half"),
    path("proposals/<uuid:pk>/way-in/end", halves.WayInEnd.as_view(), name="way-in-end"),
    path(
        "access/people/<uuid:pk>/new-password",
        proposing.ProposePassword.as_view(),
        name="new-password",
    ),
    path(
        "access/people/<uuid:pk>/open-again",
        proposing.ProposeReopening.as_view(),
        name="open-again",
    ),
    path(
        "access/teams/<slug:slug>/propose-roles",
        proposing.ProposeRoles.as_view(),
        name="propose-roles",
    ),
    path(
        "access/people/<uuid:pk>/reset-second-factor",
        proposing.ProposeReset.as_view(),
        name="second-factor-reset",
    ),
    path(
        "access/people/<uuid:pk>/accounts",
        proposing.ProposeIdentity.as_view(),
        name="bind-identity",
    ),
    path(
        "access/people/<uuid:pk>/accounts/<uuid:identity_pk>/end",
        proposing.IdentityEnd.as_view(),
        name="identity-end",
    ),
    path(
        "access/people/<uuid:pk>/make-administrator",
        proposing.ProposeAdministrator.as_view(),
        name="make-administrator",
    ),
]
