"""Sources: what the newest entry of the register says of a model, in its author's name."""

from collections.abc import Callable, Mapping

from audit.actions import Action
from compliance.packs.covered import Covered
from compliance.packs.found import Found, Table, Value, declared, lacking
from compliance.packs.telling import telling
from registry.models import Life, RegisterEntry
from registry.register.entries import today

Said = Callable[[RegisterEntry], Value | None]


def _declared(covered: Covered, read: Said) -> Found | None:
    entry = covered.entry
    said = read(entry) if entry else None
    if entry is None or said is None:
        return None
    said_by = covered.told(Action.MODEL_ENTERED)
    told = next((one for one in said_by if one.payload["revision"] == entry.revision), None)
    (evidence,) = telling(told) or ("",)
    return declared(said, by=entry.author.person.name, at=entry.created_at, evidence=evidence)


def entry(covered: Covered) -> Found | None:
    """Life, place and technology."""
    return _declared(
        covered,
        lambda entry: Table(
            ("what", "value"),
            [
                ("revision", entry.revision),
                ("hosting", entry.get_hosting_display()),
                ("life", entry.get_life_display()),
                ("place", entry.place),
                ("technology", entry.technology),
            ],
        ),
    )


def owner(covered: Covered) -> Found | None:
    """Who answers for the model."""
    return _declared(covered, lambda entry: entry.owner.name)


def validator(covered: Covered) -> Found | None:
    """Who validates it."""
    return _declared(covered, lambda entry: entry.validator.name if entry.validator else None)


def last_validation(covered: Covered) -> Found | None:
    """The day of the last validation."""
    return _declared(covered, lambda entry: _day(entry, "validated_on"))


def next_validation(covered: Covered) -> Found | None:
    """The day of the next one; missing with the reason once it has passed."""
    entry = covered.entry
    if entry and entry.life == Life.RETIRED:
        return _declared(covered, lambda entry: "The model is retired.")
    due = entry.revalidate_on if entry else None
    if due and due < today():
        return lacking(f"overdue since {due.isoformat()}")
    return _declared(covered, lambda entry: _day(entry, "revalidate_on"))


def _day(entry: RegisterEntry, name: str) -> str | None:
    day = getattr(entry, name)
    return day.isoformat() if day else None


SOURCES: Mapping[str, Callable[[Covered], Found | None]] = {
    "register.entry": entry,
    "register.owner": owner,
    "register.validator": validator,
    "register.last_validation": last_validation,
    "register.next_validation": next_validation,
}
