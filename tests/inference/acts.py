"""The acts of `any_sequence`: which verb, how often, by whom, of which version."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar, Protocol

from tests.inference.ledger import Known, Ledger


class Run(Protocol):
    """What is known while a sequence runs."""

    ledger: Ledger
    strict: bool
    ahead: ClassVar[timedelta]

    def damaged(self, strength: float) -> bool:
        """Whether the stored file of this model is damaged."""


SIGNERS = {"ben": "reviewer", "cleo": "reviewer", "mira": "manager"}
# The team has two models to choose from; each is one file in the blob store, whoever uploads it.
STRENGTHS = (1.0, 0.5)
WHO_MAY = "somebody who may"


@dataclass(frozen=True)
class Verb:
    """How often a verb is thought of, for which versions it makes sense, by whom and how."""

    name: str
    weight: int
    versions: Callable[[Run], list[int]]
    wishes: dict[str, tuple[Any, ...]] = field(default_factory=dict)


def _all(run: Run) -> list[int]:
    # The first one more often, so that something comes of it.
    return [1, 1, *run.ledger.versions]


def _in_review(run: Run) -> list[int]:
    return [n for n, known in run.ledger.versions.items() if known.review]


def _all_sign(run: Run) -> list[int]:
    return [1] if len(run.ledger.signers) == len(SIGNERS) else []


def _one_may_be_back(run: Run) -> list[int]:
    # Two persons give the role, and the database goes by its own clock: a proposal is of today.
    return [1] if set(SIGNERS) - run.ledger.signers and not run.ahead else []


def at_any_time(_run: Run) -> list[int]:
    return [1]


def _where(holds: Callable[[Run, Known], object]) -> Callable[[Run], list[int]]:
    return lambda run: [n for n, known in run.ledger.versions.items() if holds(run, known)]


VERBS = (
    Verb(
        "upload",
        2,
        lambda run: [1] if len(run.ledger.versions) < 3 else [],
        {"by": ("ada", "ada", "mira"), "strength": STRENGTHS, "ready": (True, True, False)},
    ),
    Verb("measure", 1, _all, {"by": ("ada", "ada", "ben")}),
    Verb(
        "describe",
        1,
        _all,
        {"by": ("ada", "ada", "ben", "mira", "carl"), "text": ("For screening.", "For triage.")},
    ),
    Verb("ask", 6, _where(lambda _run, known: not known.review), {"by": ("ada", "mira", "ben")}),
    Verb(
        "sign",
        16,
        _in_review,
        {
            "by": (*[WHO_MAY] * 9, *SIGNERS, "ada", "cora"),
            "decision": (*["approve"] * 15, "reject"),
        },
    ),
    Verb("take_back", 1, _in_review, {"by": ("ada", "mira")}),
    Verb(
        "waive",
        6,
        # The database goes by its own clock: a waiver is of today.
        _where(lambda run, known: run.strict and not known.waived_until and not run.ahead),
        {"by": ("mira", "cleo", "ada")},
    ),
    Verb("withdraw_waiver", 1, _where(lambda _run, known: known.waived_until)),
    Verb("promote", 3, _all, {"by": ("mira", "mira", "ben")}),
    Verb("revoke", 1, _all, {"by": ("mira", "cora", "ada")}),
    Verb("retire", 1, _where(lambda _run, known: known.approvals and not known.retired)),
    Verb(
        "demote", 1, lambda run: [1] if len(run.ledger.signers) == 3 else [], {"name": (*SIGNERS,)}
    ),
    Verb("reinstate", 2, _one_may_be_back),
    Verb("notary_round", 6, at_any_time),
    Verb("time_passes", 1, at_any_time, {"days": (1, 1, 20, 340)}),
    Verb(
        "damage", 1, _where(lambda run, known: known.approvals and not run.damaged(known.strength))
    ),
    Verb("serving_restarts", 1, at_any_time),
    Verb("somebody_checks_the_log", 1, at_any_time),
)
FOR_NONE = frozenset(("upload", "demote", "reinstate"))
