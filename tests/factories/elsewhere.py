"""A model that is inventory only, with a version that is declared, validated and approved."""

from typing import Any

from governance.models import Approval, Review
from governance.policy.documents import DEFAULTS
from governance.services import submit, withdraw
from registry.intake import Piece, request_version
from registry.manifests import SIDECAR
from registry.models import ModelVersion, RegisteredModel
from registry.register.entries import NewEntry, enter, newest_entry, today
from registry.services import edit_card
from tests.cast import user_of, who
from tests.factories import tiny, verbs
from tests.factories.policies import publish_policy
from tests.factories.validations import finished
from tests.stage import Stage

SHEET = "sheet"
DECLARED = {"vendor": "Acme", "product": "Score", "release": "3.1"}
GATES = {
    "evidence": ["card"],
    "metrics": [],
    "licences": ["MIT"],
    "lineage": True,
    "validation_report": True,
    "evidence_days": 90,
    "stale_grace_s": 3600,
}


def policy_for_sheets(**other: Any) -> None:
    """A policy of the low tier whose gates can be had without a run."""
    document = DEFAULTS["low"].as_dict() | GATES | other
    publish_policy(caller=who("root"), name="sheets", tier="low", team=None, document=document)


def entered(model: RegisteredModel, **other: Any) -> None:
    """What the register says of it from now on: inventory only, in use."""
    said: dict[str, Any] = {
        "hosting": "inventory",
        "life": "in_use",
        "owner": user_of("ada").person_id,
        "place": "Finance share",
        "technology": "Spreadsheet",
        "revalidate_on": today().replace(year=today().year + 1, day=1),
    }
    last = newest_entry(model)
    enter(
        caller=who("ada"),
        model=model,
        new=NewEntry(**(said | other)),
        revision=last.revision if last else None,
    )


def a_sheet(name: str = SHEET) -> RegisteredModel:
    """A line of versions of which the register says that none is served here."""
    model = verbs.new_model(who("ada"), name, "low")
    entered(model)
    return model


def declared(model: RegisteredModel, *files: str, **other: Any) -> ModelVersion:
    """A version by request and job, with files of these names or none."""
    ada = who("ada")
    pieces = [Piece(verbs.send(ada, file, file.encode() * 10), SIDECAR) for file in files]
    wishes: dict[str, Any] = {"declared": DECLARED, "signature": None, "note": "As delivered."}
    asked = request_version(caller=ada, model=model, pieces=pieces, **(wishes | other))
    verbs.at_work(asked.job_id)
    return ModelVersion.objects.select_related("model__team").filter(model=model).latest("number")


def validated(version: ModelVersion) -> ModelVersion:
    """With a card and a report that ben has finished in a review of its own."""
    edit_card(caller=who("ada"), version=version, content=tiny.CARD)
    review = submit(caller=who("ada"), version=version)
    finished("ben", review)
    withdraw(caller=who("ada"), review=review)
    return version


def approved_elsewhere(stage: Stage, *files: str, name: str = SHEET) -> Approval:
    """The approval of such a version, through every step."""
    policy_for_sheets()
    version = validated(declared(a_sheet(name), *files))
    return approved_again(stage, version)


def approved_again(stage: Stage, version: ModelVersion) -> Approval:
    """The newest approval of it, after a review that as many sign as the policy wants."""
    verbs.signed(version, ("cleo",))
    assert stage.notary_round() == 1, Review.objects.latest("opened_at").notary_note
    return Approval.objects.select_related("review").filter(version=version).latest("issued_at")
