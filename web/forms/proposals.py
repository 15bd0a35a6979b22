"""Forms of what takes two persons: to propose it, confirm it, decline it."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.proposals.roles import MOST_GRANTS
from accounts.roles import GIVEN_BY_TWO, Role
from web.forms.policies import PolicyForm
from web.forms.proving import Asks, add_proof


def _reason(hint: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": "3"}),
        help_text=hint,
    )


def add_reason(form: forms.Form, asks: Asks) -> None:
    """Reason and proof, behind the form's other fields."""
    form.fields["reason"] = _reason(gettext_lazy("Whoever confirms it reads this."))
    add_proof(form, asks)


class ProposeForm(forms.Form):
    """Why, and who says so; what is proposed stands on the page."""

    def __init__(self, data: Any = None, *, asks: Asks, **more: Any) -> None:
        super().__init__(data, **more)
        add_reason(self, asks)


class ProposeIdentityForm(ProposeForm):
    """Which account at the identity provider opens a login."""

    subject = forms.CharField(
        label=gettext_lazy("Number of the account (sub)"),
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy(
            "As the provider's tokens name it. Whoever signs in with an account that is bound to "
            "nobody is shown it."
        ),
    )


class ProposeRolesForm(ProposeForm):
    """One role that signs or administers, for one person or several."""

    usernames = forms.CharField(
        label=gettext_lazy("Logins"),
        max_length=4000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=gettext_lazy("One or several, with commas or blanks between them."),
    )
    role = forms.ChoiceField(
        label=gettext_lazy("Role"), choices=[(role.value, role.label) for role in GIVEN_BY_TWO]
    )

    def clean_usernames(self) -> list[str]:
        """The logins, each once."""
        names = re.split(r"[\s,;]+", self.cleaned_data["usernames"].strip())
        if len(names) > MOST_GRANTS:
            raise ValidationError(_("At most %(n)s at a time.") % {"n": MOST_GRANTS})
        return list(dict.fromkeys(names))

    def wish(self, team: str) -> dict[str, Any]:
        """What is proposed, in the words of the kind."""
        role = Role(self.cleaned_data["role"]).value
        names = self.cleaned_data["usernames"]
        return {"team": team, "grants": [{"username": name, "role": role} for name in names]}


class ProposePolicyForm(PolicyForm):
    """A revision of a policy, why, and who says so."""

    def __init__(self, *args: Any, asks: Asks, **more: Any) -> None:
        super().__init__(*args, **more)
        add_reason(self, asks)


class TakeHalfForm(forms.Form):
    """Who takes a half."""

    def __init__(self, data: Any = None, *, asks: Asks, **more: Any) -> None:
        super().__init__(data, **more)
        add_proof(self, asks)


class ConfirmForm(forms.Form):
    """The digest of what is shown, and who says so."""

    digest = forms.CharField(max_length=71, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, asks: Asks, **more: Any) -> None:
        super().__init__(data, **more)
        add_proof(self, asks, fields="digest")


class DeclineForm(forms.Form):
    """Why not."""

    reason = _reason(gettext_lazy("Whoever proposed it reads this."))
