"""The structured model card (after Mitchell et al., Model Cards for Model Reporting, 2019)."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from common.texts import as_it_is_read

LONGEST_FIELD = 8000

FIELDS: dict[str, tuple[str | Promise, str | Promise]] = {
    "intended_use": (_("Intended use"), _("What the model is for, and who decides with it.")),
    "out_of_scope": (_("Out of scope"), _("Uses for which it was not made or measured.")),
    "training_data": (_("Training data"), _("Where the rows come from and what they leave out.")),
    "evaluation_data": (_("Evaluation data"), _("What it was measured on, and why that fits.")),
    "limitations": (_("Limitations"), _("Known errors, and groups for which it does worse.")),
    "ethical_considerations": (_("Ethical considerations"), _("Who can be harmed, and how.")),
    "caveats": (_("Caveats and recommendations"), _("What a user must watch.")),
    "contact": (_("Contact"), _("The team or office that answers questions.")),
}
REQUIRED = ("intended_use", "out_of_scope", "training_data", "limitations", "contact")


def read_card(content: Mapping[str, Any]) -> dict[str, str]:
    """The card's fields, stripped. Raises Invalid for unknown fields, wrong types, long texts."""
    unknown = sorted(set(content) - set(FIELDS))
    if unknown:
        raise Invalid("A model card has no such field.", field=f"content.{unknown[0]}")
    card = {}
    for name in FIELDS:
        value = content.get(name, "")
        if not isinstance(value, str):
            raise Invalid("A field of the card is a text.", field=f"content.{name}")
        if len(value) > LONGEST_FIELD:
            raise Invalid(
                f"A field has at most {LONGEST_FIELD} characters.", field=f"content.{name}"
            )
        card[name] = as_it_is_read(value, f"content.{name}").strip()
    return card


def missing_fields(card: Mapping[str, str]) -> list[str]:
    """Names of required fields that are empty."""
    return [name for name in REQUIRED if not card.get(name)]
