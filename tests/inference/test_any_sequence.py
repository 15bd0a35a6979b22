"""Whatever persons, the notary, the clock and a damaged disk do, in any order: nothing without a
valid approval is served, and the log holds.

The verbs are the product's, the gate is the real loader behind a real follower. Two judges look at
what it would answer with: `trust/`, over bytes that the test made itself, and a ledger of its own.
"""

from collections import Counter
from contextlib import closing
from datetime import datetime

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.inference.any_sequence import Sequence
from tests.stage import Play, Stage

pytestmark = [pytest.mark.usefixtures("untraced"), pytest.mark.slow(seconds=90)]
STEPS_OF_A_RUN, RUNS, THOROUGH_RUNS = 50, 40, 2_000


def test_no_sequence_of_verbs_serves_what_is_not_approved(
    backstage: Play,
    ready_template: Stage,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    thorough = bool(pytestconfig.getoption("--thorough"))
    real = timezone.now

    def now() -> datetime:
        return real() + Sequence.ahead

    # A seed is one step: which verb, by whom, of which version. A failure is told as its seeds.
    seeds = st.lists(
        st.integers(0, 2**64), min_size=STEPS_OF_A_RUN, max_size=STEPS_OF_A_RUN, unique=True
    )

    @settings(
        max_examples=THOROUGH_RUNS if thorough else RUNS,
        deadline=None,
        database=None,
        derandomize=not thorough,
        phases=[Phase.generate, Phase.shrink] if thorough else [Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strict=st.sampled_from([False, False, True]), seeds=seeds)
    def live_through(strict: bool, seeds: list[int]) -> None:
        run = Sequence()
        try:
            run.begin(strict)
            for seed in seeds:
                run.somebody_acts(seed)
            run.somebody_checks_the_log()
        finally:
            run.end()

    monkeypatch.setattr(timezone, "now", now)
    Sequence.stage, Sequence.counts = ready_template, Counter()
    with backstage(ready_template) as stage:
        # The owner may do what app and notary do: here they share one transaction, taken back.
        stage.database.use("owner")
        with closing(connection), transaction.atomic():
            live_through()
            transaction.set_rollback(True)
    _check(Sequence.counts)


def _check(counts: Counter[str]) -> None:
    """That the runs were of the kind that proves something."""
    print(dict(sorted(counts.items())))
    assert counts["steps"] >= 2_000
    assert counts["served"] >= 0.2 * counts["runs"]
    done = ("approved", "promote", "revoke", "retire", "waive", "demote", "damage", "log checks")
    assert all(counts[verb] for verb in done), counts
    assert all(counts[f"{verb}, refused"] for verb in ("submit", "sign", "promote", "revoke"))
