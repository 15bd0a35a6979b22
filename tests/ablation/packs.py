"""Guards of packs: true gaps, honest marks, no formulas, and who may have them."""

from tests.ablation.guard import Guard

_PACKS = "tests/past/test_packs.py"

PACKS = (
    Guard(
        "packs are for whoever exports the records",
        "compliance/packing.py",
        "    policies.may_export(caller, line.team_id).enforce()\n",
        "",
        (f"{_PACKS}::TestAsking::test_is_for_whoever_exports_the_records",),
    ),
    Guard(
        "the gap list names every missing field",
        "compliance/packs/document.py",
        'if field["status"] == MISSING',
        'if field["status"] == MISSING and "Annex" in field["cite"]',
        (f"{_PACKS}::TestADocument::test_has_a_gap_list_that_is_true",),
    ),
    Guard(
        "what a person says is not called measured",
        "compliance/packs/found.py",
        "return Found(DECLARED, value,",
        "return Found(MEASURED, value,",
        (f"{_PACKS}::TestADocument::test_holds_what_was_declared_with_speaker_and_moment",),
    ),
    Guard(
        "no cell of a CSV is run",
        "compliance/packs/csv_file.py",
        "if text.startswith(_DANGEROUS) and not is_number else text",
        "if text is None else text",
        (f"{_PACKS}::TestForms::test_as_csv_run_nothing_in_a_spreadsheet",),
    ),
)
