"""The guards of versions whose stored bytes are damaged."""

from tests.ablation.guard import Guard

_TESTS = "tests/governance/test_quarantine.py"

QUARANTINE = (
    Guard(
        "damage outlasts the reviews of the version",
        "registry/services.py",
        "rows = rows.exclude(status=Status.QUARANTINED)",
        "pass",
        (f"{_TESTS}::test_the_end_of_a_review_leaves_it_in_sight",),
        (f"{_TESTS}::test_nobody_signs_for_it",),
    ),
    Guard(
        "nobody signs for damaged bytes",
        "governance/services.py",
        "if review.version.status == Status.QUARANTINED:",
        "if False:",
        (f"{_TESTS}::test_nobody_signs_for_it",),
        (f"{_TESTS}::test_the_notary_does_not_approve_it_with_a_quorum_of_before",),
    ),
    Guard(
        "the notary approves no damaged bytes",
        "governance/notary.py",
        "if review.version.status == Status.QUARANTINED:",
        "if False:",
        (f"{_TESTS}::test_the_notary_does_not_approve_it_with_a_quorum_of_before",),
        (f"{_TESTS}::test_nobody_signs_for_it",),
    ),
    Guard(
        "a version with an open review is not retired",
        "governance/approvals/releases.py",
        "if locked.reviews.filter(state__in=(ReviewState.OPEN, ReviewState.QUORUM)).exists():",
        "if False:",
        (f"{_TESTS}::test_it_is_retired_once_no_review_of_it_is_open",),
    ),
)
