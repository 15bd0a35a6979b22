"""Guards of models that are not served here: approved by the same rules, never served."""

from tests.ablation.guard import Guard
from tests.ablation.joint import JOINT

_TESTS = "tests/governance/test_elsewhere.py"
_SERVES = f"{_TESTS}::TestNothingServes"
_BUNDLE = "tests/trust/test_bundle_elsewhere.py"

ELSEWHERE = (
    Guard(
        "nothing is served under an approval for use elsewhere",
        "trust/approval.py",
        '        or (why_not_served(approval) if serving else "")\n',
        "",
        (
            f"{_SERVES}::test_by_the_gate_even_past_the_program",
            f"{_TESTS}::TestAnApproval::test_is_by_a_second_person_and_says_that_it_never_serves",
        ),
        (f"{_SERVES}::test_in_an_emergency",),
    ),
    Guard(
        "what names no inputs and outputs is opened under no approval",
        "inference/loading.py",
        "    if never:\n",
        "    if False:\n",
        (f"{_SERVES}::test_by_an_approval_for_serving_of_a_version_that_is_not_run_here",),
    ),
    Guard(
        "a scope without an alias answers nobody",
        "trust/scope.py",
        "        if self.is_for_no_alias:\n",
        "        if False:\n",
        (f"{_SERVES}::test_by_a_scope_that_is_for_no_alias",),
    ),
    Guard(
        "an approval for use elsewhere is for no alias",
        "trust/approval.py",
        "    if limits.is_for_no_alias != elsewhere:\n",
        "    if False:\n",
        (f"{_BUNDLE}::test_one_that_says_both_is_no_approval",),
    ),
    Guard(
        "an approval is for serving what can be served, and nothing else",
        "trust/bundle_approvals.py",
        "        if is_run_elsewhere(manifest) != approval.elsewhere:\n",
        "        if False:\n",
        (
            f"{_BUNDLE}::test_another_use_than_the_manifest_allows_is_found",
            f"{_SERVES}::test_by_an_approval_for_serving_of_a_version_that_is_not_run_here",
        ),
    ),
    Guard(
        "the use that was approved is the one that was signed",
        "trust/bundle_approvals.py",
        '        "use": (read_use(statement), approval.elsewhere),\n',
        "",
        (f"{_BUNDLE}::test_another_use_than_the_signed_one_is_found",),
    ),
    Guard(
        "an outsider finds answers under an approval for use elsewhere",
        "trust/bundle_predictions.py",
        "why_not_served(approval) or why_not_at(approval, moment)",
        "why_not_at(approval, moment)",
        (f"{_BUNDLE}::test_an_answer_under_it_is_found",),
    ),
    Guard(
        "an outsider finds an alias that was moved to what is used elsewhere",
        "trust/bundle_approvals.py",
        "    if approval.version_digest in facts.pointed_at:\n",
        "    if False:\n",
        (f"{_BUNDLE}::test_an_alias_that_was_moved_to_it_is_found",),
    ),
    Guard(
        "an outsider finds an emergency grant for what is never served",
        "trust/bundle_approvals.py",
        "        if never:\n",
        "        if False:\n",
        (f"{_BUNDLE}::test_an_emergency_grant_for_such_a_version_is_found",),
    ),
    Guard(
        "no alias points at what cannot be served, past the program",
        "registry/migrations/0009_declared_versions.py",
        "WHERE v.id = NEW.version_id AND v.servable",
        "WHERE v.id = NEW.version_id",
        (f"{_SERVES}::test_by_an_alias",),
    ),
    Guard(
        "no emergency is for what cannot be served, past the program",
        "governance/migrations/0030_never_served.py",
        "WHERE v.id = NEW.version_id AND v.servable",
        "WHERE v.id = NEW.version_id",
        (f"{_SERVES}::test_in_an_emergency",),
    ),
    Guard(
        "serving does not follow what is used elsewhere",
        "inference/selectors.py",
        "        .filter(version__servable=True)\n",
        "",
        (f"{_SERVES}::test_by_the_gate_even_past_the_program",),
    ),
    Guard(
        "only what is inventory only is approved for use elsewhere",
        "governance/evidence/elsewhere.py",
        "if not version.servable and not is_inventory_only(version.model):",
        "if False:",
        (
            f"{_TESTS}::TestAVersion::"
            "test_that_is_opaque_cannot_be_approved_while_its_model_is_served_here",
            f"{_TESTS}::TestAnApproval::test_is_not_signed_where_the_model_is_served_here_by_then",
        ),
    ),
    Guard(
        "the notary looks again whether the model is inventory only",
        "governance/notary.py",
        "    require_approvable(review.version)\n",
        "",
        (f"{_TESTS}::TestAnApproval::test_is_not_signed_where_the_model_is_served_here_by_then",),
    ),
    Guard(
        "a limit on a metric is not met by what was never run",
        "governance/evidence/gates.py",
        "        if is_run_elsewhere(subject.shown.manifest):\n            name =",
        "        if False:\n            name =",
        (f"{_TESTS}::TestGates::test_that_need_a_run_are_not_measured_and_block",),
    ),
    Guard(
        "a comparison is not passed by what was never run",
        "trust/gates.py",
        "        if is_run_elsewhere(shown.manifest):\n"
        '            yield not_measured_as(f"no_regression',
        '        if False:\n            yield not_measured_as(f"no_regression',
        (f"{_TESTS}::TestGates::test_that_need_a_run_are_not_measured_and_block",),
    ),
    Guard(
        "only of what is inventory only is a version declared",
        "registry/register/entries.py",
        "    if not is_inventory_only(model):\n",
        "    if False:\n",
        (f"{_TESTS}::TestAVersion::test_is_declared_only_of_what_is_inventory_only",),
    ),
    *JOINT,
)
