"""What may be submitted at all: versions to be served here, and those of models run elsewhere."""

from common.errors import Conflict
from registry.models import ModelVersion
from registry.register.entries import is_inventory_only


def require_approvable(version: ModelVersion) -> None:
    """Raises Conflict for a version that cannot be served, unless the register keeps its model as
    inventory only: that one is approved for use elsewhere."""
    if not version.servable and not is_inventory_only(version.model):
        raise Conflict(
            "This version has no model that can be served, so it cannot be approved; only models "
            "that the register keeps as inventory only are approved for use elsewhere."
        )
