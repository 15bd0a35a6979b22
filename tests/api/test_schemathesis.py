"""Every operation, signed in, on a furnished instance: what its document says is what it does."""

import re

import pytest

from tests.api.calls import PREDICT, WEB
from tests.api.fuzz import Fuzzer
from tests.api.house import House
from tests.instance import Instance

pytestmark = [
    pytest.mark.server,
    pytest.mark.slow(seconds=90),
    pytest.mark.usefixtures("untraced"),
]
LEAST_SUCCESS = 0.8
_EXCEPTION = re.compile(r"Traceback|ERROR|CRITICAL")


@pytest.fixture(scope="module")
def fuzzed(running: tuple[Instance, House]) -> tuple[Instance, list[Fuzzer]]:
    """Both processes, after everything was tried on them."""
    instance, house = running
    inference = Fuzzer(instance.inference, house, PREDICT)
    web = Fuzzer(instance.web, house, WEB)
    # Predictions first: at the end of the other table the approval is revoked.
    for fuzzer in (inference, web):
        fuzzer.succeed()
    for fuzzer in (inference, web):
        fuzzer.try_everything()
    return instance, [inference, web]


def test_every_reply_is_as_declared_and_none_is_a_defect(
    fuzzed: tuple[Instance, list[Fuzzer]],
) -> None:
    failures = [failure for fuzzer in fuzzed[1] for failure in fuzzer.failures]
    assert failures == [], "\n\n".join(failures)


def test_four_of_five_operations_succeed(fuzzed: tuple[Instance, list[Fuzzer]]) -> None:
    operations = {name for fuzzer in fuzzed[1] for name in fuzzer.operations}
    reached = set[str]().union(*(fuzzer.reached() for fuzzer in fuzzed[1]))
    missed = {name: sorted(f.answers[name]) for f in fuzzed[1] for name in f.answers}
    missed = {name: codes for name, codes in missed.items() if name not in reached}
    calls = sum(fuzzer.made_calls for fuzzer in fuzzed[1])
    print(f"{len(reached)} of {len(operations)} operations reached a 2xx in {calls} calls")
    assert len(reached) / len(operations) >= LEAST_SUCCESS, missed


def test_every_operation_was_called(fuzzed: tuple[Instance, list[Fuzzer]]) -> None:
    for fuzzer in fuzzed[1]:
        assert set(fuzzer.answers) == set(fuzzer.operations)


@pytest.mark.parametrize("process", ["web", "inference"])
def test_no_exception_stands_in_the_log(
    process: str, fuzzed: tuple[Instance, list[Fuzzer]]
) -> None:
    log = fuzzed[0].process_log(process)
    assert [line for line in log.splitlines() if _EXCEPTION.search(line)] == [], log[-5000:]
