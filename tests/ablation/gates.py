"""Guards of gates: against the champion of now, by age, and that outsiders ask again."""

from tests.ablation.guard import Guard

_GATES = "tests/trust/test_gates.py::test_a_gate_answers"
_AGAIN = "tests/governance/test_asked_again.py"
_BUNDLE = "tests/trust/test_bundle_gates.py::test_an_answer_that_does_not_follow_is_named"
_TRUST = "trust/gates.py"

GATES = (
    Guard(
        "a comparison is with the champion of now",
        _TRUST,
        'if read_object(comparison, "champion").get("digest") != shown.champion:',
        "if False:",
        (_GATES, f"{_AGAIN}::test_another_champion_must_be_measured_against_again"),
    ),
    Guard(
        "the worse end of the difference decides",
        _TRUST,
        'worst = _number(found, "low" if is_high else "high")',
        'worst = _number(found, "high" if is_high else "low")',
        (_GATES,),
    ),
    Guard(
        "a significant loss against the champion fails",
        _TRUST,
        "holds = p_value >= level or gained >= lost",
        "holds = True",
        (_GATES,),
    ),
    Guard(
        "one row is fast enough",
        _TRUST,
        "p95 <= limit, p95, limit",
        "True, p95, limit",
        (_GATES,),
    ),
    Guard(
        "the files are small enough",
        _TRUST,
        "total <= limit, total, limit",
        "True, total, limit",
        (_GATES,),
    ),
    Guard(
        "the licence is on the list",
        _TRUST,
        "holds = shown.licence in allowed",
        "holds = True",
        (_GATES, f"{_AGAIN}::test_another_licence_is_another_finding_and_the_log_says_which"),
    ),
    Guard(
        "the lineage says how the version was made",
        _TRUST,
        '_judged("lineage", not absent, source',
        '_judged("lineage", True, source',
        (_GATES,),
    ),
    Guard(
        "the check was confined strictly enough",
        _TRUST,
        "holds = SANDBOX_LEVELS.index(str(level)) >= SANDBOX_LEVELS.index(limit)",
        "holds = True",
        (_GATES,),
    ),
    Guard(
        "evidence that is too old fails, also between signing and approval",
        _TRUST,
        "shown.now <= until, moment",
        "True, moment",
        (_GATES, f"{_AGAIN}::TestTheAge::test_is_asked_at_every_signature"),
    ),
    Guard(
        "outsiders ask the gates again",
        "trust/bundle_gates.py",
        "        if same is None:\n",
        "        if False:\n",
        (_BUNDLE,),
    ),
    Guard(
        "fsck asks the gates again",
        "compliance/verification/reviews.py",
        "    yield from reasked.wrong(review, signed, statement, policy)\n",
        "",
        (
            "tests/compliance/test_fsck.py"
            "::test_a_gate_that_does_not_follow_from_policy_and_evidence_is_found",
        ),
    ),
    Guard(
        "the log says under which licence a gate was asked",
        "trust/bundle_gates.py",
        "known = told[-1] if told else None",
        "known = None",
        (_BUNDLE,),
    ),
)
