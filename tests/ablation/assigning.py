"""Guards of assignments and delegations: who assigns and delegates, who is asked."""

from tests.ablation.guard import Guard

_ASSIGNMENTS = "tests/governance/test_assignments.py"
_THREADS = "tests/governance/test_threads.py"
_DELEGATIONS = "tests/governance/test_delegations.py"

ASSIGNING = (
    Guard(
        "no contributor is asked to sign (the trigger still holds)",
        "governance/reviewing/assignments.py",
        "rows.filter(~Exists(hand), is_active=True)",
        "rows.filter(is_active=True)",
        (f"{_ASSIGNMENTS}::TestAssigning::test_asks_only_persons_who_may_sign",),
        (f"{_ASSIGNMENTS}::TestTheDatabase::test_asks_no_contributor",),
    ),
    Guard(
        "the database asks no contributor to sign",
        "governance/migrations/0016_assignment_guards.py",
        "WHERE a.id = NEW.assignment_id AND c.person_id = NEW.person_id",
        "WHERE false",
        (f"{_ASSIGNMENTS}::TestTheDatabase::test_asks_no_contributor",),
        (f"{_ASSIGNMENTS}::TestAssigning::test_asks_only_persons_who_may_sign",),
    ),
    Guard(
        "only who opened the review, managers and reviewers assign it",
        "governance/policies.py",
        'return deny("Only whoever opened the review, a manager or a reviewer may assign it.")',
        "return allow()",
        (f"{_ASSIGNMENTS}::TestAssigning::test_by_role",),
    ),
    Guard(
        "a delegate is somebody who reviews in a team of whoever is away",
        "governance/reviewing/delegations.py",
        "if not possible_delegates(caller).filter(pk=delegate).exists():",
        "if False:",
        (f"{_DELEGATIONS}::TestNaming::test_only_somebody_who_reviews_in_ones_team",),
    ),
    Guard(
        "nobody but who is away ends his delegation",
        "governance/reviewing/delegations.py",
        "if delegation.person_id != caller.person_id:",
        "if False:",
        (f"{_DELEGATIONS}::TestEnding::test_by_nobody_else",),
    ),
    Guard(
        "the database keeps one delegate at a time",
        "governance/migrations/0018_delegation_guards.py",
        "WHERE d.person_id = NEW.person_id AND e.delegation_id IS NULL",
        "WHERE false",
        (f"{_DELEGATIONS}::TestTheDatabase::test_keeps_one_delegate_at_a_time",),
        (f"{_DELEGATIONS}::TestNaming::test_one_at_a_time",),
    ),
    Guard(
        "a contributor resolves no thread of a reviewer",
        "governance/policies.py",
        'return deny("Only whoever wrote it, a reviewer, a manager or compliance may resolve a '
        'thread.")',
        "return allow()",
        (f"{_THREADS}::TestResolving::test_by_role",),
    ),
    Guard(
        "the database has no reply to a reply",
        "governance/migrations/0023_thread_guards.py",
        "IF NEW.parent_id IS NOT NULL AND NOT EXISTS",
        "IF false AND NOT EXISTS",
        (f"{_THREADS}::TestTheDatabase::test_has_no_reply_to_a_reply",),
        (f"{_THREADS}::TestReplying::test_one_level_deep_and_in_the_same_review",),
    ),
)
