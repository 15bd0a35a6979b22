"""Guards of plans: sealed before, as said, not changed, and that outsiders look again."""

from tests.ablation.guard import Guard

_PLANS = "tests/governance/test_plans.py"
_GATE = "tests/governance/test_plan_gate.py"
_BUNDLE = "tests/trust/test_bundle_plans.py"
_SERVICE = "evaluation/services.py"
_TRIGGER = "evaluation/migrations/0003_plan_guards.py"
_ANSWERS = f"{_GATE}::test_the_gate_answers_when"
_NAMED = f"{_BUNDLE}::test_a_defect_is_named"
_REFUSES = f"{_PLANS}::test_the_database_refuses"
_KNOWS = f"{_PLANS}::TestTheReport::test_knows"

PLANS = (
    Guard(
        "a run is as its plan says (the trigger still holds)",
        _SERVICE,
        "if given is not None and given != sealed:",
        "if False:",
        (f"{_PLANS}::TestTheRun::test_is_never_otherwise",),
        (_REFUSES,),
    ),
    Guard(
        "a plan is for its own version",
        _SERVICE,
        "    if plan.version_id != version.pk:\n",
        "    if False:\n",
        (f"{_PLANS}::TestTheRun::test_is_of_no_other_version",),
    ),
    Guard(
        "a run is under the last plan (the trigger still holds)",
        _SERVICE,
        "if EvaluationPlan.objects.filter(supersedes=plan).exists():",
        "if False:",
        (f"{_PLANS}::TestTheRun::test_is_under_the_last_plan",),
    ),
    Guard(
        "a plan is sealed before its run",
        _SERVICE,
        "if plan.sealed_at > timezone.now():",
        "if False:",
        (f"{_PLANS}::TestTheRun::test_comes_after_the_seal",),
    ),
    Guard(
        "no run before its plan, past the program",
        _TRIGGER,
        " AND p.sealed_at <= NEW.created_at)",
        ")",
        (_REFUSES,),
    ),
    Guard(
        "no run under a plan that is not the last, past the program",
        _TRIGGER,
        "WHERE l.supersedes_id = NEW.plan_id)",
        "WHERE false)",
        (f"{_REFUSES}_a_run_under_a_superseded_plan",),
    ),
    Guard(
        "no run with another seed, past the program",
        _TRIGGER,
        " AND p.seed = NEW.seed",
        "",
        (_REFUSES,),
    ),
    Guard(
        "no plan of another time, past the program",
        _TRIGGER,
        "IF NEW.sealed_at NOT BETWEEN",
        "IF false AND NEW.sealed_at NOT BETWEEN",
        (_REFUSES,),
    ),
    Guard(
        "no plan that its document does not say, past the program",
        _TRIGGER,
        "IF NOT COALESCE(said @> wanted, false)",
        "IF false",
        (_REFUSES,),
    ),
    Guard(
        "the report of a run names the plan",
        _SERVICE,
        "document = {**report, **named}",
        "document = dict(report)",
        (f"{_PLANS}::TestTheRun::test_gives_a_report_that_names_the_plan",),
    ),
    Guard(
        "whoever seals the criteria contributes",
        "evaluation/plans.py",
        '    note_contributor(version=version, person_id=caller.person_id, reason="plan")\n',
        "",
        (f"{_PLANS}::TestSealing::test_makes_a_contributor_of_whoever_seals",),
    ),
    Guard(
        "a result that was known counts, of the same bytes under any name",
        "evaluation/planned.py",
        "dataset__blob__in={plan.dataset.blob_id for plan in plans}",
        "dataset__in={plan.dataset_id for plan in plans}",
        (f"{_KNOWS}_the_same_rows_under_another_name",),
    ),
    Guard(
        "a result that was known counts, of the same file under any number",
        "evaluation/planned.py",
        "same = {v for group in holders.values() if plan.version_id in group for v in group}",
        "same = {plan.version_id}",
        (f"{_KNOWS}_the_same_file_under_another_number",),
    ),
    Guard(
        "a result that was known counts, also as the champion's",
        "evaluation/planned.py",
        "(version in same or champion in same)",
        "version in same",
        (f"{_KNOWS}_what_was_measured_as_the_champion",),
    ),
    Guard(
        "criteria chosen after the result do not pass",
        "governance/evidence/gates.py",
        "    if plan.known:\n",
        "    if False:\n",
        (_ANSWERS,),
    ),
    Guard(
        "an evaluation without a plan does not pass",
        "governance/evidence/gates.py",
        "        yield GateResult(SEALED_PLAN, FAILED, None, None, why, evidence)\n",
        "        yield GateResult(SEALED_PLAN, PASSED, None, None, why, evidence)\n",
        (_ANSWERS,),
    ),
    Guard(
        "criteria that are not met do not pass",
        "governance/evidence/gates.py",
        "(bad for bad in (FAILED, NOT_MEASURED) if bad in states)",
        "(bad for bad in () if bad in states)",
        (_ANSWERS,),
    ),
    Guard(
        "the notary finds the plan in the log before its run",
        "governance/notary.py",
        "    _check_plan(review, statement)\n",
        "",
        (f"{_GATE}::TestTheNotary::test_refuses_a_plan_that_the_log_does_not_tell_before_its_run",),
    ),
    Guard(
        "a bundle's evaluation names the plan that was signed",
        "trust/bundle_plans.py",
        'evaluation.get("plan") != digest,',
        "False,",
        (_NAMED,),
    ),
    Guard(
        "a bundle's log tells of the seal before the run",
        "trust/bundle_plans.py",
        "digest in facts.plans_late,",
        "False,",
        (_NAMED,),
    ),
)
