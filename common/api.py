"""What the REST edges share: strict input, the caller, replies that are made once."""

from typing import Any

from rest_framework import serializers

from common.errors import Invalid


class Input(serializers.Serializer[Any]):
    """A request body; unknown fields are refused so that a typing error is never lost."""

    def to_internal_value(self, data: Any) -> Any:
        """Validated values. Raises ValidationError naming each field at fault."""
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({unknown[0]: ["This field is not known."]})
        return super().to_internal_value(data)

    @classmethod
    def read(cls, data: Any) -> dict[str, Any]:
        """The validated body. Raises ValidationError, Invalid."""
        if not isinstance(data, dict):
            raise Invalid("The body must be a JSON object.", field="body")
        serializer = cls(data=data)
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)
