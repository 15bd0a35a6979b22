"""Guards of the notary's keys: an ended key counts for what the log held when it ended."""

from tests.ablation.guard import Guard

_ROTATION = "tests/governance/test_rotation.py"
_BUNDLE = "tests/trust/test_bundle_rotation.py"

ROTATION = (
    Guard(
        "an ended key signs no approval later",
        "trust/approval.py",
        "if not any(end is None or recorded(end) for end in ends):",
        "if False:",
        (
            f"{_ROTATION}::TestARotation::test_lets_an_ended_key_sign_nothing_later",
            f"{_BUNDLE}::test_an_ended_key_counts_for_what_the_log_held_then",
        ),
    ),
    Guard(
        "the gate believes the log's place of an approval only as far as it is proved",
        "audit/proofs.py",
        "    if index is None or index >= size:\n        return False\n",
        "    return index is not None\n",
        (
            f"{_ROTATION}::TestATheft::test_ends_what_the_thief_signed_since_also_where_it_is_loaded",
        ),
    ),
    Guard(
        "a place in the log is that of exactly this envelope",
        "governance/keys/recorded.py",
        "_tells(event, action, part) == wanted and stands_in(",
        "_tells(event, action, part) and stands_in(",
        (f"{_ROTATION}::TestARotation::test_lets_an_ended_key_sign_nothing_later",),
    ),
    Guard(
        "serving asks again when the keys change",
        "inference/follower.py",
        "        if stamp != self._keys_stamp:",
        "        if False:",
        (
            f"{_ROTATION}::TestATheft::test_ends_what_the_thief_signed_since_also_where_it_is_loaded",
        ),
    ),
    Guard(
        "an ended key signs no checkpoint later",
        "trust/notes.py",
        "if not any(end is None or checkpoint.size <= end.size for end in ends):",
        "if False:",
        (f"{_BUNDLE}::test_no_checkpoint_counts_that_an_ended_key_signed_later",),
    ),
    Guard(
        "no ended key introduces another",
        "trust/bundle_keys.py",
        "keys.open.named(origin)",
        "keys.named(origin)",
        (f"{_BUNDLE}::test_keys_that_no_open_key_of_his_introduced_are_not_followed",),
    ),
    Guard(
        "an outsider proves the end of a key by the leaves",
        "trust/bundle_approvals.py",
        "size <= len(leaves) and root_of(parts) == end.root",
        "bool(parts)",
        (f"{_BUNDLE}::test_an_ended_key_counts_for_what_the_log_held_then",),
    ),
)
