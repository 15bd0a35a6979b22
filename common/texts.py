"""What persons write: reasons and remarks."""

from common.errors import Invalid

LONGEST_TEXT = 4000


def written(value: str, field: str, most: int = LONGEST_TEXT) -> str:
    """The text without the blanks around it. Raises Invalid if it is empty or too long."""
    value = value.strip()
    if not value:
        raise Invalid("Give a reason.", field=field)
    if len(value) > most:
        raise Invalid(f"At most {most} characters.", field=field)
    return value
