"""Guards of the counts of refused predictions: nobody who is refused stops, fills or hides them."""

from tests.ablation.guard import Guard

_TESTS = "tests/inference/test_refusals.py"

REFUSALS = (
    Guard(
        "no number that a caller invents reaches the log",
        "inference/api.py",
        "number=number if is_number else None,",
        "number=number if model else None,",
        (f"{_TESTS}::test_numbers_that_callers_invent_neither_stop_the_log_nor_fill_it",),
    ),
    Guard(
        "what the log did not take stays bounded",
        "inference/refusals.py",
        "                self._add(refused, times)\n",
        "                self._counts[refused] += times\n",
        (f"{_TESTS}::test_a_log_that_takes_nothing_does_not_fill_the_memory",),
    ),
)
