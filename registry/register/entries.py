"""The verb of the register's entries: who answers for a model, where it runs, when it is due.

An entry is declared by its authors and approves nothing: no gate and no service reads its days.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.callers import Caller
from accounts.models import Membership, Person
from audit.actions import Action
from audit.services import record
from common.errors import Conflict, Invalid, Outdated
from common.texts import as_it_is_read
from registry import policies
from registry.models import Hosting, Life, RegisteredModel, RegisterEntry
from registry.register.intervals import next_day

EARLIEST = date(1970, 1, 1)
LATEST_DAYS = 3660
_NOBODY = "This is nobody with a role in the owner team."


@dataclass(frozen=True)
class NewEntry:
    """What an entry says; `owner` and `validator` are persons."""

    hosting: str
    life: str
    owner: UUID
    place: str = ""
    technology: str = ""
    validator: UUID | None = None
    validated_on: date | None = None
    revalidate_on: date | None = None


@transaction.atomic
def enter(
    *, caller: Caller, model: RegisteredModel, new: NewEntry, revision: int | None = None
) -> RegisterEntry:
    """Write a new revision of the model's entry.

    `revision` is that of the entry that was shown, None where there was none; a day of the next
    revalidation that is left out is reckoned from the last one (`completed`). Raises NotAllowed,
    Outdated where it has changed since, Invalid, Conflict.
    """
    policies.may_contribute(caller, model.team_id).enforce()
    RegisteredModel.objects.select_for_update().get(pk=model.pk)
    last = newest_entry(model)
    if (last.revision if last else None) != revision:
        raise Outdated("The entry is not the one that was shown to you; load it again.")
    new = completed(model, new)
    entry = RegisterEntry(
        model=model,
        revision=(revision or 0) + 1,
        author=caller.user,
        hosting=new.hosting,
        life=new.life,
        owner_id=new.owner,
        validator_id=new.validator,
        place=new.place.strip(),
        technology=new.technology.strip(),
        validated_on=new.validated_on,
        revalidate_on=new.revalidate_on,
    )
    _check(entry, last)
    entry.save()
    record(
        actor=caller.actor,
        action=Action.MODEL_ENTERED,
        subject=("model", model.pk),
        payload=_said(entry),
        related=[("team", model.team_id)],
    )
    return entry


def completed(model: RegisteredModel, new: NewEntry) -> NewEntry:
    """With the day on which the interval of the model's tier ends, where none is said and there
    was a validation; a retired model gets none."""
    last = new.validated_on
    if new.revalidate_on or not last or last > today() or new.life == Life.RETIRED:
        return new
    return replace(new, revalidate_on=next_day(model.risk_tier, last))


def newest_entry(model: RegisteredModel) -> RegisterEntry | None:
    """What the register says of the model now."""
    return RegisterEntry.objects.filter(model=model).order_by("-revision").first()


def is_inventory_only(model: RegisteredModel) -> bool:
    """Whether no version of the model may be servable."""
    entry = newest_entry(model)
    return entry is not None and entry.hosting == Hosting.INVENTORY


def require_inventory_only(model: RegisteredModel) -> None:
    """Raises Conflict for a model of which the register says that it is served here."""
    if not is_inventory_only(model):
        raise Conflict(
            "Only of a model that the register keeps as inventory only is a version declared.",
            field="declared",
        )


def members(model: RegisteredModel) -> QuerySet[Person]:
    """Persons of the owner team who see the entry, so can answer for it or validate, by name."""
    rows = Person.objects.filter(
        pk__in=Membership.objects.filter(team=model.team_id, role__in=policies.READERS).values(
            "person"
        ),
        is_active=True,
    )
    return rows.order_by("name", "pk")


def member_named(model: RegisteredModel, login: str, field: str) -> UUID:
    """A member by one of his logins, whatever the case. Raises Invalid naming the field."""
    person = members(model).filter(logins__username__iexact=login.strip()).first()
    if person is None:
        raise Invalid(_NOBODY, field=field)
    return person.pk


def _said(entry: RegisterEntry) -> dict[str, Any]:
    days = {name: getattr(entry, name) for name in ("validated_on", "revalidate_on")}
    return {
        "revision": entry.revision,
        **{name: getattr(entry, name) for name in ("hosting", "life", "place", "technology")},
        "owner": str(entry.owner_id),
        "validator": str(entry.validator_id) if entry.validator_id else None,
        **{name: day.isoformat() if day else None for name, day in days.items()},
    }


def _check(entry: RegisterEntry, last: RegisterEntry | None) -> None:
    _check_words(entry)
    _check_persons(entry)
    _check_days(entry)
    if last and _said(last) | {"revision": entry.revision} == _said(entry):
        raise Conflict("The register says this already; nothing was changed.")
    if entry.hosting == Hosting.INVENTORY and entry.model.versions.filter(servable=True).exists():
        raise Conflict(
            "The model has versions that can be served here, so it is not inventory only.",
            field="hosting",
        )


def _check_words(entry: RegisterEntry) -> None:
    try:
        entry.clean_fields(exclude=["model", "owner", "validator", "author"])
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Invalid(messages[0], field=name) from None
    for name in ("place", "technology"):
        as_it_is_read(getattr(entry, name), name)
    if entry.hosting == Hosting.INVENTORY:
        for name in ("place", "technology"):
            if not getattr(entry, name):
                raise Invalid("Say this of a model that is not served here.", field=name)


def _check_persons(entry: RegisterEntry) -> None:
    wanted = {"owner": entry.owner_id, "validator": entry.validator_id}
    known = set(members(entry.model).filter(pk__in=filter(None, wanted.values())).values_list("pk"))
    for name, person in wanted.items():
        if person and (person,) not in known:
            raise Invalid(_NOBODY, field=name)
    if entry.owner_id == entry.validator_id:
        raise Invalid("Whoever owns a model does not validate it.", field="validator")


def _check_days(entry: RegisterEntry) -> None:
    day = today()
    if entry.validated_on and not EARLIEST <= entry.validated_on <= day:
        raise Invalid("The last validation was today or earlier.", field="validated_on")
    due = entry.revalidate_on
    if due and not EARLIEST <= due <= day + timedelta(days=LATEST_DAYS):
        raise Invalid("The next revalidation is within ten years.", field="revalidate_on")
    if due and entry.validated_on and due <= entry.validated_on:
        raise Invalid("The next revalidation comes after the last one.", field="revalidate_on")
    if entry.life == Life.IN_USE and not due:
        raise Invalid("A model in use has a day of its next revalidation.", field="revalidate_on")


def today() -> date:
    """The day in UTC."""
    return timezone.now().astimezone(UTC).date()
