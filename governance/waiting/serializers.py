"""The shapes of what waits, and of the choice of mail."""

from typing import Any

from django.conf import settings
from rest_framework import serializers

from common.api import Input
from governance.waiting.lines import KIND_CHOICES
from governance.waiting.models import Mailing


class WaitingOut(serializers.Serializer[Any]):
    """One thing that waits for the caller."""

    kind = serializers.ChoiceField(choices=KIND_CHOICES)
    id = serializers.CharField(
        help_text="Of the review, proposal, finding or approval; the name of a model; the number "
        "of a move of an alias, or of a share; of what is due for deletion the team's slug."
    )
    about = serializers.CharField(
        help_text="The version, model or alias; a proposal's kind; the team and how many things "
        "in it are due for deletion."
    )
    due_on = serializers.DateField(allow_null=True, help_text="In UTC; null where none is set.")
    late = serializers.BooleanField(help_text="Whether that day has passed.")


class MailingOut(serializers.ModelSerializer[Mailing]):
    """Whether the caller gets mail, and when the last one went out."""

    address = serializers.CharField(
        source="person.email", help_text="Empty where none is entered: then no mail is sent."
    )

    class Meta:
        model = Mailing
        fields = ["wanted", "language", "address", "told_at"]


class MailingIn(Input):
    """The choice."""

    wanted = serializers.BooleanField()
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
