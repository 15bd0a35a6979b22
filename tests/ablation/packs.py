"""Guards of packs: true gaps, honest marks, no formulas, and who may have them."""

from tests.ablation.guard import Guard

_PACKS = "tests/past/test_packs.py"
_SOURCES = "tests/past/test_pack_sources.py"
_REGISTER = "tests/compliance/test_register_bundle.py"
_KINDS = "tests/past/test_pack_kinds.py"

PACKS = (
    Guard(
        "packs are for whoever exports the records",
        "compliance/packs/wishes.py",
        "    policies.may_export(caller, model.team_id).enforce()\n",
        "",
        (f"{_PACKS}::TestAsking::test_is_not_for_whoever_exports_those_of_another_team",),
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
        "common/csv_cells.py",
        """return _INSIDE.sub(r"\\1'", _AT_START.sub(r"'\\1", text))""",
        "return text",
        (f"{_PACKS}::TestForms::test_as_csv_run_nothing_in_a_spreadsheet",),
    ),
    Guard(
        "criteria sealed after the run are not called criteria of the run",
        "compliance/packs/subject.py",
        "return _parsed(run.plan.document) if run and run.plan else None",
        "return next((_parsed(one.document) for one in self.version.plans.all()), None)",
        (f"{_SOURCES}::TestCriteria::test_are_those_of_the_run_and_not_of_a_plan_sealed_since",),
    ),
    Guard(
        "a compressed version learned from its ancestor's rows",
        "compliance/packs/subject.py",
        "        while found[-1].parent is not None:",
        "        while False:",
        (f"{_SOURCES}::TestACompressedVersion::test_learned_from_what_its_ancestor_learned_from",),
    ),
    Guard(
        "no text is too long to be printed",
        "compliance/packs/pdf_file.py",
        ", splitInRow=1",
        "",
        ("tests/attacks/test_packs.py::test_a_text_longer_than_a_page_is_printed_over_several",),
    ),
    Guard(
        "a table says how many rows it leaves out",
        "compliance/packs/listed.py",
        "rows.count() - MOST_ROWS if len(shown) == MOST_ROWS else 0",
        "0",
        (f"{_SOURCES}::TestALongTable::test_says_how_many_rows_it_leaves_out",),
    ),
    Guard(
        "a pack of several teams is for keepers of all of them",
        "compliance/packs/seen.py",
        "teams__contained_by=slugs",
        "teams__overlap=slugs",
        (f"{_KINDS}::TestAsking::test_of_several_teams_is_seen_by_keepers_of_all_of_them",),
    ),
    Guard(
        "a pack of a period or the register is for whoever exports the records",
        "compliance/packs/wishes.py",
        "    policies.may_export(caller, team.pk).enforce()\n",
        "",
        (f"{_KINDS}::TestAsking::test_of_a_team_is_for_its_keepers",),
    ),
    Guard(
        "an overdue validation is a gap",
        "compliance/packs/about_register.py",
        "    if due and due < today():",
        "    if due and not due:",
        (f"{_KINDS}::TestTheRegister::test_owes_what_each_model_lacks_first",),
    ),
    Guard(
        "a period holds what happened in it and nothing else",
        "compliance/packs/several.py",
        'return rows.filter(**{f"{field}__gte": self.since, f"{field}__lt": self.until})',
        "return rows",
        (f"{_KINDS}::TestAPeriod::test_holds_what_happened_in_it_as_it_stood_at_its_end",),
    ),
    Guard(
        "a record of the register is what the log says",
        "trust/bundle_register.py",
        'if record.get("entry") != told.entered.get(model):',
        "if False:",
        (f"{_REGISTER}::TestARecord::test_that_says_otherwise_is_a_finding",),
    ),
    Guard(
        "no model is left out of the register",
        "trust/bundle_register.py",
        "        if not members.has(register_member(model)):",
        "        if False:",
        (
            f"{_REGISTER}::TestARecord::"
            "test_that_is_left_out_is_a_finding_in_a_bundle_of_the_register",
        ),
    ),
    Guard(
        "a bundle of the register is for whoever exports the team's records",
        "compliance/services.py",
        "        policies.may_export(caller, team.pk).enforce()\n",
        "",
        (f"{_REGISTER}::test_it_is_for_whoever_exports_the_records_of_the_team",),
    ),
    Guard(
        "fsck compares the files of packs with the log",
        "compliance/verification/claims.py",
        "    *packs.CLAIMS,\n",
        "",
        (f"{_PACKS}::TestTheLog::test_tells_of_each_pack_and_its_files_and_fsck_compares",),
    ),
)
