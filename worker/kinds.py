"""What a kind of job is, and how its code is found by name.

The table itself lies above every app (`worker.tasks`), its readers below them: hence the names.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from common.errors import Invalid


@dataclass(frozen=True)
class Kind:
    """`run(ctx)` is called in a job's process, `fail(*, job, reason)` where its end is written."""

    run: str
    fail: str


@dataclass(frozen=True)
class Periodic:
    """A short call without arguments that one clock makes every `seconds`."""

    name: str
    call: str
    seconds: float


def resolve(name: str) -> Any:
    """The object that `package.module:attribute` names. Raises ImportError."""
    return import_string(name.replace(":", "."))


def kinds() -> Mapping[str, Kind]:
    """The table of kinds that `settings.JOB_KINDS` names."""
    table: Mapping[str, Kind] = resolve(getattr(settings, "JOB_KINDS", "worker.tasks:KINDS"))
    return table


def periodic() -> tuple[Periodic, ...]:
    """The table of periodic calls that `settings.JOB_PERIODIC` names."""
    return tuple(resolve(getattr(settings, "JOB_PERIODIC", "worker.tasks:PERIODIC")))


def kind_named(name: str) -> Kind:
    """The kind of that name. Raises Invalid."""
    try:
        return kinds()[name]
    except KeyError:
        raise Invalid(f"There is no kind of job named {name!r}.", field="kind") from None


def runner(name: str) -> Callable[[Any], None]:
    """The function that does the work of a kind. Raises Invalid or ImportError."""
    found: Callable[[Any], None] = resolve(kind_named(name).run)
    return found


def failer(name: str) -> Callable[..., None]:
    """The function that notes the failure of a kind. Raises Invalid or ImportError."""
    found: Callable[..., None] = resolve(kind_named(name).fail)
    return found
