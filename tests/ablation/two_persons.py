"""Guards of what takes two persons: in the service, in the database, with the notary, in fsck."""

from tests.ablation.guard import Guard

_PROPOSALS = "tests/accounts/test_proposals.py"
_DERIVED = "tests/governance/test_two_persons.py"
_SECOND = f"{_PROPOSALS}::TestTheSecondPerson"
_PAST = f"{_PROPOSALS}::test_the_database_refuses"
_ROLE = f"{_DERIVED}::TestARoleThatNoTwoPersonsGave"

TWO_PERSONS = (
    Guard(
        "two persons: nobody confirms what he proposed (the constraint still holds)",
        "accounts/proposing.py",
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
        "accounts/proposing.py",
        "kind_named(proposal.kind).may_confirm(caller, proposal.team_id).enforce()",
        "pass",
        (f"{_SECOND}::test_has_the_authority_at_that_moment",),
    ),
    Guard(
        "two persons: the confirmer gives the password",
        "accounts/proposing.py",
        "    method = _proved(caller, proposal.kind, password, code)\n    return _confirm(",
        '    method = "password"\n    return _confirm(',
        (f"{_SECOND}::test_gives_the_password_and_the_code",),
    ),
    Guard(
        "two persons: what is confirmed is what was shown",
        "accounts/proposing.py",
        'if shown != f"sha256:{proposal.digest}":',
        "if False:",
        (f"{_SECOND}::test_confirms_what_was_shown",),
    ),
    Guard(
        "two persons: a proposal whose subject has changed is refused",
        "accounts/proposing.py",
        "if kind.before(said.details) != said.before:",
        "if False:",
        (f"{_PROPOSALS}::TestAProposal::test_is_refused_where_its_subject_has_changed",),
    ),
    Guard(
        "two persons: the proposer still has the authority",
        "accounts/proposing.py",
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
        "accounts/two_persons.py",
        "            not _by_two_now(row.role)\n            or key in before",
        "            True\n            or key in before",
        (f"{_ROLE}::test_does_not_count_for_the_notary", f"{_ROLE}::test_is_found_by_fsck"),
    ),
    Guard(
        "two persons: the log tells of the confirmation",
        "accounts/two_persons.py",
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
