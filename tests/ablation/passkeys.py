"""Guards of passkeys: what a device signed is bound to one act, and looked at by everybody."""

from tests.ablation.guard import Guard

_MINE = "tests/accounts/test_passkeys.py"
_SIGNING = "tests/governance/test_passkeys.py"
_BUNDLE = "tests/trust/test_bundle_passkeys.py"
_READING = "tests/trust/test_webauthn.py"
_FSCK = "tests/compliance/test_passkeys.py"
_DEMAND = "tests/governance/test_passkey_demands.py::TestAPolicyThatDemandsIt"
_ELSE = f"{_SIGNING}::TestNothingElseIsTaken"
_PROVED = f"{_BUNDLE}::test_what_no_device_of_the_person_signed_is_found"

PASSKEYS = (
    Guard(
        "a challenge is answered once",
        "accounts/passkeys/challenges.py",
        '    if row.used_at is not None:\n        return None, "used"\n',
        "",
        (f"{_MINE}::TestAChallenge::test_is_bound_to_login_session_act_and_words",),
        (f"{_MINE}::TestPastTheProgram::test_the_database_refuses",),
    ),
    Guard(
        "a challenge is for one act and wording",
        "accounts/passkeys/challenges.py",
        "if row.act != act or row.intent_digest != sha256(intent).hexdigest():",
        "if False:",
        (f"{_MINE}::TestAChallenge::test_is_bound_to_login_session_act_and_words",),
    ),
    Guard(
        "a challenge is for one session",
        "accounts/passkeys/challenges.py",
        "if row.seat != caller.seat:",
        "if False:",
        (f"{_ELSE}::test_in_another_session",),
    ),
    Guard(
        "a challenge ends",
        "accounts/passkeys/challenges.py",
        "if row.expires_at <= row.used_at:",
        "if False:",
        (f"{_MINE}::TestAChallenge::test_ends_and_is_forgotten",),
    ),
    Guard(
        "a counter never goes back",
        "accounts/passkeys/assertions.py",
        "if (count or passkey.sign_count) and count <= passkey.sign_count:",
        "if False:",
        (f"{_ELSE}::test_as",),
    ),
    Guard(
        "a passkey is its person's",
        "accounts/passkeys/assertions.py",
        "        passkeys_of(caller.person_id)\n        .select_for_update(no_key=True)",
        "        Passkey.objects.select_for_update(no_key=True)",
        (f"{_ELSE}::test_as",),
    ),
    Guard(
        "what is done is what the device signed",
        "accounts/proving.py",
        'if self.assertion["intent"] != intent_of(act, words).decode("utf-8"):',
        "if False:",
        (f"{_ELSE}::test_where_the_words_change_between_the_proof_and_the_act",),
    ),
    Guard(
        "a passkey lasts until the act is over",
        "accounts/passkeys/assertions.py",
        "if not rows.filter(removed_at=None).exists():",
        "if False:",
        (f"{_ELSE}::test_where_the_passkey_ends_between_the_proof_and_the_act",),
    ),
    Guard(
        "the password where a passkey is registered",
        "accounts/passkeys/services.py",
        "    reauthenticate(caller=caller, password=password, code=code)\n    opened,",
        "    opened,",
        (f"{_MINE}::TestRegistering::test_names_the_field_and_keeps_nothing",),
    ),
    Guard(
        "a passkey is changed by its person alone",
        "accounts/policies.py",
        "if passkey.person_id != caller.person_id:",
        "if False:",
        (f"{_MINE}::TestOnesOwn::test_is_nobody_elses",),
    ),
    Guard(
        "a demanded passkey in the service",
        "governance/policies.py",
        "if policy.passkey and by != PASSKEY:",
        "if False:",
        (f"{_DEMAND}::test_refuses_the_password_of_whoever_has_one",),
    ),
    Guard(
        "a demanded passkey past the program",
        "governance/migrations/0014_passkey_proofs.py",
        "IF wanted = 'true'::jsonb AND said ->> 'method' IS DISTINCT FROM 'passkey' THEN",
        "IF false THEN",
        (f"{_DEMAND}::test_is_kept_by_the_database_too",),
    ),
    Guard(
        "the passkey of a record is its person's, past the program",
        "governance/migrations/0014_passkey_proofs.py",
        "IF NOT FOUND THEN",
        "IF false THEN",
        (f"{_SIGNING}::TestPastTheProgram::test_a_record_without_an_assertion_is_no_passkey",),
    ),
    Guard(
        "a signature counts whose assertion fits",
        "governance/reviewing/signing.py",
        "and is_proved(signature.record, policy, SIGN, SIGN_WORDS, known)",
        "and is_proved is not None",
        (f"{_SIGNING}::TestPastTheProgram::test_an_assertion_that_was_changed_does_not_count",),
    ),
    Guard(
        "the words that the device signed are those of the record",
        "trust/intents.py",
        'if _spelt(as_object(parse_strict(intent), "the intent")) != _spelt(meant):',
        "if False:",
        (_PROVED,),
    ),
    Guard(
        "the passkey of a record is that of its person",
        "trust/passkeys.py",
        'if passkey.person != record.get("person"):',
        "if False:",
        (_PROVED,),
    ),
    Guard(
        "a passkey signs while it is registered",
        "trust/passkeys.py",
        "if passkey.removed is not None and passkey.removed <= given:",
        "if False:",
        (_PROVED,),
    ),
    Guard(
        "a demanded passkey in a bundle",
        "trust/passkeys.py",
        "if demands_passkey(policy) and method != PASSKEY:",
        "if False:",
        (
            f"{_BUNDLE}::test_a_password_is_not_enough_where_the_policy_demands_a_passkey",
            f"{_FSCK}::test_fsck_misses_a_passkey_where_the_policy_demands_one",
        ),
    ),
    Guard(
        "the device verified its user",
        "trust/webauthn.py",
        "if not flags & _USER_VERIFIED:",
        "if False:",
        (f"{_READING}::TestAnAssertion::test_is_refused_for_its_flags",),
    ),
    Guard(
        "the device signed for this host",
        "trust/webauthn.py",
        'if data[:32] != hashlib.sha256(rp_id.encode("utf-8")).digest():',
        "if False:",
        (f"{_READING}::TestAnAssertion::test_is_refused_for_another_host",),
    ),
    Guard(
        "the device signed this challenge",
        "trust/webauthn.py",
        'if said.get("challenge") != encode_base64url(challenge):',
        "if False:",
        (f"{_READING}::TestAnAssertion::test_is_refused_for_what_the_browser_says",),
    ),
    Guard(
        "the device signed at this address",
        "trust/webauthn.py",
        'if not origin_fits(said.get("origin"), rp_id):',
        "if False:",
        (f"{_READING}::TestAnAssertion::test_is_refused_for_what_the_browser_says",),
    ),
    Guard(
        "fsck looks at what devices signed",
        "compliance/verification/reviews.py",
        "        for why in wrong_with_proof(said, SIGN, SIGN_WORDS, history.passkeys):\n"
        '            yield Finding("signature", str(signature.pk), f"{why}.")\n',
        "",
        (f"{_FSCK}::test_fsck_looks_at_what_the_device_signed",),
    ),
)
