"""The named sources of packs: each reads one thing from the records of a version.

A source gives None where the records have nothing; then the field is missing, whatever the rule
wants. It never guesses, and never calls measured what a person has only said.
"""

from collections.abc import Callable, Mapping

from compliance.packs import (
    about_approval,
    about_data,
    about_making,
    about_measuring,
    about_model,
    about_register,
    about_service,
    about_validation,
    happened,
)
from compliance.packs.found import Found
from compliance.packs.subject import Subject

Source = Callable[[Subject], Found | None]

SOURCES: Mapping[str, Source] = {
    **about_model.SOURCES,
    **about_data.SOURCES,
    **about_measuring.SOURCES,
    **about_approval.SOURCES,
    **about_validation.SOURCES,
    **about_making.SOURCES,
    **about_register.SOURCES,
    **about_service.SOURCES,
    **happened.SOURCES,
}
