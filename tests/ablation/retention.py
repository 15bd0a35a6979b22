"""Guards of what must be kept."""

from tests.ablation.guard import Guard

_HOLDS = "tests/retention/test_holds.py"
_DELETION = "tests/retention/test_deletion.py"
_BUNDLES = "tests/compliance/test_deletions.py"
_DELETED = "compliance/migrations/0006_deletion_guards.py"
_EMPTYING = "tests/compliance/test_emptying.py"
_EMPTIED = "compliance/migrations/0008_emptying_guards.py"
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
        "    if hold is not None:\n",
        "    if False:\n",
        (f"{_DELETION}::test_nothing_is_proposed_or_done_while_something_keeps_it",),
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
        "version.approvals.exists() or _in_emergencies(version).exists()",
        "version.approvals.exists()",
        (f"{_EMERGENCIES}::test_is_kept_as_long_as_what_was_approved",),
        (f"{_EMERGENCIES}::test_is_kept_past_the_program_too",),
    ),
    Guard(
        "what answered in an emergency is kept until that was reviewed (the trigger still holds)",
        "compliance/retention/kept.py",
        "elif _in_emergencies(version).filter(review=None).exists():",
        "elif False:",
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
        "    if now < until:\n",
        "    if False:\n",
        (f"{_DELETION}::test_nothing_is_proposed_or_done_while_something_keeps_it",),
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
        "        if where:\n",
        "        if False:\n",
        (f"{_DELETION}::test_nothing_is_proposed_or_done_while_something_keeps_it",),
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
)
