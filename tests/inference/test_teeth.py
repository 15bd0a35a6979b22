"""The machine of `test_any_sequence` notices when a guard of the product is missing.

A guard is taken out of the code that is loaded, the machine runs, and has to turn red. Where two
guards hold one promise, both are out: alone neither is missed, as it should be.
"""

import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FunctionType
from typing import Any

import pytest

import governance.approvals.releases
import governance.notary
import governance.notary_checks
import governance.reviewing.signing
import governance.splits.ending
import inference.loading
import inference.predicting
import inference.selectors
import inference.sharing
import registry.blobs
import trust.approval
import trust.emergency
import trust.keys
from tests.inference.test_any_sequence import furnished, live, machine_over
from tests.servers import Server
from tests.stage import Play, Stage

__all__ = ["furnished"]
pytestmark = [pytest.mark.usefixtures("untraced"), pytest.mark.slow(seconds=60)]
MOST_RUNS = 200
Cut = tuple[Any, str, str]
_BARRED = (governance.reviewing.signing.counting_signatures, "person.pk not in barred", "True")
GUARDS: dict[str, tuple[Cut, ...]] = {
    "expiry": ((trust.approval.why_not_at, "if moment >= approval.not_after:", "if False:"),),
    "revocation, at the gate": (
        (vars(trust.approval)["_revoked"], "if revoked_at is not None and", "if False and"),
    ),
    "revocation, in the table": (
        (inference.selectors.candidates, "revocation=None, not_after__gt", "not_after__gt"),
    ),
    "digest": (
        (vars(registry.blobs)["_check"], "if ", "if False and "),
        (vars(trust.approval)["_wrong_artifacts"], "if ", "if False and "),
        (vars(inference.loading)["_replay"], "if differences:", "if False:"),
    ),
    "signature": (
        (
            trust.keys.VerifierKey.verifies,
            "except (InvalidSignature, ValueError):\n        return False",
            "except (InvalidSignature, ValueError):\n        return True",
        ),
    ),
    "contributors do not count": (_BARRED,),
    "quorum": (
        (vars(governance.notary)["_re_derive"], "if len(signatures) < max(", "if 0 > max("),
    ),
    "currentness": ((vars(governance.notary)["_re_derive"], "if changed:", "if False:"),),
    "end of an emergency": ((inference.selectors.emergencies, ", end=None)", ")"),),
    "clock of an emergency": (
        (trust.emergency.why_no_emergency_at, "if moment >= ", "if False and moment >= "),
    ),
    "staleness": ((trust.approval.why_stale_at, "moment < since + approval.stale_grace", "True"),),
    "bytes, at the notary": (
        (governance.notary_checks.check_manifest, "read_verified(", "(lambda *_: None)("),
    ),
    "use elsewhere": (
        (trust.approval.verify_approval, '(why_not_served(approval) if serving else "")', '""'),
    ),
    "inventory only, at the notary": (
        (vars(governance.notary)["_re_derive"], "require_approvable(review.version)", "None"),
    ),
    "share, at the gate": (
        (
            inference.sharing.challenger_for,
            "or why_over_approval(loaded, asked.alias, share.percent)",
            "",
        ),
    ),
    "share, of what is asked by its number": (
        (
            vars(inference.predicting)["_require_scope"],
            "limits.why_not_under(alias) or limits.why_not_for_share(share)",
            "limits.why_not_under(alias)",
        ),
    ),
    "end of a split, by a revocation": (
        (
            governance.approvals.releases.end_approvals,
            "end_splits_of(caller=caller, version=version, reason=reason)",
            "None",
        ),
    ),
    "end of a split, by its date": (
        (vars(governance.splits.ending)["_end_if_lapsed"], "row is None or", "True or"),
    ),
}
IN_EVERY_RUN = ["signature"]


def _without(function: FunctionType, text: str, replacement: str) -> FunctionType:
    source = textwrap.dedent(inspect.getsource(function))
    assert source.count(text) == 1, (function, text, source)
    names = dict(function.__globals__)
    exec(compile(source.replace(text, replacement), "<without a guard>", "exec"), names)
    found = inspect.unwrap(names[function.__name__])
    assert isinstance(found, FunctionType)
    return found


@contextmanager
def removed(cuts: tuple[Cut, ...]) -> Iterator[None]:
    """The functions as they are without the guard, wherever they were imported."""
    with ExitStack() as back:
        for decorated, text, replacement in cuts:
            function = inspect.unwrap(decorated)
            code = function.__code__
            function.__code__ = _without(function, text, replacement).__code__
            back.callback(setattr, function, "__code__", code)
        yield


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All of them take a quarter of an hour."""
    thorough = metafunc.config.getoption("--thorough")
    metafunc.parametrize("guard", list(GUARDS) if thorough else IN_EVERY_RUN)


def test_a_missing_guard_turns_the_machine_red(
    guard: str,
    postgres: Server,
    backstage: Play,
    furnished: Stage,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    pytestconfig: pytest.Config,
) -> None:
    same_runs = not pytestconfig.getoption("--thorough")
    machine = machine_over(postgres, furnished, tmp_path)
    with backstage(furnished), removed(GUARDS[guard]), pytest.raises(AssertionError) as seen:
        live(machine, MOST_RUNS, monkeypatch, chosen=same_runs)
    counts = machine.counts
    print(f"{guard}: red after {counts['steps']} steps in {counts['runs']} runs: {seen.value}")
