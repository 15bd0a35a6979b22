"""REST addresses of accounts."""

from django.urls import path

from accounts import api

urlpatterns = [
    path("me", api.Me.as_view(), name="me"),
    path("users", api.Users.as_view(), name="users"),
    path("users/<uuid:user_id>/deactivation", api.Deactivation.as_view(), name="deactivation"),
    path("teams", api.Teams.as_view(), name="teams"),
    path("teams/<slug:slug>/roles", api.Roles.as_view(), name="roles"),
    path("teams/<slug:slug>/roles/<str:username>/<slug:role>", api.Role.as_view(), name="role"),
    path("tokens", api.Tokens.as_view(), name="tokens"),
    path("tokens/<uuid:token_id>", api.Token.as_view(), name="token"),
]
