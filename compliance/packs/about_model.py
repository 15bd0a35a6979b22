"""Sources: what the model is, its files, its interface, where it comes from."""

import json
from typing import Any

from audit.actions import Action
from compliance.packs import words
from compliance.packs.covered import Covered
from compliance.packs.found import Cell, Found, Table, declared, lacking, measured
from compliance.packs.listed import listed
from compliance.packs.subject import Subject
from compliance.packs.telling import telling
from governance.policies import HANDS
from registry.models import ModelVersion
from trust.times import format_moment


def identity(subject: Subject) -> Found | None:
    """Name, number and digest."""
    version, model = subject.version, subject.model
    rows: list[tuple[str, Cell]] = [
        ("model", model.name),
        ("version", version.number),
        ("version digest", subject.digest),
        ("owner team", model.team.name),
        ("kind", words.made(version.kind, subject.manifest)),
        ("registered", format_moment(version.created_at)),
        ("registered by", version.created_by.person.name),
    ]
    return measured(Table(("what", "value"), rows), subject.digest)


def _describer(covered: Covered, field: str) -> dict[str, Any]:
    """Who last wrote a part of the model's description, when, and the event that says so."""
    changes = covered.told(Action.MODEL_CHANGED)
    event = next((one for one in changes if field in one.payload["fields"]), None)
    if event is None:
        return _registrar(covered)
    (evidence,) = telling(event)
    by = covered.shelf.speakers.get(event.person_id, "") if event.person_id else ""
    return {"by": by, "at": event.occurred_at, "evidence": evidence}


def _registrar(covered: Covered) -> dict[str, Any]:
    """The same of what cannot be changed since the model was registered."""
    model = covered.only_model
    told = next(iter(covered.told(Action.MODEL_REGISTERED)), None)
    (evidence,) = telling(told) or ("",)
    return {"by": model.created_by.person.name, "at": model.created_at, "evidence": evidence}


def purpose(covered: Covered) -> Found | None:
    """What the register says that the model is for."""
    return declared(covered.only_model.purpose, **_describer(covered, "purpose"))


def licence(covered: Covered) -> Found | None:
    """The licence and where the model comes from."""
    model = covered.only_model
    rows = [("licence", model.licence), ("origin", model.origin)]
    return declared(Table(("what", "value"), rows), **_describer(covered, "licence"))


def tier(covered: Covered) -> Found | None:
    """The risk tier, which selects the policy."""
    return declared(covered.only_model.risk_tier, **_registrar(covered))


def files(subject: Subject) -> Found | None:
    """Every file by digest."""
    rows = [
        (entry["role"], entry["name"], entry["sha256"], entry["size"])
        for entry in subject.manifest["artifacts"]
    ]
    if not rows:
        return lacking("declared without a file")
    return measured(Table(("role", "name", "sha256", "bytes"), rows), subject.digest)


def interface(subject: Subject) -> Found | None:
    """Inputs and outputs, as the manifest holds them."""
    signature = subject.manifest["signature"]
    if not signature:
        return None
    rows = [
        (way, port["name"], port["dtype"], " × ".join(map(str, port["shape"])))
        for way, ports in (("input", signature["inputs"]), ("output", signature["outputs"]))
        for port in ports
    ]
    return measured(Table(("way", "name", "type", "shape"), rows), subject.digest)


def task(subject: Subject) -> Found | None:
    """The task, and the classes where there are some."""
    signature = subject.manifest["signature"]
    if not signature:
        return None
    classes = signature.get("classes") or []
    task = words.TASKS[signature["task"]]
    return measured(f"{task}: {', '.join(classes)}" if classes else task, subject.digest)


def lineage(subject: Subject) -> Found | None:
    """How the version came about."""
    said = subject.manifest["lineage"]
    names = ("source", "recipe", "method", "parent", "dataset", "validation")
    rows = [(name, said[name]) for name in names if said.get(name)]
    return measured(Table(("what", "value"), rows), subject.digest) if rows else None


def params(subject: Subject) -> Found | None:
    """The parameters of the training or compression."""
    said = subject.manifest["lineage"].get("params") or {}
    rows = [(name, words.plain(value)) for name, value in sorted(said.items())]
    if not rows:
        was_made_here = subject.version.kind in ("trained", "compressed")
        return measured("No parameter was set.", subject.digest) if was_made_here else None
    return measured(Table(("parameter", "value"), rows), subject.digest)


def relations(covered: Covered) -> Found | None:
    """The versions of the model: number, kind, parent, status."""
    model = covered.only_model
    versions = ModelVersion.objects.filter(model=model).select_related("parent")
    return listed(
        versions.defer("parent__manifest").order_by("-number"),
        ("version", "kind", "parent", "status", "registered", "digest"),
        lambda row: (
            row.number,
            words.made(row.kind, json.loads(bytes(row.manifest))),
            row.parent.number if row.parent else None,
            row.status,
            format_moment(row.created_at),
            f"sha256:{row.digest}",
        ),
        lambda row: f"sha256:{row.digest}",
        nothing="No version is registered.",
        witness=covered.witness,
    )


def admission(subject: Subject) -> Found | None:
    """What the sandbox said when the file came in, and how far it was confined."""
    report = subject.report("sandbox")
    if report is None:
        return None
    rows = [("level of confinement", report.body.get("level")), ("passed", report.body.get("ok"))]
    rows += [(f"finding: {f.get('code')}", f.get("message")) for f in _findings(report.body)]
    return measured(Table(("what", "value"), rows), report.digest)


def _findings(body: Any) -> list[Any]:
    return [found for found in body.get("findings", []) if isinstance(found, dict)]


def runtime(subject: Subject) -> Found | None:
    """The software that the statement names for serving."""
    statement, review = subject.statement, subject.review
    if not statement or not review:
        return None
    rows = list(statement["runtime"].items())
    if not rows:
        return lacking("approved for use elsewhere, so nothing here runs it")
    return measured(Table(("what", "value"), rows), f"sha256:{review.statement_digest}")


def contributors(subject: Subject) -> Found | None:
    """Who had a hand in the version, and so may not sign for it."""
    rows = subject.version.contributors.select_related("person").order_by("at", "pk")
    found = [
        (row.person.name, HANDS.get(row.reason, row.reason), format_moment(row.at)) for row in rows
    ]
    if not found:
        return None
    # Of a compressed version the hands in its parent are on record since it was derived.
    return measured(Table(("person", "did", "on record since"), found), subject.digest)


OF_MODELS = {
    "model.purpose": purpose,
    "model.licence": licence,
    "model.tier": tier,
    "version.relations": relations,
}
SOURCES = {
    **OF_MODELS,
    "model.identity": identity,
    "version.files": files,
    "version.interface": interface,
    "version.task": task,
    "version.lineage": lineage,
    "version.params": params,
    "version.admission": admission,
    "version.runtime": runtime,
    "version.contributors": contributors,
}
