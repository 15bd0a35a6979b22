"""The guards of the product. Each is taken out once; the tests named beside it must turn red.

`text` stands in `file` exactly once. Tests in `still_green` hold the same promise from another
side and must not notice.
"""

from tests.ablation.assigning import ASSIGNING
from tests.ablation.authority import AUTHORISATION
from tests.ablation.emergencies import EMERGENCIES
from tests.ablation.factors import FACTORS
from tests.ablation.findings import FINDINGS
from tests.ablation.gates import GATES
from tests.ablation.guard import Guard
from tests.ablation.halves import HALVES
from tests.ablation.log import LOG
from tests.ablation.mailing import MAILING
from tests.ablation.packs import PACKS
from tests.ablation.passkeys import PASSKEYS
from tests.ablation.past import PAST
from tests.ablation.plans import PLANS
from tests.ablation.provider import PROVIDER
from tests.ablation.quarantine import QUARANTINE
from tests.ablation.refusals import REFUSALS
from tests.ablation.register import REGISTER
from tests.ablation.retention import RETENTION
from tests.ablation.rotation import ROTATION
from tests.ablation.scopes import SCOPES
from tests.ablation.sessions import SESSIONS
from tests.ablation.staleness import STALENESS
from tests.ablation.two_persons import TWO_PERSONS
from tests.ablation.validations import VALIDATIONS
from tests.ablation.waivers import WAIVERS

_REVIEWS = "tests/governance/test_reviews.py"
_EYES = "tests/governance/test_four_eyes.py"
_CURRENT = "tests/governance/test_currentness.py"
_NOTARY = "tests/governance/test_notary.py"
_RELEASES = "tests/governance/test_releases.py"
_LOADING = "tests/inference/test_loading.py"
_FOLLOWING = "tests/inference/test_following.py"
_PREDICTING = "tests/inference/test_predicting.py"
_SEGMENTS = "tests/inference/test_segments.py"
_ASKED = "tests/attacks/test_predictions.py"
_FORGED = "tests/attacks/test_forged_rows.py"


FOUR_EYES = (
    Guard(
        "contributor check in the service (the trigger still holds)",
        "governance/policies.py",
        'return deny(f"You are a contributor to this version ({did}); another person must sign.")',
        "pass",
        (f"{_EYES}::TestAContributor::test_is_refused_by_the_service_which_says_what_he_did",),
        (f"{_EYES}::TestAContributor::test_is_refused_by_the_database",),
    ),
    Guard(
        "contributor check in the trigger (the service still holds)",
        "governance/migrations/0002_guards.py",
        "IF EXISTS (SELECT 1 FROM registry_versioncontributor c",
        "IF false AND EXISTS (SELECT 1 FROM registry_versioncontributor c",
        (f"{_EYES}::TestAContributor::test_is_refused_by_the_database",),
        (f"{_EYES}::TestAContributor::test_is_refused_by_the_service_which_says_what_he_did",),
    ),
    Guard(
        "contributors do not count towards the quorum",
        "governance/reviewing/signing.py",
        "person.pk not in barred",
        "True",
        (f"{_EYES}::TestCounting::test_not_who_contributed_afterwards",),
    ),
    Guard(
        "a child keeps the contributors of its parent",
        "registry/services.py",
        "if new.parent:\n        hands",
        "if False:\n        hands",
        (f"{_EYES}::TestPersonsNotLogins::test_a_child_keeps_the_contributors_of_its_parent",),
    ),
    Guard(
        "persons are counted, not logins",
        "governance/policies.py",
        "if signed.filter(annex_digest=annex_of(version.pk).digest).exists():",
        "if review.signatures.filter(user=caller.user).exists():",
        (f"{_EYES}::TestPersonsNotLogins::test_the_second_login_of_a_signer_is_refused",),
    ),
    Guard(
        "a signer who lost the role does not count",
        "governance/reviewing/signing.py",
        "and roles[person.pk] & set(policy.roles)",
        "and roles is not None",
        (f"{_EYES}::TestCounting::test_not_whose_role_was_taken",),
    ),
    Guard(
        "quorum count in the service",
        "governance/services.py",
        ">= policy.signers:",
        ">= 1:",
        (f"{_REVIEWS}::TestSign::test_the_last_signature_reaches_the_quorum_and_no_earlier_one",),
    ),
    Guard(
        "quorum count of the notary",
        "governance/notary.py",
        'if len(signatures) < max(policy.signers, int(statement["signers_required"])):',
        "if not signatures:",
        (f"{_NOTARY}::TestRefuses::test_when",),
    ),
    Guard(
        "password in the request of a signature",
        "accounts/proving.py",
        "return Proof(reauthenticate(caller=caller, password=password, code=code))",
        'return Proof("password")',
        (f"{_CURRENT}::TestThePassword",),
    ),
    Guard(
        "password in the request of a revocation",
        "governance/approvals/releases.py",
        "    proof = prove(\n",
        '    proof = Proof("password") or prove(\n',
        (f"{_RELEASES}::TestRevoke::test_needs_the_password",),
    ),
    Guard(
        "limit of wrong passwords",
        "accounts/reauthentication.py",
        "if tries >= settings.PASSWORD_TRIES:",
        "if False:",
        (f"{_CURRENT}::TestThePassword::test_guessing_is_stopped_even_for_the_right_one",),
    ),
)

STATEMENTS = (
    Guard(
        "statement currentness at the signature",
        "governance/services.py",
        "    if changed:\n",
        "    if False:\n",
        (f"{_CURRENT}::TestAnApproval::test_is_refused_after",),
    ),
    Guard(
        "statement currentness at the notary",
        "governance/notary.py",
        "    if changed:\n",
        "    if False:\n",
        (f"{_NOTARY}::TestRefuses::test_when",),
    ),
    Guard(
        "the signature is under the statement that was shown",
        "governance/services.py",
        'if statement != f"sha256:{review.statement_digest}":',
        "if False:",
        (f"{_CURRENT}::TestAnApproval::test_is_refused_under_another_statement",),
    ),
    Guard(
        "required gates block the signature",
        "governance/services.py",
        "    if failed:\n",
        "    if False:\n",
        (f"{_CURRENT}::TestAnApproval::test_is_refused_while_a_required_gate_has_not_passed",),
    ),
    Guard(
        "bytes of evidence are hashed again",
        "governance/evidence/subjects.py",
        "if sha256(body).hexdigest() != row.digest:",
        "if False:",
        (f"{_NOTARY}::TestRefuses::test_when",),
    ),
    Guard(
        "the notary reads the stored model again",
        "governance/notary_checks.py",
        '        read_verified(artifact["sha256"].removeprefix("sha256:"), artifact["size"])\n',
        "        continue\n",
        (f"{_NOTARY}::TestRefuses::test_when",),
    ),
    Guard(
        "every signature stands in the log",
        "governance/notary.py",
        '    _check_logged(Action.REVIEW_SIGNED, "signature", ("review", review.pk), signatures)\n',
        "",
        (f"{_NOTARY}::TestRefuses::test_when",),
    ),
    Guard(
        "an alias needs an approval that holds",
        "governance/approvals/releases.py",
        "    if not verdict.ok:\n",
        "    if False:\n",
        (f"{_RELEASES}::TestPromote::test_refuses_the_signature_of_another_key",),
    ),
)

DATABASE = (
    Guard(
        "insert-only triggers",
        "audit/guards.py",
        "CREATE FUNCTION assay_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n",
        "CREATE FUNCTION assay_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$\n    BEGIN\n"
        "        RETURN NULL;\n",
        (f"{_EYES}::TestTheDatabase::test_triggers_stop_even_the_owner",),
        (f"{_EYES}::TestTheDatabase::test_gives_the_app_role_no_way_around",),
    ),
    Guard(
        "grants: signatures are only inserted",
        "config/grants.py",
        '    "governance_signature",\n',
        "",
        (f"{_EYES}::TestTheDatabase::test_gives_the_app_role_no_way_around",),
        (f"{_EYES}::TestTheDatabase::test_triggers_stop_even_the_owner",),
    ),
    Guard(
        "grants: approvals are the notary's",
        "config/grants.py",
        '    "governance_approval",\n    "governance_emergencyattestation",\n    "inference_',
        '    "governance_emergencyattestation",\n    "inference_',
        (f"{_FOLLOWING}::TestForgeryInTheDatabase",),
    ),
    Guard(
        "fencing token",
        "worker/jobs.py",
        "held = Job.objects.filter(pk=job_id, token=token, status=Status.RUNNING)",
        "held = Job.objects.filter(pk=job_id)",
        ("tests/worker/test_jobs.py::test_effects_are_kept_with_the_token_and_refused_without",),
    ),
)

SERVING = (
    Guard(
        "digest check at load",
        "registry/blobs.py",
        "    _check(hashlib.sha256(data).hexdigest(), sha256)\n    return data\n",
        "    return data\n",
        (f"{_LOADING}::TestDamagedBytes",),
    ),
    Guard(
        "the approval names these bytes",
        "trust/approval.py",
        "if artifact_digests_of(approval.artifacts) != dict(wanted):",
        "if False:",
        (f"{_LOADING}::test_a_version_is_refused_when",),
    ),
    Guard(
        "the approval names this version",
        "trust/approval.py",
        "if approval.version_digest != version_digest:",
        "if False:",
        (f"{_LOADING}::test_a_version_is_refused_when",),
    ),
    Guard(
        "signature verification",
        "trust/keys.py",
        "        except (InvalidSignature, ValueError):\n            return False\n",
        "        except (InvalidSignature, ValueError):\n            return True\n",
        (f"{_LOADING}::test_a_version_is_refused_when",),
    ),
    Guard(
        "the key of the log signs no approval",
        "governance/selectors.py",
        "return keys.named(approvals_name(settings.ORIGIN))",
        "return keys",
        (f"{_LOADING}::test_a_version_is_refused_when",),
    ),
    Guard(
        "expiry",
        "trust/approval.py",
        "if moment >= approval.not_after:",
        "if False:",
        (f"{_LOADING}::test_a_later_moment_finds_the_approval_expired",),
    ),
    Guard(
        "revocation at the gate",
        "trust/approval.py",
        "if revoked_at is not None and revoked_at <= now + CLOCK_LEEWAY:",
        "if False:",
        (f"{_LOADING}::test_a_revoked_version_is_no_candidate_and_would_be_refused",),
    ),
    Guard(
        "revocation in the table",
        "inference/selectors.py",
        "Approval.objects.filter(revocation=None, not_after__gt=now)",
        "Approval.objects.filter(not_after__gt=now)",
        (f"{_FOLLOWING}::TestWithinASecond::test_a_revocation_stops_the_version",),
    ),
    Guard(
        "a revocation raises the generation",
        "inference/migrations/0002_guards.py",
        '    "governance_revocation": "INSERT",\n',
        "",
        ("tests/inference/test_generation.py::test_serving_looks_again_when",),
    ),
    Guard(
        "what is revoked while it is opened is dropped",
        "inference/follower.py",
        "wanted = any(c.approval == approval for c in self.table.by_number.values())",
        "wanted = True",
        (
            f"{_FOLLOWING}::TestWithinASecond::test_what_is_revoked_while_it_is_opened_never_answers",
        ),
    ),
    Guard(
        "golden replay",
        "inference/loading.py",
        "    if differences:\n",
        "    if False:\n",
        (f"{_LOADING}::test_a_model_that_answers_otherwise_than_when_approved_is_refused",),
    ),
    Guard(
        "outage grace",
        "inference/predicting.py",
        "if silence_s > grace_s(loaded):",
        "if False:",
        (f"{_FOLLOWING}::TestAnOutageOfTheDatabase",),
    ),
    Guard(
        "an event has the hash of its bytes",
        "audit/migrations/0003_sound_events.py",
        "IF NEW.leaf_hash IS DISTINCT FROM",
        "IF false AND NEW.leaf_hash IS DISTINCT FROM",
        (f"{_FORGED}::test_no_event_is_stored_whose_hash_is_not_that_of_its_bytes",),
    ),
    Guard(
        "a signature counts by the bytes of its event",
        "governance/notary.py",
        "not in known:",
        "not in known and False:",
        (f"{_FORGED}::test_a_signature_counts_only_by_the_bytes_of_its_event",),
    ),
    Guard(
        "what is revoked while it runs does not answer",
        "runtimes/session.py",
        "        if self._session is None:\n            raise Unavailable("
        '"This model was closed while it answered.")\n',
        "",
        (f"{_ASKED}::test_a_version_revoked_while_it_runs_does_not_answer",),
    ),
    Guard(
        "a table that cannot be read is silence",
        "inference/follower.py",
        "        number = selectors.generation()\n",
        "        number, self.contact = selectors.generation(), asked_at\n",
        (f"{_ASKED}::test_a_row_that_cannot_be_read_does_not_make_serving_deaf_unnoticed",),
    ),
    Guard(
        "no record that a verifier reads otherwise",
        "inference/api.py",
        " or _LONG_INTEGER.search(body):",
        ":",
        (f"{_ASKED}::test_no_number_makes_a_record_that_the_verifier_takes_for_tampered",),
    ),
    Guard(
        "no record, no answer",
        "inference/predicting.py",
        '        raise Unavailable("The prediction could not be recorded, so it is not given.")'
        " from error\n",
        "        del error\n",
        (f"{_PREDICTING}::test_no_record_no_answer",),
    ),
    Guard(
        "a segment is shipped once",
        "inference/services.py",
        "if PredictionBatch.objects.filter(segment=path.stem).exists() or not path.exists():",
        "if not path.exists():",
        (f"{_SEGMENTS}::TestShipping::test_a_file_that_was_shipped_but_not_removed_is_recognised",),
    ),
    Guard(
        "a segment is its writer's from the lock on",
        "inference/segments.py",
        "            if self._path.exists():\n",
        "            if True:\n",
        (f"{_SEGMENTS}::test_a_file_taken_before_it_was_locked_loses_nothing",),
    ),
)

GUARDS: tuple[Guard, ...] = (
    *AUTHORISATION,
    *FOUR_EYES,
    *STATEMENTS,
    *WAIVERS,
    *GATES,
    *EMERGENCIES,
    *FINDINGS,
    *REGISTER,
    *RETENTION,
    *VALIDATIONS,
    *ASSIGNING,
    *QUARANTINE,
    *FACTORS,
    *PASSKEYS,
    *PROVIDER,
    *REFUSALS,
    *SESSIONS,
    *PLANS,
    *LOG,
    *MAILING,
    *PAST,
    *TWO_PERSONS,
    *HALVES,
    *PACKS,
    *DATABASE,
    *SERVING,
    *SCOPES,
    *STALENESS,
    *ROTATION,
)
