"""The bill of materials of a version, CycloneDX 1.6, as far as records have its parts."""

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid5

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from compliance.packs.subject import Subject
from registry.models import ModelVersion
from trust.times import format_moment

_SPACE = UUID("9d6f0f5e-2e55-4a7c-8f58-7d3a1b6c9e10")
_PRECISION = "{:.17g}"


def ml_bom(subject: Subject, pack: str) -> dict[str, Any]:
    """The document. What no record or card has is left out, never made up.

    Source: the JSON schema of CycloneDX 1.6, component of the type machine-learning-model.
    """
    ref = f"version:{subject.version.pk}"
    component: dict[str, Any] = {
        "type": "machine-learning-model",
        "bom-ref": ref,
        "name": subject.model.name,
        "version": str(subject.version.number),
        "description": subject.model.purpose,
        "supplier": {"name": subject.model.team.name},
        "licenses": _licences(subject.model.licence),
        "properties": [
            {"name": "assay:version-digest", "value": subject.digest},
            {"name": "assay:risk-tier", "value": subject.model.risk_tier},
        ],
        "components": [_file(entry, ref, at) for at, entry in enumerate(_artifacts(subject))],
        **_pedigree(subject),
        "modelCard": {
            "modelParameters": _parameters(subject),
            **_analysis(subject),
            **_considerations(subject),
        },
    }
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(_SPACE, pack)}",
        "version": 1,
        "metadata": {
            "timestamp": format_moment(subject.now),
            "tools": {"components": [{"type": "application", "name": "Assay"}]},
        },
        "components": [component, *_datasets(subject)],
        "dependencies": [
            {"ref": ref, "dependsOn": [part["bom-ref"] for part in _datasets(subject)]}
        ],
    }


def _licences(said: str) -> list[dict[str, Any]]:
    """An SPDX expression where it is one, else the name that was given."""
    try:
        return [{"expression": str(canonicalize_license_expression(said))}]
    except InvalidLicenseExpression:
        return [{"license": {"name": said}}]


def _pedigree(subject: Subject) -> dict[str, Any]:
    """What it was compressed from; of a version that was not, nothing."""
    _, *ancestors = subject.ancestry
    found = [
        {
            "type": "machine-learning-model",
            "bom-ref": f"version:{one.pk}",
            "name": subject.model.name,
            "version": str(one.number),
            "properties": [{"name": "assay:version-digest", "value": f"sha256:{one.digest}"}],
        }
        for one in ancestors
    ]
    return {"pedigree": {"ancestors": found}} if found else {}


def _artifacts(subject: Subject) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = subject.manifest["artifacts"]
    return found


def _file(entry: Mapping[str, Any], ref: str, at: int) -> dict[str, Any]:
    return {
        "type": "file",
        "bom-ref": f"{ref}/{at}",
        "name": entry["name"],
        "hashes": [_sha256(entry["sha256"])],
        "properties": [
            {"name": "assay:role", "value": entry["role"]},
            {"name": "assay:bytes", "value": str(entry["size"])},
        ],
    }


def _sha256(digest: str) -> dict[str, str]:
    return {"alg": "SHA-256", "content": digest.removeprefix("sha256:")}


def _parameters(subject: Subject) -> dict[str, Any]:
    signature, said = subject.manifest["signature"], _lineage(subject.trained)
    found: dict[str, Any] = {}
    if subject.training_rows:
        found["approach"] = {"type": "supervised"}
        found["datasets"] = [{"ref": part["bom-ref"]} for part in _datasets(subject)]
    if signature:
        found["task"] = str(signature["task"])
        for way in ("inputs", "outputs"):
            found[way] = [{"format": _port(port)} for port in signature[way]]
    if said.get("recipe"):
        found["modelArchitecture"] = str(said["recipe"])
    return found


def _lineage(version: ModelVersion) -> Mapping[str, Any]:
    """How it was made; a compressed version has the architecture of the one that was trained."""
    found: Mapping[str, Any] = json.loads(bytes(version.manifest))["lineage"]
    return found


def _port(port: Mapping[str, Any]) -> str:
    shape = " × ".join(map(str, port["shape"]))
    return f"{port['name']}: {port['dtype']}, {shape}"


def _datasets(subject: Subject) -> list[dict[str, Any]]:
    return [
        {
            "type": "data",
            "bom-ref": f"dataset:{row.pk}",
            "name": row.name,
            "hashes": [_sha256(row.blob_id)],
            "licenses": _licences(row.licence),
            "data": [{"type": "dataset", "name": row.name, "description": _about(row)}],
        }
        for row in subject.training_rows
    ]


def _about(row: Any) -> str:
    return f"{row.split}, {row.rows} rows; origin: {row.origin}"


def _analysis(subject: Subject) -> dict[str, Any]:
    report = subject.report("evaluation")
    if report is None:
        return {}
    metrics = []
    for entry in report.body["metrics"].values():
        if entry["value"] is None:
            continue
        one: dict[str, Any] = {"type": entry["title"], "value": _PRECISION.format(entry["value"])}
        if entry["low"] is not None:
            bounds = {"lowerBound": entry["low"], "upperBound": entry["high"]}
            one["confidenceInterval"] = {
                name: _PRECISION.format(value) for name, value in bounds.items()
            }
        metrics.append(one)
    return {"quantitativeAnalysis": {"performanceMetrics": metrics}}


def _considerations(subject: Subject) -> dict[str, Any]:
    said = subject.card.content if subject.card else {}
    found: dict[str, Any] = {}
    for name, field in (("useCases", "intended_use"), ("technicalLimitations", "limitations")):
        if said.get(field):
            found[name] = [said[field]]
    if said.get("ethical_considerations"):
        found["ethicalConsiderations"] = [{"name": said["ethical_considerations"]}]
    return {"considerations": found} if found else {}
