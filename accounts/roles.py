"""The roles of a person in a team, and the scopes of a token."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a person may do in a team; a person may have several."""

    CONTRIBUTOR = "contributor", _("Contributor")
    REVIEWER = "reviewer", _("Reviewer")
    MANAGER = "manager", _("Manager")
    COMPLIANCE = "compliance", _("Compliance")
    CONSUMER = "consumer", _("Consumer")
    ADMIN = "admin", _("Admin")


# Whoever has one of these decides over others' work, or over who does: two persons give it.
GIVEN_BY_TWO = (Role.REVIEWER, Role.MANAGER, Role.COMPLIANCE, Role.ADMIN)


class Scope(models.TextChoices):
    """What a token may be used for; it never allows more than its owner may do."""

    READ = "read", _("Read")
    WRITE = "write", _("Register, train, evaluate, submit")
    SIGN = "sign", _("Sign, promote, revoke (with the password)")
    PREDICT = "predict", _("Ask for predictions")
    ADMIN = "admin", _("Manage people, roles and tokens")
