"""The one error of starting up; its text is a sentence for the person at the terminal."""


class CannotStart(Exception):
    """Something outside the program stands in the way; the text says what and what to do."""
