"""Sources: the rows that the version learned from and was measured on."""

from compliance.packs.found import Found, Table, declared, measured
from compliance.packs.subject import Subject
from evaluation.selectors import uses_for
from registry.models import DatasetSnapshot

MOST_COLUMNS = 200


def training(subject: Subject) -> Found | None:
    """Snapshots that the lineage names, by digest; of a compressed version its ancestor's."""
    return _rows(subject.training_rows, f"sha256:{subject.trained.digest}")


def _rows(snapshots: list[DatasetSnapshot], named_by: str) -> Found | None:
    if not snapshots:
        return None
    rows = [
        (row.name, row.split, row.rows, len(row.schema["columns"]), f"sha256:{row.blob_id}")
        for row in snapshots
    ]
    columns = ("name", "split", "rows", "columns", "digest")
    return measured(Table(columns, rows), named_by, *(f"sha256:{row.blob_id}" for row in snapshots))


def compression(subject: Subject) -> Found | None:
    """Rows that it was calibrated or tuned on while it was made smaller."""
    if subject.version.parent is None:
        return measured("This version is not a compressed one.", subject.digest)
    if not subject.compression_rows:
        return measured("It was compressed without rows.", subject.digest)
    return _rows(subject.compression_rows, subject.digest)


def training_origin(subject: Subject) -> Found | None:
    """Where the rows come from, as whoever registered them says."""
    return _origin(subject.training_rows)


def _origin(snapshots: list[DatasetSnapshot]) -> Found | None:
    if not snapshots:
        return None
    rows = [(row.name, row.split, row.origin, row.licence) for row in snapshots]
    first = snapshots[0]
    return declared(
        Table(("name", "split", "origin", "licence"), rows),
        by=", ".join(dict.fromkeys(row.created_by.person.name for row in snapshots)),
        at=first.created_at,
        evidence=f"sha256:{first.blob_id}",
    )


def training_columns(subject: Subject) -> Found | None:
    """The columns of the training rows."""
    if not subject.training_rows:
        return None
    row = subject.training_rows[0]
    found = [(column["name"], column["dtype"]) for column in row.schema["columns"]]
    left_out = max(len(found) - MOST_COLUMNS, 0)
    table = Table(("column", "type"), found[:MOST_COLUMNS], left_out)
    return measured(table, f"sha256:{row.blob_id}")


def evaluation(subject: Subject) -> Found | None:
    """The rows of the newest evaluation, as its report names them."""
    report = subject.report("evaluation")
    if report is None:
        return None
    said = report.body["dataset"]
    rows = [(name, said.get(name)) for name in ("name", "split", "rows", "digest")]
    digest = str(said.get("digest", ""))
    return measured(Table(("what", "value"), rows), report.digest, *([digest] if digest else []))


def evaluation_origin(subject: Subject) -> Found | None:
    """Where these rows come from, as whoever registered them says."""
    run = subject.evaluation_run
    return _origin([run.dataset]) if run else None


def uses(subject: Subject) -> Found | None:
    """How often these rows were used to measure the model's versions."""
    run, report = subject.evaluation_run, subject.report("evaluation")
    if run is None or report is None:
        return None
    counted = uses_for(subject.model.pk, run.dataset.blob_id)
    rows = [("evaluation runs", counted.runs), ("versions", counted.versions)]
    return measured(Table(("what", "count"), rows), f"sha256:{run.dataset.blob_id}")


SOURCES = {
    "data.training": training,
    "data.compression": compression,
    "data.training_origin": training_origin,
    "data.training_columns": training_columns,
    "data.evaluation": evaluation,
    "data.evaluation_origin": evaluation_origin,
    "data.uses": uses,
}
