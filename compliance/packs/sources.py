"""The named sources of packs: each reads one thing from the records of what a pack covers.

A source gives None where the records have nothing; then the field is missing, whatever the rule
wants. It never guesses, and never calls measured what a person has only said.
"""

from collections.abc import Callable, Mapping
from typing import Any

from compliance.packs import (
    about_approval,
    about_data,
    about_keeping,
    about_line,
    about_making,
    about_measuring,
    about_model,
    about_models,
    about_period,
    about_register,
    about_service,
    about_validation,
    decisions,
    happened,
)
from compliance.packs.found import Found

Source = Callable[[Any], Found | None]
"""Takes what a pack of its kind covers."""

VERSION, MODEL, PERIOD, REGISTER = "version", "model", "period", "register"
_OF_ALL: Mapping[str, Source] = {
    **about_service.SOURCES,
    **decisions.SOURCES,
    **happened.SOURCES,
    **about_keeping.SOURCES,
}
SOURCES: Mapping[str, Mapping[str, Source]] = {
    VERSION: {
        **_OF_ALL,
        **about_model.SOURCES,
        **about_data.SOURCES,
        **about_measuring.SOURCES,
        **about_approval.SOURCES,
        **about_validation.SOURCES,
        **about_making.SOURCES,
        **about_register.SOURCES,
    },
    MODEL: {
        **_OF_ALL,
        **about_model.OF_MODELS,
        **about_line.SOURCES,
        **about_register.SOURCES,
    },
    PERIOD: {**_OF_ALL, **about_period.SOURCES},
    REGISTER: {
        **about_models.SOURCES,
        "log.checkpoint": about_service.checkpoint,
    },
}
"""By what a pack can be about, and name."""
