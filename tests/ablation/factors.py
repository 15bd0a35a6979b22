"""Guards of second factors: asked for, taken once, and demanded where the policy says so."""

from tests.ablation.guard import Guard

_FACTORS = "tests/accounts/test_second_factors.py"
_SIGNING = "tests/governance/test_second_factor.py"
_BUNDLE = "tests/trust/test_bundle_second_factor.py"
_DEMAND = f"{_SIGNING}::TestAPolicyThatDemandsIt"

FACTORS = (
    Guard(
        "a signer with an app shows its code",
        "accounts/reauthentication.py",
        "if enrolled and not _takes(",
        "if False and not _takes(",
        (
            f"{_FACTORS}::TestAskingAgain::test_wants_both_from_whoever_has_an_app",
            f"{_SIGNING}::TestASignature::test_of_whoever_has_an_app_wants_its_code",
        ),
    ),
    Guard(
        "a code is taken once (the trigger still holds)",
        "accounts/factors/codes.py",
        "after=factor.last_step)",
        "after=0)",
        (f"{_FACTORS}::TestAskingAgain::test_takes_each_code_once_and_none_from_before_it",),
        (f"{_FACTORS}::TestPastTheProgram::test_the_trigger_refuses",),
    ),
    Guard(
        "a code is taken once past the program",
        "accounts/migrations/0003_second_factor_guards.py",
        "IF NEW.last_step <= OLD.last_step THEN",
        "IF false THEN",
        (f"{_FACTORS}::TestPastTheProgram::test_the_trigger_refuses",),
        (f"{_FACTORS}::TestAskingAgain::test_takes_each_code_once_and_none_from_before_it",),
    ),
    Guard(
        "a recovery code is used once",
        "accounts/factors/codes.py",
        "factor=person, used_at=None, digest=_digest(person, code)",
        "factor=person, digest=_digest(person, code)",
        (
            f"{_FACTORS}::TestRecoveryCodes::test_work_once_each_at_sign_in_and_never_for_a_signature",
        ),
    ),
    Guard(
        "no recovery code signs",
        "accounts/reauthentication.py",
        "    return recovery and take_recovery_code(user.person_id, code, actor)",
        "    return take_recovery_code(user.person_id, code, actor)",
        (f"{_FACTORS}::TestAskingAgain::test_wants_both_from_whoever_has_an_app",),
    ),
    Guard(
        "sign-in asks for the code",
        "accounts/adapters.py",
        "return wanted and isinstance(user, User) and has_factor(user.person_id)",
        "return False",
        (f"{_FACTORS}::TestSignIn",),
    ),
    Guard(
        "an administrator resets no factor of his own",
        "accounts/proposals/logins.py",
        "if user.person_id == caller.person_id:",
        "if False:",
        (f"{_FACTORS}::TestTheEnd::test_by_an_administrator_is_never_that_of_his_own",),
    ),
    Guard(
        "a sealed secret opens for its person alone",
        "accounts/factors/codes.py",
        'if words.get("person") != str(factor.pk):',
        "if not words:",
        (f"{_FACTORS}::TestAskingAgain::test_takes_no_secret_that_was_moved_to_another_person",),
    ),
    Guard(
        "a demanded second factor in the service",
        "governance/policies.py",
        "if policy.second_factor and not (has_factor(caller.person_id) "
        "or has_passkey(caller.person_id)):",
        "if False:",
        (f"{_DEMAND}::test_refuses_whoever_has_none_before_the_password_is_looked_at",),
        (f"{_DEMAND}::test_does_not_count_a_signature_without_one",),
    ),
    Guard(
        "a signature without a demanded second factor does not count",
        "governance/reviewing/signing.py",
        "and is_proved(signature.record, policy, SIGN, SIGN_WORDS, known)",
        "and is_proved is not None",
        (f"{_DEMAND}::test_does_not_count_a_signature_without_one",),
        (f"{_DEMAND}::test_refuses_whoever_has_none_before_the_password_is_looked_at",),
    ),
    Guard(
        "a waiver without a demanded second factor does not hold",
        "governance/waivers/records.py",
        "and is_proved(waiver.record, rules, WAIVE, WAIVE_WORDS, known)",
        "and is_proved is not None",
        (f"{_DEMAND}::test_holds_no_waiver_without_one",),
    ),
    Guard(
        "records show a demanded second factor, in a bundle and in fsck",
        "trust/passkeys.py",
        "if demands_second_factor(policy) and not shows_second_factor(method):",
        "if False:",
        (
            f"{_BUNDLE}::test_each_record_without_one_is_named",
            "tests/compliance/test_fsck.py"
            "::test_a_quorum_without_the_second_factor_that_the_policy_demands_is_found",
        ),
    ),
    Guard(
        "a bundle's signatures show what the policy demands",
        "trust/bundle_approvals.py",
        "        for problem in unproved if record else []:\n"
        "            report.find(path, problem)\n",
        "",
        (f"{_BUNDLE}::test_each_record_without_one_is_named",),
    ),
    Guard(
        "a bundle's waivers show what the policy demands",
        "trust/bundle_waivers.py",
        "            wrong |= dict.fromkeys(unproved, True)\n",
        "",
        (f"{_BUNDLE}::test_each_record_without_one_is_named",),
    ),
    Guard(
        "fsck counts no signature without what the policy demands",
        "compliance/verification/reviews.py",
        "        elif unproved:\n",
        "        elif False:\n",
        (
            "tests/compliance/test_fsck.py"
            "::test_a_quorum_without_the_second_factor_that_the_policy_demands_is_found",
        ),
    ),
)
