"""What persons write: reasons and remarks."""

from common.texts import written

__all__ = ["written"]
