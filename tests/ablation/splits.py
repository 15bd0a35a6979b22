"""Guards of shares: no version answers more of an alias's calls than it is approved for."""

from tests.ablation.guard import Guard

_VERBS = "tests/governance/test_splits.py"
_SERVED = "tests/inference/test_splits.py"
_BUNDLE = "tests/trust/test_bundle_scopes.py"
_TRIGGERS = "governance/migrations/0032_split_guards.py"

SPLITS = (
    Guard(
        "a row's share is within the approval",
        _TRIGGERS,
        "IF NEW.percent > COALESCE((scope ->> 'traffic_share')::int, 100) OR NOT COALESCE(",
        "IF NOT COALESCE(",
        (f"{_VERBS}::TestTheDatabase::test_refuses_a_share_beyond_the_approval",),
    ),
    Guard(
        "a challenger has an approval of its own",
        _TRIGGERS,
        "WHERE a.id = NEW.approval_id AND a.version_id = NEW.version_id",
        "WHERE a.id = NEW.approval_id",
        (f"{_VERBS}::TestTheDatabase::test_refuses_the_approval_of_another_version",),
    ),
    Guard(
        "no challenger holds the alias that it shares",
        _TRIGGERS,
        "WHERE s.alias_id = NEW.id AND s.version_id = NEW.version_id) THEN",
        "WHERE false) THEN",
        (f"{_VERBS}::TestTheDatabase::test_refuses_a_challenger_that_holds_the_alias",),
    ),
    Guard(
        "the gate serves no larger share than the signed one",
        "inference/sharing.py",
        "if loaded is None or why_over_approval(loaded, asked.alias, share.percent):",
        "if loaded is None:",
        (f"{_SERVED}::TestTheApproval::test_is_asked_by_the_gate_whatever_the_rows_say",),
    ),
    Guard(
        "the challenger answers the signed consumers alone",
        "inference/sharing.py",
        "return None if consumer is None else Challenger(loaded, consumer, share.percent)",
        'return Challenger(loaded, consumer or "", share.percent)',
        (f"{_SERVED}::TestTheApproval::test_for_other_consumers_leaves_those_calls_to_the_holder",),
    ),
    Guard(
        "a revocation ends the challenger's share",
        "governance/approvals/releases.py",
        "    end_splits_of(caller=caller, version=version, reason=reason)\n",
        "",
        (f"{_VERBS}::TestEnding::test_comes_with_the_revocation_of_the_challenger",),
    ),
    Guard(
        "a record's share was given by then",
        "trust/bundle_predictions.py",
        "    facts.shares.require_told(record, moment, REVOCATION_REACH + approval.outage_grace)\n",
        "",
        (f"{_BUNDLE}::test_a_share_that_nobody_had_given_then_is_named",),
    ),
)
