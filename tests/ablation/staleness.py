"""Guards of freshness: a stale approval ends with its grace, and with the waiver it rests on."""

from tests.ablation.guard import Guard

_STALE = "tests/governance/test_staleness.py"
_BUNDLE = "tests/trust/test_bundle_scopes.py"

STALENESS = (
    Guard(
        "a stale approval is served for its grace and no longer",
        "trust/approval.py",
        "moment < since + approval.stale_grace:",
        "moment:",
        (
            f"{_STALE}::TestTheGrace::test_ends_the_service_and_not_before",
            f"{_BUNDLE}::test_records_from_after_the_grace_of_a_stale_approval_are_named",
        ),
    ),
    Guard(
        "a newer card makes stale",
        "governance/approvals/staleness.py",
        "Q(card_at__isnull=False) | ~Q",
        "~Q",
        (f"{_STALE}::TestBecomingStale::test_is_noticed_once_and_told",),
    ),
    Guard(
        "the gate asks of every answer whether the approval is stale for too long",
        "inference/sharing.py",
        "approval, moment, table.stale.get(approval.id)",
        "approval, moment, None",
        (f"{_STALE}::TestTheGrace::test_ends_the_service_and_not_before",),
    ),
    Guard(
        "a record from after the grace is none",
        "trust/bundle_predictions.py",
        "    _require_fresh(approval, moment, facts)\n",
        "",
        (f"{_BUNDLE}::test_records_from_after_the_grace_of_a_stale_approval_are_named",),
    ),
    Guard(
        "an approval ends with the waiver that it rests on",
        "governance/waivers/services.py",
        "    if rests_on(waiver):",
        "    if False:",
        (f"{_STALE}::TestAWaiver::test_that_is_withdrawn_ends_the_approval_that_rests_on_it",),
    ),
)
