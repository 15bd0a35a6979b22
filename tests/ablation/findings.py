"""Guards of findings: who raises and judges, what blocks, and that signers saw the conditions."""

from tests.ablation.guard import Guard

_FINDINGS = "tests/governance/test_findings.py"
_CONDITIONS = "tests/governance/test_conditions.py"
_BUNDLE = "tests/trust/test_bundle_conditions.py"
_TRIGGERS = "governance/migrations/0012_finding_guards.py"
_NAMED = f"{_BUNDLE}::test_a_defect_is_named"
_FILES = "tests/governance/test_attachments.py"
_ATTACKS = "tests/attacks/test_findings.py"
_AMENDMENTS = "tests/governance/test_amendments.py"
_PAST = "tests/attacks/test_amendments.py"
_LATER_TRIGGERS = "governance/migrations/0034_amendment_guards.py"
_NAMED_AMENDED = f"{_BUNDLE}::test_a_defect_of_an_amended_condition_is_named"

FINDINGS = (
    Guard(
        "no contributor raises a finding (the trigger still holds)",
        "governance/findings/policies.py",
        '{did}); another person must review.")\n    return allow()',
        '{did}); another person must review.") if False else allow()\n    return allow()',
        (f"{_FINDINGS}::TestRaising::test_not_by_a_contributor_whatever_the_role",),
        (f"{_FINDINGS}::TestTheDatabase::test_refuses_a_finding_of_a_contributor",),
    ),
    Guard(
        "no contributor closes or amends a finding (the triggers still hold)",
        "governance/findings/policies.py",
        'return deny(f"You are a contributor to this version ({did}); {otherwise}.")',
        "pass",
        (
            f"{_FINDINGS}::TestMoving::test_nobody_judges_who_has_had_a_hand_since",
            f"{_AMENDMENTS}::TestWho::test_not_a_contributor_whatever_the_role",
        ),
        (f"{_FINDINGS}::TestTheDatabase::test_refuses_a_closing_past_the_program",),
    ),
    Guard(
        "nobody judges his own answer or moves his own day",
        "governance/findings/policies.py",
        "    if caller.person_id in _owners(finding):\n",
        "    if False:\n",
        (
            f"{_FINDINGS}::TestMoving::test_nobody_judges_his_own_answer",
            f"{_AMENDMENTS}::TestWho::test_not_who_is_to_answer_it",
        ),
    ),
    Guard(
        "nobody judges who was to answer before (the trigger still holds)",
        "governance/findings/policies.py",
        '    return [finding.owner_id, *later.values_list("owner", flat=True)]\n',
        "    return [finding.owner_id]\n",
        (f"{_AMENDMENTS}::TestWho::test_nobody_who_owned_it_amends_or_judges_it_afterwards",),
        (f"{_PAST}::test_lets_nobody_close_what_he_owned",),
    ),
    Guard(
        "no closing past the program by who was to answer before",
        _LATER_TRIGGERS,
        "IF NEW.move <> 'answered' AND EXISTS (",
        "IF false AND EXISTS (",
        (f"{_PAST}::test_lets_nobody_close_what_he_owned",),
        (f"{_AMENDMENTS}::TestWho::test_nobody_who_owned_it_amends_or_judges_it_afterwards",),
    ),
    Guard(
        "no amendment past the program by an owner or a contributor",
        _LATER_TRIGGERS,
        "IF (NEW.person_id = found.owner_id\n",
        "IF false AND (NEW.person_id = found.owner_id\n",
        (f"{_PAST}::test_refuses_one_past_the_program",),
        (f"{_AMENDMENTS}::TestWho::test_not_who_is_to_answer_it",),
    ),
    Guard(
        "an amendment follows from what held before it",
        _LATER_TRIGGERS,
        "IF NEW.position <> coalesce(held.position, 0) + 1\n",
        "IF false AND NEW.position <> coalesce(held.position, 0) + 1\n",
        (f"{_PAST}::test_refuses_one_past_the_program",),
    ),
    Guard(
        "no more time than an approval in force was signed with (the trigger still holds)",
        "governance/findings/services.py",
        "        if signed is not None and row.due_on > signed:\n",
        "        if False:\n",
        (f"{_AMENDMENTS}::TestConditions::test_no_later_day_than_the_one_of_an_approval_in_force",),
        (f"{_AMENDMENTS}::TestConditions::test_the_database_refuses_it_past_the_program",),
    ),
    Guard(
        "no more time than was signed past the program",
        _LATER_TRIGGERS,
        "IF NEW.due_on > NEW.was_due_on AND EXISTS (",
        "IF false AND EXISTS (",
        (f"{_AMENDMENTS}::TestConditions::test_the_database_refuses_it_past_the_program",),
        (f"{_AMENDMENTS}::TestConditions::test_no_later_day_than_the_one_of_an_approval_in_force",),
    ),
    Guard(
        "of two amendments neither overwrites the other",
        "governance/findings/services.py",
        "    if revision != held.revision:\n",
        "    if False:\n",
        (
            f"{_AMENDMENTS}::TestTwoAtOnce::test_what_was_not_shown_is_not_changed",
            f"{_AMENDMENTS}::TestTwoAtOnce::test_the_second_is_refused_over_rest",
        ),
    ),
    Guard(
        "signers sign again when owner or day have changed",
        "governance/findings/records.py",
        '    return said | ({"amendment": f"sha256:{duty.amendment}"} if duty.amendment else {})\n',
        "    return said\n",
        (
            f"{_AMENDMENTS}::TestConditions::test_another_owner_is_signed_again_too",
            f"{_AMENDMENTS}::TestConditions::test_who_signed_before_signs_again_what_holds_now",
        ),
    ),
    Guard(
        "the notary asks who amended",
        "governance/findings/log.py",
        "    if barred & {str(said.person) for said in amended}:\n",
        "    if False:\n",
        (f"{_PAST}::test_the_notary_believes_none_by_somebody_with_a_hand_in_it",),
    ),
    Guard(
        "records of amendments are what their rows say",
        "governance/findings/log.py",
        "        if bytes(row.record) != canonical(record_of_amendment(",
        "        if False and bytes(row.record) != canonical(record_of_amendment(",
        (f"{_PAST}::test_the_notary_believes_no_row_that_says_otherwise",),
    ),
    Guard(
        "an outsider sees that an approval names the last amendment",
        "trust/bundle_conditions.py",
        "    if condition.amendment != (told[-1].digest if told else None):\n",
        "    if False:\n",
        (_NAMED_AMENDED,),
    ),
    Guard(
        "an outsider sees that a contributor amended a condition",
        "trust/bundle_conditions.py",
        "        if any(said.person in barred for said in amended):\n",
        "        if False:\n",
        (_NAMED_AMENDED,),
    ),
    Guard(
        "no closing past the program by a contributor or the owner",
        _TRIGGERS,
        "IF NEW.move <> 'answered' AND (",
        "IF false AND (",
        (f"{_FINDINGS}::TestTheDatabase::test_refuses_a_closing_past_the_program",),
        (f"{_FINDINGS}::TestMoving::test_nobody_judges_who_has_had_a_hand_since",),
    ),
    Guard(
        "no approval row over an open finding",
        _TRIGGERS,
        "AND last.move IS DISTINCT FROM 'closed'",
        "AND false",
        (f"{_FINDINGS}::TestTheDatabase::test_refuses_an_approval_over_an_open_finding",),
    ),
    Guard(
        "nobody approves while a finding blocks",
        "governance/services.py",
        "    require_none_blocks(review.version)\n",
        "",
        (f"{_CONDITIONS}::TestBlocking::test_nobody_approves_while_it_is_open",),
    ),
    Guard(
        "the notary looks at findings again",
        "governance/notary.py",
        "    check_findings(review.version)\n",
        "",
        (
            f"{_CONDITIONS}::TestBlocking::"
            "test_the_notary_refuses_a_quorum_over_it_and_takes_it_once_closed",
            f"{_ATTACKS}::test_the_notary_believes_no_closing_without_its_event",
        ),
    ),
    Guard(
        "records of findings and log say the same",
        "governance/findings/log.py",
        "    if then.open != held or moves != _held(version):\n",
        "    if False:\n",
        (f"{_ATTACKS}::test_the_notary_believes_no_closing_without_its_event",),
    ),
    Guard(
        "an attached file stays with the finding that names it",
        "governance/migrations/0025_attachment_guards.py",
        "IF NEW.finding_id IS NOT NULL AND NOT EXISTS (",
        "IF false AND NOT EXISTS (",
        (f"{_FILES}::TestTheDatabase::test_gives_a_finding_no_file_that_its_record_does_not_name",),
    ),
    Guard(
        "an attached file stays with the answer that names it",
        _LATER_TRIGGERS,
        "IF NEW.answer_id IS NOT NULL AND NOT EXISTS (",
        "IF false AND NOT EXISTS (",
        (f"{_FILES}::TestTheDatabase::test_gives_an_answer_no_file_that_its_record_does_not_name",),
    ),
    Guard(
        "attached files are for those who read the review",
        "governance/attachments/selectors.py",
        "Attachment.objects.filter(seen, pk=attachment_id)",
        "Attachment.objects.filter(pk=attachment_id)",
        (f"{_FILES}::TestReading::test_is_for_who_reads_the_review_and_never_shown_in_a_browser",),
    ),
    Guard(
        "an attached file is what its name says",
        "governance/attachments/taking.py",
        "        if not opened.read(16).startswith(KINDS[kind]):\n",
        "        if False:\n",
        (f"{_FILES}::TestAttaching::test_refuses_what_is_no_evidence",),
    ),
    Guard(
        "an outsider misses an attached file",
        "trust/bundle_attachments.py",
        "        elif not members.has(path):\n",
        "        elif False:\n",
        (_NAMED,),
    ),
    Guard(
        "nobody signs without having been shown the conditions",
        "governance/services.py",
        '    if conditions.removeprefix("sha256:") != annex.digest:\n',
        "    if False:\n",
        (f"{_CONDITIONS}::TestConditions::test_nobody_signs_without_having_been_shown_them",),
    ),
    Guard(
        "a signature counts under the conditions that were shown",
        "governance/reviewing/signing.py",
        "            and annex_in(signature.record) == annex.document\n",
        "",
        (
            f"{_CONDITIONS}::TestConditions::"
            "test_the_notary_counts_no_signature_under_other_conditions",
        ),
    ),
    Guard(
        "the look of a contributor is not kept",
        "governance/policies.py",
        "    if hand_in(review.version, caller):\n",
        "    if False:\n",
        ("tests/governance/test_looks.py::TestLooking::test_not_of_a_contributor",),
    ),
    Guard(
        "an outsider sees that a finding blocked",
        "trust/bundle_conditions.py",
        "        if log.raised[digest].effect != CONDITION:\n",
        "        if False:\n",
        (_NAMED,),
    ),
    Guard(
        "an outsider sees which conditions were open",
        "trust/bundle_conditions.py",
        "    if conditions != {condition.digest for condition in approval.annex.conditions}:\n",
        "    if False:\n",
        (_NAMED,),
    ),
    Guard(
        "an outsider sees that a contributor closed a finding",
        "trust/bundle_conditions.py",
        "        if person in barred:\n",
        "        if False:\n",
        (_NAMED,),
    ),
    Guard(
        "an outsider sees what each signer was shown",
        "trust/bundle_conditions.py",
        "        if not same:\n",
        "        if False:\n",
        (_NAMED,),
    ),
)
