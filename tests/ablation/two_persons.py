"""Guards of what takes two persons: in the service, in the database, with the notary, in fsck."""

from tests.ablation.guard import Guard
from tests.ablation.naming import NAMING

_PROPOSALS = "tests/accounts/test_proposals.py"
_PROOFS = "tests/governance/test_proposal_proofs.py"
_DERIVED = "tests/governance/test_two_persons.py"
_SECOND = f"{_PROPOSALS}::TestTheSecondPerson"
_PAST = f"{_PROPOSALS}::test_the_database_refuses"
_ROLE = f"{_DERIVED}::TestARoleThatNoTwoPersonsGave"

TWO_PERSONS = (
    *NAMING,
    Guard(
        "two persons: nobody confirms what he proposed (the constraint still holds)",
        "accounts/proposals/services.py",
        "if proposal.proposer_id == caller.person_id:",
        "if False:",
        (
            f"{_SECOND}::test_is_not_the_proposer",
            f"{_SECOND}::test_is_not_the_proposer_by_another_login",
        ),
        (f"{_PAST}",),
    ),
    Guard(
        "two persons: a role that signs is not given by one",
        "accounts/services.py",
        "if role in {one.value for one in GIVEN_BY_TWO}:",
        "if False:",
        (f"{_PROPOSALS}::TestARole::test_that_signs_or_administers_is_given_by_no_single_person",),
    ),
    Guard(
        "two persons: the confirmer has the authority then",
        "accounts/proposals/services.py",
        "kind_named(proposal.kind).may_confirm(caller, proposal.team_id).enforce()",
        "pass",
        (f"{_SECOND}::test_has_the_authority_at_that_moment",),
    ),
    Guard(
        "two persons: the confirmer gives the password",
        "accounts/proposals/services.py",
        "    proof = proved(\n        caller=caller,\n        kind=proposal.kind,",
        "    proof = (lambda **_: Proof('password'))(\n        caller=caller,\n"
        "        kind=proposal.kind,",
        (f"{_SECOND}::test_gives_the_password_and_the_code",),
    ),
    Guard(
        "two persons: a passkey or sign-in confirms the proposal that was shown",
        "accounts/proposals/proofs.py",
        '"proposal": str(proposal.pk),\n        "digest": f"sha256:{proposal.digest}",',
        '"proposal": "",\n        "digest": "",',
        (f"{_PROOFS}::TestAPasskey::test_that_answered_for_another_proposal_confirms_nothing",),
    ),
    Guard(
        "two persons: a passkey or sign-in proposes what was wished",
        "accounts/proposals/proofs.py",
        '"details": draft.details,',
        '"details": {},',
        (f"{_PROOFS}::TestAPasskey::test_that_answered_for_another_wish_proposes_nothing",),
    ),
    Guard(
        "two persons: a sign-in at the provider is one factor",
        "accounts/proposals/proofs.py",
        "if way == OIDC:",
        "if False:",
        (f"{_PROOFS}::TestASignIn::test_is_one_factor_and_grants_no_emergency",),
    ),
    Guard(
        "two persons: fsck reads what a device signed",
        "compliance/verification/proposals.py",
        "yield from wrong_with_proof(_record(row, part) | held, part, _WORDS[part], known)",
        "yield from ()",
        (
            f"{_PROOFS}::TestTheDatabase::"
            "test_a_proof_of_something_else_is_found_though_the_log_names_it",
        ),
    ),
    Guard(
        "two persons: fsck misses a proof that is gone",
        "compliance/verification/proposals.py",
        'yield "the log tells of a proof that is not kept"',
        "pass",
        (f"{_PROOFS}::TestTheDatabase::test_a_proof_that_is_gone_is_found",),
    ),
    Guard(
        "two persons: the database keeps a proof with its act",
        "accounts/migrations/0013_proposal_proof_guards.py",
        "IF NOT EXISTS (",
        "IF false AND NOT EXISTS (",
        (f"{_PROOFS}::TestTheDatabase::test_takes_no_proof_afterwards",),
    ),
    Guard(
        "two persons: what is confirmed is what was shown",
        "accounts/proposals/services.py",
        'if shown != f"sha256:{proposal.digest}":',
        "if False:",
        (f"{_SECOND}::test_confirms_what_was_shown",),
    ),
    Guard(
        "two persons: a proposal whose subject has changed is refused",
        "accounts/proposals/services.py",
        "if kind.before(said.details) != said.before:",
        "if False:",
        (f"{_PROPOSALS}::TestAProposal::test_is_refused_where_its_subject_has_changed",),
    ),
    Guard(
        "two persons: the proposer still has the authority",
        "accounts/proposals/services.py",
        "    _require_proposer(proposal)\n    if kind",
        "    if kind",
        (f"{_PROPOSALS}::TestAProposal::test_falls_with_the_authority_of_the_proposer",),
    ),
    Guard(
        "two persons: a confirmation past the program (the service still holds)",
        "accounts/migrations/0005_proposal_guards.py",
        "IF NEW.state IN ('confirmed', 'declined') AND (NEW.decider_id = OLD.proposer_id",
        "IF false AND (NEW.decider_id = OLD.proposer_id",
        (f"{_PROPOSALS}::test_the_trigger_itself_refuses_the_proposer",),
        (f"{_SECOND}::test_is_not_the_proposer",),
    ),
    Guard(
        "two persons: a role past the program",
        "accounts/migrations/0005_proposal_guards.py",
        "IF said IS NULL OR said ->> 'team'",
        "IF false AND said ->> 'team'",
        (f"{_PAST}",),
    ),
    Guard(
        "two persons: what is decided stays",
        "accounts/migrations/0005_proposal_guards.py",
        "IF OLD.state <> 'open' THEN",
        "IF false THEN",
        (f"{_PAST}",),
    ),
    Guard(
        "two persons: a confirmation gives nothing later",
        "accounts/migrations/0005_proposal_guards.py",
        "          AND p.decided_at = now()\n    $$;",
        "    $$;",
        (f"{_PROPOSALS}::test_a_confirmed_proposal_gives_nothing_in_a_later_transaction",),
    ),
    Guard(
        "two persons: a policy past the program",
        "governance/migrations/0010_policy_by_two.py",
        "RAISE EXCEPTION 'Two persons publish a policy.'",
        "RETURN NEW; RAISE EXCEPTION 'Two persons publish a policy.'",
        (f"{_DERIVED}::test_no_policy_is_written_past_the_program",),
    ),
    Guard(
        "two persons: a role that no two persons gave does not count",
        "accounts/proposals/two_persons.py",
        "            not _by_two_now(row.role)\n            or key in before",
        "            True\n            or key in before",
        (f"{_ROLE}::test_does_not_count_for_the_notary", f"{_ROLE}::test_is_found_by_fsck"),
    ),
    Guard(
        "two persons: the log tells of the confirmation",
        "accounts/proposals/two_persons.py",
        "elif event.action == Action.PROPOSAL_CONFIRMED and opened - {event.person}:",
        "elif opened - {event.person}:",
        (f"{_ROLE}::test_does_not_stand_by_a_confirmation_that_the_log_does_not_tell",),
    ),
    Guard(
        "two persons: the notary asks who published the policy",
        "governance/notary_checks.py",
        "if not published_by_two(policy):",
        "if False:",
        (f"{_DERIVED}::TestAPolicyThatNoTwoPersonsPublished",),
    ),
    Guard(
        "two persons: fsck knows since when they are needed",
        "compliance/verification/two_persons.py",
        "if first is not None and first.pk <= last_event_before():",
        "if False:",
        (
            f"{_DERIVED}::TestARoleThatNoTwoPersonsGave::test_stands_if_the_log_told_of_it_before_the_rule",
        ),
    ),
)
