"""What persons write: reasons and remarks, and names; what is kept is what is read."""

import re
from unicodedata import normalize

from common.errors import Invalid

LONGEST_TEXT = 4000
# Letters and marks, to Unicode, of which nobody sees anything.
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]"
)
# What steers a terminal or the page, but tabs and ends of lines; and what turns the order of the
# letters round. Marks and isolates, with which one writes from right to left, are none of them.
_STEERING = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]")


def written(value: str, field: str, most: int = LONGEST_TEXT) -> str:
    """The text without the blanks around it. Raises Invalid if there is nothing to see, if it is
    too long, or if it would be read otherwise than it is kept."""
    value = value.strip()
    if not any(map(_is_seen, value)):
        raise Invalid("Give a reason.", field=field)
    if len(value) > most:
        raise Invalid(f"At most {most} characters.", field=field)
    return as_it_is_read(value, field)


def as_it_is_read(value: str, field: str) -> str:
    """The text itself. Raises Invalid if it would be read otherwise than it is kept."""
    if _STEERING.search(value):
        raise Invalid(
            "This holds a character that would let it be read otherwise than it is kept.",
            field=field,
        )
    return value


def name_of_one_line(value: str, field: str) -> str:
    """A name as it is shown: composed letters, one blank between two words.

    Raises Invalid for anything that is not seen: two names that look the same are the same.
    """
    name = re.sub(" +", " ", normalize("NFC", value.strip(" ")))
    if not all(char == " " or _is_seen(char) for char in name):
        raise Invalid("A name is one line, of characters that are seen.", field=field)
    return name


def _is_seen(char: str) -> bool:
    return char.isprintable() and not char.isspace() and not _UNSEEN.match(char)
