"""Which names an alias may have."""

from django.core.exceptions import ValidationError

from common.errors import Invalid
from registry.models import Alias

RESERVED_ALIASES = {"latest"}


def check_alias(name: str) -> None:
    """Raises Invalid for what is no name of an alias, or a reserved one."""
    if name in RESERVED_ALIASES:
        raise Invalid("This alias is computed and cannot be moved.", field="alias")
    try:
        Alias(name=name).clean_fields(exclude=["model", "version"])
    except ValidationError:
        raise Invalid(
            "An alias has 1 to 64 letters, digits, hyphens and underscores.", field="alias"
        ) from None
