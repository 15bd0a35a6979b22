"""What a call of an operation is, and what its path and body are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.api.house import House

Maker = Callable[[House], dict[str, Any]]


def nothing(house: House) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Call:
    """Path parameters, body and query of a call; a list of names reads `house[name]`."""

    path: Maker = nothing
    body: Maker | None = None
    query: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)


def version(number: int) -> Maker:
    return lambda house: {"name": house["model"], "number": number}


def review(house: House) -> dict[str, Any]:
    return {"review_id": house["review"]}


def raised(house: House) -> dict[str, Any]:
    return {"finding_id": house["raised"]}


def model(house: House) -> dict[str, Any]:
    return {"name": house["model"]}


def seeded(parameter: str, name: str) -> Maker:
    return lambda house: {parameter: house[name]}


def made(parameter: str, operation: str, key: str = "id") -> Maker:
    return lambda house: {parameter: house.made[operation][key]}


def says(**body: Any) -> Maker:
    return lambda house: dict(body)
