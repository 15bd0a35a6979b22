"""A challenger beside the approved champion, and its share."""

from typing import Any

from governance.services import submit
from governance.splits.models import SplitMove
from governance.splits.services import split
from registry.models import ModelVersion
from tests.cast import who
from tests.factories import verbs
from tests.stage import MODEL, Stage, version_of


def challenger(stage: Stage, **scope: Any) -> ModelVersion:
    """A second version, approved by two persons and the notary for this scope."""
    version = verbs.another(who("ada"), stage.version.model)
    verbs.make_ready(who("ada"), version)
    approve(stage, version, **scope)
    return version


def approve(stage: Stage, version: ModelVersion, **scope: Any) -> None:
    """An approval for this scope."""
    review = submit(caller=who("ada"), version=version, scope=scope)
    for name in ("ben", "cleo"):
        verbs.put(name, review)
    assert stage.notary_round() == 1


def give(percent: int, number: int = 2, **wishes: Any) -> SplitMove:
    """A share of the champion's calls."""
    given: dict[str, Any] = {"alias": "champion", "reason": "Let us compare them."}
    return split(
        caller=who("mira"), version=version_of(MODEL, number), percent=percent, **(given | wishes)
    )
