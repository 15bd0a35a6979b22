"""Guards of waivers: who, of what, until when, and that the notary and outsiders look again."""

from tests.ablation.guard import Guard

_WAIVERS = "tests/governance/test_waivers.py"
_ATTACKS = "tests/attacks/test_waivers.py"
_BUNDLE = "tests/trust/test_bundle_waivers.py"
_TRIGGER = "governance/migrations/0005_waiver_guards.py"
_REFUSES = f"{_ATTACKS}::TestPastTheProgram::test_the_trigger_refuses"
_HOLDS = f"{_WAIVERS}::TestHolding::test_ends_with"
_NAMED = f"{_BUNDLE}::test_a_defect_is_named"
_NOTARY = f"{_ATTACKS}::TestTheNotary::test_refuses_a_quorum_on_a_waiver_when"
_EXACTLY = (
    f"{_ATTACKS}::TestPastTheProgram::test_a_row_holds_only_if_its_record_says_exactly_the_same"
)

WAIVERS = (
    Guard(
        "no contributor waives (the trigger still holds)",
        "governance/policies.py",
        'return deny(f"You are a contributor to this version ({did}); another person must waive.")',
        "pass",
        (f"{_WAIVERS}::TestGiving::test_not_by_a_contributor_whatever_the_role",),
        (_REFUSES,),
    ),
    Guard(
        "no contributor waives past the program",
        _TRIGGER,
        "IF EXISTS (SELECT 1 FROM registry_versioncontributor c",
        "IF false AND EXISTS (SELECT 1 FROM registry_versioncontributor c",
        (_REFUSES,),
        (f"{_WAIVERS}::TestGiving::test_not_by_a_contributor_whatever_the_role",),
    ),
    Guard(
        "no waiver of admission or golden rows, whatever the policy says",
        "trust/waivers.py",
        "    if gate in NEVER_WAIVED:\n        return False\n",
        "",
        (f"{_BUNDLE}::test_no_policy_lets_the_bytes_go_unchecked",),
    ),
    Guard(
        "no policy lists admission or golden rows",
        "governance/policy/kinds.py",
        "if self.refused and item in self.refused:",
        "if False:",
        ("tests/governance/test_documents.py::test_a_policy_that_keeps_the_bytes_says_so",),
    ),
    Guard(
        "only what the policy lists",
        "governance/waivers/records.py",
        "if gate.blocks and may_be_waived(gate.gate, waivable)]",
        "if gate.blocks and may_be_waived(gate.gate, waivable or [gate.gate])]",
        (f"{_WAIVERS}::TestGiving::test_not_of_a_gate_that_the_policy_keeps",),
    ),
    Guard(
        "only the finding that was shown",
        "governance/waivers/services.py",
        "if gate.waivable and gate.digest == shown_digest",
        "if gate.waivable",
        (f"{_WAIVERS}::TestGiving::test_only_of_the_finding_that_was_shown",),
    ),
    Guard(
        "password in the request of a waiver",
        "governance/waivers/services.py",
        "    proof = prove(\n",
        '    proof = Proof("password") or prove(\n',
        (f"{_WAIVERS}::TestGiving::test_wants_the_password_in_the_same_request",),
    ),
    Guard(
        "a waiver ends within the validity of the policy (the trigger still holds)",
        "governance/waivers/services.py",
        "if not now.astimezone(UTC).date() < day <= latest:",
        "if False:",
        (f"{_WAIVERS}::TestGiving::test_names_the_field",),
    ),
    Guard(
        "a withdrawn waiver does not hold",
        "governance/waivers/records.py",
        "        withdrawal=None,\n",
        "",
        (f"{_WAIVERS}::TestWithdrawing::test_by_role", _NOTARY),
    ),
    Guard(
        "a waiver ends with its time",
        "governance/waivers/records.py",
        "        not_after__gt=timezone.now(),\n",
        "",
        (f"{_WAIVERS}::TestHolding::test_ends_with_its_time",),
    ),
    Guard(
        "a waiver is under one policy",
        "governance/waivers/records.py",
        "        policy__digest=policy.digest,\n",
        "",
        (_HOLDS,),
    ),
    Guard(
        "a waiver is for one finding, byte for byte",
        "governance/waivers/records.py",
        "return method in METHODS and body == canonical(said)",
        "return method in METHODS",
        (_HOLDS, _EXACTLY),
    ),
    Guard(
        "a waiver is of a person who might give it now",
        "governance/waivers/records.py",
        "if waiver.person_id in may - barred",
        "if may is not barred",
        (_HOLDS, f"{_WAIVERS}::TestHolding::test_ends_when_its_person_contributes"),
    ),
    Guard(
        "waived gates alone do not block",
        "governance/evidence/gates.py",
        "return self.required and self.state != PASSED and self.waiver is None",
        "return self.required and self.state != PASSED and not self.waivable",
        (f"{_WAIVERS}::TestHolding::test_ends_with_its_time", _HOLDS),
    ),
    Guard(
        "the waivers of a statement are those of now",
        "governance/evidence/statements.py",
        '    "waivers",\n    "signers_required",\n',
        '    "signers_required",\n',
        (
            f"{_WAIVERS}::TestTheReview::test_that_was_open_before_the_waiver_must_be_submitted_again",
        ),
    ),
    Guard(
        "every waiver stands in the log",
        "governance/notary.py",
        '_check_logged(Action.WAIVER_GIVEN, "waiver", ("version", review.version_id), waivers)',
        "del waivers",
        (f"{_ATTACKS}::TestPastTheProgram::test_a_row_without_its_event_is_signed_for_nothing",),
    ),
    Guard(
        "an approval ends with the first of its waivers",
        "governance/notary.py",
        "min([longest, *(waiver.not_after for waiver in read_waivers(statement))])",
        "longest",
        (f"{_WAIVERS}::TestTheApproval::test_ends_with_the_first_of_its_waivers",),
    ),
    Guard(
        "an approval that outlives a waiver is none",
        "trust/approval.py",
        "if any(waiver.not_after < end for waiver in waivers):",
        "if False:",
        (_NAMED,),
    ),
    Guard(
        "a gate that has not passed needs a record in the bundle",
        "trust/bundle_waivers.py",
        '    for gate in open_gates:\n        name = read_text(gate, "gate")\n',
        '    for gate in open_gates[:0]:\n        name = read_text(gate, "gate")\n',
        (_NAMED,),
    ),
    Guard(
        "a waiver in a bundle covers its own finding only",
        "trust/bundle_waivers.py",
        "finding.get(part) == gate.get(part) for part in _PARTS_OF_A_GATE",
        "True for part in _PARTS_OF_A_GATE",
        (_NAMED,),
    ),
)
