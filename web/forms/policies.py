"""The form that publishes a revision of an approval policy."""

from typing import Any

import yaml
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Team
from registry.models import RiskTier

LONGEST_DOCUMENT = 20_000
EVERYBODY = ""


class _Plain(yaml.SafeLoader):
    """YAML without references: ten short lines of them stand for a billion values."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node that is written where it stands. Raises ComposerError for a reference."""
        if self.check_event(yaml.AliasEvent):
            event: Any = self.get_event()  # type: ignore[no-untyped-call]
            raise yaml.composer.ComposerError(problem_mark=event.start_mark)
        return super().compose_node(parent, index)


class YamlField(forms.CharField):
    """A document as YAML; cleaned to the mapping that it describes."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Document (YAML)"),
            max_length=LONGEST_DOCUMENT,
            widget=forms.Textarea(attrs={"class": "mono", "rows": "24", "spellcheck": "false"}),
            help_text=gettext_lazy("What it may say stands in the form, field by field."),
        )

    def clean(self, value: Any) -> Any:
        """The mapping. Raises ValidationError, with the line where there is one."""
        text = super().clean(value)
        try:
            document = yaml.load(text, _Plain)  # noqa: S506  a safe loader
        except (yaml.YAMLError, RecursionError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            where = _(" Line %(line)s.") % {"line": mark.line + 1} if mark else ""
            raise ValidationError(_("This is no YAML.") + where) from None
        if not isinstance(document, dict) or not all(isinstance(key, str) for key in document):
            raise ValidationError(_("The document is a mapping of names to values."))
        return document


class PolicyHead(forms.Form):
    """What stands beside the document: name, tier, team."""

    name = forms.SlugField(label=gettext_lazy("Name"), max_length=64)
    tier = forms.ChoiceField(label=gettext_lazy("Risk tier"), choices=RiskTier.choices)
    team = forms.ChoiceField(label=gettext_lazy("Team"), required=False)

    def __init__(self, *args: Any, teams: list[Team], for_everybody: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(team.slug, team.name) for team in teams]
        if for_everybody:
            choices.insert(0, (EVERYBODY, _("Every team without a policy of its own")))
        self.fields["team"].choices = choices  # type: ignore[attr-defined]
        self.fields["team"].required = not for_everybody


class PolicyForm(PolicyHead):
    """The document as YAML; what it may say is checked by the service."""

    document = YamlField()
