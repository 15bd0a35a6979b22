"""Guards of what must be kept."""

from tests.ablation.guard import Guard

_HOLDS = "tests/retention/test_holds.py"
_DELETION = "tests/retention/test_deletion.py"
_FILES_DUE = "tests/retention/test_due.py::test_files_that_something_keeps_are_not_due"
_BUNDLES = "tests/compliance/test_deletions.py"
_DELETED = "compliance/migrations/0006_deletion_guards.py"
_EMPTYING = "tests/compliance/test_emptying.py"
_EMPTIED = "compliance/migrations/0008_emptying_guards.py"
_ROWS = "tests/retention/test_dataset_deletion.py"
_ROWS_DELETED = "compliance/migrations/0012_dataset_deletion_guards.py"
_ROWS_KEPT = f"{_ROWS}::test_nothing_is_proposed_or_done_while_something_keeps_them"
_ROWS_REFUSED = f"{_ROWS}::test_the_database_refuses_what_the_service_would_refuse"
_TRIGGERS = "compliance/migrations/0004_hold_guards.py"
_EMERGENCIES = "tests/attacks/test_deletions.py::TestWhatAnsweredInAnEmergency"

RETENTION = (
    Guard(
        "a hold is lifted by another person (the trigger still holds)",
        "compliance/retention/policies.py",
        "if may and hold.person_id == caller.person_id:",
        "if False:",
        (f"{_HOLDS}::test_a_hold_is_placed_by_one_and_lifted_by_another",),
        (f"{_HOLDS}::TestTheDatabase::test_refuses_the_lift_by_whoever_placed_it",),
    ),
    Guard(
        "a hold is lifted by another person, past the program",
        _TRIGGERS,
        "IF NEW.person_id = (SELECT h.person_id",
        "IF false AND NEW.person_id = (SELECT h.person_id",
        (f"{_HOLDS}::TestTheDatabase::test_refuses_the_lift_by_whoever_placed_it",),
        (f"{_HOLDS}::test_a_hold_is_placed_by_one_and_lifted_by_another",),
    ),
    Guard(
        "only compliance places a hold",
        "compliance/retention/policies.py",
        "if caller.has_role(team, Role.COMPLIANCE):",
        "if True:",
        (f"{_HOLDS}::test_only_compliance_places_one",),
    ),
    Guard(
        "password in the request of a lift",
        "compliance/retention/services.py",
        "method = reauthenticate(caller=caller, password=password, code=code)",
        'method = "password"',
        (f"{_HOLDS}::test_lifting_takes_the_password",),
    ),
    Guard(
        "nothing that is held is deleted (the trigger still holds)",
        "compliance/retention/kept.py",
        "    yield Exists(holds), ",
        "    yield Exists(holds.none()), ",
        (
            f"{_DELETION}::test_nothing_is_proposed_or_done_while_something_keeps_it",
            _FILES_DUE,
        ),
        (f"{_DELETION}::TestTheDatabase::test_refuses_what_the_service_would_refuse",),
    ),
    Guard(
        "nothing that is held is deleted, past the program",
        _DELETED,
        "IF EXISTS (SELECT 1 FROM compliance_legalhold h",
        "IF false AND EXISTS (SELECT 1 FROM compliance_legalhold h",
        (f"{_DELETION}::TestTheDatabase::test_refuses_what_the_service_would_refuse",),
    ),
    Guard(
        "what answered in an emergency is kept as what was approved (the trigger still holds)",
        "compliance/retention/kept.py",
        "Q(Exists(_approvals())) | Q(Exists(_emergencies()))",
        "Q(Exists(_approvals()))",
        (f"{_EMERGENCIES}::test_is_kept_as_long_as_what_was_approved",),
        (f"{_EMERGENCIES}::test_is_kept_past_the_program_too",),
    ),
    Guard(
        "what answered in an emergency is kept until that was reviewed (the trigger still holds)",
        "compliance/retention/kept.py",
        "Exists(_emergencies().filter(review=None))",
        "Exists(_emergencies().none())",
        (f"{_EMERGENCIES}::test_is_kept_until_a_third_person_has_reviewed_it",),
        (f"{_EMERGENCIES}::test_is_kept_past_the_program_too",),
    ),
    Guard(
        "what answered in an emergency is kept, past the program",
        "compliance/migrations/0010_emergencies_kept.py",
        "IF NOT EXISTS (SELECT 1 FROM governance_emergencygrant g",
        "IF true OR NOT EXISTS (SELECT 1 FROM governance_emergencygrant g",
        (f"{_EMERGENCIES}::test_is_kept_past_the_program_too",),
    ),
    Guard(
        "nothing is deleted before its time",
        "compliance/retention/kept.py",
        "kept = Q(kept_until__gt=now)",
        "kept = Q(pk=None)",
        (
            f"{_DELETION}::test_nothing_is_proposed_or_done_while_something_keeps_it",
            _FILES_DUE,
        ),
    ),
    Guard(
        "a tombstone says what two persons confirmed",
        _DELETED,
        "IF said IS NULL OR said ->> 'version' IS DISTINCT FROM NEW.version_id::text",
        "IF false AND said ->> 'version' IS DISTINCT FROM NEW.version_id::text",
        (f"{_DELETION}::TestTheDatabase::test_refuses_a_tombstone_that_nobody_confirmed",),
    ),
    Guard(
        "bytes that something else keeps stay",
        "compliance/retention/kept.py",
        "    yield _any(map(Exists, shared)), first",
        "    yield Q(pk=None), first",
        (
            f"{_DELETION}::test_nothing_is_proposed_or_done_while_something_keeps_it",
            _FILES_DUE,
        ),
    ),
    Guard(
        "deleted bytes are named by nothing again",
        _DELETED,
        "IF EXISTS (SELECT 1 FROM registry_tombstone t",
        "IF false AND EXISTS (SELECT 1 FROM registry_tombstone t",
        (f"{_DELETION}::TestADeletion::test_is_not_undone_by_the_same_bytes",),
    ),
    Guard(
        "a missing file is forgiven with the event of its deletion alone",
        "trust/bundle_attachments.py",
        "        if digest in deleted:\n",
        "        if deleted is not None:\n",
        ("tests/trust/test_bundle_attached.py::test_it_is_forgiven_by_its_own_deletion_alone",),
    ),
    Guard(
        "fsck forgives missing bytes with a tombstone that the log tells of alone",
        "compliance/verification/check.py",
        'if hasattr(blob, "tombstone") and name in deleted:',
        'if hasattr(blob, "tombstone"):',
        (
            f"{_DELETION}::TestTheDatabase::test_a_tombstone_without_an_event_is_found_with_its_bytes",
        ),
    ),
    Guard(
        "a record loses input and output alone",
        _EMPTIED,
        "WHERE CASE WHEN coalesce(o.key, n.key)",
        "WHERE false AND CASE WHEN coalesce(o.key, n.key)",
        (f"{_EMPTYING}::test_the_app_role_changes_no_record_by_itself",),
    ),
    Guard(
        "no held batch is emptied, past the program",
        _EMPTIED,
        "WHERE l.hold_id IS NULL AND (h.kind",
        "WHERE false AND (h.kind",
        (f"{_EMPTYING}::test_a_batch_stays_whole_while_something_keeps_it_past_the_program_too",),
    ),
    Guard(
        "what is left of a batch is what the log says",
        "trust/bundle_predictions.py",
        "    elif (digest, number) != left[:2] or",
        "    elif number == 0 or",
        ("tests/trust/test_bundle_retention.py::test_other_records_than_those_left_are_found",),
    ),
    Guard(
        "no kept rows are deleted (the trigger still holds)",
        "compliance/retention/dataset_deletion.py",
        "    if found.kept_by:\n",
        "    if False:\n",
        (_ROWS_KEPT,),
        (_ROWS_REFUSED,),
    ),
    Guard(
        "no kept rows are deleted, past the program",
        _ROWS_DELETED,
        "IF kept_by <> '' THEN",
        "IF false AND kept_by <> '' THEN",
        (_ROWS_REFUSED,),
        (_ROWS_KEPT,),
    ),
    Guard(
        "a hold keeps rows",
        _ROWS_DELETED,
        "WHERE l.hold_id IS NULL AND (s.blob_id = it.blob_id",
        "WHERE false AND (s.blob_id = it.blob_id",
        (f"{_ROWS_KEPT}[held]", f"{_ROWS_REFUSED}[a model is held]"),
    ),
    Guard(
        "an open job keeps rows",
        _ROWS_DELETED,
        "AND j.status IN ('queued', 'running')",
        "AND j.status IN ('nothing')",
        (f"{_ROWS_KEPT}[a job is open]",),
    ),
    Guard(
        "rows are kept for as long as the longest rule says",
        _ROWS_DELETED,
        "IF moment < assay_rows_kept_until(it.blob_id) THEN",
        "IF false AND moment < assay_rows_kept_until(it.blob_id) THEN",
        (
            f"{_ROWS_KEPT}[not old enough]",
            f"{_ROWS}::test_the_longest_rule_of_the_tiers_that_used_the_rows_holds",
        ),
    ),
    Guard(
        "a tombstone of rows says what two persons confirmed",
        _ROWS_DELETED,
        "RAISE EXCEPTION 'Two persons delete, and",
        "RAISE NOTICE 'Two persons delete, and",
        (
            f"{_ROWS}::TestTheDatabase::test_refuses_a_tombstone_that_nobody_confirmed",
            f"{_ROWS}::TestTheDatabase::test_refuses_one_of_other_rows_than_the_two_persons_said",
        ),
    ),
    Guard(
        "rows that are gone are used by nothing, past the program",
        _ROWS_DELETED,
        "WHERE t.blob_id = ANY (used)) THEN",
        "WHERE false AND t.blob_id = ANY (used)) THEN",
        (
            f"{_ROWS}::TestTheDatabase::"
            "test_refuses_rows_that_are_gone_to_whatever_program_uses_them",
        ),
    ),
    Guard(
        "rows that are gone are held by nobody",
        "compliance/retention/services.py",
        "    if thing.dataset:\n",
        "    if False:\n",
        (f"{_ROWS}::TestADeletion::test_what_is_gone_cannot_be_held",),
    ),
    Guard(
        "what something keeps is not listed as due",
        "compliance/retention/due.py",
        'rows = with_keeper(rows, now).filter(Q(kept_by=""))',
        "rows = with_keeper(rows, now)",
        ("tests/retention/test_due.py::test_rows_that_something_keeps_are_not_due",),
    ),
)
