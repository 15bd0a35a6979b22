"""Validation reports: what they are called, and what speaks against one that a statement names."""

from collections.abc import Iterator, Mapping

from trust.fields import JsonObject, read_text, read_texts

VALIDATION = "validation"
VALIDATION_TYPE = "assay/validation/1"


def wrong_with_validation(
    report: JsonObject, digest: str, statement: JsonObject, finished: Mapping[str, object]
) -> Iterator[str]:
    """Why a report does not carry the statement that names it. Raises Malformed.

    `finished` is what the log tells: digest of a report -> the person who finished it.
    """
    person = read_text(report, "person")
    wrong = {
        f"it is not of the type {VALIDATION_TYPE}": report.get("type") != VALIDATION_TYPE,
        "it is about another version": report.get("version") != statement.get("version_digest"),
        "a contributor to the version wrote it": person in read_texts(statement, "contributors"),
        "the log has no event that this report was finished": digest not in finished,
        "the log names another person for it": finished.get(digest, person) != person,
    }
    yield from (why for why, is_so in wrong.items() if is_so)
