"""Gates that anybody can ask again: a policy and the evidence are all that they look at.

The instance freezes the answers into a statement, the notary asks again before it signs, and who
verifies an approval later asks once more. *Not measured* never passes.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from trust.errors import Malformed
from trust.fields import JsonObject, as_object, read_object, read_objects, read_text, read_texts
from trust.shifts import measured_shift
from trust.times import format_moment

GATE_PASSED, GATE_FAILED, GATE_NOT_MEASURED = "passed", "failed", "not measured"
# From the weakest to the strongest; at "none" nothing confined the check.
SANDBOX_LEVELS = ("none", "rlimits-only", "no-namespaces", "full")
# The measurements that can be made again; a comparison with the parent is made once, at birth.
AGEING = ("evaluation", "explanation")
_LINEAGE = {
    "training": ("recipe", "params", "dataset"),
    "compression": ("method", "params", "parent"),
}
SHIFT = "explanation_shift"
_NO_CHAMPION = "There is no champion to compare with."

Number = int | float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a gate says: state, measured value, limit, a sentence, the kind of evidence it used."""

    gate: str
    state: str
    measured: Number | str | None
    limit: Number | str | None
    reason: str
    kind: str | None = None
    required: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """What gates are shown of a version: manifest, newest reports, and what is true at `now`.

    `reports` and `since` (when a report was stored) are by kind of evidence. `champion` is the
    digest of the version to compare with, None where there is none or it is this one. `applies`
    are the metrics that models of the task have.
    """

    manifest: JsonObject
    reports: Mapping[str, JsonObject]
    since: Mapping[str, datetime]
    now: datetime
    licence: str
    champion: str | None
    applies: Collection[str]


Asked = Callable[[JsonObject, Shown], Iterator[Answer]]


def _missing(gate: str, limit: Number | str | None, why: str, kind: str | None = None) -> Answer:
    return Answer(gate, GATE_NOT_MEASURED, None, limit, why, kind)


def _judged(
    gate: str,
    holds: bool,
    measured: Number | str | None,
    limit: Number | str | None,
    reason: str,
    kind: str | None = None,
) -> Answer:
    return Answer(gate, GATE_PASSED if holds else GATE_FAILED, measured, limit, reason, kind)


def _number(document: JsonObject, name: str) -> Number | None:
    """The number under `name`, None where it has no value. Raises Malformed."""
    value = document.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise Malformed(f"{name!r} is not a number")
    return value


def _rows(document: JsonObject, name: str) -> list[JsonObject]:
    """The objects under `name`; none where it is left out. Raises Malformed."""
    return read_objects(document, name) if name in document else []


def _is_better_high(report: JsonObject, metric: str) -> bool:
    entry = as_object(read_object(report, "metrics").get(metric), repr(metric))
    return read_text(entry, "direction") == "higher"


def _comparison(shown: Shown) -> tuple[JsonObject | None, str]:
    """The comparison with the champion of now, or why there is none."""
    report = shown.reports.get("evaluation")
    found = report.get("comparison") if report else None
    if report is None:
        return None, "There is no evaluation of this version."
    if found is None:
        return None, "The evaluation was made without the champion; evaluate again."
    comparison = as_object(found, "'comparison'")
    if read_object(comparison, "champion").get("digest") != shown.champion:
        return None, "The evaluation compared with another champion; evaluate again."
    if comparison.get("note"):
        return None, str(comparison["note"])
    return comparison, ""


def no_worse_than_champion(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """On the same rows, no metric is worse than the champion's by more than the margin.

    The worse end of the paired bootstrap's 95 % interval of the difference decides: a test of
    non-inferiority at 2.5 %. Source: Walker and Nowacki, 2011, doi:10.1007/s11606-010-1513-8.
    """
    for wanted in _rows(policy, "no_regression"):
        metric = read_text(wanted, "metric")
        margin = _number(wanted, "margin") or 0
        if metric in shown.applies:
            yield _margin(f"no_regression:{metric}", metric, margin, shown)


def _margin(gate: str, metric: str, margin: Number, shown: Shown) -> Answer:
    if shown.champion is None:
        return Answer(gate, GATE_NOT_MEASURED, None, None, _NO_CHAMPION, required=False)
    comparison, why = _comparison(shown)
    entry = read_object(comparison, "metrics").get(metric) if comparison else None
    found = as_object(entry, repr(metric)) if entry is not None else {}
    if comparison is None or found.get("state") != "measured":
        return _missing(gate, None, why or str(found.get("note") or "It was not compared."))
    is_high = _is_better_high(shown.reports["evaluation"], metric)
    worst = _number(found, "low" if is_high else "high")
    limit = -margin if is_high else margin
    if worst is None:
        return _missing(gate, limit, "The difference has no interval.", "evaluation")
    holds = worst >= limit if is_high else worst <= limit
    reason = (
        f"The worse end of the 95 % interval of the difference is {worst:.4g}; "
        f"the policy wants {'at least' if is_high else 'at most'} {limit:g}."
    )
    return _judged(gate, holds, worst, limit, reason, "evaluation")


def not_right_less_often(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The exact McNemar test does not find that the champion is right on more rows.

    Fails where p is below the level and more rows were lost than gained. Source: McNemar, 1947,
    doi:10.1007/BF02295996. Asked of classifications only.
    """
    level = _number(policy, "mcnemar")
    if level is None or _task(shown) not in ("binary", "multiclass"):
        return
    if shown.champion is None:
        yield Answer("mcnemar", GATE_NOT_MEASURED, None, None, _NO_CHAMPION, required=False)
        return
    comparison, why = _comparison(shown)
    if comparison is None:
        yield _missing("mcnemar", level, why)
        return
    test = read_object(comparison, "mcnemar")
    gained, lost = _number(test, "only_candidate_right"), _number(test, "only_champion_right")
    p_value = 1.0 if gained == lost == 0 else _number(test, "p_value")
    if p_value is None or gained is None or lost is None:
        yield _missing("mcnemar", level, str(test.get("note") or "It was not tested."))
        return
    reason = (
        f"Only this version is right on {gained} rows, only the champion on {lost}: "
        f"p = {p_value:.3g}; below {level:g} with more rows lost than gained it fails."
    )
    holds = p_value >= level or gained >= lost
    yield _judged("mcnemar", holds, p_value, level, reason, "evaluation")


def _task(shown: Shown) -> object:
    signature = shown.manifest.get("signature")
    return as_object(signature, "the signature").get("task") if signature else None


def worst_slice_reaches_floor(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The worst slice of the evaluation meets the limit; slices that are too small pass nothing."""
    for wanted in _rows(policy, "slices"):
        if read_text(wanted, "metric") in shown.applies:
            yield worst_slice(wanted, shown.reports.get("evaluation"))


def worst_slice(wanted: JsonObject, report: JsonObject | None) -> Answer:
    """What a report says to {"metric", "limit", "bound", "least_rows", "columns"?}.

    Failed if a slice with so many rows does not meet the limit; else *not measured* if a slice has
    fewer, or no value; else passed. Measured is the worst of the slices with so many rows.
    """
    metric, limit = read_text(wanted, "metric"), _number(wanted, "limit") or 0
    gate = f"slice:{metric}"
    slicings = _rows(report, "slices") if report else []
    if report is None or not slicings:
        return _missing(gate, limit, "No evaluation was asked for slices.")
    named = read_texts(wanted, "columns") if "columns" in wanted else []
    sliced = {slicing.get("column") for slicing in slicings}
    if absent := [name for name in named if name not in sliced]:
        return _missing(gate, limit, f"Not sliced by: {', '.join(absent)}.", "evaluation")
    chosen = [s for s in slicings if not named or s.get("column") in named]
    parts = [part for slicing in chosen for part in read_objects(slicing, "parts")]
    return _worst(gate, wanted, parts, _is_better_high(report, metric))


def _worst(gate: str, wanted: JsonObject, parts: list[JsonObject], is_high: bool) -> Answer:
    limit, least = _number(wanted, "limit") or 0, _number(wanted, "least_rows") or 0
    end = ("low" if is_high else "high") if wanted.get("bound") == "interval" else "value"
    values: list[tuple[Number, str]] = []
    unknown: list[str] = []
    for part in parts:
        name, rows = read_text(part, "name"), _number(part, "rows") or 0
        entry = as_object(read_object(part, "metrics").get(read_text(wanted, "metric")), name)
        value = _number(entry, end) if entry.get("state") == "measured" else None
        if value is None or rows < least:
            unknown.append(f"{name} ({rows} rows)")
        else:
            values.append((value, f"{name} ({rows} rows)"))
    unmeasured = f"Too few rows, or no value: {', '.join(unknown)}." if unknown else ""
    if not values:
        return _missing(gate, limit, unmeasured or "There is no slice.", "evaluation")
    worst, where = (min if is_high else max)(values)
    holds = worst >= limit if is_high else worst <= limit
    relation = "at least" if is_high else "at most"
    reason = f"The worst of {len(values)} slices is {where} with {worst:.4g}; {relation} {limit:g}."
    state = GATE_FAILED if not holds else GATE_NOT_MEASURED if unknown else GATE_PASSED
    said = f"{reason} {unmeasured}".strip()
    return Answer(gate, state, worst, limit, said, "evaluation")


def fast_enough(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """One row takes no more CPU time than the limit: milliseconds, 95th percentile of the calls."""
    limit, report = _number(policy, "latency_ms"), shown.reports.get("evaluation")
    if limit is None:
        return
    calls = _rows(report, "latency") if report else []
    single = next((entry for entry in calls if entry.get("batch") == 1), None)
    p95 = _number(read_object(single, "cpu_ms"), "p95") if single else None
    if p95 is None:
        yield _missing("latency", limit, "No evaluation has measured how long one row takes.")
        return
    reason = f"One row takes {p95:.4g} ms of CPU time (95th percentile); at most {limit:g} ms."
    yield _judged("latency", p95 <= limit, p95, limit, reason, "evaluation")


def small_enough(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """All files of the version together, as the manifest lists them, are within the limit."""
    limit = _number(policy, "size_bytes")
    if limit is None:
        return
    sizes = [_number(entry, "size") for entry in read_objects(shown.manifest, "artifacts")]
    total = sum(size for size in sizes if size is not None)
    if not sizes or None in sizes:
        yield _missing("size", limit, "The manifest does not say how large the files are.")
        return
    reason = f"The files have {total} bytes together; at most {limit} are allowed."
    yield _judged("size", total <= limit, total, limit, reason)


def licence_allowed(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The licence of the model is one of the list, letter for letter."""
    allowed = policy.get("licences")
    if not isinstance(allowed, list) or not allowed:
        return
    limit = ", ".join(str(name) for name in allowed)
    if not shown.licence:
        yield _missing("licence", limit, "The model names no licence.")
        return
    holds = shown.licence in allowed
    word = "is allowed" if holds else "is none of those allowed"
    reason = f"The licence {shown.licence} {word}."
    yield _judged("licence", holds, shown.licence, limit, reason)


def lineage_complete(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The manifest says how the version was made, with what settings, and from what.

    Recipe, parameters and the digest of the training rows, or method, parameters and the digest of
    the parent. An upload says none of this.
    """
    if policy.get("lineage") is not True:
        return
    lineage = as_object(shown.manifest.get("lineage") or {}, "the lineage")
    source = str(lineage.get("source") or "")
    wanted = _LINEAGE.get(source)
    if not source:
        yield _missing("lineage", "complete", "The manifest says nothing of where it comes from.")
        return
    if wanted is None:
        reason = "It was uploaded: nothing is recorded of how it was made."
        yield _judged("lineage", False, source, "complete", reason)
        return
    absent = [name for name in wanted if not lineage.get(name) and lineage.get(name) != {}]
    reason = f"Not recorded: {', '.join(absent)}." if absent else "Recorded in the manifest."
    yield _judged("lineage", not absent, source, "complete", reason)


def confined_enough(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The file was checked under a confinement at least as strong as the policy names."""
    limit = policy.get("sandbox")
    if not isinstance(limit, str) or not limit:
        return
    level = (shown.reports.get("sandbox") or {}).get("level")
    if level not in SANDBOX_LEVELS or limit not in SANDBOX_LEVELS:
        yield _missing("sandbox", limit, "No admission check says how it was confined.")
        return
    holds = SANDBOX_LEVELS.index(str(level)) >= SANDBOX_LEVELS.index(limit)
    reason = f"The file was checked at level {level}; the policy wants at least {limit}."
    yield _judged("sandbox", holds, str(level), limit, reason, "sandbox")


def evidence_fresh(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """Evaluation and explanation, as far as there are any, are no older than so many days now."""
    days = _number(policy, "evidence_days")
    if days is None:
        return
    known = {kind: shown.since[kind] for kind in AGEING if kind in shown.since}
    if not known:
        yield _missing("evidence_age", days, "There is neither evaluation nor explanation.")
        return
    kind, oldest = min(known.items(), key=lambda item: item[1])
    until = oldest + timedelta(days=days)
    reason = f"The {kind} is of {oldest:%Y-%m-%d}; it counts until {until:%Y-%m-%d %H:%M} UTC."
    moment = format_moment(oldest)
    yield _judged("evidence_age", shown.now <= until, moment, days, reason, kind)


def explained_alike(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The importances lie no further from the champion's, or the parent's of a compressed version,
    than the limit: total-variation distance of the normalised mean |SHAP| (`trust.shifts`)."""
    limit = _number(policy, "explanation_shift")
    if limit is None:
        return
    lineage = as_object(shown.manifest.get("lineage") or {}, "the lineage")
    base = shown.champion
    if lineage.get("source") == "compression":
        base = read_text(lineage, "parent")
    if base is None:
        yield Answer(SHIFT, GATE_NOT_MEASURED, None, None, _NO_CHAMPION, required=False)
        return
    found, why = measured_shift(shown.reports.get("explanation"), base)
    if found is None:
        yield _missing(SHIFT, limit, why)
        return
    reason = f"{found:.1%} of the importance lies on other features; at most {limit:.1%}."
    yield _judged(SHIFT, found <= limit, found, limit, reason, "explanation")


def validated(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """A validator has finished a report about the version; its overall rating is shown."""
    if policy.get("validation_report") is not True:
        return
    report = shown.reports.get("validation")
    if report is None:
        yield _missing("validation_report", None, "There is no validation report of this version.")
        return
    rating = read_text(read_object(report, "rating"), "title")
    reason = f"The newest validation report says: {rating}."
    yield _judged("validation_report", True, rating, None, reason, "validation")


ASKED_AGAIN: tuple[Asked, ...] = (
    worst_slice_reaches_floor,
    no_worse_than_champion,
    not_right_less_often,
    fast_enough,
    small_enough,
    licence_allowed,
    lineage_complete,
    confined_enough,
    evidence_fresh,
    explained_alike,
    validated,
)


def ask(policy: JsonObject, shown: Shown) -> list[Answer]:
    """What all of them answer, in their fixed order. Raises Malformed for unreadable evidence."""
    return [answer for gate in ASKED_AGAIN for answer in gate(policy, shown)]
