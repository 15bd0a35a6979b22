"""Guards of emergency grants: two persons, second factors, policy, alias, end, a third person."""

from tests.ablation.guard import Guard

_TESTS = "tests/governance/test_emergencies.py"
_BUNDLE = "tests/trust/test_bundle_emergencies.py::test_a_defect_is_named"
_GUARDS = "governance/migrations/0021_emergency_guards.py"
_ATTACKS = "tests/attacks/test_emergencies.py"

EMERGENCIES = (
    Guard(
        "a revocation ends the grants of the version",
        "governance/approvals/releases.py",
        "        end_emergencies_of(caller=caller, version=version, reason=reason)\n"
        "    return revocation",
        "    return revocation",
        (f"{_ATTACKS}::test_a_revocation_stops_the_version_under_every_alias",),
    ),
    Guard(
        "no second grant for an alias while the first waits (the notary still refuses)",
        "governance/emergencies/selectors.py",
        "Q(attestation=None) | Q(attestation__not_after__gt=now)",
        "Q(attestation__not_after__gt=now)",
        (
            f"{_ATTACKS}::TestASecondGrantForAnAlias::"
            "test_is_not_confirmed_while_the_first_waits_for_the_notary",
        ),
        (f"{_ATTACKS}::TestASecondGrantForAnAlias::test_is_not_signed_by_the_notary",),
    ),
    Guard(
        "no second grant for an alias at the same moment",
        "governance/emergencies/kind.py",
        "        RegisteredModel.objects.select_for_update(no_key=True).get(pk=version.model_id)\n",
        "",
        (f"{_ATTACKS}::TestASecondGrantForAnAlias::test_is_not_confirmed_at_the_same_moment",),
    ),
    Guard(
        "the notary signs no second grant for an alias",
        "governance/emergencies/notary.py",
        "    if others.exists():\n",
        "    if False:\n",
        (f"{_ATTACKS}::TestASecondGrantForAnAlias::test_is_not_signed_by_the_notary",),
    ),
    Guard(
        "no contributor reviews the grant of his version",
        "governance/emergencies/policies.py",
        "return had_no_hand(caller, grant.version)",
        "return allow()",
        (f"{_ATTACKS}::test_no_contributor_says_that_the_emergency_of_his_version_was_justified",),
    ),
    Guard(
        "an emergency takes a policy that allows it",
        "governance/emergencies/kind.py",
        "    if not most:\n",
        "    if False:\n",
        (f"{_TESTS}::TestGranting::test_takes_a_policy_that_allows_it",),
    ),
    Guard(
        "an emergency takes a second factor",
        "accounts/proposals/proofs.py",
        "if way == PASSWORD and not has_factor(caller.person_id):",
        "if False:",
        (f"{_TESTS}::TestGranting::test_without_an_app_nobody_proposes_one",),
    ),
    Guard(
        "no contributor proposes an emergency (the trigger still holds)",
        "governance/emergencies/kind.py",
        "        policies.had_no_hand(caller, version).enforce()\n        alias",
        "        alias",
        (
            f"{_TESTS}::TestGranting::"
            "test_takes_two_managers_with_second_factors_who_did_not_work_on_it",
        ),
    ),
    Guard(
        "no emergency where an approved version answers",
        "governance/emergencies/kind.py",
        "        _require_unanswered(version.model, alias)\n",
        "",
        (f"{_TESTS}::TestGranting::test_is_for_an_alias_that_nothing_approved_answers",),
    ),
    Guard(
        "the notary wants two persons in the log",
        "trust/emergency_records.py",
        'or not shows_second_factor(event.payload.get("method"))',
        "or False",
        (
            f"{_TESTS}::TestForgeries::test_the_notary_signs_nothing_that_the_log_does_not_carry",
            _BUNDLE,
        ),
    ),
    Guard(
        "an emergency is no approval",
        "trust/approval.py",
        '    if statement.get("predicateType") != kind:\n',
        "    if False:\n",
        (f"{_TESTS}::TestGranting::test_is_never_taken_for_an_approval",),
    ),
    Guard(
        "the gate reads the end in the envelope",
        "trust/emergency.py",
        "    if moment >= emergency.not_after:\n",
        "    if False:\n",
        (f"{_TESTS}::TestServing::test_ends_by_the_clock_in_the_envelope", _BUNDLE),
    ),
    Guard(
        "the gate reads the alias in the envelope",
        "trust/emergency.py",
        "emergency.alias != alias",
        "False",
        (f"{_TESTS}::TestForgeries::test_a_stretched_row_or_another_alias_serves_nothing",),
    ),
    Guard(
        "an approved version comes before an emergency",
        "inference/predicting.py",
        "if granted is None or _approved_answers(table, asked, share, now):",
        "if granted is None:",
        (f"{_TESTS}::TestServing::test_gives_way_to_an_approval",),
    ),
    Guard(
        "a version that is retired answers in no emergency",
        "governance/approvals/releases.py",
        "    end_emergencies_of(caller=caller, version=version, reason=reason)\n    show_status",
        "    show_status",
        (f"{_TESTS}::TestServing::test_ends_when_the_version_is_retired",),
    ),
    Guard(
        "a record in an emergency names the version that was granted",
        "trust/bundle_predictions.py",
        "    if manifest and name not in version_names(manifest):\n",
        "    if False:\n",
        (_BUNDLE,),
    ),
    Guard(
        "no grant row without two persons",
        _GUARDS,
        "assay_details_confirmed_now(NEW.proposal_id, 'emergency')",
        "jsonb_build_object('version', NEW.version_id, 'alias', NEW.alias, 'policy', "
        "(SELECT 'sha256:' || digest FROM governance_policyversion WHERE id = NEW.policy_id))",
        (f"{_TESTS}::TestForgeries::test_a_grant_without_two_persons_is_no_row",),
    ),
    Guard(
        "no review row by one of the two",
        _GUARDS,
        "AND NEW.person_id IN (p.proposer_id, p.decider_id)) THEN",
        "AND false) THEN",
        (f"{_TESTS}::TestReviewing::test_no_row_makes_one_of_the_two_the_third",),
    ),
    Guard(
        "a third person reviews an emergency (the trigger still holds)",
        "governance/emergencies/policies.py",
        "    if caller.person_id in (grant.proposal.proposer_id, grant.proposal.decider_id):\n",
        "    if False:\n",
        (f"{_TESTS}::TestReviewing::test_waits_for_a_third_person_once_it_is_over",),
        (f"{_TESTS}::TestReviewing::test_no_row_makes_one_of_the_two_the_third",),
    ),
)
