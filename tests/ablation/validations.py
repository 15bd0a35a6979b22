"""Guards of validation reports: by whom they are, that they stay, and that no save is lost."""

from tests.ablation.guard import Guard

_REPORTS = "tests/governance/test_validations.py"
_TRIGGERS = "governance/migrations/0027_validation_guards.py"
_BUNDLE = "tests/trust/test_bundle_validation.py"

VALIDATIONS = (
    Guard(
        "the shift of explanations is reckoned again from both lists",
        "trust/shifts.py",
        'found = distance(read_objects(report, "global"), read_objects(shift, "global"))',
        "found = 0.0",
        ("tests/trust/test_gates.py::test_a_shift_of_explanations_is_reckoned_again",),
    ),
    Guard(
        "no contributor validates (the trigger still holds)",
        "governance/validating/policies.py",
        "    if did:\n",
        "    if False:\n",
        (f"{_REPORTS}::TestWriting::test_is_for_reviewers_who_had_no_hand_in_the_version",),
    ),
    Guard(
        "a finished report is never changed",
        _TRIGGERS,
        "(OLD.evidence_id IS NOT NULL OR (",
        "(false OR (",
        (
            f"{_REPORTS}::TestAFinishedReport::"
            "test_is_never_changed_and_no_contributor_slips_one_in",
        ),
    ),
    Guard(
        "no draft is saved over one that was not shown",
        "governance/validating/services.py",
        "    if (draft.revision if draft else None) != revision:\n",
        "    if False:\n",
        (f"{_REPORTS}::TestWriting::test_a_draft_is_its_writers_alone_and_no_save_is_lost",),
    ),
    Guard(
        "the notary looks at the validation report again",
        "governance/notary.py",
        "    check_validation(review, statement)\n",
        "",
        (
            f"{_REPORTS}::TestTheNotary::test_believes_none_by_who_had_a_hand_in_the_version_since",
            f"{_REPORTS}::TestTheNotary::test_believes_none_without_its_event",
        ),
    ),
    Guard(
        "an outsider sees who wrote a validation report",
        "trust/validations.py",
        "    yield from (why for why, is_so in wrong.items() if is_so)\n",
        "    yield from ()\n",
        (f"{_BUNDLE}::test_a_defect_is_named",),
    ),
)
