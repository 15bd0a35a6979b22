"""The one table of what a policy says; reader, YAML, form, API and comparison follow it."""

from django.utils.translation import gettext_lazy as _

from accounts.roles import Role
from evaluation.criteria import (
    BOUNDS,
    MOST_FLOORS,
    Floor,
    Margin,
    SliceFloor,
    read_floors,
    read_margins,
    read_slice_floors,
)
from evaluation.metrics.catalogue import BY_NAME
from evaluation.slicing import LEAST_ROWS, MOST_SLICINGS
from governance.policy.elsewhere import elsewhere_fields
from governance.policy.kinds import Choice, Column, Field, Names, Number, Rows, Texts, Truth, Whole
from trust.approval import STALE_GRACE
from trust.emergency import EMERGENCY_HOURS, LONGEST_EMERGENCY_HOURS
from trust.gates import SANDBOX_LEVELS, SHIFT
from trust.methods import DEMAND, DEMAND_PASSKEY
from trust.scope import (
    MAY_BE_REQUIRED,
    SCOPE_ALIASES,
    SCOPE_ENVIRONMENTS,
    SCOPE_REQUIRED,
    SCOPE_TRAFFIC_SHARE,
    WHOLE,
)
from trust.waivers import EVERY_METRIC, NEVER_WAIVED

TYPE = "assay/policy/1"
KINDS_OF_EVIDENCE = ("evaluation", "explanation", "golden", "card")
MOST_SIGNERS = 10
MOST_LICENCES = 50
MOST_SCOPE_NAMES = 50
LONGEST_VALIDITY_DAYS = 1825
LONGEST_GRACE_S = 7 * 86400
LONGEST_STALE_S = 90 * 86400
SEALED_PLAN = "sealed_plan"
VALIDATION_REPORT = "validation_report"
WAIVABLE = (
    "evaluation",
    "explanation",
    "card",
    "parity",
    SEALED_PLAN,
    "mcnemar",
    "latency",
    "size",
    "licence",
    "lineage",
    "sandbox",
    "evidence_age",
    VALIDATION_REPORT,
    SHIFT,
    EVERY_METRIC,
    *(f"metric:{name}" for name in BY_NAME),
    *(f"slice:{name}" for name in BY_NAME),
    *(f"no_regression:{name}" for name in BY_NAME),
)
_LARGEST = 1e12
_METRIC = Column("metric", Choice(tuple(BY_NAME)))


def _floor_key(floor: Floor) -> str:
    return f"{floor.metric} ({floor.bound})"


def _by_limit(before: Floor, after: Floor) -> int:
    higher = (after.limit > before.limit) - (after.limit < before.limit)
    return higher if before.is_floor else -higher


def _by_slice(before: SliceFloor, after: SliceFloor) -> int:
    """More rows needed of a slice, or more features named, is stricter; part less is less."""
    rows = (after.least_rows > before.least_rows) - (after.least_rows < before.least_rows)
    named = bool(set(after.columns) - set(before.columns))
    dropped = bool(set(before.columns) - set(after.columns))
    signs = {_by_limit(before, after), rows, -1 if dropped else int(named)}
    return -1 if -1 in signs else 1 if 1 in signs else 0


def _by_margin(before: Margin, after: Margin) -> int:
    return (after.margin < before.margin) - (after.margin > before.margin)


def _least_first() -> tuple[str, ...]:
    return SANDBOX_LEVELS[1:]


_FIELDS: tuple[Field, ...] = (
    Field(
        "metrics",
        "metrics",
        Rows(
            (
                _METRIC,
                Column("limit", Number(-_LARGEST, _LARGEST)),
                Column("bound", Choice(BOUNDS), "value"),
            ),
            read_floors,
            _floor_key,
            _by_limit,
            MOST_FLOORS,
        ),
        _("Limits on metrics"),
        _(
            "At least the limit where higher is better, else at most. With the bound interval the "
            "worse end of the 95 % interval must meet it. Metrics of other tasks are not asked for."
        ),
        nothing=(),
        always=True,
    ),
    Field(
        "slices",
        "slices",
        Rows(
            (
                _METRIC,
                Column("limit", Number(-_LARGEST, _LARGEST)),
                Column("bound", Choice(BOUNDS), "value"),
                Column("least_rows", Whole(1, 10**9), LEAST_ROWS),
                Column("columns", Texts(MOST_SLICINGS), ()),
            ),
            read_slice_floors,
            _floor_key,
            _by_slice,
            MOST_FLOORS,
        ),
        _("Limits on the worst slice"),
        _(
            "Of the slices that the evaluation was asked for the worst meets the limit; a slice "
            "with fewer rows passes nothing. Named features must slice the rows, else any will do."
        ),
        nothing=(),
    ),
    Field(
        "no_regression",
        "no_regression",
        Rows(
            (_METRIC, Column("margin", Number(0, _LARGEST), 0)),
            read_margins,
            lambda row: str(row.metric),
            _by_margin,
            MOST_FLOORS,
        ),
        _("No worse than the champion"),
        _(
            "On the same rows the metric may be worse than the champion's by no more than the "
            "margin, by the worse end of the paired bootstrap's 95 % interval."
        ),
        nothing=(),
    ),
    Field(
        "mcnemar",
        "mcnemar",
        Number(0, 0.5, "more", is_open=True),
        _("Level of the McNemar test"),
        _(
            "The exact test on the rows where only one of version and champion is right: the gate "
            "fails where p is below this level and more rows were lost than gained. Usual: 0.05."
        ),
    ),
    Field(
        "latency_ms",
        "latency_ms",
        Number(0, 1e6, is_open=True),
        _("Longest time for one row, ms"),
        _("CPU time of a call with one row, 95th percentile, as the evaluation measured it."),
    ),
    Field(
        "size_bytes",
        "size_bytes",
        Whole(1, 10**15),
        _("Largest size, bytes"),
        _("All files of the version together."),
    ),
    Field(
        "licences",
        "licences",
        Texts(MOST_LICENCES),
        _("Licences allowed"),
        _("The model's licence is one of these, letter for letter, as MIT or Apache-2.0."),
        nothing=(),
    ),
    Field(
        "lineage",
        "lineage",
        Truth(),
        _("Lineage complete"),
        _("The manifest says how the version was made and from what; uploads do not say it."),
        nothing=False,
    ),
    Field(
        "sandbox",
        "sandbox",
        Choice(_least_first()),
        _("Least confinement of the check"),
        _("How strictly the check of the model file was confined, as the admission says."),
        nothing="",
    ),
    Field(
        "evidence_days",
        "evidence_days",
        Whole(1, LONGEST_VALIDITY_DAYS),
        _("Oldest evidence, days"),
        _(
            "Evaluation and explanation are no older than this at each signature and at the "
            "approval. Afterwards the validity counts alone."
        ),
    ),
    Field(
        "evidence",
        "evidence",
        Names(KINDS_OF_EVIDENCE, "more"),
        _("Evidence that is there"),
        _("Reports of the version, golden rows to replay, and a complete model card."),
        nothing=(),
        always=True,
    ),
    Field(
        "signers.count",
        "signers",
        Whole(1, MOST_SIGNERS, "more"),
        _("Persons who sign"),
        _("Different persons, none of whom had a hand in the version."),
        optional=False,
    ),
    Field(
        "signers.roles",
        "roles",
        Names(
            (Role.REVIEWER.value, Role.MANAGER.value, Role.COMPLIANCE.value),
            "less",
            least="Name at least one role that signs.",
            refused=dict.fromkeys(
                (Role.CONTRIBUTOR.value, Role.CONSUMER.value),
                "Only reviewers, managers and compliance sign.",
            ),
        ),
        _("Roles that sign"),
        _("A person signs who has one of these roles in the owner team."),
        optional=False,
    ),
    Field(
        "validity_days",
        "validity_days",
        Whole(1, LONGEST_VALIDITY_DAYS),
        _("Validity, days"),
        _("How long an approval holds."),
        optional=False,
    ),
    Field(
        "outage_grace_s",
        "outage_grace_s",
        Whole(0, LONGEST_GRACE_S),
        _("Grace, seconds"),
        _("How long a server that lost the database serves on; 0: not at all."),
        optional=False,
    ),
    Field(
        "waivable",
        "waivable",
        Names(
            WAIVABLE,
            "less",
            refused={gate: f"The gate {gate} can never be waived." for gate in NEVER_WAIVED},
        ),
        _("Gates that may be waived"),
        _(
            "Each for one finding, until a day, by a person who might sign; one of them stands for "
            "every limit on a metric."
        ),
        nothing=(),
    ),
    Field(
        DEMAND,
        "second_factor",
        Truth(),
        _("Second factor"),
        _("Whoever signs or waives shows a second factor."),
        nothing=False,
    ),
    Field(
        DEMAND_PASSKEY,
        "passkey",
        Truth(),
        _("Passkey"),
        _("Whoever signs or waives does so with a passkey."),
        nothing=False,
    ),
    Field(
        SEALED_PLAN,
        "sealed_plan",
        Truth(),
        _("Sealed plan"),
        _("The criteria of the evaluation were sealed before its run, and are met."),
        nothing=False,
    ),
    Field(
        SHIFT,
        "explanation_shift",
        Number(0, 1, is_open=True),
        _("Largest shift of explanations"),
        _(
            "Total-variation distance of the normalised mean |SHAP| from the champion's, or from "
            "the parent's of a compressed version, on the same rows: 0 is the same, 1 is all else."
        ),
    ),
    Field(
        VALIDATION_REPORT,
        "validation_report",
        Truth(),
        _("Validation report"),
        _("A validator without a hand in the version has finished a narrative report about it."),
        nothing=False,
    ),
    Field(
        EMERGENCY_HOURS,
        "emergency_hours",
        Whole(0, LONGEST_EMERGENCY_HOURS),
        _("Longest emergency grant, hours"),
        _(
            "For how long two persons may let a version answer without an approval, in an "
            "emergency. Left out: not at all."
        ),
        nothing=0,
    ),
    Field(
        STALE_GRACE,
        "stale_grace_s",
        Whole(0, LONGEST_STALE_S),
        _("Grace when stale, seconds"),
        _(
            "How long an approval is served on after a newer card or policy; renew it meanwhile. "
            "Left out: approvals do not go stale."
        ),
    ),
    Field(
        SCOPE_ALIASES,
        "scope_aliases",
        Texts(MOST_SCOPE_NAMES),
        _("Aliases to approve for"),
        _("A version may be approved for these aliases and no others; none named: for any."),
        nothing=(),
    ),
    Field(
        SCOPE_ENVIRONMENTS,
        "scope_environments",
        Texts(MOST_SCOPE_NAMES),
        _("Environments to approve for"),
        _("A version may be approved for these environments and no others; none named: for any."),
        nothing=(),
    ),
    Field(
        SCOPE_TRAFFIC_SHARE,
        "scope_traffic_share",
        Whole(1, WHOLE),
        _("Largest share of the traffic, %"),
        _(
            "A version may be approved for at most this share of the calls of an alias, and never "
            "to hold one alone unless it is 100; left out: for any."
        ),
    ),
    Field(
        SCOPE_REQUIRED,
        "scope_required",
        Names(MAY_BE_REQUIRED, "more"),
        _("Said at the submission"),
        _("What whoever submits must say: consumers that may call, purpose, share of the traffic."),
        nothing=(),
    ),
)
FIELDS = (*_FIELDS, *elsewhere_fields(_FIELDS))
