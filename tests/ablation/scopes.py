"""Guards of scopes: what persons signed an approval for is all that it is good for."""

from tests.ablation.guard import Guard
from tests.ablation.splits import SPLITS

_MOVES = "tests/governance/test_moves.py"
_SCOPES = "tests/governance/test_scopes.py"
_SERVED = "tests/inference/test_scopes.py"
_BUNDLE = "tests/trust/test_bundle_scopes.py"

SCOPES = (
    *SPLITS,
    Guard(
        "only consumers of the team are told what changed for callers of an alias",
        "governance/approvals/moves.py",
        '"model__team_id__in": caller.teams_with(Role.CONSUMER),',
        "",
        (f"{_MOVES}::TestBeingTold::test_is_for_consumers_of_the_team_for_thirty_days",),
    ),
    Guard(
        "a dry run of a move leaves nothing behind",
        "governance/approvals/moves.py",
        "            raise _Undone\n",
        "",
        (f"{_MOVES}::TestTheOutlook::test_changes_nothing",),
    ),
    Guard(
        "the gate serves no other alias than the signed ones",
        "trust/scope.py",
        "if self.aliases is None or alias in self.aliases:",
        "if True:",
        (f"{_SERVED}::TestAnAlias::test_of_the_scope_answers_and_no_other",),
    ),
    Guard(
        "a signed alias cannot be gone round by the number",
        "inference/predicting.py",
        "alias = asked.alias if asked.number is None else None",
        "alias = asked.alias",
        (f"{_SERVED}::TestAnAlias::test_cannot_be_gone_round_by_the_number",),
        (f"{_SERVED}::TestAnAlias::test_of_the_scope_answers_and_no_other",),
    ),
    Guard(
        "the gate serves nothing whole that is approved for a share",
        "inference/predicting.py",
        "    reason = limits.why_not_under(alias) or limits.why_not_for_share(share)\n",
        "    reason = limits.why_not_under(alias)\n",
        (f"{_SERVED}::TestAShare::test_is_not_exceeded_by_holding_the_alias",),
    ),
    Guard(
        "the gate loads nothing that is approved for another environment",
        "inference/loading.py",
        "reason = verdict.approval.limits.why_not_in(settings.ENVIRONMENT)",
        'reason = ""',
        (f"{_SERVED}::TestAnEnvironment::test_that_is_not_of_the_scope_does_not_load",),
    ),
    Guard(
        "the gate answers no other consumer than the signed ones",
        "trust/scope.py",
        "return min(self.consumers.intersection(callers), default=None)",
        'return min(self.consumers.intersection(callers), default="")',
        (f"{_SERVED}::TestAConsumer::test_who_is_not_of_the_scope_gets_no_answer",),
    ),
    Guard(
        "no alias moves to what is approved for other aliases (the trigger still holds)",
        "governance/approvals/releases.py",
        "outside = limits.why_not_under(alias) or",
        "outside =",
        (f"{_SCOPES}::TestTheApproval::test_lets_no_other_alias_be_moved_there",),
    ),
    Guard(
        "no alias moves to what is approved for other aliases past the program",
        "governance/migrations/0029_share_in_scope.py",
        "IF NOT COALESCE(scope -> 'aliases' ? '*' OR scope -> 'aliases' ? NEW.alias, true) THEN",
        "IF false THEN",
        (f"{_SCOPES}::TestTheApproval::test_lets_no_other_alias_be_moved_there_past_the_program",),
        (f"{_SCOPES}::TestTheApproval::test_lets_no_other_alias_be_moved_there",),
    ),
    Guard(
        "no alias moves to what is approved for a share of its calls (the trigger still holds)",
        "governance/approvals/releases.py",
        "or limits.why_not_for_share(percent)",
        "",
        (f"{_SCOPES}::TestTheApproval::test_for_a_share_lets_no_alias_be_moved_there",),
    ),
    Guard(
        "no alias moves to what is approved for a share of its calls past the program",
        "governance/migrations/0029_share_in_scope.py",
        "IF COALESCE((scope ->> 'traffic_share')::int, 100) < 100 THEN",
        "IF false THEN",
        (f"{_SCOPES}::TestTheApproval::test_for_a_share_lets_no_alias_be_moved_past_the_program",),
    ),
    Guard(
        "a statement's scope is one that its policy allows",
        "governance/evidence/statements.py",
        "    require_within(scope, document, elsewhere=elsewhere)\n",
        "",
        (f"{_SCOPES}::TestThePolicy::test_is_asked_again_by_the_notary",),
        (f"{_SCOPES}::TestThePolicy::test_bounds_what_may_be_asked_for",),
    ),
    Guard(
        "a submission asks for what its policy allows",
        "governance/policy/scopes.py",
        "    for part, why in wrong_with_scope(read_scope(scope), policy.scope):\n"
        '        raise Invalid(why, field=f"scope.{part}")\n',
        "",
        (f"{_SCOPES}::TestThePolicy::test_bounds_what_may_be_asked_for",),
    ),
    Guard(
        "a record outside the signed scope is none",
        "trust/bundle_predictions.py",
        "    require_in_scope(record, approval.limits)\n",
        "",
        (f"{_BUNDLE}::test_a_record_outside_of_it_is_named",),
    ),
    Guard(
        "an approval beyond its policy's scope is named in bundles",
        "trust/bundle_approvals.py",
        "for problem in beyond_the_policy(approval, policy):",
        "for problem in ():",
        (f"{_BUNDLE}::test_a_scope_beyond_the_policy_is_named",),
    ),
)
