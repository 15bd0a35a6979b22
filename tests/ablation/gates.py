"""Guards of gates: against the champion of now, by age, and that outsiders ask again."""

from tests.ablation.guard import Guard

_GATES = "tests/trust/test_gates.py::test_a_gate_answers"
_AGAIN = "tests/governance/test_asked_again.py"
_BUNDLE = "tests/trust/test_bundle_gates.py::test_an_answer_that_does_not_follow_is_named"
_PLANS = "tests/governance/test_slice_plans.py"
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
        'worst = number_in(found, "low" if is_high else "high")',
        'worst = number_in(found, "high" if is_high else "low")',
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
        'judged_as("lineage", not absent, source',
        'judged_as("lineage", True, source',
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
        "a slice that is too small passes nothing",
        _TRUST,
        "if value is None or rows < least:",
        "if value is None:",
        (_GATES, f"{_PLANS}::TestAPlan::test_is_not_met_where_a_slice_is_too_small"),
    ),
    Guard(
        "the worst slice decides",
        _TRUST,
        "(min if is_high else max)(values)",
        "(max if is_high else min)(values)",
        (_GATES,),
    ),
    Guard(
        "features that a policy names must slice the rows",
        _TRUST,
        "if absent := [name for name in named if name not in sliced]:",
        "if absent := [name for name in named if name in sliced and False]:",
        (_GATES,),
    ),
    Guard(
        "a run slices its rows as its plan says (the trigger still holds)",
        "evaluation/services.py",
        "slices=(None if slices is None else sliced, planned),",
        "slices=(None, planned),",
        (f"{_PLANS}::TestAPlan::test_is_the_way_that_its_run_slices",),
        (f"{_PLANS}::TestAPlan::test_is_the_way_past_the_program_too",),
    ),
    Guard(
        "a run slices its rows as its plan says, past the program",
        "evaluation/migrations/0004_slices.py",
        "IF NOT EXISTS (",
        "IF false AND NOT EXISTS (",
        (f"{_PLANS}::TestAPlan::test_is_the_way_past_the_program_too",),
    ),
    Guard(
        "outsiders find a report that slices otherwise than its plan",
        "trust/bundle_plans.py",
        'return said != sealed.get("slices", [])',
        "return False",
        ("tests/trust/test_bundle_plans.py::test_a_defect_is_named",),
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
