"""Guards of the sign-in at an identity provider: what it says is looked at, once, for one act."""

from tests.ablation.guard import Guard

_MINE = "tests/accounts/test_provider.py"
_SIGNING = "tests/governance/test_provider_signatures.py"
_ANSWER = f"{_MINE}::TestAnAnswer"
_ELSE = f"{_SIGNING}::TestNothingElseIsTaken"
_LATER = f"{_SIGNING}::TestEverybodyWhoLooksAfterwards"
_TOKENS = "accounts/oidc/id_tokens.py"
_ASKING = "accounts/oidc/asking.py"

PROVIDER = (
    Guard(
        "only published algorithms sign an ID token",
        _TOKENS,
        'if algorithm not in ALGORITHMS or "crit" in header:',
        'if "crit" in header:',
        (f"{_ANSWER}::test_is_refused_with",),
    ),
    Guard(
        "an ID token is signed",
        _TOKENS,
        'PyJWS().decode_complete(token, key, algorithms=[str(algorithm)])["payload"]',
        'PyJWS().decode_complete(token, key, options={"verify_signature": False})["payload"]',
        (f"{_ANSWER}::test_is_refused_with",),
    ),
    Guard(
        "a key of the provider is strong",
        _TOKENS,
        "    if not strong:\n",
        "    if False:\n",
        (f"{_ANSWER}::test_is_refused_with",),
    ),
    Guard(
        "an ID token is of this issuer",
        _TOKENS,
        'yield "issuer", said.get("iss") != provider.issuer',
        'yield "issuer", False',
        (f"{_ANSWER}::test_is_refused_with",),
    ),
    Guard(
        "an ID token is for this instance",
        _TOKENS,
        'yield "audience", mine not in named',
        'yield "audience", False',
        (f"{_ANSWER}::test_is_refused_with",),
    ),
    Guard(
        "an ID token ends",
        _TOKENS,
        'yield "expired", ends is None or ends + LEEWAY <= now',
        'yield "expired", False',
        (f"{_ANSWER}::test_is_refused_with",),
    ),
    Guard(
        "an ID token answers this question",
        _TOKENS,
        'yield "nonce", not isinstance(nonce, str) or not _same(nonce, expected.nonce)',
        'yield "nonce", False',
        (f"{_ANSWER}::test_is_refused_with", f"{_ELSE}::test_by"),
    ),
    Guard(
        "before an act a person signs in anew",
        _TOKENS,
        'yield "auth_time", expected.anew and not late',
        'yield "auth_time", False',
        (f"{_ELSE}::test_by",),
    ),
    Guard(
        "a question is answered once",
        _ASKING,
        '    if row.returned_at is not None:\n        return row, "used"\n',
        "",
        (f"{_ANSWER}::test_is_taken_once",),
    ),
    Guard(
        "a question is answered by the browser or session that asked",
        _ASKING,
        '    if row.seat != seat:\n        return row, "session"\n',
        "",
        (
            f"{_ANSWER}::test_of_another_browser_is_refused",
            f"{_ELSE}::test_in_another_session_or_of_another_person",
        ),
    ),
    Guard(
        "an account signs for its own person",
        _ASKING,
        "identity is None or identity.user_id != caller.user.pk or claims.auth_time is None",
        "identity is None or claims.auth_time is None",
        (f"{_ELSE}::test_by_an_account_of_another_person",),
    ),
    Guard(
        "a sign-in proves the words that it was asked for",
        _ASKING,
        "if row.act != act or row.intent_digest != sha256(intent).hexdigest():",
        "if False:",
        (f"{_ELSE}::test_for_other_words",),
    ),
    Guard(
        "a sign-in proves one act",
        _ASKING,
        "rows.filter(pk=key, user=caller.user, used_at=None).first()",
        "rows.filter(pk=key, user=caller.user).first()",
        (f"{_ELSE}::test_twice",),
    ),
    Guard(
        "whoever has an app signs with it",
        _ASKING,
        "if has_factor(caller.person_id):",
        "if False:",
        (f"{_ELSE}::test_of_a_token_or_of_whoever_has_an_app_or_no_account",),
    ),
    Guard(
        "a policy that demands a second factor takes no sign-in",
        "governance/policies.py",
        "if policy.second_factor and by == OIDC:",
        "if False:",
        (f"{_ELSE}::test_where_the_policy_demands_more",),
    ),
    Guard(
        "an account lasts until the act is over",
        "accounts/proving.py",
        "            require_bound(self.assertion)\n",
        "            pass\n",
        (f"{_ELSE}::test_where_the_account_ends_between_the_proof_and_the_act",),
    ),
    Guard(
        "the database knows whose account it is",
        "governance/migrations/0019_provider_proofs.py",
        "IF said ->> 'method' = 'oidc' THEN",
        "IF false THEN",
        (f"{_ELSE}::test_where_the_account_ends_between_the_proof_and_the_act",),
    ),
    Guard(
        "two persons bind an account, says the database",
        "accounts/migrations/0010_identity_guards.py",
        "assay_details_confirmed_now(NEW.proposal_id, 'identity')",
        "jsonb_build_object('user', NEW.user_id, 'person', NEW.person_id, "
        "'issuer', NEW.issuer, 'subject', NEW.subject)",
        (f"{_MINE}::TestBinding::test_is_not_done_by_one",),
    ),
    Guard(
        "a closed login is opened by no account",
        "web/access/provider.py",
        "identity is None or not (identity.user.is_active and identity.user.person.is_active)",
        "identity is None",
        (f"{_MINE}::TestSigningIn::test_opens_no_closed_login",),
    ),
    Guard(
        "the provider is spoken to over https",
        "accounts/oidc/provider.py",
        "        if not is_allowed(address):\n",
        "        if False:\n",
        (f"{_MINE}::TestTheProvider::test_is_refused_whose_document_says",),
    ),
    Guard(
        "no redirect of the provider is followed",
        "accounts/oidc/fetching.py",
        "    if response.status != 200:\n",
        "    if response.status >= 400:\n",
        (f"{_MINE}::TestTheProvider::test_is_followed_nowhere_else",),
    ),
    Guard(
        "a record says that its person signed in after it was asked for",
        "trust/sign_ins.py",
        "if shown < asked - LEEWAY:",
        "if False:",
        (f"{_LATER}::test_finds",),
    ),
    Guard(
        "a record names an account of its person",
        "trust/sign_ins.py",
        'if identity.person != record.get("person"):',
        "if False:",
        (f"{_LATER}::test_finds",),
    ),
    Guard(
        "a record names an account that was bound then",
        "trust/sign_ins.py",
        "if identity.ended is not None and identity.ended <= given:",
        "if False:",
        (f"{_LATER}::test_finds_a_signature_after_the_end_of_the_account",),
    ),
)
