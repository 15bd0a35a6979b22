"""Sources: what was measured, by which criteria, with which result. Numbers are the report's."""

from typing import Any

from compliance.packs import words
from compliance.packs.found import Cell, Found, Table, measured
from compliance.packs.listed import listed
from compliance.packs.subject import Subject
from registry.models import Evidence
from trust.times import format_moment

MOST_FEATURES = 30
MOST_SLICES = 1000


def metrics(subject: Subject) -> Found | None:
    """Every metric of the newest evaluation, with its 95 % interval."""
    report = subject.report("evaluation")
    if report is None:
        return None
    rows = [
        (entry["title"], entry["value"], entry["low"], entry["high"], entry["direction"])
        for entry in report.body["metrics"].values()
    ]
    columns = ("metric", "value", "low", "high", "better")
    return measured(Table(columns, rows), report.digest)


def by_class(subject: Subject) -> Found | None:
    """Precision, recall and F1 of each class."""
    report = subject.report("evaluation")
    lines = report.body.get("by_class") if report else None
    if report is None or not lines:
        return None
    names = [name for name, value in lines[0].items() if isinstance(value, dict)]
    rows = [
        (line["class"], line["labels"], *(line[name]["value"] for name in names)) for line in lines
    ]
    columns = ("class", "rows", *map(words.metric, names))
    return measured(Table(columns, rows), report.digest)


def slices(subject: Subject) -> Found | None:
    """Every metric on each slice of the rows, with its 95 % interval."""
    report = subject.report("evaluation")
    found = report.body.get("slices") if report else None
    if report is None or not found:
        return None
    rows = [
        (
            part["name"],
            part["rows"],
            words.metric(name),
            entry["value"],
            entry["low"],
            entry["high"],
        )
        for one in found
        for part in one["parts"]
        for name, entry in part["metrics"].items()
    ]
    columns = ("slice", "rows", "metric", "value", "low", "high")
    left_out = max(len(rows) - MOST_SLICES, 0)
    return measured(Table(columns, rows[:MOST_SLICES], left_out), report.digest)


def confusion(subject: Subject) -> Found | None:
    """Counts, labels down and predictions across."""
    report = subject.report("evaluation")
    matrix = report.body.get("confusion_matrix") if report else None
    if report is None or not matrix:
        return None
    classes = [str(name) for name in report.body["classes"]]
    rows = [(name, *counts) for name, counts in zip(classes, matrix, strict=True)]
    columns = ("label (down), prediction (across)", *classes)
    return measured(Table(columns, rows), report.digest)


def latency(subject: Subject) -> Found | None:
    """Milliseconds of a processor for a call; the way to the caller is not in them."""
    report = subject.report("evaluation")
    if report is None:
        return None
    rows = [
        (entry["batch"], entry["cpu_ms"]["median"], entry["cpu_ms"]["p95"])
        for entry in report.body["latency"]
    ]
    return measured(
        Table(("rows a call", "median CPU ms", "95th percentile CPU ms"), rows), report.digest
    )


def method(subject: Subject) -> Found | None:
    """How it was measured: seed, resamples, software."""
    report = subject.report("evaluation")
    if report is None:
        return None
    body = report.body
    task = words.TASKS.get(body["task"], body["task"])
    rows: list[tuple[str, Cell]] = [("task", task), ("seed", body["seed"])]
    rows += [(f"interval: {name}", _cell(value)) for name, value in body["interval"].items()]
    rows += [(name, value) for name, value in body["versions"].items()]
    return measured(Table(("what", "value"), rows), report.digest)


def _cell(value: Any) -> Cell:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def reports(subject: Subject) -> Found | None:
    """Every report about the version that a program or a validator finished, with its moment."""
    rows = Evidence.objects.filter(version=subject.version).defer("body").order_by("created_at")
    return listed(
        rows,
        ("report", "finished", "digest"),
        lambda row: (
            words.reports([row.kind]),
            format_moment(row.created_at),
            f"sha256:{row.digest}",
        ),
        lambda row: f"sha256:{row.digest}",
        nothing="",
    )


def comparison(subject: Subject) -> Found | None:
    """Against the champion on the same rows, where there was one that could answer them."""
    report = subject.report("evaluation")
    if report is None:
        return None
    said = report.body.get("comparison")
    if not said:
        return measured("No version was the champion when this one was measured.", report.digest)
    if not said["metrics"]:
        return measured(f"It could not be compared: {said['note']}", report.digest)
    names = ("champion", "difference", "low", "high")
    rows = [
        (words.metric(name), *(_cell(entry.get(part)) for part in names))
        for name, entry in said["metrics"].items()
    ]
    return measured(Table(("metric", *names), rows), report.digest)


def criteria(subject: Subject) -> Found | None:
    """The limits that were sealed before the run that gave the newest report."""
    plan = subject.plan
    if plan is None:
        return None
    rows = [
        (words.metric(one["metric"]), words.limit(one["metric"], one["limit"], one["bound"]))
        for one in plan.body["criteria"]
    ]
    return measured(Table(("metric", "limit"), rows), plan.digest)


def gates(subject: Subject) -> Found | None:
    """Each gate of the statement, with what it found."""
    statement, review = subject.statement, subject.review
    if not statement or not review:
        return None
    rows = [
        (
            words.gate(gate["gate"]),
            gate["state"],
            _cell(gate.get("measured")),
            _cell(gate.get("limit")),
        )
        for gate in statement["gates"]
    ]
    table = Table(("gate", "state", "measured", "limit"), rows)
    return measured(table, f"sha256:{review.statement_digest}")


def features(subject: Subject) -> Found | None:
    """The features that moved the answers most, by mean absolute SHAP value."""
    report = subject.report("explanation")
    if report is None:
        return None
    found = report.body["global"]
    grid = report.body["grid"]
    rows = [(_feature(one["feature"], grid), one["mean_abs"]) for one in found[:MOST_FEATURES]]
    left_out = max(len(found) - MOST_FEATURES, 0)
    table = Table(("feature", "mean absolute SHAP value"), rows, left_out)
    return measured(table, report.digest)


def _feature(name: str, grid: Any) -> str:
    """A column; of an image the field of the grid that is laid over it."""
    if not grid:
        return name
    row, column = (int(part) + 1 for part in name.split(","))
    return f"row {row} of {grid['rows']}, column {column} of {grid['columns']}"


def golden(subject: Subject) -> Found | None:
    """Rows whose answers are replayed before the version may serve."""
    report = subject.report("golden")
    if report is None:
        return None
    return measured("Golden rows were frozen and are replayed at every load.", report.digest)


def parity(subject: Subject) -> Found | None:
    """A compressed version beside its parent."""
    if subject.version.parent is None:
        return measured("This version is not a compressed one.", subject.digest)
    report = subject.report("parity")
    if report is None:
        return None
    body = report.body
    rows: list[tuple[str, Cell]] = [
        ("agreement with the parent", body["agreement_rate"]),
        ("largest difference of an answer", body["max_abs_difference"]),
        ("bytes of the parent", body["size_bytes"]["parent"]),
        ("bytes of the child", body["size_bytes"]["child"]),
        ("verdict", body["verdict"]),
    ]
    return measured(Table(("what", "value"), rows), report.digest)


SOURCES = {
    "evaluation.metrics": metrics,
    "evaluation.by_class": by_class,
    "evaluation.slices": slices,
    "evaluation.confusion": confusion,
    "evaluation.latency": latency,
    "evaluation.method": method,
    "evaluation.reports": reports,
    "evaluation.comparison": comparison,
    "evaluation.criteria": criteria,
    "evaluation.gates": gates,
    "explanation.features": features,
    "golden.rows": golden,
    "compression.parity": parity,
}
