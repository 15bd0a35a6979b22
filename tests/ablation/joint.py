"""Guards of a policy that governs what is served here and what is used elsewhere."""

from tests.ablation.guard import Guard

_TESTS = "tests/governance/test_joint.py"
_TOLD = f"{_TESTS}::TestWhatIsAskedIsToldByTheRecords"
_BOTH = f"{_TESTS}::TestOnePolicy::test_approves_both_by_the_gates_of_each"
_BUNDLE = "tests/trust/test_bundle_joint.py"

JOINT = (
    Guard(
        "joint: a policy without a part for use elsewhere asks all of it",
        "trust/elsewhere.py",
        "    if not elsewhere or ASKED_ELSEWHERE not in policy:\n        return rules\n",
        "    if not elsewhere:\n        return rules\n"
        "    if ASKED_ELSEWHERE not in policy:\n"
        "        return {name: rules[name] for name in rules if name not in ASKED_OF_EVIDENCE}\n",
        (
            f"{_TESTS}::TestAPolicyWithoutAPart::test_goes_on_stopping_what_is_used_elsewhere",
            f"{_BUNDLE}::test_a_policy_without_a_part_asks_all_of_it",
        ),
        (_BOTH,),
    ),
    Guard(
        "joint: a part for use elsewhere asks something, and says nothing of who signs",
        "trust/elsewhere.py",
        "    if not own or not own.keys() <= ASKED_OF_EVIDENCE:\n",
        "    if False:\n",
        (f"{_BUNDLE}::test_a_part_that_is_none_is_found",),
        (f"{_BUNDLE}::test_both_kinds_are_sound_by_their_own_gates",),
    ),
    Guard(
        "joint: a part that asks nothing is not taken for nothing asked",
        "governance/policy/reading.py",
        "        if all(values[field.attribute] == field.nothing for field in GROUPS[group]):\n",
        "        if False:\n",
        ("tests/governance/test_documents.py::test_a_bad_policy_names_the_field",),
    ),
    Guard(
        "joint: the gates that are asked are those of the kind that the manifest tells",
        "governance/evidence/subjects.py",
        "policy.asked_of(elsewhere=is_run_elsewhere(json.loads(bytes(version.manifest)))),",
        "policy.asked_of(elsewhere=not version.servable),",
        (f"{_TOLD}::test_nor_by_a_column_past_the_program",),
        (_BOTH,),
    ),
    Guard(
        "joint: what is served is not asked by the gates of what is used elsewhere",
        "governance/evidence/subjects.py",
        "policy.asked_of(elsewhere=is_run_elsewhere(json.loads(bytes(version.manifest)))),",
        "policy.asked_of(elsewhere=True),",
        (_BOTH, f"{_TOLD}::test_and_not_by_whoever_submits"),
    ),
    Guard(
        "joint: an outsider asks by the kind that was approved",
        "trust/bundle_approvals.py",
        "        policy = rules_for(whole, elsewhere=approval.elsewhere)\n",
        "        policy = rules_for(whole, elsewhere=True)\n",
        (
            f"{_BUNDLE}::test_nothing_is_served_by_the_gates_of_what_is_used_elsewhere",
            f"{_BUNDLE}::test_what_is_used_elsewhere_does_not_pass_for_served",
        ),
    ),
    Guard(
        "joint: an outsider finds gates that the policy asks for and the approval does not have",
        "trust/bundle_waivers.py",
        "    for name in _left_out(statement, policy, approval):\n",
        "    for name in ():\n",
        (
            f"{_BUNDLE}::test_every_gate_of_the_part_is_in_the_approval",
            f"{_BUNDLE}::test_every_report_and_limit_is_among_the_gates_of_what_is_served",
            f"{_BUNDLE}::test_a_sealed_plan_is_among_the_gates_where_the_policy_wants_one",
        ),
        (f"{_BUNDLE}::test_both_kinds_are_sound_by_their_own_gates",),
    ),
    Guard(
        "joint: an outsider finds limits on metrics that the approval does not have",
        "trust/bundle_gates.py",
        '    yield from _metrics_left_out(about, {gate.get("gate") for gate in frozen})\n',
        "",
        (f"{_BUNDLE}::test_every_report_and_limit_is_among_the_gates_of_what_is_served",),
    ),
    Guard(
        "joint: fsck asks by the kind that was approved",
        "compliance/verification/reviews.py",
        "    policy = rules_for(whole, elsewhere=signed.elsewhere)\n",
        "    policy = rules_for(whole, elsewhere=False)\n",
        (_BOTH, f"{_TOLD}::test_fsck_finds_an_approval_whose_gates_are_those_of_the_other"),
    ),
    Guard(
        "joint: asking less of what is used elsewhere relaxes a policy",
        "governance/policy/changes.py",
        "    return [*found, *_changes_elsewhere(old, new)]\n",
        "    return found\n",
        (
            f"{_TESTS}::TestAChange::test_that_loosens_either_side_relaxes",
            f"{_TESTS}::TestAChange::test_that_brings_a_part_shows_what_is_asked_no_longer",
        ),
        (f"{_TESTS}::TestAChange::test_without_a_part_before_and_after_is_said_once",),
    ),
)
