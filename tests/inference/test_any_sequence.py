"""Whatever persons, the notary, the clock, a damaged disk and attackers do, in any order: nothing
without a valid approval is served, and the log holds.

The verbs are the product's, over the app's role of a database in which commits are real; the notary
works under its own. What would answer is asked of the real gate behind a real follower and held
against an oracle that reads no table and imports nothing of the product.
"""

from collections import Counter
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.inference.deeds import Clock
from tests.inference.machine import AnySequence
from tests.inference.site import furnish
from tests.servers import Server
from tests.stage import Play, Stage, copied

pytestmark = [pytest.mark.usefixtures("untraced"), pytest.mark.slow(seconds=90)]
STEPS_OF_A_RUN, RUNS, THOROUGH_RUNS = 40, 30, 200
LEAST_STEPS, LEAST_THOROUGH_STEPS, LEAST_SERVED = 800, 2_000, 0.2
# Carried out, not refused: in each run of the suite; and in a thorough one, which is long enough.
MOST = (
    *("upload", "derive", "measure", "publish", "submit", "approve", "approved by the notary"),
    *("promote", "time passes", "clock", "restart", "damage", "keys introduced"),
    *("SQL, refused", "SQL on an alias", "SQL on contributors", "forged envelope", "gate asked"),
    *("logs verified", "bundles verified", "runs, served", "approved for use elsewhere", "misused"),
    *("split", "enter", "changed before the notary", "runs, with a challenger that answered"),
)
RARE = (
    *("edit card", "reject", "withdraw", "waive", "withdraw waiver", "revoke", "retire", "stale"),
    *("grant", "grant, by the notary", "end grant", "demote", "deactivate", "reinstate"),
    *("keys ended", "SQL on a review", "runs, served in emergency", "declare", "end split"),
    *("split lapsed", "SQL on a share", "share by force", "ask to measure"),
)
REFUSED = ("submit", "promote", "revoke", "split", "grant")


@pytest.fixture(scope="module")
def furnished(
    postgres: Server,
    backstage: Play,
    ready_template: Stage,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stage:
    """The stage with more persons, of whom each run has a copy."""
    stage = copied(postgres, ready_template, tmp_path_factory.mktemp("furnished"))
    with backstage(stage):
        furnish(stage)
    return stage


def machine_over(server: Server, template: Stage, folder: Path) -> type[AnySequence]:
    """A machine with counts of its own."""

    class Here(AnySequence):
        """Of one test alone."""

    Here.server, Here.template, Here.folder, Here.counts = server, template, folder, Counter()
    return Here


def _set_clocks_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways in which the programs ask for the time on the way to an answer."""
    real = timezone.now

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Any:
            return datetime.now(tz) + Clock.ahead

    monkeypatch.setattr(timezone, "now", lambda: real() + Clock.ahead)
    monkeypatch.setattr("inference.predicting.datetime", Ahead)


def live(
    machine: type[AnySequence], runs: int, monkeypatch: pytest.MonkeyPatch, *, chosen: bool = False
) -> None:
    """So many runs, or fewer if something is found; `chosen`: each time the same ones."""
    _set_clocks_ahead(monkeypatch)
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=runs,
                stateful_step_count=STEPS_OF_A_RUN,
                deadline=None,
                database=None,
                derandomize=chosen,
                phases=[Phase.generate],
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        Clock.ahead = timedelta()


def test_no_sequence_of_verbs_serves_what_is_not_approved(
    postgres: Server,
    backstage: Play,
    furnished: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    thorough = bool(pytestconfig.getoption("--thorough"))
    machine = machine_over(postgres, furnished, tmp_path)
    try:
        with backstage(furnished):
            live(machine, THOROUGH_RUNS if thorough else RUNS, monkeypatch, chosen=not thorough)
    finally:
        print(dict(sorted(machine.counts.items())))
    _check(machine.counts, thorough=thorough)


def _check(counts: Counter[str], *, thorough: bool) -> None:
    """That the runs were of the kind that proves something."""
    assert counts["steps"] >= (LEAST_THOROUGH_STEPS if thorough else LEAST_STEPS)
    assert counts["runs, served"] >= LEAST_SERVED * counts["runs"]
    wanted = (*MOST, *RARE) if thorough else MOST
    assert [verb for verb in wanted if not counts[verb]] == []
    assert [verb for verb in REFUSED if not counts[f"{verb}, refused"]] == []
