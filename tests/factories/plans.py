"""Plans as ada seals them, and a version that nobody has measured yet."""

from typing import Any

from evaluation.models import EvaluationPlan
from evaluation.plans import seal_plan
from governance.models import PolicyVersion
from governance.policy.documents import DEFAULTS
from registry.models import ModelVersion
from tests.cast import the_team, who
from tests.factories import verbs
from tests.factories.policies import publish_policy

# Another model than the stage's first version, whose results are known.
STRENGTH = 0.5
CRITERIA = [
    {"metric": "accuracy", "limit": 0.8, "bound": "interval"},
    {"metric": "log_loss", "limit": 0.5, "bound": "value"},
]


def unmeasured() -> ModelVersion:
    """A second version, whose results nobody knows."""
    first = ModelVersion.objects.select_related("model").get(number=1)
    return verbs.another(who("ada"), first.model, strength=STRENGTH)


def seal(version: ModelVersion, *, by: str = "ada", **wishes: Any) -> EvaluationPlan:
    """A plan that the model meets, unless wished otherwise."""
    given: dict[str, Any] = {
        "dataset": verbs.dataset(),
        "criteria": CRITERIA,
        "seed": 1,
        "resamples": 100,
    }
    return seal_plan(caller=who(by), version=version, **(given | wishes))


def accuracy(limit: float) -> list[dict[str, Any]]:
    """One criterion: an accuracy of at least the limit."""
    return [{"metric": "accuracy", "limit": limit, "bound": "value"}]


def planning_policy(**changes: Any) -> PolicyVersion:
    """The team's own policy: no floors, but a plan that was sealed before the run."""
    document = DEFAULTS["medium"].as_dict() | {"metrics": [], "sealed_plan": True} | changes
    return publish_policy(
        caller=who("mira"), name="planned", tier="medium", team=the_team(), document=document
    )
