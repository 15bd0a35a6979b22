"""Gates that anybody can ask again: a policy and the evidence are all that they look at.

The instance freezes the answers into a statement, the notary asks again before it signs, and who
verifies an approval later asks once more. *Not measured* never passes.
"""

from collections.abc import Iterator
from datetime import timedelta

from trust.elsewhere import NOT_RUN_HERE, is_run_elsewhere
from trust.fields import (
    JsonObject,
    as_object,
    read_moment,
    read_object,
    read_objects,
    read_text,
    read_texts,
)
from trust.gate_answers import (
    GATE_FAILED,
    GATE_NOT_MEASURED,
    GATE_PASSED,
    Answer,
    Asked,
    Number,
    Shown,
    judged_as,
    not_measured_as,
    number_in,
    rows_in,
)
from trust.shifts import measured_shift
from trust.times import format_moment

# From the weakest to the strongest; at "none" nothing confined the check.
SANDBOX_LEVELS = ("none", "rlimits-only", "no-namespaces", "full")
# The measurements that can be made again; a comparison with the parent is made once, at birth.
AGEING = ("evaluation", "explanation")
_LINEAGE = {
    "training": ("recipe", "params", "dataset"),
    "compression": ("method", "params", "parent"),
    "declared": ("vendor", "product", "release"),
}
SHIFT = "explanation_shift"
_NO_CHAMPION = "There is no champion to compare with."


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
    for wanted in rows_in(policy, "no_regression"):
        metric = read_text(wanted, "metric")
        margin = number_in(wanted, "margin") or 0
        if is_run_elsewhere(shown.manifest):
            yield not_measured_as(f"no_regression:{metric}", None, NOT_RUN_HERE)
        elif metric in shown.applies:
            yield _margin(f"no_regression:{metric}", metric, margin, shown)


def _margin(gate: str, metric: str, margin: Number, shown: Shown) -> Answer:
    if shown.champion is None:
        return Answer(gate, GATE_NOT_MEASURED, None, None, _NO_CHAMPION, required=False)
    comparison, why = _comparison(shown)
    entry = read_object(comparison, "metrics").get(metric) if comparison else None
    found = as_object(entry, repr(metric)) if entry is not None else {}
    if comparison is None or found.get("state") != "measured":
        return not_measured_as(gate, None, why or str(found.get("note") or "It was not compared."))
    is_high = _is_better_high(shown.reports["evaluation"], metric)
    worst = number_in(found, "low" if is_high else "high")
    limit = -margin if is_high else margin
    if worst is None:
        return not_measured_as(gate, limit, "The difference has no interval.", "evaluation")
    holds = worst >= limit if is_high else worst <= limit
    reason = (
        f"The worse end of the 95 % interval of the difference is {worst:.4g}; "
        f"the policy wants {'at least' if is_high else 'at most'} {limit:g}."
    )
    return judged_as(gate, holds, worst, limit, reason, "evaluation")


def not_right_less_often(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The exact McNemar test does not find that the champion is right on more rows.

    Fails where p is below the level and more rows were lost than gained. Source: McNemar, 1947,
    doi:10.1007/BF02295996. Asked of classifications only.
    """
    level = number_in(policy, "mcnemar")
    if level is not None and is_run_elsewhere(shown.manifest):
        yield not_measured_as("mcnemar", level, NOT_RUN_HERE)
        return
    if level is None or _task(shown) not in ("binary", "multiclass"):
        return
    if shown.champion is None:
        yield Answer("mcnemar", GATE_NOT_MEASURED, None, None, _NO_CHAMPION, required=False)
        return
    comparison, why = _comparison(shown)
    if comparison is None:
        yield not_measured_as("mcnemar", level, why)
        return
    test = read_object(comparison, "mcnemar")
    gained, lost = number_in(test, "only_candidate_right"), number_in(test, "only_champion_right")
    p_value = 1.0 if gained == lost == 0 else number_in(test, "p_value")
    if p_value is None or gained is None or lost is None:
        yield not_measured_as("mcnemar", level, str(test.get("note") or "It was not tested."))
        return
    reason = (
        f"Only this version is right on {gained} rows, only the champion on {lost}: "
        f"p = {p_value:.3g}; below {level:g} with more rows lost than gained it fails."
    )
    holds = p_value >= level or gained >= lost
    yield judged_as("mcnemar", holds, p_value, level, reason, "evaluation")


def _task(shown: Shown) -> object:
    signature = shown.manifest.get("signature")
    return as_object(signature, "the signature").get("task") if signature else None


def worst_slice_reaches_floor(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The worst slice of the evaluation meets the limit; slices that are too small pass nothing."""
    for wanted in rows_in(policy, "slices"):
        if is_run_elsewhere(shown.manifest):
            gate = f"slice:{read_text(wanted, 'metric')}"
            yield not_measured_as(gate, number_in(wanted, "limit"), NOT_RUN_HERE)
            continue
        if read_text(wanted, "metric") in shown.applies:
            yield worst_slice(wanted, shown.reports.get("evaluation"))


def worst_slice(wanted: JsonObject, report: JsonObject | None) -> Answer:
    """What a report says to {"metric", "limit", "bound", "least_rows", "columns"?}.

    Failed if a slice with so many rows does not meet the limit; else *not measured* if a slice has
    fewer, or no value; else passed. Measured is the worst of the slices with so many rows.
    """
    metric, limit = read_text(wanted, "metric"), number_in(wanted, "limit") or 0
    gate = f"slice:{metric}"
    slicings = rows_in(report, "slices") if report else []
    if report is None or not slicings:
        return not_measured_as(gate, limit, "No evaluation was asked for slices.")
    named = read_texts(wanted, "columns") if "columns" in wanted else []
    sliced = {slicing.get("column") for slicing in slicings}
    if absent := [name for name in named if name not in sliced]:
        return not_measured_as(gate, limit, f"Not sliced by: {', '.join(absent)}.", "evaluation")
    chosen = [s for s in slicings if not named or s.get("column") in named]
    parts = [part for slicing in chosen for part in read_objects(slicing, "parts")]
    return _worst(gate, wanted, parts, _is_better_high(report, metric))


def _worst(gate: str, wanted: JsonObject, parts: list[JsonObject], is_high: bool) -> Answer:
    limit, least = number_in(wanted, "limit") or 0, number_in(wanted, "least_rows") or 0
    end = ("low" if is_high else "high") if wanted.get("bound") == "interval" else "value"
    values: list[tuple[Number, str]] = []
    unknown: list[str] = []
    for part in parts:
        name, rows = read_text(part, "name"), number_in(part, "rows") or 0
        entry = as_object(read_object(part, "metrics").get(read_text(wanted, "metric")), name)
        value = number_in(entry, end) if entry.get("state") == "measured" else None
        if value is None or rows < least:
            unknown.append(f"{name} ({rows} rows)")
        else:
            values.append((value, f"{name} ({rows} rows)"))
    unmeasured = f"Too few rows, or no value: {', '.join(unknown)}." if unknown else ""
    if not values:
        return not_measured_as(gate, limit, unmeasured or "There is no slice.", "evaluation")
    worst, where = (min if is_high else max)(values)
    holds = worst >= limit if is_high else worst <= limit
    relation = "at least" if is_high else "at most"
    reason = f"The worst of {len(values)} slices is {where} with {worst:.4g}; {relation} {limit:g}."
    state = GATE_FAILED if not holds else GATE_NOT_MEASURED if unknown else GATE_PASSED
    said = f"{reason} {unmeasured}".strip()
    return Answer(gate, state, worst, limit, said, "evaluation")


def fast_enough(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """One row takes no more CPU time than the limit: milliseconds, 95th percentile of the calls."""
    limit, report = number_in(policy, "latency_ms"), shown.reports.get("evaluation")
    if limit is None:
        return
    calls = rows_in(report, "latency") if report else []
    single = next((entry for entry in calls if entry.get("batch") == 1), None)
    p95 = number_in(read_object(single, "cpu_ms"), "p95") if single else None
    if p95 is None:
        yield not_measured_as(
            "latency", limit, "No evaluation has measured how long one row takes."
        )
        return
    reason = f"One row takes {p95:.4g} ms of CPU time (95th percentile); at most {limit:g} ms."
    yield judged_as("latency", p95 <= limit, p95, limit, reason, "evaluation")


def small_enough(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """All files of the version together, as the manifest lists them, are within the limit."""
    limit = number_in(policy, "size_bytes")
    if limit is None:
        return
    sizes = [number_in(entry, "size") for entry in read_objects(shown.manifest, "artifacts")]
    total = sum(size for size in sizes if size is not None)
    if not sizes or None in sizes:
        yield not_measured_as("size", limit, "The manifest does not say how large the files are.")
        return
    reason = f"The files have {total} bytes together; at most {limit} are allowed."
    yield judged_as("size", total <= limit, total, limit, reason)


def licence_allowed(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The licence of the model is one of the list, letter for letter."""
    allowed = policy.get("licences")
    if not isinstance(allowed, list) or not allowed:
        return
    limit = ", ".join(str(name) for name in allowed)
    if not shown.licence:
        yield not_measured_as("licence", limit, "The model names no licence.")
        return
    holds = shown.licence in allowed
    word = "is allowed" if holds else "is none of those allowed"
    reason = f"The licence {shown.licence} {word}."
    yield judged_as("licence", holds, shown.licence, limit, reason)


def lineage_complete(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The manifest says how the version was made, with what settings, and from what.

    Recipe, parameters and the digest of the training rows, or method, parameters and the digest of
    the parent; of a version that is run elsewhere vendor, product and release, as declared. An
    upload says none of this.
    """
    if policy.get("lineage") is not True:
        return
    lineage = as_object(shown.manifest.get("lineage") or {}, "the lineage")
    source = str(lineage.get("source") or "")
    wanted = _LINEAGE.get(source)
    if not source:
        yield not_measured_as(
            "lineage", "complete", "The manifest says nothing of where it comes from."
        )
        return
    if wanted is None:
        reason = "It was uploaded: nothing is recorded of how it was made."
        yield judged_as("lineage", False, source, "complete", reason)
        return
    absent = [name for name in wanted if not lineage.get(name) and lineage.get(name) != {}]
    reason = f"Not recorded: {', '.join(absent)}." if absent else "Recorded in the manifest."
    yield judged_as("lineage", not absent, source, "complete", reason)


def confined_enough(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The file was checked under a confinement at least as strong as the policy names."""
    limit = policy.get("sandbox")
    if not isinstance(limit, str) or not limit:
        return
    level = (shown.reports.get("sandbox") or {}).get("level")
    if level not in SANDBOX_LEVELS or limit not in SANDBOX_LEVELS:
        yield not_measured_as("sandbox", limit, "No admission check says how it was confined.")
        return
    holds = SANDBOX_LEVELS.index(str(level)) >= SANDBOX_LEVELS.index(limit)
    reason = f"The file was checked at level {level}; the policy wants at least {limit}."
    yield judged_as("sandbox", holds, str(level), limit, reason, "sandbox")


def evidence_fresh(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """Evaluation and explanation, as far as there are any, are no older than so many days now.

    Of a version that is run elsewhere it is the validation report, from the moment that it states.
    """
    days = number_in(policy, "evidence_days")
    if days is None:
        return
    known = {kind: shown.since[kind] for kind in AGEING if kind in shown.since}
    none = "There is neither evaluation nor explanation."
    if is_run_elsewhere(shown.manifest):
        report = shown.reports.get("validation")
        known = {"validation": read_moment(report, "at")} if report else {}
        none = "There is no validation report."
    if not known:
        yield not_measured_as("evidence_age", days, none)
        return
    kind, oldest = min(known.items(), key=lambda item: item[1])
    until = oldest + timedelta(days=days)
    reason = f"The {kind} is of {oldest:%Y-%m-%d}; it counts until {until:%Y-%m-%d %H:%M} UTC."
    moment = format_moment(oldest)
    yield judged_as("evidence_age", shown.now <= until, moment, days, reason, kind)


def explained_alike(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """The importances lie no further from the champion's, or the parent's of a compressed version,
    than the limit: total-variation distance of the normalised mean |SHAP| (`trust.shifts`)."""
    limit = number_in(policy, "explanation_shift")
    if limit is None:
        return
    if is_run_elsewhere(shown.manifest):
        yield not_measured_as(SHIFT, limit, NOT_RUN_HERE)
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
        yield not_measured_as(SHIFT, limit, why)
        return
    reason = f"{found:.1%} of the importance lies on other features; at most {limit:.1%}."
    yield judged_as(SHIFT, found <= limit, found, limit, reason, "explanation")


def validated(policy: JsonObject, shown: Shown) -> Iterator[Answer]:
    """A validator has finished a report about the version; its overall rating is shown."""
    if policy.get("validation_report") is not True:
        return
    report = shown.reports.get("validation")
    if report is None:
        yield not_measured_as(
            "validation_report", None, "There is no validation report of this version."
        )
        return
    rating = read_text(read_object(report, "rating"), "title")
    reason = f"The newest validation report says: {rating}."
    yield judged_as("validation_report", True, rating, None, reason, "validation")


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
