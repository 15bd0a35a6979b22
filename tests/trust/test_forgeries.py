"""More than ten thousand structured forgeries: none is accepted, and every genuine twin is.

`python -m benchmarks.forgeries` tries a million.
"""

import pytest

from benchmarks import forgeries
from tests.trust.forgeries import FAMILIES, try_forgeries

NUMBERS = {
    "inclusion proofs": 5_000,
    "consistency proofs": 5_000,
    "checkpoints": 1_000,
    "envelopes": 1_000,
}


@pytest.mark.parametrize("name", FAMILIES)
def test_no_forgery_is_accepted_and_every_genuine_twin_is(name: str) -> None:
    tally = try_forgeries(FAMILIES[name], NUMBERS[name], seed=6962)

    assert tally.forgeries >= NUMBERS[name]
    assert tally.accepted == []
    assert tally.refused_twins == []


def test_the_long_run_tells_of_every_family(capsys: pytest.CaptureFixture[str]) -> None:
    assert forgeries.main(["--number", "200", "--trees", "3"]) == 0

    told = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in told] == [*FAMILIES, "random trees"]
    assert all(" 0 accepted" in line and " 0 refused" in line for line in told[:-1])
