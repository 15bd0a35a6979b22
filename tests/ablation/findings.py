"""Guards of findings: who raises and judges, what blocks, and that signers saw the conditions."""

from tests.ablation.guard import Guard

_FINDINGS = "tests/governance/test_findings.py"
_CONDITIONS = "tests/governance/test_conditions.py"
_BUNDLE = "tests/trust/test_bundle_conditions.py"
_TRIGGERS = "governance/migrations/0012_finding_guards.py"
_NAMED = f"{_BUNDLE}::test_a_defect_is_named"
_FILES = "tests/governance/test_attachments.py"
_ATTACKS = "tests/attacks/test_findings.py"

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
        "no contributor closes a finding (the trigger still holds)",
        "governance/findings/policies.py",
        'return deny(f"You are a contributor to this version ({did}); another person must judge.")',
        "pass",
        (f"{_FINDINGS}::TestMoving::test_nobody_judges_who_has_had_a_hand_since",),
        (f"{_FINDINGS}::TestTheDatabase::test_refuses_a_closing_past_the_program",),
    ),
    Guard(
        "nobody judges his own answer",
        "governance/findings/policies.py",
        "    if finding.owner_id == caller.person_id:\n",
        "    if False:\n",
        (f"{_FINDINGS}::TestMoving::test_nobody_judges_his_own_answer",),
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
