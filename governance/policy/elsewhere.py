"""What a policy asks of versions that are used elsewhere, where it says that apart.

Gates that can be had without a run, in the place of all that it asks of what is served here.
"""

from collections.abc import Iterable
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from governance.policy.kinds import Field, Names
from trust.elsewhere import ASKED_ELSEWHERE, ASKED_OF_EVIDENCE

CARD = "card"
_HELP = {
    "evidence": _("A complete model card; reports of runs there are none."),
    "licences": _("The model's licence is one of these, letter for letter, as MIT or Apache-2.0."),
    "lineage": _("Vendor, product and release are declared."),
    "validation_report": _(
        "A validator without a hand in the version has finished a narrative report about it."
    ),
    "evidence_days": _(
        "The validation report is no older than this at each signature and at the approval."
    ),
    "size_bytes": _("All files of the version together; without a file it is not measured."),
}


def elsewhere_fields(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The part `elsewhere`: fields of the same kinds and titles, with these sentences."""
    known = {field.name: field for field in fields}
    kinds = {"evidence": Names((CARD,), "more")}
    return tuple(
        replace(
            known[name],
            name=f"{ASKED_ELSEWHERE}.{name}",
            attribute=f"{ASKED_ELSEWHERE}_{known[name].attribute}",
            kind=kinds.get(name, known[name].kind),
            help=said,
            always=False,
        )
        for name, said in _HELP.items()
    )


def is_asked_elsewhere(field: Field) -> bool:
    """Whether a field is of the part for use elsewhere."""
    return field.name.startswith(f"{ASKED_ELSEWHERE}.")


def is_asked_of_evidence(field: Field) -> bool:
    """Whether the part for use elsewhere, if there is one, stands in the place of a field."""
    return field.name in ASKED_OF_EVIDENCE
