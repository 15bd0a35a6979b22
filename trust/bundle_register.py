"""The register of a bundle: the record of each model says what the log's events say of it."""

from dataclasses import dataclass, field

from trust.bundle_layout import REGISTER_SCOPE, register_member
from trust.bundle_members import BundleMembers
from trust.bundle_report import BundleReport
from trust.bundle_seal import LogEvent
from trust.fields import JsonObject

_DESCRIBED = ("name", "risk_tier", "origin")


@dataclass(slots=True)
class RegisterLog:
    """What the disclosed events say of models, by the model's id."""

    registered: dict[object, JsonObject] = field(default_factory=dict)
    entered: dict[object, JsonObject] = field(default_factory=dict)
    """The last entry of the register."""
    aliases: dict[object, dict[str, object]] = field(default_factory=dict)
    """alias -> the digest of the version that it was moved to last"""

    def add(self, event: LogEvent) -> None:
        """Take in one event."""
        if event.action == "model.registered":
            self.registered[event.subject] = event.payload
        elif event.action == "model.entered":
            self.entered[event.subject] = event.payload
        elif event.action == "alias.moved":
            moved = self.aliases.setdefault(event.subject, {})
            moved[str(event.payload.get("alias"))] = event.payload.get("to")


def check_register(
    members: BundleMembers, kind: str, told: RegisterLog, report: BundleReport
) -> None:
    """Every record is what the events say; in a bundle of the register no model is left out."""
    for member, model in members.folder("register/", ".json"):
        report.count("models of the register")
        record = members.document(member)
        for problem in _wrong_with_entry(record, model, told) if record is not None else ():
            report.find(member, problem)
    if kind != REGISTER_SCOPE:
        return
    for model in sorted(map(str, told.registered)):
        if not members.has(register_member(model)):
            report.find(register_member(model), "the log tells of this model, but it is left out")


def _wrong_with_entry(record: JsonObject, model: str, told: RegisterLog) -> list[str]:
    registered = told.registered.get(model)
    if record.get("model") != model:
        return ["it is the record of another model"]
    if registered is None:
        return ["the log has no event that this model was registered"]
    problems = [
        f"the log says otherwise of its {name}"
        for name in _DESCRIBED
        if record.get(name) != registered.get(name)
    ]
    if record.get("entry") != told.entered.get(model):
        problems.append("its entry is not the last one of the log")
    if record.get("aliases") != told.aliases.get(model, {}):
        problems.append("its aliases are not those of the log")
    return problems
