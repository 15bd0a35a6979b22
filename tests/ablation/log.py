"""The guards of the log: its notary, its witnesses, the proof of one event."""

from tests.ablation.guard import Guard

_COSIGNED = "tests/trust/test_bundle_cosignatures.py"
_PROOF = "tests/trust/test_proof_check.py"

LOG = (
    Guard(
        "a notary that was overtaken signs nothing",
        "audit/integrator.py",
        "if kept and kept.size > tree.size:",
        "if False:",
        (
            "tests/audit/test_integrator.py"
            "::test_a_notary_that_was_overtaken_leaves_the_memory_as_it_is",
        ),
    ),
    Guard(
        "a cosignature counts only if it holds",
        "trust/bundle_witnesses.py",
        "open_cosignature(note, _lines_of(note), key)",
        "pass",
        (
            f"{_COSIGNED}::TestABundle"
            "::test_with_a_line_that_somebody_else_wrote_in_a_witness_s_name_is_tampered",
        ),
    ),
    Guard(
        "the cosigned checkpoint is one of this log",
        "trust/bundle_witnesses.py",
        "if _root(leaves, checkpoint.size) != checkpoint.root:",
        "if False:",
        (
            f"{_COSIGNED}::TestABundle"
            "::test_with_a_cosigned_checkpoint_of_another_history_is_tampered",
        ),
    ),
    Guard(
        "too few witnesses are not enough",
        "trust/bundle_witnesses.py",
        "if agreed < policy.wanted:",
        "if False:",
        (f"{_COSIGNED}::TestABundle::test_is_not_called_sound_where_too_few_did",),
        (f"{_COSIGNED}::TestABundle::test_is_sound_where_enough_witnesses_cosigned",),
    ),
    Guard(
        "a proof leads from the event to its checkpoint",
        "trust/proof_check.py",
        "if not verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):",
        "if False:",
        (f"{_PROOF}::test_a_changed_event_proof_or_checkpoint_is_tampered",),
        (f"{_PROOF}::test_it_is_sound_with_a_key_of_one_s_own_and_says_what_happened",),
    ),
    Guard(
        "a time-stamp is the authority's",
        "audit/timestamps.py",
        "        verifier.build().verify_message(response, note)\n",
        "",
        ("tests/audit/test_timestamps.py::test_a_token_of_another_authority_is_none",),
    ),
    Guard(
        "a time-stamped log that was rolled back is contradicted",
        "audit/timestamps.py",
        "        known.setdefault(tree.size, []).append(tree)\n",
        "",
        ("tests/audit/test_timestamps.py::test_a_log_that_was_rolled_back_is_contradicted",),
    ),
    Guard(
        "a file of checkpoints is compared with the tree",
        "audit/anchors.py",
        "            if anchored.root != tree.root():\n",
        "            if False:\n",
        ("tests/audit/test_anchors.py::test_a_fork_is_found_and_a_note_that_goes_back",),
        ("tests/audit/test_anchors.py::test_a_log_that_was_rolled_back_is_found",),
    ),
    Guard(
        "a file of checkpoints tells of a log that was rolled back",
        "audit/anchors.py",
        "    for size in sorted(known):\n",
        "    for size in ():\n",
        ("tests/audit/test_anchors.py::test_a_log_that_was_rolled_back_is_found",),
        ("tests/audit/test_anchors.py::test_a_fork_is_found_and_a_note_that_goes_back",),
    ),
)
