"""Forms of profile, tokens, people and teams."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.roles import GIVEN_BY_TWO, Role, Scope
from accounts.services import LONGEST_TOKEN_DAYS


def _zones() -> list[tuple[str, str]]:
    return [(name, name.replace("_", " ")) for name in sorted(available_timezones())]


class ProfileForm(forms.Form):
    """The person's own settings."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=_zones)


class MailingForm(forms.Form):
    """Mail about what waits."""

    wanted = forms.BooleanField(
        label=_("Write to me when something new waits"),
        required=False,
        help_text=_("Once a day at most: models, days and links, nobody's words."),
    )
    language = forms.ChoiceField(label=_("Language of the mail"), choices=settings.LANGUAGES)

    def __init__(self, data: Any = None, **more: Any) -> None:
        super().__init__(data, auto_id="mail_%s", **more)


class DelegationForm(forms.Form):
    """Who is asked in one's place, and on which days."""

    delegate = forms.ChoiceField(label=_("Who is asked in your place"))
    starts_on = forms.DateField(
        label=_("First day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
    )
    ends_on = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        help_text=_("The last day, in UTC."),
    )

    def __init__(self, data: Any = None, *, people: list[tuple[str, str]]) -> None:
        super().__init__(data, auto_id="away_%s")
        self.fields["delegate"].choices = people  # type: ignore[attr-defined]


def password_field() -> forms.CharField:
    """The password of the login, asked again."""
    return forms.CharField(
        label=_("Your password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def code_field(**more: Any) -> forms.CharField:
    """The code of an authenticator app."""
    return forms.CharField(
        label=_("Code of your authenticator app"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
        **more,
    )


class EnrolForm(forms.Form):
    """The first code of an app for the secret that was offered, and the password."""

    offer = forms.CharField(widget=forms.HiddenInput, max_length=1000)
    code = code_field(help_text=_("The six digits that it shows now."))
    password = password_field()


class ProofForm(forms.Form):
    """Password and code, where one's own second factor is changed."""

    password = password_field()
    code = code_field(help_text=_("Or one of your recovery codes."))


def _half(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=64,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}
        ),
    )


def _new_password(label: Any, **more: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=1024,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        **more,
    )


class ComeInForm(forms.Form):
    """Login, both halves, the code of whoever has an app, and the new password twice."""

    login = forms.CharField(
        label=_("Login"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    first = _half(_("One half"))
    second = _half(_("The other half"))
    code = code_field(
        required=False,
        help_text=_("If you have set one up: what it shows now, or a recovery code."),
    )
    password = _new_password(_("New password"), help_text=_("At least 12 characters."))
    again = _new_password(_("New password again"))

    def clean(self) -> dict[str, Any]:
        """Both times the same. Adds the error to the second."""
        given = super().clean() or {}
        if "password" in given and given["password"] != given.get("again"):
            self.add_error("again", _("This is not the same password."))
        return given

    def given(self) -> dict[str, str]:
        """What the service takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "again"}


class TokenForm(forms.Form):
    """A new token of one's own."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What it is for, so that you know it again.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("May be used to"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    days = forms.IntegerField(
        label=_("Expires after days"),
        min_value=1,
        max_value=LONGEST_TOKEN_DAYS,
        initial=30,
    )


class PersonForm(forms.Form):
    """A person with a login."""

    name = forms.CharField(label=_("Name"), max_length=200)
    username = forms.CharField(
        label=_("Login"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Letters from a to z, digits and . _ @ + -"),
    )
    email = forms.EmailField(label=_("E-mail"), max_length=254, required=False)


class TeamForm(forms.Form):
    """A new team."""

    slug = forms.SlugField(
        label=_("Short name"),
        max_length=64,
        help_text=_("Letters, digits, hyphens and underscores, without spaces."),
        error_messages={"invalid": _("Write letters, digits, hyphens and underscores only.")},
    )
    name = forms.CharField(label=_("Name"), max_length=200)


class RoleForm(forms.Form):
    """A role that one person may give, for a login's person."""

    username = forms.CharField(
        label=_("Login"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role.value, role.label) for role in Role if role not in GIVEN_BY_TWO],
    )
